"""The gateway's own part in other dialects: its errors, counted tokens, the access log."""
import json

from harness import answers
from harness.case import case, same
from harness.clients import CLIENTS
from harness.config import NARROW_KEY
from harness.dialects import ask_of, gateway, pairs
from harness.providers import EVERY
from harness.turn import CALLING, PLAIN

OTHERS = {c: CLIENTS[c] for c in CLIENTS if c != 'chat'}
KINDS = {  # of Messages and of Gemini
    401: ('authentication_error', 'UNAUTHENTICATED'), 403: ('permission_error', 'PERMISSION_DENIED'),
    404: ('not_found_error', 'NOT_FOUND'), 400: ('invalid_request_error', 'INVALID_ARGUMENT'),
    413: ('request_too_large', None)}


def own_error(client, response, status, param=None):
    same(response.status, status, f'status ({response.body!r:.200})')
    same((response.header('content-type').split(';')[0], response.framing), ('application/json', 'length'))
    assert response.header('x-request-id'), 'no X-Request-Id'
    message, kind, told = client.error(response.json)
    assert message, 'no message'
    messages_kind, gemini_kind = KINDS[status]
    if client.name == 'messages':
        same(kind, messages_kind, 'type')
    elif client.name.startswith('gemini') and gemini_kind:
        same(kind, gemini_kind, 'status')
    if param and client.name != 'messages':
        same(told, param, 'param')
    elif param:
        assert param in message, f'{param} is not in {message!r}'


def sent(t, client, body, model='anthropic', key='main', stream=False):
    ask = ask_of(t, model, stream=stream)
    headers = client.headers() if key == 'main' else client.headers(key)
    return t.ask(client.body(ask) if body is None else body, gateway=gateway(t), path=client.path(ask), key=None,
                 headers=headers)


@case('a bad key', OTHERS)
def bad_key(t, client):
    own_error(client, sent(t, client, None, key='sk-wrong-0123456789abcdef'), 401)
    own_error(client, sent(t, client, None, key=None), 401)


@case('a model that the key may not use', OTHERS)
def forbidden_model(t, client):
    response = sent(t, client, None, key=NARROW_KEY)
    assert response.status in (403, 404), response.status
    own_error(client, response, response.status)


@case('an unknown model', OTHERS)
def unknown_model(t, client):
    own_error(client, sent(t, client, None, model='nobody'), 404)


@case('no JSON', OTHERS)
def no_json(t, client):
    own_error(client, sent(t, client, b'{"model": "anthropic", '), 400)
    own_error(client, sent(t, client, b'[]'), 400)


@case('another method', OTHERS)
def method(t, client):
    response = t.ask(gateway=gateway(t), method='GET', path=client.path(ask_of(t, 'anthropic')), key=None,
                     headers=client.headers())
    same(response.status, 405)
    client.error(response.json)


@case('another media type', OTHERS)
def media_type(t, client):
    response = t.ask(b'x', gateway=gateway(t), path=client.path(ask_of(t, 'anthropic')), key=None,
                     headers=[*client.headers(), 'Content-Type: text/plain'])
    same(response.status, 415)
    client.error(response.json)


MISSING = {'messages without max_tokens': ('messages', 'max_tokens'),
           'messages without messages': ('messages', 'messages'),
           'responses without input': ('responses', 'input'), 'gemini without contents': ('gemini', 'contents'),
           'completions without prompt': ('completions', 'prompt')}


@case('a missing field', MISSING)
def missing(t, name, field):
    client = CLIENTS[name]
    for provider in ('gemini', 'anthropic') if name != 'gemini' else ('anthropic', 'bedrock'):
        if (name, provider) == ('messages', 'anthropic'):
            continue  # the same dialect: the provider judges
        body = client.body(ask_of(t, provider))
        del body[field]
        own_error(client, sent(t, client, body, model=provider), 400, field)
    same(t.main.requests(t.marker), [])


WRONG = {'messages, a role': ('messages', 'messages', [{'role': 'king', 'content': 'x'}]),
         'messages, a type': ('messages', 'max_tokens', 'many'),
         'responses, a type': ('responses', 'max_output_tokens', 'many'),
         'chat, a type': ('chat', 'max_completion_tokens', 'many'),
         'gemini, a type': ('gemini', 'contents', 'x')}


@case('a wrong value', WRONG)
def wrong(t, name, field, value):
    client = CLIENTS[name]
    body = {**client.body(ask_of(t, 'bedrock')), field: value}
    response = sent(t, client, body, model='bedrock')
    same(response.status, 400, f'status ({response.body!r:.200})')
    message, _, param = client.error(response.json)
    assert field in (param or message), (message, param)


# -- Counting

@case('count_tokens is the provider\'s where it has it')
def count_provider(t):
    t.script(answers.whole(b'{ "input_tokens":14 }'))
    client = CLIENTS['messages']
    body = client.body(ask_of(t, 'anthropic'))
    del body['max_tokens']
    response = t.ask(body, gateway=gateway(t), path='/v1/messages/count_tokens', key=None, headers=client.headers())
    same((response.status, response.body), (200, b'{ "input_tokens":14 }'))
    request, = t.main.requests(t.marker)
    same(request.path, '/v1/messages/count_tokens')
    same(json.loads(request.body)['model'], EVERY['anthropic'].model)


