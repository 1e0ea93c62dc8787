"""Acting on a case: each act is weighed, appended and audited in the caller's transaction. Nothing here is automatic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from compliance.audit import Actor, record
from compliance.casebook import (
    TIED,
    Evidence,
    Open,
    Setting,
    conflict,
    digest_of,
    entries_of,
    evidence_of,
    find_case,
    letter_of,
    open_up,
    states_of,
)
from compliance.discipline import local_day
from compliance.entry import Entry, Kind
from compliance.errors import ComplianceError, ConflictError
from compliance.ladder import Gravity, Ladder
from compliance.models import Case, CaseEntry, Flag
from compliance.occasions import Publication, group
from compliance.people import Person
from compliance.permissions import Reviewer, may, require, require_lane, who_may
from compliance.procedure import OUTSIDE, WITHIN, State, fold
from compliance.refusals import STEPS, fits, refusals, working_days_after
from rules.evaluation import Severity

#: Longest words of one entry, in code points.
LONGEST: Final = 20_000
_PROTECTED: Final = "protected-activity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was appended."""

    case_id: int
    #: The entry's own number, unique in the database; of a proposal or appeal it is the number of the action or appeal.
    entry_id: int
    #: Its place in the case, from 1.
    number: int
    kind: Kind
    value: str | None
    audit_seq: int
    #: What the person who acts should know now: brakes set by themselves, deadlines.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One case in a listing. Nobody is named."""

    id: int
    stage: str
    lane: str
    ladder: str
    country: str
    opened_at: datetime
    flags: int
    gravity: str | None
    finding: str | None
    brakes: tuple[str, ...]
    steps: tuple[str, ...]
    #: person_id, only for roles that may see who it is.
    person: str | None = field(repr=False)


def open_case(  # noqa: PLR0913 - who opens what, by which settings
    session: Session,
    flag_ids: Sequence[int],
    *,
    reason: str | None,
    country: str | None = None,
    setting: Setting,
    reviewer: Reviewer,
    actor: Actor,
    now: datetime,
) -> Recorded:
    """Open a case on upheld flags of one person. Raises ComplianceError with every fault.

    A post that carries a protected-activity tag sets that brake by itself, and the case is counsel's until it is released.
    """
    require(reviewer, "cases:work")
    evidence = _evidence(session, flag_ids, reviewer)
    person, faults = _person_of(setting, evidence)
    faults += _opening_faults(session, setting, evidence)
    if not (reason or "").strip():
        faults.append("a case needs a reason: why this is more than a remedy or a word")
    if person is not None and (said := conflict(person.id, setting.people, reviewer)):
        faults.append(said)
    where = (country or (person.country if person else "")).upper()
    if person is not None and not where:
        faults.append("nobody knows where the person works (people.csv has no country); give --country")
    if faults or person is None:
        raise ComplianceError(
            "no case was opened: " + "; ".join(faults), hint="`compliance show FLAG` shows the evidence."
        )
    ladder = setting.ladder_of(where)
    row = Case(
        person_id=person.id,
        country=where,
        ladder=ladder.id,
        ladder_version=ladder.version,
        opened_at=now,
        opened_by=actor.id,
        stage="opened",
        lane="hr",
    )
    session.add(row)
    session.flush()
    return _fill_new(session, row, evidence, reason=reason, reviewer=reviewer, actor=actor, now=now)


def _fill_new(
    session: Session,
    row: Case,
    evidence: Sequence[Evidence],
    *,
    reason: str | None,
    reviewer: Reviewer,
    actor: Actor,
    now: datetime,
) -> Recorded:
    occasions = group([_publication(each) for each in evidence])
    last = None
    for each in evidence:
        entry = _Draft(
            kind=Kind.FLAG, ref=each.flag_id, occasion=occasions[each.flag_id], words=reason if last is None else None
        )
        last = _append(session, row, entry, role=reviewer.role, actor=actor, now=now)
    notes: list[str] = [f"{len(set(occasions.values()))} occasion(s): {_spelled(occasions)}"]
    if any(_is_protected(each) for each in evidence):
        draft = _Draft(kind=Kind.BRAKE, value=_PROTECTED, words="A post of this case may be protected activity.")
        last = _append(session, row, draft, role=reviewer.role, actor=actor, now=now)
        row.lane = "counsel"
        notes.append("the brake 'protected-activity' is on: counsel's, until a second person releases it")
    if last is None:
        message = "no case was opened: no flag is given"
        raise ComplianceError(message, hint="`compliance case open FLAG…`")
    return _recorded(row, last, notes)


