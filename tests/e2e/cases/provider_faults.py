"""What a provider can do wrong before the first event, and what the client is told."""
import time

from harness import answers
from harness.answers import head, send, whole
from harness.case import build, case, refused, same
from harness.config import MAIN_KEY, PROVIDER_KEY
from harness.upstream import fin, rst, stall, trickle, wait

OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'
LENGTH = b'Content-Length: 2\r\n'
BAD = {'upstream_bad_response'}
CUT = {'upstream_reset', 'upstream_bad_response'}

# What the provider does -> status and codes that the client may get.
FAULTS = {
    'closes without a byte': ([fin()], 502, {'upstream_reset'}),
    'resets without a byte': ([rst()], 502, {'upstream_reset'}),
    'closes inside the head': ([send(OK[:30]), fin()], 502, CUT),
    'resets inside the head': ([send(OK), rst()], 502, CUT),
    'closes after the head of a stream': ([send(answers.stream_head()), fin()], 502, CUT),
    'resets after the head of a stream': ([send(answers.stream_head()), rst()], 502, CUT),
    'noise': ([send(bytes(range(256)))], 502, BAD),
    'HTML': (whole(b'<html><body>hi</body></html>', 200, kind='text/html'), 502, BAD),
    'HTML without a type': (whole(b'<html>', 200, kind=''), 502, BAD),
    'text': (whole(b'hello', 200, kind='text/plain'), 502, BAD),
    'JSON type, no JSON': (whole(b'<html>'), 502, BAD),
    'JSON cut inside its length': (whole(b'{"id":"x","choices":['), 502, BAD),
    'empty answer': (whole(b''), 502, BAD),
    'gzip': (whole(b'\x1f\x8b\x08\x00', 200, 'Content-Encoding: gzip'), 502, BAD),
    'redirect 301': (whole(b'{}', 301, 'Location: http://127.0.0.1:1/'), 502, BAD),
    'redirect 302': (whole(b'{}', 302, 'Location: /v1/other'), 502, BAD),
    'redirect 307': (whole(b'{}', 307, 'Location: https://elsewhere.test/'), 502, BAD),
    'redirect 308': (whole(b'{}', 308, 'Location: //elsewhere.test/'), 502, BAD),
    'not modified': ([send(head(304))], 502, BAD),
    'no content': ([send(head(204))], 502, BAD),
    'status 600': ([send(OK.replace(b'200', b'600') + LENGTH + b'\r\n{}')], 502, BAD),
    'status 99': ([send(OK.replace(b'200', b'99') + LENGTH + b'\r\n{}')], 502, BAD),
    'status in words': ([send(OK.replace(b'200', b'abc') + LENGTH + b'\r\n{}')], 502, BAD),
    'no version': ([send(b'200 OK\r\n\r\n{}')], 502, BAD),
    'HTTP/2.0': ([send(OK.replace(b'1.1', b'2.0') + LENGTH + b'\r\n{}')], 502, BAD),
    '101': ([send(b'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n')], 502, BAD),
    'eleven 1xx answers': ([send(b'HTTP/1.1 100 Continue\r\n\r\n' * 11), *whole(answers.CHAT)], 502, BAD),
    '1xx answers of 9 KiB': ([send(b'HTTP/1.1 103 Early\r\nX-A: ' + b'a' * 3000 + b'\r\n\r\n') for _ in range(3)]
                             + whole(answers.CHAT), 502, BAD),
    'length and coding': ([send(OK + LENGTH + b'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n')], 502, BAD),
    'two lengths': ([send(OK + LENGTH + b'Content-Length: 3\r\n\r\n{}')], 502, BAD),
    'equal lengths': ([send(OK + LENGTH + LENGTH + b'\r\n{}')], 502, BAD),
    'negative length': ([send(OK + b'Content-Length: -2\r\n\r\n{}')], 502, BAD),
    'signed length': ([send(OK + b'Content-Length: +2\r\n\r\n{}')], 502, BAD),
    'hexadecimal length': ([send(OK + b'Content-Length: 0x2\r\n\r\n{}')], 502, BAD),
    'unknown coding': ([send(OK + b'Transfer-Encoding: gzip\r\n\r\n{}'), fin()], 502, BAD),
    'two codings': ([send(OK + b'Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n')], 502, BAD),
    'folded field': ([send(OK + b'X-A: 1\r\n 2\r\n' + LENGTH + b'\r\n{}')], 502, BAD),
    'bare LF': ([send(OK + b'X-A: 1\n' + LENGTH + b'\r\n{}')], 502, BAD),
    'bare CR': ([send(OK + b'X-A: 1\r2\r\n' + LENGTH + b'\r\n{}')], 502, BAD),
    'NUL': ([send(OK + b'X-A: \0\r\n' + LENGTH + b'\r\n{}')], 502, BAD),
    'empty name': ([send(OK + b': 1\r\n' + LENGTH + b'\r\n{}')], 502, BAD),
    'blank before the colon': ([send(OK + b'X-A : 1\r\n' + LENGTH + b'\r\n{}')], 502, BAD),
    'head of 65 KiB': ([send(OK + b''.join(b'X-%d: ' % i + b'a' * 7000 + b'\r\n' for i in range(10)) + LENGTH
                             + b'\r\n{}')], 502, BAD),
    '201 fields': ([send(OK + b''.join(b'X-%d: 1\r\n' % i for i in range(201)) + LENGTH + b'\r\n{}')], 502, BAD),
    'bad chunk size': ([send(OK + b'Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n')], 502, BAD),
    'LF in the chunked coding': ([send(OK + b'Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n')], 502, BAD),
    'stream type for a whole answer': (answers.stream(answers.good_events(False)), 502, BAD),
}


