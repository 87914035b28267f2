"""The elasticsearch output beside nodes that get stuck, and killed at many moments: each event is stored once.

Some of the moments by default. All 200: MILLRACE_LONG=1 tests/integration/run.py BINARY elasticsearch_faults
"""
import pathlib
import random
import re
import signal
import socket
import unittest
import zlib

import elasticsearch_output
from bulk_server import HALF_CLOSED, HANG, BulkServer, Reply
from harness import LONG, TIMEOUT_SECONDS, wait_until

MIB = 1 << 20
CREATE = 'index => "i" manage_template => false action => "create" document_id => "%{n}" '


class SilentNode:
    """Takes connections, and nothing that comes on them."""

    def __init__(self):
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.url = f'http://127.0.0.1:{self.socket.getsockname()[1]}'
        self.stop = self.socket.close


class BesideAnother(elasticsearch_output.ElasticsearchTest):
    """Of two nodes one is stuck: its requests end by the timeout, and the other one gets them."""

    def deliver_beside(self, stuck, store=None, events=3000):
        good = self.serve(store=store)
        outcome = self.deliver(events, stuck, good, options=CREATE + 'timeout => "200 ms" target_bytes => 3000')
        self.assert_stored(good.store, range(events))
        self.assertGreater(len(good.bulks), 0)
        return outcome

    def deliver_beside_one_that(self, reply):
        stuck = self.serve(on_stored=reply)
        outcome = self.deliver_beside(stuck, stuck.store)
        self.assertRegex(outcome.errors, f'{stuck.url}: .* asked again until it is back')

    def test_one_that_stores_and_then_says_nothing(self):
        self.deliver_beside_one_that(lambda request, answer: HANG)

    def test_one_that_answers_a_byte_a_second(self):
        self.deliver_beside_one_that(lambda request, answer: Reply(body=answer, slow=1))

    def test_one_that_closes_its_half_of_the_connection(self):
        self.deliver_beside_one_that(lambda request, answer: HALF_CLOSED)

    def test_one_that_stops_reading_in_the_middle_of_a_body(self):
        stuck = self.serve(reads_bodies=False)
        good = self.serve()
        big = [{'n': n, 'm': random.Random(n).randbytes(30_000).hex()} for n in range(200)]  # past what the kernel holds
        outcome = self.deliver(0, stuck, good, events=big, options=CREATE + 'timeout => "500 ms" compression_level => 0')
        self.assert_stored(good.store, range(200))
        self.assertEqual(stuck.bulks, [])
        self.assertIn('asked again until it is back', outcome.errors)

    def test_one_that_never_says_who_it_is(self):
        silent = SilentNode()
        self.addCleanup(silent.stop)
        outcome = self.deliver_beside(silent)
        self.assertIn('1 of 2 nodes alive', outcome.errors)

    def test_nobody_is_asked_whether_a_large_body_may_come(self):
        server = self.serve()
        self.deliver(0, server, events=[{'n': 0, 'm': 'x' * 2 * MIB}], options=CREATE + 'compression_level => 0')
        self.assertEqual([len(request.body) > MIB for request in server.bulks], [True], 'libcurl asks from 1 MiB on')
        self.assertTrue(all('expect' not in request.headers for request in server.requests))


class Bomb(elasticsearch_output.ElasticsearchTest):
    UNPACKED = 10 << 30

    @classmethod
    def packed(cls):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        zeros = bytes(MIB)
        first = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
        again = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)  # stands for itself wherever it is put
        return first + again * (cls.UNPACKED // MIB - 1)

    def test_an_answer_that_unpacks_to_10_gigabytes_is_dropped_at_64_mebibytes(self):
        bombs = [Reply(body=self.packed(), headers={'Content-Encoding': 'gzip'})] * 2
        server = self.serve(on_stored=lambda request, answer: bombs.pop() if bombs else None)
        events = self.write('events', b''.join(b'{"n":%d}\n' % n for n in range(500)))
        log = self.top / 'log'
        source = f'file {{ path => "{events}" mode => "tail" start_position => "beginning" codec => json_lines }}'
        process = self.start('-e', self.config([server], CREATE, source), stderr=log.open('wb'))
        wait_until(lambda: not bombs and 'is back' in log.read_text(), 'the node to be asked again')
        wait_until(lambda: len(server.store.documents) == 500, 'all documents')
        peak = int(re.search(r'VmHWM:\s*(\d+) kB', pathlib.Path(f'/proc/{process.pid}/status').read_text())[1]) << 10
        self.assertLess(peak, 256 * MIB)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0)
        self.assertIn(f'the answer is larger than {64 * MIB} bytes', log.read_text())
        self.assert_stored(server.store, range(500))


class Killer(BulkServer):
    """Kills a process at a moment of its n-th request from now: when it comes, once it is stored, or once it is answered."""

    MOMENTS = ('came', 'stored', 'answered')

    def arm(self, process, requests, moment):
        self.process, self.left, self.moment = process, requests, moment

    def kill_at(self, moment):
        if self.left == 0 and moment == self.moment:
            self.process.kill()

    def _answer(self, connection, request):
        self.left -= 1
        self.kill_at('came')
        try:
            return super()._answer(connection, request)
        finally:
            self.kill_at('answered')

    def _reply(self, request):
        reply = super()._reply(request)
        self.kill_at('stored')
        return reply


class Kills(elasticsearch_output.ElasticsearchTest):
    COUNT = 200 if LONG else 20

    def start_on(self, events, server):
        source = f'file {{ path => "{events}" mode => "tail" start_position => "beginning" codec => json_lines sincedb_write_interval => 0.001 }}'
        options = CREATE.replace('%{n}', '%{[@metadata][millrace][id]}') + 'max_concurrency => 1 target_bytes => 3000 compression_level => 0'
        with (self.top / 'log').open('ab') as log:
            return self.start('-e', self.config([server], options, source), '-b', '50', stderr=log)

    def test_killed_at_many_moments_stores_each_event_once(self):
        chance = random.Random(15)
        total = 200 * self.COUNT
        server = Killer()
        self.addCleanup(server.stop)
        events = self.write('events', b''.join(b'{"n":%d}\n' % n for n in range(total)))
        for kill in range(self.COUNT):
            server.arm(None, -1, None)
            process = self.start_on(events, server)
            server.arm(process, chance.randint(1, 12), chance.choice(Killer.MOMENTS))
            wait_until(lambda: process.poll() is not None or len(server.store.documents) == total, f'kill {kill}')
            process.kill()
            process.wait()
        self.assertLess(len(server.store.documents), total, 'the kills came while there was something to do')
        server.arm(None, -1, None)
        process = self.start_on(events, server)
        wait_until(lambda: len(server.store.documents) >= total, 'all documents')
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0)
        self.assert_stored(server.store, range(total))


if __name__ == '__main__':
    unittest.main()
