"""A case as a sequence of entries, and where it stands after them. Pure; no database, no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from compliance.entry import Entry, Kind
from compliance.ladder import APPROVERS, Gravity

FINDINGS: Final = ("substantiated", "partly", "not-substantiated", "inconclusive", "withdrawn")
#: Findings that a step may follow from.
FOUND: Final = frozenset({"substantiated", "partly"})
OUTCOMES: Final = ("stands", "reduced", "overturned")


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """A request to overturn a step."""

    id: int
    action: int
    filed_at: datetime
    outcome: str | None = None
    reduced_to: str | None = None
    decided_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's approval, for exactly what its digest names."""

    actor: str
    role: str
    digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A step on its way to a person. Its id is that of the entry that proposed it."""

    id: int
    step: str
    #: proposed, refused, issued, delivered, withdrawn, overturned.
    status: str
    proposed_by: str
    is_outside_band: bool
    approvals: tuple[Approval, ...] = ()
    issued_at: datetime | None = None
    issued_by: str | None = None
    delivered_at: datetime | None = None
    #: `received`, or `refused` before a witness. Receipt, not agreement.
    receipt: str | None = None
    reduced_to: str | None = None

    @property
    def in_force(self) -> str:
        """The step that it counts as."""
        return self.reduced_to or self.step


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a case stands: folded from its entries, in order."""

    #: flag id -> occasion.
    flags: Mapping[int, int] = field(default_factory=dict)
    #: brake -> who set it.
    brakes: Mapping[str, str] = field(default_factory=dict)
    released: frozenset[str] = frozenset()
    noticed_at: datetime | None = None
    answer_by: datetime | None = None
    evidence_at: datetime | None = None
    hearing_at: datetime | None = None
    is_postponed: bool = False
    heard_at: datetime | None = None
    #: explicit or silent.
    declined: str | None = None
    needs: frozenset[str] = frozenset()
    finding: str | None = None
    finding_entry: int | None = None
    finding_by: str | None = None
    gravity: Gravity | None = None
    gravity_entry: int | None = None
    gravity_by: str | None = None
    is_unaware: bool = False
    #: role -> actor.
    gross: Mapping[str, str] = field(default_factory=dict)
    suspended_at: datetime | None = None
    #: training entry -> due; done ones are gone.
    trainings: Mapping[int, datetime | None] = field(default_factory=dict)
    hold_overrides: Mapping[str, str] = field(default_factory=dict)
    #: role -> the newest appeal that its override was recorded for; a later one holds again.
    overridden_to: Mapping[str, int] = field(default_factory=dict)
    actions: Mapping[int, Action] = field(default_factory=dict)
    appeals: Mapping[int, Appeal] = field(default_factory=dict)
    #: (action, duty) done.
    duties: frozenset[tuple[int, str]] = frozenset()
    #: Whoever shaped the case or its step, at any time: they decide no appeal against it.
    took_part: frozenset[str] = frozenset()
    is_closed: bool = False

    @property
    def told_at(self) -> datetime | None:
        """When the person first heard of the case: by the notice, or by a step that needs none."""
        issued = (each.issued_at for each in self.actions.values() if each.status not in {"refused", "withdrawn"})
        return min((at for at in (self.noticed_at, *issued) if at is not None), default=None)

    @property
    def is_gross(self) -> bool:
        """HR and legal marked it, each by another person."""
        return set(self.gross) == set(APPROVERS) and len(set(self.gross.values())) == len(APPROVERS)

    @property
    def could_answer(self) -> bool:
        """The person was heard, or declined."""
        return self.heard_at is not None or self.declined is not None

    @property
    def open_appeals(self) -> tuple[Appeal, ...]:
        """Appeals nobody decided yet."""
        return tuple(appeal for appeal in self.appeals.values() if appeal.outcome is None)

    @property
    def live_actions(self) -> tuple[Action, ...]:
        """Actions that are on their way or delivered."""
        return tuple(each for each in self.actions.values() if each.status in {"proposed", "issued", "delivered"})

    @property
    def stage(self) -> str:
        """One word for listings: the furthest point of the procedure."""
        statuses = {action.status for action in self.actions.values()}
        marks: tuple[tuple[str, object], ...] = (
            ("closed", self.is_closed),
            ("appeal", self.open_appeals),
            ("delivered", "delivered" in statuses),
            ("issued", "issued" in statuses),
            ("proposed", "proposed" in statuses),
            ("found", self.finding),
            ("heard", self.could_answer),
            ("shared", self.evidence_at),
            ("noticed", self.noticed_at),
        )
        return next((word for word, mark in marks if mark), "opened")


def fold(entries: Sequence[Entry]) -> State:
    """Return where a case stands after these entries, in order."""
    state = State()
    for entry in entries:
        state = _FOLDS[entry.kind](state, entry)
        if entry.kind in _SHAPING:
            state = replace(state, took_part=state.took_part | {entry.actor})
    return state


#: What a case and its step are made of; a note, a brake or a delivery is not.
_SHAPING: Final = frozenset(
    {
        *(Kind.FLAG, Kind.HEARD, Kind.FINDING, Kind.GRAVITY, Kind.UNAWARE, Kind.GROSS, Kind.HOLD_OVERRIDE),
        *(Kind.PROPOSED, Kind.APPROVED, Kind.ISSUED),
    }
)


_Fold = Callable[[State, Entry], State]


def _set(**names: str) -> _Fold:
    """Make a fold that copies fields of the entry into fields of the state."""
    return lambda state, entry: replace(state, **{key: getattr(entry, name) for key, name in names.items()})


def _finding(state: State, entry: Entry) -> State:
    return replace(state, finding=entry.value, finding_entry=entry.id, finding_by=entry.actor)


