"""SIGTERM: under load it drains and loses nothing; a second one ends the process at once."""
import os
import select
import signal
import subprocess
import threading
import unittest

from harness import MillraceTest, Outcome, TIMEOUT_SECONDS, wait_until

ENOUGH_BYTES = 1 << 20  # of output, so that the signal comes in the middle of the work


def is_full(pipe):
    """Whether a writer of the pipe would have to wait; takes the writing end."""
    return not select.select([], [pipe], [], 0)[1]


class Feeder(threading.Thread):
    """Writes numbered lines for as long as someone reads them."""

    def __init__(self, pipe):
        super().__init__(daemon=True)
        self.pipe = pipe

    def run(self):
        first = 0
        try:
            while True:
                self.pipe.write(b''.join(b'%d\n' % n for n in range(first, first + 1000)))
                self.pipe.flush()
                first += 1000
        except (BrokenPipeError, ValueError):
            pass


class Sigterm(MillraceTest):
    CONFIG = 'input { stdin { } } output { stdout { codec => line { format => "%{message}" } } }'

    def start_under_load(self, stdout):
        self.log = self.top / 'stderr'
        with self.log.open('wb') as log:
            process = self.start('-e', self.CONFIG, stdin=subprocess.PIPE, stdout=stdout, stderr=log)
        Feeder(process.stdin).start()
        return process

    def test_under_load_delivers_all_that_was_read_and_exits_0(self):
        out = self.top / 'stdout'
        with out.open('wb') as file:
            process = self.start_under_load(file)
        wait_until(lambda: out.stat().st_size > ENOUGH_BYTES, 'a megabyte of output')
        process.send_signal(signal.SIGTERM)
        status = process.wait(TIMEOUT_SECONDS)

        outcome = Outcome(status, out.read_bytes(), self.log.read_bytes())
        self.assert_clean(outcome)
        # A line that the signal cut in two is an event as well, as a last line without newline is.
        numbers = outcome.out.split()
        self.assertEqual(len(numbers), outcome.ledger['in'])
        self.assertEqual(numbers[:-1], [b'%d' % n for n in range(len(numbers) - 1)])

    def test_twice_ends_at_once_even_where_nothing_can_be_delivered(self):
        reading, writing = os.pipe()  # and nobody reads it
        self.addCleanup(os.close, reading)
        self.addCleanup(os.close, writing)
        process = self.start_under_load(writing)
        wait_until(lambda: is_full(writing), 'the output to be stuck')
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: b'stopping' in self.log.read_bytes(), 'the first signal to be seen')
        self.assertIsNone(process.poll(), 'the first signal must wait for what is in flight')
        process.send_signal(signal.SIGTERM)
        process.wait(20)


if __name__ == '__main__':
    unittest.main()
