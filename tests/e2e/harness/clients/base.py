"""What a client needs of its dialect. All readers are strict: what no client of the dialect may see is
an error here."""
from harness.case import same
from harness.config import MAIN_KEY
from harness.turn import Heard


def blocks(body):
    """Server-sent events as (name or None, data). Only `event` and `data`, one line each; comments are
    left out."""
    assert not body or body.endswith((b'\n\n', b'\r\n\r\n')), f'the stream ends inside an event: {body[-80:]!r}'
    found = []
    for block in body.replace(b'\r\n', b'\n').split(b'\n\n')[:-1]:
        if not block or block.startswith(b':'):
            continue  # a sign of life
        lines = block.split(b'\n')
        name = None
        if lines[0].startswith(b'event: '):
            name = lines.pop(0)[7:].decode()
        assert len(lines) == 1 and lines[0].startswith(b'data: '), f'not one data line: {block[:120]!r}'
        found.append((name, lines[0][6:]))
    return found


class Speaker:
    """A client's dialect. `path` and `body` make a request of an Ask; `whole` and `streamed` read."""
    name = None
    has_tools = True
    shows_reasoning = True

    def path(self, ask):
        raise NotImplementedError

    def headers(self, key=MAIN_KEY):
        return [f'Authorization: Bearer {key}'] if key else []

    def body(self, ask):
        raise NotImplementedError

    def whole(self, body):
        raise NotImplementedError

    def streamed(self, body):
        raise NotImplementedError

    def error(self, body):
        """(message, kind, param) of an error's body; asserts its shape."""
        raise NotImplementedError

    def asked(self, t, ask, gateway, key=MAIN_KEY, headers=()):
        """Sends the request and returns the response."""
        return t.ask(self.body(ask), gateway=gateway, path=self.path(ask), key=None,
                     headers=[*self.headers(key), *headers])

    def heard(self, response, ask):
        same(response.status, 200, f'status ({response.body!r:.300})')
        kind = response.header('content-type').split(';')[0]
        if not ask.stream:
            same((kind, response.framing), ('application/json', 'length'), 'content type and framing')
            return self.whole(response.json)
        same((kind, response.complete), (self.stream_type(ask), True), 'content type, and the whole message')
        return self.streamed(response.body)

    def stream_type(self, ask):
        return 'text/event-stream'


__all__ = ['Heard', 'Speaker', 'blocks', 'same']