def _spelled(occasions: Mapping[int, int]) -> str:
    by: dict[int, list[str]] = {}
    for flag, number in occasions.items():
        by.setdefault(number, []).append(str(flag))
    return "; ".join(f"{number}: flag {', '.join(flags)}" for number, flags in sorted(by.items()))


def _is_protected(each: Evidence) -> bool:
    return each.lane == "counsel" or any(tag.partition(".")[0] == _PROTECTED for tag in each.tags)


def _publication(each: Evidence) -> Publication:
    return Publication(
        flag_id=each.flag_id,
        post_id=each.post_id,
        source_id=each.source_id,
        at=each.at,
        thread=each.thread,
        text=each.text,
    )


def _evidence(session: Session, flag_ids: Sequence[int], reviewer: Reviewer) -> tuple[Evidence, ...]:
    if not flag_ids:
        message = "no case was opened: no flag is given"
        raise ComplianceError(message, hint="`compliance case open FLAG…`")
    evidence = evidence_of(session, dict.fromkeys(flag_ids, 1))
    missing = sorted(set(flag_ids) - {each.flag_id for each in evidence})
    if missing:
        message = f"there is no flag {missing[0]}"
        raise ComplianceError(message, hint="`compliance queue --status decided` lists the decided ones.")
    for each in evidence:
        require_lane(reviewer, each.lane, flag_id=each.flag_id)
    return evidence


def _person_of(setting: Setting, evidence: Sequence[Evidence]) -> tuple[Person | None, list[str]]:
    faults: list[str] = []
    owners: dict[str, Person] = {}
    for each in evidence:
        owner = setting.people.person_of(each.platform, each.handle)
        tie = setting.people.tie_of(each.platform, each.handle)
        if owner is None:
            faults.append(f"nobody in people.csv has the handle behind flag {each.flag_id}")
        elif tie not in TIED:
            faults.append(
                f"the handle behind flag {each.flag_id} is only {tie}; a case needs a declared or verified one"
            )
        else:
            owners[owner.id] = owner
    if len(owners) > 1:
        faults.append(f"these flags are about {len(owners)} people; one case, one person")
    return next(iter(owners.values()), None), faults


