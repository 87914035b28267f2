"""Order is kept at full parallelism, through branches, filters and drops."""
import unittest

from harness import MillraceTest

LINES = 200_000
FILTERS = '''
  json { source => "message" remove_field => ["message"] }
  if [n] =~ /x/ { mutate { add_tag => ["never"] } }
  if [kind] == "slow" { mutate { gsub => ["text", "[aeiou]", "*"] } }
  if [kind] == "gone" { drop { } }
'''


class Order(MillraceTest):
    def test_kept_with_several_workers(self):
        kinds = ['fast', 'fast', 'slow', 'gone', 'fast']
        stdin = b''.join(b'{"n":%d,"kind":"%s","text":"a line with some text"}\n' % (n, kinds[n % 5].encode())
                         for n in range(LINES))
        outcome = self.json_of(stdin, FILTERS, arguments=['--pipeline.workers', 4, '--pipeline.batch.size', 50])
        self.assertEqual([event['n'] for event in outcome.events], [n for n in range(LINES) if n % 5 != 3])
        self.assertEqual(outcome.ledger['dropped by config'], LINES // 5)


if __name__ == '__main__':
    unittest.main()
