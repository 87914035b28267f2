#!/usr/bin/env python3
"""Measures millrace on a generated access log, with how fast the machine is right now beside it.

usage: run.py BUILD_DIR [--lines N] [--rounds N] [--only NAME] [--dead SECONDS]

BUILD_DIR is a release build with its tools: scripts/build -Dbench=true
Each case reads the log from standard input or a file, with one worker on one core and with two on
two, in turns; of some rounds the median run counts. A bar is met where its rate, scaled by what
`calibrate` prints / 55, reaches it. What of the time was neither its own nor idle others had: on a
busy machine the rate is not the program's.
With --dead it measures instead what an output keeps of its rate while another one is dead for SECONDS.
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

REFERENCE_NS = 55.0
DISSECT = ('dissect { mapping => { "message" => \'%{clientip} %{ident} %{auth} [%{timestamp}] "%{verb} %{request} '
           'HTTP/%{httpversion}" %{response} %{bytes} "%{referrer}" "%{agent}"\' } }')
GROK = 'grok { match => { "message" => "%{COMBINEDAPACHELOG}" } }'
FILE = ('file { path => "@LOG@" mode => "read" exit_after_read => true sincedb_path => "@TOP@/sincedb" '
        'file_completed_action => "log" file_completed_log_path => "@TOP@/done" }')
BULK = 'elasticsearch { hosts => ["@SINK@"] action => "create" index => "logs" manage_template => false '
# name, input, filter, output, lines/s that one core must reach (None: shown only)
CASES = [
    ('stdin -> null', 'stdin { }', '', 'null { }', None),
    ('file -> null', FILE, '', 'null { }', 5_000_000),
    ('file -> JSON file', FILE, '', 'file { path => "@TOP@/out.json" }', 2_500_000),
    ('dissect -> null', FILE, DISSECT, 'null { }', 2_000_000),
    ('grok -> null', FILE, GROK, 'null { }', 2_000_000),
    ('grok -> JSON file', FILE, GROK, 'file { path => "@TOP@/out.json" }', 1_200_000),
    ('grok -> bulk', FILE, GROK, BULK + 'compression_level => 0 }', 1_000_000),
    ('grok -> bulk, gzip', FILE, GROK, BULK + '}', None),
]


def core_seconds(cores):
    """Of the first `cores`, since the machine was started: idle ones, and all."""
    idle = total = 0
    for line in pathlib.Path('/proc/stat').read_text().splitlines()[1:1 + cores]:
        ticks = list(map(int, line.split()[1:9]))
        idle, total = idle + ticks[3] + ticks[4], total + sum(ticks)
    return idle / os.sysconf('SC_CLK_TCK'), total / os.sysconf('SC_CLK_TCK')


def measured(command, stdin, cores):
    """Runs a command on some cores: wall seconds, CPU seconds, peak RSS in bytes, idle share of these cores."""
    idle_before, total_before = core_seconds(cores)
    start = time.monotonic()
    process = subprocess.Popen(['taskset', '-c', ','.join(map(str, range(cores))), *command], stdin=stdin,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read().decode(errors='replace')
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    if status:
        raise RuntimeError(errors.strip().splitlines()[0] if errors.strip() else f'wait status {status}')
    idle, total = core_seconds(cores)
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, (idle - idle_before) / max(0.01, total - total_before)


@contextlib.contextmanager
def bulk_sink(binary, cores=0):
    """The address of a server that takes bulk requests, not on the first `cores` where there are more."""
    program = pathlib.Path(binary).parent / 'tests/bench/bulk_sink'
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sink:
        others = os.sched_getaffinity(0) - set(range(cores))
        if others:
            os.sched_setaffinity(sink.pid, others)
        yield f'http://127.0.0.1:{sink.stdout.readline().strip()}'
        sink.stdin.close()


def run_case(binary, case, log, lines, cores):
    _, source, body, sink, _ = case
    with tempfile.TemporaryDirectory(dir=log.parent) as top:
        config = f'input {{ {source} }} filter {{ {body} }} output {{ {sink} }}'
        config = config.replace('@LOG@', str(log)).replace('@TOP@', top)
        with log.open('rb') as stdin, bulk_sink(binary, cores) as address:
            config = config.replace('@SINK@', address)
            wall, cpu, rss, idle = measured([binary, '-e', config, '-w', str(cores), '--path.data', top + '/data',
                                       '--log.level', 'warn', '--pipeline.ecs_compatibility', 'disabled'], stdin, cores)
    return lines / wall, cpu / lines * 1e9, rss, (cpu / wall / cores, idle)


def report(binary, case, log, lines, slowness, rounds):
    runs = {1: [], 2: []}
    for _ in range(rounds):
        for cores in runs:
            try:
                runs[cores].append(run_case(binary, case, log, lines, cores))
            except RuntimeError as why:
                print(f'{case[0]:20} {cores} core(s): {why}')
                return
    medians = {cores: sorted(some)[len(some) // 2] for cores, some in runs.items()}
    for cores, (rate, cpu_ns, rss, (used, idle)) in medians.items():
        note = f'  {rate / medians[1][0]:.2f} times one core' if cores == 2 else ''
        if cores == 1 and case[4]:
            note = f'  bar {case[4] / 1e6:.1f}: ' + ('met' if rate * slowness >= case[4] else 'MISSED')
        print(f'{case[0]:20} {cores} core(s): {rate / 1e6:6.2f} M lines/s {cpu_ns:7.0f} ns CPU/line '
              f'{rss / 2**20:6.1f} MiB{note}; of the time {100 * used:.0f} % its own, {100 * idle:.0f} % idle', flush=True)


TWO = """input { @DEAD_INPUT@ generator { type => "live" } } output {
if [type] == "dead" { elasticsearch { id => "dead" hosts => ["127.0.0.1:1"] action => "create" index => "logs" manage_template => false } }
else { elasticsearch { id => "live" hosts => ["@SINK@"] action => "create" index => "logs" manage_template => false compression_level => 0 } } }"""


def events_delivered(binary, seconds, dead_input):
    """What one output delivers in some seconds, with or without another, dead one beside it."""
    with tempfile.TemporaryDirectory() as top, bulk_sink(binary) as address:
        config = TWO.replace('@DEAD_INPUT@', dead_input).replace('@SINK@', address)
        with subprocess.Popen([binary, '-e', config, '--path.data', top], stderr=subprocess.PIPE, text=True) as process:
            time.sleep(seconds)
            for _ in range(2):  # the second signal ends the wait for the dead one
                process.terminate()
                time.sleep(0.5)
            said = process.stderr.read()
    return int(re.search(r'output live: \d+ in = (\d+) delivered', said)[1])


def two_outputs(binary, seconds, rounds=3):
    """Rounds take turns, so that both see the same machine."""
    alone = beside = 0
    for _ in range(rounds):
        alone += events_delivered(binary, seconds, '')
        beside += events_delivered(binary, seconds, 'generator { type => "dead" }')
    print(f'one output, another beside it dead for {seconds:.0f} s: {100 * beside / alone:.1f} % of its rate alone')


def startup(binary, top):
    """Best seconds from start to end of a process with nothing to read, and its peak RSS."""
    best, rss = float('inf'), 0
    for n in range(5):
        with open(os.devnull, 'rb') as nothing:
            wall, _, rss, _ = measured([binary, '-e', 'input { stdin { } } output { null { } }', '--path.data',
                                     f'{top}/start{n}'], nothing, 1)
        best = min(best, wall)
    return best, rss


SYSLOG_NG = '''@version: 3.38
options { stats_freq(0); };
source s { stdin(flags(no-parse)); };
destination d { file("@TOP@/out.json" template("$(format-json message=$MSG)\\n")); };
log { source(s); destination(d); flags(flow-control); };
'''


def syslog_ng(log, lines):
    """The peer's way from lines to a file of JSON, on one core; it reads a pipe, since it ends with it."""
    if not shutil.which('syslog-ng'):
        print('syslog-ng: not installed')
        return
    with tempfile.TemporaryDirectory(dir=log.parent) as top:
        config = pathlib.Path(top) / 'syslog-ng.conf'
        config.write_text(SYSLOG_NG.replace('@TOP@', top))
        feeder = subprocess.Popen(['cat', str(log)], stdout=subprocess.PIPE)
        wall, cpu, rss, _ = measured(['syslog-ng', '-F', '--no-caps', '-f', str(config), '-R', f'{top}/persist',
                                   '-p', f'{top}/pid', '-c', f'{top}/control'], feeder.stdout, 1)
        feeder.stdout.close()
        feeder.wait()
        with open(f'{top}/out.json', 'rb') as out:
            written = sum(1 for _ in out)
        print(f'syslog-ng, to JSON file, 1 core: {lines / wall / 1e6:.2f} M lines/s {cpu / lines * 1e9:.0f} ns CPU/line '
              f'{rss / 2**20:.1f} MiB, {written} of {lines} lines written')


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('build'), ap.add_argument('--lines', type=int, default=2_000_000), ap.add_argument('--only', default='.')
    ap.add_argument('--dead', type=float), ap.add_argument('--rounds', type=int, default=3)
    args = ap.parse_args()
    build = pathlib.Path(args.build).resolve()
    tools = build / 'tests' / 'bench'
    if not (tools / 'calibrate').exists():
        sys.exit(f'{tools}/calibrate is not built: scripts/build -Dbench=true (or meson configure {args.build} -Dbench=true)')
    if args.dead:
        return two_outputs(str(build / 'millrace'), args.dead)
    with tempfile.TemporaryDirectory() as top:
        log = pathlib.Path(top) / 'access.log'
        with log.open('wb') as out:
            subprocess.run([str(tools / 'gen_combined'), str(args.lines)], stdout=out, check=True)
        calibration = float(subprocess.run([str(tools / 'calibrate'), str(log)], capture_output=True, check=True).stdout)
        slowness = max(1.0, calibration / REFERENCE_NS)
        print(f'{args.lines} lines; calibrate: {calibration:.1f} ns (reference {REFERENCE_NS:.0f}); rates count {slowness:.2f} times')
        for case in CASES:
            if re.search(args.only, case[0]):
                report(str(build / 'millrace'), case, log, args.lines, slowness, args.rounds)
        syslog_ng(log, args.lines)
        wall, rss = startup(str(build / 'millrace'), top)
        print(f'start to end with no input: {wall * 1000:.1f} ms, {rss / 2**20:.1f} MiB')


if __name__ == '__main__':
    main()
