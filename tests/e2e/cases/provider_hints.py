"""What providers say beside their answers: ids, waits, whether to try again, names of errors, betas;
and what our own errors tell about themselves in every dialect."""
import json

from harness import answers
from harness.case import case, same
from harness.clients import CLIENTS
from harness.dialects import PAIR, ask_of, gateway
from harness.providers import EVERY
from harness.turn import PLAIN

SPEAKERS = ('chat', 'responses', 'messages', 'gemini')


def asked(t, speaker, model, headers=(), **fields):
    return CLIENTS[speaker].asked(t, ask_of(t, model, **fields), gateway(t), headers=headers)


def failing(t, provider, status, *headers, body=None):
    """The first target fails in this way; the second answers what it always does."""
    provider = EVERY[provider]
    body = provider.error(status, 'not now') if body is None else body
    t.script(answers.whole(body, status, *headers))


IDS = {'anthropic': 'request-id', 'bedrock': 'x-amzn-RequestId', 'azure': 'apim-request-id',
       'chat': 'x-request-id', 'cohere': 'x-debug-trace-id'}


@case("the provider's id of the request", {f'{p}, {s}': (p, s) for p in IDS for s in (200, 400)})
def ids(t, name, status):
    provider = EVERY[name]
    field = f'{IDS[name]}: up-id-{status}'
    if status == 200:
        t.script(answers.whole(provider.body(PLAIN), 200, field))
    else:
        failing(t, name, status, field)
    response = asked(t, 'messages', name)
    same((response.status, response.header('x-gateway-upstream-request-id')), (status, f'up-id-{status}'))


WAITS = {
    'milliseconds': ('chat', ('retry-after-ms: 2500',), None, 3),
    'milliseconds before seconds': ('anthropic', ('retry-after-ms: 1000', 'Retry-After: 7'), None, 1),
    'zero is not said': ('azure', ('retry-after-ms: 0', 'Retry-After: 4'), None, 4),
    'seconds with a fraction': ('anthropic', ('Retry-After: 1.5',), None, 2),
    'resets of what is used up': ('chat', ('x-ratelimit-remaining-requests: 0',
                                           'x-ratelimit-reset-requests: 1m5s'), None, 65),
    "Google's details": ('gemini', (), [{'@type': 'type.googleapis.com/google.rpc.RetryInfo',
                                         'retryDelay': '34.5s'}], 35),
}


@case('how long to wait', {f'{n}, {s}': (*w, s) for n, w in WAITS.items() for s in ('chat', 'messages')})
def waits(t, name, headers, details, seconds, speaker):
    body = EVERY[name].error(429, 'too many')
    if details:
        body['error']['details'] = details
    failing(t, name, 429, *headers, body=body)
    response = asked(t, speaker, name)
    same((response.status, response.header('retry-after')), (429, str(seconds)))


@case('a provider that asks for another try gets the request to the next target',
      {f'{p}, {s}': (p, s) for p in ('chat', 'anthropic') for s in SPEAKERS})
def again(t, name, speaker):
    failing(t, name, 400, 'x-should-retry: true')
    response = asked(t, speaker, PAIR + name)
    same((response.status, response.header('x-gateway-provider')), (200, 'spare'))


@case('a provider that wants no other try is believed by the client', {s: (s,) for s in SPEAKERS})
def never(t, speaker):
    failing(t, 'anthropic', 500, 'x-should-retry: false')
    same(asked(t, speaker, 'anthropic').header('x-should-retry'), 'false')
    failing(t, 'anthropic', 500)
    same(asked(t, speaker, 'anthropic').header('x-should-retry'), None)


NAMES = {'ThrottlingException': (429, 'rate_limit_error'), 'AccessDeniedException': (403, 'permission_error'),
         'ResourceNotFoundException': (404, 'not_found_error'),
         'ValidationException': (400, 'invalid_request_error')}


@case("Bedrock's name of an error stands in the head", NAMES)
def names(t, status, kind):
    name = next(n for n, row in NAMES.items() if row == (status, kind))
    # The body alone does not tell what it was.
    failing(t, 'bedrock', 400, f'x-amzn-errortype: {name}:http://internal.amazon.com/coral/',
            body={'message': 'no'})
    same(asked(t, 'messages', 'bedrock').error['type'], kind)


