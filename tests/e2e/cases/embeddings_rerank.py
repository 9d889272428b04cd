"""Embeddings, rerank and moderations: clients of one form get what providers of another answer."""
import json
import pathlib
import shutil
import subprocess

from harness import answers
from harness.case import Skip, case, refused, same
from harness.config import MAIN_KEY
from harness.side_provider import EMBEDDERS, STRICT, TOKENS, VECTORS, gateway, packed

TRANSLATED = {name: e for name, e in EMBEDDERS.items() if name != 'openai'}
ENCODINGS = {'unset': None, 'float': 'float', 'base64': 'base64'}
EVERY_ENCODING = {f'{name}, {word}': (e, encoding) for name, e in EMBEDDERS.items()
                  for word, encoding in ENCODINGS.items()}
GOOGLE = [f'x-goog-api-key: {MAIN_KEY}']


def texts_of(t, count):
    return [f'Blue \u00e9 "{i}" {t.marker}' for i in range(count)]


def sent_to(t, provider):
    """The one request that reached the provider, its head judged."""
    request, = t.main.wait_for(t.marker)
    provider.check(request)
    return json.loads(request.body)


def embed(t, provider, model=None, **fields):
    """Asks in OpenAI's form for as many vectors as the provider makes in one call."""
    texts = texts_of(t, provider.inputs_max)
    body = {'model': model or provider.name, 'input': texts, **fields}
    return texts, t.ask(body, gateway=gateway(t), path='/v1/embeddings', headers=[f'X-Request-Id: {t.marker}'])


def is_list(response, vectors, encoding, exact=True):
    """The answer as OpenAI's SDKs read it."""
    same(response.status, 200)
    body = response.json
    same(body['object'], 'list', 'object')
    data = body['data'] if exact else sorted(body['data'], key=lambda d: d['index'])
    same([(d['object'], d['index']) for d in data], [('embedding', i) for i in range(len(vectors))], 'places')
    same([d['embedding'] for d in data],
         [packed(v) if encoding == 'base64' else list(v) for v in vectors], 'vectors')
    same(body['usage'], {'prompt_tokens': TOKENS, 'total_tokens': TOKENS}, 'usage')
    assert isinstance(body['model'], str) and body['model'], body


@case('a list of texts', EVERY_ENCODING, smoke=True)
def texts_in(t, provider, encoding):
    vectors = VECTORS[:provider.inputs_max]
    if provider.name == 'openai' and encoding == 'base64':
        answer = provider.answer(vectors, None)
        for one in answer['data']:
            one['embedding'] = packed(one['embedding'])
        t.script(answers.whole(answer))
    else:
        t.script(provider.steps(vectors))
    texts, response = embed(t, provider, dimensions=3, **({'encoding_format': encoding} if encoding else {}))
    is_list(response, vectors, encoding, exact=provider.name != 'openai')
    sent = sent_to(t, provider)
    same(provider.texts(sent), texts, 'texts')
    same(provider.size(sent), 3, 'dimensions')
    same(sent.get('encoding_format'), encoding if provider.name == 'openai' else None, 'encoding_format')
    line = gateway(t).log_line(request_id=t.marker)
    same({k: line[k] for k in ('endpoint', 'status', 'input_tokens', 'output_tokens', 'usage_source', 'provider')},
         {'endpoint': 'embeddings', 'status': 200, 'input_tokens': TOKENS, 'output_tokens': None,
          'usage_source': 'provider', 'provider': provider.name}, 'log line')


@case('one text, and a member that asks for a stream', TRANSLATED)
def one_text(t, provider):
    t.script(provider.steps(VECTORS[:1]))
    body = {'model': provider.name, 'input': t.marker, 'stream': True}
    is_list(t.ask(body, gateway=gateway(t), path='/embeddings'), VECTORS[:1], None)
    same(provider.texts(sent_to(t, provider)), [t.marker], 'texts')


@case("Gemini's call for one", EMBEDDERS)
def gemini_one(t, provider):
    t.script(provider.steps(VECTORS[:1]))
    body = {'model': f'models/{provider.name}', 'content': {'parts': [{'text': 'Blue '}, {'text': t.marker}]},
            'outputDimensionality': 3}
    response = t.ask(body, gateway=gateway(t), path=f'/v1beta/models/{provider.name}:embedContent', key=None,
                     headers=GOOGLE)
    same((response.status, response.json),
         (200, {'embedding': {'values': list(VECTORS[0])}, 'usageMetadata': {'promptTokenCount': TOKENS}}))
    sent = sent_to(t, provider)
    same(provider.texts(sent), [f'Blue {t.marker}'], 'texts')
    same(provider.size(sent), 3, 'dimensions')


