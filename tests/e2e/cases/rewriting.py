"""Edits are splices: what the gateway changes in a request or a stream, and that nothing else moves."""
import json

from harness import answers
from harness.case import case, data_of, same
from harness.config import MAIN_KEY

# (body with ALIAS and MARK, the same as it must arrive upstream)
BODIES = {
    'plain': (b'{"model":"chat","user":"MARK","messages":[]}',
              b'{"model":"up-chat","user":"MARK","messages":[]}'),
    'model last': (b'{"user":"MARK","messages":[],"model":"chat"}',
                   b'{"user":"MARK","messages":[],"model":"up-chat"}'),
    'blanks everywhere': (b' \r\n\t{ "user" : "MARK" ,\n "model"\t:  "chat"  , "messages" : [ ] }\n ',
                          b' \r\n\t{ "user" : "MARK" ,\n "model"\t:  "up-chat"  , "messages" : [ ] }\n '),
    'escaped name': (b'{"mod\\u0065l":"chat","user":"MARK","messages":[]}',
                     b'{"mod\\u0065l":"up-chat","user":"MARK","messages":[]}'),
    'escaped alias': (b'{"model":"ch\\u0061t","user":"MARK","messages":[]}',
                      b'{"model":"up-chat","user":"MARK","messages":[]}'),
    'model inside other places': (
        b'{"messages":[{"model":"chat","content":"\\"model\\":\\"chat\\""}],"model":"chat","user":"MARK",'
        b'"metadata":{"model":"chat"}}',
        b'{"messages":[{"model":"chat","content":"\\"model\\":\\"chat\\""}],"model":"up-chat",'
        b'"user":"MARK","metadata":{"model":"chat"}}'),
    'numbers and escapes keep their spelling': (
        b'{"model":"chat","user":"MARK","temperature":1.500e0,"seed":-0,"messages":[{"role":"user",'
        b'"content":"\\u00e9\\/\\ud83d\\ude00 \xc3\xa9"}],"x_unknown":{"a":[1E2,true,null]}}',
        b'{"model":"up-chat","user":"MARK","temperature":1.500e0,"seed":-0,"messages":[{"role":"user",'
        b'"content":"\\u00e9\\/\\ud83d\\ude00 \xc3\xa9"}],"x_unknown":{"a":[1E2,true,null]}}'),
    'stream false': (b'{"model":"chat","stream":false,"user":"MARK","messages":[]}',
                     b'{"model":"up-chat","stream":false,"user":"MARK","messages":[]}'),
    'stream null': (b'{"model":"chat","stream":null,"user":"MARK","messages":[]}',
                    b'{"model":"up-chat","stream":null,"user":"MARK","messages":[]}'),
}


@case('the body arrives unchanged but for the model', BODIES)
def body_bytes(t, sent, wanted):
    mark = t.marker.encode()
    same(t.ask(sent.replace(b'MARK', mark)).status, 200, 'status')
    same(t.main.requests(t.marker)[0].body, wanted.replace(b'MARK', mark), 'body upstream')


@case('a body that arrives in chunks and pieces is the same body')
def chunked_body(t):
    body = json.dumps(t.chat()).encode()
    head = (f'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {MAIN_KEY}\r\n'
            'Content-Type: application/json\r\nTransfer-Encoding: Chunked\r\n\r\n').encode()
    coded = b''.join(b'%x;name=value;q="a;b"\r\n' % len(body[i:i + 7]) + body[i:i + 7] + b'\r\n'
                     for i in range(0, len(body), 7)) + b'000\r\nX-Trailer: dropped\r\n\r\n'
    client = t.client()
    client.send_cut(head + coded, iter(lambda: 3, None))
    same(client.response().body, answers.CHAT)
    request = t.main.requests(t.marker)[0]
    same(request.body, body.replace(b'"chat"', b'"up-chat"', 1), 'body upstream')
    same(request.header('transfer-encoding'), None, 'Transfer-Encoding upstream')
    same(request.header('x-trailer'), None)


def upstream_options(t):
    return json.loads(t.main.requests(t.marker)[0].body).get('stream_options')


@case('usage is asked for and hidden when the client did not ask', {
    'no options': {}, 'options empty': {'stream_options': {}},
    'options null': {'stream_options': None},
    'asked for not': {'stream_options': {'include_usage': False}},
    'other options': {'stream_options': {'include_obfuscation': False}}})
def usage_hidden(t, fields):
    response = t.ask(t.chat(stream=True, **fields))
    same(response.events, data_of(answers.good_events(False)))
    options = upstream_options(t)
    same(options['include_usage'], True, 'include_usage upstream')
    given = fields.get('stream_options') or {}
    same({k: v for k, v in options.items() if k != 'include_usage'},
         {k: v for k, v in given.items() if k != 'include_usage'}, 'the other options')


@case('usage is passed on when the client asked', smoke=True)
def usage_shown(t):
    response = t.ask(t.chat(stream=True, stream_options={'include_usage': True}))
    same(response.events, data_of(answers.good_events(True)))


USAGE_NULL = [answers.event(answers.chunk_json({'content': 'x'}, usage=None)) for _ in range(3)]


@case('"usage":null goes when the client did not ask')
def usage_null_removed(t):
    t.script(answers.stream([*USAGE_NULL, answers.USAGE_EVENT, answers.DONE]))
    events = t.ask(t.chat(stream=True)).events
    same([json.loads(e) for e in events[:-1]],
         [json.loads(answers.chunk_json({'content': 'x'}))] * 3)
    assert not any(b'usage' in e for e in events), events
    same(events[-1], b'[DONE]')


