"""Into the beats input, over a network that fails, with kills of millrace: what was acknowledged is in the output. A
client of ours, then a real Filebeat; behind that a real search node, too."""
import os
import signal
import socket
import subprocess
import unittest

import search_node
from events import Tally, line_of
from harness import BINARY, ROOT, TIMEOUT_SECONDS, on_demand, wait_until
from proxy import TO_CLIENT, Proxy
from rig import EVENTS, KILLS, Faults, FaultTest, size_of
from shipper import Shipper

SERVERS = ROOT / 'tests' / 'servers'
CONFIG = '''
input { beats { host => "127.0.0.1" port => %(port)d %(input)s } }
filter { grok { match => { "message" => "^%%{NOTSPACE:source} %%{INT:number:int} " } } }
output { file { path => "%(out)s" } }
'''
FILEBEAT_STOP_SECONDS = 20
WEB_LINE = '10.1.2.3 - frank [10/Oct/2025:13:55:36 +0000] "GET /page/%d?q=a%%20b HTTP/1.1" 200 %d "-" "Mozilla/5.0 (X11)"\n'
TLS = '''ssl_enabled => true ssl_certificate => "%(certs)s/server.pem" ssl_key => "%(certs)s/server.key"
         ssl_client_authentication => "required" ssl_certificate_authorities => ["%(certs)s/ca.pem"]'''


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        return listener.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(('127.0.0.1', port), timeout=5).close()
        return True
    except OSError:
        return False


class Receiver:
    """A millrace that may be killed and started again: same port, same output."""

    def __init__(self, test, name='millrace', options='', config=CONFIG):
        self.test = test
        self.port = free_port()
        self.out = test.top / f'{name}.out'
        self.config = config % {'port': self.port, 'out': self.out, 'input': options}
        self.data = test.top / f'{name}.data'
        self.process = None
        self.kills = 0

    def launch(self, faults=None):
        self.process = self.test.run_in_background(self.config, '--path.data', self.data, faults=faults)

    def start(self, faults=None):
        """Until it listens."""
        self.launch(faults)
        wait_until(lambda: answers(self.port) or self.process.poll() is not None, 'millrace to listen')
        self.test.assertIsNone(self.process.poll(), self.test.log_excerpt())

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(TIMEOUT_SECONDS)
        self.kills += 1

    def finish(self):
        self.process.send_signal(signal.SIGTERM)
        self.test.assertEqual(self.process.wait(TIMEOUT_SECONDS), 0, self.test.log_excerpt())

    def grown(self, most):
        """A condition: the output has grown by up to `most` bytes from now."""
        enough = size_of(self.out) + self.test.random.randrange(most)
        return lambda: size_of(self.out) >= enough


