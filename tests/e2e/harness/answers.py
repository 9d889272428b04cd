"""Answers of a provider that behaves, and the pieces that faults are made of."""
import base64
import json
import struct

from harness.upstream import cut, fin, rst, send, stall, trickle, wait

# Cases write whole scripts with this module alone.
__all__ = ['cut', 'fin', 'rst', 'send', 'stall', 'trickle', 'wait']

REASONS = {200: 'OK', 204: 'No Content', 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden',
           404: 'Not Found', 408: 'Request Timeout', 413: 'Payload Too Large', 422: 'Unprocessable',
           429: 'Too Many Requests', 500: 'Internal Server Error', 502: 'Bad Gateway',
           503: 'Service Unavailable', 504: 'Gateway Timeout', 529: 'Overloaded'}


def head(status=200, *fields, length=None, kind='application/json'):
    lines = [f'HTTP/1.1 {status} {REASONS.get(status, "Status")}']
    if kind:
        lines.append(f'Content-Type: {kind}')
    if length is not None:
        lines.append(f'Content-Length: {length}')
    return ('\r\n'.join([*lines, *fields]) + '\r\n\r\n').encode('latin-1')


def whole(body, status=200, *fields, kind='application/json'):
    """One complete answer with a length. body: bytes, or what becomes JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return [send(head(status, *fields, length=len(data), kind=kind) + data)]


def error(status, message='the provider says no', kind='invalid_request_error', code=None, *fields):
    return whole({'error': {'message': message, 'type': kind, 'param': None, 'code': code}}, status,
                 *fields)


# Spacing, key order, escapes and an unknown member that a parse and a print would not keep.
CHAT = (b'{ "id":"chatcmpl-A1", "object":"chat.completion","created":1795176000,'
        b'"model":"up-chat-2026","choices":[{"index":0,"message":{"role":"assistant",'
        b'"content":"Bl\\u0075e.\\n","refusal":null},"finish_reason":"stop","logprobs":null}],\n'
        b'"usage":{"prompt_tokens":11,"completion_tokens":2,"total_tokens":13,'
        b'"prompt_tokens_details":{"cached_tokens":4},'
        b'"completion_tokens_details":{"reasoning_tokens":1}},"x_unknown":[1.50,1e2] }')

COMPLETION = (b'{"id":"cmpl-1","object":"text_completion","created":1795176000,"model":"up-chat",'
              b'"choices":[{"text":" Blue.","index":0,"logprobs":null,"finish_reason":"stop"}],'
              b'"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}')


def embedding(request_body):
    wanted = json.loads(request_body)
    vectors = [0.5, -1.25, 3.0]
    value = (base64.b64encode(struct.pack('<3f', *vectors)).decode()
             if wanted.get('encoding_format') == 'base64' else vectors)
    return {'object': 'list', 'data': [{'object': 'embedding', 'index': 0, 'embedding': value}],
            'model': 'up-emb', 'usage': {'prompt_tokens': 3, 'total_tokens': 3}}


def chunk_json(delta, finish=None, usage='absent'):
    extra = {} if usage == 'absent' else {'usage': usage}
    return json.dumps({'id': 'chatcmpl-A1', 'object': 'chat.completion.chunk', 'created': 1795176000,
                       'model': 'up-chat', 'choices': [{'index': 0, 'delta': delta,
                                                        'finish_reason': finish}], **extra},
                      separators=(',', ':')).encode()


def event(data):
    return b'data: ' + data + b'\n\n'


ROLE = event(chunk_json({'role': 'assistant', 'content': '', 'refusal': None}))
WORDS = [event(chunk_json({'content': word})) for word in ('Bl', 'ue', '.')]
FINISH = event(chunk_json({}, 'stop'))
USAGE = {'prompt_tokens': 11, 'completion_tokens': 3, 'total_tokens': 14}
USAGE_EVENT = event(json.dumps({'id': 'chatcmpl-A1', 'object': 'chat.completion.chunk',
                                'created': 1795176000, 'model': 'up-chat', 'choices': [],
                                'usage': USAGE}, separators=(',', ':')).encode())
DONE = b'data: [DONE]\n\n'
EVENT_STREAM = 'text/event-stream'


def http_chunk(data):
    return b'%x\r\n' % len(data) + data + b'\r\n'


LAST_CHUNK = b'0\r\n\r\n'


def stream_head(*fields):
    return head(200, 'Transfer-Encoding: chunked', *fields, kind=EVENT_STREAM)


def stream(events, *fields):
    """A complete stream, one chunk for each event."""
    return [send(stream_head(*fields)), *(send(http_chunk(e)) for e in events), send(LAST_CHUNK)]


def good_events(with_usage):
    return [ROLE, *WORDS, FINISH, *([USAGE_EVENT] if with_usage else []), DONE]


def for_request(request):
    """What a provider that behaves answers."""
    try:
        wanted = json.loads(request.body)
    except ValueError:
        return error(400, 'not JSON')
    if request.path.endswith('/embeddings'):
        return whole(embedding(request.body))
    if wanted.get('stream'):
        return stream(good_events(bool((wanted.get('stream_options') or {}).get('include_usage'))),
                      'x-request-id: req_stream_1')
    if request.path.endswith('/chat/completions'):
        return whole(CHAT, 200, 'x-request-id: req_up_1', 'Server: upstream-secret-server',
                     'Set-Cookie: a=b', 'Via: 1.1 upstream')
    if request.path.endswith('/completions'):
        return whole(COMPLETION)
    return error(404, 'no such path')
