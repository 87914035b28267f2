"""A client of the lumberjack protocol that can behave, and misbehave."""
import json
import socket
import struct
import zlib


def window(count, version=2):
    return b'%dW' % version + struct.pack('>I', count)


def event(sequence, document, version=2):
    """A J frame; `document` may be bytes that are no JSON."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return b'%dJ' % version + struct.pack('>II', sequence, len(text)) + text


def pairs(sequence, document, version=1):
    """A D frame, as old clients send them."""
    frame = b'%dD' % version + struct.pack('>II', sequence, len(document))
    for text in (text for pair in document.items() for text in pair):
        frame += struct.pack('>I', len(text.encode())) + text.encode()
    return frame


def compressed(frames, version=2, level=3):
    packed = zlib.compress(frames, level)
    return b'%dC' % version + struct.pack('>I', len(packed)) + packed


def whole_window(documents, level=3):
    """What a Beat sends for `documents`."""
    frames = b''.join(event(at, document) for at, document in enumerate(documents, 1))
    return window(len(documents)) + (compressed(frames, level=level) if level else frames)


class Client:
    """One connection. `keepalives` counts the ACKs of value 0 that were seen."""

    def __init__(self, port, host='127.0.0.1', timeout=60, tls=None):
        self.socket = socket.create_connection((host, port), timeout)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname='localhost')
        self.keepalives = 0

    def send(self, data):
        self.socket.sendall(data)

    def read_frame(self):
        """Version and value of the next ACK; None: the server has closed the connection."""
        frame = b''
        while len(frame) < 6:
            try:
                some = self.socket.recv(6 - len(frame))
            except ConnectionResetError:
                some = b''
            if not some:
                assert not frame, f'the connection ends inside of an ACK: {frame}'
                return None
            frame += some
        assert frame[1:2] == b'A', frame
        return int(frame[:1]), struct.unpack('>I', frame[2:])[0]

    def read_ack(self, version=2):
        """The next ACK that is no keep-alive; None: the server has closed the connection."""
        while True:
            frame = self.read_frame()
            if frame is None:
                return None
            assert frame[0] == version, frame
            if frame[1] > 0:
                return frame[1]
            self.keepalives += 1

    def deliver(self, documents, level=3):
        """Sends a window and waits for its ACK."""
        self.send(whole_window(documents, level))
        return self.read_ack()

    def close(self):
        self.socket.close()
