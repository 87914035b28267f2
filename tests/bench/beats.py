#!/usr/bin/env python3
"""Measures the beats input, with how fast the machine is right now beside it.

usage: beats.py BUILD_DIR [--events N] [--only NAME]

BUILD_DIR is a release build with its tools: scripts/build -Dbench=true
millrace has one core and one worker, the clients have the other. The load comes from lumberload/, which needs Go: windows
of 2,048 events as Filebeat makes them, built before the clock starts; `filebeat` is a real one, which takes more CPU
than millrace. A bar is met where the rate, scaled by what `calibrate` prints / 55, reaches it.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import run

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / 'tests' / 'integration'))

import lumberjack

MIB = 1 << 20
SERVER_CORE, CLIENT_CORE = '0', '1'
GROK = 'grok { match => { "message" => "%{COMBINEDAPACHELOG}" } }'
# name, filter, output, zlib level, events/s that must be reached (None: shown only)
CASES = [
    ('beats -> null', '', 'null { }', 3, 500_000),
    ('beats -> null, plain', '', 'null { }', 0, None),
    ('beats -> grok -> null', GROK, 'null { }', 3, None),
    ('beats -> grok -> bulk', GROK, run.BULK + '}', 3, None),
]


class Millrace:
    """On one core; the figures are of the time since mark()."""

    def __init__(self, build, top, options, body, sink):
        self.log = pathlib.Path(top) / 'log'
        config = f'input {{ beats {{ host => "127.0.0.1" port => 0 {options} }} }} filter {{ {body} }} output {{ {sink} }}'
        with self.log.open('wb') as log:
            self.process = subprocess.Popen(
                ['taskset', '-c', SERVER_CORE, build / 'millrace', '-e', config, '-w', '1', '--path.data', f'{top}/data',
                 '--pipeline.ecs_compatibility', 'disabled', '--api.enabled', 'false'], stderr=log, stdin=subprocess.DEVNULL)
        while not (found := re.search(r'listening on \S+ port (\d+)', self.log.read_text())):
            if self.process.poll() is not None:
                raise RuntimeError(self.log.read_text())
            time.sleep(0.02)
        self.port = int(found[1])
        self.mark()

    def mark(self):
        self.began = self.cpu()

    def cpu(self):
        fields = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def peak_bytes(self):
        return int(re.search(r'VmHWM:\s*(\d+)', pathlib.Path(f'/proc/{self.process.pid}/status').read_text())[1]) * 1024

    def figures(self, events):
        return f'{(self.cpu() - self.began) / events * 1e9:6.0f} ns CPU/event {self.peak_bytes() / MIB:6.1f} MiB'

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


@contextlib.contextmanager
def millrace(build, body='', sink='null { }', options=''):
    with tempfile.TemporaryDirectory() as top, run.bulk_sink(build / 'millrace') as address:
        server = Millrace(build, top, options, body, sink.replace('@SINK@', address))
        try:
            yield server
        finally:
            server.end()


def load(program, port, log, events, level, connections=4):
    """Runs lumberload; events acknowledged in a second."""
    done = subprocess.run(['taskset', '-c', CLIENT_CORE, program, '-addr', f'127.0.0.1:{port}', '-n', str(events), '-c',
                           str(connections), '-w', '2048', '-l', str(level), '-async', '1', '-prebuilt', '-lines', log],
                          capture_output=True, check=True)
    return json.loads(done.stdout)['events_per_s']


def verdict(rate, bar, slowness):
    return f'  bar {bar / 1e3:.0f} k: ' + ('met' if rate * slowness >= bar else 'MISSED') if bar else ''


def report_cases(args, program, log, slowness):
    for name, body, sink, level, bar in CASES:
        if not re.search(args.only, name):
            continue
        with millrace(args.build, body, sink) as server:
            rate = load(program, server.port, log, args.events, level)
            print(f'{name:24} {rate / 1e3:7.0f} k events/s, scaled {rate * slowness / 1e3:7.0f} k '
                  f'{server.figures(args.events)}{verdict(rate, bar, slowness)}', flush=True)


def connections(args, program, log, slowness):
    """A thousand connections that all send at once, in 256 MB."""
    allow_descriptors(3000)
    with millrace(args.build, options='max_connections_per_address => 1000') as server:
        rate = load(program, server.port, log, max(args.events, 2_048_000), 3, 1000)
        peak = server.peak_bytes()
        print(f'{"1,000 connections":24} {rate / 1e3:7.0f} k events/s, scaled {rate * slowness / 1e3:7.0f} k, '
              f'peak {peak / MIB:.0f} MiB  bar 256 MB: {"met" if peak <= 256e6 else "MISSED"}', flush=True)


def slow_loris(args, program, log, slowness):
    """What 2,000 connections that send a byte now and then leave of an honest client's rate."""
    allow_descriptors(5000)
    options = 'max_connections => 3000 max_connections_per_address => 3000'
    with millrace(args.build, options=options) as server:
        alone = max(load(program, server.port, log, args.events, 3) for _ in range(2))
        slow = [socket.create_connection(('127.0.0.1', server.port)) for _ in range(2000)]
        stop = threading.Event()
        dripping = threading.Thread(target=drip, args=[slow, stop])
        dripping.start()
        beside = max(load(program, server.port, log, args.events, 3) for _ in range(2))
        stop.set()
        dripping.join()
        print(f'{"beside 2,000 slow ones":24} {beside / 1e3:7.0f} k events/s, {100 * beside / alone:.0f} % of {alone / 1e3:.0f} k '
              f'alone  bar 90 %: {"met" if beside >= 0.9 * alone else "MISSED"}; peak {server.peak_bytes() / MIB:.0f} MiB',
              flush=True)
        for client in slow:
            client.close()


