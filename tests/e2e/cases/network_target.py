"""The client never chooses the network target (G11): whatever it sends, only configured providers
are connected to."""
import socket
import threading

from harness import answers
from harness.case import build, case, same
from harness.config import MAIN_KEY


class Canary:
    """A listener that nobody may connect to."""

    def __init__(self):
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port, self.visits = self._listener.getsockname()[1], 0
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        while True:
            try:
                self._listener.accept()[0].close()
                self.visits += 1
            except OSError:
                return


_canary = Canary()
HERE = f'127.0.0.1:{_canary.port}'
URL = f'http://{HERE}/v1'

FIELDS = {f'field {name}': {name: value} for name, value in {
    'api_base': URL, 'base_url': URL, 'api_key': 'x', 'extra_headers': {'Host': HERE},
    'custom_llm_provider': 'openai', 'user_config': {'model_list': [{'api_base': URL}]},
    'mock_response': 'x', 'endpoint': URL, 'url': URL, 'host': HERE, 'azure_endpoint': URL,
    'model_list': [{'litellm_params': {'api_base': URL}}], 'proxy': URL, 'callback_url': URL,
    'webhook': URL, 'litellm_params': {'api_base': URL}, 'provider_options': {'base_url': URL}}.items()}
MODELS = {f'model {name}': {'model': name} for name in (
    URL, f'openai/{URL}', f'chat@{HERE}', '../../etc/passwd', 'chat#x', f'//{HERE}/', 'chat/../hidden',
    'main/up-chat/../../x', 'chat\r\nHost: x', f'http:{HERE}', 'file:///etc/passwd')}
MESSAGES = {'image in a message': {'messages': [{'role': 'user', 'content': [
    {'type': 'image_url', 'image_url': {'url': URL + '/x.png'}}]}]}}


@case('body, trap_127', {name: (fields,) for name, fields in {**FIELDS, **MODELS, **MESSAGES}.items()})
def body(t, fields):
    visits = _canary.visits
    response = t.ask({**t.chat(), **fields})
    assert response.status in (200, 400, 404), response.status
    for request in t.main.requests(t.marker):
        same(request.path, '/v1/chat/completions')
        same(request.header('host'), f'127.0.0.1:{t.main.port}')
    same(_canary.visits, visits, 'visits at the canary')


HEADERS = ['Host', 'X-Forwarded-Host', 'X-Forwarded-Server', 'Forwarded', 'X-Original-URL', 'X-Rewrite-URL',
           'X-Host', 'X-Penstock-Target', 'X-Penstock-Base-Url', 'x-portkey-custom-host', 'x-portkey-config',
           'Helicone-Target-URL', 'x-litellm-api-base', 'OpenAI-Base-Url', 'Location', 'Destination', 'Proxy']


@case('header', {name: name for name in HEADERS})
def header(t, name):
    visits = _canary.visits
    if name == 'Host':
        response = t.ask(host=HERE)
    else:
        response = t.ask(headers=[f'{name}: {URL}'])
    same(response.body, answers.CHAT)
    request, = t.main.requests(t.marker)
    same((request.path, request.header('host')), ('/v1/chat/completions', f'127.0.0.1:{t.main.port}'))
    assert HERE.encode() not in request.head
    same(_canary.visits, visits, 'visits at the canary')


@case('absolute target', {p: p for p in (f'http://{HERE}/v1/chat/completions', f'https://{HERE}/v1/chat/completions',
                                         f'http://{HERE}/v1/models')})
def absolute(t, path):
    visits = _canary.visits
    method = 'GET' if path.endswith('models') else 'POST'
    same(t.ask(path=path, method=method).status, 200)
    same(_canary.visits, visits, 'visits at the canary')


@case('CONNECT')
def connect(t):
    visits = _canary.visits
    with t.client() as client:
        client.send(f'CONNECT {HERE} HTTP/1.1\r\nHost: {HERE}\r\n\r\n'.encode())
        same(client.response('GET').status, 405)
        same(client.rest(3 * t.slack), b'')
    same(_canary.visits, visits)


@case('redirect', {str(s): s for s in (301, 302, 303, 307, 308)})
def redirect(t, status):
    visits = _canary.visits
    t.script(answers.whole(b'{}', status, f'Location: {URL}/chat/completions'))
    with t.client() as client:
        client.send(build(t.chat(model='single'), key=MAIN_KEY))
        response = client.response()
        same(response.status, 502)
        same(response.header('location'), None)
    same(_canary.visits, visits, 'visits at the canary')
