"""Tokens are counted by the provider's own service, whatever both sides speak; by an estimate, marked as
one, where the provider has none or cannot answer."""
import base64
import json

from harness import answers, config
from harness.case import case, same
from harness.clients import CLIENTS
from harness.dialects import ask_of, gateway as dialects_gateway
from harness.providers import EVERY
from harness.upstream import Upstream, rst

MARK = 'x-gateway-token-count'
BEDROCK_PATH = '/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens'
# What a provider answers, and where it is asked.
SERVICES = {'responses': ({'object': 'response.input_tokens', 'input_tokens': 41}, '/v1/responses/input_tokens'),
            'anthropic': ({'input_tokens': 41}, '/v1/messages/count_tokens'),
            'gemini': ({'totalTokens': 41}, f'/v1beta/models/{EVERY["gemini"].model}:countTokens'),
            'bedrock': ({'inputTokens': 41}, BEDROCK_PATH),
            'bedrock-key': ({'inputTokens': 41}, BEDROCK_PATH)}
# Members that a call for counting does not have.
SAMPLING = {'max_tokens', 'max_output_tokens', 'temperature', 'stream', 'store', 'include', 'inferenceConfig',
            'metadata', 'stop_sequences'}
OTHERS = {f'{c} from {p}': (c, p) for c in ('messages', 'gemini') for p in SERVICES
          if (c, p) not in (('messages', 'anthropic'), ('gemini', 'gemini'))}


def counted(response, name):
    return response.json['input_tokens' if name == 'messages' else 'totalTokens']


def count(t, name, model, gateway=None, **fields):
    """One call for counting, of a client of that dialect."""
    client = CLIENTS[name]
    body = client.body(ask_of(t, model, tools=True, system='Be brief.', **fields))
    path = f'/v1beta/models/{model}:countTokens'
    if name == 'messages':
        path = '/v1/messages/count_tokens'
        del body['max_tokens']
    else:
        body = {'generateContentRequest': {'model': f'models/{model}', **body}}
    return t.ask(body, gateway=gateway or dialects_gateway(t), path=path, key=None,
                 headers=[*client.headers(), f'X-Request-Id: {t.marker}'])


@case('by the provider, in its own words', OTHERS, smoke=True)
def by_provider(t, name, provider):
    answer, path = SERVICES[provider]
    t.script(answers.whole(answer))
    response = count(t, name, provider)
    same((response.status, counted(response, name)), (200, 41), f'answer ({response.body!r:.300})')
    same((response.header(MARK), response.header('x-gateway-dropped-params')), (None, None), 'headers')
    request, = t.main.requests(t.marker)
    same(request.path, path, 'path')
    body = json.loads(request.body)
    for member in ('generateContentRequest', 'input', 'converse'):
        body = body[member] if isinstance(body.get(member), dict) else body
    assert not SAMPLING & set(body), body
    text = request.body.decode()
    assert 'Be brief.' in text and 'get_weather' in text, 'system prompt or tools are missing'
    line = dialects_gateway(t).log_line(request_id=t.marker)
    same((line['status'], line['input_tokens'], line['provider']), (200, None, provider), 'log')


@case('a wrapped request of Gemini names the target\'s model')
def wrapped(t):
    t.script(answers.whole({'totalTokens': 41}))
    response = count(t, 'gemini', 'gemini')
    same((response.status, counted(response, 'gemini')), (200, 41))
    body = json.loads(t.main.requests(t.marker)[0].body)
    same(body['generateContentRequest']['model'], f'models/{EVERY["gemini"].model}')


def own_config(upstream, world):
    url = f'http://127.0.0.1:{upstream.port}'
    common = f'keys: ["{config.PROVIDER_KEY}"], allow_private: true'
    claude = EVERY['invoke'].model
    providers = [f'  invoke: {{kind: bedrock, region: us-east-1, base_url: "{url}", {common}}}\n',
                 f'  vertex: {{kind: vertex, base_url: "{url}", {common}}}\n',
                 f'  llama: {{kind: llamacpp, base_url: "{url}/v1", {common}}}\n',
                 f'  gemini: {{kind: gemini, base_url: "{url}", {common}}}\n']
    models = [f'  invoke: {{targets: [{{provider: invoke, model: "{claude}", api: messages}}]}}\n',
              '  nova: {targets: [{provider: invoke, model: amazon.nova-pro-v1:0}]}\n',
              config.model('vertex', [('vertex', 'gemini-2.5-flash')]), config.model('llama', [('llama', 'qwen')]),
              '  compatible: {targets: [{provider: gemini, model: gemini-3-pro, api: chat}]}\n']
    keys = 'keys:\n' + config.key('main', config.MAIN_KEY)
    return config.config(providers, models, keys=keys, shard_count=world.shards)


PLACES = {'Claude in Bedrock\'s own form': ('invoke', {'inputTokens': 41}, BEDROCK_PATH),
          'Gemini on Vertex': ('vertex', {'totalTokens': 41}, '/v1/publishers/google/models/gemini-2.5-flash:countTokens'),
          'llama.cpp': ('llama', {'input_tokens': 41}, '/v1/messages/count_tokens'),
          'Gemini in OpenAI\'s words': ('compatible', {'totalTokens': 41}, '/v1beta/models/gemini-3-pro:countTokens')}