@case("Gemini's call for many", {n: e for n, e in EMBEDDERS.items() if e.inputs_max > 1})
def gemini_many(t, provider):
    t.script(provider.steps(VECTORS))
    texts = texts_of(t, 2)
    body = {'requests': [{'model': f'models/{provider.name}', 'content': {'parts': [{'text': x}]}} for x in texts]}
    response = t.ask(body, gateway=gateway(t), path=f'/v1/models/{provider.name}:batchEmbedContents', key=None,
                     headers=[*GOOGLE, f'X-Request-Id: {t.marker}'])
    same((response.status, response.json), (200, {'embeddings': [{'values': list(v)} for v in VECTORS],
                                                  'usageMetadata': {'promptTokenCount': TOKENS}}))
    same(provider.texts(sent_to(t, provider)), texts, 'texts')
    line = gateway(t).log_line(request_id=t.marker)
    same((line['endpoint'], line['dialect'], line['input_tokens']), ('embeddings', 'gemini', TOKENS))


@case('what the vectors are for', {'query': ('RETRIEVAL_QUERY', 'search_query'),
                                   'document': ('RETRIEVAL_DOCUMENT', 'search_document'),
                                   'clusters': ('CLUSTERING', 'clustering')})
def task(t, google, cohere):
    provider = EMBEDDERS['cohere']
    t.script(provider.steps(VECTORS[:1]))
    body = {'content': {'parts': [{'text': t.marker}]}, 'taskType': google}
    response = t.ask(body, gateway=gateway(t), path='/v1beta/models/cohere:embedContent', key=None, headers=GOOGLE)
    same(response.status, 200)
    same(sent_to(t, provider)['input_type'], cohere, 'input_type')


@case('token numbers are for one tokenizer', EMBEDDERS)
def tokens(t, provider):
    body = {'model': provider.name, 'input': [1, 2, 3], 'user': t.marker}
    if provider.takes_tokens:
        t.script(provider.steps(VECTORS[:1]))
        same(t.ask(body, gateway=gateway(t), path='/v1/embeddings').status, 200)
        same(sent_to(t, provider)['input'], [1, 2, 3], 'input')
        return
    refused(t.ask(body, gateway=gateway(t), path='/v1/embeddings'), 400, 'unsupported_parameter', 'input')
    same(t.main.requests(t.marker), [], 'requests')


@case('numbers where base64 was asked for')
def numbers(t):
    t.script(EMBEDDERS['openai'].steps(VECTORS))
    body = {'model': 'jina', 'input': texts_of(t, 2), 'encoding_format': 'base64', 'odd': [1]}
    is_list(t.ask(body, gateway=gateway(t), path='/v1/embeddings'), VECTORS, 'base64')
    same(json.loads(t.main.requests(t.marker)[0].body), {**body, 'model': 'up-jina'}, 'body')


@case('more than one call takes', {n: EMBEDDERS[n] for n in ('titan', 'vertex-content')})
def too_many(t, provider):
    body = {'model': provider.name, 'input': texts_of(t, 2)}
    refused(t.ask(body, gateway=gateway(t), path='/v1/embeddings'), 400, 'unsupported_parameter', 'input')
    same(t.main.requests(t.marker), [], 'requests')


@case("the provider's own error", EMBEDDERS)
def provider_error(t, provider):
    t.script(answers.whole(provider.error('the input is odd'), 400))
    _, response = embed(t, provider)
    same(response.status, 400)
    same((response.error['message'], set(response.error) - {'metadata'}),
         ('the input is odd', {'message', 'type', 'param', 'code'}), 'error')


@case("the provider's own error, for a client of Gemini", EMBEDDERS)
def provider_error_for_gemini(t, provider):
    t.script(answers.whole(provider.error('the input is odd'), 400))
    response = t.ask({'content': {'parts': [{'text': t.marker}]}}, gateway=gateway(t), key=None, headers=GOOGLE,
                     path=f'/v1beta/models/{provider.name}:embedContent')
    same(response.status, 400)
    same({k: response.error[k] for k in ('code', 'message', 'status')},
         {'code': 400, 'message': 'the input is odd', 'status': 'INVALID_ARGUMENT'}, 'error')