@case('"usage":null stays when the client asked')
def usage_null_kept(t):
    events = [*USAGE_NULL, answers.USAGE_EVENT, answers.DONE]
    t.script(answers.stream(events))
    same(t.ask(t.chat(stream=True, stream_options={'include_usage': True})).events, data_of(events))


ALL = b''.join(answers.good_events(True))
SPELLINGS = {
    'one chunk': [ALL],
    'cut at 4': [ALL[i:i + 4] for i in range(0, len(ALL), 4)],
    'cut at 7': [ALL[i:i + 7] for i in range(0, len(ALL), 7)],
    'CRLF': [ALL.replace(b'\n', b'\r\n')],
    'CR': [ALL.replace(b'\n', b'\r')],
    'BOM': [b'\xef\xbb\xbf' + ALL],
    'comments': [b': hello\n\n' + ALL.replace(b'data: [DONE]', b': x\n\ndata: [DONE]')],
    'no space after the colon': [ALL.replace(b'data: ', b'data:')],
    'other fields': [ALL.replace(b'data: ', b'id: 1\nretry: 5\nunknown\ndata: ')],
}


@case('every spelling of the same events gives the same stream', SPELLINGS)
def spellings(t, chunks):
    t.script([answers.send(answers.stream_head()),
              answers.send(b''.join(answers.http_chunk(c) for c in chunks) + answers.LAST_CHUNK)])
    response = t.ask(t.chat(stream=True))
    same(response.events, data_of(answers.good_events(False)))


@case('bytes of a stream may come one by one')
def trickled_stream(t):
    data = answers.stream_head() + b''.join(answers.http_chunk(e) for e in answers.good_events(True))
    t.script([answers.send(data[:100]), answers.trickle(data[100:] + answers.LAST_CHUNK)])
    same(t.ask(t.chat(stream=True)).events, data_of(answers.good_events(False)))


@case('bytes of a whole answer may come one by one')
def trickled_answer(t):
    (_, data), = answers.whole(answers.CHAT)
    t.script([answers.trickle(data)])
    same(t.ask().body, answers.CHAT)


ANSWER_CODINGS = {
    'chunked': [answers.send(answers.head(200, 'Transfer-Encoding: chunked')
                             + b''.join(answers.http_chunk(answers.CHAT[i:i + 50])
                                        for i in range(0, len(answers.CHAT), 50)) + b'0\r\nX-T: 1\r\n\r\n')],
    'to the end of the connection': [answers.send(answers.head(200) + answers.CHAT), answers.fin()],
    'after 1xx answers': [answers.send(b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'),
                          *answers.whole(answers.CHAT)],
    'HTTP/1.0': [answers.send(answers.head(200, length=len(answers.CHAT)).replace(b'1.1', b'1.0', 1)
                              + answers.CHAT), answers.fin()],
}


@case('a whole answer in another framing', ANSWER_CODINGS)
def answer_codings(t, steps):
    t.script(steps)
    response = t.ask()
    same((response.status, response.body), (200, answers.CHAT))


CARED_FOR = [answers.event(data) for data in (
    b'{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","service_tier":"default",'
    b'"choices":[{"index":0,"delta":{"role":"assistant","content":""},'
    b'"logprobs":{"content":[],"refusal":null},"finish_reason":null}],'
    b'"obfuscation":"aB3"}',
    b'{"id":"c", "object":"chat.completion.chunk","created":1,"model":"m","service_tier":"default",'
    b'"choices":[{"index":0,"delta":{"reasoning_content":"h\\u006dm","signature":"S1=","x_new":1.50},'
    b'"logprobs":[],"finish_reason":null}]}',
    b'{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"tool_calls":['
    b'{"index":0,"id":"call_a","type":"function","function":{"name":"f","arguments":"{}"},'
    b'"extra_content":{"google":{"thought_signature":"S2=="}}}]},"finish_reason":"tool_calls"}],"obfuscation":""}')]


@case('chunks keep every member as it was written, trap_107, trap_131', {
    'usage asked for': True, 'usage hidden': False})
def chunks_stay(t, usage):
    t.script(answers.stream([*CARED_FOR, *([answers.USAGE_EVENT] if usage else []), answers.DONE]))
    response = t.ask(t.chat(stream=True, **({'stream_options': {'include_usage': True}} if usage else {})))
    same(response.body, b''.join([*CARED_FOR, *([answers.USAGE_EVENT] if usage else []), answers.DONE]))


@case('no header of a client goes upstream, trap_124')
def client_headers_stay(t):
    names = ['X-Custom', 'Cookie', 'X-Forwarded-For', 'Forwarded', 'OpenAI-Organization', 'X_Request_Id',
             'Accept-Encoding', 'Via', 'TE', 'traceparent', 'Referer', 'Origin', 'X-Stainless-Lang']
    t.ask(headers=[f'{n}: canary-{t.marker}' for n in names])
    request, = t.main.requests(t.marker)
    assert b'canary' not in request.head, request.head
    assert MAIN_KEY.encode() not in request.head, 'the virtual key went upstream'
    same(request.header('accept-encoding') in (None, 'identity'), True, 'Accept-Encoding')


@case('no header of a provider goes to the client but the allowed ones')
def provider_headers_stay(t):
    response = t.ask()
    for name in ('server', 'set-cookie', 'via', 'location', 'openai-processing-ms'):
        same(response.header(name), None, name)
    same(response.header('x-gateway-upstream-request-id'), 'req_up_1')
