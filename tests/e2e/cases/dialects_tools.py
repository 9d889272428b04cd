"""Tools in other dialects: names that a provider refuses."""
import dataclasses
import json
import re

from harness.case import case, same
from harness.clients import CLIENTS
from harness.dialects import ask_of, gateway, one_request, pairs
from harness.turn import CALLING, PLAIN

WAYS = {'whole': 'whole', 'streamed': None, 'cut': 7}

# Each breaks the rule of every provider that has one.
ODD = {'get_weather': '9 weather/of.a city', 'now': 'n' * 129}
RULES = {'chat': r'[a-zA-Z0-9_-]{1,64}', 'responses': r'[a-zA-Z0-9_-]{1,64}', 'anthropic': r'[a-zA-Z0-9_-]{1,128}',
         'gemini': r'[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}', 'bedrock': r'[a-zA-Z0-9_-]{1,64}',
         'cohere': r'[a-zA-Z0-9_-]{1,64}'}
OWN = {('chat', 'chat'), ('chat', 'azure'), ('responses', 'responses'), ('messages', 'anthropic'), ('gemini', 'gemini')}
WITH_TOOLS = [c.name for c in CLIENTS.values() if c.has_tools]


def script(t, provider, turn, way):
    t.script(provider.whole_steps(turn) if way == 'whole' else provider.stream_steps(turn, way))


def asked(t, client, ask, body):
    response = t.ask(body, gateway=gateway(t), path=client.path(ask), key=None, headers=client.headers())
    same(response.status, 200, f'status ({response.body!r:.300})')
    return response


@case('a name that a provider refuses is another there and its own again for the client',
      {name: row for name, row in pairs(WITH_TOOLS, list(RULES), WAYS).items()
       if (row[0].name.split('-')[0], row[1].name) not in OWN})
def names(t, client, provider, way):
    ask = ask_of(t, provider.name, stream=way != 'whole', tools=True)
    text = json.dumps(client.body(ask))
    for name, odd in ODD.items():
        text = text.replace(f'"{name}"', json.dumps(odd))
    body = json.loads(text)
    script(t, provider, PLAIN, way)
    asked(t, client, ask, body)
    request = one_request(t, provider, ask.stream)
    told = [name for name, _, _ in provider.understood(json.loads(request.body))['tools']]
    same(len(set(told)), 2, f'names {told}')
    for name in told:
        assert re.fullmatch(RULES[provider.name], name), f'{provider.name} refuses {name!r}'
    renamed = tuple(dataclasses.replace(c, name=n) for c, n in zip(CALLING.calls, told))
    script(t, provider, dataclasses.replace(CALLING, calls=renamed), way)
    heard = client.heard(asked(t, client, ask, body), ask)
    assert heard.ended and heard.failed is None, heard
    same(heard.calls, [(ODD[c.name], c.arguments) for c in CALLING.calls], 'calls')
