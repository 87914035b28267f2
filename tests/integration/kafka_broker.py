"""Real Kafka brokers, which tests start, kill and ask; kcat is the client that is not ours."""
import base64
import json
import os
import shutil
import signal
import socket
import subprocess

from harness import ROOT, wait_until

START_SECONDS = 240  # 5 s on a free machine
VERSION = '4.3.1'
SCRAM_VERSION = '3.9.2'  # the last to take SCRAM from a librdkafka before 2.6.1
USERS = ('admin', 'alice', 'bob')  # password: the name and -secret


def built(version=VERSION):
    """Where the broker's jars are, or why they are not."""
    found = subprocess.run([ROOT / 'tests/servers/kafka/build.sh', '--if-built', version], capture_output=True, text=True)
    if found.returncode:
        return None, found.stderr.strip()
    for tool in ('java', 'kcat', 'openssl'):
        if not shutil.which(tool):
            return None, f'no {tool}'
    return found.stdout.strip(), ''


def free_ports(count):
    sockets = [socket.create_server(('127.0.0.1', 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Cluster:
    """One or three nodes, each broker and controller; everything is kept below `home`.

    `secure`: beside PLAINTEXT there are listeners for SASL (PLAIN, SCRAM-SHA-256), TLS and both. `acl`: what no ACL
    allows is refused there, admin excepted; the PLAINTEXT listener stays a superuser's, for the tests themselves.
    `links`: proxies as in tests/faults, one for each node; clients that begin at `far` never leave them.
    """

    def __init__(self, kafka, home, nodes=1, secure=False, acl=False, links=(), **settings):
        self.kafka = kafka
        self.home = home
        self.acl = acl
        self.processes = [None] * nodes
        names = ['PLAINTEXT', 'CONTROLLER'] + (['SASL_PLAINTEXT', 'SSL', 'SASL_SSL'] if secure or acl else []) + ['FAR'] * bool(links)
        ports = iter(free_ports(nodes * len(names)))
        self.ports = [{name: next(ports) for name in names} for _ in range(nodes)]
        self.bootstrap = self.address('PLAINTEXT')
        self.links = links
        self.far = ','.join(f'127.0.0.1:{link.port}' for link in links)
        for link, ports in zip(links, self.ports):
            link.redirect('127.0.0.1', ports['FAR'])
        home.mkdir(parents=True, exist_ok=True)
        if secure or acl:
            self.tls = home / 'tls'
            self.make_certificates()
        for n in range(nodes):
            self.configure(n, secure or acl, settings)
        # Two clusters are never taken for one.
        self.cluster_id = base64.urlsafe_b64encode(b'mill' + os.urandom(12)).rstrip(b'=').decode()
        self.format(secure or acl)

    def address(self, listener):
        return ','.join(f'127.0.0.1:{ports[listener]}' for ports in self.ports)

    def node_home(self, n):
        return self.home / f'n{n + 1}'

    def make_certificates(self):
        """A CA, and certificates with keys for the broker, alice and bob: what they prove is the name, CN."""
        self.tls.mkdir()

        def openssl(*arguments):
            subprocess.run(['openssl', *arguments], cwd=self.tls, check=True, capture_output=True)
        openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=millrace test CA',
                '-keyout', 'ca.key', '-out', 'ca.pem')
        (self.tls / 'names').write_text('subjectAltName=DNS:localhost,IP:127.0.0.1\n')
        for name in ('localhost', 'alice', 'bob'):
            openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', f'/CN={name}', '-keyout', f'{name}.key', '-out', f'{name}.csr')
            openssl('x509', '-req', '-in', f'{name}.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '30',
                    '-extfile', 'names', '-out', f'{name}.crt')
        (self.tls / 'broker.pem').write_bytes((self.tls / 'localhost.key').read_bytes() + (self.tls / 'localhost.crt').read_bytes())

    def configure(self, n, secure, settings):
        home = self.node_home(n)
        home.mkdir()
        nodes = len(self.ports)
        isr = 2 if nodes == 3 else 1
        seen_at = {**self.ports[n], **({'FAR': self.links[n].port} if self.links else {})}
        listeners = [(name, port) for name, port in seen_at.items() if name != 'CONTROLLER']
        lines = {
            'process.roles': 'broker,controller', 'node.id': n + 1,
            'controller.quorum.voters': ','.join(f'{i + 1}@127.0.0.1:{ports["CONTROLLER"]}' for i, ports in enumerate(self.ports)),
            'controller.listener.names': 'CONTROLLER',
            'listeners': ','.join(f'{name}://127.0.0.1:{port}' for name, port in self.ports[n].items()),
            'advertised.listeners': ','.join(f'{name}://127.0.0.1:{port}' for name, port in listeners),
            'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,' + ','.join(f'{name}:{"PLAINTEXT" if name == "FAR" else name}' for name, _ in listeners),
            'inter.broker.listener.name': 'PLAINTEXT', 'log.dirs': home / 'data',
            'default.replication.factor': nodes, 'min.insync.replicas': isr,
            'offsets.topic.replication.factor': nodes, 'offsets.topic.num.partitions': 4,
            'transaction.state.log.replication.factor': nodes, 'transaction.state.log.min.isr': isr,
            'transaction.state.log.num.partitions': 4,
            'log.segment.bytes': 16 << 20, 'log.index.size.max.bytes': 1 << 20,
            # Nothing waits longer than a test wants to.
            'group.initial.rebalance.delay.ms': 0, 'group.min.session.timeout.ms': 1000,
            'broker.heartbeat.interval.ms': 500, 'broker.session.timeout.ms': 3000,
            'log.retention.check.interval.ms': 1000, 'log.segment.delete.delay.ms': 1000,
            'num.network.threads': 2, 'num.io.threads': 4, 'background.threads': 2,
            'log.cleaner.dedupe.buffer.size': 8 << 20, 'log.cleaner.io.buffer.size': 128 << 10,
        }
        if secure:
            lines['sasl.enabled.mechanisms'] = 'PLAIN,SCRAM-SHA-256'
            plain = ' '.join(f'user_{user}="{user}-secret"' for user in USERS)
            for listener in ('sasl_plaintext', 'sasl_ssl'):
                prefix = f'listener.name.{listener}'
                lines[f'{prefix}.plain.sasl.jaas.config'] = \
                    f'org.apache.kafka.common.security.plain.PlainLoginModule required {plain};'
                lines[f'{prefix}.scram-sha-256.sasl.jaas.config'] = \
                    'org.apache.kafka.common.security.scram.ScramLoginModule required;'
            lines |= {'ssl.keystore.type': 'PEM', 'ssl.keystore.location': self.tls / 'broker.pem',
                      'ssl.truststore.type': 'PEM', 'ssl.truststore.location': self.tls / 'ca.pem',
                      'listener.name.ssl.ssl.client.auth': 'required' if self.acl else 'requested',
                      'listener.name.ssl.ssl.principal.mapping.rules': 'RULE:^CN=([^,]+).*$/$1/,DEFAULT'}
        if self.acl:
            lines |= {'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
                      'super.users': 'User:admin;User:ANONYMOUS', 'allow.everyone.if.no.acl.found': 'false'}
        (home / 'server.properties').write_text(''.join(f'{key}={value}\n' for key, value in (lines | settings).items()))

    def java(self, heap, *arguments):
        return ['java', '-Xms64m', f'-Xmx{heap}', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:+ExitOnOutOfMemoryError',
                '-Djava.awt.headless=true', f'-Dlog4j2.configurationFile={self.kafka}/log4j2.properties',
                f'-Dlog4j.configuration=file:{self.kafka}/log4j.properties', '-cp', f'{self.kafka}/jars/*', *map(str, arguments)]

    def format(self, secure):
        scram = [word for user in USERS for word in ('--add-scram', f'SCRAM-SHA-256=[name={user},password={user}-secret]')]
        for n in range(len(self.ports)):
            subprocess.run(self.java('128m', 'kafka.tools.StorageTool', 'format', '--cluster-id', self.cluster_id,
                                     '--config', self.node_home(n) / 'server.properties', *(scram if secure else [])),
                           check=True, capture_output=True)

    def start(self):
        """Starts the nodes that do not run and waits until they answer."""
        for n, process in enumerate(self.processes):
            if process is None or process.poll() is not None:
                self.start_node(n)
        for n in range(len(self.processes)):
            wait_until(lambda n=n: self.is_ready(n), f'Kafka (its log: {self.node_home(n)}/log)', START_SECONDS)
        return self

    def start_node(self, n):
        home = self.node_home(n)
        with (home / 'log').open('wb') as log:
            self.processes[n] = subprocess.Popen(self.java('384m', 'kafka.Kafka', home / 'server.properties'),
                                                 stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def is_ready(self, n):
        log = self.node_home(n) / 'log'
        if self.processes[n].poll() is not None:
            raise AssertionError('the broker ended: ' + log.read_text(errors='replace')[-2000:])
        return b'Kafka Server started' in log.read_bytes()

    def signal_node(self, n, number):
        os.kill(self.processes[n].pid, number)

    def kill(self, n=None):
        """As a crash; the data stays."""
        for process in self.processes if n is None else [self.processes[n]]:
            if process and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    # What the tests ask and tell it.

    def tool(self, name, *arguments):
        """Runs one of Kafka's command line tools; what it printed."""
        done = subprocess.run(self.java('192m', name, '--bootstrap-server', self.bootstrap, *arguments),
                              capture_output=True, text=True, timeout=START_SECONDS)
        if done.returncode:
            raise AssertionError(f'{name} {arguments}: {done.stdout[-2000:]} {done.stderr[-500:]}')
        return done.stdout

    def create_topic(self, topic, partitions=1, **configs):
        words = [word for key, value in configs.items() for word in ('--config', f'{key}={value}')]
        self.tool('org.apache.kafka.tools.TopicCommand', '--create', '--topic', topic, '--partitions', partitions, *words)

    def delete_topic(self, topic):
        self.tool('org.apache.kafka.tools.TopicCommand', '--delete', '--topic', topic)

    def committed(self, group):
        """{(topic, partition): offset} of a group."""
        out = self.tool('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', '--describe', '--offsets', '--group', group)
        rows = [line.split() for line in out.splitlines() if line.split()[:1] == [group]]
        return {(row[1], int(row[2])): int(row[3]) for row in rows if row[3] != '-'}

    def kcat(self, *arguments, data=None, bootstrap=None):
        limits = ['-X', 'socket.connection.setup.timeout.ms=5000']
        if '-P' in arguments:  # a new topic's leader may refuse the first batch and take the second: they would change places
            limits += ['-X', 'max.in.flight=1']
        done = subprocess.run(['kcat', '-b', bootstrap or self.bootstrap, *limits, *map(str, arguments)],
                              input=data if data is not None else b'', capture_output=True, timeout=START_SECONDS)
        if done.returncode:
            raise AssertionError(f'kcat {arguments}: {done.stderr.decode(errors="replace")[-2000:]}')
        return done.stdout

    def produce(self, topic, lines, *arguments):
        """One record for each of `lines` (bytes); `key:value` with the argument -K:."""
        self.kcat('-P', '-t', topic, '-l', '/dev/stdin', '-X', 'linger.ms=20', *arguments, data=b''.join(line + b'\n' for line in lines))

    def records(self, topic, *arguments):
        """All records as kcat's JSON: topic, partition, offset, ts, key, payload, headers."""
        out = self.kcat('-C', '-e', '-q', '-J', '-o', 'beginning', '-t', topic, *arguments)
        return [json.loads(line) for line in out.split(b'\n') if line]
