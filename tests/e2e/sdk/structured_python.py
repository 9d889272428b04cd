"""JSON of a wanted shape, parsed by the helpers of the official Python clients, through a gateway to a
scripted provider of every dialect: argv is base URL, key, names of the models. Run by run.py; the value
is the one of speaking.py, whose providers judge the shape that reaches them."""
import sys
import traceback

import anthropic
import openai
import pydantic
from google import genai
from google.genai import types

URL, KEY, MODELS = sys.argv[1], sys.argv[2], sys.argv[3].split(',')
ORIGIN = URL.removesuffix('/v1')
OLD_CLAUDE = 'claude-3'
QUESTION = 'What will the weather be?'
MESSAGES = [{'role': 'user', 'content': QUESTION}]
gpt = openai.OpenAI(base_url=URL, api_key=KEY, max_retries=0, timeout=30)
claude = anthropic.Anthropic(base_url=ORIGIN, api_key=KEY, max_retries=0, timeout=30)
google = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=ORIGIN))


class Wind(pydantic.BaseModel):
    speed: float


class Weather(pydantic.BaseModel):
    city: str
    days: list[int]
    wind: Wind


VALUE = Weather(city='Oslo \u00e9 "q" \\', days=[1, 2], wind=Wind(speed=2.5))


def is_value(found):
    assert isinstance(found, Weather) and found == VALUE, found


def chat(model):
    answer = gpt.chat.completions.parse(model=model, messages=MESSAGES, response_format=Weather).choices[0]
    is_value(answer.message.parsed)
    assert answer.finish_reason == 'stop' and not answer.message.tool_calls, answer


def chat_streamed(model):
    with gpt.chat.completions.stream(model=model, messages=MESSAGES, response_format=Weather) as stream:
        answer = stream.get_final_completion().choices[0]
    is_value(answer.message.parsed)
    assert answer.finish_reason == 'stop' and not answer.message.tool_calls, answer


def responses(model):
    answer = gpt.responses.parse(model=model, input=QUESTION, text_format=Weather)
    is_value(answer.output_parsed)
    assert answer.status == 'completed' and [i.type for i in answer.output] == ['message'], answer


def responses_streamed(model):
    with gpt.responses.stream(model=model, input=QUESTION, text_format=Weather) as stream:
        answer = stream.get_final_response()
    is_value(answer.output_parsed)
    assert answer.status == 'completed' and [i.type for i in answer.output] == ['message'], answer


def messages(model):
    answer = claude.messages.parse(model=model, max_tokens=300, messages=MESSAGES, output_format=Weather)
    is_value(answer.parsed_output)
    assert answer.stop_reason == 'end_turn' and [b.type for b in answer.content] == ['text'], answer


def messages_streamed(model):
    with claude.messages.stream(model=model, max_tokens=300, messages=MESSAGES, output_format=Weather) as stream:
        answer = stream.get_final_message()
    is_value(answer.parsed_output)
    assert answer.stop_reason == 'end_turn' and [b.type for b in answer.content] == ['text'], answer


def messages_as_they_came(model):
    """In the provider's own dialect nothing is rewritten, not even for a model that refuses it."""
    try:
        messages(model)
    except anthropic.BadRequestError as error:
        assert 'a member that the model does not have' in str(error), error
    else:
        raise AssertionError('accepted')


def gemini(model):
    config = types.GenerateContentConfig(response_mime_type='application/json', response_schema=Weather)
    answer = google.models.generate_content(model=model, contents=QUESTION, config=config)
    is_value(answer.parsed)
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP and not answer.function_calls, answer


def gemini_json_schema(model):
    config = types.GenerateContentConfig(response_mime_type='application/json',
                                         response_json_schema=Weather.model_json_schema())
    answer = google.models.generate_content(model=model, contents=QUESTION, config=config)
    is_value(Weather.model_validate(answer.parsed))


CASES = (chat, chat_streamed, responses, responses_streamed, messages, messages_streamed, gemini, gemini_json_schema)
OLD_CLAUDE_CASES = (chat, chat_streamed, responses, responses_streamed, messages_as_they_came, gemini,
                    gemini_json_schema)
passed = failed = 0
for model in MODELS:
    for run in OLD_CLAUDE_CASES if model == OLD_CLAUDE else CASES:
        try:
            run(model)
            passed += 1
        except Exception:  # noqa: BLE001 - whatever a package raises is a failure of this case
            failed += 1
            print(f'FAILED {run.__name__} of {model}\n{traceback.format_exc(limit=-4)}')
print(f'{passed} passed, {failed} failed, 0 skipped')
sys.exit(1 if failed else 0)
