"""Files that are rotated faster than anybody should, while they are followed: nothing lost, and nothing doubled unless
the process was killed."""
import itertools
import os
import re
import shutil
import signal
import threading

from events import Source, Tally
from harness import TIMEOUT_SECONDS, on_demand, wait_until
from rig import ROTATIONS, Faults, FaultTest, size_of

CONFIG = '''
input { file { path => "%(top)s/in/%(pattern)s" start_position => "%(start)s" stat_interval => "2 ms" discover_interval => 1
               sincedb_path => "%(top)s/positions" } }
output { file { path => "%(top)s/out" } }
'''
ALIKE = 1000, 8  # from that number on so many events have as many bytes as the next ones
PACE_SECONDS = 0.01  # between rotations: a hundred in a second


class RotationTest(FaultTest):
    def setUp(self):
        super().setUp()
        self.out = self.top / 'out'
        self.log_file = self.top / 'in' / 'app.log'
        self.log_file.parent.mkdir()
        self.events = Source('a')
        self.rotated = 0
        self.pattern = 'app.log*'
        self.start_position = 'beginning'
        self.process = None

    def begin(self, faults=None):
        starts = self.said('started with')
        self.process = self.run_in_background(CONFIG % {'top': self.top, 'pattern': self.pattern,
                                                        'start': self.start_position}, faults=faults)
        # The first run stores where files begin as soon as it has looked at them.
        wait_until(lambda: self.said('started with') > starts and (self.top / 'positions').exists()
                   or self.process.poll() is not None, 'the start')

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(TIMEOUT_SECONDS), 0, self.log_excerpt())

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(TIMEOUT_SECONDS)

    def grow(self, count=0):
        self.events.append_to(self.log_file, count or self.random.randrange(1, 50))

    def next_name(self):
        self.rotated += 1
        return self.log_file.with_name(f'app.log.{self.rotated}')

    # Ways to rotate, in steps between which anything may happen.

    def rename(self):
        return [lambda: self.log_file.rename(self.next_name()), self.grow]

    def copy_and_cut(self):
        """Nothing is appended in between, which would be lost to anybody."""
        return [lambda: shutil.copyfile(self.log_file, self.next_name()), lambda: os.truncate(self.log_file, 0),
                self.grow]

    def delete(self):
        """All of it was read. Its inode is free then, and often the next one's."""
        return [self.log_file.unlink, self.grow]

    def rewrite(self):
        """All of it was read. It is as long as before from the second time on."""
        return [lambda: os.truncate(self.log_file, 0), lambda: self.grow(ALIKE[1])]

    def wait_for(self, lines):
        wait_until(lambda: self.lines() >= lines or self.process.poll() is not None, f'{lines} events')

    def wait_for_all(self):
        """As many lines are not enough: after a kill some are there twice."""
        def missing():
            tally = Tally([self.out], {self.events.name: self.events.count})
            return tally.missing() > 0
        wait_until(lambda: self.lines() >= self.events.count and not missing() or self.process.poll() is not None,
                   f'each of {self.events.count} events: {self.log_excerpt()}')

    def account_for_all(self):
        """The report when all events have come, or nothing more does."""
        self.wait_for_all()
        self.end()
        return self.account([self.out], [self.events])

    def lines(self):
        return self.out.read_bytes().count(b'\n') if self.out.exists() else 0

    def assert_each_came(self, reports):
        """In whatever order of files."""
        self.assertEqual((reports.unreadable, reports.altered), ([], []), self.about(reports))
        self.assertEqual(reports.sum('lost_count'), 0, self.about(reports))

    def assert_each_came_once(self, reports):
        self.assert_each_came(reports)
        self.assertEqual(reports.sum('doubled'), 0, self.about(reports))


