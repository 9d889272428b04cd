"""A virtual machine with Debian's kernel, in software: it runs one command of ours and ends.

The kernel comes from the package that scripts/setup unpacks under .deps/kernel. Everything else that
runs inside is taken from this machine: the files of a Python, of the programs named, and the libraries
that they load, in an initial file system that is made anew for each run. There is no network in it but
the loopback interface.
"""
import lzma
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import sysconfig

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
KERNEL = ROOT / '.deps/kernel'
EMULATOR = 'qemu-system-x86_64'
# Kernel TLS and what it seals with, in C and for the processor that is emulated. Those that a kernel
# has built in, or does not have, are no files of its package.
MODULES = ('tls', 'gf128mul', 'ghash-generic', 'gcm', 'ctr', 'cryptd', 'crypto_simd', 'aesni-intel',
           'ghash-clmulni-intel', 'libpoly1305', 'libchacha', 'libchacha20poly1305', 'chacha_generic',
           'chacha-x86_64', 'poly1305_generic', 'poly1305-x86_64', 'chacha20poly1305')
# Parts of Python's library that no test imports.
UNUSED = {'test', 'tests', 'idlelib', 'tkinter', 'ensurepip', 'lib2to3', 'turtledemo', 'site-packages',
          'dist-packages', 'pydoc_data', 'config'}
RESULT = re.compile(r'^guest: ended with (\d+)$', re.M)


def missing():
    """What is not here and has to be; empty: all is."""
    if os.uname().machine != 'x86_64':
        return 'the processor is not x86-64'
    if not shutil.which(EMULATOR):
        return f'{EMULATOR} is not installed'
    if not kernel():
        return 'there is no kernel under .deps/kernel (Debian has it; scripts/setup unpacks it)'
    return ''


def kernel():
    found = sorted(KERNEL.glob('boot/vmlinuz-*'))
    return found[-1] if found else None


def libraries(program):
    """The files that the loader maps for a program or a library."""
    done = subprocess.run(['ldd', str(program)], capture_output=True, text=True)
    return set(re.findall(r'(?:=> |^\s+)(/\S+) \(0x', done.stdout, re.M))


class Image:
    """A file system as the kernel unpacks it at its start: a cpio archive in the `newc` form."""

    def __init__(self, path):
        self._file = open(path, 'wb')
        self._names, self._inode = set(), 0

    def _entry(self, name, mode, data=b''):
        self._inode += 1
        name = name.strip('/').encode() + b'\0'
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        head = b'070701' + b''.join(b'%08x' % f for f in fields) + name
        for part in (head, data):
            self._file.write(part + bytes(-len(part) % 4))

    def folder(self, name):
        name = name.rstrip('/')
        if not name or name in self._names:
            return
        self.folder(os.path.dirname(name))
        self._names.add(name)
        self._entry(name, stat.S_IFDIR | 0o755)

    def text(self, name, text, mode=0o644):
        self.folder(os.path.dirname(name))
        self._names.add(name)
        self._entry(name, stat.S_IFREG | mode, text if isinstance(text, bytes) else text.encode())

    def link(self, name, target):
        if name in self._names:
            return
        self.folder(os.path.dirname(name))
        self._names.add(name)
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def device(self, name, major, minor):
        self.folder(os.path.dirname(name))
        self._inode += 1
        encoded = name.strip('/').encode() + b'\0'
        fields = (self._inode, stat.S_IFCHR | 0o600, 0, 0, 1, 0, 0, 0, 0, major, minor, len(encoded), 0)
        head = b'070701' + b''.join(b'%08x' % f for f in fields) + encoded
        self._file.write(head + bytes(-len(head) % 4))

    def copy(self, path, as_name=None):
        """A file under its own name, with the links on the way to it."""
        path = str(path)
        name = as_name or path
        if name in self._names:
            return
        for folder in reversed(pathlib.PurePath(name).parents):
            if as_name is None and os.path.islink(folder):
                self.link(str(folder), os.readlink(folder))
                return self.copy(os.path.join(os.path.realpath(folder), os.path.relpath(name, folder)))
        if os.path.islink(path) and as_name is None:
            self.link(name, os.readlink(path))
            return self.copy(os.path.join(os.path.dirname(path), os.readlink(path)))
        mode = 0o755 if os.access(path, os.X_OK) else 0o644
        self.text(name, pathlib.Path(path).read_bytes(), mode)
        return None

    def program(self, path, as_name=None, data=None):
        """A program or library, and what it loads."""
        if data is None:
            self.copy(path, as_name)
        else:
            self.text(as_name, data, 0o755)
        for library in libraries(path):
            self.copy(library)

    def tree(self, folder, as_name, skip=()):
        for parent, folders, files in os.walk(folder):
            folders[:] = [f for f in folders if f not in skip and not f.startswith('config-')]
            target = os.path.join(as_name, os.path.relpath(parent, folder)).rstrip('/.')
            for file in files:
                path = os.path.join(parent, file)
                if file.endswith('.so') or '.so.' in file:
                    self.program(os.path.realpath(path), f'{target}/{file}')
                elif os.path.isfile(path) and not file.endswith(('.a', '.o')):
                    self.copy(os.path.realpath(path), f'{target}/{file}')

    def finish(self):
        self._entry('TRAILER!!!', 0)
        self._file.close()


def add_python(image):
    """The interpreter that runs this, at its place."""
    executable = os.path.realpath(sys.executable)
    image.program(executable)
    library = sysconfig.get_paths()['stdlib']
    image.tree(library, library, UNUSED)
    return executable


def add_modules(image):
    found = {path.name.split('.ko')[0]: path for path in KERNEL.rglob('*.ko*')}
    for name in MODULES:
        if name in found:
            data = found[name].read_bytes()
            image.text(f'/modules/{name}.ko', lzma.decompress(data) if found[name].suffix == '.xz' else data)


def stripped(program):
    """Without the lines of the source, which would only have to be unpacked inside."""
    done = subprocess.run(['objcopy', '--strip-debug', str(program), '/dev/stdout'], capture_output=True)
    return done.stdout if done.returncode == 0 and done.stdout else pathlib.Path(program).read_bytes()


def run(image_path, seconds, memory_mib=2048):
    """Boots. (exit status of what ran inside, or None; everything it said)"""
    argv = ['nice', '-n', '10', EMULATOR, '-accel', 'tcg', '-cpu', 'max', '-smp', '2', '-m', str(memory_mib),
            '-kernel', str(kernel()), '-initrd', str(image_path), '-append',
            'console=ttyS0 quiet panic=-1 mitigations=off', '-display', 'none', '-serial', 'stdio',
            '-monitor', 'none', '-net', 'none', '-no-reboot', '-nodefaults']
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors='replace')
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    output = output.replace('\r', '')
    found = RESULT.search(output)
    return int(found[1]) if found else None, output
