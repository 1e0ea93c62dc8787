"""What one rule would have flagged, whatever its status: how often, where, and what people had said. Nothing is stored."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.errors import ComplianceError
from compliance.listing import visible_lanes
from compliance.models import DecisionRow, Flag
from compliance.people import People
from compliance.policy_diff import Change, Post, around, per_1000
from compliance.reports.hiding import FEWEST_ACCOUNTS
from compliance.safe import Span
from compliance.stored import BATCH, Decided, Reader
from compliance.trial import narrowed, rule_of
from rules.document import Document
from rules.engine import Engine, Outcome
from rules.ruleset import RuleSet

_BUDGET: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(?:/|per)\s*(day|1,?000)", re.IGNORECASE)
_NO_GROUP: Final = "(no group)"
_UNSAID: Final = "(unknown)"
VERDICTS: Final = ("upheld", "cleared", "false_positive", "out_of_scope")


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much a rule may raise."""

    most: float
    per: Literal["day", "1000"]


def read_budget(text: str) -> Budget:
    """Read `20/day` or `5/1000`. Raises ComplianceError for anything else."""
    found = _BUDGET.fullmatch(text.strip())
    if found is None:
        message = f"'{text}' is no budget"
        raise ComplianceError(message, place="--budget", hint="write 20/day, or 5/1000 for five in 1,000 posts")
    return Budget(most=float(found[1]), per="day" if found[2].casefold() == "day" else "1000")


class _Crowd:
    """Whether enough people stand behind a number. Remembers no more of them than it needs to know that."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._strangers: dict[str | None, set[str]] = {}

    def add(self, people: People, platform: str | None, author: str | None) -> None:
        if author is None or self.size >= FEWEST_ACCOUNTS:
            return
        person = people.person_of(platform, author)
        if person is not None:
            self._known.add(person.id)
        else:
            self._strangers.setdefault(platform, set()).add(author)

    @property
    def size(self) -> int:
        """People seen, up to the fewest that a number needs; one stranger may have an account on each platform."""
        return len(self._known) + max(map(len, self._strangers.values()), default=0)


@dataclass(slots=True)
class Cell:
    """A part of the posts, such as one source."""

    name: str
    posts: int = 0
    flagged: int = 0
    crowd: _Crowd = field(default_factory=_Crowd, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCell:
    """A cell as it may be shown; None where fewer than five people stand behind it."""

    name: str
    posts: int | None
    flagged: int | None
    per_1000: float | None


@dataclass(slots=True)
class Rulings:
    """What people had said about flags of this very rule: those it still raises, and those it no longer does."""

    raised: Counter[str] = field(default_factory=Counter)
    silent: Counter[str] = field(default_factory=Counter)
    #: Upheld flags that the rule no longer raises.
    lost: list[int] = field(default_factory=list)
    #: Decided flags on which it is neither true nor false.
    unknown: int = 0

    @property
    def precision(self) -> float | None:
        """(upheld + cleared) / (upheld + cleared + false_positive), of those raised; None without any."""
        right = self.raised["upheld"] + self.raised["cleared"]
        every = right + self.raised["false_positive"]
        return right / every if every else None


class Backtest:
    """One rule on many posts. Memory grows with days, sources and groups, never with posts or people."""

    def __init__(self, ruleset: RuleSet, rule_id: str, people: People, *, show: int) -> None:
        """Keep the first `show` posts. Exclusions count as they would in a scan. Raises ComplianceError for an unknown rule."""
        rule = rule_of(ruleset, rule_id)
        self.status = rule.status
        self.rule_id = rule_id
        narrow = narrowed(ruleset, [rule_id], live=True)
        self._rule = narrow.rules[rule_id]
        self._engine = Engine(narrow)
        self._people = people
        self._show = show
        self.posts = self.flagged = self.excluded = 0
        self.unknown: Counter[str] = Counter()
        self.crowd = _Crowd()
        self.by: dict[str, dict[str, Cell]] = {"source": {}, "audience": {}, "group": {}}
        self.days: Counter[str] = Counter()
        self.first: list[Change] = []
        self.rulings = Rulings()
        #: Verdicts under other rules on the same words: (rule, verdict) -> flags.
        self.elsewhere: Counter[tuple[str, str]] = Counter()
        self._span: tuple[datetime, datetime] | None = None

    def read(self, posts: Iterable[tuple[Post, str]]) -> Iterator[tuple[Post, tuple[Span, ...]]]:
        """Evaluate posts, each with the name of its source; yield those that are flagged, with the spans."""
        for post, source in posts:
            self.posts += 1
            outcome = self._run(post.document)
            flagged = outcome.value is True
            self._count(post.document, source, flagged=flagged)
            self.excluded += bool(outcome.silenced_by)
            if outcome.value is None:
                self.unknown["fault" if outcome.faults else "uncovered"] += 1
            if flagged:
                spans = tuple((match.start, match.end) for match in outcome.matches)
                self._note(post, spans)
                yield post, spans

    def _run(self, document: Document) -> Outcome:
        """Evaluate through the engine's gates, as a scan does."""
        evaluation = self._engine.evaluate_one(document)
        found = next(iter(evaluation.findings), None)
        if self._rule.is_tag:
            return Outcome(self._rule, value=bool(evaluation.tags))
        silenced = next((each.by for each in evaluation.suppressed), "")
        if found is not None:
            return Outcome(self._rule, value=True, matches=found.matches, confidence=found.confidence)
        faults = [(each.detector, each.error) for each in evaluation.failures if each.kind == "fault"]
        value = None if evaluation.failures else False
        return Outcome(self._rule, value=value, faults=faults, silenced_by=silenced)

    def _count(self, document: Document, source: str, *, flagged: bool) -> None:
        context = document.context
        at = context.at
        if at is not None:
            first, last = self._span or (at, at)
            self._span = min(first, at), max(last, at)
        names = {
            "source": [source],
            "audience": [context.audience or _UNSAID],
            "group": sorted(context.groups or ()) or [_NO_GROUP],
        }
        self.crowd.add(self._people, context.platform, context.author)
        for key, found in names.items():
            for name in found:
                cell = self.by[key].setdefault(name, Cell(name))
                cell.posts += 1
                cell.flagged += flagged
                cell.crowd.add(self._people, context.platform, context.author)

    def _note(self, post: Post, spans: tuple[Span, ...]) -> None:
        self.flagged += 1
        at = post.document.context.at
        if at is not None:
            self.days[at.date().isoformat()] += 1
        if len(self.first) < self._show:
            excerpt, shown = around(post.document.raw, spans) if post.is_shown else ("", ())
            self.first.append(Change(post=post.label, excerpt=excerpt, spans=shown))

    def judge(self, decided: Iterable[Decided]) -> None:
        """Compare with past decisions about flags of this rule, each on the version decided about."""
        for flag in decided:
            outcome = self._run(flag.post.document)
            if outcome.value is None:
                self.rulings.unknown += 1
            elif outcome.value:
                self.rulings.raised[flag.verdict] += 1
            else:
                self.rulings.silent[flag.verdict] += 1
                if flag.verdict == "upheld":
                    self.rulings.lost.append(flag.flag_id)

    def days_between(self, since: datetime | None, until: datetime | None) -> float | None:
        """Return the length of the period in days, at least one: as asked for, else from the first post to the last."""
        if self._span is None:
            return None
        start, end = since or self._span[0], until or self._span[1]
        return max(1.0, (end - start) / timedelta(days=1))

    def exceeds(self, budget: Budget, days: float | None) -> bool:
        """Return whether more was flagged than the budget allows, on average."""
        over = (days or 1.0) if budget.per == "day" else self.posts / 1000
        return self.flagged > budget.most * over


