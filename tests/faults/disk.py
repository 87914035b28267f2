"""A disk that is full or broken for a while - at the output, at the store of positions, at the log -: millrace waits,
says so once, goes on when the fault is gone; every event arrives, once."""
import signal

from harness import TIMEOUT_SECONDS, wait_until
from rig import Faults, FaultTest

EVENTS = 5000
ATTEMPTS = 3  # in vain, before the fault goes
CONFIG = '''
input { file { path => "%(top)s/in/*.log" mode => "%(mode)s" %(input)s sincedb_path => "%(top)s/positions" sincedb_write_interval => 0
               start_position => "beginning" } }
output { file { path => "%(top)s/out" %(output)s } }
'''
READ = '''exit_after_read => true file_completed_action => "log" file_completed_log_path => "%s/completed"'''


class Disk(FaultTest):
    def setUp(self):
        super().setUp()
        self.sources = [self.source('a', EVENTS)]
        self.broken = self.write('broken', '')  # faults last while it is there
        self.out = self.top / 'out'

    def config(self, output=''):
        return CONFIG % {'top': self.top, 'mode': 'read', 'input': READ % self.top, 'output': output}

    def rule(self, calls, name, which, error):
        return f'{calls}:{self.top}/{name}:{which}:{error}:while={self.broken}'

    def delivered(self):
        return self.out.read_bytes().count(b'\n') if self.out.exists() else 0

    def repair(self, process):
        self.assertIsNone(process.poll(), self.log_excerpt())
        self.broken.unlink()
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0, self.log_excerpt())


class Output(Disk):
    def check_output(self, calls, which, error, output='', *others):
        faults = Faults(self.top, self.rule(calls, 'out', which, error), *others)
        process = self.run_in_background(self.config(output), '--pipeline.batch.size', 100, faults=faults)
        begin = int(which.rstrip('-*') or 1)
        wait_until(lambda: faults.count() >= begin + ATTEMPTS or process.poll() is not None, 'several attempts')
        self.repair(process)
        self.assert_exactly_once(self.account(self.with_rotated(self.out), self.sources))
        self.assertEqual((self.said('cannot'), self.said(f'{self.top}/out') > 0), (1, True), self.log_excerpt())
        self.assertEqual(self.said('can be written again') + self.said('works again'), 1, self.log_excerpt())

    def test_full_disk(self):
        self.check_output('write', '5-', 'ENOSPC')

    def test_disk_that_fills_in_the_middle_of_a_write(self):
        self.check_output('write', '6-', 'ENOSPC', '', self.rule('write', 'out', '5', 'short'))

    def test_quota(self):
        self.check_output('write', '5-', 'EDQUOT')

    def test_broken_disk(self):
        self.check_output('write', '1-', 'EIO')

    def test_full_disk_with_gzip(self):
        self.check_output('write', '1-', 'ENOSPC', 'gzip => true flush_interval => 0')

    def test_file_cannot_be_made(self):
        self.check_output('create', '*', 'ENOSPC')

    def test_no_descriptors_left(self):
        self.check_output('create', '*', 'EMFILE')

    def test_rotation_fails(self):
        self.check_output('rename', '*', 'EIO', 'rotate_size => 100000 rotate_keep => 100')

    def test_short_and_interrupted_writes_are_no_fault(self):
        faults = Faults(self.top, self.rule('write', 'out', '2-4', 'short'), self.rule('write', 'out', '6', 'short=1'),
                        self.rule('write', 'out', '9', 'EINTR'))
        self.assertEqual(self.run_to_end(self.config(), '--pipeline.batch.size', 100, faults=faults), 0)
        self.assertGreater(faults.count(), 9)
        self.assert_exactly_once(self.account([self.out], self.sources))
        self.assertEqual(self.said('cannot'), 0, self.log_excerpt())

    def stored(self):
        """Up to where the store has the source delivered, in bytes."""
        lines = (self.top / 'positions').read_text().splitlines()
        return max((int(line.split()[3]) for line in lines if not line.startswith('#')), default=0)

    def check_kill_while_the_output_waits(self, more_events):
        """What was delivered is stored as delivered while the output waits: it does not come again after a kill."""
        events = self.top / 'in' / 'a.log'
        self.sources[0].append_to(events, more_events)
        faults = Faults(self.top, self.rule('write', 'out', '20-', 'ENOSPC'), self.rule('write', 'out', '1-2', 'EIO'))
        process = self.run_in_background(self.config(), '--pipeline.batch.size', 100, faults=faults)
        wait_until(lambda: faults.count() >= 20 + ATTEMPTS or process.poll() is not None, 'several attempts')
        delivered = sum(map(len, events.read_bytes().splitlines(keepends=True)[:self.delivered()]))
        self.assertGreater(delivered, 0)
        self.kill_when(process, lambda: self.stored() == delivered, 'the store to have what was delivered')
        self.broken.unlink()
        self.assertEqual(self.run_to_end(self.config()), 0, self.log_excerpt())
        self.assert_exactly_once(self.account([self.out], self.sources))

    def test_kill_while_the_output_waits_and_all_is_read(self):
        self.check_kill_while_the_output_waits(0)

    def test_kill_while_the_output_waits_and_the_input_is_held(self):
        """There is more to read than the pipeline holds."""
        self.check_kill_while_the_output_waits(300_000)

    def test_stop_while_the_disk_is_full_loses_nothing(self):
        """A first SIGTERM waits for the disk, a second one does not; the next run delivers the rest."""
        faults = Faults(self.top, self.rule('write', 'out', '5-', 'ENOSPC'))
        process = self.run_in_background(self.config(), '--pipeline.batch.size', 100, faults=faults)
        wait_until(lambda: faults.count() >= 5 + ATTEMPTS, 'several attempts')
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: self.said('stopping'), 'the first signal to be seen')
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        process.wait(TIMEOUT_SECONDS)
        self.assertEqual(self.run_to_end(self.config()), 0, self.log_excerpt())
        self.assert_nothing_lost(self.account([self.out], self.sources))


