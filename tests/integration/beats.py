"""The beats input: an ACK means delivered, whatever happens in between and whoever else is connected."""
import os
import pathlib
import re
import resource
import select
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import unittest

import lumberjack
from bulk_server import BulkServer
from harness import MillraceTest, ROOT, read_json_lines, wait_until, TIMEOUT_SECONDS

MIB = 1 << 20


def numbered(first, count, size=0):
    return [{'@timestamp': '2026-11-21T01:16:56.423Z', 'message': f'{n} ' + 'x' * size, 'n': n}
            for n in range(first, first + count)]


class BeatsTest(MillraceTest):
    """Starts millrace with a beats input on a free port; events go to the file `out` as JSON lines."""

    FILE_OUTPUT = 'file { path => "%s/out" codec => json_lines }'

    def setUp(self):
        super().setUp()
        self.clients = []
        self.starts = 0
        self.addCleanup(lambda: [client.close() for client in self.clients])

    def listen(self, options='', output=None, filters='', arguments=(), **pipes):
        """The process and the port that it listens on."""
        self.starts += 1
        log = self.top / f'log{self.starts}'
        config = (f'input {{ beats {{ host => "127.0.0.1" port => 0 {options} }} }} '
                  f'filter {{ {filters} }} output {{ {output or self.FILE_OUTPUT % self.top} }}')
        with log.open('wb') as stderr:
            process = self.start('-e', config, *arguments, stderr=stderr, **pipes)
        self.log = log
        wait_until(lambda: process.poll() is not None or self.said(r'listening on \S+ port \d+'),
                   'the input to listen')
        self.assertIsNone(process.poll(), log.read_text())
        return process, int(re.search(r'listening on \S+ port (\d+)', log.read_text())[1])

    def said(self, pattern):
        return re.search(pattern, self.log.read_text())

    def connect(self, port, **options):
        client = lumberjack.Client(port, **options)
        self.clients.append(client)
        return client

    def events(self):
        out = self.top / 'out'
        return read_json_lines(out.read_bytes()) if out.exists() else []

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0, self.log.read_text())


class Delivery(BeatsTest):
    def test_a_window_is_in_the_output_when_its_ack_comes(self):
        process, port = self.listen()
        client = self.connect(port)
        for level in (0, 3):
            for count in (1, 7, 2048, 5000):
                before = len(self.events())
                self.assertEqual(client.deliver(numbered(before, count), level), count)
                self.assertEqual([event['n'] for event in self.events()], list(range(before + count)))
        self.stop(process)

    def test_windows_in_flight_are_acknowledged_one_by_one_in_order(self):
        process, port = self.listen()
        client = self.connect(port)
        counts = [5, 2000, 1, 0, 300, 5]
        client.send(b''.join(lumberjack.whole_window(numbered(0, count)) for count in counts))
        self.assertEqual([client.read_frame() for _ in counts], [(2, count) for count in counts])
        self.stop(process)

    def test_old_clients_are_served(self):
        process, port = self.listen()
        client = self.connect(port)
        client.send(lumberjack.window(2, version=1) + lumberjack.compressed(
            lumberjack.pairs(7, {'line': 'hi', 'host': 'h'}) + lumberjack.event(8, {'message': 'json'}, 1), 1))
        self.assertEqual(client.read_frame(), (1, 8))
        self.assertEqual([event['message'] for event in self.events()], ['hi', 'json'])
        self.stop(process)

    def test_a_client_that_has_ended_its_side_still_gets_its_ack(self):
        process, port = self.listen()
        client = self.connect(port)
        client.send(lumberjack.whole_window(numbered(0, 3000)))
        client.socket.shutdown(1)
        self.assertEqual(client.read_ack(), 3000)
        self.assertIsNone(client.read_frame())
        self.stop(process)

    def test_of_a_window_that_is_cut_off_nothing_is_delivered(self):
        process, port = self.listen()
        cut = self.connect(port)
        cut.send(lumberjack.whole_window(numbered(0, 2000), level=0)[:-1])
        cut.close()
        self.connect(port).deliver(numbered(7000, 1))
        self.stop(process)
        self.assertEqual([event['n'] for event in self.events()], [7000])

    def test_an_event_that_makes_no_sense_is_delivered_tagged_and_its_window_acknowledged(self):
        process, port = self.listen('max_event_bytes => 2000')
        client = self.connect(port)
        documents = [{'message': 'a'}, b'{"mess', b'"x"', {'message': 'x' * 3000}, {'message': 'b'}]
        self.assertEqual(client.deliver(documents), 5)
        self.assertEqual(client.deliver([{'message': 'c'}]), 1)
        tags = [[tag for tag in event['tags'] if tag.startswith('_')] for event in self.events()]
        self.assertEqual(tags, [[], ['_jsonparsefailure'], ['_jsonparsefailure'],
                                ['_beats_event_too_large'], [], []])
        self.stop(process)


