"""TLS on both sides: peers are proven, a cut is not an end."""
import concurrent.futures
import http.client
import json
import shutil
import ssl
import subprocess
import time

from cases.metrics import parse, scrape, total
from harness import answers, config
from harness.answers import http_chunk, send, stream_head
from harness.case import Skip, build, case, data_of, eventually, interrupted, refused, same
from harness.client import Cut
from harness.config import MAIN_KEY
from harness.upstream import Upstream, cut, fin


# -- the data listener

def secure(world):
    pair = world.certificates.leaf('server')
    text = config.standard(world)
    tls = f'tls: {{certificate: "{pair[0]}", private_key: "{pair[1]}"}}'
    return (text.replace(config.listen(), config.listen(tls)),
            world.certificates.client_context())


def mutual(world):
    pair = world.certificates.leaf('mutual-server')
    mine = world.certificates.leaf('client', names='', common='a client', usage='clientAuth')
    tls = f'tls: {{certificate: "{pair[0]}", private_key: "{pair[1]}", client_ca: "{world.certificates.ca}"}}'
    return (config.standard(world).replace(config.listen(), config.listen(tls)),
            world.certificates.client_context(mine))


def gateway_of(t):
    return t.world.gateway('secure', secure)


@case('whole and streamed answers over TLS', smoke=True)
def over_tls(t):
    gateway = gateway_of(t)
    same(t.ask(gateway=gateway).body, answers.CHAT)
    same(t.ask(t.chat(stream=True), gateway=gateway).events, data_of(answers.good_events(False)))
    with t.client(gateway) as client:
        for _ in range(3):
            client.send(build(t.chat(), key=MAIN_KEY))
            same(client.response().body, answers.CHAT)


@case('a large body over TLS', alone=True)
def large(t):
    body = t.chat(messages=[{'role': 'user', 'content': 'x' * 5_000_000}])
    same(t.ask(body, gateway=gateway_of(t)).status, 200)
    same(len(t.main.requests(t.marker)[0].body), len(json.dumps(body)) + 3)


@case('ALPN is http/1.1')
def alpn(t):
    context = t.world.certificates.client_context()
    context.set_alpn_protocols(['h2', 'http/1.1'])
    with t.client(gateway_of(t), tls=context) as client:
        same(client.socket.selected_alpn_protocol(), 'http/1.1')
        client.send(build(path='/livez', method='GET'))
        same(client.response('GET').status, 200)


@case('protocol versions', {'1.2': (ssl.TLSVersion.TLSv1_2, True), '1.3': (ssl.TLSVersion.TLSv1_3, True),
                            '1.1': (ssl.TLSVersion.TLSv1_1, False)})
def versions(t, version, accepted):
    context = t.world.certificates.client_context(minimum=version, maximum=version)
    context.set_ciphers('DEFAULT:@SECLEVEL=0')
    try:
        with t.client(gateway_of(t), tls=context) as client:
            client.send(build(path='/livez', method='GET'))
            same(client.response('GET').status, 200)
            assert accepted, 'an old version was accepted'
    except ssl.SSLError:
        assert not accepted


@case('plain HTTP on the TLS port gets no answer')
def plain_on_tls(t):
    with t.client(gateway_of(t), tls=None) as client:
        client.send(build(path='/livez', method='GET'))
        text = client.rest(3 * t.slack)
        assert not text.startswith(b'HTTP/'), text[:40]
    same(t.ask(gateway=gateway_of(t)).status, 200)


@case('a malformed request over TLS, byte by byte')
def malformed(t):
    with t.client(gateway_of(t)) as client:
        client.send_cut(b'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n', iter(lambda: 1, None))
        refused(client.response(), 400, 'bad_request')
        same(client.rest(3 * t.slack), b'')


@case('a client that leaves over TLS ends the upstream request', alone=True)
def leaving(t):
    t.script([send(stream_head() + http_chunk(answers.ROLE)), answers.stall()])
    client = t.begin(t.chat(stream=True), gateway=gateway_of(t))
    client.head()
    request, = t.main.wait_for(t.marker)
    left = time.monotonic()
    client.reset()
    assert request.left.wait(5) and request.left_at - left < 0.1 * t.slack


@case('a handshake that never ends hinders nobody')
def half_handshake(t):
    with t.client(gateway_of(t), tls=None) as client:
        client.send(bytes.fromhex('160301'))
        same(t.ask(gateway=gateway_of(t)).status, 200)


def paced(world):
    text, tls = secure(world)
    return text + 'limits: {max_handshakes_per_second: 8}\n', tls


@case('more handshakes than may begin in a second wait for their turn', alone=True)
def handshakes(t):
    gateway = t.world.gateway('paced', paced)
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(13) as pool:
        statuses = list(pool.map(lambda _: t.ask(gateway=gateway).status, range(13)))
    took = time.monotonic() - begun
    same(statuses, [200] * 13)
    # The first at once, the others 125 ms after each other, less what a tenth of a second makes up.
    assert took > 1.3, f'13 handshakes in {took:.2f} s'
    samples = parse(scrape(gateway))
    assert total(samples, 'penstock_handshakes_held_total', result='delayed') >= 10
    same(total(samples, 'penstock_handshakes_held_total', result='refused'), 0)


