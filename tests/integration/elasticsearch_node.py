"""The elasticsearch output and real nodes: every document is there once, whatever happens to the node.

Needs what tests/servers/opensearch/build.sh and tests/servers/elasticsearch/build.sh make; without it the tests are skipped.
Elasticsearch is asked only what it answers in its own way; all of it with MILLRACE_LONG=1 in the environment.
"""
import collections
import datetime
import unittest

import elasticsearch_output
import nginx_fields
import search_node
from harness import LONG, Outcome, TIMEOUT_SECONDS, on_demand, wait_until

QUICK = 'retry_initial_interval => "50 ms" retry_max_interval => "500 ms" resurrect_delay => "100 ms" '
NGINX = '''
filter {
  grok { match => { "message" => "%{COMBINEDAPACHELOG}" } }
  if "_grokparsefailure" not in [tags] {
    date { match => [ "timestamp", "dd/MMM/yyyy:HH:mm:ss Z" ] remove_field => [ "timestamp" ] }
  }
}
'''
STDIN = 'stdin { codec => json_lines }'
KEEP = ('--dead_letter_queue.enable', 'true')


class NodeTest(elasticsearch_output.ElasticsearchTest):
    """One node for all tests of a class; each has indices of its own."""

    KIND = search_node.OpenSearch
    SETTINGS = {}

    @classmethod
    def setUpClass(cls):
        cls.node = search_node.start_node(cls, cls.KIND, **cls.SETTINGS)

    def output(self, options, login=None):
        login = self.node.options if login is None else login
        return f'output {{ elasticsearch {{ id => "node" hosts => ["{self.node.url}"] {login} {QUICK} {options} }} }}'

    def config(self, _, options, source=STDIN, login=None):
        return (f'input {{ {source} }} filter {{ mutate {{ remove_field => ["event", "host"] }} }} ' +
                self.output('manage_template => false ' + options, login))

    def start_delivery(self, total, options, login=None):
        """Feeds `total` numbered events through a file, so that the test can act while they go."""
        self.runs = getattr(self, 'runs', 0) + 1
        events = self.write(f'events-{self.runs}', b''.join(b'{"n":%d}\n' % n for n in range(total)))
        self.log = self.top / f'log-{self.runs}'
        source = f'file {{ path => "{events}" mode => "read" exit_after_read => true codec => json_lines ' \
                 f'file_completed_action => "log" file_completed_log_path => "{self.top}/done" }}'
        return self.start('-e', self.config(None, options, source, login), '-b', '200', stderr=self.log.open('wb'))

    def wait_for(self, text, process):
        wait_until(lambda: text in self.log.read_text() or process.poll() is not None, text)
        self.assertIn(text, self.log.read_text())

    def end(self, process):
        status = process.wait(TIMEOUT_SECONDS * 2)
        outcome = Outcome(status, b'', self.log.read_bytes())
        self.assert_clean(outcome)
        return outcome

    def assert_each_once(self, index, total):
        """As many documents as events; ids are numbers, so that none can stand for another."""
        self.assertEqual(self.node.count(index), total)
        numbers = self.node.ask('POST', f'/{index}/_search', {'size': 0, 'aggs': {
            'sum': {'sum': {'field': 'n'}}, 'most': {'max': {'field': 'n'}}}})['aggregations']
        self.assertEqual((numbers['sum']['value'], numbers['most']['value']), (total * (total - 1) / 2, total - 1))


