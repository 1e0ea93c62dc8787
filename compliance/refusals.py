"""What may come next in a case, and why not. Pure: state, ladder, entry and facts in; every refusal out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from compliance import hearing
from compliance.discipline import Recommendation, local_day
from compliance.entry import Entry, Kind
from compliance.facts import Facts
from compliance.ladder import APPROVERS, BRAKES, HEARING, OWN_PROCEDURE, PROCEDURE, TRAINING, Gravity, Ladder
from compliance.procedure import FINDINGS, FOUND, OUTCOMES, OUTSIDE, Action, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What stands behind one kind of entry: who may, whether it needs words, what must be true first."""

    permission: str
    needs_reason: bool
    refusals: Callable[[State, Ladder, Entry, Facts], Iterator[str]]
    #: May be recorded when the case is closed.
    after_closing: bool = False
    #: Goes on while a brake is on: it protects the person, or is the house's own work.
    despite_brake: bool = True


def refusals(state: State, ladder: Ladder, entry: Entry, facts: Facts, *, reason: str | None) -> list[str]:
    """Return why this entry may not be recorded now, every reason at once; empty if it may.

    Who may act at all (permissions) is the caller's to ask.
    """
    step = STEPS[entry.kind]
    said = []
    if facts.conflict is not None:
        said.append(facts.conflict)
    if state.is_closed and not step.after_closing:
        said.append("the case is closed; `compliance case reopen` with a reason opens it again")
    if not step.despite_brake:
        said += _stopped(state)
    if step.needs_reason and not reason:
        said.append(f"'{entry.kind}' needs a reason")
    elif entry.kind is Kind.DELIVERED and not reason and entry.on and local_day(entry.on, facts.zone) < facts.today:
        # From that day on the step counts, and the time to appeal runs.
        said.append("a delivery on an earlier day needs a reason: how that day is known")
    return [*said, *step.refusals(state, ladder, entry, facts)]


def _nothing(_state: State, _ladder: Ladder, _entry: Entry, _facts: Facts) -> Iterator[str]:
    yield from ()


def _stopped(state: State) -> Iterator[str]:
    for brake, setter in state.brakes.items():
        yield f"the brake '{brake}' is on (set by {setter!r}); a second person releases it, or nothing happens"


def _flag(state: State, _ladder: Ladder, entry: Entry, _facts: Facts) -> Iterator[str]:
    if state.told_at is not None:
        yield "the person was told already; what is found afterwards is another case"
    if entry.ref in state.flags:
        yield f"flag {entry.ref} is in this case"


def _set_brake(state: State, ladder: Ladder, entry: Entry, _facts: Facts) -> Iterator[str]:
    if entry.value not in BRAKES or entry.value not in ladder.spec.brakes:
        yield f"'{entry.value}' is no brake of the ladder '{ladder.id}' ({', '.join(ladder.spec.brakes)})"
    elif entry.value in state.brakes:
        yield f"the brake '{entry.value}' is on"


