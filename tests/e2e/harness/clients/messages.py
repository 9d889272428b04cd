"""Clients of Anthropic's Messages."""
import json

from harness.clients.base import Heard, Speaker, blocks, same
from harness.config import MAIN_KEY
from harness.turn import TOOLS

FINISH = {'end_turn': 'stop', 'max_tokens': 'length', 'tool_use': 'tool_calls', 'refusal': 'content_filter',
          'stop_sequence': 'stop'}
PIECES = {'text_delta': 'text', 'thinking_delta': 'thinking', 'signature_delta': 'signature',
          'input_json_delta': 'partial_json'}


def usage_of(usage):
    cached = usage.get('cache_read_input_tokens') or 0
    written = usage.get('cache_creation_input_tokens') or 0
    return usage['input_tokens'] + cached + written, cached, usage['output_tokens']


class Messages(Speaker):
    name = 'messages'

    def path(self, ask):
        return '/v1/messages'

    def headers(self, key=MAIN_KEY):
        return ([f'x-api-key: {key}'] if key else []) + ['anthropic-version: 2023-06-01']

    def body(self, ask):
        body = {'model': ask.model, 'max_tokens': ask.max_tokens, 'messages': [{'role': 'user', 'content': ask.text}]}
        if ask.system:
            body['system'] = ask.system
        if ask.tools:
            body['tools'] = [{'name': n, 'description': d, 'input_schema': s} for n, d, s in TOOLS]
        if ask.temperature is not None:
            body['temperature'] = ask.temperature
        if ask.stop:
            body['stop_sequences'] = ask.stop
        if ask.stream:
            body['stream'] = True
        return {**body, **ask.extra}

    def whole(self, body):
        same((body['type'], body['role']), ('message', 'assistant'))
        assert body['id'] and body['model'] and 'stop_sequence' in body, body
        heard = Heard(finish=FINISH[body['stop_reason']], usage=usage_of(body['usage']), ended=True)
        for block in body['content']:
            if block['type'] == 'thinking':
                assert 'signature' in block, 'a thinking block without signature'
                heard.thinking += block['thinking']
            elif block['type'] == 'redacted_thinking':
                assert block['data'], block
            elif block['type'] == 'text':
                assert block['text'], 'an empty text block'
                heard.text += block['text']
            else:
                same(block['type'], 'tool_use')
                assert block['id'], block
                heard.calls.append((block['name'], block['input']))
        return heard

    def streamed(self, body):
        """Builds the message as the official accumulators do, then reads it as a whole one."""
        message, open_block, kinds, failed = None, None, [], None
        for name, data in blocks(body):
            value = json.loads(data)
            same(value['type'], name, 'name of the event')
            assert not kinds or kinds[-1] not in ('message_stop', 'error'), f'{name} after the end'
            if name == 'ping':
                continue
            kinds.append(name)
            if name == 'error':
                failed = value['error']
            elif name == 'message_start':
                assert message is None, 'message_start twice'
                message = value['message']
                same((message['content'], message['stop_reason']), ([], None))
                assert message['usage']['input_tokens'] >= 0 and 'output_tokens' in message['usage'], message
            elif name == 'content_block_start':
                assert open_block is None, 'blocks do not nest'
                same(value['index'], len(message['content']), 'index of a block')
                open_block = {**value['content_block'], 'json': ''}
                message['content'].append(open_block)
            elif name == 'content_block_delta':
                same(value['index'], len(message['content']) - 1, 'index of a delta')
                self.extend(open_block, value['delta'])
            elif name == 'content_block_stop':
                same(value['index'], len(message['content']) - 1, 'index of an end')
                text = open_block.pop('json')
                if open_block['type'] == 'tool_use':
                    same(open_block['input'], {}, 'input at the begin')
                    open_block['input'] = json.loads(text or '{}')
                open_block = None
            elif name == 'message_delta':
                assert open_block is None, 'message_delta inside a block'
                message |= value['delta']
                message['usage'] |= {k: v for k, v in value['usage'].items() if v is not None}
            else:
                same(name, 'message_stop')
                assert message['stop_reason'], 'message_stop without a reason'
        if failed is not None or kinds[-1:] != ['message_stop']:
            text = ''.join(b.get('text', '') for b in (message or {}).get('content', []))
            return Heard(text, failed=failed)
        return self.whole(message)

    @staticmethod
    def extend(block, delta):
        kind, member = delta['type'], PIECES[delta['type']]
        if kind == 'input_json_delta':
            same(block['type'], 'tool_use')
            block['json'] += delta[member]
        else:
            same(block['type'], 'text' if kind == 'text_delta' else 'thinking')
            block[member] += delta[member]

    def error(self, body):
        same(body['type'], 'error')
        assert body['error']['message'] and body['error']['type'], body
        return body['error']['message'], body['error']['type'], None

    def reply(self, ask, answer, results):
        body = self.body(ask)
        calls = [b for b in answer['content'] if b['type'] == 'tool_use']
        body['messages'] += [{'role': 'assistant', 'content': answer['content']},
                             {'role': 'user', 'content': [
                                 {'type': 'tool_result', 'tool_use_id': c['id'], 'content': r}
                                 for c, r in zip(calls, results)]}]
        return body
