"""`millrace mirror` between two real clusters: byte by byte, and what kills and vanishing topics do to it.

Needs what tests/servers/kafka/build.sh makes; without it the tests are skipped.
"""
import atexit
import base64
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

import kafka_broker
from harness import LONG, MillraceTest, TIMEOUT_SECONDS, on_demand, wait_until

EVERYTHING = '%T|%K|%k|%S|%s|%h\n'  # of kcat: -1 is the length of null
SOURCE_HEADER = 'millrace.src'
HANDOVERS = 20 if LONG else 1
clusters = []


@atexit.register
def stop_clusters():
    while clusters:
        stopped = clusters.pop()
        stopped.kill()
        shutil.rmtree(stopped.home.parent, ignore_errors=True)


tearDownModule = stop_clusters


def start_clusters():
    if not clusters:
        jars, why_not = kafka_broker.built()
        if not jars:
            raise unittest.SkipTest(why_not)
        for _ in range(2):
            home = pathlib.Path(tempfile.mkdtemp(prefix='millrace-mirror-'))
            clusters.append(kafka_broker.Cluster(jars, home / 'kafka', **{'auto.create.topics.enable': 'false'}))
        for cluster in clusters:  # side by side
            cluster.start_node(0)
        for cluster in clusters:
            cluster.start()
    return clusters


class MirrorTest(MillraceTest):
    """Each test has a flow and topics of its own, called after it."""

    @classmethod
    def setUpClass(cls):
        cls.source, cls.target = start_clusters()

    def setUp(self):
        super().setUp()
        self.name = self.id().rsplit('.', 1)[1].replace('test_', '')[:60]
        self.log = self.top / 'log'

    def flow(self, mode='at_least_once', file='flow.yaml', name=None, source=None, target=None, aliases=('east', 'west'), topics=None, **options):
        lines = [f'flow: {name or self.name}', f'mode: {mode}', f'topics: [{topics or self.name + ".*"}]', 'refresh_interval: 300ms']
        for side, cluster, alias in (('source', source or self.source, aliases[0]), ('target', target or self.target, aliases[1])):
            lines.append(f'{side}: {{ alias: {alias}, bootstrap_servers: "{cluster.bootstrap}" }}')
        lines += [f'{key}: {value}' for key, value in options.items()]
        return self.write(file, '\n'.join(lines) + '\n')

    def mirror(self, *files, log=None):
        with (log or self.log).open('ab') as out:
            return self.start('mirror', *files, stderr=out)

    def stop(self, process, log=None):
        """An orderly end, with books that balance: {name: count}."""
        process.send_signal(signal.SIGTERM)
        text = lambda: (log or self.log).read_text(errors='replace')
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0, text()[-3000:])
        self.assertNotIn('DOES NOT BALANCE', text())
        last = re.findall(r'ledger of flow \S+: (\d+) read = (\d+) mirrored \+ (\d+) dropped as circles \+ (\d+) dead-lettered \+ (\d+) given back', text())[-1]
        return dict(zip(('read', 'mirrored', 'dropped', 'dead letters', 'given back'), map(int, last)))

    def everything(self, cluster, topic, partition=0):
        return cluster.kcat('-C', '-e', '-q', '-t', topic, '-p', partition, '-o', 'beginning', '-f', EVERYTHING)

    def numbers(self, topic, partition, cluster=None):
        """What a read_committed reader sees of numbered records."""
        try:
            out = (cluster or self.target).kcat('-C', '-e', '-q', '-t', topic, '-p', partition, '-o', 'beginning', '-f', '%s\n')
        except AssertionError:  # not there yet
            return []
        return [int(line) for line in out.split()]

    def count(self, topic, partitions, cluster=None):
        return sum(len(self.numbers(topic, p, cluster)) for p in range(partitions))

    def ends(self, topic, partitions):
        """The sum of its partitions' ends on the target, which beside a busy writer is sooner known than its records."""
        try:
            out = self.target.kcat('-Q', *[word for p in range(partitions) for word in ('-t', f'{topic}:{p}:-1')])
        except AssertionError:  # not there yet
            return 0
        return sum(int(line.split()[-1]) for line in out.splitlines())

    def fill(self, topic, partition, numbers, *arguments):
        self.source.kcat('-P', '-t', topic, '-p', partition, '-X', 'linger.ms=20', *arguments, data=b''.join(b'%d\n' % n for n in numbers))

    def wait_for_log(self, text, log=None):
        wait_until(lambda: text in (log or self.log).read_text(errors='replace'), f'`{text}` in {(log or self.log)}')


