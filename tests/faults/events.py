"""Numbered, checksummed events, and the checker that says what became of them.

An event is one line of text without its newline:

    SOURCE NUMBER PAYLOAD CRC

SOURCE has no space, NUMBER counts from 0 within the source, PAYLOAD follows from the number (it may hold
spaces, quotes, backslashes, tabs and letters beyond ASCII), CRC is the CRC-32 of everything before the last
space, as eight hexadecimal digits. Whoever sends events - a file, a pipe, a network client - takes them
from Source; whoever received them gives the files to check().

By hand:  events.py make FILE SOURCE COUNT          writes a source to a file
          events.py check SOURCE=COUNT... OUTPUT... prints the report; exit status 1 where it is not clean
"""
import json
import pathlib
import sys
import zlib

PAYLOADS = ['', 'x', 'GET /index.html?q="a b"&r=\\n HTTP/1.1', 'tab\tand \u00fcml\u00e4ut \u20ac \U0001f30a', "it's [odd] {here} %{there}",
            'a' * 40, 'The quick brown fox jumps over the lazy dog. ' * 4, '<34>1 - - - {"json":"in it","n":[1,2]}']
MESSAGE_FIELD = 'message'
EXCERPT_CHARACTERS = 120
CHUNK_BYTES = 4096  # of compressed data: what comes before damage is shown
FEW = 10  # findings of a kind that a report spells out


def line_of(source, number):
    """The event as text, without newline."""
    body = f'{source} {number} {PAYLOADS[(number * 7 + number // 8) % len(PAYLOADS)]}'
    return f'{body} {zlib.crc32(body.encode()):08x}'


def parse(line):
    """(source, number) of an event's text; None where it is not what line_of() made."""
    body, _, checksum = line.rpartition(' ')
    try:
        if len(checksum) != 8 or int(checksum, 16) != zlib.crc32(body.encode()):
            return None
        source, number, _ = body.split(' ', 2)
        return source, int(number)
    except (ValueError, UnicodeEncodeError):
        return None


class Source:
    """Where events come from: hands them out in order, each once, and knows how many it gave."""

    def __init__(self, name):
        self.name = name
        self.count = 0

    def lines(self, count):
        """The next `count` events as bytes, a newline after each."""
        first, self.count = self.count, self.count + count
        return ''.join(line_of(self.name, n) + '\n' for n in range(first, self.count)).encode()

    def append_to(self, path, count, chunk=10_000):
        """Appends the next `count` events to a file, a chunk at a time."""
        with open(path, 'ab', buffering=0) as file:
            for done in range(0, count, chunk):
                file.write(self.lines(min(chunk, count - done)))
        return path


class Report:
    """What became of the events of one source."""

    def __init__(self, name, count):
        self.name = name
        self.count = count
        self.times = bytearray(count)  # how often each came, up to 255
        self.highest = -1
        self.last = -1
        self.doubled = 0       # arrivals of events that had been there before
        self.rewinds = []      # (last, next): a stretch of doubled events begins
        self.reordered = []    # (place, number, highest before it): first arrivals that came too late

    def arrived(self, number, place):
        if self.times[number]:
            self.doubled += 1
            if number <= self.last:
                self.rewinds.append((self.last, number))
        elif number < self.highest:
            self.reordered.append((place, number, self.highest))
        self.times[number] = min(self.times[number] + 1, 255)
        self.highest = max(self.highest, number)
        self.last = number

    @property
    def lost(self):
        """Ranges (first, last), both included."""
        return list(ranges(n for n, times in enumerate(self.times) if not times))

    @property
    def doubled_ranges(self):
        return list(ranges(n for n, times in enumerate(self.times) if times > 1))

    @property
    def lost_count(self):
        return self.times.count(0)

    def findings(self):
        if self.lost_count:
            yield f'{self.name}: {self.lost_count} of {self.count} lost: {spell(self.lost)}'
        if self.doubled:
            yield f'{self.name}: {self.doubled} doubled in {len(self.rewinds)} stretches: {spell(self.doubled_ranges)}'
        if self.reordered:
            some = '; '.join(f'{place}: {number} after {highest}' for place, number, highest in self.reordered[:FEW])
            yield f'{self.name}: {len(self.reordered)} reordered: {some}'


