"""A cut stream never looks finished: an in-band error, the last chunk, the end of the connection, no
`[DONE]`, one request upstream. (G3: the 14 mid-stream faults.)"""
import json
import time

from harness import answers
from harness.answers import http_chunk, send, stream_head
from harness.case import build, case, data_of, interrupted, same
from harness.config import MAIN_KEY
from harness.upstream import fin, rst, stall, wait

BEGUN = [send(stream_head() + http_chunk(answers.ROLE)), send(http_chunk(answers.WORDS[0]))]
GOOD = data_of([answers.ROLE, answers.WORDS[0]])
HALF = answers.WORDS[1][:20]

CUTS = {
    'FIN between events': [fin()],
    'reset between events': [rst()],
    'last chunk without a terminal event': [send(answers.LAST_CHUNK)],
    'FIN inside a chunk': [send(b'40\r\n' + HALF), fin()],
    'reset inside a chunk': [send(b'40\r\n' + HALF), rst()],
    'FIN inside a chunk size': [send(b'4'), fin()],
    'half an event, then the last chunk': [send(http_chunk(HALF) + answers.LAST_CHUNK)],
    'an event without its empty line': [send(http_chunk(answers.WORDS[1][:-1]) + answers.LAST_CHUNK)],
    'bad chunk size': [send(b'zz\r\nxx\r\n')],
    'data longer than its chunk': [send(b'3\r\nabcdef\r\n')],
    'no JSON in an event': [send(http_chunk(b'data: {"choices":[\n\n') + http_chunk(answers.DONE)
                                 + answers.LAST_CHUNK)],
    'HTML in an event': [send(http_chunk(b'data: <html>502</html>\n\n') + http_chunk(answers.DONE)
                              + answers.LAST_CHUNK)],
    'bad UTF-8 in an event': [send(http_chunk(b'data: {"choices":[],"a":"\xff"}\n\n') + http_chunk(answers.DONE)
                                   + answers.LAST_CHUNK)],
    'DONE without its empty line': [send(http_chunk(b'data: [DONE]\n') + answers.LAST_CHUNK)],
    'DONE in a comment': [send(http_chunk(b': [DONE]\n\n') + answers.LAST_CHUNK)],
    'a trailer that is malformed': [send(b'0\r\nbad trailer\r\n\r\n')],
}


def read_to_close(t, client, response):
    for piece in client.pieces(response):
        response.body += piece
    response.complete = True
    assert client.closed_within(3 * t.slack), 'the connection goes on after a cut stream'


@case('the provider', CUTS)
def cuts(t, steps):
    t.script([*BEGUN, wait(0.02), *steps])
    with t.client() as client:
        client.send(build(t.chat(model='pair', stream=True), key=MAIN_KEY))
        response = client.head()
        same(response.status, 200)
        read_to_close(t, client, response)
        interrupted(response, good=GOOD)
    same((len(t.main.requests(t.marker)), len(t.second.requests(t.marker))), (1, 0), 'requests upstream')


@case('the provider, without chunks', {
    'FIN where only DONE ends': [send(answers.head(200, kind=answers.EVENT_STREAM) + answers.ROLE
                                      + answers.WORDS[0]), fin()],
    'FIN inside the length': [send(answers.head(200, length=5000, kind=answers.EVENT_STREAM) + answers.ROLE
                                   + answers.WORDS[0]), fin()]})
def unchunked(t, steps):
    t.script(steps)
    response = t.ask(t.chat(stream=True))
    interrupted(response, good=GOOD)


LIMITS = {
    'idle': ([*BEGUN, stall()], 0.6),
    'idle inside an event': ([*BEGUN, send(http_chunk(HALF)), stall()], 0.6),
    'total': ([*BEGUN, *[step for _ in range(40) for step in (wait(0.2), send(http_chunk(answers.WORDS[1])))]], 2.5),
}


@case('limit', LIMITS, alone=True)
def limits(t, steps, limit):
    t.script(steps)
    begun = time.monotonic()
    response = t.ask(t.chat(stream=True), gateway=t.impatient)
    waited = time.monotonic() - begun
    interrupted(response)
    same(response.events[:2], GOOD)
    assert limit - 0.1 < waited < limit + 0.8 * t.slack, f'{waited:.2f} s, limit {limit} s'
    request, = t.main.requests(t.marker)
    assert request.left.wait(1 * t.slack), 'the upstream connection is still open'


@case('comments keep a stream alive')
def comments(t):
    t.script([*BEGUN, *[send(http_chunk(b': ping\n\n')), wait(0.25)] * 5,
              send(http_chunk(answers.DONE) + answers.LAST_CHUNK)])
    response = t.ask(t.chat(stream=True), gateway=t.impatient)
    same(response.events, [*GOOD, b'[DONE]'])


