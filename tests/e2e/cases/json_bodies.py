"""What is acceptable JSON, and what the gateway demands of the members it reads."""
import time

from harness import answers
from harness.case import case, refused, same

ONE = b'{"model":"chat","user":"MARK","messages":[]'  # an object without its end

INVALID = {
    'empty body': b'',
    'blanks': b'  \r\n ',
    'array': b'[{"model":"chat"}]',
    'string': b'"chat"',
    'null': b'null',
    'number': b'12',
    'word': b'chat',
    'cut': ONE,
    'no colon': ONE + b',"a" 1}',
    'trailing comma': ONE + b',}',
    'leading comma': b'{,"model":"chat"}',
    'bytes after it': ONE + b'} x',
    'two values': ONE + b'}{}',
    'NUL after it': ONE + b'}\0',
    'comment': ONE + b'/* x */}',
    'single quotes': b"{'model':'chat'}",
    'bare key': b'{model:"chat"}',
    'BOM': b'\xef\xbb\xbf' + ONE + b'}',
    'UTF-16': (ONE + b'}').decode().encode('utf-16'),
    'not UTF-8': ONE + b',"a":"\xff"}',
    'not UTF-8 in a message': b'{"model":"chat","user":"MARK","messages":[{"role":"user","content":"\xc3("}]}',
    'overlong': ONE + b',"a":"\xc0\xaf"}',
    'UTF-8 of a surrogate': ONE + b',"a":"\xed\xa0\x80"}',
    'beyond Unicode': ONE + b',"a":"\xf4\x90\x80\x80"}',
    'cut UTF-8': ONE + b',"a":"\xe2\x82"}',
    'control in the model': b'{"model":"ch\nat","user":"MARK","messages":[]}',
    'bad escape in the model': b'{"model":"ch\\qat","user":"MARK","messages":[]}',
    'lone surrogate in the model': b'{"model":"\\ud800","user":"MARK","messages":[]}',
    'swapped surrogates in the model': b'{"model":"\\udc00\\ud800","user":"MARK","messages":[]}',
    'word for stream': b'{"model":"chat","stream":tru,"user":"MARK","messages":[]}',
    'unclosed array': ONE[:-1] + b'}',
    'unclosed string': b'{"model":"chat","user":"MARK',
    'wrong bracket': ONE[:-1] + b'}}',
    'depth 65': ONE + b',"a":' + b'[' * 65 + b']' * 65 + b'}',
}


def fill(t, template):
    return template.replace(b'MARK', t.marker.encode())


@case('not acceptable', INVALID)
def invalid(t, body):
    response = t.ask(fill(t, body), headers=['Content-Type: application/json'])
    refused(response, 400, 'invalid_json')
    assert not response.closes, 'the body was read: the connection can go on'
    same(t.main.requests(t.marker), [], 'requests upstream')


# body, code, param
MEMBERS = {
    'no model': (b'{"user":"MARK","messages":[]}', 'missing_field', 'model'),
    'model is a number': (b'{"model":1,"user":"MARK","messages":[]}', 'invalid_value', 'model'),
    'model is null': (b'{"model":null,"user":"MARK","messages":[]}', {'invalid_value', 'missing_field'}, 'model'),
    'model is an object': (b'{"model":{},"user":"MARK","messages":[]}', 'invalid_value', 'model'),
    'model is empty': (b'{"model":"","user":"MARK","messages":[]}', {'invalid_value', 'model_not_found'}, None),
    'model with NUL': (b'{"model":"chat\\u0000","user":"MARK","messages":[]}', {'invalid_value', 'invalid_json', 'model_not_found'}, None),
    'model with a blank': (b'{"model":"ch at","user":"MARK","messages":[]}', {'invalid_value', 'model_not_found'}, None),
    'model with a query': (b'{"model":"chat?x=1","user":"MARK","messages":[]}', {'invalid_value', 'model_not_found'}, None),
    'long model': (b'{"model":"' + b'm' * 257 + b'","user":"MARK","messages":[]}', {'invalid_value', 'model_not_found'}, None),
    'stream is a number': (b'{"model":"chat","stream":1,"user":"MARK","messages":[]}', 'invalid_value', 'stream'),
    'stream is a string': (b'{"model":"chat","stream":"true","user":"MARK","messages":[]}', 'invalid_value', 'stream'),
    'stream_options is an array': (b'{"model":"chat","stream":true,"stream_options":[],"user":"MARK","messages":[]}', 'invalid_value', None),
    'include_usage is a string': (b'{"model":"chat","stream":true,"stream_options":{"include_usage":"x"},"user":"MARK","messages":[]}', 'invalid_value', None),
    'model twice': (b'{"model":"chat","model":"hidden","user":"MARK","messages":[]}', 'duplicate_field', 'model'),
    'model twice, equal': (b'{"model":"chat","model":"chat","user":"MARK","messages":[]}', 'duplicate_field', 'model'),
    'model twice, escaped': (b'{"model":"chat","\\u006dodel":"hidden","user":"MARK","messages":[]}', 'duplicate_field', 'model'),
    'stream twice': (b'{"model":"chat","stream":true,"stream":false,"user":"MARK","messages":[]}', 'duplicate_field', 'stream'),
    'stream_options twice': (b'{"model":"chat","stream":true,"stream_options":{},"stream_options":{},"user":"MARK","messages":[]}', 'duplicate_field', None),
}


@case('refused for a member', MEMBERS)
def members(t, body, code, param):
    response = t.ask(fill(t, body))
    refused(response, {400, 404}, code, param)
    assert not response.closes
    same(t.main.requests(t.marker), [], 'requests upstream')


STEERING = ['api_base', 'base_url', 'api_key', 'extra_headers', 'custom_llm_provider', 'mock_response',
            'user_config', 'api\\u005fbase']


@case('a member that would steer the gateway, trap_127', {name: name for name in STEERING})
def steering(t, name):
    body = fill(t, ONE) + b',"' + name.encode() + b'":"http://127.0.0.1:1/"}'
    refused(t.ask(body), 400, 'unknown_field')
    same(t.main.requests(t.marker), [])


@case('an unknown model', smoke=True)
def unknown_model(t):
    refused(t.ask(t.chat(model='no-such-model')), 404, 'model_not_found')


ACCEPTED = {
    'depth 64': ONE + b',"a":' + b'[' * 63 + b']' * 63 + b'}',
    'unknown members': ONE + b',"a":1,"b":{"c":[]},"":null}',
    'large numbers as they are': ONE + b',"a":123456789012345678901234567890,"b":-0.0e-0}',
    'emoji and escapes': ONE + ',"a":"\U0001f600\\ud83d\\ude00\\u0000"}'.encode(),
    'blanks around': b'\r\n\t ' + ONE + b'}\r\n\t ',
    'an empty key inside messages': b'{"model":"chat","user":"MARK","messages":[{"":"x","":"y"}]}',
}


@case('accepted', ACCEPTED)
def accepted(t, body):
    same(t.ask(fill(t, body)).body, answers.CHAT)


@case('a run of brackets costs no time and no stack', {'[': b'[', '{"a":': b'{"a":'})
def brackets(t, unit):
    begun = time.monotonic()
    refused(t.ask(ONE + b',"a":' + unit * (3_000_000 // len(unit))), 400, 'invalid_json')
    assert time.monotonic() - begun < 3 * t.slack
