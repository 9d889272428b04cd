"""Runs the end-to-end cases against the real program.

    python3 tests/e2e/run.py --gateway build/penstock [--filter TEXT] [--list]

Cases that measure nothing run side by side; the others run alone afterwards. The last line is
`N passed, N failed, N skipped`.
"""
import argparse
import concurrent.futures
import importlib
import pathlib
import socket
import subprocess
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from harness.case import CASES, Skip, Test  # noqa: E402
from harness.client import Cut, ProtocolError  # noqa: E402
from harness.world import World  # noqa: E402

AT_ONCE = 6
# Cases whose provider misbehaves run one after the other: what it does to a pooled connection must
# not meet another case's request.
ISOLATED = ('provider_faults', 'cut_streams', 'retries', 'leaving_clients', 'tls')


def explain(error):
    """The text of a failure: the frames of the case itself, and what was wrong."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if 'concurrent' not in f.filename]
    where = ' < '.join(f'{pathlib.Path(f.filename).name}:{f.lineno}' for f in reversed(frames[-4:]))
    text = str(error) or (frames[-1].line if frames else '')
    return f'{type(error).__name__}: {text}\n      at {where}'


def run_case(world, case):
    test = Test(world, case.name)
    begun = time.monotonic()
    try:
        case.run(test)
        verdict, text = 'passed', ''
    except Skip as reason:
        verdict, text = 'skipped', str(reason)
    except (AssertionError, ProtocolError, Cut, OSError, ValueError, KeyError, IndexError, TypeError,
            AttributeError, subprocess.SubprocessError, socket.timeout) as error:
        verdict, text = 'failed', explain(error)
    finally:
        test.close()
    return case, verdict, text, time.monotonic() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--gateway', required=True, help='the program under test')
    parser.add_argument('--filter', default='', help='only cases whose name holds this text')
    parser.add_argument('--smoke', action='store_true', help='only the short set')
    parser.add_argument('--shards', type=int, default=1)
    parser.add_argument('--slack', type=float, default=1, help='factor on limits of time')
    parser.add_argument('--io', default='', help='settings of `io` for every instance: `backend: epoll`')
    parser.add_argument('--kernel-tls', action='store_true',
                        help='with the cases of kernel TLS, and every instance with TLS must have used it')
    parser.add_argument('--list', action='store_true', help='print the names and end')
    parser.add_argument('--verbose', action='store_true', help='print every case with its time')
    options = parser.parse_args()
    for path in sorted((HERE / 'cases').glob('*.py')):
        if path.stem != 'kernel_tls' or options.kernel_tls:
            importlib.import_module(f'cases.{path.stem}')
    chosen = [c for c in CASES if options.filter in c.name and (c.smoke or not options.smoke)]
    if options.list:
        print('\n'.join(c.name for c in chosen))
        return 0
    program = pathlib.Path(options.gateway).resolve()
    if not program.exists():
        print(f'{program} does not exist: build it first')
        print('0 passed, 1 failed, 0 skipped')
        return 1
    world = World(str(program), options.slack, options.shards, options.io, options.kernel_tls)
    counts = {'passed': 0, 'failed': 0, 'skipped': 0}

    def report(result):
        case, verdict, text, seconds = result
        counts[verdict] += 1
        if verdict != 'passed' or options.verbose:
            print(f'{verdict.upper():8}{seconds:6.2f} s  {case.name}' + (f'\n      {text}' if text else ''),
                  flush=True)

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        together = [c for c in chosen if not (c.alone or c.name.startswith(ISOLATED))]
        for done in concurrent.futures.as_completed(pool.submit(run_case, world, c) for c in together):
            report(done.result())
    for case in chosen:
        if case.alone or case.name.startswith(ISOLATED):
            report(run_case(world, case))
    for name, wrong in world.stop().items():
        counts['failed'] += 1
        print(f'FAILED          {name}: {wrong}')
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts['failed'] else 0


if __name__ == '__main__':
    sys.exit(main())
