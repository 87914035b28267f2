"""The elasticsearch output against a scripted node: whatever it answers, each event ends once, stored or refused."""
import itertools
import json
import random
import signal
import subprocess
import unittest

from bulk_server import BUSY, HANG, OPENSEARCH, RESET, ROOT, BulkServer, Reply, Store
from harness import MillraceTest, Outcome, TIMEOUT_SECONDS, wait_until

QUICK = 'retry_initial_interval => "5 ms" retry_max_interval => "50 ms" resurrect_delay => "5 ms" '
WITH_IDS = 'document_id => "%{n}" '


class ElasticsearchTest(MillraceTest):
    def serve(self, **script):
        server = BulkServer(**script)
        self.addCleanup(server.stop)
        return server

    def config(self, servers, options, source='stdin { codec => json_lines }'):
        hosts = ', '.join(f'"{server.url}"' for server in servers)
        return (f'input {{ {source} }} filter {{ mutate {{ remove_field => ["event", "host", "@version"] }} }} '
                f'output {{ elasticsearch {{ hosts => [{hosts}] {QUICK} {options} }} }}')

    def deliver(self, count, *servers, options='index => "i" manage_template => false', events=None, arguments=()):
        """Sends events numbered from 0 to `count`; the outcome of a clean, balanced run."""
        lines = events or [{'n': n} for n in range(count)]
        stdin = b''.join(json.dumps(line).encode() + b'\n' for line in lines)
        outcome = self.millrace('-e', self.config(servers, options), '-b', '100', *arguments, stdin=stdin)
        self.assert_clean(outcome)
        self.assertEqual(outcome.ledger['in'], len(lines))
        return outcome

    def assert_stored(self, store, numbers):
        self.assertEqual(store.numbers, sorted(numbers))


class Items(ElasticsearchTest):
    def test_all_taken_are_all_stored(self):
        server = self.serve()
        self.deliver(2000, server)
        self.assert_stored(server.store, range(2000))

    def test_busy_ones_alone_are_sent_again(self):
        turned_away = random.Random(2)
        tries = {}

        def on_item(action):
            tries[action.n] = tries.get(action.n, 0) + 1
            if tries[action.n] == 1 and turned_away.random() < 0.3:
                busy.add(action.n)
                return 429
            return None
        busy = set()
        server = self.serve(on_item=on_item)
        outcome = self.deliver(2000, server)
        self.assert_stored(server.store, range(2000))
        self.assertGreater(len(busy), 300)
        self.assertTrue(all(tries[n] == (2 if n in busy else 1) for n in range(2000)))
        self.assertEqual(outcome.errors.count('turned away for now'), outcome.errors.count('keeps up again'))
        self.assertRegex(outcome.errors, rf'output elasticsearch-1: {len(server.bulks)} requests of [0-9.]+ ms, 2000 documents, '
                                         rf'0 found .* sent again: {len(busy)} documents \(429: {len(busy)}\), 0 requests; .* '
                                         r'0 requests in flight, [12] at most, [12] allowed; 1 of 1 nodes alive')

    def test_refused_ones_and_only_they_are_dead_lettered(self):
        server = self.serve(on_item=lambda action: 400 if action.n % 5 == 0 else None)
        outcome = self.deliver(1000, server)
        self.assertEqual(outcome.ledger['dead-lettered'], 200)
        self.assert_stored(server.store, (n for n in range(1000) if n % 5))
        self.assertIn('scripted_400', outcome.errors)

    def test_refused_by_rights_wait_until_these_are_given(self):
        refusals = itertools.count()
        server = self.serve(on_item=lambda action: 403 if action.n < 10 and next(refusals) < 50 else None)
        outcome = self.deliver(100, server)
        self.assert_stored(server.store, range(100))
        self.assertEqual(outcome.errors.count('they wait until somebody changes that'), 1)

    def test_dlq_custom_codes_and_drop_error_types_decide(self):
        server = self.serve(on_item=lambda action: {0: 403, 1: 422}.get(action.n))
        outcome = self.deliver(10, server, options='index => "i" manage_template => false dlq_custom_codes => [403] '
                                                   'drop_error_types => ["scripted_422"]')
        self.assertEqual((outcome.ledger['dead-lettered'], outcome.ledger['dropped by config']), (1, 1))

    def test_updates_of_a_document_keep_their_order_through_retries(self):
        chance = random.Random(3)
        server = self.serve(on_item=lambda action: 429 if chance.random() < 0.2 else None)
        # Refusals hit a document for the whole request, as a shard's queue does.
        refused = {}
        server.on_bulk = lambda request: refused.clear()
        server.on_item = lambda action: refused.setdefault(action.id, 429 if chance.random() < 0.3 else None)
        self.deliver(0, server, events=[{'n': n, 'id': f'd{n % 7}'} for n in range(1000)],
                     options='index => "i" manage_template => false action => "update" doc_as_upsert => true '
                             'document_id => "%{id}" target_bytes => 2000')
        self.assertEqual(sorted(server.store.numbers), list(range(993, 1000)))


