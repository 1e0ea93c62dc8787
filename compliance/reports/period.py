"""What a report covers: a stretch of time cut into weeks that start on Monday, 00:00 UTC; and how a database cuts it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Float, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from compliance.errors import ComplianceError

WEEK: Final = timedelta(weeks=1)
WEEKS_BEFORE: Final = 8
#: Two years: what a page can still show.
MOST_WEEKS: Final = 105


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A week, or what of it lies in the period: half-open, UTC."""

    #: Monday 00:00 UTC, also of a week that is cut.
    monday: datetime
    since: datetime
    until: datetime

    @property
    def is_whole(self) -> bool:
        """Whether all seven days are in the period."""
        return self.until - self.since == WEEK

    @property
    def key(self) -> str:
        """The date of its Monday, as `WeekOf` gives it."""
        return f"{self.monday:%Y-%m-%d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Half-open `[since, until)`, UTC. The last of the weeks is compared with those before it."""

    since: datetime
    until: datetime
    #: In order; never empty.
    weeks: tuple[Week, ...]


def monday_of(moment: datetime) -> datetime:
    """Return the start of the week that the moment lies in."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def period_of(
    *, now: datetime, since: datetime | None = None, until: datetime | None = None, weeks: int | None = None
) -> Period:
    """Return the week of `until` and the `weeks` before it, or what lies between `since` and `until`.

    `until` is now where it is absent or in the future: nobody can report what has not happened. Raises ComplianceError
    where nothing or too much is left.
    """
    if since is not None and weeks is not None:
        message = "--since and --weeks both say where the report begins"
        raise ComplianceError(message, hint="give one of them.")
    end = min(until or now, now).astimezone(UTC)
    # The last instant that is covered: a report until Monday 00:00 is about the week before.
    last = monday_of(end - timedelta(microseconds=1))
    start = last - WEEK * (WEEKS_BEFORE if weeks is None else weeks) if since is None else since.astimezone(UTC)
    if start >= end:
        message = f"nothing lies between {start:%Y-%m-%d %H:%M} and {end:%Y-%m-%d %H:%M} UTC"
        raise ComplianceError(message, place="--since", hint="the end is not included, and never after now.")
    if (last - monday_of(start)) // WEEK >= MOST_WEEKS:
        message = f"a report covers at most {MOST_WEEKS} weeks"
        raise ComplianceError(message, place="--since", hint="move --since or --until, or write several reports.")
    return Period(since=start, until=end, weeks=tuple(_cut(start, end)))


def _cut(start: datetime, end: datetime) -> list[Week]:
    first = monday_of(start)
    count = -((first - end) // WEEK)
    mondays = [first + WEEK * number for number in range(count)]
    return [Week(monday=monday, since=max(monday, start), until=min(monday + WEEK, end)) for monday in mondays]


class WeekOf(FunctionElement[str]):
    """The Monday of a stored time as `YYYY-MM-DD`, worked out where the rows are."""

    inherit_cache = True
    type = String()
    name = "week_of"


class SecondsBetween(FunctionElement[float]):
    """The seconds from one stored time to another."""

    inherit_cache = True
    type = Float()
    name = "seconds_between"


@compiles(WeekOf, "sqlite")
def _week_sqlite(element: WeekOf, compiler: Any, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    # Only the ten characters of the date: SQLite rounds a time of day to milliseconds, into the next week if need be.
    return f"date(substr({compiler.process(element.clauses, **options)}, 1, 10), 'weekday 0', '-6 days')"


@compiles(WeekOf, "postgresql")
def _week_postgresql(element: WeekOf, compiler: Any, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    moment = compiler.process(element.clauses, **options)
    return f"to_char(date_trunc('week', {moment} AT TIME ZONE 'UTC'), 'YYYY-MM-DD')"


@compiles(SecondsBetween, "sqlite")
def _seconds_sqlite(element: SecondsBetween, compiler: Any, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    start, end = (compiler.process(clause, **options) for clause in element.clauses)
    # Days since 4714 BC as a double are good to 0.1 ms.
    return f"((julianday({end}) - julianday({start})) * 86400.0)"


@compiles(SecondsBetween, "postgresql")
def _seconds_postgresql(element: SecondsBetween, compiler: Any, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    start, end = (compiler.process(clause, **options) for clause in element.clauses)
    return f"extract(epoch FROM ({end} - {start}))::float8"


def within(column: ColumnElement[datetime] | Any, since: datetime, until: datetime) -> ColumnElement[bool]:  # noqa: ANN401 - any column of times
    """Return the condition that a stored time lies in the half-open stretch."""
    return (column >= since) & (column < until)
