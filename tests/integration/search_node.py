"""Real OpenSearch and Elasticsearch nodes, which tests start, kill and ask."""
import base64
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import pathlib
import unittest
import urllib.error
import urllib.request

from harness import ROOT, wait_until

START_SECONDS = 240  # 6 s on a free machine, Elasticsearch 12 s
HEAP = '400m'
QUICK_START = ['-XX:TieredStopAtLevel=1']  # half the CPU time until it is ready; a bench wants the whole compiler
# Test machines may have a full disk, which is not what is tested.
COMMON = {'cluster.name': 'millrace-test', 'network.host': '127.0.0.1', 'discovery.type': 'single-node',
          'cluster.routing.allocation.disk.threshold_enabled': 'false'}


def start_node(test_class, kind, java_options=QUICK_START, **settings):
    """A node for all tests of a class; they are skipped where it is not built."""
    built = subprocess.run([ROOT / 'tests/servers' / kind.NAME / 'build.sh', '--if-built'], capture_output=True, text=True)
    if built.returncode:
        raise unittest.SkipTest(built.stderr.strip())
    if not shutil.which('java'):
        raise unittest.SkipTest('no java')
    home = pathlib.Path(tempfile.mkdtemp(prefix='millrace-node-'))
    test_class.addClassCleanup(shutil.rmtree, home, ignore_errors=True)
    node = kind(pathlib.Path(built.stdout.strip()), home, settings, [f'-Xms{HEAP}', f'-Xmx{HEAP}', *java_options])
    test_class.addClassCleanup(node.kill)
    node.start()
    return node


class Node:
    """Keeps everything below `home`; settings are those of its YAML file."""

    options = ''  # what the output needs to come in
    scheme = 'http'
    context = None
    headers = {}

    def __init__(self, made, home, settings, java_options):
        self.made = made
        self.home = home
        self.java_options = java_options
        with socket.create_server(('127.0.0.1', 0)) as free, socket.create_server(('127.0.0.1', 0)) as other:
            self.port = free.getsockname()[1]
            transport = other.getsockname()[1]
        self.url = f'{self.scheme}://127.0.0.1:{self.port}'
        (home / 'config').mkdir()
        lines = {**COMMON, 'http.port': self.port, 'transport.port': transport, **self.configure(), **settings}
        (home / f'config/{self.NAME}.yml').write_text(''.join(f'{key}: {value}\n' for key, value in lines.items()))
        self.process = None

    def start(self):
        with (self.home / 'log').open('ab') as log:
            self.process = subprocess.Popen(self.command(), env={**os.environ, **self.environment()}, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        wait_until(self._is_ready, f'the node (its log: {self.home}/log)', START_SECONDS)

    def _is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError('the node ended: ' + (self.home / 'log').read_text()[-2000:])
        try:
            # Yellow: each primary shard that was on disk is there again.
            return self.ask('GET', '/_cluster/health?wait_for_status=yellow&timeout=1s')['status'] in ('yellow', 'green')
        except (OSError, KeyError):
            return False

    def kill(self):
        """As a crash; the data stays."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            wait_until(self._port_is_free, 'the last of its threads')

    def _port_is_free(self):
        try:
            socket.create_server(('127.0.0.1', self.port)).close()
            return True
        except OSError:
            return False

    def ask(self, method, path, body=None):
        """The answer as JSON, an error's too."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data, {'Content-Type': 'application/json', **self.headers}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60, context=self.context) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.loads(error.read() or b'{}')

    def count(self, index):
        self.ask('POST', f'/{index}/_refresh')
        return self.ask('GET', f'/{index}/_count').get('count', 0)


class OpenSearch(Node):
    NAME = 'opensearch'
    PLUGINS = ['org.opensearch.transport.Netty4Plugin', 'org.opensearch.analysis.common.CommonAnalysisPlugin',
               'org.opensearch.ingest.common.IngestCommonPlugin', 'org.opensearch.painless.PainlessPlugin']

    def configure(self):
        (self.home / 'config/log4j2.properties').write_text('status = error\nrootLogger.level = error\n')
        return {}

    @staticmethod
    def environment():
        return {}

    def command(self):
        return ['java', *self.java_options, f'-Dlog4j2.configurationFile={self.home}/config/log4j2.properties',
                '-Dlog4j.shutdownHookEnabled=false', '-cp', f'{self.made}/classes:{self.made}/jars/*', 'OpenSearchNode',
                str(self.home), *self.PLUGINS]


class Elasticsearch(Node):
    """With TLS, a certificate of its own authority, and basic authentication: admin, admin."""

    NAME = 'elasticsearch'
    ADMIN = '$2a$12$VcCDgh2NDk07JGN0rjGbM.Ad41qVR/YFJcgHp0UGns5JDymv..TOG'  # bcrypt of "admin"
    scheme = 'https'

    def configure(self):
        config = self.home / 'config'
        for name in ('jvm.options', 'log4j2.properties', 'roles.yml', 'role_mapping.yml'):
            shutil.copy(self.made / 'home/config' / name, config)
        options = (config / 'jvm.options').read_text().splitlines(keepends=True)
        (config / 'jvm.options').write_text(''.join(line for line in options if not line.startswith('-Xlog:gc')))
        (config / 'users').write_text(f'admin:{self.ADMIN}\n')
        (config / 'users_roles').write_text('superuser:admin\n')
        subprocess.run([ROOT / 'tests/servers/make-certs', config], check=True)
        self.authority = config / 'ca.pem'
        self.context = ssl.create_default_context(cafile=str(self.authority))
        self.headers = {'Authorization': 'Basic ' + base64.b64encode(b'admin:admin').decode()}
        self.trust = f'ssl_certificate_authorities => "{self.authority}" '
        self.options = self.trust + 'user => "admin" password => "admin" '
        return {'path.data': self.home / 'data', 'path.logs': self.home / 'logs', 'xpack.ml.enabled': 'false',
                'xpack.security.enabled': 'true', 'xpack.security.autoconfiguration.enabled': 'false',
                'xpack.security.http.ssl.enabled': 'true', 'xpack.security.http.ssl.certificate': 'server.pem',
                'xpack.security.http.ssl.key': 'server.key', 'xpack.security.http.ssl.certificate_authorities': 'ca.pem'}

    def environment(self):
        java = pathlib.Path(shutil.which('java')).resolve().parent.parent
        return {'ES_JAVA_HOME': str(java), 'ES_PATH_CONF': str(self.home / 'config'), 'ES_JAVA_OPTS': ' '.join(self.java_options)}

    def command(self):
        # It refuses to run as root: it is shown another user; the files that it makes are still root's.
        as_user = ['unshare', '--user', '--map-user=1000', '--map-group=1000'] if os.geteuid() == 0 else []
        if as_user and subprocess.run([*as_user, 'true'], capture_output=True).returncode:
            raise unittest.SkipTest('Elasticsearch refuses root, and root may make no user namespace here: run the tests as another user')
        return [*as_user, str(self.made / 'home/bin/elasticsearch')]