def _gravity(state: State, entry: Entry) -> State:
    gravity = Gravity.parse(entry.value or "")
    return replace(state, gravity=gravity, gravity_entry=entry.id, gravity_by=entry.actor)


def _brake(state: State, entry: Entry) -> State:
    return replace(state, brakes={**state.brakes, str(entry.value): entry.actor})


def _release(state: State, entry: Entry) -> State:
    rest = {brake: actor for brake, actor in state.brakes.items() if brake != entry.value}
    return replace(state, brakes=rest, released=state.released | {str(entry.value)})


def _postponed(state: State, entry: Entry) -> State:
    return replace(state, hearing_at=entry.on, is_postponed=True)


def _proposed(state: State, entry: Entry) -> State:
    action = Action(
        id=entry.id,
        step=str(entry.value),
        status="proposed",
        proposed_by=entry.actor,
        is_outside_band=entry.ref == OUTSIDE,
    )
    return replace(state, actions={**state.actions, entry.id: action})


#: `ref` of a proposal whose step lies outside the recommended band.
OUTSIDE: Final = 1
WITHIN: Final = 0


def _change(state: State, action: int | None, **changes: object) -> State:
    known = state.actions.get(action or 0)
    if known is None:
        return state
    return replace(state, actions={**state.actions, known.id: replace(known, **changes)})  # type: ignore[arg-type]


def _approved(state: State, entry: Entry) -> State:
    action = state.actions.get(entry.ref or 0)
    approval = Approval(actor=entry.actor, role=entry.role, digest=entry.digest)
    return _change(state, entry.ref, approvals=(*(action.approvals if action else ()), approval))


def _status(status: str) -> _Fold:
    return lambda state, entry: _change(state, entry.ref, status=status)


def _issued(state: State, entry: Entry) -> State:
    return _change(state, entry.ref, status="issued", issued_at=entry.at, issued_by=entry.actor)


def _delivered(state: State, entry: Entry) -> State:
    return _change(state, entry.ref, status="delivered", delivered_at=entry.on or entry.at)


def _receipt(state: State, entry: Entry) -> State:
    return _change(state, entry.ref, receipt="received" if entry.value is None else "refused")


def _appealed(state: State, entry: Entry) -> State:
    appeal = Appeal(id=entry.id, action=entry.ref or 0, filed_at=entry.on or entry.at)
    return replace(state, appeals={**state.appeals, entry.id: appeal})


def _decided(state: State, entry: Entry) -> State:
    appeal = state.appeals.get(entry.ref or 0)
    if appeal is None:
        return state
    outcome, _, reduced_to = (entry.value or "").partition(":")
    done = replace(appeal, outcome=outcome, reduced_to=reduced_to or None, decided_by=entry.actor)
    state = replace(state, appeals={**state.appeals, appeal.id: done})
    if outcome == "overturned":
        return _change(state, appeal.action, status="overturned")
    return _change(state, appeal.action, reduced_to=reduced_to) if outcome == "reduced" else state


def _override(state: State, entry: Entry) -> State:
    return replace(
        state,
        hold_overrides={**state.hold_overrides, entry.role: entry.actor},
        overridden_to={**state.overridden_to, entry.role: entry.ref or 0},
    )


def _trained(state: State, entry: Entry) -> State:
    return replace(state, trainings={key: due for key, due in state.trainings.items() if key != entry.ref})


_FOLDS: Final[Mapping[Kind, _Fold]] = MappingProxyType(
    {
        Kind.FLAG: lambda state, entry: replace(state, flags={**state.flags, entry.ref or 0: entry.occasion or 1}),
        Kind.NOTE: lambda state, _: state,
        Kind.BRAKE: _brake,
        Kind.RELEASE: _release,
        Kind.NOTICE: _set(noticed_at="at", answer_by="on"),
        Kind.EVIDENCE: _set(evidence_at="at"),
        Kind.HEARING: _set(hearing_at="on"),
        Kind.POSTPONED: _postponed,
        Kind.HEARD: lambda state, entry: replace(state, heard_at=entry.on or entry.at),
        Kind.DECLINED: _set(declined="value"),
        Kind.NEED: lambda state, entry: replace(state, needs=state.needs | {str(entry.value)}),
        Kind.FINDING: _finding,
        Kind.GRAVITY: _gravity,
        Kind.UNAWARE: lambda state, entry: replace(state, is_unaware=entry.value == "yes"),
        Kind.GROSS: lambda state, entry: replace(state, gross={**state.gross, entry.role: entry.actor}),
        Kind.SUSPENDED: _set(suspended_at="at"),
        Kind.RESUMED: lambda state, _: replace(state, suspended_at=None),
        Kind.TRAINING: lambda state, entry: replace(state, trainings={**state.trainings, entry.id: entry.on}),
        Kind.TRAINED: _trained,
        Kind.HOLD_OVERRIDE: _override,
        Kind.PROPOSED: _proposed,
        Kind.APPROVED: _approved,
        Kind.REFUSED: _status("refused"),
        Kind.ISSUED: _issued,
        Kind.DELIVERED: _delivered,
        Kind.RECEIPT: _receipt,
        Kind.WITHDRAWN: _status("withdrawn"),
        Kind.RESCINDED: _status("overturned"),
        Kind.APPEALED: _appealed,
        Kind.DECIDED: _decided,
        Kind.DUTY: lambda state, entry: replace(state, duties=state.duties | {(entry.ref or 0, str(entry.value))}),
        Kind.CLOSED: lambda state, _: replace(state, is_closed=True),
        Kind.REOPENED: lambda state, _: replace(state, is_closed=False),
    }
)
