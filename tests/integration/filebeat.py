"""docs/filebeat.md with a real Filebeat: its two files, with only names of hosts and files changed."""
import re
import socket
import subprocess
import unittest

from bulk_server import BulkServer
from harness import MillraceTest, ROOT, wait_until

SERVERS = ROOT / 'tests' / 'servers'
PAGE = ROOT / 'docs' / 'filebeat.md'
LINE = '10.1.2.3 - frank [10/Oct/2025:13:55:36 +0000] "GET /page/%d HTTP/1.1" 200 %d "-" "Mozilla/5.0 (X11)"\n'


class Page(MillraceTest):
    def example(self, name, **changes):
        text = re.search(rf'^```\w+ {re.escape(name)}\n(.*?)^```$', PAGE.read_text(encoding='utf-8'), re.M | re.S)[1]
        for old, new in changes.values():
            self.assertIn(old, text)
            text = text.replace(old, str(new))
        return self.write(name, text)

    def test_lines_get_to_the_index_once_each_though_they_are_sent_twice(self):
        built = subprocess.run([SERVERS / 'filebeat' / 'build.sh', '--if-built'], capture_output=True, text=True)
        if built.returncode:
            self.skipTest(built.stderr.strip())
        certs = self.top / 'certs'
        subprocess.run([SERVERS / 'make-certs', certs], check=True)
        index = BulkServer()
        self.addCleanup(index.stop)
        with socket.create_server(('127.0.0.1', 0)) as free:
            port = free.getsockname()[1]
        log = self.write('access.log', ''.join(LINE % (n, n) for n in range(3000)))
        config = self.example('beats.conf', port=('port => 5044', f'host => "127.0.0.1" port => {port}'),
                              certs=('/etc/millrace', certs), index=('localhost:9200', index.url))
        filebeat = self.example('filebeat.yml', host=('millrace.example.com:5044', f'127.0.0.1:{port}'),
                                certs=('/etc/filebeat', certs), log=('/var/log/nginx/access.log', log))
        self.start('-f', config)
        for times in (1, 2):
            process = subprocess.Popen([built.stdout.strip(), '-c', filebeat, '--path.home', self.top / f'home{times}',
                                        '--path.data', self.top / f'data{times}', '--strict.perms=false'],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(self._end, process)
            wait_until(lambda: len(self.actions(index)) >= 3000 * times, 'every line')
            process.terminate()
            process.wait(60)
        actions = self.actions(index)
        self.assertEqual(len({action.id for action in actions}), 3000)
        self.assertEqual({action.source['http']['response']['body']['bytes'] for action in actions}, set(range(3000)))

    @staticmethod
    def actions(index):
        return [action for bulk in index.bulks for action in bulk.actions]


if __name__ == '__main__':
    unittest.main()