class DeadLetters(BeatsTest):
    def test_with_a_queue_for_them_exactly_the_events_that_make_no_sense_go_there(self):
        process, port = self.listen('max_event_bytes => 2000', arguments=('--dead_letter_queue.enable', 'true'))
        client = self.connect(port)
        documents = [{'message': 'a'}, b'{"mess', b'"x"', {'message': 'x' * 3000}, {'message': 'b'}]
        self.assertEqual(client.deliver(documents), 5)
        self.assertEqual(client.deliver([b'no']), 1)
        self.assertEqual(client.deliver([{'message': 'c'}]), 1)
        self.stop(process)
        self.assertEqual([event['message'] for event in self.events()], ['a', 'b', 'c'])
        letters = read_json_lines(self.millrace('dlq', 'show').out)
        self.assertEqual([(letter['code'], letter['event']['message'][:6]) for letter in letters],
                         [('no_json_object', '{"mess'), ('no_json_object', '"x"'), ('event_too_large', '{"mess'),
                          ('no_json_object', 'no')])
        self.assertIn('4 dead-lettered', self.log.read_text())


class ReadyPipeline(BeatsTest):
    LINE = ('127.0.0.1 - frank [10/Oct/2025:13:55:36 -0700] "GET /a.gif?x=1 HTTP/1.1" 200 2326 '
            '"http://www.example.com/start" "Mozilla/5.0"')

    def run_it(self, *arguments):
        """conf.d/nginx.conf as it is, but for the ports."""
        index = BulkServer()
        self.addCleanup(index.stop)
        config = (ROOT / 'conf.d' / 'nginx.conf').read_text()
        config = config.replace('5044', '0').replace('localhost:9200', index.url)
        self.log = self.top / 'log'
        with self.log.open('wb') as stderr:
            process = self.start('-f', self.write('nginx.conf', config), *arguments, stderr=stderr)
        wait_until(lambda: self.said(r'listening on \S+ port \d+'), 'the input to listen')
        port = int(re.search(r'listening on \S+ port (\d+)', self.log.read_text())[1])
        client = self.connect(port)
        self.assertEqual(client.deliver([{'message': self.LINE, '@metadata': {'beat': 'filebeat'}}] * 300), 300)
        actions = [action for bulk in index.bulks for action in bulk.actions]
        self.assertEqual(len(actions), 300)
        self.stop(process)
        return actions[0].source

    def test_web_logs_get_from_a_beat_to_an_index_with_their_ecs_names(self):
        document = self.run_it()
        self.assertEqual(document['source']['address'], '127.0.0.1')
        self.assertEqual(document['url']['original'], '/a.gif?x=1')
        self.assertEqual(document['http']['response']['status_code'], 200)
        self.assertNotIn('@metadata', document)

    def test_and_with_the_classic_names(self):
        document = self.run_it('--pipeline.ecs_compatibility', 'disabled')
        self.assertEqual((document['clientip'], document['verb'], document['response']), ('127.0.0.1', 'GET', '200'))


