"""Kernel TLS with a kernel that has it: Debian's, in an emulated machine.

    python3 tests/kernel-tls/run.py --gateway build/penstock [--filter TEXT] [--seconds N] [--verbose]

Inside, the drivers' cases and the end-to-end cases of TLS run on both backends, and each instance must
have had its records sealed by the kernel. The last line is `N passed, N failed, N skipped`.
"""
import argparse
import pathlib
import re
import shutil
import sys
import tempfile

import machine

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = ('openssl', 'curl')
TREES = ('tests/e2e',)
FILES = ('/etc/ssl/openssl.cnf', '/usr/lib/ssl/openssl.cnf', '/etc/ssl/certs/ca-certificates.crt')

# Of the end-to-end runner, and of doctest, where what was not chosen counts as skipped.
COUNTS = (r'^(\d+) passed, (\d+) failed, (\d+) skipped$', r'test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed \|()')

# Once more at the end: who reads only the last lines has to see them.
FAILURES = re.compile(r'^FAILED .*|^TEST CASE: .*|^.* ERROR: .*(?:\n  values: .*)?', re.M)


def make_image(path, gateway, arguments):
    image = machine.Image(path)
    for folder in ('/proc', '/sys', '/dev', '/tmp', '/root'):
        image.folder(folder)
    image.device('/dev/console', 5, 1)
    image.device('/dev/null', 1, 3)
    python = machine.add_python(image)
    machine.add_modules(image)
    image.program(gateway, '/penstock/penstock', machine.stripped(gateway))
    unit = pathlib.Path(gateway).parent / 'tests/unit/unit_runtime'
    if unit.exists():
        image.program(unit, '/penstock/unit_runtime', machine.stripped(unit))
    for name in PROGRAMS:
        found = shutil.which(name)
        if found:
            image.program(found)
    for file in FILES:
        if pathlib.Path(file).exists():
            image.copy(file)
    for tree in TREES:
        image.tree(machine.ROOT / tree, f'/penstock/{tree}', {'__pycache__', 'sdk'})
    for name in ('init.py', 'inside.py'):
        image.text(f'/penstock/{name}', (HERE / name).read_bytes())
    image.text('/etc/hosts', '127.0.0.1 localhost\n')
    image.text('/etc/passwd', 'root:x:0:0::/root:/bin/sh\n')
    words = ', '.join(repr(a) for a in (python, '/penstock/inside.py', *arguments))
    image.text('/init', f'#!{python}\nimport sys\nsys.argv = ["init", {words}]\n'
                        'exec(open("/penstock/init.py").read())\n', 0o755)
    image.finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--gateway', required=True, help='the program under test')
    parser.add_argument('--filter', default='', help='only cases whose name holds this text')
    parser.add_argument('--seconds', type=int, default=300, help='when the machine is stopped')
    parser.add_argument('--verbose', action='store_true', help='print all that was said inside')
    options = parser.parse_args()
    why = machine.missing()
    if why:
        print(f'skipped: {why}')
        print('0 passed, 0 failed, 1 skipped')
        return 0
    with tempfile.TemporaryDirectory(prefix='penstock-kernel-tls-') as folder:
        image = pathlib.Path(folder) / 'image'
        make_image(image, options.gateway, ['--filter', options.filter] if options.filter else [])
        status, output = machine.run(image, options.seconds)
    counts = [tuple(int(n or 0) for n in c) for pattern in COUNTS for c in re.findall(pattern, output, re.M)]
    passed, failed, skipped = map(sum, zip(*counts)) if counts else (0, 0, 0)
    if status is None or (status != 0 and failed == 0) or passed == 0:
        failed += 1
    if options.verbose or failed:
        print(output)
    if failed:
        print('what failed:\n' + '\n'.join(FAILURES.findall(output)))
    if status is None:
        print(f'the machine did not come to its end within {options.seconds} s')
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
