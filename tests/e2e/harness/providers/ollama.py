"""Ollama's own /api/chat: one JSON line for each piece."""
from harness.providers.base import Provider, compact

STOPS = {'stop': 'stop', 'length': 'length', 'tool_calls': 'stop', 'content_filter': 'stop'}


class Ollama(Provider):
    name = 'ollama'
    model = 'qwen3.6'
    counts_cache = False
    stream_type = 'application/x-ndjson'

    def yaml(self, port):
        return f'{{kind: ollama, base_url: "http://127.0.0.1:{port}", allow_private: true}}'

    def line(self, message, turn=None):
        base = {'model': self.model, 'created_at': '2026-11-20T12:00:00.123456789Z',
                'message': {'role': 'assistant', 'content': '', **message}, 'done': turn is not None}
        if turn is None:
            return base
        return {**base, 'done_reason': STOPS[turn.finish], 'total_duration': 900000000, 'load_duration': 1000,
                'prompt_eval_count': turn.input_tokens, 'eval_count': turn.output_tokens}

    @staticmethod
    def calls(turn):
        return [{'id': c.id, 'function': {'index': n, 'name': c.name, 'arguments': c.arguments}}
                for n, c in enumerate(turn.calls)]

    def body(self, turn):
        message = {'content': turn.whole_text}
        if turn.thinking:
            message['thinking'] = turn.whole_thinking
        if turn.calls:
            message['tool_calls'] = self.calls(turn)
        return self.line(message, turn)

    def events(self, turn):
        found = [self.line({'thinking': p}) for p in turn.thinking]
        found += [self.line({'content': p}) for p in turn.text]
        found += [self.line({'tool_calls': [c]}) for c in self.calls(turn)]
        found.append(self.line({}, turn))
        return [compact(v) + b'\n' for v in found]

    def error(self, status, message):
        return {'error': message}

    def error_event(self, message):
        return compact({'error': message}) + b'\n'

    def check_head(self, request, stream):
        assert request.path == '/api/chat', request.path
        assert request.header('authorization') is None, 'a credential from nowhere'

    def understood(self, body):
        system = [m['content'] for m in body['messages'] if m['role'] == 'system']
        options = body.get('options', {})
        return {'model': body['model'], 'stream': body['stream'], 'system': ''.join(system) or None,
                'text': body['messages'][-1]['content'], 'max_tokens': options.get('num_predict'),
                'temperature': options.get('temperature'), 'stop': options.get('stop'),
                'tools': [(t['function']['name'], t['function'].get('description'), t['function']['parameters'])
                          for t in body.get('tools', [])]}

    def results(self, body):
        return [m['content'] for m in body['messages'] if m['role'] == 'tool']
