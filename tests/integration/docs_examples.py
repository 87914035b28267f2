"""Every example in the documentation is run: a page that lies is a failed test.

```conf and ```yaml blocks must pass `millrace -t`, flows of the mirror its --check; in ```console blocks each `$ command` must print,
to standard output and error together, the lines below it.
"""
import os
import pathlib
import re
import subprocess
import unittest

from harness import BINARY, MillraceTest, ROOT, TIMEOUT_SECONDS

BLOCK = re.compile(r'^```(conf|yaml|console)\n(.*?)^```$', re.M | re.S)


def blocks(kinds):
    for page in [ROOT / 'README.md', *sorted((ROOT / 'docs').rglob('*.md'))]:
        for block in BLOCK.finditer(page.read_text(encoding='utf-8')):
            if block[1] in kinds:
                yield f'{page.relative_to(ROOT)}:{page.read_text(encoding="utf-8")[:block.start()].count(chr(10)) + 2}', block[1], block[2]


class Examples(MillraceTest):
    def test_configs_are_valid(self):
        for place, kind, text in blocks({'conf', 'yaml'}):
            with self.subTest(place):
                file = self.write('example.' + ('yml' if kind == 'yaml' else 'conf'), text)
                is_flow = kind == 'yaml' and text.startswith('flow:')
                outcome = self.millrace('mirror', '--check', file) if is_flow else self.millrace('-t', '-f', file)
                self.assertEqual(outcome.status, 0, outcome.errors)

    def test_configs_in_conf_d_are_valid_as_they_are(self):
        for name in ('feeder.conf', 'indexer.conf', 'mirror.conf', 'nginx.conf'):
            with self.subTest(name):
                outcome = self.millrace('-t', '-f', ROOT / 'conf.d' / name)
                self.assertEqual(outcome.status, 0, outcome.errors)

    def test_the_mirror_in_conf_d_is_valid(self):
        outcome = self.millrace('mirror', '--check', ROOT / 'conf.d/mirror.yaml')
        self.assertEqual(outcome.status, 0, outcome.errors)

    def test_commands_print_what_is_shown(self):
        environment = {**os.environ, 'PATH': f'{pathlib.Path(BINARY).resolve().parent}:{os.environ["PATH"]}'}
        for place, _, text in blocks({'console'}):
            for command, shown in re.findall(r'^\$ (.*)\n((?:(?!\$ ).*\n)*)', text, re.M):
                with self.subTest(place, command=command):
                    ran = subprocess.run(['bash', '-c', command], cwd=self.top, env=environment, text=True, timeout=TIMEOUT_SECONDS,
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
                    self.assertEqual(ran.stdout.strip(), shown.strip())


if __name__ == '__main__':
    unittest.main()
