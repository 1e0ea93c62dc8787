"""The records of a JSON file of any size, one at a time; one that is broken is a fault, and the next is read.

The text is cut into records first, by counting brackets outside strings, and each record is parsed by itself. So a
record with NaN, a wrong byte or a thousand brackets spoils nothing but itself, and no more than one is in memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from connectors.errors import SkippableError

#: Far above any platform's limit for one post with all that hangs on it.
MAX_RECORD: Final = 16 * 2**20
MAX_DEPTH: Final = 100
_OPEN, _CLOSE = b"[{", b"]}"
_STRING: Final = rb'"[^"\\]*(?:\\.[^"\\]*)*+"'
#: What may be passed over: whole strings, and all but brackets; between records also what separates them.
_INSIDE: Final = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING + rb")*+", re.DOTALL)
_BETWEEN: Final = re.compile(rb'(?:[^"\[\]{},:]++|' + _STRING + rb")*+", re.DOTALL)
_STRING_END: Final = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*+"', re.DOTALL)
#: An archive of X assigns its arrays to a variable.
_ASSIGNMENT: Final = re.compile(rb"\s*window\.[\w.$]{1,200}\s*=\s*")
_ASSIGNED_WITHIN: Final = 300
_CUT: Final = "is cut short: nothing from this record on was read"
_BROKEN: Final = "is not valid JSON from this record on"


@dataclass(frozen=True, slots=True)
class Record:
    """An element of the outermost array, or of an array directly in the outermost object; else a value in the latter."""

    #: Key in the outermost object; None if that is an array.
    key: str | None
    #: Within its array, counted from 1; 0 for a value that is not in one.
    number: int
    value: Any = field(repr=False)
    fault: SkippableError | None = None


def read_records(chunks: Iterable[bytes], *, place: str, max_record: int = MAX_RECORD) -> Iterator[Record]:
    """Yield records in order; the last may be a fault that says where the file broke off. Raises FatalError of `chunks`.

    Repeated keys come as they stand. A file that is wrong as a whole gives one fault.
    """
    cutter = _Cutter(place, max_record)
    broken: SkippableError | None = None
    try:
        for chunk in chunks:
            yield from cutter.feed(chunk)
            if cutter.stopped:
                return
    except SkippableError as error:
        broken = error
    if broken is not None:
        yield cutter.fault(f"{broken.message}; nothing from this record on was read", hint=broken.hint)
    else:
        yield from cutter.end()


@dataclass(slots=True)
class _Cutter:
    """Cuts a stream into records."""

    place: str
    max_record: int
    buffer: bytearray = field(default_factory=bytearray)
    #: Where scanning goes on, and where the value at hand begins.
    at: int = 0
    start: int = 0
    #: Brackets open around the records (1 or 2) and altogether; the first is 0 before the text begins.
    level: int = 0
    depth: int = 0
    in_object: bool = False
    in_string: bool = False
    key: str | None = None
    number: int = 0
    #: What is wrong with the value at hand, found before it ended.
    wrong: str | None = None
    #: Nothing of the array at hand came yet, or its value is complete: what stands next is no empty value.
    settled: bool = True
    begun: bool = False
    ended: bool = False
    stopped: bool = False

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """Take in more of the text and yield the records that end in it."""
        self.buffer += chunk
        if not self.begun:
            # The end comes as an empty chunk.
            if chunk and len(self.buffer) < _ASSIGNED_WITHIN:
                return
            yield from self._begin()
        yield from self._scan()
        if self.ended and self.buffer[self.at :].strip(b" \t\r\n;"):
            self.stopped = True
            yield self.fault("goes on after its end", hint="what follows there was not read")
        self._forget()

    def end(self) -> Iterator[Record]:
        """Yield what is wrong with the end of the text, if anything."""
        if not self.begun:
            yield from self.feed(b"")
        if not (self.stopped or self.ended):
            yield self.fault(_CUT, hint="download the export again")

    def fault(self, message: str, *, hint: str | None = None) -> Record:
        """Return what is wrong with the value at hand."""
        place = f"{self.place}:{self.number + 1}"
        return Record(self.key, self.number + 1, None, SkippableError(message, place=place, hint=hint))

    def _begin(self) -> Iterator[Record]:
        self.begun = True
        head = bytes(self.buffer[:_ASSIGNED_WITHIN])
        if message := _not_json(head):
            self.stopped = True
            yield Record(None, 0, None, SkippableError(message, place=self.place, hint="save it as it was exported"))
            return
        if head.startswith(b"\xef\xbb\xbf"):
            self.at = 3
        if found := _ASSIGNMENT.match(head, self.at):
            self.at = found.end()
        self.at += len(head) - self.at - len(head[self.at :].lstrip())
        opening = bytes(self.buffer[self.at : self.at + 1])
        if not opening or opening not in _OPEN:
            self.stopped = True
            message = "is no JSON list or object" if opening else "is empty"
            yield Record(None, 0, None, SkippableError(message, place=self.place))
            return
        self.at += 1
        self.level, self.depth, self.in_object, self.start = 1, 1, opening == b"{", self.at

    def _scan(self) -> Iterator[Record]:
        if self.in_string and not self._leave_string():
            return
        while not self.stopped and not self.ended:
            passed = (_INSIDE if self.depth > self.level else _BETWEEN).match(self.buffer, self.at)
            where = passed.end() if passed else self.at
            if where == len(self.buffer):
                self.at = where
                return
            token, self.at = self.buffer[where], where + 1
            if token == 0x22:  # noqa: PLR2004 - a quote: a string that this chunk does not end
                self.in_string = True
                self._leave_string()
                return
            yield from self._take(token, where)

    def _leave_string(self) -> bool:
        found = _STRING_END.match(self.buffer, self.at)
        if found:
            self.at, self.in_string = found.end(), False
            return True
        # Up to the last whole escape: an odd backslash at the end belongs to what comes next.
        rest = self.buffer[self.at :]
        backslashes = len(rest) - len(rest.rstrip(b"\\"))
        self.at = len(self.buffer) - backslashes % 2
        return False

    def _take(self, token: int, where: int) -> Iterator[Record]:
        """Act on a bracket, comma or colon."""
        if token in _OPEN:
            self._open(token, where)
        elif token in _CLOSE:
            if self.depth > self.level:
                self.depth -= 1
                self.settled = False
            else:
                yield from self._close(token, where)
        elif token == 0x2C:  # noqa: PLR2004 - a comma
            yield from self._value(where)
            self.settled = False
        else:
            yield from self._colon(where)

    def _open(self, token: int, where: int) -> None:
        if (
            self.in_object
            and self.level == self.depth == 1
            and token == 0x5B  # noqa: PLR2004 - an array in the outermost object holds records
            and self.key is not None
            and not self.buffer[self.start : where].strip()
        ):
            self.level = self.depth = 2
            self.number, self.start, self.settled = 0, self.at, True
            return
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.wrong = f"is nested more than {MAX_DEPTH} deep"

    def _close(self, token: int, where: int) -> Iterator[Record]:
        closes_array = token == 0x5D  # noqa: PLR2004 - a square bracket
        if closes_array != (self.level == 2 or not self.in_object):  # noqa: PLR2004 - records of an object's array
            yield self._stop(_BROKEN)
            return
        yield from self._value(where)
        self.level -= 1
        self.depth = self.level
        self.settled = True
        if self.level == 0:
            self.ended = True
        else:
            self.key, self.number = None, 0

    def _colon(self, where: int) -> Iterator[Record]:
        if not (self.in_object and self.level == 1 and self.key is None):
            yield self._stop(_BROKEN)
            return
        key, wrong = _parsed(bytes(self.buffer[self.start : where]))
        if wrong or not isinstance(key, str):
            yield self._stop(_BROKEN)
            return
        self.key, self.start, self.number = key, self.at, 0

    def _value(self, where: int) -> Iterator[Record]:
        if where - self.start > self.max_record:
            self.wrong = self._too_large()
        raw = bytes(self.buffer[self.start : where]).strip()
        self.start = self.at
        wrong, self.wrong = self.wrong, None
        if not raw and not wrong and self.settled:
            self.key = None if self.level == 1 else self.key
            return
        if self.level == 1 and self.in_object and self.key is None:
            yield self._stop(_BROKEN)
            return
        value = None
        if wrong is None:
            value, wrong = _parsed(raw)
        in_array = self.level == 2 or not self.in_object  # noqa: PLR2004 - records of an object's array
        number = self.number + 1 if in_array else 0
        fault = None
        if wrong:
            fault = SkippableError(f"the record {wrong}", place=f"{self.place}:{number}" if number else self.place)
        yield Record(self.key, number, value, fault)
        self.number = number
        if not in_array:
            self.key = None

    def _too_large(self) -> str:
        return f"is larger than {self.max_record // 2**20} MB"

    def _stop(self, message: str) -> Record:
        self.stopped = True
        return self.fault(message)

    def _forget(self) -> None:
        """Let go of what was read; a value that is too long is passed over without being kept."""
        if self.at - self.start > self.max_record:
            self.wrong = self._too_large()
        keep = self.at if self.wrong else self.start
        if self.ended or self.stopped:
            self.at = keep = len(self.buffer)
        del self.buffer[:keep]
        self.at -= keep
        self.start = max(0, self.start - keep)


def _not_json(head: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head[:4]:
        return "is UTF-16 or UTF-32, not UTF-8"
    if head.startswith(b"PK\x03\x04"):
        return "is a zip within the zip"
    return None


# Faults are returned, not raised: an exception raised while another is handled keeps it, and with it the record.
def _parsed(raw: bytes) -> tuple[Any, str | None]:
    try:
        return _DECODER.decode(raw.decode("utf-8")), None
    except UnicodeDecodeError:
        return None, "is not UTF-8"
    except RecursionError:
        return None, "is nested too deeply"
    except ValueError:
        return None, "is not valid JSON"


def _refuse(_constant: str) -> NoReturn:
    raise ValueError


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse)
