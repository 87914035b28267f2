"""The kafka input and real brokers: nothing is lost, and no offset is committed of what is not delivered.

Needs what tests/servers/kafka/build.sh makes; without it the tests are skipped.
"""
import signal
import unittest

from harness import TIMEOUT_SECONDS, read_json_lines, wait_until
from kafka_output import KafkaTest

QUICK = 'auto_offset_reset => "earliest" session_timeout_ms => 2000 heartbeat_interval_ms => 300 auto_commit_interval_ms => 100 ' \
        'client_options => { "fetch.wait.max.ms" => 50 "topic.metadata.refresh.interval.ms" => 1000 }'


class InputTest(KafkaTest):
    def input(self, options):
        return f'kafka {{ bootstrap_servers => "{self.kafka.bootstrap}" {QUICK} {options} }}'

    def start_reader(self, options, output=None, filters='', name='log', arguments=()):
        output = output or f'file {{ path => "{self.top}/{name}.out" codec => json_lines flush_interval => 0 }}'
        config = f'input {{ {self.input(options)} }} filter {{ {filters} }} output {{ {output} }}'
        return self.start_logged(config, '--path.data', self.top / f'data-{name}', *arguments, name=name)

    def events(self, name='log'):
        path = self.top / f'{name}.out'
        if not path.exists():
            return []
        whole = path.read_bytes()
        return read_json_lines(whole[:whole.rfind(b'\n') + 1])

    def end(self, process, log):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0, log.read_text()[-2000:])

    def read(self, options, count, filters='', arguments=()):
        """The events of a run that ends when `count` have come."""
        process, log = self.start_reader(options, filters=filters, arguments=arguments)
        wait_until(lambda: len(self.events()) >= count, f'{count} events: {log.read_text()[-500:]}')
        self.end(process, log)
        return self.events()

    def numbers(self, topic):
        return [int(record['payload']) for record in self.kafka.records(topic, '-X', 'isolation.level=read_committed')]


