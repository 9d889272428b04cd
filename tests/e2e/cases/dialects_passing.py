"""Where client and provider speak the same dialect: bytes pass, the model's name is replaced, nothing of
the client's own headers goes along but what the dialect needs."""
import json

from harness import answers
from harness.case import case, same
from harness.clients import CLIENTS
from harness.config import MAIN_KEY, PROVIDER_KEY
from harness.dialects import ask_of, gateway, one_request
from harness.providers import EVERY
from harness.turn import PLAIN, THOUGHT

SAME = {'messages': (CLIENTS['messages'], EVERY['anthropic']), 'responses': (CLIENTS['responses'], EVERY['responses']),
        'gemini': (CLIENTS['gemini'], EVERY['gemini'])}


def spelled(value):
    """JSON that no printer would write: spacing, escapes, a number's form, an unknown member."""
    text = json.dumps(value).replace(', "', ' ,\n "').replace('blue', 'bl\\u0075e')
    return (text[:-1] + ', "x_unknown" : [1.50,1E2, {"a":null}] }').encode()


@case('a request passes but for the model', SAME)
def request_bytes(t, client, provider):
    t.script(provider.whole_steps(PLAIN))
    ask = ask_of(t, provider.name)
    body = spelled(client.body(ask))
    response = t.ask(body, gateway=gateway(t), path=client.path(ask), key=None, headers=client.headers())
    same(response.status, 200, f'status ({response.body!r:.200})')
    wanted = body.replace(f'"model": "{provider.name}"'.encode(), f'"model": "{provider.model}"'.encode())
    same(one_request(t, provider, False).body, wanted, 'body upstream')


@case('a whole answer passes byte for byte', SAME)
def answer_bytes(t, client, provider):
    body = spelled(provider.body(THOUGHT))
    t.script(answers.whole(body))
    same(client.asked(t, ask_of(t, provider.name), gateway(t)).body, body)


@case('a stream passes event by event', SAME)
def stream_bytes(t, client, provider):
    t.script(provider.stream_steps(THOUGHT))
    response = client.asked(t, ask_of(t, provider.name, stream=True), gateway(t))
    same(response.body.replace(b'\r\n', b'\n'), b''.join(provider.events(THOUGHT)).replace(b'\r\n', b'\n'))


@case('unknown events and members pass', {'messages': SAME['messages'], 'responses': SAME['responses']})
def unknown_events(t, client, provider):
    events = provider.events(PLAIN)
    events.insert(2, b'event: brand_new\ndata: {"type":"brand_new","sequence_number":99,"x":[1.50]}\n\n')
    t.script([provider.stream_head(), *(answers.send(answers.http_chunk(e)) for e in events),
              answers.send(answers.LAST_CHUNK)])
    same(client.asked(t, ask_of(t, provider.name, stream=True), gateway(t)).body, b''.join(events))


RATED = [b'{"candidates":[{"content":{"parts":[{"text":"%s"}],"role":"model"},"index":0%s,"avgLogprobs":-0.120,'
         b'"safetyRatings":[{"category":"HARM_CATEGORY_HARASSMENT","probability":"NEGLIGIBLE","x_new":1.50}]}],'
         b'"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"totalTokenCount":5},'
         b'"x_unknown":{"a":null}}' % (text, finish)
         for text, finish in ((b'Bl', b''), (b'ue', b',"finishReason":"STOP"'))]


@case('ratings, log probabilities and unknown members of Gemini pass, trap_58', {'whole': False, 'streamed': True})
def ratings(t, stream):
    client, provider = SAME['gemini']
    events = [answers.event(body) for body in RATED]
    t.script(answers.stream(events) if stream else answers.whole(RATED[1]))
    response = client.asked(t, ask_of(t, provider.name, stream=stream), gateway(t))
    same(response.body, b''.join(events) if stream else RATED[1])


