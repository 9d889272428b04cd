"""The official Python client against a running demo: argv[1] is its base URL. Run by run.py."""
import asyncio
import json
import sys
import time
import traceback

import openai

URL = sys.argv[1]
KEY = 'sk-penstock-demo-0123456789'
LIMITED_KEY = 'sk-penstock-demo-limited-0123'  # 3 requests a minute
MESSAGES = [{'role': 'user', 'content': 'Why is the sky blue?'}]
TOOLS = [{'type': 'function', 'function': {'name': 'get_weather', 'parameters': {
    'type': 'object', 'properties': {'city': {'type': 'string'}}, 'required': ['city']}}}]

client = openai.OpenAI(base_url=URL, api_key=KEY, timeout=30, max_retries=0)
cases = []


def case(function):
    cases.append(function)
    return function


def chat(c=client, **fields):
    return c.chat.completions.create(**{'model': 'demo-chat', 'messages': MESSAGES, **fields})


@case
def whole():
    answer = chat()
    assert answer.object == 'chat.completion' and answer.choices[0].message.content
    assert answer.choices[0].finish_reason == 'stop' and answer.usage.total_tokens > 0


@case
def streamed():
    text, finish, chunks = '', None, 0
    for chunk in chat(stream=True):
        chunks += 1
        assert chunk.usage is None and chunk.choices, 'a usage chunk that nobody asked for'
        text += chunk.choices[0].delta.content or ''
        finish = chunk.choices[0].finish_reason or finish
    assert text and finish == 'stop' and chunks > 2


@case
def streamed_with_usage():
    chunks = list(chat(stream=True, stream_options={'include_usage': True}))
    assert chunks[-1].usage.total_tokens > 0 and not chunks[-1].choices


@case
def tools_whole():
    answer = chat(tools=TOOLS)
    call = answer.choices[0].message.tool_calls[0]
    assert call.function.name == 'get_weather' and call.id and call.function.arguments
    assert answer.choices[0].finish_reason == 'tool_calls'


@case
def tools_streamed():
    name = arguments = ''
    for chunk in chat(stream=True, tools=TOOLS):
        for call in chunk.choices[0].delta.tool_calls or []:
            name += call.function.name or ''
            arguments += call.function.arguments or ''
    assert name == 'get_weather' and isinstance(json.loads(arguments), dict)


@case
def tools_by_the_stream_helper():
    with client.chat.completions.stream(model='demo-chat', messages=MESSAGES, tools=TOOLS) as stream:
        message = stream.get_final_completion().choices[0].message
    assert message.tool_calls[0].function.name == 'get_weather'


@case
def embeddings_base64_by_default():
    answer = client.embeddings.create(model='demo-embedding', input=['blue', 'red'])
    assert len(answer.data) == 2 and all(isinstance(x, float) for x in answer.data[0].embedding)
    assert answer.data[0].embedding != answer.data[1].embedding and len(answer.data[0].embedding) > 3


@case
def embeddings_as_floats():
    packed = client.embeddings.create(model='demo-embedding', input='blue').data[0].embedding
    plain = client.embeddings.create(model='demo-embedding', input='blue', encoding_format='float').data[0].embedding
    assert len(packed) == len(plain) and all(abs(a - b) < 1e-5 for a, b in zip(packed, plain))


@case
def models_list():
    assert {'demo-chat', 'demo-embedding'} <= {m.id for m in client.models.list()}


@case
def models_retrieve():
    assert client.models.retrieve('demo-chat').id == 'demo-chat'


@case
def wrong_key():
    try:
        chat(client.with_options(api_key='sk-wrong-0123456789'))
        raise AssertionError('accepted')
    except openai.AuthenticationError as error:
        assert error.status_code == 401 and error.code == 'invalid_api_key' and error.request_id


@case
def unknown_model():
    for call in (lambda: chat(model='nobody'), lambda: client.models.retrieve('nobody')):
        try:
            call()
            raise AssertionError('accepted')
        except openai.NotFoundError as error:
            assert error.code == 'model_not_found'


@case
def bad_request_is_not_repeated():
    raw = client.with_options(max_retries=2).chat.completions.with_raw_response
    begun = time.monotonic()
    try:
        raw.create(model='demo-chat', messages=MESSAGES, extra_body={'api_base': 'http://x'})
        raise AssertionError('accepted')
    except openai.BadRequestError as error:
        assert error.code == 'unknown_field'
    assert time.monotonic() - begun < 0.4, 'the client tried again'


@case
def rate_limit_and_the_clients_own_retry():
    limited = client.with_options(api_key=LIMITED_KEY)
    for _ in range(3):
        chat(limited, max_tokens=1)
    try:
        chat(limited, max_tokens=1)
        raise AssertionError('the fourth request of a minute was accepted')
    except openai.RateLimitError as error:
        assert error.code == 'rate_limit_exceeded'
        wait = int(error.response.headers['retry-after'])
        assert 1 <= wait <= 30, wait
    begun = time.monotonic()
    answer = limited.with_options(max_retries=3).chat.completions.with_raw_response.create(
        model='demo-chat', messages=MESSAGES, max_tokens=1)
    waited = time.monotonic() - begun
    assert answer.retries_taken >= 1 and answer.parse().choices, answer.retries_taken
    assert waited > 0.5 * wait, f'waited {waited:.1f} s, told {wait} s'


@case
def abort_in_mid_stream():
    stream = chat(stream=True)
    next(iter(stream))
    stream.close()
    assert chat().choices


@case
def abort_by_cancelling_a_task():
    async def run():
        async with openai.AsyncOpenAI(base_url=URL, api_key=KEY, max_retries=0) as c:
            async def read():
                async for _ in await c.chat.completions.create(model='demo-chat', messages=MESSAGES, stream=True):
                    pass
            task = asyncio.create_task(read())
            await asyncio.sleep(0.3)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass
            assert (await c.models.list()).data
    asyncio.run(run())


@case
def timeout():
    for stream in (False, True):
        begun = time.monotonic()
        try:
            chat(client.with_options(timeout=1.0), model='demo-slow', stream=stream)
            raise AssertionError('no timeout')
        except openai.APITimeoutError:
            assert 0.9 < time.monotonic() - begun < 4
    assert chat().choices


@case
def twenty_at_once():
    async def run():
        async with openai.AsyncOpenAI(base_url=URL, api_key=KEY, max_retries=0) as c:
            async def one(n):
                text = ''
                async for chunk in await c.chat.completions.create(
                        model='demo-chat', messages=[{'role': 'user', 'content': f'{n}'}], stream=True):
                    text += chunk.choices[0].delta.content or ''
                return text
            assert all(await asyncio.gather(*(one(n) for n in range(20))))
    asyncio.run(run())


@case
def legacy_completions():
    assert client.completions.create(model='demo-chat', prompt='Say blue').choices[0].text


failed = 0
for function in cases:
    try:
        function()
    except Exception:  # noqa: BLE001 - whatever the package raises is a failure of this case
        failed += 1
        print(f'FAILED {function.__name__}\n{traceback.format_exc(limit=-4)}')
print(f'{len(cases) - failed} passed, {failed} failed, 0 skipped')
sys.exit(1 if failed else 0)
