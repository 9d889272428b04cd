"""What reaches a provider of another dialect: address, credential, and every field in its own words."""
import json

from harness.case import case, refused, same
from harness.clients import CLIENTS
from harness.config import MAIN_KEY, PROVIDER_KEY
from harness.dialects import STRICT, ask_of, gateway, gateway_config, one_request, pairs
from harness.providers import EVERY
from harness.providers.bedrock import ACCESS_KEY, SESSION
from harness.turn import PLAIN, TOOLS, WEATHER_SCHEMA

SYSTEM = 'Answer in "one" word.'
# The Responses dialect has no stop sequences.
WITHOUT_STOP = ('responses',)


def sent(t, client, provider, **fields):
    """Asks, and gives what the provider understood."""
    stream = fields.get('stream', False)
    t.script(provider.stream_steps(PLAIN) if stream else provider.whole_steps(PLAIN))
    ask = ask_of(t, fields.pop('model', provider.name), **fields)
    response = client.asked(t, ask, gateway(t))
    same(response.status, 200, f'status ({response.body!r:.300})')
    request = one_request(t, provider, stream)
    for name, value in request.headers:
        assert MAIN_KEY not in value, f'the virtual key went upstream in {name}'
    assert MAIN_KEY.encode() not in request.body
    same(request.header('content-type'), 'application/json', 'Content-Type')
    return ask, response, provider.understood(json.loads(request.body))


WAYS = {'whole': False, 'streamed': True}


@case('the fields that all have', pairs(providers=EVERY, rows=WAYS))
def fields(t, client, provider, stream):
    has_system = client.name != 'completions'
    ask, response, told = sent(t, client, provider, stream=stream, max_tokens=77,
                               system=SYSTEM if has_system else None)
    same(told['text'], ask.text, 'text')
    same(told['system'], ask.system, 'system')
    same(told['max_tokens'], 77, 'limit of the output')
    if told['model'] is not None:
        same((told['model'], told['stream']), (provider.model, stream), 'model and stream in the body')
    same(told['tools'], [], 'tools')
    same((told['temperature'], told['stop']), (None, None), 'what nobody set')
    same(response.header('x-gateway-dropped-params'), None, 'X-Gateway-Dropped-Params')


@case('temperature and stop', pairs([c for c in CLIENTS if c not in WITHOUT_STOP]))
def sampling(t, client, provider):
    _, response, told = sent(t, client, provider, temperature=0.5, stop=['END', 'STOP'])
    same(told['temperature'], 0.5, 'temperature')
    if provider.name in WITHOUT_STOP:
        dropped = response.header('x-gateway-dropped-params') or ''
        assert 'stop' in dropped.lower(), f'stop vanished silently: {dropped!r}'
    else:
        same(told['stop'], ['END', 'STOP'], 'stop')


@case('tools', pairs([c.name for c in CLIENTS.values() if c.has_tools]))
def tools(t, client, provider):
    _, _, told = sent(t, client, provider, tools=True)
    same([(n, d) for n, d, _ in told['tools']], [(n, d) for n, d, _ in TOOLS], 'names and descriptions')
    schema = told['tools'][0][2]
    same((schema['type'], schema['required'], set(schema['properties'])),
         ('object', WEATHER_SCHEMA['required'], set(WEATHER_SCHEMA['properties'])), 'schema')


@case('no key stands in the address, trap_63', {f'{p}, {w}': (EVERY[p], s) for p in EVERY for w, s in WAYS.items()})
def address_without_key(t, provider, stream):
    t.script(provider.stream_steps(PLAIN) if stream else provider.whole_steps(PLAIN))
    same(CLIENTS['chat'].asked(t, ask_of(t, provider.name, stream=stream), gateway(t)).status, 200)
    path = one_request(t, provider, stream).path
    for secret in (PROVIDER_KEY, MAIN_KEY, 'key='):
        assert secret not in path, path