def _opening_faults(session: Session, setting: Setting, evidence: Sequence[Evidence]) -> list[str]:
    faults = []
    for each in evidence:
        if each.verdict != "upheld":
            faults.append(f"flag {each.flag_id} is {each.verdict or 'open'}; only upheld flags open a case")
        policy = setting.ruleset.policies.get(each.policy)
        if policy is not None and policy.effective is not None and each.at.date() < policy.effective:
            faults.append(
                f"flag {each.flag_id} is about a post of {each.at.date()}, before the policy "
                f"'{each.policy}' took effect ({policy.effective})"
            )
    taken = select(CaseEntry.ref, CaseEntry.case_id).where(
        CaseEntry.kind == Kind.FLAG.value, CaseEntry.ref.in_([each.flag_id for each in evidence])
    )
    faults += [f"flag {flag} belongs to case {case}" for flag, case in session.execute(taken)]
    return faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a person wants to record in a case."""

    kind: Kind
    value: str | None = None
    ref: int | None = None
    #: A bare day is read where the person is, in their favour: see `_instant`.
    on: datetime | date | None = None
    words: str | None = field(default=None, repr=False)


def act(  # noqa: PLR0913 - who does what, by which settings
    session: Session,
    case_id: int,
    deed: Deed,
    *,
    setting: Setting,
    reviewer: Reviewer,
    actor: Actor,
    seen: int | None = None,
    now: datetime,
) -> Recorded:
    """Record one deed in a case, or raise ComplianceError with every reason why not and who could.

    `seen` is the number of the last entry that the person looked at: if the case has moved on, ConflictError.
    Deeds are appended and never removed: a finding or gravity is replaced by a later one, a step by `withdrawn`,
    `rescinded` or an appeal.
    """
    row = find_case(session, case_id, reviewer, for_update=True)
    require(reviewer, STEPS[deed.kind].permission)
    case = open_up(session, row, setting, reviewer, now=now)
    if seen is not None and seen != len(case.entries):
        last = case.entries[-1]
        message = f"case {case_id} has moved on: entry {len(case.entries)} is '{last.kind}' by {last.actor!r}"
        raise ConflictError(message, hint=f"look again: `compliance case show {case_id}`.")
    draft = _draft(session, case, deed, setting, now=now)
    entry = _as_entry(draft, reviewer, actor, now)
    said = [*_word_faults(deed.words), *refusals(case.state, case.ladder, entry, case.facts, reason=deed.words)]
    if deed.kind is Kind.FLAG:
        said += _joining_faults(session, case, setting, deed.ref or 0, reviewer)
    if said:
        raise ComplianceError(
            f"case {case_id}: '{deed.kind}' was not recorded: " + "; ".join(said),
            hint=_hint(deed.kind),
        )
    stored = _append(session, row, draft, role=reviewer.role, actor=actor, now=now)
    _refresh(session, row)
    return _recorded(row, stored, _notes(case, draft, stored))


def _hint(kind: Kind) -> str:
    able = ", ".join(who_may(STEPS[kind].permission))
    return f"roles that may, once nothing stands in the way: {able}. `compliance case show CASE` shows where it stands."


def _word_faults(words: str | None) -> list[str]:
    if words is None:
        return []
    faults = []
    if len(words) > LONGEST:
        faults.append(f"the reason is longer than {LONGEST:,} characters")
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in words):
        faults.append("the reason holds a character that cannot be stored (NUL or half of a surrogate pair)")
    return faults


def _joining_faults(session: Session, case: Open, setting: Setting, flag_id: int, reviewer: Reviewer) -> list[str]:
    evidence = _evidence(session, [flag_id], reviewer)
    person, faults = _person_of(setting, evidence)
    if person is not None and person.id != case.row.person_id:
        faults.append(f"flag {flag_id} is about another person")
    return faults + _opening_faults(session, setting, evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """An entry before it has a number."""

    kind: Kind
    value: str | None = None
    ref: int | None = None
    on: datetime | None = None
    occasion: int | None = None
    digest: str | None = None
    words: str | None = field(default=None, repr=False)


def _draft(session: Session, case: Open, deed: Deed, setting: Setting, *, now: datetime) -> _Draft:
    """Fill in what the person does not say: the occasion of a flag, what an approval is bound to, the letter."""
    words = (deed.words or "").strip() or None
    draft = _Draft(kind=deed.kind, value=deed.value, ref=deed.ref, on=_instant(case, deed, now), words=words)
    action = case.state.actions.get(deed.ref or 0)
    if deed.kind is Kind.FLAG:
        return replace(draft, occasion=_occasion(session, case, deed.ref or 0))
    if deed.kind is Kind.PROPOSED:
        inside = (
            fits(case.ladder, case.facts.recommendation, str(deed.value)) if deed.value in case.ladder.rank else True
        )
        return replace(draft, ref=WITHIN if inside else OUTSIDE)
    if deed.kind is Kind.APPROVED and action is not None:
        return replace(draft, digest=digest_of(case, action, case.facts.recommendation))
    if deed.kind is Kind.ISSUED and action is not None:
        letter = letter_of(case, action, setting, now=now)
        return replace(draft, digest=letter.digest, words=letter.text)
    return draft


#: A bare day begins for these: from then on a hearing may be held, and an appeal is in time.
_FROM_MORNING: Final = frozenset({Kind.HEARING, Kind.POSTPONED, Kind.APPEALED})
#: These happened at some hour of the day; the latest that is possible is taken.
_PAST: Final = frozenset({Kind.HEARD, Kind.DELIVERED})


def _instant(case: Open, deed: Deed, now: datetime) -> datetime | None:
    """Return the instant of a bare day in the person's time zone; a deadline ends with its day."""
    if deed.on is None or isinstance(deed.on, datetime):
        return deed.on
    morning = datetime.combine(deed.on, time(), tzinfo=case.facts.zone)
    if deed.kind in _FROM_MORNING:
        return morning
    night = datetime.combine(deed.on + timedelta(days=1), time(), tzinfo=case.facts.zone) - timedelta(seconds=1)
    is_today = deed.on == local_day(now, case.facts.zone)
    return now if deed.kind in _PAST and is_today else night


