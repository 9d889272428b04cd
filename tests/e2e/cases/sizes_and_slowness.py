"""Large bodies, slow senders, slow readers: answered, cut in time, and bounded in memory."""
import json
import time

from harness import answers
from harness.case import build, case, eventually, refused, same
from harness.client import Response
from harness.config import MAIN_KEY

MIB = 1 << 20


def large_body(t, size):
    """A chat body of exactly this many bytes."""
    base = len(json.dumps(t.chat(messages=[{'role': 'user', 'content': ''}])))
    return json.dumps(t.chat(messages=[{'role': 'user', 'content': 'x' * (size - base)}])).encode()


@case('a body of', {'1 MiB': MIB, '32 MiB': 32 * MIB}, alone=True)
def large(t, size):
    body = large_body(t, size)
    same(len(body), size)
    same(t.ask(body).status, 200)
    arrived = t.main.requests(t.marker)[0].body
    same(len(arrived), size + len('up-'))
    assert arrived == body.replace(b'"chat"', b'"up-chat"', 1), 'the body changed on its way'


@case('a body of 32 MiB in chunks', alone=True)
def large_chunked(t):
    body = large_body(t, 32 * MIB)
    coded = b''.join(answers.http_chunk(body[i:i + 60000]) for i in range(0, len(body), 60000))
    head = (f'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {MAIN_KEY}\r\n'
            'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n').encode()
    with t.client() as client:
        client.send(head + coded + answers.LAST_CHUNK)
        same(client.response().status, 200)
    assert t.main.requests(t.marker)[0].body == body.replace(b'"chat"', b'"up-chat"', 1)


@case('one byte too many', {'declared': True, 'counted': False})
def too_large(t, declared):
    body = large_body(t, 64 * 1024 + 1)
    framing = [] if declared else ['Transfer-Encoding: chunked']
    data = body if declared else answers.http_chunk(body) + answers.LAST_CHUNK
    request = build(data, key=MAIN_KEY, headers=framing, length=declared)
    with t.client(t.impatient) as client:
        client.send_cut(request, iter(lambda: 1 << 20, None))
        response = client.response()
        refused(response, 413, 'body_too_large')
        assert response.closes and client.closed_within(3 * t.slack)
    same(t.main.requests(t.marker), [])


@case('a body at the limit is taken')
def at_the_limit(t):
    same(t.ask(large_body(t, 64 * 1024), gateway=t.impatient).status, 200)


@case('an oversized body is refused before it is sent and costs no memory', alone=True)
def oversized(t):
    before = t.gateway.resident_kib()
    for _ in range(20):
        with t.client() as client:
            client.send(build(b'', key=MAIN_KEY, length=False, headers=[
                'Content-Length: 104857600', 'Content-Type: application/json']))
            client.send_cut(b'x' * 60_000, iter(lambda: 60_000, None))
            refused(client.response(), 413, 'body_too_large')
    grown = t.gateway.resident_kib() - before
    assert grown < 1024 * t.slack, f'{grown} KiB more'


SLOW_HEADS = {
    'one byte': b'P',
    'half a start line': b'POST /v1/chat',
    'without its end': b'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n',
}


@case('a head that does not end', SLOW_HEADS, alone=True)
def slow_head(t, data):
    begun = time.monotonic()
    with t.client(t.impatient) as client:
        client.send(data)
        refused(client.response(), 408, 'request_timeout')
        assert client.closed_within(3 * t.slack)
    waited = time.monotonic() - begun
    assert 0.5 < waited < 0.6 + 1.0 * t.slack, f'{waited:.2f} s, limit 0.6 s'


@case('a head that trickles is cut at the same time', alone=True)
def trickled_head(t):
    begun = time.monotonic()
    data = b'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-A: ' + b'a' * 1000
    with t.client(t.impatient) as client:
        try:
            for i in range(len(data)):
                client.send(data[i:i + 1])
                time.sleep(0.02)
                if time.monotonic() - begun > 3 * t.slack:
                    break
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert time.monotonic() - begun < 0.6 + 1.5 * t.slack, 'the trickle went on'


