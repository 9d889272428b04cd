"""Starts the program under test, waits until it is ready, and stops it.

Conventions of the program: `penstock serve -c FILE` writes one JSON line on stderr for each listener,
`{"event":"listening","listener":"data","address":"127.0.0.1:8080",…}`, answers /readyz with 200 when
it takes requests, ends with status 0 after SIGTERM.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time

from harness.client import Client, build

SANITIZER = re.compile(r'AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|'
                       r'MemorySanitizer|Assertion|assertion failed', re.I)
# Outputs of all instances, for the secrets case.
OUTPUTS = []


class LogLine(dict):
    """A line of the access log. What is not known is left out of it; here it is None."""

    def __missing__(self, name):
        return None


class Process:
    """A running penstock with its output collected."""

    def __init__(self, argv, env=None, cwd=None):
        self.process = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd,
            env={**os.environ, **(env or {})})
        self.out, self.err = [], []
        self._readers = [threading.Thread(target=self._read, args=pair, daemon=True) for pair in (
            (self.process.stdout, self.out), (self.process.stderr, self.err))]
        for reader in self._readers:
            reader.start()
        self.listeners = {}
        OUTPUTS.append(self)

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.append(line.decode('utf-8', 'surrogateescape').rstrip('\n'))

    @property
    def errors(self):
        return '\n'.join(list(self.err))

    def events(self, name):
        found = []
        for line in list(self.err):
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict) and record.get('event') == name:
                found.append(record)
        return found

    def wait_listening(self, names=('data', 'admin'), seconds=20):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for record in self.events('listening'):
                host, port = record['address'].rsplit(':', 1)
                self.listeners[record['listener']] = (host.strip('[]'), int(port))
            if all(name in self.listeners for name in names):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise AssertionError(f'no listener of {names} was announced; exit status '
                             f'{self.process.poll()}; stderr:\n{self.errors[-3000:]}')

    def exit_status(self, seconds):
        """None when it still runs after that time."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        for reader in self._readers:
            reader.join(5)
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Gateway(Process):
    def __init__(self, program, config, env=None, name='gateway', tls=None, through=()):
        """config: YAML text in which {directory} stands for the instance's own directory. through:
        a command that runs the program."""
        self._directory = tempfile.TemporaryDirectory(prefix='penstock-e2e-')
        self.directory = pathlib.Path(self._directory.name)
        self.name, self.tls = name, tls
        self.config_file = self.directory / 'penstock.yaml'
        self.write_config(config)
        super().__init__([*through, program, 'serve', '-c', str(self.config_file)], env, cwd=self.directory)
        try:
            self.wait_listening()
            self.wait_ready()
        except BaseException:
            self.kill()
            raise

    def write_config(self, config):
        self.config_file.write_text(config.replace('{directory}', str(self.directory)))

    @property
    def data(self):
        return self.listeners['data']

    @property
    def admin(self):
        return self.listeners['admin']

    def wait_ready(self, seconds=10):
        deadline = time.monotonic() + seconds
        while True:
            with Client(self.data, tls=self.tls) as client:
                if client.send(build(path='/readyz', method='GET')).response('GET').status == 200:
                    return
            assert time.monotonic() < deadline, f'{self.name} is not ready: {self.errors[-2000:]}'
            time.sleep(0.02)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    @property
    def log_file(self):
        return self.directory / 'access.log'

    def log_lines(self):
        """All complete lines of the access log, parsed."""
        text = self.log_file.read_bytes() if self.log_file.exists() else b''
        return [LogLine(json.loads(line)) for line in text.split(b'\n')[:-1]]

    def log_line(self, seconds=3, **fields):
        """The one line whose fields have these values; waits for the writer."""
        deadline = time.monotonic() + seconds
        while True:
            found = [r for r in self.log_lines() if all(r.get(k) == v for k, v in fields.items())]
            if found:
                assert len(found) == 1, f'{len(found)} lines for one request: {found}'
                return found[0]
            assert time.monotonic() < deadline, f'no access-log line with {fields}'
            time.sleep(0.02)

    def resident_kib(self):
        status = pathlib.Path(f'/proc/{self.process.pid}/status').read_text()
        return int(re.search(r'VmRSS:\s+(\d+)', status)[1])

    def stop(self, seconds=15):
        """Ends the program in order; fails when it did not, or when a sanitizer spoke."""
        if self.process.poll() is None:
            self.terminate()
        status = self.exit_status(seconds)
        self.kill()
        self.last_log = self.log_file.read_bytes() if self.log_file.exists() else b''
        self._directory.cleanup()
        report = SANITIZER.search(self.errors)
        assert report is None, f'{self.name}: {self.errors[max(0, report.start() - 200):][:6000]}'
        assert status == 0, f'{self.name} ended with {status}; stderr:\n{self.errors[-3000:]}'
