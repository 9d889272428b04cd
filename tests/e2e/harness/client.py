"""A client on a plain socket that reads strictly: whatever the gateway writes must be exact HTTP."""
import json
import re
import socket
import struct
import time

# Everything that any client of the run received; the secrets case searches it.
RECEIVED = []
RECEIVED_MAX = 200_000


class ProtocolError(AssertionError):
    """The gateway wrote something that is not HTTP."""


class Cut(Exception):
    """The connection ended inside a message."""


class Response:
    def __init__(self, status, reason, version, headers):
        self.status, self.reason, self.version, self.headers = status, reason, version, headers
        self.interim = []   # statuses of 1xx answers before
        self.body = b''
        self.complete = False
        self.framing = None  # 'none', 'length', 'chunked' or 'close'

    def header(self, name):
        values = [v for n, v in self.headers if n.lower() == name.lower()]
        assert len(values) <= 1, f'{name} is there {len(values)} times'
        return values[0] if values else None

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json['error']

    @property
    def events(self):
        return parse_events(self.body)

    @property
    def closes(self):
        return (self.header('connection') or '').lower() == 'close'


def parse_events(body):
    """The data of each event. Strict: `data: ` and LF as the gateway has to write them."""
    if body and not body.endswith(b'\n\n'):
        raise ProtocolError(f'the stream ends inside an event: {body[-80:]!r}')
    found = []
    for block in body.split(b'\n\n')[:-1]:
        if block.startswith(b':'):
            continue  # heartbeat
        if not block.startswith(b'data: ') or b'\n' in block or b'\r' in block:
            raise ProtocolError(f'not one data line: {block[:80]!r}')
        found.append(block[6:])
    return found


class Client:
    def __init__(self, address, source=None, tls=None, timeout=15, server_name='localhost',
                 receive_buffer=None):
        raw = socket.socket()
        if receive_buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.settimeout(timeout)
        if source:
            raw.bind((source, 0))
        raw.connect(address)
        self.socket = tls.wrap_socket(raw, server_hostname=server_name) if tls else raw
        self._buffer = b''
        self._recorded = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.socket.close()

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def send(self, data):
        self.socket.sendall(data)
        return self

    def send_cut(self, data, sizes):
        """Sends in pieces of the given sizes (an iterator). A peer that refuses meanwhile ends it."""
        at = 0
        try:
            while at < len(data):
                size = next(sizes)
                self.socket.sendall(data[at:at + size])
                at += size
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def _more(self):
        data = self.socket.recv(1 << 16)
        if self._recorded < RECEIVED_MAX:
            RECEIVED.append(data)
            self._recorded += len(data)
        if not data:
            raise Cut
        self._buffer += data

    def _line(self, limit=65536):
        while b'\n' not in self._buffer:
            if len(self._buffer) > limit:
                raise ProtocolError('a line without an end')
            self._more()
        line, self._buffer = self._buffer.split(b'\n', 1)
        if not line.endswith(b'\r') or b'\r' in line[:-1]:
            raise ProtocolError(f'a line that does not end in CRLF: {line[:80]!r}')
        return line[:-1]

    def _exactly(self, count):
        parts, have = [self._buffer[:count]], min(count, len(self._buffer))
        self._buffer = self._buffer[count:]
        while have < count:
            try:
                self._more()
            except Cut:
                error = Cut()
                error.partial = b''.join(parts)
                raise error from None
            piece, self._buffer = self._buffer[:count - have], self._buffer[count - have:]
            parts.append(piece)
            have += len(piece)
        return b''.join(parts)

    def head(self):
        """The head of the next final response; 1xx before it are collected in `interim`."""
        interim = []
        while True:
            line = self._line().decode('latin-1')
            found = re.fullmatch(r'(HTTP/1\.[01]) (\d{3}) ([\x20-\x7e]*)', line)
            if not found:
                raise ProtocolError(f'not a status line: {line[:80]!r}')
            headers = []
            while line := self._line():
                field = re.fullmatch(rb'([!#$%&\'*+.^_`|~0-9A-Za-z-]+): ?([\x20-\x7e\x80-\xff]*)', line)
                if not field:
                    raise ProtocolError(f'not a field line: {line[:80]!r}')
                headers.append((field[1].decode(), field[2].decode('latin-1').strip()))
            status = int(found[2])
            if status < 200:
                interim.append(status)
                continue
            response = Response(status, found[3], found[1], headers)
            response.interim = interim
            return response

    def response(self, method='POST'):
        """One whole response. `complete` is False when the connection ended inside its body."""
        response = self.head()
        try:
            for piece in self.pieces(response, method):
                response.body += piece
            response.complete = True
        except Cut as cut:
            response.body += getattr(cut, 'partial', b'')
        return response

    def pieces(self, response, method='POST'):
        """The body in the pieces in which it is framed. Sets `framing`. Raises Cut."""
        length, coding = response.header('content-length'), response.header('transfer-encoding')
        if length is not None and coding is not None:
            raise ProtocolError('Content-Length and Transfer-Encoding together')
        if method == 'HEAD' or response.status in (204, 304):
            response.framing = 'none'
        elif coding is not None:
            if coding != 'chunked' or response.version == 'HTTP/1.0':
                raise ProtocolError(f'transfer coding {coding}')
            response.framing = 'chunked'
            while True:
                size_line = self._line(64)
                if not re.fullmatch(rb'[0-9a-fA-F]{1,16}', size_line):
                    raise ProtocolError(f'not a chunk size: {size_line!r}')
                size = int(size_line, 16)
                if size == 0:
                    if self._line() != b'':
                        raise ProtocolError('trailers, or bytes in place of them')
                    return
                yield self._exactly(size)
                if self._exactly(2) != b'\r\n':
                    raise ProtocolError('a chunk that does not end in CRLF')
        elif length is not None:
            response.framing = 'length'
            if not re.fullmatch(r'\d{1,19}', length):
                raise ProtocolError(f'Content-Length {length!r}')
            if int(length):
                yield self._exactly(int(length))
        else:
            response.framing = 'close'
            while True:
                try:
                    self._more()
                except Cut:
                    return
                finally:
                    data, self._buffer = self._buffer, b''
                    if data:
                        yield data

    def rest(self, seconds=5):
        """All bytes until the peer closes. Fails when it does not close in time."""
        deadline = time.monotonic() + seconds
        data, self._buffer = self._buffer, b''
        while True:
            left = deadline - time.monotonic()
            assert left > 0, f'the connection is still open after {seconds} s'
            self.socket.settimeout(left)
            try:
                piece = self.socket.recv(65536)
            except TimeoutError:
                continue
            except ConnectionResetError:
                return data
            if not piece:
                return data
            data += piece

    def closed_within(self, seconds):
        """True when the peer ends the connection in this time and sends nothing more."""
        return self.rest(seconds) == b''


def build(body=b'', path='/v1/chat/completions', method='POST', key=None, headers=(), host='gw.test',
          version='HTTP/1.1', length=True):
    """The bytes of a request. body: bytes, or what becomes JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f'{method} {path} {version}', f'Host: {host}']
    if key:
        lines.append(f'Authorization: Bearer {key}')
    if data and not any(h.lower().startswith('content-type:') for h in headers):
        lines.append('Content-Type: application/json')
    lines += headers
    if length and method == 'POST':
        lines.append(f'Content-Length: {len(data)}')
    return '\r\n'.join(lines).encode('latin-1') + b'\r\n\r\n' + data
