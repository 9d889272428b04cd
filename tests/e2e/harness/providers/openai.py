"""OpenAI's two dialects: chat completions and Responses; and chat at an Azure deployment."""
from harness.config import PROVIDER_KEY
from harness.providers.base import Provider, event

FUNCTION = 'function'


def bearer(request):
    assert request.header('authorization') == f'Bearer {PROVIDER_KEY}', 'credential'


class Chat(Provider):
    name = 'chat'
    model = 'up-chat-model'
    path = '/v1/chat/completions'

    def yaml(self, port):
        return (f'{{kind: openai-compatible, base_url: "http://127.0.0.1:{port}/v1", keys: ["{PROVIDER_KEY}"], '
                'allow_private: true}')

    def usage(self, turn):
        return {'prompt_tokens': turn.input_tokens, 'completion_tokens': turn.output_tokens,
                'total_tokens': turn.input_tokens + turn.output_tokens,
                'prompt_tokens_details': {'cached_tokens': turn.cached_tokens},
                'completion_tokens_details': {'reasoning_tokens': turn.reasoning_tokens}}

    def body(self, turn):
        message = {'role': 'assistant', 'content': turn.whole_text or None, 'refusal': None}
        if turn.thinking:
            message['reasoning_content'] = turn.whole_thinking
        if turn.calls:
            message['tool_calls'] = [{'id': c.id, 'type': FUNCTION, FUNCTION: {
                'name': c.name, 'arguments': ''.join(c.pieces) or '{}'}} for c in turn.calls]
        return {'id': 'chatcmpl-up1', 'object': 'chat.completion', 'created': 1795176000, 'model': self.model,
                'choices': [{'index': 0, 'message': message, 'finish_reason': turn.finish, 'logprobs': None}],
                'usage': self.usage(turn)}

    def chunk(self, delta, finish=None, **extra):
        return event({'id': 'chatcmpl-up1', 'object': 'chat.completion.chunk', 'created': 1795176000,
                      'model': self.model, 'choices': [{'index': 0, 'delta': delta, 'finish_reason': finish}],
                      **extra})

    def events(self, turn):
        found = [self.chunk({'role': 'assistant', 'content': ''})]
        found += [self.chunk({'reasoning_content': p}) for p in turn.thinking]
        found += [self.chunk({'content': p}) for p in turn.text]
        for n, call in enumerate(turn.calls):
            found.append(self.chunk({'tool_calls': [{'index': n, 'id': call.id, 'type': FUNCTION,
                                                     FUNCTION: {'name': call.name, 'arguments': ''}}]}))
            found += [self.chunk({'tool_calls': [{'index': n, FUNCTION: {'arguments': p}}]})
                      for p in call.pieces or ('{}',)]
        found.append(self.chunk({}, turn.finish))
        found.append(event({'id': 'chatcmpl-up1', 'object': 'chat.completion.chunk', 'created': 1795176000,
                            'model': self.model, 'choices': [], 'usage': self.usage(turn)}))
        return [*found, b'data: [DONE]\n\n']

    def error(self, status, message):
        return {'error': {'message': message, 'type': 'invalid_request_error', 'param': None, 'code': None}}

    def error_event(self, message):
        return event({'error': {'message': message, 'type': 'server_error', 'param': None, 'code': None}})

    def check_head(self, request, stream):
        assert request.path == self.path, request.path
        bearer(request)

    def understood(self, body):
        system = [m['content'] for m in body['messages'] if m['role'] in ('system', 'developer')]
        system = [s if isinstance(s, str) else ''.join(p['text'] for p in s) for s in system]
        text = body['messages'][-1]['content']
        if isinstance(text, list):
            text = ''.join(p.get('text', '') for p in text)
        stop = body.get('stop')
        return {'model': body['model'], 'stream': body.get('stream', False), 'system': ''.join(system) or None,
                'text': text, 'max_tokens': body.get('max_tokens', body.get('max_completion_tokens')),
                'temperature': body.get('temperature'), 'stop': [stop] if isinstance(stop, str) else stop,
                'tools': [(t[FUNCTION]['name'], t[FUNCTION].get('description'), t[FUNCTION]['parameters'])
                          for t in body.get('tools', [])]}

    def results(self, body):
        return [m['content'] if isinstance(m['content'], str) else m['content'][0]['text']
                for m in body['messages'] if m['role'] == 'tool']


class Azure(Chat):
    name = 'azure'
    path = '/openai/deployments/up-chat-model/chat/completions?api-version=2024-10-21'

    def yaml(self, port):
        return (f'{{kind: azure, base_url: "http://127.0.0.1:{port}", keys: ["{PROVIDER_KEY}"], '
                'api_version: "2024-10-21", allow_private: true}')

    def check_head(self, request, stream):
        assert request.path == self.path, request.path
        assert request.header('api-key') == PROVIDER_KEY, 'credential'
        assert request.header('authorization') is None, 'two credentials'


