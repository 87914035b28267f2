"""The kafka input and output where brokers ask who is there: what is right works, what is wrong is said with who and where.

Needs what tests/servers/kafka/build.sh makes; without it the tests are skipped.
"""
import re
import subprocess
import unittest

import kafka_broker
import kafka_output
from harness import TIMEOUT_SECONDS, on_demand, wait_until
from kafka_input import InputTest, QUICK
from kafka_output import KafkaTest

tearDownModule = kafka_output.stop_clusters


def plain(user, password):
    return ("sasl_mechanism => 'PLAIN' sasl_jaas_config => 'org.apache.kafka.common.security.plain.PlainLoginModule required "
            f'username="{user}" password="{password}";\'')


class Strict(InputTest):
    """A cluster that makes no topics of itself and lets nobody in who is not known."""

    CLUSTER = {'acl': True, 'auto.create.topics.enable': 'false'}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kafka.create_topic('allowed')
        cls.kafka.create_topic('forbidden')
        cls.kafka.tool('org.apache.kafka.tools.AclCommand', '--add', '--allow-principal', 'User:alice', '--operation', 'Write',
                       '--operation', 'Describe', '--topic', 'allowed')

    def test_a_topic_of_the_config_that_is_missing_is_waited_for(self):
        config = 'input { stdin { } } output { ' + self.output('topic_id => "later" codec => plain { format => "%{message}" } metadata_max_age_ms => 1000 '
                 'client_options => { "topic.metadata.propagation.max.ms" => 500 }') + ' }'
        process, log = self.start_logged(config, stdin=subprocess.PIPE)
        process.stdin.write(b'one\ntwo\n')
        process.stdin.close()
        self.wait_for_log(log, 'its events wait and are tried again until somebody changes that')
        self.kafka.create_topic('later')
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0, log.read_text()[-2000:])
        self.assertEqual(self.payloads('later'), ['one', 'two'])
        self.assertEqual(log.read_text().count('its events wait'), 1)

    def test_a_topic_named_by_the_event_that_is_missing_costs_only_that_event(self):
        self.kafka.create_topic('to-there')
        config = 'input { stdin { } } output { ' + self.output('topic_id => "to-%{message}" client_options => { "topic.metadata.propagation.max.ms" => 500 }') + ' }'
        outcome = self.millrace('-e', config, stdin=b'there\nnowhere\nthere\n')
        self.assert_clean(outcome)
        self.assertEqual((outcome.ledger['delivered'], outcome.ledger['dead-lettered']), (2, 1))
        self.assertIn('`to-nowhere`', outcome.errors)

    def attempt(self, options, listener, said, secret=None):
        """A run that cannot deliver: what it says, once, and that it goes on trying until it is told to end."""
        process, log = self.start_logged('input { generator { count => 3 } } output { ' + self.output(options, self.kafka.address(listener)) + ' }')
        self.wait_for_log(log, said)
        process.kill()
        process.wait()
        if secret:
            self.assertNotIn(secret, log.read_text())
        return log.read_text()

    def test_sasl_plain_over_tls(self):
        tls = f'security_protocol => "SASL_SSL" ssl_truststore_location => "{self.kafka.tls}/ca.pem" '
        self.send([b'by-alice'], 'topic_id => "allowed" ' + tls + plain('alice', 'alice-secret'), self.kafka.address('SASL_SSL'))
        self.assertIn('by-alice', self.payloads('allowed'))

    def test_a_client_certificate(self):
        both = self.top / 'alice.pem'
        both.write_bytes((self.kafka.tls / 'alice.key').read_bytes() + (self.kafka.tls / 'alice.crt').read_bytes())
        subprocess.run(['openssl', 'pkcs12', '-export', '-in', both, '-out', self.top / 'alice.p12', '-passout', 'pass:changeit'], check=True)
        trust = f'topic_id => "allowed" security_protocol => "SSL" ssl_truststore_location => "{self.kafka.tls}/ca.pem" '
        self.send([b'by-pem'], trust + f'ssl_keystore_location => "{both}"', self.kafka.address('SSL'))
        self.send([b'by-p12'], trust + f'ssl_keystore_location => "{self.top}/alice.p12" ssl_keystore_password => "changeit"', self.kafka.address('SSL'))
        self.assertEqual([p for p in self.payloads('allowed') if p.startswith('by-p')], ['by-pem', 'by-p12'])

    def test_what_is_wrong_is_said_with_who_and_where(self):
        sasl = 'topic_id => "allowed" security_protocol => "SASL_PLAINTEXT" '
        log = self.attempt(sasl + plain('alice', 'nonsense'), 'SASL_PLAINTEXT', 'authentication failed', secret='nonsense')
        self.assertIn(f'{self.kafka.address("SASL_PLAINTEXT")} (SASL_PLAINTEXT, PLAIN, user alice)', log)
        self.assertIn('sasl_jaas_config', log)
        log = self.attempt('topic_id => "allowed" security_protocol => "SSL"', 'SSL', 'TLS failed')
        self.assertIn('ssl_truststore_location', log)

    def test_a_topic_that_is_not_ours_is_waited_for(self):
        sasl = 'topic_id => "forbidden" security_protocol => "SASL_PLAINTEXT" '
        log = self.attempt(sasl + plain('alice', 'alice-secret'), 'SASL_PLAINTEXT', 'its events wait')
        self.assertIn('`forbidden`: TOPIC_AUTHORIZATION_FAILED', log)
        self.assertIn('ACL', log)

    def test_a_user_without_rights_is_told_which_and_reads_when_he_has_them(self):
        self.kafka.create_topic('guarded')
        self.kafka.produce('guarded', [b'secret'])
        login = f'security_protocol => "SASL_SSL" ssl_truststore_location => "{self.kafka.tls}/ca.pem" ' + plain('bob', 'bob-secret')
        config = f'input {{ kafka {{ bootstrap_servers => "{self.kafka.address("SASL_SSL")}" topics => ["guarded"] group_id => "bobs" ' \
                 f'{QUICK} {login} }} }} output {{ file {{ path => "{self.top}/log.out" codec => json_lines flush_interval => 0 }} }}'
        process, log = self.start_logged(config)
        self.wait_for_log(log, 'not authorised')
        acl = ('org.apache.kafka.tools.AclCommand', '--add', '--allow-principal', 'User:bob', '--operation', 'Read', '--operation', 'Describe')
        self.kafka.tool(*acl, '--topic', 'guarded', '--group', 'bobs')
        wait_until(lambda: self.events(), f'the record: {log.read_text()[-500:]}')
        self.end(process, log)
        self.assertEqual([event['message'] for event in self.events()], ['secret'])
        self.assertNotIn('bob-secret', log.read_text())

    def acls(self, topic):
        out = self.kafka.tool('org.apache.kafka.tools.AclCommand', '--list', '--topic', topic)
        return sorted(re.findall(r'principal=User:(\w+), host=\*, operation=(\w+), permissionType=(\w+)', out))

    def change_acls(self, what, user, *arguments):
        self.kafka.tool('org.apache.kafka.tools.AclCommand', what, *arguments, '--allow-principal', f'User:{user}')

    def test_who_may_read_a_topic_may_read_its_copy_and_nobody_may_write_to_it(self):
        self.kafka.create_topic('lent')
        self.change_acls('--add', 'alice', '--topic', 'lent', '--operation', 'Read', '--operation', 'Write')
        self.change_acls('--add', 'bob', '--topic', 'lent', '--operation', 'All')
        self.change_acls('--add', 'carol', '--topic', 'len', '--resource-pattern-type', 'prefixed', '--operation', 'Read')
        self.change_acls('--add', 'dave', '--topic', 'east.lent', '--operation', 'Read')
        side = f'bootstrap_servers: "{self.kafka.bootstrap}"'
        flow = self.write('flow.yaml', f'flow: lent\ntopics: [lent]\nacl_sync: true\nacl_sync_interval: 300ms\n'
                          f'source: {{ alias: east, {side} }}\ntarget: {{ alias: west, {side} }}\n')
        log = self.top / 'log'
        process = self.start('mirror', flow, stderr=log.open('ab'))
        self.wait_for_log(log, 'the target has got 2 ACLs')
        self.assertEqual(self.acls('east.lent'), [('alice', 'READ', 'ALLOW'), ('bob', 'READ', 'ALLOW'), ('dave', 'READ', 'ALLOW')])
        self.assertIn('`len allow READ * User:carol (a prefix)`', log.read_text())
        self.end(process, log)
        self.change_acls('--remove', 'alice', '--topic', 'lent', '--operation', 'Read', '--force')
        process = self.start('mirror', flow, stderr=log.open('ab'))  # which knows what the first one made
        self.wait_for_log(log, 'gone from the target, 1 ACLs: `east.lent allow READ * User:alice`')
        self.assertEqual(self.acls('east.lent'), [('bob', 'READ', 'ALLOW'), ('dave', 'READ', 'ALLOW')])
        self.end(process, log)

    def test_a_mirror_has_its_credentials_still_when_it_connects_again(self):
        for topic in ('asked', 'east.asked'):
            self.kafka.create_topic(topic)
        side = f'bootstrap_servers: "{self.kafka.address("SASL_PLAINTEXT")}", security_protocol: SASL_PLAINTEXT, sasl_mechanism: PLAIN, ' \
               'sasl_jaas_config: \'org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="admin-secret";\''
        flow = self.write('flow.yaml', f'flow: asked\ntopics: [asked]\nsource: {{ alias: east, {side} }}\ntarget: {{ alias: west, {side} }}\n')
        log = self.top / 'log'
        process = self.start('mirror', flow, stderr=log.open('ab'))
        for begun in (0, 2000):
            if begun:
                self.kafka.kill()
                self.kafka.start()
            lines = [str(number) for number in range(begun, begun + 2000)]
            self.kafka.produce('asked', [line.encode() for line in lines])
            wait_until(lambda: self.payloads('east.asked')[begun:] == lines, f'{begun} to {begun + 2000}: {log.read_text()[-1000:]}')
        self.end(process, log)


@on_demand
class Scram(KafkaTest):
    CLUSTER = {'secure': True}
    VERSION = kafka_broker.SCRAM_VERSION

    def test_scram(self):
        login = ("security_protocol => 'SASL_PLAINTEXT' sasl_mechanism => 'SCRAM-SHA-256' sasl_jaas_config => "
                 "'org.apache.kafka.common.security.scram.ScramLoginModule required username=\"bob\" password=\"bob-secret\";'")
        self.send([b'by-bob'], 'topic_id => "s" ' + login, self.kafka.address('SASL_PLAINTEXT'))
        self.assertEqual(self.payloads('s'), ['by-bob'])


if __name__ == '__main__':
    unittest.main()
