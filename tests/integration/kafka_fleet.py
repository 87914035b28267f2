"""Consumers of one group between brokers of which one dies at a time: nothing is lost while members join, leave and are killed.

Needs what tests/servers/kafka/build.sh makes, the second case what tests/servers/elasticsearch/build.sh makes; without it
they are skipped. Runs with MILLRACE_LONG=1 only: a million records, fewer by MILLRACE_RECORDS.
"""
import collections
import os
import random
import signal
import unittest

import search_node
from harness import TIMEOUT_SECONDS, on_demand, wait_until
from kafka_input import InputTest
from kafka_output import stop_clusters

tearDownModule = stop_clusters
RECORDS = int(os.environ.get('MILLRACE_RECORDS', '1000000'))
SEED = int(os.environ.get('MILLRACE_SEED', '7'))
PARTITIONS, NODES, MEMBERS, NOISE = 6, 3, 3, 10  # one in ten is noise, which the filter drops
FILTER = 'if [message] =~ /0$/ { drop { } } mutate { add_field => { "seen" => "yes" } }'


def wanted(numbers):
    return [n for n in numbers if n % NOISE]


class Fleet(InputTest):
    CLUSTER = {'nodes': NODES}

    def setUp(self):
        super().setUp()
        self.random = random.Random(f'{SEED} {self.id()}')
        self.members = []
        self.started = self.disturbances = 0

    def load(self, topic):
        """Numbered records, each with a key; {partition: numbers, in the order of offsets}."""
        self.kafka.create_topic(topic, PARTITIONS)
        self.kafka.produce(topic, (b'%d:%d' % (n % 500, n) for n in range(RECORDS)), '-K:', '-X', 'partitioner=murmur2_random',
                           '-X', 'enable.idempotence=true', '-X', 'queue.buffering.max.messages=1000000')
        sources = self.numbers_in(topic)
        self.assertEqual(sum(map(len, sources.values())), RECORDS)
        return sources

    def numbers_in(self, topic):
        out = collections.defaultdict(list)
        for line in self.kafka.kcat('-C', '-e', '-q', '-o', 'beginning', '-t', topic, '-f', '%p %s\n').splitlines():
            partition, number = line.split()
            out[int(partition)].append(int(number))
        return out

    def join(self, topic, output):
        self.started += 1
        options = f'topics => ["{topic}"] group_id => "{topic}" partition_assignment_strategy => "cooperative_sticky" ' \
                  'decorate_events => "basic" max_poll_records => 500'
        self.members.append(self.start_reader(options, output, FILTER, f'm{self.started}', ('-b', '250')))

    def disturb(self, topic, output, delivered, total):
        """At each eighth of the way: a member is killed, leaves or joins, a broker is killed and comes back."""
        killed = None
        for turn, what in enumerate(('kill', 'broker', 'join', 'leave', 'kill', 'broker', 'kill'), 1):
            wait_until(lambda: delivered() >= total * turn // 8, f'{turn} eighths (seed {SEED}): {self.said()}', 10 * TIMEOUT_SECONDS)
            self.disturbances += 1
            if killed is not None:
                self.kafka.start()
                killed = None
            if what == 'broker':
                killed = self.random.randrange(NODES)
                self.kafka.kill(killed)
                continue
            if what != 'join':
                process, log = self.members.pop(self.random.randrange(len(self.members)))
            if what == 'kill':
                process.kill()
            elif what == 'leave':
                self.end(process, log)
            if what != 'leave':
                self.join(topic, output)

    def said(self):
        return '; '.join(log.read_text(errors='replace')[-300:] for _, log in self.members)

    def leave_all(self):
        for process, _ in self.members:
            process.send_signal(signal.SIGTERM)
        for process, log in self.members:
            self.assertEqual(process.wait(TIMEOUT_SECONDS), 0, log.read_text()[-2000:])

    def check_committed(self, topic, sources, delivered):
        """No offset is ahead of what is there."""
        for (_, partition), offset in self.kafka.committed(topic).items():
            missing = set(wanted(sources[partition][:offset])) - delivered()
            self.assertFalse(missing, f'partition {partition}: committed is {offset}')


@on_demand
class BetweenTopics(Fleet):
    def ends(self, topic):
        try:
            out = self.kafka.kcat('-Q', *[word for p in range(PARTITIONS) for word in ('-t', f'{topic}:{p}:-1')])
        except AssertionError:  # the dead broker was asked
            return 0
        return sum(int(line.split()[-1]) for line in out.splitlines())

    def test_every_record_comes_in_order_while_members_and_brokers_come_and_go(self):
        sources = self.load('busy')
        self.kafka.create_topic('busy-out', PARTITIONS)
        output = self.output('topic_id => "busy-out" message_key => "%{[@metadata][kafka][key]}" linger_ms => 5 '
                             'codec => plain { format => "%{message}" }')
        for _ in range(MEMBERS):
            self.join('busy', output)
        # One that was killed leaves no answer: what it had under way counts again when it comes again.
        self.disturb('busy', output, lambda: self.ends('busy-out'), len(wanted(range(RECORDS))))
        self.check_committed('busy', sources, lambda: {n for numbers in self.numbers_in('busy-out').values() for n in numbers})
        wait_until(lambda: sum(self.kafka.committed('busy').values()) == RECORDS, 'all offsets to be committed', 5 * TIMEOUT_SECONDS)
        self.leave_all()
        doubled = rewinds = 0
        for partition, numbers in self.numbers_in('busy-out').items():
            place = {n: i for i, n in enumerate(wanted(sources[partition]))}
            last = furthest = -1
            for number in numbers:  # of one partition, as the keys are the same
                at = place[number]
                self.assertLessEqual(at, furthest + 1, f'partition {partition} at {number} (seed {SEED})')
                rewinds += at <= last
                last, furthest = at, max(furthest, at)
            self.assertEqual(furthest, len(place) - 1, f'partition {partition} (seed {SEED})')
            doubled += len(numbers) - len(place)
        self.assertLessEqual(rewinds, self.disturbances * PARTITIONS)
        print(f'{RECORDS} records, {doubled} doubled by {rewinds} rewinds', end=' ... ', flush=True)


@on_demand
class ToNode(Fleet):
    def test_every_record_is_one_document_while_members_and_brokers_come_and_go(self):
        node = search_node.start_node(type(self), search_node.Elasticsearch)
        sources = self.load('indexed')
        output = f'elasticsearch {{ hosts => ["{node.url}"] {node.options} index => "indexed" manage_template => false ' \
                 'document_id => "%{[@metadata][millrace][id]}" retry_initial_interval => "20 ms" }'
        for _ in range(MEMBERS):
            self.join('indexed', output)
        total = len(wanted(range(RECORDS)))
        # What a search sees by now: to ask for more each time would be most of the node's work.
        self.disturb('indexed', output, lambda: node.ask('GET', '/indexed/_count').get('count', 0), total)
        wait_until(lambda: sum(self.kafka.committed('indexed').values()) == RECORDS, 'all offsets to be committed', 5 * TIMEOUT_SECONDS)
        self.leave_all()
        self.assertEqual(node.count('indexed'), total)


if __name__ == '__main__':
    unittest.main()
