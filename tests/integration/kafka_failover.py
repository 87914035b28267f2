"""A consumer group goes on on the mirror's target: nothing is lost, and little is read again.

Needs what tests/servers/kafka/build.sh makes; without it the tests are skipped.
"""
import json
import unittest

from harness import wait_until
from kafka_mirror import MirrorTest, stop_clusters

tearDownModule = stop_clusters
PARTITIONS, COUNT, SPACING = 2, 6000, 100


class Failover(MirrorTest):
    def read(self, cluster, group, topic, *arguments):
        """What a member of the group reads, in order, as (partition, number); it commits when it ends."""
        out = cluster.kcat('-G', group, '-q', '-J', '-X', 'auto.offset.reset=error', '-X', 'session.timeout.ms=2000', *arguments, topic)
        return [(record['partition'], int(record['payload'])) for record in map(json.loads, out.splitlines())]

    def begin(self, cluster, group, topic):
        """The group has read nothing yet: its offsets are those of the beginning."""
        cluster.tool('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', '--reset-offsets', '--to-earliest', '--execute',
                     '--group', group, '--topic', topic)

    def fill_both(self, topic, first, last):
        for p in range(PARTITIONS):
            self.fill(topic, p, range(first, last))

    def checkpoints(self):
        """{group: [value]} of the flow's own topic."""
        records = self.target.records(f'millrace-mirror-checkpoints.{self.name}.internal')
        return {record['key'].split('/', 2)[2]: record['payload'] for record in records}

    def test_a_group_goes_on_where_it_was(self):
        topic, copy, group = self.name, f'east.{self.name}', 'billing'
        self.source.create_topic(topic, PARTITIONS)
        self.begin(self.source, group, topic)
        flow = self.flow('exactly_once', checkpoint_interval='200ms', sync_group_offsets='true', groups='[billing]')
        process = self.mirror(flow)
        self.fill_both(topic, 0, COUNT // 2)
        before = self.read(self.source, group, topic, '-c', COUNT // 3)
        self.fill_both(topic, COUNT // 2, COUNT)
        before += self.read(self.source, group, topic, '-c', COUNT)
        wait_until(lambda: self.count(copy, PARTITIONS) == PARTITIONS * COUNT, 'the copy')
        self.stop(process)

        behind = PARTITIONS * COUNT - len(before)
        after = self.read(self.target, group, copy, '-e')
        wanted = {(p, n) for p in range(PARTITIONS) for n in range(COUNT)}
        self.assertEqual(set(before) | set(after), wanted)
        again = len(set(before) & set(after))
        self.assertLessEqual(again, behind + PARTITIONS * SPACING, f'{len(before)} were read before')
        self.assertEqual(self.checkpoints().keys(), {'billing'})

    def test_a_group_that_was_at_the_end_reads_nothing_again(self):
        topic, copy, group = self.name, f'east.{self.name}', 'at-the-end'
        self.source.create_topic(topic, PARTITIONS)
        self.begin(self.source, group, topic)
        flow = self.flow('at_least_once', checkpoint_interval='200ms', sync_group_offsets='true', groups=f'[{group}]')
        process = self.mirror(flow)
        self.fill_both(topic, 0, 1000)
        self.read(self.source, group, topic, '-e')
        wait_until(lambda: self.count(copy, PARTITIONS) == PARTITIONS * 1000, 'the copy')
        self.stop(process)
        self.assertEqual(self.read(self.target, group, copy, '-e'), [])


if __name__ == '__main__':
    unittest.main()
