"""Bytes that are not HTTP/1.1 as this gateway reads it: one refusal, then the connection ends, and
nothing goes upstream. Every row whole, byte by byte, and cut at random places.

In the rows MARK is replaced by the marker of the case, KEY by a valid key. `tail` below is a valid
request that follows on the same connection and must not be answered.
"""
import random

from harness import answers
from harness.case import build, case, refused, same
from harness.client import Cut
from harness.config import MAIN_KEY

BODY = b'{"model":"chat","user":"MARK","messages":[]}'
AUTH = b'Authorization: Bearer KEY\r\nContent-Type: application/json\r\n'


def post(start=b'POST /v1/chat/completions HTTP/1.1', fields=b'Host: x\r\n', rest=AUTH,
         framing=b'LENGTH', body=BODY):
    return start + b'\r\n' + fields + rest + framing + b'\r\n' + body


def line(start):
    return post(start=start)


def fields(extra, host=b'Host: x\r\n'):
    return post(fields=host + extra)


def chunked(body, framing=b'Transfer-Encoding: chunked\r\n'):
    return post(framing=framing, body=body)


P = b'POST /v1/chat/completions HTTP/1.1'
ONE = b'5\r\nhello\r\n'

START_LINES = {
    'bare LF after the start line': (P + b'\nHost: x\r\n\r\n', 400),
    'bare CR in the start line': (line(b'POST /v1/\rchat HTTP/1.1'), 400),
    'two empty lines before': (b'\r\n\r\n' + post(), 400),
    'bare LF before': (b'\n' + post(), 400),
    'blank before the method': (line(b' ' + P), 400),
    'two blanks after the method': (line(P.replace(b' /', b'  /')), 400),
    'two blanks before the version': (line(P.replace(b' HTTP', b'  HTTP')), 400),
    'tab between': (line(P.replace(b' /', b'\t/')), 400),
    'blank at the end': (line(P + b' '), 400),
    'method is no token': (line(b'PO(ST /v1/chat/completions HTTP/1.1'), 400),
    'empty method': (line(b' /v1/chat/completions HTTP/1.1'), 400),
    'unknown method': (line(b'BREW /v1/chat/completions HTTP/1.1'), 501),
    'small letters': (line(b'post /v1/chat/completions HTTP/1.1'), 501),
    'long method': (line(b'M' * 17 + b' / HTTP/1.1'), {400, 501}),
    'CONNECT': (b'CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n\r\n', 405),
    'TRACE': (b'TRACE / HTTP/1.1\r\nHost: x\r\n\r\n', {404, 405}),
    'fragment': (line(P.replace(b'completions', b'completions#x')), 400),
    'backslash': (line(P.replace(b'/chat', b'\\chat')), 400),
    'bad escape': (line(P.replace(b'/chat', b'/%zzchat')), 400),
    'short escape': (line(b'GET /v1/models% HTTP/1.1'), 400),
    'NUL escape': (line(P.replace(b'/chat', b'/chat%00')), 400),
    'CR escape': (line(P.replace(b'/chat', b'/chat%0d')), 400),
    'LF escape': (line(P.replace(b'/chat', b'/chat%0A')), 400),
    'opaque byte in the target': (line(P.replace(b'/chat', b'/ch\xe4t')), 400),
    'control in the target': (line(P.replace(b'/chat', b'/ch\x01t')), 400),
    'DEL in the target': (line(P.replace(b'/chat', b'/ch\x7ft')), 400),
    'no leading slash': (line(b'POST v1/chat/completions HTTP/1.1'), 400),
    'star with POST': (line(b'POST * HTTP/1.1'), {400, 405}),
    'userinfo in an absolute target': (line(b'POST http://u:p@x/v1/chat/completions HTTP/1.1'), 400),
    'other scheme': (line(b'POST ftp://x/v1/chat/completions HTTP/1.1'), 400),
    'long target': (line(b'POST /' + b'a' * 8200 + b' HTTP/1.1'), 414),
    'no version': (line(b'POST /v1/chat/completions'), 400),
    'version 2.0': (line(P.replace(b'1.1', b'2.0')), 505),
    'version 1.2': (line(P.replace(b'1.1', b'1.2')), 505),
    'version 0.9': (line(P.replace(b'1.1', b'0.9')), 505),
    'version in small letters': (line(P.replace(b'HTTP', b'http')), 400),
    'version 1.10': (line(P + b'0'), {400, 505}),
    'version without a dot': (line(P.replace(b'1.1', b'11')), {400, 505}),
    'not HTTP': (line(P.replace(b'HTTP', b'ICAP')), 400),
}

