"""Conditions choose what Logstash chooses: regular expressions are Ruby's, with look-around, `\\h` and `(?m)`."""
import json
import unittest

from harness import MillraceTest

# expression, texts that match, texts that do not
EXPRESSIONS = [
    (r'/^GET/', ['GET /', 'POST /\nGET /'], ['xGET']),
    (r'/\/health$/', ['/health', '/health\nx'], ['/healthy']),
    (r'/^(?!DEBUG)/', ['INFO x'], ['DEBUG x']),
    (r'/(?<=id=)\h{4}\b/', ['id=beef'], ['id=xyzw', 'id=beefs']),
    (r'/(?m)\Aa.b\Z/', ['a\nb', 'a\nb\n'], ['xa\nb']),
    (r'/a.b/', ['axb'], ['a\nb']),
    (r'/^[[:upper:]]/', ['Éa'], ['éa']),
    (r'/(\w)\1/', ['hello'], ['help']),
    (r'"\d\."', ['1.'], ['1x']),
]


class RegularExpressions(MillraceTest):
    def test_are_read_as_ruby_reads_them(self):
        for expression, matching, others in EXPRESSIONS:
            with self.subTest(expression):
                stdin = ''.join(json.dumps({'m': text}) + '\n' for text in matching + others).encode()
                body = f'if [m] =~ {expression} {{ mutate {{ add_tag => "yes" }} }}'
                outcome = self.json_of(stdin, body, codec='json_lines')
                self.assertEqual([event['m'] for event in outcome.events if 'tags' in event], matching)

    def test_that_take_too_many_steps_match_nothing_and_say_so(self):
        stdin = ('a' * 10_000 + 'b\n').encode()
        outcome = self.json_of(stdin, r'if [message] =~ /^(?:(?=a)a+)+$/ { drop { } }')
        self.assertEqual(len(outcome.events), 1)
        self.assertIn('too many steps', outcome.errors)


if __name__ == '__main__':
    unittest.main()
