"""Flags per 1,000 posts, by policy and week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from compliance.listing import visible_lanes
from compliance.models import Flag, PostRow
from compliance.permissions import Reviewer
from compliance.reports.hiding import accounts, is_hidden
from compliance.reports.intervals import Estimate, compare, rate
from compliance.reports.period import Period, WeekOf, within


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekPosts:
    """A week and the posts first seen in it."""

    monday: str
    since: datetime
    until: datetime
    is_whole: bool
    posts: int
    #: Fewer than five accounts on any one platform wrote them: what was flagged among them is kept back.
    is_hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagRate:
    """Flags opened and their rate; None where kept back, and where there were no posts."""

    flags: int | None
    per_1000: Estimate | None
    is_hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRates:
    """One policy."""

    policy: str
    #: In order of `Rates.weeks`.
    weeks: tuple[FlagRate, ...]
    #: The last week, and all those before it together, hidden ones left out.
    this: FlagRate
    before: FlagRate
    #: Of `this` against `before`; None where chance alone may explain the difference, or where it cannot be told.
    change: Literal["higher", "lower"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Policies that opened a flag in the period, by id."""

    weeks: tuple[WeekPosts, ...]
    policies: tuple[PolicyRates, ...]
    #: Flags that rules opened on posts stored before (`scan --again`); in no rate.
    retro: int


def rates(session: Session, period: Period, *, reviewer: Reviewer) -> Rates:
    """Return the rates. A flag counts in the week in which it opened, a post in the week in which it was first seen."""
    weeks = _weeks(session, period)
    flags, retro = _flags(session, period, reviewer)
    policies = tuple(_policy(policy, weeks, counts) for policy, counts in sorted(flags.items()))
    return Rates(weeks=weeks, policies=policies, retro=retro)


def _weeks(session: Session, period: Period) -> tuple[WeekPosts, ...]:
    week = WeekOf(PostRow.first_seen_at).label("week")
    query = select(week, PostRow.platform, func.count(), accounts())
    seen = within(PostRow.first_seen_at, period.since, period.until)
    posts: dict[str, int] = defaultdict(int)
    most: dict[str, int] = defaultdict(int)
    for monday, _, count, people in session.execute(query.where(seen).group_by(week, PostRow.platform)):
        posts[monday] += count
        most[monday] = max(most[monday], people)
    return tuple(
        WeekPosts(
            monday=each.key,
            since=each.since,
            until=each.until,
            is_whole=each.is_whole,
            posts=posts[each.key],
            is_hidden=posts[each.key] > 0 and is_hidden(most[each.key]),
        )
        for each in period.weeks
    )


def _flags(session: Session, period: Period, reviewer: Reviewer) -> tuple[dict[str, dict[str, int]], int]:
    week = WeekOf(Flag.opened_at).label("week")
    opened = (within(Flag.opened_at, period.since, period.until), *visible_lanes(reviewer))
    query = select(Flag.policy, week, Flag.retro, func.count()).where(*opened)
    found: dict[str, dict[str, int]] = defaultdict(dict)
    retro = 0
    for policy, monday, is_retro, count in session.execute(query.group_by(Flag.policy, week, Flag.retro)):
        if is_retro:
            retro += count
        else:
            found[policy][monday] = count
    return found, retro


def _policy(policy: str, weeks: Sequence[WeekPosts], counts: Mapping[str, int]) -> PolicyRates:
    *earlier, last = weeks
    this, before = _pooled([last], counts), _pooled(earlier, counts)
    change = None
    if this.flags is not None and before.flags is not None:
        sizes = last.posts, sum(week.posts for week in _shown(earlier))
        change = compare(this.flags, sizes[0], before=before.flags, size_before=sizes[1])
    each = tuple(_pooled([week], counts) for week in weeks)
    return PolicyRates(policy=policy, weeks=each, this=this, before=before, change=change)


def _pooled(weeks: Sequence[WeekPosts], counts: Mapping[str, int]) -> FlagRate:
    """Return flags and their rate over the weeks that may be shown."""
    shown = _shown(weeks)
    if not shown:
        return FlagRate(flags=None, per_1000=None, is_hidden=any(week.is_hidden for week in weeks))
    flags = sum(counts.get(week.monday, 0) for week in shown)
    return FlagRate(flags=flags, per_1000=rate(flags, sum(week.posts for week in shown)), is_hidden=False)


def _shown(weeks: Sequence[WeekPosts]) -> list[WeekPosts]:
    """Leave out weeks of few accounts, and weeks without posts: their flags come from edits of a few older posts."""
    return [week for week in weeks if week.posts and not week.is_hidden]
