"""The proxy does to connections what it is told, and nothing else."""
import hashlib
import random
import socket
import threading
import unittest

from harness import wait_until
from proxy import TO_CLIENT, TO_SERVER, Proxy

SOME = b'abcdefgh' * 1000


class EchoServer:
    """Sends back what it gets; a client that ends its sending gets the rest, then an end."""

    def __init__(self):
        self.received = 0
        self.resets = 0
        self.ends = 0
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._echo, args=[connection], daemon=True).start()

    def _echo(self, connection):
        with connection:
            try:
                while data := connection.recv(65536):
                    self.received += len(data)
                    connection.sendall(data)
                self.ends += 1
            except OSError:
                self.resets += 1

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def read_bytes(client, count):
    """Up to `count` bytes; fewer where the connection ends before."""
    data = b''
    while len(data) < count and (some := client.recv(count - len(data))):
        data += some
    return data


class ProxyTest(unittest.TestCase):
    def setUp(self):
        self.server = EchoServer()
        self.addCleanup(self.server.close)
        self.proxy = Proxy('127.0.0.1', self.server.port, seed=7)
        self.addCleanup(self.proxy.close)

    def client(self):
        client = socket.create_connection(('127.0.0.1', self.proxy.port), timeout=60)
        self.addCleanup(client.close)
        return client

    def ready_client(self):
        """One whose connection is known to stand, through to the server."""
        client = self.client()
        client.sendall(b'hello')
        self.assertEqual(read_bytes(client, 5), b'hello')
        return client

    def test_every_byte_passes_both_ways_and_so_do_ends(self):
        data = random.Random(1).randbytes(3_000_000)
        client = self.client()
        sending = threading.Thread(target=lambda: (client.sendall(data), client.shutdown(socket.SHUT_WR)))
        sending.start()
        back = read_bytes(client, len(data) + 1)
        sending.join()
        self.assertEqual(hashlib.sha256(back).digest(), hashlib.sha256(data).digest())
        self.assertEqual((self.proxy.passed(TO_SERVER), self.proxy.passed(TO_CLIENT)), (len(data), len(data)))
        wait_until(lambda: self.proxy.open_connections == 0, 'the connection to be over')

    def test_stalled_bytes_arrive_after_resume(self):
        client = self.ready_client()
        self.proxy.stall(TO_CLIENT)
        client.sendall(SOME)
        wait_until(lambda: self.server.received == 5 + len(SOME), 'the server to get all')
        self.assertEqual(self.proxy.passed(TO_CLIENT), 5)
        self.proxy.resume()
        self.assertEqual(read_bytes(client, len(SOME)), SOME)

    def test_stall_both_ways(self):
        client = self.ready_client()
        self.proxy.stall()
        client.sendall(SOME)
        self.assertEqual(self.proxy.passed(TO_SERVER), 5)
        self.proxy.resume()
        self.assertEqual(read_bytes(client, len(SOME)), SOME)

    def test_delay_and_throttle_change_no_byte(self):
        self.proxy.delay(0.002, jitter=0.005)
        self.proxy.throttle(1_000_000)
        client = self.client()
        for begin in range(0, len(SOME), 500):
            client.sendall(SOME[begin:begin + 500])
        self.assertEqual(read_bytes(client, len(SOME)), SOME)

    def test_cut_after_exactly_so_many_bytes(self):
        client = self.ready_client()
        self.proxy.cut(after_bytes=1234)
        client.sendall(SOME)
        wait_until(lambda: self.proxy.open_connections == 0, 'the cut')
        wait_until(lambda: self.server.ends + self.server.resets == 1, 'the server to notice')
        self.assertEqual(self.proxy.passed(TO_SERVER), 5 + 1234)

    def test_cut_reaches_a_client_that_only_listens(self):
        client = self.ready_client()
        self.proxy.cut()
        self.assertEqual(client.recv(1), b'')

    def test_reset_is_a_reset(self):
        client = self.ready_client()
        self.proxy.reset()
        with self.assertRaises(ConnectionResetError):
            client.recv(1)
        wait_until(lambda: self.server.resets == 1, 'the server to be reset')

    def test_half_close_leaves_the_other_direction(self):
        client = self.ready_client()
        self.proxy.stall(TO_CLIENT)
        client.sendall(SOME)
        wait_until(lambda: self.server.received == 5 + len(SOME), 'the server to get all')
        self.proxy.half_close(direction=TO_SERVER)
        wait_until(lambda: self.server.ends == 1, 'the server to read an end')
        self.proxy.resume()
        self.assertEqual(read_bytes(client, len(SOME) + 1), SOME)

    def test_refused_clients_are_reset_until_it_resumes(self):
        self.proxy.refuse()
        with self.assertRaises(ConnectionResetError):
            self.client().recv(1)
        self.proxy.resume()
        self.ready_client()

    def test_client_of_a_dead_server_is_reset_until_it_is_sent_elsewhere(self):
        other = EchoServer()
        self.addCleanup(other.close)
        dead = socket.create_server(('127.0.0.1', 0))
        self.proxy.redirect('127.0.0.1', dead.getsockname()[1])
        dead.close()
        with self.assertRaises(ConnectionResetError):
            self.client().recv(1)
        self.proxy.redirect('127.0.0.1', other.port)
        self.ready_client()
        self.assertEqual((other.received, self.server.received), (5, 0))

    def test_random_ends_come_to_the_next_connections(self):
        self.ready_client()
        self.proxy.random_ends(3, len(SOME), len(SOME))
        for _ in range(3):
            client = self.client()
            try:
                client.sendall(SOME)
                client.shutdown(socket.SHUT_WR)
                self.assertNotEqual(read_bytes(client, len(SOME) + 1), SOME)
            except OSError:
                pass  # a reset
        client = self.client()
        client.sendall(SOME)
        self.assertEqual(read_bytes(client, len(SOME)), SOME)

    def test_random_ends_follow_the_seed(self):
        def ways(seed):
            with Proxy('127.0.0.1', self.server.port, seed) as proxy:
                return proxy.random_ends(4, len(SOME), 100)
        self.assertEqual(ways(3), ways(3))
        self.assertNotEqual(ways(3), ways(4))