class Backpressure(BeatsTest):
    """Standard output is a pipe that nobody reads: nothing can be delivered."""

    def listen_blocked(self, options='', *arguments):
        return self.listen('keepalive => "50 ms" ' + options, 'stdout { codec => json_lines }', arguments=arguments,
                           stdout=subprocess.PIPE)

    def drain(self, process):
        reader = threading.Thread(target=process.stdout.read, daemon=True)
        reader.start()
        self.addCleanup(reader.join, TIMEOUT_SECONDS)
        self.addCleanup(process.kill)  # comes first

    def test_keeps_clients_alive_and_acknowledges_once_at_the_end(self):
        process, port = self.listen_blocked()
        client = self.connect(port)
        client.send(lumberjack.whole_window(numbered(0, 2000, 300)))
        for _ in range(5):
            self.assertEqual(client.read_frame(), (2, 0))
        self.drain(process)
        self.assertEqual(client.read_ack(), 2000)
        self.stop(process)

    def test_says_how_far_a_window_is_delivered_where_that_is_wanted(self):
        process, port = self.listen_blocked('partial_acks => true', '-b', 50)
        client = self.connect(port)
        client.send(lumberjack.whole_window(numbered(0, 2000, 300)))
        first = client.read_frame()
        while first == (2, 0):
            first = client.read_frame()
        said = [first, client.read_frame()]
        self.drain(process)
        while said[-1] != (2, 2000):
            said.append(client.read_frame())
        self.assertLess(first[1], 2000, 'a pipe holds less')
        self.assertEqual(said, sorted(said))
        self.stop(process)

    def test_a_window_that_does_not_move_is_given_up_where_that_is_wanted(self):
        process, port = self.listen_blocked('max_window_age => "300 ms"')
        client = self.connect(port)
        client.send(lumberjack.whole_window(numbered(0, 2000, 300)))
        frames = [client.read_frame()]
        while frames[-1] is not None:
            frames.append(client.read_frame())
        self.assertEqual(set(frames), {(2, 0), None})
        wait_until(lambda: self.said('127.0.0.1: no event of its oldest window was delivered within max_window_age'),
                   'the reason in the log')
        self.drain(process)
        # Those behind what is drained may be given up, too.
        wait_until(lambda: self.connect(port).deliver(numbered(0, 10)) == 10, 'a client whose events get on')
        self.stop(process)

    def test_an_old_client_gets_not_a_byte_before_its_ack(self):
        process, port = self.listen_blocked()
        old, new = self.connect(port), self.connect(port)
        documents = numbered(0, 2000, 300)
        frames = b''.join(lumberjack.event(at, document, 1) for at, document in enumerate(documents, 1))
        old.send(lumberjack.window(2000, 1) + frames)
        new.send(lumberjack.whole_window(documents))
        for _ in range(10):
            self.assertEqual(new.read_frame(), (2, 0))
        self.assertEqual(select.select([old.socket], [], [], 0)[0], [])
        self.drain(process)
        self.assertEqual(old.read_frame(), (1, 2000))
        self.assertEqual(new.read_ack(), 2000)
        self.stop(process)

    def test_reads_no_more_than_memory_allows_and_goes_on(self):
        process, port = self.listen('max_memory => "8 MiB" keepalive => "50 ms"', 'stdout { codec => json_lines }',
                                    stdout=subprocess.PIPE)
        clients = [self.connect(port) for _ in range(8)]
        data = lumberjack.whole_window(numbered(0, 2000, 2000)) * 10  # 32 MB of events each
        for client in clients:
            threading.Thread(target=client.send, args=[data], daemon=True).start()
        for client in clients:
            self.assertEqual([client.read_frame() for _ in range(5)], [(2, 0)] * 5)
        self.assertLess(resident_bytes(process), 200 * MIB)
        self.drain(process)
        for client in clients:
            self.assertEqual([client.read_ack() for _ in range(10)], [2000] * 10)
        self.stop(process)


