"""kill -9 at random moments, from file to file: nothing lost, in order, and doubled is only what had no stored
position yet."""
import gzip
import signal
import subprocess
import threading
import zlib

from events import Source
from harness import TIMEOUT_SECONDS, wait_until
from rig import EVENTS, KILLS, Faults, FaultTest, size_of

CONFIG = '''
input { file { path => "%(top)s/in/*.log" mode => "read" exit_after_read => true sincedb_path => "%(store)s"
               sincedb_write_interval => "10 ms" %(input)s file_completed_action => "log"
               file_completed_log_path => "%(top)s/completed" } }
filter { %(filter)s }
output { file { path => "%(out)s" %(options)s } %(outputs)s }
'''


class Kills(FaultTest):
    """A run is killed again and again, then one is let go on to the end."""

    WRITTEN = None  # what the output writes to; None: self.out

    def setUp(self):
        super().setUp()
        self.store = self.top / 'positions'
        self.out = self.top / 'out'

    def config(self, options='', **parts):
        return CONFIG % {'top': self.top, 'store': self.store, 'out': self.out, 'options': options,
                         'input': '', 'filter': '', 'outputs': '', **parts}

    def kill(self, number):
        """A fault that kills the run of this number where the output has its part of the whole: the run cannot have
        ended before. Some are killed earlier, at one of the first calls on the store of positions."""
        enough = int(self.full_size * (number + self.random.random()) / (KILLS + 1)) - self.size()
        rules = [f'write,writev,pwrite:{self.WRITTEN or self.out}:*:kill-at={max(1, enough)}']
        if self.random.random() < 0.25:
            action = self.random.choice(('before', 'half', 'after'))
            rules.append(f'writing:{self.store}*:{self.random.randint(1, 4)}:kill-{action}')
        return Faults(self.top, *rules)

    def size(self):
        return sum(map(size_of, self.with_rotated(self.out)))

    def least_size(self):
        """Of an output that holds everything once."""
        return self.size()

    def kill_often(self, config, *arguments):
        """The last run is not killed."""
        for number in range(KILLS):
            self.assertEqual(self.run_to_end(config, *arguments, faults=self.kill(number)), -9, self.log_excerpt())
        self.assertEqual(self.run_to_end(config, *arguments), 0, self.log_excerpt())

    def check_kills(self, config, sources, arguments=()):
        """An undisturbed run shows how large the output becomes."""
        self.assertEqual(self.run_to_end(config, *arguments), 0, self.log_excerpt())
        self.assert_exactly_once(self.account(self.with_rotated(self.out), sources))
        self.full_size = self.least_size()
        for path in self.top.iterdir():
            if path.is_file() and path != self.log:
                path.unlink()

        self.kill_often(config, *arguments)
        reports = self.account(self.with_rotated(self.out), sources)
        self.assert_nothing_lost(reports)
        # Each kill goes back in a source once at most.
        self.assertLessEqual(reports.sum('rewinds'), KILLS * len(sources), self.about(reports))