# Providers without a service that counts; what the others do is in counting.py.
UNCOUNTED = ('chat', 'cohere', 'ollama', 'azure')


@case('count_tokens is an estimate, marked as one, elsewhere', {p: p for p in UNCOUNTED})
def count_estimate(t, provider):
    client = CLIENTS['messages']
    body = client.body(ask_of(t, provider, tools=True, system='Be brief.'))
    del body['max_tokens']
    response = t.ask(body, gateway=gateway(t), path='/v1/messages/count_tokens', key=None, headers=client.headers())
    same(response.status, 200, f'status ({response.body!r:.200})')
    assert 20 < response.json['input_tokens'] < 500, response.json
    assert any('estimate' in n.lower() or 'estimate' in v.lower() for n, v in response.headers), response.headers
    same(t.main.requests(t.marker), [])


@case('countTokens', {p: p for p in ('gemini', *UNCOUNTED)})
def count_gemini(t, provider):
    client = CLIENTS['gemini']
    t.script(answers.whole({'totalTokens': 31}))
    body = {'contents': client.body(ask_of(t, provider))['contents']}
    response = t.ask(body, gateway=gateway(t), path=f'/v1beta/models/{provider}:countTokens', key=None,
                     headers=client.headers())
    same(response.status, 200, f'status ({response.body!r:.200})')
    if provider == 'gemini':
        same(response.json['totalTokens'], 31)
        same(t.main.requests(t.marker)[0].path, f'/v1beta/models/{EVERY["gemini"].model}:countTokens')
    else:
        assert 5 < response.json['totalTokens'] < 200, response.json
        same(t.main.requests(t.marker), [])


@case('errors of counting', {'messages': ('messages', '/v1/messages/count_tokens', {'model': 'gemini', 'messages': 7}),
                             'gemini': ('gemini', '/v1beta/models/anthropic:countTokens', {'contents': 7})})
def count_errors(t, name, path, body):
    client = CLIENTS[name]
    response = t.ask(body, gateway=gateway(t), path=path, key=None, headers=client.headers())
    same(response.status, 400)
    client.error(response.json)


# -- The access log

LOGGED = {'chat': 'openai_chat', 'completions': 'openai_completions', 'responses': 'openai_responses',
          'messages': 'anthropic', 'gemini': 'gemini', 'gemini-array': 'gemini'}


@case('a line for every pair', pairs(rows={'whole': False, 'streamed': True}))
def logged(t, client, provider, stream):
    turn = CALLING if client.has_tools else PLAIN
    t.script(provider.stream_steps(turn) if stream else provider.whole_steps(turn))
    ask = ask_of(t, provider.name, stream=stream, tools=client.has_tools)
    response = client.asked(t, ask, gateway(t), headers=[f'X-Request-Id: {t.marker}'])
    same(response.status, 200, f'status ({response.body!r:.300})')
    line = gateway(t).log_line(request_id=t.marker)
    cached = turn.cached_tokens if provider.counts_cache else None
    want = {'key': 'main', 'model': provider.name, 'provider': provider.name, 'upstream_model': provider.model,
            'stream': stream, 'status': 200, 'code': None, 'attempts': 1, 'input_tokens': turn.input_tokens,
            'output_tokens': turn.output_tokens, 'usage_source': 'provider', 'dialect': LOGGED[client.name]}
    same({k: line.get(k) for k in want}, want, 'fields of the line')
    assert line['cache_read_tokens'] in ((cached,) if cached else (None, 0)), line
    # What the provider itself said: Ollama has no object of usage.
    same(line['usage_reported'], provider.usage(turn) if hasattr(provider, 'usage') else None, 'usage as reported')
    # A provider of Gemini's or Ollama's kind does not say that it stopped for a call.
    assert line['finish'] in ('tool_calls', 'stop') if client.has_tools else line['finish'] == 'stop', line
    same(line['bytes_out'], len(response.body), 'bytes_out')


@case('the line of a cut stream', pairs(providers=('anthropic', 'gemini', 'bedrock')))
def logged_cut(t, client, provider):
    events = provider.events(PLAIN)
    t.script([provider.stream_head(), answers.send(answers.http_chunk(b''.join(events[:4]))), answers.rst()])
    client.asked(t, ask_of(t, provider.name, stream=True), gateway(t), headers=[f'X-Request-Id: {t.marker}'])
    line = gateway(t).log_line(request_id=t.marker)
    assert line['code'] in ('upstream_stream_interrupted', 'upstream_bad_response'), line


@case('the line of a provider\'s error', pairs(providers=('anthropic', 'cohere')))
def logged_error(t, client, provider):
    t.script(provider.error_steps(429, 'slow down'))
    client.asked(t, ask_of(t, provider.name), gateway(t), headers=[f'X-Request-Id: {t.marker}'])
    line = gateway(t).log_line(request_id=t.marker)
    same((line['status'], line['provider'], line['attempts']), (429, provider.name, 1))
