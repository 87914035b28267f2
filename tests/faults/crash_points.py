"""Killed at each of the first system calls that write - before it, after it, in the middle of it -, a small run from
file to file loses nothing; nor where the run that comes after is killed as well."""
import shutil

from rig import FIRST_POINT, POINT_STEP, POINTS, SEED, Faults, FaultTest

EVENTS_OF_FILE = 40
CALLS_OF_FILE = 6  # at least: its output, and a store of positions
CONFIG = '''
input { file { path => "%(top)s/in/*.log" mode => "read" exit_after_read => true sincedb_path => "%(top)s/positions"
               sincedb_write_interval => 0 file_completed_action => "log" file_completed_log_path => "%(top)s/completed" } }
output { file { path => "%(top)s/out" %(options)s } }
'''


class CrashPoints(FaultTest):
    """The run reads enough small files to make POINTS calls."""

    def setUp(self):
        super().setUp()
        self.sources = [self.source(f's{n:04}', EVENTS_OF_FILE) for n in range(2 + POINTS // CALLS_OF_FILE)]

    def config(self, options):
        return CONFIG % {'top': self.top, 'options': options}

    def start_anew(self):
        for path in self.top.iterdir():
            if path.name == 'data':
                shutil.rmtree(path)
            elif path.name != 'in':
                path.unlink()

    def killed_at(self, config, point, action):
        """Runs with a kill at the n-th call that writes; how many there were, and whether it was killed."""
        faults = Faults(self.top, f'writing:{self.top}/*:{point}:kill-{action}')
        status = self.run_to_end(config, '--pipeline.batch.size', 10, faults=faults)
        self.assertIn(status, (0, -9), self.log_excerpt())
        return status == -9

    def check_points(self, options=''):
        config = self.config(options)
        self.assertFalse(self.killed_at(config, 0, 'before'))
        self.assert_exactly_once(self.account(self.with_rotated(self.top / 'out'), self.sources))
        reached = 0
        for point in range(FIRST_POINT, POINTS + 1, POINT_STEP):
            action = ('before', 'half', 'after')[(point + SEED) % 3]
            with self.subTest(point=point, action=action):
                self.start_anew()
                if not self.killed_at(config, point, action):
                    continue
                reached += 1
                self.killed_at(config, self.random.randint(1, point), self.random.choice(('before', 'half', 'after')))
                self.assertEqual(self.run_to_end(config), 0, self.log_excerpt())
                self.assert_nothing_lost(self.account(self.with_rotated(self.top / 'out'), self.sources))
        self.assertGreater(reached, (POINTS - FIRST_POINT) // (2 * POINT_STEP))

    def test_json_lines(self):
        self.check_points()

    def test_gzip(self):
        self.check_points('gzip => true flush_interval => 0')

    def test_rotation_of_the_output(self):
        self.check_points('rotate_size => 3000 rotate_keep => 1000')

    def test_log_of_completed_files_names_each(self):
        """Also where a crash has cut a name in two: only whole ones are there."""
        config = self.config('')
        for call in (1, 2, 4):
            with self.subTest(call=call):
                self.start_anew()
                faults = Faults(self.top, f'write:{self.top}/completed:{call}:kill-half')
                self.assertEqual(self.run_to_end(config, faults=faults), -9)
                self.assertEqual(self.run_to_end(config), 0, self.log_excerpt())
                named = (self.top / 'completed').read_text().splitlines()
                self.assertEqual(set(named), {f'{self.top}/in/{source.name}.log' for source in self.sources})
