"""Files, batches, audio and images by the official Python client: base URL and key in argv. Prints "ok".
Run by the case in tests/e2e/cases/passthrough_client.py, against what that file's provider answers."""
import sys

import openai

url, key = sys.argv[1:]
client = openai.OpenAI(base_url=url, api_key=key, timeout=20, max_retries=0)
BINARY = bytes(range(256)) * 4000


def same(actual, expected):
    assert actual == expected, f'got {actual!r:.200}, want {expected!r:.200}'


talk = ('talk.ogg', b'OggS' * 100_000)
same(client.audio.transcriptions.create(model='whisper', file=talk).text, 'hello')
same(client.audio.translations.create(model='whisper', file=talk).text, 'hello')
same(client.audio.speech.create(model='whisper', voice='alloy', input='x').read(), BINARY)
with client.audio.speech.with_streaming_response.create(model='whisper', voice='alloy', input='x') as speech:
    same(b''.join(speech.iter_bytes()), BINARY)
same(client.images.generate(model='whisper', prompt='x').data[0].b64_json, 'AAAA')
pictures = [('a.png', b'\x89PNG'), ('b.png', b'\x89PNG')]
same(client.images.edit(model='whisper', prompt='x', image=pictures).data[0].b64_json, 'AAAA')
made = client.files.create(file=('a.jsonl', b'{}\n' * 50_000), purpose='batch')
same(made.id, 'file-1')
same([each.id for each in client.files.list(purpose='batch')], ['file-1'])
same(client.files.retrieve('file-1').id, 'file-1')
same(client.files.content('file-1').read(), b'\x00\x01\r\nfile')
batch = client.batches.create(input_file_id='file-1', endpoint='/v1/chat/completions', completion_window='24h')
same(batch.id, 'batch_1')
same(client.batches.retrieve('batch_1').id, 'batch_1')
same(client.batches.cancel('batch_1').id, 'batch_1')
same(client.files.delete('file-1').deleted, True)
try:
    client.audio.speech.create(model='nope', voice='alloy', input='x')
    raise SystemExit('an unknown model was served')
except openai.NotFoundError as error:
    same(error.code, 'model_not_found')
print('ok')
