"""The kafka output and real brokers: every event is in its topic, in order, or where the table of fates says.

Needs what tests/servers/kafka/build.sh makes; without it the tests are skipped.
"""
import atexit
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import kafka_broker
from harness import MillraceTest, Outcome, TIMEOUT_SECONDS, on_demand, wait_until


running = {}  # at most one cluster, by its jars and settings: classes that want the same one share it


def cluster(jars, settings):
    key = (jars, tuple(settings.items()))
    if key not in running:
        stop_clusters()
        running[key] = kafka_broker.Cluster(jars, pathlib.Path(tempfile.mkdtemp(prefix='millrace-kafka-')), **settings)
        running[key].start()
    return running[key]


@atexit.register
def stop_clusters():
    while running:
        stopped = running.popitem()[1]
        stopped.kill()
        shutil.rmtree(stopped.home, ignore_errors=True)


tearDownModule = stop_clusters


class KafkaTest(MillraceTest):
    """One cluster for all tests of a class; each has topics of its own."""

    CLUSTER = {}
    VERSION = kafka_broker.VERSION

    @classmethod
    def setUpClass(cls):
        jars, why_not = kafka_broker.built(cls.VERSION)
        if not jars:
            raise unittest.SkipTest(why_not)
        cls.kafka = cluster(jars, cls.CLUSTER)

    def output(self, options, bootstrap=None):
        return f'kafka {{ bootstrap_servers => "{bootstrap or self.kafka.bootstrap}" {options} }}'

    def send(self, lines, options, bootstrap=None, codec='codec => plain { format => "%{message}" }', arguments=()):
        """Runs lines (bytes) through to the output; the outcome of a run that ended well."""
        config = f'input {{ stdin {{ }} }} output {{ {self.output(codec + " " + options, bootstrap)} }}'
        outcome = self.millrace('-e', config, *arguments, stdin=b''.join(line + b'\n' for line in lines))
        self.assert_clean(outcome)
        return outcome

    def start_logged(self, config, *arguments, name='log', **pipes):
        """A process in the background, whose log is self.top/`name`."""
        log = self.top / name
        return self.start('-e', config, *arguments, stderr=log.open('ab'), **pipes), log

    def wait_for_log(self, log, text):
        wait_until(lambda: text.encode() in log.read_bytes(), f'`{text}` in the log')

    def payloads(self, topic):
        return [record['payload'] for record in self.kafka.records(topic)]


