"""The official `openai` packages for Python and Node against `penstock demo`.

    python3 tests/e2e/sdk/run.py --gateway build/penstock

scripts/setup puts the packages under .deps/; what is not there is skipped. Each client gets a demo of
its own, so that they do not spend each other's rate limit.
"""
import argparse
import concurrent.futures
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

from harness.gateway import SANITIZER, Process  # noqa: E402

PYTHON = ROOT / '.deps/python/bin/python'
NODE_PACKAGES = ROOT / '.deps/node/node_modules'
SECONDS = 150


def run_client(program, name, argv):
    """Starts a demo, runs one client against it, stops the demo. Text and counts."""
    demo = Process([program, 'demo', '--data-address', '127.0.0.1:0', '--admin-address', '127.0.0.1:0'])
    try:
        demo.wait_listening(('data',), 60)
        url = f"http://127.0.0.1:{demo.listeners['data'][1]}/v1"
        done = subprocess.run([*argv, url], capture_output=True, text=True, timeout=SECONDS, cwd=HERE)
        text = done.stdout + done.stderr
        found = re.search(r'^(\d+) passed, (\d+) failed, (\d+) skipped$', done.stdout, re.M)
        counts = [int(n) for n in found.groups()] if found else [0, 1, 0]
        if done.returncode != 0 and counts[1] == 0:
            counts[1] += 1
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--gateway', required=True, help='the program under test')
    program = str(pathlib.Path(parser.parse_args().gateway).resolve())
    clients, counts = [], [0, 0, 0]
    if PYTHON.exists():
        clients.append(('Python', [str(PYTHON), str(HERE / 'client_python.py')]))
    else:
        print('Python client: not installed, run scripts/setup --test')
        counts[2] += 1
    if shutil.which('node') and NODE_PACKAGES.exists():
        clients.append(('Node', ['node', str(HERE / 'client_node.mjs'), str(NODE_PACKAGES)]))
    else:
        print('Node client: not installed, run scripts/setup --test')
        counts[2] += 1
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for name, text, found in pool.map(lambda c: run_client(program, *c), clients):
            print(f'--- {name}\n{text}')
            counts = [a + b for a, b in zip(counts, found)]
    print('{} passed, {} failed, {} skipped'.format(*counts))
    return 1 if counts[1] else 0


sys.exit(main())
