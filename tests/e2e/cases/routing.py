"""Requests that say where they may go: `provider`, `models` and `fallbacks` in the body."""
import json

from harness import answers, config
from harness.case import case, refused, same
from harness.clients import CLIENTS
from harness.config import MAIN_KEY, NARROW_KEY
from harness.providers import EVERY
from harness.turn import PLAIN

CLAUDE, GEMINI = EVERY['anthropic'], EVERY['gemini']
ONCE = 'retry: {max_attempts: 1}'
THRICE = 'retry: {max_attempts: 3}'


def routing_config(world):
    providers = [config.provider('plain', world.main.base_url), config.provider('other', world.second.base_url),
                 *(f'  {name}: {{kind: openai, base_url: "{at.base_url}", keys: ["{config.PROVIDER_KEY}"], '
                   'allow_private: true}\n' for name, at in (('painter', world.main), ('drawer', world.second))),
                 f'  claude: {CLAUDE.yaml(world.main.port)}\n', f'  google: {GEMINI.yaml(world.main.port)}\n']
    models = [config.model('chat', [('plain', 'up-chat')], ONCE),
              config.model('both', [('plain', 'up-plain'), ('other', 'up-other')]),
              config.model('mixed', [('claude', CLAUDE.model), ('other', 'up-other')]),
              config.model('only-claude', [('claude', CLAUDE.model)], ONCE),
              config.model('foreign', [('claude', CLAUDE.model), ('google', GEMINI.model)]),
              config.model('spare', [('other', 'up-spare')], ONCE),
              config.model('paint', [('painter', 'up-paint'), ('drawer', 'up-draw')]),
              config.model('draw', [('drawer', 'up-draw')], ONCE),
              config.model('emb', [('google', 'gemini-embedding-001'), ('other', 'up-emb')])]
    return config.config(providers, models, shard_count=world.shards), None


def gateway(t):
    return t.world.gateway('routing', routing_config)


def ask(t, model, key=MAIN_KEY, **members):
    return t.ask(t.chat(model=model, **members), gateway=gateway(t), key=key)


def went_to(response, target):
    same(response.status, 200, f'status ({response.body!r:.300})')
    same(response.header('x-gateway-target'), target)


LISTS = {'only': ({'only': ['other']}, 'other/up-other'), 'ignore': ({'ignore': ['plain']}, 'other/up-other'),
         'order': ({'order': ['other']}, 'other/up-other'),
         'order with a name that serves nothing': ({'order': ['azure', 'other']}, 'other/up-other'),
         'all of them': ({'only': ['plain', 'other'], 'ignore': ['nobody'], 'order': ['plain']}, 'plain/up-plain'),
         'empty lists': ({'only': [], 'order': []}, 'plain/up-plain'), 'nothing': ({}, 'plain/up-plain')}


@case('lists of providers', LISTS, smoke=True)
def lists(t, preference, target):
    response = ask(t, 'both', provider=preference)
    went_to(response, target)
    upstream = t.main if target.startswith('plain') else t.second
    assert b'provider' not in upstream.requests(t.marker)[0].body, 'the extension went upstream'


@case('streams too')
def streamed(t):
    response = ask(t, 'both', provider={'only': ['other']}, stream=True)
    went_to(response, 'other/up-other')
    same(response.events[-1], b'[DONE]')


FALLBACKS = {'as configured': ({}, 1), 'allowed': ({'allow_fallbacks': True}, 1), 'not': ({'allow_fallbacks': False}, 0),
             'in the order': ({'order': ['plain', 'other'], 'allow_fallbacks': False}, 1),
             'behind the order': ({'order': ['plain'], 'allow_fallbacks': False}, 0)}


@case('another provider after a failure', FALLBACKS)
def fallbacks(t, preference, others):
    t.script(answers.error(503))
    response = ask(t, 'both', provider=preference)
    same((response.status, len(t.second.requests(t.marker))), (200, 1) if others else (503, 0))


@case('nothing is left', {'only': ({'only': ['claude']}, 'provider.only'),
                          'ignore': ({'ignore': ['plain', 'other']}, 'provider.ignore'),
                          'order': ({'order': ['claude'], 'allow_fallbacks': False}, 'provider.order')})
def nothing_left(t, preference, param):
    refused(ask(t, 'both', provider=preference), 400, 'invalid_value', param)
    same((t.main.requests(t.marker), t.second.requests(t.marker)), ([], []))


