#!/usr/bin/env python3
"""Runs the fault tests of this directory against a millrace binary.

usage: run.py BINARY [NAME]... [--long] [--kills N] [--events N] [--points N] [--first-point N]
       [--point-step N] [--rotations N] [--seed N]

NAME is a test module, class or method, as unittest takes them. The defaults are what fits into every run of
scripts/test; --long is for nights. The last line is 'N passed, N failed, N skipped'.
"""
import argparse
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / 'integration')]

import runner

# name: (in scripts/test, with --long, meaning)
DIALS = {'kills': (4, 200, 'how often a test kills millrace at a random moment'),
         'events': (40_000, 1_000_000, 'how many events such a test sends'),
         'points': (30, 2000, 'up to which of the system calls that write each test of crash points kills'),
         'first_point': (1, 1, 'at which of them it begins'),
         'point_step': (2, 1, 'at each which of them it kills'),
         'rotations': (200, 2000, 'how often a test rotates a file'),
         'seed': (1, 1, 'of everything that is random')}


def main():
    arguments = argparse.ArgumentParser(usage=__doc__)
    arguments.add_argument('binary')
    arguments.add_argument('names', nargs='*')
    arguments.add_argument('--long', action='store_true', help='everything, as often as README.md promises')
    for name, (default, long, meaning) in DIALS.items():
        arguments.add_argument('--' + name.replace('_', '-'), type=int, help=f'{meaning}: {default}, with --long {long}')
    given = arguments.parse_args()
    chosen = {name: getattr(given, name) or dial[given.long] for name, dial in DIALS.items()}
    for name, value in chosen.items():
        os.environ['MILLRACE_' + name.upper()] = str(value)
    if given.long:
        os.environ['MILLRACE_LONG'] = '1'  # on_demand of the harness
    print(', '.join(f'{name} {value}' for name, value in chosen.items()), flush=True)
    return runner.run(HERE, given.binary, given.names, not_tests={'rig', 'events', 'proxy', 'shipper'})


if __name__ == '__main__':
    sys.exit(main())
