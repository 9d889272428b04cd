"""A scripted provider that can misbehave at every byte.

One thread for each connection. A request is matched to its script by the marker that the test put
into the body (`e2e-…`), so that many tests share one provider. A script is a list of steps:

    send(b'...')     bytes as they are
    trickle(b'...')  the same, one byte in one segment
    wait(0.2)        silence, while the peer is watched
    stall()          silence until the peer leaves
    fin()  rst()     ends the connection in order, or with a reset
"""
import re
import select
import socket
import ssl
import struct
import threading
import time

MARKER = re.compile(rb'e2e-[0-9]+-[0-9a-f]+')


def send(data):
    return ('send', data)


def trickle(data, pause=0.0):
    return ('trickle', data, pause)


def wait(seconds):
    return ('wait', seconds)


def stall(seconds=20):
    return ('stall', seconds)


def fin():
    return ('fin',)


def rst():
    return ('rst',)


class Received:
    """One request as it arrived, and what became of its connection."""

    def __init__(self, connection, head, body):
        self.connection = connection  # number of the connection, unique in one Upstream
        self.head, self.body = head, body
        line, *fields = head.decode('latin-1').split('\r\n')[:-2]
        self.method, self.path, self.version = line.split(' ')
        self.headers = [tuple(f.split(':', 1)) for f in fields]
        self.left = threading.Event()  # the gateway closed or reset the connection
        self.left_at = None
        self.left_by = None  # 'fin' or 'rst'
        self.sent = 0        # bytes of the answer that the kernel took
        self.done = threading.Event()

    def header(self, name):
        values = [v.strip() for n, v in self.headers if n.lower() == name.lower()]
        assert len(values) <= 1, f'{name} arrived {len(values)} times'
        return values[0] if values else None

    def gone(self, by):
        if not self.left.is_set():
            self.left_at, self.left_by = time.monotonic(), by
            self.left.set()