def resident_bytes(process):
    with open(f'/proc/{process.pid}/statm') as statm:
        return int(statm.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


def peak_bytes(process):
    """What resident_bytes() was at the most since the process began."""
    with open(f'/proc/{process.pid}/status') as status:
        return int(re.search(r'VmHWM:\s*(\d+) kB', status.read())[1]) * 1024


class Ends(BeatsTest):
    def test_killed_again_and_again_it_loses_nothing_that_was_acknowledged(self):
        windows = 60
        size = 500
        acknowledged = 0
        for kill_after in (1, 7, 20, windows):
            process, port = self.listen()
            client = self.connect(port)
            in_flight = 0
            acks = 0
            while acknowledged < windows and acks < kill_after:
                while in_flight < 3 and acknowledged + in_flight < windows:
                    client.send(lumberjack.whole_window(numbered((acknowledged + in_flight) * size, size)))
                    in_flight += 1
                self.assertEqual(client.read_ack(), size)
                acknowledged += 1
                in_flight -= 1
                acks += 1
            process.kill()
            process.wait()
            seen = {event['n'] for event in self.complete_events()}
            self.assertLessEqual(set(range(acknowledged * size)), seen)
        self.assertEqual(acknowledged, windows)
        doubled = len(self.complete_events()) - windows * size
        self.assertLessEqual(doubled, 3 * 3 * size, 'at most the windows in flight at each kill')

    def complete_events(self):
        """A kill may leave half a line behind."""
        good = []
        for line in (self.top / 'out').read_bytes().split(b'\n'):
            try:
                good += read_json_lines(line)
            except ValueError:
                pass
        return good

    def test_sigterm_delivers_and_acknowledges_what_was_read_and_closes_in_order(self):
        process, port = self.listen()
        client = self.connect(port)
        acknowledged = 0
        for _ in range(5):
            client.send(lumberjack.whole_window(numbered(0, 2000)))
        self.assertEqual(client.read_ack(), 2000)
        process.send_signal(signal.SIGTERM)
        acknowledged = 2000
        while (ack := client.read_ack()) is not None:
            acknowledged += ack
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0)
        self.assertGreaterEqual(len(self.events()), acknowledged)
        self.assertIn('0 in flight', self.log.read_text())

    def test_a_quiet_connection_is_closed_after_the_time_that_the_config_says(self):
        process, port = self.listen('client_inactivity_timeout => "200 ms"')
        quiet = self.connect(port)
        self.assertEqual(quiet.deliver(numbered(0, 5)), 5)
        self.assertIsNone(quiet.read_frame())
        self.stop(process)

    def test_a_window_that_does_not_go_on_is_given_up(self):
        process, port = self.listen('receive_timeout => "200 ms"')
        slow = self.connect(port)
        slow.send(lumberjack.window(2) + lumberjack.event(1, {'message': 'a'}))
        self.assertIsNone(slow.read_frame())
        wait_until(lambda: self.said('a window that was begun did not go on'), 'the reason in the log')
        self.stop(process)


