"""Numbers, times and ranges as people read them, the same all through a report."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from compliance.reports.intervals import Estimate

NONE: Final = "–"  # noqa: RUF001 - an en dash, as in ranges
HIDDEN: Final = "hidden"


def ranged(found: Estimate, *, percent: bool = False) -> str:
    """Return a number with its interval: 12.5, or 83 %, and low to high in brackets."""
    value, low, high = ((100 * each if percent else each) for each in (found.value, found.low, found.high))
    if percent:
        return f"{value:.0f} % ({low:.0f}{NONE}{high:.0f})"
    return f"{short(value)} ({short(low)}{NONE}{short(high)})"


def short(value: float) -> str:
    """Return a number with about three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"  # noqa: PLR2004


def counted(number: int, word: str) -> str:
    """Return `1 post`, `2,000 posts`."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def moment(at: datetime) -> str:
    """Return a time for people."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def span(seconds: float) -> str:
    """Return a length of time in its largest fitting unit: `3.2 d`, `5.0 h`, `12 min`."""
    hours = max(0.0, seconds) / 3600
    if hours >= 48:  # noqa: PLR2004 - up to two days, hours say more
        return f"{hours / 24:.1f} d"
    return f"{hours:.1f} h" if hours >= 1 else f"{hours * 60:.0f} min"
