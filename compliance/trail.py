"""Verification of the audit trail: every entry as it was written, in its place, and one for each flag, decision and case entry.

What it cannot see: a trail whose newest entries were cut off together with what they describe still verifies. Whoever
wants to notice that keeps the head (sequence number and hash) elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import rfc8785
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from compliance.audit import GENESIS
from compliance.cases import audited as audited_entry
from compliance.cases import row_commitment
from compliance.errors import UnavailableError
from compliance.models import Case, CaseEntry, DecisionRow, Flag
from compliance.review import audited

_ROWS: Final = "select seq, entry, entry_hash, prev_hash, at, action, object from audit_entries order by seq"
_BATCH: Final = 1_000
_CASE_ENTRY: Final = "case-entry:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The first thing that is not as it was written."""

    #: Sequence number of the entry; None where an entry is missing altogether.
    seq: int | None
    #: gap, link, hash, canonical, columns, duplicate, flag, decision, case.
    kind: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailReport:
    """What was verified. Without a fault, `head` identifies the whole trail up to now."""

    entries: int
    flags: int
    decisions: int
    case_entries: int
    head_seq: int
    #: Hex SHA-256 of the newest entry; of nothing, 64 zeros.
    head_hash: str
    fault: Fault | None

    @property
    def is_verified(self) -> bool:
        """Say whether everything agreed."""
        return self.fault is None


@dataclass(slots=True)
class _Walk:
    """What has been read of the trail so far."""

    seq: int = 0
    head: bytes = GENESIS
    #: flag id -> seq of its flag:opened.
    opened: dict[str, int] = field(default_factory=dict)
    #: decision id -> (seq, entry) of its flag:decided.
    decided: dict[str, tuple[int, Mapping[str, Any]]] = field(default_factory=dict)
    #: case entry id -> (seq, entry) of the case:… that recorded it.
    cases: dict[str, tuple[int, Mapping[str, Any]]] = field(default_factory=dict)
    #: case id -> (seq, commitment) of its case:opened.
    case_rows: dict[str, tuple[int, str]] = field(default_factory=dict)
    #: `flag:ID` -> the lane that it was opened in or handed to last.
    lanes: dict[str, str] = field(default_factory=dict)
    #: `flag:ID` of flags with a decision that closed them.
    closed: set[str] = field(default_factory=set)
    #: `flag:ID` of flags that were erased, their decisions with them; the entries stay.
    erased: set[str] = field(default_factory=set)


class _FaultError(Exception):
    def __init__(self, seq: int | None, kind: str, detail: str) -> None:
        super().__init__(kind)
        self.fault = Fault(seq=seq, kind=kind, detail=detail)


def verify(session: Session) -> TrailReport:
    """Read the whole trail once, in order, and compare it with flags and decisions; stop at the first fault.

    Memory grows with the number of flags and decisions, not of entries. Call it on a fresh session: the first statement
    fixes one snapshot, so a scan at work does not look like tampering. Raises UnavailableError where it cannot be read.
    """
    walk, flags, decisions, entries, fault = _Walk(), 0, 0, 0, None
    try:
        _fix_snapshot(session)
        with session.execute(text(_ROWS), execution_options={"yield_per": _BATCH}) as rows:
            for row in rows:
                _entry(walk, tuple(row))
        flags = _flags(session, walk)
        decisions = _decisions(session, walk)
        _case_rows(session, walk)
        entries = _case_entries(session, walk)
    except _FaultError as found:
        fault = found.fault
    except DBAPIError as error:
        message = f"the audit trail could not be read ({type(error.orig).__name__})"
        raise UnavailableError(
            message, hint="nothing was verified; `compliance doctor` looks at the database."
        ) from None
    return TrailReport(
        entries=walk.seq,
        flags=flags,
        decisions=decisions,
        case_entries=entries,
        head_seq=walk.seq,
        head_hash=walk.head.hex(),
        fault=fault,
    )


