"""Rate and concurrency limits of keys, and of the process."""
from harness import answers, config
from harness.case import build, case, eventually, refused, same
from harness.client import Cut
from harness.config import CONCURRENCY_KEYS, RATE_KEYS


@case('the fourth request of a minute is refused')
def rate(t):
    for remaining in (2, 1, 0):
        response = t.ask(key=RATE_KEYS[0])
        same(response.status, 200)
        same(response.header('x-ratelimit-limit-requests'), '3')
        same(response.header('x-ratelimit-remaining-requests'), str(remaining))
        assert response.header('x-ratelimit-reset-requests')
    response = t.ask(key=RATE_KEYS[0])
    error = refused(response, 429, 'rate_limit_exceeded')
    same(error['type'], 'requests')
    same(response.header('x-gateway-limit-kind'), 'rpm')
    same(response.header('x-gateway-limit-scope'), 'key')
    same(response.header('x-ratelimit-remaining-requests'), '0')
    assert 1 <= int(response.header('retry-after')) <= 30
    assert int(response.header('retry-after-ms')) >= 1
    assert not response.closes
    same((error['metadata']['limit']['kind'], error['metadata']['limit']['scope'],
          error['metadata']['limit']['maximum']), ('rpm', 'key', 3))
    same(len(t.main.requests(t.marker)), 3, 'requests upstream')


@case('the limit is exact when all requests come at once')
def rate_at_once(t):
    clients = [t.client() for _ in range(12)]
    for client in clients:
        client.send(build(t.chat(), key=RATE_KEYS[1]))
    statuses = sorted(client.response().status for client in clients)
    same(statuses, [200] * 3 + [429] * 9)
    same(len(t.main.requests(t.marker)), 3, 'requests upstream')


@case('what is malformed or not found costs no rate')
def rate_not_spent(t):
    for _ in range(5):
        refused(t.ask(key=RATE_KEYS[2], method='GET', path='/v1/nothing'), 404)
    same(t.ask(key=RATE_KEYS[2]).header('x-ratelimit-remaining-requests'), '2')


@case('one request at once')
def concurrency(t):
    key = CONCURRENCY_KEYS[0]
    t.script([answers.send(answers.stream_head() + answers.http_chunk(answers.ROLE)), answers.wait(0.6),
              answers.send(answers.http_chunk(answers.DONE) + answers.LAST_CHUNK)],
             answers.whole(answers.CHAT))
    first = t.begin(t.chat(stream=True), key=key)
    same(first.head().status, 200)
    response = t.ask(key=key)
    error = refused(response, 429, 'too_many_concurrent_requests')
    same(error['type'], 'requests')
    same(response.header('x-gateway-limit-kind'), 'concurrency')
    same(response.header('x-gateway-limit-scope'), 'key')
    eventually(lambda: t.ask(key=key).status == 200, 4 * t.slack, 'a free place after the stream')


@case('a place is free again after', {'the client left': 'leave', 'an error': 'error', 'a cut stream': 'cut'})
def concurrency_released(t, how):
    key = {'leave': CONCURRENCY_KEYS[1]}.get(how, CONCURRENCY_KEYS[2])
    if how == 'leave':
        t.script([answers.stall()], answers.whole(answers.CHAT))
        client = t.begin(t.chat(), key=key)
        t.main.wait_for(t.marker)
        client.reset()
        eventually(lambda: t.ask(key=key).status == 200, 3 * t.slack, 'a free place')
        return
    if how == 'error':
        t.script(answers.error(400), answers.whole(answers.CHAT))
        eventually(lambda: t.ask(key=key).status == 400, 6 * t.slack)
    else:
        t.script([answers.send(answers.stream_head() + answers.http_chunk(answers.ROLE)), answers.rst()],
                 answers.whole(answers.CHAT))
        eventually(lambda: t.ask(t.chat(stream=True), key=key).status == 200, 6 * t.slack)
    eventually(lambda: t.ask(key=key).status == 200, 6 * t.slack, 'a free place')


def crowded(world):
    rest = config.PATIENT + 'limits: {max_inflight: 2, max_connections_per_ip: 4}\n'
    return config.standard(world, rest), None


@case('more requests than the process takes')
def inflight(t):
    gateway = t.world.gateway('crowded', crowded)
    t.script([answers.send(answers.stream_head() + answers.http_chunk(answers.ROLE)), answers.stall()],
             [answers.send(answers.stream_head() + answers.http_chunk(answers.ROLE)), answers.stall()],
             answers.whole(answers.CHAT))
    held = [t.begin(t.chat(stream=True), gateway=gateway) for _ in range(2)]
    for client in held:
        same(client.head().status, 200)
    response = t.ask(gateway=gateway)
    refused(response, 503, 'overloaded')
    same(response.header('x-gateway-limit-kind'), 'overload')
    same(t.ask(method='GET', path='/readyz', gateway=gateway).status, 200, 'health while crowded')
    held[0].reset()
    eventually(lambda: t.ask(gateway=gateway).status == 200, 3 * t.slack, 'a free place')


@case('more connections than one address may have')
def per_address(t):
    gateway = t.world.gateway('crowded', crowded)
    held = [t.client(gateway) for _ in range(4)]
    for client in held:
        client.send(build(path='/livez', method='GET'))
        same(client.response('GET').status, 200)
    with t.client(gateway) as one_more:
        try:
            one_more.send(build(path='/livez', method='GET'))
            text = one_more.rest(3 * t.slack)
        except (ConnectionResetError, BrokenPipeError):
            text = b''
        assert text == b'' or text.startswith(b'HTTP/1.1 503 '), text[:60]
    held[0].close()

    def served():
        with t.client(gateway) as again:
            try:
                again.send(build(path='/livez', method='GET'))
                return again.response('GET').status == 200
            except (Cut, OSError):
                return False
    eventually(served, 3 * t.slack, 'a free connection')
