#!/usr/bin/env python3
"""Runs the integration tests of this directory against a millrace binary.

usage: run.py BINARY [NAME]...      NAME: a test module, class or method, as unittest takes them

The last line is 'N passed, N failed, N skipped'.
"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import runner


if __name__ == '__main__':
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(runner.run(HERE, sys.argv[1], sys.argv[2:],
                        not_tests={'harness', 'bulk_server', 'search_node', 'kafka_broker', 'kafka_records', 'lumberjack'}))
