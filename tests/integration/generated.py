"""What is generated, or stands in two places, must agree: the plugin reference with the plugins, the
pattern files with the table of their fields."""
import os
import re
import subprocess
import unittest

from harness import ROOT

REFERENCE = re.compile(r'%\{\w+:([^}:]+)(?::(int|float))?\}|\(\?<(?![=!])([^>]+)>')


def definitions(directory):
    """Name -> definition, of all files of a pattern set."""
    found = {}
    for path in sorted(directory.iterdir()):
        for line in path.read_text().splitlines():
            if line and not line.startswith('#'):
                name, definition = line.split(None, 1)
                found[name] = definition
    return found


def captures(definition):
    return [named or field + (f':{kind}' if kind else '') for field, kind, named in REFERENCE.findall(definition)]


class Reference(unittest.TestCase):
    def test_pages_are_what_the_plugins_say(self):
        for kind in ('inputs', 'filters', 'outputs', 'codecs'):
            with self.subTest(kind=kind):
                done = subprocess.run([os.environ['MILLRACE'], 'plugins', 'reference', kind],
                                      check=True, capture_output=True, text=True)
                self.assertEqual(done.stdout, (ROOT / 'docs' / 'reference' / f'{kind}.md').read_text())


class Patterns(unittest.TestCase):
    def test_every_name_captures_the_fields_of_the_table(self):
        sets = {name: definitions(ROOT / 'patterns' / name) for name in ('legacy', 'ecs-v1')}
        rows = [line.split('\t') for line in (ROOT / 'tests' / 'data' / 'grok-fields.tsv').read_text().splitlines()
                if not line.startswith('#')]
        self.assertEqual(len(rows), 678)
        for pattern_set, name, *fields in rows:
            with self.subTest(set=pattern_set, name=name):
                self.assertIn(name, sets[pattern_set])
                self.assertEqual(captures(sets[pattern_set][name]), fields)


if __name__ == '__main__':
    unittest.main()
