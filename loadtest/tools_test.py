#!/usr/bin/env python3
"""Runs the load client against the mock, with and without the forwarder between them: right answers
count, wrong ones are noticed.

Usage: tools_test.py MOCK LOADGEN FORWARDER
"""

import contextlib
import json
import subprocess
import sys

MOCK, LOADGEN, FORWARDER = sys.argv[1:4]
passed = []
failed = []


def load(port, *options):
    """Result of one run, with the exit status as 'exit'."""
    done = subprocess.run(
        [LOADGEN, f"--target=127.0.0.1:{port}", "--warmup=0", "--duration=10", "--json=-", *options],
        capture_output=True, text=True, timeout=30, check=False)
    return {**json.loads(done.stdout), "exit": done.returncode}


def expect(name, condition, result):
    (passed if condition else failed).append(name)
    if not condition:
        print(f"{name}: unexpected {json.dumps(result)}")


def right_answers(port, mock_pid):
    result = load(port, "--model=mock-whole-600", "--expect-bytes=600", "--requests=500",
                  "--connections=8", f"--proxy-pid={mock_pid}")
    expect("whole", result["requests"] == 500 and result["exit"] == 0, result)
    expect("latency of every request", result["latency_us"]["count"] == 500, result)
    expect("CPU of the server is seen", result["proxy"]["cpu_s"] > 0, result)
    expect("memory of the server is seen", result["proxy"]["resident_after"] > 100_000, result)

    result = load(port, "--model=mock-whole-300000", "--expect-bytes=300000", "--requests=20",
                  "--body-bytes=2000000")
    expect("large bodies both ways", result["requests"] == 20 and result["exit"] == 0, result)

    result = load(port, "--model=mock-whole-600", "--rate=1000", "--connections=4",
                  "--duration=0.5")
    expect("open loop skips nothing", 480 <= result["requests"] <= 501, result)

    # One connection, each answer 20 ms late, 100 requests/s: they pile up, and the waiting counts.
    result = load(port, "--model=mock-whole-600-d20000", "--rate=100", "--connections=1",
                  "--duration=1")
    expect("latency counts from the due time", result["latency_us"]["max"] > 300_000, result)

    for model in ("mock-stream-n37-b1-d0", "mock-stream-n37-b10-d0", "mock-stream-n37-b5-d1000",
                  "mock-stream-n40-b10-d0-merge"):
        events = 40 if "n40" in model else 37
        for extra in ([], ["--include-usage"]):
            result = load(port, f"--model={model}", "--stream", f"--expect-events={events}",
                          "--requests=40", "--connections=4", *extra)
            expect(model, result["exit"] == 0 and result["requests"] == 40
                   and result["events"] == 40 * events, result)

    # The client knows OpenAI's events only: another API's stream is no right answer to it.
    result = load(port, "--model=mock-stream-n5-b1-d0-anthropic", "--stream", "--requests=2")
    expect("another API's events", result["exit"] == 1 and result["requests"] == 0, result)

    result = load(port, "--model=mock-stream-n5-b1-d10000", "--stream", "--requests=4")
    expect("pace", result["gap_us"]["p50"] > 9_000 and result["transit_us"]["p50"] < 9_000, result)

    result = load(port, "--hold", "--connections=50", "--duration=0.1")
    expect("held connections", result["exit"] == 0 and result["waiting"] == 0, result)
    result = load(port, "--hold", "--stream", "--model=mock-stream-n1-b1-d0-hold",
                  "--connections=50", "--duration=0.1")
    expect("held streams", result["exit"] == 0 and result["events"] == 50, result)


def wrong_answers(port):
    cases = {
        "status": ["--model=mock-status-503"],
        "body": ["--model=mock-whole-600", "--expect-bytes=599"],
        "closed": ["--model=mock-stream-n5-b1-d0-cut", "--stream"],
        "events": ["--model=mock-stream-n5-b1-d0", "--stream", "--expect-events=6"],
    }
    for kind, options in cases.items():
        result = load(port, "--requests=10", *options)
        expect(f"error '{kind}' is counted", result["exit"] == 1
               and result["errors"][kind] == result["errors"]["total"] >= 10
               and result["requests"] == 0, result)
    result = load(port, "--model=mock-hold", "--duration=0.3")
    expect("no answer is reported", result["waiting"] == 1 and result["requests"] == 0, result)


def forwarded(port):
    with server(FORWARDER, f"--upstream={port}") as (between, _):
        for model, *options in (("mock-whole-600", "--expect-bytes=600", "--connections=8"),
                                ("mock-whole-3000000", "--body-bytes=3000000"),
                                ("mock-stream-n40-b10-d0", "--stream", "--expect-events=40")):
            result = load(between, f"--model={model}", "--requests=20", *options)
            expect(f"{model} forwarded", result["exit"] == 0 and result["requests"] == 20, result)


@contextlib.contextmanager
def server(*command):
    """The port and the process of a program that prints its port when it starts."""
    with subprocess.Popen([*command, "--lifetime=60"], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline().split()[1]), process.pid
        finally:
            process.terminate()


def main():
    with server(MOCK) as (port, mock_pid):
        right_answers(port, mock_pid)
        wrong_answers(port)
        forwarded(port)
    # Nobody listens any more.
    result = load(port, "--requests=1")
    expect("refused connection", result["exit"] == 1 and result["errors"]["connect"] > 0, result)
    print(f"{len(passed)} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
