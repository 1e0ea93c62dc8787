"""The audit trail: one entry per change, in the same transaction, chained by hash. No name and no post text enters it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
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


def record(
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

    `action` is `subject:action` (`flag:decided`); `subject` an id such as `flag:12`; `reason` a *reference* to where the
    reason is kept, never the words. `detail` holds counts, hashes and codes only.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    session.flush()
    last = session.execute(select(AuditRow.seq, AuditRow.entry_hash).order_by(AuditRow.seq.desc()).limit(1)).first()
    seq, prev = (last.seq + 1, last.entry_hash) if last else (1, GENESIS)
    entry = rfc8785.dumps(
        {
            "v": 1,
            "seq": str(seq),
            "at": now.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": actor.id,
            "actor_proof": actor.proof,
            "action": action,
            "object": subject,
            "version": version,
            "reason": reason,
            "detail": {key: str(value) if isinstance(value, int) else value for key, value in (detail or {}).items()},
            "prev_hash": prev.hex(),
        }
    )
    row = AuditRow(seq=seq, entry=entry, entry_hash=hashlib.sha256(entry).digest(), prev_hash=prev, at=now, action=action, object=subject)
    session.add(row)
    session.flush()
    return row
