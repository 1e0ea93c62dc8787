"""Who is who: people.csv, and the way from a handle to a person's groups and country. Names stay out of everything else."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zoneinfo import available_timezones

from rules.errors import Fault, did_you_mean

COLUMNS: Final = ("person_id", "name", "email", "groups", "country", "manager_id", "handles", "timezone")
#: How a handle came to be tied to a person. Only a declared or verified one may open a case.
TIES: Final = ("declared", "verified", "assumed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person of the organisation."""

    id: str
    name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    groups: frozenset[str] = frozenset()
    #: ISO 3166-1 alpha-2; empty where unknown.
    country: str = ""
    manager_id: str = ""
    #: IANA name, such as Europe/Berlin; empty where unknown.
    timezone: str = ""
    #: (platform, handle) -> declared, verified or assumed.
    handles: Mapping[tuple[str, str], str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class People:
    """Everybody we know of. Empty and known is different from not known: `is_known` is False without a workspace."""

    people: Mapping[str, Person] = field(default_factory=dict, repr=False)
    is_known: bool = False

    def __post_init__(self) -> None:
        found = {place: person for person in self.people.values() for place in person.handles}
        object.__setattr__(self, "_by_handle", found)

    @property
    def known_groups(self) -> frozenset[str] | None:
        """Groups that anybody has; None where nobody is known."""
        return frozenset().union(*(person.groups for person in self.people.values())) if self.is_known else None

    def person_of(self, platform: str | None, handle: str | None) -> Person | None:
        """Return whose handle this is; None for strangers."""
        if handle is None:
            return None
        by_handle: dict[tuple[str, str], Person] = self._by_handle  # type: ignore[attr-defined]
        return by_handle.get((platform or "", normal_handle(handle)))

    def get(self, person_id: str | None) -> Person | None:
        """Return the person of this id; None where there is none."""
        return self.people.get(person_id) if person_id else None

    def tie_of(self, platform: str | None, handle: str | None) -> str | None:
        """Return how a handle is tied to its person (declared, verified, assumed); None for strangers."""
        person = self.person_of(platform, handle)
        return person.handles.get((platform or "", normal_handle(handle or ""))) if person else None

    def context_of(self, platform: str | None, author: str | None) -> tuple[frozenset[str], str | None]:
        """Return (groups, country) of an author by handle or person id. Anyone not listed is an employee with no groups."""
        person = self.person_of(platform, author) or (self.people.get(author) if author else None)
        return (person.groups, person.country or None) if person else (frozenset(), None)


def normal_handle(handle: str) -> str:
    """Return a handle as it is compared: no leading @, no case."""
    return handle.strip().lstrip("@").casefold()


def read_people(path: Path, *, shown: str) -> tuple[People, list[Fault]]:
    """Read people.csv. Every fault is found; none of them repeats a name."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return People(), [
            Fault(
                file=shown,
                message=f"cannot be read: {error.strerror or type(error).__name__}",
                hint="`people:` in compliance.yaml names this file",
            )
        ]
    except UnicodeDecodeError:
        return People(), [Fault(file=shown, message="is not UTF-8", hint="save the file as UTF-8")]
    reader = csv.DictReader(io.StringIO(text), strict=True)
    faults = list(_header_faults(reader.fieldnames or [], shown))
    people: dict[str, Person] = {}
    if not faults:
        try:
            for row in reader:
                _read_row(row, reader.line_num, shown, people, faults)
        except csv.Error as error:
            faults.append(Fault(file=shown, line=reader.line_num, column=1, message=f"not valid CSV: {error}"))
    return People(people=people, is_known=True), faults


def _header_faults(header: list[str] | object, shown: str) -> Iterator[Fault]:
    columns = list(header) if isinstance(header, list) else []
    for column in columns:
        if column not in COLUMNS:
            yield Fault(
                file=shown,
                line=1,
                column=1,
                message=f"unknown column '{column}'",
                hint=did_you_mean(column, COLUMNS, otherwise=f"columns: {', '.join(COLUMNS)}"),
            )
    if "person_id" not in columns:
        yield Fault(
            file=shown, line=1, column=1, message="there is no column 'person_id'", hint=f"columns: {','.join(COLUMNS)}"
        )


def _read_row(
    row: dict[str, str | None], line: int, shown: str, people: dict[str, Person], faults: list[Fault]
) -> None:
    def refuse(message: str, hint: str = "") -> None:
        faults.append(Fault(file=shown, line=line, column=1, message=message, hint=hint))

    cells = {
        key: (value or "").strip() for key, value in row.items() if isinstance(key, str) and not isinstance(value, list)
    }
    identity = cells.get("person_id", "")
    if not identity or identity in people:
        refuse(
            "this row has no person_id" if not identity else "this person_id stands here twice",
            "ids are unique and never reused",
        )
        return
    handles = {}
    for entry in filter(None, map(str.strip, cells.get("handles", "").split(";"))):
        platform, colon, rest = entry.partition(":")
        handle, _, tie = rest.rpartition("=") if "=" in rest else (rest, "", "assumed")
        if not colon or not handle or tie not in TIES:
            refuse(
                "a handle is not written as platform:handle=tie", f"ties: {', '.join(TIES)}; several are joined by ;"
            )
            continue
        key = (platform.strip().casefold(), normal_handle(handle))
        if any(key in person.handles for person in people.values()):
            refuse("a handle of this row belongs to another row too", "one handle, one person")
        handles[key] = tie
    country = cells.get("country", "").upper()
    if country and not (len(country) == 2 and country.isalpha()):  # noqa: PLR2004
        refuse("the country is no ISO 3166-1 alpha-2 code", "for example GB, DE, US")
    zone = cells.get("timezone", "")
    if zone and zone not in available_timezones():
        refuse("the timezone is no IANA name", "for example Europe/London, Europe/Berlin, America/New_York")
    people[identity] = Person(
        id=identity,
        name=cells.get("name", ""),
        email=cells.get("email", ""),
        groups=frozenset(filter(None, map(str.strip, cells.get("groups", "").split(";")))),
        country=country,
        manager_id=cells.get("manager_id", ""),
        timezone=zone,
        handles=handles,
    )
