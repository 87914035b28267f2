#!/usr/bin/env python3
"""Measures millrace between two topics of a real broker, as a mirror and as a pipeline, with a bare librdkafka loop and
MirrorMaker 2 beside it.

usage: kafka.py BUILD_DIR [--records N] [--only NAME]

BUILD_DIR is a release build with its tools: scripts/build -Dbench=true. The broker is what
tests/servers/kafka/build.sh makes. Records are 230 bytes in 4 partitions, written with lz4.
"""
import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'integration'))

import kafka_broker
from harness import wait_until

LINE = b'10.0.0.1 - - [21/Nov/2026:10:23:16 +0000] "GET /index.html HTTP/1.1" 200 1234 "-" "Mozilla/5.0 (X11; Linux x86_64)"'
MIRRORMAKER = '''
clusters = src, dst
src.bootstrap.servers = %(bootstrap)s
dst.bootstrap.servers = %(bootstrap)s
src->dst.enabled = true
src->dst.topics = from
dst->src.enabled = false
dst->src.emit.heartbeats.enabled = false
replication.factor = 1
offset-syncs.topic.replication.factor = 1
checkpoints.topic.replication.factor = 1
heartbeats.topic.replication.factor = 1
offset.storage.replication.factor = 1
config.storage.replication.factor = 1
status.storage.replication.factor = 1
plugin.discovery = service_load
tasks.max = 2
dst.producer.compression.type = lz4
dst.producer.batch.size = 262144
dst.producer.linger.ms = 20
dst.producer.buffer.memory = 67108864
src.consumer.fetch.min.bytes = 65536
src.consumer.max.partition.fetch.bytes = 4194304
src.consumer.max.poll.records = 5000
'''  # large fetches and batches, as suits it
KILLED_JAVA = 143
GROK = 'grok { match => { "message" => "%{COMBINEDAPACHELOG}" } }'


def lines_in(kafka, topic):
    out = kafka.kcat('-Q', *[word for p in range(4) for word in ('-t', f'{topic}:{p}:-1')])
    return sum(int(line.split()[-1]) for line in out.splitlines())


def run(command, kafka, topic, wanted):
    """Until `wanted` records are in `topic`: wall seconds, CPU seconds and peak RSS of the command."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_until(lambda: lines_in(kafka, topic) >= wanted, f'{wanted} records in {topic}', 600)
    wall = time.monotonic() - start
    if 'kafka_loop' not in command[0]:  # which ends of itself
        process.send_signal(signal.SIGTERM)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, KILLED_JAVA):
        raise RuntimeError(process.stderr.read().decode(errors='replace')[-1000:])
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('build')
    parser.add_argument('--records', type=int, default=2_000_000)
    parser.add_argument('--only', default='.', help='a pattern of the names of rows; src.from is MirrorMaker')
    options = parser.parse_args()
    jars, why_not = kafka_broker.built()
    if not jars:
        sys.exit(why_not)
    build = pathlib.Path(options.build)
    with tempfile.TemporaryDirectory() as top:
        kafka = kafka_broker.Cluster(jars, pathlib.Path(top) / 'kafka', **{'num.partitions': 4})
        try:
            kafka.start()
            lines = pathlib.Path(top) / 'lines'
            with lines.open('wb') as file:  # not in this process's memory, which would count as that of those it starts
                for _ in range(options.records):
                    file.write((LINE + b' ' * 230)[:230] + b'\n')
            kafka.kcat('-P', '-t', 'from', '-l', lines, '-X', 'compression.type=lz4', '-X', 'linger.ms=20', '-X', 'queue.buffering.max.messages=1000000')

            def millrace(name, body, codec):
                config = f'input {{ kafka {{ bootstrap_servers => "{kafka.bootstrap}" topics => ["from"] group_id => "{name}" auto_offset_reset => "earliest" ' \
                         f'max_poll_records => 1000 }} }} filter {{ {body} }} output {{ kafka {{ bootstrap_servers => "{kafka.bootstrap}" topic_id => "{name}" ' \
                         f'compression_type => "lz4" codec => {codec} }} }}'
                return [build / 'millrace', '-e', config, '--path.data', f'{top}/{name}', '--log.level', 'warn', '--api.enabled', 'false']
            text = 'plain { format => "%{message}" }'

            def mirror(mode):
                alias = mode.replace('_', '-')
                flow = pathlib.Path(top) / f'{alias}.yaml'
                flow.write_text(f'flow: {alias}\nmode: {mode}\ntopics: [from]\ncompression_type: lz4\nlinger: 5ms\n'
                                f'source: {{ alias: {alias}, bootstrap_servers: "{kafka.bootstrap}" }}\n'
                                f'target: {{ alias: target, bootstrap_servers: "{kafka.bootstrap}" }}\n')
                return f'{alias}.from', [build / 'millrace', 'mirror', flow, '--log.level', 'warn']

            def mirrormaker():
                settings = pathlib.Path(top) / 'mirrormaker.properties'
                settings.write_text(MIRRORMAKER % {'bootstrap': kafka.bootstrap})
                return ['java', '-Xmx1g', f'-Dlog4j2.configurationFile={jars}/log4j2.properties', '-cp', f'{jars}/jars/*',
                        'org.apache.kafka.connect.mirror.MirrorMaker', settings]
            cases = [('bare', [build / 'tests/bench/kafka_loop', kafka.bootstrap, 'from', 'bare', str(options.records)]),
                     mirror('at_least_once'), mirror('exactly_once'),
                     ('src.from', mirrormaker()),
                     ('millrace', millrace('millrace', '', text)),
                     ('millrace-grok', millrace('millrace-grok', GROK, 'json'))]
            print(f'{"":20}{"records/s":>12}{"CPU us/record":>16}{"peak RSS MiB":>14}')
            for name, command in cases:
                if not re.search(options.only, name):
                    continue
                kafka.create_topic(name, 4)
                wall, cpu, rss = run(list(map(str, command)), kafka, name, options.records)
                print(f'{name:20}{options.records / wall:12,.0f}{cpu / options.records * 1e6:16.2f}{rss / 2**20:14.0f}', flush=True)
        finally:
            kafka.kill()


if __name__ == '__main__':
    main()