@case('a whole answer: the provider', FAULTS)
def faults(t, steps, status, codes):
    t.script(steps)
    with t.client() as client:
        client.send(build(t.chat(model='single'), key=MAIN_KEY))
        response = client.response()
        error = refused(response, status, codes)
        same(error['metadata']['origin'], 'gateway')
        same(response.header('x-gateway-target'), 'main/up-single')
        client.send(build(path='/v1/models', method='GET', key=MAIN_KEY))
        same(client.response('GET').status, 200, 'the next request on the connection')
    same(len(t.main.requests(t.marker)), 1, 'attempts')
    t.script(whole(answers.CHAT))
    same(t.ask(t.chat(model='single')).body, answers.CHAT, 'the next request to the provider')


STREAM_FAULTS = {
    'JSON instead of a stream': (whole(answers.CHAT), 502, BAD),
    'HTML instead of a stream': (whole(b'<html>', 200, kind='text/html'), 502, BAD),
    'ends before the first event': ([send(answers.stream_head() + answers.LAST_CHUNK)], 502, CUT),
    'only comments, then the end': ([send(answers.stream_head() + answers.http_chunk(b': hi\n\n')
                                          + answers.LAST_CHUNK)], 502, CUT),
    'half an event, then the end': ([send(answers.stream_head() + answers.http_chunk(b'data: {"id"')
                                          + answers.LAST_CHUNK)], 502, CUT),
    'a whole event without its empty line': ([send(answers.stream_head() + answers.http_chunk(
        answers.ROLE[:-1]) + answers.LAST_CHUNK)], 502, CUT),
    'an error as the first event': ([send(answers.stream_head() + answers.http_chunk(
        answers.event(b'{"error":{"message":"busy","type":"server_error","param":null,"code":null}}'))
        + answers.LAST_CHUNK)], {500, 502, 503}, None),
    'no JSON as the first event': ([send(answers.stream_head() + answers.http_chunk(b'data: <html>\n\n')
                                         + answers.LAST_CHUNK)], 502, BAD),
    'gzip': ([send(answers.stream_head('Content-Encoding: gzip') + answers.http_chunk(b'\x1f\x8b')
                   + answers.LAST_CHUNK)], 502, BAD),
}


