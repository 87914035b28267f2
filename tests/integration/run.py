#!/usr/bin/env python3
"""Runs the integration tests of this directory against a millrace binary.

usage: run.py BINARY [NAME]...      NAME: a test module, class or method, as unittest takes them

The last line is 'N passed, N failed, N skipped'.
"""
import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
NOT_TESTS = {'run', 'harness'}


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    os.environ['MILLRACE'] = os.path.abspath(sys.argv[1])
    sys.path.insert(0, str(HERE))
    names = sys.argv[2:] or sorted(p.stem for p in HERE.glob('*.py') if p.stem not in NOT_TESTS)
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped) + len(result.expectedFailures)
    passed = max(0, result.testsRun - failed - skipped)
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
