"""How often rules were right: precision and yield by rule, from the standing decision of each flag."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Annotated, Final, Protocol

from pydantic import Field
from sqlalchemy import Subquery, func, select
from sqlalchemy.orm import Session

from compliance.listing import visible_lanes
from compliance.models import DecisionRow, Flag, PostRow
from compliance.permissions import Reviewer
from compliance.reports.hiding import FEWEST_DECISIONS, accounts, is_hidden
from compliance.reports.intervals import Estimate, share
from compliance.reports.period import Period


class Rule(Protocol):
    """A rule, as far as a report names it."""

    @property
    def title(self) -> str: ...  # noqa: D102


class RuleSet(Protocol):
    """Where titles come from."""

    def rule(self, rule_id: str) -> Rule | None:
        """Return the rule; None where it was removed or renamed."""
        ...


_COUNTED: Final = ("upheld", "cleared", "false_positive")
_APART: Final = "out_of_scope"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Standing decisions, and the shares made of them. Kept back: everything except `decisions` is None."""

    #: upheld + cleared + false_positive.
    decisions: int
    upheld: int | None
    cleared: int | None
    false_positive: int | None
    #: Stands apart: in neither share and not among `decisions`.
    out_of_scope: int | None
    #: (upheld + cleared) / decisions.
    precision: Estimate | None
    #: upheld / decisions.
    yield_: Annotated[Estimate | None, Field(serialization_alias="yield")]
    #: Whether there are 30 decisions; below that the shares tell little.
    is_enough: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVerdicts:
    """One rule."""

    rule: str
    #: None where the rule is no longer in the rule set.
    title: str | None
    verdicts: Verdicts
    #: Fewer than five accounts on any one platform wrote the posts decided about.
    is_hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """Rules with a decision in the period, by id, and the sum of those that are shown."""

    rules: tuple[RuleVerdicts, ...]
    shown: Verdicts


def precision(session: Session, period: Period, *, reviewer: Reviewer, ruleset: RuleSet) -> Precision:
    """Return the verdicts by rule.

    Of each flag the last decision before the end of the period counts, if it was made in the period; an escalation is
    none. So a report on a past period says what was held true at its end.
    """
    counts, people = _counts(session, period, reviewer), _accounts(session, period, reviewer)
    rules = tuple(
        RuleVerdicts(
            rule=rule,
            title=None if (known := ruleset.rule(rule)) is None else known.title,
            verdicts=_verdicts(counts[rule], hide=is_hidden(people.get(rule, 0))),
            is_hidden=is_hidden(people.get(rule, 0)),
        )
        for rule in sorted(counts)
    )
    shown: dict[str, int] = defaultdict(int)
    for each in rules:
        if not each.is_hidden:
            for verdict, count in counts[each.rule].items():
                shown[verdict] += count
    return Precision(rules=rules, shown=_verdicts(shown, hide=False))


def _standing(period: Period, reviewer: Reviewer) -> Subquery:
    """Return the query for the last decision before the end of the period, of each flag that has one."""
    newest = func.row_number().over(partition_by=DecisionRow.flag_id, order_by=DecisionRow.round.desc())
    return (
        select(Flag.rule, Flag.post_id, DecisionRow.verdict, DecisionRow.at, newest.label("newest"))
        .join(Flag, Flag.id == DecisionRow.flag_id)
        .where(DecisionRow.verdict != "escalated", DecisionRow.at < period.until, *visible_lanes(reviewer))
        .subquery()
    )


def _counts(session: Session, period: Period, reviewer: Reviewer) -> dict[str, dict[str, int]]:
    last = _standing(period, reviewer)
    query = select(last.c.rule, last.c.verdict, func.count()).where(last.c.newest == 1, last.c.at >= period.since)
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for rule, verdict, count in session.execute(query.group_by(last.c.rule, last.c.verdict)):
        found[rule][verdict] = count
    return found


def _accounts(session: Session, period: Period, reviewer: Reviewer) -> dict[str, int]:
    last = _standing(period, reviewer)
    query = select(last.c.rule, PostRow.platform, accounts()).join(PostRow, PostRow.id == last.c.post_id)
    counted = (last.c.newest == 1, last.c.at >= period.since, last.c.verdict.in_(_COUNTED))
    most: dict[str, int] = defaultdict(int)
    for rule, _, people in session.execute(query.where(*counted).group_by(last.c.rule, PostRow.platform)):
        most[rule] = max(most[rule], people)
    return most


def _verdicts(counts: dict[str, int], *, hide: bool) -> Verdicts:
    upheld, cleared, wrong = (counts.get(verdict, 0) for verdict in _COUNTED)
    decisions = upheld + cleared + wrong
    return Verdicts(
        decisions=decisions,
        upheld=None if hide else upheld,
        cleared=None if hide else cleared,
        false_positive=None if hide else wrong,
        out_of_scope=None if hide else counts.get(_APART, 0),
        precision=None if hide else share(upheld + cleared, decisions),
        yield_=None if hide else share(upheld, decisions),
        is_enough=decisions >= FEWEST_DECISIONS,
    )
