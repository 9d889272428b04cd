"""Secrets that came from the environment are not left in it."""
import re

from harness import answers, config
from harness.case import Skip, case, eventually, refused, same
from harness.config import ADMIN_TOKEN, MAIN_KEY, PROVIDER_KEY, SECOND_PROVIDER_KEY

PLAIN = 'e2e-plain-value-of-a-variable'
LATER_KEY = 'sk-e2e-later-3c5e7a9b1d2f4068'
VARIABLES = {'E2E_MAIN': MAIN_KEY, 'E2E_PROVIDER': PROVIDER_KEY, 'E2E_ADMIN': ADMIN_TOKEN,
             'E2E_MODEL': PLAIN, 'E2E_BOTH': SECOND_PROVIDER_KEY, 'E2E_LATER': LATER_KEY}
DEFAULT_KEY = 'sk-e2e-default-of-a-variable-01'


def with_variables(world):
    """The standard configuration with its secrets in variables. Whoever may read the program's memory
    is root or its parent, so the case finds what it looks for."""
    text = config.standard(world).replace('model: up-chat', 'model: "${E2E_MODEL}"')
    text = text.replace('model: up-second', 'model: "${E2E_BOTH:-none}"')
    for name in ('E2E_MAIN', 'E2E_PROVIDER', 'E2E_ADMIN', 'E2E_BOTH'):
        assert VARIABLES[name] in text
        text = text.replace(VARIABLES[name], '${%s}' % name)
    text = text.replace('keys:\n', 'keys:\n' + config.key('default', '${E2E_NOT_SET:-%s}' % DEFAULT_KEY), 1)
    return text + 'debug: {core_dumps: true}\n'


def start(t):
    return t.world.start(with_variables(t.world), name=t.name, env=VARIABLES)


def environment(gateway):
    """The block that the kernel copied at the start of the program, as it is now."""
    with open(f'/proc/{gateway.process.pid}/environ', 'rb') as file:
        return file.read()


def core(gateway):
    """What a core file would hold: all memory that may be written and is not left out of one."""
    pid = gateway.process.pid
    regions, region = [], None
    with open(f'/proc/{pid}/smaps') as file:
        for line in file:
            begins = re.match(r'([0-9a-f]+)-([0-9a-f]+) (....) ', line)
            if begins:
                region = {'at': (int(begins[1], 16), int(begins[2], 16)), 'writable': begins[3][1] == 'w'}
                regions.append(region)
            elif line.startswith('Rss:'):
                region['resident'] = int(line.split()[1])
            elif line.startswith('VmFlags:'):
                region['dumped'] = 'dd' not in line.split()
    # A sanitizer maps terabytes, and begins with a copy of the environment for itself.
    if any(end - begin > 1 << 40 for begin, end in (region['at'] for region in regions)):
        raise Skip('a sanitizer keeps a copy of the environment')
    found = []
    with open(f'/proc/{pid}/mem', 'rb', buffering=0) as memory:
        for region in regions:
            begin, end = region['at']
            if region['writable'] and region['resident'] and region['dumped'] and end - begin < 1 << 28:
                memory.seek(begin)
                found.append(memory.read(end - begin))
    return b''.join(found)


def holds(data, *names):
    return [name for name in names if VARIABLES[name].encode() in data]


SECRET = ('E2E_MAIN', 'E2E_PROVIDER', 'E2E_ADMIN', 'E2E_BOTH')


@case('what secrets were made of is gone from the environment', alone=True)
def gone(t):
    gateway = start(t)
    block = environment(gateway)
    same(holds(block, *SECRET), [])
    # The entries are still there, and so is whatever is no secret or was not asked for.
    for name in VARIABLES:
        assert name.encode() + b'=' in block, name
    same(holds(block, 'E2E_MODEL', 'E2E_LATER'), ['E2E_MODEL', 'E2E_LATER'])
    same(t.ask(gateway=gateway).body, answers.CHAT)
    request, = t.main.requests(t.marker)
    assert PLAIN.encode() in request.body, 'the plain variable'
    same(request.header('authorization'), f'Bearer {PROVIDER_KEY}')
    same(t.ask(gateway=gateway, key=DEFAULT_KEY).status, 200, 'a default')
    gateway.stop()


@case('a core file of a started program would hold no secret of the environment', alone=True)
def core_file(t):
    gateway = start(t)
    data = core(gateway)
    assert PLAIN.encode() in data and len(data) > 1 << 16, f'{len(data)} bytes do not hold what is no secret'
    # The one that is a model's name as well is where such names are.
    same(holds(data, 'E2E_MAIN', 'E2E_PROVIDER', 'E2E_ADMIN'), [])
    gateway.stop()


@case('a reload reads the same variables, and takes those that are new', alone=True)
def reloaded(t):
    gateway = start(t)
    for count in (1, 2):
        gateway.reload()
        eventually(lambda n=count: len(gateway.events('reloaded')) == n, 5 * t.slack, 'the reload')
        same(t.ask(gateway=gateway).body, answers.CHAT)
        same(holds(environment(gateway), *SECRET), [])
    same(t.main.requests(t.marker)[-1].header('authorization'), f'Bearer {PROVIDER_KEY}')
    refused(t.ask(gateway=gateway, key=LATER_KEY), 401, 'invalid_api_key')
    same(holds(environment(gateway), 'E2E_LATER'), ['E2E_LATER'])
    text = with_variables(t.world).replace('keys:\n', 'keys:\n' + config.key('later', '${E2E_LATER}'), 1)
    # A file that is refused has been read as well.
    gateway.write_config(text + 'surprise: 1\n')
    gateway.reload()
    eventually(lambda: gateway.events('reload_refused'), 5 * t.slack, 'the refusal')
    same(holds(environment(gateway), *SECRET, 'E2E_LATER'), [])
    gateway.write_config(text)
    gateway.reload()
    eventually(lambda: t.ask(gateway=gateway, key=LATER_KEY).status == 200, 5 * t.slack, 'the new key')
    same(holds(environment(gateway), *SECRET, 'E2E_LATER'), [])
    same(holds(environment(gateway), 'E2E_MODEL'), ['E2E_MODEL'])
    gateway.stop()
