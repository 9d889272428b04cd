"""What the scripted providers say to the official clients: a turn that any client understands, JSON of a
wanted shape, a ranking. And the gateway in front of them."""
import json

from harness import answers, config
from harness.case import same
from harness.config import PROVIDER_KEY
from harness.providers import EVERY
from harness.providers.anthropic import Anthropic
from harness.turn import CALLING, THOUGHT, Call, Turn


class OldClaude(Anthropic):
    """A model from before structured outputs: only a tool that it must call makes it write JSON."""
    name = 'claude-3'
    model = 'claude-3-haiku-20240307'


WITH_OLD = {**EVERY, OldClaude.name: OldClaude()}
RANKING = 'rank'  # a model that ranks documents
RANKER = 'rerank-v4.0-pro'

# The clients of structured_python.py and structured_node.mjs want this shape and get this value.
SHAPE = {'city': 'string', 'days': ['integer'], 'wind': {'speed': 'number'}}
VALUE = {'city': 'Oslo \u00e9 "q" \\', 'days': [1, 2], 'wind': {'speed': 2.5}}


def gateway_config(world):
    port = world.main.port
    providers = [f'  {p.name}: {p.yaml(port)}\n' for p in WITH_OLD.values()]
    targets = {p.name: f'provider: {p.name}, model: "{p.model}"{p.target}' for p in WITH_OLD.values()}
    targets[RANKING] = f'provider: cohere, model: {RANKER}'
    models = [f'  {name}: {{targets: [{{{target}}}], retry: {{max_attempts: 1}}}}\n'
              for name, target in targets.items()]
    return config.config(providers, models, shard_count=world.shards), None


def addressed(request, providers):
    """The provider whose path, credential and model the request has, the body, whether it is a stream."""
    body = json.loads(request.body)
    for provider in providers.values():
        stream = any(w in request.path for w in ('stream', 'invoke-with'))
        if provider.name not in ('gemini', 'bedrock', 'bedrock-key', 'invoke'):
            stream = body.get('stream', False)
        try:
            provider.check_head(request, stream)
        except AssertionError:
            continue
        if body.get('model', provider.model) == provider.model:
            return provider, body, stream
    return None, body, False


def said(provider, turn, stream):
    return provider.stream_steps(turn, 11) if stream else provider.whole_steps(turn)


def speak(request):
    provider, body, stream = addressed(request, EVERY)
    if provider is None:
        return answers.error(404, f'no provider is at {request.path}')
    return said(provider, CALLING if provider.understood(body)['tools'] else THOUGHT, stream)


RESULTS = ['sunny', 'noon']  # what the tools of loops_node.mjs and loops_python.py give


def speak_loop(request):
    """Calls two tools until both results are there, then a text; without tools the text at once."""
    provider, body, stream = addressed(request, EVERY)
    if provider is None:
        return answers.error(404, f'no provider is at {request.path}')
    if not has_tools(body):
        return said(provider, THOUGHT, stream)
    found = provider.results(body) if has_results(body) else []
    if found and found != RESULTS:
        return provider.error_steps(400, f'{found} are not the results')
    return said(provider, THOUGHT if found else CALLING, stream)


def has_tools(body):
    return 'tools' in body or 'toolConfig' in body


def has_results(body):
    """Whether there is more than the question."""
    turns = body.get('messages') or body.get('contents') or body.get('input')
    return isinstance(turns, list) and len(turns) > 1


# -- JSON of a wanted shape

def shape(schema, root=None):
    """What a JSON schema with references, or one of Google's own, says of types and names."""
    root = root or schema
    if '$ref' in schema:
        found = root
        for name in schema['$ref'].removeprefix('#/').split('/'):
            found = found[name]
        return shape(found, root)
    kind = schema['type'].lower()
    if kind == 'object':
        same(sorted(schema['required']), sorted(schema['properties']), 'required')
        return {name: shape(s, root) for name, s in schema['properties'].items()}
    return [shape(schema['items'], root)] if kind == 'array' else kind


def of_chat(body):
    same(body['response_format']['type'], 'json_schema')
    return body['response_format']['json_schema']['schema']


def of_responses(body):
    same(body['text']['format']['type'], 'json_schema')
    return body['text']['format']['schema']


def of_claude(body):
    assert 'tools' not in body, 'a tool'
    same(body['output_config']['format']['type'], 'json_schema')
    return body['output_config']['format']['schema']


def of_old_claude(body):
    assert 'output_config' not in body, 'a member that the model does not have'
    tool, = body['tools']
    same((body['tool_choice']['type'], body['tool_choice']['name']), ('tool', tool['name']))
    return tool['input_schema']


def of_gemini(body):
    wanted = body['generationConfig']
    same(wanted['responseMimeType'], 'application/json')
    return wanted.get('responseJsonSchema') or wanted['responseSchema']


def of_converse(body):
    wanted = body['outputConfig']['textFormat']
    same(wanted['type'], 'json_schema')
    return json.loads(wanted['structure']['jsonSchema']['schema'])


def of_cohere(body):
    same(body['response_format']['type'], 'json_object')
    return body['response_format']['json_schema']


SCHEMAS = {'chat': of_chat, 'azure': of_chat, 'responses': of_responses, 'anthropic': of_claude,
           'invoke': of_claude, 'claude-3': of_old_claude, 'gemini': of_gemini, 'bedrock': of_converse,
           'bedrock-key': of_converse, 'cohere': of_cohere, 'ollama': lambda body: body['format']}


def speak_json(request):
    """The value, for who asks for its shape in the words of the dialect; an error for everybody else."""
    provider, body, stream = addressed(request, WITH_OLD)
    if provider is None:
        return answers.error(404, f'no provider is at {request.path}')
    try:
        same(shape(SCHEMAS[provider.name](body)), SHAPE, 'shape')
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        return provider.error_steps(400, f'{error!r} in {body}')
    text = json.dumps(VALUE)
    pieces = tuple(text[at:at + 7] for at in range(0, len(text), 7))
    if provider.name == OldClaude.name:
        turn = Turn(text=(), calls=(Call('toolu_01json', body['tools'][0]['name'], pieces),), finish='tool_calls')
    else:
        turn = Turn(text=pieces)
    return said(provider, turn, stream)


# -- A ranking

def speak_ranking(request):
    """The documents from the last to the first, the best of them only when the request says how many."""
    body = json.loads(request.body)
    try:
        same(request.path, '/v2/rerank', 'path')
        same(request.header('authorization'), f'Bearer {PROVIDER_KEY}', 'credential')
        same(body['model'], RANKER, 'model')
        assert all(isinstance(d, str) for d in body['documents']), body['documents']
        assert body.get('max_tokens_per_doc') in (None, 512), 'max_tokens_per_doc'
    except (AssertionError, KeyError) as error:
        return EVERY['cohere'].error_steps(400, str(error))
    count = len(body['documents'])
    ranked = [{'index': i, 'relevance_score': (i + 1) / (count + 1)} for i in reversed(range(count))]
    return answers.whole({'id': 'r-1', 'results': ranked[:body.get('top_n', count)], 'meta': {
        'api_version': {'version': '2'}, 'billed_units': {'search_units': 1}}})
