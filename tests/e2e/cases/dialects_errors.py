"""Errors of a provider and streams that end badly, in the words of every client's dialect."""
from harness import answers
from harness.case import case, same
from harness.clients import CLIENTS
from harness.clients.base import blocks
from harness.config import PROVIDER_KEY
from harness.dialects import PAIR, ask_of, gateway, pairs
from harness.providers import PROVIDERS
from harness.turn import PLAIN
from harness.upstream import fin, rst

WORDS = 'the provider says no'
MESSAGES_KINDS = {400: 'invalid_request_error', 404: 'not_found_error', 429: 'rate_limit_error', 500: 'api_error'}
GEMINI_KINDS = {400: 'INVALID_ARGUMENT', 404: 'NOT_FOUND', 429: 'RESOURCE_EXHAUSTED'}


@case('an error status', pairs(rows={str(s): s for s in (400, 404, 429, 500)}))
def status(t, client, provider, code):
    for stream in (False, True):
        t.script(provider.error_steps(code, WORDS, 'Retry-After: 7'))
        response = client.asked(t, ask_of(t, provider.name, stream=stream), gateway(t))
        same(response.status, code, 'status')
        same((response.framing, response.header('content-type').split(';')[0]), ('length', 'application/json'))
        message, kind, _ = client.error(response.json)
        assert WORDS in message, message
        if client.name == 'messages':
            same(kind, MESSAGES_KINDS[code], 'type')
        if client.name.startswith('gemini') and code in GEMINI_KINDS:
            same(kind, GEMINI_KINDS[code], 'status')
        if code == 429:
            same(response.header('retry-after'), '7', 'Retry-After')


@case('the provider\'s credential in its own words', pairs(providers=('anthropic', 'gemini', 'cohere')))
def secret(t, client, provider):
    t.script(provider.error_steps(400, f'bad key {PROVIDER_KEY} given'))
    response = client.asked(t, ask_of(t, provider.name), gateway(t))
    same(response.status, 400)
    assert PROVIDER_KEY.encode() not in response.body
    client.error(response.json)


NOT_ANSWERS = {'html': answers.whole(b'<html>502</html>', kind='text/html'),
               'broken JSON': answers.whole(b'{"choices":[', kind='application/json'),
               'another shape': answers.whole(b'[]', kind='application/json')}


@case('a whole answer that is none', pairs(rows=NOT_ANSWERS))
def no_answer(t, client, provider, steps):
    t.script(steps)
    response = client.asked(t, ask_of(t, provider.name), gateway(t))
    same(response.status, 502)
    client.error(response.json)


@case('a fault before the first event is an error with a status', pairs())
def first_event(t, client, provider):
    t.script([provider.stream_head(), answers.send(answers.http_chunk(provider.error_event('went wrong'))
                                                   + answers.LAST_CHUNK)])
    response = client.asked(t, ask_of(t, provider.name, stream=True), gateway(t))
    assert response.status >= 400, response.body
    assert 'went wrong' in client.error(response.json)[0], response.body


@case('a fault before the first event goes to the next target', pairs())
def first_event_fallback(t, client, provider):
    for stream in (False, True):
        t.script([provider.stream_head(), answers.send(answers.http_chunk(provider.error_event('went wrong'))
                                                       + answers.LAST_CHUNK)]
                 if stream else provider.error_steps(503, 'later'))
        t.script(PROVIDERS['chat'].stream_steps(PLAIN) if stream else PROVIDERS['chat'].whole_steps(PLAIN),
                 on=t.second)
        ask = ask_of(t, PAIR + provider.name, stream=stream)
        response = client.asked(t, ask, gateway(t))
        same(response.header('x-gateway-provider'), 'spare', 'X-Gateway-Provider')
        if client.name == 'completions':
            continue  # the spare has that endpoint, and its script speaks chat
        heard = client.heard(response, ask)
        same((heard.ended, heard.text), (True, PLAIN.whole_text))


def begun(provider):
    """The events that make a client's stream begin, text among them, without the last ones."""
    events = provider.events(PLAIN)
    text = next(n for n, e in enumerate(events) if b'Bl' in e or b'Qmw' in e)
    return events[:text + 1]


def never_finished(t, client, provider, response):
    """The stream broke off: the client can see it, and nothing looks like an end."""
    same(response.status, 200)
    assert response.complete, 'the HTTP message did not end in order'
    heard = client.streamed(response.body)
    assert not heard.ended, 'a cut stream looks finished'
    assert heard.failed is not None, f'no error in the stream: {response.body[-300:]!r}'
    assert 'Bl' in heard.text, response.body


@case('a fault after the first event', pairs())
def later_event(t, client, provider):
    t.script([provider.stream_head(), answers.send(answers.http_chunk(b''.join(begun(provider)))), answers.wait(0.05),
              answers.send(answers.http_chunk(provider.error_event('went wrong')) + answers.LAST_CHUNK)])
    response = client.asked(t, ask_of(t, provider.name, stream=True), gateway(t))
    assert b'went wrong' in response.body
    if (client.name, provider.name) == ('responses', 'responses'):
        # The provider's own event, which passes as it came, its number included.
        assert b'response.completed' not in response.body, response.body[-300:]
        return
    never_finished(t, client, provider, response)


CUTS = {'FIN': [fin()], 'reset': [rst()], 'the end of the body': [answers.send(answers.LAST_CHUNK)],
        'noise': [answers.send(answers.http_chunk(b'data: {"x":[\n\n\0\0\0\x10\0\0\0\0garbage!')
                               + answers.LAST_CHUNK)]}


@case('a stream that ends too soon', pairs(rows=CUTS))
def cut(t, client, provider, steps):
    t.script([provider.stream_head(), answers.send(answers.http_chunk(b''.join(begun(provider)))), answers.wait(0.05),
              *steps])
    response = client.asked(t, ask_of(t, provider.name, stream=True), gateway(t))
    never_finished(t, client, provider, response)
    same(len(t.main.requests(t.marker)), 1, 'requests upstream')


@case('a stream that ends inside an event', pairs())
def torn(t, client, provider):
    events = provider.events(PLAIN)
    at = len(begun(provider))
    t.script([provider.stream_head(), answers.send(answers.http_chunk(b''.join(events[:at]) + events[at][:-4])
                                                   + answers.LAST_CHUNK)])
    response = client.asked(t, ask_of(t, provider.name, stream=True), gateway(t))
    never_finished(t, client, provider, response)


@case('nothing at all in a stream', pairs())
def empty(t, client, provider):
    t.script([provider.stream_head(), answers.send(answers.LAST_CHUNK)])
    response = client.asked(t, ask_of(t, provider.name, stream=True), gateway(t))
    same(response.status, 502)
    client.error(response.json)


@case('whole JSON where a stream was asked for', pairs([c for c in CLIENTS if c != 'gemini-array'],
                                                       ('anthropic', 'gemini', 'cohere', 'ollama')))
def unstreamed(t, client, provider):
    if (client.name, provider.name) in (('messages', 'anthropic'), ('gemini', 'gemini')):
        return  # the same dialect: what passes unread is not written anew
    t.script(provider.whole_steps(PLAIN))
    ask = ask_of(t, provider.name, stream=True)
    heard = client.heard(client.asked(t, ask, gateway(t)), ask)
    same((heard.ended, heard.text), (True, PLAIN.whole_text))
