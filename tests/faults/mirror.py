"""`millrace mirror` while the links to both of its clusters fail and their brokers are killed: numbered records, which a
read_committed reader of the target finds without a gap, exactly_once each of them once.

Needs what tests/servers/kafka/build.sh makes; without it the tests are skipped.
"""
import pathlib
import random
import shutil
import tempfile
import types
import unittest

import kafka_broker
import kafka_mirror
from harness import on_demand, wait_until
from proxy import TO_CLIENT, TO_SERVER, Proxy
from rig import EVENTS, KILLS, SEED

PARTITIONS = 2
RECORD = b'%0200d\n'  # long enough for a throttle to be felt
RATE = 2_000_000  # bytes a second of a connection, so that a fault meets records under way


class Links(kafka_mirror.MirrorTest):
    """The mirror reaches both clusters through proxies; the tests reach them without."""

    @classmethod
    def setUpClass(cls):
        jars, why_not = kafka_broker.built()
        if not jars:
            raise unittest.SkipTest(why_not)
        home = pathlib.Path(tempfile.mkdtemp(prefix='millrace-links-'))
        cls.addClassCleanup(shutil.rmtree, home, ignore_errors=True)
        clusters = []
        for name in ('source', 'target'):
            link = Proxy('127.0.0.1', 1)
            cls.addClassCleanup(link.close)
            clusters.append(kafka_broker.Cluster(jars, home / name, links=[link], **{'auto.create.topics.enable': 'false'}))
            cls.addClassCleanup(clusters[-1].kill)
            clusters[-1].start_node(0)
        cls.source, cls.target = (cluster.start() for cluster in clusters)

    def setUp(self):
        super().setUp()
        self.random = random.Random(f'{SEED} {self.id()}')
        self.begun = 0  # records of each partition so far

    def through_links(self, mode):
        """A flow whose clients are told the proxies' addresses only."""
        near, far = (types.SimpleNamespace(bootstrap=cluster.far) for cluster in (self.source, self.target))
        return self.flow(mode, source=near, target=far)

    def load(self, count):
        numbers = range(self.begun, self.begun + count)
        for partition in range(PARTITIONS):
            self.source.kcat('-P', '-t', self.name, '-p', partition, '-X', 'linger.ms=20', data=b''.join(RECORD % n for n in numbers))
        self.begun += count

    def wait_for_some(self, least):
        """Offsets, not records: those of aborted transactions and of markers count too, which is progress as well."""
        wait_until(lambda: self.ends() >= least, f'{least} offsets (seed {SEED}); {self.log.read_text()[-2000:]}')

    def ends(self):
        try:
            out = self.target.kcat('-Q', *[word for p in range(PARTITIONS) for word in ('-t', f'east.{self.name}:{p}:-1')])
        except AssertionError:  # not there yet
            return 0
        return sum(int(line.split()[-1]) for line in out.splitlines())

    # What happens to one side.

    def cut(self, cluster):
        """The connections that are open end at once, the next ones anywhere: in a request, in an answer, at a commit."""
        link, = cluster.links
        link.random_ends(self.random.randrange(2, 6), 100_000, 2000 if cluster is self.target else 100_000)
        link.reset()

    def delay(self, cluster):
        link, = cluster.links
        link.delay(0.05, jitter=0.1)
        self.wait_for_some(self.ends() + 50)
        link.delay(0)

    def lose_answers(self, cluster):
        """What is asked for is done, and nobody is told."""
        link, = cluster.links
        link.stall(TO_CLIENT)
        asked = link.passed(TO_SERVER)
        wait_until(lambda: link.passed(TO_SERVER) > asked, 'a request')
        link.reset()
        link.resume()

    def kill_broker(self, cluster):
        cluster.kill()
        cluster.start()

    def through_faults(self, mode, faults, records):
        """Each fault comes while records of a load of its own are under way, on a side in turn."""
        self.source.create_topic(self.name, PARTITIONS)
        for cluster in (self.source, self.target):
            cluster.links[0].throttle(RATE)
            self.addCleanup(cluster.links[0].throttle, None)
        process = self.mirror(self.through_links(mode))
        each = records // PARTITIONS // (len(faults) + 1)
        for fault in faults:
            for cluster in (self.source, self.target):
                begun = self.ends()
                self.load(each // 2)
                self.wait_for_some(begun + self.random.randrange(1, each // 2))
                fault(cluster)
        self.load(1)
        wait_until(lambda: all(self.numbers(f'east.{self.name}', p)[-1:] == [self.begun - 1] for p in range(PARTITIONS)),
                   f'the last records (seed {SEED}); {self.log.read_text()[-2000:]}')
        self.stop(process)

    def check_exactly_once(self, faults, records=EVENTS):
        self.through_faults('exactly_once', faults, records)
        for partition in range(PARTITIONS):
            self.assertEqual(self.numbers(f'east.{self.name}', partition), list(range(self.begun)), f'partition {partition}, seed {SEED}')

    def check_at_least_once(self, faults, records=EVENTS):
        self.through_faults('at_least_once', faults, records)
        for partition in range(PARTITIONS):
            seen = -1
            for number in self.numbers(f'east.{self.name}', partition):  # it may go back, but it never leaves one out
                self.assertLessEqual(number, seen + 1, f'partition {partition}, seed {SEED}')
                seen = max(seen, number)
            self.assertEqual(seen, self.begun - 1)


class Faults(Links):
    def test_exactly_once_over_links_that_fail(self):
        self.check_exactly_once([self.cut, self.lose_answers])

    @on_demand
    def test_exactly_once_over_links_that_fail_and_brokers_that_are_killed(self):
        self.check_exactly_once(self.faults())

    @on_demand
    def test_at_least_once_over_links_that_fail_and_brokers_that_are_killed(self):
        self.check_at_least_once(self.faults())

    def faults(self):
        """Each kind once in four."""
        return [self.cut, self.delay, self.lose_answers, self.kill_broker] * max(1, KILLS // 20)


if __name__ == '__main__':
    unittest.main()
