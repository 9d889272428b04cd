"""Clients of OpenAI's Responses."""
import json

from harness.clients.base import Heard, Speaker, blocks, same
from harness.clients.openai import Chat
from harness.turn import TOOLS

TERMINAL = ('response.completed', 'response.incomplete', 'response.failed')


class Responses(Speaker):
    name = 'responses'

    def path(self, ask):
        return '/v1/responses'

    def body(self, ask):
        body = {'model': ask.model, 'input': ask.text, 'max_output_tokens': ask.max_tokens, 'store': False}
        if ask.system:
            body['instructions'] = ask.system
        if ask.tools:
            body['tools'] = [{'type': 'function', 'name': n, 'description': d, 'parameters': s, 'strict': False}
                             for n, d, s in TOOLS]
        if ask.temperature is not None:
            body['temperature'] = ask.temperature
        if ask.stream:
            body['stream'] = True
        return {**body, **ask.extra}

    def whole(self, body):
        same(body['object'], 'response')
        assert body['status'] in ('completed', 'incomplete'), body['status']
        for member in ('id', 'created_at', 'error', 'incomplete_details', 'instructions', 'metadata', 'model',
                       'parallel_tool_calls', 'temperature', 'tool_choice', 'tools', 'top_p'):
            assert member in body, f'no {member}'
        heard = Heard(ended=True)
        for item in body['output']:
            if item['type'] == 'reasoning':
                heard.thinking += ''.join(p['text'] for p in item['summary'])
            elif item['type'] == 'message':
                same((item['role'], item['status'] in ('completed', 'incomplete')), ('assistant', True))
                for part in item['content']:
                    same((part['type'], part['annotations']), ('output_text', []))
                    heard.text += part['text']
            else:
                same(item['type'], 'function_call')
                assert item['id'] and item['call_id'], item
                heard.calls.append((item['name'], json.loads(item['arguments'])))
        heard.finish = self.finish(body, heard)
        usage = body['usage']
        same(usage['total_tokens'], usage['input_tokens'] + usage['output_tokens'], 'total_tokens')
        assert 'reasoning_tokens' in usage['output_tokens_details'], usage
        heard.usage = (usage['input_tokens'], usage['input_tokens_details']['cached_tokens'], usage['output_tokens'])
        return heard

    @staticmethod
    def finish(body, heard):
        if body['status'] == 'incomplete':
            reason = body['incomplete_details']['reason']
            return {'max_output_tokens': 'length', 'content_filter': 'content_filter'}[reason]
        return 'tool_calls' if heard.calls else 'stop'

    def streamed(self, body):
        """Follows every item from its begin to its end; the terminal event must hold the same."""
        items, final, failed, kinds = {}, None, None, []
        for number, (name, data) in enumerate(blocks(body)):
            value = json.loads(data)
            same(value['type'], name, 'name of the event')
            same(value['sequence_number'], number, 'sequence_number')
            assert final is None, f'{name} after the end'
            kinds.append(name)
            if name == 'error':
                failed = value.get('error', value)
            elif name in TERMINAL:
                final = value
            elif name not in ('response.created', 'response.in_progress', 'response.queued'):
                self.follow(name, value, items)
        same(kinds[:2], ['response.created', 'response.in_progress'], 'first events')
        if final is None or final['type'] == 'response.failed':
            return Heard(''.join(i.get('heard', '') for i in items.values()),
                         failed=failed or (final or {}).get('response', {}).get('error') or {})
        response = final['response']
        assert all(i['done'] for i in items.values()), 'an item that did not end'
        same([i['item'] for _, i in sorted(items.items())], response['output'], 'items, and those of the end')
        for item in items.values():
            same(item['heard'], item['told'], 'pieces, and what they were said to be')
        return self.whole(response)

    @staticmethod
    def follow(name, value, items):
        index = value['output_index']
        if name == 'response.output_item.added':
            same(index, len(items), 'output_index')
            assert all(i['done'] for i in items.values()), 'items do not nest'
            items[index] = {'item': value['item'], 'heard': '', 'told': '', 'done': False}
            return
        at = items[index]
        assert not at['done'], f'{name} of an item that ended'
        if 'item_id' in value:
            same(value['item_id'], at['item']['id'], 'item_id')
        if name.endswith('.delta'):
            at['heard'] += value['delta']
        elif name.endswith(('_text.done', '_arguments.done')):
            at['told'] += value.get('text', value.get('arguments'))
        elif name == 'response.output_item.done':
            same(value['item']['id'], at['item']['id'], 'id of the item')
            at |= {'item': value['item'], 'done': True}

    error = Chat.error

    def reply(self, ask, answer, results):
        body = self.body(ask)
        calls = [i for i in answer['output'] if i['type'] == 'function_call']
        body['input'] = [{'role': 'user', 'content': ask.text}, *answer['output'],
                         *({'type': 'function_call_output', 'call_id': c['call_id'], 'output': r}
                           for c, r in zip(calls, results))]
        return body