class Deliveries:
    """What both kinds do with documents in the same way: asked of Elasticsearch on demand only."""

    KILLED_WITH = ('create', 'index') if LONG else ('create',)  # a node takes its time to start

    def test_aggregations_over_the_nginx_log_are_those_of_an_independent_count(self):
        lines = nginx_fields.read_log()
        config = f'input {{ stdin {{ }} }} {NGINX} ' + self.output('manage_template => false index => "nginx"')
        outcome = self.millrace('-e', config, '--pipeline.ecs_compatibility', 'disabled', stdin=lines)
        self.assert_clean(outcome)
        expected = [nginx_fields.parsed(line) for line in lines.decode('utf-8', 'replace').splitlines()]
        self.assertEqual(self.node.count('nginx'), len(expected))
        good = [parts for parts in expected if parts]

        def terms(field):
            answer = self.node.ask('POST', '/nginx/_search', {'size': 0, 'aggs': {'x': {'terms': {'field': field, 'size': 50_000}}}})
            return {bucket['key']: bucket['doc_count'] for bucket in answer['aggregations']['x']['buckets']}
        for name in ('response', 'clientip', 'verb'):
            self.assertEqual(terms(f'{name}.keyword'), dict(collections.Counter(p[name] for p in good if p.get(name))), name)
        when = [datetime.datetime.strptime(p['timestamp'], '%d/%b/%Y:%H:%M:%S %z').astimezone(datetime.timezone.utc) for p in good]
        answer = self.node.ask('POST', '/nginx/_search', {
            'size': 0, 'query': {'exists': {'field': 'response'}},
            'aggs': {'x': {'date_histogram': {'field': '@timestamp', 'fixed_interval': '1h', 'min_doc_count': 1}}}})
        hours = {bucket['key_as_string'][:13]: bucket['doc_count'] for bucket in answer['aggregations']['x']['buckets']}
        self.assertEqual(hours, dict(collections.Counter(t.strftime('%Y-%m-%dT%H') for t in when)))

    def test_killed_under_load_and_started_again(self):
        total = 15_000
        for action in self.KILLED_WITH:
            with self.subTest(action=action):
                index = f'killed-{action}'
                process = self.start_delivery(total, f'index => "{index}" action => "{action}" document_id => "%{{n}}" target_bytes => 30000')
                wait_until(lambda: self.node.count(index) > 1000, 'some documents')
                self.node.kill()
                self.wait_for('asked again until it is back', process)
                self.node.start()
                self.end(process)
                self.assert_each_once(index, total)

    def test_updates_and_deletes_by_id(self):
        events = [{'n': n, 'do': 'index'} for n in range(20)] + [{'n': n, 'do': 'update', 'more': 1} for n in range(10)] + \
                 [{'n': n, 'do': 'delete'} for n in range(15, 30)]
        self.deliver(0, options='index => "changed" action => "%{do}" document_id => "%{n}"', events=events)
        self.assertEqual(self.node.count('changed'), 15)
        more = self.node.ask('POST', '/changed/_count', {'query': {'match': {'more': 1}}})
        self.assertEqual(more['count'], 10)

    def test_external_versions_make_the_newest_stay(self):
        events = [{'n': n, 'v': v} for v in (3, 1, 2) for n in range(10)]
        outcome = self.deliver(0, options='index => "versions" document_id => "%{n}" version => "%{v}" version_type => "external"', events=events)
        self.assertEqual(outcome.ledger['delivered'], 30)
        self.assertEqual(self.node.count('versions'), 10)
        newest = self.node.ask('POST', '/versions/_count', {'query': {'match': {'v': 3}}})
        self.assertEqual(newest['count'], 10)


