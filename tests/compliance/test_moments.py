from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone

import pytest

from compliance.moments import NaiveTimeError, read_moment, read_time, read_zone

NINE = datetime(2026, 11, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-03T09:00Z",
        "2026-11-03T10:00+01:00",
        "2026-11-03 09:00:00 +0000",
        " 2026-11-03 09:00 UTC ",
        "2026-11-03T04:00-05:00",
    ],
)
def test_one_instant_in_many_zones(written):
    assert read_moment(written) == NINE


def test_a_time_without_a_zone_is_refused_and_a_zone_settles_it():
    with pytest.raises(NaiveTimeError):
        read_moment("2026-11-03T09:00")
    assert read_moment("2026-11-03T10:00", zone=read_zone("Europe/Paris")) == NINE


def test_a_bare_date_is_its_first_instant_unless_that_is_not_exact_enough():
    assert read_moment("2026-11-03") == datetime(2026, 11, 3, tzinfo=UTC)
    with pytest.raises(NaiveTimeError):
        read_moment("2026-11-03", dates=False)


@pytest.mark.parametrize("written", ["", "soon", "03/11/2026", "2026-13-01", "2026-11-03T25:00Z", "٢٠٢٦-١١-٠٣x"])
def test_what_is_no_time_is_refused(written):
    with pytest.raises(ValueError):  # noqa: PT011 - which words is not the point
        read_moment(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("9:00", time(9)),
        ("09:30:15", time(9, 30, 15)),
        ("9am", time(9)),
        ("12 AM", time(0)),
        ("12:30 p.m.", time(12, 30)),
        ("9.15 pm", time(21, 15)),
    ],
)
def test_times_of_day(written, expected):
    assert read_time(written) == expected


@pytest.mark.parametrize("written", ["", "9", "25:00", "9:75", "13pm", "0am", "noon"])
def test_what_is_no_time_of_day_is_refused(written):
    with pytest.raises(ValueError):  # noqa: PT011 - which words is not the point
        read_time(written)


def test_zones_by_name_and_by_offset():
    assert read_zone("utc") is UTC
    assert read_zone("+05:30") == timezone(timedelta(hours=5, minutes=30))
    assert read_zone("UTC-3") == timezone(timedelta(hours=-3))


@pytest.mark.parametrize(
    "name", ["", "Nowhere/Town", "../../etc/passwd", "/etc/passwd", "Europe", "+99:00", "🎉", "a\0b"]
)
def test_unknown_zones_are_refused(name):
    with pytest.raises(ValueError):  # noqa: PT011 - which words is not the point
        read_zone(name)
