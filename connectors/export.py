"""Exports that come as a file to be replaced by the next one: pages, and a cursor that knows the file again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from connectors.archive import Archive, Limits, Member, fingerprint, open_archive
from connectors.base import Page
from connectors.errors import FatalError, SkippableError
from connectors.post import LONGEST, Post
from connectors.text_json import read_records

PAGE_POSTS: Final = 1000
#: A page is stored in one transaction and held in memory until then, so it is bounded in characters as well.
PAGE_TEXT: Final = 8 * 2**20
#: Raised when a connector here reads more of an export than it did, so that unchanged files are read again.
EDITION: Final = 1

#: What became of one record: versions of posts (none if it is no post), or why it cannot be read.
Outcome = Sequence[Post] | SkippableError
_NO_CHARACTER: Final = re.compile("[\0\ud800-\udfff]")
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A member and the records in it. The same file gives the same outcomes in the same order, always."""

    member: Member
    outcomes: Callable[[], Iterator[Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """How one platform's export is read."""

    #: As in "a Slack export", for errors.
    kind: str
    #: What such an export holds, for a hint.
    holds: str
    wanted: Callable[[str], bool]
    #: Returns the members in the order in which they are read.
    plan: Callable[[Archive], Iterator[Part]]
    limits: Limits = field(default_factory=Limits)
    #: How errors name a member: names of folders may be those of people.
    label: Callable[[str], str] = str


def export_size(path: Path, export: Export) -> int:
    """Return how many bytes of the archive hold what is read. Raises FatalError."""
    with open_archive(path, wanted=export.wanted, limits=export.limits, label=export.label) as archive:
        return sum(member.size for member in archive.members)


def export_pages(path: Path, since: str | None, export: Export) -> Iterator[Page]:
    """Yield pages from the cursor `since` on. Raises FatalError.

    A cursor holds the fingerprint of what was read and a place in it. Another fingerprint is another export, read from
    its beginning; the same one goes on from that place, and yields nothing if that is the end.
    """
    with open_archive(path, wanted=export.wanted, limits=export.limits, label=export.label) as archive:
        if not archive.members and not archive.faults:
            message, hint = f"nothing of {export.kind} is in this file", f"it should hold {export.holds}"
            raise FatalError(message, place=path.name, hint=hint)
        content = f"{EDITION}:{fingerprint(archive)}"
        known, part, record = _parse_cursor(since)
        if known != content:
            yield from _Pages(archive, content, restarted=True).read(export, 0, 0)
        elif part >= 0:
            yield from _Pages(archive, content, restarted=False).read(export, part, record)


def _parse_cursor(since: str | None) -> tuple[str, int, int]:
    """Return fingerprint, part and record (-1: at the end); one that cannot be read begins anew."""
    try:
        cursor = json.loads(since or "{}")
        content, part, record = cursor["content"], cursor["part"], cursor["record"]
    except (ValueError, KeyError, TypeError):
        return "", 0, 0
    if not (type(part) is int and type(record) is int and record >= 0):
        return "", 0, 0
    return str(content), part, record


@dataclass(slots=True)
class _Pages:
    """Posts and rejects gathered until they fill a page."""

    archive: Archive
    content: str
    restarted: bool
    posts: dict[tuple[object, ...], Post] = field(default_factory=dict)
    rejects: list[SkippableError] = field(default_factory=list)
    text: int = 0
    #: Members may have several parts, and count once.
    finished: set[str] = field(default_factory=set)
    #: Bytes of the members that are done, and of the one at hand.
    done: int = 0
    current: int = 0

    def read(self, export: Export, part: int, record: int) -> Iterator[Page]:
        """Yield pages from a record of a part on, both counted from 0. Part 0 are the faults of the archive itself."""
        first: list[Callable[[], Iterator[Outcome]]] = [lambda: iter(self.archive.faults)]
        planned = list(export.plan(self.archive))
        for number, outcomes in enumerate([*first, *(each.outcomes for each in planned)]):
            member = planned[number - 1].member if number else None
            if number >= part:
                begin = record if number == part else 0
                for count, outcome in enumerate(islice(outcomes(), begin, None), start=begin):
                    if self._is_full(outcome):
                        yield self._page(number, count)
                    self._add(outcome)
                    self.current = self.archive.taken(member) if member and member.name not in self.finished else 0
            if member and member.name not in self.finished:
                self.finished.add(member.name)
                self.done, self.current = self.done + member.size, 0
        yield self._page(-1, 0)

    def _is_full(self, outcome: Outcome) -> bool:
        more = 1 if isinstance(outcome, SkippableError) else len(outcome)
        gathered = len(self.posts) + len(self.rejects)
        return gathered > 0 and (gathered + more > PAGE_POSTS or self.text > PAGE_TEXT)

    def _add(self, outcome: Outcome) -> None:
        if isinstance(outcome, SkippableError):
            self.rejects.append(outcome)
            return
        for post in outcome:
            self.posts.setdefault((post.external_id, post.text, post.edited_at, post.deleted_at), post)
            self.text += len(post.text)

    def _page(self, part: int, record: int) -> Page:
        page = Page(
            posts=tuple(self.posts.values()),
            cursor=json.dumps({"content": self.content, "part": part, "record": record}),
            rejects=tuple(self.rejects),
            position=self.done + self.current,
            restarted=self.restarted,
        )
        self.posts, self.rejects, self.text, self.restarted = {}, [], 0, False
        return page


def json_outcomes(
    archive: Archive, member: Member, become: Callable[[str | None, Any], Sequence[Post] | str]
) -> Iterator[Outcome]:
    """Yield what becomes of each record of a JSON member; `become` takes its key and value and returns posts or a fault."""
    for record in read_records(archive.read(member), place=member.place):
        if record.fault is not None:
            yield record.fault
            continue
        place = f"{member.place}:{record.number}" if record.number else member.place
        yield outcome_of(become(record.key, record.value), place=place)


def outcome_of(result: Sequence[Post] | str, *, place: str) -> Outcome:
    """Return posts as they are and a fault as a reject; so is a post that cannot be stored."""
    fault = result if isinstance(result, str) else next(filter(None, map(_unstorable, result)), None)
    if fault is not None:
        return SkippableError(fault, place=place)
    return result if not isinstance(result, str) else ()


def _unstorable(post: Post) -> str | None:
    # The text may hold anything; what is a key or a column beside it may not.
    for name in ("external_id", "author", "thread", "channel", "shared_from", "url"):
        value = getattr(post, name) or ""
        if _NO_CHARACTER.search(value):
            return f"{name} holds a character that is none"
        if name in LONGEST and len(value) > LONGEST[name]:
            return f"{name} is longer than {LONGEST[name]} characters"
    return None


def load_index(
    archive: Archive, members: Sequence[Member], take: Callable[[str | None, Any], str | None]
) -> list[SkippableError]:
    """Read members whole into what `take` builds, which returns a fault or None; return all faults."""
    faults: list[SkippableError] = []
    for member in members:
        for record in read_records(_bounded(archive, member), place=member.place):
            place = f"{member.place}:{record.number}" if record.number else member.place
            if record.fault is not None:
                faults.append(record.fault)
            elif fault := take(record.key, record.value):
                faults.append(SkippableError(fault, place=place))
    return faults


def _bounded(archive: Archive, member: Member) -> Iterator[bytes]:
    left = archive.limits.index_bytes
    for chunk in archive.read(member):
        left -= len(chunk)
        if left < 0:
            message = f"is larger than {archive.limits.index_bytes // 2**20} MB"
            raise SkippableError(message, place=member.place)
        yield chunk


def checked(model: type[_Model], value: object) -> _Model | str:
    """Return the value as a model, or what is wrong with it: names of fields and our own words, nothing of the value."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
    except RecursionError:
        return "is nested too deeply"
    return "; ".join(dict.fromkeys(_fault(fault["loc"], fault["type"], fault["msg"]) for fault in faults))


def _fault(place: tuple[int | str, ...], kind: str, message: str) -> str:
    field_name = ".".join(map(str, place)) or "the record"
    if kind == "value_error":
        return f"{field_name} {message.removeprefix('Value error, ')}"
    return f"{field_name} is missing" if kind == "missing" else f"{field_name} has the wrong type"
