"""How connections live: keep-alive, pipelines, HTTP/1.0, expectations, early ends."""
import time

from harness import answers
from harness.case import build, case, eventually, refused, same
from harness.client import Client
from harness.config import MAIN_KEY


@case('one connection serves many requests', smoke=True)
def keep_alive(t):
    with t.client() as client:
        for n in range(10):
            stream = n % 3 == 1
            client.send(build(t.chat(stream=stream), key=MAIN_KEY))
            response = client.response()
            same(response.status, 200)
            same(response.framing, 'chunked' if stream else 'length')


@case('20 requests in one segment are answered in order')
def pipeline(t):
    requests, wanted = b'', []
    for n in range(20):
        if n % 3 == 0:
            requests += build(path=f'/v1/models/none-{n}', method='GET', key=MAIN_KEY)
            wanted.append((404, None))
        else:
            requests += build(t.chat(stream=n % 3 == 2), key=MAIN_KEY, headers=[f'X-Request-Id: order-{n}'])
            wanted.append((200, f'order-{n}'))
    with t.client() as client:
        client.send(requests)
        for status, request_id in wanted:
            response = client.response()
            same(response.status, status)
            if request_id:
                same(response.header('x-request-id'), request_id, 'order')
    assert len(t.main.requests(t.marker)) == 13


@case('a pipeline cut at every third byte')
def pipeline_pieces(t):
    with t.client() as client:
        client.send_cut(build(t.chat(), key=MAIN_KEY) * 3, iter(lambda: 3, None))
        for _ in range(3):
            same(client.response().body, answers.CHAT)


@case('Connection: close is obeyed', {'close': 'close', 'in a list': 'keep-alive, close', 'capitals': 'CLOSE'})
def close(t, value):
    with t.client() as client:
        client.send(build(t.chat(), key=MAIN_KEY, headers=[f'Connection: {value}'])
                    + build(t.chat(), key=MAIN_KEY))
        response = client.response()
        same(response.body, answers.CHAT)
        assert response.closes and client.closed_within(3 * t.slack)
    same(len(t.main.requests(t.marker)), 1, 'requests upstream')


@case('HTTP/1.0 closes unless asked', {'plain': [], 'keep-alive': ['Connection: keep-alive']})
def http10(t, headers):
    with t.client() as client:
        client.send(build(t.chat(), key=MAIN_KEY, headers=headers, version='HTTP/1.0'))
        response = client.response()
        same((response.status, response.body), (200, answers.CHAT))
        if headers:
            same(response.header('connection').lower(), 'keep-alive')
            client.send(build(t.chat(), key=MAIN_KEY, headers=headers, version='HTTP/1.0'))
            same(client.response().body, answers.CHAT)
        else:
            assert client.closed_within(3 * t.slack)


@case('HTTP/1.0 streams end with the connection')
def http10_stream(t):
    with t.client() as client:
        client.send(build(t.chat(stream=True), key=MAIN_KEY, headers=['Connection: keep-alive'],
                          version='HTTP/1.0'))
        response = client.response()
        same(response.framing, 'close')
        same(response.body, b''.join(answers.good_events(False)))


@case('HTTP/1.0 needs no Host')
def http10_no_host(t):
    with t.client() as client:
        client.send(b'GET /livez HTTP/1.0\r\n\r\n')
        same(client.response('GET').status, 200)


@case('100 Continue comes when the body is wanted')
def expect(t):
    request = build(t.chat(), key=MAIN_KEY, headers=['Expect: 100-continue'])
    head, body = request.split(b'\r\n\r\n', 1)
    with t.client() as client:
        client.send(head + b'\r\n\r\n')
        same(client._line(), b'HTTP/1.1 100 Continue')
        same(client._line(), b'')
        same(t.main.requests(t.marker), [], 'requests upstream before the body')
        client.send(body)
        response = client.response()
        same((response.interim, response.body), ([], answers.CHAT))
        client.send(request)  # with the body: no 100 is due
        response = client.response()
        same((response.interim, response.status), ([], 200))


REFUSED_EXPECTATIONS = {
    'no key': (None, '/v1/chat/completions', 50, 401),
    'no route': (MAIN_KEY, '/v1/nothing', 50, 404),
    'too large': (MAIN_KEY, '/v1/chat/completions', 1 << 30, 413),
}


@case('no 100 Continue for what is refused', REFUSED_EXPECTATIONS)
def expect_refused(t, key, path, length, status):
    with t.client() as client:
        client.send(build(b'', path=path, key=key, length=False, headers=[
            'Expect: 100-continue', f'Content-Length: {length}', 'Content-Type: application/json']))
        response = client.response()
        same((response.interim, response.status), ([], status))
        assert response.closes and client.closed_within(3 * t.slack)


@case('Expect is ignored in HTTP/1.0')
def expect_http10(t):
    with t.client() as client:
        client.send(build(t.chat(), key=MAIN_KEY, headers=['Expect: 100-continue'], version='HTTP/1.0'))
        response = client.response()
        same((response.interim, response.status), ([], 200))


