"""Everything a report says, worked out from one view of the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from compliance.permissions import Reviewer, may, require
from compliance.reports.changes import Changes, changes
from compliance.reports.coverage import Coverage, coverage, scans_in
from compliance.reports.followup import cases_section, remedies_section
from compliance.reports.period import Period
from compliance.reports.rates import Rates, rates
from compliance.reports.section import Section
from compliance.reports.verdicts import Precision, RuleSet, precision
from compliance.reports.waiting import Waiting, waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report; docs/schemas/report.schema.json is made from it."""

    organisation: str
    written_at: datetime
    period: Period
    #: Whether flags that the counsel lane holds are in the numbers; for most roles they never are.
    is_counsel_included: bool
    coverage: Coverage
    rates: Rates
    precision: Precision
    waiting: Waiting
    changes: Changes
    #: Remedies, then cases and appeals for roles that may read cases.
    sections: tuple[Section, ...]


def report(
    session: Session,
    period: Period,
    *,
    reviewer: Reviewer,
    ruleset: RuleSet,
    sources: Iterable[str],
    organisation: str,
    now: datetime,
) -> Report:
    """Return the report on a period. `sources` are those that compliance.yaml names.

    Its cost grows with the posts and flags of the period, which are grouped in the database, and with the number of
    scans, sources, rules and weeks here. Raises ComplianceError if the role may not read reports.
    """
    require(reviewer, "reports:read")
    if session.get_bind().dialect.name == "postgresql":
        # One view for all queries, as SQLite gives by itself; a scan may be storing pages meanwhile.
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    scans = scans_in(session, period)
    return Report(
        organisation=organisation,
        written_at=now,
        period=period,
        is_counsel_included=may(reviewer, "counsel:read"),
        coverage=coverage(session, period, scans, configured=sources, now=now),
        rates=rates(session, period, reviewer=reviewer),
        precision=precision(session, period, reviewer=reviewer, ruleset=ruleset),
        waiting=waiting(session, period, reviewer=reviewer),
        changes=changes(session, period, scans, reviewer=reviewer),
        sections=tuple(
            section
            for section in (
                remedies_section(session, period, reviewer=reviewer, now=now),
                cases_section(session, period, reviewer=reviewer),
            )
            if section is not None
        ),
    )