def _release_brake(state: State, _ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    setter = state.brakes.get(str(entry.value))
    if setter is None:
        yield f"the brake '{entry.value}' is not on"
    elif facts.acts(entry, setter):
        yield f"{setter!r} set the brake '{entry.value}' (or opened the case), and only a second person releases it"


def _need(state: State, ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    known = {need for step in ladder.spec.steps for need in ladder.needs(step, facts.groups)}
    facts_to_record = sorted(known - set(PROCEDURE) - set(APPROVERS))
    if entry.value not in facts_to_record:
        yield f"'{entry.value}' is nothing that this ladder asks for ({', '.join(facts_to_record) or 'nothing'})"
    elif entry.value in state.needs:
        yield f"'{entry.value}' is recorded"


def _find(state: State, _ladder: Ladder, entry: Entry, _facts: Facts) -> Iterator[str]:
    if entry.value != "withdrawn":
        yield from _stopped(state)
    if entry.value not in FINDINGS:
        yield f"'{entry.value}' is no case finding: one of {', '.join(FINDINGS)}"
    elif entry.value != "withdrawn" and not state.could_answer:
        yield "the person was not heard and did not decline (`compliance case hear`, `compliance case decline`)"
    if state.live_actions:
        yield f"action {state.live_actions[0].id} rests on the finding; withdraw or rescind it first"


def _set_gravity(state: State, _ladder: Ladder, entry: Entry, _facts: Facts) -> Iterator[str]:
    if entry.value not in {gravity.label for gravity in Gravity}:
        yield f"'{entry.value}' is no gravity: one of {', '.join(gravity.label for gravity in Gravity)}"
    yield from _issued_on(state, "the gravity as it is")


def _issued_on(state: State, what: str) -> Iterator[str]:
    for action in state.live_actions:
        if action.status != "proposed":
            yield f"action {action.id} was issued on {what}; withdraw or rescind it first"


def _unaware(state: State, _ladder: Ladder, entry: Entry, _facts: Facts) -> Iterator[str]:
    if entry.value not in {"yes", "no"}:
        yield "say yes or no"
    yield from _issued_on(state, "what was known of this")


def _gross(state: State, _ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    yield from _both_roles(state.gross, entry, facts)
    yield from _issued_on(state, "what was known of this")


def _override(state: State, _ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    if not facts.open_appeals:
        yield "no appeal of this person is open, so nothing holds"
    yield from _both_roles(_overrides(state, facts), entry, facts)


def _overrides(state: State, facts: Facts) -> Mapping[str, str]:
    """Return role -> actor of the overrides that were recorded for every appeal that is open now."""
    covered = state.overridden_to
    return {role: actor for role, actor in state.hold_overrides.items() if covered[role] >= facts.newest_appeal}


def _both_roles(marked: Mapping[str, str], entry: Entry, facts: Facts) -> Iterator[str]:
    """HR and legal, each by a person of their own."""
    if entry.role not in APPROVERS:
        yield f"HR and legal do this together, and {entry.actor!r} is {entry.role}"
    elif entry.role in marked:
        yield f"{entry.role} did this: {marked[entry.role]!r}"
    elif mine := facts.acts(entry, *marked.values()):
        yield f"{mine!r} did this; another person does it for {entry.role}"


def _suspend(state: State, _ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    if state.suspended_at is not None:
        yield "a suspension is on"
    yield from hearing.until(entry, facts.today + timedelta(days=1), facts, "the day to look at the suspension again")


def _resume(state: State, _ladder: Ladder, _entry: Entry, _facts: Facts) -> Iterator[str]:
    if state.suspended_at is None:
        yield "there is no suspension"


def _train(_state: State, _ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    if not (entry.value or "").strip():
        yield "name the training"
    yield from hearing.until(entry, facts.today, facts, "the day until which it is due")


def _was_trained(state: State, _ladder: Ladder, entry: Entry, _facts: Facts) -> Iterator[str]:
    if entry.ref not in state.trainings:
        yield f"there is no open training {entry.ref} in this case ({_ids(state.trainings)})"


def _ids(known: Mapping[int, object]) -> str:
    return ", ".join(map(str, known)) or "none"


def _basis(state: State, ladder: Ladder, facts: Facts, *, formal: bool) -> Iterator[str]:
    """What any step rests on."""
    if facts.unsettled:
        which = ", ".join(map(str, facts.unsettled))
        yield f"no decision upholds flag {which} any more; find the case withdrawn, or take it up again"
    if facts.untied:
        which = ", ".join(map(str, facts.untied))
        yield f"the handle behind flag {which} is not declared or verified for this person"
    if state.finding is not None and state.finding not in FOUND:
        yield f"the case finding is '{state.finding}', and no step follows from that"
    if state.gravity is None:
        yield "the gravity is not set (`compliance case gravity`)"
    answer = facts.recommendation
    if answer is not None and answer.kind == OWN_PROCEDURE:
        yield f"the answer is {answer.kind}: {answer.reasons[0]}"
    if formal and facts.open_appeals and ladder.spec.appeal_open == "hold":
        missing = [role for role in APPROVERS if role not in _overrides(state, facts)]
        if missing:
            which = ", ".join(facts.open_appeals)
            yield (
                f"{which} is open, so nothing formal is issued until it is decided, "
                f"or HR and legal record why (missing: {', '.join(missing)})"
            )


def _propose(state: State, ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    if entry.value not in ladder.rank:
        yield f"the ladder '{ladder.id}' has no step '{entry.value}' ({', '.join(ladder.spec.steps)})"
        return
    open_ones = state.live_actions
    if open_ones:
        yield f"action {open_ones[0].id} ({open_ones[0].status}) is there; one act, one step"
    # What an approval cannot mend is refused here; the rest when the step is issued.
    yield from _basis(state, ladder, facts, formal=False)
    if any(appeal.outcome == "overturned" for appeal in state.appeals.values()):
        yield "an appeal overturned the step of this case, and no other takes its place"
    for action in state.actions.values():
        # Else a step could be taken back only to be followed by a heavier one, past an appeal against it.
        if action.status == "overturned" and ladder.rank[entry.value or ""] > ladder.rank.get(action.in_force, -1):
            yield f"{action.in_force} was taken back (action {action.id}), and nothing heavier takes its place"
    answer = facts.recommendation
    if answer is not None and answer.kind in {HEARING, TRAINING} and entry.ref != OUTSIDE:
        yield f"the answer is {answer.kind}: {answer.reasons[0]}"


def _action(state: State, entry: Entry, *statuses: str) -> Iterator[str]:
    action = state.actions.get(entry.ref or 0)
    if action is None:
        yield f"there is no action {entry.ref} in this case ({_ids(state.actions)})"
    elif action.status not in statuses:
        yield f"action {action.id} is {action.status}, not {' or '.join(statuses)}"


def required_roles(ladder: Ladder, action: Action, groups: frozenset[str]) -> tuple[str, ...]:
    """Return the roles that approve this action; `second` is anybody else who may approve."""
    roles = tuple(word for word in ladder.needs(action.step, groups) if word in APPROVERS)
    return roles or (("second",) if action.is_outside_band else ())


def _approve(state: State, ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    faults = list(_action(state, entry, "proposed"))
    yield from faults
    if faults:
        return
    action = state.actions[entry.ref or 0]
    wanted = required_roles(ladder, action, facts.groups)
    given = {approval.role for approval in action.approvals if approval.digest == facts.digests.get(action.id)}
    valid = [each.actor for each in action.approvals if each.digest == facts.digests.get(action.id)]
    if mine := facts.acts(entry, action.proposed_by):
        yield f"{mine!r} proposed it, and somebody else approves"
    if mine := facts.acts(entry, *valid):
        yield f"{mine!r} approved it; each approval is another person's"
    if not wanted:
        yield f"this step needs no approval; `compliance action issue {action.id}`"
    elif "second" not in wanted and entry.role not in wanted:
        yield f"{', '.join(wanted)} approve this step, and {entry.actor!r} is {entry.role}"
    elif entry.role in given:
        yield f"{entry.role} approved it"
    if entry.digest != facts.digests.get(action.id):
        yield "what is to be approved has changed since it was looked at"
    yield from _basis(state, ladder, facts, formal=False)


def _issue(state: State, ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    faults = list(_action(state, entry, "proposed"))
    yield from faults
    if faults:
        return
    action = state.actions[entry.ref or 0]
    formal = ladder.is_formal(action.step)
    if action.step not in ladder.rank:
        yield f"the ladder '{ladder.id}' has no step '{action.step}' any more; withdraw it and propose another"
    yield from _basis(state, ladder, facts, formal=formal)
    yield from _missing(state, ladder, action, facts)
    if not action.is_outside_band and not fits(ladder, facts.recommendation, action.step):
        yield "the recommendation has changed since the step was proposed; withdraw it and propose again"
    unfilled = facts.unfilled.get(action.id, ())
    if unfilled:
        yield f"the letter has nothing for {', '.join('{' + name + '}' for name in unfilled)}"


def fits(ladder: Ladder, answer: Recommendation | None, step: str) -> bool:
    """Say whether a step lies within the recommended band."""
    if answer is None or answer.band is None or step not in ladder.rank:
        return False
    return ladder.rank[answer.band.low] <= ladder.rank[step] <= ladder.rank[answer.band.high]


def _missing(state: State, ladder: Ladder, action: Action, facts: Facts) -> Iterator[str]:
    """What the ladder wants before this step and the case does not have."""
    there = {
        "notice": state.noticed_at is not None,
        "evidence-shared": state.evidence_at is not None,
        "heard-or-declined": state.could_answer,
        "case-finding": state.finding in FOUND,
    }
    for need in ladder.needs(action.step, facts.groups):
        if need in APPROVERS:
            continue
        if not there.get(need, need in state.needs):
            yield f"'{need}' is missing ({HOW.get(need, f'`compliance case record {need}`')})"
    current = facts.digests.get(action.id)
    valid = [approval for approval in action.approvals if approval.digest == current]
    if len(valid) < len(action.approvals):
        yield "what was approved has changed since; the approval before that is void"
    wanted = required_roles(ladder, action, facts.groups)
    given = {approval.role: approval.actor for approval in valid}
    for role in wanted:
        if (role == "second" and not given) or (role != "second" and role not in given):
            yield f"the approval of {'a second person' if role == 'second' else role} is missing"


HOW: Final[Mapping[str, str]] = MappingProxyType(
    {
        "notice": "`compliance case notice`",
        "evidence-shared": "`compliance case share`",
        "heard-or-declined": "`compliance case hear` or `decline`",
        "case-finding": "`compliance case find`",
    }
)


def _refuse(state: State, _ladder: Ladder, entry: Entry, _facts: Facts) -> Iterator[str]:
    yield from _action(state, entry, "proposed")


def _deliver(state: State, ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    yield from _action(state, entry, "issued")
    # What came up after the step was issued stops it all the same; an appeal against another step does not.
    yield from _basis(state, ladder, facts, formal=False)
    action = state.actions.get(entry.ref or 0)
    when = entry.on or entry.at
    if when > facts.now:
        yield "a letter cannot be delivered in the future"
    elif action is not None and action.issued_at is not None and when < action.issued_at:
        yield f"it was issued on {local_day(action.issued_at, facts.zone)}, and not delivered before"


def _acknowledge(state: State, _ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    # A refusal is recorded with its witness in `value`, which is somebody else.
    yield from _action(state, entry, "delivered", "issued")
    if entry.value is not None and not entry.value.strip():
        yield "name the witness of the refusal"
    elif entry.value is not None and facts.acts(entry, entry.value.strip()):
        yield "the witness of a refusal is another person"


def _withdraw(state: State, _ladder: Ladder, entry: Entry, _facts: Facts) -> Iterator[str]:
    yield from _action(state, entry, "proposed", "issued")


def _rescind(state: State, _ladder: Ladder, entry: Entry, _facts: Facts) -> Iterator[str]:
    yield from _action(state, entry, "delivered")


def _appeal(state: State, ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    faults = list(_action(state, entry, "delivered"))
    yield from faults
    if faults:
        return
    action = state.actions[entry.ref or 0]
    if any(appeal.action == action.id for appeal in state.appeals.values()):
        yield f"action {action.id} was appealed against already; one appeal for one step"
    filed = entry.on or entry.at
    if filed > facts.now:
        yield "an appeal cannot be filed in the future"
    if action.delivered_at is not None:
        last = ladder.spec.appeal_within.after(local_day(action.delivered_at, facts.zone))
        late = local_day(filed, facts.zone) > last
        if late and entry.value != "late":
            yield f"appeals against it could be filed until {last}; HR or legal may accept a late one (--late, with the reason)"
        if late and entry.value == "late" and entry.role not in APPROVERS:
            yield f"HR or legal accept a late appeal, and {entry.actor!r} is {entry.role}"


def _decide(state: State, ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    appeal = state.appeals.get(entry.ref or 0)
    if appeal is None:
        yield f"there is no appeal {entry.ref} in this case ({_ids(state.appeals)})"
        return
    if appeal.outcome is not None:
        yield f"appeal {appeal.id} was decided: {appeal.outcome}"
    action = state.actions[appeal.action]
    if mine := facts.acts(entry, *sorted(state.took_part)):
        yield f"{mine!r} took part in the step, and somebody who did not decides"
    elif mine := facts.acts(entry, *sorted(facts.upheld_by)):
        yield f"{mine!r} upheld a flag of this case, and somebody who took no part decides"
    outcome, _, reduced_to = (entry.value or "").partition(":")
    if outcome not in OUTCOMES:
        yield f"'{outcome}' is no outcome: one of {', '.join(OUTCOMES)}"
    elif (outcome == "reduced") != bool(reduced_to):
        yield "'reduced' names the step it is reduced to, and only 'reduced' does"
    elif reduced_to and (
        reduced_to not in ladder.rank or ladder.rank[reduced_to] >= ladder.rank.get(action.in_force, 0)
    ):
        below = ladder.spec.steps[: ladder.rank.get(action.in_force, 0)]
        yield f"'{reduced_to}' is no step below {action.in_force} ({', '.join(below) or 'there is none'})"


def _do_duty(state: State, ladder: Ladder, entry: Entry, _facts: Facts) -> Iterator[str]:
    yield from _action(state, entry, "issued", "delivered", "overturned")
    if entry.value not in {duty.duty for duty in ladder.spec.duties}:
        known = ", ".join(duty.duty for duty in ladder.spec.duties) or "none"
        yield f"'{entry.value}' is no duty of the ladder '{ladder.id}' ({known})"


def _close(state: State, _ladder: Ladder, _entry: Entry, _facts: Facts) -> Iterator[str]:
    for action in state.actions.values():
        if action.status in {"proposed", "issued"}:
            yield f"action {action.id} is {action.status}; deliver or withdraw it first"
    for appeal in state.open_appeals:
        yield f"appeal {appeal.id} is open"
    if state.suspended_at is not None:
        yield "a suspension is on; lift it first"


def _reopen(state: State, _ladder: Ladder, _entry: Entry, _facts: Facts) -> Iterator[str]:
    if not state.is_closed:
        yield "the case is open"


STEPS: Final[Mapping[Kind, Step]] = MappingProxyType(
    {
        Kind.FLAG: Step(permission="cases:work", needs_reason=False, refusals=_flag),
        Kind.NOTE: Step(permission="cases:work", needs_reason=True, refusals=_nothing, after_closing=True),
        Kind.BRAKE: Step(permission="cases:brake", needs_reason=True, refusals=_set_brake),
        Kind.RELEASE: Step(permission="brakes:release", needs_reason=True, refusals=_release_brake),
        Kind.NOTICE: Step(permission="cases:work", needs_reason=True, refusals=hearing.notice, despite_brake=False),
        Kind.EVIDENCE: Step(permission="cases:work", needs_reason=False, refusals=hearing.told, despite_brake=False),
        Kind.HEARING: Step(permission="cases:work", needs_reason=False, refusals=hearing.set_day, despite_brake=False),
        Kind.POSTPONED: Step(permission="cases:work", needs_reason=True, refusals=hearing.postpone),
        Kind.HEARD: Step(permission="cases:work", needs_reason=True, refusals=hearing.heard, despite_brake=False),
        Kind.DECLINED: Step(permission="cases:work", needs_reason=True, refusals=hearing.declined, despite_brake=False),
        Kind.NEED: Step(permission="cases:work", needs_reason=True, refusals=_need),
        Kind.FINDING: Step(permission="cases:find", needs_reason=True, refusals=_find),
        Kind.GRAVITY: Step(permission="cases:find", needs_reason=True, refusals=_set_gravity),
        Kind.UNAWARE: Step(permission="cases:find", needs_reason=True, refusals=_unaware),
        Kind.GROSS: Step(permission="actions:approve", needs_reason=True, refusals=_gross),
        Kind.SUSPENDED: Step(permission="cases:suspend", needs_reason=True, refusals=_suspend, despite_brake=False),
        Kind.RESUMED: Step(permission="cases:suspend", needs_reason=True, refusals=_resume),
        Kind.TRAINING: Step(permission="cases:work", needs_reason=False, refusals=_train, after_closing=True),
        Kind.TRAINED: Step(permission="cases:work", needs_reason=False, refusals=_was_trained, after_closing=True),
        Kind.HOLD_OVERRIDE: Step(permission="actions:approve", needs_reason=True, refusals=_override),
        Kind.PROPOSED: Step(permission="actions:propose", needs_reason=True, refusals=_propose, despite_brake=False),
        Kind.APPROVED: Step(permission="actions:approve", needs_reason=True, refusals=_approve, despite_brake=False),
        Kind.REFUSED: Step(permission="actions:approve", needs_reason=True, refusals=_refuse),
        Kind.ISSUED: Step(permission="actions:issue", needs_reason=False, refusals=_issue, despite_brake=False),
        Kind.DELIVERED: Step(permission="actions:issue", needs_reason=False, refusals=_deliver, despite_brake=False),
        Kind.RECEIPT: Step(permission="actions:issue", needs_reason=False, refusals=_acknowledge, after_closing=True),
        Kind.WITHDRAWN: Step(permission="actions:issue", needs_reason=True, refusals=_withdraw),
        Kind.RESCINDED: Step(permission="actions:rescind", needs_reason=True, refusals=_rescind, after_closing=True),
        Kind.APPEALED: Step(permission="appeals:file", needs_reason=True, refusals=_appeal, after_closing=True),
        Kind.DECIDED: Step(permission="appeals:decide", needs_reason=True, refusals=_decide, after_closing=True),
        Kind.DUTY: Step(permission="cases:work", needs_reason=True, refusals=_do_duty, after_closing=True),
        Kind.CLOSED: Step(permission="cases:work", needs_reason=True, refusals=_close),
        Kind.REOPENED: Step(permission="cases:find", needs_reason=True, refusals=_reopen, after_closing=True),
    }
)
