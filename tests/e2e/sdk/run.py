"""The official packages of OpenAI, Anthropic, Google and Mistral against `penstock demo`; some of them,
and Cohere's, against scripted providers of every dialect.

    python3 tests/e2e/sdk/run.py --gateway build/penstock

scripts/setup puts the packages under .deps/; what is not there is skipped. Each client gets a demo of
its own, so that they do not spend each other's rate limit.
"""
import argparse
import base64
import concurrent.futures
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True

import speaking  # noqa: E402
from harness.config import MAIN_KEY  # noqa: E402
from harness.gateway import SANITIZER, Process  # noqa: E402
from harness.providers import EVERY  # noqa: E402
from harness.turn import CALLING  # noqa: E402
from harness.world import World  # noqa: E402

PYTHON = ROOT / '.deps/python/bin/python'
NODE_PACKAGES = ROOT / '.deps/node/node_modules'
SECONDS = 150


def counted(done):
    """Text and counts of a client's run."""
    found = re.search(r'^(\d+) passed, (\d+) failed, (\d+) skipped$', done.stdout, re.M)
    counts = [int(n) for n in found.groups()] if found else [0, 1, 0]
    if done.returncode != 0 and counts[1] == 0:
        counts[1] += 1
    return done.stdout + done.stderr, counts


def run_client(program, name, argv):
    """Starts a demo, runs one client against it, stops the demo. Text and counts."""
    demo = Process([program, 'demo', '--data-address', '127.0.0.1:0', '--admin-address', '127.0.0.1:0'])
    try:
        demo.wait_listening(('data',), 60)
        url = f"http://127.0.0.1:{demo.listeners['data'][1]}/v1"
        done = subprocess.run([*argv, url], capture_output=True, text=True, timeout=SECONDS, cwd=HERE)
        text, counts = counted(done)
        demo.process.send_signal(signal.SIGTERM)
        status = demo.exit_status(20)
        if status != 0 or SANITIZER.search(demo.errors):
            counts[1] += 1
            text += f'\nthe demo ended with {status}:\n{demo.errors[-4000:]}\n'
        return name, text, counts
    except (AssertionError, subprocess.TimeoutExpired) as error:
        return name, f'{error}\n{demo.errors[-4000:]}\n', [0, 1, 0]
    finally:
        demo.kill()


def run_providers(program, name, argv, speak, models):
    """One client, scripted providers that answer what `speak` finds."""
    world = World(program, 1, 1)
    world.main.default = speak
    gateway = world.gateway('sdk', speaking.gateway_config)
    url = f'http://127.0.0.1:{gateway.data[1]}/v1'
    try:
        done = subprocess.run([*argv, url, MAIN_KEY, ','.join(models)], capture_output=True, text=True,
                              timeout=SECONDS, cwd=HERE)
        text, counts = counted(done)
    finally:
        wrong = world.stop()
    return name, text + ''.join(wrong.values()), [counts[0], counts[1] + len(wrong), counts[2]]


def judge_frames(name, argv):
    """Amazon's own decoder reads the frames that the scripted Bedrock sends."""
    frames = [base64.b64encode(f).decode() for p in ('bedrock', 'invoke') for f in EVERY[p].events(CALLING)]
    done = subprocess.run(argv, input=json.dumps(frames), capture_output=True, text=True, timeout=SECONDS, cwd=HERE)
    return name, *counted(done)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--gateway', required=True, help='the program under test')
    program = str(pathlib.Path(parser.parse_args().gateway).resolve())
    clients, frames, counts = [], [], [0, 0, 0]
    structured = (speaking.speak_json, list(speaking.SCHEMAS))
    if PYTHON.exists():
        def python(script):
            return [str(PYTHON), '-B', str(HERE / script)]
        clients.append((run_client, 'Python', python('client_python.py')))
        clients.append((run_client, 'Python, other dialects', python('dialects_python.py')))
        clients.append((run_providers, 'Python, every provider', python('providers_python.py'),
                        speaking.speak, list(EVERY)))
        clients.append((run_providers, 'Python, tool loops', python('loops_python.py'),
                        speaking.speak_loop, list(EVERY)))
        clients.append((run_providers, 'Python, structured', python('structured_python.py'), *structured))
    else:
        print('Python client: not installed, run scripts/setup --test')
        counts[2] += 1
    if shutil.which('node') and NODE_PACKAGES.exists():
        def node(script):
            return ['node', str(HERE / script), str(NODE_PACKAGES)]
        clients.append((run_client, 'Node', node('client_node.mjs')))
        clients.append((run_client, 'Node, other dialects', node('dialects_node.mjs')))
        clients.append((run_providers, 'Node, structured', node('structured_node.mjs'), *structured))
        clients.append((run_providers, 'Node, tool loops', node('loops_node.mjs'), speaking.speak_loop, list(EVERY)))
        if (NODE_PACKAGES / 'cohere-ai').exists():
            clients.append((run_providers, 'Node, Cohere', node('cohere_node.mjs'), speaking.speak_ranking,
                            [speaking.RANKING]))
        else:
            print("Cohere's client: not installed, run scripts/setup --test")
            counts[2] += 1
        frames = [judge_frames('Node, frames', node('frames_node.mjs'))]
    else:
        print('Node client: not installed, run scripts/setup --test')
        counts[2] += 1
    with concurrent.futures.ThreadPoolExecutor() as pool:
        jobs = [pool.submit(run, program, *rest) for run, *rest in clients]
        for name, text, found in [*(job.result() for job in jobs), *frames]:
            print(f'--- {name}\n{text}')
            counts = [a + b for a, b in zip(counts, found)]
    print('{} passed, {} failed, {} skipped'.format(*counts))
    return 1 if counts[1] else 0


sys.exit(main())