def drip(clients, stop):
    """Each connection sends a byte in ten seconds."""
    start = lumberjack.whole_window([{'message': 'x' * 100}] * 100)
    for at in range(len(start)):
        for client in clients:
            with contextlib.suppress(OSError):
                client.send(start[at:at + 1])
            if stop.wait(10 / len(clients)):
                return


def filebeat(args, _, log, slowness):
    program = subprocess.run([ROOT / 'tests/servers/filebeat/build.sh'], capture_output=True, text=True, check=True).stdout.strip()
    lines = sum(1 for _ in log.open('rb'))
    with millrace(args.build) as server, tempfile.TemporaryDirectory() as home:
        env = {**os.environ, 'FB_FILE': str(log), 'FB_HOSTS': f'["127.0.0.1:{server.port}"]'}
        start = time.monotonic()
        with open(f'{home}/log', 'wb') as errors:
            sender = subprocess.Popen(['taskset', '-c', CLIENT_CORE, program, '-c', ROOT / 'tests/servers/filebeat/filebeat.yml',
                                       '--path.home', home, '--path.data', f'{home}/data', '--strict.perms=false', '-E',
                                       'logging.metrics.period=1s'], env=env, stdout=errors, stderr=errors)
        said = pathlib.Path(f'{home}/log')
        while sum(map(int, re.findall(r'"output":\{"events":\{"acked":(\d+)', said.read_text()))) < lines:
            if sender.poll() is not None:
                raise RuntimeError(said.read_text()[-1000:])
            time.sleep(0.1)
        wall = time.monotonic() - start
        figures = server.figures(lines)
        sender.terminate()
        sender.wait(30)
        print(f'{"real Filebeat -> null":24} {lines / wall / 1e3:7.0f} k events/s (Filebeat\'s own pace) {figures}', flush=True)


def allow_descriptors(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        sys.exit(f'needs {count} descriptors; this shell may have {hard}')
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('build', type=lambda text: pathlib.Path(text).resolve())
    ap.add_argument('--events', type=int, default=4_000_000), ap.add_argument('--only', default='.')
    args = ap.parse_args()
    program = subprocess.run([HERE / 'lumberload/build.sh'], capture_output=True, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory() as top:
        log = pathlib.Path(top) / 'access.log'
        with log.open('wb') as out:
            subprocess.run([args.build / 'tests/bench/gen_combined', '500000'], stdout=out, check=True)
        calibration = float(subprocess.run([args.build / 'tests/bench/calibrate', log], capture_output=True, check=True).stdout)
        slowness = max(1.0, calibration / run.REFERENCE_NS)
        print(f'calibrate: {calibration:.1f} ns (reference {run.REFERENCE_NS:.0f}); rates count {slowness:.2f} times', flush=True)
        report_cases(args, program, log, slowness)
        for extra in (connections, slow_loris, filebeat):
            if re.search(args.only, extra.__name__):
                extra(args, program, log, slowness)


if __name__ == '__main__':
    main()