BAD = {'no JSON': b'<html>', 'half': b'{"embeddings": [', 'an empty object': b'{}', 'a list': b'[]',
       'vectors that are none': b'{"embeddings":{"float":["x","y"]},"predictions":[{}],"data":[{},{}]}',
       'too few': b'{"embeddings":{"float":[[1]]},"data":[{"index":0,"embedding":[1]}]}',
       'one too many': b'{"embeddings":{"float":[[1],[2],[3]]}}'}


@case('an answer that is none', {f'{n}, {row}': (EMBEDDERS[n], body) for n in ('cohere', 'gemini', 'mistral', 'vertex')
                                 for row, body in BAD.items()})
def bad_answer(t, provider, body):
    t.script(answers.whole(body))
    _, response = embed(t, provider)
    refused(response, 502, 'upstream_bad_response')


@case('vectors that hold something else', {'null': b'null', 'text': b'"x"', 'huge': b'1e999'})
def bad_number(t, value):
    t.script(answers.whole(b'{"model":"m","embeddings":[[1,' + value + b']]}'))
    body = {'model': 'ollama', 'input': t.marker, 'encoding_format': 'base64'}
    refused(t.ask(body, gateway=gateway(t), path='/v1/embeddings'), 502, 'upstream_bad_response')


@case('another target, of another form')
def fallback(t):
    first, second = EMBEDDERS['cohere'], EMBEDDERS['openai']
    t.script(answers.whole(first.error('full'), 503), second.steps(VECTORS))
    texts = texts_of(t, 2)
    body = {'model': 'cohere-then-openai', 'input': texts, 'encoding_format': 'float'}
    is_list(t.ask(body, gateway=gateway(t), path='/v1/embeddings'), VECTORS, None, exact=False)
    one, two = t.main.requests(t.marker)
    first.check(one)
    second.check(two)
    same(json.loads(two.body), {**body, 'model': second.model}, 'body')


@case('another target, from the same form to another')
def fallback_to_translation(t):
    first, second = EMBEDDERS['openai'], EMBEDDERS['gemini']
    t.script(answers.whole(first.error('full'), 503), second.steps(VECTORS))
    body = {'model': 'openai-then-gemini', 'input': texts_of(t, 2), 'encoding_format': 'base64'}
    is_list(t.ask(body, gateway=gateway(t), path='/v1/embeddings'), VECTORS, 'base64')
    second.check(t.main.requests(t.marker)[1])


@case('what the target has no place for')
def dropped(t):
    provider = EMBEDDERS['cohere']
    t.script(provider.steps(VECTORS))
    _, response = embed(t, provider, user='somebody', truncate='END')
    same((response.status, response.header('x-gateway-dropped-params')), (200, 'user'))
    sent = sent_to(t, provider)
    same((sent.get('user'), sent.get('truncate')), (None, 'END'))


@case('what the target has no place for, refused')
def strict(t):
    _, response = embed(t, EMBEDDERS['cohere'], model=f'{STRICT}cohere', user='somebody')
    refused(response, 400, 'unsupported_parameter', 'user')


@case('a model that the path names')
def azure_path(t):
    provider = EMBEDDERS['cohere']
    t.script(provider.steps(VECTORS[:1]))
    is_list(t.ask({'input': [t.marker]}, gateway=gateway(t), path='/openai/deployments/cohere/embeddings'),
            VECTORS[:1], None)


@case('bodies that are wrong', {
    'no input': ({'model': 'cohere'}, 'missing_field', 'input'),
    'an empty list': ({'model': 'cohere', 'input': []}, 'invalid_value', 'input'),
    'an encoding that nobody has': ({'model': 'cohere', 'input': 'a', 'encoding_format': 'hex'}, 'invalid_value',
                                    'encoding_format'),
    'dimensions below one': ({'model': 'cohere', 'input': 'a', 'dimensions': 0}, 'invalid_value', 'dimensions')})
def wrong(t, body, code, param):
    refused(t.ask(body, gateway=gateway(t), path='/v1/embeddings'), 400, code, param)


@case('bodies that are wrong, for Gemini', {
    'no content': ({}, 'embedContent'), 'no list': ({'content': 1}, 'embedContent'),
    'no requests': ({}, 'batchEmbedContents'), 'none of them': ({'requests': []}, 'batchEmbedContents')})
def wrong_gemini(t, body, verb):
    response = t.ask(body, gateway=gateway(t), path=f'/v1beta/models/cohere:{verb}', key=None, headers=GOOGLE)
    same((response.status, response.error['code'], response.error['status']), (400, 400, 'INVALID_ARGUMENT'))


