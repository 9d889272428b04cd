"""Scripted providers of embeddings, rerank and moderations: where each is called, what it must be sent,
and what it answers. All are played by the shared upstream; models of the gateway are named after them."""
import base64
import struct

from harness import answers, config
from harness.case import same
from harness.config import PROVIDER_KEY

# Numbers that float32 holds exactly.
VECTORS = ((0.5, -1.25, 3.0), (1.0, 0.0, -0.0625))
TOKENS = 7
STRICT = 'strict-'


def packed(vector):
    return base64.b64encode(struct.pack(f'<{len(vector)}f', *vector)).decode()


class Embedder:
    """The form of an OpenAI-like provider; the others differ from it in what they override."""
    name, kind, model = 'openai', 'openai-compatible', 'up-emb'
    base, path = '/v1', '/v1/embeddings'
    credential = ('authorization', f'Bearer {PROVIDER_KEY}')
    secret = f', keys: ["{PROVIDER_KEY}"]'
    inputs_max = 2
    sized = 'dimensions'  # its member for the size of the vectors
    takes_tokens = False  # lists of token numbers

    def yaml(self, port):
        return (f'  {self.name}: {{kind: {self.kind}, base_url: "http://127.0.0.1:{port}{self.base}"'
                f'{self.secret}, allow_private: true}}\n')

    def texts(self, body):
        return body['input'] if isinstance(body['input'], list) else [body['input']]

    def size(self, body):
        return body.get(self.sized)

    def answer(self, vectors, asked):
        # In another order than the inputs: the index counts.
        data = [{'object': 'embedding', 'index': i, 'embedding': list(v)} for i, v in enumerate(vectors)]
        return {'object': 'list', 'data': data[::-1], 'model': 'up-emb-2026',
                'usage': {'prompt_tokens': TOKENS, 'total_tokens': TOKENS}}

    headers = ()

    def steps(self, vectors, asked=None):
        return answers.whole(self.answer(vectors, asked), 200, *self.headers)

    def error(self, message):
        return {'error': {'message': message, 'type': 'invalid_request_error', 'param': None, 'code': None}}

    def check(self, request):
        same(request.path, self.path, 'path')
        if self.credential:
            same(request.header(self.credential[0]), self.credential[1], 'credential')


class OpenAI(Embedder):
    takes_tokens = True


class Mistral(Embedder):
    name = kind = 'mistral'
    model = 'mistral-embed'
    sized = 'output_dimension'

    def error(self, message):
        return {'object': 'error', 'message': message, 'type': 'invalid_request_error', 'param': None, 'code': '3051'}


class Gemini(Embedder):
    name = kind = 'gemini'
    model = 'gemini-embedding-001'
    base, path = '', '/v1beta/models/gemini-embedding-001:batchEmbedContents'
    credential = ('x-goog-api-key', PROVIDER_KEY)

    def texts(self, body):
        for one in body['requests']:
            same(one['model'], f'models/{self.model}', 'model of one request')
        return [''.join(p['text'] for p in one['content']['parts']) for one in body['requests']]

    def size(self, body):
        return body['requests'][0].get('outputDimensionality')

    def answer(self, vectors, asked):
        return {'embeddings': [{'values': list(v)} for v in vectors], 'usageMetadata': {'promptTokenCount': TOKENS}}

    def error(self, message):
        return {'error': {'code': 400, 'message': message, 'status': 'INVALID_ARGUMENT'}}


class Vertex(Gemini):
    name = kind = 'vertex'
    model = 'text-embedding-005'
    path = '/v1/publishers/google/models/text-embedding-005:predict'

    def texts(self, body):
        return [one['content'] for one in body['instances']]

    def size(self, body):
        return body.get('parameters', {}).get('outputDimensionality')

    def answer(self, vectors, asked):
        counts = [TOKENS - len(vectors) + 1] + [1] * (len(vectors) - 1)
        return {'predictions': [{'embeddings': {'values': list(v), 'statistics': {'token_count': c}}}
                                for v, c in zip(vectors, counts)]}


class VertexContent(Vertex):
    """The model that takes one content, in the form of the Gemini API."""
    name, model = 'vertex-content', 'gemini-embedding-2'
    path = '/v1/publishers/google/models/gemini-embedding-2:embedContent'
    inputs_max = 1

    def texts(self, body):
        return [''.join(p['text'] for p in body['content']['parts'])]

    def size(self, body):
        return body.get('outputDimensionality')

    def answer(self, vectors, asked):
        return {'embedding': {'values': list(vectors[0])}, 'usageMetadata': {'promptTokenCount': TOKENS}}


