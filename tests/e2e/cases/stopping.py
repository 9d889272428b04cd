"""SIGTERM finishes what was begun (G9)."""
import signal
import time

from harness import answers, config
from harness.answers import http_chunk, send, stream_head
from harness.case import build, case, data_of, interrupted, same
from harness.client import Client, Cut
from harness.config import MAIN_KEY
from harness.upstream import stall, wait

BEGUN = send(stream_head() + http_chunk(answers.ROLE))
LONG = [BEGUN, wait(0.8), send(http_chunk(answers.WORDS[0])), wait(0.4),
        send(http_chunk(answers.DONE) + answers.LAST_CHUNK)]


def start(t, drain='drain: {delay: 0s, timeout: 10s}\n'):
    return t.world.start(config.standard(t.world, config.PATIENT + drain), name=t.name)


@case('running answers finish, then the program ends with 0', {'SIGTERM': signal.SIGTERM,
                                                               'SIGINT': signal.SIGINT}, alone=True)
def drain(t, number):
    t.script(LONG, [wait(0.8), *answers.whole(answers.CHAT)])
    gateway = start(t)
    stream = t.begin(t.chat(stream=True), gateway=gateway)
    response = stream.head()
    whole = t.begin(t.chat(), gateway=gateway)
    t.main.wait_for(t.marker, 2)
    idle = t.client(gateway).send(build(path='/livez', method='GET'))
    same(idle.response('GET').status, 200)
    begun = time.monotonic()
    gateway.process.send_signal(number)
    assert idle.closed_within(2 * t.slack), 'an idle connection got bytes'
    for piece in stream.pieces(response):
        response.body += piece
    same(response.events, data_of([answers.ROLE, answers.WORDS[0], answers.DONE]))
    same(whole.response().body, answers.CHAT)
    gateway.stop()
    assert time.monotonic() - begun < 2.5 * t.slack, 'the end came late'


@case('nothing in flight: the end comes at once', alone=True)
def at_once(t):
    gateway = start(t)
    begun = time.monotonic()
    gateway.terminate()
    same(gateway.exit_status(5), 0)
    waited = time.monotonic() - begun
    gateway.stop()
    assert waited < 0.2 + 0.3 * t.slack, f'{waited * 1000:.0f} ms'


@case('a silent handshake, and those that wait for their turn, do not hold the end up', alone=True)
def silent_handshakes(t):
    pair = t.world.certificates.leaf('stopping')
    tls = f'tls: {{certificate: "{pair[0]}", private_key: "{pair[1]}"}}'
    text = config.standard(t.world, config.PATIENT + 'limits: {max_handshakes_per_second: 1}\n')
    gateway = t.world.start(text.replace(config.listen(), config.listen(tls)), name=t.name,
                            tls=t.world.certificates.client_context())
    held = [t.client(gateway, tls=None).send(bytes.fromhex('160301')) for _ in range(4)]
    time.sleep(1.2)  # one of them has begun
    begun = time.monotonic()
    gateway.terminate()
    same(gateway.exit_status(8), 0)
    assert time.monotonic() - begun < 1.5 + t.slack, 'silent clients held the end up'
    for client in held:
        client.close()
    gateway.stop()


@case('no new connections while draining')
def no_new(t):
    t.script(LONG)
    gateway = start(t)
    stream = t.begin(t.chat(stream=True), gateway=gateway)
    stream.head()
    gateway.terminate()
    time.sleep(0.3)
    try:
        with Client(gateway.data) as client:
            client.send(build(path='/livez', method='GET'))
            text = client.rest(2)
        assert text == b'' or text.startswith(b'HTTP/1.1 503'), text[:80]
    except (ConnectionRefusedError, ConnectionResetError, BrokenPipeError):
        pass
    gateway.stop()


@case('not ready, but still serving, for the delay', alone=True)
def delay(t):
    gateway = start(t, 'drain: {delay: 1s, timeout: 5s}\n')
    kept = t.client(gateway)
    kept.send(build(path='/livez', method='GET'))
    same(kept.response('GET').status, 200)
    gateway.terminate()
    time.sleep(0.3)
    same(t.ask(method='GET', path='/readyz', gateway=gateway, key=None).status, 503)
    same(t.ask(method='GET', path='/livez', gateway=gateway, key=None).status, 200)
    same(t.ask(gateway=gateway).body, answers.CHAT, 'a new connection while it still accepts')
    kept.send(build(t.chat(), key=MAIN_KEY))
    response = kept.response()
    same(response.body, answers.CHAT)
    assert response.closes, 'an old connection must end with its answer'
    gateway.stop()


@case('past the drain limit a stream ends with an in-band error', alone=True)
def past_limit(t):
    t.script([BEGUN, stall()])
    gateway = start(t, 'drain: {delay: 0s, timeout: 500ms}\n')
    client = t.begin(t.chat(stream=True), gateway=gateway)
    response = client.head()
    begun = time.monotonic()
    gateway.terminate()
    for piece in client.pieces(response):
        response.body += piece
    response.complete = True
    interrupted(response, 'gateway_shutdown', good=data_of([answers.ROLE]))
    same(gateway.exit_status(3 * t.slack), 0)
    assert 0.4 < time.monotonic() - begun < 0.5 + 1.0 * t.slack
    gateway.stop()


@case('past the drain limit a request without an answer is refused', alone=True)
def past_limit_whole(t):
    t.script([stall()])
    gateway = start(t, 'drain: {delay: 0s, timeout: 300ms}\n')
    client = t.begin(t.chat(), gateway=gateway)
    t.main.wait_for(t.marker)
    gateway.terminate()
    response = client.response()
    same(response.status, 503)
    assert response.error['code'] in ('gateway_shutdown', 'draining')
    gateway.stop()


@case('a second signal ends it at once', alone=True)
def second_signal(t):
    t.script([BEGUN, stall()])
    gateway = start(t, 'drain: {delay: 0s, timeout: 20s}\n')
    client = t.begin(t.chat(stream=True), gateway=gateway)
    response = client.head()
    gateway.terminate()
    time.sleep(0.2)
    same(gateway.exit_status(0.1), None, 'exit status while it drains')
    begun = time.monotonic()
    gateway.terminate()
    status = gateway.exit_status(3 * t.slack)
    assert status is not None and status >= 0, f'exit status {status}'
    assert time.monotonic() - begun < 1.0 * t.slack
    try:
        for piece in client.pieces(response):
            response.body += piece
    except (Cut, ConnectionResetError):
        pass
    assert b'[DONE]' not in response.body
    gateway.kill()
