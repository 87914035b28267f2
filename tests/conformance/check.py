#!/usr/bin/env python3
"""Runs the conformance cases of everything that is built, and holds the known differences to their list.

usage: check.py BINARY [--only REGEX]     REGEX picks case files by name
ready.txt lists the case files; expected-failures.tsv the cases that differ on purpose, with the reason. A listed case that passes is
an error too: the list must stay true. The last line is 'N passed, N failed, N skipped'.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def lines_of(name):
    with open(os.path.join(HERE, name)) as f:
        return [line.rstrip('\n') for line in f if line.strip() and not line.startswith('#')]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('binary'), ap.add_argument('--only', default='.')
    args = ap.parse_args()
    files = [os.path.join(HERE, name) for name in lines_of('ready.txt') if re.search(args.only, name)]
    expected = dict(line.split('\t', 1) for line in lines_of('expected-failures.tsv'))
    with tempfile.NamedTemporaryFile('r', suffix='.jsonl') as failures:
        done = subprocess.run([sys.executable, os.path.join(HERE, 'run.py'), args.binary, *files, '--failures', failures.name, '--jobs', '2'],
                              capture_output=True, text=True)
        failed = {json.loads(line)['case']['id'] for line in failures}
    print(done.stdout.rsplit('\n', 2)[0])
    counts = re.search(r'(\d+) passed, (\d+) failed, (\d+) skipped', done.stdout.rstrip().rsplit('\n', 1)[-1])
    if not counts:
        print(done.stderr)
        print('0 passed, 1 failed')
        return 1
    present = set()
    for name in files:
        with open(name) as f:
            present |= {json.loads(line)['id'] for line in f if line.strip()}
    surprises = failed - expected.keys()
    outdated = {case for case in expected if case in present and case not in failed}
    for case in sorted(outdated):
        print(f'{case} passes: take it off the list of expected failures')
    for case in sorted(failed & expected.keys()):
        print(f'{case} differs as expected: {expected[case]}')
    bad = len(surprises) + len(outdated)
    print(f'{int(counts[1]) + len(failed & expected.keys())} passed, {bad} failed, {counts[3]} skipped')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
