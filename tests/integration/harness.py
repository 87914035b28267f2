"""What the integration tests share: running millrace as a user does, and reading its ledger."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get('MILLRACE', str(ROOT / 'build' / 'millrace'))
TIMEOUT_SECONDS = 120
LONG = bool(os.environ.get('MILLRACE_LONG'))
LEDGER_NAMES = 'in flight|in|delivered|dropped by config|dead-lettered'

on_demand = unittest.skipUnless(LONG, 'runs with MILLRACE_LONG=1 in the environment')


class Outcome:
    """What a finished run left: exit status, standard output and error as bytes."""

    def __init__(self, status, out, err):
        self.status = status
        self.out = out
        self.err = err

    @property
    def errors(self):
        return self.err.decode(errors='replace')

    @property
    def events(self):
        """Standard output as JSON lines."""
        return read_json_lines(self.out)

    @property
    def ledger(self):
        """The totals of the (only) pipeline's ledger, by name; {} where none was printed."""
        line = re.search(r'ledger of pipeline [^:]*: (.*)', self.errors)
        return {name: int(n) for n, name in re.findall(rf'(\d+) ({LEDGER_NAMES})\b', line[1])} if line else {}


def read_json_lines(data):
    return [json.loads(line) for line in data.split(b'\n') if line.strip()]


def wait_until(condition, what, seconds=TIMEOUT_SECONDS):
    """Waits for a condition that another process brings about; fails naming it when it does not come."""
    pause = threading.Event()
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f'waited {seconds} s for {what}')
        pause.wait(0.005)


class MillraceTest(unittest.TestCase):
    """A test with a temporary directory, `self.top`, of its own."""

    def setUp(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='millrace-test-'))
        self.addCleanup(shutil.rmtree, self.top, ignore_errors=True)

    def write(self, name, content):
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def command(self, *arguments):
        data = [] if '--path.data' in arguments else ['--path.data', str(self.top / 'data')]
        return [BINARY, *map(str, arguments), *data, '--log.level', 'info', '--api.enabled', 'false']

    def start(self, *arguments, env=None, **pipes):
        """Starts millrace; it is killed at the end of the test if it still runs."""
        process = subprocess.Popen(self.command(*arguments), env={**os.environ, 'TZ': 'UTC', **(env or {})},
                                   **{'stdin': subprocess.DEVNULL, **pipes})
        self.addCleanup(self._end, process)
        return process

    @staticmethod
    def _end(process):
        if process.poll() is None:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass

    def millrace(self, *arguments, stdin=b'', env=None):
        """Runs millrace to its end."""
        process = self.start(*arguments, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        out, err = process.communicate(stdin, timeout=TIMEOUT_SECONDS)
        return Outcome(process.returncode, out, err)

    def json_of(self, stdin, body='', codec='', arguments=()):
        """Runs a filter section over standard input; the outcome of a clean, balanced run."""
        codec = f'codec => {codec}' if codec else ''
        config = (f'input {{ stdin {{ {codec} }} }} filter {{ {body} }} '
                  'output { stdout { codec => json_lines } }')
        outcome = self.millrace('-e', config, *arguments, stdin=stdin)
        self.assert_clean(outcome)
        return outcome

    def assert_clean(self, outcome):
        """Exit status 0, and a ledger in which everything that came in is accounted for."""
        self.assertEqual(outcome.status, 0, outcome.errors[-2000:])
        self.assert_balanced(outcome.ledger, outcome.errors)

    def assert_balanced(self, ledger, message=''):
        self.assertTrue(ledger, 'no ledger was printed: ' + message[-2000:])
        self.assertEqual(ledger['in'], sum(n for name, n in ledger.items() if name != 'in'), ledger)
        self.assertEqual(ledger['in flight'], 0, ledger)
