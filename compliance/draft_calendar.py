"""Content calendars: CSV files with one planned post a row, whatever their columns are called."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Any, Final, NoReturn

from compliance.draft_inputs import OnSkip, decoded
from compliance.drafts import Defaults, Draft, context_of, context_problem, with_time
from compliance.moments import EXAMPLE, NaiveTimeError, read_moment, read_time, read_zone
from connectors.text_csv import MAX_CELL
from rules.document import Document

#: What a column holds, by the names that calendars give it; the first name that is there counts.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "text": ("text", "copy", "post", "post text", "post copy", "caption", "body", "message", "content"),
        "id": ("id", "post id", "row id", "reference", "ref"),
        "posted_at": (
            "posted at", "publish at", "published at", "scheduled at", "scheduled for", "scheduled", "publish", "datetime",
            "date time", "date and time",
        ),
        "date": ("date", "publish date", "publishing date", "scheduled date", "post date", "day"),
        "time": ("time", "publish time", "publishing time", "scheduled time", "post time", "hour"),
        "timezone": ("timezone", "time zone", "tz", "zone"),
        "channel": ("channel", "room"),
        "platform": ("platform", "network", "social network"),
        "author": ("author", "owner"),
        "audience": ("audience",),
        "group": ("group", "groups"),
        "kind": ("kind",),
    }
)  # fmt: skip
_NO_ZONE: Final = (
    "has a time and no time zone, so it could be any of many instants",
    f"add a column `timezone`, such as Europe/Paris, or write {EXAMPLE}",
)
_DELIMITERS: Final = (",", ";", "\t", "|")
_SEPARATOR: Final = re.compile(r"sep=(.)\s*", re.IGNORECASE)
#: A cell that could be the name of a column; a first row of posts is not quoted back as if it were names.
_NAME: Final = re.compile(r"[^\W\d][\w /()#-]{0,39}")
_MOST_NAMES: Final = 20


@dataclass(frozen=True, slots=True)
class _Row:
    cells: list[str]
    #: First and last line in the file.
    line: int
    end: int

    @property
    def is_empty(self) -> bool:
        return not any(cell.strip() for cell in self.cells)


class _Rows:
    """The rows of a CSV text, each with its lines. Raises csv.Error where the text is no CSV."""

    def __init__(self, text: str) -> None:
        first, _, rest = text.partition("\n")
        named = _SEPARATOR.fullmatch(first.rstrip("\r"))  # Excel's own way to name the delimiter
        self._before = 1 if named else 0
        body = rest if named else text
        self._reader = _reader(body, named[1] if named else _delimiter(body))
        #: The line that the row being read begins on.
        self.line = 1

    def __iter__(self) -> Iterator[_Row]:
        return self

    def __next__(self) -> _Row:
        self.line = self._reader.line_num + self._before + 1
        cells = next(self._reader)
        return _Row(cells, self.line, self._reader.line_num + self._before)


class _BrokenError(Exception):
    """What is wrong with a row or a header, without a word of it, and what to do."""

    def __init__(self, message: str, hint: str = "", *, detail: str = "") -> None:
        super().__init__(message)
        self.message, self.hint, self.detail = message, hint, detail


def _refuse(message: str, hint: str = "", *, detail: str = "") -> NoReturn:
    raise _BrokenError(message, hint, detail=detail) from None


def read_calendar(name: str, content: bytes, defaults: Defaults, on_skip: OnSkip) -> Iterator[Draft]:
    """Yield a draft for each row that has a text; a row or file that cannot be read is a draft with an error."""
    text = decoded(name, content)
    if isinstance(text, Draft):
        yield text
        return
    rows = _Rows(text)
    try:
        yield from _drafts(name, rows, defaults, on_skip)
    except _BrokenError as error:
        yield _broken(name, rows.line, error)
    except csv.Error as error:
        # Where quotation marks do not match, nobody knows what the rest is.
        hint = 'quote cells that hold commas, line ends or quotation marks: "a ""b"", c"'
        yield _broken(name, rows.line, _BrokenError(f"is no valid CSV from here on: {error}", hint))


def _drafts(name: str, rows: _Rows, defaults: Defaults, on_skip: OnSkip) -> Iterator[Draft]:
    header = next((row for row in rows if not row.is_empty), None)
    if header is None:
        _refuse("is empty", "its first row names the columns, such as text,date,time,timezone")
    columns = _columns(header.cells)
    for row in rows:
        if row.is_empty:
            continue
        try:
            if any(cell.strip() for cell in row.cells[len(header.cells) :]):
                _refuse("has more cells than the first row names", "quote cells that hold the delimiter")
            cells = dict(zip(columns, (row.cells[at] for at in columns.values() if at < len(row.cells)), strict=False))
            if cells.get("text", "").strip():
                yield _draft(name, row, cells, defaults)
            else:
                on_skip(name, row.line)
        except _BrokenError as error:
            yield _broken(name, row.line, error)


def _draft(name: str, row: _Row, cells: dict[str, str], defaults: Defaults) -> Draft:
    text = cells.pop("text")
    cells = {key: value.strip() for key, value in cells.items() if value.strip()}
    key = cells.pop("id", f"{name}:{row.line}")
    said: dict[str, Any] = {key: cells[key] for key in ("channel", "author") if key in cells}
    said |= {key: cells[key].casefold() for key in ("platform", "audience", "kind") if key in cells}
    if "group" in cells:
        said["group"] = [one.strip() for one in cells["group"].split(";") if one.strip()]
    moment = _moment(cells)
    if moment is not None:
        said = with_time(said, moment, defaults)
    problem = context_problem(said)
    if problem:
        _refuse(problem)
    return Draft(
        id=key,
        place=name,
        line=row.line,
        end_line=row.end,
        document=Document(key=key, text=text, context=context_of(defaults, said)),
    )


def _moment(cells: dict[str, str]) -> datetime | None:
    """Return when a row is planned for: one cell with everything, or a date, a time and a zone. None: it does not say."""
    zone = _zone(cells.get("timezone"))
    written = cells.get("posted_at") or cells.get("date")
    if written is None:
        if "time" in cells:
            _refuse("has a time and no date", "fill the column of the date, as 2026-11-03")
        return None
    try:
        moment = read_moment(written, zone=zone)
        if "time" not in cells or "posted_at" in cells:
            return moment
        clock = read_time(cells["time"])
    except NaiveTimeError:
        _refuse(*_NO_ZONE)
    except ValueError:
        _refuse("has a date or time that cannot be read", "for example 2026-11-03 and 09:00")
    if zone is None:
        _refuse(*_NO_ZONE)
    return datetime.combine(moment, clock, tzinfo=zone)


def _zone(written: str | None) -> tzinfo | None:
    try:
        return read_zone(written) if written else None
    except ValueError:
        _refuse("has a time zone that nobody knows", "for example Europe/Paris, UTC or +01:00")


def _columns(header: list[str]) -> dict[str, int]:
    """Return which cell holds what. Raises _BrokenError if none, or more than one, could be the text."""
    names = [" ".join(re.split(r"[\s_-]+", cell.strip().casefold())) for cell in header]
    found = {
        kind: names.index(alias) for kind, aliases in COLUMNS.items() if (alias := _first(aliases, names)) is not None
    }
    texts = [at for at, name in enumerate(names) if name in COLUMNS["text"]]
    if len(texts) == 1:
        return found
    if texts:
        several = ", ".join(f"'{header[at].strip()}'" for at in texts)
        _refuse(f"has several columns that could be the text: {several}", "rename all but one of them")
    _refuse(
        "has no column with the texts",
        f"name one of its columns: {', '.join(COLUMNS['text'])}",
        detail=_names(header),
    )


def _first(aliases: tuple[str, ...], names: list[str]) -> str | None:
    return next((alias for alias in aliases if alias in names), None)


def _names(header: list[str]) -> str:
    """Return which columns there are; a first row of posts is not told as if it were one of names."""
    cells = [cell.strip() for cell in header if cell.strip()]
    if not all(_NAME.fullmatch(cell) for cell in cells):
        return "its first row does not look like names of columns"
    return f"there are: {', '.join(cells[:_MOST_NAMES])}{', …' if len(cells) > _MOST_NAMES else ''}"


def _reader(text: str, delimiter: str) -> Any:  # noqa: ANN401 - csv keeps the type of its reader to itself
    csv.field_size_limit(MAX_CELL)  # one for the whole process, and connectors set the same
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _delimiter(text: str) -> str:
    """Return the delimiter under which the first row names a text, else the one that makes most cells of it."""

    def worth(delimiter: str) -> tuple[bool, int]:
        try:
            cells: list[str] = next((row for row in _reader(text, delimiter) if any(cell.strip() for cell in row)), [])
        except csv.Error:
            return False, 0
        return any(cell.strip().casefold() in COLUMNS["text"] for cell in cells), len(cells)

    return max(_DELIMITERS, key=worth)


def _broken(name: str, line: int, error: _BrokenError) -> Draft:
    return Draft(id=None, place=name, line=line, error=error.message, hint=error.hint, detail=error.detail)
