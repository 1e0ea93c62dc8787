"""When it is published: windows, days, hours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from rules.detectors.base import Gate, KeyFault, Keys, Material, Others, Phrases, Seen, Word
from rules.document import Document
from rules.errors import did_you_mean
from rules.lists import parse_instant

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class TimeIs(Keys):
    """Conditions on the time; all given ones must hold."""

    from_: Word | None = Field(
        default=None, alias="from", description="from this instant on; a date is its first instant"
    )
    to: Word | None = Field(default=None, description="before this instant")
    days: Phrases | None = Field(default=None, description="mon tue wed thu fri sat sun, in `zone`")
    between: Word | None = Field(
        default=None, description='"09:00-17:30" in `zone`, the end excluded; may run over midnight'
    )
    zone: Word = Field(default="UTC", description="IANA time zone")


class TimeKeys(Keys):
    """`{time: {from: 2026-10-01, to: 2026-11-03T09:00Z, days: [mon, fri], between: "22:00-06:00", zone: Europe/London}}`."""

    time: TimeIs = Field(description="when it must be")


@dataclass(frozen=True)
class Time:
    """True inside the half-open window; unknown where the time of the post is."""

    name: ClassVar[str] = "time"
    source: ClassVar[str] = "https://www.iana.org/time-zones"
    keys: ClassVar[type[Keys]] = TimeKeys
    matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"time": {"from": "2026-01-01"}}, "at noon on 1 June 2026, a Monday"),
    )
    non_matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"time": {"days": ["sun"]}}, "at noon on 1 June 2026, a Monday"),
    )

    start: datetime | None
    end: datetime | None
    days: frozenset[int]
    hours: tuple[time, time] | None
    zone: str

    @classmethod
    def build(cls, keys: TimeKeys, material: Material) -> Time:
        """Read the times. Raises KeyFault."""
        del material
        asked = keys.time
        start, end = _instant(asked.from_, "from"), _instant(asked.to, "to")
        if start and end and end <= start:
            message = "`to` is not after `from`, so this is never true"
            raise KeyFault(message, key=("time", "to"), hint="windows are half-open: from ≤ t < to")
        if not (start or end or asked.days or asked.between):
            message = "`time` says nothing about the time"
            raise KeyFault(message, key=("time",), hint="give from, to, days or between")
        try:
            ZoneInfo(asked.zone)
        except (ZoneInfoNotFoundError, ValueError):
            message = f"unknown time zone '{asked.zone}'"
            raise KeyFault(message, key=("time", "zone"), hint="for example Europe/London") from None
        return cls(
            start,
            end,
            frozenset(_day(day, index) for index, day in enumerate(asked.days or ())),
            _hours(asked.between),
            asked.zone,
        )

    def see(self, document: Document, others: Others) -> Seen:
        """Compare with the context's time; no spans."""
        del others
        at = document.context.at
        if at is None:
            return Seen(value=None, unknown="the time of the post is unknown")
        local = at.astimezone(ZoneInfo(self.zone))
        inside = (self.start is None or self.start <= at) and (self.end is None or at < self.end)
        return Seen(value=inside and (not self.days or local.weekday() in self.days) and self._in_hours(local.time()))

    def gate(self, gate_of: Callable[[str], Gate | None]) -> Gate | None:
        """Nothing in the text."""
        del gate_of
        return None

    def _in_hours(self, now: time) -> bool:
        if self.hours is None:
            return True
        first, last = self.hours
        return first <= now < last if first <= last else now >= first or now < last


def _instant(text: str | None, key: str) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_instant(text).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"'{text}' is no time"
        raise KeyFault(message, key=("time", key), hint="times look like 2026-11-03 or 2026-11-03T09:00Z") from None


def _day(name: str, index: int) -> int:
    if name.casefold() not in _DAYS:
        message = f"unknown day '{name}'"
        raise KeyFault(
            message, key=("time", "days", index), hint=did_you_mean(name, _DAYS, otherwise=f"days: {', '.join(_DAYS)}")
        )
    return _DAYS.index(name.casefold())


def _hours(text: str | None) -> tuple[time, time] | None:
    if text is None:
        return None
    try:
        first, last = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        message = f"'{text}' is no span of hours"
        raise KeyFault(message, key=("time", "between"), hint='write "09:00-17:30", in quotes') from None
    return first, last