class WholeRequests(ElasticsearchTest):
    def first(self, count, reply):
        """Answers the first `count` bulk requests with `reply`."""
        numbers = itertools.count()
        return lambda request: reply if next(numbers) < count else None

    def test_turned_away_are_sent_again(self):
        for status in (408, 425, 429, 500, 502, 503, 504, 507):
            with self.subTest(status=status):
                server = self.serve(on_bulk=self.first(3, Reply(status, b'later')))
                outcome = self.deliver(300, server)
                self.assert_stored(server.store, range(300))
                self.assertEqual(outcome.errors.count('sending more slowly'), 1)

    def test_a_server_that_says_when_is_not_asked_before(self):
        server = self.serve(on_bulk=self.first(1, Reply(429, b'', {'Retry-After': '1'})))
        self.deliver(100, server, options='index => "i" manage_template => false max_concurrency => 1')
        first, second = server.bulks[:2]
        self.assertGreaterEqual(second.at - first.at, 0.99)

    def test_too_large_ones_are_halved_and_one_that_is_by_itself_is_dead_lettered(self):
        def on_bulk(request):
            return Reply(413) if len(request.body) > 10_000 else None
        server = self.serve(on_bulk=on_bulk)
        events = [{'n': n, 'm': 'x' * (20_000 if n == 333 else 50)} for n in range(1000)]
        outcome = self.deliver(0, server, events=events)
        self.assertEqual(outcome.ledger['dead-lettered'], 1)
        self.assert_stored(server.store, (n for n in range(1000) if n != 333))

    def test_one_event_that_spoils_its_request_is_found(self):
        def on_bulk(request):
            return Reply(400, {'error': {'type': 'x', 'reason': 'y'}}) if any(a.n == 77 for a in request.actions) else None
        server = self.serve(on_bulk=on_bulk)
        outcome = self.deliver(1000, server)
        self.assertEqual(outcome.ledger['dead-lettered'], 1)
        self.assert_stored(server.store, (n for n in range(1000) if n != 77))

    def test_where_every_request_is_refused_no_event_is(self):
        server = self.serve(on_bulk=self.first(40, Reply(400, {'error': 'unrecognized parameter'})))
        outcome = self.deliver(300, server)
        self.assertEqual(outcome.ledger['dead-lettered'], 0)
        self.assert_stored(server.store, range(300))
        self.assertEqual(outcome.errors.count('check `parameters`'), 1)

    def test_credentials_that_are_refused_hold_everything_back_until_they_are_not(self):
        server = self.serve(on_bulk=self.first(5, Reply(401, b'Unauthorized')))
        outcome = self.deliver(300, server, options='index => "i" manage_template => false user => "u" password => "canary-7"')
        self.assert_stored(server.store, range(300))
        self.assertEqual(outcome.errors.count('check `user` and `password`'), 1)
        self.assertEqual(outcome.errors.count('requests are accepted again'), 1)
        self.assertNotIn('canary', outcome.errors)
        self.assertTrue(all(r.headers['authorization'] == 'Basic dTpjYW5hcnktNw==' for r in server.requests))

    def test_redirects_are_not_followed(self):
        elsewhere = self.serve()
        server = self.serve(on_bulk=self.first(2, Reply(307, b'', {'Location': elsewhere.url + '/_bulk'})))
        outcome = self.deliver(100, server)
        self.assertEqual(elsewhere.requests, [])
        self.assert_stored(server.store, range(100))
        self.assertIn('answered with 307', outcome.errors)

    def test_the_query_and_the_headers_are_those_of_the_options(self):
        server = self.serve()
        self.deliver(1, server, options='index => "i" manage_template => false parameters => { "timeout" => "1 m" } '
                                        'custom_headers => { "X-Test" => "yes" } path => "/es"')
        self.assertEqual(server.bulks[0].path, '/es/_bulk?filter_path=errors,items.*.status,items.*.error,'
                                               'items.*.failure_store&timeout=1%20m')
        self.assertEqual(server.bulks[0].headers['x-test'], 'yes')
        self.assertEqual(server.bulks[0].headers['content-type'], 'application/x-ndjson')
        self.assertEqual(server.bulks[0].headers['x-elastic-event-count'], '1')
        self.assertEqual(server.bulks[0].headers['x-elastic-uncompressed-request-length'], str(len(server.bulks[0].body)))

    def test_bodies_are_gzip_unless_told_otherwise(self):
        server = self.serve()
        self.deliver(500, server)
        self.assertTrue(all(r.headers['content-encoding'] == 'gzip' and r.wire_size < len(r.body) for r in server.bulks))
        plain = self.serve()
        self.deliver(500, plain, options='index => "i" manage_template => false compression_level => 0')
        self.assertTrue(all('content-encoding' not in r.headers for r in plain.bulks))
        self.assert_stored(plain.store, range(500))


