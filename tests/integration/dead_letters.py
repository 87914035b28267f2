"""The dead-letter queue behind an output whose destination refuses: kept, shown, replayed, purged, full, killed."""
import json
import pathlib
import signal
import subprocess
import unittest

from bulk_server import BulkServer
from harness import MillraceTest, Outcome, TIMEOUT_SECONDS, read_json_lines, wait_until

KEEP = ('--dead_letter_queue.enable', 'true')
OUTPUT = ('output { elasticsearch { id => "node" hosts => ["%s"] index => "i" manage_template => false '
          'retry_initial_interval => "5 ms" retry_max_interval => "50 ms" } }')
FROM_STDIN = 'input { stdin { codec => json_lines } } '


class DeadLetters(MillraceTest):
    def serve(self, refused):
        """A node that refuses events whose number `refused` says; replace `self.refused` to mend it."""
        self.refused = refused
        server = BulkServer(on_item=lambda action: 400 if self.refused(action.n) else None)
        self.addCleanup(server.stop)
        return server

    def deliver(self, server, count, *arguments):
        lines = b''.join(b'{"n":%d}\n' % n for n in range(count))
        return self.millrace('-e', FROM_STDIN + OUTPUT % server.url, '-b', '100', *KEEP, *arguments, stdin=lines)

    def dlq(self, *arguments, status=0):
        outcome = self.millrace('dlq', *arguments)
        self.assertEqual(outcome.status, status, outcome.errors)
        return outcome.out.decode()

    def letters(self, *filters):
        return read_json_lines(self.dlq('show', *filters).encode())

    def numbers(self, *filters):
        """Sorted: requests run side by side, and each adds what its answer refused."""
        return sorted(letter['event']['n'] for letter in self.letters(*filters))


class Operators(DeadLetters):
    def test_what_a_node_refuses_is_kept_with_its_reason_and_once_mended_replayed_once(self):
        server = self.serve(lambda n: n % 5 == 0)
        outcome = self.deliver(server, 1000)
        self.assert_clean(outcome)
        self.assertEqual(outcome.ledger['dead-lettered'], 200)
        self.assertIn('dead letters: 200 kept', outcome.errors)
        self.assertEqual(self.numbers(), list(range(0, 1000, 5)))
        letter = self.letters('--limit', '1')[0]
        self.assertEqual((letter['plugin_type'], letter['plugin_id'], letter['code']),
                         ('elasticsearch', 'node', 'scripted_400'))

        config = self.write('main.conf', FROM_STDIN + OUTPUT % server.url)
        self.assertEqual(self.dlq('replay', '--dry-run', '-f', config), 'would send 200 letters of main to output node\n')
        self.refused = lambda n: n == 0
        said = self.dlq('replay', '-f', config, status=2)
        self.assertEqual(said, 'delivered 199 letters of main\n1 letters were refused again and stay: scripted_400\n')
        self.assertEqual([(x['event']['n'], x['refused_again']) for x in self.letters()], [(0, 1)])
        self.refused = lambda n: False
        self.dlq('replay', '-f', config)
        self.assertEqual(server.store.numbers, list(range(1000)))
        self.assertIn('no dead letters', self.millrace('dlq', 'ls').errors)

    def test_letters_are_chosen_counted_and_purged(self):
        self.deliver(self.serve(lambda n: n < 7), 10)
        self.assertIn('main: 7 letters, 0 done with', self.dlq('ls'))
        self.assertRegex(self.dlq('top'), r'^ +7  main "node" "scripted_400", last ')
        self.assertEqual(self.letters('--reason', 'another'), [])
        self.assertEqual(self.numbers('--until', '1h'), [])
        second = self.letters()[1]
        self.dlq('purge', '--id', second['id'])
        self.assertEqual(self.numbers(), [n for n in range(7) if n != second['event']['n']])
        self.dlq('purge', '--since', '1h')
        self.assertEqual(self.numbers(), [])

    def test_mistakes_are_answered(self):
        self.deliver(self.serve(lambda n: True), 1)
        for arguments, message in ((['purge'], 'say which by --since'),
                                   (['replay'], 'replay needs the configuration with the outputs of pipeline main'),
                                   (['show', '--pipeline', 'mane'], 'no dead letters of a pipeline `mane`'),
                                   (['purge', '--all', '--done'], '--done is for show and top'),
                                   (['peek'], 'unknown command `peek`'),
                                   ([], 'expected one of ls, show, top, replay, purge')):
            outcome = self.millrace('dlq', *arguments)
            self.assertEqual(outcome.status, 1, arguments)
            self.assertIn(message, outcome.errors)