UNSERVED = {'embeddings of Anthropic': ('/v1/embeddings', {'model': 'claude', 'input': 'a'}),
            'embeddings of a model for conversations': ('/v1/embeddings', {'model': 'bedrock-chat', 'input': 'a'}),
            'rerank of Gemini': ('/v1/rerank', {'model': 'gemini', 'query': 'a', 'documents': ['b']}),
            'moderations of Cohere': ('/v1/moderations', {'model': 'cohere', 'input': 'a'})}


@case('services that the target does not have', UNSERVED)
def unserved(t, path, body):
    refused(t.ask(body, gateway=gateway(t), path=path), 400, 'unsupported_parameter')


# -- The official clients, which ask for base64

SDK = pathlib.Path(__file__).resolve().parent.parent / 'sdk'
PACKAGES = SDK.parent.parent.parent / '.deps'


def python_client():
    program = PACKAGES / 'python/bin/python'
    return [str(program), str(SDK / 'embeddings.py')] if program.exists() else None


def node_client():
    packages = PACKAGES / 'node/node_modules'
    return (['node', str(SDK / 'embeddings.mjs'), str(packages)]
            if shutil.which('node') and packages.exists() else None)


@case('the official client', {f'{word} from {name}': (client, EMBEDDERS[name])
                              for word, client in (('Python', python_client), ('Node', node_client))
                              for name in ('gemini', 'cohere')})
def official(t, client, provider):
    command = client()
    if command is None:
        raise Skip('not installed: scripts/setup --test')
    t.script(provider.steps(VECTORS[:1]))
    host, port = gateway(t).data
    done = subprocess.run([*command, f'http://{host}:{port}/v1', MAIN_KEY, provider.name, t.marker], timeout=60,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-600:]
    same(json.loads(done.stdout), [list(VECTORS[0]), TOKENS], 'vector and tokens')
    same(provider.texts(sent_to(t, provider)), [t.marker], 'texts')


# -- Rerank

RANKED = [{'index': 2, 'relevance_score': 0.75}, {'index': 0, 'relevance_score': 1.5e-3}]
COHERE_RANKED = {'id': 'r-1', 'results': RANKED,
                 'meta': {'api_version': {'version': '2'}, 'billed_units': {'search_units': 1}}}
JINA_RANKED = {'model': 'up-jina', 'results': RANKED, 'usage': {'total_tokens': 31}}
RERANKERS = {'cohere': ('cohere', '/v2/rerank', COHERE_RANKED, {'model': 'embed-v4.0'}),
             'together': ('jina', '/v1/rerank', JINA_RANKED, {'model': 'up-jina'}),
             'bedrock': ('bedrock-rerank', '/model/cohere.rerank-v3-5%3A0/invoke', {**COHERE_RANKED, 'id': None},
                         {'api_version': 2})}
PATHS = {'/v1/rerank': '1', '/v2/rerank': '2', '/rerank': '1'}


@case('ranked', {f'{n} by {path}': (*row, path, version) for n, row in RERANKERS.items()
                 for path, version in PATHS.items()})
def ranked(t, model, upstream_path, answer, own, path, version):
    t.script(answers.whole(answer))
    body = {'model': model, 'query': f'blue? {t.marker}', 'documents': ['a', 'b', 'c\n'], 'top_n': 2}
    response = t.ask(body, gateway=gateway(t), path=path, headers=[f'X-Request-Id: {t.marker}'])
    same(response.status, 200)
    same(response.json['results'], RANKED, 'results')
    same(response.json['meta']['api_version']['version'], version, 'version')
    assert response.json['id'], response.json
    request, = t.main.wait_for(t.marker)
    same(request.path, upstream_path, 'path')
    same(json.loads(request.body), {k: v for k, v in {**body, **own}.items() if k != 'model' or k in own}, 'body')
    line = gateway(t).log_line(request_id=t.marker)
    tokens = answer.get('usage', {}).get('total_tokens')
    same((line['endpoint'], line['status'], line['input_tokens']), ('rerank', 200, tokens))


@case('documents that come back')
def documents(t):
    t.script(answers.whole(COHERE_RANKED))
    body = {'model': 'cohere', 'query': t.marker, 'documents': ['a', 'b', {'text': 'c', 'page': 3}],
            'return_documents': True}
    response = t.ask(body, gateway=gateway(t), path='/v1/rerank')
    same([r['document'] for r in response.json['results']], [{'text': 'c', 'page': 3}, {'text': 'a'}], 'documents')
    sent = json.loads(t.main.requests(t.marker)[0].body)
    same((sent['documents'], 'return_documents' in sent), (['a', 'b', 'c'], False))


