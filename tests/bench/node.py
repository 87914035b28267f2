#!/usr/bin/env python3
"""Who limits whom: millrace sends a generated access log to a real OpenSearch or Elasticsearch.

usage: node.py BUILD_DIR [--kind opensearch|elasticsearch] [--lines N]

BUILD_DIR is a release build with its tools: scripts/build -Dbench=true. The node is what
tests/servers/KIND/build.sh makes; both run on whatever cores there are. The pipeline is file -> grok COMBINEDAPACHELOG ->
elasticsearch with ids of its own, gzip as by default. Prints documents a second and how many cores each side kept busy.
"""
import argparse
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import types
import unittest

import run

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import search_node  # noqa: E402 (needs the path)

KINDS = {'opensearch': search_node.OpenSearch, 'elasticsearch': search_node.Elasticsearch}
OUTPUT = 'elasticsearch { hosts => ["%s"] %s action => "create" index => "bench" document_id => "%%{[@metadata][millrace][id]}" manage_template => false }'


@contextlib.contextmanager
def running_node(kind):
    with contextlib.ExitStack() as stack:
        node = search_node.start_node(types.SimpleNamespace(addClassCleanup=stack.callback), KINDS[kind], java_options=['-Xms2g', '-Xmx2g'])
        node.ask('PUT', '/bench', {'settings': {'number_of_replicas': 0}})
        yield node


def group_cpu_seconds(group):
    """CPU seconds of all processes of a process group that are there now."""
    ticks = 0
    for stat in pathlib.Path('/proc').glob('[0-9]*/stat'):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(')')[2].split()
            if int(fields[2]) == group:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf('SC_CLK_TCK')


def measured(binary, node, log, top):
    """Wall seconds, and CPU seconds of millrace and of the node."""
    output = OUTPUT % (node.url, node.options)
    config = f'input {{ {run.FILE} }} filter {{ {run.GROK} }} output {{ {output} }}'.replace('@LOG@', str(log)).replace('@TOP@', top)
    node_before = group_cpu_seconds(node.process.pid)
    start = time.monotonic()
    process = subprocess.Popen([binary, '-e', config, '--path.data', top + '/data', '--log.level', 'warn',
                                '--pipeline.ecs_compatibility', 'disabled'], stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    if status:
        sys.exit(f'millrace: wait status {status}')
    return wall, usage.ru_utime + usage.ru_stime, group_cpu_seconds(node.process.pid) - node_before


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('build', type=pathlib.Path), ap.add_argument('--kind', choices=KINDS, default='opensearch')
    ap.add_argument('--lines', type=int, default=500_000)
    args = ap.parse_args()
    with tempfile.TemporaryDirectory() as top, running_node(args.kind) as node:
        log = pathlib.Path(top) / 'access.log'
        with log.open('wb') as out:
            subprocess.run([args.build / 'tests/bench/gen_combined', str(args.lines)], stdout=out, check=True)
        wall, ours, theirs = measured(str((args.build / 'millrace').resolve()), node, log, top)
        stored = node.count('bench')
    print(f'{args.kind}: {stored} of {args.lines} documents in {wall:.1f} s, {stored / wall / 1000:.1f} thousand a second; '
          f'cores kept busy: millrace {ours / wall:.2f}, the node {theirs / wall:.2f}; '
          f'{ours / args.lines * 1e6:.1f} us of CPU a document here, {theirs / args.lines * 1e6:.1f} us there')


if __name__ == '__main__':
    try:
        main()
    except unittest.SkipTest as why:
        sys.exit(str(why))
