"""The tool loops of Anthropic's and Google's official Python clients, and Anthropic's accumulator, through a
gateway to a scripted provider of every dialect, which calls two tools, wants both results and then says a
text: argv is base URL, key, names of the models. Run by run.py."""
import sys
import traceback

import anthropic
from google import genai
from google.genai import types

URL, KEY, MODELS = sys.argv[1], sys.argv[2], sys.argv[3].split(',')
ORIGIN = URL.removesuffix('/v1')
QUESTION = 'What will the weather be?'
MESSAGES = [{'role': 'user', 'content': QUESTION}]
TEXT = 'Blue: \U0001f535 \u00e9 "q" \\ \nsky.'  # of turn.py
CALLED = [('Oslo \u00e9', [1, 2]), 'now']
claude = anthropic.Anthropic(base_url=ORIGIN, api_key=KEY, max_retries=0, timeout=30)
google = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=ORIGIN))


class Tools:
    """The two tools, with the results that speaking.py waits for, and what was called."""

    def __init__(self):
        self.called = []

        def get_weather(city: str, days: list[int]) -> str:
            """Weather of a city.

            Args:
                city: Its name.
                days: Which ones.
            """
            self.called.append((city, days))
            return 'sunny'

        def now() -> str:
            """The time."""
            self.called.append('now')
            return 'noon'

        self.both = [get_weather, now]


def text_of(message):
    return ''.join(b.text for b in message.content if b.type == 'text')


def messages_loop(model):
    tools = Tools()
    runner = claude.beta.messages.tool_runner(model=model, max_tokens=300, messages=MESSAGES,
                                              tools=[anthropic.beta_tool(t) for t in tools.both])
    assert text_of(runner.until_done()) == TEXT
    assert tools.called == CALLED, tools.called


def messages_loop_streamed(model):
    tools = Tools()
    runner = claude.beta.messages.tool_runner(model=model, max_tokens=300, messages=MESSAGES, stream=True,
                                              tools=[anthropic.beta_tool(t) for t in tools.both])
    final = [stream.get_final_message() for stream in runner][-1]
    assert text_of(final) == TEXT
    assert tools.called == CALLED, tools.called


def messages_accumulated(model):
    schema = {'type': 'object', 'properties': {'city': {'type': 'string'}}}
    for more in ({}, {'tools': [{'name': n, 'input_schema': schema} for n in ('get_weather', 'now')]}):
        asked = {'model': model, 'max_tokens': 300, 'messages': MESSAGES, **more}
        whole = claude.messages.create(**asked)
        with claude.messages.stream(**asked) as stream:
            final = stream.get_final_message()
        blocks = [[{k: v for k, v in b.model_dump().items() if k not in ('id', 'parsed_output')}
                   for b in answer.content] for answer in (whole, final)]
        assert blocks[0] == blocks[1], blocks
        assert whole.stop_reason == final.stop_reason
        figures = [(u.input_tokens, u.cache_read_input_tokens, u.output_tokens) for u in (whole.usage, final.usage)]
        assert figures[0] == figures[1], figures


def gemini_loop(model):
    tools = Tools()
    answer = google.models.generate_content(model=model, contents=QUESTION,
                                            config=types.GenerateContentConfig(tools=tools.both))
    assert answer.text == TEXT, answer
    assert tools.called == CALLED, tools.called


def gemini_loop_streamed(model):
    tools = Tools()
    chunks = google.models.generate_content_stream(model=model, contents=QUESTION,
                                                   config=types.GenerateContentConfig(tools=tools.both))
    text = ''.join(c.text or '' for c in chunks)
    assert text.endswith(TEXT), text
    assert tools.called == CALLED, tools.called


passed = failed = 0
for model in MODELS:
    for run in (messages_loop, messages_loop_streamed, messages_accumulated, gemini_loop, gemini_loop_streamed):
        try:
            run(model)
            passed += 1
        except Exception:  # noqa: BLE001 - whatever a package raises is a failure of this case
            failed += 1
            print(f'FAILED {run.__name__} of {model}\n{traceback.format_exc(limit=-4)}')
print(f'{passed} passed, {failed} failed, 0 skipped')
sys.exit(1 if failed else 0)
