"""The commands: what they print, what they refuse, and with which exit status."""
import json
import os
import pathlib
import re
import resource
import socket
import tempfile

from harness import config
from harness.case import case, same

MISTAKE = re.compile(r'(?P<file>[^:\n]+):(?P<line>\d+):(?P<column>\d+): (?P<path>[^:\n]+): (?P<what>.+)')

GOOD = '''\
listen:
  data: {address: "127.0.0.1:0"}
providers:
  local: {kind: openai-compatible, base_url: "http://127.0.0.1:9/v1", allow_private: true}
models:
  chat: {targets: [{provider: local, model: m}]}
keys:
  - {name: ci, secret: "sk-0123456789abcdef0123"}
'''


def check(t, text, env=None, **files):
    with tempfile.TemporaryDirectory(prefix='penstock-e2e-') as directory:
        path = pathlib.Path(directory) / 'file.yaml'
        path.write_text(text)
        for name, content in files.items():
            (pathlib.Path(directory) / name).write_text(content)
        done = t.world.run('check', str(path), env={**os.environ, **(env or {})}, cwd=directory)
        return done, [m.groupdict() for m in MISTAKE.finditer(done.stdout + '\n' + done.stderr)
                      if m['file'].endswith('file.yaml')]


# change of GOOD -> line, a word of the path
MISTAKES = {
    'unknown member at the top': (lambda g: g + 'surprise: 1\n', 9, 'surprise'),
    'unknown member inside': (lambda g: g.replace('kind:', 'colour: red, kind:'), 4, 'colour'),
    'misspelt member': (lambda g: g.replace('allow_private', 'alow_private'), 4, 'alow_private'),
    'unknown provider': (lambda g: g.replace('provider: local', 'provider: nowhere'), 6, 'provider'),
    'unknown kind': (lambda g: g.replace('openai-compatible', 'openai-comparable'), 4, 'kind'),
    'bad address': (lambda g: g.replace('127.0.0.1:0', 'localhost'), 2, 'address'),
    'bad port': (lambda g: g.replace('127.0.0.1:0', '127.0.0.1:70000'), 2, 'address'),
    'bad duration': (lambda g: g + 'timeouts: {connect: soon}\n', 9, 'connect'),
    'negative duration': (lambda g: g + 'timeouts:\n  connect: -1s\n', 10, 'connect'),
    'bad size': (lambda g: g + 'limits: {max_body: huge}\n', 9, 'max_body'),
    'number for a list': (lambda g: g.replace('[{provider: local, model: m}]', '7'), 6, 'targets'),
    'list for a text': (lambda g: g.replace('model: m', 'model: [m]'), 6, 'model'),
    'no targets': (lambda g: g.replace('[{provider: local, model: m}]', '[]'), 6, 'targets'),
    'a key twice': (lambda g: g + 'keys: []\n', 9, 'keys'),
    'short secret': (lambda g: g.replace('sk-0123456789abcdef0123', 'short'), 8, 'secret'),
    'equal key names': (lambda g: g + '  - {name: ci, secret: "sk-fedcba98765432100123"}\n', 9, 'name'),
    'equal secrets': (lambda g: g + '  - {name: cj, secret: "sk-0123456789abcdef0123"}\n', 9, 'secret'),
    'model of a key that is not there': (lambda g: g.replace('name: ci', 'name: ci, models: [other]'), 8, 'models'),
    'bad date': (lambda g: g.replace('name: ci', 'name: ci, expires: soon'), 8, 'expires'),
    'plain http to elsewhere': (lambda g: g.replace(', allow_private: true', ''), 4, ''),
    'userinfo in the URL': (lambda g: g.replace('//127', '//u:p@127'), 4, 'base_url'),
    'other scheme': (lambda g: g.replace('http:', 'ftp:'), 4, 'base_url'),
    'unsafe beyond loopback': (lambda g: g.replace('"http://127.0.0.1:9/v1"', '"https://api.test/v1", unsafe_skip_verify: true'), 4, 'unsafe_skip_verify'),
    'missing variable': (lambda g: g.replace('sk-0123456789abcdef0123', '${NOT_THERE_AT_ALL}'), 8, 'secret'),
    'missing file': (lambda g: g.replace('127.0.0.1:0"', '127.0.0.1:0", tls: {certificate: /none.crt, private_key: /none.key}'), 2, ''),
    'no YAML': (lambda g: g + 'x: [1\n', None, ''),
    'tab': (lambda g: g + '\tx: 1\n', None, ''),
    'later feature': (lambda g: g + 'store: sqlite:///x.db\n', 9, 'store'),
}


@case('check finds', MISTAKES)
def mistakes(t, change, line, word):
    done, found = check(t, change(GOOD))
    same(done.returncode, 1, 'exit status')
    assert found, f'no line `file:line:column: path: what` in: {done.stdout}{done.stderr}'
    if line is not None:
        assert any(int(m['line']) == line and word in m['path'] + m['what'] for m in found), found
    assert all(int(m['column']) >= 1 for m in found)


@case('check finds all mistakes at once')
def all_at_once(t):
    text = GOOD.replace('openai-compatible', 'odd').replace('127.0.0.1:0', 'x') + 'surprise: 1\n'
    _, found = check(t, text)
    same({int(m['line']) for m in found} >= {2, 4, 9}, True, f'lines of {found}')


