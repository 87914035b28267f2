"""What a process has loaded: clients of servers only where a pipeline talks to one."""
import platform
import subprocess
import unittest
from pathlib import Path

from harness import MillraceTest, wait_until

CLIENTS = ('libcurl', 'librdkafka')


@unittest.skipUnless(platform.machine() == 'x86_64', 'clients are linked as usual on other machines')
class Startup(MillraceTest):
    def loaded(self, output):
        """The clients that are mapped once a pipeline with `output` has begun."""
        log = self.top / 'log'
        with log.open('wb') as stderr:
            process = self.start('-e', 'input { stdin { } } output { %s }' % output, '--log.level', 'info',
                                 stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=stderr)
            wait_until(lambda: b'started with' in log.read_bytes(), 'the pipeline to begin')
        mapped = Path(f'/proc/{process.pid}/maps').read_text()
        return [client for client in CLIENTS if client in mapped]

    def test_a_pipeline_without_servers_loads_no_client(self):
        self.assertEqual(self.loaded('null { }'), [])

    def test_an_output_loads_its_client(self):
        self.assertEqual(self.loaded('elasticsearch { hosts => ["127.0.0.1:1"] }'), ['libcurl'])


class Threads(MillraceTest):
    def names(self, process):
        return {comm.read_text().strip() for comm in Path(f'/proc/{process.pid}/task').glob('*/comm')}

    def test_threads_are_called_after_what_they_do(self):
        process = self.start('-w', '2', '-e', 'input { stdin { id => "lines" } } output { null { id => "a-long-name-of-an-output" } }',
                             stdin=subprocess.PIPE)
        wait_until(lambda: {'lines', 'worker 0', 'worker 1', 'a-long-name-of-'} <= self.names(process), f'names of threads: {self.names(process)}')
