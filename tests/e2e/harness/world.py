"""What all cases of a run share: providers, certificates, and gateways that start when first used."""
import subprocess
import tempfile
import threading

from harness import config
from harness.certificates import Certificates
from harness.gateway import Gateway
from harness.upstream import Blackhole, Upstream, closed_port


class World:
    def __init__(self, program, slack, shards, io='', kernel_tls=False):
        self.program, self.slack, self.shards = program, slack, shards
        self.io, self.kernel_tls = io, kernel_tls
        self.main, self.second = Upstream(), Upstream()
        self.early = Upstream(early=[])
        self.hole, self.refused_port = Blackhole(), closed_port()
        self._directory = tempfile.TemporaryDirectory(prefix='penstock-e2e-')
        self._lock, self._locks = threading.Lock(), {}
        self._gateways, self._failed, self._certificates = {}, {}, None
        self._started = []

    @property
    def certificates(self):
        with self._lock:
            if self._certificates is None:
                self._certificates = Certificates(self._directory.name)
            return self._certificates

    def gateway(self, name, make=None):
        """The instance of that name; started by the first case that asks. make: world -> (config
        text, TLS context for clients or None); the names `standard` and `impatient` need none."""
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            if name in self._failed:
                raise AssertionError(f'{name} did not start: see the first case that used it')
            if name not in self._gateways:
                recipes = {'standard': lambda w: (config.standard(w), None),
                           'impatient': lambda w: (config.standard(w, config.IMPATIENT), None)}
                text, tls = (make or recipes[name])(self)
                try:
                    self._gateways[name] = Gateway(self.program, self.with_io(text), name=name, tls=tls)
                except BaseException:
                    self._failed[name] = True
                    raise
            return self._gateways[name]

    def with_io(self, text):
        """With the run's settings of `io`, unless the text has its own."""
        return text if not self.io or 'io: {' in text else f'{text}io: {{{self.io}}}\n'

    def start(self, text, **options):
        """An instance of one case alone; the case stops it, or `kill` does after a failure."""
        gateway = Gateway(self.program, self.with_io(text), **options)
        self._started.append(gateway)
        return gateway

    @staticmethod
    def _check_sealed(gateway):
        from cases.metrics import parse, scrape, total  # imports this module's users
        text = gateway.config_file.read_text()
        if 'kernel_tls: off' in text or not (gateway.tls or 'https://' in text):
            return
        samples = parse(scrape(gateway))
        sealed, refused = (total(samples, f'penstock_io_kernel_tls{n}_total') for n in ('', '_refused'))
        assert sealed > 0 and refused == 0, f'{sealed} connections sealed by the kernel, {refused} refused'

    def kill(self, name):
        for gateway in self._started:
            if gateway.name == name:
                gateway.kill()

    def run(self, *arguments, seconds=20, env=None, cwd=None):
        """Runs a command of the program to its end."""
        return subprocess.run([self.program, *arguments], capture_output=True, text=True,
                              timeout=seconds, env=env, cwd=cwd, errors='replace')

    def stop(self):
        """Stops every shared instance; name -> what was wrong, for those that did not end well."""
        wrong = {}
        for name, gateway in self._gateways.items():
            try:
                if self.kernel_tls:
                    self._check_sealed(gateway)
                gateway.stop(15 * self.slack)
            except AssertionError as error:
                wrong[name] = str(error)
        for name, upstream in (('main', self.main), ('second', self.second)):
            if upstream.violations:
                wrong[f'provider {name}'] = '; '.join(upstream.violations[:5])
        self._directory.cleanup()
        return wrong
