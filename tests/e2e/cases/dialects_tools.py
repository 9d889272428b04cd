"""Tools in other dialects: names that a provider refuses, custom tools, and searches of the web."""
import dataclasses
import json
import re

from harness.case import case, refused, same
from harness.clients import CLIENTS
from harness.dialects import STRICT, ask_of, gateway, one_request, pairs
from harness.providers import EVERY
from harness.turn import CALLING, PLAIN, Call, Turn

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


INPUT = 'print("\u00e9")\n'
CUSTOM = {'chat': {'type': 'custom', 'custom': {'name': 'run', 'description': 'Runs code.'}},
          'responses': {'type': 'custom', 'name': 'run', 'description': 'Runs code.'}}
EMULATORS = ('anthropic', 'gemini', 'bedrock', 'cohere', 'ollama')


def custom_calls(client, response, stream):
    """(name, input) of the custom tools that were called."""
    text = response.body.decode()
    if not stream:
        if client.name == 'chat':
            calls = response.json['choices'][0]['message']['tool_calls']
            assert all(c['type'] == 'custom' for c in calls), calls
            return [(c['custom']['name'], c['custom']['input']) for c in calls]
        items = [i for i in response.json['output'] if i['type'].endswith('_call')]
        assert all(i['type'] == 'custom_tool_call' for i in items), items
        return [(i['name'], i['input']) for i in items]
    events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith('data: {')]
    if client.name == 'responses':
        assert not any('function_call' in e['type'] for e in events), text
        pieces = ''.join(e['delta'] for e in events if e['type'] == 'response.custom_tool_call_input.delta')
        done = [e['item'] for e in events if e['type'] == 'response.output_item.done' and 'input' in e['item']]
        same(pieces, ''.join(i['input'] for i in done), 'deltas')
        return [(i['name'], i['input']) for i in done]
    deltas = [c for e in events for choice in e['choices'] for c in choice['delta'].get('tool_calls') or []]
    assert all(c.get('type', 'custom') == 'custom' for c in deltas), deltas
    return [(''.join(c['custom'].get('name', '') for c in deltas), ''.join(c['custom'].get('input', '') for c in deltas))]


@case('a custom tool is a function elsewhere and a custom tool again for the client',
      pairs(list(CUSTOM), EMULATORS, WAYS))
def custom(t, client, provider, way):
    ask = ask_of(t, provider.name, stream=way != 'whole')
    body = {**client.body(ask), 'tools': [CUSTOM[client.name]]}
    arguments = json.dumps({'input': INPUT})
    call = Call('toolu_01ABCdef', 'run', (arguments[:5], arguments[5:]))
    script(t, provider, Turn(text=(), calls=(call,), finish='tool_calls'), way)
    response = asked(t, client, ask, body)
    same(custom_calls(client, response, ask.stream), [('run', INPUT)], 'calls')
    (name, description, schema), = provider.understood(json.loads(one_request(t, provider, ask.stream).body))['tools']
    same((name, description), ('run', 'Runs code.'))
    same((schema['required'], list(schema['properties'])), (['input'], ['input']), 'schema')


GRAMMAR = {'type': 'grammar', 'grammar': {'syntax': 'regex', 'definition': 'a+'}}


@case('a grammar that is lost is named, or refused', {p: EVERY[p] for p in EMULATORS})
def grammar(t, provider):
    client = CLIENTS['chat']
    tool = {'type': 'custom', 'custom': {'name': 'run', 'format': GRAMMAR}}
    ask = ask_of(t, provider.name)
    script(t, provider, PLAIN, 'whole')
    response = asked(t, client, ask, {**client.body(ask), 'tools': [tool]})
    same(response.header('x-gateway-dropped-params'), 'tools.format')
    strict = ask_of(t, STRICT + provider.name)
    refused(t.ask({**client.body(strict), 'tools': [tool]}, gateway=gateway(t)), 400, 'unsupported_parameter',
            'tools.format')
    same(len(t.main.requests(t.marker)), 1)


