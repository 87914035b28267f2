"""The preload library does to a program what its rules say."""
import os
import subprocess
import sys

from harness import wait_until
from rig import Faults, FaultTest

# A program that does one call after the other and prints what came of each.
PROGRAM = '''
import ctypes, errno, os, sys
os.chdir(sys.argv[1])
def attempt(name, call):
    try:
        print(name, call(), flush=True)
    except OSError as error:
        print(name, errno.errorcode[error.errno], flush=True)
fd = os.open('file', os.O_RDWR | os.O_CREAT)
'''


class Preload(FaultTest):
    def run_program(self, body, *rules):
        self.faults = Faults(self.top, *rules)
        self.done = subprocess.run([sys.executable, '-c', PROGRAM + body, str(self.top)], capture_output=True, text=True,
                                   env={**os.environ, **self.faults.env}, timeout=60)
        return self.done.stdout.splitlines()

    def written(self):
        return (self.top / 'file').read_bytes()

    def test_nth_write_fails_and_the_others_do_not(self):
        lines = self.run_program("for n in range(5): attempt('write', lambda: os.write(fd, b'abcd'))",
                                 'write:*/file:2-3:ENOSPC')
        self.assertEqual(lines, ['write 4', 'write ENOSPC', 'write ENOSPC', 'write 4', 'write 4'])
        self.assertEqual(self.written(), b'abcd' * 3)
        self.assertEqual(self.faults.count(), 5)

    def test_every_call_can_fail(self):
        body = '''
attempt('write', lambda: os.write(fd, b'x'))
attempt('writev', lambda: os.writev(fd, [b'x', b'y']))
attempt('pwrite', lambda: os.pwrite(fd, b'x', 0))
attempt('fsync', lambda: os.fsync(fd))
attempt('fdatasync', lambda: os.fdatasync(fd))
attempt('ftruncate', lambda: os.ftruncate(fd, 0))
attempt('rename', lambda: os.rename('file', 'other'))
attempt('unlink', lambda: os.unlink('file'))
attempt('open', lambda: os.open('file', os.O_RDONLY))
'''
        names = ['write', 'writev', 'pwrite', 'fsync', 'fdatasync', 'ftruncate', 'rename', 'unlink', 'open']
        rules = [f'{name}:*/file:{2 if name == "open" else "*"}:EIO' for name in names]
        self.assertEqual(self.run_program(body, *rules), [name + ' EIO' for name in names])

    def test_stdio_can_fail(self):
        body = '''
c = ctypes.CDLL(None, use_errno=True)
c.fopen.restype = ctypes.c_void_p
stream = ctypes.c_void_p(c.fopen(b'file', b'w'))
for n in range(2): print('fwrite', c.fwrite(b'abcd', 1, 4, stream))
for n in range(2): print('fflush', c.fflush(stream))
print('fopen', c.fopen(b'file', b'w'))
'''
        lines = self.run_program(body, 'fwrite:*/file:1:ENOSPC', 'fflush:*/file:1:EIO', 'create:*/file:3:EACCES')
        self.assertEqual(lines, ['fwrite 0', 'fwrite 4', 'fflush -1', 'fflush 0', 'fopen None'])
        self.assertEqual(self.written(), b'abcd')

    def test_short_writes(self):
        body = '''
for n in range(3): attempt('write', lambda: os.write(fd, b'abcdefgh'))
attempt('writev', lambda: os.writev(fd, [b'ABC', b'DEFGH']))
'''
        lines = self.run_program(body, 'write:*/file:1:short', 'write:*/file:2:short=3', 'writev:*/file:1:short')
        self.assertEqual(lines, ['write 4', 'write 3', 'write 8', 'writev 4'])
        self.assertEqual(self.written(), b'abcd' + b'abc' + b'abcdefgh' + b'ABCD')

    def test_kill_before_after_and_in_the_middle(self):
        body = "for n in range(3): attempt('write', lambda: os.write(fd, b'abcd'))"
        for action, left in (('before', b'abcd'), ('half', b'abcdab'), ('after', b'abcdabcd')):
            with self.subTest(action=action):
                (self.top / 'file').unlink(missing_ok=True)
                lines = self.run_program(body, f'write:*/file:2:kill-{action}')
                self.assertEqual((lines, self.done.returncode, self.written()), (['write 4'], -9, left))
                self.assertEqual(self.faults.count(), 2)  # the count outlives the process

    def test_kill_at_a_byte(self):
        body = "for n in range(3): attempt('write', lambda: os.write(fd, b'abcd'))"
        for byte, left in ((1, b'a'), (4, b'abcd'), (5, b'abcda'), (11, b'abcdabcdabc')):
            with self.subTest(byte=byte):
                (self.top / 'file').unlink(missing_ok=True)
                self.run_program(body, f'write:*/file:*:kill-at={byte}')
                self.assertEqual((self.done.returncode, self.written()), (-9, left))
        self.run_program(body, 'write:*/file:*:kill-at=13')
        self.assertEqual(self.done.returncode, 0)

    def test_rename_is_killed_before_or_after(self):
        for action, names in (('before', ['file']), ('after', ['other'])):
            with self.subTest(action=action):
                self.run_program("os.rename('file', 'other')", f'rename:*/other:1:kill-{action}')
                self.assertEqual(self.done.returncode, -9)
                found = [path.name for path in self.top.iterdir() if path.name in ('file', 'other')]
                self.assertEqual(found, names)
                (self.top / found[0]).unlink()

    def test_rule_acts_while_a_file_is_there(self):
        body = '''
attempt('write', lambda: os.write(fd, b'x'))
open('full', 'w').close()
attempt('write', lambda: os.write(fd, b'x'))
os.unlink('full')
attempt('write', lambda: os.write(fd, b'x'))
'''
        lines = self.run_program(body, f'write:*/file:*:ENOSPC:while={self.top}/full')
        self.assertEqual(lines, ['write 1', 'write ENOSPC', 'write 1'])
        self.assertEqual(self.faults.count(), 1)

    def test_other_paths_are_left_alone(self):
        body = "other = os.open('other', os.O_WRONLY | os.O_CREAT); attempt('write', lambda: os.write(other, b'x'))"
        self.assertEqual(self.run_program(body, 'write:*/file:*:EIO'), ['write 1'])
        self.assertEqual(self.faults.count(), 0)

    def test_pipes_have_a_path_too(self):
        lines = self.run_program("print('abcdefgh', flush=True)", 'write:pipe*:*:kill-at=3')
        self.assertEqual((lines, self.done.returncode), (['abc'], -9))

    def test_writing_counts_what_changes_something(self):
        body = '''
os.write(fd, b'x'); os.fsync(fd); os.rename('file', 'other'); os.read(fd, 1)
os.close(os.open('other', os.O_RDONLY)); os.unlink('other')
'''
        self.run_program(body, f'writing:{self.top}/*:*:count')
        self.assertEqual(self.faults.count(), 5)  # with the opening that made the file

    def test_mistakes_in_rules_are_refused(self):
        for rule in ('write', 'wirte:*:*:EIO', 'write:*:x:EIO', 'write:*:1:EWHAT', 'write:*:1:short=x', 'write:*:*:kill-at=0',
                     'write:*:1:EIO:until=/x'):
            with self.subTest(rule=rule):
                self.run_program('', rule)
                self.assertEqual(self.done.returncode, 125)
                self.assertIn(rule, self.done.stderr)

    def test_counts_can_be_read_while_the_process_runs(self):
        faults = Faults(self.top, 'write:*/file:*:count')
        body = PROGRAM + "os.write(fd, b'x'); sys.stdin.read()"
        process = subprocess.Popen([sys.executable, '-c', body, str(self.top)], stdin=subprocess.PIPE,
                                   env={**os.environ, **faults.env})
        self.addCleanup(self._end, process)
        wait_until(lambda: faults.count() == 1, 'the write to be counted')