def _fix_snapshot(session: Session) -> None:
    # SQLite's transactions are snapshots; PostgreSQL's are when asked before the first statement.
    if session.get_bind().dialect.name == "postgresql" and not session.in_transaction():
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _entry(walk: _Walk, row: tuple[Any, ...]) -> None:
    seq, raw, entry_hash, prev_hash, at, action, subject = row
    if seq != walk.seq + 1:
        raise _FaultError(seq, "gap", f"entry {walk.seq + 1} is missing; the next one is {seq}")
    if not all(isinstance(value, bytes) for value in (raw, entry_hash, prev_hash)):
        # SQLite keeps whatever type was forced into a column.
        raise _FaultError(seq, "columns", "a column does not hold bytes")
    if hashlib.sha256(raw).digest() != entry_hash:
        raise _FaultError(seq, "hash", "the entry's bytes do not match its hash")
    entry = _parsed(seq, raw)
    if prev_hash != walk.head or entry.get("prev_hash") != walk.head.hex():
        raise _FaultError(seq, "link", "the entry does not follow the one before it")
    told = (entry.get("seq"), entry.get("action"), entry.get("object"))
    if told != (str(seq), action, subject) or not _is_time(entry.get("at"), at):
        raise _FaultError(seq, "columns", "a column differs from the entry's bytes")
    walk.seq, walk.head = seq, entry_hash
    _note(walk, seq, entry)


