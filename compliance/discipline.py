"""Which step a ladder recommends, and why. Pure: ladder, history, act and day in; an explained answer out. A person decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from functools import partial
from typing import Final

from compliance.ladder import HEARING, OWN_PROCEDURE, TRAINING, Band, Gravity, Ladder

STEP: Final = "step"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorStep:
    """A step that this person received, from whichever case."""

    step: str
    #: When the person had it in hand; a bare date where the hour is not known.
    delivered: datetime | date
    #: When its letter was issued, which names the last day that it counts; as delivered where unknown.
    issued: datetime | date | None = None
    #: Policies of the acts behind it; empty where unknown.
    policies: frozenset[str] = frozenset()
    is_overturned: bool = False
    #: What an appeal reduced it to; it counts as this step from its own delivery.
    reduced_to: str | None = None
    has_open_appeal: bool = False
    #: Where it stands, for the explanation: `case 4`; told apart from others by `key`, whoever may read the place.
    place: str = ""
    key: str = field(default="", repr=False)

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
    #: The same, as if every step under appeal were overturned; None unless one of them counts here.
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
    contested = [each.prior for each in answer.weighed if each.counts and each.prior.has_open_appeal]
    other = None
    if contested and answer.kind == STEP:
        lenient = [replace(prior, is_overturned=prior.is_overturned or prior.has_open_appeal) for prior in history]
        other = _answer(ladder, lenient, act, day, zone)
    return replace(
        answer,
        changes=tuple(_changes(ladder, act, answer)),
        comparable=tuple(_compared(ladder, comparable)),
        if_appeal_succeeds=other,
    )


def local_day(at: datetime | date, zone: tzinfo) -> date:
    """Return the calendar day of a moment where the person is; a bare date is that day already. Raises ValueError for a naive time."""
    if not isinstance(at, datetime):
        return at
    if at.tzinfo is None:
        message = "a time without a zone has no day"
        raise ValueError(message)
    return at.astimezone(zone).date()


def _answer(ladder: Ladder, history: Sequence[PriorStep], act: Act, day: date, zone: tzinfo) -> Recommendation:
    own = sorted(act.groups & set(ladder.spec.own_procedure))
    weighed = tuple(_weigh(ladder, prior, act, day, zone) for prior in sorted(history, key=partial(_order, zone)))
    standing = _standing(ladder, [each for each in weighed if each.counts])

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


def _order(zone: tzinfo, prior: PriorStep) -> tuple[date, str]:
    """By day of delivery, then by everything else: the same history gives the same explanation in whatever order it came."""
    rest = (prior.delivered.isoformat(), prior.place, prior.step, sorted(prior.policies), prior.reduced_to)
    return local_day(prior.delivered, zone), repr((*rest, prior.is_overturned, prior.has_open_appeal))


def _standing(ladder: Ladder, counted: Sequence[Weighed]) -> str | None:
    return max((each.prior.in_force for each in counted), key=ladder.rank.__getitem__, default=None)


def _weigh(ladder: Ladder, prior: PriorStep, act: Act, day: date, zone: tzinfo) -> Weighed:
    delivered = local_day(prior.delivered, zone)
    # The letter promised a last day, and a delivery that took longer does not move it.
    begun = min(delivered, local_day(prior.issued or prior.delivered, zone))
    last = ladder.last_live_day(prior.in_force, begun) if prior.in_force in ladder.rank else None
    if prior.is_overturned:
        why = "it was overturned, and never counts"
    elif prior.in_force not in ladder.rank:
        why = f"the ladder '{ladder.id}' has no such step; people weigh it"
    elif not _before(prior.delivered, act.at, zone):
        why = f"it was delivered on {delivered}, not before the act of {day}"
    elif last is None:
        why = "this step leaves nothing that counts"
    elif day > last:
        why = f"it lapsed: the last day it counted was {last}, and the act was on {day}"
    elif other_kind := _other_kind(ladder, prior, act):
        why = other_kind
    else:
        why = f"delivered on {delivered}, before the act; live to {last}"
        return Weighed(prior=prior, counts=True, why=why, last_live_day=last)
    return Weighed(prior=prior, counts=False, why=why, last_live_day=last)


def _other_kind(ladder: Ladder, prior: PriorStep, act: Act) -> str:
    """Say why a step is no warning of this kind of breach; empty where it is, or where the ladder does not ask."""
    if not ladder.spec.same_kind:
        return ""
    if not (prior.policies and act.policies):
        return "the policies behind it or behind the act are not known, so it may be another kind of breach"
    return "" if _kinds(ladder, prior.policies) & _kinds(ladder, act.policies) else "it was for another kind of breach"


def _before(delivered: datetime | date, at: datetime | date, zone: tzinfo) -> bool:
    """Say whether a step was in hand before the act. Where one has no hour, the same day is not before."""
    if isinstance(delivered, datetime) and isinstance(at, datetime):
        return delivered < at
    return local_day(delivered, zone) < local_day(at, zone)


def _kinds(ladder: Ladder, policies: frozenset[str]) -> set[tuple[str, str]]:
    """Return the kinds of breach of some policies: a family each, or the policy itself where no family holds it."""
    return {("family", name) if (name := ladder.family(policy)) else ("policy", policy) for policy in policies}


def _named(ladder: Ladder, band: Band) -> str:
    low, high = ladder.title(band.low), ladder.title(band.high)
    return low if band.low == band.high else f"{low} to {high}"


def _changes(ladder: Ladder, act: Act, answer: Recommendation) -> Iterator[str]:
    """Yield what would change the answer: each step that counts, each day on which one lapses, each other gravity."""
    if answer.band is None:
        return

    def said(what: str, gravity: Gravity, left: Sequence[Weighed]) -> Iterator[str]:
        band = ladder.band(gravity, _standing(ladder, left))
        if band != answer.band:
            yield f"{what}: {_named(ladder, band)}"

    counted = [each for each in answer.weighed if each.counts]
    for number, each in enumerate(counted):
        name = f"{ladder.title(each.prior.in_force)}{f' of {each.prior.place}' if each.prior.place else ''}"
        yield from said(f"without the {name}", act.gravity, [*counted[:number], *counted[number + 1 :]])
    for day in sorted({each.last_live_day for each in counted if each.last_live_day}):
        later = [each for each in counted if each.last_live_day and each.last_live_day > day]
        yield from said(f"for an act after {day}", act.gravity, later)
    for gravity in Gravity:
        yield from said(f"at gravity {gravity.label}", gravity, counted)
    yield f"if the person could not know the rule: {TRAINING}"


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
        answer = recommend_step(ladder, history, act, local_day(act.at, ladder.zone))
        high = answer.band.high if answer.band else None
        if answer.answer != scenario.expect:
            yield number, f"expects '{scenario.expect}', and the ladder answers '{answer.answer}'"
        elif scenario.up_to is not None and high != scenario.up_to:
            yield number, f"expects a band up to '{scenario.up_to}', and it ends at '{high}'"
