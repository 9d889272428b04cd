"""What a scripted provider needs of its dialect."""
import json

from harness import answers
from harness.turn import cut_anywhere


def compact(value):
    return json.dumps(value, separators=(',', ':'), ensure_ascii=False).encode()


def event(value, name=None):
    """One server-sent event."""
    return (b'event: ' + name.encode() + b'\n' if name else b'') + b'data: ' + compact(value) + b'\n\n'


class Provider:
    """One dialect of a provider. `yaml` is its section in the configuration, `model` the upstream name."""
    name = yaml = model = None
    target = ''            # more members of the target
    reasons = True         # its answers can show reasoning
    signs = False          # and sign it
    counts_cache = True    # it tells what was read from a cache
    has_tools = True
    stream_type = 'text/event-stream'
    error_headers = ()

    # -- what it says

    def body(self, turn):
        raise NotImplementedError

    def events(self, turn):
        """The frames of a stream as they go over the wire; the last one is what completes it."""
        raise NotImplementedError

    def error(self, status, message):
        raise NotImplementedError

    def error_event(self, message):
        """A fault told inside a stream, after which nothing comes."""
        raise NotImplementedError

    # -- as steps of a script

    def whole_steps(self, turn):
        return answers.whole(compact(self.body(turn)))

    def error_steps(self, status, message, *headers):
        return answers.whole(compact(self.error(status, message)), status, *self.error_headers, *headers)

    def stream_head(self):
        return answers.send(answers.head(200, 'Transfer-Encoding: chunked', kind=self.stream_type))

    def stream_steps(self, turn, seed=None):
        """seed: None writes one chunk for each event, a number cuts at places it decides."""
        events = self.events(turn)
        body = ([answers.send(answers.http_chunk(e)) for e in events] if seed is None
                else cut_anywhere(b''.join(events), seed))
        return [self.stream_head(), *body, answers.send(answers.LAST_CHUNK)]

    # -- what must reach it

    def check_head(self, request, stream):
        """Path and credential."""
        raise NotImplementedError

    def understood(self, body):
        """What the body asks for: a dict of system, text, tools, max_tokens, temperature, stop,
        stream, model as far as the dialect has them in the body."""
        raise NotImplementedError
