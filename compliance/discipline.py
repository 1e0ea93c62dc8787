"""Which step a ladder recommends, and why. Pure: ladder, history, act and day in; an explained answer out. A person decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from typing import Final

from compliance.ladder import HEARING, OWN_PROCEDURE, TRAINING, Band, Gravity, Ladder

STEP: Final = "step"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorStep:
    """A step that this person received, from whichever case."""

    step: str
    #: When the person had it in hand; a bare date where the hour is not known.
    delivered: datetime | date
    #: Policies of the acts behind it; empty where unknown.
    policies: frozenset[str] = frozenset()
    is_overturned: bool = False
    #: What an appeal reduced it to; it counts as this step from its own delivery.
    reduced_to: str | None = None
    has_open_appeal: bool = False
    #: Where it stands, for the explanation: `case 4`.
    place: str = ""

    @property
    def in_force(self) -> str:
        """The step it counts as."""
        return self.reduced_to or self.step


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What was found substantiated. `at` is the first publication of the offending version."""

    gravity: Gravity
    at: datetime | date
    policies: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    #: The person could not know the rule: a person found so.
    is_unaware: bool = False
    #: HR and legal marked it together.
    is_gross: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A prior step, whether it counts, and why."""

    prior: PriorStep
    counts: bool
    why: str
    last_live_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparable:
    """What somebody else received for a comparable act; nobody is named."""

    step: str
    case: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The answer of a ladder. `kind` is `step`, or an answer that is no step; then there is no band."""

    kind: str
    band: Band | None
    #: The highest step that counts, None for a clean slate.
    standing: str | None
    act_day: date
    reasons: tuple[str, ...]
    weighed: tuple[Weighed, ...] = ()
    #: What would change the answer.
    changes: tuple[str, ...] = ()
    comparable: tuple[str, ...] = ()
    #: The same, as if every step under appeal were overturned; None without an open appeal that matters.
    if_appeal_succeeds: Recommendation | None = field(default=None)

    @property
    def step(self) -> str | None:
        """The recommended step: the lower end of the band."""
        return self.band.low if self.band else None

    @property
    def answer(self) -> str:
        """The recommended step or the answer that is none."""
        return self.step or self.kind


def recommend_step(
    ladder: Ladder,
    history: Sequence[PriorStep],
    act: Act,
    today: date,
    *,
    zone: tzinfo | None = None,
    comparable: Sequence[Comparable] = (),
) -> Recommendation:
    """Return the band for an act, with its reasons; the order of `history` does not matter.

    `zone` is the person's time zone; the ladder's own where it is not known. Raises ValueError for an act after `today`.
    """
    zone = zone or ladder.zone
    day = local_day(act.at, zone)
    if day > today:
        message = f"the act lies in the future ({day}, today is {today})"
        raise ValueError(message)
    answer = _answer(ladder, history, act, day, zone)
    contested = [prior for prior in history if prior.has_open_appeal and not prior.is_overturned]
    other = None
    if contested:
        lenient = [replace(prior, is_overturned=prior.is_overturned or prior.has_open_appeal) for prior in history]
        other = _answer(ladder, lenient, act, day, zone)
    return replace(
        answer,
        changes=tuple(_changes(ladder, history, act, day, zone, answer)),
        comparable=tuple(_compared(ladder, comparable)),
        if_appeal_succeeds=other,
    )


def local_day(at: datetime | date, zone: tzinfo) -> date:
    """Return the calendar day of a moment where the person is; a bare date is that day already."""
    return at.astimezone(zone).date() if isinstance(at, datetime) else at


def _answer(ladder: Ladder, history: Sequence[PriorStep], act: Act, day: date, zone: tzinfo) -> Recommendation:
    own = sorted(act.groups & set(ladder.spec.own_procedure))
    weighed = tuple(_weigh(ladder, prior, act, day, zone) for prior in history)
    counted = [each.prior.in_force for each in weighed if each.counts]
    standing = max(counted, key=ladder.rank.__getitem__, default=None)

    def other(kind: str, *reasons: str) -> Recommendation:
        return Recommendation(kind=kind, band=None, standing=standing, act_day=day, reasons=reasons, weighed=weighed)

    if own:
        return other(OWN_PROCEDURE, f"people in the group {own[0]} have their own procedure; this ladder is not theirs")
    if act.is_gross:
        return other(HEARING, "HR and legal marked it as gross misconduct: investigation and hearing; people decide")
    if act.is_unaware:
        return other(TRAINING, "the person could not know the rule: training, which is no step and never counts")
    band = ladder.band(act.gravity, standing)
    before = f"the highest step that counts is {ladder.title(standing)}" if standing else "no earlier step counts"
    reasons = (
        f"gravity {act.gravity.label}, and {before}: {_named(ladder, band)}",
        *(("any of these may be chosen; the milder end is recommended",) if band.low != band.high else ()),
    )
    return Recommendation(kind=STEP, band=band, standing=standing, act_day=day, reasons=reasons, weighed=weighed)