class Cohere(Embedder):
    name = kind = 'cohere'
    model = 'embed-v4.0'
    base, path = '', '/v2/embed'
    sized = 'output_dimension'

    def texts(self, body):
        same(body['embedding_types'], ['float'], 'embedding_types')
        return body['texts']

    def answer(self, vectors, asked):
        return {'id': 'e-1', 'texts': asked or [], 'embeddings': {'float': [list(v) for v in vectors]},
                'meta': {'api_version': {'version': '2'}, 'billed_units': {'input_tokens': TOKENS}}}

    def error(self, message):
        return {'id': 'e-9', 'message': message}


class Ollama(Embedder):
    name = kind = 'ollama'
    model = 'nomic-embed-text'
    base, path = '', '/api/embed'
    credential, secret = None, ''

    def answer(self, vectors, asked):
        return {'model': self.model, 'embeddings': [list(v) for v in vectors], 'prompt_eval_count': TOKENS,
                'total_duration': 1, 'load_duration': 1}

    def error(self, message):
        return {'error': message}


class Titan(Embedder):
    name, kind, model = 'titan', 'bedrock', 'amazon.titan-embed-text-v2:0'
    base, path = '', '/model/amazon.titan-embed-text-v2%3A0/invoke'
    secret = f', region: us-east-1, keys: ["{PROVIDER_KEY}"]'
    inputs_max = 1

    def texts(self, body):
        assert 'model' not in body, 'InvokeModel refuses it'
        return [body['inputText']]

    def answer(self, vectors, asked):
        return {'embedding': list(vectors[0]), 'inputTextTokenCount': TOKENS}

    def error(self, message):
        return {'message': message}


class BedrockCohere(Titan):
    name, model = 'bedrock-cohere', 'cohere.embed-v4:0'
    path = '/model/cohere.embed-v4%3A0/invoke'
    inputs_max = 2
    sized = 'output_dimension'
    headers = (f'X-Amzn-Bedrock-Input-Token-Count: {TOKENS}',)

    def texts(self, body):
        assert 'model' not in body, 'InvokeModel refuses it'
        return body['texts']

    def answer(self, vectors, asked):
        return {'id': 'e-1', 'embeddings': {'float': [list(v) for v in vectors]}, 'response_type': 'embeddings_by_type'}


EMBEDDERS = {e.name: e for e in (OpenAI(), Mistral(), Gemini(), Vertex(), VertexContent(), Cohere(), Ollama(), Titan(),
                                 BedrockCohere())}
# What stands beside them in the configuration.
OTHERS = {'claude': ('anthropic', ''), 'jina': ('together', '/v1')}


def gateway_config(world):
    port = world.main.port
    providers = [e.yaml(port) for e in EMBEDDERS.values()]
    once = 'retry: {max_attempts: 1}'
    models = []
    for e in EMBEDDERS.values():
        target = f'{{provider: {e.name}, model: "{e.model}"}}'
        models.append(f'  {e.name}: {{targets: [{target}], {once}}}\n')
        models.append(f'  {STRICT}{e.name}: {{targets: [{target}], drop_params: error, {once}}}\n')
    for name, (kind, base) in OTHERS.items():
        providers.append(f'  {name}: {{kind: {kind}, base_url: "http://127.0.0.1:{port}{base}", '
                         f'keys: ["{PROVIDER_KEY}"], allow_private: true}}\n')
        models.append(f'  {name}: {{targets: [{{provider: {name}, model: up-{name}}}], {once}}}\n')
    models.append(config.model('chat', [('openai', 'up-chat')]))  # of the key `narrow`
    models.append(config.model('cohere-then-openai', [('cohere', 'embed-v4.0'), ('openai', 'up-emb')]))
    models.append(config.model('openai-then-gemini', [('openai', 'up-emb'), ('gemini', 'gemini-embedding-001')]))
    models.append(f'  bedrock-rerank: {{targets: [{{provider: titan, model: "cohere.rerank-v3-5:0"}}], {once}}}\n')
    models.append(f'  bedrock-chat: {{targets: [{{provider: titan, model: "amazon.nova-pro-v1:0"}}], {once}}}\n')
    return config.config(providers, models, shard_count=world.shards), None


def gateway(t):
    return t.world.gateway('side services', gateway_config)