@case('an upgrade is not obeyed', {
    'websocket': ['Upgrade: websocket', 'Connection: Upgrade'],
    'h2c': ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__', 'Connection: Upgrade, HTTP2-Settings']})
def upgrade(t, headers):
    with t.client() as client:
        client.send(build(t.chat(), key=MAIN_KEY, headers=headers)
                    + build(path='/v1/models', method='GET', key=None))
        response = client.response()
        same((response.interim, response.body), ([], answers.CHAT))
        same(client.response('GET').status, 401, 'what follows is a request with its own key')


@case('one empty line before a request is skipped')
def empty_line(t):
    with t.client() as client:
        client.send(b'\r\n' + build(t.chat(), key=MAIN_KEY))
        same(client.response().body, answers.CHAT)
        client.send(b'\r\n' + build(t.chat(), key=MAIN_KEY))
        same(client.response().body, answers.CHAT)


@case('a body on GET is never a request', {'with a length': b'Content-Length: 42\r\n\r\n',
                                           'in chunks': b'Transfer-Encoding: chunked\r\n\r\n'})
def get_body(t, framing):
    inner = b'GET /v1/models/inner HTTP/1.1\r\nHost: x\r\n\r\n'
    assert len(inner) == 42
    body = inner if b'42' in framing else answers.http_chunk(inner) + answers.LAST_CHUNK
    with t.client() as client:
        client.send(b'GET /livez HTTP/1.1\r\nHost: x\r\n' + framing + body
                    + build(path='/readyz', method='GET', headers=['X-Request-Id: second']))
        response = client.response('GET')
        same(response.status, 200)
        if not response.closes:
            same(client.response('GET').header('x-request-id'), 'second')


@case('the body of a refused request is never a request')
def refused_body(t):
    inner = build(t.chat(), key=MAIN_KEY)
    with t.client() as client:
        client.send(build(inner, key=None, headers=['Content-Type: application/json'])
                    + build(path='/livez', method='GET', headers=['X-Request-Id: second']))
        response = client.response()
        refused(response, 401, 'invalid_api_key')
        if not response.closes:
            same(client.response('GET').header('x-request-id'), 'second')
        else:
            same(client.rest(), b'')
    same(t.main.requests(t.marker), [])


@case('a half-closed client counts as gone')
def half_close(t):
    t.script([answers.stall()])
    with t.client() as client:
        client.send(build(t.chat(), key=MAIN_KEY))
        request, = t.main.wait_for(t.marker)
        client.half_close()
        assert request.left.wait(2 * t.slack), 'the upstream request still runs'
        assert b'200' not in client.rest(3 * t.slack)[:20]


@case('idle connections are closed in time', alone=True)
def idle(t):
    with t.client(t.impatient) as client:
        client.send(build(path='/livez', method='GET'))
        same(client.response('GET').status, 200)
        begun = time.monotonic()
        assert client.closed_within(5 * t.slack), 'bytes on an idle connection'
        waited = time.monotonic() - begun
        assert 0.5 < waited < 0.8 + 1.2 * t.slack, f'closed after {waited:.2f} s, limit 0.8 s'


@case('a connection serves its number of requests')
def request_limit(t):
    with t.client(t.impatient) as client:
        for n in range(5):
            client.send(build(path='/livez', method='GET'))
            response = client.response('GET')
            same((response.status, response.closes), (200, n == 4))
        assert client.closed_within(3 * t.slack)


@case('the connection to the provider is used again')
def upstream_reuse(t):
    with t.client() as client:
        for _ in range(5):
            client.send(build(t.chat(), key=MAIN_KEY))
            same(client.response().status, 200)
    used = {r.connection for r in t.main.requests(t.marker)}
    assert len(used) < 5, 'every request had a connection of its own'


# Alone: another case's request could be the one that meets the close.
@case('a provider that closes between requests costs nothing', alone=True)
def upstream_closed_idle(t):
    for _ in range(5):
        t.script([*answers.whole(answers.CHAT), answers.fin()])
        same(t.ask().body, answers.CHAT)
        time.sleep(0.05)


@case('a connection that was asked to close is not used again')
def upstream_close(t):
    t.script(answers.whole(answers.CHAT, 200, 'Connection: close'))
    for _ in range(3):
        same(t.ask().body, answers.CHAT)
    same(len({r.connection for r in t.main.requests(t.marker)}), 3)


@case('100 connections at once')
def many(t):
    clients = [t.client() for _ in range(100)]
    for client in clients:
        client.send(build(t.chat(stream=True), key=MAIN_KEY))
    for client in clients:
        same(client.response().events[-1], b'[DONE]')
        client.close()


@case('descriptors come back', alone=True)
def descriptors(t):
    import os
    gateway = t.gateway
    path = f'/proc/{gateway.process.pid}/fd'
    before = len(os.listdir(path))
    for _ in range(50):
        with Client(gateway.data, source=t.source) as client:
            client.send(build(path='/livez', method='GET'))
            client.response('GET')
    eventually(lambda: len(os.listdir(path)) < before + 40, 5, 'closing of descriptors')
