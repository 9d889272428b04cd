"""One line of valid JSON for every request, with the right fields, whatever the request held."""
import datetime
import json

from harness import answers
from harness.answers import http_chunk, send, stream_head
from harness.case import build, case, refused, same
from harness.clients import CLIENTS
from harness.config import MAIN_KEY, PROVIDER_KEY
from harness.dialects import ask_of, gateway as dialects_gateway
from harness.providers import EVERY
from harness.turn import PLAIN
from harness.upstream import rst

FIELDS = {'time', 'request_id', 'key', 'endpoint', 'dialect', 'model', 'target', 'provider', 'upstream_model',
          'stream', 'status', 'finish', 'attempts', 'input_tokens', 'cache_read_tokens',
          'output_tokens', 'reasoning_tokens', 'usage_source', 'usage_reported', 'bytes_in', 'bytes_out', 'ttfb_ms',
          'duration_ms', 'overhead_us'}


def logged(t, gateway=None, **request):
    response = t.ask(gateway=gateway, headers=[f'X-Request-Id: {t.marker}', *request.pop('headers', [])],
                     **request)
    return response, (gateway or t.gateway).log_line(request_id=t.marker)


def has(line, **wanted):
    same({k: line.get(k) for k in wanted}, wanted, 'fields of the line')


@case('a whole answer', smoke=True)
def whole(t):
    response, line = logged(t)
    assert FIELDS <= set(line), FIELDS - set(line)
    assert None not in line.values(), line
    has(line, key='main', model='chat', target='main/up-chat', provider='main', upstream_model='up-chat',
        stream=False, status=200, code=None, attempts=1, input_tokens=11, output_tokens=2,
        cache_read_tokens=4, reasoning_tokens=1, usage_source='provider', finish='stop',
        usage_reported=json.loads(answers.CHAT)['usage'])
    sent = t.main.requests(t.marker)[0].body
    assert abs(line['bytes_in'] - len(sent)) <= len('up-'), line
    same(line['bytes_out'], len(response.body), 'bytes_out')
    assert 'chat' in line['endpoint'] and line['dialect']
    assert 0 <= line['ttfb_ms'] <= line['duration_ms'] < 5000
    assert 0 < line['overhead_us'] <= line['duration_ms'] * 1000 + 1000
    begun = datetime.datetime.fromisoformat(line['time'].replace('Z', '+00:00'))
    assert abs((datetime.datetime.now(datetime.timezone.utc) - begun).total_seconds()) < 60, line['time']


@case('a streamed answer')
def streamed(t):
    _, line = logged(t, body=t.chat(stream=True))
    has(line, stream=True, status=200, input_tokens=11, output_tokens=3, usage_source='provider',
        finish='stop', code=None, usage_reported=answers.USAGE)


@case('a stream without usage')
def no_usage(t):
    t.script(answers.stream(answers.good_events(False)))
    _, line = logged(t, body=t.chat(stream=True))
    assert line['usage_source'] != 'provider', line
    same((line['status'], line['usage_reported']), (200, None))


USAGES = {'printed over many lines': (json.dumps({'prompt_tokens': 5, 'details': {'a': [1, 2]}}, indent=2), True),
          'with members of its own': ('{"prompt_tokens":5,"cost":1.50,"x":{"y":"\u00e9 z"}}', True),
          'as large as is kept': (json.dumps({'prompt_tokens': 5, 'x': 'y' * 990}), True),
          'too large': (json.dumps({'prompt_tokens': 5, 'x': 'y' * 2000}), False),
          'with escapes': ('{"prompt_tokens":5,"x":"\\q"}', False), 'null': ('null', False)}


@case('usage as the provider reported it', {
    f'{name}, {way}': (usage, kept, way == 'streamed') for name, (usage, kept) in USAGES.items()
    for way in ('whole', 'streamed')})
def reported(t, usage, kept, stream):
    if stream:
        flat = usage.replace('\n', ' ')
        chunk = b'{"id":"c","object":"chat.completion.chunk","choices":[],"usage":' + flat.encode() + b'}'
        t.script(answers.stream([answers.ROLE, *answers.WORDS, answers.FINISH, answers.event(chunk), answers.DONE]))
    else:
        t.script(answers.whole(b'{"id":"c","choices":[],"usage":' + usage.encode() + b'}'))
    response, line = logged(t, body=t.chat(stream=stream))
    same(response.status, 200)
    has(line, usage_reported=json.loads(usage) if kept else None, input_tokens=None if usage == 'null' else 5)


