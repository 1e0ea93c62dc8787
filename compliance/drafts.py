"""Drafts: texts that are not published yet, and what holds for each of them. Nothing here is stored; no file is read here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from compliance.people import People
from connectors.post import AUDIENCES, KINDS
from rules.document import Context, Document
from rules.lists import parse_instant

_STRINGS: Final = ("author", "channel", "platform", "thread")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One text to check, or why it could not be read. Exactly one of `document` and `error` is set."""

    #: The `id` of a JSON line or of a row, or the file's name; None for a broken line.
    id: str | None
    #: File name as the user gave it; `-` for standard input.
    place: str
    #: Line in the file, from 1; None where the whole file is one draft.
    line: int | None = None
    #: Last line of a row whose cells go over several lines; None: the same as `line`.
    end_line: int | None = None
    #: Code points of the file before the text begins: its front matter.
    offset: int = 0
    #: Line of the file that the text begins on, where the whole file is one draft.
    first_line: int = 1
    document: Document | None = field(default=None, repr=False)
    error: str = ""
    #: What to do about the error.
    hint: str = ""
    #: More about the error that may hold words of the file: never in redacted output.
    detail: str = field(default="", repr=False)

    @property
    def is_row(self) -> bool:
        """Return whether it is one of several in its file, so that positions in its text are none in the file."""
        return self.line is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What holds for drafts that do not say otherwise."""

    audience: str = "external"
    author: str | None = None
    groups: frozenset[str] = frozenset()
    channel: str | None = None
    #: When it would be published.
    at: datetime
    #: Dates after it lie ahead; `at` if absent.
    now: datetime | None = None
    people: People


def context_of(defaults: Defaults, row: dict[str, Any]) -> Context:
    """Return the context of one draft: what its row says, else the options, else the author's entry in people.csv."""
    platform, author = row.get("platform"), row.get("author", defaults.author)
    groups, country = defaults.people.context_of(platform, author)
    given = row.get("group")
    named = frozenset([given] if isinstance(given, str) else given) if given is not None else defaults.groups
    posted = row.get("posted_at")
    return Context(
        audience=row.get("audience", defaults.audience),
        platform=platform,
        channel=row.get("channel", defaults.channel),
        author=author,
        groups=groups | named,
        known_groups=defaults.people.known_groups,
        country=country,
        at=posted if isinstance(posted, datetime) else defaults.at,
        kind=row.get("kind", "post"),
        thread=row.get("thread"),
    )


def context_problem(row: dict[str, Any]) -> str:
    """Return what is wrong with the context of a row, without a word of its content; parse its time in place."""
    for key in _STRINGS:
        if row.get(key, "") is None:
            del row[key]
        elif not isinstance(row.get(key, ""), str):
            return f"`{key}` is no string"
    for key, allowed in (("audience", AUDIENCES), ("kind", KINDS)):
        if row.get(key, allowed[0]) not in allowed:
            return f"`{key}` is none of {', '.join(allowed)}"
    groups = row.get("group", [])
    if not isinstance(groups, (str, list)) or not all(isinstance(group, str) for group in groups):
        return "`group` is no string or list of strings"
    return _time_problem(row)


def with_time(row: dict[str, Any], moment: datetime, defaults: Defaults) -> dict[str, Any]:
    """Return the row with the time it is planned for; one that lies ahead makes it scheduled, unless it says what it is."""
    ahead = moment > (defaults.now or defaults.at)
    return {**({"kind": "scheduled"} if ahead else {}), **row, "posted_at": moment}


def _time_problem(row: dict[str, Any]) -> str:
    if row.get("posted_at") is None:
        return ""
    try:
        given = row["posted_at"]
        row["posted_at"] = given if isinstance(given, datetime) else parse_instant(given)
    except (ValueError, TypeError, AttributeError):
        return "`posted_at` is no ISO 8601 time"
    return ""