class Records(MirrorTest):
    def odd_records(self, topic):
        """Everything that kcat can make: null and empty keys, values and headers, many, twice, large, of all bytes."""
        def one(data, *arguments):
            self.source.kcat('-P', '-t', topic, '-p', 0, *arguments, self.write('record', data))
        self.source.kcat('-P', '-t', topic, '-p', 0, '-Z', '-K:', data=b':\ntombstone:\n:null key\n')
        self.source.kcat('-P', '-t', topic, '-p', 0, '-K:', data=b':\nempty value:\n:empty key\n')
        one(b'plain')
        one(b'duplicates', '-H', 'a=1', '-H', 'b=2', '-H', 'a=1', '-H', 'a=3', '-H', 'null', '-H', 'empty=')
        one(bytes(range(256)) * 3, '-k', 'all bytes')
        one(b'many headers', *[word for n in range(2000 if not LONG else 10_000) for word in ('-H', f'h{n % 7}={n}')])
        one(random.Random(1).randbytes(900_000), '-k', 'large')
        self.source.kcat('-P', '-t', topic, '-p', 1, '-K:', data=b''.join(b'key%d:value%d\n' % (n % 10, n) for n in range(5000)))

    def test_every_byte_is_the_same_in_both_modes(self):
        topic = self.name
        self.source.create_topic(topic, 3)
        self.odd_records(topic)
        read = self.everything(self.source, topic)
        for record in (b'|-1||-1||\n', b'|9|tombstone|-1||\n', b'|-1||8|null key|\n', b'|0||0||\n', b'|11|empty value|0||\n', b'|a=1,b=2,a=1,a=3,null=NULL,empty=\n'):
            self.assertIn(record, read)
        total = self.count_records(self.source, topic)
        for mode, alias in (('at_least_once', 'once'), ('exactly_once', 'twice')):
            with self.subTest(mode=mode):
                process = self.mirror(self.flow(mode, name=f'{self.name}_{alias}', aliases=(alias, 'west'), topics=topic))
                wait_until(lambda: self.count_records(self.target, f'{alias}.{topic}') >= total, 'all records')
                books = self.stop(process)
                self.assertEqual(books, {'read': total, 'mirrored': total, 'dropped': 0, 'dead letters': 0, 'given back': 0})
                for partition in range(3):
                    self.assertEqual(self.everything(self.target, f'{alias}.{topic}', partition),
                                     self.everything(self.source, topic, partition), partition)

    def test_a_pipeline_can_be_a_mirror(self):
        topic = self.name
        self.source.create_topic(topic, 3)
        self.source.kcat('-P', '-t', topic, '-p', 1, '-Z', '-K:', '-H', 'a=1', '-H', 'a=2', data=b':\ntombstone:\n:null key\n')
        config = self.write('mirror.conf', f"""
            input {{ kafka {{ bootstrap_servers => "{self.source.bootstrap}" topics => ["{topic}"] }} }}
            output {{ kafka {{ bootstrap_servers => "{self.target.bootstrap}" mirror => true
                mirror_options => {{ "flow" => "piped" "source_alias" => "piped" "target_alias" => "west" "mode" => "exactly_once" }} }} }}""")
        with self.log.open('ab') as out:
            process = self.start('-f', config, stderr=out)
        wait_until(lambda: self.count_records(self.target, f'piped.{topic}') >= 3, 'all records')
        self.assertEqual(self.stop(process), {'read': 3, 'mirrored': 3, 'dropped': 0, 'dead letters': 0, 'given back': 0})
        self.assertEqual(self.everything(self.target, f'piped.{topic}', 1), self.everything(self.source, topic, 1))

    @staticmethod
    def count_records(cluster, topic):
        try:
            return sum(len(cluster.kcat('-C', '-e', '-q', '-t', topic, '-p', p, '-o', 'beginning', '-f', '.')) for p in range(3))
        except AssertionError:
            return 0