class Input(DeadLetters):
    def test_another_pipeline_reads_the_queue_and_goes_on_where_it_was(self):
        server = self.serve(lambda n: n % 2 == 0)
        out = self.top / 'out'
        config = ('input { dead_letter_queue { path => "%s" } } filter { mutate { add_field => '
                  '{ "[why]" => "%%{[@metadata][dead_letter_queue][code]}" } } } output { file { path => "%s" } }'
                  % (self.top / 'data' / 'dead_letter_queue', out))
        for first, count in ((0, 100), (100, 200)):
            self.deliver(server, 100)
            process = self.start('-e', config, '--pipeline.id', 'second', stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
            wait_until(lambda: out.exists() and out.read_bytes().count(b'\n') >= count // 2, 'the letters to be read')
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(TIMEOUT_SECONDS), 0)
        events = read_json_lines(out.read_bytes())
        self.assertEqual(sorted(event['n'] for event in events), sorted([*range(0, 100, 2)] * 2))
        self.assertEqual({event['why'] for event in events}, {'scripted_400'})

    def test_a_pipeline_does_not_read_its_own_queue(self):
        outcome = self.millrace('-t', '-e', 'input { dead_letter_queue { path => "%s" } }'
                                % (self.top / 'data' / 'dead_letter_queue'), *KEEP)
        self.assertEqual(outcome.status, 1)
        self.assertIn("is this pipeline's own dead-letter queue", outcome.errors)


class Full(DeadLetters):
    SMALL = ('--dead_letter_queue.max_bytes', '64kb')
    COUNT = 2000

    def test_events_wait_until_somebody_makes_room_and_none_is_lost(self):
        server = self.serve(lambda n: True)
        config = FROM_STDIN + OUTPUT % server.url
        log = self.top / 'stderr'
        with log.open('wb') as err:
            process = self.start('-e', config, '-b', '100', *KEEP, *self.SMALL, stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, stderr=err)
        process.stdin.write(b''.join(b'{"n":%d}\n' % n for n in range(self.COUNT)))
        process.stdin.close()
        wait_until(lambda: b'full: ' in log.read_bytes(), 'the queue to be full')
        self.assertIsNone(process.poll())
        out = self.top / 'out'
        while process.poll() is None:
            self.millrace('dlq', 'replay', '--to', 'file', '-e',
                          'output { file { id => "file" path => "%s" codec => line { format => "%%{n}" } } }' % out)
        outcome = Outcome(process.returncode, b'', log.read_bytes())
        self.assert_clean(outcome)
        self.assertEqual(outcome.ledger['dead-lettered'], self.COUNT)
        replayed = [int(n) for n in out.read_text().split()]
        self.assertEqual(sorted(replayed + self.numbers()), list(range(self.COUNT)))

    def test_newer_ones_are_dropped_where_the_policy_says_so_and_counted(self):
        outcome = self.deliver(self.serve(lambda n: True), self.COUNT, *self.SMALL,
                               '--dead_letter_queue.storage_policy', 'drop_newer')
        self.assert_clean(outcome)
        kept = self.numbers()
        self.assertEqual(len(kept), len(set(kept)))
        self.assertGreater(len(kept), 100)
        self.assertIn(f'dead letters: {len(kept)} kept, {self.COUNT - len(kept)} not kept', outcome.errors)

    def test_older_ones_are_dropped_where_the_policy_says_so_and_counted(self):
        outcome = self.deliver(self.serve(lambda n: True), self.COUNT, *self.SMALL,
                               '--dead_letter_queue.storage_policy', 'drop_older')
        self.assert_clean(outcome)
        left = self.numbers()
        self.assertEqual(len(left), len(set(left)))
        self.assertGreater(len(left), 100)
        self.assertIn(f'{self.COUNT} kept, {self.COUNT - len(left)} kept ones removed to make room', outcome.errors)


class Killed(DeadLetters):
    COUNT = 20_000

    def queue_bytes(self):
        queue = pathlib.Path(self.top / 'data' / 'dead_letter_queue' / 'main')
        return sum(path.stat().st_size for path in queue.glob('*.*') if path.exists())

    def test_nine_times_every_event_is_stored_or_in_the_queue(self):
        server = self.serve(lambda n: n % 3 == 0)
        source = self.write('in', b''.join(b'{"n":%d}\n' % n for n in range(self.COUNT)))
        config = ('input { file { path => "%s" mode => "read" codec => "json" exit_after_read => true '
                  'sincedb_write_interval => 0.05 file_completed_action => "log" file_completed_log_path => "%s" } } %s'
                  % (source, self.top / 'done', OUTPUT % server.url))
        arguments = ('-e', config, '-b', '50', *KEEP)
        for _ in range(9):
            before = self.queue_bytes()
            process = self.start(*arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait_until(lambda: self.queue_bytes() > before + 20_000 or process.poll() is not None, 'letters')
            process.kill()
            process.wait()
        outcome = self.millrace(*arguments)
        self.assert_clean(outcome)
        refused = [n for n in range(self.COUNT) if n % 3 == 0]
        self.assertEqual(sorted(set(self.numbers())), refused)
        self.assertEqual(sorted(set(server.store.numbers)), [n for n in range(self.COUNT) if n % 3])

    def test_a_replay_that_is_killed_leaves_no_letter_behind(self):
        server = self.serve(lambda n: True)
        self.deliver(server, 5000)
        config = self.write('main.conf', FROM_STDIN + OUTPUT % server.url)
        self.refused = lambda n: False
        process = self.start('dlq', 'replay', '-f', config, '-b', '10', stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        wait_until(lambda: len(server.store.numbers) > 100 or process.poll() is not None, 'documents')
        process.kill()
        process.wait()
        self.millrace('dlq', 'replay', '-f', config)
        self.assertEqual(sorted(set(server.store.numbers)), list(range(5000)))
        self.assertIn('no dead letters', self.millrace('dlq', 'ls').errors)


if __name__ == '__main__':
    unittest.main()