class FileToFile(Kills):
    def test_json_lines(self):
        self.check_kills(self.config(), [self.source('s', EVENTS)])

    def test_several_files_and_workers(self):
        sources = [self.source(f's{n}', EVENTS // 4) for n in range(4)]
        self.check_kills(self.config(), sources, ('--pipeline.workers', 4, '--pipeline.batch.size', 100))

    def test_rotation_of_the_output(self):
        self.check_kills(self.config(f'rotate_size => {EVENTS * 20} rotate_keep => 1000'), [self.source('s', EVENTS)])

    def test_events_of_several_lines(self):
        """What the codec holds back when the kill comes is read again."""
        source = self.source('s', EVENTS)
        lines = self.top / 'in' / 's.log'
        lines.write_bytes(lines.read_bytes().replace(b'\n', b'\n\tcontinued\n\tto the end\n'))
        config = self.config(input='codec => multiline { pattern => "^\t" what => previous }',
                             filter='mutate { gsub => ["message", "\\n\tcontinued\\n\tto the end$", ""] }')
        self.check_kills(config, [source])

    def test_two_outputs_of_different_speed(self):
        source = self.source('s', EVENTS)
        other = self.top / 'other'
        config = self.config(outputs=f'file {{ path => "{other}" gzip => true flush_interval => "50 ms" }}')
        self.check_kills(config, [source])
        self.assert_nothing_lost(self.account([other], [source]))

    def test_dropped_and_split_events(self):
        """Half of what is read is dropped, the rest travels as parts of a whole that is split."""
        source, noise = Source('s'), Source('noise')
        path = self.top / 'in' / 's.log'
        path.parent.mkdir()
        with path.open('wb') as file:
            for _ in range(EVENTS // 4):
                file.write(noise.lines(2) + source.lines(2).replace(b'\n', b'|', 1))
        config = self.config(filter='if [message] =~ /^noise/ { drop { } } split { terminator => "|" }')
        self.check_kills(config, [source])


class FileToGzip(Kills):
    def least_size(self):
        """It would be one member, not one for each flush."""
        return len(zlib.compress(gzip.decompress(self.out.read_bytes()), 9))

    def test_json_lines(self):
        self.check_kills(self.config('gzip => true flush_interval => "20 ms"'), [self.source('s', EVENTS)])


class FileToPipe(Kills):
    """Standard output, into a reader that does not die: what is in the pipe is delivered."""

    CONFIG = CONFIG[:CONFIG.index('output')] + 'output { stdout { codec => json_lines } }'

    WRITTEN = 'pipe*'

    def run_in_background(self, config, *arguments, faults=None):
        with self.log.open('ab') as log:
            process = self.start('-e', config, *arguments, env=faults.env if faults else None, stdout=subprocess.PIPE,
                                 stderr=log)
        self.reader = threading.Thread(target=self.read, args=[process.stdout])
        self.reader.start()
        return process

    def read(self, pipe):
        """A line that a kill cut short was not delivered."""
        with self.out.open('ab', buffering=0) as out:
            for line in pipe:
                if line.endswith(b'\n'):
                    out.write(line)

    def run_to_end(self, config, *arguments, faults=None):
        status = super().run_to_end(config, *arguments, faults=faults)
        self.reader.join()
        return status

    def test_json_lines(self):
        self.check_kills(self.CONFIG % {'top': self.top, 'store': self.store, 'input': '', 'filter': ''},
                         [self.source('s', EVENTS)])


class Follow(FaultTest):
    """A file that grows, while who follows it is killed."""

    CONFIG = '''
input { file { path => "%(top)s/in/*.log" start_position => "beginning" stat_interval => "5 ms" sincedb_path => "%(top)s/positions"
               sincedb_write_interval => "10 ms" } }
output { file { path => "%(top)s/out" } }
'''

    def setUp(self):
        super().setUp()
        self.store, self.out = self.top / 'positions', self.top / 'out'
        self.config = self.CONFIG % {'top': self.top}
        self.growing = self.source('a', 0)
        self.process = None

    def begin(self):
        self.process = self.run_in_background(self.config)

    def grow(self, count):
        self.growing.append_to(self.top / 'in' / 'a.log', count)

    def wait_for_last(self):
        last = f'"message":"a {self.growing.count - 1} '.encode()
        wait_until(lambda: last in self.end_of_output() or self.process.poll() is not None, 'the last event')
        self.assertIsNone(self.process.poll(), self.log_excerpt())

    def end_of_output(self):
        if not self.out.exists():
            return b''
        with self.out.open('rb') as file:
            file.seek(max(0, size_of(self.out) - 1000))
            return file.read()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(TIMEOUT_SECONDS)

    def finish(self):
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(TIMEOUT_SECONDS), 0, self.log_excerpt())
        return self.account([self.out], [self.growing])

    def test_kills_while_it_grows(self):
        for _ in range(KILLS):
            self.begin()
            begun, enough = size_of(self.out), self.random.randrange(1, 2_000_000)
            while size_of(self.out) - begun < enough and self.process.poll() is None:
                self.grow(self.random.randrange(1, EVENTS // 50))
            self.kill()
        self.begin()
        self.grow(1)
        self.wait_for_last()
        self.assert_nothing_lost(self.finish())

    def test_stored_positions_bound_what_is_doubled(self):
        """What is stored before the kill does not come again; what is not, does."""
        self.begin()
        self.grow(1000)
        self.wait_for_last()
        extra = 3
        for _ in range(extra):  # each is confirmed after what came before: its position is in the store after the second
            stored = self.stored_at()
            self.grow(1)
            self.wait_for_last()
            wait_until(lambda: self.stored_at() != stored, 'the positions to be stored')
        self.kill()
        self.begin()
        self.grow(1)
        self.wait_for_last()
        reports = self.finish()
        self.assert_nothing_lost(reports)
        self.assertLessEqual(reports.sum('doubled'), extra, self.about(reports))

    def stored_at(self):
        return self.store.stat().st_mtime_ns if self.store.exists() else 0
