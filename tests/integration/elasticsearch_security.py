"""The elasticsearch output and who it talks to: certificates on both sides, credentials, proxies."""
import base64
import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
import unittest

import elasticsearch_output
from harness import ROOT, wait_until

CANARY = 'canary-4711'
PLAIN = 'index => "i" manage_template => false '


def make_certificates(directory, *before):
    subprocess.run([*before, ROOT / 'tests/servers/make-certs', directory], check=True)
    return directory


class SecurityTest(elasticsearch_output.ElasticsearchTest):
    def setUp(self):
        super().setUp()
        self.certificates = make_certificates(self.top / 'certificates')

    def serve_tls(self, certificates=None, client_authority=None, **script):
        certificates = certificates or self.certificates
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / 'server.pem', certificates / 'server.key')
        if client_authority:
            context.load_verify_locations(client_authority)
            context.verify_mode = ssl.CERT_REQUIRED
        return self.serve(wrap=lambda connection: context.wrap_socket(connection, server_side=True), **script)

    def assert_refused(self, server, options, message):
        """Nothing is sent, and the log says what is wrong."""
        log = self.top / 'log'
        process = self.start('-e', self.config([server], PLAIN + options), stdin=subprocess.PIPE, stderr=log.open('wb'))
        process.stdin.write(b'{"n":1}\n')
        process.stdin.flush()
        wait_until(lambda: message in log.read_text() or process.poll() is not None, message)
        process.kill()
        process.wait()
        self.assertIn(message, log.read_text())
        self.assertNotIn(CANARY, log.read_text())
        self.assertEqual(server.requests, [])

    def trust(self, name='ca.pem'):
        return f'ssl_certificate_authorities => "{self.certificates / name}" '


class Certificates(SecurityTest):
    def test_a_server_that_the_authority_has_signed_gets_the_events(self):
        server = self.serve_tls()
        self.deliver(100, server, options=PLAIN + self.trust())
        self.assert_stored(server.store, range(100))

    def test_a_server_of_another_authority_is_refused(self):
        other = make_certificates(self.top / 'other')
        self.assert_refused(self.serve_tls(other), self.trust(), 'signed by no authority that is trusted here')

    def test_the_systems_authorities_count_only_without_own_ones(self):
        self.assert_refused(self.serve_tls(), '', 'signed by no authority that is trusted here')

    def test_a_certificate_for_another_name_is_refused(self):
        self.assert_refused(self.serve_tls(address='127.0.0.2'), self.trust(), 'certificate is for another name')

    @unittest.skipUnless(shutil.which('faketime'), 'faketime is not installed')
    def test_an_expired_certificate_is_refused(self):
        old = make_certificates(self.top / 'old', 'faketime', '2020-01-01')
        self.assert_refused(self.serve_tls(old), f'ssl_certificate_authorities => "{old / "ca.pem"}"', 'has expired')

    def test_plain_http_on_a_tls_port_is_named(self):
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)

        def answer_in_plain():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    connection.recv(1 << 16)
                    connection.sendall(b'HTTP/1.1 400 Bad Request\r\n\r\n')
                    connection.close()
        threading.Thread(target=answer_in_plain, daemon=True).start()
        log = self.top / 'log'
        config = self.config([], f'{PLAIN} hosts => ["https://127.0.0.1:{listener.getsockname()[1]}"]')
        self.start('-e', config.replace('hosts => [] ', ''), stdin=subprocess.PIPE, stderr=log.open('wb'))
        wait_until(lambda: 'does not speak TLS on this port' in log.read_text(), 'the refusal')

    def test_without_the_clients_certificate_a_server_that_wants_one_refuses(self):
        server = self.serve_tls(client_authority=self.certificates / 'ca.pem')
        self.assert_refused(server, self.trust(), 'client certificate')

    def test_with_the_clients_certificate_it_takes_the_events(self):
        server = self.serve_tls(client_authority=self.certificates / 'ca.pem')
        self.deliver(100, server, options=PLAIN + self.trust() +
                     f'ssl_certificate => "{self.certificates / "client.pem"}" ssl_key => "{self.certificates / "client.key"}"')
        self.assert_stored(server.store, range(100))

    def test_stores_of_pkcs12_do_the_same(self):
        c = self.certificates
        subprocess.run(['openssl', 'pkcs12', '-export', '-in', c / 'client.pem', '-inkey', c / 'client.key',
                        '-out', c / 'client.p12', '-passout', f'pass:{CANARY}'], check=True)
        subprocess.run(['openssl', 'pkcs12', '-export', '-nokeys', '-in', c / 'ca.pem', '-out', c / 'ca.p12',
                        '-passout', f'pass:{CANARY}'], check=True)
        server = self.serve_tls(client_authority=c / 'ca.pem')
        stores = (f'ssl_keystore_path => "{c / "client.p12"}" ssl_keystore_password => "{CANARY}" '
                  f'ssl_truststore_path => "{c / "ca.p12"}" ssl_truststore_password => ')
        outcome = self.deliver(100, server, options=PLAIN + stores + f'"{CANARY}"')
        self.assertNotIn(CANARY, outcome.errors)
        self.assert_refused(self.serve_tls(), stores + '"wrong"', 'is the password right?')

    def test_a_fingerprint_of_the_authority_is_enough_and_another_is_not(self):
        c = self.certificates
        # The authority's certificate comes with the server's own.
        (c / 'server.pem').write_bytes((c / 'server.pem').read_bytes() + (c / 'ca.pem').read_bytes())
        shown = subprocess.run(['openssl', 'x509', '-in', c / 'ca.pem', '-noout', '-fingerprint', '-sha256'],
                               check=True, capture_output=True, text=True).stdout
        fingerprint = shown.split('=')[1].strip()
        server = self.serve_tls()
        self.deliver(100, server, options=PLAIN + f'ca_trusted_fingerprint => "{fingerprint}"')
        self.assert_refused(self.serve_tls(), f'ca_trusted_fingerprint => "{"0" * 64}"',
                            'signed by no authority that is trusted here')

    def test_verification_can_be_switched_off_with_a_warning(self):
        server = self.serve_tls()
        outcome = self.deliver(100, server, options=PLAIN + 'ssl_verification_mode => "none"')
        self.assertIn('nobody checks who the server is', outcome.errors)


