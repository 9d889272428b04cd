"""How cases are written down: a function under `@case`, once or once for each row of a table."""
import itertools
import json
import random
import threading
import time

from harness import answers
from harness.client import Client, build
from harness.config import MAIN_KEY

CASES = []
_numbers = itertools.count(1)


class Skip(Exception):
    """The case cannot run here; the text says why."""


class Case:
    def __init__(self, name, run, alone, smoke):
        self.name, self.run, self.alone, self.smoke = name, run, alone, smoke


def case(name, rows=None, alone=False, smoke=False):
    """rows: id -> arguments (a tuple, or one value). alone: runs when nothing else does, because it
    measures time or memory. smoke: part of the short run too."""
    def register(function):
        module = function.__module__.rsplit('.', 1)[-1]
        if rows is None:
            CASES.append(Case(f'{module}: {name}', function, alone, smoke))
        else:
            for row, arguments in rows.items():
                values = arguments if isinstance(arguments, tuple) else (arguments,)
                CASES.append(Case(f'{module}: {name}: {row}',
                                  lambda t, v=values: function(t, *v), alone, smoke))
        return function
    return register


class Test:
    """What a case gets: the shared world, a marker and a client address of its own."""

    def __init__(self, world, case_name):
        number = next(_numbers)
        self.world, self.name = world, case_name
        self.marker = f'e2e-{number}-{random.randrange(1 << 32):x}'
        # An address of its own, so that limits by address see one client for each case.
        self.source = f'127.1.{number // 250}.{1 + number % 250}'
        self.slack = world.slack
        self._closing = []

    # -- shared things

    @property
    def gateway(self):
        return self.world.gateway('standard')

    @property
    def impatient(self):
        return self.world.gateway('impatient')

    @property
    def main(self):
        return self.world.main

    @property
    def second(self):
        return self.world.second

    # -- requests

    def chat(self, **fields):
        return {'model': 'chat', 'messages': [{'role': 'user', 'content': 'What is blue?'}],
                'user': self.marker, **fields}

    def client(self, gateway=None, **options):
        gateway = gateway or self.gateway
        options.setdefault('tls', gateway.tls)
        client = Client(gateway.data, source=self.source, **options)
        self._closing.append(client)
        return client

    def ask(self, body=None, gateway=None, method='POST', key=MAIN_KEY, **request):
        """One request on a connection of its own; the whole response."""
        if body is None:
            body = self.chat() if method == 'POST' else b''
        with self.client(gateway) as client:
            client.send(build(body, method=method, key=key, **request))
            return client.response(method)

    def begin(self, body, gateway=None, key=MAIN_KEY, **options):
        """Sends a request and returns the client, to read the response piece by piece."""
        client = self.client(gateway, **options)
        return client.send(build(body, key=key))

    def script(self, *steps_lists, on=None):
        (on or self.main).script(self.marker, *steps_lists)

    def close(self):
        for client in self._closing:
            client.close()
        self.world.kill(self.name)


def background(function, *arguments):
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


def eventually(check, seconds=3, what='the condition'):
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f'{what} did not come true in {seconds} s'
        time.sleep(0.01)


def same(actual, expected, what='value'):
    assert actual == expected, f'{what}: got {actual!r:.600}, want {expected!r:.600}'


NEVER_RETRY = {'bad_request', 'invalid_json', 'invalid_value', 'missing_field', 'unknown_field',
               'duplicate_field', 'invalid_api_key', 'model_not_allowed', 'key_disabled', 'not_found',
               'model_not_found', 'method_not_allowed', 'length_required', 'body_too_large',
               'uri_too_long', 'unsupported_media_type', 'unsupported_encoding', 'expectation_failed',
               'headers_too_large', 'not_implemented', 'version_not_supported'}
RETRY_LATER = {'rate_limit_exceeded', 'too_many_concurrent_requests', 'overloaded', 'draining'}


def refused(response, status, code=None, param=None):
    """The response is the gateway's own error, in the shape that every client knows.
    status, code: one value, or a set of which one must be it."""
    statuses = status if isinstance(status, set) else {status}
    assert response.status in statuses, f'status {response.status}, want {statuses}: {response.body!r:.300}'
    same(response.header('content-type').split(';')[0], 'application/json', 'content type')
    assert response.header('x-request-id'), 'no X-Request-Id'
    assert response.complete and response.framing in ('length', 'none'), 'an error needs a length'
    error = response.error
    same(set(response.json), {'error'}, 'members of the body')
    assert set(error) - {'metadata'} == {'message', 'type', 'param', 'code'}, sorted(error)
    assert isinstance(error['message'], str) and error['message'], 'no message'
    if code is not None:
        codes = code if isinstance(code, set) else {code}
        assert error['code'] in codes, f"code {error['code']}, want {codes}"
    if param is not None:
        same(error['param'], param, 'param')
    if error['code'] in NEVER_RETRY:
        same(response.header('x-should-retry'), 'false', 'x-should-retry')
    if error['code'] in RETRY_LATER:
        assert int(response.header('retry-after')) >= 1, 'Retry-After'
    return error


def interrupted(response, code='upstream_stream_interrupted', good=None):
    """A stream that was cut: an in-band error is its last event, the HTTP message ends in order."""
    events = response.events
    assert b'[DONE]' not in events, 'a cut stream looks finished'
    assert response.complete, 'the HTTP message did not end in order'
    assert events, 'no event at all'
    error = json.loads(events[-1])['error']
    same(error['code'], code, 'code of the in-band error')
    same(error['type'], 'server_error', 'type of the in-band error')
    assert isinstance(error['message'], str) and 'param' in error
    for e in events[:-1]:
        assert 'error' not in json.loads(e), 'two in-band errors'
        for choice in json.loads(e).get('choices', []):
            assert choice.get('finish_reason') is None, 'an invented finish_reason'
    if good is not None:
        same(events[:-1], good, 'events before the cut')
    return error


def data_of(events):
    """What `Response.events` gives for these event bytes."""
    return [e[6:-2] for e in events]


__all__ = ['Skip', 'answers', 'background', 'build', 'case', 'data_of', 'eventually', 'interrupted',
           'refused', 'same']