@case('check says nothing bad about a good file')
def good(t):
    done, found = check(t, GOOD)
    same((done.returncode, found), (0, []), done.stdout + done.stderr)
    assert 'sk-0123' not in done.stdout + done.stderr


@case('check reads variables, defaults and secret files')
def substitution(t):
    text = GOOD.replace('sk-0123456789abcdef0123', '${E2E_SECRET}').replace('127.0.0.1:0', '${E2E_NONE:-127.0.0.1:0}')
    done, found = check(t, text, {'E2E_SECRET': 'sk-from-the-environment-1'})
    same((done.returncode, found), (0, []), done.stdout + done.stderr)
    assert 'sk-from' not in done.stdout + done.stderr


@case('check tells exposures')
def exposures(t):
    done, _ = check(t, GOOD.replace('127.0.0.1:9/v1"', '127.0.0.1:9/v1", unsafe_skip_verify: true').replace('http:', 'https:'))
    same(done.returncode, 0, done.stdout + done.stderr)
    assert 'unsafe_skip_verify' in done.stdout + done.stderr


@case('schema is a JSON Schema')
def schema(t):
    done = t.world.run('schema')
    same(done.returncode, 0)
    tree = json.loads(done.stdout)
    assert '$schema' in tree and {'listen', 'providers', 'models', 'keys'} <= set(tree['properties'])
    same(tree.get('additionalProperties'), False)


@case('version')
def version(t):
    done = t.world.run('version')
    same(done.returncode, 0)
    assert re.search(r'\d+\.\d+\.\d+', done.stdout) and re.search('clang|gcc|GCC', done.stdout), done.stdout
    features = t.world.run('version', '--features')
    same(features.returncode, 0)
    assert 'io_uring' in features.stdout or 'uring' in features.stdout, features.stdout
    assert re.search(r'^kernel TLS: (no|yes, for sending:( [\w-]+)+)$', features.stdout, re.M), features.stdout


@case('help', {' '.join(c) or 'alone': (c,) for c in ((), ('serve',), ('demo',), ('check',), ('schema',), ('version',))})
def help_text(t, command):
    done = t.world.run(*command, '--help')
    same((done.returncode, done.stderr), (0, ''))
    assert len(done.stdout) > 40
    if not command:
        for name in ('serve', 'demo', 'check', 'schema', 'version'):
            assert name in done.stdout, f'{name} is not in the help'


REFUSED = {
    'no command': (), 'unknown command': ('fly',), 'unknown option': ('serve', '--fast'),
    'check without a file': ('check',), 'check of nothing': ('check', '/nonexistent/x.yaml'),
    'serve without a file': ('serve', '-c', '/nonexistent/x.yaml'),
}


@case('refused with status 1', {name: (argv,) for name, argv in REFUSED.items()})
def refused_arguments(t, argv):
    done = t.world.run(*argv)
    same(done.returncode, 1)
    assert done.stderr.strip(), 'no line on stderr'


@case('serve does not start with a mistake')
def serve_mistake(t):
    with tempfile.TemporaryDirectory(prefix='penstock-e2e-') as directory:
        path = pathlib.Path(directory) / 'x.yaml'
        path.write_text(GOOD + 'surprise: 1\n')
        done = t.world.run('serve', '-c', str(path))
    same(done.returncode, 1)
    assert 'x.yaml:9:' in done.stderr and 'listening' not in done.stderr, done.stderr


@case('serve finds ./penstock.yaml, and says so when there is none')
def default_file(t):
    with tempfile.TemporaryDirectory(prefix='penstock-e2e-') as directory:
        if not pathlib.Path('/etc/penstock/penstock.yaml').exists():
            done = t.world.run('serve', cwd=directory)
            same(done.returncode, 1)
            assert 'penstock.yaml' in done.stderr
        (pathlib.Path(directory) / 'penstock.yaml').write_text(GOOD + 'surprise: 1\n')
        done = t.world.run('serve', cwd=directory)
        assert 'penstock.yaml:9:' in done.stderr, done.stderr


@case('an address in use')
def in_use(t):
    with socket.create_server(('127.0.0.1', 0)) as taken, tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / 'x.yaml'
        path.write_text(GOOD.replace('127.0.0.1:0', f'127.0.0.1:{taken.getsockname()[1]}')
                        + f'shards: {config.shards(1)}\n')
        done = t.world.run('serve', '-c', str(path))
    same(done.returncode, 1)
    assert done.stderr.strip()


def field(process, file, name):
    with open(f'/proc/{process.process.pid}/{file}') as text:
        for line in text:
            if line.startswith(name):
                return line[len(name):].split()
    raise AssertionError(f'no {name!r} in {file}')


@case('the process makes no core file and gains no privileges, unless somebody debugs it', alone=True)
def protected(t):
    same(field(t.gateway, 'limits', 'Max core file size')[:2], ['0', '0'])
    same(field(t.gateway, 'status', 'NoNewPrivs:'), ['1'])
    gateway = t.world.start(config.standard(t.world) + 'debug: {core_dumps: true}\n')
    own = resource.getrlimit(resource.RLIMIT_CORE)[1]
    assert field(gateway, 'limits', 'Max core file size')[1] == ('unlimited' if own < 0 else str(own))
    same(field(gateway, 'status', 'NoNewPrivs:'), ['1'])
    assert 'debug.core_dumps' in gateway.errors, 'an exposure that nobody is told of'
    gateway.stop()
