"""Images, audio, files and batches: passed through in both directions, held nowhere."""
import hashlib
import json
import socket
import time

from harness import config
from harness.case import background, build, case, eventually, refused, same
from harness.client import Cut
from harness.config import MAIN_KEY, NARROW_KEY, PROVIDER_KEY, RATE_KEYS
from harness.resources import Resources, parts_of

MB = 1 << 20
FORM = 'Content-Type: multipart/form-data; boundary=bOuNdArY'
PROVIDERS = {}


def recipe(impatient):
    def make(world):
        main, second = Resources(), Resources()
        PROVIDERS['impatient' if impatient else 'patient'] = main, second
        providers = [config.provider('main', main.base_url),
                     config.provider('second', second.base_url, secret=config.SECOND_PROVIDER_KEY),
                     '  claude: {kind: anthropic, keys: ["sk-ant-e2e-0000000000000000"]}\n']
        models = [config.model('talk', [('claude', 'opus')]), config.model('chat', [('main', 'up-chat')]),
                  config.model('whisper', [('main', 'up-whisper')]),
                  config.model('paint', [('claude', 'opus'), ('main', 'up-paint-xl')]),
                  config.model('elsewhere', [('second', 'up-else')])]
        rest = config.IMPATIENT if impatient else config.PATIENT + 'limits: {max_passthrough_body: 64MiB}\n'
        return config.config(providers, models, rest, shard_count=world.shards), None
    return make


# Memory that both shards may touch for the first time in a case: receive buffers, 2 MiB each, and the blocks
# they keep, 1 MiB of each size. Eight such exchanges in a row end at 11 to 13 MiB, the first at up to 11. A body
# that is held would be 20 MiB and more.
FIRST_USE_KIB = 16 * 1024


def gateway(t, impatient=False):
    name = 'passthrough-impatient' if impatient else 'passthrough'
    found = t.world.gateway(name, recipe(impatient))
    t.provider, t.other = PROVIDERS['impatient' if impatient else 'patient']
    return found