def _parsed(seq: int, raw: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(raw)
        canonical = rfc8785.dumps(entry)
    except (ValueError, RecursionError):
        canonical, entry = None, None
    if not isinstance(entry, dict) or canonical != raw:
        raise _FaultError(seq, "canonical", "the entry is not canonical JSON (RFC 8785)")
    return entry


def _is_time(told: object, stored: object) -> bool:
    """Compare an entry's time with a column: text on SQLite, to the letter, a datetime on PostgreSQL."""
    try:
        at = datetime.fromisoformat(str(told)).astimezone(UTC)
    except ValueError:
        return False
    return stored == (f"{at:%Y-%m-%d %H:%M:%S.%f}" if isinstance(stored, str) else at)


def _note(walk: _Walk, seq: int, entry: Mapping[str, Any]) -> None:
    subject, action, reference = str(entry["object"]), entry["action"], str(entry.get("reason"))
    if action == "flag:opened":
        _once(walk.opened.setdefault(subject.removeprefix("flag:"), seq), seq, f"{subject} was opened twice")
        _note_lane(walk, subject, entry)
    elif action == "flag:moved":
        _note_lane(walk, subject, entry)
    elif action in {"flag:erased", "case:erased"}:
        walk.erased.add(subject)
    elif action == "case:opened":
        known = (seq, str((entry.get("detail") or {}).get("row")))
        _once(walk.case_rows.setdefault(subject.removeprefix("case:"), known)[0], seq, f"{subject} was opened twice")
    elif reference.startswith(_CASE_ENTRY):
        first, _ = walk.cases.setdefault(reference.removeprefix(_CASE_ENTRY), (seq, entry))
        _once(first, seq, f"{reference} was recorded twice")
    elif action == "flag:decided":
        first, _ = walk.decided.setdefault(reference.removeprefix("decision:"), (seq, entry))
        _once(first, seq, f"{reference} was recorded twice")
        if (entry.get("detail") or {}).get("verdict") != "escalated":
            walk.closed.add(subject)
        else:
            _note_lane(walk, subject, entry)


def _note_lane(walk: _Walk, subject: str, entry: Mapping[str, Any]) -> None:
    lane = (entry.get("detail") or {}).get("lane")
    if lane is not None:
        walk.lanes[subject] = lane


def _once(first: int, seq: int, said: str) -> None:
    if first != seq:
        raise _FaultError(seq, "duplicate", said)


def _flags(session: Session, walk: _Walk) -> int:
    count, wrong = 0, None
    query = select(Flag.id, Flag.status, Flag.lane).order_by(Flag.id)
    with session.execute(query.execution_options(yield_per=_BATCH)) as rows:
        for flag_id, status, lane in rows:
            count += 1
            if walk.opened.pop(str(flag_id), None) is None:
                wrong = wrong or f"flag {flag_id} has no entry that says it was opened"
            elif f"flag:{flag_id}" in walk.erased:
                wrong = wrong or f"flag {flag_id} was erased and is still there"
            elif (status == "decided") != (f"flag:{flag_id}" in walk.closed):
                wrong = wrong or f"flag {flag_id} is {status} and the trail says otherwise"
            elif lane != walk.lanes.get(f"flag:{flag_id}", lane):
                wrong = wrong or f"flag {flag_id} is in another lane than the trail says"
    if wrong is not None:
        raise _FaultError(None, "flag", wrong)
    gone = {flag: seq for flag, seq in walk.opened.items() if f"flag:{flag}" not in walk.erased}
    if gone:
        flag, seq = min(gone.items(), key=lambda item: item[1])
        raise _FaultError(seq, "flag", f"flag {flag} was opened and is gone")
    return count


def _decisions(session: Session, walk: _Walk) -> int:
    count = 0
    query = select(DecisionRow).order_by(DecisionRow.id).execution_options(yield_per=_BATCH)
    try:
        with session.scalars(query) as rows:
            for row in rows:
                _one_decision(walk, row)
                session.expunge(row)
                count += 1
    except (TypeError, ValueError):
        raise _FaultError(None, "decision", "a stored decision holds a value that cannot be read") from None
    gone = {each: seq for each, (seq, entry) in walk.decided.items() if entry["object"] not in walk.erased}
    if gone:
        decision, seq = min(gone.items(), key=lambda item: item[1])
        raise _FaultError(seq, "decision", f"decision {decision} was recorded and is gone")
    return count


def _one_decision(walk: _Walk, row: DecisionRow) -> None:
    seq, entry = walk.decided.pop(str(row.id), (None, None))
    if entry is None:
        raise _FaultError(None, "decision", f"decision {row.id} has no entry in the trail")
    if not _agrees(row, entry):
        raise _FaultError(seq, "decision", f"decision {row.id} differs from what the trail recorded")


def _case_rows(session: Session, walk: _Walk) -> None:
    """Compare whom each case is about, where and by which ladder with what the trail committed to."""
    for row in session.scalars(select(Case).order_by(Case.id).execution_options(yield_per=_BATCH)):
        seq, known = walk.case_rows.pop(str(row.id), (None, ""))
        if seq is None:
            raise _FaultError(None, "case", f"case {row.id} has no entry that says it was opened")
        if row_commitment(row) != known:
            raise _FaultError(seq, "case", f"case {row.id} differs from what the trail recorded")
        session.expunge(row)
    gone = {each: seq for each, (seq, _) in walk.case_rows.items() if f"case:{each}" not in walk.erased}
    if gone:
        number, seq = min(gone.items(), key=lambda item: item[1])
        raise _FaultError(seq, "case", f"case {number} was opened and is gone")


def _case_entries(session: Session, walk: _Walk) -> int:
    """Compare every entry of a case with its twin in the trail: none missing, none more, none changed."""
    count = 0
    query = select(CaseEntry).order_by(CaseEntry.id).execution_options(yield_per=_BATCH)
    try:
        with session.scalars(query) as rows:
            for row in rows:
                _one_case_entry(walk, row)
                session.expunge(row)
                count += 1
    except (TypeError, ValueError):
        raise _FaultError(None, "case", "a stored case entry holds a value that cannot be read") from None
    gone = {each: seq for each, (seq, entry) in walk.cases.items() if entry["object"] not in walk.erased}
    if gone:
        number, seq = min(gone.items(), key=lambda item: item[1])
        raise _FaultError(seq, "case", f"case entry {number} was recorded and is gone")
    return count


def _one_case_entry(walk: _Walk, row: CaseEntry) -> None:
    seq, entry = walk.cases.pop(str(row.id), (None, None))
    if entry is None:
        raise _FaultError(None, "case", f"case entry {row.id} has no entry in the trail")
    detail = {key: str(value) if isinstance(value, int) else value for key, value in audited_entry(row).items()}
    if not row.words and detail["words"] != (entry.get("detail") or {}).get("words"):
        # Words whose time is over were emptied; that is no change of what was said.
        detail["words"] = (entry.get("detail") or {}).get("words")
    told = tuple(entry.get(key) for key in ("object", "actor", "actor_proof", "detail"))
    if told != (f"case:{row.case_id}", row.actor, row.actor_proof, detail) or not _is_time(entry.get("at"), row.at):
        raise _FaultError(seq, "case", f"case entry {row.id} differs from what the trail recorded")


def _agrees(row: DecisionRow, entry: Mapping[str, Any]) -> bool:
    detail = {key: str(value) if isinstance(value, int) else value for key, value in audited(row).items()}
    told = tuple(entry.get(key) for key in ("object", "version", "actor", "actor_proof", "detail"))
    stored = (f"flag:{row.flag_id}", f"version:{row.version_id}", row.actor, row.actor_proof, detail)
    return told == stored and _is_time(entry.get("at"), row.at)
