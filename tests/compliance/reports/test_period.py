from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from compliance.db import reading, writing
from compliance.errors import ComplianceError
from compliance.models import PostRow
from compliance.reports.period import MOST_WEEKS, SecondsBetween, WeekOf, monday_of, period_of
from tests.compliance.desk import make_post

SUNDAY = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
MONDAY = datetime(2026, 2, 23, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def keys(period):
    return [week.key for week in period.weeks]


def test_this_week_is_compared_with_the_eight_before():
    period = period_of(now=SUNDAY)
    assert (period.since, period.until) == (datetime(2025, 12, 29, tzinfo=UTC), SUNDAY)
    assert keys(period) == [f"{MONDAY - timedelta(weeks=n):%Y-%m-%d}" for n in range(8, -1, -1)]
    assert [week.is_whole for week in period.weeks] == [True] * 8 + [False]


def test_weeks_start_on_monday_in_utc_wherever_the_reader_is():
    auckland = timezone(timedelta(hours=13))
    assert monday_of(datetime(2026, 3, 2, 12, 59, tzinfo=auckland)) == MONDAY
    assert monday_of(datetime(2026, 3, 2, 13, 0, tzinfo=auckland)) == datetime(2026, 3, 2, tzinfo=UTC)


def test_the_first_instant_of_a_week_is_in_it_and_the_end_is_not():
    assert keys(period_of(now=MONDAY, weeks=0)) == ["2026-02-16"]
    assert keys(period_of(now=MONDAY + TICK, weeks=0)) == ["2026-02-23"]
    whole = period_of(now=SUNDAY, until=MONDAY, weeks=1)
    assert keys(whole) == ["2026-02-09", "2026-02-16"]
    assert all(week.is_whole for week in whole.weeks)


def test_weeks_are_cut_at_both_ends():
    period = period_of(now=SUNDAY, since=datetime(2026, 2, 12, tzinfo=UTC), until=datetime(2026, 2, 24, tzinfo=UTC))
    assert [(week.key, week.is_whole) for week in period.weeks] == [
        ("2026-02-09", False),
        ("2026-02-16", True),
        ("2026-02-23", False),
    ]
    assert period.weeks[0].since == period.since
    assert period.weeks[-1].until == period.until


def test_the_future_is_left_out():
    assert period_of(now=SUNDAY, until=SUNDAY + timedelta(days=9)).until == SUNDAY


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"since": SUNDAY, "weeks": 2}, "both say where"),
        ({"since": SUNDAY}, "nothing lies between"),
        ({"since": SUNDAY + timedelta(days=1)}, "nothing lies between"),
        ({"since": MONDAY, "until": MONDAY}, "nothing lies between"),
        ({"weeks": MOST_WEEKS}, "at most"),
        ({"since": datetime(1970, 1, 1, tzinfo=UTC)}, "at most"),
    ],
)
def test_a_period_that_cannot_be_reported_is_refused(asked, said):
    with pytest.raises(ComplianceError, match=said) as refused:
        period_of(now=SUNDAY, **asked)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("at", "week"),
    [
        (MONDAY, "2026-02-23"),
        (MONDAY - TICK, "2026-02-16"),
        (MONDAY + timedelta(days=7) - TICK, "2026-02-23"),
        (datetime(2025, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "2025-12-29"),
        (datetime(2024, 2, 29, 12, tzinfo=UTC), "2024-02-26"),
    ],
)
def test_the_database_cuts_weeks_to_the_microsecond(database, at, week):
    with writing(database) as session:
        post = make_post(session)
        post.first_seen_at, post.posted_at = at, at - timedelta(hours=2, milliseconds=500)
    with reading(database) as session:
        found = session.execute(
            select(WeekOf(PostRow.first_seen_at), SecondsBetween(PostRow.posted_at, PostRow.first_seen_at))
        ).one()
    assert found[0] == week
    assert found[1] == pytest.approx(7200.5, abs=0.001)
