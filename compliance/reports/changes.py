"""What changed in the rules, as far as what is stored can tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from compliance.listing import visible_lanes
from compliance.models import Flag, Observation
from compliance.permissions import Reviewer
from compliance.reports.coverage import ScanRow
from compliance.reports.period import Period, within


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSetUse:
    """Scans in a row that used one rule set."""

    #: SHA-256 over rules, lists, exclusions and the engine's version.
    ruleset: str
    first_scan_at: datetime
    last_scan_at: datetime
    scans: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVersions:
    """A rule that was seen in more than one version."""

    rule: str
    #: Hashes of the rule and of all it reads, lists included, by when each was first seen in the period.
    versions: tuple[str, ...]
    #: When the newest of them was first seen.
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Rule sets in order of time; changed rules by id."""

    rulesets: tuple[RuleSetUse, ...]
    rules: tuple[RuleVersions, ...]


def changes(session: Session, period: Period, scans: Sequence[ScanRow], *, reviewer: Reviewer) -> Changes:
    """Return the rule sets of the period's scans, and the rules that looked at flagged posts in several versions."""
    query = (
        select(Flag.rule, Observation.rule_version, func.min(Observation.at))
        .join(Flag, Flag.id == Observation.flag_id)
        .where(within(Observation.at, period.since, period.until), *visible_lanes(reviewer))
        .group_by(Flag.rule, Observation.rule_version)
    )
    seen: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for rule, version, first in session.execute(query):
        seen[rule].append((first, version))
    rules = tuple(
        RuleVersions(rule=rule, versions=tuple(version for _, version in sorted(found)), changed_at=max(found)[0])
        for rule, found in sorted(seen.items())
        if len(found) > 1
    )
    return Changes(rulesets=_in_a_row(scans), rules=rules)


def _in_a_row(scans: Sequence[ScanRow]) -> tuple[RuleSetUse, ...]:
    uses: list[RuleSetUse] = []
    for scan in scans:
        last = uses[-1] if uses and uses[-1].ruleset == scan.ruleset else None
        use = RuleSetUse(
            ruleset=scan.ruleset,
            first_scan_at=last.first_scan_at if last else scan.started_at,
            last_scan_at=scan.started_at,
            scans=1 + (last.scans if last else 0),
        )
        uses[-1 if last else len(uses) :] = [use]
    return tuple(uses)