def _weigh(ladder: Ladder, prior: PriorStep, act: Act, day: date, zone: tzinfo) -> Weighed:
    delivered = local_day(prior.delivered, zone)
    last = ladder.last_live_day(prior.in_force, delivered) if prior.in_force in ladder.rank else None

    def no(why: str) -> Weighed:
        return Weighed(prior=prior, counts=False, why=why, last_live_day=last)

    if prior.is_overturned:
        return no("it was overturned, and never counts")
    if prior.in_force not in ladder.rank:
        return no(f"the ladder '{ladder.id}' has no such step; people weigh it")
    if not _before(prior.delivered, act.at, zone):
        return no(f"it was delivered on {delivered}, not before the act of {day}")
    if last is None:
        return no("this step leaves nothing that counts")
    if day > last:
        return no(f"it lapsed: the last day it counted was {last}, and the act was on {day}")
    if ladder.spec.same_kind and not _same_kind(ladder, prior, act):
        return no("it was for another kind of breach")
    return Weighed(
        prior=prior, counts=True, why=f"delivered on {delivered}, before the act; live to {last}", last_live_day=last
    )


def _before(delivered: datetime | date, at: datetime | date, zone: tzinfo) -> bool:
    """Say whether a step was in hand before the act. Where one has no hour, the same day is not before."""
    if isinstance(delivered, datetime) and isinstance(at, datetime):
        return delivered < at
    return local_day(delivered, zone) < local_day(at, zone)


def _same_kind(ladder: Ladder, prior: PriorStep, act: Act) -> bool:
    earlier = {ladder.family(policy) for policy in prior.policies} - {None}
    return bool(earlier & {ladder.family(policy) for policy in act.policies})


def _named(ladder: Ladder, band: Band) -> str:
    low, high = ladder.title(band.low), ladder.title(band.high)
    return low if band.low == band.high else f"{low} to {high}"


def _changes(
    ladder: Ladder, history: Sequence[PriorStep], act: Act, day: date, zone: tzinfo, answer: Recommendation
) -> Iterator[str]:
    def said(what: str, other: Recommendation) -> Iterator[str]:
        if (other.kind, other.band) != (answer.kind, answer.band):
            result = _named(ladder, other.band) if other.band else other.kind
            yield f"{what}: {result}"

    if answer.kind != STEP:
        return
    for each in answer.weighed:
        if not each.counts:
            continue
        rest = [prior for prior in history if prior is not each.prior]
        name = f"{ladder.title(each.prior.in_force)}{f' of {each.prior.place}' if each.prior.place else ''}"
        yield from said(
            f"without the {name}, or for an act after {each.last_live_day}", _answer(ladder, rest, act, day, zone)
        )
    for gravity in Gravity:
        if gravity is not act.gravity:
            yield from said(
                f"at gravity {gravity.label}", _answer(ladder, history, replace(act, gravity=gravity), day, zone)
            )
    yield from said(
        "if the person could not know the rule", _answer(ladder, history, replace(act, is_unaware=True), day, zone)
    )


def _compared(ladder: Ladder, comparable: Sequence[Comparable]) -> Iterator[str]:
    counts = Counter(each.step for each in comparable)
    for step in sorted(counts, key=lambda each: ladder.rank.get(each, -1)):
        cases = ", ".join(each.case for each in comparable if each.step == step)
        title = ladder.title(step) if step in ladder.rank else step
        yield f"{title}: {counts[step]} ({cases})"


def failing_scenarios(ladder: Ladder) -> Iterator[tuple[int, str]]:
    """Run a ladder's own scenarios; yield number (from 0) and what came out instead."""
    for number, scenario in enumerate(ladder.spec.scenarios):
        history = [
            PriorStep(
                step=prior.step,
                delivered=prior.delivered,
                policies=frozenset(filter(None, [prior.policy])),
                is_overturned=prior.overturned,
                reduced_to=prior.reduced_to,
                has_open_appeal=prior.appeal == "open",
            )
            for prior in scenario.given
        ]
        act = Act(
            gravity=Gravity.parse(scenario.act.gravity),
            at=scenario.act.on,
            policies=frozenset(filter(None, [scenario.act.policy])),
            groups=frozenset(scenario.act.groups),
            is_unaware=scenario.act.unaware,
            is_gross=scenario.act.gross,
        )
        unknown = [prior.step for prior in scenario.given if prior.step not in ladder.rank]
        if unknown:
            yield number, f"there is no step '{unknown[0]}'"
            continue
        answer = recommend_step(ladder, history, act, scenario.act.on)
        high = answer.band.high if answer.band else None
        if answer.answer != scenario.expect:
            yield number, f"expects '{scenario.expect}', and the ladder answers '{answer.answer}'"
        elif scenario.up_to is not None and high != scenario.up_to:
            yield number, f"expects a band up to '{scenario.up_to}', and it ends at '{high}'"
