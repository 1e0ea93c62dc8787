"""Word lists: CSV files with a column `term`, read strictly, each entry with the window in which it counts."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rules.errors import Fault, did_you_mean
from rules.fold import folded

#: Lists that shipped packs read; empty unless an organisation fills them.
KNOWN_LISTS: Final = (
    "codenames",
    "products",
    "customers",
    "competitors",
    "executives",
    "internal_domains",
    "brand_names",
    "disclosures",
    "restricted",
)
COLUMNS: Final = ("term", "public_name", "start", "end", "language", "note")
_MAX_ROWS: Final = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One listed term. The window `[start, end)` is half-open; None leaves that side open."""

    term: str
    public_name: str = ""
    start: datetime | None = None
    end: datetime | None = None
    #: Why it may be said or not, for officers.
    note: str = field(default="", repr=False)

    def is_active(self, at: datetime) -> bool:
        """Return whether `at` (aware) lies in the window."""
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordList:
    """A named list. What a confidential one holds is never shown to an author."""

    name: str
    entries: tuple[Entry, ...] = ()
    confidential: bool = False

    def digest(self) -> str:
        """SHA-256 of everything in it."""
        rows = (f"{e.term}\x1f{e.public_name}\x1f{e.start}\x1f{e.end}" for e in self.entries)
        return hashlib.sha256(
            "\x1e".join([self.name, str(self.confidential), *rows]).encode("utf-8", "replace")
        ).hexdigest()

    def public_name(self, text: str) -> str:
        """Return the public name of the entry written as `text`, or ''."""
        wanted = folded(text).text
        return next((e.public_name for e in self.entries if e.public_name and folded(e.term).text == wanted), "")


Lists = Mapping[str, WordList]


def no_lists() -> dict[str, WordList]:
    """Return the lists that packs read, all empty."""
    return {name: WordList(name=name) for name in KNOWN_LISTS}


def of_terms(name: str, terms: Iterable[str]) -> WordList:
    """Return a list of plain terms, as the examples of a rule give them."""
    return WordList(name=name, entries=tuple(Entry(term=term) for term in terms))


def read_list(path: Path, *, shown: str | None = None) -> tuple[WordList, list[Fault]]:
    """Read `name.csv`. A first line `# confidential: true` keeps its terms out of every message."""
    shown = shown or str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return WordList(name=path.stem), [
            Fault(file=shown, message=f"cannot be read: {error.strerror or type(error).__name__}")
        ]
    except UnicodeDecodeError:
        return WordList(name=path.stem), [Fault(file=shown, message="is not UTF-8", hint="save the file as UTF-8")]
    return _parse(path.stem, text, shown)


def _parse(name: str, text: str, shown: str) -> tuple[WordList, list[Fault]]:
    lines = text.splitlines()
    skipped = 0
    confidential = False
    while skipped < len(lines) and lines[skipped].startswith("#"):
        confidential = confidential or lines[skipped].lstrip("# ").replace(" ", "").casefold() == "confidential:true"
        skipped += 1
    reader = csv.reader(io.StringIO("\n".join(lines[skipped:])), strict=True)
    faults: list[Fault] = []
    entries: list[Entry] = []
    header: list[str] | None = None
    try:
        for row in reader:
            line = reader.line_num + skipped
            if header is None:
                header = [column.strip() for column in row]
                faults += _header_faults(header, shown, line)
                if faults:
                    break
            elif any(cell.strip() for cell in row):
                entry = _entry(dict(zip(header, row, strict=False)), len(row) > len(header), shown, line, faults)
                entries += [entry] if entry else []
    except csv.Error as error:
        faults.append(
            Fault(
                file=shown,
                line=reader.line_num + skipped,
                column=1,
                message=f"not valid CSV: {error}",
                hint='quote cells that hold commas: "a, b"',
            )
        )
    if len(entries) > _MAX_ROWS:
        faults.append(Fault(file=shown, message=f"holds more than {_MAX_ROWS:,} terms"))
    return WordList(name=name, entries=tuple(entries), confidential=confidential), faults


def _header_faults(header: list[str], shown: str, line: int) -> list[Fault]:
    unknown = [column for column in header if column not in COLUMNS]
    faults = [
        Fault(
            file=shown,
            line=line,
            column=1,
            message=f"unknown column '{column}'",
            hint=did_you_mean(column, COLUMNS, otherwise=f"columns: {', '.join(COLUMNS)}"),
        )
        for column in unknown
    ]
    if "term" not in header:
        faults.append(
            Fault(
                file=shown,
                line=line,
                column=1,
                message="there is no column 'term'",
                hint="the first line names the columns: term,public_name,start,end",
            )
        )
    return faults


def _entry(row: dict[str, str], too_long: bool, shown: str, line: int, faults: list[Fault]) -> Entry | None:  # noqa: FBT001
    term = row["term"].strip()
    problem = ""
    if too_long:
        problem = "has more cells than the header has columns"
    elif not folded(term).text.strip():
        # An empty term would match everywhere or nowhere; both would be silent.
        problem = "has an empty term"
    times: dict[str, datetime | None] = {}
    for column in ("start", "end"):
        try:
            times[column] = parse_instant(row[column]) if row.get(column, "").strip() else None
        except ValueError:
            problem = f"has a {column} that is no time: '{row[column].strip()}'"
    if problem:
        faults.append(
            Fault(
                file=shown,
                line=line,
                column=1,
                message=f"this row {problem}",
                hint="times look like 2026-11-03 or 2026-11-03T09:00Z",
            )
        )
        return None
    return Entry(
        term=term,
        public_name=row.get("public_name", "").strip(),
        start=times["start"],
        end=times["end"],
        note=row.get("note", "").strip(),
    )


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 time as an aware one. A date is its first instant; no zone means UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