def field(name, value):
    return f'--bOuNdArY\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def file_head(name='a.ogg'):
    return (f'--bOuNdArY\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            'Content-Type: audio/ogg\r\n\r\n').encode()


def form(*parts):
    return b''.join(parts) + b'--bOuNdArY--\r\n'


def noise(size):
    """Bytes with many CRs and pieces of boundaries."""
    unit = hashlib.sha256(b'x').digest() * 7 + b'\r\n--bOuNdAr\r\r\n-' + bytes(range(256))
    return (unit * (size // len(unit) + 1))[:size]


def chunked(body, size=50_000):
    out = b''
    for at in range(0, len(body), size):
        piece = body[at:at + size]
        out += f'{len(piece):x}\r\n'.encode() + piece + b'\r\n'
    return out + b'0\r\n\r\n'


def ask_form(t, g, body, path='/v1/audio/transcriptions', key=MAIN_KEY, chunks=False, headers=()):
    headers = [FORM, f'X-Request-Id: {t.marker}', *headers]
    if chunks:
        body = chunked(body)
        headers.append('Transfer-Encoding: chunked')
    return t.ask(body, g, path=path, key=key, headers=headers, length=not chunks)


SMALL = {'length': False, 'chunked': True}


@case('a form goes through, its model is the target\'s', SMALL, smoke=True)
def small_form(t, chunks):
    g = gateway(t)
    body = form(field('user', t.marker), field('model', 'whisper'), file_head() + noise(3000) + b'\r\n')
    response = ask_form(t, g, body, chunks=chunks)
    same(response.status, 200, 'status')
    seen = t.provider.request(t.marker)
    same((seen.path, seen.method), ('/v1/audio/transcriptions', 'POST'), 'request')
    same(seen.chunked, chunks, 'chunked towards the provider')
    same(parts_of(seen.front, seen.fields['content-type']),
         [('user', None, t.marker.encode()), ('model', None, b'up-whisper'), ('file', 'a.ogg', noise(3000))],
         'parts')
    same(seen.fields['authorization'], f'Bearer {PROVIDER_KEY}', 'credential')
    assert MAIN_KEY.encode() not in seen.head + seen.front, 'the virtual key left'
    same(response.header('x-gateway-target'), 'main/up-whisper', 'target')


WHERE = {'before the file': True, 'behind the file': False}


@case('the model is found in front of and behind a large file', WHERE)
def large_form(t, before):
    g = gateway(t)
    content = noise(300_000)
    file = file_head('tälk.weird') + content + b'\r\n'
    model = field('model', 'whisper')
    body = form(field('user', t.marker), *((model, file) if before else (file, model)))
    same(ask_form(t, g, body).status, 200, 'status')
    seen = t.provider.request(t.marker)
    same(seen.chunked, not before, 'chunked')
    parts = parts_of(seen.front, seen.fields['content-type'])
    assert (dict((n, c) for n, _, c in parts))['model'] == b'up-whisper'
    assert ('file', 'tälk.weird', content) in parts, 'file'


@case('a form without a model gets one')
def added_model(t):
    g = gateway(t)
    for size, chunked_up in ((100, False), (200_000, True)):
        marker, t.marker = t.marker, t.marker + 'a'
        body = form(field('user', marker), file_head() + noise(size) + b'\r\n')
        response = t.ask(body, g, path='/v1/audio/translations', key=MAIN_KEY,
                         headers=[FORM, 'X-Penstock-Model: whisper'])
        same(response.status, 200, 'status')
        seen = t.provider.requests(marker)[-1]
        same(seen.chunked, chunked_up, 'chunked')
        same(parts_of(seen.front, seen.fields['content-type'])[-1], ('model', None, b'up-whisper'), 'last part')
        t.marker = t.marker[:-1]


@case('20 MB up and down, nothing is held', alone=True)
def large_both_ways(t):
    g = gateway(t)
    content = noise(20 * MB)

    def answer(request):
        request.read_all()
        return request.answer(content, '200 OK', 'audio/mpeg', 'Content-Disposition: attachment; filename="x.mp3"',
                              'X-Secret-Internal: 1', 'Set-Cookie: a=b')
    t.provider.script(t.marker, answer)
    body = form(field('user', t.marker), field('model', 'whisper'), file_head() + content + b'\r\n')
    before = g.resident_kib()
    response = ask_form(t, g, body)
    grown = g.resident_kib() - before
    same(response.status, 200, 'status')
    assert response.body == content, 'the answer changed'
    same((response.header('content-type'), response.framing), ('audio/mpeg', 'length'), 'head')
    same(response.header('content-disposition'), 'attachment; filename="x.mp3"', 'disposition')
    assert response.header('x-secret-internal') is None and response.header('set-cookie') is None
    expected = body.replace(b'\r\n\r\nwhisper\r\n', b'\r\n\r\nup-whisper\r\n')
    seen = t.provider.request(t.marker)
    same((seen.size, seen.digest.digest()), (len(expected), hashlib.sha256(expected).digest()), 'body')
    assert grown < FIRST_USE_KIB, f'{grown} KiB more memory'
    line = g.log_line(request_id=t.marker)
    same((line['status'], line['bytes_in'], line['bytes_out'], line['key'], line['target'], line['endpoint']),
         (200, len(body), len(content), 'main', 'main/up-whisper', 'audio_transcriptions'), 'log')


@case('a slow reader holds the provider back', alone=True)
def slow_client(t):
    g = gateway(t)
    sent = [0]

    def answer(request):
        request.read_all()
        request.send(b'HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: chunked\r\n\r\n')
        for _ in range(400):
            request.send(b'10000\r\n' + b'x' * 65536 + b'\r\n')
            sent[0] += 65536
        request.send(b'0\r\n\r\n')
        return True
    t.provider.script(t.marker, answer)
    client = t.client(g, receive_buffer=16384)
    client.send(build({'model': 'whisper', 'input': t.marker, 'voice': 'x'}, '/v1/audio/speech', key=MAIN_KEY))
    response = client.head()
    time.sleep(0.5)
    held = sent[0]
    assert held < 20 * MB, f'{held} bytes were taken for a client that reads nothing'
    size = sum(len(piece) for piece in client.pieces(response))
    same(size, 400 * 65536, 'bytes')


@case('a slow provider holds the client back', alone=True)
def slow_provider(t):
    g = gateway(t)
    go = []

    def answer(request):
        while not go:
            time.sleep(0.01)
        request.read_all()
        return request.answer({'text': 'x'})
    t.provider.script(t.marker, answer)
    content = noise(30 * MB)
    body = form(field('user', t.marker), field('model', 'whisper'), file_head() + content + b'\r\n')
    client = t.client(g)
    before = g.resident_kib()
    sent = background(client.send, build(body, '/v1/audio/transcriptions', key=MAIN_KEY, headers=[FORM]))
    time.sleep(0.5)
    assert sent.is_alive(), 'the gateway took all of it'
    grown = g.resident_kib() - before
    assert grown < FIRST_USE_KIB, f'{grown} KiB more memory'
    go.append(1)
    same(client.response().status, 200, 'status')
    sent.join(5)
    same(t.provider.request(t.marker).size, len(body) + 3, 'size')


@case('speech as events and as binary')
def speech(t):
    g = gateway(t)
    events = (b'data: {"type":"speech.audio.delta","audio":"AAAA"}\n\ndata: {"type":"speech.audio.done",'
              b'"usage":{"input_tokens":14,"output_tokens":101,"total_tokens":115}}\n\n')

    def answer(request):
        request.read_all()
        request.send(b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n')
        for at in range(0, len(events), 7):
            request.send(events[at:at + 7])
        return False
    t.provider.script(t.marker, answer)
    ask = {'model': 'whisper', 'input': t.marker, 'voice': 'alloy', 'stream_format': 'sse'}
    response = t.ask(ask, g, path='/openai/v1/audio/speech', headers=[f'X-Request-Id: {t.marker}'])
    same((response.status, response.body, response.complete), (200, events, True), 'answer')
    assert response.header('content-type').startswith('text/event-stream')
    same(json.loads(t.provider.request(t.marker).front), {**ask, 'model': 'up-whisper'}, 'request')
    line = g.log_line(request_id=t.marker)
    same((line['stream'], line['input_tokens'], line['output_tokens']), (True, 14, 101), 'log')


TOLD = {'input_tokens': 50, 'output_tokens': 272, 'total_tokens': 322, 'input_tokens_details': {'image_tokens': 40}}
SECONDS = {'type': 'duration', 'seconds': 3}
# path -> events, usage as reported, tokens in and out
STREAMED = {
    'an image': ('/v1/images/generations', [
        {'type': 'image_generation.partial_image', 'b64_json': 'A' * 300_000, 'partial_image_index': 0},
        {'type': 'image_generation.completed', 'b64_json': 'B' * 2_000_000, 'size': '1024x1024', 'usage': TOLD}],
        TOLD, (50, 272)),
    'an image, usage first': ('/v1/images/edits', [
        {'type': 'image_edit.completed', 'usage': TOLD, 'b64_json': 'B' * 2_000_000}], TOLD, (50, 272)),
    'an image without': ('/v1/images/generations', [
        {'type': 'image_generation.completed', 'b64_json': '"usage":{"input_tokens":1}'}], None, (None, None)),
    'a usage that is too large': ('/v1/images/generations', [
        {'type': 'image_generation.completed', 'usage': {**TOLD, 'x': 'y' * 2000}}], None, (None, None)),
    'seconds': ('/v1/images/generations', [{'type': 'x', 'usage': SECONDS}], SECONDS, (None, None))}


@case('usage of streams that pass', STREAMED)
def streamed_usage(t, path, events, told, tokens):
    g = gateway(t)
    body = b''.join(b'event: ' + e['type'].encode() + b'\ndata: ' + json.dumps(e).encode() + b'\n\n' for e in events)

    def answer(request):
        request.read_all()
        request.send(b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n')
        for at in range(0, len(body), 60_000):
            request.send(body[at:at + 60_000])
        return False
    t.provider.script(t.marker, answer)
    ask = {'prompt': t.marker, 'model': 'paint', 'stream': True}
    response = t.ask(ask, g, path=path, headers=[f'X-Request-Id: {t.marker}'])
    same((response.status, response.complete, len(response.body)), (200, True, len(body)), 'answer')
    assert response.body == body, 'the answer changed'
    line = g.log_line(request_id=t.marker)
    same((line['usage_reported'], (line['input_tokens'], line['output_tokens'])), (told, tokens), 'log')


@case('usage of a transcription that is streamed')
def transcription_usage(t):
    g = gateway(t)
    usage = {'type': 'tokens', 'input_tokens': 14, 'input_token_details': {'audio_tokens': 14}, 'output_tokens': 45}
    events = b'data: {"type":"transcript.text.delta","delta":"Hi"}\n\ndata: ' + json.dumps(
        {'type': 'transcript.text.done', 'text': 'Hi', 'usage': usage}).encode() + b'\n\n'

    def answer(request):
        request.read_all()
        request.send(b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n' + events)
        return False
    t.provider.script(t.marker, answer)
    body = form(field('user', t.marker), field('model', 'whisper'), field('stream', 'true'),
                file_head('talk.wav') + noise(500) + b'\r\n')
    response = ask_form(t, g, body)
    same((response.status, response.body), (200, events), 'answer')
    line = g.log_line(request_id=t.marker)
    same((line['input_tokens'], line['output_tokens'], line['usage_reported']), (14, 45, usage), 'log')


@case('images: usage is read, targets without images are passed over')
def images(t):
    g = gateway(t)

    def answer(request):
        request.read_all()
        return request.answer({'created': 1, 'data': [{'b64_json': 'AAAA'}], 'usage': {
            'input_tokens': 50, 'output_tokens': 272, 'total_tokens': 322,
            'input_tokens_details': {'text_tokens': 10, 'image_tokens': 40}}})
    t.provider.script(t.marker, answer)
    for path in ('/v1/images/generations', '/images/edits'):
        response = t.ask({'prompt': t.marker, 'model': 'paint', 'n': 1}, g, path=path,
                         headers=[f'X-Request-Id: {t.marker}-{path[-1]}'])
        same((response.status, response.json['data']), (200, [{'b64_json': 'AAAA'}]), 'answer')
        line = g.log_line(request_id=f'{t.marker}-{path[-1]}')
        same((line['input_tokens'], line['output_tokens'], line['model'], line['target'], line['attempts']),
             (50, 272, 'paint', 'main/up-paint-xl', 1), 'log')
        same(line['usage_reported']['total_tokens'], 322, 'usage as reported')
    seen = t.provider.requests(t.marker)
    same([json.loads(r.front)['model'] for r in seen], ['up-paint-xl'] * 2, 'models')
    same([r.path for r in seen], ['/v1/images/generations', '/v1/images/edits'], 'paths')


@case('files and batches: one round')
def files(t):
    g = gateway(t)
    upload = form(field('purpose', 'batch'), field('user', t.marker), file_head('b.jsonl') + noise(500) + b'\r\n')
    same(ask_form(t, g, upload, '/v1/files').status, 200, 'upload')
    seen = t.provider.requests(t.marker)[0]
    same((seen.front, seen.chunked), (upload, False), 'the upload')
    name = t.marker
    for method, path, wanted in (
            ('GET', f'/v1/files?purpose={name}&limit=2&model=chat', f'/v1/files?purpose={name}&limit=2'),
            ('GET', f'/openai/v1/files/{name}', f'/v1/files/{name}'),
            ('GET', f'/files/{name}/content', f'/v1/files/{name}/content'),
            ('DELETE', f'/v1/files/{name}', f'/v1/files/{name}'),
            ('GET', f'/v1/batches/{name}', f'/v1/batches/{name}'),
            ('POST', f'/v1/batches/{name}/cancel', f'/v1/batches/{name}/cancel')):
        response = t.ask(b'', g, method=method, path=path)
        same(response.status, 200, f'{method} {path}')
        seen = t.provider.requests(t.marker)[-1]
        same((seen.method, seen.path, seen.size), (method, wanted, 0), 'request')
        same(seen.fields['authorization'], f'Bearer {PROVIDER_KEY}', 'credential')
    batch = {'input_file_id': name, 'endpoint': '/v1/chat/completions', 'completion_window': '24h',
             'metadata': {'a': 'b'}}
    same(t.ask(batch, g, path='/v1/batches').status, 200, 'batch')
    same(json.loads(t.provider.requests(t.marker)[-1].front), batch, 'batch')


@case('a header or the query names the provider')
def named(t):
    g = gateway(t)
    t.ask(b'', g, method='GET', path=f'/v1/files/{t.marker}', headers=['X-Penstock-Model: elsewhere'])
    t.ask(b'', g, method='GET', path=f'/v1/files/{t.marker}?model=%65lsewhere')
    same([r.path for r in t.other.requests(t.marker)], [f'/v1/files/{t.marker}'] * 2, 'requests')
    same(t.provider.requests(t.marker), [], 'requests to the first')


REFUSED = {
    'no key': (dict(key=None, method='GET', path='/v1/files'), 401, 'invalid_api_key'),
    'wrong method': (dict(method='DELETE', path='/v1/images/generations'), 405, 'method_not_allowed'),
    'wrong method of a file': (dict(path='/v1/files/file-1', body=b'{}'), 405, 'method_not_allowed'),
    'unknown path': (dict(method='GET', path='/v1/files/a/b'), 404, 'not_found'),
    'an id with escapes': (dict(method='GET', path='/v1/files/a%3fb'), 404, 'not_found'),
    'JSON where a form is due': (dict(path='/v1/audio/transcriptions', body={'model': 'whisper'}), 415,
                                 'unsupported_media_type'),
    'a form where JSON is due': (dict(path='/v1/audio/speech', body=form(field('model', 'whisper')),
                                      headers=[FORM]), 415, 'unsupported_media_type'),
    'a form without a boundary': (dict(path='/v1/files', body=b'x', headers=['Content-Type: multipart/form-data']),
                                  415, 'unsupported_media_type'),
    'unknown model': (dict(path='/v1/images/generations', body={'model': 'nope', 'prompt': 'x'}), 404,
                      'model_not_found'),
    'unknown model in a form': (dict(path='/v1/audio/translations', body=form(field('model', 'nope')),
                                     headers=[FORM]), 404, 'model_not_found'),
    'unknown model in the header': (dict(method='GET', path='/v1/files', headers=['X-Penstock-Model: nope']), 404,
                                    'model_not_found'),
    'a model that the key may not use': (dict(path='/v1/audio/translations', key=NARROW_KEY, headers=[FORM],
                                              body=form(field('model', 'whisper'))), 404, 'model_not_found'),
    'a model whose provider has none': (dict(path='/v1/audio/speech', body={'model': 'talk', 'input': 'x'}), 400,
                                        'unsupported_parameter'),
    'two models': (dict(path='/v1/audio/translations', headers=[FORM],
                        body=form(field('model', 'whisper'), field('model', 'chat'))), 400, 'duplicate_field'),
    'no form': (dict(path='/v1/audio/translations', headers=[FORM], body=b'hello'), 400, 'bad_request'),
    'half a form': (dict(path='/v1/audio/translations', headers=[FORM], body=form(field('a', 'b'))[:-9]), 400,
                    'bad_request'),
    'JSON that steers': (dict(path='/v1/images/generations', body={'model': 'paint', 'api_base': 'x'}), 400,
                         'unknown_field'),
    'too large': (dict(path='/v1/files', headers=[FORM, f'Content-Length: {65 * MB}'], body=b'', length=False), 413,
                  'body_too_large'),
    'JSON too large': (dict(path='/v1/images/generations', length=False, body=b'',
                            headers=['Content-Type: application/json', f'Content-Length: {40 * MB}']), 413,
                       'body_too_large'),
}


@case('refused', REFUSED)
def refusals(t, request, status, code):
    refused(t.ask(gateway=gateway(t), **request), status, code)


@case('a late model of another provider is refused')
def late_model(t):
    g = gateway(t)
    body = form(field('user', t.marker), file_head() + noise(200_000) + b'\r\n', field('model', 'elsewhere'))
    refused(ask_form(t, g, body), 400, 'invalid_value', 'model')
    assert not t.provider.request(t.marker).complete, 'the provider got a whole request'
    body = form(field('user', t.marker), file_head() + noise(200_000) + b'\r\n', field('model', 'whisper'))
    refused(ask_form(t, g, body, key=NARROW_KEY), 404, 'model_not_found')


@case('the provider\'s errors are handed on', {
    '400': ('400 Bad Request', 400), '404': ('404 Not Found', 404), '429': ('429 Too Many Requests', 429),
    '500': ('500 Oops', 500)})
def errors(t, line, status):
    g = gateway(t)

    def answer(request):
        request.read_all()
        return request.answer({'error': {'message': 'words of the provider', 'type': 'invalid_request_error',
                                         'param': 'file', 'code': 'bad_audio'}}, line)
    t.provider.script(t.marker, answer)
    body = form(field('user', t.marker), field('model', 'whisper'))
    response = ask_form(t, g, body)
    same((response.status, response.error['message'], response.error['code'], response.error['param']),
         (status, 'words of the provider', 'bad_audio', 'file'), 'answer')
    same(len(t.provider.requests(t.marker)), 1, 'attempts')


@case('an early refusal of a large form is handed on')
def early_answer(t):
    g = gateway(t)

    def answer(request):
        request.answer({'error': {'message': 'too large for me', 'type': 'x', 'param': None, 'code': None}},
                       '413 Payload Too Large')
        request.watch(2)
        return False
    t.provider.script(t.marker, answer)
    client = t.client(g)
    client.send(build(b'', '/v1/audio/transcriptions', key=MAIN_KEY, length=False,
                      headers=[FORM, f'Content-Length: {30 * MB}']))
    client.send(field('user', t.marker) + field('model', 'whisper') + file_head() + noise(200_000))
    response = client.response()
    same((response.status, response.error['message']), (413, 'too large for me'), 'answer')
    assert response.closes


CUTS = {'chunked': b'Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n', 'length': b'Content-Length: 100\r\n\r\nabcdef',
        'to the close, reset': b'\r\nabcdef'}


@case('a cut answer never looks complete', {f'{how}, {version}': (how, version)
                                            for how in CUTS for version in ('HTTP/1.1', 'HTTP/1.0')})
def cut_down(t, how, version):
    g = gateway(t)

    def answer(request):
        request.read_all()
        request.send(b'HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n' + CUTS[how])
        time.sleep(0.1)
        return request.reset()
    t.provider.script(t.marker, answer)
    client = t.client(g)
    client.send(build({'model': 'whisper', 'input': t.marker}, '/v1/audio/speech', key=MAIN_KEY, version=version,
                      headers=[f'X-Request-Id: {t.marker}']))
    try:
        response = client.response()
        same((response.status, response.complete), (200, False), 'answer')
    except ConnectionResetError:
        pass
    same(g.log_line(request_id=t.marker)['code'], 'upstream_stream_interrupted', 'code in the log')


@case('a client that leaves ends the upstream connection', {
    f'{where}, {how}': (where, how) for where in ('up', 'down') for how in ('reset', 'close')})
def leaving(t, where, how):
    g = gateway(t)

    def answer(request):
        if where == 'down':
            request.read_all()
            request.send(b'HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 100\r\n\r\nabc')
            request.watch(5)
        else:
            try:
                request.read_all()
            finally:
                request.gone.set()
        return False
    t.provider.script(t.marker, answer)
    client = t.client(g)
    if where == 'down':
        client.send(build({'model': 'whisper', 'input': t.marker}, '/v1/audio/speech', key=MAIN_KEY,
                          headers=[f'X-Request-Id: {t.marker}']))
        client.head()
    else:
        client.send(build(b'', '/v1/audio/transcriptions', key=MAIN_KEY, length=False,
                          headers=[FORM, f'Content-Length: {MB}', f'X-Request-Id: {t.marker}']))
        client.send(field('user', t.marker) + field('model', 'whisper') + file_head() + noise(100_000))
    seen = t.provider.request(t.marker)
    (client.reset if how == 'reset' else client.close)()
    assert seen.gone.wait(5), 'the upstream connection is still open'
    assert not seen.complete or where == 'down', 'half a body looked whole'
    assert g.log_line(request_id=t.marker)['status'] in ((499,) if where == 'down' else (499, 400))


@case('a body that stalls, and a provider that does', alone=True)
def timeouts(t):
    g = gateway(t, impatient=True)
    client = t.client(g)
    client.send(build(b'', '/v1/audio/transcriptions', key=MAIN_KEY, length=False,
                      headers=[FORM, f'Content-Length: {MB}']))
    client.send(field('user', t.marker) + field('model', 'whisper') + file_head() + noise(1000))
    refused(client.response(), 408, 'request_timeout')
    assert t.provider.request(t.marker).gone.wait(3)
    t.marker += 'b'

    def silent(request):
        request.read_all()
        return request.watch(5) and False
    t.provider.script(t.marker, silent)
    refused(ask_form(t, g, form(field('user', t.marker), field('model', 'whisper'))), 504, 'upstream_timeout')


@case('100 Continue is sent when the body can come')
def expects(t):
    g = gateway(t)
    for path, parts in (('/v1/audio/transcriptions', [field('model', 'whisper')]), ('/v1/files', [])):
        client = t.client(g)
        body = form(field('user', t.marker), *parts)
        client.send(build(b'', path, key=MAIN_KEY, length=False,
                          headers=[FORM, f'Content-Length: {len(body)}', 'Expect: 100-continue']))
        same(client._line(), b'HTTP/1.1 100 Continue', 'interim answer')
        same(client._line(), b'', 'its end')
        client.send(body)
        same(client.response().status, 200, 'status')


@case('requests are counted, and the connection goes on')
def counted(t):
    g = gateway(t)
    client = t.client(g)
    statuses = []
    for i in range(4):
        client.send(build(b'', f'/v1/files/{t.marker}', 'GET', RATE_KEYS[0]))
        statuses.append(client.response('GET').status)
    same(statuses, [200, 200, 200, 429], 'statuses')
    body = form(field('user', t.marker), field('model', 'whisper'), file_head() + noise(1000) + b'\r\n')
    client = t.client(g)
    for _ in range(3):
        client.send(build(body, '/v1/audio/transcriptions', key=MAIN_KEY, headers=[FORM]) +
                    build(b'', f'/v1/files/{t.marker}', 'GET', MAIN_KEY))
        same((client.response().status, client.response('GET').status), (200, 200), 'statuses')
