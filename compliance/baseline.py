"""Baselines: findings that are known already, each with what somebody said about it. Holds no word of any draft."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

import yaml
from pydantic import AfterValidator, BeforeValidator, Field

from compliance.draft_inputs import canonical
from compliance.errors import ComplianceError
from rules.detectors.base import Word
from rules.errors import Fault, PolicyError
from rules.policy import Spec
from rules.shape import parse
from rules.source import read_yaml

Label: TypeAlias = Literal["accepted", "false-positive", "to-fix"]
#: How long what nobody has looked at yet counts.
UNSEEN_FOR: Final = timedelta(days=90)
#: More than anybody would look through, and near what the reader of YAML takes.
MOST_ENTRIES: Final = 10_000
UNSEEN: Final = "nobody has looked at it yet"
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_FINGERPRINT: Final = re.compile(r"v1:[0-9a-f]{32}:[1-9][0-9]*")
_HINTS: Final = {
    "key 'label' is missing": "accepted, false-positive or to-fix",
    "key 'reason' is missing": "say in a few words why it may stay",
    "key 'fingerprint' is missing": "`compliance check --write-baseline FILE` writes it",
}
_HEAD: Final = """\
# Findings that `compliance check --baseline` lets pass. Written by --write-baseline, which keeps what people said.
# label: accepted | false-positive | to-fix; reason: why, in your words; expires: from that day on it no longer counts.
# `line` only says where it was; the fingerprint decides, and holds no word of the text.
"""


def _day(value: Any) -> Any:  # noqa: ANN401 - pydantic hands over anything
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value if _DAY.fullmatch(value) else "")
    except ValueError:
        message = f"'{value}' is no day: write it as 2027-03-31"
        raise ValueError(message) from None


def _fingerprint(value: str) -> str:
    if not _FINGERPRINT.fullmatch(value):
        message = "the fingerprint is none of ours: it looks like v1:, 32 hexadecimal digits, :1"
        raise ValueError(message)
    return value


def _said(value: str) -> str:
    if not value.strip():
        message = "the reason is empty: say in a few words why it may stay"
        raise ValueError(message)
    return value


Day: TypeAlias = Annotated[date, BeforeValidator(_day)]


class Entry(Spec):
    """One place of one finding, and what somebody said about it."""

    rule: Word
    file: Word = Field(description="relative to the folder of the baseline")
    line: int | None = Field(default=None, description="where it was; only a hint")
    fingerprint: Annotated[Word, AfterValidator(_fingerprint)]
    label: Label
    reason: Annotated[str, AfterValidator(_said)]
    expires: Day | None = Field(default=None, description="from this day on it no longer counts")
    added: Day | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it one; equal for two that mean the same."""
        return posixpath.normpath(self.file), self.rule, self.fingerprint

    def is_expired(self, today: date) -> bool:
        """Return whether it counts no longer."""
        return self.expires is not None and self.expires <= today


class BaselineSpec(Spec):
    """A baseline as it is written."""

    baseline: Literal[1]
    entries: list[Entry] = Field(default_factory=list)


def read_baseline(path: Path) -> list[Entry]:
    """Read a baseline. Raises PolicyError with every fault."""
    source = read_yaml(path)
    spec = parse(source, BaselineSpec)
    seen: dict[tuple[str, str, str], int] = {}
    for index, entry in enumerate(spec.entries if spec else ()):
        first = seen.setdefault(entry.key, index)
        if first != index:
            line = source.place(("entries", first))[0]
            source.fault(("entries", index), f"this finding stands here twice, first on line {line}", "keep one")
    if source.faults or spec is None:
        raise PolicyError(_with_hint(fault) for fault in source.faults)
    return spec.entries


def _with_hint(fault: Fault) -> Fault:
    if fault.message == "cannot be read: No such file or directory":
        return replace(fault, hint="`compliance check INPUT… --write-baseline FILE` writes one")
    return replace(fault, hint=fault.hint or _HINTS.get(fault.message, ""))


def name_in(baseline: Path, place: str) -> str:
    """Return how a baseline names a file: relative to its own folder, with /, whatever folder the check runs in."""
    if place in {"-", "--text"}:
        return place
    try:
        name = Path(os.path.relpath(canonical(place), canonical(str(baseline.parent)))).as_posix()
    except ValueError:  # another drive
        name = Path(canonical(place)).as_posix()
    # Names of files need not be UTF-8; the baseline is.
    return os.fsencode(name).decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One place of a finding in this run."""

    file: str
    rule: str
    fingerprint: str
    line: int

    @property
    def key(self) -> tuple[str, str, str]:
        """As Entry.key."""
        return self.file, self.rule, self.fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A baseline made anew, and how it differs from the one before."""

    entries: list[Entry]
    new: int
    gone: list[Entry]


def rewrite(
    known: Iterable[Entry],
    seen: Iterable[Seen],
    *,
    checked: Mapping[str, bool],
    exists: Mapping[str, bool],
    today: date,
) -> Rewritten:
    """Return the baseline of what was seen, with the label, reason and expiry of what was known.

    `checked` holds the files of this run and whether each was evaluated in full: an entry goes only if its file was, or
    if that no longer `exists`. What nobody has looked at yet is `to-fix`, and expires.
    """
    before = {entry.key: entry for entry in known}
    found: dict[tuple[str, str, str], Entry] = {}
    new = 0
    for one in seen:
        old = before.get(one.key)
        new += old is None
        found[one.key] = old.model_copy(update={"line": one.line}) if old else _fresh(one, today)
    left = [entry for key, entry in before.items() if key not in found]
    gone = [entry for entry in left if checked.get(entry.key[0], not exists.get(entry.key[0], True))]
    kept = [entry for entry in left if entry not in gone]
    return Rewritten(entries=sorted([*found.values(), *kept], key=lambda entry: entry.key), new=new, gone=gone)


def _fresh(one: Seen, today: date) -> Entry:
    return Entry(
        rule=one.rule,
        file=one.file,
        line=one.line,
        fingerprint=one.fingerprint,
        label="to-fix",
        reason=UNSEEN,
        expires=today + UNSEEN_FOR,
        added=today,
    )


def write_baseline(path: Path, entries: Iterable[Entry]) -> None:
    """Write a baseline, whole or not at all. Raises ComplianceError for one that would be too large to read, OSError."""
    entries = list(entries)
    if len(entries) > MOST_ENTRIES:
        message = f"a baseline holds at most {MOST_ENTRIES:,} places, and here are {len(entries):,}"
        raise ComplianceError(
            message, place=str(path), hint="check fewer files at a time, each part with its own baseline"
        )
    text = _HEAD + "baseline: 1\n" + "".join(_lines(entries))
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_text(text, encoding="utf-8", newline="\n")
    beside.replace(path)


def _lines(entries: Sequence[Entry]) -> Iterator[str]:
    yield "entries:\n" if entries else "entries: []\n"
    for entry in entries:
        for index, key in enumerate(type(entry).model_fields):
            value = getattr(entry, key)
            if value is not None:
                yield f"  {' ' if index else '-'} {key}: {_scalar(value, quoted=key in {'file', 'reason'})}\n"


def _scalar(value: object, *, quoted: bool) -> str:
    if not quoted:
        return str(value)
    text: str = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=10**9)
    return text.strip()
