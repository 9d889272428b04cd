"""Bedrock's Converse, with binary streams; requests are signed or carry a Bedrock API key."""
import hashlib
import hmac
import re

from harness import answers
from harness.config import PROVIDER_KEY
from harness.providers.base import Provider, compact
from harness.providers.frames import frame

STOPS = {'stop': 'end_turn', 'length': 'max_tokens', 'tool_calls': 'tool_use', 'content_filter': 'content_filtered'}
# The name of an error, which stands in the head.
ERRORS = {400: 'ValidationException', 401: 'UnrecognizedClientException', 403: 'AccessDeniedException',
          404: 'ResourceNotFoundException', 429: 'ThrottlingException', 500: 'InternalServerException',
          503: 'ServiceUnavailableException'}
ACCESS_KEY = 'AKIDE2EEXAMPLE'
SECRET_KEY = 'wJalrXUtnFEMI+e2e/bPxRfiCYEXAMPLEKEY'
SESSION = 'session-token-e2e-0123456789'
SIGNED = re.compile(r'AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/bedrock/aws4_request, ?'
                    r'SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})')


def signature(request, region):
    """What Signature Version 4 demands for this request as it arrived."""
    found = SIGNED.fullmatch(request.header('authorization') or '')
    assert found, request.header('authorization')
    key_id, day, told_region, names, given = found.groups()
    assert (key_id, told_region) == (ACCESS_KEY, region), found.groups()
    stamp = request.header('x-amz-date')
    assert stamp.startswith(day), stamp
    names = names.split(';')
    assert names == sorted(names) and {'host', 'x-amz-date', 'x-amz-security-token'} <= set(names), names
    canonical = '\n'.join([request.method, request.path.replace('%', '%25'), '',
                           *(f'{n}:{request.header(n)}' for n in names), '', ';'.join(names),
                           hashlib.sha256(request.body).hexdigest()])
    scope = f'{day}/{region}/bedrock/aws4_request'
    text = '\n'.join(['AWS4-HMAC-SHA256', stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b'AWS4' + SECRET_KEY.encode()
    for part in (day, region, 'bedrock', 'aws4_request'):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return given, hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Bedrock(Provider):
    name = 'bedrock'
    model = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'
    signs = True
    stream_type = 'application/vnd.amazon.eventstream'

    def yaml(self, port):
        return (f'{{kind: bedrock, region: eu-central-1, base_url: "http://127.0.0.1:{port}", '
                f'access_key_id: "{ACCESS_KEY}", secret_access_key: "{SECRET_KEY}", session_token: "{SESSION}", '
                'allow_private: true}')

    def usage(self, turn):
        return {'inputTokens': turn.fresh_tokens, 'outputTokens': turn.output_tokens,
                'totalTokens': turn.input_tokens + turn.output_tokens,
                'cacheReadInputTokens': turn.cached_tokens, 'cacheWriteInputTokens': 0}

    def body(self, turn):
        content = []
        if turn.thinking:
            content.append({'reasoningContent': {'reasoningText': {'text': turn.whole_thinking,
                                                                   'signature': turn.signature}}})
        if turn.whole_text:
            content.append({'text': turn.whole_text})
        content += [{'toolUse': {'toolUseId': c.id, 'name': c.name, 'input': c.arguments}} for c in turn.calls]
        return {'output': {'message': {'role': 'assistant', 'content': content}}, 'stopReason': STOPS[turn.finish],
                'usage': self.usage(turn), 'metrics': {'latencyMs': 321}}

    @staticmethod
    def event(kind, value):
        return frame({':event-type': kind, ':content-type': 'application/json', ':message-type': 'event'},
                     compact({**value, 'p': 'abcdefghij'}))

    def events(self, turn):
        found = [self.event('messageStart', {'role': 'assistant'})]
        blocks = []
        if turn.thinking:
            blocks.append((None, [{'reasoningContent': {'text': p}} for p in turn.thinking]
                           + [{'reasoningContent': {'signature': turn.signature}}]))
        if turn.text:
            blocks.append((None, [{'text': p} for p in turn.text]))
        blocks += [({'toolUse': {'toolUseId': c.id, 'name': c.name}}, [{'toolUse': {'input': p}} for p in c.pieces])
                   for c in turn.calls]
        for index, (begin, deltas) in enumerate(blocks):
            if begin:
                found.append(self.event('contentBlockStart', {'contentBlockIndex': index, 'start': begin}))
            found += [self.event('contentBlockDelta', {'contentBlockIndex': index, 'delta': d}) for d in deltas]
            found.append(self.event('contentBlockStop', {'contentBlockIndex': index}))
        found.append(self.event('messageStop', {'stopReason': STOPS[turn.finish]}))
        found.append(self.event('metadata', {'usage': self.usage(turn), 'metrics': {'latencyMs': 900}}))
        return found

    def error(self, status, message):
        return {'message': message}

    def error_steps(self, status, message, *headers):
        name = f'x-amzn-errortype: {ERRORS[status]}:http://internal.amazon.com/coral/'
        return answers.whole(compact(self.error(status, message)), status, name, *headers)

    def error_event(self, message):
        return frame({':exception-type': 'modelStreamErrorException', ':content-type': 'application/json',
                      ':message-type': 'exception'}, compact({'message': message}))

    def check_head(self, request, stream):
        verb = 'converse-stream' if stream else 'converse'
        assert request.path == f'/model/{self.model.replace(":", "%3A")}/{verb}', request.path
        assert request.header('x-amz-security-token') == SESSION, 'session token'
        given, right = signature(request, 'eu-central-1')
        assert given == right, 'signature'

    def understood(self, body):
        limits = body.get('inferenceConfig', {})
        tools = [t['toolSpec'] for t in body.get('toolConfig', {}).get('tools', [])]
        return {'model': None, 'stream': None, 'system': ''.join(b['text'] for b in body.get('system', [])) or None,
                'text': ''.join(b.get('text', '') for b in body['messages'][-1]['content']),
                'max_tokens': limits.get('maxTokens'), 'temperature': limits.get('temperature'),
                'stop': limits.get('stopSequences'),
                'tools': [(t['name'], t.get('description'), t['inputSchema']['json']) for t in tools]}

    def signed_history(self, body):
        blocks = [b for m in body['messages'] if m['role'] == 'assistant' for b in m['content']]
        reasoning = blocks[0]['reasoningContent']['reasoningText']
        return reasoning.get('text'), reasoning.get('signature')

    def results(self, body):
        return [''.join(p['text'] for p in b['toolResult']['content']) for m in body['messages']
                for b in m['content'] if 'toolResult' in b]


class BedrockKey(Bedrock):
    """The same with a Bedrock API key."""
    name = 'bedrock-key'

    def yaml(self, port):
        return (f'{{kind: bedrock, region: eu-central-1, base_url: "http://127.0.0.1:{port}", '
                f'keys: ["{PROVIDER_KEY}"], allow_private: true}}')

    def check_head(self, request, stream):
        assert request.path.endswith('/converse-stream' if stream else '/converse'), request.path
        assert request.header('authorization') == f'Bearer {PROVIDER_KEY}', 'credential'