class Credentials(SecurityTest):
    def headers(self, options):
        server = self.serve_tls()
        outcome = self.deliver(10, server, options=PLAIN + self.trust() + options)
        self.assertNotIn(CANARY, outcome.errors)
        self.assertEqual(len({r.headers['authorization'] for r in server.requests}), 1)
        return server.requests[0].headers['authorization']

    def test_an_api_key_is_sent_as_base64_however_it_is_written(self):
        encoded = base64.b64encode(f'id:{CANARY}'.encode()).decode()
        self.assertEqual(self.headers(f'api_key => "id:{CANARY}"'), 'ApiKey ' + encoded)
        self.assertEqual(self.headers(f'api_key => "{encoded}"'), 'ApiKey ' + encoded)

    def test_cloud_auth_is_basic_authentication(self):
        self.assertEqual(self.headers(f'cloud_auth => "u:{CANARY}"'),
                         'Basic ' + base64.b64encode(f'u:{CANARY}'.encode()).decode())

    def test_those_of_a_url_show_up_nowhere(self):
        server = self.serve()
        config = self.config([server], PLAIN).replace('http://', f'http://u:{CANARY}@')
        outcome = self.millrace('-e', config, '--log.level', 'debug', stdin=b'{"n":1}\n')
        self.assert_clean(outcome)
        self.assertNotIn(CANARY, outcome.errors)
        self.assertEqual(server.bulks[0].headers['authorization'], 'Basic ' + base64.b64encode(f'u:{CANARY}'.encode()).decode())

    def test_no_file_holds_them_where_events_are_refused(self):
        """Neither the dead letters, nor positions, nor the log at its most talkative."""
        server = self.serve_tls(on_item=lambda action: 400)
        config = self.config([server], PLAIN + self.trust() + f'user => "u" password => "{CANARY}"')
        outcome = self.millrace('-e', config, '--dead_letter_queue.enable', 'true', '--log.level', 'debug', stdin=b'{"n":1}\n')
        self.assertEqual(outcome.ledger['dead-lettered'], 1)
        self.assertIn('authorization', server.bulks[0].headers)
        files = [path for path in (self.top / 'data').rglob('*') if path.is_file()]
        self.assertTrue(files)
        secrets = [CANARY.encode(), base64.b64encode(f'u:{CANARY}'.encode())]
        for text in [outcome.err, outcome.out, *(path.read_bytes() for path in files)]:
            for secret in secrets:
                self.assertNotIn(secret, text)

    def test_mistakes_do_not_show_them(self):
        for options in (f'api_key => "id:{CANARY}"', f'user => "u" password => "{CANARY}" cloud_auth => "{CANARY}"',
                        f'password => "{CANARY}"', f'hosts => ["ftp://u:{CANARY}@h"]', f'proxy => "ftp://u:{CANARY}@h"'):
            with self.subTest(options=options):
                outcome = self.millrace('-e', f'input {{ stdin {{ }} }} output {{ elasticsearch {{ {options} }} }}')
                self.assertEqual(outcome.status, 1)
                self.assertNotIn(CANARY, outcome.errors)


class Proxies(SecurityTest):
    def test_a_proxy_gets_the_requests_with_its_own_credentials(self):
        proxy = self.serve()
        config = self.config([], PLAIN + f'proxy => "http://p:{CANARY}@127.0.0.1:{proxy.port}" hosts => ["http://es.invalid:9200"]')
        outcome = self.millrace('-e', config.replace('hosts => [] ', ''), stdin=b'{"n":1}\n')
        self.assert_clean(outcome)
        self.assertEqual(proxy.bulks[0].path.split('?')[0], 'http://es.invalid:9200/_bulk')
        self.assertEqual(proxy.bulks[0].headers['proxy-authorization'], 'Basic ' + base64.b64encode(f'p:{CANARY}'.encode()).decode())
        self.assertNotIn(CANARY, outcome.errors)

    def test_those_of_the_environment_do_not_count(self):
        server = self.serve()
        proxy = self.serve()
        outcome = self.millrace('-e', self.config([server], PLAIN), stdin=b'{"n":1}\n',
                                env={'http_proxy': proxy.url, 'https_proxy': proxy.url, 'all_proxy': proxy.url})
        self.assert_clean(outcome)
        self.assertEqual(proxy.requests, [])


if __name__ == '__main__':
    unittest.main()
