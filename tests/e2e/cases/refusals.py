"""Well-formed requests that are refused: what the answer is and whether the connection goes on."""
from harness import answers
from harness.case import build, case, refused, same
from harness.config import MAIN_KEY

# method, path, headers, status, code, whether the connection may go on
ROWS = {
    'unknown path': ('GET', '/v1/nothing', [], 404, 'not_found'),
    'root': ('GET', '/', [], 404, 'not_found'),
    'longer path': ('POST', '/v1/chat/completions/x', [], 404, 'not_found'),
    'trailing slash': ('POST', '/v1/chat/completions/', [], 404, 'not_found'),
    'dot segments': ('POST', '/v1/x/../chat/completions', [], 404, 'not_found'),
    'encoded dot segments': ('POST', '/v1/x/%2e%2e/chat/completions', [], 404, 'not_found'),
    'single dot': ('POST', '/v1/./chat/completions', [], 404, 'not_found'),
    'empty segment': ('POST', '/v1//chat/completions', [], 404, 'not_found'),
    'encoded slash': ('POST', '/v1/chat%2Fcompletions', [], 404, 'not_found'),
    'other case': ('POST', '/V1/Chat/Completions', [], 404, 'not_found'),
    'GET on embeddings': ('GET', '/v1/embeddings', [], 405, 'method_not_allowed'),
    'PUT on chat': ('PUT', '/v1/chat/completions', [], 405, 'method_not_allowed'),
    'DELETE on models': ('DELETE', '/v1/models', [], 405, 'method_not_allowed'),
    'POST on models': ('POST', '/v1/models', [], 405, 'method_not_allowed'),
    'POST on readyz': ('POST', '/readyz', [], 405, 'method_not_allowed'),
    'unknown model': ('GET', '/v1/models/none', [], 404, 'model_not_found'),
    'text body': ('POST', '/v1/chat/completions', ['Content-Type: text/plain'], 415, 'unsupported_media_type'),
    'form body': ('POST', '/v1/chat/completions', ['Content-Type: application/x-www-form-urlencoded'], 415,
                  'unsupported_media_type'),
    'gzip body': ('POST', '/v1/chat/completions', ['Content-Encoding: gzip'], 415, 'unsupported_encoding'),
    'other expectation': ('POST', '/v1/chat/completions', ['Expect: 200-ok'], 417, 'expectation_failed'),
}


@case('refused', ROWS)
def rows(t, method, path, headers, status, code):
    with t.client() as client:
        body = t.chat() if method in ('POST', 'PUT') else b''
        request = build(body, path=path, method=method, key=MAIN_KEY, headers=headers)
        if method == 'PUT':
            request = build(body, path=path, method='POST', key=MAIN_KEY,
                            headers=headers).replace(b'POST', b'PUT', 1)
        client.send(request)
        response = client.response(method)
        refused(response, status, code)
        if status == 405:
            assert response.header('allow'), 'no Allow'
            assert method not in response.header('allow')
        if response.closes:
            assert client.closed_within(3 * t.slack)
        else:
            client.send(build(path='/v1/models', method='GET', key=MAIN_KEY))
            same(client.response('GET').status, 200, 'the next request')
        if status in (404, 405, 415):
            assert not response.closes, 'a small refused body need not cost the connection'
    same(t.main.requests(t.marker), [], 'requests upstream')


@case('a JSON content type may have parameters', {
    v: v for v in ('application/json; charset=utf-8', 'APPLICATION/JSON', 'application/json;charset=UTF-8')})
def content_types(t, value):
    same(t.ask(headers=[f'Content-Type: {value}']).body, answers.CHAT)


@case('OPTIONS', {'/v1/chat/completions': ('/v1/chat/completions', 'POST'), '/v1/models': ('/v1/models', 'GET'),
                  '*': ('*', '')})
def options(t, path, allowed):
    response = t.ask(method='OPTIONS', path=path, key=None)
    same((response.status, response.body), (204, b''))
    assert allowed in response.header('allow')
    same(response.header('access-control-allow-origin'), None, 'CORS without configuration')


@case('HEAD is GET without content', {p: p for p in ('/livez', '/v1/models', '/v1/nothing')})
def head(t, path):
    with t.client() as client:
        client.send(build(path=path, method='HEAD', key=MAIN_KEY))
        head_answer = client.response('HEAD')
        client.send(build(path=path, method='GET', key=MAIN_KEY))
        get_answer = client.response('GET')
    same(head_answer.status, get_answer.status)
    same(head_answer.body, b'')
    if path != '/v1/nothing':  # an error's body holds its request id, which may differ in length
        same(head_answer.header('content-length'), get_answer.header('content-length'))