class Reports(dict):
    """Report by source name, and what belongs to none."""

    def __init__(self, expected):
        super().__init__((name, Report(name, count)) for name, count in expected.items())
        self.altered = []     # (place, text): not an event that any source sent
        self.unreadable = []  # (place, reason): the rest of a file could not be read

    def take(self, line, place):
        """Accounts for a line of output, bytes without newline; an empty one is none."""
        if not line:
            return
        text = message_of(line)
        event = parse(text)
        if event and event[0] in self and event[1] < self[event[0]].count:
            self[event[0]].arrived(event[1], place)
        else:
            self.altered.append((place, text))

    def findings(self):
        """Every fault in words, the worst first; empty: each event came once, whole, in order."""
        found = [f'unreadable: {place}: {reason}' for place, reason in self.unreadable]
        if self.altered:
            some = '; '.join(f'{place}: {excerpt(text)}' for place, text in self.altered[:FEW])
            found.append(f'{len(self.altered)} altered: {some}')
        for report in self.values():
            found.extend(report.findings())
        return found

    def sum(self, name):
        """The total of `lost_count` or `doubled`, or the number of `reordered` or `rewinds`, over the sources."""
        values = [getattr(report, name) for report in self.values()]
        return sum(value if isinstance(value, int) else len(value) for value in values)

    def __str__(self):
        return '\n'.join(self.findings()) or f'all {sum(r.count for r in self.values())} events came once, in order'


def ranges(numbers):
    first = last = None
    for number in numbers:
        if first is None:
            first = number
        elif number != last + 1:
            yield first, last
            first = number
        last = number
    if first is not None:
        yield first, last


def spell(found):
    some = ', '.join(str(first) if first == last else f'{first}-{last}' for first, last in found[:FEW])
    return some + (f' and {len(found) - FEW} more ranges' if len(found) > FEW else '')


def excerpt(text):
    return repr(text[:EXCERPT_CHARACTERS]) + (f' ({len(text)} characters)' if len(text) > EXCERPT_CHARACTERS else '')


def members_of(data, path, reports):
    """What zcat shows of a file: its members up to damage, which is reported."""
    out, at, member = [], 0, 0
    inflate = zlib.decompressobj(wbits=31)
    while at < len(data):
        try:
            out.append(inflate.decompress(data[at:at + CHUNK_BYTES]))
        except zlib.error as error:
            reports.unreadable.append((f'{path}, member at byte {member}', str(error)))
            return b''.join(out)
        at = min(at + CHUNK_BYTES, len(data)) - len(inflate.unused_data)
        if inflate.eof:
            member, inflate = at, zlib.decompressobj(wbits=31)
    if member != len(data):
        reports.unreadable.append((f'{path}, member at byte {member}', 'ends too early'))
    return b''.join(out)


def message_of(line):
    """The event's text in a line of output; the line itself where it is not JSON with a message."""
    text = line.decode(errors='replace')
    if text.startswith('{'):
        try:
            return str(json.loads(text)[MESSAGE_FIELD])
        except (ValueError, KeyError, TypeError):
            pass
    return text


def check(outputs, expected):
    """Reads output files in the given order and accounts for every event of `expected`, a map of source name to
    count. A line is JSON with a `message`, or the event's text itself; what is gzip is unpacked. A file
    that is missing holds nothing."""
    reports = Reports(expected)
    for path in outputs:
        data = pathlib.Path(path).read_bytes() if pathlib.Path(path).exists() else b''
        if data.startswith(b'\x1f\x8b'):
            data = members_of(data, path, reports)
        for number, line in enumerate(data.split(b'\n'), 1):
            reports.take(line, f'{path}:{number}')
    return reports


class Tally:
    """Counts while outputs grow: which events have come so far. Lines only, no gzip."""

    def __init__(self, outputs, expected):
        self.reports = Reports(expected)
        self._read = {pathlib.Path(path): 0 for path in outputs}

    def missing(self):
        """How many events have not come yet."""
        for path, begin in self._read.items():
            if not path.exists():
                continue
            with path.open('rb') as file:
                file.seek(begin)
                data = file.read()
            whole = data.rfind(b'\n') + 1
            self._read[path] += whole
            for line in data[:whole].split(b'\n'):
                self.reports.take(line, path)
        return self.reports.sum('lost_count')


def main(arguments):
    if len(arguments) == 4 and arguments[0] == 'make':
        Source(arguments[2]).append_to(arguments[1], int(arguments[3]))
        return 0
    if len(arguments) > 2 and arguments[0] == 'check':
        pairs = [argument.split('=') for argument in arguments[1:] if '=' in argument]
        reports = check([a for a in arguments[1:] if '=' not in a], {name: int(count) for name, count in pairs})
        print(reports)
        return 1 if reports.findings() else 0
    sys.exit(__doc__)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
