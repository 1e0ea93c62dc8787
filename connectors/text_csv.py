"""The rows of a CSV file inside an archive, one at a time, by the names in its header."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from connectors.errors import SkippableError

MAX_LINE: Final = 2**20
#: A quote that is never closed takes in what follows up to here, and is then one broken row.
MAX_CELL: Final = 2**20
# Python keeps one limit for the whole process, so every connector has the same.
csv.field_size_limit(MAX_CELL)
#: A backslash that escapes neither a quote nor itself is a backslash.
_LONE_BACKSLASH: Final = re.compile(r'\\(?!["\\])')
_ESCAPED_BYTE: Final = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Row:
    """Cells by the casefolded names of the header, or what is wrong with the row."""

    #: Where the row begins, counted from 1.
    line: int
    cells: dict[str, str] = field(repr=False)
    fault: SkippableError | None = None


def read_rows(
    chunks: Iterable[bytes], *, place: str, needed: Sequence[str], backslashes: bool = False
) -> Iterator[Row]:
    r"""Yield rows in order; a file that is wrong as a whole gives one fault. `needed` names columns that must be there.

    `backslashes`: quotes inside cells are written as `\"` too. Raises FatalError of `chunks`.
    """
    lines = _Lines(chunks, backslashes=backslashes)
    reader = csv.reader(lines, escapechar="\\" if backslashes else None)
    header: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
            fault = None
        except csv.Error:
            cells, fault = [], "is not valid CSV"
        if cells is None:
            break
        if fault is None and not any(cells):
            continue
        if header is None:
            header = [cell.strip().removeprefix("\ufeff").casefold() for cell in cells]
            missing = [name for name in needed if name.casefold() not in header]
            if missing:
                message = f"has no column {', '.join(missing)}"
                yield Row(line, {}, SkippableError(message, place=place, hint="save it as it was exported"))
                return
            continue
        yield _row(header, cells, fault, line=line, place=place)
    if lines.broken is not None:
        message = f"{lines.broken.message}; nothing from this line on was read"
        broken = SkippableError(message, place=f"{place}:{reader.line_num + 1}", hint=lines.broken.hint)
        yield Row(reader.line_num + 1, {}, broken)


def _row(header: list[str], cells: list[str], fault: str | None, *, line: int, place: str) -> Row:
    if fault is None and any(map(_ESCAPED_BYTE.search, cells)):
        fault = "is not UTF-8"
    if fault is None and len(cells) != len(header):
        fault = f"has {len(cells)} cells, but the header {len(header)}"
    if fault is not None:
        return Row(line, {}, SkippableError(f"the row {fault}", place=f"{place}:{line}"))
    return Row(line, dict(zip(header, cells, strict=True)))


class _Lines:
    """Lines of text for the reader of CSV, which keeps no more than one row. Bytes that are not UTF-8 become marks."""

    def __init__(self, chunks: Iterable[bytes], *, backslashes: bool) -> None:
        self.broken: SkippableError | None = None
        self._lines = self._cut(chunks)
        self._backslashes = backslashes

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines).decode("utf-8", "surrogateescape")
        return _LONE_BACKSLASH.sub(r"\\\\", line) if self._backslashes else line

    def _cut(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        try:
            yield from self._whole(chunks)
        except SkippableError as error:
            self.broken = error

    def _whole(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        rest = b""
        for number, chunk in enumerate(chunks):
            if number == 0 and (chunk.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in chunk[:4]):
                message = "is UTF-16 or UTF-32, not UTF-8"
                raise SkippableError(message, place="")
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield line + b"\n"
            if len(rest) > MAX_LINE:
                message = f"has a line longer than {MAX_LINE // 2**20} MB"
                raise SkippableError(message, place="")
        if rest:
            yield rest
