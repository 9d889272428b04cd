"""Every client dialect gets the answer of every provider dialect: whole, streamed, cut anywhere."""
import json

from harness import answers
from harness.case import build, case, same
from harness.clients import CLIENTS
from harness.dialects import ask_of, gateway, one_request, pairs
from harness.providers import VARIANTS
from harness.turn import CALLING, PLAIN, SHORT, SIGNATURE, THINKING, THOUGHT, THOUGHTFUL_CALL

# How a stream is written: event by event, or cut at places that mean nothing.
WAYS = {'whole': 'whole', 'streamed': None, 'cut': 7}


def hears(heard, turn, client, provider):
    """The client has what the provider said."""
    assert heard.ended and heard.failed is None, heard
    same(heard.text, turn.whole_text, 'text')
    if client.shows_reasoning and provider.reasons:
        same(heard.thinking, turn.whole_thinking, 'reasoning')
    if client.has_tools:
        same(heard.calls, [(c.name, c.arguments) for c in turn.calls], 'calls')
        same(heard.finish, turn.finish, 'finish')
    cached = turn.cached_tokens if provider.counts_cache else 0
    same(heard.usage, (turn.input_tokens, cached, turn.output_tokens), 'usage')


def hear(t, client, provider, turn, way):
    stream = way != 'whole'
    ask = ask_of(t, provider.name, stream=stream, tools=bool(turn.calls))
    t.script(provider.stream_steps(turn, way) if stream else provider.whole_steps(turn))
    response = client.asked(t, ask, gateway(t))
    same(response.header('x-gateway-provider'), provider.name, 'X-Gateway-Provider')
    hears(client.heard(response, ask), turn, client, provider)
    one_request(t, provider, stream)


@case('text', pairs(rows=WAYS))
def text(t, client, provider, way):
    hear(t, client, provider, PLAIN, way)


@case('an answer at its limit', pairs(rows=WAYS))
def limit(t, client, provider, way):
    hear(t, client, provider, SHORT, way)


@case('reasoning', pairs(rows=WAYS))
def reasoning(t, client, provider, way):
    hear(t, client, provider, THOUGHT, way)


WITH_TOOLS = [c.name for c in CLIENTS.values() if c.has_tools]


@case('two calls', pairs(WITH_TOOLS, rows=WAYS))
def calls(t, client, provider, way):
    hear(t, client, provider, CALLING, way)


@case('other addresses', pairs(('chat', 'messages'), VARIANTS, WAYS))
def variants(t, client, provider, way):
    hear(t, client, provider, THOUGHT, way)


@case('one byte in one segment', pairs(('chat', 'responses', 'messages', 'gemini')))
def trickled(t, client, provider):
    body = b''.join(provider.events(CALLING))
    t.script([answers.send(answers.head(200, length=len(body), kind=provider.stream_type)), answers.trickle(body)])
    ask = ask_of(t, provider.name, stream=True, tools=True)
    hears(client.heard(client.asked(t, ask, gateway(t)), ask), CALLING, client, provider)


@case('a stream that comes at once leaves its connection sound', pairs(('chat', 'messages', 'gemini')))
def at_once(t, client, provider):
    head, *rest = provider.stream_steps(PLAIN)
    data = head[1] + b''.join(step[1] for step in rest[:-1])
    noise = answers.http_chunk(b': one\n\n') + answers.http_chunk(b': two\n\n')
    t.script([answers.send(data + noise + answers.LAST_CHUNK)])
    ask = ask_of(t, provider.name, stream=True)
    request = build(client.body(ask), path=client.path(ask), headers=client.headers())
    with t.client(gateway(t)) as connection:
        for _ in range(3):
            hears(client.heard(connection.send(request).response(), ask), PLAIN, client, provider)


SIGNING = ('responses', 'anthropic', 'gemini', 'bedrock')


@case('what was signed goes back to its issuer', pairs([c for c in WITH_TOOLS if c != 'gemini-array'], SIGNING,
                                                       {'whole': False}))
def signed(t, client, provider, _):
    t.script(provider.whole_steps(THOUGHTFUL_CALL), provider.whole_steps(PLAIN))
    extra = {'include': ['reasoning.encrypted_content']} if client.name == 'responses' else {}
    ask = ask_of(t, provider.name, tools=True, extra=extra)
    first = client.asked(t, ask, gateway(t))
    same(first.status, 200)
    body = client.reply(ask, first.json, ['sunny, 21 \u00b0C'])
    second = t.ask(body, gateway=gateway(t), path=client.path(ask), key=None, headers=client.headers())
    hears(client.heard(second, ask), PLAIN, client, provider)
    sent = json.loads(t.main.requests(t.marker)[1].body)
    thinking, signature = provider.signed_history(sent)
    same(signature, SIGNATURE, 'signature')
    assert thinking in (None, ''.join(THINKING)), thinking
    same(provider.results(sent), ['sunny, 21 \u00b0C'], 'result of the tool')
