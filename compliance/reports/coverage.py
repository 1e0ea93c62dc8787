"""What was read and what was not: posts and accounts by source, scans, gaps, incompletes, rejects."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from compliance.models import Lease, PostRow, PostVersion, Reject, Scan, Source
from compliance.reports.hiding import accounts, is_hidden
from compliance.reports.period import WEEK, Period, WeekOf, within
from compliance.scan import LEASE
from rules.evaluation import Status

#: A week without posts is a gap where of the eight weeks before it, gaps left out, at least four had some.
_LOOK_BACK: Final = 8
_USUAL: Final = 4

#: id, started_at, finished_at, status, ruleset, counts; oldest first.
ScanRow = Row[int, datetime, datetime | None, str, str, dict[str, dict[str, int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCoverage:
    """What one source gave in the period, and what is outstanding now."""

    source: str
    #: Whether compliance.yaml names it now.
    is_configured: bool
    #: Posts first seen in the period.
    posts: int
    #: Accounts that wrote them; None for one to four.
    accounts: int | None
    #: Posts among them whose author the platform does not name.
    unnamed: int
    #: The last scan that took it in, whenever that was; None if there was none.
    scanned_at: datetime | None
    is_scanned: bool
    #: Mondays of whole weeks without a post where there used to be some.
    silent_weeks: tuple[str, ...]
    #: Versions that could not be fully evaluated and records that could not be read, now.
    incomplete: int
    rejects: int
    #: Evaluated in the period in a language that some rules do not cover, which the organisation accepts.
    accepted: int
    #: Direct messages passed over in the period.
    skipped: int
    #: Scans in the period that could not read it to its end, of those that noted it.
    unreached: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Sources by name, and the scans begun in the period by how they ended."""

    sources: tuple[SourceCoverage, ...]
    scans: int
    done: int
    #: Asked to stop, or ended by an error.
    stopped: int
    failed: int
    #: Never ended: their process was gone.
    killed: int
    running: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the queries found, each by source id."""

    captured: Mapping[int, tuple[int, int, int]]
    weekly: Mapping[int, Counter[str]]
    incomplete: Mapping[int, int]
    rejects: Mapping[int, int]


def scans_in(session: Session, period: Period) -> Sequence[ScanRow]:
    """Return the scans that began in the period, oldest first."""
    columns = (Scan.id, Scan.started_at, Scan.finished_at, Scan.status, Scan.ruleset, Scan.counts)
    query = select(*columns).where(within(Scan.started_at, period.since, period.until)).order_by(Scan.id)
    return session.execute(query).all()


def coverage(
    session: Session, period: Period, scans: Sequence[ScanRow], *, configured: Iterable[str], now: datetime
) -> Coverage:
    """Return coverage of every source that is configured or has a row. Its queries group posts where they are."""
    known = _Known(
        captured=_captured(session, period),
        weekly=_weekly(session, period),
        incomplete=_incomplete(session),
        rejects=_counted(session.execute(select(Reject.source_id, func.count()).group_by(Reject.source_id)).all()),
    )
    wanted = frozenset(configured)
    rows = {row.name: row for row in session.scalars(select(Source))}
    sources = tuple(
        _source(name, rows.get(name), known, scans, period=period, is_configured=name in wanted)
        for name in sorted(wanted | rows.keys())
    )
    return Coverage(sources=sources, scans=len(scans), **_endings(session, scans, now=now))


def silent_weeks(period: Period, counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the Mondays of whole weeks of the period without a post where there used to be some.

    A gap does not make the next silent week usual, so an outage shows for as long as it lasts.
    """
    first = period.weeks[0].monday
    usual = [f"{first - WEEK * number:%Y-%m-%d}" for number in range(_LOOK_BACK, 0, -1)]
    gaps: list[str] = []
    for week in period.weeks:
        with_posts = sum(counts.get(monday, 0) > 0 for monday in usual[-_LOOK_BACK:])
        if week.is_whole and not counts.get(week.key) and with_posts >= _USUAL:
            gaps.append(week.key)
        else:
            usual.append(week.key)
    return tuple(gaps)


def _source(
    name: str, row: Source | None, known: _Known, scans: Sequence[ScanRow], *, period: Period, is_configured: bool
) -> SourceCoverage:
    key = row.id if row is not None else 0
    posts, people, unnamed = known.captured.get(key, (0, 0, 0))
    mine = [scan for scan in scans if name in scan.counts]
    read = [row.scanned_at] if row is not None and row.scanned_at is not None else []
    scanned_at = max([*read, *(scan.finished_at or scan.started_at for scan in mine)], default=None)
    return SourceCoverage(
        source=name,
        is_configured=is_configured,
        posts=posts,
        accounts=None if people and is_hidden(people) else people,
        unnamed=unnamed,
        scanned_at=scanned_at,
        is_scanned=scanned_at is not None and scanned_at >= period.since,
        silent_weeks=silent_weeks(period, known.weekly.get(key, Counter())),
        incomplete=known.incomplete.get(key, 0),
        rejects=known.rejects.get(key, 0),
        **{each: sum(scan.counts[name].get(each, 0) for scan in mine) for each in ("accepted", "skipped", "unreached")},
    )


def _captured(session: Session, period: Period) -> dict[int, tuple[int, int, int]]:
    columns = (func.count(), accounts(), func.count() - func.count(PostRow.author))
    query = select(PostRow.source_id, PostRow.platform, *columns)
    found: dict[int, tuple[int, int, int]] = {}
    rows = session.execute(
        query.where(within(PostRow.first_seen_at, period.since, period.until)).group_by(
            PostRow.source_id, PostRow.platform
        )
    )
    for source_id, _, posts, people, unnamed in rows:
        before = found.get(source_id, (0, 0, 0))
        found[source_id] = (before[0] + posts, before[1] + people, before[2] + unnamed)
    return found


def _weekly(session: Session, period: Period) -> dict[int, Counter[str]]:
    week = WeekOf(PostRow.first_seen_at).label("week")
    query = select(PostRow.source_id, week, func.count())
    seen = within(PostRow.first_seen_at, period.weeks[0].monday - WEEK * _LOOK_BACK, period.until)
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for source_id, monday, posts in session.execute(query.where(seen).group_by(PostRow.source_id, week)):
        found[source_id][monday] = posts
    return found


def _incomplete(session: Session) -> dict[int, int]:
    query = select(PostRow.source_id, func.count()).join(PostVersion, PostVersion.post_id == PostRow.id)
    query = query.where(PostVersion.status == Status.INCOMPLETE).group_by(PostRow.source_id)
    return _counted(session.execute(query).all())


def _counted(rows: Iterable[Row[int, int]]) -> dict[int, int]:
    return {key: count for key, count in rows}  # noqa: C416 - a Row is no pair to the type checker


def _endings(session: Session, scans: Sequence[ScanRow], *, now: datetime) -> dict[str, int]:
    """Count scans by how they ended. One that still says `running` was killed unless it can hold the lease."""
    counts = Counter(scan.status for scan in scans)
    newest = session.execute(select(Scan.id, Scan.status).order_by(Scan.id.desc()).limit(1)).one_or_none()
    held = session.scalar(select(Lease.name).where(Lease.name == LEASE, Lease.expires_at > now)) is not None
    running = int(held and newest is not None and newest.status == "running" and any(s.id == newest.id for s in scans))
    ended = {name: counts[name] for name in ("done", "stopped", "failed")}
    return {**ended, "running": running, "killed": counts["running"] - running}
