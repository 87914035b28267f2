"""A client of the beats input that sends until everything is acknowledged, as a Beat does: what was not acknowledged when
a connection ended is sent again over the next one."""
import select
import socket
import struct
import threading

from lumberjack import whole_window

ACK_BYTES = 6
RETRY_SECONDS = 0.02  # between attempts to connect


class Shipper(threading.Thread):
    """Sends `lines` in windows, at most `in_flight` of them unacknowledged. `acknowledged` is how many of the lines
    the server has confirmed, `sent_again` how many were sent more than once."""

    def __init__(self, port, lines, window=500, level=0, in_flight=2):
        super().__init__(daemon=True)
        self.windows = [lines[begin:begin + window] for begin in range(0, len(lines), window)]
        self.port = port
        self.level = level
        self.in_flight = in_flight
        self.done = 0           # windows acknowledged
        self.acknowledged = 0
        self.sent_again = 0
        self.connections = 0
        self.error = None       # an answer that the protocol does not allow: the client has ended
        self._sent = 0          # most windows sent so far
        self._quit = threading.Event()
        self.start()

    def run(self):
        while self.done < len(self.windows) and not self._quit.is_set() and not self.error:
            try:
                with socket.create_connection(('127.0.0.1', self.port), timeout=60) as connection:
                    self.connections += 1
                    self._talk(connection)
            except OSError:
                self._quit.wait(RETRY_SECONDS)

    def stop(self):
        self._quit.set()
        self.join()

    def _talk(self, connection):
        next_window, received = self.done, b''
        while self.done < len(self.windows) and not self._quit.is_set():
            if next_window < len(self.windows) and next_window - self.done < self.in_flight:
                if next_window < self._sent:
                    self.sent_again += len(self.windows[next_window])
                self._sent = max(self._sent, next_window + 1)
                documents = [{'message': line} for line in self.windows[next_window]]
                connection.sendall(whole_window(documents, self.level))
                next_window += 1
                continue
            if not select.select([connection], [], [], 0.5)[0]:
                continue
            data = connection.recv(4096)
            if not data:
                return
            received += data
            while len(received) >= ACK_BYTES:
                self._take_ack(received[:ACK_BYTES], next_window)
                received = received[ACK_BYTES:]

    def _take_ack(self, ack, next_window):
        """An ACK of less than the window is a keep-alive (0) or confirms its beginning."""
        kind, number = ack[:2], struct.unpack('>I', ack[2:])[0]
        if self.done == next_window or kind != b'2A' or number > len(self.windows[self.done]):
            self.error = f'answer {ack!r} to window {self.done}'
            raise OSError(self.error)
        if number == len(self.windows[self.done]):
            self.acknowledged += number
            self.done += 1
