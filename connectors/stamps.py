"""Times as exports write them, for the fields of a record. A wrong one is named by its field and not quoted."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import PlainValidator

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SLACK: Final = re.compile(r"(\d{1,11})\.(\d{1,6})", re.ASCII)


def from_epoch(value: object, *, per_second: int = 1) -> datetime | None:
    """Return the time of whole seconds, or of fractions of `per_second`, since 1970; None if it is none."""
    if type(value) is not int or value < 0:
        return None
    try:
        return _EPOCH + timedelta(microseconds=value * (1_000_000 // per_second))
    except OverflowError:
        return None


def from_slack(value: object) -> datetime | None:
    """Return the time of a message's `ts`, which is a string and a key; None if it is none."""
    found = _SLACK.fullmatch(value) if isinstance(value, str) else None
    return from_epoch(int(found[1] + found[2].ljust(6, "0")), per_second=1_000_000) if found else None


def from_iso(value: object) -> datetime | None:
    """Return the time of ISO 8601 with a time zone; None if it is none."""
    try:
        if isinstance(value, str) and (time := datetime.fromisoformat(value)).tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    return None


def from_pattern(value: object, pattern: str) -> datetime | None:
    """Return the time written as `pattern` says, in UTC unless it has a time zone; None if it is none."""
    try:
        time = datetime.strptime(value, pattern) if isinstance(value, str) else None  # noqa: DTZ007 - right below
    except ValueError:
        return None
    if time is None:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)


def _seconds(value: object) -> datetime:
    return _or_fault(from_epoch(value), "is not a time in seconds")


def _milliseconds(value: object) -> datetime:
    return _or_fault(from_epoch(value, per_second=1000), "is not a time in milliseconds")


def _slack(value: object) -> str:
    _or_fault(from_slack(value), "is not a time such as 1772442000.000100")
    return str(value)


def _iso(value: object) -> datetime:
    return _or_fault(from_iso(value), "is not a time with a time zone")


def _or_fault(time: datetime | None, message: str) -> datetime:
    if time is None:
        raise ValueError(message)
    return time


Seconds = Annotated[datetime, PlainValidator(_seconds)]
Milliseconds = Annotated[datetime, PlainValidator(_milliseconds)]
Iso = Annotated[datetime, PlainValidator(_iso)]
#: Stays the string that it is; `from_slack` gives its time.
SlackTs = Annotated[str, PlainValidator(_slack)]
