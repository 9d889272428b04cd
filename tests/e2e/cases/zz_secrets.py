"""A secret never leaves (G10): every planted value is looked for, in several spellings, in all that
came out of the run. Last by name, alone by nature: it searches what the cases before it caused."""
import base64
import urllib.parse

from harness import client, gateway
from harness.case import case
from harness.config import SECRETS


def spellings(secret):
    data = secret.encode()
    found = {data, data.hex().encode(), data.hex().upper().encode(), data[::-1],
             urllib.parse.quote(secret, safe='').encode(), base64.b64encode(data),
             base64.urlsafe_b64encode(data), secret.upper().encode(), data.replace(b'-', b'\\u002d'),
             data.replace(b'-', b'\\-'), secret.encode('utf-16-le')}
    # Base64 of a text that holds the secret at any of the three offsets.
    for pad in (b'a', b'ab'):
        found.add(base64.b64encode(pad + data)[4:-4])
    return found


def search(what, data):
    for secret in SECRETS:
        for spelling in spellings(secret):
            at = data.find(spelling)
            assert at < 0, f'{what} holds a secret: …{data[max(0, at - 80):at]!r}'


@case('outputs of the programs', alone=True)
def outputs(t):
    for process in gateway.OUTPUTS:
        name = getattr(process, 'name', 'a command')
        search(f'stdout of {name}', '\n'.join(process.out).encode('utf-8', 'surrogateescape'))
        search(f'stderr of {name}', '\n'.join(process.err).encode('utf-8', 'surrogateescape'))
        log = getattr(process, 'directory', None)
        if log and (log / 'access.log').exists():
            search(f'access log of {name}', (log / 'access.log').read_bytes())
        elif getattr(process, 'last_log', b''):
            search(f'access log of {name}', process.last_log)


@case('everything that clients received', alone=True)
def received(t):
    t.ask()
    assert client.RECEIVED, 'nothing was recorded'
    search('an answer', b''.join(client.RECEIVED))


@case('metrics', alone=True)
def metrics(t):
    from cases.metrics import scrape
    search('metrics', scrape(t.gateway).encode())


@case('the command line and the environment of the program', alone=True)
def process_title(t):
    for name in ('cmdline', 'comm'):
        with open(f'/proc/{t.gateway.process.pid}/{name}', 'rb') as file:
            search(name, file.read())


@case('the search finds what it looks for', alone=True)
def finds(t):
    for spelling in spellings(SECRETS[0]):
        try:
            search('a test', b'..' + spelling + b'..')
        except AssertionError:
            continue
        raise AssertionError(f'{spelling!r} was not found')
