"""A TCP proxy between a client and a server that does to their connections what a test tells it to.

    with Proxy('127.0.0.1', port_of_server) as proxy:
        connect_client_to(proxy.port)
        proxy.stall()                  # nothing goes through, connections stay
        proxy.resume()
        proxy.cut(after_bytes=1000)    # each connection once 1000 more bytes went to the server

One thread moves all bytes, so that what was asked for holds for every byte after the call returned. `server`
may change while it runs: redirect() sends new connections elsewhere.
"""
import collections
import random
import selectors
import socket
import struct
import threading
import time

CHUNK_BYTES = 16_384
PENDING_BYTES = 1 << 20  # of a direction, held back by delay or throttle; past it the sender waits
TO_SERVER, TO_CLIENT = 'to server', 'to client'


class Flow:
    """One direction of a connection."""

    def __init__(self, source, target):
        self.source = source
        self.target = target
        self.pending = collections.deque()  # (when it may go on, bytes)
        self.pending_bytes = 0
        self.passed = 0        # bytes handed on
        self.ready_at = 0.0    # by the throttle
        self.ended = False     # the source sends no more
        self.shut = False      # and the target was told


class Connection:
    def __init__(self, client, server):
        self.client = client
        self.server = server
        self.flows = {TO_SERVER: Flow(client, server), TO_CLIENT: Flow(server, client)}
        self.end_at = None     # (direction, bytes passed, how to end)


