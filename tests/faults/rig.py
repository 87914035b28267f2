"""What a fault test is made of: millrace under injected faults, kills at moments that progress decides, and the
account of every event at the end. README.md shows a case."""
import os
import pathlib
import random
import signal
import struct
import subprocess

from events import Source, check
from harness import BINARY, TIMEOUT_SECONDS, MillraceTest, wait_until

# What run.py's dials say.
KILLS, EVENTS, POINTS, FIRST_POINT, POINT_STEP, ROTATIONS, SEED = (
    int(os.environ['MILLRACE_' + name]) for name in ('KILLS', 'EVENTS', 'POINTS', 'FIRST_POINT', 'POINT_STEP', 'ROTATIONS', 'SEED'))
PRELOAD = pathlib.Path(BINARY).resolve().parent / 'tests' / 'faults' / 'preload' / 'libfaults.so'


class Faults:
    """Faults for one process or several in turn: `env` goes to their environment, counts() says how often each
    rule was met by the last of them. Rules are those of preload/rules.h."""

    def __init__(self, top, *rules):
        if not PRELOAD.exists():
            raise AssertionError(f'{PRELOAD} is missing: build with -Dtests=true')
        self._counts = top / 'fault-counts'
        self.rules = rules
        self.env = {'LD_PRELOAD': str(PRELOAD), 'MILLRACE_FAULTS': ';'.join(rules),
                    'MILLRACE_FAULTS_COUNTS': str(self._counts)}

    def counts(self):
        size = 8 * len(self.rules)
        data = self._counts.read_bytes()[:size] if self._counts.exists() else b''
        return list(struct.unpack(f'={len(self.rules)}Q', data.ljust(size, b'\0')))

    def count(self):
        """How often the first rule was met."""
        return self.counts()[0]


class FaultTest(MillraceTest):
    """Everything is in `self.top`; `self.random` has a seed of its own for each test, `self.log` is what millrace
    wrote to standard error, in all its runs."""

    def setUp(self):
        super().setUp()
        self.random = random.Random(f'{SEED} {self.id()}')
        self.log = self.top / 'stderr'

    def source(self, name, count):
        """A file of events, `in/NAME.log`."""
        source = Source(name)
        (self.top / 'in').mkdir(exist_ok=True)
        source.append_to(self.top / 'in' / f'{name}.log', count)
        return source

    def run_in_background(self, config, *arguments, faults=None):
        with self.log.open('ab') as log:
            return self.start('-e', config, *arguments, env=faults.env if faults else None,
                              stdout=subprocess.DEVNULL, stderr=log)

    def run_to_end(self, config, *arguments, faults=None):
        """Runs millrace until it ends or is killed by a fault; its exit status, -9 after a kill."""
        return self.run_in_background(config, *arguments, faults=faults).wait(TIMEOUT_SECONDS)

    def kill_when(self, process, condition, what):
        """kill -9 as soon as the condition holds; False where the process had ended by itself before."""
        wait_until(lambda: condition() or process.poll() is not None, what)
        if process.poll() is not None:
            return False
        process.send_signal(signal.SIGKILL)
        process.wait(TIMEOUT_SECONDS)
        return True

    def said(self, text):
        """How often standard error has a text."""
        return self.log.read_text(errors='replace').count(text) if self.log.exists() else 0

    def log_excerpt(self):
        return self.log.read_text(errors='replace')[-2000:] if self.log.exists() else ''

    # The account.

    @staticmethod
    def with_rotated(path):
        """The files that an output has rotated away, from the oldest, and the one it writes."""
        return [*sorted(path.parent.glob(path.name + '.[0-9]*'), key=lambda old: -int(old.suffix[1:])), path]

    def account(self, outputs, sources):
        return check(outputs, {source.name: source.count for source in sources})

    def assert_nothing_lost(self, reports):
        """Every event came, whole and in order, once or more often."""
        self.assertEqual((reports.unreadable, reports.altered), ([], []), self.about(reports))
        self.assertEqual((reports.sum('lost_count'), reports.sum('reordered')), (0, 0), self.about(reports))

    def assert_exactly_once(self, reports):
        self.assert_nothing_lost(reports)
        self.assertEqual(reports.sum('doubled'), 0, self.about(reports))

    def about(self, reports):
        return f'seed {SEED}\n{reports}\n{self.log_excerpt()}'


def size_of(path):
    return path.stat().st_size if path.exists() else 0
