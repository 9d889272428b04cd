"""TLS whose records the kernel seals: with `run.py --kernel-tls`, as tests/kernel-tls does it."""
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time

from cases.metrics import parse, scrape, total
from cases.tls import secure
from harness import answers, config
from harness.answers import whole
from harness.case import Skip, build, case, data_of, eventually, same
from harness.config import MAIN_KEY

SUITES = ('TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256')


def sealing(t, name='secure', make=secure):
    """That instance, where the kernel seals."""
    features = t.world.run('version', '--features').stdout
    if 'kernel TLS: yes' not in features:
        raise Skip('the kernel does not seal TLS records')
    return t.world.gateway(name, make)


def sealed(gateway):
    samples = parse(scrape(gateway))
    same(total(samples, 'penstock_io_kernel_tls_refused_total'), 0, 'refused')
    return total(samples, 'penstock_io_kernel_tls_total')


def grows(t, gateway, before, by):
    """The metrics are mirrored ten times a second."""
    eventually(lambda: sealed(gateway) >= before + by, 3 * t.slack, f'{by} more connections sealed by the kernel')


def s_client(t, gateway, *options):
    if not shutil.which('openssl'):
        raise Skip('openssl is not installed')
    return subprocess.Popen(
        ['openssl', 's_client', '-connect', f'127.0.0.1:{gateway.data[1]}', '-servername', 'localhost', '-CAfile',
         t.world.certificates.ca, '-verify_return_error', *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class Talk:
    """The output of a command while it runs."""

    def __init__(self, process, slack):
        self.process, self.text, self._slack = process, b'', slack
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while data := self.process.stdout.read1(65536):
            self.text += data

    def say(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def expect(self, text, count=1):
        eventually(lambda: self.text.count(text) >= count, 5 * self._slack, f'{count} times {text!r} in {self.text!r:.3000}')

    def end(self):
        self.process.kill()
        self.process.wait()


@case('every answer, every connection')
def answers_sealed(t):
    gateway = sealing(t)
    before = sealed(gateway)
    for _ in range(3):
        same(t.ask(gateway=gateway).body, answers.CHAT)
        same(t.ask(t.chat(stream=True), gateway=gateway).events, data_of(answers.good_events(False)))
    grows(t, gateway, before, 6)
    before = sealed(gateway)
    with t.client(gateway) as client:
        for _ in range(5):
            client.send(build(t.chat(), key=MAIN_KEY))
            same(client.response().body, answers.CHAT)
        grows(t, gateway, before, 1)


@case('s_client of OpenSSL', {s: s for s in SUITES})
def suites(t, suite):
    gateway = sealing(t)
    before = sealed(gateway)
    talk = Talk(s_client(t, gateway, '-ciphersuites', suite, '-tls1_3'), t.slack)
    try:
        talk.expect(b'Verify return code: 0')
        assert suite.encode() in talk.text
        talk.say(build(t.chat(), key=MAIN_KEY))
        talk.expect(answers.CHAT)
        talk.say(build(t.chat(), key=MAIN_KEY, headers=['Connection: close']))
        talk.expect(answers.CHAT, 2)
        # close_notify: without it s_client says `unexpected eof` and fails.
        same(talk.process.wait(5 * t.slack), 0, f'exit status; {talk.text!r:.2000}')
        assert b'eof while' not in talk.text and b'error' not in talk.text.lower().replace(b'"error"', b'')
    finally:
        talk.end()
    grows(t, gateway, before, 1)


@case('a client renews its own key: the connection goes on')
def key_update(t):
    gateway = sealing(t)
    talk = Talk(s_client(t, gateway, '-tls1_3'), t.slack)
    try:
        talk.expect(b'Verify return code: 0')
        for n in range(1, 4):
            talk.say(b'k\n')
            talk.expect(b'KEYUPDATE', n)
            talk.say(build(t.chat(), key=MAIN_KEY))
            talk.expect(answers.CHAT, n)
        assert b'onnection: close' not in talk.text
    finally:
        talk.end()


@case('a client asks for a new key of ours: the connection ends in order')
def key_update_asked(t):
    gateway = sealing(t)
    talk = Talk(s_client(t, gateway, '-tls1_3'), t.slack)
    try:
        talk.expect(b'Verify return code: 0')
        talk.say(build(t.chat(), key=MAIN_KEY))
        talk.expect(answers.CHAT)
        assert b'onnection: close' not in talk.text
        talk.say(b'K\n')
        talk.expect(b'KEYUPDATE')
        talk.say(build(t.chat(), key=MAIN_KEY))
        talk.expect(answers.CHAT, 2)
        same(talk.process.wait(5 * t.slack), 0, f'exit status; {talk.text!r:.2000}')
        assert b'onnection: close' in talk.text, 'the end was not announced'
    finally:
        talk.end()


def behind_s_server(world):
    """A provider that is openssl's server, at a port of its own."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    world.s_server_port = port
    providers = [config.provider('server', f'https://127.0.0.1:{port}/v1', f'ca: "{world.certificates.ca}"')]
    models = [config.model('chat', [('server', 'up-x')], 'retry: {max_attempts: 1}')]
    return config.config(providers, models, keys='keys:\n' + config.key('main', MAIN_KEY)), None


@case('a provider that asks for a new key gets no further request', {'asks': b'K\n', 'renews its own': b'k\n'},
      alone=True)
def provider_key_update(t, letter):
    gateway = sealing(t, 'behind-s-server', behind_s_server)
    if not shutil.which('openssl'):
        raise Skip('openssl is not installed')
    before = sealed(gateway)
    pair = t.world.certificates.leaf('s-server')
    server = Talk(subprocess.Popen(
        ['openssl', 's_server', '-accept', f'127.0.0.1:{t.world.s_server_port}', '-cert', pair[0], '-key', pair[1],
         '-tls1_3'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT), t.slack)
    answer = (b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n' % len(answers.CHAT)
              + answers.CHAT)
    try:
        server.expect(b'ACCEPT')
        for n in range(1, 3):
            client = t.begin(t.chat(), gateway=gateway)
            server.expect(t.marker.encode(), n)
            server.say(letter)
            time.sleep(0.1 * t.slack)  # s_server takes what it reads at once for one command
            server.say(answer)
            same(client.response().body, answers.CHAT)
        connections = server.text.count(b'-----BEGIN SSL SESSION')
        same(connections, 2 if letter == b'K\n' else 1, 'connections of the gateway')
        grows(t, gateway, before, connections)
    finally:
        server.end()


@case('what was taken arrives, whatever the moment of the end', alone=True)
def ends(t):
    """The kernel holds a record that TCP has no room for, and drops it on close: none may be there."""
    gateway = sealing(t)
    for size in [*range(30_000, 400_000, 23_456), 3_000_000]:
        body = answers.CHAT.rstrip()[:-1] + b', "x": "' + b'y' * size + b'"}'
        t.script(whole(body))
        client = t.client(gateway, receive_buffer=4096)
        client.socket.suppress_ragged_eofs = False
        client.send(build(t.chat(), key=MAIN_KEY, headers=['Connection: close']))
        time.sleep(0.02 * t.slack)
        response = client.response()
        same((response.status, response.body == body, response.complete), (200, True, True), f'answer of {size}')
        same(client.rest(5 * t.slack), b'')  # raises without close_notify
        client.close()


@case('bad records are answered with an alert')
def bad_record(t):
    gateway = sealing(t)
    with t.client(gateway) as client:
        client.send(build(t.chat(), key=MAIN_KEY))
        same(client.response().body, answers.CHAT)
        raw = os.dup(client.socket.fileno())
        os.write(raw, b'\x17\3\3\0\x20' + b'x' * 32)
        os.close(raw)
        try:
            client.socket.recv(1)
            raise AssertionError('no alert')
        except ssl.SSLError as error:
            assert re.search('BAD_RECORD_MAC', str(error)), error


def not_sealing(world):
    text, tls = secure(world)
    return text + 'io: {kernel_tls: off}\n', tls


@case('off means off')
def off(t):
    sealing(t)
    gateway = t.world.gateway('not-sealing', not_sealing)
    same(t.ask(gateway=gateway).body, answers.CHAT)
    time.sleep(0.3)
    same(sealed(gateway), 0)