class Kills(MirrorTest):
    PARTITIONS = 4

    def killed_again_and_again(self, mode, records, kills):
        """Numbered records keep coming while the mirror is killed; {partition: what came out}."""
        topic = self.name
        seed = int(os.environ.get('MILLRACE_SEED', '7'))
        chance = random.Random(seed)
        self.source.create_topic(topic, self.PARTITIONS)
        flow = self.flow(mode)
        each = records // self.PARTITIONS // (kills + 1)
        begun = 0
        for kill in range(kills + 1):
            process = self.mirror(flow)
            for partition in range(self.PARTITIONS):
                self.fill(topic, partition, range(begun, begun + each))
            begun += each
            if kill < kills:
                # Somewhere between the first record of this life and the last one of its load.
                wanted = begun * self.PARTITIONS - chance.randrange(each * self.PARTITIONS)
                wait_until(lambda: self.ends(f'east.{topic}', self.PARTITIONS) >= wanted, f'{wanted} offsets (seed {seed})')
                process.kill()
                process.wait()
        wait_until(lambda: all(self.numbers(f'east.{topic}', p)[-1:] == [begun - 1] for p in range(self.PARTITIONS)),
                   f'the last records (seed {seed}); {self.log.read_text()[-2000:] if self.log.exists() else ""}')
        self.stop(process)
        return begun, {p: self.numbers(f'east.{topic}', p) for p in range(self.PARTITIONS)}

    def test_exactly_once_loses_and_doubles_nothing_whenever_it_is_killed(self):
        total, got = self.killed_again_and_again('exactly_once', 400_000 if LONG else 60_000, 50 if LONG else 3)
        for partition, numbers in got.items():
            self.assertEqual(numbers, list(range(total)), partition)

    def test_at_least_once_loses_nothing_and_keeps_the_order(self):
        total, got = self.killed_again_and_again('at_least_once', 400_000 if LONG else 40_000, 50 if LONG else 2)
        for partition, numbers in got.items():
            seen = -1
            for number in numbers:  # it may go back, but it never leaves one out
                self.assertLessEqual(number, seen + 1, partition)
                seen = max(seen, number)
            self.assertEqual(seen, total - 1, partition)


class Shards(MirrorTest):
    PARTITIONS = 5
    EACH = 3000 if not LONG else 30_000

    def layout(self):
        """What the offsets topic says of the number of shards."""
        out = self.target.kcat('-C', '-e', '-q', '-t', f'millrace-mirror-offsets.{self.name}.internal', '-p', 0, '-o', 'beginning', '-f', '%k=%s\n')
        return [line.split('=', 1)[1] for line in out.decode().splitlines() if line.startswith('@layout=')][-1]

    def with_shards(self, mode, shards):
        log = self.top / f'{shards}-shards'
        return self.mirror(self.flow(mode, file=f'{shards}.yaml', shards=shards), log=log), log

    def more(self):
        """More numbers for each partition, which nobody waits for."""
        for partition in range(self.PARTITIONS):
            self.fill(self.name, partition, range(self.total, self.total + self.EACH))
        self.total += self.EACH

    def change_in_the_middle(self, mode):
        """4, 2, 6 shards: with the older instance still there, killed at the change, and killed in the stream."""
        self.total = 0
        self.source.create_topic(self.name, self.PARTITIONS)
        older, old_log = self.with_shards(mode, 4)
        self.more()
        wait_until(lambda: any(self.numbers(f'east.{self.name}', p) for p in range(self.PARTITIONS)), 'the first records')
        self.assertEqual(self.layout(), 'v=1 shards=4')
        self.more()
        process, log = self.with_shards(mode, 2)
        self.wait_for_log('positions are moved from 4 shards to 2', log)
        process.kill()
        process.wait()
        self.assertIn(self.layout(), ['v=1 shards=4', 'v=1 shards=4 next=2', 'v=1 shards=2'])
        process, log = self.with_shards(mode, 2)
        wait_until(lambda: self.layout() == 'v=1 shards=2', 'the new layout')
        self.more()
        self.assertEqual(older.wait(TIMEOUT_SECONDS), 2, old_log.read_text()[-2000:])
        process.kill()
        process.wait()
        process, log = self.with_shards(mode, 6)
        self.wait_for_log('it ran with 2 shards and runs with 6 from now on', log)
        self.more()
        wait_until(lambda: all(self.numbers(f'east.{self.name}', p)[-1:] == [self.total - 1] for p in range(self.PARTITIONS)),
                   f'the last records; {log.read_text()[-2000:]}')
        self.stop(process, log)
        self.assertEqual(self.layout(), 'v=1 shards=6')
        return {p: self.numbers(f'east.{self.name}', p) for p in range(self.PARTITIONS)}

    def test_exactly_once_loses_and_doubles_nothing_when_the_number_of_shards_changes(self):
        for partition, numbers in self.change_in_the_middle('exactly_once').items():
            self.assertEqual(numbers, list(range(self.total)), partition)

    @on_demand
    def test_at_least_once_loses_nothing_when_the_number_of_shards_changes(self):
        for partition, numbers in self.change_in_the_middle('at_least_once').items():
            self.assertEqual(sorted(set(numbers)), list(range(self.total)), partition)


