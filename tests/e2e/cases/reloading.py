"""SIGHUP: a good file is taken whole, a bad one changes nothing, and no request is lost."""
import time

from harness import answers, config
from harness.answers import http_chunk, send, stream_head
from harness.case import background, build, case, data_of, eventually, refused, same
from harness.config import KEYS, MAIN_KEY, RATE_KEYS
from harness.upstream import wait

NEW_KEY = 'sk-e2e-reloaded-0f1e2d3c4b5a6978'
WITHOUT_MAIN = KEYS.replace(config.key('main', MAIN_KEY), config.key('reloaded', NEW_KEY))
WITH_NEW = KEYS + config.key('reloaded', NEW_KEY)


def start(t):
    return t.world.start(config.standard(t.world), name=t.name)


def take(t, gateway, text, what):
    """Writes the file, signals, and waits until `what` is true."""
    gateway.write_config(text)
    gateway.reload()
    eventually(what, 5 * t.slack, 'the reload')


@case('a new key works and a revoked one is refused on the connection it has')
def keys(t):
    gateway = start(t)
    kept = t.client(gateway)
    kept.send(build(t.chat(), key=MAIN_KEY))
    same(kept.response().status, 200)
    refused(t.ask(gateway=gateway, key=NEW_KEY), 401, 'invalid_api_key')
    take(t, gateway, config.standard(t.world).replace(KEYS, WITHOUT_MAIN),
         lambda: t.ask(gateway=gateway, key=NEW_KEY).status == 200)
    kept.send(build(t.chat(), key=MAIN_KEY))
    refused(kept.response(), 401, 'invalid_api_key')
    kept.send(build(t.chat(), key=NEW_KEY))
    same(kept.response().status, 200, 'the same connection with the new key')
    gateway.stop()


@case('models and targets change for the next request')
def models(t):
    gateway = start(t)
    same(t.ask(t.chat(model='renamed'), gateway=gateway).status, 404)
    text = config.standard(t.world).replace('  chat: {', '  renamed: {').replace('up-chat', 'up-other')
    text = text.replace('models: [chat]', 'models: [renamed]')
    take(t, gateway, text, lambda: t.ask(t.chat(model='renamed'), gateway=gateway).status == 200)
    assert b'"up-other"' in t.main.requests(t.marker)[-1].body
    refused(t.ask(gateway=gateway), 404, 'model_not_found')
    gateway.stop()


BAD = {
    'no YAML': lambda text: text + '\n}{',
    'unknown member': lambda text: text + 'surprise: 1\n',
    'unknown provider': lambda text: text.replace('provider: main', 'provider: nowhere'),
    'empty': lambda text: '',
    'bad duration': lambda text: text.replace('connect: 2s', 'connect: soon'),
}


@case('a bad file changes nothing', {name: (change,) for name, change in BAD.items()})
def bad(t, change):
    gateway = start(t)
    lines = len(gateway.err)
    gateway.write_config(change(config.standard(t.world).replace(KEYS, WITH_NEW)))
    gateway.reload()
    eventually(lambda: len(gateway.err) > lines, 5 * t.slack, 'a word about the refused file')
    same(t.ask(gateway=gateway).body, answers.CHAT)
    refused(t.ask(gateway=gateway, key=NEW_KEY), 401, 'invalid_api_key')
    # And a good one afterwards is taken.
    take(t, gateway, config.standard(t.world).replace(KEYS, WITH_NEW),
         lambda: t.ask(gateway=gateway, key=NEW_KEY).status == 200)
    gateway.stop()


@case('a running stream keeps what it began with')
def running(t):
    gateway = start(t)
    t.script([send(stream_head() + http_chunk(answers.ROLE)), wait(1.0),
              send(http_chunk(answers.DONE) + answers.LAST_CHUNK)], answers.whole(answers.CHAT))
    client = t.begin(t.chat(stream=True), gateway=gateway)
    response = client.head()
    take(t, gateway, config.standard(t.world).replace(KEYS, WITHOUT_MAIN),
         lambda: t.ask(gateway=gateway, key=NEW_KEY).status == 200)
    for piece in client.pieces(response):
        response.body += piece
    same(response.events, data_of([answers.ROLE, answers.DONE]))
    gateway.stop()


@case('limits keep their count over a reload')
def limits_kept(t):
    gateway = start(t)
    for _ in range(3):
        same(t.ask(gateway=gateway, key=RATE_KEYS[3]).status, 200)
    take(t, gateway, config.standard(t.world).replace(KEYS, WITH_NEW),
         lambda: t.ask(gateway=gateway, key=NEW_KEY).status == 200)
    refused(t.ask(gateway=gateway, key=RATE_KEYS[3]), 429, 'rate_limit_exceeded')
    gateway.stop()


@case('20 reloads under load lose no request', alone=True)
def under_load(t):
    gateway = start(t)
    stop, wrong, count = [], [], [0]

    def load():
        with t.client(gateway) as client:
            while not stop:
                client.send(build(t.chat(stream=count[0] % 2 == 1), key=MAIN_KEY))
                response = client.response()
                count[0] += 1
                if response.status != 200 or not response.complete:
                    wrong.append(response.body[:200])

    threads = [background(load) for _ in range(4)]
    texts = [config.standard(t.world), config.standard(t.world).replace(KEYS, WITH_NEW)]
    memory = None
    for n in range(20):
        gateway.write_config(texts[n % 2])
        gateway.reload()
        time.sleep(0.08 * min(t.slack, 2))
        if n == 9:
            memory = gateway.resident_kib()
    grown = gateway.resident_kib() - memory
    stop.append(True)
    for thread in threads:
        thread.join(10)
    same(wrong, [], 'failed requests')
    assert count[0] > 40, f'only {count[0]} requests'
    assert grown < 4096 * max(1, t.slack), f'{grown} KiB more after 10 reloads'
    gateway.stop()