class Answers(ElasticsearchTest):
    """Answers that do not say what became of the documents: all are sent again, and ids make that harmless."""

    def odd(self, make, options='', times=4):
        numbers = itertools.count()

        def on_stored(request, answer):
            return make(answer) if next(numbers) < times else None
        server = self.serve(on_stored=on_stored)
        for action in ('create', 'index'):
            with self.subTest(action=action):
                server.store.documents.clear()
                self.deliver(500, server, options=f'index => "i" manage_template => false action => "{action}" ' + WITH_IDS + options)
                self.assert_stored(server.store, range(500))

    def test_cut_short(self):
        self.odd(lambda answer: Reply(body=json.dumps(answer).encode()[:-20]))

    def test_html(self):
        self.odd(lambda answer: Reply(body=b'<html><body>It works!</body></html>'))

    def test_empty(self):
        self.odd(lambda answer: Reply())

    def test_without_items(self):
        self.odd(lambda answer: Reply(body={'errors': False}))

    def test_with_fewer_items(self):
        self.odd(lambda answer: Reply(body={'errors': False, 'items': answer['items'][:-1]}))

    def test_with_more_items(self):
        self.odd(lambda answer: Reply(body={'errors': False, 'items': answer['items'] * 2}))

    def test_with_other_actions(self):
        self.odd(lambda answer: Reply(body={'items': [{'delete': {'status': 200}} for _ in answer['items']]}))

    def test_with_texts_for_statuses(self):
        self.odd(lambda answer: Reply(body={'items': [{kind: {'status': '201'}} for item in answer['items'] for kind in item]}))

    def test_reset_before_the_answer(self):
        self.odd(lambda answer: RESET)

    def test_without_ids_a_lost_answer_costs_at_most_its_request_twice(self):
        numbers = itertools.count()
        lost = []

        def on_stored(request, answer):
            if next(numbers) >= 4:
                return None
            lost.append(len(request.actions))
            return RESET
        server = self.serve(on_stored=on_stored)
        self.deliver(2000, server, options='index => "i" manage_template => false action => "create" target_bytes => 3000')
        self.assertEqual(set(server.store.numbers), set(range(2000)))
        self.assertEqual(len(server.store.numbers), 2000 + sum(lost))

    def test_a_request_that_its_connection_took_along_is_not_repeated_behind_our_back(self):
        numbers = itertools.count()
        server = self.serve(on_stored=lambda request, answer: RESET if next(numbers) in (1, 2, 5) else None)
        outcome = self.deliver(500, server, options='index => "i" manage_template => false action => "create" target_bytes => 3000 '
                                                    'max_concurrency => 1 ' + WITH_IDS)
        names = [request.headers['x-opaque-id'] for request in server.bulks]
        self.assertEqual(len(names), len(set(names)), 'each request is made by the output, none by the library')
        self.assertIn('3 connections lost', outcome.errors)
        self.assert_stored(server.store, range(500))

    def test_reset_in_the_answer(self):
        self.odd(lambda answer: Reply(body=answer, cut=150))

    def test_never(self):
        self.odd(lambda answer: HANG, 'timeout => "200 ms"', times=2)

    def test_a_byte_now_and_then(self):
        self.odd(lambda answer: Reply(body=answer, slow=0.05), 'timeout => "200 ms"', times=2)

    def test_in_another_shape_but_whole(self):
        def pretty(request, answer):
            return Reply(body=json.dumps({'items': answer['items'], 'errors': False, 'took': 1}, indent=2).encode())
        server = self.serve(on_stored=pretty)
        self.deliver(500, server)
        self.assert_stored(server.store, range(500))


