"""/metrics on the admin listener: exact Prometheus text, and counts that are true."""
import re

from harness import answers, config
from harness.case import build, case, eventually, same
from harness.client import Client
from harness.config import ADMIN_TOKEN, MAIN_KEY

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?[0-9.e+-]+|\+Inf|NaN)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"')


def scrape(gateway, token=ADMIN_TOKEN):
    with Client(gateway.admin) as client:
        response = client.send(build(path='/metrics', method='GET', key=token)).response('GET')
    same(response.status, 200)
    assert response.header('content-type').startswith('text/plain'), response.header('content-type')
    return response.body.decode('utf-8')


def parse(text):
    """(name, labels as a sorted tuple) -> value. Strict."""
    samples, kinds = {}, {}
    assert text.endswith('\n')
    for line in text.splitlines():
        if line.startswith('# TYPE '):
            _, _, name, kind = line.split(' ')
            assert name not in kinds and kind in ('counter', 'gauge', 'histogram'), line
            kinds[name] = kind
            continue
        if line.startswith('#'):
            assert line.startswith('# HELP '), line
            continue
        found = SAMPLE.fullmatch(line)
        assert found, f'not a sample: {line}'
        labels = []
        rest = found[2] or ''
        while rest:
            label = LABEL.match(rest)
            assert label, f'bad labels: {line}'
            labels.append((label[1], label[2]))
            rest = rest[label.end():].lstrip(',')
        key = (found[1], tuple(sorted(labels)))
        assert key not in samples, f'twice: {line}'
        base = re.sub('_(bucket|sum|count)$', '', found[1])
        assert found[1] in kinds or kinds.get(base) == 'histogram', f'no TYPE: {line}'
        samples[key] = float(found[3].replace('+Inf', 'inf'))
    return samples


def total(samples, name, **labels):
    return sum(v for (n, given), v in samples.items()
               if n == name and all(dict(given).get(k) == w for k, w in labels.items()))


@case('the text parses, every histogram is whole')
def text(t):
    t.ask()
    t.ask(t.chat(stream=True))
    samples = parse(scrape(t.gateway))
    assert all(name.startswith('penstock_') for name, _ in samples), 'a name without the prefix'
    histograms = {}
    for (name, labels), value in samples.items():
        if name.endswith('_bucket'):
            given = dict(labels)
            bound = float(given.pop('le').replace('+Inf', 'inf'))
            histograms.setdefault((name[:-7], tuple(sorted(given.items()))), []).append((bound, value))
    assert histograms
    for (name, labels), buckets in histograms.items():
        counts = [v for _, v in sorted(buckets)]
        assert counts == sorted(counts), f'{name}: buckets fall'
        same(sorted(buckets)[-1][0], float('inf'), name)
        same(samples[(name + '_count', labels)], counts[-1], name)
        assert (name + '_sum', labels) in samples
    for name in ('penstock_build_info', 'penstock_io_backend', 'penstock_requests_total',
                 'penstock_request_duration_seconds_count', 'penstock_overhead_seconds_count',
                 'penstock_connections', 'penstock_buffers_lent', 'penstock_frames_live'):
        assert any(n == name for n, _ in samples), f'no {name}'


def counting(world):
    return config.standard(world), None


@case('counts rise by what was asked', smoke=True, alone=True)
def counts(t):
    gateway = t.world.gateway('counting', counting)
    before = parse(scrape(gateway))
    for n in range(6):
        t.ask(t.chat(stream=n % 2 == 0), gateway=gateway)
    t.ask(gateway=gateway, key=None)
    t.ask(t.chat(model='no-such'), gateway=gateway)

    def risen(name, **labels):
        now = parse(scrape(gateway))
        return total(now, name, **labels) - total(before, name, **labels)

    eventually(lambda: risen('penstock_requests_total', model='chat', status='200') == 6, 3, 'six requests')
    same(risen('penstock_requests_total', code='invalid_api_key'), 1)
    same(risen('penstock_requests_total', code='model_not_found'), 1)
    same(risen('penstock_tokens_total', model='chat', kind='input'), 66)
    same(risen('penstock_tokens_total', model='chat', kind='output'), 15)
    same(risen('penstock_attempts_total', target='main/up-chat', result='ok'), 6)
    same(risen('penstock_time_to_first_byte_seconds_count', model='chat'), 6)


@case('streams and connections are counted while they live')
def gauges(t):
    gateway = t.world.gateway('counting', counting)
    t.script([answers.send(answers.stream_head() + answers.http_chunk(answers.ROLE)), answers.stall()])
    before = total(parse(scrape(gateway)), 'penstock_streams_active')
    clients = [t.begin(t.chat(stream=True), gateway=gateway) for _ in range(3)]
    for client in clients:
        client.head()
    eventually(lambda: total(parse(scrape(gateway)), 'penstock_streams_active') - before == 3, 3, 'three streams')
    for client in clients:
        client.reset()
    eventually(lambda: total(parse(scrape(gateway)), 'penstock_streams_active') == before, 3, 'no stream')
    eventually(lambda: total(parse(scrape(gateway)), 'penstock_buffers_lent') == 0, 3, 'no lent buffer')


@case('parse errors are counted by reason')
def parse_errors(t):
    gateway = t.world.gateway('counting', counting)
    before = total(parse(scrape(gateway)), 'penstock_http_parse_errors_total')
    for data in (b'GET / HTTP/1.1\n\n', b'GET / HTTP/3.0\r\n\r\n', b'GET / HTTP/1.1\r\nA : b\r\n\r\n'):
        with t.client(gateway) as client:
            client.send(data)
            client.response()
    eventually(lambda: total(parse(scrape(gateway)), 'penstock_http_parse_errors_total') - before == 3, 3)


@case('labels never come from a client')
def labels(t):
    for n in range(20):
        t.ask(t.chat(model=f'label-canary-{n}'))
        t.ask(method='GET', path=f'/v1/label-canary-{n}', headers=[f'X-Label-Canary: {n}'])
    assert 'label-canary' not in scrape(t.gateway)


@case('the admin plane needs its token')
def token(t):
    for key in (MAIN_KEY, 'admin-e2e-token-6a5b4c3d2e1f0988', None):
        with Client(t.gateway.admin) as client:
            response = client.send(build(path='/admin/v1/config', method='GET', key=key)).response('GET')
        assert response.status in (401, 403, 404), response.status


@case('metrics are not on the data listener')
def data_listener(t):
    same(t.ask(method='GET', path='/metrics').status, 404)