@case('version and betas of Anthropic go along, trap_17, trap_19')
def anthropic_headers(t):
    client, provider = SAME['messages']
    t.script(provider.whole_steps(PLAIN))
    ask = ask_of(t, provider.name)
    response = t.ask(client.body(ask), gateway=gateway(t), path='/v1/messages?beta=true', key=None, headers=[
        f'Authorization: Bearer {MAIN_KEY}', 'anthropic-version: 2026-10-21',
        'anthropic-beta: interleaved-thinking-2025-05-14,context-1m-2025-08-07', 'x-app: cli',
        'Cookie: a=b', 'x-stainless-lang: python'])
    same(response.status, 200)
    request, = t.main.requests(t.marker)
    same(request.header('anthropic-version'), '2026-10-21')
    same(request.header('anthropic-beta'), 'interleaved-thinking-2025-05-14,context-1m-2025-08-07')
    same(request.header('x-api-key'), PROVIDER_KEY)
    for name in ('authorization', 'cookie', 'x-app', 'x-stainless-lang'):
        same(request.header(name), None, name)


KEYS = {'x-api-key': f'x-api-key: {MAIN_KEY}', 'bearer': f'Authorization: Bearer {MAIN_KEY}',
        'x-goog-api-key': f'x-goog-api-key: {MAIN_KEY}', 'api-key': f'api-key: {MAIN_KEY}'}


@case('the virtual key in any of the dialects\' headers, never forwarded', {
    f'{k} to {c}': (header, *SAME[c]) for k, header in KEYS.items() for c in SAME})
def key_headers(t, header, client, provider):
    t.script(provider.whole_steps(PLAIN))
    ask = ask_of(t, provider.name)
    response = t.ask(client.body(ask), gateway=gateway(t), path=client.path(ask), key=None, headers=[header])
    same(response.status, 200, f'status ({response.body!r:.200})')
    request = one_request(t, provider, False)
    assert MAIN_KEY not in request.head.decode('latin-1'), 'the virtual key went upstream'


@case('Gemini\'s key in the query')
def key_in_query(t):
    client, provider = SAME['gemini']
    t.script(provider.whole_steps(PLAIN))
    ask = ask_of(t, provider.name)
    response = t.ask(client.body(ask), gateway=gateway(t), path=f'{client.path(ask)}?key={MAIN_KEY}', key=None)
    assert response.status in (200, 401), response.status
    if response.status == 200:
        assert MAIN_KEY not in one_request(t, provider, False).path
    assert MAIN_KEY.encode() not in gateway(t).log_file.read_bytes(), 'the key is in the access log'


PATHS = {'chat, Azure': ('chat', '/openai/deployments/anthropic/chat/completions?api-version=2024-10-21'),
         'chat, OpenAI below Azure': ('chat', '/openai/v1/chat/completions'),
         'responses without version': ('responses', '/responses'),
         'responses below Azure': ('responses', '/openai/v1/responses'),
         'messages without version': ('messages', '/messages'),
         'messages below their vendor': ('messages', '/anthropic/v1/messages'),
         'gemini, v1': ('gemini', '/v1/models/anthropic:generateContent'),
         'gemini, Vertex': ('gemini', '/v1/projects/p/locations/global/publishers/google/models/'
                                      'anthropic:generateContent')}


@case('addresses', PATHS)
def addresses(t, name, path):
    client, provider = CLIENTS[name], EVERY['anthropic']
    t.script(provider.whole_steps(PLAIN))
    ask = ask_of(t, 'anthropic')
    response = t.ask(client.body(ask), gateway=gateway(t), path=path, key=None, headers=client.headers())
    heard = client.heard(response, ask)
    same((heard.ended, heard.text), (True, PLAIN.whole_text))
    one_request(t, provider, False)


@case('the model of an Azure path wins over the body')
def azure_model(t):
    provider = EVERY['anthropic']
    t.script(provider.whole_steps(PLAIN))
    body = CLIENTS['chat'].body(ask_of(t, 'anything'))
    response = t.ask(body, gateway=gateway(t), path='/openai/deployments/anthropic/chat/completions', key=None,
                     headers=[f'api-key: {MAIN_KEY}'])
    same(response.status, 200, f'status ({response.body!r:.200})')
    same(json.loads(one_request(t, provider, False).body)['model'], provider.model)