@case('a Responses client of a provider that has only chat is bridged, trap_106', WAYS)
def bridged(t, stream):
    _, _, told = sent(t, CLIENTS['responses'], EVERY['chat'], stream=stream)
    assert t.marker in told['text'], told
    request, = t.main.requests(t.marker)
    same(request.path, '/v1/chat/completions')
    assert 'input' not in json.loads(request.body)


@case('AWS credentials of the environment are not mixed with configured ones, trap_81')
def aws_environment(t):
    text = gateway_config(t.world)[0].replace(f', session_token: "{SESSION}"', '')
    assert SESSION not in text
    gateway_here = t.world.start(text, name=t.name, env={
        'AWS_ACCESS_KEY_ID': 'AKIDOFTHEHOST', 'AWS_SECRET_ACCESS_KEY': 'secret-of-the-host',
        'AWS_SESSION_TOKEN': 'token-of-the-host', 'AWS_BEARER_TOKEN_BEDROCK': 'bearer-of-the-host'})
    provider = EVERY['bedrock']
    t.script(provider.whole_steps(PLAIN))
    same(CLIENTS['chat'].asked(t, ask_of(t, provider.name), gateway_here).status, 200)
    request, = t.main.wait_for(t.marker)
    same(request.header('x-amz-security-token'), None)
    assert f'Credential={ACCESS_KEY}/' in request.header('authorization')
    assert b'of-the-host' not in request.head
    gateway_here.stop()


# A field that the provider's dialect has no word for: (client, its members, name in the header, providers)
SILENT = {
    'seed': ('chat', {'seed': 7}, 'seed', ('anthropic', 'bedrock', 'responses')),
    'logit_bias': ('chat', {'logit_bias': {'50256': -100}}, 'logit_bias',
                   ('anthropic', 'bedrock', 'gemini', 'cohere', 'ollama', 'responses')),
    'frequency_penalty': ('chat', {'frequency_penalty': 0.5}, 'frequency_penalty', ('anthropic', 'bedrock')),
    'top_k': ('messages', {'top_k': 5}, 'top_k', ('responses',)),
}
LOST = {f'{row} of {client} to {p}': (CLIENTS[client], extra, name, EVERY[p])
        for row, (client, extra, name, providers) in SILENT.items() for p in providers}


@case('a field without a word is dropped and named', LOST)
def dropped(t, client, extra, name, provider):
    for stream in (False, True):
        t.script(provider.stream_steps(PLAIN) if stream else provider.whole_steps(PLAIN))
        response = client.asked(t, ask_of(t, provider.name, stream=stream, extra=extra), gateway(t))
        same((response.status, response.header('x-gateway-dropped-params')), (200, name))
        assert name.encode() not in t.main.requests(t.marker)[-1].body


@case('drop_params error refuses it before money is spent', LOST)
def strict(t, client, extra, name, provider):
    response = client.asked(t, ask_of(t, STRICT + provider.name, extra=extra), gateway(t))
    same((response.status, client.error(response.json)[2] or name), (400, name))
    if client.name == 'chat':
        refused(response, 400, 'unsupported_parameter', name)
    same(t.main.requests(t.marker), [])


@case('drop_params error lets pass what can be said', pairs())
def strict_passes(t, client, provider):
    sent(t, client, provider, model=STRICT + provider.name)


@case('audio is never dropped', {p: EVERY[p] for p in ('anthropic', 'cohere')})
def audio(t, provider):
    ask = ask_of(t, provider.name)
    body = CLIENTS['chat'].body(ask)
    body['messages'][0]['content'] = [{'type': 'text', 'text': ask.text}, {
        'type': 'input_audio', 'input_audio': {'data': 'AAAA', 'format': 'wav'}}]
    error = refused(t.ask(body, gateway=gateway(t)), 400, 'unsupported_parameter')
    assert 'messages' in (error['param'] or ''), error
    same(t.main.requests(t.marker), [])
