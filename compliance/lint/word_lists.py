"""Lists that rules read and that say nothing, and lists that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Final

from compliance.lint.remark import Level, Remark, told_by
from compliance.lint.subject import EVALUATED, Spot, Subject, reads
from rules.lists import KNOWN_LISTS, WordList
from rules.policy import Rule

_told: Final = told_by("list")


def check(subject: Subject) -> Iterator[Remark]:
    """Look at each list of the workspace and at who reads it."""
    if subject.root is None:
        return
    for name, one in subject.ruleset.lists.items():
        readers = [rule for rule in subject.rules if rule.status in EVALUATED and reads(rule, name)]
        own = [rule for rule in readers if subject.is_mine(rule)]
        spot = Spot(f"lists/{name}.csv")
        why = _says_nothing(one, subject)
        if why and own:
            yield _told(
                Level.WARNING,
                own[0].id,
                _spot_of(own[0], name, subject),
                f"reads ${name}, {why}",
                f"fill lists/{name}.csv, or retire the rule",
            )
        elif why and readers:
            rules = f"{len(readers)} shipped rule{'s' if len(readers) > 1 else ''}"
            yield _told(Level.NOTE, name, spot, f"{why}; {rules} would see more with it", f"fill lists/{name}.csv")
        elif not readers and not subject.files and name not in KNOWN_LISTS:
            yield _told(
                Level.WARNING, name, spot, "no live rule reads this list", f"name ${name} in a part, or remove the file"
            )


def _spot_of(rule: Rule, name: str, subject: Subject) -> Spot:
    part = next(part for part, spec in rule.spec.parts.items() if f"'${name}'" in str(spec))
    return subject.at(rule, "parts", part)


def _says_nothing(one: WordList, subject: Subject) -> str:
    if not one.entries:
        return "which is empty"
    midnight = datetime.combine(subject.today, time(), UTC)
    ends = [entry.end for entry in one.entries]
    if all(end is not None and end <= midnight for end in ends):
        return "whose terms have all ended"
    return ""
