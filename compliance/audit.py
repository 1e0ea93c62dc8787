"""The audit trail: one entry per change, in its transaction, chained by hash. No name and no post text enters it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import rfc8785
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from compliance.models import AuditRow

#: prev_hash of the first entry.
GENESIS: Final = bytes(32)
_LOCK: Final = 0x636F6D70


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, and how we know. `claimed` is attribution, not authentication; `system` is the nightly job itself."""

    id: str
    proof: str = "claimed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be recorded; the fields are those of `record`."""

    action: str
    subject: str
    version: str | None = None
    reason: str | None = None
    detail: Mapping[str, int | str | None] = field(default_factory=dict)


def commitment(nonce: str, *parts: str | None) -> str:
    """Return SHA-256 (hex) over a nonce and what is committed to. Without the nonce nothing can be guessed from it.

    The nonce is kept with the data, not in the trail: once both are erased, the entry says nothing about anybody.
    """
    content = rfc8785.dumps(
        [nonce, *(None if part is None else part.encode("utf-8", "surrogatepass").hex() for part in parts)]
    )
    return hashlib.sha256(content).hexdigest()


def record(  # noqa: PLR0913 - one keyword per field of an entry
    session: Session,
    action: str,
    *,
    actor: Actor,
    subject: str,
    version: str | None = None,
    reason: str | None = None,
    detail: dict[str, int | str | None] | None = None,
    now: datetime,
) -> AuditRow:
    """Append one entry in the caller's transaction and return it.

    `action` is `subject:action` (`flag:decided`); `subject` an id such as `flag:12`; `reason` a *reference* to where
    the reason is kept, never the words. `detail` holds counts, hashes and codes only.
    """
    entry = Entry(action=action, subject=subject, version=version, reason=reason, detail=detail or {})
    return append(session, [entry], actor=actor, now=now)[0]


def append(session: Session, entries: Sequence[Entry], *, actor: Actor, now: datetime) -> list[AuditRow]:
    """Append entries in order in the caller's transaction; on SQLite that must be a `writing` one."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    session.flush()
    last = session.execute(select(AuditRow.seq, AuditRow.entry_hash).order_by(AuditRow.seq.desc()).limit(1)).first()
    seq, prev = (last.seq, last.entry_hash) if last else (0, GENESIS)
    rows = []
    for entry in entries:
        seq += 1
        row = _row(entry, seq=seq, prev=prev, actor=actor, now=now)
        prev = row.entry_hash
        rows.append(row)
    session.add_all(rows)
    session.flush()
    return rows


def _row(entry: Entry, *, seq: int, prev: bytes, actor: Actor, now: datetime) -> AuditRow:
    canonical = rfc8785.dumps(
        {
            "v": 1,
            "seq": str(seq),
            "at": now.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": actor.id,
            "actor_proof": actor.proof,
            "action": entry.action,
            "object": entry.subject,
            "version": entry.version,
            "reason": entry.reason,
            "detail": {key: str(value) if isinstance(value, int) else value for key, value in entry.detail.items()},
            "prev_hash": prev.hex(),
        }
    )
    return AuditRow(
        seq=seq,
        entry=canonical,
        entry_hash=hashlib.sha256(canonical).digest(),
        prev_hash=prev,
        at=now,
        action=entry.action,
        object=entry.subject,
    )