def _occasion(session: Session, case: Open, flag_id: int) -> int:
    """Return the occasion that a flag joins, or the next number."""
    together = evidence_of(session, {**dict.fromkeys(case.state.flags, 1), flag_id: 1})
    grouped = group([_publication(each) for each in together])
    mine = {
        case.state.flags[flag]
        for flag, number in grouped.items()
        if flag in case.state.flags and number == grouped.get(flag_id)
    }
    return min(mine, default=max(case.state.flags.values(), default=0) + 1)


def _as_entry(draft: _Draft, reviewer: Reviewer, actor: Actor, now: datetime) -> Entry:
    return Entry(
        id=0,
        kind=draft.kind,
        actor=actor.id,
        role=reviewer.role,
        at=now,
        value=draft.value,
        ref=draft.ref,
        on=draft.on,
        occasion=draft.occasion,
        digest=draft.digest,
    )


def _append(
    session: Session, row: Case, draft: _Draft, *, role: str, actor: Actor, now: datetime
) -> tuple[CaseEntry, int]:
    last = session.scalar(select(func.max(CaseEntry.number)).where(CaseEntry.case_id == row.id)) or 0
    stored = CaseEntry(
        case_id=row.id,
        number=last + 1,
        kind=draft.kind.value,
        value=draft.value,
        ref=draft.ref,
        on=draft.on,
        occasion=draft.occasion,
        digest=draft.digest,
        words=draft.words,
        actor=actor.id,
        role=role,
        actor_proof=actor.proof,
        at=now,
    )
    session.add(stored)
    session.flush()
    entry = record(
        session,
        f"case:{draft.kind.value}",
        actor=actor,
        subject=f"case:{row.id}",
        reason=f"case-entry:{stored.id}",
        detail=audited(stored),
        now=now,
    )
    return stored, entry.seq


def audited(row: CaseEntry) -> dict[str, int | str | None]:
    """Return what the audit entry keeps of a case entry, so that a later change of the row shows; nobody's words."""
    return {
        "number": row.number,
        "kind": row.kind,
        "value": row.value,
        "ref": row.ref,
        "on": row.on.astimezone(UTC).isoformat() if row.on else None,
        "occasion": row.occasion,
        "digest": row.digest,
        "role": row.role,
    }


def _refresh(session: Session, row: Case) -> None:
    """Bring stage and lane of the row in line with the entries."""
    state = states_of(session, [row.id])[row.id]
    row.stage = state.stage
    row.lane = "counsel" if _PROTECTED in state.brakes else "hr"


def _recorded(row: Case, stored: tuple[CaseEntry, int], notes: Sequence[str]) -> Recorded:
    entry, seq = stored
    return Recorded(
        case_id=row.id,
        entry_id=entry.id,
        number=entry.number,
        kind=Kind(entry.kind),
        value=entry.value,
        audit_seq=seq,
        notes=tuple(notes),
    )