@case('usage that reflects a credential is not logged', {'whole': False, 'streamed': True})
def reflected(t, stream):
    provider, client = EVERY['chat'], CLIENTS['messages']  # who does not get the provider's usage as it is
    provider_usage = {**provider.usage(PLAIN), 'key': [PROVIDER_KEY]}
    body = {**provider.body(PLAIN), 'usage': provider_usage}
    chunk = answers.event(json.dumps({'id': 'c', 'object': 'chat.completion.chunk', 'choices': [],
                                      'usage': provider_usage}).encode())
    t.script(answers.stream([*provider.events(PLAIN)[:-2], chunk, answers.DONE]) if stream else answers.whole(body))
    response = client.asked(t, ask_of(t, 'chat', stream=stream), dialects_gateway(t),
                            headers=[f'X-Request-Id: {t.marker}'])
    same(response.status, 200)
    has(dialects_gateway(t).log_line(request_id=t.marker), usage_reported=None, input_tokens=PLAIN.input_tokens)


@case('embeddings')
def embeddings(t):
    _, line = logged(t, body={'model': 'emb', 'input': 'x', 'user': t.marker}, path='/v1/embeddings')
    has(line, model='emb', upstream_model='up-emb', input_tokens=3, status=200)


@case('a refused key')
def refused_key(t):
    _, line = logged(t, key=None)
    has(line, key=None, status=401, code='invalid_api_key', attempts=0, target=None)


@case('an unknown path')
def unknown_path(t):
    _, line = logged(t, path='/v1/nothing-here-secret', method='GET')
    has(line, status=404, code='not_found')
    assert 'nothing-here-secret' not in json.dumps(line)


@case('an unknown model is not written out')
def unknown_model(t):
    _, line = logged(t, body=t.chat(model='model-of-my-own'))
    has(line, status=404, code='model_not_found')
    assert line['model'].startswith('?') and 'model-of-my-own' not in json.dumps(line)


@case('a second attempt')
def attempts(t):
    t.script(answers.error(503))
    _, line = logged(t, body=t.chat(model='pair'))
    has(line, attempts=2, target='second/up-second', provider='second', status=200)


@case('an error of the provider')
def provider_error(t):
    t.script(answers.error(400, 'no'))
    _, line = logged(t)
    has(line, status=400, attempts=1, target='main/up-chat')


@case('a cut stream')
def cut(t):
    t.script([send(stream_head() + http_chunk(answers.ROLE)), rst()])
    _, line = logged(t, body=t.chat(stream=True))
    has(line, status=200, code='upstream_stream_interrupted', stream=True)


@case('a malformed request is counted, and logged without its bytes')
def malformed(t):
    with t.client() as client:
        client.send(f'GET /v1/models HTTP/1.1\r\nHost: x\r\nX-{t.marker} : 1\r\n\r\n'.encode())
        refused(client.response(), 400, 'bad_request')
    assert t.marker.encode() not in t.gateway.log_file.read_bytes()


HOSTILE = {
    'newline in the model': b'{"model":"a\\nb\\r{\\"event\\":1}","user":"MARK","messages":[]}',
    'escapes in the model': b'{"model":"\\u001b[31m\\u2028\\u007f\\u009b","user":"MARK","messages":[]}',
    'a long model': b'{"model":"' + b'm' * 1_000_000 + b'","user":"MARK","messages":[]}',
    'a key of opaque bytes': None,
}


@case('one event is one line', HOSTILE)
def hostile(t, body):
    before = len(t.gateway.log_lines())
    if body is None:
        t.ask(key=None, headers=['Authorization: Bearer \xff"\x80\\n', f'X-Request-Id: {t.marker}'])
    else:
        t.ask(body.replace(b'MARK', t.marker.encode()), headers=[f'X-Request-Id: {t.marker}'])
    t.gateway.log_line(request_id=t.marker)
    data = t.gateway.log_file.read_bytes()
    assert len(t.gateway.log_lines()) > before
    for line in data.split(b'\n')[:-1]:
        assert len(line) <= 8192, f'a line of {len(line)} bytes'
        assert not any(c < 0x20 or c == 0x7f for c in line), line[:200]
        json.loads(line.decode('utf-8'))


@case('every request of a connection has its line')
def count(t):
    with t.client() as client:
        for n in range(7):
            client.send(build(t.chat(), key=MAIN_KEY, headers=[f'X-Request-Id: {t.marker}-{n}']))
            client.response()
    for n in range(7):
        same(t.gateway.log_line(request_id=f'{t.marker}-{n}')['status'], 200)


@case('no text of prompts or answers')
def no_content(t):
    logged(t, body=t.chat(messages=[{'role': 'user', 'content': 'prompt-canary'}]))
    data = t.gateway.log_file.read_bytes() + t.gateway.errors.encode()
    assert b'prompt-canary' not in data
