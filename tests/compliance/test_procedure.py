"""The procedure as a machine: whatever people try in whatever order, no path leads around notice, evidence, hearing, finding."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance.discipline import Act, PriorStep, recommend_step
from compliance.entry import Entry, Kind
from compliance.facts import Facts
from compliance.hearing import working_days_after
from compliance.ladder import APPROVERS, BRAKES, Gravity, load_ladder, shipped_ladders
from compliance.procedure import FINDINGS, FOUND, OUTCOMES, OUTSIDE, WITHIN, State, fold
from compliance.refusals import STEPS, fits, refusals, required_roles

LADDERS = [load_ladder(path) for path in shipped_ladders()]
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ACTORS = [("olga", "officer"), ("hana", "hr"), ("hugo", "hr"), ("lena", "legal"), ("luis", "legal")]


@dataclass
class Room:
    """A case without a database: entries are appended only when nothing refuses them."""

    ladder: object
    history: tuple[PriorStep, ...] = ()
    entries: list[Entry] = field(default_factory=list)
    now: datetime = START
    unsettled: tuple[int, ...] = ()
    groups: frozenset[str] = frozenset()
    #: Ids that are one person, and who upheld the flags.
    also: frozenset[str] = frozenset()
    upheld_by: frozenset[str] = frozenset()

    @property
    def state(self) -> State:
        return fold(self.entries)

    def facts(self) -> Facts:
        state, answer = self.state, None
        if state.gravity is not None:
            act = Act(
                gravity=state.gravity,
                at=START,
                is_unaware=state.is_unaware,
                is_gross=state.is_gross,
                groups=self.groups,
            )
            answer = recommend_step(self.ladder, self.history, act, self.now.date())
        digests = {
            each.id: f"{each.step} {each.is_outside_band} {state.finding_entry} {state.gravity_entry} {answer and answer.answer}"
            for each in state.actions.values()
        }
        return Facts(
            now=self.now,
            zone=UTC,
            unsettled=self.unsettled,
            recommendation=answer,
            digests=digests,
            open_appeals=tuple(f"appeal {each.id}" for each in state.open_appeals),
            groups=self.groups,
            upheld_by=self.upheld_by,
        )

    def attempt(self, kind, value=None, *, ref=None, days=None, by="olga", role="officer", reason="Because."):
        state, facts = self.state, self.facts()
        facts = replace(facts, aliases=self.also if by in self.also else frozenset())
        if kind is Kind.PROPOSED:
            known = value in self.ladder.rank
            ref = WITHIN if not known or fits(self.ladder, facts.recommendation, value) else OUTSIDE
        entry = Entry(
            id=len(self.entries) + 1,
            kind=kind,
            actor=by,
            role=role,
            at=self.now,
            value=value,
            ref=ref,
            on=None if days is None else self.now + timedelta(days=days),
            digest=facts.digests.get(ref or 0) if kind is Kind.APPROVED else None,
        )
        said = refusals(state, self.ladder, entry, facts, reason=reason)
        if not said:
            self.entries.append(entry)
        return said


def words_of(ladder):
    needs = {need for step in ladder.spec.steps for need in ladder.needs(step)}
    return {
        Kind.BRAKE: list(BRAKES),
        Kind.RELEASE: list(BRAKES),
        Kind.DECLINED: ["explicit", "silent"],
        Kind.NEED: sorted(needs),
        Kind.FINDING: list(FINDINGS),
        Kind.GRAVITY: [gravity.label for gravity in Gravity],
        Kind.UNAWARE: ["yes", "no"],
        Kind.PROPOSED: list(ladder.spec.steps),
        Kind.DECIDED: [*OUTCOMES, f"reduced:{ladder.spec.steps[0]}"],
        Kind.HEARD: [None, "agreed"],
        Kind.APPEALED: [None, "late"],
    }


KINDS = [kind for kind in Kind if kind is not Kind.FLAG]
DRAW = st.integers(0, 2**32 - 1)
MANY = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
PROCEDURAL = {"notice", "evidence-shared", "heard-or-declined", "case-finding", *APPROVERS}


def script(ladder, dice):
    """What people do when all goes well, from notice to appeal: (kind, value, actor, days to its date, days waited before)."""
    step = dice.choice(ladder.spec.steps)
    needs = [need for need in ladder.needs(step) if need not in PROCEDURAL]
    return [
        (Kind.NOTICE, None, 0, 20, 0),
        (Kind.EVIDENCE, None, 0, None, 0),
        (Kind.HEARD, None, 0, None, 21),
        (Kind.FINDING, "substantiated", 0, None, 0),
        *((Kind.NEED, need, 0, None, 0) for need in needs),
        (Kind.GRAVITY, dice.choice(list(Gravity)).label, 0, None, 0),
        (Kind.PROPOSED, step, 0, None, 0),
        (Kind.APPROVED, None, 1, None, 0),
        (Kind.APPROVED, None, 3, None, 0),
        (Kind.ISSUED, None, 0, None, 0),
        (Kind.DELIVERED, None, 0, None, 0),
        (Kind.APPEALED, None, 0, None, 3),
        (Kind.DECIDED, dice.choice(["overturned", "stands", f"reduced:{ladder.spec.steps[0]}"]), 4, None, 0),
    ]


def play(number: int) -> Room:
    """Spoil the script: moves left out, swapped, done by others, and others put between; nothing, now and then."""
    dice = random.Random(number)
    ladder = dice.choice(LADDERS)
    words, moves = words_of(ladder), script(ladder, dice)
    for _ in range(dice.choice([0, 1, 1, 2, 3])):
        place = dice.randrange(len(moves))
        spoil = dice.randrange(4)
        if spoil == 0:
            del moves[place]
        elif spoil == 1 and place:
            moves[place - 1], moves[place] = moves[place], moves[place - 1]
        elif spoil == 2:
            kind, value, _, days, wait = moves[place]
            moves[place] = (kind, value, dice.randrange(len(ACTORS)), days, wait)
        else:
            kind = dice.choice(KINDS)
            value = dice.choice(words.get(kind) or [None])
            moves.insert(place, (kind, value, dice.randrange(len(ACTORS)), dice.choice([None, 0, 7]), 0))
    steps = dice.sample(ladder.spec.steps, dice.choice([0, 0, 1, 2]))
    room = Room(ladder, tuple(PriorStep(step=step, delivered=START - timedelta(days=20)) for step in steps))
    for kind, value, who, days, wait in moves:
        room.now += timedelta(days=wait)
        known = {Kind.TRAINED: room.state.trainings, Kind.DECIDED: room.state.appeals}.get(kind, room.state.actions)
        actor, role = ACTORS[who]
        room.attempt(kind, value, ref=next(reversed(known), None), days=days, by=actor, role=role)
    return room


def issues(room: Room):
    """Each issued step, with where the case stood before."""
    for place, entry in enumerate(room.entries):
        if entry.kind is Kind.ISSUED:
            before = fold(room.entries[:place])
            yield before, before.actions[entry.ref], room.entries[:place]


def test_the_walks_reach_what_the_properties_are_about():
    rooms = [play(number) for number in range(400)]
    issued = [(room, action) for room in rooms for _, action, _ in issues(room)]
    assert sum(room.ladder.is_formal(action.step) for room, action in issued) > 40
    assert sum(action.is_outside_band for _, action in issued) > 20
    assert sum(any(each.status == "overturned" for each in room.state.actions.values()) for room in rooms) > 20
    assert sum(not list(issues(room)) for room in rooms) > 40


@MANY
@given(DRAW)
def test_no_path_to_a_formal_step_leads_around_the_procedure(number):
    room = play(number)
    for before, action, entries in issues(room):
        assert not before.brakes
        assert before.gravity is not None
        if room.ladder.is_formal(action.step):
            order = [each.kind for each in entries]
            answered = min(order.index(kind) for kind in (Kind.HEARD, Kind.DECLINED) if kind in order)
            assert order.index(Kind.NOTICE) < answered
            assert order.index(Kind.EVIDENCE) < answered
            assert before.finding in FOUND
            assert answered < max(place for place, kind in enumerate(order) if kind is Kind.FINDING)
            assert {need for need in room.ladder.needs(action.step) if need not in PROCEDURAL} <= before.needs


@MANY
@given(DRAW)
def test_no_two_approvals_come_from_one_person(number):
    room = play(number)
    for _, action, _ in issues(room):
        wanted = required_roles(room.ladder, action, frozenset())
        valid = [each for each in action.approvals if each.digest == action.approvals[-1].digest]
        people = [each.actor for each in valid]
        assert len(set(people)) == len(people)
        assert action.proposed_by not in people
        assert len(people) >= len(wanted)
        assert {role for role in wanted if role != "second"} <= {each.role for each in valid}


@MANY
@given(DRAW)
def test_one_case_has_one_step_and_an_appeal_is_decided_by_somebody_else(number):
    room = play(number)
    for place, entry in enumerate(room.entries):
        before = fold(room.entries[:place])
        assert len(before.live_actions) <= 1
        if entry.kind is Kind.DECIDED:
            action = before.actions[before.appeals[entry.ref].action]
            involved = {action.proposed_by, action.issued_by, before.finding_by, before.gravity_by}
            assert entry.actor not in involved | {each.actor for each in action.approvals}
        if entry.kind is Kind.RELEASE:
            assert before.brakes[entry.value] != entry.actor
        if entry.kind is Kind.FINDING and entry.value != "withdrawn":
            assert before.could_answer


@MANY
@given(DRAW)
def test_a_step_that_was_overturned_never_counts(number):
    room = play(number)
    for action in room.state.actions.values():
        if action.delivered_at is None:
            continue
        day = action.delivered_at + timedelta(days=1)
        later = Act(gravity=Gravity.LOW, at=day)
        prior = PriorStep(
            step=action.step,
            delivered=action.delivered_at,
            is_overturned=action.status == "overturned",
            reduced_to=action.reduced_to,
        )
        with_it = recommend_step(room.ladder, [prior], later, day.date())
        if action.status == "overturned":
            assert with_it.standing is None
        elif room.ladder.spec.live_for.get(action.in_force) and not room.ladder.spec.same_kind:
            assert with_it.standing == action.in_force


def test_walks_reach_the_end():
    """The properties above say something: a full walk is possible on every ladder."""
    for ladder in LADDERS:
        room = heard(Room(ladder))
        action = proposed(room, ladder.spec.steps[1], gravity="medium")
        for by, role in (("hana", "hr"), ("lena", "legal")):
            if role in required_roles(ladder, room.state.actions[action], frozenset()):
                assert not room.attempt(Kind.APPROVED, ref=action, by=by, role=role)
        if required_roles(ladder, room.state.actions[action], frozenset()) == ("second",):
            assert not room.attempt(Kind.APPROVED, ref=action, by="hana", role="hr")
        assert room.attempt(Kind.ISSUED, ref=action) == []
        assert room.attempt(Kind.DELIVERED, ref=action) == []
        assert room.attempt(Kind.APPEALED, ref=action) == []
        appeal = room.state.open_appeals[0].id
        assert "took part" in room.attempt(Kind.DECIDED, "stands", ref=appeal, by="olga")[0]
        assert room.attempt(Kind.DECIDED, "overturned", ref=appeal, by="luis", role="legal") == []
        assert room.state.actions[action].status == "overturned"


def heard(room: Room) -> Room:
    assert room.attempt(Kind.NOTICE, days=20) == []
    assert room.attempt(Kind.EVIDENCE) == []
    room.now += timedelta(days=21)
    assert room.attempt(Kind.HEARD) == []
    return room


def proposed(room: Room, step: str, *, gravity: str) -> int:
    assert room.attempt(Kind.FINDING, "substantiated") == []
    assert room.attempt(Kind.GRAVITY, gravity) == []
    for need in room.ladder.needs(step):
        if need not in PROCEDURAL:
            assert room.attempt(Kind.NEED, need) == []
    assert room.attempt(Kind.PROPOSED, step) == []
    return len(room.entries)


US = next(ladder for ladder in LADDERS if ladder.id == "us")


def test_silence_counts_only_after_the_day_to_answer_by():
    room = Room(US)
    room.attempt(Kind.NOTICE, days=5)
    room.attempt(Kind.EVIDENCE)
    room.now += timedelta(days=5)
    assert "may answer until 2026-03-07" in room.attempt(Kind.DECLINED, "silent")[0]
    room.now += timedelta(days=1)
    assert room.attempt(Kind.DECLINED, "silent") == []


def test_a_notice_leaves_time_to_answer():
    assert "too early" in Room(US).attempt(Kind.NOTICE, days=1)[0]
    assert "missing" in Room(US).attempt(Kind.NOTICE)[0]


def test_a_hearing_is_not_held_before_the_day_set():
    room = Room(US)
    room.attempt(Kind.NOTICE, days=5)
    room.attempt(Kind.EVIDENCE)
    assert room.attempt(Kind.HEARING, days=5) == []
    room.now += timedelta(days=4)
    assert "the hearing is on" in room.attempt(Kind.HEARD)[0]
    assert room.attempt(Kind.POSTPONED, days=4) == []
    room.now += timedelta(days=3)
    assert "the hearing is on" in room.attempt(Kind.HEARD)[0]
    room.now += timedelta(days=1)
    assert room.attempt(Kind.HEARD) == []


def test_a_brake_stops_every_step_until_a_second_person_releases_it():
    room = heard(Room(US))
    action = proposed(room, "coaching", gravity="low")
    assert room.attempt(Kind.BRAKE, "open-complaint") == []
    assert "brake 'open-complaint' is on" in room.attempt(Kind.ISSUED, ref=action)[0]
    assert "only a second person" in room.attempt(Kind.RELEASE, "open-complaint")[0]
    assert room.attempt(Kind.RELEASE, "open-complaint", by="lena", role="legal") == []
    assert room.attempt(Kind.ISSUED, ref=action) == []


def test_an_approval_is_void_once_what_it_was_for_has_changed():
    room = heard(Room(US))
    action = proposed(room, "final", gravity="critical")
    assert room.attempt(Kind.APPROVED, ref=action, by="hana", role="hr") == []
    assert room.attempt(Kind.APPROVED, ref=action, by="lena", role="legal") == []
    assert room.attempt(Kind.GRAVITY, "high") == []
    said = room.attempt(Kind.ISSUED, ref=action)
    assert any("has changed since" in each for each in said)
    assert any("approval of hr is missing" in each for each in said)


def test_a_step_below_the_band_takes_a_second_person_as_one_above_does():
    for step in ("coaching", "final"):
        room = heard(Room(US))
        action = proposed(room, step, gravity="high")
        assert room.state.actions[action].is_outside_band
        assert "approval" in room.attempt(Kind.ISSUED, ref=action)[0]


@pytest.mark.parametrize("finding", [finding for finding in FINDINGS if finding not in FOUND])
def test_no_step_follows_from_a_finding_that_found_nothing(finding):
    room = heard(Room(US))
    room.attempt(Kind.FINDING, finding)
    room.attempt(Kind.GRAVITY, "low")
    assert finding in room.attempt(Kind.PROPOSED, "coaching")[0]


def test_coaching_needs_a_named_person_and_words_and_no_hearing():
    room = Room(US)
    room.attempt(Kind.GRAVITY, "low")
    assert room.attempt(Kind.PROPOSED, "coaching", reason=None) == ["'proposed' needs a reason"]
    assert room.attempt(Kind.PROPOSED, "coaching") == []
    assert room.attempt(Kind.ISSUED, ref=2) == []


def test_an_open_appeal_holds_formal_steps_unless_hr_and_legal_record_why():
    room = heard(Room(US))
    action = proposed(room, "coaching", gravity="low")
    room.attempt(Kind.ISSUED, ref=action)
    room.attempt(Kind.DELIVERED, ref=action)
    room.attempt(Kind.APPEALED, ref=action)
    other = heard(Room(US, now=room.now))
    formal = proposed(other, "written", gravity="high")
    other.facts, plain = (lambda: replace_appeals(plain())), other.facts
    assert "appeal 9 is open" in other.attempt(Kind.ISSUED, ref=formal)[0]
    assert other.attempt(Kind.HOLD_OVERRIDE, ref=9, by="hana", role="hr") == []
    assert other.attempt(Kind.HOLD_OVERRIDE, ref=9, by="lena", role="legal") == []
    assert other.attempt(Kind.ISSUED, ref=formal) == []


def replace_appeals(facts: Facts, number: int = 9) -> Facts:
    return replace(facts, open_appeals=(f"appeal {number}",), newest_appeal=number)


def test_gross_misconduct_takes_hr_and_legal_and_leads_to_a_hearing():
    room = heard(Room(US))
    assert room.attempt(Kind.GROSS)[0].startswith("HR and legal do this together")
    assert room.attempt(Kind.GROSS, by="hana", role="hr") == []
    assert not room.state.is_gross
    assert room.attempt(Kind.GROSS, by="hana", role="legal") != []
    assert room.attempt(Kind.GROSS, by="lena", role="legal") == []
    room.attempt(Kind.FINDING, "substantiated")
    room.attempt(Kind.GRAVITY, "critical")
    assert room.facts().recommendation.answer == "investigation-and-hearing"
    assert room.attempt(Kind.PROPOSED, "final") == []
    assert room.state.live_actions[0].is_outside_band


def test_an_upheld_flag_that_is_revised_stops_the_step():
    room = heard(Room(US))
    action = proposed(room, "coaching", gravity="low")
    room.unsettled = (4,)
    assert "no decision upholds flag 4" in room.attempt(Kind.ISSUED, ref=action)[0]


def test_appeals_have_their_time_and_hr_or_legal_accept_late_ones():
    room = heard(Room(US))
    action = proposed(room, "coaching", gravity="low")
    room.attempt(Kind.ISSUED, ref=action)
    room.attempt(Kind.DELIVERED, ref=action)
    room.now += timedelta(days=21)
    assert "could be filed until" in room.attempt(Kind.APPEALED, ref=action)[0]
    assert "accept a late appeal" in room.attempt(Kind.APPEALED, "late", ref=action)[0]
    assert room.attempt(Kind.APPEALED, "late", ref=action, by="hana", role="hr") == []
    assert "one appeal" in room.attempt(Kind.APPEALED, "late", ref=action, by="hana", role="hr")[0]


def test_a_refused_receipt_has_a_witness_who_is_somebody_else():
    room = heard(Room(US))
    action = proposed(room, "coaching", gravity="low")
    room.attempt(Kind.ISSUED, ref=action)
    room.attempt(Kind.DELIVERED, ref=action)
    assert "another person" in room.attempt(Kind.RECEIPT, "olga", ref=action)[0]
    assert room.attempt(Kind.RECEIPT, "hana", ref=action) == []
    assert room.state.actions[action].receipt == "refused"


def test_suspension_is_no_step_and_is_looked_at_again():
    room = Room(US)
    assert "missing" in room.attempt(Kind.SUSPENDED, by="hana", role="hr")[0]
    assert room.attempt(Kind.SUSPENDED, days=14, by="hana", role="hr") == []
    assert room.state.actions == {}
    assert "lift it first" in room.attempt(Kind.CLOSED)[0]


def test_a_closed_case_takes_nothing_but_what_protects_the_person():
    room = Room(US)
    assert room.attempt(Kind.CLOSED) == []
    for kind in (Kind.NOTICE, Kind.GRAVITY, Kind.PROPOSED, Kind.BRAKE):
        assert any("closed" in said for said in room.attempt(kind, "low", days=9))
    assert {kind for kind, step in STEPS.items() if step.after_closing} >= {Kind.APPEALED, Kind.DECIDED, Kind.RESCINDED}
    assert room.attempt(Kind.REOPENED, by="hana", role="hr") == []


def test_every_kind_has_a_fold_and_a_guard():
    assert set(STEPS) == set(Kind)
    for kind in Kind:
        value = {Kind.GRAVITY: "low", Kind.DECIDED: "stands"}.get(kind, "x")
        fold([Entry(id=1, kind=kind, actor="a", role="hr", at=START, value=value, ref=0)])


def test_working_days_skip_the_weekend():
    friday = datetime(2026, 3, 6, tzinfo=UTC).date()
    assert working_days_after(friday, 1).isoformat() == "2026-03-09"
    assert working_days_after(friday, 5).isoformat() == "2026-03-13"


def test_a_brake_stops_what_is_done_to_the_person_and_not_what_protects_them():
    room = Room(US)
    room.attempt(Kind.BRAKE, "protected-activity", by="lena", role="legal")
    for kind, value in ((Kind.NOTICE, None), (Kind.EVIDENCE, None), (Kind.HEARING, None), (Kind.FINDING, "partly")):
        assert any("brake 'protected-activity' is on" in said for said in room.attempt(kind, value, days=9))
    assert any("brake" in said for said in room.attempt(Kind.SUSPENDED, days=9, by="hana", role="hr"))
    assert room.attempt(Kind.FINDING, "withdrawn") == []


def test_a_brake_after_the_issue_stops_the_delivery():
    room = heard(Room(US))
    action = proposed(room, "coaching", gravity="low")
    room.attempt(Kind.ISSUED, ref=action)
    room.attempt(Kind.BRAKE, "protected-activity", by="lena", role="legal")
    assert "brake 'protected-activity' is on" in room.attempt(Kind.DELIVERED, ref=action)[0]
    assert room.attempt(Kind.WITHDRAWN, ref=action) == []


def test_a_decision_revised_after_the_issue_stops_the_delivery():
    room = heard(Room(US))
    action = proposed(room, "coaching", gravity="low")
    room.attempt(Kind.ISSUED, ref=action)
    room.unsettled = (4,)
    assert "no decision upholds flag 4" in room.attempt(Kind.DELIVERED, ref=action)[0]


def test_a_delivery_on_an_earlier_day_needs_a_reason_and_was_not_before_the_issue():
    room = heard(Room(US))
    action = proposed(room, "coaching", gravity="low")
    room.attempt(Kind.ISSUED, ref=action)
    room.now += timedelta(days=5)
    assert "earlier day needs a reason" in room.attempt(Kind.DELIVERED, ref=action, days=-3, reason=None)[0]
    assert "not delivered before" in room.attempt(Kind.DELIVERED, ref=action, days=-6)[0]
    assert "in the future" in room.attempt(Kind.DELIVERED, ref=action, days=1)[0]
    assert room.attempt(Kind.DELIVERED, ref=action, days=-3) == []


def test_an_answer_before_the_evidence_was_shared_is_none_however_late_it_is_recorded():
    room = Room(US)
    room.attempt(Kind.NOTICE, days=20)
    room.now += timedelta(days=10)
    room.attempt(Kind.EVIDENCE)
    room.now += timedelta(days=1)
    assert "before the evidence was shared" in room.attempt(Kind.HEARD, days=-4)[0]
    assert room.attempt(Kind.HEARD, days=0) == []


def test_nobody_is_silent_about_evidence_that_came_after_the_day_to_answer_by():
    room = Room(US)
    room.attempt(Kind.NOTICE, days=5)
    room.now += timedelta(days=6)
    room.attempt(Kind.EVIDENCE)
    assert "may answer until 2026-03-11" in room.attempt(Kind.DECLINED, "silent")[0]
    room.now += timedelta(days=4)
    assert room.attempt(Kind.DECLINED, "silent") == []


def test_a_hearing_is_recorded_for_the_day_it_was_set_for_or_later_and_set_for_a_day_to_come():
    room = Room(US)
    room.attempt(Kind.NOTICE, days=5)
    room.attempt(Kind.EVIDENCE)
    room.now += timedelta(days=6)
    assert "too early" in room.attempt(Kind.HEARING, days=-2)[0]
    room.attempt(Kind.HEARING, days=5)
    room.attempt(Kind.POSTPONED, days=10)
    assert "too early" in room.attempt(Kind.HEARING, days=1)[0]
    room.now += timedelta(days=11)
    assert "the hearing is on" in room.attempt(Kind.HEARD, days=-5)[0]
    assert room.attempt(Kind.HEARD) == []


def test_an_override_is_for_the_appeals_that_were_open_and_for_no_later_one():
    room = heard(Room(US))
    assert any("nothing holds" in said for said in room.attempt(Kind.HOLD_OVERRIDE, by="hana", role="hr"))
    formal = proposed(room, "written", gravity="high")
    plain, newest = room.facts, 7
    room.facts = lambda: replace_appeals(plain(), newest)
    for name, role in (("hana", "hr"), ("lena", "legal")):
        assert room.attempt(Kind.HOLD_OVERRIDE, ref=newest, by=name, role=role) == []
    newest = 9
    assert "missing: hr, legal" in room.attempt(Kind.ISSUED, ref=formal)[0]
    for name, role in (("hugo", "hr"), ("luis", "legal")):
        assert room.attempt(Kind.HOLD_OVERRIDE, ref=newest, by=name, role=role) == []
    assert room.attempt(Kind.ISSUED, ref=formal) == []


def test_two_ids_of_one_person_are_one_pair_of_eyes():
    room = heard(Room(US))
    room.also = frozenset({"olga", "hana", "lena"})
    room.attempt(Kind.BRAKE, "legal-hold")
    assert "only a second person" in room.attempt(Kind.RELEASE, "legal-hold", by="lena", role="legal")[0]
    room.attempt(Kind.RELEASE, "legal-hold", by="luis", role="legal")
    assert room.attempt(Kind.GROSS, by="hana", role="hr") == []
    assert "another person" in room.attempt(Kind.GROSS, by="lena", role="legal")[0]
    action = proposed(room, "final", gravity="critical")
    said = room.attempt(Kind.APPROVED, ref=action, by="hana", role="hr")
    assert "'olga' proposed it, and somebody else approves" in said


def test_whoever_shaped_the_case_decides_no_appeal_even_if_a_colleague_said_the_same_after_them():
    room = heard(Room(US))
    assert room.attempt(Kind.FINDING, "substantiated", by="hana", role="hr") == []
    action = proposed(room, "coaching", gravity="low")
    for kind in (Kind.ISSUED, Kind.DELIVERED, Kind.APPEALED):
        assert room.attempt(kind, ref=action) == []
    appeal = room.state.open_appeals[0].id
    assert "'hana' took part" in room.attempt(Kind.DECIDED, "stands", ref=appeal, by="hana", role="hr")[0]
    room.upheld_by = frozenset({"lena"})
    assert "'lena' upheld a flag" in room.attempt(Kind.DECIDED, "stands", ref=appeal, by="lena", role="legal")[0]
    assert room.attempt(Kind.DECIDED, "stands", ref=appeal, by="luis", role="legal") == []


def test_after_a_step_was_taken_back_nothing_heavier_takes_its_place():
    room = heard(Room(US))
    action = proposed(room, "verbal", gravity="medium")
    for kind in (Kind.ISSUED, Kind.DELIVERED):
        assert room.attempt(kind, ref=action) == []
    assert room.attempt(Kind.RESCINDED, ref=action, by="hana", role="hr") == []
    assert "nothing heavier takes its place" in room.attempt(Kind.PROPOSED, "final")[0]
    assert room.attempt(Kind.PROPOSED, "verbal") == []


@pytest.mark.parametrize("kind", [Kind.UNAWARE, Kind.GROSS])
def test_what_a_step_was_issued_on_does_not_change_under_it(kind):
    room = heard(Room(US))
    action = proposed(room, "coaching", gravity="low")
    room.attempt(Kind.ISSUED, ref=action)
    assert f"action {action} was issued on" in room.attempt(kind, "yes", by="hana", role="hr")[0]


def test_who_has_their_own_procedure_gets_no_step_however_it_was_approved_before():
    room = heard(Room(US))
    action = proposed(room, "final", gravity="low")
    room.groups = frozenset({"contractor"})
    for kind, name, role in ((Kind.APPROVED, "hana", "hr"), (Kind.ISSUED, "olga", "officer")):
        assert any("own procedure" in said for said in room.attempt(kind, ref=action, by=name, role=role))


@pytest.mark.parametrize("witness", ["", "  ", "olga", " olga "])
def test_a_witness_has_a_name_and_is_somebody_else(witness):
    room = heard(Room(US))
    action = proposed(room, "coaching", gravity="low")
    room.attempt(Kind.ISSUED, ref=action)
    room.attempt(Kind.DELIVERED, ref=action)
    assert room.attempt(Kind.RECEIPT, witness, ref=action)
    assert room.state.actions[action].receipt is None


def test_who_let_the_day_pass_may_still_be_heard_until_something_is_found():
    room = Room(US)
    room.attempt(Kind.NOTICE, days=5)
    room.attempt(Kind.EVIDENCE)
    room.now += timedelta(days=6)
    assert room.attempt(Kind.DECLINED, "silent") == []
    assert room.attempt(Kind.HEARD) == []
    room.attempt(Kind.FINDING, "partly")
    assert "is recorded" in room.attempt(Kind.HEARD)[0]
