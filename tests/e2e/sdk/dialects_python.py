"""The official Python clients of Anthropic, Google and OpenAI's Responses against a running demo, whose
provider speaks OpenAI's chat: argv[1] is the demo's base URL. Run by run.py."""
import json
import sys
import traceback

import anthropic
import openai
import pydantic
from google import genai
from google.genai import types

ORIGIN = sys.argv[1].removesuffix('/v1')
KEY = 'sk-penstock-demo-0123456789'
MODEL = 'demo-chat'
SCHEMA = {'type': 'object', 'properties': {'city': {'type': 'string'}}, 'required': ['city']}
QUESTION = 'Why is the sky blue?'
cases = []


def case(function):
    cases.append(function)
    return function


def failure(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError('accepted')


# -- Anthropic

claude = anthropic.Anthropic(base_url=ORIGIN, api_key=KEY, max_retries=0, timeout=30)
CLAUDE = {'model': MODEL, 'max_tokens': 300, 'messages': [{'role': 'user', 'content': QUESTION}]}
CLAUDE_TOOLS = [{'name': 'get_weather', 'description': 'Weather', 'input_schema': SCHEMA}]


@case
def messages_whole():
    answer = claude.messages.create(**CLAUDE)
    assert answer.type == 'message' and answer.role == 'assistant' and answer.stop_reason == 'end_turn'
    assert answer.content[0].type == 'text' and answer.content[0].text
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0


@case
def messages_accumulated():
    whole = claude.messages.create(**CLAUDE)
    with claude.messages.stream(**CLAUDE) as stream:
        text = ''.join(stream.text_stream)
        final = stream.get_final_message()
    assert final.content[0].text == text == whole.content[0].text, (text, whole)
    assert final.stop_reason == whole.stop_reason and final.usage.output_tokens == whole.usage.output_tokens
    assert final.usage.input_tokens > 0


@case
def messages_tools_accumulated():
    whole = claude.messages.create(**CLAUDE, tools=CLAUDE_TOOLS)
    with claude.messages.stream(**CLAUDE, tools=CLAUDE_TOOLS) as stream:
        final = stream.get_final_message()
    for answer in (whole, final):
        call = next(b for b in answer.content if b.type == 'tool_use')
        assert call.name == 'get_weather' and isinstance(call.input, dict) and call.id
        assert answer.stop_reason == 'tool_use', answer.stop_reason
    assert [b.type for b in whole.content] == [b.type for b in final.content]


@case
def messages_a_second_turn():
    first = claude.messages.create(**CLAUDE, tools=CLAUDE_TOOLS)
    call = next(b for b in first.content if b.type == 'tool_use')
    again = claude.messages.create(model=MODEL, max_tokens=300, tools=CLAUDE_TOOLS, messages=[
        *CLAUDE['messages'], {'role': 'assistant', 'content': first.content},
        {'role': 'user', 'content': [{'type': 'tool_result', 'tool_use_id': call.id, 'content': 'sunny'}]}])
    assert again.type == 'message' and again.content


@case
def messages_tool_runner():
    asked = []

    @anthropic.beta_tool
    def get_weather(city: str = 'Oslo') -> str:
        """Weather of a city."""
        asked.append(city)
        return 'sunny'

    runner = claude.beta.messages.tool_runner(**CLAUDE, tools=[get_weather], max_iterations=3)
    answers = list(runner)
    assert asked and answers[-1].type == 'message', (asked, answers)


@case
def messages_counted():
    assert 1 < claude.messages.count_tokens(model=MODEL, messages=CLAUDE['messages']).input_tokens < 100


@case
def messages_errors():
    wrong = claude.with_options(api_key='sk-wrong-0123456789')
    assert failure(anthropic.AuthenticationError, lambda: wrong.messages.create(**CLAUDE)).status_code == 401
    error = failure(anthropic.NotFoundError, lambda: claude.messages.create(**{**CLAUDE, 'model': 'nobody'}))
    assert error.body['error']['type'] == 'not_found_error', error.body
    error = failure(anthropic.BadRequestError,
                    lambda: claude.messages.create(**{**CLAUDE, 'messages': [{'role': 'king', 'content': 'x'}]}))
    assert error.body['type'] == 'error' and error.body['error']['type'] == 'invalid_request_error', error.body


# -- Google

google = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=ORIGIN))


@case
def gemini_whole():
    answer = google.models.generate_content(model=MODEL, contents=QUESTION)
    assert answer.text and answer.candidates[0].finish_reason == types.FinishReason.STOP
    assert answer.usage_metadata.total_token_count > 0


