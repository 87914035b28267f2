"""millrace grok, the tiers that millrace check shows, and what the report counts of each pattern."""
import re
import unittest

from harness import MillraceTest

PATTERN = '%{IP:client} %{WORD:method} %{NUMBER:bytes:int}'
LINE = b'10.0.0.1 GET 42\n'


class GrokTool(MillraceTest):
    def grok(self, *arguments, stdin=LINE, status=0):
        outcome = self.millrace('grok', *arguments, stdin=stdin)
        self.assertEqual(outcome.status, status, outcome.errors)
        return outcome

    def test_shows_each_capture_with_its_place(self):
        out = self.grok(PATTERN).out.decode()
        self.assertIn('pattern runs in automaton\n', out)
        self.assertIn('match:  10.0.0.1 GET 42\n', out)
        for field, place, value in [('client', '0-8', '"10.0.0.1"'), ('method', '9-12', '"GET"'), ('bytes', '13-15', '"42" (int)')]:
            self.assertRegex(out, rf'(?m)^  {field} +{place}  {re.escape(value)}$')

    def test_paints_the_part_of_the_line_and_the_capture_alike(self):
        out = self.grok('--color', 'always', PATTERN).out.decode()
        color = re.search(r'\x1b\[(\d+)m10\.0\.0\.1\x1b\[0m', out)[1]
        self.assertRegex(out, rf'\x1b\[{color}mclient')
        self.assertNotIn('\x1b', self.grok(PATTERN).out.decode())
        self.assertIn(b'match:  .[31m\x1b', self.grok('--color=always', PATTERN, stdin=b'\x1b[31m10.0.0.1 GET 42\n').out)

    def test_shows_where_a_line_stops_matching_in_the_line_and_in_the_pattern(self):
        lines = self.grok(PATTERN, stdin=b'10.0.0.1 GET many\n').out.decode().splitlines()
        at = next(n for n, line in enumerate(lines) if line.strip() == '10.0.0.1 GET many')
        self.assertEqual(lines[at + 1].index('^'), lines[at].index('many'))
        part = next(n for n, line in enumerate(lines) if line.strip() == PATTERN)
        self.assertEqual(lines[part + 1].index('^'), lines[part].index('%{NUMBER'))

    def test_tries_several_patterns_in_order(self):
        out = self.grok('zzz', PATTERN, '%{WORD:first}').out.decode()
        self.assertIn('pattern 2: match:', out)

    def test_takes_patterns_of_ones_own(self):
        self.write('own/mine', 'VERB [A-Z]+\n')
        out = self.grok('--patterns-dir', self.top / 'own', '--define', 'HOST=[0-9.]+', '%{HOST:h} %{VERB:v}').out.decode()
        self.assertIn('"GET"', out)
        self.assertIn('there is no pattern `VERB`', self.grok('%{VERB:v}', status=1).errors)

    def test_takes_either_standard_set(self):
        line = b'1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 1 "-" "x"\n'
        self.assertIn('clientip', self.grok('--pipeline.ecs_compatibility', 'disabled', '%{COMBINEDAPACHELOG}', stdin=line).out.decode())
        self.assertIn('[source][address]', self.grok('%{COMBINEDAPACHELOG}', stdin=line).out.decode())

    def test_measures(self):
        out = self.grok('--bench', PATTERN, stdin=LINE * 100).out.decode()
        self.assertRegex(out, r'100 lines, 100 match, 15 bytes a line\n\d+ ns a line, \d+ lines/s, [\d.]+ MB/s on one core')

    def test_refuses_what_it_does_not_know(self):
        self.assertIn('expected auto, always or never', self.grok('--color=blue', 'x', status=1).errors)
        self.assertIn('NAME=DEFINITION', self.grok('--define', 'x', 'y', status=1).errors)
        self.assertIn('--colour', self.grok('--colour=always', 'x', status=1).errors)
        self.assertIn('no lines', self.grok('--bench', 'x', stdin=b'', status=1).errors)

    def test_bears_any_bytes(self):
        out = self.grok('^(?<x>.+)$', stdin=b'a\x00\xff\xc3b\n\n' + b'x' * 1_000_000 + b'\n').out
        self.assertEqual(out.count(b'match:'), 3)
        self.assertIn(b'no match', out)


class Tiers(MillraceTest):
    def test_check_says_which_pattern_backtracks_and_why(self):
        config = r'filter { grok { match => { "message" => ["%{WORD:w}", "(?<q>[ab])x\k<q>"] } } }'
        out = self.millrace('check', '-e', config).out.decode()
        self.assertIn('message: `%{WORD:w}` runs in automaton', out)
        self.assertRegex(out, r'`\(\?<q>\[ab\]\)x\\k<q>` runs in PCRE2, not in the faster automaton: \w+')
        self.assertIn('^', out)

    def test_the_report_counts_what_each_pattern_did(self):
        outcome = self.json_of(b'a=1\nb=x\n???\n', 'grok { match => { "message" => ["%{WORD:k}=%{INT:v}$", "%{WORD:k}="] } }')
        self.assertRegex(outcome.errors, r'message: `%\{WORD:k\}=%\{INT:v\}\$` \(automaton\): 1 match, 2 failures')
        self.assertRegex(outcome.errors, r'message: `%\{WORD:k\}=` \(automaton\): 1 match, 1 failure')

    def test_the_report_counts_timeouts_of_the_pattern_that_took_too_long(self):
        body = r'grok { match => { "message" => ["zzz", "^(?<x>(?<y>a)+)+\k<y>b$"] } timeout_millis => 1 }'
        outcome = self.json_of(b'a' * 60 + b'b!\n', body)
        self.assertEqual(outcome.events[0]['tags'], ['_groktimeout'])
        self.assertRegex(outcome.errors, r'b\$` \(PCRE2\): 0 matches, 0 failures, 1 timeout')


if __name__ == '__main__':
    unittest.main()