@case('a stream that did not begin: the provider sends', STREAM_FAULTS)
def stream_faults(t, steps, status, codes):
    t.script(steps)
    response = t.ask(t.chat(model='single', stream=True))
    refused(response, status, codes)
    same(len(t.main.requests(t.marker)), 1, 'attempts')


@case('a whole answer that is cut never looks whole', {
    'closed': [fin()], 'reset': [rst()], 'idle': [stall()]})
def cut_whole(t, end):
    t.script([send(head(200, length=len(answers.CHAT)) + answers.CHAT[:-40]), *end])
    with t.client(t.impatient) as client:
        client.send(build(t.chat(model='single'), key=MAIN_KEY))
        response = client.response()
        if response.status == 200:
            assert not response.complete, 'a cut answer came as a complete one'
        else:
            refused(response, {502, 504}, CUT | {'upstream_timeout'})


@case('a whole answer that ends with the connection must be whole JSON')
def cut_at_close(t):
    t.script([send(head(200) + answers.CHAT[:-40]), fin()])
    with t.client() as client:
        client.send(build(t.chat(model='single'), key=MAIN_KEY))
        response = client.response()
        assert response.status == 502 or not response.complete, 'a cut answer came as a complete one'


@case('an answer larger than the limit')
def too_large(t):
    t.script(whole(b'{"a":"' + b'x' * 70_000 + b'"}'))
    refused(t.ask(t.chat(model='single'), gateway=t.impatient), 502, 'upstream_bad_response')
    t.script([send(head(200, 'Transfer-Encoding: chunked')
                   + answers.http_chunk(b'{"a":"' + b'x' * 70_000 + b'"}') + answers.LAST_CHUNK)])
    with t.client(t.impatient) as client:
        client.send(build(t.chat(model='single'), key=MAIN_KEY))
        response = client.response()
        assert response.status == 502 or not response.complete


EXCESS = {
    'a second answer': b'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged',
    'noise': b'\0\1\2',
    'an empty line': b'\r\n',
}


@case('bytes after the end: the answer counts, the connection does not', EXCESS)
def excess(t, extra):
    (_, data), = whole(answers.CHAT)
    t.script([send(data + extra), wait(0.3)], whole(answers.CHAT))
    for _ in range(2):
        response = t.ask()
        same((response.status, response.body), (200, answers.CHAT))
    first, second = t.main.requests(t.marker)
    assert first.connection != second.connection, 'the connection was used again'


@case('bytes that come late on an idle connection are no answer', alone=True)
def late_bytes(t):
    (_, data), = whole(answers.CHAT)
    t.script([send(data), wait(0.15), send(b'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged'), stall(2)],
             whole(answers.CHAT))
    same(t.ask().body, answers.CHAT)
    time.sleep(0.4)
    for _ in range(3):
        same(t.ask().body, answers.CHAT)


STATUSES = {
    'bad request': (400, 'context_length_exceeded'), 'unprocessable': (422, None),
    'too many': (429, 'rate_limit_exceeded'), 'server error': (500, None), 'overloaded': (529, 'slow_down'),
    'unavailable': (503, None),
}


@case('the status and words of the provider are kept', STATUSES)
def kept(t, status, code):
    t.script(answers.error(status, 'the provider says "no" \u00e9\n', 'some_type', code, 'Retry-After: 7',
                           'X-Secret-Header: x'))
    response = t.ask(t.chat(model='single'))
    error = refused(response, status)
    same((error['message'], error['type'], error['code']),
         ('the provider says "no" \u00e9\n', 'some_type', code))
    same(error['metadata']['origin'], 'upstream')
    same(response.header('x-secret-header'), None)
    same(response.header('x-gateway-attempts'), '1')


