"""How long flags wait: from opening to the first decision, by route, and what is still open."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Subquery, func, select
from sqlalchemy.orm import Session

from compliance.listing import visible_lanes
from compliance.models import DecisionRow, Flag
from compliance.permissions import Reviewer
from compliance.reports.hiding import FEWEST_TIMES
from compliance.reports.period import Period, SecondsBetween, within


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteWaiting:
    """One route: whom a policy sends its flags to, wherever they were escalated since."""

    route: str
    #: Flags that were opened, and flags that got their first decision, in the period.
    opened: int
    decided: int
    #: Seconds from opening to that decision, nearest rank; None below five decisions.
    median_seconds: float | None
    p90_seconds: float | None
    #: Now, whenever they were opened.
    open: int
    oldest_open_at: datetime | None
    #: Of the open ones; None where nothing stored says when a flag is due.
    overdue: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Routes with a flag that was opened or decided in the period or is open now, by name."""

    routes: tuple[RouteWaiting, ...]


def waiting(session: Session, period: Period, *, reviewer: Reviewer) -> Waiting:
    """Return how long flags wait. An escalation is no decision: the flag goes on waiting."""
    opened = _opened(session, period, reviewer)
    decided = _decided(session, period, reviewer)
    still = _open(session, reviewer)
    routes = []
    for route in sorted(opened.keys() | decided.keys() | still.keys()):
        count, median, p90 = decided.get(route, (0, None, None))
        enough = count >= FEWEST_TIMES
        number, oldest = still.get(route, (0, None))
        routes.append(
            RouteWaiting(
                route=route,
                opened=opened.get(route, 0),
                decided=count,
                median_seconds=median if enough else None,
                p90_seconds=p90 if enough else None,
                open=number,
                oldest_open_at=oldest,
                overdue=None,
            )
        )
    return Waiting(routes=tuple(routes))


def _opened(session: Session, period: Period, reviewer: Reviewer) -> dict[str, int]:
    query = select(Flag.route, func.count()).where(
        within(Flag.opened_at, period.since, period.until), *visible_lanes(reviewer)
    )
    return {route: count for route, count in session.execute(query.group_by(Flag.route))}  # noqa: C416 - see coverage


def _open(session: Session, reviewer: Reviewer) -> dict[str, tuple[int, datetime]]:
    query = select(Flag.route, func.count(), func.min(Flag.opened_at))
    query = query.where(Flag.status == "open", *visible_lanes(reviewer)).group_by(Flag.route)
    return {route: (count, oldest) for route, count, oldest in session.execute(query)}


def _decided(session: Session, period: Period, reviewer: Reviewer) -> dict[str, tuple[int, float, float]]:
    """Return count, median and 90th percentile by route; the database ranks, so that no flag is read here."""
    ranked = _ranked(period, reviewer)
    middle, high = (ranked.c.total + 1) // 2, (ranked.c.total * 9 + 9) // 10
    query = select(ranked.c.route, ranked.c.total, ranked.c.rank, ranked.c.seconds, middle, high).where(
        (ranked.c.rank == middle) | (ranked.c.rank == high)
    )
    found: dict[str, tuple[int, float, float]] = {}
    ranks: dict[str, dict[int, float]] = defaultdict(dict)
    for route, total, rank, seconds, at_middle, at_high in session.execute(query.order_by(ranked.c.rank)):
        ranks[route][rank] = seconds
        if {at_middle, at_high} <= ranks[route].keys():
            found[route] = (total, ranks[route][at_middle], ranks[route][at_high])
    return found


def _ranked(period: Period, reviewer: Reviewer) -> Subquery:
    first = (
        select(DecisionRow.flag_id, func.min(DecisionRow.at).label("at"))
        .where(DecisionRow.verdict != "escalated")
        .group_by(DecisionRow.flag_id)
        .subquery()
    )
    seconds = SecondsBetween(Flag.opened_at, first.c.at)
    timed = (
        select(Flag.route, seconds.label("seconds"))
        .join(first, first.c.flag_id == Flag.id)
        .where(within(first.c.at, period.since, period.until), *visible_lanes(reviewer))
        .subquery()
    )
    rank = func.row_number().over(partition_by=timed.c.route, order_by=timed.c.seconds)
    total = func.count().over(partition_by=timed.c.route)
    return select(timed.c.route, timed.c.seconds, rank.label("rank"), total.label("total")).subquery()
