"""Posts from a CSV file with a header row. Columns are named as the keys of JSON Lines, or mapped by the source."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from os import fstat
from pathlib import Path
from typing import Annotated, Any, BinaryIO, ClassVar, Final, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from connectors.base import Page, Settings
from connectors.csv_rows import DELIMITERS, Encoding, Row, Rows, encoding_of
from connectors.errors import FatalError, SkippableError
from connectors.files import Mark, mark_at, mark_of, numbers_of, opened, paged, refuse_compressed
from connectors.jsonl_record import record_of
from connectors.post import Post, PostDefaults

Key = Literal[
    "id",
    "text",
    "kind",
    "platform",
    "channel",
    "author",
    "audience",
    "thread",
    "shared_from",
    "is_reply",
    "posted_at",
    "edited_at",
    "deleted_at",
    "deleted",
    "url",
    "attachments",
]
KEYS: Final = get_args(Key)
#: Columns that hold the time of a post where none is called so, if there is exactly one of them.
_DATES: Final = frozenset({"date", "datetime", "timestamp", "created_at", "published_at"})
_TIMES: Final = ("posted_at", "edited_at", "deleted_at")
_BOOLEANS: Final = {
    **dict.fromkeys(("true", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "no", "n", "0"), False),
}
_UTC: Final = re.compile(r"\s*(UTC|GMT)$")
_NO_ZONE: Final = "add `timezone: Europe/Berlin` (yours) to the source, or write times with their zone"
#: What a column name looks like; a first row of anything else may be somebody's words and is not repeated.
_NAME: Final = re.compile(r"[^\W\d][^@\r\n]{0,39}")
_MOST_NAMES: Final = 40


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        message = f"'{name}' is no time zone that this machine knows; zones look like Europe/Berlin or UTC"
        raise ValueError(message) from None
    return name


class CsvSettings(Settings):
    """How the columns of one file are meant."""

    columns: dict[Key, Annotated[str, Field(min_length=1)]] = Field(
        default_factory=dict, description="the column that holds each key, where it is not called so"
    )
    timezone: Annotated[str, AfterValidator(_known_zone)] | None = Field(
        default=None, description="the zone of times that name none; without it such a row is refused"
    )
    time_format: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="how times are written where it is not ISO 8601, such as `%d/%m/%Y %H:%M`"
    )


class CsvConnector:
    """Reads a CSV file; `since` is a cursor of an earlier page.

    A cursor holds how far was read, the SHA-256 of what comes before and a checksum of the settings: a file written
    anew, and one whose columns are now meant otherwise, is read from its beginning. A last row without a line end is
    read again once the file is longer.
    """

    name: ClassVar[str] = "csv"
    ordered: ClassVar[bool] = False
    settings_type: ClassVar[type[Settings]] = CsvSettings

    def __init__(self, path: Path, defaults: PostDefaults, settings: CsvSettings | None = None) -> None:
        self.path = path
        self.defaults = defaults
        self.settings = settings or CsvSettings()

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Return whether the name says CSV."""
        return path.suffix.lower() in {".csv", ".tsv"} and not path.is_dir()

    def pages(self, since: str | None) -> Iterator[Page]:
        """Yield pages of at most 1,000 rows in file order; none if nothing was added. Raises FatalError."""
        with opened(self.path, suffix=".csv") as file:
            refuse_compressed(file, self.path)
            reader = _Reader(file, path=self.path, defaults=self.defaults, settings=self.settings)
            if reader.begin(since):
                restarted = reader.mark.offset == reader.header_end
                yield from paged(reader.steps(), reader.mark, cursor=reader.cursor, restarted=restarted)

    def size(self) -> int | None:
        """Return the size of the file in bytes."""
        with opened(self.path, suffix=".csv") as file:
            return fstat(file.fileno()).st_size


