"""A scripted provider of files, audio and images, which reads bodies of any framing and size.

A request is matched to what was scripted for its marker, found in its path or in the first bytes of
its body. A script is a function: (request) -> True when the connection may serve again.
"""
import hashlib
import json
import re
import socket
import struct
import threading
import time

from harness.upstream import MARKER


class Gone(Exception):
    """The gateway ended the connection."""


class Request:
    def __init__(self, peer, buffered):
        self.peer, self._buffered = peer, buffered
        head, self._buffered = buffered.split(b'\r\n\r\n', 1)
        self.head = head
        line, *fields = head.decode('latin-1').split('\r\n')
        self.method, self.path, _ = line.split(' ')
        self.fields = {}
        for field in fields:
            name, value = field.split(':', 1)
            assert name.lower() not in self.fields, f'{name} twice'
            self.fields[name.lower()] = value.strip()
        self.chunked = self.fields.get('transfer-encoding') == 'chunked'
        self.length = None if self.chunked else int(self.fields.get('content-length', 0))
        self.front, self.size, self.complete = b'', 0, False
        self.digest = hashlib.sha256()
        self.gone = threading.Event()
        self._left, self._in_chunk = self.length, 0

    def _more(self):
        try:
            data = self.peer.recv(1 << 16)
        except ConnectionError:
            data = b''
        if not data:
            self.gone.set()
            raise Gone
        self._buffered += data

    def _take(self, count):
        while not self._buffered:
            self._more()
        piece, self._buffered = self._buffered[:count], self._buffered[count:]
        return piece

    def _line(self):
        while b'\r\n' not in self._buffered:
            self._more()
        line, self._buffered = self._buffered.split(b'\r\n', 1)
        return line

    def read(self):
        """The next piece of the body; empty at its end."""
        if self.complete:
            return b''
        if self.chunked:
            if self._in_chunk == 0:
                self._in_chunk = int(self._line(), 16)
                if self._in_chunk == 0:
                    assert self._line() == b'', 'trailers'
                    self.complete = True
                    return b''
            piece = self._take(self._in_chunk)
            self._in_chunk -= len(piece)
            if self._in_chunk == 0:
                assert self._line() == b'', 'a chunk that does not end in CRLF'
        elif self._left == 0:
            self.complete = True
            return b''
        else:
            piece = self._take(self._left)
            self._left -= len(piece)
        self.size += len(piece)
        self.digest.update(piece)
        if len(self.front) < 1 << 20:
            self.front += piece
        return piece

    def read_all(self):
        while self.read():
            pass

    def send(self, data):
        self.peer.sendall(data)

    def answer(self, body, status='200 OK', kind='application/json', *fields):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f'HTTP/1.1 {status}', f'Content-Type: {kind}', f'Content-Length: {len(data)}', *fields]
        self.send('\r\n'.join(lines).encode() + b'\r\n\r\n' + data)
        return True

    def reset(self):
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        return False

    def watch(self, seconds):
        """True when the gateway ended the connection within this time."""
        self.peer.settimeout(seconds)
        try:
            while self.peer.recv(1 << 16):
                pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        self.gone.set()
        return True


def echo(request):
    request.read_all()
    return request.answer({'ok': True, 'bytes': request.size})


class Resources:
    def __init__(self):
        self._listener = socket.create_server(('127.0.0.1', 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._scripts, self._requests, self._lock = {}, {}, threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def base_url(self):
        return f'http://127.0.0.1:{self.port}/v1'

    def script(self, marker, function):
        self._scripts[marker] = function

    def requests(self, marker):
        with self._lock:
            return list(self._requests.get(marker, []))

    def request(self, marker, seconds=5):
        """The one request with that marker; waits for it."""
        deadline = time.monotonic() + seconds
        while not self.requests(marker):
            assert time.monotonic() < deadline, 'no request reached the provider'
            time.sleep(0.005)
        found, = self.requests(marker)
        return found

    def _accept(self):
        while True:
            peer, _ = self._listener.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        peer.settimeout(60)
        buffered = b''
        try:
            while True:
                while b'\r\n\r\n' not in buffered:
                    data = peer.recv(1 << 16)
                    if not data:
                        return
                    buffered += data
                request = Request(peer, buffered)
                if not self._answer(request):
                    return
                buffered = request._buffered
        except (Gone, OSError):
            return
        finally:
            peer.close()

    def _answer(self, request):
        found = MARKER.search(request.path.encode())
        while not found and request.method == 'POST' and len(request.front) < 1 << 20:
            if not request.read():
                break
            found = MARKER.search(request.front)
        marker = found[0].decode() if found else None
        with self._lock:
            self._requests.setdefault(marker, []).append(request)
        return self._scripts.get(marker, echo)(request)


def parts_of(form, content_type):
    """A form that is wholly in memory: (name, file name or None, content) of each part."""
    boundary = re.search(r'boundary=("?)([^";]+)\1', content_type)[2].encode()
    pieces = (b'\r\n' + form).split(b'\r\n--' + boundary)
    assert pieces[0] == b'' and pieces[-1] in (b'--', b'--\r\n'), pieces[-1][:40]
    found = []
    for piece in pieces[1:-1]:
        head, content = piece.removeprefix(b'\r\n').split(b'\r\n\r\n', 1)
        name = re.search(rb'; name="([^"]*)"', head)[1].decode()
        file_name = re.search(rb'filename="([^"]*)"', head)
        found.append((name, file_name and file_name[1].decode(), content))
    return found
