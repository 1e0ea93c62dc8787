from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.reports.intervals import Estimate, compare, rate, share


def rounded(found: Estimate, digits=4):
    return tuple(round(each, digits) for each in (found.value, found.low, found.high))


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        # Tables of the Wilson interval at 95 %.
        (0, 10, (0.0, 0.0, 0.2775)),
        (1, 10, (0.1, 0.0179, 0.4042)),
        (10, 20, (0.5, 0.2993, 0.7007)),
        (10, 10, (1.0, 0.7225, 1.0)),
        (81, 263, (0.3080, 0.2553, 0.3662)),
    ],
)
def test_shares_have_wilson_intervals(part, whole, expected):
    assert rounded(share(part, whole)) == expected


def test_a_share_of_nothing_is_unknown():
    assert share(0, 0) is None
    assert rate(3, 0) is None


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [(0, 1000, (0.0, 0.0, 3.8415)), (10, 1000, (10.0, 5.4324, 18.4091)), (10, 500, (20.0, 10.8648, 36.8181))],
)
def test_rates_have_score_intervals_and_none_is_not_sure_to_be_zero(count, size, expected):
    assert rounded(rate(count, size), 3) == pytest.approx(expected, abs=0.002)


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_an_interval_holds_its_value(part, extra):
    found = share(part, part + extra)
    assert 0 <= found.low <= found.value <= found.high <= 1
    counted = rate(part, extra)
    assert 0 <= counted.low <= counted.value <= counted.high


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((40, 1000, 20, 1000), "higher"),
        ((20, 1000, 40, 1000), "lower"),
        ((20, 1000, 12, 1000), None),
        # The same rate, whatever the sizes.
        ((10, 100, 800, 8000), None),
        ((30, 100, 800, 8000), "higher"),
        ((0, 1000, 0, 8000), None),
        ((0, 1000, 80, 8000), "lower"),
        ((5, 0, 80, 8000), None),
        ((5, 1000, 0, 0), None),
    ],
)
def test_a_difference_is_told_only_where_chance_would_rarely_make_it(counts, expected):
    count, size, before, size_before = counts
    assert compare(count, size, before=before, size_before=size_before) == expected