class Positions(Disk):
    """The store of positions cannot be written: events go on."""

    def check_store(self, calls, error, path='positions*'):
        faults = Faults(self.top, self.rule(calls, path, '*', error))
        config = CONFIG % {'top': self.top, 'mode': 'tail', 'input': 'stat_interval => "10 ms"', 'output': ''}
        process = self.run_in_background(config, faults=faults)
        wait_until(lambda: faults.count() >= ATTEMPTS, 'attempts to store')
        self.sources[0].append_to(self.top / 'in' / 'a.log', 100)
        wait_until(lambda: self.delivered() == EVENTS + 100, 'all events in spite of it')
        self.assertEqual(self.said('would read lines again'), 1, self.log_excerpt())
        self.broken.unlink()
        wait_until(lambda: self.said('can be written again'), 'the store to be written')
        wait_until(lambda: self.stored_offset() == (self.top / 'in' / 'a.log').stat().st_size, 'the end to be stored')
        process.send_signal(signal.SIGKILL)
        process.wait(TIMEOUT_SECONDS)
        self.check_goes_on(config)

    def stored_offset(self):
        """Of the one file, in bytes: the fourth word of its latest line."""
        stores = [self.top / name for name in ('positions', 'positions.recent')]
        lines = [line for store in stores if store.exists() for line in store.read_text().splitlines()]
        return max((int(line.split()[3]) for line in lines if not line.startswith('#')), default=0)

    def check_goes_on(self, config):
        """What was stored when the fault was gone holds: the next run begins after it."""
        self.sources[0].append_to(self.top / 'in' / 'a.log', 100)
        process = self.run_in_background(config)
        wait_until(lambda: self.delivered() >= EVENTS + 200, 'the last events')
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0, self.log_excerpt())
        self.assert_exactly_once(self.account([self.out], self.sources))

    def test_full_disk(self):
        self.check_store('write', 'ENOSPC')

    def test_broken_disk(self):
        self.check_store('fsync', 'EIO')

    def test_cannot_be_made(self):
        self.check_store('create,rename', 'ENOSPC')

    def test_kill_while_it_cannot_be_written_loses_nothing(self):
        faults = Faults(self.top, self.rule('write', 'positions*', '2-', 'ENOSPC'))
        process = self.run_in_background(self.config(), '--pipeline.batch.size', 10, faults=faults)
        self.kill_when(process, lambda: self.delivered() >= EVENTS // 2, 'half of the output')
        self.assertEqual(self.run_to_end(self.config()), 0, self.log_excerpt())
        self.assert_nothing_lost(self.account([self.out], self.sources))


class CompletedLog(Disk):
    """The log of completed files cannot be written: the next run writes what is missing there."""

    def check_completed(self, calls, error):
        faults = Faults(self.top, self.rule(calls, 'completed', '*', error))
        self.assertEqual(self.run_to_end(self.config(), faults=faults), 0, self.log_excerpt())
        self.assertGreater(faults.count(), 0)
        self.assertEqual(self.said('file_completed_log_path'), 1, self.log_excerpt())
        self.broken.unlink()
        self.assertEqual(self.run_to_end(self.config()), 0, self.log_excerpt())
        self.assertEqual((self.top / 'completed').read_text(), f'{self.top}/in/a.log\n')
        self.assert_exactly_once(self.account([self.out], self.sources))

    def test_full_disk(self):
        self.check_completed('write', 'ENOSPC')

    def test_full_disk_with_a_part_of_the_line(self):
        self.check_completed('write', 'short')

    def test_broken_disk(self):
        self.check_completed('fsync', 'EIO')

    def test_cannot_be_made(self):
        self.check_completed('create', 'EACCES')


class Log(Disk):
    """millrace cannot log: that does not touch events."""

    def check_log(self, calls, which, error):
        """The log is repaired before the store of positions, which then has something to say."""
        log_is_broken = self.write('log-is-broken', '')
        faults = Faults(self.top, f'{calls}:{self.top}/logs/*:{which}:{error}:while={log_is_broken}',
                        self.rule('write', 'positions*', '*', 'EIO'))
        config = CONFIG % {'top': self.top, 'mode': 'tail', 'input': 'stat_interval => "10 ms"', 'output': ''}
        process = self.run_in_background(config, '--path.logs', self.top / 'logs', faults=faults)
        log = self.top / 'logs' / 'millrace.log'
        wait_until(lambda: min(faults.counts()) > 0 and self.delivered() == EVENTS, 'all events, and a line for the log')
        log_is_broken.unlink()
        self.broken.unlink()
        wait_until(lambda: 'the log can be written again' in log.read_text(), 'the log to go on')
        self.assertEqual(self.said('the log cannot be written'), 1, self.log_excerpt())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0, self.log_excerpt())
        self.assert_exactly_once(self.account([self.out], self.sources))

    def test_full_disk(self):
        self.check_log('fwrite', '*', 'ENOSPC')

    def test_full_disk_when_it_is_flushed(self):
        self.check_log('fflush', '*', 'ENOSPC')

    def test_broken_disk(self):
        self.check_log('fwrite', '2-', 'EIO')

    def test_standard_error_is_full(self):
        with open('/dev/full', 'wb') as full:
            process = self.start('-e', self.config(), stderr=full)
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0)
        self.assert_exactly_once(self.account([self.out], self.sources))