class Network(FaultTest):
    """The rig's own client: windows of 500 events, acknowledged in order."""

    def setUp(self):
        super().setUp()
        self.count = EVENTS // 2
        self.receiver = Receiver(self)
        self.receiver.start()
        self.proxy = Proxy('127.0.0.1', self.receiver.port, seed=self.random.random())
        self.addCleanup(self.proxy.close)

    def send(self, **options):
        client = Shipper(self.proxy.port, [line_of('a', n) for n in range(self.count)], **options)
        self.addCleanup(client.stop)
        return client

    def check_client(self, client, most_doubled=None):
        wait_until(lambda: not client.is_alive(), 'everything to be acknowledged')
        self.assertIsNone(client.error, self.log_excerpt())
        self.assertEqual(client.acknowledged, self.count)
        self.receiver.finish()
        tally = Tally([self.receiver.out], {'a': self.count})
        tally.missing()
        self.assert_nothing_lost(tally.reports)
        most = client.sent_again if most_doubled is None else most_doubled
        self.assertLessEqual(tally.reports.sum('doubled'), most, self.about(tally.reports))

    def test_nothing_is_doubled_over_a_network_that_works(self):
        for level in (0, 3):
            with self.subTest(level=level):
                self.check_client(self.send(level=level))
                self.receiver.out.unlink()
                self.receiver.start()

    def test_connections_that_end_anywhere(self):
        """More bytes have to go than these connections take."""
        self.proxy.random_ends(KILLS, self.count * 40 // KILLS, 6 * 20)
        client = self.send(window=100)
        self.check_client(client)
        self.assertGreater(client.connections, KILLS)

    def test_lost_acknowledgements(self):
        client = self.send()
        tally = Tally([self.receiver.out], {'a': self.count})
        for _ in range(KILLS):
            acknowledged = client.acknowledged
            wait_until(lambda: client.acknowledged > acknowledged or not client.is_alive(), 'an acknowledgement')
            self.proxy.stall(TO_CLIENT)
            wait_until(lambda: self.count - tally.missing() > client.acknowledged or not client.is_alive(),
                       'events whose acknowledgement is held back')
            self.proxy.reset()
            self.proxy.resume()
        self.check_client(client)

    def test_slow_network(self):
        self.count = 5000
        self.proxy.delay(0.001, jitter=0.002)
        self.proxy.throttle(5_000_000)
        self.check_client(self.send(window=100))

    def test_kills_of_millrace(self):
        """Each where the output has its part of the whole: not all can be acknowledged by then."""
        self.count = EVENTS
        self.receiver.finish()
        full_size = sum(len(line_of('a', n)) for n in range(self.count))
        client = self.send(level=3, in_flight=4)
        for number in range(KILLS):
            enough = int(full_size * (number + self.random.random()) / (KILLS + 1)) - size_of(self.receiver.out)
            self.receiver.launch(Faults(self.top, f'write,writev,pwrite:{self.receiver.out}:*:kill-at={max(1, enough)}'))
            self.assertEqual(self.receiver.process.wait(TIMEOUT_SECONDS), -signal.SIGKILL, self.log_excerpt())
        self.receiver.start()
        self.check_client(client)

    def test_clean_restarts_double_nothing(self):
        client = self.send(in_flight=4)
        for _ in range(KILLS):
            grown = self.receiver.grown(self.count * 300 // KILLS)
            wait_until(lambda: grown() or not client.is_alive(), 'progress')
            self.receiver.finish()
            self.receiver.start()
        self.check_client(client, most_doubled=0)

    def test_full_disk_behind_the_input(self):
        """Nothing is acknowledged that is not delivered; the client is kept waiting, not sent away."""
        self.receiver.finish()
        full = self.write('full', '')
        faults = Faults(self.top, f'write:{self.receiver.out}:9-:ENOSPC:while={full}')
        self.receiver.start(faults)
        client = self.send()
        wait_until(lambda: faults.count() >= 9 + 3, 'several attempts')
        self.assertLess(client.acknowledged, self.count)
        tally = Tally([self.receiver.out], {'a': self.count})
        acknowledged = client.acknowledged
        self.assertGreaterEqual(self.count - tally.missing(), acknowledged)
        full.unlink()
        self.check_client(client, most_doubled=0)
        self.assertEqual(client.connections, 1)


class FilebeatTest(FaultTest):
    """Ships the file `in/a.log`."""

    WINDOW = 256  # events
    QUEUE = 4096  # events that Filebeat holds; killed, it knows nothing of their acknowledgements
    SETTINGS = (SERVERS / 'filebeat' / 'filebeat.yml').read_text()

    def setUp(self):
        super().setUp()
        found = subprocess.run([SERVERS / 'filebeat' / 'build.sh', '--if-built'], capture_output=True, text=True)
        if found.returncode:
            self.skipTest(found.stderr.strip())
        self.program = found.stdout.strip()
        self.certs = self.top / 'certs'
        self.events = min(EVENTS, max(20_000, EVENTS // 4))
        self.forgotten = 0

    def start_filebeat(self, targets, settings):
        """A target is what has a `port`."""
        hosts = ','.join(f'"127.0.0.1:{target.port}"' for target in targets)
        env = {**os.environ, 'FB_FILE': str(self.top / 'in' / 'a.log'), 'FB_HOSTS': f'[{hosts}]',
               'FB_BULK': str(self.WINDOW), 'FB_FLUSH': '50ms', **settings}
        command = [self.program, '-c', self.write('filebeat.yml', self.SETTINGS), '--path.home', self.top / 'filebeat',
                   '--path.data', self.top / 'filebeat' / 'data', '--strict.perms=false']
        for setting in ('backoff.init=50ms', 'backoff.max=200ms', *self.tls_settings()):
            command += ['-E', f'output.logstash.{setting}']
        with (self.top / 'filebeat.log').open('ab') as log:
            process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addCleanup(self._end, process)
        return process

    def stop_filebeat(self, process):
        """Killed where it does not end, as a service manager does: when an acknowledgement comes while Filebeat 7.17
        stops, two threads of its filestream input may wait for one mutex for ever (`updateChan.Send` and
        `updateWriter.Close`, as its stacks on SIGQUIT show; once in forty to a hundred runs)."""
        process.terminate()
        try:
            process.wait(FILEBEAT_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(TIMEOUT_SECONDS)
            self.forgotten += self.QUEUE

    def tls_settings(self):
        if not self.certs.exists():
            return []
        return [f'ssl.certificate_authorities=["{self.certs}/ca.pem"]', f'ssl.certificate={self.certs}/client.pem',
                f'ssl.key={self.certs}/client.key']

    def make_certificates(self):
        subprocess.run([SERVERS / 'make-certs', self.certs], check=True)
        return TLS % {'certs': self.certs}


class EachWay:
    """Cases over windows as Filebeat has them by default: without and with compression, one, three and six in flight."""

    WINDOW = 2048

    def test_one_window_plain(self):
        self.check(pipelining=0, level=0)

    def test_one_window_compressed(self):
        self.check(pipelining=0, level=3)

    def test_three_windows_plain(self):
        self.check(pipelining=2, level=0)

    def test_three_windows_compressed(self):
        self.check(pipelining=2, level=3)

    def test_six_windows_plain(self):
        self.check(pipelining=5, level=0)

    def test_six_windows_compressed(self):
        self.check(pipelining=5, level=3)


class FilebeatToFile(FilebeatTest):
    """A file -> Filebeat -> millrace -> a file. What Filebeat sends again after a lost connection need not be in order
    with the rest."""

    def setUp(self):
        super().setUp()
        self.shipped = self.source('a', self.events)

    def ship(self, receivers, pipelining=2, level=3, loadbalance=False):
        """Kills a receiver again and again, Filebeat is stopped and started once; the account at the end."""
        settings = {'FB_PIPELINING': str(pipelining), 'FB_LEVEL': str(level), 'FB_LB': str(loadbalance).lower()}
        tally = Tally([receiver.out for receiver in receivers], {'a': self.events})
        for receiver in receivers:
            receiver.start()
        filebeat = self.start_filebeat(receivers, settings)
        for turn in range(KILLS // 2):
            receiver = self.random.choice(receivers)
            grown = receiver.grown(2 * self.events * 700 // KILLS // len(receivers))
            wait_until(lambda: grown() or tally.missing() == 0, 'progress')
            receiver.kill()
            receiver.start()
            if turn == 1:
                self.stop_filebeat(filebeat)
                filebeat = self.start_filebeat(receivers, settings)
        wait_until(lambda: tally.missing() == 0, 'all events')
        self.stop_filebeat(filebeat)
        for receiver in receivers:
            receiver.finish()
        self.assertEqual(tally.missing(), 0)
        # A kill cuts one connection; Filebeat's own stop cut that to each receiver.
        self.check_tally(tally, sum(receiver.kills for receiver in receivers) + len(receivers), pipelining)

    def check_tally(self, tally, interruptions, pipelining):
        reports = tally.reports
        self.assertEqual((reports.altered, reports.sum('lost_count')), ([], 0), self.about(reports))
        in_flight = self.WINDOW * (pipelining + 1)  # a window more than it waits for may be on its way
        self.assertLessEqual(reports.sum('doubled'), interruptions * in_flight + self.forgotten, self.about(reports))


@on_demand
class FilebeatUnchanged(EachWay, FilebeatToFile):
    def check(self, pipelining, level):
        self.ship([Receiver(self)], pipelining, level)


class Filebeat(FilebeatToFile):
    def test_defaults(self):
        self.ship([Receiver(self)])

    def test_tls_with_client_certificates(self):
        self.ship([Receiver(self, options=self.make_certificates())])

    @on_demand
    def test_one_window_at_a_time_without_compression(self):
        self.ship([Receiver(self)], pipelining=0, level=0)

    @on_demand
    def test_many_windows_in_flight(self):
        self.ship([Receiver(self)], pipelining=5)

    def test_balance_over_two(self):
        self.ship([Receiver(self, 'one'), Receiver(self, 'two')], loadbalance=True)

    def test_connections_that_end_anywhere(self):
        receiver = Receiver(self)
        receiver.start()
        proxy = Proxy('127.0.0.1', receiver.port, seed=self.random.random())
        self.addCleanup(proxy.close)
        proxy.random_ends(KILLS, 20_000, 6 * 10)
        tally = Tally([receiver.out], {'a': self.events})
        filebeat = self.start_filebeat([proxy], {})
        wait_until(lambda: tally.missing() == 0, 'all events')
        self.stop_filebeat(filebeat)
        receiver.finish()
        self.assertEqual(tally.missing(), 0)
        self.check_tally(tally, proxy.accepted, pipelining=2)


class ToNode(FilebeatTest):
    """A web server's log -> Filebeat, which gives each line an id -> the filters of conf.d/nginx.conf -> a search node.
    What comes twice is one document."""

    SETTINGS = FilebeatTest.SETTINGS + '''
processors:
  - fingerprint:
      fields: ["log.file.path", "log.offset"]
      target_field: "@metadata._id"
'''

    @classmethod
    def setUpClass(cls):
        cls.node = search_node.start_node(cls, cls.NODE)

    def setUp(self):
        super().setUp()
        self.index = self._testMethodName

    def pipeline(self):
        text = (ROOT / 'conf.d' / 'nginx.conf').read_text().replace('%', '%%')
        for old, new in (('port => 5044', 'host => "127.0.0.1" port => %(port)d %(input)s'),
                         ('"localhost:9200"]', f'"{self.node.url}"] {self.node.options} index => "{self.index}" manage_template => false '
                          'document_id => "%%{[@metadata][millrace][id]}" retry_initial_interval => "20 ms"')):
            self.assertEqual(text.count(old), 1)
            text = text.replace(old, new)
        return text

    def delivered(self):
        return self.node.count(self.index)

    def check(self, pipelining, level):
        """Each line is one document, through kills and restarts, over two millraces."""
        self.write('in/a.log', ''.join(WEB_LINE % (n, n) for n in range(self.events)))
        receivers = [Receiver(self, name, self.make_certificates() if name == 'one' else TLS % {'certs': self.certs},
                              self.pipeline()) for name in ('one', 'two')]
        for receiver in receivers:
            receiver.start()
        settings = {'FB_LB': 'true', 'FB_PIPELINING': str(pipelining), 'FB_LEVEL': str(level)}
        filebeat = self.start_filebeat(receivers, settings)
        kills = KILLS // 2
        for turn in range(kills):
            enough = int(self.events * (turn + self.random.random()) / (kills + 1))
            wait_until(lambda: self.delivered() >= enough, 'progress')
            receiver = self.random.choice(receivers)
            receiver.kill()
            receiver.start()
            if turn == 1:
                self.stop_filebeat(filebeat)
                filebeat = self.start_filebeat(receivers, settings)
        wait_until(lambda: self.delivered() >= self.events, 'all events')
        self.stop_filebeat(filebeat)
        for receiver in receivers:
            receiver.finish()
        self.assertEqual(self.delivered(), self.events)
        sizes = self.node.ask('POST', f'/{self.index}/_search', {'size': 0, 'aggs': {
            'sizes': {'stats': {'field': 'http.response.body.bytes'}}}})['aggregations']['sizes']
        self.assertEqual((sizes['count'], sizes['sum'], sizes['max']),
                         (self.events, self.events * (self.events - 1) / 2, self.events - 1))


class FilebeatToNode(ToNode):
    NODE = search_node.OpenSearch

    def test_each_line_is_one_document_through_kills_and_restarts(self):
        self.check(pipelining=5, level=3)


@on_demand
class FilebeatToElasticsearch(EachWay, ToNode):
    NODE = search_node.Elasticsearch


def load_tests(loader, tests, pattern):
    """Nothing where this build has no beats input."""
    listed = subprocess.run([BINARY, 'plugins', 'beats'], capture_output=True)
    return unittest.TestSuite() if listed.returncode else tests
