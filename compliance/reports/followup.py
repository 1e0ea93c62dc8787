"""What came of decisions: remedies, cases and appeals, as sections. A person stands behind each, so few are hidden."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session, aliased

from compliance.entry import Kind
from compliance.listing import visible_lanes
from compliance.models import Case, CaseEntry, Flag, PostRow, Remedy
from compliance.permissions import Reviewer, may
from compliance.procedure import OUTCOMES
from compliance.reports.hiding import FEWEST_ACCOUNTS, FEWEST_DECISIONS, accounts, is_hidden
from compliance.reports.intervals import share
from compliance.reports.period import Period, within
from compliance.reports.phrases import HIDDEN, counted, ranged
from compliance.reports.section import Column, Line, Section, Table

_CLOSED: Final = "closed"
_NUMBER: Final = Column(title="Number", is_number=True)


def remedies_section(session: Session, period: Period, *, reviewer: Reviewer, now: datetime) -> Section:
    """Return remedies asked for and done in the period, open and overdue now."""
    in_period = (period.since, period.until)
    still = Remedy.status == "open"
    measures = {
        "Asked for in the period": within(Remedy.asked_at, *in_period),
        "Done in the period": (Remedy.status == "done") & within(Remedy.settled_at, *in_period),
        "Withdrawn in the period": (Remedy.status == "withdrawn") & within(Remedy.settled_at, *in_period),
        "Open now": still,
        "Of these overdue": still & (Remedy.due < now),
    }
    numbers = [_remedies(session, condition, reviewer) for condition in measures.values()]
    says = (
        "What authors were asked to do by a day: edit, disclose or delete. The next scan looks whether it was done. It is no step.",
    )
    if not any(number for number, _ in numbers):
        return Section(key="remedies", title="Remedies", says=(*says, "None was asked for, done or open."))
    lines = tuple(Line(cells=(name, few(*number))) for name, number in zip(measures, numbers, strict=True))
    table = Table(caption="Remedies", columns=(Column(title="Remedies"), _NUMBER), lines=lines, notes=_note(lines))
    return Section(key="remedies", title="Remedies", says=says, tables=(table,))


def cases_section(session: Session, period: Period, *, reviewer: Reviewer) -> Section | None:
    """Return cases by stage and what came of appeals; None for roles that may not read cases."""
    if not may(reviewer, "cases:read"):
        return None
    lines = (*_moved(session, period, reviewer), *_stages(session, reviewer))
    says = ("Occasions of one person under review. Stages are as of now; a flag, and a decision on it, is no case.",)
    appeals, said = _appeals(session, period, reviewer)
    tables = []
    if lines:
        columns = (Column(title="Cases"), _NUMBER)
        tables.append(Table(caption="Cases", columns=columns, lines=lines, notes=_note(lines)))
    if appeals:
        columns = (Column(title="Appeals"), _NUMBER)
        tables.append(Table(caption="Appeals", columns=columns, lines=appeals, notes=_note(appeals)))
    none = () if lines else ("None is open, and none was opened or closed in this period.",)
    return Section(key="cases", title="Cases and appeals", says=(*says, *none, said), tables=tuple(tables))


def few(number: int, people: int) -> str:
    """Return a number, or that it is hidden because it is about fewer than five."""
    return HIDDEN if number and is_hidden(people) else f"{number:,}"


def _note(lines: Sequence[Line]) -> tuple[str, ...]:
    if all(HIDDEN not in line.cells for line in lines):
        return ()
    return (f"Hidden: more than none, of fewer than {FEWEST_ACCOUNTS} people or accounts.",)


def _remedies(session: Session, condition: ColumnElement[bool], reviewer: Reviewer) -> tuple[int, int]:
    query = select(PostRow.platform, func.count(), accounts()).join(Flag, Flag.post_id == PostRow.id)
    query = query.join(Remedy, Remedy.flag_id == Flag.id).where(condition, *visible_lanes(reviewer))
    rows = session.execute(query.group_by(PostRow.platform)).all()
    return sum(number for _, number, _ in rows), max((people for _, _, people in rows), default=0)


def _visible(reviewer: Reviewer) -> tuple[ColumnElement[bool], ...]:
    """Leave out the cases that this reader may not know of: counsel's, and their own."""
    lane = () if may(reviewer, "counsel:read") else (Case.lane != "counsel",)
    return lane if reviewer.person_id is None else (*lane, Case.person_id != reviewer.person_id)


def _stages(session: Session, reviewer: Reviewer) -> list[Line]:
    """Return open cases by stage. No sum: it would tell what a hidden stage holds."""
    query = select(Case.stage, func.count(), func.count(Case.person_id.distinct()))
    query = query.where(Case.stage != _CLOSED, *_visible(reviewer)).group_by(Case.stage).order_by(Case.stage)
    return [Line(cells=(f"Now at: {stage}", few(*number))) for stage, *number in session.execute(query)]


def _moved(session: Session, period: Period, reviewer: Reviewer) -> list[Line]:
    query = select(func.count(Case.id.distinct()), func.count(Case.person_id.distinct())).where(*_visible(reviewer))
    opened = query.where(within(Case.opened_at, period.since, period.until))
    closed = query.join(CaseEntry, CaseEntry.case_id == Case.id).where(
        CaseEntry.kind == Kind.CLOSED, within(CaseEntry.at, period.since, period.until)
    )
    numbers = {name: session.execute(each).one() for name, each in (("Opened", opened), ("Closed", closed))}
    return [Line(cells=(f"{name} in the period", few(*_pair(row)))) for name, row in numbers.items() if row[0]]


def _pair(row: Row[int, int]) -> tuple[int, int]:
    return row[0], row[1]


def _appeals(session: Session, period: Period, reviewer: Reviewer) -> tuple[tuple[Line, ...], str]:
    """Return outcomes of the appeals decided in the period, and the rate of those that were overturned, in words."""
    filed = aliased(CaseEntry)
    query = select(CaseEntry.value, Case.person_id, func.count()).join(Case, Case.id == CaseEntry.case_id)
    query = query.join(filed, (filed.id == CaseEntry.ref) & (filed.kind == Kind.APPEALED))
    decided = (CaseEntry.kind == Kind.DECIDED, within(CaseEntry.at, period.since, period.until))
    outcomes: dict[str, int] = defaultdict(int)
    people: dict[str, set[str]] = defaultdict(set)
    for value, person, number in session.execute(
        query.where(*decided, *_visible(reviewer)).group_by(CaseEntry.value, Case.person_id)
    ):
        # A reduced step follows its outcome, after a colon.
        outcome = (value or "").partition(":")[0]
        outcomes[outcome] += number
        people[outcome].add(person)
    total, everybody = sum(outcomes.values()), len(set().union(*people.values()))
    if not total:
        return (), "No appeal was decided in this period."
    lines = tuple(Line(cells=(f"Decided: {name}", few(outcomes[name], len(people[name])))) for name in OUTCOMES)
    if is_hidden(everybody):
        return lines, f"Appeals were decided; too few people filed them to tell more (under {FEWEST_ACCOUNTS})."
    if any(HIDDEN in line.cells for line in lines):
        return lines, "The rate of overturned appeals is left out: with it, a hidden number could be worked out."
    overturned = share(outcomes["overturned"], total)
    rate = "" if overturned is None else ranged(overturned, percent=True)
    little = "" if total >= FEWEST_DECISIONS else f" Fewer than {FEWEST_DECISIONS}: too few to judge by."
    return lines, f"Overturned: {rate} of {counted(total, 'appeal')} decided.{little}"
