"""From files to files: odd files, files that go away, a second run."""
import unittest

from harness import MillraceTest, read_json_lines, wait_until

READ = '''
input { file { path => "%s" mode => "read" exit_after_read => true sincedb_path => "%s"
               file_completed_action => "log" file_completed_log_path => "%s" } }
output { file { path => "%s" } }
'''
TAIL = '''
input { file { path => "%s" start_position => "beginning" sincedb_path => "%s" discover_interval => 1 } }
output { stdout { codec => line { format => "%%{message}" } } }
'''


class ReadMode(MillraceTest):
    def read(self, content):
        source = self.write('in/log', content)
        out = self.top / 'out.json'
        config = READ % (source, self.top / 'sincedb', self.top / 'done', out)
        outcome = self.millrace('-e', config)
        self.assert_clean(outcome)
        events = read_json_lines(out.read_bytes()) if out.exists() else []
        self.assertEqual(outcome.ledger['delivered'], outcome.ledger['in'])
        return [event['message'] for event in events]

    def test_lines_of_a_file(self):
        self.assertEqual(self.read(b'one\ntwo\n'), ['one', 'two'])

    def test_no_final_newline(self):
        self.assertEqual(self.read(b'one\ntwo'), ['one', 'two'])

    def test_empty_file(self):
        self.assertEqual(self.read(b''), [])

    def test_crlf_and_nul_and_bad_utf8(self):
        one, two, three = self.read(b'one\r\ntw\0o\nthr\xff\n')
        self.assertEqual((one, two, three[:3]), ('one\r', 'tw\0o', 'thr'))

    def test_second_run_reads_nothing_twice(self):
        self.assertEqual(self.read(b'one\n'), ['one'])
        self.assertEqual(self.read(b'one\n'), ['one'])  # the output appends: one line still


class TailMode(MillraceTest):
    def test_file_that_vanishes_does_not_end_the_process(self):
        source = self.write('in/log', b'one\n')
        out, log = self.top / 'out', self.top / 'stderr'
        with out.open('wb') as stdout, log.open('wb') as stderr:
            process = self.start('-e', TAIL % (self.top / 'in' / '*', self.top / 'sincedb'),
                                 stdout=stdout, stderr=stderr)
        wait_until(lambda: out.read_bytes() == b'one\n' or process.poll() is not None, 'the first line')
        source.unlink()
        self.write('in/other', b'two\n')
        wait_until(lambda: out.read_bytes() == b'one\ntwo\n' or process.poll() is not None,
                   'the line of the other file')
        process.terminate()
        self.assertEqual(process.wait(60), 0, log.read_text())
        self.assertEqual(out.read_bytes(), b'one\ntwo\n')


if __name__ == '__main__':
    unittest.main()
