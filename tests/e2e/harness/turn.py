"""One answer and one request in no dialect at all: what a provider is scripted to say, and what every
client has to hear whatever it speaks."""
import dataclasses
import json
import random

from harness import answers

TEXT = ('Bl', 'ue: \U0001f535 \u00e9 "q" \\ \n', '', 'sky.')
THINKING = ('Why ', 'blue? \u2603')
SIGNATURE = 'EqQBCkgIBRABGAIiQL+sig/nature=='


@dataclasses.dataclass(frozen=True)
class Call:
    id: str
    name: str
    pieces: tuple  # of the arguments' JSON text

    @property
    def arguments(self):
        return json.loads(''.join(self.pieces) or '{}')


WEATHER = Call('toolu_01ABCdef', 'get_weather', ('{"city', '": "Os', 'lo \\u00e9", "days": [1, ', '2]}'))
CLOCK = Call('toolu_02', 'now', ())


@dataclasses.dataclass(frozen=True)
class Turn:
    text: tuple = TEXT
    thinking: tuple = ()
    signature: str = ''
    calls: tuple = ()
    finish: str = 'stop'  # or 'length', 'tool_calls', 'content_filter'
    fresh_tokens: int = 30  # of the prompt, without what was read from a cache
    cached_tokens: int = 12
    output_tokens: int = 9
    reasoning_tokens: int = 0

    @property
    def whole_text(self):
        return ''.join(self.text)

    @property
    def whole_thinking(self):
        return ''.join(self.thinking)

    @property
    def input_tokens(self):
        return self.fresh_tokens + self.cached_tokens


PLAIN = Turn()
SHORT = Turn(text=('Blu',), finish='length')
THOUGHT = Turn(thinking=THINKING, signature=SIGNATURE, reasoning_tokens=4)
CALLING = Turn(text=('Let me look.',), calls=(WEATHER, CLOCK), finish='tool_calls')
THOUGHTFUL_CALL = Turn(text=(), thinking=THINKING, signature=SIGNATURE, calls=(WEATHER,),
                       finish='tool_calls', reasoning_tokens=4)


@dataclasses.dataclass
class Heard:
    """What a client made of an answer."""
    text: str = ''
    thinking: str = ''
    calls: list = dataclasses.field(default_factory=list)  # (name, arguments)
    finish: str = None
    usage: tuple = None  # input tokens in all, cached ones among them, output tokens in all
    failed: dict = None  # an error inside the stream
    ended: bool = False  # the dialect's own end was there


@dataclasses.dataclass
class Ask:
    """What a client wants."""
    model: str
    text: str
    system: str = None
    stream: bool = False
    tools: bool = False
    max_tokens: int = 64
    temperature: float = None
    stop: list = None
    extra: dict = dataclasses.field(default_factory=dict)  # members of the client's own dialect


WEATHER_SCHEMA = {'type': 'object', 'properties': {'city': {'type': 'string'},
                                                   'days': {'type': 'array', 'items': {'type': 'integer'}}},
                  'required': ['city']}
CLOCK_SCHEMA = {'type': 'object', 'properties': {}}
TOOLS = (('get_weather', 'The weather of a city.', WEATHER_SCHEMA), ('now', 'The time.', CLOCK_SCHEMA))


def pieces(data, seed):
    """The bytes cut at places that mean nothing to them."""
    chance = random.Random(seed)
    at = 0
    while at < len(data):
        size = chance.choice((1, 1, 2, 3, 7, 20, 61))
        yield data[at:at + size]
        at += size


def cut_anywhere(data, seed):
    """The same as HTTP chunks in a few sends."""
    return [answers.send(b''.join(map(answers.http_chunk, pieces(data, seed))))]