@case('a body that stops', alone=True)
def slow_body(t):
    body = json.dumps(t.chat()).encode()
    begun = time.monotonic()
    with t.client(t.impatient) as client:
        client.send(build(body, key=MAIN_KEY)[:-10])
        refused(client.response(), 408, 'request_timeout')
        assert client.closed_within(3 * t.slack)
    assert 0.5 < time.monotonic() - begun < 0.6 + 1.0 * t.slack
    same(t.main.requests(t.marker), [])


@case('200 slow senders hinder nobody', alone=True)
def many_slow(t):
    slow = [t.client(t.impatient).send(b'GET /livez HTTP/1.1\r\nX-A: ') for _ in range(200)]
    begun = time.monotonic()
    same(t.ask(gateway=t.impatient).status, 200)
    assert time.monotonic() - begun < 1.0 * t.slack
    for client in slow:
        client.rest(5 * t.slack)
        client.close()
    assert time.monotonic() - begun < 0.6 + 3 * t.slack, 'slow senders were held too long'


EVENT = answers.event(answers.chunk_json({'content': 'x' * 1000}))


@case('a reader that stops holds the provider back, not memory', alone=True)
def slow_reader(t):
    total = 24 * MIB
    count = total // len(EVENT)
    data = answers.http_chunk(EVENT) * count
    same(t.ask().status, 200)  # warm
    t.script([answers.send(answers.stream_head()), answers.send(data),
              answers.send(answers.http_chunk(answers.DONE) + answers.LAST_CHUNK)])
    before = t.gateway.resident_kib()
    clients = [t.client(receive_buffer=4096, timeout=60) for _ in range(4)]
    for client in clients:
        client.send(build(t.chat(stream=True), key=MAIN_KEY))
    for client in clients:
        same(client.head().status, 200)
    time.sleep(1.0)
    grown = t.gateway.resident_kib() - before
    # Both shards' receive buffers and the allocator's segments may be touched for the first time here; what is
    # not read is 24 MiB for each stream.
    assert grown < 8 * 1024 * max(1, t.slack), f'{grown} KiB more for 4 stalled streams'
    running = [r for r in t.main.requests(t.marker) if r.sent and not r.done.is_set()]
    same(len(running), 4, 'streams that the provider is still sending')
    sent = [r.sent for r in running]
    time.sleep(0.3)
    same([r.sent for r in running], sent, 'bytes sent while nobody reads')
    # The first one reads on and gets everything; the others leave.
    for client in clients[1:]:
        client.reset()
    size = response_events = 0
    response = Response(200, 'OK', 'HTTP/1.1', [('Transfer-Encoding', 'chunked')])
    for piece in clients[0].pieces(response):
        size += len(piece)
        response_events += piece.count(b'\n\n')
    same((size, response_events), (count * len(EVENT) + len(answers.DONE), count + 1))


@case('a reader that never reads is given up', alone=True)
def dead_reader(t):
    t.script([answers.send(answers.stream_head()),
              answers.send(answers.http_chunk(EVENT) * 20000)])
    client = t.client(t.impatient, receive_buffer=4096)
    client.send(build(t.chat(stream=True), key=MAIN_KEY))
    request, = t.main.wait_for(t.marker)
    # The total limit (2.5 s) would end it too, but later than the write limit (1 s).
    assert request.left.wait(1.0 + 1.3 * t.slack), 'the provider is still held'


@case('50 idle streams hold little memory', alone=True)
def idle_streams(t):
    t.script([answers.send(answers.stream_head() + answers.http_chunk(answers.ROLE)), answers.stall(20)])
    warm = t.begin(t.chat(stream=True))
    warm.head()
    before = t.gateway.resident_kib()
    clients = [t.begin(t.chat(stream=True)) for _ in range(50)]
    for client in clients:
        same(client.head().status, 200)
    grown = t.gateway.resident_kib() - before
    assert grown < 50 * 24 * max(1, t.slack), f'{grown} KiB more for 50 idle streams'
    for client in clients:
        client.close()
    eventually(lambda: all(r.left.is_set() for r in t.main.requests(t.marker)[1:]), 5 * t.slack,
               'closing of the upstream requests')