@case
def gemini_streamed():
    whole = google.models.generate_content(model=MODEL, contents=QUESTION)
    chunks = list(google.models.generate_content_stream(model=MODEL, contents=QUESTION))
    assert ''.join(c.text or '' for c in chunks) == whole.text
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP
    used = chunks[-1].usage_metadata.candidates_token_count
    assert used == whole.usage_metadata.candidates_token_count > 0


@case
def gemini_functions():
    tool = types.Tool(function_declarations=[types.FunctionDeclaration(
        name='get_weather', description='Weather', parameters_json_schema=SCHEMA)])
    config = types.GenerateContentConfig(tools=[tool])
    answer = google.models.generate_content(model=MODEL, contents=QUESTION, config=config)
    assert answer.function_calls[0].name == 'get_weather', answer
    calls = [f for c in google.models.generate_content_stream(model=MODEL, contents=QUESTION, config=config)
             for f in c.function_calls or []]
    assert calls[0].name == 'get_weather' and calls[0].args == answer.function_calls[0].args


@case
def gemini_functions_called_by_the_client():
    asked = []

    def get_weather(city: str = 'Oslo') -> str:
        """Weather of a city."""
        asked.append(city)
        return 'sunny'

    config = types.GenerateContentConfig(
        tools=[get_weather], automatic_function_calling=types.AutomaticFunctionCallingConfig(maximum_remote_calls=3))
    google.models.generate_content(model=MODEL, contents=QUESTION, config=config)
    assert asked


@case
def gemini_counted():
    assert google.models.count_tokens(model=MODEL, contents=QUESTION).total_tokens > 1


@case
def gemini_errors():
    wrong = genai.Client(api_key='sk-wrong-0123456789', http_options=types.HttpOptions(base_url=ORIGIN))
    error = failure(genai.errors.ClientError, lambda: wrong.models.generate_content(model=MODEL, contents='x'))
    assert (error.code, error.status) == (401, 'UNAUTHENTICATED'), error
    error = failure(genai.errors.ClientError, lambda: google.models.generate_content(model='nobody', contents='x'))
    assert (error.code, error.status) == (404, 'NOT_FOUND'), error


# -- OpenAI's Responses

gpt = openai.OpenAI(base_url=f'{ORIGIN}/v1', api_key=KEY, max_retries=0, timeout=30)
GPT_TOOLS = [{'type': 'function', 'name': 'get_weather', 'parameters': SCHEMA, 'strict': False}]


@case
def responses_whole():
    answer = gpt.responses.create(model=MODEL, input=QUESTION)
    assert answer.status == 'completed' and answer.output_text and answer.usage.total_tokens > 0


@case
def responses_accumulated():
    whole = gpt.responses.create(model=MODEL, input=QUESTION)
    with gpt.responses.stream(model=MODEL, input=QUESTION) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert final.output_text == whole.output_text and final.usage.output_tokens == whole.usage.output_tokens
    assert kinds[0] == 'response.created' and kinds[-1] == 'response.completed', kinds


@case
def responses_tools():
    whole = gpt.responses.create(model=MODEL, input=QUESTION, tools=GPT_TOOLS)
    with gpt.responses.stream(model=MODEL, input=QUESTION, tools=GPT_TOOLS) as stream:
        final = stream.get_final_response()
    for answer in (whole, final):
        call = next(i for i in answer.output if i.type == 'function_call')
        assert call.name == 'get_weather' and isinstance(json.loads(call.arguments), dict) and call.call_id
    call = next(i for i in whole.output if i.type == 'function_call')
    again = gpt.responses.create(model=MODEL, tools=GPT_TOOLS, input=[
        {'role': 'user', 'content': QUESTION}, *[i.model_dump(exclude_none=True) for i in whole.output],
        {'type': 'function_call_output', 'call_id': call.call_id, 'output': 'sunny'}])
    assert again.status == 'completed'


class City(pydantic.BaseModel):
    city: str


@case
def responses_parsed_tools():
    answer = gpt.responses.parse(model=MODEL, input=QUESTION, tools=[openai.pydantic_function_tool(City)])
    assert answer.status == 'completed'


@case
def responses_errors():
    error = failure(openai.NotFoundError, lambda: gpt.responses.create(model='nobody', input='x'))
    assert error.code == 'model_not_found'
    wrong = gpt.with_options(api_key='sk-wrong-0123456789')
    failure(openai.AuthenticationError, lambda: wrong.responses.create(model=MODEL, input='x'))


failed = 0
for function in cases:
    try:
        function()
    except Exception:  # noqa: BLE001 - whatever a package raises is a failure of this case
        failed += 1
        print(f'FAILED {function.__name__}\n{traceback.format_exc(limit=-4)}')
print(f'{len(cases) - failed} passed, {failed} failed, 0 skipped')
sys.exit(1 if failed else 0)