class Upstream:
    def __init__(self, tls=None, early=None, backlog=256):
        """tls: a server-side SSLContext. early: steps that run as soon as a head has arrived,
        without reading its body."""
        self._listener = socket.create_server(('127.0.0.1', 0), backlog=backlog)
        self.port = self._listener.getsockname()[1]
        self._tls, self.early = tls, early
        self.default = None      # request -> steps, where no script is
        self._scripts, self._lock = {}, threading.Lock()
        self._requests = []
        self.raw = []            # (connection, bytes) of everything that arrived in the clear
        self.connections = 0
        self.handshake_errors = []
        self.violations = []     # what a gateway must never send
        self.scheme = 'https' if tls else 'http'
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def base_url(self):
        return f'{self.scheme}://127.0.0.1:{self.port}/v1'

    def script(self, marker, *answers):
        """answers: one list of steps for each request with this marker; the last one repeats."""
        with self._lock:
            self._scripts[marker.encode()] = list(answers)

    def requests(self, marker=None):
        with self._lock:
            return [r for r in self._requests if marker is None or marker.encode() in r.body]

    def wait_for(self, marker, count=1, seconds=5):
        deadline = time.monotonic() + seconds
        while len(self.requests(marker)) < count and time.monotonic() < deadline:
            time.sleep(0.005)
        found = self.requests(marker)
        assert len(found) >= count, f'{len(found)} of {count} requests reached the provider'
        return found

    def saw(self, needle):
        """True when the bytes arrived anywhere, also outside of a parsed request."""
        with self._lock:
            return any(needle in data for data in self._bytes_by_connection().values())

    def _bytes_by_connection(self):
        joined = {}
        for connection, data in self.raw:
            joined[connection] = joined.get(connection, b'') + data
        return joined

    def stop(self):
        self._listener.close()

    # -- one connection

    def _accept(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number = self.connections
            threading.Thread(target=self._serve, args=(peer, number), daemon=True).start()

    def _serve(self, peer, number):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self._tls:
                peer.settimeout(5)
                peer = self._tls.wrap_socket(peer, server_side=True)
            peer.settimeout(60)
            while self._one(peer, number):
                pass
        except (ssl.SSLError, OSError) as error:
            if self._tls and isinstance(peer, socket.socket) and not isinstance(peer, ssl.SSLSocket):
                self.handshake_errors.append(str(error))
        finally:
            peer.close()

    def _receive(self, peer, number, size=65536):
        data = peer.recv(size)
        if data:
            with self._lock:
                self.raw.append((number, data[:4096]))
        return data

    def _one(self, peer, number):
        """Serves one request; False when the connection is over."""
        buffered = b''
        while b'\r\n\r\n' not in buffered:
            data = self._receive(peer, number)
            if not data:
                return False
            buffered += data
        head, body = buffered.split(b'\r\n\r\n', 1)
        head += b'\r\n\r\n'
        if self.early is not None:
            request = Received(number, head, body)
            self._record(request)
            return self._play(peer, request, self.early)
        length = re.search(rb'\r\ncontent-length: *(\d+)', head, re.I)
        wanted = int(length[1]) if length else 0
        parts, have = [body], len(body)
        while have < wanted:
            data = self._receive(peer, number, 1 << 20)
            if not data:
                return False
            parts.append(data)
            have += len(data)
        body = b''.join(parts)
        request = Received(number, head, body)
        if len(body) > wanted:
            self.violations.append(f'bytes after the end of a request: {body[wanted:][:80]!r}')
            return False
        self._record(request)
        return self._play(peer, request, self._steps_for(request))

    def _record(self, request):
        with self._lock:
            self._requests.append(request)

    def _steps_for(self, request):
        found = MARKER.search(request.body)
        with self._lock:
            answers = self._scripts.get(found[0] if found else None)
            if answers:
                return answers.pop(0) if len(answers) > 1 else answers[0]
        from harness import answers as ready_made
        return (self.default or ready_made.for_request)(request)

    def _play(self, peer, request, steps):
        try:
            for kind, *argument in steps:
                if not getattr(self, '_' + kind)(peer, request, *argument):
                    return False
            return True
        except (BrokenPipeError, ConnectionError, TimeoutError, ssl.SSLError):
            request.gone('rst')
            return False
        finally:
            request.done.set()

    def _send(self, peer, request, data):
        # In pieces, so that `sent` tells how far a blocked send came.
        view = memoryview(data)
        while view:
            count = peer.send(view[:65536])
            request.sent += count
            view = view[count:]
        return True

    def _trickle(self, peer, request, data, pause):
        for i in range(len(data)):
            peer.sendall(data[i:i + 1])
            request.sent += 1
            if pause and not self._wait(peer, request, pause):
                return False
        return True

    def _wait(self, peer, request, seconds):
        """False when the peer left meanwhile. Bytes of a next request are not expected here."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            readable, _, _ = select.select([peer], [], [], left)
            if readable:
                data = self._receive(peer, request.connection)
                if not data:
                    request.gone('fin')
                    return False
        return True

    def _stall(self, peer, request, seconds):
        self._wait(peer, request, seconds)
        return False

    def _fin(self, peer, request):
        if isinstance(peer, ssl.SSLSocket):
            peer = peer.unwrap()  # sends close_notify
        peer.shutdown(socket.SHUT_WR)
        return self._stall(peer, request, 5)

    def _cut(self, peer, request):
        """TLS: ends TCP without close_notify."""
        raw = socket.socket(fileno=peer.detach())
        raw.shutdown(socket.SHUT_WR)
        raw.close()
        return False

    def _rst(self, peer, request):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        if isinstance(peer, ssl.SSLSocket):
            raw = socket.socket(fileno=peer.detach())
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            raw.close()
        peer.close()
        return False


def cut():
    return ('cut',)


class Blackhole:
    """A listening socket whose queue is full: connection attempts get no answer."""

    def __init__(self):
        self._listener = socket.create_server(('127.0.0.1', 0), backlog=0)
        self.port = self._listener.getsockname()[1]
        self._fill = []
        for _ in range(4):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(('127.0.0.1', self.port))
            self._fill.append(s)
        time.sleep(0.05)

    @property
    def base_url(self):
        return f'http://127.0.0.1:{self.port}/v1'


def closed_port():
    """A port of the loopback address on which nobody listens."""
    with socket.create_server(('127.0.0.1', 0)) as s:
        return s.getsockname()[1]
