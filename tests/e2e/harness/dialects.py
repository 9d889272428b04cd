"""What the cases about dialects share: a gateway whose models are named after the dialect of their
provider, all of them played by one scripted upstream."""
from harness import config
from harness.clients import CLIENTS
from harness.providers import EVERY, PROVIDERS
from harness.turn import Ask

# A second target behind the first, for what happens before an answer began.
PAIR = 'pair-'
STRICT = 'strict-'


def gateway_config(world):
    port = world.main.port
    providers = [f'  {p.name}: {p.yaml(port)}\n' for p in EVERY.values()]
    providers.append(config.provider('spare', world.second.base_url))
    models = []
    for p in EVERY.values():
        target = f'{{provider: {p.name}, model: "{p.model}"{p.target}, weight: 1000000}}'
        once = 'retry: {max_attempts: 1}'
        models.append(f'  {p.name}: {{targets: [{target}], {once}}}\n')
        models.append(f'  {STRICT}{p.name}: {{targets: [{target}], drop_params: error, {once}}}\n')
        models.append(f'  {PAIR}{p.name}: {{targets: [{target}, {{provider: spare, model: up-spare, weight: 1}}]}}\n')
    return config.config(providers, models, shard_count=world.shards), None


def gateway(t):
    return t.world.gateway('dialects', gateway_config)


def ask_of(t, model, **fields):
    """A request whose text holds the marker of the case."""
    return Ask(model, f'Why is the sky blue? {t.marker}', **fields)


# Providers that have OpenAI's legacy completions get them as they came.
HAVE_COMPLETIONS = ('chat', 'responses', 'ollama', 'azure')


def pairs(clients=None, providers=None, rows=None):
    """Rows for `case`: every client with every provider, and with every one of `rows` (id -> value)."""
    found = {}
    for c in clients or CLIENTS:
        for p in providers or PROVIDERS:
            client, provider = CLIENTS[c], EVERY[p]
            if c == 'completions' and p in HAVE_COMPLETIONS:
                continue
            for row, value in (rows or {'': None}).items():
                key = f'{c} from {p}' + (f', {row}' if row else '')
                found[key] = (client, provider, *([value] if rows else []))
    return found


def one_request(t, provider, stream):
    """The one request that reached the provider, its head judged."""
    request, = t.main.wait_for(t.marker)
    provider.check_head(request, stream)
    return request