@case('other places', PLACES)
def other_places(t, model, answer, path):
    upstream = Upstream()
    upstream.default = lambda request: answers.whole(answer)
    gateway = t.world.start(own_config(upstream, t.world), name=t.name)
    for name in ('messages', 'gemini'):
        response = count(t, name, model, gateway)
        same((response.status, counted(response, name)), (200, 41), f'answer ({response.body!r:.300})')
        request = upstream.requests()[-1]
        same(request.path, path, 'path')
        body = json.loads(request.body)
        if model == 'invoke':
            body = json.loads(base64.b64decode(body['input']['invokeModel']['body']))
            same(body['anthropic_version'], 'bedrock-2023-05-31')
        if model == 'vertex':
            assert not set(body) - {'contents', 'systemInstruction', 'tools', 'generationConfig'}, body
        assert 'Be brief.' in json.dumps(body), body
    response = count(t, 'messages', 'nova', gateway)
    same((response.header(MARK), len(upstream.requests())), ('estimate', 2), 'a model that has no counts')
    gateway.stop()


FAILURES = {'429': answers.error(429), '500': answers.error(500), '503': answers.error(503), '404': answers.error(404),
            'reset': [rst()], 'no answer': answers.whole(b'[]'), 'no count': answers.whole({'tokens': 'many'}),
            'a negative count': answers.whole({'input_tokens': -1, 'totalTokens': -1}),
            'no JSON': answers.whole(b'<html>', kind='text/html')}


@case('an estimate when the provider cannot answer', {
    f'{f}, {c} from {p}': (FAILURES[f], c, p) for f in FAILURES
    for c, p in (('messages', 'gemini'), ('gemini', 'anthropic'))})
def estimated(t, steps, name, provider):
    t.script(steps)
    response = count(t, name, provider)
    same((response.status, response.header(MARK)), (200, 'estimate'), f'answer ({response.body!r:.300})')
    assert 20 < counted(response, name) < 500, response.json
    same((response.header('x-gateway-attempts'), len(t.main.requests(t.marker))), ('1', 1), 'attempts')


@case('an estimate for the same dialect, too')
def estimated_same(t):
    t.script(answers.error(503))
    response = count(t, 'messages', 'anthropic')
    same((response.status, response.header(MARK)), (200, 'estimate'), f'answer ({response.body!r:.300})')
    line = dialects_gateway(t).log_line(request_id=t.marker)
    same((line['status'], line['code'], line['attempts'], line['end']), (200, None, 1, 'complete'), 'log')


@case('targets that have no service are passed over')
def passed_over(t):
    t.script(answers.error(503))
    response = count(t, 'messages', 'pair-gemini')
    same((response.status, response.header(MARK)), (200, 'estimate'))
    same(t.second.requests(t.marker), [])


REFUSALS = {f'{c} from {p}': (c, p) for c, p in (('messages', 'gemini'), ('messages', 'bedrock'), ('gemini', 'anthropic'),
                                                 ('gemini', 'responses'), ('messages', 'anthropic'))}


@case('the provider\'s refusal is never hidden behind an estimate', REFUSALS)
def refusal(t, name, provider):
    t.script(EVERY[provider].error_steps(400, 'the tools are too many'))
    response = count(t, name, provider)
    same((response.status, response.header(MARK)), (400, None), f'answer ({response.body!r:.300})')
    message, _, _ = CLIENTS[name].error(response.json)
    assert 'too many' in message, message


@case('nor is a credential that is refused', {c: c for c in ('messages', 'gemini')})
def unauthorized(t, name):
    provider = 'gemini' if name == 'messages' else 'anthropic'
    t.script(EVERY[provider].error_steps(401, 'who are you'))
    response = count(t, name, provider)
    same((response.status, response.header(MARK)), (502, None))
    CLIENTS[name].error(response.json)


@case('a stream is not asked for')
def no_stream(t):
    t.script(answers.whole({'totalTokens': 41}))
    body = {'model': 'gemini', 'stream': True, 'messages': [{'role': 'user', 'content': f'x {t.marker}'}]}
    response = t.ask(body, gateway=dialects_gateway(t), path='/v1/messages/count_tokens')
    same((response.status, response.json), (200, {'input_tokens': 41}))
    same(response.header('content-type').split(';')[0], 'application/json')


@case('a preference for providers holds, parameters are not judged')
def preferred(t):
    t.script(answers.whole({'totalTokens': 41}))
    body = {'model': 'gemini', 'messages': [{'role': 'user', 'content': f'x {t.marker}'}],
            'provider': {'only': ['gemini'], 'require_parameters': True}}
    response = t.ask(body, gateway=dialects_gateway(t), path='/v1/messages/count_tokens')
    same((response.status, response.json), (200, {'input_tokens': 41}), f'answer ({response.body!r:.300})')
    body['provider'] = {'only': ['spare']}
    refused_by_list = t.ask(body, gateway=dialects_gateway(t), path='/v1/messages/count_tokens')
    same(refused_by_list.status, 400)
