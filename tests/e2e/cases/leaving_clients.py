"""A client that leaves: the upstream request ends at once (G4), and what was counted is logged."""
import random
import time

from harness import answers
from harness.answers import http_chunk, send, stream_head
from harness.case import build, case, eventually, same
from harness.config import MAIN_KEY
from harness.upstream import stall, wait

LIMIT = 0.1  # seconds from leaving to the end of the upstream connection

STREAMING = [send(stream_head() + http_chunk(answers.ROLE)), send(http_chunk(answers.WORDS[0])), stall()]
TRICKLING = [send(stream_head() + http_chunk(answers.ROLE)),
             *[send(http_chunk(answers.WORDS[0])), wait(0.02)] * 200]
WHERE = {
    'whole, before an answer': (False, [stall()]),
    'whole, inside the answer': (False, [send(answers.head(200, length=1000) + b'{"a":"'), stall()]),
    'stream, before an answer': (True, [stall()]),
    'stream, before the first event': (True, [send(stream_head()), stall()]),
    'stream, idle': (True, STREAMING),
    'stream, running': (True, TRICKLING),
}
HOW = ('reset', 'close', 'half-close')
ROWS = {f'{where}, {how}': (stream, steps, how) for where, (stream, steps) in WHERE.items() for how in HOW}


def leave(client, how):
    if how == 'reset':
        client.reset()
    elif how == 'close':
        client.close()
    else:
        client.half_close()


@case('the upstream request ends at once, trap_121', ROWS, alone=True)
def upstream_ends(t, stream, steps, how):
    t.script(steps)
    request_id = t.marker
    client = t.client()
    client.send(build(t.chat(stream=stream), key=MAIN_KEY, headers=[f'X-Request-Id: {request_id}']))
    request, = t.main.wait_for(t.marker)
    time.sleep(0.06)
    left = time.monotonic()
    leave(client, how)
    assert request.left.wait(5), 'the upstream connection is still open'
    waited = request.left_at - left
    assert waited < LIMIT * t.slack, f'{waited * 1000:.0f} ms'
    line = t.gateway.log_line(request_id=request_id)
    same(line['status'], 499, 'status in the log')


@case('one that had sent more than is read is seen to leave, too', {how: (how,) for how in HOW}, alone=True)
def behind_unread(t, how):
    t.script([stall()])
    client = t.client()
    client.send(build(t.chat(), key=MAIN_KEY))
    request, = t.main.wait_for(t.marker)
    # Pipelined requests, more than are kept for later; the socket takes the rest and the end.
    ahead = build(t.chat(), key=MAIN_KEY)
    client.send(ahead * (150_000 // len(ahead)))
    time.sleep(0.2)
    left = time.monotonic()
    leave(client, how)
    assert request.left.wait(5), 'the upstream connection is still open'
    assert request.left_at - left < LIMIT * t.slack, f'{(request.left_at - left) * 1000:.0f} ms'
    same(len(t.main.requests(t.marker)), 1, 'requests upstream')


@case('50 leave at random moments', alone=True)
def at_random(t):
    dice = random.Random(7)
    t.script(TRICKLING)
    late = []
    for _ in range(50):
        client = t.client()
        client.send(build(t.chat(stream=True), key=MAIN_KEY))
        time.sleep(dice.random() * 0.03)
        leave(client, dice.choice(HOW))
    eventually(lambda: len(t.main.requests(t.marker)) >= 30, 2, 'requests upstream')
    for request in t.main.requests(t.marker):
        if not request.left.wait(3):
            late.append(request.connection)
    same(late, [], 'connections still open')
    same(t.ask(t.chat(user='nobody')).status, 200)


@case('a stream arrives whole while its neighbours leave, trap_119', alone=True)
def neighbours(t):
    events = answers.good_events(False)
    slow = [step for e in events for step in (send(http_chunk(e)), wait(0.05))]
    t.script([send(stream_head()), *slow, send(answers.LAST_CHUNK)], TRICKLING)
    stays = t.begin(t.chat(stream=True))
    t.main.wait_for(t.marker)
    for how in HOW * 5:
        client = t.client()
        client.send(build(t.chat(stream=True), key=MAIN_KEY))
        time.sleep(0.01)
        leave(client, how)
    same(b''.join(stays.pieces(stays.head())), b''.join(events))


@case('a client that leaves while it still sends')
def while_sending(t):
    with t.client() as client:
        client.send(build(t.chat(), key=MAIN_KEY)[:-20])
        client.reset()
    time.sleep(0.1)
    same(t.main.requests(t.marker), [])


@case('a client that leaves in a pipeline')
def in_pipeline(t):
    t.script([stall()])
    with t.client() as client:
        client.send(build(t.chat(), key=MAIN_KEY) * 3)
        request, = t.main.wait_for(t.marker)
        client.reset()
        assert request.left.wait(2 * t.slack)
    same(len(t.main.requests(t.marker)), 1)
