"""Every endpoint does its job, under each of its paths."""
import json

from harness import answers
from harness.case import build, case, data_of, same
from harness.config import MAIN_KEY, NARROW_KEY, PROVIDER_KEY


@case('a whole chat answer arrives byte for byte', smoke=True)
def chat_whole(t):
    response = t.ask()
    same(response.status, 200, 'status')
    same(response.body, answers.CHAT, 'body')
    same(response.header('content-type').split(';')[0], 'application/json')
    request, = t.main.requests(t.marker)
    same((request.method, request.path), ('POST', '/v1/chat/completions'))
    same(request.header('host'), f'127.0.0.1:{t.main.port}', 'Host')
    same(request.header('authorization'), f'Bearer {PROVIDER_KEY}', 'credential')
    same(request.header('content-length'), str(len(request.body)), 'Content-Length')


@case('a streamed chat answer arrives event by event, trap_125', smoke=True)
def chat_stream(t):
    t.script([answers.send(answers.stream_head()),
              *(step for e in answers.good_events(True)
                for step in (answers.send(answers.http_chunk(e)), answers.wait(0.05))),
              answers.send(answers.LAST_CHUNK)])
    client = t.begin(t.chat(stream=True))
    response = client.head()
    same(response.status, 200, 'status')
    same(response.header('content-type'), 'text/event-stream; charset=utf-8')
    same(response.header('cache-control'), 'no-cache')
    same(response.header('x-accel-buffering'), 'no')
    pieces = client.pieces(response)
    same(next(pieces), answers.ROLE, 'first piece')
    rest = b''.join(pieces)
    same(rest, b''.join([*answers.WORDS, answers.FINISH, answers.DONE]), 'the other events')
    same(response.framing, 'chunked')


@case('legacy completions, whole and streamed')
def completions(t):
    body = {'model': 'chat', 'prompt': 'Say blue', 'user': t.marker}
    response = t.ask(body, path='/v1/completions')
    same((response.status, response.body), (200, answers.COMPLETION))
    same(t.main.requests(t.marker)[0].path, '/v1/completions')
    events = [answers.event(b'{"id":"cmpl-1","object":"text_completion","choices":[{"text":"B",'
                            b'"index":0,"logprobs":null,"finish_reason":null}]}'), answers.DONE]
    t.script(answers.stream(events))
    response = t.ask({**body, 'stream': True}, path='/v1/completions')
    same((response.status, response.events), (200, data_of(events)))


@case('embeddings, in both encodings')
def embeddings(t):
    for fields in ({}, {'encoding_format': 'base64'}):
        body = {'model': 'emb', 'input': ['blue'], 'user': t.marker, **fields}
        response = t.ask(body, path='/v1/embeddings')
        same(response.status, 200)
        same(response.json, answers.embedding(json.dumps(body).encode()))
    same(t.main.requests(t.marker)[0].path, '/v1/embeddings')


PATHS = {p: p for p in ('/v1/chat/completions', '/chat/completions', '/openai/v1/chat/completions',
                        '/v1/chat/completions?api-version=1', '/v1/%63hat/completions')}


@case('chat is served at', PATHS)
def chat_paths(t, path):
    same(t.ask(path=path).body, answers.CHAT)
    same(t.main.requests(t.marker)[0].path, '/v1/chat/completions', 'path upstream')


@case('chat is served at an absolute target, whose authority means nothing')
def absolute_form(t):
    same(t.ask(path='http://elsewhere.test:1234/v1/chat/completions').body, answers.CHAT)


@case('the list of models is what the key may use', {'main': (MAIN_KEY, True), 'narrow': (NARROW_KEY, False)})
def models(t, key, everything):
    for path in ('/v1/models', '/models', '/openai/v1/models'):
        response = t.ask(method='GET', path=path, key=key)
        same(response.status, 200)
        same(response.json['object'], 'list')
        names = {m['id'] for m in response.json['data']}
        if everything:
            assert {'chat', 'emb', 'hidden', 'pair'} <= names, names
        else:
            same(names, {'chat'})
        for m in response.json['data']:
            same(m['object'], 'model')
            assert isinstance(m['created'], int) and isinstance(m['owned_by'], str), m


@case('one model')
def one_model(t):
    response = t.ask(method='GET', path='/v1/models/chat')
    same((response.status, response.json['id'], response.json['object']), (200, 'chat', 'model'))


@case('health', {p: p for p in ('/livez', '/readyz', '/health/liveliness', '/health/readiness')},
      smoke=True)
def health(t, path):
    same(t.ask(method='GET', path=path, key=None).status, 200)


@case('health on the admin listener', {'/livez': '/livez', '/readyz': '/readyz'})
def admin_health(t, path):
    from harness.client import Client
    with Client(t.gateway.admin) as client:
        same(client.send(build(path=path, method='GET')).response('GET').status, 200)


@case('tool calls pass in both directions')
def tools(t):
    answer = (b'{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
              b'"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_a","type":'
              b'"function","function":{"name":"get_weather","arguments":"{\\"city\\":\\"Oslo\\"}"}}]},'
              b'"finish_reason":"tool_calls"}]}')
    t.script(answers.whole(answer))
    body = t.chat(tools=[{'type': 'function', 'function': {
        'name': 'get_weather', 'parameters': {'type': 'object', 'properties': {'city': {'type': 'string'}}}}}],
        tool_choice='auto', parallel_tool_calls=False)
    same(t.ask(body).body, answer)
    same(json.loads(t.main.requests(t.marker)[0].body)['tools'], body['tools'])


@case('several choices and calls interleave untouched in a stream')
def interleaved(t):
    deltas = [(0, {'role': 'assistant', 'content': ''}), (1, {'role': 'assistant', 'content': ''}),
              (0, {'tool_calls': [{'index': 0, 'id': 'call_a', 'type': 'function',
                                   'function': {'name': 'f', 'arguments': ''}}]}),
              (0, {'tool_calls': [{'index': 1, 'id': 'call_b', 'type': 'function',
                                   'function': {'name': 'g', 'arguments': '{'}}]}),
              (1, {'content': 'line\u2028 "quoted" \u00e9'})]
    events = [answers.event(json.dumps({'object': 'chat.completion.chunk', 'choices': [
        {'index': i, 'delta': d, 'finish_reason': None}]}).encode()) for i, d in deltas]
    t.script(answers.stream([*events, answers.DONE]))
    same(t.ask(t.chat(stream=True, n=2)).events, data_of([*events, answers.DONE]))