class Nodes(ElasticsearchTest):
    def test_start_without_any_node_waits_for_one(self):
        server = self.serve()
        server.stop()
        process = self.start('-e', self.config([server], 'index => "i" manage_template => false'),
                             stdin=subprocess.PIPE, stderr=(self.top / 'log').open('wb'))
        process.stdin.write(b'{"n":1}\n')
        process.stdin.close()
        wait_until(lambda: b'asked again until it is back' in (self.top / 'log').read_bytes(), 'the dead node to be noticed')
        server.start_again()
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0)
        self.assert_stored(server.store, [1])

    def test_killed_in_turn_lose_nothing(self):
        store = Store()
        servers = [self.serve(store=store) for _ in range(3)]
        bulks = itertools.count()
        turns = itertools.cycle(servers[:2])

        def on_bulk(request):
            if next(bulks) % 10 == 9:
                victim = next(turns)
                victim.stop()
                victim.start_again()
        for server in servers:
            server.on_bulk = on_bulk
        self.deliver(5000, *servers, options='index => "i" manage_template => false action => "create" target_bytes => 4000 ' + WITH_IDS)
        self.assert_stored(store, range(5000))

    def test_one_that_is_no_elasticsearch_gets_no_documents(self):
        other = self.serve(root=Reply(body=b'<html>nginx</html>'))
        # Until the other one is asked a second time: it has been refused then.
        server = self.serve(on_bulk=lambda request: BUSY if len(other.requests) < 2 else None)
        outcome = self.deliver(500, other, server)
        self.assertEqual(other.bulks, [])
        self.assertIn('neither Elasticsearch nor OpenSearch', outcome.errors)

    def test_one_that_comes_back_as_something_else_gets_no_more_documents(self):
        store = Store()
        server, other = self.serve(store=store), self.serve(store=store)
        numbers = itertools.count()

        def on_bulk(request):
            if next(numbers) >= 5:
                server.root = Reply(body=b'{"tagline": "something else"}')
                return RESET
            return None
        server.on_bulk = on_bulk
        outcome = self.deliver(5000, server, other, options='index => "i" manage_template => false target_bytes => 3000 ' + WITH_IDS)
        self.assert_stored(store, range(5000))
        self.assertIn('asked again until it is back', outcome.errors)
        self.assertNotIn(f'{server.url} is back', outcome.errors)

    def test_a_healthcheck_path_is_asked_first(self):
        refusals = itertools.count()
        server = self.serve(on_other=lambda request: Reply(503) if next(refusals) < 2 else Reply())
        self.deliver(10, server, options='index => "i" manage_template => false healthcheck_path => "/ready"')
        self.assertEqual([r.path for r in server.requests[:4]], ['/ready', '/ready', '/ready', '/'])


