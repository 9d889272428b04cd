"""The official OpenAI client for Python, and its accumulators, through a gateway to a scripted provider of
every dialect: argv is base URL, key, names of the models. Run by run.py."""
import json
import sys
import traceback

import openai

URL, KEY, MODELS = sys.argv[1], sys.argv[2], sys.argv[3].split(',')
SCHEMA = {'type': 'object', 'properties': {'city': {'type': 'string'}}, 'required': ['city']}
TOOLS = [{'type': 'function', 'function': {'name': 'get_weather', 'parameters': SCHEMA}},
         {'type': 'function', 'function': {'name': 'now', 'parameters': {'type': 'object', 'properties': {}}}}]
FLAT = [{'type': 'function', 'strict': False, **t['function']} for t in TOOLS]
MESSAGES = [{'role': 'user', 'content': 'Why is the sky blue?'}]
client = openai.OpenAI(base_url=URL, api_key=KEY, max_retries=0, timeout=30)


def chat(model):
    whole = client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=100)
    options = {'include_usage': True}
    with client.chat.completions.stream(model=model, messages=MESSAGES, max_tokens=100,
                                        stream_options=options) as stream:
        final = stream.get_final_completion()
    assert whole.choices[0].message.content == final.choices[0].message.content
    assert whole.choices[0].finish_reason == final.choices[0].finish_reason == 'stop'
    assert whole.usage.total_tokens == final.usage.total_tokens > 0


def chat_tools(model):
    whole = client.chat.completions.create(model=model, messages=MESSAGES, tools=TOOLS, max_tokens=100)
    with client.chat.completions.stream(model=model, messages=MESSAGES, tools=TOOLS, max_tokens=100) as stream:
        final = stream.get_final_completion()
    calls = [[(c.function.name, json.loads(c.function.arguments)) for c in answer.choices[0].message.tool_calls]
             for answer in (whole, final)]
    assert calls[0] == calls[1] and [name for name, _ in calls[0]] == ['get_weather', 'now'], calls
    assert whole.choices[0].finish_reason == final.choices[0].finish_reason == 'tool_calls'


def responses(model):
    whole = client.responses.create(model=model, input='Why is the sky blue?', max_output_tokens=100)
    with client.responses.stream(model=model, input='Why is the sky blue?', max_output_tokens=100) as stream:
        final = stream.get_final_response()
    assert whole.output_text == final.output_text and whole.status == final.status == 'completed'
    assert whole.usage.total_tokens == final.usage.total_tokens > 0


def responses_tools(model):
    whole = client.responses.create(model=model, input='Why is the sky blue?', tools=FLAT)
    with client.responses.stream(model=model, input='Why is the sky blue?', tools=FLAT) as stream:
        final = stream.get_final_response()
    calls = [[(i.name, json.loads(i.arguments)) for i in answer.output if i.type == 'function_call']
             for answer in (whole, final)]
    assert calls[0] == calls[1] and [name for name, _ in calls[0]] == ['get_weather', 'now'], calls


passed = failed = 0
for model in MODELS:
    for run in (chat, chat_tools, responses, responses_tools):
        try:
            run(model)
            passed += 1
        except Exception:  # noqa: BLE001 - whatever the package raises is a failure of this case
            failed += 1
            print(f'FAILED {run.__name__} of {model}\n{traceback.format_exc(limit=-4)}')
print(f'{passed} passed, {failed} failed, 0 skipped')
sys.exit(1 if failed else 0)
