"""Rows of a CSV file with the bytes they came from, so that reading can go on at any of them. No meaning here."""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from connectors.files import Mark
from connectors.text_csv import MAX_CELL

DELIMITERS: Final = (",", ";", "\t", "|")
#: Bytes of one row. A quote that is never closed would make a row of the rest of the file.
MAX_ROW: Final = 16 * 2**20
_QUOTE: Final = '"'
#: Excel writes this line above the header where the delimiter is not the usual one.
_DECLARED: Final = re.compile(r'"?sep=([,;\t|])"?[\r\n]*')
#: A lone surrogate: decoding never gives one.
_UNREADABLE: Final = "\udfff"
_NOT_UTF8: Final = ("the row is not UTF-8", "save the file as UTF-8 (in Excel: CSV UTF-8)")
_NEVER_CLOSED: Final = (
    "a quote is opened in this row and never closed; nothing after it is read",
    'close it, and write quotes inside a cell twice: ""',
)
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(slots=True)
class Row:
    """The cells of one row, or what is wrong with it."""

    #: Where the row ends.
    end: Mark
    cells: list[str] = field(default_factory=list, repr=False)
    #: What is wrong and what to do.
    fault: tuple[str, str] | None = None
    #: The file ends before the line or the quote of this row does.
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the bytes of a file are read as text."""

    name: str
    #: Bytes of the byte order mark.
    mark: int = 0

    @property
    def line_end(self) -> bytes:
        """The bytes that end a line."""
        return "\n".encode(self.name)


def encoding_of(head: bytes) -> Encoding | None:
    """Return the encoding that the first bytes of a file declare, UTF-8 if none, None for one that is not read."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name, len(mark)) if name else None
    return Encoding("utf-8")


@dataclass(slots=True)
class Rows:
    """Reads rows from where the file stands."""

    file: BinaryIO
    encoding: Encoding
    delimiter: str = ","

    def skip_declaration(self, mark: Mark) -> str | None:
        """Pass over a `sep=` line at the beginning and return its delimiter; without one, stay there."""
        raw = self._line()
        declared = _DECLARED.fullmatch(self._text(raw, is_first=True))
        if declared is None:
            self.file.seek(0)
            return None
        mark.pass_over(raw)
        return declared[1]

    def next(self, mark: Mark) -> Row | None:
        """Return the row that begins at `mark`, where the file stands; None at its end. A blank line has no cells."""
        row, texts, is_open = Row(end=mark.copy()), list[str](), False
        while raw := self._line():
            is_first = row.end.offset == 0
            row.end.pass_over(raw)
            text = self._text(raw, is_first=is_first)
            is_open = ends_open(text, self.delimiter, is_open=is_open)
            if row.end.offset - mark.offset > MAX_ROW:
                row.fault = (f"the row is longer than {MAX_ROW // 2**20} MB", "is a quote opened and never closed?")
                texts.clear()
            else:
                texts.append(text)
            row.is_cut = is_open or not raw.endswith(self.encoding.line_end)
            if not is_open and not row.is_cut:
                break
        if row.end.offset == mark.offset:
            return None
        self._finish(row, texts, is_open=is_open)
        return row

    def _finish(self, row: Row, texts: list[str], *, is_open: bool) -> None:
        if is_open:
            row.fault = _NEVER_CLOSED
        elif row.fault is None and _UNREADABLE in "".join(texts):
            row.fault = _NOT_UTF8
        elif row.fault is None and any(text.strip() for text in texts):
            try:
                row.cells = next(csv.reader(texts, delimiter=self.delimiter, strict=True))
            except csv.Error as error:
                row.fault = _csv_fault(str(error))

    def _text(self, raw: bytes, *, is_first: bool) -> str:
        """Return a line as text; what cannot be decoded becomes `_UNREADABLE`, which no valid text holds."""
        raw = raw[self.encoding.mark :] if is_first else raw
        try:
            return raw.decode(self.encoding.name)
        except UnicodeDecodeError:
            # Quotes, delimiters and line ends are the same bytes in any encoding that people save by mistake.
            return _UNREADABLE + raw.decode(self.encoding.name, "replace")

    def _line(self) -> bytes:
        """Return the bytes up to and with the next line end; of a line that is too long, a piece."""
        line, end = b"", self.encoding.line_end
        while len(line) <= MAX_ROW and (more := self.file.readline(MAX_ROW + 1)):
            line += more
            if len(end) == 1:
                break
            if self.encoding.name == "utf-16-le" and len(line) % 2:
                line += self.file.read(1)
            if len(line) % 2 == 0 and line.endswith(end):
                break
        return line


def ends_open(text: str, delimiter: str, *, is_open: bool) -> bool:
    """Return whether a line ends inside a quoted cell; `is_open` says whether it begins in one."""
    at = 0
    if not is_open:
        is_open = text.startswith(_QUOTE)
        at = int(is_open)
    while True:
        if is_open:
            at = text.find(_QUOTE, at)
            if at < 0:
                return True
            if text.startswith(_QUOTE, at + 1):
                at += 2
                continue
            is_open = False
        at = text.find(delimiter, at)
        if at < 0:
            return False
        at += 1
        is_open = text.startswith(_QUOTE, at)
        at += is_open


def _csv_fault(said: str) -> tuple[str, str]:
    """Say Python's error in our words, which quote nothing."""
    if "field larger" in said:
        return f"a cell is longer than {MAX_CELL:,} characters", "is a quote opened and never closed?"
    if "new-line" in said:
        return "a line ends in a carriage return alone", "save the file with the line ends of Windows or Unix"
    return "a quote is closed in the middle of a cell", 'write quotes inside a cell twice: ""'