class Setup(ElasticsearchTest):
    """What the server must have before documents come."""

    def requests_before_documents(self, options, root=ROOT, on_other=None, arguments=()):
        server = self.serve(root=root, on_other=on_other)
        self.outcome = self.deliver(5, server, options=options, arguments=arguments)
        return [(r.method, r.path) for r in server.requests if not r.is_bulk][1:], server

    @staticmethod
    def absent(request):
        return Reply(404) if request.method in ('HEAD', 'GET') else None

    def test_a_template_is_made_where_there_is_none(self):
        for root, path in ((ROOT, '/_index_template/ecs-logstash'), (OPENSEARCH, '/_index_template/ecs-logstash'),
                           ({**ROOT, 'version': {'number': '7.17.0'}}, '/_template/ecs-logstash')):
            with self.subTest(path=path):
                asked, server = self.requests_before_documents('index => "i"', root, self.absent)
                self.assertEqual(asked, [('HEAD', path), ('PUT', path)])
                put = next(r for r in server.requests if r.method == 'PUT')
                self.assertEqual(json.loads(put.body)['index_patterns'], ['ecs-logstash-*'])

    def test_one_that_is_there_stays_unless_told_otherwise(self):
        self.assertEqual(self.requests_before_documents('index => "i"')[0], [('HEAD', '/_index_template/ecs-logstash')])
        asked, _ = self.requests_before_documents('index => "i" template_overwrite => true template_name => "a b"')
        self.assertEqual(asked, [('PUT', '/_index_template/a%20b')])

    def test_a_template_of_the_users_own_goes_as_it_is(self):
        path = self.write('t.json', '{"index_patterns": ["mine-*"]}')
        _, server = self.requests_before_documents(f'index => "i" template => "{path}"', on_other=self.absent)
        put = next(r for r in server.requests if r.method == 'PUT')
        self.assertEqual(put.body, b'{"index_patterns": ["mine-*"]}')

    def test_without_rights_events_go_all_the_same(self):
        self.requests_before_documents('index => "i"', on_other=lambda request: Reply(403))
        self.assertEqual(self.outcome.errors.count('the user may not see or make it'), 1)

    def test_what_fails_for_now_is_tried_again_before_any_document(self):
        answers = iter([Reply(503), Reply(404), Reply(400, b'bad template'), Reply(404), Reply(429)])
        asked, server = self.requests_before_documents('index => "i"', on_other=lambda request: next(answers, None))
        self.assertTrue(all(r.is_bulk for r in server.requests[-1:]))
        self.assertIn('nothing is sent until that works', self.outcome.errors)

    def test_ilm_makes_policy_template_and_alias(self):
        asked, server = self.requests_before_documents('ilm_enabled => true ilm_rollover_alias => "web"', on_other=self.absent)
        self.assertEqual(asked, [('GET', '/_ilm/policy/logstash-policy'), ('PUT', '/_ilm/policy/logstash-policy'),
                                 ('HEAD', '/_index_template/ecs-logstash'), ('PUT', '/_index_template/ecs-logstash'),
                                 ('HEAD', '/web'), ('PUT', '/%3Cweb-%7Bnow%2Fd%7D-000001%3E')])
        self.assertEqual({a.index for r in server.bulks for a in r.actions}, {'web'})

    def test_ilm_is_refused_clearly_where_there_is_none(self):
        server = self.serve(root=OPENSEARCH)
        log = self.top / 'log'
        process = self.start('-e', self.config([server], 'ilm_enabled => true'), stdin=subprocess.PIPE, stderr=log.open('wb'))
        wait_until(lambda: b'has no index lifecycle management' in log.read_bytes(), 'the refusal')
        self.assertEqual(server.bulks, [])

    def test_data_streams_need_no_template_and_are_named_by_the_event(self):
        server = self.serve()
        self.deliver(0, server, options='', events=[{'n': 1}, {'n': 2, 'data_stream': {'dataset': 'nginx'}}])
        self.assertEqual([r.path for r in server.requests if not r.is_bulk], ['/'])
        actions = sorted((a.n, a.kind, a.index) for r in server.bulks for a in r.actions)
        self.assertEqual(actions, [(1, 'create', 'logs-generic-default'), (2, 'create', 'logs-nginx-default')])

    def test_hostile_index_names_are_refused_one_by_one(self):
        server = self.serve()
        names = ['good', '../x', 'UPPER', 'y' * 300, 'a b', '', '.', '_x', 'good2', 'é']
        outcome = self.deliver(0, server, options='index => "%{i}" manage_template => false',
                               events=[{'n': n, 'i': name} for n, name in enumerate(names)] + [{'n': 99}])
        self.assertEqual(sorted({index for index, _ in server.store.documents}), ['good', 'good2', 'é'])
        self.assertEqual(outcome.ledger['dead-lettered'], 8)

    def test_a_field_cannot_make_indices_without_end(self):
        server = self.serve()
        outcome = self.deliver(0, server, options='index => "x-%{n}" manage_template => false',
                               events=[{'n': n} for n in range(5000)])
        self.assertLessEqual(len(server.store.documents), 2000)
        self.assertGreaterEqual(outcome.ledger['dead-lettered'], 3000)