FIELD_LINES = {
    'bare LF after a field': (fields(b'X-A: 1\n'), 400),
    'bare CR in a value': (fields(b'X-A: a\rb\r\n'), 400),
    'CR CR LF': (fields(b'X-A: 1\r\r\n'), 400),
    'blank before the colon': (fields(b'X-A : 1\r\n'), 400),
    'tab before the colon': (fields(b'X-A\t: 1\r\n'), 400),
    'no colon': (fields(b'X-A\r\n'), 400),
    'empty name': (fields(b': 1\r\n'), 400),
    'name is no token': (fields(b'X(A): 1\r\n'), 400),
    'opaque name': (fields(b'X-\xe4: 1\r\n'), 400),
    'long name': (fields(b'X' * 65 + b': 1\r\n'), {400, 431}),
    'first line begins with a blank': (P + b'\r\n Host: x\r\n\r\n', 400),
    'folded with a blank': (fields(b'X-A: 1\r\n 2\r\n'), 400),
    'folded with a tab': (fields(b'X-A: 1\r\n\t2\r\n'), 400),
    'NUL in a value': (fields(b'X-A: a\0b\r\n'), 400),
    'control in a value': (fields(b'X-A: a\x01b\r\n'), 400),
    'DEL in a value': (fields(b'X-A: a\x7fb\r\n'), 400),
    'vertical tab in a value': (fields(b'X-A: a\x0bb\r\n'), 400),
    '101 fields': (fields(b''.join(b'X-%d: 1\r\n' % i for i in range(101))), 431),
    'a long field': (fields(b'X-A: ' + b'a' * 8200 + b'\r\n'), 431),
    'long fields in all': (fields(b''.join(b'X-%d: ' % i + b'a' * 4000 + b'\r\n' for i in range(9))), 431),
    'no Host': (fields(b'', host=b''), 400),
    'two Hosts': (fields(b'Host: x\r\n'), 400),
    'two different Hosts': (fields(b'Host: y\r\n'), 400),
    'empty Host': (fields(b'', host=b'Host:\r\n'), 400),
    'Host with a path': (fields(b'', host=b'Host: x/y\r\n'), 400),
    'Host with userinfo': (fields(b'', host=b'Host: a@x\r\n'), 400),
    'Host with a blank': (fields(b'', host=b'Host: x y\r\n'), 400),
    'Host with port 0': (fields(b'', host=b'Host: x:0\r\n'), 400),
    'Host with a large port': (fields(b'', host=b'Host: x:65536\r\n'), 400),
    'Host with a worded port': (fields(b'', host=b'Host: x:http\r\n'), 400),
    'Content-Type twice': (fields(b'Content-Type: application/json\r\n'), 400),
    'Content-Encoding twice': (fields(b'Content-Encoding: identity\r\n' * 2), 400),
    'Expect twice': (fields(b'Expect: 100-continue\r\n' * 2), 400),
    'Idempotency-Key twice': (fields(b'Idempotency-Key: a\r\n' * 2), 400),
    'Connection names Authorization': (fields(b'Connection: authorization\r\n'), 400),
    'Connection names Content-Length': (fields(b'Connection: content-length\r\n'), 400),
    'Connection names Host': (fields(b'Connection: keep-alive, host\r\n'), 400),
    'Connection names Transfer-Encoding': (fields(b'Connection: transfer-encoding\r\n'), 400),
}