class Topics(MirrorTest):
    def purge(self, topic, partition, before):
        what = self.write('purge.json', json.dumps({'version': 1, 'partitions': [{'topic': topic, 'partition': partition, 'offset': before}]}))
        self.source.tool('org.apache.kafka.tools.DeleteRecordsCommand', '--offset-json-file', what)

    def wait_for_last(self, topic, partition, number, cluster=None):
        wait_until(lambda: self.numbers(topic, partition, cluster)[-1:] == [number],
                   f'{number} in {topic}/{partition}; {self.log.read_text()[-2000:] if self.log.exists() else ""}')

    def test_new_topics_and_partitions_are_read_from_their_first_record(self):
        first, later = self.name, self.name + '-later'
        self.source.create_topic(first, 1)
        process = self.mirror(self.flow(start='latest', source_position_header='true'))
        self.wait_for_log('partitions 0 to 0 go to')
        self.source.tool('org.apache.kafka.tools.TopicCommand', '--alter', '--topic', first, '--partitions', 3)
        self.fill(first, 2, range(100))
        self.source.create_topic(later, 2)
        self.fill(later, 1, range(100))
        for topic, partition in ((first, 2), (later, 1)):
            self.wait_for_last(f'east.{topic}', partition, 99)
            self.assertEqual(self.numbers(f'east.{topic}', partition), list(range(100)))
            origins = [record['headers'] for record in self.target.records(f'east.{topic}', '-p', partition)]
            self.assertEqual(origins, [[SOURCE_HEADER, f'{self.source.cluster_id}/{topic}/{partition}/{n}'] for n in range(100)])
        self.stop(process)

    def settings(self, cluster, topic):
        """{name: value} of what is set for the topic itself."""
        out = cluster.tool('kafka.admin.ConfigCommand', '--describe', '--entity-type', 'topics', '--entity-name', topic)
        return dict(re.findall(r'^  (\S+?)=(\S+) sensitive=', out, re.M))

    def alter(self, cluster, topic, *change):
        cluster.tool('kafka.admin.ConfigCommand', '--alter', '--entity-type', 'topics', '--entity-name', topic, *change)

    def test_settings_of_topics_follow_the_source_and_heartbeats_arrive(self):
        topic, copy, beats = self.name, f'east.{self.name}', 'east.millrace-mirror-heartbeats'
        self.source.create_topic(topic, 1, **{'retention.ms': 1000000, 'min.insync.replicas': 1, 'max.message.bytes': 500000})
        process = self.mirror(self.flow(topic_settings='continuous', topic_settings_interval='300ms', least_retention='1h', heartbeats='true',
                                        acl_sync='true', acl_sync_interval='300ms'),
                              self.flow(file='defaults.yaml', name=topic[:40] + '_2', aliases=('all', 'west'), topics=topic, use_defaults_from='source'))
        self.wait_for_log(f'to `{copy}`')
        self.assertEqual(self.settings(self.target, copy),
                         {'retention.ms': '3600000', 'max.message.bytes': '500000', 'message.timestamp.type': 'CreateTime'})
        self.wait_for_log(f'to `all.{topic}`')
        everything = self.settings(self.target, f'all.{topic}')
        self.assertEqual([everything.get(name) for name in ('segment.bytes', 'retention.ms', 'max.message.bytes', 'min.insync.replicas')],
                         [str(16 << 20), '1000000', '500000', None])
        self.alter(self.target, copy, '--add-config', 'segment.bytes=2000000')
        self.alter(self.source, topic, '--add-config', 'cleanup.policy=compact', '--delete-config', 'max.message.bytes')
        wanted = {'retention.ms': '3600000', 'cleanup.policy': 'compact', 'segment.bytes': '2000000', 'message.timestamp.type': 'CreateTime'}
        wait_until(lambda: self.settings(self.target, copy) == wanted, f'the settings of the source; {self.settings(self.target, copy)}; {self.log.read_text()[-3000:]}')
        wait_until(lambda: self.numbers_of_beats(beats) > 1, 'heartbeats on the target')
        self.stop(process)
        # Brokers without an authoriser.
        self.assertEqual(self.log.read_text().count('the source tells of no ACL of a topic'), 1)

    def numbers_of_beats(self, topic):
        try:
            return sum(record['payload'].startswith('v=1 source=east target=west time=') for record in self.target.records(topic))
        except AssertionError:  # not there yet
            return 0

    def gaps(self, flow):
        """What is noted of records that are gone: {key: value without the time}."""
        out = self.target.kcat('-C', '-e', '-q', '-t', f'millrace-mirror-offsets.{flow}.internal', '-o', 'beginning', '-f', '%k: %s\n').decode()
        return {key: re.sub(r' found=\d{13} ', ' ', value) for key, value in (line.split(': ') for line in out.splitlines()) if key.startswith('@gap')}

    @on_demand
    def test_purged_records_are_named_and_their_partition_stops_alone(self):
        topic = self.name
        self.source.create_topic(topic, 2)
        for mode, alias in (('at_least_once', 'once'), ('exactly_once', 'twice')):
            flow = self.flow(mode, name=alias + self.name[:20], aliases=(alias, 'west'))
            last = 100 if alias == 'once' else 200
            for partition in range(2):
                self.fill(topic, partition, range(last - 100, last))
            process = self.mirror(flow)
            for partition in range(2):
                self.wait_for_last(f'{alias}.{topic}', partition, last - 1)
            self.stop(process)
            if alias == 'twice':
                break
        for partition in range(2):
            self.fill(topic, partition, range(200, 300))
        self.purge(topic, 0, 250)
        process = self.mirror(flow)
        self.wait_for_log(f'{topic}/0: offsets 200 to 249 were purged before they were read')
        self.wait_for_last(f'twice.{topic}', 1, 299)
        self.assertEqual(self.numbers(f'twice.{topic}', 0)[-1], 199)
        self.stop(process)
        self.assertEqual(self.gaps('twice' + self.name[:20]), {f'@gap {topic}/0 200': 'v=1 first=200 last=249 done=stopped'})
        process = self.mirror(self.flow('exactly_once', name='twice' + self.name[:20], aliases=('twice', 'west'), on_purged='skip_with_alarm'))
        self.wait_for_last(f'twice.{topic}', 0, 299)
        self.assertEqual(self.numbers(f'twice.{topic}', 0)[-51:], [199, *range(250, 300)])
        self.stop(process)
        self.assertEqual(self.gaps('twice' + self.name[:20]), {f'@gap {topic}/0 200': 'v=1 first=200 last=249 done=skipped'})

    @on_demand
    def test_a_topic_that_was_made_again_is_found_out_even_where_it_is_longer_than_before(self):
        topic = self.name
        self.source.create_topic(topic, 1)
        self.fill(topic, 0, range(100))
        flow = self.flow('exactly_once')
        process = self.mirror(flow)
        self.wait_for_last(f'east.{topic}', 0, 99)
        self.stop(process)
        self.source.delete_topic(topic)
        self.source.create_topic(topic, 1)
        self.fill(topic, 0, range(1000, 1500))
        process = self.mirror(flow)
        self.wait_for_log('it was deleted and made again, or cut back: the next offset was 100, it has 0 to 500 now')
        self.stop(process)
        self.assertEqual(self.numbers(f'east.{topic}', 0), list(range(100)))
        process = self.mirror(self.flow('exactly_once', on_recreated='restart_from_beginning'))
        self.wait_for_last(f'east.{topic}', 0, 1499)
        self.assertEqual(self.numbers(f'east.{topic}', 0), [*range(100), *range(1000, 1500)])
        self.stop(process)

    @on_demand
    def test_a_topic_that_is_deleted_and_made_again_while_it_is_read_holds_up_nobody(self):
        topic = self.name[:30]
        for name in (topic, topic + '-other'):
            self.source.create_topic(name, 3)
        process = self.mirror(self.flow('exactly_once', topics=topic + '.*', on_recreated='restart_from_beginning', shards=1))
        for again in range(3):  # librdkafka 2.0.2 leaves some clients behind
            self.fill(topic, 0, range(100))  # as many each time: only its witness tells a topic from the one before
            wait_until(lambda: self.count(f'east.{topic}', 3) == 100 * (again + 1), 'the topic')
            self.fill(f'{topic}-other', again, range(10))
            wait_until(lambda: self.count(f'east.{topic}-other', 3) == 10 * (again + 1), 'the other one')
            self.source.delete_topic(topic)
            wait_until(lambda: self.log.read_text().count('it was deleted\n') > again, 'the end of the topic')
            self.source.create_topic(topic, 3)
        self.stop(process)

    def test_a_copy_that_is_gone_is_not_made_again_with_a_hole(self):
        topic = self.name[:30]
        self.source.create_topic(topic, 2)
        self.fill(topic, 0, range(100))
        flow = self.flow('exactly_once', topics=topic + '.*')
        process = self.mirror(flow)
        self.wait_for_last(f'east.{topic}', 0, 99)
        self.stop(process)
        self.target.delete_topic(f'east.{topic}')
        self.fill(topic, 0, range(100, 150))
        process = self.mirror(flow)
        self.wait_for_log(f'`east.{topic}` is not on the target, but the flow has positions of its topic')
        self.stop(process)
        self.assertEqual(self.numbers(f'east.{topic}', 0), [])
        process = self.mirror(self.flow('exactly_once', name='other', topics=topic + '.*'))
        self.wait_for_last(f'east.{topic}', 0, 149)
        self.stop(process)

    def test_a_record_that_the_target_refuses_stops_its_partition_and_no_other(self):
        topic, large, keyless = self.name, 0, 1
        self.source.create_topic(topic, 3)
        for alias in ('once', 'twice'):
            self.target.create_topic(f'{alias}.{topic}', 3, **{'max.message.bytes': 100_000, 'cleanup.policy': 'compact'})
        for partition in (large, keyless):
            self.fill(topic, partition, range(20), '-k', 'key')
        self.source.kcat('-P', '-t', topic, '-p', large, '-k', 'key', self.write('large', random.Random(2).randbytes(300_000)))
        self.source.kcat('-P', '-t', topic, '-p', keyless, data=b'a compacted topic takes no record without a key')
        for partition in (large, keyless):
            self.fill(topic, partition, range(20, 25), '-k', 'key')
        self.fill(topic, 2, range(500), '-k', 'key')
        for mode, alias in (('at_least_once', 'once'), ('exactly_once', 'twice')):
            with self.subTest(mode=mode):
                log = self.top / mode
                process = self.mirror(self.flow(mode, name=alias + self.name[:20], aliases=(alias, 'west')), log=log)
                for partition, why in ((large, 'MSG_SIZE_TOO_LARGE'), (keyless, 'INVALID_RECORD')):
                    self.wait_for_log(f'{topic}/{partition} is STOPPED at offset 20: offset 20: `{alias}.{topic}` on the target: {why}', log)
                self.wait_for_last(f'{alias}.{topic}', 2, 499)
                self.stop(process, log)
                for partition in (large, keyless):
                    self.assertEqual(self.numbers(f'{alias}.{topic}', partition), list(range(20)))

    def letters(self, name):
        shown = self.millrace('dlq', 'show', '--pipeline', name, '--path.dead_letter_queue', str(self.top / 'letters'))
        return [json.loads(line) for line in shown.out.splitlines()]

    def test_refused_records_become_dead_letters_and_their_partition_goes_on(self):
        topic, large, keyless = self.name, 0, 1
        value = random.Random(2).randbytes(300_000)
        self.source.create_topic(topic, 2)
        for partition in (large, keyless):
            self.fill(topic, partition, range(20), '-k', 'key')
        self.source.kcat('-P', '-t', topic, '-p', large, '-k', 'key', '-H', 'a=1', '-H', 'a=2', self.write('large', value))
        self.source.kcat('-P', '-t', topic, '-p', keyless, data=b'no key')
        for partition in (large, keyless):
            self.fill(topic, partition, range(20, 25), '-k', 'key')
        for mode, alias in (('exactly_once', 'twice'), ('at_least_once', 'once'))[:2 if LONG else 1]:
            with self.subTest(mode=mode):
                log, copy, name = self.top / mode, f'{alias}.{topic}', alias + self.name[:20]
                self.target.create_topic(copy, 2, **{'max.message.bytes': 100_000, 'cleanup.policy': 'compact'})
                process = self.mirror(self.flow(mode, name=name, aliases=(alias, 'west'), on_poison='dead_letter', dead_letter_path=self.top / 'letters'), log=log)
                for partition in (large, keyless):
                    wait_until(lambda: self.numbers(copy, partition)[-1:] == [24], 'what is behind the refused record')
                    self.assertEqual(self.numbers(copy, partition), list(range(25)))
                books = self.stop(process, log)
                self.assertEqual(books['dead letters'], 2)
                self.assertEqual(books['mirrored'], 50)
                letters = {letter['event']['kafka']['partition']: letter for letter in self.letters(name)}
                self.assertEqual({p: (one['code'], one['plugin_type'], one['plugin_id']) for p, one in letters.items()},
                                 {large: ('msg_size_too_large', 'mirror', name), keyless: ('invalid_record', 'mirror', name)})
                event = letters[large]['event']
                self.assertEqual(base64.b64decode(event['message_base64']), value)
                event['kafka'].pop('timestamp')
                self.assertEqual(event['kafka'], {'topic': topic, 'partition': large, 'offset': 20, 'key': 'key', 'target': copy,
                                                  'headers': [{'name': 'a', 'value': '1'}, {'name': 'a', 'value': '2'}]})
                self.assertEqual(letters[keyless]['event']['message'], 'no key')
                self.assertIsNone(letters[keyless]['event']['kafka']['key'])

    @on_demand
    def test_a_full_dead_letter_queue_holds_up_its_partition_until_there_is_room(self):
        topic, copy = self.name, f'east.{self.name}'
        self.source.create_topic(topic, 2)
        self.target.create_topic(copy, 2, **{'cleanup.policy': 'compact'})
        for number in range(3):
            self.source.kcat('-P', '-t', topic, '-p', 0, data=b'no key %d' % number)
        self.fill(topic, 0, range(5), '-k', 'key')
        process = self.mirror(self.flow('exactly_once', on_poison='dead_letter', dead_letter_path=self.top / 'letters', dead_letter_max_bytes=1000))
        wait_until(lambda: len(self.letters(self.name)) > 0, 'a dead letter')
        self.wait_for_log('events wait')
        self.fill(topic, 1, range(100), '-k', 'key')
        self.wait_for_last(copy, 1, 99)
        self.assertEqual(self.numbers(copy, 0), [])
        purge = ('dlq', 'purge', '--all', '--pipeline', self.name, '--path.dead_letter_queue', str(self.top / 'letters'))
        wait_until(lambda: self.millrace(*purge).status == 0 and self.numbers(copy, 0) == list(range(5)), 'the partition to go on')
        self.assertEqual(self.stop(process)['dead letters'], 3)

    def test_a_rate_limit_lets_no_more_pass_than_it_says(self):
        topic = self.name
        self.source.create_topic(topic, 2)
        for partition in range(2):
            self.fill(topic, partition, range(10_000))
        process = self.mirror(self.flow(rate_limit='1b', store_interval='100ms'))
        wait_until(lambda: sum(self.source.committed(f'millrace-mirror-{self.name}').values()) > 0, 'positions to be stored')
        books = self.stop(process)
        self.assertLessEqual(books['read'], 2 * 1000)  # what each shard takes at once, for which it then waits an hour
        process = self.mirror(self.flow(rate_limit='10mb'))
        for partition in range(2):
            self.wait_for_last(f'east.{topic}', partition, 9999)
        self.assertEqual(self.stop(process)['read'] + books['mirrored'], 20_000)

    @on_demand
    def test_a_second_instance_takes_the_flow_and_the_first_one_ends(self):
        topic = self.name
        self.source.create_topic(topic, 2)
        for mode in ('exactly_once', 'at_least_once'):
            with self.subTest(mode=mode):
                flow = self.flow(mode, name=mode + self.name[:20], aliases=(mode, 'west'))
                older = self.mirror(flow, log=self.top / 'older')
                self.fill(topic, 0, range(1000))
                self.wait_for_last(f'{mode}.{topic}', 0, 999)
                older.send_signal(signal.SIGSTOP)
                newer = self.mirror(flow, log=self.top / 'newer')
                self.fill(topic, 1, range(1000))
                self.wait_for_last(f'{mode}.{topic}', 1, 999)
                older.send_signal(signal.SIGCONT)
                self.fill(topic, 0, range(1000, 2000))
                self.fill(topic, 1, range(1000, 2000))
                self.assertEqual(older.wait(TIMEOUT_SECONDS), 2)
                self.assertIn('another instance', (self.top / 'older').read_text())
                for partition in range(2):
                    self.wait_for_last(f'{mode}.{topic}', partition, 1999)
                    if mode == 'exactly_once':
                        self.assertEqual(self.numbers(f'{mode}.{topic}', partition), list(range(2000)))
                self.stop(newer, self.top / 'newer')
                self.source.delete_topic(topic)
                self.source.create_topic(topic, 2)

    @contextlib.contextmanager
    def steady_load(self, topic, partitions):
        """Numbers keep coming, some hundred a second in each partition."""
        over = threading.Event()
        writers = [subprocess.Popen(['kcat', '-b', self.source.bootstrap, '-P', '-u', '-t', topic, '-p', str(p), '-X', 'linger.ms=1'],
                                    stdin=subprocess.PIPE) for p in range(partitions)]

        def feed():
            number = 0
            while not over.wait(0.002):
                for writer in writers:
                    writer.stdin.write(b'%d\n' % number)
                    writer.stdin.flush()
                number += 1

        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            yield
        finally:
            over.set()
            feeder.join()
            for writer in writers:
                writer.communicate(timeout=TIMEOUT_SECONDS)

    def test_a_newer_instance_takes_the_flow_of_a_busy_one(self):
        topic, partitions = self.name, 4
        self.source.create_topic(topic, partitions)
        with self.steady_load(topic, partitions):
            for mode in ('exactly_once', 'at_least_once'):
                with self.subTest(mode=mode):
                    copy = f'{mode}.{topic}'
                    # Many transactions: the older one asks its coordinator while the newer one still starts.
                    flow = self.flow(mode, name=mode + self.name[:20], aliases=(mode, 'west'), txn_interval='20ms', store_interval='20ms')
                    logs = [self.top / f'{mode}-{n}' for n in range(HANDOVERS + 1)]
                    newest = None
                    for n, log in enumerate(logs):
                        before = self.ends(copy, partitions)
                        older, newest = newest, self.mirror(flow, log=log)
                        if older:
                            wait_until(lambda: older.poll() is not None, f'instance {n - 1} to end: {log.read_text()}')
                            self.assertEqual(older.returncode, 2)
                            self.assertIn('another instance', logs[n - 1].read_text())
                        wait_until(lambda: self.ends(copy, partitions) > before + 100, f'records of instance {n}: {log.read_text()}')
                    self.stop(newest, log)
                    for partition in range(partitions):
                        numbers = self.numbers(copy, partition)
                        self.assertEqual(sorted(set(numbers)), list(range(max(numbers) + 1)))
                        if mode == 'exactly_once':
                            self.assertEqual(numbers, list(range(len(numbers))))

    def test_the_same_topic_in_both_directions_has_each_record_once_on_each_side(self):
        topic = self.name
        for cluster in (self.source, self.target):
            cluster.create_topic(topic, 1)
        there = self.flow('exactly_once', name='there' + self.name[:20], names='identity')
        back = self.flow('exactly_once', file='back.yaml', name='back' + self.name[:20], names='identity', source=self.target, target=self.source,
                         aliases=('west', 'east'))
        process = self.mirror(there, back)
        self.source.kcat('-P', '-t', topic, data=b''.join(b'%d\n' % n for n in range(500)))
        self.target.kcat('-P', '-t', topic, data=b''.join(b'%d\n' % n for n in range(500, 1000)))
        for cluster in (self.source, self.target):
            wait_until(lambda cluster=cluster: len(self.numbers(topic, 0, cluster)) >= 1000, 'all records on both sides')
        books = self.stop(process)
        for cluster in (self.source, self.target):
            self.assertEqual(sorted(self.numbers(topic, 0, cluster)), list(range(1000)))
        self.assertLessEqual(books['mirrored'], 500)


if __name__ == '__main__':
    unittest.main()
