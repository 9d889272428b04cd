"""Clients of OpenAI's chat completions and legacy completions."""
import json

from harness.clients.base import Heard, Speaker, blocks, same
from harness.turn import TOOLS


def usage_of(usage):
    same(usage['total_tokens'], usage['prompt_tokens'] + usage['completion_tokens'], 'total_tokens')
    return (usage['prompt_tokens'], (usage.get('prompt_tokens_details') or {}).get('cached_tokens', 0),
            usage['completion_tokens'])


class Chat(Speaker):
    name = 'chat'

    def path(self, ask):
        return '/v1/chat/completions'

    def body(self, ask):
        body = {'model': ask.model, 'messages': [{'role': 'user', 'content': ask.text}],
                'max_completion_tokens': ask.max_tokens}
        if ask.system:
            body['messages'].insert(0, {'role': 'system', 'content': ask.system})
        if ask.tools:
            body['tools'] = [{'type': 'function', 'function': {'name': n, 'description': d, 'parameters': s}}
                             for n, d, s in TOOLS]
        if ask.temperature is not None:
            body['temperature'] = ask.temperature
        if ask.stop:
            body['stop'] = ask.stop
        if ask.stream:
            body |= {'stream': True, 'stream_options': {'include_usage': True}}
        return {**body, **ask.extra}

    def whole(self, body):
        same(body['object'], 'chat.completion')
        assert body['id'] and body['model'] and isinstance(body['created'], int), body
        choice, = body['choices']
        message = choice['message']
        same((message['role'], choice['index']), ('assistant', 0))
        assert 'content' in message and 'refusal' in message, sorted(message)
        calls = message.get('tool_calls') or []
        for call in calls:
            same(call['type'], 'function')
            assert call['id'], call
        return Heard(message['content'] or '', message.get('reasoning_content') or '',
                     [(c['function']['name'], json.loads(c['function']['arguments'])) for c in calls],
                     choice['finish_reason'], usage_of(body['usage']), ended=True)

    def streamed(self, body):
        heard, calls, roles = Heard(), [], 0
        for name, data in blocks(body):
            same(name, None, 'an event name')
            assert not heard.ended and heard.failed is None, f'something after the end: {data!r:.100}'
            if data == b'[DONE]':
                heard.ended = True
                continue
            chunk = json.loads(data)
            if 'error' in chunk:
                heard.failed = chunk['error']
                continue
            same(chunk['object'], 'chat.completion.chunk')
            assert chunk['id'] and chunk['model'] and isinstance(chunk['created'], int), chunk
            if chunk.get('usage'):
                assert heard.usage is None, 'usage twice'
                heard.usage = usage_of(chunk['usage'])
            for choice in chunk['choices']:
                assert 'finish_reason' in choice, choice
                delta = choice['delta']
                roles += 'role' in delta
                assert roles == 1, 'the role comes once, first'
                assert heard.finish is None, 'a delta after the finish'
                heard.text += delta.get('content') or ''
                heard.thinking += delta.get('reasoning_content') or ''
                for call in delta.get('tool_calls') or []:
                    if call['index'] == len(calls):
                        assert call['id'] and call['type'] == 'function', call
                        calls.append([call['function']['name'], ''])
                    same(call['index'], len(calls) - 1, 'index of a call')
                    calls[-1][1] += call['function'].get('arguments') or ''
                heard.finish = choice['finish_reason'] or heard.finish
        heard.calls = calls if heard.failed else [(n, json.loads(a)) for n, a in calls]
        return heard

    def error(self, body):
        same(set(body), {'error'}, 'members of the body')
        error = body['error']
        assert {'message', 'type', 'param', 'code'} <= set(error), error
        return error['message'], error['type'], error['param']

    def reply(self, ask, answer, results):
        """The body of the next turn: the answer as it came, and what the tools said."""
        body = self.body(ask)
        message = answer['choices'][0]['message']
        body['messages'] += [message, *({'role': 'tool', 'tool_call_id': c['id'], 'content': r}
                                        for c, r in zip(message['tool_calls'], results))]
        return body


class Completions(Speaker):
    name = 'completions'
    has_tools = shows_reasoning = False

    def path(self, ask):
        return '/v1/completions'

    def body(self, ask):
        body = {'model': ask.model, 'prompt': ask.text, 'max_tokens': ask.max_tokens}
        if ask.temperature is not None:
            body['temperature'] = ask.temperature
        if ask.stop:
            body['stop'] = ask.stop
        if ask.stream:
            body |= {'stream': True, 'stream_options': {'include_usage': True}}
        return {**body, **ask.extra}

    def whole(self, body):
        same(body['object'], 'text_completion')
        choice, = body['choices']
        assert 'logprobs' in choice and choice['index'] == 0, choice
        return Heard(choice['text'], finish=choice['finish_reason'], usage=usage_of(body['usage']), ended=True)

    def streamed(self, body):
        heard = Heard()
        for _, data in blocks(body):
            assert not heard.ended and heard.failed is None, f'something after the end: {data!r:.100}'
            if data == b'[DONE]':
                heard.ended = True
                continue
            chunk = json.loads(data)
            if 'error' in chunk:
                heard.failed = chunk['error']
                continue
            same(chunk['object'], 'text_completion')
            if chunk.get('usage'):
                heard.usage = usage_of(chunk['usage'])
            for choice in chunk['choices']:
                heard.text += choice['text']
                heard.finish = choice['finish_reason'] or heard.finish
        return heard

    error = Chat.error
