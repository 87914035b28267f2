"""`millrace mirror` between two real clusters: byte by byte, and what kills and vanishing topics do to it.

Needs what tests/servers/kafka/build.sh makes; without it the tests are skipped.
"""
import atexit
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import kafka_broker
from harness import MillraceTest, TIMEOUT_SECONDS, wait_until

LONG = bool(os.environ.get('MILLRACE_LONG'))
EVERYTHING = '%T|%K|%k|%S|%s|%h\n'  # of kcat: -1 is the length of null
clusters = []


@atexit.register
def stop_clusters():
    while clusters:
        stopped = clusters.pop()
        stopped.kill()
        shutil.rmtree(stopped.home, ignore_errors=True)


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
        last = re.findall(r'ledger of flow \S+: (\d+) read = (\d+) mirrored \+ (\d+) dropped as circles \+ (\d+) given back', text())[-1]
        return dict(zip(('read', 'mirrored', 'dropped', 'given back'), map(int, last)))

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

    def fill(self, topic, partition, numbers, *arguments):
        self.source.kcat('-P', '-t', topic, '-p', partition, '-X', 'linger.ms=20', *arguments, data=b''.join(b'%d\n' % n for n in numbers))

    def wait_for_log(self, text, log=None):
        wait_until(lambda: text in (log or self.log).read_text(errors='replace'), f'`{text}` in {(log or self.log)}')


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
                wait_until(lambda: self.ends(f'east.{topic}') >= wanted, f'{wanted} offsets (seed {seed})')
                process.kill()
                process.wait()
        wait_until(lambda: all(self.numbers(f'east.{topic}', p)[-1:] == [begun - 1] for p in range(self.PARTITIONS)),
                   f'the last records (seed {seed}); {self.log.read_text()[-2000:] if self.log.exists() else ""}')
        self.stop(process)
        return begun, {p: self.numbers(f'east.{topic}', p) for p in range(self.PARTITIONS)}

    def ends(self, topic):
        try:
            out = self.target.kcat('-Q', *[word for p in range(self.PARTITIONS) for word in ('-t', f'{topic}:{p}:-1')])
        except AssertionError:
            return 0
        return sum(int(line.split()[-1]) for line in out.splitlines())

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


if __name__ == '__main__':
    unittest.main()