LENGTHS = {
    'length and coding': (chunked(ONE + b'0\r\n\r\n', b'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'), 400),
    'coding and length': (chunked(ONE + b'0\r\n\r\n', b'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n'), 400),
    'equal lengths twice': (post(framing=b'LENGTHLENGTH'), 400),
    'a list of lengths': (post(framing=b'Content-Length: 44, 44\r\n'), 400),
    'sign': (post(framing=b'Content-Length: +44\r\n'), 400),
    'negative': (post(framing=b'Content-Length: -1\r\n'), 400),
    'hexadecimal': (post(framing=b'Content-Length: 0x2c\r\n'), 400),
    'blank inside': (post(framing=b'Content-Length: 4 4\r\n'), 400),
    'exponent': (post(framing=b'Content-Length: 4e1\r\n'), 400),
    'decimal point': (post(framing=b'Content-Length: 44.0\r\n'), 400),
    'empty length': (post(framing=b'Content-Length:\r\n'), 400),
    '20 digits': (post(framing=b'Content-Length: 00000000000000000044\r\n'), 400),
    'beyond 63 bits': (post(framing=b'Content-Length: 9223372036854775808\r\n'), {400, 413}),
    'beyond 64 bits': (post(framing=b'Content-Length: 18446744073709551660\r\n'), 400),
    'over the limit': (post(framing=b'Content-Length: 33554433\r\n', body=b''), 413),
    'no length': (post(framing=b'', body=b''), 411),
    'gzip coding': (chunked(ONE, b'Transfer-Encoding: gzip\r\n'), 501),
    'identity coding': (chunked(ONE, b'Transfer-Encoding: identity\r\n'), 501),
    'two codings': (chunked(ONE, b'Transfer-Encoding: gzip, chunked\r\n'), {400, 501}),
    'chunked twice': (chunked(ONE, b'Transfer-Encoding: chunked, chunked\r\n'), {400, 501}),
    'two coding fields': (chunked(ONE, b'Transfer-Encoding: chunked\r\n' * 2), 400),
    'coding with a parameter': (chunked(ONE, b'Transfer-Encoding: chunked;a=b\r\n'), {400, 501}),
    'quoted coding': (chunked(ONE, b'Transfer-Encoding: "chunked"\r\n'), 400),
    'leading comma': (chunked(ONE, b'Transfer-Encoding: ,chunked\r\n'), 400),
    'empty coding': (chunked(ONE, b'Transfer-Encoding:\r\n'), 400),
    'xchunked': (chunked(ONE, b'Transfer-Encoding: xchunked\r\n'), 501),
    'vertical tab before the coding': (chunked(ONE, b'Transfer-Encoding: \x0bchunked\r\n'), 400),
    'coding in HTTP/1.0': (chunked(ONE + b'0\r\n\r\n').replace(b'HTTP/1.1', b'HTTP/1.0'), 400),
}

CHUNKS = {
    '0x prefix': b'0x5\r\nhello\r\n0\r\n\r\n',
    'signed size': b'+5\r\nhello\r\n0\r\n\r\n',
    'negative size': b'-5\r\nhello\r\n0\r\n\r\n',
    'blank before the size': b' 5\r\nhello\r\n0\r\n\r\n',
    'blank after the size': b'5 \r\nhello\r\n0\r\n\r\n',
    'tab after the size': b'5\t\r\nhello\r\n0\r\n\r\n',
    'no size': b'\r\nhello\r\n0\r\n\r\n',
    'no hexadecimal': b'g\r\nhello\r\n0\r\n\r\n',
    '17 digits': b'0' * 16 + b'5\r\nhello\r\n0\r\n\r\n',
    'beyond 64 bits': b'ffffffffffffffff0\r\nhello\r\n',
    'LF after the size': b'5\nhello\r\n0\r\n\r\n',
    'LF after the data': b'5\r\nhello\n0\r\n\r\n',
    'nothing after the data': b'5\r\nhello0\r\n\r\n',
    'CR alone after the data': b'5\r\nhello\r0\r\n\r\n',
    'data longer than its size': b'4\r\nhello\r\n0\r\n\r\n',
    'bare extension': b'5;\r\nhello\r\n0\r\n\r\n',
    'extension without a name': b'5;=a\r\nhello\r\n0\r\n\r\n',
    'control in an extension': b'5;a=\x01\r\nhello\r\n0\r\n\r\n',
    'LF in an extension': b'5;a="\n"\r\nhello\r\n0\r\n\r\n',
    'open quote': b'5;a="b\r\nhello\r\n0\r\n\r\n',
    'long extension': b'5;a=' + b'b' * 300 + b'\r\nhello\r\n0\r\n\r\n',
    'many extensions in all': b'1;a=%b\r\nx\r\n' % (b'b' * 200) * 25 + b'0\r\n\r\n',
    'flood of small chunks': b'1\r\nx\r\n' * 1100 + b'0\r\n\r\n',
    'LF after the last chunk': b'5\r\nhello\r\n0\n\n',
    'LF after the trailers': b'5\r\nhello\r\n0\r\nX-A: 1\n\r\n',
    'folded trailer': b'5\r\nhello\r\n0\r\nX-A: 1\r\n 2\r\n\r\n',
    'trailer without a colon': b'5\r\nhello\r\n0\r\nX-A\r\n\r\n',
    '17 trailers': b'5\r\nhello\r\n0\r\n' + b'X-A: 1\r\n' * 17 + b'\r\n',
    'large trailers': b'5\r\nhello\r\n0\r\n' + b'X-A: %b\r\n' % (b'a' * 2000) * 3 + b'\r\n',
}
CHUNK_ROWS = {name: (chunked(coded), {400, 431}) for name, coded in CHUNKS.items()}
CHUNK_ROWS['size over the limit'] = (chunked(b'2000001\r\nhello'), 413)


