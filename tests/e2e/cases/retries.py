"""Which failures are hidden by another attempt, and which must not be."""
import time

from harness import answers
from harness.answers import send, whole
from harness.case import case, refused, same
from harness.upstream import fin, rst, stall

SECOND = [  # what the first target does -> the second one is asked
    ('503', answers.error(503)), ('500', answers.error(500)), ('502', answers.error(502)),
    ('529', answers.error(529)), ('429', answers.error(429, 'slow', 'requests', None, 'Retry-After: 30')),
    ('429 at once', answers.error(429)),
    ('error as the first event, trap_120', [send(answers.stream_head() + answers.http_chunk(answers.event(
        b'{"error":{"message":"overloaded","type":"server_error","code":503}}')) + answers.LAST_CHUNK)]),
]


@case('hidden by the second target', dict(SECOND))
def hidden(t, steps):
    stream = 'event' in t.name
    t.script(steps)
    t.script(answers.stream(answers.good_events(True)) if stream else whole(answers.CHAT), on=t.second)
    response = t.ask(t.chat(model='pair', stream=stream))
    same(response.status, 200)
    same(response.header('x-gateway-target'), 'second/up-second')
    same(response.header('x-gateway-model'), 'up-second')
    same(response.header('x-gateway-attempts'), '2')
    same((len(t.main.requests(t.marker)), len(t.second.requests(t.marker))), (1, 1), 'attempts')
    assert b'"up-second"' in t.second.requests(t.marker)[0].body
    assert b'"up-first"' in t.main.requests(t.marker)[0].body


@case('a target that cannot be reached is passed over', {'refused': 'refused-first', 'no answer': 'hole-first'},
      smoke=True)
def unreachable(t, model):
    response = t.ask(t.chat(model=model), gateway=t.impatient)
    same((response.status, response.header('x-gateway-attempts')), (200, '2'))


@case('nobody listens')
def refused_connection(t):
    response = t.ask(t.chat(model='refused'))
    error = refused(response, 502, 'upstream_connect_failed')
    assert [a['target'] for a in error['metadata']['attempts']][0] == 'refused/up-x'


NOT_HIDDEN = {
    '400': (answers.error(400), 400), '404': (answers.error(404), None), '422': (answers.error(422), 422),
    'closed after the request': ([fin()], 502), 'reset after the request': ([rst()], 502),
    '413': (answers.error(413), 413), '408': (answers.error(408), 408),
}


@case('not tried again, and the status stays, trap_126', NOT_HIDDEN)
def not_hidden(t, steps, status):
    """One mistake of the client, or a generation that may have begun: it costs one attempt.
    404 means that the provider lacks the configured model: there the second target is asked."""
    t.script(steps)
    t.script(whole(answers.CHAT), on=t.second)
    response = t.ask(t.chat(model='pair'))
    same(len(t.main.requests(t.marker)), 1, 'requests to the first')
    if status is None:
        same((response.status, len(t.second.requests(t.marker))), (200, 1), 'a model that is not there')
    else:
        refused(response, status)
        same(len(t.second.requests(t.marker)), 0, 'requests to the second')


@case('a lost embeddings request may be sent again')
def embeddings(t):
    t.script([rst()], whole(answers.embedding(b'{}')))
    response = t.ask({'model': 'emb', 'input': 'x', 'user': t.marker}, path='/v1/embeddings')
    same((response.status, len(t.main.requests(t.marker))), (200, 2))


@case('all targets fail: the last word counts and the attempts are told')
def all_fail(t):
    t.script(answers.error(503, 'first is busy'))
    t.script(answers.error(500, 'second is broken', 'server_error', None), on=t.second)
    response = t.ask(t.chat(model='pair'))
    error = refused(response, {500, 502, 503})
    attempts = error['metadata']['attempts']
    same([(a['target'], a['status']) for a in attempts], [('main/up-first', 503), ('second/up-second', 500)])
    same(response.header('x-gateway-attempts'), '2')


@case('never more attempts than the limit', {'1': ('single', 1), '2': ('pair', 2), '3': ('thrice', 3)})
def bounded(t, model, attempts):
    t.script(answers.error(503))
    t.script(answers.error(503), on=t.second)
    refused(t.ask(t.chat(model=model)), 503)
    total = len(t.main.requests(t.marker)) + len(t.second.requests(t.marker))
    assert 1 <= total <= attempts, f'{total} attempts'


@case('nothing is tried again after the first event')
def committed(t):
    t.script([send(answers.stream_head() + answers.http_chunk(answers.ROLE)), rst()])
    t.ask(t.chat(model='pair', stream=True))
    same((len(t.main.requests(t.marker)), len(t.second.requests(t.marker))), (1, 0))


@case('a client that left is not tried for again')
def left(t):
    t.script([stall()])
    client = t.begin(t.chat(model='pair'))
    t.main.wait_for(t.marker)
    client.reset()
    time.sleep(0.3)
    same(len(t.second.requests(t.marker)), 0)


@case('a slow first byte goes to the second target at most once', alone=True)
def first_byte(t):
    t.script([stall()])
    t.script(whole(answers.CHAT), on=t.second)
    response = t.ask(t.chat(model='pair'), gateway=t.impatient)
    assert response.status in (200, 504), response.status
    assert len(t.main.requests(t.marker)) == 1 and len(t.second.requests(t.marker)) <= 1
