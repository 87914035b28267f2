"""A node of Elasticsearch that a test scripts: it stores documents, and answers what the test says."""
import gzip
import itertools
import json
import socket
import socketserver
import struct
import threading
import time

TAGLINE = 'You Know, for Search'
ROOT = {'name': 'scripted', 'version': {'number': '8.19.2', 'build_flavor': 'default'}, 'tagline': TAGLINE}
OPENSEARCH = {'name': 'scripted', 'version': {'number': '2.19.4', 'distribution': 'opensearch'}, 'tagline': 'x'}


class Action:
    """One operation of a bulk request."""

    def __init__(self, kind, metadata, source):
        self.kind = kind
        self.index = metadata.get('_index')
        self.id = metadata.get('_id')
        self.metadata = metadata
        self.source = source

    @property
    def n(self):
        """The number that the tests give their events."""
        return (self.source or {}).get('n')


class Request:
    def __init__(self, method, path, headers, body):
        self.method = method
        self.path = path
        self.headers = headers
        self.at = time.monotonic()
        self.wire_size = len(body)
        self.body = gzip.decompress(body) if headers.get('content-encoding') == 'gzip' else body
        self.is_bulk = method == 'POST' and path.split('?')[0].endswith('/_bulk')
        self.actions = list(parse_actions(self.body)) if self.is_bulk else []


def parse_actions(body):
    assert body.endswith(b'\n'), 'a bulk body ends with a line end'
    lines = iter(body.decode('utf-8').split('\n')[:-1])
    for line in lines:
        (kind, metadata), = json.loads(line).items()
        yield Action(kind, metadata, None if kind == 'delete' else json.loads(next(lines)))


class Reply:
    """What goes over the wire. `cut`: only so many bytes of it, then the connection is reset; `slow`: seconds a byte;
    `hang`: nothing, until the client leaves; `half_closed`: nor will there ever be anything."""

    def __init__(self, status=200, body=b'', headers=None, cut=None, slow=None, hang=False, half_closed=False):
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = headers or {}
        self.cut = cut
        self.slow = slow
        self.hang = hang or half_closed
        self.half_closed = half_closed

    def wire(self, head_only):
        headers = {'Content-Type': 'application/json', 'Content-Length': len(self.body),
                   'X-elastic-product': 'Elasticsearch', **self.headers}
        lines = ''.join(f'{name}: {value}\r\n' for name, value in headers.items() if value is not None)
        return f'HTTP/1.1 {self.status} Scripted\r\n{lines}\r\n'.encode() + (b'' if head_only else self.body)


RESET = Reply(cut=0)
HANG = Reply(hang=True)
HALF_CLOSED = Reply(half_closed=True)
BUSY = Reply(503, {'error': {'type': 'cluster_block_exception', 'reason': 'state not recovered'}, 'status': 503})


