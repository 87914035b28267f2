#!/usr/bin/env python3
"""Runs the fault tests of this directory against a millrace binary.

usage: run.py BINARY [NAME]... [--kills N] [--events N] [--points N] [--seed N]

NAME is a test module, class or method, as unittest takes them. The defaults are what fits into every run of
scripts/test; README.md has the long runs. The last line is 'N passed, N failed, N skipped'.
"""
import argparse
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / 'integration')]

import runner

DIALS = {'kills': (6, 'how often a test kills millrace at a random moment'),
         'events': (60_000, 'how many events such a test sends'),
         'points': (30, 'at how many of the first system calls that write each test of crash points kills'),
         'seed': (1, 'of everything that is random')}


def main():
    arguments = argparse.ArgumentParser(usage=__doc__)
    arguments.add_argument('binary')
    arguments.add_argument('names', nargs='*')
    for name, (default, meaning) in DIALS.items():
        arguments.add_argument('--' + name, type=int, default=default, help=meaning)
    given = arguments.parse_args()
    for name in DIALS:
        os.environ['MILLRACE_' + name.upper()] = str(getattr(given, name))
    print(', '.join(f'{name} {getattr(given, name)}' for name in DIALS), flush=True)
    return runner.run(HERE, given.binary, given.names, not_tests={'rig', 'events', 'proxy', 'shipper'})


if __name__ == '__main__':
    sys.exit(main())
