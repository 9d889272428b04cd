"""Cohere's chat, version 2."""
from harness.config import PROVIDER_KEY
from harness.providers.base import Provider, event

STOPS = {'stop': 'COMPLETE', 'length': 'MAX_TOKENS', 'tool_calls': 'TOOL_CALL', 'content_filter': 'ERROR'}


class Cohere(Provider):
    name = 'cohere'
    model = 'command-a-reasoning'

    def yaml(self, port):
        return (f'{{kind: cohere, base_url: "http://127.0.0.1:{port}", keys: ["{PROVIDER_KEY}"], '
                'allow_private: true}')

    def usage(self, turn):
        return {'billed_units': {'input_tokens': 5, 'output_tokens': 3},
                'tokens': {'input_tokens': turn.input_tokens, 'output_tokens': turn.output_tokens},
                'cached_tokens': turn.cached_tokens}

    @staticmethod
    def call(call, arguments):
        return {'id': call.id, 'type': 'function', 'function': {'name': call.name, 'arguments': arguments}}

    def body(self, turn):
        content = []
        if turn.thinking:
            content.append({'type': 'thinking', 'thinking': turn.whole_thinking})
        if turn.whole_text:
            content.append({'type': 'text', 'text': turn.whole_text})
        message = {'role': 'assistant', 'content': content}
        if turn.calls:
            message['tool_calls'] = [self.call(c, ''.join(c.pieces) or '{}') for c in turn.calls]
        return {'id': 'c-up-1', 'finish_reason': STOPS[turn.finish], 'message': message, 'usage': self.usage(turn)}

    def values(self, turn):
        found = [{'id': 'c-up-1', 'type': 'message-start', 'delta': {'message': {
            'role': 'assistant', 'content': [], 'tool_plan': '', 'tool_calls': [], 'citations': []}}}]
        for index, (kind, texts) in enumerate(
                (k, t) for k, t in (('thinking', turn.thinking), ('text', turn.text)) if t):
            found.append({'type': 'content-start', 'index': index,
                          'delta': {'message': {'content': {'type': kind, kind: ''}}}})
            found += [{'type': 'content-delta', 'index': index, 'delta': {'message': {'content': {kind: p}}}}
                      for p in texts]
            found.append({'type': 'content-end', 'index': index})
        for index, call in enumerate(turn.calls):
            found.append({'type': 'tool-call-start', 'index': index,
                          'delta': {'message': {'tool_calls': self.call(call, '')}}})
            found += [{'type': 'tool-call-delta', 'index': index, 'delta': {'message': {
                'tool_calls': {'function': {'arguments': p}}}}} for p in call.pieces]
            found.append({'type': 'tool-call-end', 'index': index})
        found.append({'type': 'message-end', 'delta': {'finish_reason': STOPS[turn.finish],
                                                       'usage': self.usage(turn)}})
        return found

    def events(self, turn):
        found = [event(v, v['type']) for v in self.values(turn)]
        return [*found[:-1], found[-1] + b'data: [DONE]\n\n']

    def error(self, status, message):
        return {'id': 'e-1', 'message': message}

    def error_event(self, message):
        return event({'type': 'message-end', 'delta': {'finish_reason': 'ERROR', 'error': message, 'usage': {}}},
                     'message-end')

    def check_head(self, request, stream):
        assert request.path == '/v2/chat', request.path
        assert request.header('authorization') == f'Bearer {PROVIDER_KEY}', 'credential'

    def understood(self, body):
        system = [m['content'] for m in body['messages'] if m['role'] == 'system']
        text = body['messages'][-1]['content']
        if isinstance(text, list):
            text = ''.join(p.get('text', '') for p in text)
        return {'model': body['model'], 'stream': body.get('stream', False), 'system': ''.join(system) or None,
                'text': text, 'max_tokens': body.get('max_tokens'), 'temperature': body.get('temperature'),
                'stop': body.get('stop_sequences'),
                'tools': [(t['function']['name'], t['function'].get('description'), t['function']['parameters'])
                          for t in body.get('tools', [])]}

    def results(self, body):
        return [m['content'] if isinstance(m['content'], str) else m['content'][0]['text']
                for m in body['messages'] if m['role'] == 'tool']