class BulkServer:
    """`on_bulk(request)` may return a Reply, before anything is stored; `on_stored(request, answer)` one in place of
    the answer, after it. `on_item(action)` may return a status in place of storing. `on_other(request)` answers
    what is neither a bulk request nor the root. Without `reads_bodies` it stops reading after a request's head."""

    def __init__(self, on_bulk=None, on_stored=None, on_item=None, on_other=None, root=ROOT, store=None, port=0,
                 wrap=None, address='127.0.0.1', reads_bodies=True):
        self.on_bulk = on_bulk
        self.on_stored = on_stored
        self.on_item = on_item
        self.on_other = on_other
        self.root = root
        self.wrap = wrap
        self.address = address
        self.reads_bodies = reads_bodies
        self.stopped = threading.Event()
        self.store = store if store is not None else Store()
        self.requests = []
        self.lock = threading.Lock()
        self.server = self._listen(port)
        self.port = self.server.server_address[1]

    def _listen(self, port):
        owner = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                owner._serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 100

            def handle_error(self, request, client_address):
                pass  # a client that left

        server = Server((self.address, port), Handler)
        self.connections = set()
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return server

    @property
    def url(self):
        return f'http{"s" if self.wrap else ""}://{self.address}:{self.port}'

    @property
    def bulks(self):
        return [request for request in self.requests if request.is_bulk]

    def stop(self):
        """As a killed node: nobody listens, connections are reset."""
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()
        for connection in list(self.connections):
            reset(connection)

    def start_again(self):
        self.server = self._listen(self.port)

    def _serve(self, connection):
        self.connections.add(connection)
        try:
            if self.wrap:
                connection = self.wrap(connection)
            reader = connection.makefile('rb')
            while True:
                request = read_request(reader, None if self.reads_bodies else self.stopped)
                if not request or not self._answer(connection, request):
                    return
        finally:
            self.connections.discard(connection)

    def _answer(self, connection, request):
        self.requests.append(request)
        reply = self._reply(request)
        if reply.half_closed:
            connection.shutdown(socket.SHUT_WR)
        if reply.hang:
            while connection.recv(1 << 16):
                pass
            return False
        wire = reply.wire(request.method == 'HEAD')
        if reply.cut is not None:
            connection.sendall(wire[:reply.cut])
            reset(connection)
            return False
        if reply.slow:
            for byte in wire:
                connection.sendall(bytes([byte]))
                time.sleep(reply.slow)
        connection.sendall(wire)
        return True

    def _reply(self, request):
        if not request.is_bulk:
            if request.method == 'GET' and request.path.endswith('/'):
                return self.root if isinstance(self.root, Reply) else Reply(body=self.root)
            return (self.on_other and self.on_other(request)) or Reply(body={'acknowledged': True})
        reply = self.on_bulk and self.on_bulk(request)
        if reply:
            return reply
        with self.lock:
            items = [self._item(action) for action in request.actions]
        answer = {'errors': any('error' in body for item in items for body in item.values()), 'items': items}
        return (self.on_stored and self.on_stored(request, answer)) or Reply(body=answer)

    def _item(self, action):
        status = self.on_item and self.on_item(action)
        result = {'status': status} if status else self.store.apply(action)
        if result['status'] >= 300 and not (action.kind == 'delete' and result['status'] == 404):
            result.setdefault('error', {'type': f'scripted_{result["status"]}', 'reason': 'as the test says'})
        return {action.kind: result}


class Store:
    """What a cluster holds: documents by index and id. Nodes may share one."""

    def __init__(self):
        self.documents = {}
        self.ids = (f'made-{n}' for n in itertools.count())

    def apply(self, action):
        key = action.index, action.id or next(self.ids)
        there = key in self.documents
        if action.kind == 'create' and there:
            return {'status': 409, 'error': {'type': 'version_conflict_engine_exception', 'reason': 'exists'}}
        if action.kind == 'delete':
            return {'status': 200 if self.documents.pop(key, None) else 404}
        if action.kind == 'update':
            document = action.source.get('doc', {})
            if not there and not action.source.get('doc_as_upsert'):
                return {'status': 404, 'error': {'type': 'document_missing_exception', 'reason': 'missing'}}
            self.documents[key] = {**self.documents.get(key, {}), **document}
        else:
            self.documents[key] = action.source
        return {'status': 200 if there else 201}

    @property
    def numbers(self):
        """The events' numbers, sorted: one for each document."""
        return sorted(document['n'] for document in self.documents.values())


def reset(connection):
    """Ends the connection without an orderly close."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        connection.close()
    except OSError:
        pass


def read_request(reader, stuck_until=None):
    """None: the client left, or `stuck_until` came, for which a request with a body waits."""
    line = reader.readline()
    if not line:
        return None
    method, path, _ = line.decode().split(' ', 2)
    headers = {}
    for line in iter(reader.readline, b'\r\n'):
        if not line:
            return None
        name, _, value = line.decode().partition(':')
        headers[name.lower()] = value.strip()
    size = int(headers.get('content-length', 0))
    if size and stuck_until:
        stuck_until.wait()
        return None
    body = reader.read(size)
    return Request(method, path, headers, body) if len(body) == size else None
