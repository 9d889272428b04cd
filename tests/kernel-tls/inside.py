"""What runs in the emulated machine: the drivers' cases of kernel TLS and of batched sends, which kernels may
know or not, and the end-to-end cases of TLS."""
import argparse
import os
import subprocess
import sys

RUN = '/penstock/tests/e2e/run.py'
GATEWAY = '/penstock/penstock'
UNIT = '/penstock/unit_runtime'


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--filter', default='')
    options = parser.parse_args()
    print(subprocess.run([GATEWAY, 'version', '--features'], capture_output=True, text=True).stdout, flush=True)
    worst = 0
    if os.path.exists(UNIT):
        worst = subprocess.run([UNIT, '-tc=kernel TLS*,batch*', '--no-colors']).returncode
    # The second backend is the same but for how it waits: what fills sockets, and what is ours alone.
    for backend, names in (('uring', ['tls']), ('epoll', ['kernel_tls', 'tls: a large'])):
        for name in [options.filter] if options.filter else names:
            print(f'backend {backend}: {name}', flush=True)
            done = subprocess.run([sys.executable, RUN, '--gateway', GATEWAY, '--filter', name, '--slack', '10',
                                   '--verbose', '--io', f'backend: {backend}', '--kernel-tls'])
            worst = max(worst, done.returncode)
    return worst


if __name__ == '__main__':
    sys.exit(main())