@dataclass(slots=True)
class _Reader:
    """A position in the file, and what its columns mean."""

    file: BinaryIO
    path: Path
    defaults: PostDefaults
    settings: CsvSettings
    rows: Rows = field(init=False)
    mark: Mark = field(default_factory=Mark)
    header_end: int = 0
    #: Cells in the header.
    width: int = 0
    #: Position of the cell that holds a key.
    columns: dict[str, int] = field(default_factory=dict)
    #: Where the last row begins if it has no line end.
    last: Mark | None = None
    zone: ZoneInfo | None = None
    written_at: datetime = field(init=False)

    def begin(self, since: str | None) -> bool:
        """Read the header and go to where the cursor points; return False for an empty file. Raises FatalError."""
        self.written_at = datetime.fromtimestamp(fstat(self.file.fileno()).st_mtime, UTC)
        self.zone = ZoneInfo(self.settings.timezone) if self.settings.timezone else None
        encoding = encoding_of(self.file.read(4))
        if encoding is None:
            message = "the file is UTF-32"
            raise self._fatal(message, "save it as UTF-8")
        self.rows = Rows(self.file, encoding)
        header = self._header(encoding)
        if header is None:
            return False
        names = [cell.strip() for cell in header.cells]
        self.columns, self.width, self.header_end = self._columns(names), len(names), header.end.offset
        self.mark = self._resumed(since) or header.end
        self.file.seek(self.mark.offset)
        return True

    def steps(self) -> Iterator[Post | SkippableError | None]:
        """Yield what each row gives."""
        while (row := self.rows.next(self.mark)) is not None:
            step = self._step(row)
            if isinstance(step, SkippableError) and row.is_cut:
                step.pending = True
                yield step
                return
            self.last = self.mark.copy() if row.is_cut else None
            self.mark.move_to(row.end)
            yield step

    def cursor(self) -> str:
        """Return the cursor for the place reached."""
        last = {"last": self.last.offset, "last_line": self.last.line} if self.last else {}
        return self.mark.cursor(settings=self._checksum(), **last)

    def _resumed(self, since: str | None) -> Mark | None:
        told = numbers_of(since, "settings")
        if told is None or told["settings"] != self._checksum():
            return None
        mark = mark_of(self.file, since)
        last = numbers_of(since, "last", "last_line")
        if mark.offset and last is not None and self.file.read(1):
            mark = mark_at(self.file, last["last"], last["last_line"])
        return mark if mark.offset >= self.header_end else None

    def _checksum(self) -> int:
        return zlib.crc32(repr(sorted(self.settings.model_dump().items())).encode())

    def _header(self, encoding: Encoding) -> Row | None:
        """Return the header, and choose the delimiter by which it names most."""
        mark = Mark()
        self.file.seek(0)
        declared = self.rows.skip_declaration(mark)
        tried: list[tuple[int, int, Row, str]] = []
        for delimiter in (declared,) if declared else DELIMITERS:
            self.rows.delimiter = delimiter
            self.file.seek(mark.offset)
            row = self._first_row(mark.copy())
            if row is None:
                return None
            tried.append((sum(self._key(cell) is not None for cell in row.cells), len(row.cells), row, delimiter))
        found, _, row, self.rows.delimiter = max(tried, key=lambda one: one[:2])
        if not found:
            row = next((one[2] for one in tried if one[2].fault), row)
        if row.fault is not None:
            message = f"the header: {row.fault[0]}"
            raise self._fatal(message, row.fault[1])
        if any("\0" in cell for cell in row.cells):
            message = "the header has NUL characters; the file may be UTF-16 without a byte order mark"
            raise self._fatal(message, f"save the file as UTF-8 (it was read as {encoding.name})")
        return row

    def _first_row(self, mark: Mark) -> Row | None:
        """Return the first row that is not blank; None if there is none."""
        while (row := self.rows.next(mark)) is not None and row.fault is None and not row.cells:
            mark = row.end
        return row

    def _key(self, name: str) -> str | None:
        """Return the key that a column holds by its own name or by the settings."""
        name = name.strip()
        mapped = {column.strip(): key for key, column in self.settings.columns.items()}
        if name in mapped:
            return mapped[name]
        key = _plain(name)
        key = "author" if key == "user" else key
        return key if key in KEYS and key not in self.settings.columns else None

    def _columns(self, names: list[str]) -> dict[str, int]:
        """Return where each key is. Raises FatalError with everything that is wrong with the header."""
        columns: dict[str, int] = {}
        twice = Counter(key for name in names if (key := self._key(name)) is not None)
        for index, name in enumerate(names):
            if (key := self._key(name)) is not None:
                columns.setdefault(key, index)
        dates = [index for index, name in enumerate(names) if _plain(name) in _DATES]
        if len(dates) == 1 and "posted_at" not in {*columns, *self.settings.columns}:
            # A post without a time would count as published when it was first seen.
            columns["posted_at"] = dates[0]
        faults = [f"two columns hold {key}" for key, times in twice.items() if times > 1]
        faults += [
            f"there is no column '{column}' for {key}"
            for key, column in self.settings.columns.items()
            if key not in columns
        ]
        if "text" not in columns and "text" not in self.settings.columns:
            faults.append("no column holds text")
        if not {"id", "url"} & columns.keys() and "id" not in self.settings.columns:
            faults.append("no column holds id, nor url to stand in for it")
        if faults:
            raise self._fatal("; ".join(faults), f"{_shown(names)}; `columns: {{text: NAME}}` of the source maps them")
        return columns

    def _step(self, row: Row) -> Post | SkippableError | None:
        place = f"{self.path.name}:{self.mark.line + 1}"
        if row.fault is not None:
            return SkippableError(row.fault[0], place=place, hint=row.fault[1])
        if not row.cells:
            return None
        cells = row.cells
        while len(cells) > self.width and not cells[-1].strip():
            cells.pop()
        if len(cells) != self.width:
            message = f"the row has {len(cells)} cells, the header {self.width}"
            return SkippableError(message, place=place, hint="quote cells that hold the delimiter or a line break")
        data = self._data({key: cells[index] for key, index in self.columns.items()})
        try:
            return record_of(data, place=place).post(self.defaults, written_at=self.written_at)
        except SkippableError as reject:
            if self.zone is None and any(_is_naive(data.get(key)) for key in _TIMES):
                reject.hint = _NO_ZONE
            return reject

    def _data(self, cells: Mapping[str, str]) -> dict[str, Any]:
        """Return the cells as a JSON Lines record; an empty cell says nothing."""
        data: dict[str, Any] = {key: cell.strip() for key, cell in cells.items() if key != "text" and cell.strip()}
        data["text"] = cells["text"]
        data.setdefault("id", data.get("url"))
        for key in _TIMES:
            if key in data:
                data[key] = self._time(data[key])
        for key in ("is_reply", "deleted"):
            if key in data:
                data[key] = _BOOLEANS.get(data[key].casefold(), data[key])
        if "attachments" in data:
            data["attachments"] = [_file(name) for part in data["attachments"].split(";") if (name := part.strip())]
        return data

    def _time(self, cell: str) -> str:
        """Return a time in ISO 8601; what is none comes back as it is, to be refused."""
        try:
            if self.settings.time_format:
                time = datetime.strptime(cell, self.settings.time_format)  # noqa: DTZ007 - the zone comes below
            else:
                time = datetime.fromisoformat(_UTC.sub("+00:00", cell))
        except ValueError:
            return cell
        if time.tzinfo is None and self.zone is not None and _is_naive(time.isoformat()):
            # Of an hour that comes twice in autumn this is the earlier one.
            time = time.replace(tzinfo=self.zone) if ":" in cell or self.settings.time_format else time
        return time.isoformat()

    def _fatal(self, message: str, hint: str) -> FatalError:
        return FatalError(message, place=str(self.path), hint=hint)


def _plain(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().casefold())


def _is_naive(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is None
    except ValueError:
        return False


def _file(name: str) -> dict[str, str]:
    return {"name": name.rsplit("/", 1)[-1] or name, "url": name} if "://" in name else {"name": name}


def _shown(names: list[str]) -> str:
    """Name the columns there are, unless the first row looks like a post rather than a header."""
    if len(names) > _MOST_NAMES or not all(_NAME.fullmatch(name) for name in names if name):
        return f"the first row has {len(names)} cells that do not look like column names; is the header missing?"
    return f"columns: {', '.join(name or '(empty)' for name in names)}"
