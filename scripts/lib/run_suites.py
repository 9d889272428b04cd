"""Builds the test trees, runs every suite, adds up the counts. Called by scripts/test.

A step is a command with a limit of time. Its counts come from what its tests print themselves:
doctest's summary line, or `N passed, N failed, N skipped` of a Python or Node runner. A step that
crashes, times out or fails without saying what failed counts as one failure. The last line of the
output is the sum.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / 'build'
CLANG = 'clang++-19'
SANITIZERS = {
    # A small quarantine: cases that bound the program's memory run here too.
    'ASAN_OPTIONS': 'detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:'
                    'quarantine_size_mb=2',
    'UBSAN_OPTIONS': 'print_stacktrace=1:halt_on_error=1',
    'TSAN_OPTIONS': 'halt_on_error=1:second_deadlock_stack=1',
}
# What shards share: these unit programs run under the thread sanitizer, and a small e2e run.
SHARED_BETWEEN_THREADS = ('policy', 'telemetry', 'net', 'runtime')
FUZZ_SECONDS = 10
# Debug information: functions and lines, which is all that a stack shows. A sixteenth of what the compiler does.
LINES_ONLY = ['-Ddebug=false', '-Dcpp_args=-g1']
# For the sanitizers of memory: they find as much in such code, and it compiles faster. Not for that of
# threads: the frames of coroutines outgrow the arena in it.
BARELY_OPTIMISED = ['-Doptimization=1']


class Totals:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.lines = []

    def add(self, name, passed, failed, skipped, seconds, note=''):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        verdict = 'FAILED' if failed else 'ok'
        self.lines.append(f'{verdict:7}{seconds:7.1f} s  {name}: {passed} passed, {failed} failed, '
                          f'{skipped} skipped{note}')
        print(self.lines[-1], flush=True)

    def finish(self):
        print('\nwhat ran:')
        for line in self.lines:
            print('  ' + line)
        print(f'{self.passed} passed, {self.failed} failed, {self.skipped} skipped', flush=True)
        sys.exit(1 if self.failed else 0)


def run(argv, limit, env=None):
    """Exit status (None: out of time) and output. The whole process group ends with the limit."""
    process = subprocess.Popen(argv, cwd=ROOT, env={**os.environ, **(env or {})}, text=True,
                               errors='replace', stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
    try:
        output, _ = process.communicate(timeout=limit)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return None, output
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGKILL)
        raise


def counted(output):
    """(passed, failed, skipped) as the test program printed them, or None."""
    found = re.findall(r'test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed \|\s*(\d+) skipped', output)
    found += re.findall(r'^(\d+) passed, (\d+) failed, (\d+) skipped$', output, re.M)
    return tuple(int(n) for n in found[-1]) if found else None


def counts_of(ok, output):
    passed, failed, skipped = counted(output) or ((1, 0, 0) if ok else (0, 0, 0))
    if not ok and not failed:
        failed = 1  # It crashed, hung or was cut after its summary.
    return passed, failed, skipped


def step(totals, name, argv, limit, env=None):
    """One command whose output holds its counts."""
    begun = time.monotonic()
    status, output = run(argv, limit, env)
    counts = counts_of(status == 0, output)
    if counts[1]:
        print(f'--- {name}: {" ".join(map(str, argv))}\n{output}')
    totals.add(name, *counts, time.monotonic() - begun,
               f' (stopped after {limit} s)' if status is None else '')
    return not counts[1]


def configure(totals, tree, compiler, options):
    """Sets a tree up once; later runs keep it. False, and one failure counted, when it cannot."""
    begun = time.monotonic()
    if (BUILD / tree / 'build.ninja').exists():
        return True
    # A tree that is half set up would be refused for ever.
    shutil.rmtree(BUILD / tree, ignore_errors=True)
    status, output = run(['meson', 'setup', str(BUILD / tree), *options], 180, compiler)
    if status != 0:
        print(output)
        totals.add(f'{tree}: configure', 0, 1, 0, time.monotonic() - begun)
    return status == 0


def build(totals, tree, targets, limit):
    begun = time.monotonic()
    status, output = run(['ninja', '-C', str(BUILD / tree), *targets], limit)
    if status != 0:
        print(output[-20000:])
    totals.add(f'{tree}: build', int(status == 0), int(status != 0), 0, time.monotonic() - begun)
    return status == 0


def targets_of(tree):
    """Executables of a tree: name -> path of the program."""
    done = subprocess.run(['meson', 'introspect', '--targets', str(BUILD / tree)], cwd=ROOT,
                          capture_output=True, text=True)
    return {t['name']: pathlib.Path(t['filename'][0]) for t in json.loads(done.stdout)
            if t['type'] == 'executable'}


def suites(totals, tree, names, limit, tests=(), jobs=None):
    """Meson suites whose programs run as many at a time as there are processors, or `jobs`. A line for
    each suite; counts are those of its programs; each program that fails is shown."""
    begun = time.monotonic()
    log = re.sub(r'\W+', '-', '-'.join([*names, *tests]))
    chosen = [word for name in names for word in ('--suite', name)]
    argv = ['meson', 'test', '-C', str(BUILD / tree), '--no-rebuild', *chosen,
            '--logbase', log, '--num-processes', str(jobs or os.cpu_count()), *tests]
    status, output = run(argv, limit, SANITIZERS)
    file = BUILD / tree / 'meson-logs' / f'{log}.json'
    records = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    failures = 0
    for name in names:
        # A record's name is `project:suite / test`.
        mine = [r for r in records if r['name'].split(' / ')[0].split(':')[-1] == name]
        passed = failed = skipped = 0
        for record in mine:
            if record['result'] == 'SKIP':
                skipped += 1
                continue
            text = record.get('stdout', '') + record.get('stderr', '')
            counts = counts_of(record['result'] == 'OK', text)
            passed, failed, skipped = (a + b for a, b in zip((passed, failed, skipped), counts))
            if counts[1]:
                print(f'--- {tree}: {record["name"]}: {record["result"]}\n{text[-20000:]}')
        note = ''
        if status is None:
            failed, note = failed + 1, f' (stopped after {limit} s)'
        elif not mine:
            failed, note = failed + 1, ' (nothing ran)'
            print(output[-5000:])
        failures += failed
        if name == names[-1] and status != 0 and not failures:
            failed += 1
            print(output[-5000:])
        ends = [r['starttime'] + r['duration'] for r in mine]
        seconds = max(ends) - min(r['starttime'] for r in mine) if mine else time.monotonic() - begun
        totals.add(f'{tree}: {name}', passed, failed, skipped, seconds, note)


def fuzz(totals, tree):
    """Each target runs its corpus and then FUZZ_SECONDS more, in a scratch copy of the corpus; as many
    at once as there are processors."""
    programs = {n: p for n, p in sorted(targets_of(tree).items()) if n.startswith('fuzz_')}
    if not programs:
        totals.add('fuzz', 0, 1, 0, 0, f' (no targets named fuzz_*; if build/{tree} is older than they are, remove it)')

    def one(name, program):
        scratch = BUILD / tree / 'found' / name
        scratch.mkdir(parents=True, exist_ok=True)
        short = name.removeprefix('fuzz_')
        corpora = [str(p) for p in (ROOT / 'tests/fuzz/corpus' / short, ROOT / 'tests/fuzz/corpus' / name)
                   if p.is_dir()]
        dictionary = ROOT / 'tests/fuzz' / f'{short}.dict'
        argv = [str(program), f'-max_total_time={FUZZ_SECONDS}', '-print_final_stats=1',
                f'-artifact_prefix={scratch}/crash-', '-rss_limit_mb=2048']
        argv += [f'-dict={dictionary}'] if dictionary.exists() else []
        step(totals, f'fuzz: {name}', [*argv, str(scratch), *corpora], FUZZ_SECONDS + 60, SANITIZERS)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, programs.keys(), programs.values()))


def release(totals):
    """The build that goes into production, for the processor that the recorded figures hold for."""
    tree = str(BUILD / 'release')
    if step(totals, 'release: build', ['scripts/build', tree, '-Dmarch=x86-64-v3'], 600):
        step(totals, 'release: instructions', [sys.executable, 'bench/instructions', '--check', '--no-build',
                                               '--build', tree], 300)
        step(totals, 'release: smoke', [sys.executable, 'tests/e2e/run.py', '--smoke', '--gateway',
                                        f'{tree}/penstock'], 120)


def quick(totals, compiler):
    if not configure(totals, 'test', compiler, ['--buildtype=debugoptimized', '-Dbench=disabled', *LINES_ONLY]):
        return
    if build(totals, 'test', [], 900):
        suites(totals, 'test', ['unit'], 120)
        suites(totals, 'test', ['e2e'], 400, jobs=1)


def everything(totals, compiler):
    python = sys.executable
    clang_only = shutil.which(CLANG) is not None
    step(totals, 'modules and project rules', [python, 'scripts/check-modules'], 60)
    step(totals, 'format', [python, 'scripts/check-tidy', 'format'], 120)
    if configure(totals, 'test', compiler, ['--buildtype=debugoptimized', '--werror', *LINES_ONLY]) and build(
            totals, 'test', [], 900):
        # Side by side: in each of them one program takes most of the time.
        suites(totals, 'test', ['unit', 'golden', 'sim', 'tidy'], 300)
        suites(totals, 'test', ['e2e'], 400, jobs=1)
        suites(totals, 'test', ['sdk'], 240, jobs=1)
        suites(totals, 'test', ['loadtest'], 120)
        suites(totals, 'test', ['perf'], 120)
        step(totals, 'kernel TLS', [python, 'tests/kernel-tls/run.py', '--gateway', str(BUILD / 'test/penstock'),
                                    '--seconds', '300'], 360)
        if clang_only:
            step(totals, 'lint', [python, 'scripts/check-tidy', 'lint', str(BUILD / 'test'),
                                  '--seconds', '360'], 480)
    sanitized = ['--buildtype=debugoptimized', *LINES_ONLY, '-Dallocator=system', '-Dbench=disabled',
                 '-Dloadtest=false'] + (['-Db_lundef=false'] if clang_only else [])
    # The fuzzers are programs of the same tree: what they need in every object costs the suites little.
    memory = [*sanitized, *BARELY_OPTIMISED, '-Db_sanitize=address,undefined'] + (
        ['-Dfuzz=true'] if clang_only else [])
    if configure(totals, 'asan', compiler, memory) and build(totals, 'asan', [], 900):
        suites(totals, 'asan', ['unit', 'golden', 'sim'], 500)
        suites(totals, 'asan', ['e2e'], 500, jobs=1)
        if clang_only:
            fuzz(totals, 'asan')
        else:
            totals.add('fuzz', 0, 0, 1, 0, ' (needs clang 19)')
    if configure(totals, 'tsan', compiler, [*sanitized, '-Db_sanitize=thread']):
        programs = targets_of('tsan')
        units = [n for n in SHARED_BETWEEN_THREADS if f'unit_{n}' in programs]
        wanted = [programs[f'unit_{n}'] for n in units]
        wanted += [programs['penstock']] if 'penstock' in programs else []
        names = [str(p.relative_to(BUILD / 'tsan')) for p in wanted]
        if build(totals, 'tsan', names, 600):
            suites(totals, 'tsan', ['unit'], 240, tests=units)
            suites(totals, 'tsan', ['smoke'], 300, jobs=1)
    release(totals)


def main():
    parser = argparse.ArgumentParser(description='Builds and runs every suite.')
    parser.add_argument('--quick', action='store_true', help='unit and e2e suites in one build')
    options = parser.parse_args()
    totals = Totals()
    compiler = {'CXX': os.environ.get('CXX', CLANG)}
    (quick if options.quick else everything)(totals, compiler)
    totals.finish()


main()
