"""User-space instructions per request and per event, counted by callgrind: the difference of two
runs that differ only in how much was sent, so that start and end drop out. Blind to the kernel,
but repeats within a fraction of a percent on any machine, however busy."""

import pathlib
import re
import subprocess
import tempfile

import proxies

# What is sent, few and many times. One connection, so that nothing is batched by chance.
CASES = {
    "request 1 KB": ("mock-whole-600", ["--expect-bytes=600"], 300, 1300),
    "request 32 KB": ("mock-whole-600", ["--expect-bytes=600", "--body-bytes=32768"], 300, 1300),
    "stream, 50 events": ("mock-stream-n50-b1-d4000", ["--stream", "--expect-events=50"], 5, 25),
}
TO_REACH = 0.5  # of nginx's instructions per 1 KB request


def instructions(programs, name, gateway, folder, case, count):
    """Instructions of one whole run of a proxy that handles `count` requests."""
    model, options, _, _ = case
    place = pathlib.Path(tempfile.mkdtemp(prefix=f"callgrind-{name}-", dir=folder))
    out = place / "callgrind.out"
    wrapper = [proxies.find_program("valgrind"), "--tool=callgrind",
               f"--callgrind-out-file={out}", "--"]
    with proxies.Mock(programs["penstock-mock"], 1, False, 300) as mock:
        with proxies.Proxy(name, place, mock.port, streams="--stream" in options,
                           models=[model], program=gateway, wrapper=wrapper) as proxy:
            done = subprocess.run(
                [str(programs["penstock-loadgen"]), f"--target=127.0.0.1:{proxy.port}",
                 f"--key={proxies.KEY}", f"--model={model}", f"--requests={count}", "--warmup=0",
                 "--duration=100", "--json=-", *options],
                capture_output=True, text=True, timeout=200, check=False)
            if done.returncode != 0:
                raise proxies.Failure(f"Wrong answers through {name} under callgrind: "
                                      f"{done.stderr.strip()} {done.stdout}")
        output = (place / "output.txt").read_text(errors="replace")
    text = out.read_text(errors="replace") if out.exists() else ""
    found = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
    if found is None:
        raise proxies.Failure(f"callgrind counted nothing for {name}; a gateway has to be built "
                              f"with -Dmarch=x86-64-v3: {output[-2000:]}")
    return int(found.group(1))


def run(programs, gateway, folder):
    """Prints a table and returns the figures: {proxy: {case: instructions}}."""
    names = ["nginx", "haproxy"] + (["gateway"] if gateway else [])
    if not gateway:
        print("The gateway is not built and no --gateway was given: measuring the others.")
    figures = {name: {} for name in names}
    for case_name, case in CASES.items():
        few, many = case[2:]
        for name in names:
            small = instructions(programs, name, gateway, folder, case, few)
            large = instructions(programs, name, gateway, folder, case, many)
            figures[name][case_name] = (large - small) / (many - few)
    for name in names:  # what a stream costs beyond a request
        figures[name]["per event"] = (
            figures[name]["stream, 50 events"] - figures[name]["request 1 KB"]) / 50

    print(f"{'instructions per':20}" + "".join(f"{n:>10} {'÷ nginx':>8}" for n in names))
    for case_name in [*CASES, "per event"]:
        nginx = figures["nginx"][case_name]
        print(f"{case_name:20}" + "".join(
            f"{figures[n][case_name]:10,.0f} {figures[n][case_name] / nginx:8.3f}" for n in names))
    if gateway:
        ratio = figures["gateway"]["request 1 KB"] / figures["nginx"]["request 1 KB"]
        print(f"to reach: <= {TO_REACH} of nginx per 1 KB request: "
              f"{'reached' if ratio <= TO_REACH else 'NOT reached'} ({ratio:.3f})")
    return figures