def _notes(case: Open, draft: _Draft, stored: tuple[CaseEntry, int]) -> list[str]:
    ladder, facts, entry = case.ladder, case.facts, stored[0]
    if draft.kind is Kind.PROPOSED:
        missing = ladder.needs(str(draft.value), facts.groups)
        outside = ["it lies outside the recommended band: a second person must approve"] if draft.ref == OUTSIDE else []
        return [f"this is action {entry.id}", *outside, f"before it is issued: {', '.join(missing) or 'nothing more'}"]
    if draft.kind is Kind.HEARING and draft.on is not None and ladder.spec.postpone_within is not None:
        until = working_days_after(local_day(draft.on, facts.zone), ladder.spec.postpone_within)
        return [
            f"a postponement that the person's companion needs may not be refused up to {until} (holidays not counted)"
        ]
    if draft.kind is Kind.APPEALED:
        return [f"this is appeal {entry.id}; nothing formal is issued to this person until it is decided"]
    if draft.kind is Kind.TRAINING:
        return [f"this is training {entry.id}; it is no step and never counts"]
    if draft.kind is Kind.DELIVERED and (action := case.state.actions.get(draft.ref or 0)) is not None:
        day = local_day(draft.on or entry.at, facts.zone)
        last = ladder.last_live_day(action.step, day)
        return [
            f"appeals may be filed until {ladder.spec.appeal_within.after(day)}",
            f"it counts until {last}" if last else "it leaves nothing that counts",
            *_duties(ladder, action.step, day, facts.groups),
        ]
    return []


def _duties(ladder: Ladder, step: str, day: date, groups: frozenset[str]) -> list[str]:
    return [
        f"'{duty.duty}' is due by {duty.within.after(day)} ({duty.source})"
        for duty in ladder.spec.duties
        if step in duty.steps and (not duty.groups or groups & set(duty.groups))
    ]


def suggested_gravity(evidence: Sequence[Evidence]) -> Gravity:
    """Return the gravity that the rules' severities pre-fill; a person sets it, with reasons."""
    worst = max((each.severity for each in evidence), default=int(Severity.LOW))
    return Gravity(min(max(worst, int(Gravity.LOW)), int(Gravity.CRITICAL)))


def list_cases(
    session: Session, *, reviewer: Reviewer, stage: str | None = None, person: str | None = None, limit: int = 50
) -> list[Line]:
    """Return cases that the reviewer's role may see, newest first; counsel cases only for counsel, nobody's own."""
    require(reviewer, "cases:read")
    query = select(Case).order_by(Case.id.desc()).limit(limit)
    if not may(reviewer, "counsel:read"):
        query = query.where(Case.lane != "counsel")
    if reviewer.person_id is not None:
        query = query.where(Case.person_id != reviewer.person_id)
    if stage is not None:
        query = query.where(Case.stage == stage) if stage != "open" else query.where(Case.stage != "closed")
    if person is not None:
        require(reviewer, "names:reveal")
        query = query.where(Case.person_id == person)
    rows = session.scalars(query).all()
    states = states_of(session, [row.id for row in rows])
    return [_line(row, states[row.id], reviewer) for row in rows]


def _line(row: Case, state: State, reviewer: Reviewer) -> Line:
    return Line(
        id=row.id,
        stage=row.stage,
        lane=row.lane,
        ladder=row.ladder,
        country=row.country,
        opened_at=row.opened_at,
        flags=len(state.flags),
        gravity=state.gravity.label if state.gravity else None,
        finding=state.finding,
        brakes=tuple(state.brakes),
        steps=tuple(f"{action.in_force} ({action.status})" for action in state.actions.values()),
        person=row.person_id if may(reviewer, "names:reveal") else None,
    )


def case_of_action(session: Session, entry_id: int, kind: Kind) -> int:
    """Return the case of an action or appeal by its number. Raises ComplianceError if there is none."""
    row = session.scalar(select(CaseEntry).where(CaseEntry.id == entry_id, CaseEntry.kind == kind.value))
    if row is None:
        what = "appeal" if kind is Kind.APPEALED else "action"
        message = f"there is no {what} {entry_id}"
        raise ComplianceError(message, hint="`compliance case show CASE` lists actions and appeals by their numbers.")
    return row.case_id


def stored_state(session: Session, case_id: int) -> State:
    """Return where a stored case stands."""
    rows = session.scalars(select(CaseEntry).where(CaseEntry.case_id == case_id).order_by(CaseEntry.number))
    return fold(entries_of(rows))


def open_flags_left(session: Session, case: Open) -> int:
    """Return how many flags on the same posts nobody has decided yet: they may be the same occasion."""
    posts = {each.post_id for each in case.evidence}
    return session.scalar(select(func.count(Flag.id)).where(Flag.post_id.in_(posts), Flag.status == "open")) or 0
