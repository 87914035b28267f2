"""Holds grok's reading of the combined log format against an independent parser, line by line.

The parser below knows the format from nginx's and Apache's documentation and no grok. Run it on
another log: NGINX_LOG=/path/to/access.log[.gz] tests/integration/run.py BINARY nginx_fields
"""
import datetime
import gzip
import os
import re
import unittest

from harness import MillraceTest, ROOT

LOG = os.environ.get('NGINX_LOG', str(ROOT / 'tests' / 'data' / 'access.log.gz'))

# Quotes inside of a field are escaped: as \\x22 by nginx, as \\" by Apache.
QUOTED = r'"((?:[^"\\]|\\.)*)"'
LINE = re.compile(rf'(\S+) (\S+) (\S+) \[(\d\d/\w+/\d{{4}}:\d\d:\d\d:\d\d [+-]\d{{4}})\] {QUOTED} (\d+) (\d+|-) {QUOTED} {QUOTED}')
REQUEST = re.compile(r'(\w+) (\S+)(?: HTTP/(\d+(?:\.\d+)?))?')
HOST = re.compile(r'[0-9A-Za-z:][0-9A-Za-z.:%-]*')
USER = re.compile(r"[a-zA-Z0-9._-]+|[a-zA-Z0-9!#$%&'*+\-/=?^_`{|}~.]+@[a-zA-Z0-9.-]+")

CONFIG = '''
input { stdin { } }
filter {
  grok { match => { "message" => "%{COMBINEDAPACHELOG}" } }
  date { match => [ "timestamp", "dd/MMM/yyyy:HH:mm:ss Z" ] }
}
output { stdout { codec => json_lines } }
'''


def read_log():
    opener = gzip.open if LOG.endswith('.gz') else open
    with opener(LOG, 'rb') as file:
        return file.read()


def parsed(line):
    """The parts of a line by their classic names, None where it is not in the combined format."""
    whole = LINE.search(line)
    if not whole or not HOST.fullmatch(whole[1]) or not USER.fullmatch(whole[2]) or not USER.fullmatch(whole[3]):
        return None
    names = ['clientip', 'ident', 'auth', 'timestamp', None, 'response', 'bytes', 'referrer', 'agent']
    parts = {name: value for name, value in zip(names, whole.groups()) if name}
    request = REQUEST.fullmatch(whole[5])
    if request:
        parts.update(zip(['verb', 'request', 'httpversion'], request.groups()))
    else:
        parts['rawrequest'] = whole[5]
    return parts


def classic(parts):
    """What a classic event has: all texts; referrer and agent with their quotes; no `-` for bytes."""
    wanted = {name: value for name, value in parts.items() if value is not None}
    wanted.update(referrer=f'"{parts["referrer"]}"', agent=f'"{parts["agent"]}"')
    if parts['bytes'] == '-':
        del wanted['bytes']
    # An empty capture makes no field.
    return {name: value for name, value in wanted.items() if value != ''}


def ecs(parts):
    """What an ECS event has: numbers are numbers; `-` makes no field."""
    fields = {
        '[source][address]': parts['clientip'],
        '[apache][access][user][identity]': parts['ident'],
        '[user][name]': parts['auth'],
        'timestamp': parts['timestamp'],
        '[http][request][method]': parts.get('verb'),
        '[url][original]': parts.get('request'),
        '[http][version]': parts.get('httpversion'),
        '[http][response][status_code]': int(parts['response']),
        '[http][response][body][bytes]': int(parts['bytes']) if parts['bytes'] != '-' else None,
        '[http][request][referrer]': parts['referrer'],
        '[user_agent][original]': parts['agent'],
    }
    return {name: value for name, value in fields.items() if value not in (None, '-', '')}


def flattened(event, prefix=''):
    """An event's leaves by field reference; a top-level field by its bare name."""
    leaves = {}
    for name, value in event.items():
        reference = f'{prefix}[{name}]'
        if isinstance(value, dict):
            leaves.update(flattened(value, reference))
        else:
            leaves[reference if prefix else name] = value
    return leaves


def instant(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


ADDED_BY_THE_ENGINE = {'@timestamp', '@version', 'message', 'host', '[host][hostname]', '[event][original]', 'type'}


class CombinedLog(MillraceTest):
    @classmethod
    def setUpClass(cls):
        cls.log = read_log()

    def compare(self, mode, wanted_of):
        outcome = self.millrace('-e', CONFIG, '--pipeline.ecs_compatibility', mode, stdin=self.log)
        self.assert_clean(outcome)
        lines = self.log.decode(errors='replace').splitlines()
        events = outcome.events
        self.assertEqual((len(events), outcome.ledger['in'], outcome.ledger['delivered']), (len(lines),) * 3)
        for number, (line, event) in enumerate(zip(lines, events), 1):
            with self.subTest(line=number, text=line[:200]):
                self.compare_line(line, event, wanted_of)

    def compare_line(self, line, event, wanted_of):
        self.assertEqual(event['message'], line)
        parts = parsed(line)
        if parts is None:
            self.assertEqual(event['tags'], ['_grokparsefailure'])
            return
        got = {name: value for name, value in flattened(event).items() if name not in ADDED_BY_THE_ENGINE}
        self.assertEqual(got, wanted_of(parts))
        when = datetime.datetime.strptime(parts['timestamp'], '%d/%b/%Y:%H:%M:%S %z')
        self.assertEqual(instant(event['@timestamp']), when)

    def test_classic_fields(self):
        self.compare('disabled', classic)

    def test_ecs_fields(self):
        self.compare('v8', ecs)


if __name__ == '__main__':
    unittest.main()