class WhileItRuns(RotationTest):
    def rotate_often(self, rotate):
        pause = threading.Event()
        self.grow()
        self.begin()
        for _ in range(ROTATIONS):
            for step in rotate():
                step()
            self.grow()
            pause.wait(PACE_SECONDS)
        self.assert_each_came_once(self.account_for_all())

    def test_rename(self):
        self.rotate_often(self.rename)

    def test_copy_and_cut(self):
        self.rotate_often(self.copy_and_cut)

    @on_demand
    def test_copy_and_cut_with_a_pause(self):
        """The cut comes when a copy that only begins alike would be read by itself."""
        self.grow(1000)
        self.begin()
        self.wait_for(1000)
        copy, cut, grow = self.copy_and_cut()
        copy()
        wait_until(lambda: self.said('is a copy so far'), 'the copy to be told from other files')
        cut()
        grow()
        self.assert_each_came_once(self.account_for_all())

    def test_deleted_while_it_is_read(self):
        """Its inode is free when its end was read, and often the next one's."""
        self.begin()
        for _ in range(ROTATIONS // 4):
            self.grow()
            first = f'"message":"a {self.events.count - 1} '.encode()
            wait_until(lambda: self.out.exists() and first in self.out.read_bytes(), 'the file to be read')
            self.process.send_signal(signal.SIGSTOP)
            self.grow()
            self.log_file.unlink()
            self.process.send_signal(signal.SIGCONT)
        self.assert_each_came_once(self.account_for_all())

    def test_cut_and_written_anew_at_any_size(self):
        self.begin()
        for _ in range(ROTATIONS // 4):
            self.grow()
            self.wait_for(self.events.count)
            os.truncate(self.log_file, 0)
        self.grow()
        self.assert_each_came_once(self.account_for_all())

    def test_cut_and_written_anew_at_the_same_size(self):
        self.grow(ALIKE[0])
        self.begin()
        sizes = set()
        for _ in range(ROTATIONS // 4):
            self.wait_for(self.events.count)
            for step in self.rewrite():
                step()
            sizes.add(size_of(self.log_file))
        self.assertEqual(len(sizes), 1)
        self.assert_each_came_once(self.account_for_all())


class Unread(RotationTest):
    """What nobody can read any more is counted."""

    BYTES = 24 << 20  # more than a pipeline holds

    def test_end_of_a_file_that_was_cut(self):
        full = self.write('full', '')
        self.log_file.write_bytes(b'x' * 99 + b'\n' + b'%99d\n' % 7 * (self.BYTES // 100 - 1))
        faults = Faults(self.top, f'write,writev,pwrite:{self.out}:*:ENOSPC:while={full}')
        self.begin(faults)
        wait_until(lambda: faults.count() > 0, 'the output to wait')
        os.truncate(self.log_file, 0)
        full.unlink()
        wait_until(lambda: self.said('bytes that were not read'), 'the loss to be counted')
        self.log_file.write_text('the end\n')
        wait_until(lambda: self.out.exists() and b'"the end"' in self.out.read_bytes(), 'what came after it')
        self.end()
        delivered = self.out.read_bytes().count(b'"message"') - 1
        unread = int(re.search(r'was cut with (\d+) bytes that were not read', self.log.read_text())[1])
        read = self.BYTES // 100 * 100 - unread
        self.assertEqual(delivered, -(-read // 100), 'lines, the last one perhaps a half')


class WithRestarts(RotationTest):
    """Nobody watches for one or more steps of a rotation: every window of them."""

    def rotate_in_each_window(self, rotate, stop, read='any'):
        """`read`: what of a file was delivered before it is rotated: any of it, some, or all."""
        self.begin()
        steps = range(len(rotate()))
        for _ in range(1 + ROTATIONS // 1000):
            for begin, end in itertools.combinations_with_replacement(steps, 2):
                self.prepare(read)
                for number, step in enumerate(rotate()):
                    if number == begin:
                        self.wait_for(self.random.randrange(self.events.count))
                        stop()
                    step()
                    if number == end:
                        self.begin()
        return self.account_for_all()

    def prepare(self, read):
        if read != 'all' or self.events.count == 0:
            self.grow(ALIKE[0] if read == 'all' else 0)
        if read != 'any':
            self.wait_for_all()
        if read == 'some':
            self.grow()

    def test_rename(self):
        self.assert_each_came_once(self.rotate_in_each_window(self.rename, self.end))

    def test_rename_out_of_the_pattern(self):
        self.pattern = 'app.log'
        self.assert_each_came_once(self.rotate_in_each_window(self.rename, self.end, 'some'))

    def test_rename_where_files_begin_at_their_ends(self):
        """Those that were there before all: who is new since the last look is read from the start."""
        self.start_position = 'end'
        self.log_file.touch()
        self.assert_each_came_once(self.rotate_in_each_window(self.rename, self.end))

    def test_copy_and_cut(self):
        self.assert_each_came_once(self.rotate_in_each_window(self.copy_and_cut, self.end))

    def test_copy_and_cut_after_kills(self):
        self.assert_each_came(self.rotate_in_each_window(self.copy_and_cut, self.kill))

    def test_rename_after_kills(self):
        self.assert_each_came(self.rotate_in_each_window(self.rename, self.kill))

    def test_delete(self):
        self.assert_each_came_once(self.rotate_in_each_window(self.delete, self.end, 'all'))

    def test_delete_after_kills(self):
        self.assert_each_came(self.rotate_in_each_window(self.delete, self.kill, 'all'))

    def test_rewritten_at_the_same_size(self):
        self.assert_each_came_once(self.rotate_in_each_window(self.rewrite, self.end, 'all'))

    def test_rewritten_at_the_same_size_after_kills(self):
        self.assert_each_came(self.rotate_in_each_window(self.rewrite, self.kill, 'all'))
