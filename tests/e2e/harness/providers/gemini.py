"""Google's generateContent."""
from harness.config import PROVIDER_KEY
from harness.providers.base import Provider, compact

STOPS = {'stop': 'STOP', 'length': 'MAX_TOKENS', 'tool_calls': 'STOP', 'content_filter': 'SAFETY'}


class Gemini(Provider):
    name = 'gemini'
    model = 'gemini-3-pro'
    signs = True

    def yaml(self, port):
        return (f'{{kind: gemini, base_url: "http://127.0.0.1:{port}", keys: ["{PROVIDER_KEY}"], '
                'allow_private: true}')

    def usage(self, turn):
        visible = turn.output_tokens - turn.reasoning_tokens
        return {'promptTokenCount': turn.input_tokens, 'cachedContentTokenCount': turn.cached_tokens,
                'candidatesTokenCount': visible, 'totalTokenCount': turn.input_tokens + turn.output_tokens,
                **({'thoughtsTokenCount': turn.reasoning_tokens} if turn.reasoning_tokens else {})}

    def parts(self, turn):
        """The parts in the pieces in which a stream has them."""
        found = [{'text': p, 'thought': True} for p in turn.thinking]
        found += [{'text': p} for p in turn.text]
        for n, call in enumerate(turn.calls):
            part = {'functionCall': {'id': call.id, 'name': call.name, 'args': call.arguments}}
            if n == 0 and turn.signature:
                part['thoughtSignature'] = turn.signature
            found.append(part)
        return found

    def chunk(self, parts, finish=None, usage=None):
        candidate = {'content': {'role': 'model', 'parts': parts}, 'index': 0}
        if finish:
            candidate['finishReason'] = finish
        return {'candidates': [candidate], **({'usageMetadata': usage} if usage else {}),
                'modelVersion': self.model, 'responseId': 'resp-up-1'}

    def body(self, turn):
        merged = []
        for part in self.parts(turn):
            plain = set(part) <= {'text', 'thought'}
            if merged and plain and set(merged[-1]) == set(part):
                merged[-1] = {**part, 'text': merged[-1]['text'] + part['text']}
            else:
                merged.append(part)
        return self.chunk(merged, STOPS[turn.finish], self.usage(turn))

    @staticmethod
    def event(value):
        return b'data: ' + compact(value) + b'\r\n\r\n'

    def events(self, turn):
        return [*(self.event(self.chunk([p])) for p in self.parts(turn)),
                self.event(self.chunk([{'text': ''}], STOPS[turn.finish], self.usage(turn)))]

    def error(self, status, message):
        words = {400: 'INVALID_ARGUMENT', 401: 'UNAUTHENTICATED', 404: 'NOT_FOUND', 429: 'RESOURCE_EXHAUSTED',
                 500: 'INTERNAL'}
        return {'error': {'code': status, 'message': message, 'status': words.get(status, 'UNAVAILABLE')}}

    def error_event(self, message):
        return self.event(self.error(503, message))

    def check_head(self, request, stream):
        verb = 'streamGenerateContent?alt=sse' if stream else 'generateContent'
        assert request.path == f'/v1beta/models/{self.model}:{verb}', request.path
        assert request.header('x-goog-api-key') == PROVIDER_KEY, 'credential'
        assert request.header('authorization') is None, 'two credentials'

    def understood(self, body):
        assert 'model' not in body and 'stream' not in body, 'the address says model and stream'
        limits = body.get('generationConfig', {})
        tools = [d for t in body.get('tools', []) for d in t['functionDeclarations']]
        return {'model': None, 'stream': None,
                'system': ''.join(p['text'] for p in body.get('systemInstruction', {}).get('parts', [])) or None,
                'text': ''.join(p.get('text', '') for p in body['contents'][-1]['parts']),
                'max_tokens': limits.get('maxOutputTokens'), 'temperature': limits.get('temperature'),
                'stop': limits.get('stopSequences'),
                'tools': [(d['name'], d.get('description'), d.get('parametersJsonSchema', d.get('parameters')))
                          for d in tools]}

    def signed_history(self, body):
        parts = [p for c in body['contents'] if c['role'] == 'model' for p in c['parts']]
        return None, next(p['thoughtSignature'] for p in parts if 'functionCall' in p)

    def results(self, body):
        found = [p['functionResponse']['response'] for c in body['contents'] for p in c['parts']
                 if 'functionResponse' in p]
        return [next(iter(r.values())) for r in found]