REFUSED = {'sort': ({'sort': 'price'}, 'invalid_value', 'provider.sort'),
           'max_price': ({'max_price': {'prompt': 1}}, 'invalid_value', 'provider.max_price'),
           'data_collection': ({'data_collection': 'deny'}, 'invalid_value', 'provider.data_collection'),
           'zdr': ({'zdr': True}, 'invalid_value', 'provider.zdr'),
           'unknown': ({'colour': 'red'}, 'unknown_field', 'provider.colour'),
           'unknown and long': ({'x' * 200: 1}, 'unknown_field', 'provider.' + 'x' * 55),
           'not a list': ({'only': 'plain'}, 'invalid_value', 'provider.only'),
           'not a flag': ({'allow_fallbacks': 'no'}, 'invalid_value', 'provider.allow_fallbacks')}


@case('preferences that are not kept are refused', REFUSED)
def preferences(t, preference, code, param):
    refused(ask(t, 'both', provider=preference), 400, code, param)
    same(t.main.requests(t.marker), [])


LOST = {'a parameter that is dropped': {'seed': 7}, 'several choices': {'n': 2}, 'logprobs': {'logprobs': True},
        'one that is emulated': {'response_format': {'type': 'json_object'}},
        'contents that are refused': {'messages': [{'role': 'user', 'content': [
            {'type': 'input_audio', 'input_audio': {'data': 'AAAA', 'format': 'wav'}}]}]}}


@case('only targets that take all parameters', LOST)
def required(t, members):
    response = ask(t, 'mixed', provider={'require_parameters': True}, **members)
    went_to(response, 'other/up-other')
    same(response.header('x-gateway-dropped-params'), None)
    same(len(t.main.requests(t.marker)), 0)


@case('the first target when it takes all parameters')
def required_by_nobody(t):
    t.script(CLAUDE.whole_steps(PLAIN))
    response = ask(t, 'mixed', provider={'require_parameters': True}, temperature=0.5, stop=['x'])
    went_to(response, f'claude/{CLAUDE.model}')
    same(response.header('x-gateway-dropped-params'), None)


@case('no target takes the parameter', {'one target': 'only-claude', 'two': 'foreign'})
def required_in_vain(t, model):
    response = ask(t, model, provider={'require_parameters': True}, logit_bias={'50256': -100})
    refused(response, 400, 'unsupported_parameter', 'logit_bias')
    same(response.header('x-gateway-target'), None)
    same(t.main.requests(t.marker), [])


@case('no target takes the parameter, told to others', {c: c for c in ('messages', 'responses', 'gemini')})
def required_elsewhere(t, name):
    from harness.dialects import ask_of
    client = CLIENTS[name]
    model = 'chat' if name == 'messages' else 'only-claude'
    members = {'messages': {'top_k': 3, 'service_tier': 'auto'}, 'responses': {'top_logprobs': 3},
               'gemini': {'generationConfig': {'seed': 7}}}[name]
    body = {**client.body(ask_of(t, model)), 'provider': {'require_parameters': True}, **members}
    response = t.ask(body, gateway=gateway(t), path=client.path(ask_of(t, model)), key=None, headers=client.headers())
    same(response.status, 400, f'status ({response.body!r:.300})')
    client.error(response.json)
    same(t.main.requests(t.marker), [])


@case('embeddings only where their dimensions are kept')
def required_embedding(t):
    response = t.ask({'model': 'emb', 'input': 'x', 'user': t.marker, 'provider': {'require_parameters': True}},
                     gateway=gateway(t), path='/v1/embeddings')
    went_to(response, 'other/up-emb')


@case('extensions are no parameters', {'chat': 'only-claude', 'embeddings': 'emb'})
def extensions(t, model):
    extra = {'provider': {'allow_fallbacks': True}, 'tags': ['a'], 'session_id': 's', 'fallbacks': [], 'models': []}
    if model == 'emb':
        t.script(answers.whole({'embeddings': [{'values': [0.5]}]}))
        body, path = {'model': model, 'input': t.marker, **extra}, '/v1/embeddings'
    else:
        t.script(CLAUDE.whole_steps(PLAIN))
        body, path = {**t.chat(model=model), **extra}, '/v1/chat/completions'
    response = t.ask(body, gateway=gateway(t), path=path)
    same(response.status, 200, f'status ({response.body!r:.300})')
    same(response.header('x-gateway-dropped-params'), None)
    sent = json.loads(t.main.requests(t.marker)[0].body)
    assert not set(sent) & set(extra), sent