def add_elsewhere(
    session: Session, reader: Reader, test: Backtest, flagged: Iterable[tuple[int, tuple[Span, ...]]]
) -> None:
    """Count what people decided under other rules about the same words: (post id, spans) of what the rule flags.

    Consumes the stream batch by batch.
    """
    batch: dict[int, tuple[Span, ...]] = {}
    for post_id, spans in flagged:
        batch[post_id] = spans
        if len(batch) == BATCH:
            _count_elsewhere(session, reader, test, batch)
            batch.clear()
    _count_elsewhere(session, reader, test, batch)


def _count_elsewhere(session: Session, reader: Reader, test: Backtest, batch: Mapping[int, tuple[Span, ...]]) -> None:
    query = (
        select(Flag.post_id, Flag.id, Flag.rule, DecisionRow.verdict, DecisionRow.spans)
        .join(DecisionRow, DecisionRow.flag_id == Flag.id)
        .where(Flag.post_id.in_(batch), Flag.rule != test.rule_id, *visible_lanes(reader.reviewer))
        .where(DecisionRow.verdict != "escalated")
        .order_by(DecisionRow.round)
    )
    standing = {
        flag_id: (post_id, rule, verdict, spans) for post_id, flag_id, rule, verdict, spans in session.execute(query)
    }
    for post_id, rule, verdict, spans in standing.values():
        if any(start < right and left < end for start, end in spans for left, right in batch[post_id]):
            test.elsewhere[rule, verdict] += 1


def refuse_few(test: Backtest) -> None:
    """Raise ComplianceError where fewer than five people wrote the posts: for readers of numbers, who see no single post."""
    if test.posts and test.crowd.size < FEWEST_ACCOUNTS:
        message = (
            f"fewer than {FEWEST_ACCOUNTS} people wrote these posts, so numbers about them are numbers about persons"
        )
        raise ComplianceError(message, hint="try a longer period, or ask somebody who may read flags")


def shown_cells(cells: Iterable[Cell], *, hide: bool = True) -> list[ShownCell]:
    """Return cells by name. Those of fewer than five people are kept back, and so many more that no difference gives one away."""
    ordered = sorted(cells, key=lambda cell: cell.name)
    hidden = {cell.name for cell in ordered if cell.crowd.size < FEWEST_ACCOUNTS} if hide else set()
    if hidden and sum(cell.crowd.size for cell in ordered if cell.name in hidden) < FEWEST_ACCOUNTS:
        # The total is known: one small cell among shown ones would be what is missing.
        rest = [cell for cell in ordered if cell.name not in hidden]
        hidden |= {min(rest, key=lambda cell: (cell.posts, cell.name)).name} if rest else set()
    return [
        ShownCell(name=cell.name, posts=None, flagged=None, per_1000=None)
        if cell.name in hidden
        else ShownCell(
            name=cell.name, posts=cell.posts, flagged=cell.flagged, per_1000=per_1000(cell.flagged, cell.posts)
        )
        for cell in ordered
    ]
