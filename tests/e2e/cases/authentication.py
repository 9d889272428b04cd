"""Who may come in. One text for everything that is not a valid key."""
from cases.metrics import parse, scrape, total
from harness import answers, config
from harness.case import build, case, refused, same
from harness.config import ADMIN_TOKEN, DISABLED_KEY, EXPIRED_KEY, MAIN_KEY, NARROW_KEY

NOT_A_KEY = {
    'none': [],
    'other scheme': [f'Authorization: Basic {MAIN_KEY}'],
    'scheme alone': ['Authorization: Bearer'],
    'scheme and blank': ['Authorization: Bearer '],
    'no scheme': [f'Authorization: {MAIN_KEY}'],
    'unknown': ['Authorization: Bearer sk-e2e-nobody-0000000000000000'],
    'first character differs': [f'Authorization: Bearer x{MAIN_KEY[1:]}'],
    'last character differs': [f'Authorization: Bearer {MAIN_KEY[:-1]}x'],
    'prefix': [f'Authorization: Bearer {MAIN_KEY[:-1]}'],
    'longer': [f'Authorization: Bearer {MAIN_KEY}0'],
    'two values': [f'Authorization: Bearer {MAIN_KEY} {MAIN_KEY}'],
    'other case': [f'Authorization: Bearer {MAIN_KEY.upper()}'],
    'huge': ['Authorization: Bearer ' + 'k' * 7000],
    'opaque bytes': ['Authorization: Bearer \xff\xfe\xfd\xfc'],
    'expired': [f'Authorization: Bearer {EXPIRED_KEY}'],
    'admin token': [f'Authorization: Bearer {ADMIN_TOKEN}'],
    'x-api-key unknown': ['x-api-key: nobody-0000000000000000'],
    'empty x-api-key': ['x-api-key:'],
    'in the query': [],
}


@case('refused with one text', NOT_A_KEY, smoke=True)
def not_a_key(t, headers):
    path = f'/v1/chat/completions?api_key={MAIN_KEY}' if t.name.endswith('query') else '/v1/chat/completions'
    response = t.ask(key=None, headers=headers, path=path)
    error = refused(response, 401, 'invalid_api_key')
    same(error['type'], 'invalid_request_error')
    reference = t.ask(key=None).error
    same(error['message'], reference['message'], 'the one text')
    same(t.main.requests(t.marker), [], 'requests upstream')


def watchful(world):
    return config.standard(world, config.PATIENT + 'limits: {failed_keys_per_minute: 5}\n'), None


@case('who guesses pays a connection for each guess, good keys of the same address go on')
def guessing(t):
    gateway = t.world.gateway('watchful', watchful)
    wrong = [f'Authorization: Bearer sk-e2e-guess-{n:016}' for n in range(9)]
    with t.client(gateway) as client, t.client(gateway) as good:
        texts = []
        for n, header in enumerate(wrong[:5]):
            response = client.send(build(t.chat(), key=None, headers=[header])).response()
            texts.append(refused(response, 401, 'invalid_api_key')['message'])
            assert not response.closes, f'guess {n} closed the connection'
        good.send(build(t.chat(), key=MAIN_KEY))
        same(good.response().status, 200)
        response = client.send(build(t.chat(), key=None, headers=[wrong[5]])).response()
        texts.append(refused(response, 401, 'invalid_api_key')['message'])
        assert response.closes, 'a guess too many kept its connection'
        same(client.rest(3 * t.slack), b'')
        for header in wrong[6:]:
            response = t.ask(key=None, headers=[header], gateway=gateway)
            texts.append(refused(response, 401, 'invalid_api_key')['message'])
            assert response.closes
        same(len(set(texts)), 1, 'texts')
        good.send(build(t.chat(), key=MAIN_KEY))
        response = good.response()
        same((response.status, response.closes), (200, False), 'the good key on its connection')
    same(t.ask(gateway=gateway).status, 200, 'a good key on a new connection')
    samples = parse(scrape(gateway))
    same(total(samples, 'penstock_failed_keys_total', limited='no'), 5)
    same(total(samples, 'penstock_failed_keys_total', limited='yes'), 4)


@case('a disabled key says so')
def disabled(t):
    refused(t.ask(key=DISABLED_KEY), 403, 'key_disabled')
    same(t.main.requests(t.marker), [])


GOOD = {
    'Bearer': [f'Authorization: Bearer {MAIN_KEY}'],
    'bearer in small letters': [f'authorization: bearer {MAIN_KEY}'],
    'x-api-key': [f'x-api-key: {MAIN_KEY}'],
    'api-key': [f'api-key: {MAIN_KEY}'],
    'two equal ones': [f'Authorization: Bearer {MAIN_KEY}', f'x-api-key: {MAIN_KEY}'],
}


@case('accepted', GOOD)
def accepted(t, headers):
    same(t.ask(key=None, headers=headers).body, answers.CHAT)


AMBIGUOUS = {
    'Authorization twice': [f'Authorization: Bearer {MAIN_KEY}'] * 2,
    'x-api-key twice': [f'x-api-key: {MAIN_KEY}'] * 2,
    'two different ones': [f'Authorization: Bearer {MAIN_KEY}', f'x-api-key: {NARROW_KEY}'],
    'valid beside unknown': [f'Authorization: Bearer {MAIN_KEY}', 'api-key: nobody-000000000000'],
}


@case('ambiguous credentials are malformed', AMBIGUOUS)
def ambiguous(t, headers):
    refused(t.ask(key=None, headers=headers), 400, 'bad_request')
    same(t.main.requests(t.marker), [])


@case('the path is judged before the key')
def order(t):
    refused(t.ask(key=None, path='/v1/nothing'), 404, 'not_found')
    refused(t.ask(key=None, method='GET', path='/v1/chat/completions'), 405, 'method_not_allowed')


@case('models need a key')
def models(t):
    refused(t.ask(key=None, method='GET', path='/v1/models'), 401, 'invalid_api_key')


@case('a key that may not use a model cannot tell whether it exists')
def model_permission(t):
    answers_seen = []
    for model in ('hidden', 'no-such-model'):
        response = t.ask(t.chat(model=model), key=NARROW_KEY)
        error = refused(response, {403, 404}, {'model_not_allowed', 'model_not_found'})
        answers_seen.append((response.status, error['code'], error['message'].replace(model, '*')))
        refused(t.ask(method='GET', path=f'/v1/models/{model}', key=NARROW_KEY), 404, 'model_not_found')
    same(answers_seen[0], answers_seen[1], 'answers for a hidden and an absent model')
    same(t.main.requests(t.marker), [])


@case('an unauthenticated body is not waited for')
def body_not_read(t):
    with t.client() as client:
        client.send(build(b'', key=None, length=False,
                          headers=['Content-Length: 1000000', 'Content-Type: application/json']))
        response = client.response()
        refused(response, 401, 'invalid_api_key')
        assert response.closes, 'the rest of the body would be read as a request'
