"""Past and present runs of the scan: when, how long, by whom, under which rules, and what came of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from compliance.lease import is_gone
from compliance.models import AuditRow, Lease, Scan
from compliance.scan import LEASE


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run of the scan."""

    id: int
    #: running, done, stopped (asked to), failed (ended by an error), killed (its process is gone and noted no end).
    status: str
    actor: str
    started_at: datetime
    finished_at: datetime | None
    #: Up to now while running; None for a killed one, whose end nobody noted.
    seconds: float | None
    #: Hash of the rule set.
    ruleset: str
    #: By source: read, new, edited, deleted, evaluated, flagged, incomplete, failed (records that could not be read) …
    counts: dict[str, dict[str, int]]
    incomplete: int
    rejects: int
    #: Flags opened, and sources that could not be read to their end; None where no end was noted.
    flags: int | None
    source_errors: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsPage:
    """The newest runs, newest first."""

    runs: tuple[RunView, ...]
    total: int


def runs(session: Session, *, limit: int, now: datetime) -> RunsPage:
    """Return the newest runs. A run is `killed` if it is not noted as ended and the lease it scanned under is gone."""
    rows = session.scalars(select(Scan).order_by(Scan.id.desc()).limit(limit)).all()
    alive = _alive_since(session, now)
    ends = _ends(session, [row.id for row in rows])
    views = tuple(_view(row, ends.get(row.id, {}), alive=alive, now=now) for row in rows)
    return RunsPage(runs=views, total=session.scalar(select(func.count()).select_from(Scan)) or 0)


def _alive_since(session: Session, now: datetime) -> datetime | None:
    """Return when the scan that holds the lease began, None if nobody does."""
    lease = session.get(Lease, LEASE)
    held = lease is not None and lease.holder and lease.expires_at > now and not is_gone(lease.holder)
    return lease.acquired_at if lease is not None and held else None


def _ends(session: Session, ids: list[int]) -> dict[int, dict[str, Any]]:
    """Return what the trail noted at the end of each run."""
    names = {f"scan:{one}": one for one in ids}
    query = select(AuditRow.object, AuditRow.entry).where(
        AuditRow.action == "scan:finished", AuditRow.object.in_(list(names))
    )
    return {names[subject]: json.loads(entry).get("detail") or {} for subject, entry in session.execute(query)}


def _view(row: Scan, end: dict[str, Any], *, alive: datetime | None, now: datetime) -> RunView:
    status = row.status
    if status == "running" and row.started_at != alive:
        status = "killed"
    until = now if status == "running" else row.finished_at
    return RunView(
        id=row.id,
        status=status,
        actor=row.actor,
        started_at=row.started_at,
        finished_at=row.finished_at,
        seconds=round((until - row.started_at).total_seconds(), 3) if until else None,
        ruleset=row.ruleset,
        counts=row.counts,
        incomplete=sum(each.get("incomplete", 0) for each in row.counts.values()),
        rejects=sum(each.get("failed", 0) for each in row.counts.values()),
        flags=int(end["flags"]) if "flags" in end else None,
        source_errors=int(end["errors"]) if "errors" in end else None,
    )
