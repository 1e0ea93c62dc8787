"""Drafts: texts that are not published yet, read from files, standard input or an option. Nothing here is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from compliance.people import People
from connectors.post import AUDIENCES, KINDS
from rules.document import Context, Document
from rules.lists import parse_instant

#: A line longer than this is refused, not read: one line must not take the machine.
MAX_LINE: Final = 16_000_000
_STRINGS: Final = ("author", "channel", "platform", "thread")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One text to check, or why it could not be read. Exactly one of `document` and `error` is set."""

    #: The `id` of a JSON line, or the file's name; None for a broken line.
    id: str | None
    #: File name as the user gave it; `-` for standard input.
    place: str
    #: Line in the file, from 1; None where the whole file is one draft.
    line: int | None = None
    document: Document | None = field(default=None, repr=False)
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What holds for drafts that do not say otherwise."""

    audience: str = "external"
    author: str | None = None
    groups: frozenset[str] = frozenset()
    channel: str | None = None
    at: datetime
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


def read_drafts(inputs: list[str], *, text: str | None, stdin: BinaryIO, defaults: Defaults) -> Iterator[Draft]:
    """Yield every draft of every input, in order; an input that cannot be read is a draft with an error."""
    shared = context_of(defaults, {})
    if text is not None:
        yield Draft(id="text", place="--text", document=Document(key="text", text=text, context=shared))
    for name in inputs:
        if name == "-":
            yield _whole("-", stdin.read(), shared)
            continue
        try:
            file = Path(name).open("rb")  # noqa: SIM115 - closed below, once the error is told apart
        except OSError as error:
            yield Draft(id=name, place=name, error=f"cannot be read: {error.strerror or type(error).__name__}")
            continue
        with file:
            yield from (
                _lines(name, file, defaults, shared)
                if name.casefold().endswith(".jsonl")
                else [_whole(name, file.read(), shared)]
            )


def _whole(name: str, content: bytes, context: Context) -> Draft:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Draft(id=name, place=name, error="is not UTF-8")
    return Draft(id=name, place=name, document=Document(key=name, text=text, context=context))


def _lines(name: str, file: BinaryIO, defaults: Defaults, shared: Context) -> Iterator[Draft]:
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            yield Draft(id=None, place=name, line=number, error=f"is longer than {MAX_LINE:,} bytes")
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE)
        elif line.strip(b"\xef\xbb\xbf \t\r\n"):
            yield _line(name, number, line, defaults, shared)


def _line(name: str, number: int, line: bytes, defaults: Defaults, shared: Context) -> Draft:
    try:
        row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except (ValueError, RecursionError) as error:
        what = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else "is no JSON"
        return Draft(id=None, place=name, line=number, error=what)
    problem = _problem(row)
    if problem:
        return Draft(id=None, place=name, line=number, error=problem)
    key = str(row["id"]) if "id" in row else f"{name}:{number}"
    context = shared if len(row) <= 2 else context_of(defaults, row)  # noqa: PLR2004 - id and text alone say nothing else
    return Draft(id=key, place=name, line=number, document=Document(key=key, text=row["text"], context=context))


def _problem(row: Any) -> str:  # noqa: ANN401 - whatever the JSON held
    """Return what is wrong with a row, without a word of its content; parse its times in place."""
    if not isinstance(row, dict):
        return "is no JSON object"
    if not isinstance(row.get("text"), str):
        return "has no `text`" if "text" not in row else "`text` is no string"
    if not isinstance(row.get("id", ""), (str, int)) or isinstance(row.get("id"), bool):
        return "`id` is no string"
    if len(row) <= 2:  # noqa: PLR2004
        return ""
    return _context_problem(row)


def _context_problem(row: dict[str, Any]) -> str:
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


def _time_problem(row: dict[str, Any]) -> str:
    if row.get("posted_at") is None:
        return ""
    try:
        row["posted_at"] = parse_instant(row["posted_at"])
    except (ValueError, TypeError, AttributeError):
        return "`posted_at` is no ISO 8601 time"
    return ""