@case('an event over the limit')
def large_event(t):
    t.script([*BEGUN, send(http_chunk(b'data: {"choices":[],"a":"' + b'x' * 70_000 + b'"}\n\n')), stall()])
    response = t.ask(t.chat(stream=True), gateway=t.impatient)
    interrupted(response, good=GOOD)


@case('a large event under the limit passes')
def large_good_event(t):
    big = answers.event(answers.chunk_json({'content': 'x' * 60_000}))
    t.script(answers.stream([answers.ROLE, big, answers.DONE]))
    same(t.ask(t.chat(stream=True), gateway=t.impatient).events, data_of([answers.ROLE, big, answers.DONE]))


@case('an event of several MiB')
def huge_event(t):
    big = answers.event(answers.chunk_json({'content': 'x' * 5_000_000}))
    t.script(answers.stream([answers.ROLE, big, answers.DONE]))
    same(t.ask(t.chat(stream=True)).events, data_of([answers.ROLE, big, answers.DONE]))


@case('the provider\'s own error event is passed on, and nothing after it looks like an end')
def own_error(t):
    words = {'error': {'message': 'model crashed', 'type': 'server_error', 'param': None, 'code': None}}
    t.script([*BEGUN, send(http_chunk(answers.event(json.dumps(words).encode())) + http_chunk(answers.DONE)
                           + answers.LAST_CHUNK)])
    with t.client() as client:
        client.send(build(t.chat(stream=True), key=MAIN_KEY))
        response = client.head()
        read_to_close(t, client, response)
    same(response.events[:2], GOOD)
    same(json.loads(response.events[-1])['error']['message'], 'model crashed')
    assert b'[DONE]' not in response.events


AFTER_DONE = {
    'more events': http_chunk(answers.WORDS[1]) + answers.LAST_CHUNK,
    'a second DONE': http_chunk(answers.DONE) + answers.LAST_CHUNK,
    'noise': b'\0\1\2',
}


@case('what follows the terminal event is dropped', AFTER_DONE)
def after_done(t, extra):
    t.script([*BEGUN, send(http_chunk(answers.DONE) + extra), wait(0.2)], answers.stream(answers.good_events(True)))
    response = t.ask(t.chat(stream=True))
    same(response.events, [*GOOD, b'[DONE]'])
    assert response.complete
    t.ask(t.chat(stream=True))
    first, second = t.main.requests(t.marker)
    assert first.connection != second.connection, 'the connection was used again'


@case('DONE ends the stream for the client although the provider stays open')
def done_is_the_end(t):
    t.script([*BEGUN, send(http_chunk(answers.DONE)), stall(3)])
    begun = time.monotonic()
    response = t.ask(t.chat(stream=True))
    same(response.events, [*GOOD, b'[DONE]'])
    assert time.monotonic() - begun < 2.5 * t.slack, 'the client waited for the provider'


@case('a cut stream in HTTP/1.0')
def http10(t):
    t.script([*BEGUN, wait(0.02), fin()])
    with t.client() as client:
        client.send(build(t.chat(stream=True), key=MAIN_KEY, version='HTTP/1.0'))
        response = client.response()
    same(response.framing, 'close')
    interrupted(response, good=GOOD)


@case('a text of events cannot forge one')
def forged(t):
    text = 'x\n\ndata: [DONE]\n\n'
    good = answers.event(answers.chunk_json({'content': text}))
    t.script(answers.stream([good, answers.DONE]))
    events = t.ask(t.chat(stream=True)).events
    same(len(events), 2)
    same(json.loads(events[0])['choices'][0]['delta']['content'], text)


@case('several data lines of one event are one event')
def data_lines(t):
    t.script(answers.stream([answers.ROLE, b'data: {"choices":[],\ndata: "a":1}\n\n', answers.DONE]))
    events = t.ask(t.chat(stream=True)).events
    same(json.loads(events[1]), {'choices': [], 'a': 1})


@case('errors of 100 streams at once stay with their streams', alone=True)
def many(t):
    t.script(*[[*BEGUN, wait(0.05), *([fin()] if n % 2 else [send(http_chunk(answers.DONE)
                                                                  + answers.LAST_CHUNK)])] for n in range(100)])
    clients = [t.client() for _ in range(100)]
    for client in clients:
        client.send(build(t.chat(stream=True), key=MAIN_KEY))
    cut = whole = 0
    for client in clients:
        response = client.response()
        if response.events[-1] == b'[DONE]':
            same(response.events, [*GOOD, b'[DONE]'])
            whole += 1
        else:
            interrupted(response, good=GOOD)
            cut += 1
    same((cut, whole), (50, 50))
