"""`millrace mirror verify` and real brokers: it names the records that are altered, missing or extra, and nothing else.

Needs what tests/servers/kafka/build.sh makes; without it the tests are skipped. With MILLRACE_LONG=1 there are a million
records.
"""
import os
import time
import unittest

import kafka_records
from kafka_output import KafkaTest

EQUAL, NOT_EQUAL, NOT_COMPARED = 0, 1, 2
COUNT = 1_000_000 if os.environ.get('MILLRACE_LONG') else 40_000
FIRST_MS = int(time.time() * 1000) - 3_600_000  # old ones would be purged: retention goes by the records' time


def record(n):
    headers = [('n', b'%d' % n), ('empty', b''), ('null', None)] if n % 3 == 0 else []
    return b'key %d' % (n % 97) if n % 5 else None, b'value %d of a record' % n if n % 7 else None, FIRST_MS + n, headers


class Verify(KafkaTest):
    def fill(self, topic, records, partition=0):
        kafka_records.produce(self.kafka.bootstrap, topic, records, partition)

    def verify(self, topics, status, *arguments):
        outcome = self.millrace('mirror', 'verify', '--source', self.kafka.bootstrap, '--target', self.kafka.bootstrap,
                                '--topic', topics, *arguments)
        out = outcome.out.decode()
        self.assertEqual(outcome.status, status, out[-2000:] + outcome.errors[-2000:])
        return [line for line in out.splitlines() if ' and ' not in line], out + outcome.errors

    def test_it_finds_one_altered_one_missing_and_one_extra_record_among_many(self):
        for topic in ('many', 'many.copy'):
            self.kafka.create_topic(topic, 2)
            self.fill(topic, (record(n) for n in range(1000)), 1)
        altered, missing, extra = COUNT // 5, COUNT // 2, COUNT - 10
        self.fill('many', (record(n) for n in range(COUNT)))
        damaged = list(map(record, range(COUNT)))
        key, value, time, headers = damaged[altered]
        damaged[altered] = key, (value or b'') + b'?', time, headers
        damaged[extra:extra] = [(b'a', b'record that nobody sent', time, [])]
        del damaged[missing]
        self.fill('many.copy', damaged)
        lines, out = self.verify('many=many.copy', NOT_EQUAL)
        self.assertEqual(lines, [f'many/0: altered: value at offset {altered} of the source is at offset {altered} of the target',
                                 f'many/0: missing: offset {missing} of the source',
                                 f'many/0: extra: offset {extra - 1} of the target is not on the source',
                                 'NOT EQUAL: 1 altered, 1 missing, 1 extra, 0 repeated in 1 of 2 partitions'])
        self.assertIn(f'many/0 and many.copy/0: NOT EQUAL; source: {COUNT} records at 0 to {COUNT - 1}', out)
        self.assertIn('many/1 and many.copy/1: equal; source: 1000 records at 0 to 999', out)

    def test_what_is_not_mirrored_yet_is_told_and_can_be_left_out_by_time(self):
        self.fill('late', (record(n) for n in range(1000)))
        self.fill('late.copy', (record(n) for n in range(200, 900)))
        lines, _ = self.verify('late=late.copy', NOT_EQUAL)
        self.assertEqual(lines[:2], ['late/0: missing: offsets 0 to 199 of the source (200 records)',
                                     'late/0: missing: offsets 900 to 999 of the source (100 records), at the end: not mirrored yet, or lost'])
        lines, _ = self.verify('late=late.copy', EQUAL, '--since', FIRST_MS + 200, '--until', FIRST_MS + 900)
        self.assertEqual(lines, ['equal: 700 records in 1 partitions of 1 topics'])

    def test_a_partition_that_only_one_side_has_counts_as_empty_there(self):
        self.kafka.create_topic('parts', 1)
        self.kafka.create_topic('parts.copy', 2)
        self.fill('parts', (record(n) for n in range(10)))
        self.fill('parts.copy', (record(n) for n in range(10)))
        self.verify('parts=parts.copy', EQUAL)
        self.fill('parts.copy', [record(1)], 1)
        lines, _ = self.verify('parts=parts.copy', NOT_EQUAL)
        self.assertEqual(lines[0], 'parts/1: extra: offset 0 of the target is not on the source')

    def test_what_cannot_be_compared_says_why(self):
        self.fill('there', [record(1)])
        for topics, why in (('absent=there', 'topic `absent` is not on the source'),
                            ('th ere=there', 'is no name of a topic')):
            _, out = self.verify(topics, NOT_COMPARED)
            self.assertIn(why, out)
        lines, _ = self.verify('there=absent', NOT_EQUAL)
        self.assertEqual(lines[0], 'there/0: missing: offset 0 of the source, at the end: not mirrored yet, or lost')


if __name__ == '__main__':
    unittest.main()