class Output(KafkaTest):
    def test_key_headers_topic_and_value_come_from_the_event(self):
        lines = [b'{"n":%d,"to":"made-%d"}' % (n, n % 2) for n in range(10)]
        config = 'input { stdin { codec => json_lines } } filter { mutate { remove_field => ["event", "host"] } } output { ' + self.output(
            'topic_id => "%{to}" message_key => "key-%{n}" message_headers => { "kind" => "n%{n}" "fixed" => "yes" } '
            'codec => json') + ' }'
        self.assert_clean(self.millrace('-e', config, stdin=b'\n'.join(lines) + b'\n'))
        records = self.kafka.records('made-1')
        self.assertEqual([record['key'] for record in records], [f'key-{n}' for n in range(1, 10, 2)])
        self.assertEqual(records[0]['headers'], ['kind', 'n1', 'fixed', 'yes'])
        self.assertIn('"n":1,', records[0]['payload'])

    @on_demand
    def test_each_compression_is_read_back(self):
        for kind in ('none', 'gzip', 'snappy', 'lz4', 'zstd'):
            with self.subTest(kind=kind):
                self.send([b'%d' % n for n in range(2000)], f'topic_id => "packed-{kind}" compression_type => "{kind}"')
                self.assertEqual(self.payloads(f'packed-{kind}'), [str(n) for n in range(2000)])

    def test_records_of_a_key_are_where_other_clients_put_them_and_in_order(self):
        self.kafka.create_topic('keyed', 6)
        config = 'input { stdin { codec => json_lines } } output { ' + self.output(
            'topic_id => "keyed" message_key => "%{k}" codec => plain { format => "%{n}" }') + ' }'
        lines = b''.join(b'{"n":%d,"k":"k%d"}\n' % (n, n % 40) for n in range(20_000))
        self.assert_clean(self.millrace('-e', config, '-b', '100', stdin=lines))
        self.kafka.create_topic('keyed-by-kcat', 6)
        self.kafka.produce('keyed-by-kcat', [b'k%d:0' % k for k in range(40)], '-K:', '-X', 'partitioner=murmur2_random')
        places = {record['key']: record['partition'] for record in self.kafka.records('keyed-by-kcat')}
        of_key = {}
        for record in self.kafka.records('keyed'):
            self.assertEqual(record['partition'], places[record['key']], record)
            of_key.setdefault(record['key'], []).append(int(record['payload']))
        self.assertEqual(sum(map(len, of_key.values())), 20_000)
        for numbers in of_key.values():
            self.assertEqual(numbers, sorted(numbers))

    @on_demand
    def test_round_robin_gives_each_partition_as_much(self):
        self.kafka.create_topic('turns', 4)
        self.send([b'%d' % n for n in range(400)], 'topic_id => "turns" partitioner => "round_robin"')
        counts = [0] * 4
        for record in self.kafka.records('turns'):
            counts[record['partition']] += 1
        self.assertEqual(counts, [100] * 4)

    def test_a_record_that_is_too_large_is_refused_and_no_other(self):
        lines = [b'%d' % n for n in range(300)]
        large = lines[:150] + [b'x' * 3_000_000] + lines[150:]
        for limit, said in ((1_048_576, 'larger than `max_request_size`, 1048576 bytes'), (10_000_000, 'MSG_SIZE_TOO_LARGE')):
            with self.subTest(limit=limit):
                outcome = self.send(large, f'topic_id => "large-{limit}" max_request_size => {limit}')
                self.assertEqual(outcome.ledger['dead-lettered'], 1)
                self.assertIn(said, outcome.errors)
                self.assertEqual(self.payloads(f'large-{limit}'), [line.decode() for line in lines])

    @on_demand
    def test_a_record_of_50_mb_is_carried_where_it_is_allowed(self):
        self.kafka.create_topic('huge', 1, **{'max.message.bytes': 60_000_000, 'segment.bytes': 120_000_000})
        self.send([b'y' * 5_000_000], 'topic_id => "huge" max_request_size => 60000000 buffer_memory => 200000000',
                  codec='codec => plain { format => "' + '%{message}' * 10 + '" }')
        size = self.kafka.kcat('-C', '-e', '-q', '-o', 'beginning', '-t', 'huge', '-f', '%S', '-X', 'fetch.message.max.bytes=60000000')
        self.assertEqual(size, b'50000000')

    def test_names_that_no_topic_can_have_are_dead_lettered(self):
        config = 'input { stdin { } } output { ' + self.output('topic_id => "to-%{message}"') + ' }'
        outcome = self.millrace('-e', config, stdin=b'fine\nnot fine\n' + b'x' * 300 + b'\nfine\n')
        self.assert_clean(outcome)
        self.assertEqual((outcome.ledger['delivered'], outcome.ledger['dead-lettered']), (2, 2))
        self.assertIn("no topic's name", outcome.errors)

    @on_demand
    def test_the_settings_of_a_plain_librdkafka_client_are_taken_as_they_are(self):
        self.send([b'%d' % n for n in range(5000)], 'topic_id => "plain" client_options => { "compression.codec" => "gzip" "linger.ms" => 100 '
                  '"queue.buffering.max.messages" => 250 "batch.num.messages" => 100 "socket.keepalive.enable" => true }')
        self.assertEqual(self.payloads('plain'), [str(n) for n in range(5000)])

    def test_a_broker_that_is_killed_under_load_and_comes_back_has_everything_once(self):
        total = 60_000
        config = 'input { stdin { } } output { ' + self.output(
            'topic_id => "killed" buffer_memory => 300000 batch_size => 20000 codec => plain { format => "%{message}" }') + ' }'
        self.kafka.create_topic('killed')
        lines = self.write('lines', b''.join(b'%d\n' % n for n in range(total)))
        with lines.open('rb') as source:
            process, log = self.start_logged(config, '-b', '200', stdin=source)
        wait_until(lambda: int(self.kafka.kcat('-Q', '-t', 'killed:0:-1').split()[-1]) > 1000, 'some records')
        self.kafka.kill()
        self.wait_for_log(log, 'a broker cannot be reached')
        self.kafka.start()
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0, log.read_text()[-2000:])
        self.assert_balanced(Outcome(0, b'', log.read_bytes()).ledger)
        self.assertEqual(self.payloads('killed'), [str(n) for n in range(total)])


if __name__ == '__main__':
    unittest.main()
