"""io_uring is an optimisation (G16): where the kernel refuses it, epoll serves, and says so."""
import errno
import pathlib
import subprocess
import sys
import tempfile

from cases.metrics import parse, scrape, total
from harness import answers, config
from harness.case import Skip, case, data_of, same

SCRIPT = str(pathlib.Path(__file__).resolve().parent.parent / 'harness' / 'refuse_uring.py')


def refusing(error):
    through = [sys.executable, SCRIPT, str(error)]
    if subprocess.run([*through, '-']).returncode != 0:
        raise Skip('no seccomp here')
    return through


@case('epoll serves where io_uring is refused', {name: (name,) for name in ('EPERM', 'ENOSYS', 'ENOMEM')})
def falls_back(t, word):
    gateway = t.world.start(config.standard(t.world), name=t.name, through=refusing(getattr(errno, word)))
    event, = gateway.events('io_backend')
    same((event['level'], event['backend'], event['io_uring_refused']), ('warning', 'epoll', word))
    same(t.ask(gateway=gateway).body, answers.CHAT)
    same(t.ask(t.chat(stream=True), gateway=gateway).events, data_of(answers.good_events(False)))
    same(total(parse(scrape(gateway)), 'penstock_io_backend', backend='epoll'), t.world.shards)
    gateway.stop()


@case('backend uring makes a refusal fatal, and says why')
def fatal(t):
    through = refusing(errno.EPERM)
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / 'uring.yaml'
        file.write_text(config.standard(t.world).replace('{directory}', directory) + 'io: {backend: uring}\n')
        done = subprocess.run([*through, t.world.program, 'serve', '-c', str(file)], capture_output=True,
                              text=True, timeout=20)
    same(done.returncode, 1)
    assert 'io.backend' in done.stderr and 'EPERM' in done.stderr, done.stderr