def paced_impatient(world):
    text, tls = secure(world)
    text += 'limits: {max_handshakes_per_second: 4}\n'
    assert config.PATIENT in text
    return text.replace(config.PATIENT, config.PATIENT.replace('client: {', 'client: {handshake_timeout: 1s, ')), tls


@case('whose turn comes too late is told at once', alone=True)
def handshakes_too_late(t):
    gateway = t.world.gateway('paced-impatient', paced_impatient)

    def outcome(_):
        try:
            return t.ask(gateway=gateway).status
        except (ssl.SSLError, Cut, OSError):
            return 0
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(outcome, range(8)))
    assert time.monotonic() - begun < 3 * t.slack
    assert 1 <= statuses.count(200) <= 4, statuses
    assert total(parse(scrape(gateway)), 'penstock_handshakes_held_total', result='refused') >= 4


@case('curl, whole and streamed')
def curl(t):
    if not shutil.which('curl'):
        raise Skip('curl is not installed')
    gateway = gateway_of(t)
    url = f'https://localhost:{gateway.data[1]}/v1/chat/completions'
    for stream in (False, True):
        done = subprocess.run(
            ['curl', '-sS', '-N', '--fail-with-body', '--max-time', '10', '--cacert', t.world.certificates.ca,
             '--resolve', f'localhost:{gateway.data[1]}:127.0.0.1', '-H', f'Authorization: Bearer {MAIN_KEY}',
             '-H', 'Content-Type: application/json', '-d', json.dumps(t.chat(stream=stream)), url],
            capture_output=True)
        same((done.returncode, done.stderr), (0, b''))
        same(done.stdout, b''.join(answers.good_events(False)) if stream else answers.CHAT)


@case('the HTTP client of Python')
def python_client(t):
    gateway = gateway_of(t)
    connection = http.client.HTTPSConnection('localhost', gateway.data[1], timeout=10,
                                             context=t.world.certificates.client_context())
    for stream in (False, True):
        connection.request('POST', '/v1/chat/completions', json.dumps(t.chat(stream=stream)),
                           {'Authorization': f'Bearer {MAIN_KEY}', 'Content-Type': 'application/json'})
        body = connection.getresponse().read()
        same(body, b''.join(answers.good_events(False)) if stream else answers.CHAT)
    connection.close()


@case('clients prove themselves when the listener asks')
def client_certificates(t):
    gateway = t.world.gateway('mutual', mutual)
    same(t.ask(gateway=gateway).body, answers.CHAT)
    try:
        with t.client(gateway, tls=t.world.certificates.client_context()) as client:
            client.send(build(t.chat(), key=MAIN_KEY))
            assert b'200' not in client.rest(3 * t.slack)[:20], 'served without a certificate'
    except (ssl.SSLError, ConnectionResetError, BrokenPipeError):
        pass
    same(len(t.main.requests(t.marker)), 1, 'requests upstream')


@case('a renewed certificate is served after SIGHUP')
def renewed(t):
    certificates = t.world.certificates
    pair = certificates.leaf('renewed')
    text = config.standard(t.world).replace(config.listen(), config.listen(
        f'tls: {{certificate: "{pair[0]}", private_key: "{pair[1]}"}}'))
    gateway = t.world.start(text, name=t.name, tls=certificates.client_context())

    def serial():
        with t.client(gateway) as client:
            return client.socket.getpeercert()['serialNumber']

    kept = t.client(gateway)
    first = serial()
    certificates.leaf('renewed')
    gateway.reload()
    eventually(lambda: serial() != first, 5 * t.slack, 'a new serial number')
    kept.send(build(t.chat(), key=MAIN_KEY))
    same(kept.response().status, 200, 'a connection from before')
    # A key that does not fit changes nothing.
    second, (other_certificate, _) = serial(), certificates.leaf('unfitting')
    shutil.copy(other_certificate, pair[0])
    lines = len(gateway.err)
    gateway.reload()
    eventually(lambda: len(gateway.err) > lines, 5 * t.slack, 'a word about the refused certificate')
    same(serial(), second)
    gateway.stop()


# -- providers over TLS

UPSTREAM_LEAVES = {
    # name: (how the certificate is made, accepted)
    'good': ({}, True),
    'name only': ({'names': 'DNS:localhost'}, 'localhost'),
    'expired': ({'expired': True}, False),
    'other name': ({'names': 'DNS:other.test'}, False),
    'other address': ({'names': 'IP:127.0.0.2'}, False),
    'address as a name': ({'names': 'DNS:127.0.0.1'}, False),
    'no alternative names': ({'names': ''}, False),
    'unknown authority': ({'authority': 'other'}, False),
    'for clients': ({'usage': 'clientAuth'}, False),
    'wildcard over everything': ({'names': 'DNS:*'}, False),
    'partial wildcard': ({'names': 'DNS:local*'}, False),
}
_tls_upstreams = {}