class TwoOutputs(ElasticsearchTest):
    """One input's events go to a node that is dead; another's do not."""

    CONFIG = '''
input { generator { type => "dead" message => "x" } generator { type => "live" count => %(count)d } }
filter { if [type] == "live" { mutate { copy => { "[event][sequence]" => "n" } } } }
output {
  if [type] == "dead" { elasticsearch { id => "dead" hosts => ["%(dead)s"] %(options)s } }
  else { elasticsearch { id => "live" hosts => ["%(live)s"] %(options)s } }
}
'''

    def test_a_dead_one_holds_up_its_own_input_alone(self):
        dead, live = self.serve(), self.serve()
        dead.stop()
        count = 60_000
        log = self.top / 'log'
        process = self.start('-e', self.CONFIG % {'count': count, 'dead': dead.url, 'live': live.url,
                                                  'options': QUICK + 'index => "i" manage_template => false'}, stderr=log.open('wb'))
        wait_until(lambda: len(live.store.documents) == count or process.poll() is not None, 'the documents of the live one')
        self.assert_stored(live.store, range(count))
        self.assertEqual(log.read_text().count('events wait'), 1)
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: b'stopping' in log.read_bytes(), 'the signal to be seen')
        outcome = Outcome(process.wait(TIMEOUT_SECONDS), b'', log.read_bytes())
        self.assertEqual(outcome.ledger['delivered'], count)
        self.assertEqual(outcome.ledger['in flight'], outcome.ledger['in'] - count)


class Ends(ElasticsearchTest):
    FILE = 'file {{ path => "{}" mode => "tail" start_position => "beginning" codec => json_lines }}'

    def start_on_file(self, server, *arguments):
        options = 'index => "i" manage_template => false action => "create" ' + WITH_IDS
        self.log = self.top / 'log'
        return self.start('-e', self.config([server], options, self.FILE.format(self.top / 'events')), '-b', '50', *arguments,
                          stderr=self.log.open('ab'))

    def assert_ends_while_all_is_turned_away(self, end, *arguments):
        """Whatever `end` does to the process; the next start delivers."""
        self.write('events', b''.join(b'{"n":%d}\n' % n for n in range(500)))
        server = self.serve(on_item=lambda action: 429)
        process = self.start_on_file(server, *arguments)
        wait_until(lambda: server.bulks, 'requests')
        process.send_signal(signal.SIGTERM)
        end(process)
        outcome = Outcome(process.wait(TIMEOUT_SECONDS), b'', self.log.read_bytes())
        self.assertEqual((outcome.status, outcome.ledger['in flight']), (0, outcome.ledger['in']))
        server.on_item = None
        process = self.start_on_file(server)
        wait_until(lambda: len(server.store.documents) == 500, 'all documents')
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0)
        self.assert_stored(server.store, range(500))

    def test_a_second_signal_ends_while_all_is_turned_away_and_the_next_start_delivers(self):
        def again(process):
            wait_until(lambda: b'stopping' in self.log.read_bytes(), 'the first signal to be noticed')
            process.send_signal(signal.SIGTERM)
        self.assert_ends_while_all_is_turned_away(again)

    def test_so_does_the_end_of_the_shutdown_timeout(self):
        self.assert_ends_while_all_is_turned_away(lambda process: None, '--shutdown_timeout', '100 ms')
        self.assertIn(b'shutdown_timeout has passed', self.log.read_bytes())


class DeadLetters(ElasticsearchTest):
    KEEP = ('--dead_letter_queue.enable', 'true')

    def test_what_was_refused_is_kept_with_the_reason_and_comes_back_when_it_is_taken(self):
        server = self.serve(on_item=lambda action: 400 if action.n % 10 == 0 else None)
        outcome = self.deliver(100, server, arguments=self.KEEP)
        self.assertEqual(outcome.ledger['dead-lettered'], 10)
        self.assertEqual(outcome.errors.count('scripted_400'), 1, 'said once')
        server.on_item = None
        source = f'dead_letter_queue {{ path => "{self.top}/data/dead_letter_queue" }}'
        log = self.top / 'log'
        process = self.start('-e', self.config([server], 'index => "i" manage_template => false', source), stderr=log.open('wb'))
        wait_until(lambda: len(server.store.documents) >= 100 or process.poll() is not None, 'the refused events')
        process.send_signal(signal.SIGTERM)
        process.wait(TIMEOUT_SECONDS)
        self.assertEqual(server.store.numbers, list(range(100)), log.read_text())


if __name__ == '__main__':
    unittest.main()
