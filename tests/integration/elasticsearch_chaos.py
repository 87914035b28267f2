"""The elasticsearch output against nodes that do everything at once, by seed: each event ends once, stored or dead-lettered.

A few seeds by default, some 15 s. For longer: CHAOS_SECONDS=1200 tests/integration/run.py BINARY elasticsearch_chaos
One seed again: CHAOS_SEED=17 tests/integration/run.py BINARY elasticsearch_chaos
"""
import itertools
import json
import os
import random
import threading
import time
import unittest

import elasticsearch_output
from bulk_server import HANG, RESET, Reply, Store
from harness import Outcome, TIMEOUT_SECONDS, wait_until

EVENTS = 3000
STORM_CALLS = 250  # requests that may go wrong before the storm is over
POISON = 500  # a request that holds such an event is refused with 400
TOO_LARGE = 30_000  # bytes of a request
# Statuses after which an item is sent again, and those with which it is refused for good.
ITEMS_AGAIN = (401, 403, 408, 425, 429, *range(500, 512))
ITEMS_REFUSED = tuple(s for s in range(400, 500) if s not in (401, 403, 408, 409, 425, 429))
# Any status but those by which a request is taken apart, which follow what is in it.
REQUESTS_AGAIN = tuple(s for s in (*range(201, 207), *range(300, 309), *range(401, 430), *range(500, 512)) if s != 413)


class Nodes:
    """Some nodes with one store, and what they do to requests: each in its own way, from one seed."""

    def __init__(self, test, chance):
        self.chance = chance
        self.lock = threading.Lock()  # of `chance` and `calls`
        self.calls = 0
        self.store = Store()
        self.refused = {n: chance.choice(ITEMS_REFUSED) for n in range(EVENTS) if chance.random() < 0.02}
        self.may_conflict = False
        self.servers = [test.serve(store=self.store, on_bulk=self.on_bulk, on_stored=self.on_stored, on_item=self.on_item)
                        for _ in range(chance.randint(1, 3))]

    @property
    def dead(self):
        """Who must be dead-lettered: by status, by spoiling a request, by size."""
        return set(self.refused) | set(range(0, EVENTS, POISON)) | {1}

    def stormy(self, probability):
        with self.lock:
            return self.calls < STORM_CALLS and self.chance.random() < probability

    def pick(self, *choices):
        with self.lock:
            return self.chance.choice(choices)

    def on_bulk(self, request):
        with self.lock:
            self.calls += 1
        if self.stormy(0.25):
            return self.pick(RESET, HANG, Reply(200, b'<html>proxy</html>'), Reply(200, b''), Reply(503, b'', {'Retry-After': '0'}),
                             *(Reply(self.pick(*REQUESTS_AGAIN), b'not now') for _ in range(12)))
        if len(request.body) > TOO_LARGE:
            return Reply(413)
        if any(action.n % POISON == 0 for action in request.actions):
            return Reply(400, {'error': {'type': 'x_content_parse_exception', 'reason': 'poison'}, 'status': 400})
        return None

    def on_stored(self, request, answer):
        """The documents are stored; what the output hears of that is another matter."""
        if not self.stormy(0.25):
            return None
        body = json.dumps(answer).encode()
        cut = self.pick(*range(0, len(body), max(1, len(body) // 50)))
        items = answer['items']
        return self.pick(
            RESET, HANG, Reply(body=body[:cut]), Reply(body=body, cut=cut), Reply(body=body, slow=0.02), Reply(body=b'<html></html>'),
            Reply(body={'errors': False, 'items': items[1:]}), Reply(body={'errors': False, 'items': items * 2}),
            Reply(body={'errors': False, 'items': [{'delete': {'status': 200}}] * len(items)}), Reply(body={'errors': False}),
            Reply(body={'items': [{kind: {'status': '201'}} for item in items for kind in item]}),
            Reply(body=json.dumps(answer, indent=1).encode()), Reply(502, b'bad gateway'), Reply(500, body))

    def on_item(self, action):
        if action.n in self.refused:
            return self.refused[action.n]
        if not self.stormy(0.05):
            return None
        return 409 if self.may_conflict and self.stormy(0.1) else self.pick(*ITEMS_AGAIN, 102, 301)


class Chaos(elasticsearch_output.ElasticsearchTest):
    def run_seed(self, seed):
        chance = random.Random(seed)
        nodes = Nodes(self, chance)
        action = chance.choice(('create', 'index'))
        nodes.may_conflict = action == 'index'  # of a create it says that the document is there
        data = self.top / f'data-{seed}'
        events = self.write(f'events-{seed}', b''.join(
            json.dumps({'n': n, 'm': 'x' * (2 * TOO_LARGE if n == 1 else chance.randrange(60))}).encode() + b'\n' for n in range(EVENTS)))
        source = f'file {{ path => "{events}" mode => "read" exit_after_read => true codec => json_lines sincedb_write_interval => 0.05 ' \
                 f'file_completed_action => "log" file_completed_log_path => "{data}-done" sincedb_path => "{data}-sincedb" }}'
        options = f'index => "i" manage_template => false action => "{action}" document_id => "%{{n}}" timeout => "400 ms" ' \
                  f'target_bytes => {chance.choice((3000, 20_000, 200_000))} compression_level => {chance.choice((0, 1))} ' \
                  f'max_concurrency => {chance.choice((0, 1, 5))}'
        arguments = ('-e', self.config(nodes.servers, options, source), '-b', chance.choice((20, 100, 1000)),
                     '--path.data', data, '--dead_letter_queue.enable', 'true')
        log = self.top / f'log-{seed}'
        kills = chance.choice((0, 0, 2))
        for _ in range(kills):
            self.run_and_kill(arguments, log, nodes, chance)
        outcome = self.run_to_end(arguments, log)
        self.assert_clean(outcome)
        letters = [letter['event']['n'] for letter in
                   self.millrace('dlq', 'show', '--limit', '1000000', '--path.data', data).events]
        self.assertEqual(nodes.store.numbers, [n for n in range(EVENTS) if n not in nodes.dead])
        self.assertEqual(set(letters), nodes.dead)
        if kills == 0:  # what comes again after a kill may be refused once more
            self.assertEqual(len(letters), len(nodes.dead))
            self.assertEqual((outcome.ledger['delivered'], outcome.ledger['dead-lettered']), (EVENTS - len(nodes.dead), len(nodes.dead)))

    def run_and_kill(self, arguments, log, nodes, chance):
        with log.open('ab') as errors:
            process = self.start(*arguments, stderr=errors)
        enough = len(nodes.store.documents) + chance.randrange(EVENTS // 2)
        wait_until(lambda: len(nodes.store.documents) > enough or process.poll() is not None, 'documents')
        process.kill()
        process.wait()

    def run_to_end(self, arguments, log):
        log.write_bytes(b'')
        with log.open('ab') as errors:
            process = self.start(*arguments, stderr=errors)
        return Outcome(process.wait(TIMEOUT_SECONDS), b'', log.read_bytes())

    def seeds(self):
        if 'CHAOS_SEED' in os.environ:
            return [int(os.environ['CHAOS_SEED'])]
        if 'CHAOS_SECONDS' not in os.environ:
            return range(4)
        end = time.monotonic() + float(os.environ['CHAOS_SECONDS'])
        return itertools.takewhile(lambda _: time.monotonic() < end, itertools.count(1000))

    def test_each_event_ends_once(self):
        ran = 0
        for seed in self.seeds():
            with self.subTest(seed=seed):
                self.run_seed(seed)
            ran += 1
        print(f'{ran} seeds', flush=True)


if __name__ == '__main__':
    unittest.main()
