"""Exclusions that no longer count, or that touch no rule that judges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Final

from compliance.lint.remark import Level, Remark, told_by
from compliance.lint.subject import EVALUATED, Subject

_told: Final = told_by("exclusion")
#: An exception that outlives its reason is a hole.
_LONGEST: Final = timedelta(days=2 * 366)


def check(subject: Subject) -> Iterator[Remark]:
    """Look at each exclusion's end and at the rules it names."""
    midnight = datetime.combine(subject.today, time(), UTC)
    for one in subject.exclusions:
        until = subject.at_exclusion(one, "until")
        if one.until <= midnight:
            yield _told(
                Level.WARNING,
                one.id,
                until,
                f"ended on {one.until:%Y-%m-%d} and excludes nothing any more",
                f"remove the file; or {one.owner} decides anew and sets another `until`",
            )
        elif one.until - midnight > _LONGEST:
            yield _told(
                Level.NOTE,
                one.id,
                until,
                f"counts until {one.until:%Y-%m-%d}",
                "two years are long for an exception; end it sooner, or mend the rule",
            )
        touched = [rule for rule in subject.ruleset.rules.values() if one.touches(rule.id)]
        if not any(rule.status in EVALUATED for rule in touched):
            yield _told(
                Level.WARNING,
                one.id,
                subject.at_exclusion(one, "rules"),
                "touches no rule that is live or in shadow, so it is unused",
                "remove the file, or name the rules that judge",
            )
