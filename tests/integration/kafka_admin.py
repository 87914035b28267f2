"""What the mirror asks brokers and tells them, beside records: the unit tests that need a real one."""
import os
import pathlib
import subprocess
import unittest

from harness import BINARY, TIMEOUT_SECONDS
from kafka_output import KafkaTest


class Admin(KafkaTest):
    def test_every_call_with_a_real_broker(self):
        tests = pathlib.Path(BINARY).parent / 'tests/unit/plugins/support/support_tests'
        if not tests.exists():
            self.skipTest(f'{tests} is not built')
        done = subprocess.run([tests, '--gtest_filter=KafkaAdmin*'], env={**os.environ, 'MILLRACE_TEST_KAFKA': self.kafka.bootstrap},
                              capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:])
        self.assertNotIn('SKIPPED', done.stdout)


if __name__ == '__main__':
    unittest.main()