SEARCHES = {  # how a client asks, and how a provider is asked
    'chat': {'web_search_options': {}},
    'responses': {'tools': [{'type': 'web_search'}]},
    'messages': {'tools': [{'type': 'web_search_20250305', 'name': 'web_search', 'max_uses': 2}]},
    'gemini': {'tools': [{'googleSearch': {}}]}}
ASKED = {'azure': lambda b: b['web_search_options'] == {},
         'responses': lambda b: b['tools'][0]['type'] == 'web_search',
         'anthropic': lambda b: re.fullmatch(r'web_search_\d{8}', b['tools'][0]['type']),
         'gemini': lambda b: b['tools'] == [{'googleSearch': {}}]}


@case('a search of the web is one everywhere', {n: row for n, row in pairs(list(SEARCHES), list(ASKED)).items()
                                                if (row[0].name, row[1].name) not in OWN})
def search(t, client, provider):
    ask = ask_of(t, provider.name)
    script(t, provider, PLAIN, 'whole')
    response = asked(t, client, ask, {**client.body(ask), **SEARCHES[client.name]})
    body = json.loads(one_request(t, provider, False).body)
    assert ASKED[provider.name](body), body
    lost = 'tools.max_uses' if client.name == 'messages' and provider.name in ('azure', 'gemini') else None
    same(response.header('x-gateway-dropped-params'), lost, 'X-Gateway-Dropped-Params')


@case('where nobody searches it is refused', {f'{c} at {p}': (CLIENTS[c], EVERY[p]) for c in SEARCHES
                                              for p in ('cohere', 'ollama', 'bedrock', 'chat') if c != p})
def no_search(t, client, provider):
    ask = ask_of(t, provider.name)
    response = t.ask({**client.body(ask), **SEARCHES[client.name]}, gateway=gateway(t), path=client.path(ask),
                     key=None, headers=client.headers())
    same(response.status, 400)
    if client.name == 'chat':
        refused(response, 400, 'unsupported_parameter', 'web_search_options')
    same(t.main.requests(t.marker), [])


DEMANDS = {'n': {'n': 2}, 'modalities': {'modalities': ['text', 'audio'], 'audio': {'voice': 'a', 'format': 'wav'}}}


@case('what would make it another answer is refused', {
    f'{field} at {p}': (field, EVERY[p]) for field in DEMANDS
    for p in ('anthropic', 'bedrock', 'cohere', 'ollama', 'responses')})
def demands(t, field, provider):
    ask = ask_of(t, provider.name, extra=DEMANDS[field])
    refused(t.ask(CLIENTS['chat'].body(ask), gateway=gateway(t)), 400, 'unsupported_parameter', field)
    same(t.main.requests(t.marker), [])


BARE = [{'role': 'assistant', 'content': None, 'tool_calls': [
            {'id': 'call_1', 'type': 'function', 'function': {'name': 'now', 'arguments': '{}'}}]},
        {'role': 'tool', 'tool_call_id': 'call_1', 'content': '12:00'}]


@case('a tool loop goes on for a client that keeps no signatures', {p: EVERY[p] for p in ('gemini', 'anthropic', 'bedrock')})
def bare_history(t, provider):
    client = CLIENTS['chat']
    ask = ask_of(t, provider.name, tools=True, extra={'reasoning_effort': 'low'})
    body = client.body(ask)
    body['messages'] += BARE
    script(t, provider, PLAIN, 'whole')
    asked(t, client, ask, body)
    sent = one_request(t, provider, False).body
    if provider.name == 'gemini':
        parts = [p for c in json.loads(sent)['contents'] for p in c['parts'] if 'functionCall' in p]
        same([p.get('thoughtSignature') for p in parts], ['skip_thought_signature_validator'])
    else:
        assert b'budget_tokens' not in sent, sent