def cuts(how):
    """Sizes of the pieces in which a message is sent."""
    if how == 'whole':
        return iter(lambda: 1 << 30, None)
    if how == 'bytewise':
        return iter(lambda: 1, None)
    dice = random.Random(how)
    return iter(lambda: dice.choice((1, 1, 2, 3, 7, 20, 100, 1000)), None)


def rejected(t, template, statuses):
    mark = t.marker.encode()
    body = BODY.replace(b'MARK', mark)
    message = (template.replace(b'MARK', mark).replace(b'KEY', MAIN_KEY.encode())
               .replace(b'LENGTH', b'Content-Length: %d\r\n' % len(body)))
    tail = build(t.chat(model='chat', tail='tail'), key=MAIN_KEY)
    ways = ['whole', f'random {t.name}']
    if len(message) < 6000:  # byte by byte, longer ones only cost time
        ways.append('bytewise')
    for how in ways:
        with t.client() as client:
            client.send_cut(message + tail, cuts(how))
            try:
                response = client.response()
            except (Cut, ConnectionResetError):
                raise AssertionError(f'no answer before the close ({how})') from None
            refused(response, statuses)
            assert response.closes, f'no Connection: close ({how})'
            same(client.rest(3 * t.slack), b'', f'bytes after the refusal ({how})')
    assert not t.main.saw(mark), 'bytes of the malformed message went upstream'
    same(t.ask().body, answers.CHAT, 'a good request on a new connection')


@case('start line', START_LINES)
def start_lines(t, message, statuses):
    rejected(t, message, statuses)


@case('field line', FIELD_LINES)
def field_lines(t, message, statuses):
    rejected(t, message, statuses)


@case('length', LENGTHS)
def lengths(t, message, statuses):
    rejected(t, message, statuses)


@case('chunked coding', CHUNK_ROWS)
def chunk_rows(t, message, statuses):
    rejected(t, message, statuses)


@case('not HTTP at all', {
    'HTTP/2 preface': b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + bytes(9),
    'TLS hello': bytes.fromhex('16030100c8010000c40303') + bytes(range(32)) + bytes(160),
    'noise': bytes(range(256)) * 4})
def not_http(t, data):
    """Refused or closed without an answer; never served."""
    with t.client() as client:
        client.send_cut(data, cuts('whole'))
        text = client.rest(3 * t.slack)
        assert text == b'' or text.startswith((b'HTTP/1.1 400 ', b'HTTP/1.1 505 ')), text[:100]


TRUNCATED = {
    'in the head': (post()[:60], True),
    'in the body': (post(framing=b'LENGTH')[:-10], True),
    'in a chunk': (chunked(b'20\r\nhello'), True),
    'before the last chunk': (chunked(b'5\r\nhello\r\n'), True),
}


@case('cut by the end of the connection', TRUNCATED)
def truncated(t, template, _):
    mark = t.marker.encode()
    message = template.replace(b'MARK', mark).replace(b'KEY', MAIN_KEY.encode()).replace(
        b'LENGTH', b'Content-Length: 100\r\n')
    with t.client() as client:
        client.send(message)
        client.half_close()
        text = client.rest(3 * t.slack)
        assert text == b'' or text.startswith(b'HTTP/1.1 400 '), text[:100]
    same(t.main.requests(t.marker), [], 'requests upstream')
