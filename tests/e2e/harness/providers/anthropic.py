"""Anthropic's Messages, at Anthropic and inside Bedrock's InvokeModel."""
import base64
import json

from harness.config import PROVIDER_KEY
from harness.providers.base import Provider, compact, event
from harness.providers.frames import frame

STOPS = {'stop': 'end_turn', 'length': 'max_tokens', 'tool_calls': 'tool_use', 'content_filter': 'refusal'}


class Anthropic(Provider):
    name = 'anthropic'
    model = 'claude-sonnet-4-5'
    signs = True

    def yaml(self, port):
        return (f'{{kind: anthropic, base_url: "http://127.0.0.1:{port}", keys: ["{PROVIDER_KEY}"], '
                'allow_private: true}')

    def usage(self, turn):
        return {'input_tokens': turn.fresh_tokens, 'cache_creation_input_tokens': 0,
                'cache_read_input_tokens': turn.cached_tokens, 'output_tokens': turn.output_tokens}

    def body(self, turn):
        content = []
        if turn.thinking:
            content.append({'type': 'thinking', 'thinking': turn.whole_thinking, 'signature': turn.signature})
        if turn.whole_text:
            content.append({'type': 'text', 'text': turn.whole_text})
        content += [{'type': 'tool_use', 'id': c.id, 'name': c.name, 'input': c.arguments} for c in turn.calls]
        return {'id': 'msg_01up', 'type': 'message', 'role': 'assistant', 'model': self.model, 'content': content,
                'stop_reason': STOPS[turn.finish], 'stop_sequence': None, 'usage': self.usage(turn)}

    def values(self, turn):
        """The events without their framing."""
        found = [{'type': 'message_start', 'message': {
            **self.body(turn), 'content': [], 'stop_reason': None,
            'usage': {**self.usage(turn), 'output_tokens': 1}}}]
        blocks = []
        if turn.thinking:
            blocks.append(({'type': 'thinking', 'thinking': '', 'signature': ''},
                           [{'type': 'thinking_delta', 'thinking': p} for p in turn.thinking]
                           + [{'type': 'signature_delta', 'signature': turn.signature}]))
        if turn.text:
            blocks.append(({'type': 'text', 'text': ''}, [{'type': 'text_delta', 'text': p} for p in turn.text]))
        blocks += [({'type': 'tool_use', 'id': c.id, 'name': c.name, 'input': {}},
                    [{'type': 'input_json_delta', 'partial_json': p} for p in ('', *c.pieces)])
                   for c in turn.calls]
        for index, (begin, deltas) in enumerate(blocks):
            found.append({'type': 'content_block_start', 'index': index, 'content_block': begin})
            found.append({'type': 'ping'})
            found += [{'type': 'content_block_delta', 'index': index, 'delta': d} for d in deltas]
            found.append({'type': 'content_block_stop', 'index': index})
        found.append({'type': 'message_delta', 'delta': {'stop_reason': STOPS[turn.finish], 'stop_sequence': None},
                      'usage': {'output_tokens': turn.output_tokens}})
        found.append({'type': 'message_stop'})
        return found

    def events(self, turn):
        return [event(v, v['type']) for v in self.values(turn)]

    def error(self, status, message):
        kinds = {400: 'invalid_request_error', 401: 'authentication_error', 404: 'not_found_error',
                 429: 'rate_limit_error', 529: 'overloaded_error'}
        return {'type': 'error', 'error': {'type': kinds.get(status, 'api_error'), 'message': message},
                'request_id': 'req_up_9'}

    def error_event(self, message):
        return event(self.error(529, message), 'error')

    def check_head(self, request, stream):
        assert request.path == '/v1/messages', request.path
        assert request.header('x-api-key') == PROVIDER_KEY, 'credential'
        assert request.header('authorization') is None, 'two credentials'
        assert request.header('anthropic-version') in ('2023-06-01', '2026-10-21'), 'version'

    def understood(self, body):
        system = body.get('system')
        if isinstance(system, list):
            system = ''.join(b['text'] for b in system)
        text = body['messages'][-1]['content']
        if isinstance(text, list):
            text = ''.join(b.get('text', '') for b in text)
        return {'model': body.get('model'), 'stream': body.get('stream', False), 'system': system, 'text': text,
                'max_tokens': body['max_tokens'], 'temperature': body.get('temperature'),
                'stop': body.get('stop_sequences'),
                'tools': [(t['name'], t.get('description'), t['input_schema']) for t in body.get('tools', [])]}

    def signed_history(self, body):
        """Thinking text and signature of the assistant's turn that came back."""
        blocks = [b for m in body['messages'] if m['role'] == 'assistant' for b in m['content']]
        first = blocks[0]
        return first.get('thinking'), first.get('signature')

    def results(self, body):
        return [b['content'] if isinstance(b['content'], str) else ''.join(p['text'] for p in b['content'])
                for m in body['messages'] if isinstance(m['content'], list) for b in m['content']
                if b['type'] == 'tool_result']


class Invoke(Anthropic):
    """Claude on Bedrock in Anthropic's own words: events in base64 inside binary frames."""
    name = 'invoke'
    model = 'anthropic.claude-sonnet-4-5-20250929-v1:0'
    target = ', api: messages'
    stream_type = 'application/vnd.amazon.eventstream'

    def yaml(self, port):
        return (f'{{kind: bedrock, region: us-east-1, base_url: "http://127.0.0.1:{port}", '
                f'keys: ["{PROVIDER_KEY}"], allow_private: true}}')

    def events(self, turn):
        return [self.chunk(v) for v in self.values(turn)]

    @staticmethod
    def chunk(value):
        return frame({':event-type': 'chunk', ':content-type': 'application/json', ':message-type': 'event'},
                     compact({'bytes': base64.b64encode(json.dumps(value).encode()).decode(), 'p': 'abcd'}))

    def error(self, status, message):
        return {'message': message}

    def error_event(self, message):
        return frame({':exception-type': 'throttlingException', ':content-type': 'application/json',
                      ':message-type': 'exception'}, compact({'message': message}))

    def check_head(self, request, stream):
        verb = 'invoke-with-response-stream' if stream else 'invoke'
        assert request.path == f'/model/{self.model.replace(":", "%3A")}/{verb}', request.path
        assert request.header('authorization') == f'Bearer {PROVIDER_KEY}', 'credential'

    def understood(self, body):
        assert 'model' not in body and 'stream' not in body, 'members that InvokeModel refuses'
        assert body['anthropic_version'] == 'bedrock-2023-05-31', body['anthropic_version']
        return {**super().understood(body), 'model': None, 'stream': None}