class OnEitherKind:
    """Where the kinds have answers and words of their own."""

    def test_set_read_only_and_back(self):
        for block, said in (('write', 'wait until somebody changes that'), ('read_only_allow_delete', 'turned away for now')):
            with self.subTest(block=block):
                index = f'blocked-{block.replace("_", "-")}'
                self.node.ask('PUT', f'/{index}', {'settings': {f'index.blocks.{block}': True}})
                process = self.start_delivery(2000, f'index => "{index}" action => "create" document_id => "%{{n}}"')
                self.wait_for(said, process)
                self.node.ask('PUT', f'/{index}/_settings', {f'index.blocks.{block}': None})
                self.end(process)
                self.assertEqual(self.log.read_text().count(said), 1)
                self.assert_each_once(index, 2000)

    def test_what_the_mapping_does_not_take_is_kept_with_the_nodes_reason_mended_and_replayed_once(self):
        self.node.ask('PUT', '/strict', {'mappings': {'properties': {'n': {'type': 'integer'}}}})
        options = 'index => "strict" document_id => "%{id}"'
        events = [{'id': n, 'n': n if n % 10 else 'none'} for n in range(100)]
        outcome = self.deliver(0, options=options, events=events, arguments=KEEP)
        self.assertEqual(outcome.ledger['dead-lettered'], 10)
        self.assertEqual(self.node.count('strict'), 90)
        shown = self.millrace('dlq', 'show').events
        self.assertEqual(sorted(letter['event']['id'] for letter in shown), list(range(0, 100, 10)))
        for letter in shown:
            self.assertIn(letter['code'], ('mapper_parsing_exception', 'document_parsing_exception'))
            self.assertIn('failed to parse field [n] of type [integer]', letter['message'])
            self.assertIn('For input string', letter['message'])
        config = self.config(None, options)
        refused = self.millrace('dlq', 'replay', '-e', config)
        self.assertIn('10 letters were refused again and stay', refused.out.decode())
        self.node.ask('PUT', '/strict/_mapping', {'properties': {'n': {'type': 'integer', 'ignore_malformed': True}}})
        mended = self.millrace('dlq', 'replay', '-e', config)
        self.assertIn('delivered 10 letters', mended.out.decode(), mended.errors)
        self.assertEqual(self.node.count('strict'), 100)
        self.assertIn('no dead letters', self.millrace('dlq', 'ls').errors)

    def test_an_id_that_is_too_long_costs_no_other_event(self):
        events = [{'n': n, 'id': 'x' * 600 if n == 5 else str(n)} for n in range(10)]
        outcome = self.deliver(0, options='index => "ids" document_id => "%{id}"', events=events)
        self.assertEqual(outcome.ledger['dead-lettered'], 1)
        self.assertEqual(self.node.count('ids'), 9)

    def test_data_streams_are_chosen_by_the_event(self):
        self.node.ask('PUT', '/_index_template/streams', {'index_patterns': ['logs-*-*'], 'data_stream': {}, 'priority': 300})
        config = f'input {{ {STDIN} }} ' + self.output('')
        self.assert_clean(self.millrace('-e', config, stdin=b'{"n":1}\n{"n":2,"data_stream":{"dataset":"nginx"}}\n'))
        self.assertEqual((self.node.count('logs-generic-default'), self.node.count('logs-nginx-default')), (1, 1))
        document = self.node.ask('POST', '/logs-nginx-default/_search', {})['hits']['hits'][0]['_source']
        self.assertEqual(document['data_stream'], {'type': 'logs', 'dataset': 'nginx', 'namespace': 'default'})

    def test_the_default_templates_are_taken(self):
        for ecs, name in (('disabled', 'logstash'), ('v8', 'ecs-logstash')):
            with self.subTest(ecs=ecs):
                config = f'input {{ {STDIN} }} ' + self.output('data_stream => "false"')
                event = b'{"@timestamp":"2024-05-01T10:00:00Z","source":{"ip":"1.2.3.4"},"geoip":{"location":{"lat":1,"lon":2}}}\n'
                self.assert_clean(self.millrace('-e', config, '--pipeline.ecs_compatibility', ecs, stdin=event))
                self.assertEqual(self.node.count(f'{name}-2024.05.01'), 1)
                self.assertIn(name, str(self.node.ask('GET', f'/_index_template/{name}')))


class OnTinyOnes:
    """What takes little at a time: 429 for items, 413 for requests."""

    SETTINGS = {'thread_pool.write.size': 1, 'thread_pool.write.queue_size': 2, 'http.max_content_length': '1mb'}

    def test_a_tiny_queue_and_small_requests_lose_nothing(self):
        self.node.ask('PUT', '/tiny', {'settings': {'number_of_shards': 20}})
        events = [{'n': n, 'm': 'x' * (1_500_000 if n == 777 else 1000)} for n in range(2500)]
        outcome = self.deliver(0, options='index => "tiny" action => "create" document_id => "%{n}"', events=events)
        self.assertEqual(outcome.ledger['dead-lettered'], 1)
        self.assertEqual(self.node.count('tiny'), 2499)
        self.assertIn('turned away for now with 429', outcome.errors)
        self.assertIn('requests are made smaller', outcome.errors)