UNKNOWN = {'Output': {'__type': 'com.amazon.coral.service#UnknownOperationException'}, 'Version': '1.0'}


@case('a path without an operation is an error although its status is good',
      {f'{p}, {"streamed" if s else "whole"}, {c}': (p, s, c)
       for p in ('bedrock', 'invoke') for s in (False, True) for c in ('chat', 'messages')})
def unknown(t, name, stream, speaker):
    t.script(answers.whole(UNKNOWN))
    response = asked(t, speaker, name, stream=stream)
    assert response.status >= 400, response.status
    CLIENTS[speaker].error(response.json)
    response = asked(t, speaker, PAIR + name, stream=stream)
    same((response.status, response.header('x-gateway-provider')), (200, 'spare'))


BETAS = 'context-1m-2025-08-07, fast-mode-2026-01-01,interleaved-thinking-2025-05-14'
TAKEN = ['context-1m-2025-08-07', 'interleaved-thinking-2025-05-14']


@case('betas stand in the body at Bedrock, without those it refuses, trap_17', {p: (p,) for p in ('bedrock', 'invoke')})
def betas_in_body(t, name):
    t.script(EVERY[name].whole_steps(PLAIN))
    same(asked(t, 'messages', name, headers=[f'anthropic-beta: {BETAS}']).status, 200)
    request, = t.main.wait_for(t.marker)
    body = json.loads(request.body)
    found = body.get('additionalModelRequestFields', body).get('anthropic_beta')
    same((found, request.header('anthropic-beta')), (TAKEN, None))


@case('betas stand in the head at Anthropic')
def betas_in_head(t):
    t.script(EVERY['anthropic'].whole_steps(PLAIN))
    same(asked(t, 'messages', 'anthropic', headers=[f'anthropic-beta: {BETAS}']).status, 200)
    request, = t.main.wait_for(t.marker)
    same(request.header('anthropic-beta').replace(' ', ''), BETAS.replace(' ', ''))
    assert 'anthropic_beta' not in json.loads(request.body)


@case('no beta is sent that nobody asked for, trap_18', {
    f'{s} to {p}': (s, p) for s in ('chat', 'messages') for p in ('anthropic', 'bedrock', 'invoke')})
def no_beta_of_ours(t, speaker, name):
    t.script(EVERY[name].stream_steps(PLAIN))
    same(asked(t, speaker, name, stream=True, tools=True).status, 200)
    request, = t.main.wait_for(t.marker)
    same(request.header('anthropic-beta'), None)
    assert b'anthropic_beta' not in request.body


@case('betas of one target are not those of the next')
def betas_of_the_next(t):
    failing(t, 'bedrock', 503)
    same(asked(t, 'messages', PAIR + 'bedrock', headers=[f'anthropic-beta: {BETAS}']).status, 200)
    request, = t.second.wait_for(t.marker)
    assert 'anthropic_beta' not in json.loads(request.body)


@case("errors tell where they come from: the provider's", {f'{s} from {p}': (s, p) for s in SPEAKERS
                                                           for p in ('chat', 'anthropic', 'gemini', 'bedrock')})
def theirs(t, speaker, name):
    failing(t, name, 400)
    response = asked(t, speaker, name)
    metadata = response.error['metadata']
    same((metadata['request_id'], metadata['origin'], metadata['provider']),
         (response.header('x-request-id'), 'upstream', name))
    attempt, = metadata['attempts']
    same((attempt['target'], attempt['status'], attempt['reason']),
         (f'{name}/{EVERY[name].model}', 400, 'upstream_bad_response'))


@case('errors tell where they come from: ours', {s: (s,) for s in SPEAKERS})
def ours(t, speaker):
    t.script(answers.whole(b'<html>', kind='text/html'))
    response = asked(t, speaker, 'anthropic')
    metadata = response.error['metadata']
    same((response.status, metadata['request_id'], metadata['origin'], metadata['provider']),
         (502, response.header('x-request-id'), 'gateway', 'anthropic'))
    same(len(metadata['attempts']), 1)
    response = asked(t, speaker, 'no-such-model')
    same(response.error['metadata'], {'request_id': response.header('x-request-id'), 'origin': 'gateway'})
