"""kill -9 in the middle of the work: the next run leaves files of whole events, and none is missing."""
import json
import resource
import signal
import subprocess
import unittest

from harness import MillraceTest, wait_until

LINES = 200_000
LIMIT = 1_000_003  # bytes: in the middle of an event
CONFIG = '''
input { file { path => "%s" mode => "read" exit_after_read => true sincedb_path => "%s"
               sincedb_write_interval => 0.05
               file_completed_action => "log" file_completed_log_path => "%s" } }
output { file { path => "%s" %s } }
'''


class Crash(MillraceTest):
    """Runs of one configuration, from a file of numbered lines into a file, that are killed; then one that ends."""

    options = ''

    def setUp(self):
        super().setUp()
        self.source = self.write('in/log', b''.join(b'line %d\n' % n for n in range(LINES)))
        self.out = self.top / 'out'
        self.config = CONFIG % (self.source, self.top / 'sincedb', self.top / 'done', self.out, self.options)

    def begin(self, limit=None):
        """`limit`: no file may grow past this, as if the disk were full there."""
        def confine():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        self.log = self.top / 'stderr'
        with self.log.open('wb') as log:
            return self.start('-e', self.config, stdout=subprocess.DEVNULL, stderr=log,
                              preexec_fn=confine if limit else None)

    def size(self):
        return self.out.stat().st_size if self.out.exists() else 0

    def kill_when(self, process, condition, what):
        wait_until(lambda: condition() or process.poll() is not None, what)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def numbers(self, data):
        return [int(json.loads(line)['message'].split()[1]) for line in data.splitlines()]

    def finish(self):
        """The last run; what it says."""
        process = self.begin()
        self.assertEqual(process.wait(120), 0, self.log.read_text())
        return self.log.read_text()


class Lines(Crash):
    def test_half_a_line_goes_aside_and_all_lines_are_whole_and_there(self):
        process = self.begin(LIMIT)
        self.kill_when(process, lambda: b'trying again' in self.log.read_bytes(), 'the limit')
        self.assertEqual(self.size(), LIMIT)
        torn = self.out.read_bytes().rpartition(b'\n')[2]
        self.assertNotEqual(torn, b'')

        said = self.finish()
        self.assertIn('out.torn', said)
        self.assertEqual(set(self.numbers(self.out.read_bytes())), set(range(LINES)))
        self.assertEqual((self.top / 'out.torn').read_bytes(), torn + b'\n')

    def test_again_and_again_loses_nothing(self):
        for _ in range(6):
            process, before = self.begin(), self.size()
            self.kill_when(process, lambda: self.size() > before + 1_000_000, 'a megabyte more')
        self.finish()
        self.assertEqual(set(self.numbers(self.out.read_bytes())), set(range(LINES)))


class Gzip(Crash):
    options = 'gzip => true flush_interval => 0.01'

    def whole(self):
        """All numbers that are in the file, as zcat reads it."""
        return self.numbers(subprocess.run(['zcat'], input=self.out.read_bytes(), check=True,
                                           capture_output=True).stdout)

    def test_half_a_member_goes_aside_and_zcat_reads_the_rest(self):
        process = self.begin(LIMIT // 4)
        self.kill_when(process, lambda: b'trying again' in self.log.read_bytes(), 'the limit')
        with self.assertRaises(subprocess.CalledProcessError):
            self.whole()
        self.assertIn('out.torn', self.finish())
        self.assertEqual(set(self.whole()), set(range(LINES)))

    def test_again_and_again_loses_nothing(self):
        for _ in range(6):
            process, before = self.begin(), self.size()
            self.kill_when(process, lambda: self.size() > before + 100_000, 'some more')
        self.finish()
        self.assertEqual(set(self.whole()), set(range(LINES)))


if __name__ == '__main__':
    unittest.main()
