"""Files, batches, audio and images by the official client."""
import pathlib
import subprocess

from harness import config
from harness.case import Skip, case, same
from harness.config import MAIN_KEY
from harness.resources import Resources

SDK = pathlib.Path(__file__).resolve().parent.parent / 'sdk'
PYTHON = SDK.parent.parent.parent / '.deps/python/bin/python'
FILE = {'id': 'file-1', 'object': 'file', 'bytes': 150_000, 'created_at': 1, 'filename': 'a.jsonl', 'purpose': 'batch',
        'status': 'processed'}
BATCH = {'id': 'batch_1', 'object': 'batch', 'endpoint': '/v1/chat/completions', 'input_file_id': 'file-1',
         'completion_window': '24h', 'status': 'validating', 'created_at': 1}


def answer(request):
    """What an account says, whoever asks: the official client marks nothing."""
    request.read_all()
    path = request.path.split('?')[0]
    if path.endswith('/audio/speech'):
        return request.answer(bytes(range(256)) * 4000, '200 OK', 'audio/mpeg')
    if '/audio/' in path:
        return request.answer({'text': 'hello', 'usage': {'type': 'tokens', 'input_tokens': 3, 'output_tokens': 1,
                                                          'total_tokens': 4}})
    if '/images/' in path:
        return request.answer({'created': 1, 'data': [{'b64_json': 'AAAA'}]})
    if path.endswith('/content'):
        return request.answer(b'\x00\x01\r\nfile', '200 OK', 'application/octet-stream')
    if request.method == 'DELETE':
        return request.answer({'id': 'file-1', 'object': 'file', 'deleted': True})
    if path.endswith('/files') and request.method == 'GET':
        return request.answer({'object': 'list', 'data': [FILE], 'has_more': False})
    return request.answer(BATCH if '/batches' in path else FILE)


def recipe(world):
    provider = Resources()
    provider.script(None, answer)
    models = [config.model('whisper', [('main', 'up-whisper')]), config.model('chat', [('main', 'up-chat')])]
    return config.config([config.provider('main', provider.base_url)], models, config.PATIENT,
                         shard_count=world.shards), None


@case('all resources by the official Python client')
def official(t):
    if not PYTHON.exists():
        raise Skip('not installed: scripts/setup --test')
    host, port = t.world.gateway('passthrough-client', recipe).data
    done = subprocess.run([str(PYTHON), str(SDK / 'passthrough.py'), f'http://{host}:{port}/v1', MAIN_KEY], timeout=60,
                          capture_output=True, text=True)
    same((done.returncode, done.stdout), (0, 'ok\n'), done.stderr[-600:])
