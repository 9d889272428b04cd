"""Clients of Google's generateContent; streams as server-sent events or as one JSON array."""
import json

from harness.clients.base import Heard, Speaker, blocks, same
from harness.config import MAIN_KEY
from harness.turn import TOOLS

FINISH = {'STOP': 'stop', 'MAX_TOKENS': 'length', 'SAFETY': 'content_filter'}


class Gemini(Speaker):
    name = 'gemini'

    def path(self, ask):
        verb = 'streamGenerateContent?alt=sse' if ask.stream else 'generateContent'
        return f'/v1beta/models/{ask.model}:{verb}'

    def headers(self, key=MAIN_KEY):
        return [f'x-goog-api-key: {key}'] if key else []

    def body(self, ask):
        body = {'contents': [{'role': 'user', 'parts': [{'text': ask.text}]}],
                'generationConfig': {'maxOutputTokens': ask.max_tokens, 'thinkingConfig': {'includeThoughts': True}}}
        if ask.system:
            body['systemInstruction'] = {'parts': [{'text': ask.system}]}
        if ask.tools:
            body['tools'] = [{'functionDeclarations': [
                {'name': n, 'description': d, 'parametersJsonSchema': s} for n, d, s in TOOLS]}]
        if ask.temperature is not None:
            body['generationConfig']['temperature'] = ask.temperature
        if ask.stop:
            body['generationConfig']['stopSequences'] = ask.stop
        return {**body, **ask.extra}

    def whole(self, body):
        return self.gathered([body])

    def gathered(self, chunks):
        heard = Heard()
        for chunk in chunks:
            assert heard.failed is None, 'something after the end'
            if 'error' in chunk:
                heard.failed = chunk['error']
                continue
            for candidate in chunk.get('candidates', []):
                for part in candidate.get('content', {}).get('parts', []):
                    if 'functionCall' in part:
                        heard.calls.append((part['functionCall']['name'], part['functionCall'].get('args', {})))
                    elif part.get('thought'):
                        heard.thinking += part['text']
                    else:
                        heard.text += part['text']
                if candidate.get('finishReason'):
                    assert heard.finish is None, 'two ends'
                    heard.finish = FINISH[candidate['finishReason']]
            if 'usageMetadata' in chunk:
                usage = chunk['usageMetadata']
                heard.usage = (usage['promptTokenCount'], usage.get('cachedContentTokenCount', 0),
                               usage.get('candidatesTokenCount', 0) + usage.get('thoughtsTokenCount', 0))
                same(usage['totalTokenCount'], heard.usage[0] + heard.usage[2], 'totalTokenCount')
        heard.ended = heard.finish is not None
        if heard.calls and heard.finish == 'stop':
            heard.finish = 'tool_calls'
        return heard

    def streamed(self, body):
        for name, data in blocks(body):
            same(name, None, 'an event name')
            assert data != b'[DONE]', 'this dialect has no [DONE]'
        return self.gathered([json.loads(data) for _, data in blocks(body)])

    def error(self, body):
        if isinstance(body, list):
            body, = body
        error = body['error']
        assert isinstance(error['code'], int) and error['message'] and error['status'].isupper(), error
        fields = [v['field'] for d in error.get('details', []) for v in d.get('fieldViolations', [])]
        return error['message'], error['status'], fields[0] if fields else None

    def reply(self, ask, answer, results):
        body = self.body(ask)
        content = answer['candidates'][0]['content']
        calls = [p['functionCall'] for p in content['parts'] if 'functionCall' in p]
        body['contents'] += [content, {'role': 'user', 'parts': [
            {'functionResponse': {'name': c['name'], **({'id': c['id']} if 'id' in c else {}),
                                  'response': {'output': r}}} for c, r in zip(calls, results)]}]
        return body


class GeminiArray(Gemini):
    name = 'gemini-array'

    def path(self, ask):
        return f'/v1beta/models/{ask.model}:{"streamGenerateContent" if ask.stream else "generateContent"}'

    def stream_type(self, ask):
        return 'application/json'

    def streamed(self, body):
        return self.gathered(json.loads(body))
