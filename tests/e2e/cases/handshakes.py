"""Handshakes of clients have half of their shard at most: more than that wait, the rest goes on."""
import os
import signal
import socket
import ssl

from cases.metrics import parse, scrape, total
from harness import answers, config
from harness.case import build, case, eventually, same
from harness.certificates import SLOW
from harness.client import Cut
from harness.config import MAIN_KEY

# Each costs the program milliseconds; 10 ms of them may be taken at once.
MANY = 80
_pairs = []


class Hello:
    """A client whose first flight is ready before it is sent."""

    def __init__(self, t, gateway):
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = gateway.tls.wrap_bio(self._in, self._out, server_hostname='localhost')
        self._socket = socket.create_connection(gateway.data, timeout=60 * t.slack,
                                                source_address=(t.source, 0))
        self._go_on()

    def _go_on(self):
        try:
            self._tls.do_handshake()
            return True
        except ssl.SSLWantReadError:
            return False
        finally:
            self._socket.sendall(self._out.read())

    def finish(self):
        """The rest of the handshake, and the status of a request."""
        while not self._go_on():
            data = self._socket.recv(1 << 16)
            assert data, 'closed in the handshake'
            self._in.write(data)
        self._tls.write(build(path='/livez', method='GET'))
        self._socket.sendall(self._out.read())
        while True:
            self._in.write(self._socket.recv(1 << 16))
            try:
                return self._tls.read(1 << 16).split(b'\r\n')[0]
            except ssl.SSLWantReadError:
                pass

    def silent(self):
        """It ended without a byte."""
        try:
            return self._socket.recv(1 << 16) == b''
        except ConnectionResetError:
            return True

    def close(self):
        self._socket.close()


def start(t, timeout):
    """One shard, a slow key, and nothing else that holds handshakes back."""
    if not _pairs:
        _pairs.append(t.world.certificates.leaf('slow', key_kind=SLOW))
    certificate, key = _pairs[0]
    text = config.standard(t.world, config.PATIENT + 'limits: {max_handshakes_per_second: 1000000}\n')
    text = text.replace('client: {', f'client: {{handshake_timeout: {timeout}, ')
    text = text.replace(config.listen(), config.listen(f'tls: {{certificate: "{certificate}", private_key: "{key}"}}'))
    text = text.replace(f'shards: {config.shards(t.world.shards)}', f'shards: {config.shards(1)}')
    return t.world.start(text, name=t.name, tls=t.world.certificates.client_context())


def at_once(t, gateway, before=lambda: None):
    """MANY hellos that are all there when the program looks, however slow this machine is."""
    gateway.process.send_signal(signal.SIGSTOP)
    try:
        os.waitid(os.P_PID, gateway.process.pid, os.WSTOPPED | os.WNOWAIT)
        before()
        return [Hello(t, gateway) for _ in range(MANY)]
    finally:
        gateway.process.send_signal(signal.SIGCONT)


def held(gateway, result):
    return total(parse(scrape(gateway)), 'penstock_handshakes_held_total', result=result)


@case('those beyond half of the shard wait and are served', alone=True)
def wait(t):
    gateway = start(t, '5m')
    kept = t.client(gateway).send(build(path='/livez', method='GET'))
    same(kept.response('GET').status, 200)
    same(held(gateway, 'delayed'), 0)
    hellos = at_once(t, gateway, lambda: kept.send(build(t.chat(), key=MAIN_KEY)))
    same(kept.response().body, answers.CHAT, 'a request among them')
    same([hello.finish() for hello in hellos], [b'HTTP/1.1 200 OK'] * MANY)
    assert held(gateway, 'delayed') >= MANY // 2, held(gateway, 'delayed')
    same(held(gateway, 'refused'), 0)
    for hello in hellos:
        hello.close()
    gateway.stop()


@case('whose turn does not come in time is refused', alone=True)
def refused(t):
    gateway = start(t, '100ms')
    hellos = at_once(t, gateway)
    # None goes on after the first flight, so all of them end; only who had no turn got nothing.
    silent = [hello.silent() for hello in hellos].count(True)
    assert silent >= 1, 'all had their turn within 50 ms'
    same(held(gateway, 'refused'), silent)
    assert held(gateway, 'delayed') >= silent
    for hello in hellos:
        hello.close()

    def served():
        try:
            return t.ask(gateway=gateway).status == 200
        except (OSError, Cut):  # 100 ms were too short for this client
            return False
    eventually(served, 10 * t.slack, 'a handshake after them')
    gateway.stop()


@case('the end does not wait for those that wait', alone=True)
def stopping(t):
    gateway = start(t, '5m')
    hellos = at_once(t, gateway, gateway.terminate)
    same(gateway.exit_status(20 * t.slack), 0)
    for hello in hellos:
        hello.close()
    gateway.stop()