class Proxy:
    """All methods may be called from any thread. Times are in seconds, rates in bytes a second."""

    def __init__(self, host, port, seed=0):
        self.server = (host, port)
        self.random = random.Random(seed)
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port = self._listener.getsockname()[1]
        self._lock = threading.RLock()
        self._connections = []
        self._delay = self._jitter = 0.0
        self._rate = None
        self._stalled = set()
        self._refusing = False
        self._next_ends = collections.deque()
        self._accepted = self._ended = 0
        self._passed = {TO_SERVER: 0, TO_CLIENT: 0}
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._closing = False
        self._listener.setblocking(False)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # What a test sees.

    @property
    def accepted(self):
        """Connections so far."""
        return self._accepted

    @property
    def open_connections(self):
        return len(self._connections)

    def passed(self, direction=TO_SERVER):
        """Bytes handed on so far, over all connections."""
        return self._passed[direction]

    # What it does to all connections, those to come included.

    def delay(self, seconds, jitter=0.0):
        """Every piece goes on that much later; the jitter is added at random, and nothing overtakes."""
        self._set(_delay=seconds, _jitter=jitter)

    def throttle(self, rate):
        """So many bytes a second for each direction of a connection; None: as fast as may be."""
        self._set(_rate=rate)

    def stall(self, *directions):
        """Nothing goes through in these directions (default: both), not even an end; connections stay."""
        self._set(_stalled=self._stalled.union(directions or (TO_SERVER, TO_CLIENT)))

    def resume(self):
        """Undoes stall(), and refuse()."""
        self._set(_stalled=set(), _refusing=False)

    def refuse(self):
        """New connections are reset at once."""
        self._set(_refusing=True)

    def redirect(self, host, port):
        """New connections go to another server."""
        self._set(server=(host, port))

    # What it does to those that are open.

    def cut(self, after_bytes=0, direction=TO_SERVER):
        """Closes both ends, each connection once so many more bytes went in that direction."""
        self._end('cut', after_bytes, direction)

    def reset(self, after_bytes=0, direction=TO_SERVER):
        """The same with a TCP reset (RST) to both."""
        self._end('reset', after_bytes, direction)

    def half_close(self, after_bytes=0, direction=TO_SERVER):
        """Ends that direction only: its receiver reads an end of file, the other direction goes on."""
        self._end('half', after_bytes, direction)

    # What it does to those to come.

    def random_ends(self, connections, most_to_server, most_to_client):
        """Ends so many connections, each after up to so many bytes in one of the directions, in a way that the
        seed decides; the ways, as (direction, bytes, how)."""
        ways = [self._random_end(most_to_server, most_to_client) for _ in range(connections)]
        with self._lock:
            self._next_ends.extend(ways)
        return ways

    def close(self):
        self._closing = True
        self._wake()
        self._thread.join()
        for connection in list(self._connections):
            self._drop(connection, reset=False)
        for each in (self._listener, self._wake_reader, self._wake_writer):
            each.close()

    # How.

    def _set(self, **values):
        with self._lock:
            self.__dict__.update(values)
        self._wake()

    def _wake(self):
        self._wake_writer.send(b'x')

    def _end(self, how, after_bytes, direction):
        with self._lock:
            for connection in list(self._connections):
                self._arrange(connection, direction, after_bytes, how)
        self._wake()

    def _random_end(self, most_to_server, most_to_client):
        direction, most = self.random.choice(((TO_SERVER, most_to_server), (TO_CLIENT, most_to_client)))
        return direction, self.random.randrange(most), self.random.choice(('cut', 'reset', 'half'))

    def _arrange(self, connection, direction, after_bytes, how):
        connection.end_at = (direction, connection.flows[direction].passed + after_bytes, how)
        self._end_if_due(connection)

    def _end_if_due(self, connection):
        if not connection.end_at:
            return
        direction, limit, how = connection.end_at
        flow = connection.flows[direction]
        if flow.passed < limit:
            return
        connection.end_at = None
        if how != 'half':
            self._drop(connection, reset=how == 'reset')
            return
        flow.pending.clear()
        flow.pending_bytes = 0
        flow.ended = True
        self._shut(connection, flow)

    def _drop(self, connection, reset):
        self._connections.remove(connection)
        for each in (connection.client, connection.server):
            if reset:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            each.close()

    def _shut(self, connection, flow):
        """Passes an end of file on; the connection is over when both directions are."""
        flow.shut = True
        try:
            flow.target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        if all(each.shut for each in connection.flows.values()):
            self._drop(connection, reset=False)

    def _run(self):
        while not self._closing:
            with self._lock:
                selector = selectors.DefaultSelector()
                selector.register(self._listener, selectors.EVENT_READ)
                selector.register(self._wake_reader, selectors.EVENT_READ)
                wait = self._register(selector)
            ready = {key.fileobj for key, _ in selector.select(wait)}
            selector.close()
            with self._lock:
                self._turn(ready)

    def _register(self, selector):
        """What is worth waiting for; how long at most until something that is held back may go on."""
        now, soonest, interest = time.monotonic(), None, collections.Counter()
        for connection in self._connections:
            for direction, flow in connection.flows.items():
                if direction in self._stalled:
                    continue
                if not flow.ended and flow.pending_bytes < PENDING_BYTES:
                    interest[flow.source] |= selectors.EVENT_READ
                if flow.pending and self._due(flow) <= now:
                    interest[flow.target] |= selectors.EVENT_WRITE
                elif flow.pending:
                    soonest = min(soonest or self._due(flow), self._due(flow))
        for each, events in interest.items():
            selector.register(each, events)
        return None if soonest is None else max(0.0, soonest - now)

    @staticmethod
    def _due(flow):
        return max(flow.pending[0][0], flow.ready_at)

    def _turn(self, ready):
        if self._wake_reader in ready:
            self._wake_reader.recv(4096)
        if self._listener in ready:
            self._accept()
        for connection in list(self._connections):
            for direction, flow in connection.flows.items():
                if direction in self._stalled or connection not in self._connections:
                    continue
                if flow.source in ready and not flow.ended and flow.pending_bytes < PENDING_BYTES:
                    self._receive(connection, flow)
                if connection in self._connections:
                    self._pass_on(connection, direction, flow)

    def _accept(self):
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        self._accepted += 1
        try:
            server = None if self._refusing else socket.create_connection(self.server, timeout=10)
        except OSError:
            server = None
        if not server:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            client.close()
            return
        for each in (client, server):
            each.setblocking(False)
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections.append(Connection(client, server))
        if self._next_ends:
            self._arrange(self._connections[-1], *self._next_ends.popleft())

    def _receive(self, connection, flow):
        try:
            data = flow.source.recv(CHUNK_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self._drop(connection, reset=True)  # one end was reset: the other learns it likewise
            return
        if not data:
            flow.ended = True
            return
        due = time.monotonic() + self._delay + self.random.random() * self._jitter
        if flow.pending:
            due = max(due, flow.pending[-1][0])
        flow.pending.append((due, data))
        flow.pending_bytes += len(data)

    def _pass_on(self, connection, direction, flow):
        now = time.monotonic()
        while flow.pending and self._due(flow) <= now:
            due, data = flow.pending[0]
            try:
                sent = flow.target.send(data[:self._allowed(connection, direction, flow)])
            except BlockingIOError:
                return
            except OSError:
                self._drop(connection, reset=True)
                return
            flow.pending.popleft()
            if sent < len(data):
                flow.pending.appendleft((due, data[sent:]))
            flow.pending_bytes -= sent
            flow.passed += sent
            self._passed[direction] += sent
            if self._rate:
                flow.ready_at = now + sent / self._rate
            self._end_if_due(connection)
            if connection not in self._connections:
                return
        if flow.ended and not flow.pending and not flow.shut:
            self._shut(connection, flow)

    def _allowed(self, connection, direction, flow):
        """Bytes of one step: few enough for the throttle to be even, and not past where the connection ends."""
        allowed = CHUNK_BYTES if not self._rate else max(1, min(CHUNK_BYTES, int(self._rate / 100)))
        if connection.end_at and connection.end_at[0] == direction:
            allowed = min(allowed, connection.end_at[1] - flow.passed)
        return allowed
