#!/usr/bin/env python3
"""Runs the conformance cases of everything that is built, and holds the known differences to their list.

usage: check.py BINARY [--only REGEX] [--untimed]     REGEX picks case files by name
ready.txt lists the case files; expected-failures.tsv the cases that differ on purpose, with the reason. A listed case that passes is
an error too: the list must stay true. Cases with `chunks` are told apart by a pause of 0.1 s in which the
program must have started and read the first chunk: one that fails is tried again, and --untimed (for sanitizers,
which start slowly) leaves them out. The last line is 'N passed, N failed, N skipped'.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

TRIES = 5
HERE = os.path.dirname(os.path.abspath(__file__))


def lines_of(name):
    with open(os.path.join(HERE, name)) as f:
        return [line.rstrip('\n') for line in f if line.strip() and not line.startswith('#')]


def run(binary, files, only):
    """The finished runner, and the ids of the cases that failed."""
    with tempfile.NamedTemporaryFile('r', suffix='.jsonl') as failures:
        done = subprocess.run([sys.executable, os.path.join(HERE, 'run.py'), binary, *files, '--only', only,
                               '--failures', failures.name, '--jobs', '2'], capture_output=True, text=True)
        return done, {json.loads(line)['case']['id'] for line in failures}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('binary'), ap.add_argument('--only', default='.'), ap.add_argument('--untimed', action='store_true')
    args = ap.parse_args()
    files = [os.path.join(HERE, name) for name in lines_of('ready.txt') if re.search(args.only, name)]
    expected = dict(line.split('\t', 1) for line in lines_of('expected-failures.tsv'))
    cases = {}
    for name in files:
        with open(name) as f:
            cases.update((case['id'], case) for case in map(json.loads, filter(str.strip, f)))
    timed = {case for case in cases if 'chunks' in cases[case]}
    done, failed = run(args.binary, files, '.')
    for _ in range(TRIES):
        again = (failed & timed) - expected.keys()
        if args.untimed or not again:
            break
        failed = failed - again | run(args.binary, files, '^(' + '|'.join(map(re.escape, sorted(again))) + ')$')[1]
    left_out = (failed & timed) - expected.keys() if args.untimed else set()
    report = done.stdout.rsplit('\n', 2)[0] + '\n'
    print(re.sub(r'^FAIL (\S+): .*\n(?:     .*\n)*', lambda case: '' if case[1] in expected else case[0], report, flags=re.M))
    counts = re.search(r'(\d+) passed, (\d+) failed, (\d+) skipped', done.stdout.rstrip().rsplit('\n', 1)[-1])
    if not counts:
        print(done.stderr)
        print('0 passed, 1 failed')
        return 1
    surprises = failed - expected.keys() - left_out
    outdated = {case for case in expected if case in cases and case not in failed}
    for case in sorted(outdated):
        print(f'{case} passes: take it off the list of expected failures')
    for case in sorted(failed & expected.keys()):
        print(f'{case} differs as expected: {expected[case]}')
    bad = len(surprises) + len(outdated)
    total = int(counts[1]) + int(counts[2])
    print(f'{total - len(surprises) - len(left_out)} passed, {bad} failed, {int(counts[3]) + len(left_out)} skipped')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