class OnOpenSearch(Deliveries, OnEitherKind, NodeTest):
    def test_scripts_count_on(self):
        options = 'index => "scripted" action => "update" document_id => "one" script => ' \
                  '"ctx._source.total = (ctx._source.total == null ? 0 : ctx._source.total) + params.event.n" scripted_upsert => true'
        self.deliver(50, options=options)
        self.assertEqual(self.node.ask('GET', '/scripted/_doc/one')['_source']['total'], sum(range(50)))

    def test_ingest_pipelines_are_run(self):
        self.node.ask('PUT', '/_ingest/pipeline/mark', {'processors': [{'set': {'field': 'via', 'value': 'mark'}}]})
        self.deliver(10, options='index => "marked" pipeline => "mark"')
        self.node.count('marked')
        self.assertEqual(self.node.ask('GET', '/marked/_count?q=via:mark')['count'], 10)

    def test_an_ingest_pipeline_that_is_not_there_dead_letters_with_its_name(self):
        outcome = self.deliver(10, options='index => "marked-2" pipeline => "nosuch"', arguments=KEEP)
        self.assertEqual(outcome.ledger['dead-lettered'], 10)
        self.assertIn('pipeline with id [nosuch] does not exist', outcome.errors)


class OnTinyOpenSearch(OnTinyOnes, NodeTest):
    pass


class OnElasticsearch(OnEitherKind, OnTinyOnes, NodeTest):
    """Over TLS, with credentials, and with little room."""

    KIND = search_node.Elasticsearch

    def api_key(self, **more):
        return self.node.ask('POST', '/_security/api_key', {'name': self.id(), **more})

    def login(self, key):
        return self.node.trust + f'api_key => "{key["id"]}:{key["api_key"]}" '

    def test_an_api_key_is_enough(self):
        process = self.start_delivery(1000, 'index => "by-key" document_id => "%{n}"', self.login(self.api_key()))
        outcome = self.end(process)
        self.assert_each_once('by-key', 1000)
        self.assertNotIn('api_key', outcome.errors)

    def test_a_key_that_may_not_write_there_holds_events_back_until_it_may(self):
        def may(*indices):
            return {'role_descriptors': {'x': {'cluster': ['monitor'], 'indices': [
                {'names': list(indices), 'privileges': ['auto_configure', 'create_doc', 'index', 'write']}]}}}
        key = self.api_key(**may('elsewhere'))
        process = self.start_delivery(100, 'index => "later-allowed" document_id => "%{n}"', self.login(key))
        self.wait_for('refused with 403: security_exception', process)
        self.node.ask('PUT', f'/_security/api_key/{key["id"]}', may('elsewhere', 'later-allowed'))
        outcome = self.end(process)
        self.assertEqual(outcome.ledger['dead-lettered'], 0)
        self.assert_each_once('later-allowed', 100)

    def test_a_key_that_was_taken_back_is_named(self):
        key = self.api_key()
        self.node.ask('DELETE', '/_security/api_key', {'ids': [key['id']]})
        process = self.start_delivery(100, 'index => "never"', self.login(key))
        self.wait_for('check `user` and `password`, or `api_key`', process)
        self.assertIsNone(process.poll())
        self.assertNotIn(key['api_key'], self.log.read_text())

    def test_a_wrong_password_is_named(self):
        process = self.start_delivery(100, 'index => "never"', self.node.trust + 'user => "admin" password => "canary-77"')
        self.wait_for('it answers 401: security_exception', process)
        self.assertNotIn('canary', self.log.read_text())


@on_demand
class AllOnElasticsearch(Deliveries, NodeTest):
    KIND = search_node.Elasticsearch


if __name__ == '__main__':
    unittest.main()
