"""Bad configuration: exit status 1, the place, what is wrong, what was probably meant; all of it at once."""
import unittest

from harness import MillraceTest

# name, config, what must be said
REFUSED = [
    ('unknown plugin', 'filter { mutat { } }', ['config string:1:10: error', 'unknown filter plugin `mutat`', 'mutate']),
    ('unknown option', 'filter { mutate { gsubb => [] } }', ['1:19: error', '`gsubb`', 'did you mean `gsub`']),
    ('missing option', 'output { file { } }', ['error', 'path']),
    ('wrong type', 'input { stdin { add_field => 3 } }', ['error', 'add_field']),
    ('unknown codec', 'input { stdin { codec => jsn } }', ['error', '`jsn`', 'json']),
    ('unknown pattern', 'filter { grok { match => { "message" => "%{COMBINEDAPACHELOOG}" } } }',
     ['error', 'COMBINEDAPACHELOOG', 'COMBINEDAPACHELOG']),
    ('cyclic patterns', 'filter { grok { match => { "message" => "%{A}" } '
     'pattern_definitions => { "A" => "%{B}" "B" => "%{A}" } } }', ['error', 'A', 'B']),
    ('bad regex in grok', 'filter { grok { match => { "message" => "(?<n>a" } } }', ['error', '(?<n>a', '^']),
    ('bad regex in a condition', 'filter { if [a] =~ /x(y/ { drop { } } }', ['1:20: error', 'regular expression', '^']),
    ('bad regex in mutate', 'filter { mutate { gsub => ["a", "(b", "c"] } }', ['error', '(b', '^']),
    ('syntax', 'filter { mutate { add_tag => [ "a" }', ['config string:1:', 'error', '^']),
    ('missing variable', 'filter { mutate { add_tag => "${MILLRACE_TEST_UNSET}" } }', ['error', 'MILLRACE_TEST_UNSET']),
]


class Refused(MillraceTest):
    def test_names_the_place_the_fault_and_a_way_out(self):
        for name, config, wanted in REFUSED:
            for mode in (['-t'], []):
                with self.subTest(name, mode=mode):
                    outcome = self.millrace('-e', config, *mode)
                    self.assertEqual(outcome.status, 1, outcome.errors)
                    for text in wanted:
                        self.assertIn(text, outcome.errors)
                    self.assertEqual(outcome.out, b'')

    def test_caret_stands_below_the_offending_word(self):
        lines = self.millrace('-t', '-e', 'filter { mutat { } }').errors.splitlines()
        source = next(n for n, line in enumerate(lines) if line.strip() == 'filter { mutat { } }')
        self.assertEqual(lines[source + 1].index('^'), lines[source].index('mutat'))

    def test_every_error_of_every_file_is_reported_at_once(self):
        self.write('conf/10-in.conf', 'input {\n  stdinn { }\n}\n')
        self.write('conf/20-filter.conf', 'filter {\n  mutate { nope => 1 }\n  drop { nil => 1 }\n}\n')
        errors = self.millrace('-t', '-f', self.top / 'conf').errors
        for place in ['10-in.conf:2:', '20-filter.conf:2:', '20-filter.conf:3:']:
            self.assertIn(place, errors)

    def test_unknown_setting_flag_and_file(self):
        for arguments, wanted in [(['--pipeline.worker', '3', '-e', ''], 'pipeline.workers'),
                                  (['--frob'], '--frob'),
                                  (['-f', self.top / 'none.conf'], 'none.conf')]:
            with self.subTest(arguments):
                outcome = self.millrace(*arguments)
                self.assertEqual(outcome.status, 1)
                self.assertIn(wanted, outcome.errors)

    def test_unknown_setting_in_the_settings_file(self):
        self.write('settings/millrace.yml', 'pipeline.worker: 3\n')
        outcome = self.millrace('--path.settings', self.top / 'settings', '-e', 'filter { }')
        self.assertEqual(outcome.status, 1)
        self.assertIn('millrace.yml:1:', outcome.errors)
        self.assertIn('pipeline.workers', outcome.errors)


class Accepted(MillraceTest):
    def test_good_config_is_status_0_and_reads_nothing(self):
        outcome = self.millrace('-t', '-e', 'filter { mutate { add_tag => ["x"] } }', stdin=b'a line\n')
        self.assertEqual((outcome.status, b'a line' in outcome.out), (0, False), outcome.errors)

    def test_yaml_form_runs_the_same(self):
        config = self.write('p.yml', 'input:\n  - stdin: {}\nfilter:\n  - mutate: { add_tag: [ seen ] }\n'
                            'output:\n  - stdout: { codec: json_lines }\n')
        outcome = self.millrace('-f', config, stdin=b'a\n')
        self.assert_clean(outcome)
        self.assertEqual([e['tags'] for e in outcome.events], [['seen']])


if __name__ == '__main__':
    unittest.main()
