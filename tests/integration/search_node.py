"""A real OpenSearch node, which tests start, kill and ask."""
import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.request

from harness import ROOT, wait_until

PLUGINS = ['org.opensearch.transport.Netty4Plugin', 'org.opensearch.analysis.common.CommonAnalysisPlugin',
           'org.opensearch.ingest.common.IngestCommonPlugin', 'org.opensearch.painless.PainlessPlugin']
START_SECONDS = 240  # 6 s on a free machine


def built():
    """Where the node's jars are, or why they are not."""
    found = subprocess.run([ROOT / 'tests/servers/elasticsearch/build.sh', '--if-built'], capture_output=True, text=True)
    if found.returncode:
        return None, found.stderr.strip()
    return (found.stdout.strip(), '') if shutil.which('java') else (None, 'no java')


class Node:
    """Keeps everything below `home`; settings are those of opensearch.yml."""

    def __init__(self, jars, home, **settings):
        self.jars = jars
        self.home = home
        with socket.create_server(('127.0.0.1', 0)) as free, socket.create_server(('127.0.0.1', 0)) as other:
            self.port = free.getsockname()[1]
            transport = other.getsockname()[1]
        self.url = f'http://127.0.0.1:{self.port}'
        (home / 'config').mkdir(parents=True)
        lines = {'cluster.name': 'millrace-test', 'network.host': '127.0.0.1', 'http.port': self.port,
                 'transport.port': transport, 'discovery.type': 'single-node',
                 # A test machine's full disk is not what is tested.
                 'cluster.routing.allocation.disk.threshold_enabled': 'false', **settings}
        (home / 'config/opensearch.yml').write_text(''.join(f'{key}: {value}\n' for key, value in lines.items()))
        (home / 'config/log4j2.properties').write_text('status = error\nrootLogger.level = error\n')
        self.process = None

    def start(self):
        config = self.home / 'config/log4j2.properties'
        with (self.home / 'log').open('ab') as log:
            self.process = subprocess.Popen(
                ['java', '-Xms400m', '-Xmx400m', f'-Dlog4j2.configurationFile={config}', '-Dlog4j.shutdownHookEnabled=false',
                 '-cp', f'{self.jars}/classes:{self.jars}/jars/*', 'OpenSearchNode', str(self.home), *PLUGINS],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
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

    def ask(self, method, path, body=None):
        """The answer as JSON, an error's too."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data, {'Content-Type': 'application/json'}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.loads(error.read() or b'{}')

    def count(self, index):
        self.ask('POST', f'/{index}/_refresh')
        return self.ask('GET', f'/{index}/_count').get('count', 0)
