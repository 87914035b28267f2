"""Destinations that are gone, full, or come back: what an output does until the event is where it belongs."""
import gzip
import os
import resource
import signal
import subprocess
import unittest

from harness import MillraceTest, Outcome, TIMEOUT_SECONDS, wait_until

LIMIT = 1 << 16  # bytes that a full destination takes


class DestinationTest(MillraceTest):
    def setUp(self):
        super().setUp()
        self.log = self.top / 'stderr'

    def run_into(self, stdout, config, limit=None):
        """Starts millrace; `limit`: no file may grow past this, as if the disk were full there."""
        def confine():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        with self.log.open('wb') as log:
            return self.start('-e', config, stdout=stdout, stderr=log, preexec_fn=confine if limit else None)

    def wait_for(self, process, text, what):
        wait_until(lambda: self.logged(text) or process.poll() is not None, what)

    def logged(self, text):
        return self.log.read_bytes().count(text.encode())

    @staticmethod
    def make_room(process):
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def end(self, process):
        return Outcome(process.wait(TIMEOUT_SECONDS), b'', self.log.read_bytes())

    def end_undelivered(self, process):
        """Ends a run whose destination takes nothing: the first signal waits for it, the second does not."""
        self.wait_for(process, 'trying again', 'the full destination to be noticed')
        process.send_signal(signal.SIGTERM)
        self.wait_for(process, 'stopping', 'the first signal to be seen')
        process.send_signal(signal.SIGTERM)
        outcome = self.end(process)
        self.assertEqual(outcome.ledger['delivered'], 0)
        self.assertEqual(outcome.ledger['in flight'], outcome.ledger['in'])
        return outcome


class Stdout(DestinationTest):
    LINES = 'output { stdout { codec => line { format => "%{[event][sequence]}" } } }'

    def test_without_a_reader_ends_the_run_with_2_and_says_so_once(self):
        reading, writing = os.pipe()
        process = self.run_into(writing, 'input { generator { } } ' + self.LINES)
        os.close(writing)
        with os.fdopen(reading, 'rb') as reader:
            self.assertEqual(reader.readline(), b'0\n')
        outcome = self.end(process)
        self.assertEqual(outcome.status, 2, outcome.errors)
        self.assertEqual(self.logged('nobody reads standard output'), 1, outcome.errors)
        self.assertEqual(self.logged('ERROR'), 1, outcome.errors)
        self.assertGreater(outcome.ledger['in flight'], 0)

    def test_that_is_full_is_waited_for_and_said_once_each_way(self):
        out = self.top / 'out'
        with out.open('wb') as stdout:
            process = self.run_into(stdout, 'input { generator { count => 50000 } } ' + self.LINES, LIMIT)
        self.wait_for(process, 'trying again', 'the full destination to be noticed')
        self.make_room(process)
        self.assert_clean(self.end(process))
        self.assertEqual(out.read_bytes(), b''.join(b'%d\n' % n for n in range(50000)))
        self.assertEqual((self.logged('trying again'), self.logged('works again')), (1, 1))

    def test_that_stays_full_lets_the_second_signal_end_the_run(self):
        with open('/dev/full', 'wb') as stdout:
            process = self.run_into(stdout, 'input { generator { count => 100000 } } ' + self.LINES)
        outcome = self.end_undelivered(process)
        self.assertEqual(self.logged('trying again'), 1, outcome.errors)


class Files(DestinationTest):
    COUNT = 50000

    def config(self, options, name='out'):
        return ('input { generator { type => "u" count => %d } } output { file { path => "%s/%s" %s '
                'codec => line { format => "%%{[event][sequence]}" } } }' % (self.COUNT, self.top, name, options))

    def fill_then_make_room(self, options, unpack=bytes, name='out'):
        process = self.run_into(subprocess.DEVNULL, self.config(options, name), LIMIT)
        self.wait_for(process, 'trying again', 'the full disk to be noticed')
        self.make_room(process)
        self.assert_clean(self.end(process))
        self.assertEqual(unpack((self.top / 'out').read_bytes()), b''.join(b'%d\n' % n for n in range(self.COUNT)))
        self.assertEqual((self.logged('trying again'), self.logged('works again')), (1, 1))
        self.assertFalse((self.top / 'out.torn').exists())

    def test_on_a_full_disk_are_waited_for_and_nothing_is_lost_or_torn(self):
        self.fill_then_make_room('')

    def test_with_events_paths_stay_open_while_they_hold_half_an_event(self):
        self.fill_then_make_room('stale_cleanup_interval => 0', name='o%{type}t')

    def test_with_gzip_on_a_full_disk_are_waited_for_and_nothing_is_lost_or_torn(self):
        self.fill_then_make_room('gzip => true', gzip.decompress)

    def test_on_a_disk_that_stays_full_let_the_second_signal_end_the_run(self):
        process = self.run_into(subprocess.DEVNULL, self.config('flush_interval => 0.01 gzip => true'), 4096)
        self.end_undelivered(process)

    def test_that_are_named_pipes_are_waited_for_until_somebody_reads(self):
        os.mkfifo(self.top / 'out')
        process = self.run_into(subprocess.DEVNULL, self.config(''))
        self.wait_for(process, 'trying again', 'the pipe to be tried')
        with (self.top / 'out').open('rb') as pipe:
            got = pipe.read()
        self.assert_clean(self.end(process))
        self.assertEqual(got, b''.join(b'%d\n' % n for n in range(self.COUNT)))


if __name__ == '__main__':
    unittest.main()
