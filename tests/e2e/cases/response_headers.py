"""The headers that every answer carries."""
import re

from harness.case import case, refused, same


@case('a relayed answer names its target', {'whole': False, 'streamed': True}, smoke=True)
def target_headers(t, stream):
    response = t.ask(t.chat(stream=stream))
    same(response.header('x-gateway-model'), 'up-chat')
    same(response.header('x-gateway-provider'), 'main')
    same(response.header('x-gateway-target'), 'main/up-chat')
    same(response.header('x-gateway-attempts'), '1')
    assert re.fullmatch(r'\d+', response.header('x-gateway-overhead-us'))
    same(response.header('x-gateway-upstream-request-id'), 'req_stream_1' if stream else 'req_up_1')


@case('a good request id is kept', {'short': 'a', 'long': 'A_-9' * 16})
def request_id_kept(t, value):
    same(t.ask(headers=[f'X-Request-Id: {value}']).header('x-request-id'), value)


@case('a bad request id is replaced', {'too long': 'a' * 65, 'blank': 'a b', 'dot': 'a.b',
                                       'opaque': 'a\xe9b', 'empty': ''})
def request_id_replaced(t, value):
    given = t.ask(headers=[f'X-Request-Id: {value}']).header('x-request-id')
    assert re.fullmatch('[A-Za-z0-9_-]{1,64}', given) and given != value, given


@case('request ids differ')
def request_ids_differ(t):
    ids = {t.ask(method='GET', path='/v1/models').header('x-request-id') for _ in range(5)}
    same(len(ids), 5)


@case('errors carry the request id in header and body')
def error_headers(t):
    response = t.ask(method='GET', path='/nothing')
    error = refused(response, 404, 'not_found')
    same(error['metadata']['request_id'], response.header('x-request-id'))
    same(error['metadata']['origin'], 'gateway')


@case('an answer has a Content-Length or chunks, never both, and no hop-by-hop rest')
def framing(t):
    for stream in (False, True):
        response = t.ask(t.chat(stream=stream))
        same(response.framing, 'chunked' if stream else 'length')
        assert not response.closes