ALTERNATIVES = {'models': {'models': ['spare']}, 'fallbacks': {'fallbacks': ['spare']},
                'with the model itself': {'models': ['chat', 'spare']}, 'both': {'models': ['chat'], 'fallbacks': ['spare']}}


@case('other models after a failure', ALTERNATIVES, smoke=True)
def alternatives(t, members):
    t.script(answers.error(503))
    response = ask(t, 'chat', **members)
    went_to(response, 'other/up-spare')
    same(response.header('x-gateway-attempts'), '2')
    body = json.loads(t.second.requests(t.marker)[0].body)
    same((body['model'], 'models' in body, 'fallbacks' in body), ('up-spare', False, False))
    assert gateway(t).log_line(request_id=response.header('x-request-id'))['model'] == 'spare'


@case('other models of another dialect')
def alternative_dialect(t):
    t.script(answers.error(503), CLAUDE.whole_steps(PLAIN))
    response = ask(t, 'chat', models=['only-claude'])
    went_to(response, f'claude/{CLAUDE.model}')


@case('the model itself while it answers')
def no_alternative(t):
    went_to(ask(t, 'chat', models=['spare']), 'plain/up-chat')
    same(t.second.requests(t.marker), [])


@case('each model is tried as far as there are attempts')
def alternatives_bounded(t):
    t.script(answers.error(503))
    t.script(answers.error(503), on=t.second)
    response = ask(t, 'both', models=['chat', 'spare', 'only-claude'])
    error = refused(response, 503)
    same([a['target'] for a in error['metadata']['attempts']], ['plain/up-plain', 'plain/up-chat', 'other/up-spare'])


@case('another model where a provider is demanded')
def alternative_by_provider(t):
    went_to(ask(t, 'chat', models=['spare'], provider={'only': ['other']}), 'other/up-spare')


@case('models that may not be used', {'unknown': (['nothing'], MAIN_KEY, 'models'),
                                      'not by this key': (['spare'], NARROW_KEY, 'models')})
def not_permitted(t, models, key, param):
    refused(ask(t, 'chat', key=key, models=models), 404, 'model_not_found', param)
    same(t.main.requests(t.marker), [])


@case('lists of models that are none', {'objects': ([{'model': 'spare'}], 'fallbacks'), 'numbers': ([1], 'fallbacks'),
                                        'too many': (['spare'] * 9, 'fallbacks')})
def bad_models(t, models, param):
    refused(ask(t, 'chat', fallbacks=models), 400, 'invalid_value', param)


@case('images go where they may')
def passed(t):
    t.script(answers.whole({'created': 1, 'data': []}), on=t.second)
    body = {'model': 'paint', 'prompt': 'blue', 'user': t.marker, 'provider': {'only': ['drawer']}}
    response = t.ask(body, gateway=gateway(t), path='/v1/images/generations')
    went_to(response, 'drawer/up-draw')
    assert b'"provider"' not in t.second.requests(t.marker)[0].body
    body = {'model': 'only-claude', 'prompt': 'blue', 'models': ['draw'], 'user': t.marker}
    went_to(t.ask(body, gateway=gateway(t), path='/v1/images/generations'), 'drawer/up-draw')


@case('images that no model is there for')
def passed_in_vain(t):
    body = {'model': 'paint', 'prompt': 'blue', 'user': t.marker, 'provider': {'ignore': ['painter', 'drawer']}}
    refused(t.ask(body, gateway=gateway(t), path='/v1/images/generations'), 400, 'invalid_value', 'provider.ignore')
    body = {'model': 'only-claude', 'prompt': 'blue', 'user': t.marker, 'models': ['foreign']}
    refused(t.ask(body, gateway=gateway(t), path='/v1/images/generations'), 400, 'unsupported_parameter', 'model')


@case('batches belong to no model')
def passed_batches(t):
    body = {'input_file_id': 'file-1', 'endpoint': '/v1/chat/completions', 'completion_window': '24h',
            'metadata': {'m': t.marker}, 'provider': {'only': ['other']}}
    refused(t.ask(body, gateway=gateway(t), path='/v1/batches'), 400, 'unknown_field', 'provider')