class Input(InputTest):
    def test_what_is_in_a_record_can_be_seen_in_the_event(self):
        self.kafka.create_topic('seen', 2)
        self.kafka.produce('seen', [b'k:v'], '-K:', '-p', 1, '-H', 'a=1', '-H', 'b=2')
        keep = 'mutate { rename => { "[@metadata][kafka]" => "kafka" } add_field => { "id" => "%{[@metadata][millrace][id]}" } }'
        event, = self.read('topics => ["seen"] group_id => "seen" decorate_events => "extended"', 1, keep)
        self.assertEqual(event['message'], 'v')
        self.assertEqual(event['id'], 'seen-1:0')
        time = event['kafka'].pop('timestamp')
        self.assertGreater(time, 1_600_000_000_000)
        self.assertEqual(event['kafka'], {'topic': 'seen', 'consumer_group': 'seen', 'partition': 1, 'offset': 0, 'key': 'k',
                                          'headers': {'a': '1', 'b': '2'}})

    def test_a_tombstone_is_an_event_that_says_so(self):
        self.kafka.produce('stones', [b'k:', b'l:x'], '-K:', '-Z')
        keep = 'mutate { rename => { "[@metadata][kafka]" => "kafka" } }'
        events = self.read('topics => ["stones"] group_id => "stones"', 2, keep)
        self.assertEqual([event.get('message') for event in events], [None, 'x'])
        self.assertEqual(events[0]['kafka'], {'tombstone': True})

    def test_topics_by_pattern_and_codecs(self):
        for name in ('pat-a', 'pat-b', 'other-pat-a'):
            self.kafka.produce(name, [b'{"from":"%s"}' % name.encode()])
        events = self.read('topics_pattern => "pat-.*" group_id => "pat" codec => json', 2)
        self.assertEqual(sorted(event['from'] for event in events), ['pat-a', 'pat-b'])

    def test_a_restart_goes_on_where_the_outputs_were(self):
        self.kafka.produce('on', [b'%d' % n for n in range(100)])
        self.assertEqual(len(self.read('topics => ["on"] group_id => "on"', 100)), 100)
        self.assertEqual(self.kafka.committed('on'), {('on', 0): 100})
        self.kafka.produce('on', [b'%d' % n for n in range(100, 150)])
        numbers = [int(event['message']) for event in self.read('topics => ["on"] group_id => "on"', 150)]
        self.assertEqual(numbers, list(range(150)))

    def test_a_topic_that_was_deleted_and_made_again_does_not_hold_up_the_end(self):
        for topic, how in (('left', 'topics => ["left"]'), ('assigned', 'assign => ["assigned:0-2"]')):
            with self.subTest(how=how):
                self.kafka.create_topic(topic, 3)
                process, log = self.start_reader(f'{how} group_id => "{topic}"', name=topic)
                for count in (100, 200):  # of another topic of that name; brokers make it anew when they are asked for it
                    self.kafka.produce(topic, [b'%d' % n for n in range(100)], '-p', 0)
                    wait_until(lambda: len(self.events(topic)) >= count, f'{count} events: {log.read_text()[-2000:]}')
                    self.kafka.delete_topic(topic)
                    wait_until(lambda: log.read_text().count('PARTCNT') >= count // 100, 'the end of the topic')
                self.end(process, log)
                self.assertNotIn('CONFWARN', log.read_text())

    def test_partitions_by_number_are_read_by_this_input_alone(self):
        self.kafka.create_topic('numbered', 4)
        for partition in range(4):
            self.kafka.produce('numbered', [b'%d' % partition] * 50, '-p', partition)
        options = 'assign => ["numbered:0", "numbered:2-3"] group_id => "numbered" consumer_threads => 2'
        events = self.read(options, 150)
        self.assertEqual(sorted(event['message'] for event in events), sorted(['0', '2', '3'] * 50))
        self.assertEqual(self.kafka.committed('numbered'), {('numbered', n): 50 for n in (0, 2, 3)})
        self.kafka.produce('numbered', [b'more'], '-p', 3)
        self.assertEqual([event['message'] for event in self.read(options, 151)[150:]], ['more'])

    def test_what_a_dead_output_has_not_taken_is_not_committed_and_the_group_is_kept(self):
        self.kafka.produce('dead', [b'%d' % n for n in range(50_000)])
        output = 'elasticsearch { hosts => ["http://127.0.0.1:9"] manage_template => false }'
        process, log = self.start_reader('topics => ["dead"] group_id => "dead" max_poll_interval_ms => 3000 consumer_threads => 1 max_poll_records => 5000', output)
        self.wait_for_log(log, 'started')
        wait_until(lambda: b'gives it 1 partition' in log.read_bytes(), 'the partition')
        # The library takes the partition away where nobody polls for max_poll_interval_ms.
        with self.assertRaises(AssertionError):
            wait_until(lambda: b'maximum poll interval' in log.read_bytes().lower() or b'takes' in log.read_bytes(), '', 6)
        self.assertEqual(set(self.kafka.committed('dead').values()) | {0}, {0})
        process.kill()

    def test_a_partition_that_was_taken_away_while_it_was_paused_is_read_when_it_comes_back(self):
        self.kafka.create_topic('paused', 2)
        each = 4_000  # records of 10 kB: more than what a pipeline holds
        for partition in range(2):
            self.kafka.produce('paused', [b'%05d' % n * 2_000 for n in range(each)], '-p', partition)
        options = 'topics => ["paused"] group_id => "paused" partition_assignment_strategy => "cooperative_sticky" revoke_wait => "100 ms"'
        for name in ('m0', 'm1'):  # where a directory is, no file can be opened
            (self.top / f'{name}.out').mkdir()
        first, log = self.start_reader(options, name='m0')
        self.wait_for_log(log, 'pauses: the pipeline takes nothing more')
        second, other_log = self.start_reader(options, name='m1')
        self.wait_for_log(other_log, 'gives it 1 partition')
        (self.top / 'm0.out').rmdir()
        wait_until(lambda: sum(self.kafka.committed('paused').values()) == each, 'the partition that was kept')
        second.kill()
        wait_until(lambda: sum(self.kafka.committed('paused').values()) == 2 * each, 'the partition that came back')
        self.end(first, log)

    def test_members_that_come_go_and_are_killed_lose_nothing(self):
        self.kafka.create_topic('group-in', 6)
        self.kafka.create_topic('group-out', 6)
        total = 30_000
        self.kafka.produce('group-in', [b'%d:%d' % (n % 50, n) for n in range(total)], '-K:')
        options = 'topics => ["group-in"] group_id => "g" partition_assignment_strategy => "cooperative_sticky" ' \
                  'decorate_events => "basic" max_poll_records => 100'
        output = f'kafka {{ bootstrap_servers => "{self.kafka.bootstrap}" topic_id => "group-out" message_key => "%{{[@metadata][kafka][key]}}" ' \
                 'codec => plain { format => "%{message}" } buffer_memory => 200000 }'
        runs = [self.start_reader(options, output, name=f'm{n}') for n in range(2)]
        wait_until(lambda: self.count('group-out') > total // 10, 'a tenth')
        runs[0][0].kill()
        runs.append(self.start_reader(options, output, name='m2'))
        wait_until(lambda: self.count('group-out') > total // 3, 'a third')
        self.end(*runs[1])
        wait_until(lambda: set(self.numbers_of('group-out')) >= set(range(total)), 'all')
        # What the killed one had delivered and not committed is the others' once its session ends.
        wait_until(lambda: sum(self.kafka.committed('g').values()) == total, 'all to be committed')
        self.end(*runs[2])
        self.assertEqual(sum(self.kafka.committed('g').values()), total)

    def count(self, topic):
        out = self.kafka.kcat('-Q', *[word for p in range(6) for word in ('-t', f'{topic}:{p}:-1')])
        return sum(int(line.split()[-1]) for line in out.splitlines())

    def numbers_of(self, topic):
        return [int(n) for n in self.kafka.kcat('-C', '-e', '-q', '-o', 'beginning', '-t', topic).split()]

    def test_killed_again_and_again_between_two_topics(self):
        """kafka -> filter -> kafka with kill -9: 0 lost, order kept but for what comes again, committed never ahead of delivered."""
        total, noise = 120_000, 10
        self.kafka.create_topic('from', 2)
        self.kafka.create_topic('to', 2)
        self.kafka.produce('from', [b'%d:%d' % (n % 20, n) for n in range(total)], '-K:', '-X', 'partitioner=murmur2_random')
        output = f'kafka {{ bootstrap_servers => "{self.kafka.bootstrap}" topic_id => "to" message_key => "%{{[@metadata][kafka][key]}}" ' \
                 'codec => plain { format => "%{message}" } buffer_memory => 100000 linger_ms => 1 }'
        filters = 'if [message] =~ /0$/ { drop { } } mutate { add_field => { "seen" => "yes" } }'
        wanted = {n for n in range(total) if n % noise}
        sources = {}
        for record in self.kafka.records('from'):
            sources[record['partition'], record['offset']] = int(record['payload'])
        kills, arguments = 0, ('-b', '50')
        while True:
            before = self.count_of('to', 2)
            process, log = self.start_reader('topics => ["from"] group_id => "k" decorate_events => "basic" max_poll_records => 100',
                                             output, filters, f'run{kills}', arguments)
            wait_until(lambda: self.count_of('to', 2) > before + total // 6 or set(self.numbers_of('to')) >= wanted, 'progress')
            process.kill()
            process.wait()
            kills += 1
            delivered = set(self.numbers_of('to'))
            for (_, partition), offset in self.kafka.committed('k').items():
                for at in range(offset):
                    number = sources[partition, at]
                    self.assertTrue(number in delivered or number % noise == 0, f'{number} was committed but is not there')
            if wanted <= delivered and kills > 2:
                break
        self.assertEqual(delivered, wanted)

    def count_of(self, topic, partitions):
        out = self.kafka.kcat('-Q', *[word for p in range(partitions) for word in ('-t', f'{topic}:{p}:-1')])
        return sum(int(line.split()[-1]) for line in out.splitlines())


if __name__ == '__main__':
    unittest.main()
