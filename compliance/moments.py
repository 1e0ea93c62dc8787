"""Times as people write them for a publication: exact or refused, because an embargo ends to the second. Reads no clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from typing import Final

#: What to write instead, for hints.
EXAMPLE: Final = "2026-11-03T09:00Z or 2026-11-03T09:00+01:00"
_SPACED_ZONE: Final = re.compile(r"\s+(?:([+-]\d{2}:?\d{2})|(?:Z|UTC))$", re.IGNORECASE)
_OFFSET: Final = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
_TIME: Final = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(?::(\d{2}))?\s*([ap])?\.?(?:m\.?)?", re.IGNORECASE)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_NOON: Final = 12


class NaiveTimeError(ValueError):
    """A time that does not say in which zone it is, so that it could be any of many instants."""


def read_moment(written: str, *, zone: tzinfo | None = None, dates: bool = True) -> datetime:
    """Return an aware time from ISO 8601. With `dates`, a bare date is its first instant in `zone`, or UTC.

    Raises NaiveTimeError for a time (or, without `dates`, a date) that names no zone and gets none, ValueError for what
    is no time.
    """
    moment = datetime.fromisoformat(_SPACED_ZONE.sub(lambda found: found[1] or "Z", written.strip()))
    if moment.tzinfo:
        return moment
    if zone is None and not (dates and _DAY.fullmatch(written.strip())):
        raise NaiveTimeError(written)
    return moment.replace(tzinfo=zone or UTC)


def read_zone(name: str) -> tzinfo:
    """Return a zone by its IANA name (Europe/Paris), or from UTC, Z, +01:00. Raises ValueError for any other."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    word = name.strip()
    if word.upper() in {"UTC", "Z", "GMT"}:
        return UTC
    offset = _OFFSET.fullmatch(word)
    if offset:
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(-span if offset[1] == "-" else span)
    try:
        return ZoneInfo(word)
    except (ZoneInfoNotFoundError, OSError, UnicodeError):
        raise ValueError(name) from None


def read_time(written: str) -> time:
    """Return a time of day: 09:00, 9:00:30, 9am, 9:30 pm. Raises ValueError for any other."""
    found = _TIME.fullmatch(written.strip())
    if not found or not (found[2] or found[4]):
        raise ValueError(written)
    hour = int(found[1])
    if found[4]:
        if not 1 <= hour <= _NOON:
            raise ValueError(written)
        hour = hour % _NOON + (_NOON if found[4].casefold() == "p" else 0)
    return time(hour, int(found[2] or 0), int(found[3] or 0))