def file_name(name):
    return 'up-' + name.replace(' ', '-')


def proving(world):
    """One provider for each certificate, reached by address and, where it matters, by name."""
    certificates = world.certificates
    providers, models = [], []
    for name, (how, accepted) in UPSTREAM_LEAVES.items():
        pair = certificates.leaf(file_name(name), **how)
        upstream = Upstream(tls=certificates.server_context(pair))
        _tls_upstreams[name] = upstream
        by_name = accepted == 'localhost' or 'wildcard' in name
        url = upstream.base_url.replace('127.0.0.1', 'localhost') if by_name else upstream.base_url
        providers.append(config.provider(file_name(name), url, f'ca: "{certificates.ca}"'))
        models.append(config.model(file_name(name), [(file_name(name), 'up-x')], 'retry: {max_attempts: 1}'))
    # Not one that the system trusts.
    providers.append(config.provider('system', _tls_upstreams['good'].base_url))
    models.append(config.model('system', [('system', 'up-x')], 'retry: {max_attempts: 1}'))
    # A plain server where TLS is expected.
    providers.append(config.provider('plain', f'https://127.0.0.1:{world.main.port}/v1',
                                     f'ca: "{certificates.ca}"'))
    models.append(config.model('plain', [('plain', 'up-x')], 'retry: {max_attempts: 1}'))
    keys = 'keys:\n' + config.key('main', MAIN_KEY)
    return config.config(providers, models, keys=keys), None


@case('the certificate of a provider', {n: n for n in UPSTREAM_LEAVES})
def certificates(t, name):
    gateway = t.world.gateway('proving', proving)
    accepted = UPSTREAM_LEAVES[name][1]
    response = t.ask(t.chat(model=file_name(name)), gateway=gateway)
    if accepted:
        same(response.body, answers.CHAT)
        same(t.ask(t.chat(model=file_name(name), stream=True), gateway=gateway).events,
             data_of(answers.good_events(False)))
    else:
        refused(response, 502, 'upstream_tls_failed')
        same(_tls_upstreams[name].raw, [], 'bytes that arrived in the clear')


@case('not proven', {'by the system\'s authorities': 'system', 'a server without TLS': 'plain'})
def not_proven(t, model):
    gateway = t.world.gateway('proving', proving)
    refused(t.ask(t.chat(model=model), gateway=gateway), 502, 'upstream_tls_failed')
    assert not t.main.saw(t.marker.encode())


@case('a large request to a provider over TLS', alone=True)
def large_upstream(t):
    gateway = t.world.gateway('proving', proving)
    body = t.chat(model='up-good', messages=[{'role': 'user', 'content': 'x' * 5_000_000}])
    same(t.ask(body, gateway=gateway).status, 200)
    same(len(_tls_upstreams['good'].requests(t.marker)[0].body), len(json.dumps(body)) - len('up-good') + 4)


@case('the connection to a provider over TLS is used again')
def reuse(t):
    gateway = t.world.gateway('proving', proving)
    for _ in range(4):
        same(t.ask(t.chat(model='up-good'), gateway=gateway).status, 200)
    same(len({r.connection for r in _tls_upstreams['good'].requests(t.marker)}), 1)


TRUNCATED = {
    'stream without close_notify': (True, [send(stream_head() + http_chunk(answers.ROLE)), cut()]),
    'stream with close_notify': (True, [send(stream_head() + http_chunk(answers.ROLE)), fin()]),
    'stream to the end of the connection, cut': (
        True, [send(answers.head(200, kind=answers.EVENT_STREAM) + answers.ROLE), cut()]),
}


@case('cut over TLS', TRUNCATED)
def truncated(t, stream, steps):
    gateway = t.world.gateway('proving', proving)
    _tls_upstreams['good'].script(t.marker, steps)
    response = t.ask(t.chat(model='up-good', stream=stream), gateway=gateway)
    interrupted(response, good=data_of([answers.ROLE]))


@case('a whole answer to the end of the connection', {'with close_notify': True, 'without': False})
def to_close(t, proper):
    gateway = t.world.gateway('proving', proving)
    _tls_upstreams['good'].script(t.marker, [send(answers.head(200) + answers.CHAT), fin() if proper else cut()])
    with t.client(gateway) as client:
        client.send(build(t.chat(model='up-good'), key=MAIN_KEY))
        response = client.response()
    if proper:
        same((response.status, response.body, response.complete), (200, answers.CHAT, True))
    else:
        assert response.status == 502 or not response.complete, 'a truncated TLS body was taken as whole'


@case('a length that is met needs no close_notify')
def length_met(t):
    gateway = t.world.gateway('proving', proving)
    _tls_upstreams['good'].script(t.marker, [*answers.whole(answers.CHAT), cut()])
    same(t.ask(t.chat(model='up-good'), gateway=gateway).body, answers.CHAT)
