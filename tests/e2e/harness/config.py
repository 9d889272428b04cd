"""The configurations that the instances of a run use, and the secrets planted in them."""
import os

MAIN_KEY = 'sk-e2e-main-5f1c9a7d3b2e4860'
NARROW_KEY = 'sk-e2e-narrow-77aa10cc29d84e3b'      # may use only `chat`
DISABLED_KEY = 'sk-e2e-disabled-0c3d5e7f9a1b2c4d'
EXPIRED_KEY = 'sk-e2e-expired-b8d6f4a2c0e1d3f5'
RATE_KEYS = [f'sk-e2e-rate-{n}-9d8c7b6a5f4e3d2c' for n in range(4)]       # 3 requests a minute
CONCURRENCY_KEYS = [f'sk-e2e-conc-{n}-1a2b3c4d5e6f7a8b' for n in range(3)]  # 1 at once
PROVIDER_KEY = 'sk-provider-e2e-c0ffee1234567890'
SECOND_PROVIDER_KEY = 'sk-provider-second-deadbeef987654'
ADMIN_TOKEN = 'admin-e2e-token-6a5b4c3d2e1f0987'
SECRETS = [MAIN_KEY, NARROW_KEY, DISABLED_KEY, EXPIRED_KEY, *RATE_KEYS, *CONCURRENCY_KEYS,
           PROVIDER_KEY, SECOND_PROVIDER_KEY, ADMIN_TOKEN]


def shards(count):
    cpus = sorted(os.sched_getaffinity(0))
    return '[' + ', '.join(str(cpus[i % len(cpus)]) for i in range(min(count, len(cpus)))) + ']'


def key(name, secret, extra=''):
    return f'  - {{name: {name}, secret: "{secret}"{", " + extra if extra else ""}}}\n'


KEYS = ('keys:\n' + key('main', MAIN_KEY) + key('narrow', NARROW_KEY, 'models: [chat]')
        + key('disabled', DISABLED_KEY, 'disabled: true')
        + key('expired', EXPIRED_KEY, 'expires: 2020-01-01')
        + ''.join(key(f'rate{n}', k, 'limits: {rpm: 3}') for n, k in enumerate(RATE_KEYS))
        + ''.join(key(f'conc{n}', k, 'limits: {concurrency: 1}')
                  for n, k in enumerate(CONCURRENCY_KEYS)))

PATIENT = '''
timeouts: {connect: 2s, first_byte: 20s, idle: 20s, total: 60s}
client: {header_timeout: 10s, body_timeout: 10s, keepalive_timeout: 30s, write_timeout: 20s}
'''
IMPATIENT = '''
timeouts: {connect: 400ms, first_byte: 600ms, idle: 600ms, total: 2500ms}
client: {header_timeout: 600ms, body_timeout: 600ms, keepalive_timeout: 800ms, write_timeout: 1s,
         max_requests_per_connection: 5}
sse: {max_event_bytes: 64KiB}
limits: {max_body: 64KiB}
upstream: {max_response_bytes: 64KiB}
'''


def listen(tls=''):
    return ('listen:\n'
            f'  data: {{address: "127.0.0.1:0"{", " + tls if tls else ""}}}\n'
            f'  admin: {{address: "127.0.0.1:0", tokens: ["{ADMIN_TOKEN}"]}}\n')


def provider(name, base_url, extra='', secret=PROVIDER_KEY):
    return (f'  {name}: {{kind: openai-compatible, base_url: "{base_url}", keys: ["{secret}"], '
            f'allow_private: true{", " + extra if extra else ""}}}\n')


def model(name, targets, extra=''):
    """targets: (provider, model) pairs; the first takes all requests as long as it can."""
    rows = ', '.join(f'{{provider: {p}, model: {m}, weight: {1000000 if i == 0 else 1}}}'
                     for i, (p, m) in enumerate(targets))
    return f'  {name}: {{targets: [{rows}]{", " + extra if extra else ""}}}\n'


def config(providers, models, rest=PATIENT, keys=KEYS, tls='', shard_count=1):
    return (listen(tls) + f'shards: {shards(shard_count)}\n' + 'providers:\n' + ''.join(providers)
            + 'models:\n' + ''.join(models) + keys + rest
            + 'telemetry: {access_log: "{directory}/access.log"}\n')


def standard(world, rest=PATIENT):
    """The configuration that most cases share: scripted providers `main` and `second`, one that
    refuses connections, one that never answers to them."""
    providers = [
        provider('main', world.main.base_url),
        provider('second', world.second.base_url, secret=SECOND_PROVIDER_KEY),
        provider('early', world.early.base_url),
        provider('refused', f'http://127.0.0.1:{world.refused_port}/v1'),
        provider('hole', world.hole.base_url),
    ]
    models = [
        model('chat', [('main', 'up-chat')]),
        model('emb', [('main', 'up-emb')]),
        model('hidden', [('main', 'up-hidden')]),
        model('pair', [('main', 'up-first'), ('second', 'up-second')]),
        model('thrice', [('main', 'up-first'), ('second', 'up-second')], 'retry: {max_attempts: 3}'),
        model('single', [('main', 'up-single')], 'retry: {max_attempts: 1}'),
        model('early', [('early', 'up-early')]),
        model('refused', [('refused', 'up-x')]),
        model('refused-first', [('refused', 'up-x'), ('second', 'up-second')]),
        model('hole', [('hole', 'up-x')], 'retry: {max_attempts: 1}'),
        model('hole-first', [('hole', 'up-x'), ('second', 'up-second')]),
    ]
    return config(providers, models, rest, shard_count=world.shards)
