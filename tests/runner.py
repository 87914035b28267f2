"""Runs the test modules of a directory against a millrace binary and counts their tests."""
import os
import sys
import time
import unittest

SLOWEST = 15  # that are named at the end


class Timed(unittest.TextTestResult):
    """Knows how many seconds each test took."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.seconds = []

    def startTest(self, test):
        super().startTest(test)
        self._begin = time.monotonic()

    def stopTest(self, test):
        self.seconds.append((time.monotonic() - self._begin, test.id()))
        super().stopTest(test)


def run(directory, binary, names=(), not_tests=()):
    """Every module of `directory` but `not_tests`, or the `names`: modules, classes or methods, as unittest takes
    them. The last line is 'N passed, N failed, N skipped'; returns the exit status."""
    os.environ['MILLRACE'] = os.path.abspath(binary)
    sys.path.insert(0, str(directory))
    names = names or sorted(p.stem for p in directory.glob('*.py') if p.stem not in {'run', *not_tests})
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Timed).run(suite)
    for seconds, name in sorted(result.seconds, reverse=True)[:SLOWEST]:
        print(f'{seconds:7.1f} s  {name}')
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped) + len(result.expectedFailures)
    passed = max(0, result.testsRun - failed - skipped)
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    return 1 if failed else 0