class Responses(Provider):
    name = 'responses'
    model = 'up-gpt'
    target = ', api: responses'
    signs = True

    def yaml(self, port):
        return (f'{{kind: openai, base_url: "http://127.0.0.1:{port}/v1", keys: ["{PROVIDER_KEY}"], '
                'allow_private: true}')

    def usage(self, turn):
        return {'input_tokens': turn.input_tokens,
                'input_tokens_details': {'cached_tokens': turn.cached_tokens, 'cache_write_tokens': 0},
                'output_tokens': turn.output_tokens,
                'output_tokens_details': {'reasoning_tokens': turn.reasoning_tokens},
                'total_tokens': turn.input_tokens + turn.output_tokens}

    def items(self, turn):
        found = []
        if turn.thinking:
            found.append({'id': 'rs_up1', 'type': 'reasoning', 'encrypted_content': turn.signature,
                          'summary': [{'type': 'summary_text', 'text': turn.whole_thinking}]})
        if turn.whole_text:
            found.append({'id': 'msg_up1', 'type': 'message', 'role': 'assistant', 'status': 'completed', 'content': [
                {'type': 'output_text', 'text': turn.whole_text, 'annotations': [], 'logprobs': []}]})
        found += [{'id': f'fc_up{n}', 'type': 'function_call', 'status': 'completed', 'call_id': c.id,
                   'name': c.name, 'arguments': ''.join(c.pieces) or '{}'} for n, c in enumerate(turn.calls)]
        return found

    def response(self, turn, status, output, usage=None):
        why = {'length': 'max_output_tokens', 'content_filter': 'content_filter'}.get(turn.finish)
        return {'id': 'resp_up1', 'object': 'response', 'created_at': 1795176000, 'status': status, 'error': None,
                'incomplete_details': {'reason': why} if status == 'incomplete' else None, 'instructions': None,
                'model': self.model, 'output': output, 'parallel_tool_calls': True, 'previous_response_id': None,
                'reasoning': {'effort': None, 'summary': None}, 'store': False, 'temperature': 1.0,
                'text': {'format': {'type': 'text'}}, 'tool_choice': 'auto', 'tools': [], 'top_p': 1.0,
                'truncation': 'disabled', 'usage': usage, 'metadata': {}}

    def body(self, turn):
        status = 'incomplete' if turn.finish in ('length', 'content_filter') else 'completed'
        return self.response(turn, status, self.items(turn), self.usage(turn))

    def values(self, turn):
        begun = self.response(turn, 'in_progress', [])
        found = [{'type': 'response.created', 'response': begun}, {'type': 'response.in_progress', 'response': begun}]
        calls = iter(turn.calls)
        for index, item in enumerate(self.items(turn)):
            where = {'output_index': index, 'item_id': item['id']}
            if item['type'] == 'reasoning':
                open_item, inner = {**item, 'summary': [], 'encrypted_content': ''}, self.summary(turn, where)
            elif item['type'] == 'message':
                open_item, inner = {**item, 'status': 'in_progress', 'content': []}, self.text(turn, where)
            else:
                open_item = {**item, 'status': 'in_progress', 'arguments': ''}
                kind = 'response.function_call_arguments'
                inner = [*({'type': f'{kind}.delta', **where, 'delta': p} for p in next(calls).pieces or ('{}',)),
                         {'type': f'{kind}.done', **where, 'arguments': item['arguments']}]
            found += [{'type': 'response.output_item.added', 'output_index': index, 'item': open_item}, *inner,
                      {'type': 'response.output_item.done', 'output_index': index, 'item': item}]
        whole = self.body(turn)
        found.append({'type': f'response.{whole["status"]}', 'response': whole})
        return [{**v, 'sequence_number': n} for n, v in enumerate(found)]

    @staticmethod
    def summary(turn, where):
        where = {**where, 'summary_index': 0}
        part = {'type': 'summary_text', 'text': ''}
        kind = 'response.reasoning_summary'
        return [{'type': f'{kind}_part.added', **where, 'part': part},
                *({'type': f'{kind}_text.delta', **where, 'delta': p} for p in turn.thinking),
                {'type': f'{kind}_text.done', **where, 'text': turn.whole_thinking},
                {'type': f'{kind}_part.done', **where, 'part': {**part, 'text': turn.whole_thinking}}]

    @staticmethod
    def text(turn, where):
        where = {**where, 'content_index': 0}
        part = {'type': 'output_text', 'text': '', 'annotations': [], 'logprobs': []}
        return [{'type': 'response.content_part.added', **where, 'part': part},
                *({'type': 'response.output_text.delta', **where, 'delta': p, 'logprobs': []} for p in turn.text),
                {'type': 'response.output_text.done', **where, 'text': turn.whole_text, 'logprobs': []},
                {'type': 'response.content_part.done', **where, 'part': {**part, 'text': turn.whole_text}}]

    def events(self, turn):
        return [event(v, v['type']) for v in self.values(turn)]

    def error(self, status, message):
        return {'error': {'message': message, 'type': 'invalid_request_error', 'param': None, 'code': None}}

    def error_event(self, message):
        return event({'type': 'error', 'sequence_number': 2, 'error': {
            'type': 'server_error', 'code': 'server_error', 'message': message, 'param': None}}, 'error')

    def check_head(self, request, stream):
        assert request.path == '/v1/responses', request.path
        bearer(request)

    def understood(self, body):
        system, text = body.get('instructions'), body['input']
        if not isinstance(text, str):
            system = system or ''.join(self.words(i) for i in text if i.get('role') in ('system', 'developer')) or None
            text = self.words(text[-1])
        return {'model': body['model'], 'stream': body.get('stream', False), 'system': system, 'text': text,
                'max_tokens': body.get('max_output_tokens'), 'temperature': body.get('temperature'), 'stop': None,
                'tools': [(t['name'], t.get('description'), t['parameters']) for t in body.get('tools', [])]}

    @staticmethod
    def words(item):
        content = item['content']
        return content if isinstance(content, str) else ''.join(p['text'] for p in content)

    def signed_history(self, body):
        item = next(i for i in body['input'] if i.get('type') == 'reasoning')
        return ''.join(p['text'] for p in item['summary']), item['encrypted_content']

    def results(self, body):
        found = [i['output'] for i in body['input'] if i.get('type') == 'function_call_output']
        return [o if isinstance(o, str) else ''.join(p['text'] for p in o) for o in found]
