"""The checker finds what it is there to find: planted losses, doubles, alterations, reordering, damage."""
import gzip
import json
import pathlib
import shutil
import tempfile
import unittest

from events import PAYLOADS, Source, Tally, check, line_of, parse

COUNT = 100


class Checker(unittest.TestCase):
    def setUp(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='millrace-rig-'))
        self.addCleanup(shutil.rmtree, self.top)

    def report(self, numbers, name='a', form='{}'):
        out = self.top / 'out'
        out.write_text(''.join(form.format(line_of(name, n)) + '\n' for n in numbers))
        return check([out], {'a': COUNT})

    def test_what_came_once_in_order_is_clean(self):
        reports = self.report(range(COUNT))
        self.assertEqual(reports.findings(), [])
        self.assertIn('all 100 events', str(reports))

    def test_loss_is_found_at_the_ends_and_in_the_middle(self):
        reports = self.report([n for n in range(COUNT) if n not in (0, 40, 41, 42, 99)])
        self.assertEqual(reports['a'].lost, [(0, 0), (40, 42), (99, 99)])
        self.assertEqual(reports.findings(), ['a: 5 of 100 lost: 0, 40-42, 99'])

    def test_all_is_lost_where_there_is_no_output(self):
        self.assertEqual(check([self.top / 'none'], {'a': COUNT})['a'].lost, [(0, COUNT - 1)])

    def test_double_is_found_and_where_the_repetition_began(self):
        report = self.report([*range(50), *range(30, COUNT), 7])['a']
        self.assertEqual(report.doubled_ranges, [(7, 7), (30, 49)])
        self.assertEqual((report.doubled, report.rewinds), (21, [(49, 30), (99, 7)]))
        self.assertEqual((report.lost, report.reordered), ([], []))

    def test_the_same_event_twice_in_a_row_is_a_double(self):
        report = self.report([0, 1, 1, *range(2, COUNT)])['a']
        self.assertEqual((report.doubled, report.rewinds), (1, [(1, 1)]))

    def test_reordering_is_found_with_its_place(self):
        report = self.report([0, 2, 1, *range(3, COUNT)])['a']
        self.assertEqual(report.reordered, [(f'{self.top}/out:3', 1, 2)])
        self.assertEqual((report.lost, report.doubled), ([], 0))

    def test_order_is_that_of_each_source(self):
        out = self.top / 'out'
        out.write_text(''.join(line_of('b', n) + '\n' + line_of('a', n) + '\n' for n in range(COUNT)))
        self.assertEqual(check([out], {'a': COUNT, 'b': COUNT}).findings(), [])

    def test_every_changed_character_is_found(self):
        line = line_of('a', 3)
        for at in range(len(line)):
            with self.subTest(at=at):
                self.assertIsNone(parse(line[:at] + chr(ord(line[at]) ^ 1) + line[at + 1:]))
                self.assertIsNone(parse(line[:at]))

    def test_altered_line_is_shown_with_its_place(self):
        out = self.top / 'out'
        lines = [line_of('a', n) for n in range(COUNT)]
        lines[4] = lines[4][:-12] + lines[5]  # torn, and the next one glued to it
        del lines[5]
        out.write_text('\n'.join(lines))
        reports = check([out], {'a': COUNT})
        self.assertEqual(reports.altered, [(f'{out}:5', lines[4])])
        self.assertEqual(reports['a'].lost, [(4, 5)])

    def test_what_no_source_sent_is_altered(self):
        self.assertEqual(len(self.report(range(3), name='b').altered), 3)
        self.assertEqual(len(self.report([COUNT]).altered), 1)

    def test_json_lines_give_back_every_payload(self):
        self.assertGreater(COUNT, len(PAYLOADS))
        out = self.top / 'out'
        out.write_text(''.join(json.dumps({'message': line_of('a', n)}) + '\n' for n in range(COUNT)))
        self.assertEqual(check([out], {'a': COUNT}).findings(), [])

    def test_torn_json_is_altered(self):
        out = self.top / 'out'
        out.write_text(json.dumps({'message': line_of('a', 0)})[:-9])
        self.assertEqual(len(check([out], {'a': 1}).altered), 1)

    def test_gzip_of_several_members(self):
        out = self.top / 'out.gz'
        source = Source('a')
        out.write_bytes(gzip.compress(source.lines(60)) + gzip.compress(source.lines(40)))
        self.assertEqual(check([out], {'a': COUNT}).findings(), [])

    def test_gzip_that_ends_too_early_is_unreadable_from_there(self):
        out = self.top / 'out.gz'
        source = Source('a')
        whole = gzip.compress(source.lines(60))
        out.write_bytes(whole + gzip.compress(source.lines(40))[:-20])
        reports = check([out], {'a': COUNT})
        self.assertEqual(reports.unreadable, [(f'{out}, member at byte {len(whole)}', 'ends too early')])

    def test_several_outputs_are_one(self):
        source = Source('a')
        parts = [source.append_to(self.top / str(n), 25) for n in range(4)]
        self.assertEqual(check(parts, {'a': COUNT}).findings(), [])
        self.assertEqual(check(parts[::-1], {'a': COUNT})['a'].reordered[0][1:], (50, 99))

    def test_tally_of_a_growing_output(self):
        out = self.top / 'out'
        tally = Tally([out, self.top / 'none'], {'a': COUNT})
        self.assertEqual(tally.missing(), COUNT)
        source = Source('a')
        source.append_to(out, 60)
        self.assertEqual(tally.missing(), 40)
        rest = source.lines(40)
        for begin in range(0, len(rest), 7):
            with out.open('ab') as file:
                file.write(rest[begin:begin + 7])
            left = tally.missing()
        self.assertEqual((left, tally.reports.findings()), (0, []))


if __name__ == '__main__':
    unittest.main()