@case('rankings that are wrong', {'a place outside': [{'index': 3, 'relevance_score': 1}],
                                  'a place twice': RANKED[:1] * 2, 'no score': [{'index': 0}], 'none': None})
def wrong_ranking(t, results):
    t.script(answers.whole({'id': 'r-1', 'results': results}))
    body = {'model': 'cohere', 'query': t.marker, 'documents': ['a', 'b', 'c']}
    refused(t.ask(body, gateway=gateway(t), path='/v2/rerank'), 502, 'upstream_bad_response')


@case('rerank that is refused', {
    'no query': ({'documents': ['a']}, 'missing_field', 'query'),
    'no documents': ({'query': 'a'}, 'missing_field', 'documents'),
    'numbers': ({'query': 'a', 'documents': [1]}, 'invalid_value', 'documents'),
    'objects without text': ({'query': 'a', 'documents': [{'title': 'b'}]}, 'unsupported_parameter', 'documents')})
def wrong_rerank(t, fields, code, param):
    refused(t.ask({'model': 'cohere', **fields}, gateway=gateway(t), path='/v2/rerank'), 400, code, param)


@case('rerank, the error of the provider')
def rerank_error(t):
    t.script(answers.whole({'message': 'too many tokens'}, 400))
    response = t.ask({'model': 'cohere', 'query': t.marker, 'documents': ['a']}, gateway=gateway(t), path='/v2/rerank')
    same((response.status, response.error['message']), (400, 'too many tokens'))


# -- Moderations

MODERATED = (b'{ "id":"modr-1", "model":"omni-moderation-latest","results":[{"flagged":true,"categories":{"hate":true},'
             b'"category_scores":{"hate":9.1e-1},"category_applied_input_types":{"hate":["text"]}}]}')


@case('moderations pass as they are')
def moderation(t):
    t.script(answers.whole(MODERATED))
    parts = [{'type': 'text', 'text': t.marker},
             {'type': 'image_url', 'image_url': {'url': 'data:image/png;base64,AA=='}}]
    body = {'model': 'openai', 'input': parts}
    response = t.ask(body, gateway=gateway(t), path='/v1/moderations', headers=[f'X-Request-Id: {t.marker}'])
    same((response.status, response.body), (200, MODERATED))
    request, = t.main.wait_for(t.marker)
    same((request.path, json.loads(request.body)), ('/v1/moderations', {**body, 'model': 'up-emb'}))
    same(gateway(t).log_line(request_id=t.marker)['endpoint'], 'moderations')


@case('moderations of Mistral')
def moderation_mistral(t):
    t.script(answers.whole({'id': 'm-1', 'model': 'mistral-moderation-2603', 'usage': {'prompt_tokens': 5},
                            'results': [{'categories': {'hate_and_discrimination': True, 'pii': False},
                                         'category_scores': {'hate_and_discrimination': 0.9, 'pii': 0.1}}]}))
    response = t.ask({'model': 'mistral', 'input': [t.marker]}, gateway=gateway(t), path='/moderations',
                     headers=[f'X-Request-Id: {t.marker}'])
    same((response.status, response.json), (200, {
        'id': 'm-1', 'model': 'mistral-moderation-2603', 'results': [{
            'flagged': True, 'categories': {'hate_and_discrimination': True, 'pii': False},
            'category_scores': {'hate_and_discrimination': 0.9, 'pii': 0.1},
            'category_applied_input_types': {'hate_and_discrimination': ['text'], 'pii': ['text']}}]}))
    request, = t.main.wait_for(t.marker)
    same((request.path, json.loads(request.body)), ('/v1/moderations', {'model': 'mistral-embed', 'input': [t.marker]}))
    same(gateway(t).log_line(request_id=t.marker)['input_tokens'], 5, 'input tokens')


@case('moderations that are refused', {
    'no input': ({'model': 'mistral'}, 'missing_field', 'input'),
    'images for Mistral': ({'model': 'mistral', 'input': [{'type': 'image_url', 'image_url': {'url': 'x'}}]},
                           'unsupported_parameter', 'input'),
    'no model': ({'input': 'a'}, 'missing_field', 'model')})
def wrong_moderation(t, body, code, param):
    refused(t.ask(body, gateway=gateway(t), path='/v1/moderations'), 400, code, param)