ODD_ERRORS = {
    'HTML': (whole(b'<html>Bad Gateway</html>', 502, kind='text/html'), 502),
    'no JSON': (whole(b'oops', 500), 500),
    'another shape': (whole({'message': 'odd', 'x': [1]}, 400), 400),
    'a string': (whole({'error': 'odd words'}, 400), 400),
    'empty': (whole(b'', 500), 500),
    'wild code': (whole({'error': {'message': 'm', 'type': 'a b\n', 'code': 'c' * 65, 'param': None}}, 400), 400),
    'numeric code': (whole({'error': {'message': 'm', 'type': 'e', 'code': 400}}, 400), 400),
    'long message': (whole({'error': {'message': 'm' * 100_000, 'type': 'e', 'code': 'c'}}, 400), 400),
}


@case('an odd error is made into the usual shape', ODD_ERRORS)
def odd_errors(t, steps, status):
    t.script(steps)
    response = t.ask(t.chat(model='single'))
    error = refused(response, {status, 502})
    assert len(error['message']) <= 2048 and b'<html>' not in response.body
    for name in ('type', 'code'):
        assert error[name] is None or len(error[name]) <= 64 and ' ' not in error[name], error


@case('a refused credential is the operator\'s trouble', {'401': 401, '403': 403})
def credential(t, status):
    t.script(answers.error(status, f'Incorrect API key provided: {PROVIDER_KEY}', code='invalid_api_key'))
    response = t.ask(t.chat(model='single'))
    refused(response, 502, 'upstream_auth_failed')
    assert PROVIDER_KEY.encode() not in response.body


@case('a credential that the provider reflects does not come out')
def reflected(t):
    t.script(answers.error(400, f'you sent Bearer {PROVIDER_KEY}, odd', code=PROVIDER_KEY[:60]))
    response = t.ask(t.chat(model='single'))
    refused(response, 400)
    assert PROVIDER_KEY.encode() not in response.body, response.body


LIMITS = {
    'connecting': ('hole', None, 0.4),
    'the first byte': ('single', [stall()], 0.6),
    'the head, begun': ('single', [send(OK), stall()], 0.6),
    'the first event': ('single', [send(answers.stream_head()), stall()], 0.6),
}


@case('too slow', LIMITS, alone=True)
def timeouts(t, model, steps, limit):
    if steps:
        t.script(steps)
    begun = time.monotonic()
    response = t.ask(t.chat(model=model, stream=True), gateway=t.impatient)
    waited = time.monotonic() - begun
    refused(response, 504, 'upstream_timeout')
    assert limit - 0.1 <= waited < limit + 0.8 * t.slack, f'{waited:.2f} s, limit {limit} s'
    for request in t.main.requests(t.marker):
        assert request.left.wait(1 * t.slack), 'the upstream connection is still open'


@case('comments are not a first event', alone=True)
def comments_only(t):
    step = [send(answers.http_chunk(b': ping\n\n')), wait(0.2)]
    t.script([send(answers.stream_head()), *step * 20])
    refused(t.ask(t.chat(model='single', stream=True), gateway=t.impatient), 504, 'upstream_timeout')


@case('a whole answer that trickles meets the total limit', alone=True)
def total(t):
    t.script([send(head(200, length=len(answers.CHAT))), trickle(answers.CHAT, 0.05)])
    begun = time.monotonic()
    with t.client(t.impatient) as client:
        client.send(build(t.chat(model='single'), key=MAIN_KEY))
        response = client.response()
        assert response.status == 504 or not response.complete
    waited = time.monotonic() - begun
    assert 2.3 < waited < 2.5 + 1.0 * t.slack, f'{waited:.2f} s, limit 2.5 s'


@case('an answer before the request was sent', {'then closed': [*answers.error(413, 'too long'), fin()],
                                                'refusal': answers.error(400, 'too long')},
      alone=True)
def early(t, steps):
    """The provider answers after the head; the gateway stops sending and uses the answer."""
    t.world.early.early = steps
    body = t.chat(model='early', messages=[{'role': 'user', 'content': 'x' * 4_000_000}])
    response = t.ask(body)
    refused(response, {400, 413})
    same(response.json['error']['message'], 'too long')
    same(t.ask(method='GET', path='/v1/models').status, 200)
