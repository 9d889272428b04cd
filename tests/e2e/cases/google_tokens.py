"""Vertex with a Google service account: tokens are fetched, used, renewed ahead of their end, and
never shown. The token endpoint is played over TLS, Vertex in the clear."""
import base64
import itertools
import json
import pathlib
import re
import subprocess
import tempfile
import time
import urllib.parse

from cases.metrics import parse, scrape
from harness import answers, config
from harness.case import case, eventually, refused, same
from harness.clients import CLIENTS
from harness.providers import EVERY
from harness.turn import PLAIN, Ask
from harness.upstream import Upstream, stall, wait

ISSUER = 'penstock@acme.iam.gserviceaccount.com'
GEMINI = 'gemini-2.5-flash'
CLAUDE = 'claude-sonnet-4-5@20250929'
PLACE = '/v1/projects/acme/locations/global'
_numbers = itertools.count(1)


def encoded(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


class TokenEndpoint(Upstream):
    """Grants `ya29.e2e-N` for `lifetime` seconds; `steps` are played instead while they are set."""

    def __init__(self, tls, lifetime=3600):
        super().__init__(tls)
        self.lifetime, self.steps, self.granted, self.asked = lifetime, None, [], []

    def _steps_for(self, request):
        self.asked.append((time.monotonic(), request))
        if self.steps is not None:
            return self.steps
        token = f'ya29.e2e-token_{next(_numbers)}-0123456789abcdef'
        self.granted.append(token)
        config.SECRETS.append(token)
        return answers.whole({'access_token': token, 'expires_in': self.lifetime, 'token_type': 'Bearer'})


class Site:
    """An endpoint, a service account, and a gateway that uses them."""

    def __init__(self, t, lifetime=3600, names='DNS:localhost,IP:127.0.0.1', steps=None, first_token=True):
        certificates = t.world.certificates
        name = f'token-{next(_numbers)}'
        self.t, self.certificates = t, certificates
        self.endpoint = TokenEndpoint(
            certificates.server_context(certificates.leaf(name, names=names)), lifetime)
        self.endpoint.steps = steps
        self.folder = pathlib.Path(certificates.path(name))
        self.folder.mkdir()
        self.key = self.folder / 'key.pem'
        subprocess.run(['openssl', 'genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048',
                        '-out', self.key], capture_output=True, check=True)
        self.account('kid-1')
        self.gateway = t.world.start(self.config(), name=t.name)
        if first_token:
            eventually(lambda: self.gateway.events('token_granted'), 10 * t.slack, 'the first token')

    def account(self, key_id):
        account = self.folder / 'account.json'
        account.write_text(json.dumps({
            'type': 'service_account', 'client_email': ISSUER, 'private_key_id': key_id,
            'private_key': self.key.read_text(), 'token_uri': f'https://localhost:{self.endpoint.port}/token'}))
        account.chmod(0o600)

    def config(self):
        google = (f'  google: {{kind: vertex, project: acme, region: global, ca: "{self.certificates.ca}", '
                  f'base_url: "http://127.0.0.1:{self.t.main.port}", allow_private: true, '
                  f'service_account: "file:{self.folder}/account.json"}}\n')
        spare = config.provider('spare', self.t.world.second.base_url)
        models = [config.model('gemini', [('google', GEMINI)]),
                  config.model('claude', [('google', f'"{CLAUDE}"')]),
                  config.model('gemini-chat', []).replace(
                      'targets: []', f'targets: [{{provider: google, model: google/{GEMINI}, api: chat}}]'),
                  config.model('pair', [('google', GEMINI), ('spare', 'up-spare')])]
        keys = 'keys:\n' + config.key('main', config.MAIN_KEY)
        return config.config([google, spare], models, keys=keys)

    def ask(self, model, speaker='chat', **fields):
        ask = Ask(model, f'Why is the sky blue? {self.t.marker}', **fields)
        return CLIENTS[speaker].asked(self.t, ask, self.gateway), ask

    def stop(self):
        begun = time.monotonic()
        self.gateway.stop()
        self.endpoint.stop()
        return time.monotonic() - begun


def bearer(request):
    return request.header('authorization').removeprefix('Bearer ')


@case('a token is fetched with a signed assertion and used')
def used(t):
    site = Site(t)
    t.script(EVERY['gemini'].whole_steps(PLAIN))
    response, ask = site.ask('gemini')
    same(CLIENTS['chat'].heard(response, ask).text, PLAIN.whole_text)
    request, = t.main.wait_for(t.marker)
    same(request.path, f'{PLACE}/publishers/google/models/{GEMINI}:generateContent')
    same([bearer(request)], site.endpoint.granted)
    assert request.header('x-goog-api-key') is None, 'two credentials'
    (_, asked), = site.endpoint.asked
    same((asked.method, asked.path), ('POST', '/token'))
    same(asked.header('content-type'), 'application/x-www-form-urlencoded')
    form = dict(urllib.parse.parse_qsl(asked.body.decode()))
    same(form['grant_type'], 'urn:ietf:params:oauth:grant-type:jwt-bearer')
    head, claims, signature = form['assertion'].split('.')
    same(json.loads(encoded(head)), {'alg': 'RS256', 'typ': 'JWT', 'kid': 'kid-1'})
    claims_read = json.loads(encoded(claims))
    same((claims_read['iss'], claims_read['aud']),
         (ISSUER, f'https://localhost:{site.endpoint.port}/token'))
    assert abs(claims_read['iat'] - time.time()) < 60 and claims_read['exp'] == claims_read['iat'] + 3600
    with tempfile.NamedTemporaryFile() as file:
        file.write(encoded(signature))
        file.flush()
        public = site.folder / 'public.pem'
        subprocess.run(['openssl', 'pkey', '-in', site.key, '-pubout', '-out', public], check=True)
        done = subprocess.run(['openssl', 'dgst', '-sha256', '-verify', public, '-signature', file.name],
                              input=f'{head}.{claims}'.encode(), capture_output=True)
        same(done.returncode, 0, 'signature of the assertion')
    assert site.stop() < 5 * t.slack


@case("OpenAI's dialect at Vertex has the token too", {'whole': (False,), 'streamed': (True,)})
def chat(t, stream):
    site = Site(t)
    provider = EVERY['chat']
    t.script(provider.stream_steps(PLAIN) if stream else provider.whole_steps(PLAIN))
    response, ask = site.ask('gemini-chat', stream=stream)
    same(CLIENTS['chat'].heard(response, ask).text, PLAIN.whole_text)
    request, = t.main.wait_for(t.marker)
    same(request.path, f'{PLACE}/endpoints/openapi/chat/completions')
    same([bearer(request)], site.endpoint.granted)
    site.stop()


ROWS = {f'{c}, {"streamed" if s else "whole"}': (c, s) for c in ('chat', 'messages') for s in (False, True)}


@case('Claude on Vertex, trap_64', ROWS)
def claude(t, speaker, stream):
    site = Site(t)
    provider = EVERY['anthropic']
    t.script(provider.stream_steps(PLAIN) if stream else provider.whole_steps(PLAIN))
    response, ask = site.ask('claude', speaker, stream=stream)
    same(CLIENTS[speaker].heard(response, ask).text, PLAIN.whole_text)
    request, = t.main.wait_for(t.marker)
    verb = 'streamRawPredict' if stream else 'rawPredict'
    same(request.path, f'{PLACE}/publishers/anthropic/models/{CLAUDE}:{verb}')
    same([bearer(request)], site.endpoint.granted)
    body = json.loads(request.body)
    assert 'model' not in body, 'the address names the model'
    same(body['anthropic_version'], 'vertex-2023-10-16')
    site.stop()


@case('a token is renewed before its end, without a request that fails', alone=True)
def renewed(t):
    site = Site(t, lifetime=3)
    t.script(EVERY['gemini'].whole_steps(PLAIN))
    end = time.monotonic() + 7
    while time.monotonic() < end:
        same(site.ask('gemini')[0].status, 200, 'status')
        time.sleep(0.1)
    used = list(dict.fromkeys(bearer(r) for r in t.main.requests(t.marker)))
    same(used, site.endpoint.granted[:len(used)], 'tokens in their order')
    assert len(used) >= 3, used
    times = [at for at, _ in site.endpoint.asked]
    for first, second in itertools.pairwise(times):
        assert 2.3 <= second - first <= 2.8 * t.slack, times
    site.stop()


@case('an endpoint that fails is asked again, with pauses, and its failures are told')
def recovering(t):
    words = 'the endpoint says why'
    site = Site(t, steps=answers.whole({'error': 'internal', 'error_description': words}, 503),
                first_token=False)
    eventually(lambda: len(site.endpoint.asked) >= 2, 8 * t.slack, 'a second try')
    response, _ = site.ask('gemini')
    refused(response, 503, 'upstream_unavailable')
    # Another target serves meanwhile.
    same(site.ask('pair')[0].status, 200)
    site.endpoint.steps = None
    eventually(lambda: site.gateway.events('token_granted'), 12 * t.slack, 'the token')
    t.script(EVERY['gemini'].whole_steps(PLAIN))
    same(site.ask('gemini')[0].status, 200)
    failures = site.gateway.events('token_failed')
    same([f['retry_ms'] for f in failures], [1000 * 2 ** n for n in range(len(failures))])
    for failure in failures:
        same((failure['provider'], failure['level'], failure['status'], failure['serving']),
             ('google', 'error', 503, False))
    assert words not in site.gateway.errors, "the endpoint's words are in the log"
    samples = parse(scrape(site.gateway))
    same(samples['penstock_token_fetches_total', (('result', 'failed'),)], len(failures))
    same(samples['penstock_token_fetches_total', (('result', 'granted'),)], 1)
    site.stop()


@case('an account that is refused is told as such')
def refusing(t):
    site = Site(t, steps=answers.whole({'error': 'invalid_grant'}, 400), first_token=False)
    eventually(lambda: site.gateway.events('token_failed'), 8 * t.slack, 'the failure')
    response, _ = site.ask('gemini')
    refused(response, 502, 'upstream_auth_failed')
    response, _ = site.ask('claude', 'messages')
    same((response.status, response.error['type']), (502, 'api_error'))
    same(t.main.requests(t.marker), [], 'requests without a token')
    same(site.ask('pair')[0].status, 200)
    site.stop()


@case('an old token serves while the endpoint fails', alone=True)
def serving(t):
    site = Site(t, lifetime=4)
    site.endpoint.steps = answers.whole(b'', 500)
    t.script(EVERY['gemini'].whole_steps(PLAIN))
    eventually(lambda: site.gateway.events('token_failed'), 8 * t.slack, 'a failure')
    same(site.gateway.events('token_failed')[0]['serving'], True)
    same(site.ask('gemini')[0].status, 200, 'with the old token')
    eventually(lambda: site.ask('gemini')[0].status == 503, 4 * t.slack, 'the end of the old token')
    site.stop()


BAD = {'not JSON': b'<html>', 'no token': {'expires_in': 3600}, 'no lifetime': {'access_token': 'ya29.x'},
       'a token with a line end': {'access_token': 'ya29.x\r\nX: y', 'expires_in': 3600},
       'endless': b'{"access_token": "' + b'a' * 200_000 + b'", "expires_in": 60}'}


@case('an answer that is none is no token', {k: (v,) for k, v in BAD.items()})
def bad(t, body):
    site = Site(t, steps=answers.whole(body), first_token=False)
    eventually(lambda: site.gateway.events('token_failed'), 8 * t.slack, 'the failure')
    refused(site.ask('gemini')[0], 503, 'upstream_unavailable')
    site.stop()


@case('a redirect is not followed')
def redirect(t):
    site = Site(t, steps=answers.whole(b'', 307, f'Location: http://127.0.0.1:{t.main.port}/{t.marker}'),
                first_token=False)
    eventually(lambda: site.gateway.events('token_failed'), 8 * t.slack, 'the failure')
    same(t.main.saw(t.marker.encode()), False, 'the assertion went elsewhere')
    site.stop()


@case('an endpoint whose certificate is for another name gets no assertion')
def proven(t):
    site = Site(t, names='DNS:elsewhere.example', first_token=False)
    eventually(lambda: site.gateway.events('token_failed'), 8 * t.slack, 'the failure')
    same(site.endpoint.asked, [])
    refused(site.ask('gemini')[0], 503, 'upstream_unavailable')
    site.stop()


@case('the program ends at once although the endpoint is silent')
def silent(t):
    site = Site(t, steps=[stall()], first_token=False)
    eventually(lambda: site.endpoint.asked, 8 * t.slack, 'the fetch')
    assert site.stop() < 3 * t.slack, 'the fetch held the end up'


@case("the provider's 401 is not tried again with the same token, and shows no token")
def unauthorized(t):
    site = Site(t)
    token, = site.endpoint.granted
    provider = EVERY['gemini']
    t.script(provider.error_steps(401, f'the token {token} is not good', f'x-request-id: {token}'))
    for speaker in ('chat', 'messages', 'gemini', 'responses'):
        response, _ = site.ask('gemini', speaker)
        same(response.status, 502)
        assert token.encode() not in response.body
        assert token not in str(response.header('x-gateway-upstream-request-id'))
    same(len(t.main.requests(t.marker)), 4, 'requests')
    same(site.ask('pair')[0].status, 200, 'another target')
    site.stop()


@case('a token that the provider refuses is replaced early, once')
def revoked(t):
    site = Site(t)
    provider = EVERY['gemini']
    # Refused until there is another token; the same token is not tried twice.
    t.script(provider.error_steps(401, 'revoked'))
    same(site.ask('gemini')[0].status, 502)
    eventually(lambda: len(site.endpoint.granted) == 2, 5 * t.slack, 'a second token')
    event, = site.gateway.events('token_refused')
    same(event['provider'], 'google')
    eventually(lambda: site.ask('gemini') and bearer(t.main.requests(t.marker)[-1]) == site.endpoint.granted[1],
               5 * t.slack, 'the second token in use')
    # It is refused as well, and again: no other is fetched for a minute.
    for _ in range(20):
        same(site.ask('gemini')[0].status, 502)
        time.sleep(0.15)
    same(len(site.endpoint.asked), 2, 'fetches')
    t.script(provider.whole_steps(PLAIN))
    same(site.ask('gemini')[0].status, 200)
    site.stop()


@case('an attempt is repeated once a newer token is there', alone=True)
def repeated(t):
    site = Site(t, lifetime=4)
    provider = EVERY['gemini']
    old = site.endpoint.granted[0]
    # The answer takes longer than the token is the newest one.
    t.script([wait(3.6), *provider.error_steps(401, 'too old')], provider.whole_steps(PLAIN))
    response, ask = site.ask('gemini')
    same(CLIENTS['chat'].heard(response, ask).text, PLAIN.whole_text)
    same(response.header('x-gateway-attempts'), '2')
    first, second = t.main.requests(t.marker)
    assert bearer(first) == old and bearer(second) in site.endpoint.granted[1:], 'not a newer token'
    same(site.gateway.events('token_refused'), [])
    site.stop()


@case('Claude on Vertex counts, trap_64', {c: c for c in ('messages', 'gemini')})
def counting(t, speaker):
    site = Site(t)
    t.script(answers.whole({'input_tokens': 41}))
    client = CLIENTS[speaker]
    body = client.body(Ask('claude', f'Why is the sky blue? {t.marker}'))
    body.pop('max_tokens', None)
    path = '/v1/messages/count_tokens' if speaker == 'messages' else '/v1beta/models/claude:countTokens'
    response = t.ask(body, gateway=site.gateway, path=path, key=None, headers=client.headers())
    same((response.status, 41 in response.json.values()), (200, True), f'answer ({response.body!r:.300})')
    request, = t.main.requests(t.marker)
    same(request.path, f'{PLACE}/publishers/anthropic/models/count-tokens:rawPredict')
    sent = json.loads(request.body)
    same((sent['model'], sent['anthropic_version'], 'max_tokens' in sent), (CLAUDE, 'vertex-2023-10-16', False))
    site.stop()


@case('a reload keeps the token of an unchanged account and fetches that of a changed one')
def reloading(t):
    site = Site(t)
    provider = EVERY['gemini']
    t.script(provider.whole_steps(PLAIN))

    def reload(count):
        site.gateway.reload()
        eventually(lambda: len(site.gateway.events('reloaded')) == count, 5 * t.slack, 'the reload')

    reload(1)
    same(site.ask('gemini')[0].status, 200)
    same(len(site.endpoint.asked), 1, 'fetches')
    site.account('kid-2')
    reload(2)
    eventually(lambda: len(site.gateway.events('token_granted')) == 2, 5 * t.slack, 'a second token')
    same(site.ask('gemini')[0].status, 200)
    same([bearer(r) for r in t.main.requests(t.marker)], site.endpoint.granted)
    site.stop()


@case('neither key, assertion nor token is in any output')
def secret(t):
    site = Site(t)
    t.script(EVERY['gemini'].whole_steps(PLAIN))
    same(site.ask('gemini')[0].status, 200)
    page = scrape(site.gateway)
    endpoint = site.endpoint
    site.stop()
    assertion = dict(urllib.parse.parse_qsl(endpoint.asked[0][1].body.decode()))['assertion']
    line = re.search(r'\n([A-Za-z0-9+/]{64})\n', site.key.read_text())[1] 
    outputs = '\n'.join([*site.gateway.out, *site.gateway.err, page]) + site.gateway.last_log.decode()
    for text in (line, assertion, assertion.split('.')[2], *endpoint.granted):
        assert text not in outputs, 'a secret shows'