class Hostile(BeatsTest):
    MANY = 2000

    def test_each_kind_is_closed_named_in_the_log_and_costs_nobody_else_anything(self):
        process, port = self.listen()
        honest = self.connect(port)
        bomb = lumberjack.window(1) + lumberjack.compressed(bytes(100 * MIB), level=9)
        nested = lumberjack.compressed(lumberjack.compressed(bytes(10 * MIB), level=9))
        attacks = [b'2W\xff\xff\xff\xff', b'2J\0\0\0\1\xff\xff\xff\xff', b'\x16\x03\x01\x02\0', b'GET / HTTP/1.1\r\n\r\n',
                   b'2A\0\0\0\1', b'3W\0\0\0\1', bomb, nested, lumberjack.window(2) * 2,
                   lumberjack.window(1) + b'2C\0\0\0\x08notzlib!',
                   lumberjack.window(1) + b'2J\0\0\0\1\xff\xff\xff\xff', b'2C\xff\xff\xff\xff']
        before = resident_bytes(process)
        for at, attack in enumerate(attacks):
            attacker = self.connect(port)
            try:
                attacker.send(attack)
            except ConnectionError:
                pass
            self.assertIsNone(attacker.read_frame(), attack[:20])
            self.assertEqual(honest.deliver(numbered(at * 10, 10)), 10)
        self.assertLess(resident_bytes(process) - before, 80 * MIB)
        self.assertTrue(self.said('closed the connection of 127.0.0.1: a window of 4294967295 events'))
        self.assertEqual(len(re.findall('closed the connection', self.log.read_text())), 1)
        self.stop(process)

    def test_slow_connections_cost_little_memory_and_honest_clients_no_window(self):
        need = self.MANY + 500
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < need:
            self.skipTest(f'needs {need} descriptors')
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, need), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        process, port = self.listen('max_connections => 3000 max_connections_per_address => 3000')
        honest = self.connect(port)
        self.assertEqual(honest.deliver(numbered(0, 2000)), 2000)
        before = resident_bytes(process)
        start = lumberjack.whole_window(numbered(0, 100))
        slow = [self.connect(port) for _ in range(self.MANY)]
        for length in range(8, 14):
            for client in slow:
                client.send(start[length - 8:length - 7] if length > 8 else start[:1])
            self.assertEqual(honest.deliver(numbered(0, 2000)), 2000)
        self.assertLess(resident_bytes(process) - before, 64 * MIB)
        self.assertIsNone(process.poll())
        self.stop(process)

    def test_huge_events_and_json_that_explodes_stay_within_the_memory(self):
        process, port = self.listen()
        honest = self.connect(port)
        self.assertEqual(honest.deliver(numbered(0, 2000)), 2000)
        before = resident_bytes(process)
        most = 15 * MIB
        payloads = [b'{"message":"' + b'x' * (50 * MIB) + b'"}', b'[' + b'{},' * (most // 3) + b'{}]', b'[' * most,
                    b'{"a":[' + b'0,' * (most // 2) + b'0]}', b'{' + b'"":{' * (most // 4)]
        for level in (0, 1):
            for payload in payloads:
                self.assertEqual(self.connect(port).deliver([payload], level), 1)
                self.assertEqual(honest.deliver(numbered(0, 10)), 10)
        self.assertLess(peak_bytes(process) - before, 128 * MIB, 'max_memory and 64 MiB')
        self.stop(process)
        tags = [tag for event in self.events() for tag in event['tags'] if tag.startswith('_')]
        self.assertEqual((tags.count('_beats_event_too_large'), tags.count('_jsonparsefailure')), (2, 8))

    def test_more_connections_than_allowed_are_closed(self):
        process, port = self.listen('max_connections => 2')
        first, second = self.connect(port), self.connect(port)
        self.assertEqual(first.deliver(numbered(0, 1)), 1)
        self.assertEqual(second.deliver(numbered(0, 1)), 1)
        self.assertIsNone(self.connect(port).read_frame())
        wait_until(lambda: self.said('there are 2 connections'), 'the reason in the log')
        first.socket.shutdown(1)
        self.assertIsNone(first.read_frame())
        self.assertEqual(self.connect(port).deliver(numbered(0, 1)), 1)
        self.stop(process)

    def test_unfinished_events_of_many_cannot_block_the_others_for_ever(self):
        process, port = self.listen('max_memory => "4 MiB"')
        part = lumberjack.window(1) + b'2J\0\0\0\1' + (10 * MIB).to_bytes(4, 'big') + b' ' * MIB
        for _ in range(12):
            attacker = self.connect(port)
            threading.Thread(target=self.send_all, args=[attacker, part], daemon=True).start()
        honest = self.connect(port)
        for _ in range(20):
            self.assertEqual(honest.deliver(numbered(0, 2000)), 2000)
        self.stop(process)

    @staticmethod
    def send_all(client, data):
        try:
            client.send(data)
        except OSError:
            pass


class Tls(BeatsTest):
    """Certificates are made with the openssl program."""

    made = None  # a directory with those that all tests have
    EC = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256')  # made in no time

    def setUp(self):
        super().setUp()
        if not Tls.made:
            self.authority('ca')
            self.certificate('server', 'ca', 'localhost')
            self.certificate('client', 'ca', 'web-1')
            Tls.made = pathlib.Path(tempfile.mkdtemp(prefix='millrace-test-'))
            self.addClassCleanup(shutil.rmtree, Tls.made, ignore_errors=True)
            shutil.copytree(self.top, Tls.made, dirs_exist_ok=True)
        shutil.copytree(Tls.made, self.top, dirs_exist_ok=True)

    def openssl(self, *arguments):
        subprocess.run(['openssl', *map(str, arguments)], check=True, capture_output=True, cwd=self.top)

    def authority(self, name):
        self.openssl('req', '-x509', *self.EC, '-nodes', '-days', '2', '-subj', f'/CN={name}',
                     '-keyout', f'{name}.key', '-out', f'{name}.pem')

    def certificate(self, name, authority, common_name, passphrase=None):
        encryption = ['-passout', f'pass:{passphrase}'] if passphrase else ['-nodes']
        key = ('-newkey', 'rsa:2048') if name == 'server' else self.EC
        self.openssl('req', *key, *encryption, '-subj', f'/O=millrace/CN={common_name}',
                     '-keyout', f'{name}.key', '-out', f'{name}.csr')
        self.write(f'{name}.ext', f'subjectAltName=DNS:{common_name}\n')
        self.openssl('x509', '-req', '-in', f'{name}.csr', '-CA', f'{authority}.pem', '-CAkey', f'{authority}.key',
                     '-CAcreateserial', '-days', '2', '-extfile', f'{name}.ext', '-out', f'{name}.pem')
        (self.top / f'{name}.key').chmod(0o600)

    def options(self, more=''):
        return (f'ssl_enabled => true ssl_certificate => "{self.top}/server.pem" '
                f'ssl_key => "{self.top}/server.key" {more}')

    def mutual(self, mode):
        return self.options(f'ssl_client_authentication => {mode} enrich => [ssl_peer_metadata] '
                            f'ssl_certificate_authorities => ["{self.top}/ca.pem"]')

    def context(self, certificate=None, authority='ca'):
        context = ssl.create_default_context(cafile=self.top / f'{authority}.pem')
        if certificate:
            context.load_cert_chain(self.top / f'{certificate}.pem', self.top / f'{certificate}.key')
        return context

    def assert_refused(self, port, context):
        with self.assertRaises(OSError):  # TLS 1.3 says it with the first answer
            client = self.connect(port, tls=context)
            client.send(lumberjack.whole_window(numbered(0, 1)))
            if client.read_frame() is None:
                raise ConnectionResetError

    def test_serves_clients_of_every_version_it_supports(self):
        process, port = self.listen(self.options())
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context()
            context.minimum_version = context.maximum_version = version
            client = self.connect(port, tls=context)
            for count in (1, 5000):
                self.assertEqual(client.deliver(numbered(0, count, 100), level=0), count)
        context = self.context()
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.stop(process)
        process, port = self.listen(self.options('ssl_supported_protocols => ["TLSv1.2"] ssl_cipher_suites => '
                                                 '["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"]'))
        self.assert_refused(port, context)
        client = self.connect(port, tls=self.context())
        self.assertEqual(client.socket.cipher()[0], 'ECDHE-RSA-AES256-GCM-SHA384')
        self.stop(process)

    def test_wants_a_certificate_that_its_authority_has_signed(self):
        self.authority('other')
        self.certificate('stranger', 'other', 'stranger')
        process, port = self.listen(self.mutual('required'), filters='mutate { add_field => { '
                                    '"who" => "%{[@metadata][input][beats][tls][client][subject]}" '
                                    '"how" => "%{[@metadata][tls_peer][status]}" } }')
        self.assertEqual(self.connect(port, tls=self.context('client')).deliver(numbered(0, 1)), 1)
        self.assertEqual([(event['who'], event['how']) for event in self.events()],
                         [('CN=web-1,O=millrace', 'verified')])
        self.assert_refused(port, self.context())
        wait_until(lambda: self.said('127.0.0.1: TLS handshake failed: peer did not return a certificate'),
                   'the reason in the log')
        self.assert_refused(port, self.context('stranger'))
        self.assertEqual(len(self.events()), 1)
        self.stop(process)

    def test_lets_in_only_those_that_the_config_names(self):
        self.certificate('by-subject', 'ca', 'web-2')
        self.certificate('unnamed', 'ca', 'web-3')
        names = 'ssl_allowed_clients => ["web-1", "CN=web-2,O=millrace"]'
        process, port = self.listen(self.mutual('required') + names)
        for certificate in ('client', 'by-subject'):
            self.assertEqual(self.connect(port, tls=self.context(certificate)).deliver(numbered(0, 1)), 1)
        self.assert_refused(port, self.context('unnamed'))
        wait_until(lambda: self.said('its certificate is of none of ssl_allowed_clients, but of CN=web-3,O=millrace'),
                   'the reason in the log')
        self.assertEqual(len(self.events()), 2)
        self.stop(process)

    def test_an_optional_certificate_must_be_good_if_there_is_one(self):
        self.authority('other')
        self.certificate('stranger', 'other', 'stranger')
        process, port = self.listen(self.mutual('optional'), filters='mutate { add_field => { '
                                    '"how" => "%{[@metadata][tls_peer][status]}" } }')
        for certificate in (None, 'client'):
            self.assertEqual(self.connect(port, tls=self.context(certificate)).deliver(numbered(0, 1)), 1)
        self.assertEqual([event['how'] for event in self.events()], ['unverified', 'verified'])
        self.assert_refused(port, self.context('stranger'))
        self.stop(process)

    def test_a_plain_client_is_told_apart(self):
        process, port = self.listen(self.options())
        client = self.connect(port)
        client.send(lumberjack.whole_window(numbered(0, 1)))
        wait_until(lambda: self.said('TLS handshake failed: .*is this a client without TLS?'),
                   'the reason in the log')
        self.stop(process)

    def test_a_handshake_that_does_not_go_on_is_given_up(self):
        process, port = self.listen(self.options('ssl_handshake_timeout => 100'))
        client = self.connect(port)
        self.assertIsNone(client.read_frame())
        wait_until(lambda: self.said('no TLS handshake in time'), 'the reason in the log')
        self.stop(process)

    def test_handshakes_that_stop_half_way_do_not_keep_others_out(self):
        process, port = self.listen(self.options('ssl_handshake_timeout => "1 h" max_handshakes => 4'))
        for _ in range(12):
            self.connect(port).send(b'\x16\x03\x01\x02\x00\x01')
        self.assertEqual(self.connect(port, tls=self.context()).deliver(numbered(0, 1)), 1)
        self.stop(process)

    def test_an_encrypted_key_needs_its_passphrase(self):
        self.certificate('server', 'ca', 'localhost', passphrase='open sesame')
        process, port = self.listen(self.options('ssl_key_passphrase => "open sesame"'))
        self.assertEqual(self.connect(port, tls=self.context()).deliver(numbered(0, 1)), 1)
        self.stop(process)
        outcome = self.millrace('-e', 'input { beats { port => 0 %s } } output { null { } }' %
                                self.options('ssl_key_passphrase => "wrong"'))
        self.assertEqual(outcome.status, 2)
        self.assertIn('server.key: no usable private key', outcome.errors)
        self.assertNotIn('wrong"', outcome.errors)

    def test_a_key_that_everybody_can_read_is_refused(self):
        (self.top / 'server.key').chmod(0o644)
        outcome = self.millrace('-e', 'input { beats { port => 0 %s } } output { null { } }' % self.options())
        self.assertEqual(outcome.status, 2)
        self.assertIn('server.key: everybody can read this private key', outcome.errors)

    def test_new_certificates_are_used_without_a_restart_and_bad_ones_are_not(self):
        process, port = self.listen(self.options('ssl_reload_interval => "20 ms"'))
        old = self.connect(port, tls=self.context())
        self.write('server.pem', 'no certificate')
        wait_until(lambda: self.said('cannot be used, the old ones stay: .*server.pem: no usable certificate'),
                   'the reason in the log')
        self.assertEqual(self.connect(port, tls=self.context()).deliver(numbered(0, 1)), 1)
        self.authority('new')
        self.certificate('server', 'new', 'localhost')
        wait_until(lambda: self.said('new connections use the TLS files'), 'the new files to be read')
        self.assertEqual(self.connect(port, tls=self.context(authority='new')).deliver(numbered(0, 1)), 1)
        self.assertEqual(old.deliver(numbered(0, 1)), 1)
        self.stop(process)


if __name__ == '__main__':
    unittest.main()
