"""Input that no program should see, and that every log pipeline does: the event is kept, the process goes on."""
import json
import unittest

from harness import MillraceTest


class Lines(MillraceTest):
    def messages(self, stdin):
        outcome = self.json_of(stdin)
        self.assertEqual(outcome.ledger['in'], len(outcome.events))
        return [event['message'] for event in outcome.events]

    def test_last_line_without_newline_is_an_event(self):
        self.assertEqual(self.messages(b'one\ntwo'), ['one', 'two'])

    def test_carriage_return_before_newline_stays_as_in_logstash(self):
        self.assertEqual(self.messages(b'one\r\ntwo\r\n'), ['one\r', 'two\r'])

    def test_empty_input_is_no_event(self):
        self.assertEqual(self.messages(b''), [])

    def test_nul_bytes_stay_in_the_line(self):
        self.assertEqual(self.messages(b'a\0b\n\0\n'), ['a\0b', '\0'])

    def test_invalid_utf8_comes_out_as_valid_json(self):
        outcome = self.json_of(b'before\nbad \xff\xfe\xc3( end\nafter\n')
        messages = [event['message'] for event in outcome.events]
        self.assertEqual(messages[0], 'before')
        self.assertTrue(messages[1].startswith('bad ') and messages[1].endswith(' end'), messages[1])
        self.assertEqual(messages[2], 'after')

    def test_very_long_line_is_not_lost_and_hurts_no_other(self):
        # Past the limit a line is cut or kept, never thrown away.
        size = 100 << 20
        outcome = self.json_of(b'first\n' + b'x' * size + b'\nlast\n')
        messages = [event['message'] for event in outcome.events]
        self.assertEqual((messages[0], messages[-1]), ('first', 'last'))
        self.assertEqual(sum(map(len, messages[1:-1])), size)


class Json(MillraceTest):
    def around(self, document):
        """Feeds a document between two good ones; the events in the middle."""
        outcome = self.json_of(b'{"n":1}\n' + document + b'\n{"n":2}\n', codec='json_lines')
        first, *middle, last = outcome.events
        self.assertEqual((first['n'], last['n']), (1, 2))
        return middle

    def test_a_million_open_brackets_tag_the_event(self):
        (event,) = self.around(b'[' * 1_000_000)
        self.assertIn('_jsonparsefailure', event['tags'])

    def test_json_nested_a_million_deep_is_kept_or_tagged(self):
        deep = 1_000_000
        (event,) = self.around(b'{"a":' * deep + b'1' + b'}' * deep)
        self.assertIn('_jsonparsefailure', event['tags'])

    def test_a_hundred_thousand_keys_come_through(self):
        keys = {f'key{n}': n for n in range(100_000)}
        (event,) = self.around(json.dumps(keys).encode())
        self.assertEqual({name: event.get(name) for name in keys}, keys)

    def test_number_out_of_range_does_not_lose_the_event(self):
        (event,) = self.around(b'{"big":123456789012345678901234567890,"rest":"here"}')
        self.assertTrue(event.get('rest') == 'here' or '_jsonparsefailure' in event['tags'], event)

    def test_json_filter_tags_what_it_cannot_read(self):
        outcome = self.json_of(b'{"a":1}\n{"a":\nnot json\n', body='json { source => "message" }')
        tagged = ['_jsonparsefailure' in event.get('tags', []) for event in outcome.events]
        self.assertEqual(tagged, [False, True, True])


if __name__ == '__main__':
    unittest.main()
