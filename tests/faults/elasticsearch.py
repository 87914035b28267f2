"""From a file into a node of Elasticsearch that tests script, over a network that fails, with kills of millrace: every
event is one document, or one letter in the dead-letter queue where the node refuses it."""
import json
import shutil
import signal
import subprocess

from bulk_server import BulkServer
from events import Reports, parse
from harness import BINARY, TIMEOUT_SECONDS, wait_until
from proxy import Proxy
from rig import EVENTS, KILLS, Faults, FaultTest

CONFIG = '''
input { file { path => "%(top)s/in/*.log" mode => "read" exit_after_read => true sincedb_path => "%(top)s/positions"
               sincedb_write_interval => "10 ms" file_completed_action => "log" file_completed_log_path => "%(top)s/completed" } }
output { elasticsearch { hosts => ["http://127.0.0.1:%(port)d"] index => "events" document_id => "%%{[@metadata][millrace][id]}"
                         action => "index" retry_initial_interval => "20 ms" retry_max_interval => "100 ms" resurrect_delay => "20 ms"
                         manage_template => false } }
'''
BATCH = ('--pipeline.batch.size', 200)
REFUSED = 400  # for good


class Elasticsearch(FaultTest):
    def setUp(self):
        super().setUp()
        self.events = self.source('a', EVENTS // 4)
        self.node = BulkServer()
        self.addCleanup(self.node.stop)

    def config(self, port):
        return CONFIG % {'top': self.top, 'port': port}

    def refuse_every_tenth(self):
        def status(action):
            _, number = parse(action.source['message'])
            return REFUSED if number % 10 == 3 else None
        self.node.on_item = status

    def documents(self):
        return len(self.node.store.documents)

    def letters(self):
        """The messages of the dead-letter queue."""
        shown = subprocess.run([BINARY, 'dlq', 'show', '--limit', '1000000', '--path.data', self.top / 'data'],
                               capture_output=True, check=True)
        return [json.loads(line)['event']['message'] for line in shown.stdout.splitlines()]

    def account_for(self, *messages):
        """Documents have no order: events are looked at by number."""
        reports = Reports({'a': self.events.count})
        for message in sorted(messages, key=lambda text: parse(text) or ('', 0)):
            reports.take(message.encode(), 'store or dead-letter queue')
        return reports

    def stored(self):
        return [document['message'] for document in self.node.store.documents.values()]

    def kill_often(self, config, *arguments):
        """Each run is killed when the node has its part of the documents, before it stores a request or before it
        answers one: the run cannot have ended before."""
        for number in range(KILLS):
            enough = int(self.events.count * (number + self.random.random()) / (KILLS + 1))
            moment = self.random.choice(('on_bulk', 'on_stored'))
            process = self.run_in_background(config, *arguments)
            setattr(self.node, moment, lambda *_: process.kill() if self.documents() >= enough else None)
            self.assertEqual(process.wait(TIMEOUT_SECONDS), -signal.SIGKILL, self.log_excerpt())
            setattr(self.node, moment, None)
            self.node.requests.clear()
        self.assertEqual(self.run_to_end(config, *arguments), 0, self.log_excerpt())


class Kills(Elasticsearch):
    def test_each_event_is_one_document(self):
        self.events.append_to(self.top / 'in' / 'a.log', EVENTS - self.events.count)
        self.kill_often(self.config(self.node.port), *BATCH)
        self.assert_exactly_once(self.account_for(*self.stored()))


class Documents(Elasticsearch):
    def test_connections_that_end_anywhere(self):
        """More bytes have to go than these connections take."""
        with Proxy('127.0.0.1', self.node.port, seed=self.random.random()) as proxy:
            proxy.random_ends(KILLS, 10_000, 3000)
            self.assertEqual(self.run_to_end(self.config(proxy.port), *BATCH), 0, self.log_excerpt())
            self.assertGreater(proxy.accepted, KILLS)
        self.assert_exactly_once(self.account_for(*self.stored()))

    def test_node_that_is_killed_and_comes_back(self):
        process = self.run_in_background(self.config(self.node.port), *BATCH)
        for _ in range(3):
            begun = self.documents()
            wait_until(lambda: self.documents() > begun or process.poll() is not None, 'documents')
            self.node.stop()
            self.node.start_again()
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0, self.log_excerpt())
        self.assert_exactly_once(self.account_for(*self.stored()))


class Refused(Elasticsearch):
    """Events that the node refuses go to the dead-letter queue, which must not lose them either."""

    DLQ = ('--dead_letter_queue.enable', 'true', *BATCH)

    def setUp(self):
        super().setUp()
        self.refuse_every_tenth()

    def test_kill_at_calls_that_write_letters(self):
        config = self.config(self.node.port)
        for point in range(1, 2 * KILLS):
            action = ('before', 'half', 'after')[point % 3]
            with self.subTest(point=point, action=action):
                for path in (self.top / 'positions', self.top / 'completed'):
                    path.unlink(missing_ok=True)
                shutil.rmtree(self.top / 'data', ignore_errors=True)
                self.node.store.documents.clear()
                faults = Faults(self.top, f'writing:*/dead_letter_queue/*:{point}:kill-{action}')
                self.assertEqual(self.run_to_end(config, *self.DLQ, faults=faults), -9, self.log_excerpt())
                self.assertEqual(self.run_to_end(config, *self.DLQ), 0, self.log_excerpt())
                self.assert_nothing_lost(self.account_for(*self.stored(), *self.letters()))

    def test_full_disk_at_the_dead_letter_queue(self):
        broken = self.write('broken', '')
        faults = Faults(self.top, f'write:*/dead_letter_queue/*:4-:ENOSPC:while={broken}')
        process = self.run_in_background(self.config(self.node.port), *self.DLQ, faults=faults)
        wait_until(lambda: faults.count() >= 4 + 3 or process.poll() is not None, 'several attempts')
        self.assertIsNone(process.poll(), self.log_excerpt())
        broken.unlink()
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0, self.log_excerpt())
        self.assert_exactly_once(self.account_for(*self.stored(), *self.letters()))
