"""Acting on a case: each act is weighed, appended and audited in the caller's transaction. Nothing here is automatic."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from compliance.audit import Actor, commitment, record
from compliance.casebook import (
    Evidence,
    Open,
    Setting,
    conflict,
    digest_of,
    entries_of,
    evidence_of,
    find_case,
    letter_of,
    may_see,
    open_up,
    states_of,
)
from compliance.discipline import local_day
from compliance.entry import Entry, Kind
from compliance.errors import ComplianceError, ConflictError
from compliance.hearing import working_days_after
from compliance.joining import (
    PROTECTED,
    evidence_for,
    flag_faults,
    is_protected,
    joining_faults,
    occasion_faults,
    occasion_of,
    person_of,
    publication,
)
from compliance.ladder import Gravity, Ladder
from compliance.models import Case, CaseEntry
from compliance.occasions import group
from compliance.permissions import Reviewer, may, require, who_may
from compliance.procedure import OUTSIDE, WITHIN, State, fold
from compliance.refusals import STEPS, fits, refusals
from rules.evaluation import Severity

#: What `list_cases` takes: where a case stands, or `open` for all that are not closed.
STAGES: Final = (
    *("open", "opened", "noticed", "shared", "heard", "found", "proposed", "issued", "delivered", "appeal", "closed"),
)
#: Longest words of one entry, in code points.
LONGEST: Final = 20_000
_LONGEST_VALUE: Final = 120
_MAX_ID: Final = 2**31 - 1
#: Days outside are slips of the keyboard, and calendars end somewhere.
_YEARS: Final = range(1990, 2200)
_COUNTRY: Final = re.compile("[A-Z]{2}")


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
    evidence = evidence_for(session, flag_ids, reviewer)
    person, faults = person_of(setting, evidence)
    faults += flag_faults(session, setting, evidence, person=person, reviewer=reviewer, now=now)
    faults += _word_faults(reason)
    if not (reason or "").strip():
        faults.append("a case needs a reason: why this is more than a remedy or a word")
    if person is not None and (said := conflict(person.id, setting.people, reviewer)):
        faults.append(said)
    where = (country or (person.country if person else "")).upper()
    if person is not None and not where:
        faults.append("nobody knows where the person works (people.csv has no country); give --country")
    elif where and not _COUNTRY.fullmatch(where):
        faults.append(f"'{where}' is no ISO 3166-1 alpha-2 code, such as GB")
    if person is not None:
        faults += occasion_faults(session, evidence, person=person, reviewer=reviewer)
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
        nonce=secrets.token_hex(16),
    )
    session.add(row)
    session.flush()
    record(session, "case:opened", actor=actor, subject=f"case:{row.id}", detail={"row": row_commitment(row)}, now=now)
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
    occasions = group([publication(each) for each in evidence])
    last = None
    for each in evidence:
        entry = _Draft(
            kind=Kind.FLAG, ref=each.flag_id, occasion=occasions[each.flag_id], words=reason if last is None else None
        )
        last = _append(session, row, entry, role=reviewer.role, actor=actor, now=now)
    notes: list[str] = [f"{len(set(occasions.values()))} occasion(s): {_spelled(occasions)}"]
    if any(is_protected(each) for each in evidence):
        last = _append(session, row, _PROTECT, role=reviewer.role, actor=actor, now=now)
        row.lane = "counsel"
        notes.append(_PROTECTED_NOW)
    if last is None:
        message = "no case was opened: no flag is given"
        raise ComplianceError(message, hint="`compliance case open FLAG…`")
    return _recorded(row, last, notes)


def _spelled(occasions: Mapping[int, int]) -> str:
    by: dict[int, list[str]] = {}
    for flag, number in occasions.items():
        by.setdefault(number, []).append(str(flag))
    return "; ".join(f"{number}: flag {', '.join(flags)}" for number, flags in sorted(by.items()))


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
    if said := _deed_faults(deed):
        raise ComplianceError(f"case {case_id}: '{deed.kind}' was not recorded: " + "; ".join(said))
    case = open_up(session, row, setting, reviewer, now=now)
    if seen is not None and seen != len(case.entries):
        last = case.entries[-1]
        message = f"case {case_id} has moved on: entry {len(case.entries)} is '{last.kind}' by {last.actor!r}"
        raise ConflictError(message, hint=f"look again: `compliance case show {case_id}`.")
    draft = _draft(session, case, deed, setting, now=now)
    entry = _as_entry(draft, reviewer, actor, now)
    said = refusals(case.state, case.ladder, entry, case.facts, reason=draft.said)
    if deed.kind is Kind.FLAG:
        said += joining_faults(session, case, setting, deed.ref or 0, reviewer)
    if said:
        raise ComplianceError(
            f"case {case_id}: '{deed.kind}' was not recorded: " + "; ".join(said),
            hint=_hint(deed.kind),
        )
    stored = _append(session, row, draft, role=reviewer.role, actor=actor, now=now)
    notes = _notes(case, draft, stored)
    if deed.kind is Kind.FLAG and _sets_brake(session, case, deed.ref or 0):
        _append(session, row, _PROTECT, role=reviewer.role, actor=actor, now=now)
        notes.append(_PROTECTED_NOW)
    _refresh(session, row)
    return _recorded(row, stored, notes)


def _sets_brake(session: Session, case: Open, flag_id: int) -> bool:
    return PROTECTED not in case.state.brakes and any(is_protected(each) for each in evidence_of(session, {flag_id: 1}))


def _hint(kind: Kind) -> str:
    able = ", ".join(who_may(STEPS[kind].permission))
    return f"roles that may, once nothing stands in the way: {able}. `compliance case show CASE` shows where it stands."


def _deed_faults(deed: Deed) -> list[str]:
    """Return what no database holds and no calendar knows, whatever the case."""
    faults = [*_word_faults(deed.words), *_word_faults(deed.value, what="the word", longest=_LONGEST_VALUE)]
    if deed.ref is not None and not 0 <= deed.ref <= _MAX_ID:
        faults.append(f"there is nothing with the number {deed.ref}")
    if deed.on is not None and deed.on.year not in _YEARS:
        faults.append(f"the day is not between the years {_YEARS[0]} and {_YEARS[-1]}")
    return faults


def _word_faults(words: str | None, *, what: str = "the reason", longest: int = LONGEST) -> list[str]:
    if words is None:
        return []
    faults = []
    if len(words) > longest:
        faults.append(f"{what} is longer than {longest:,} characters")
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in words):
        faults.append(f"{what} holds a character that cannot be stored (NUL or half of a surrogate pair)")
    return faults


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
    #: What the person wrote, where `words` is a letter.
    said: str | None = field(default=None, repr=False)


_PROTECT: Final = _Draft(kind=Kind.BRAKE, value=PROTECTED, words="A post of this case may be protected activity.")
_PROTECTED_NOW: Final = "the brake 'protected-activity' is on: counsel's, until a second person releases it"


def _draft(session: Session, case: Open, deed: Deed, setting: Setting, *, now: datetime) -> _Draft:
    """Fill in what the person does not say: the occasion of a flag, what an approval is bound to, the letter."""
    words = (deed.words or "").strip() or None
    draft = _Draft(
        kind=deed.kind, value=deed.value, ref=deed.ref, on=_instant(case, deed, now), words=words, said=words
    )
    action = case.state.actions.get(deed.ref or 0)
    if deed.kind is Kind.FLAG:
        return replace(draft, occasion=occasion_of(session, case, deed.ref or 0))
    if deed.kind is Kind.PROPOSED:
        inside = (
            fits(case.ladder, case.facts.recommendation, str(deed.value)) if deed.value in case.ladder.rank else True
        )
        return replace(draft, ref=WITHIN if inside else OUTSIDE)
    if deed.kind is Kind.HOLD_OVERRIDE:
        return replace(draft, ref=case.facts.newest_appeal)
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
        nonce=secrets.token_hex(16) if draft.words else None,
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


def row_commitment(row: Case) -> str:
    """Return what the trail keeps of whom a case is about, where they work and which ladder holds; nothing readable."""
    opened = row.opened_at.astimezone(UTC).isoformat(timespec="microseconds")
    return commitment(row.nonce, row.person_id, row.country, row.ladder, row.ladder_version, opened, row.opened_by)


def audited(row: CaseEntry) -> dict[str, int | str | None]:
    """Return what the audit entry keeps of a case entry, so that a later change of the row shows.

    Of people's words it keeps a commitment, which says nothing without the nonce beside them.
    """
    return {
        "number": row.number,
        "kind": row.kind,
        "value": row.value,
        "ref": row.ref,
        "on": row.on.astimezone(UTC).isoformat() if row.on else None,
        "occasion": row.occasion,
        "digest": row.digest,
        "words": commitment(row.nonce, row.words) if row.nonce else None,
        "role": row.role,
    }


def _refresh(session: Session, row: Case) -> None:
    """Bring stage and lane of the row in line with the entries."""
    state = states_of(session, [row.id])[row.id]
    row.stage = state.stage
    row.lane = "counsel" if PROTECTED in state.brakes else "hr"


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
        last = ladder.last_live_day(action.step, local_day(action.issued_at or entry.at, facts.zone))
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
    if stage is not None and stage not in STAGES:
        message = f"there is no stage '{stage}'"
        raise ComplianceError(message, hint=f"one of: {', '.join(STAGES)}.")
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


def case_of_action(session: Session, entry_id: int, kind: Kind, reviewer: Reviewer) -> int:
    """Return the case of an action or appeal by its number. Raises ComplianceError if there is none for this reviewer."""
    require(reviewer, "cases:read")
    query = select(Case).join(CaseEntry, CaseEntry.case_id == Case.id)
    query = query.where(CaseEntry.id == entry_id, CaseEntry.kind == kind.value)
    row = session.scalar(query) if 0 < entry_id <= _MAX_ID else None
    if row is None or not may_see(row, reviewer):
        what = "appeal" if kind is Kind.APPEALED else "action"
        message = f"there is no {what} {entry_id}"
        raise ComplianceError(message, hint="`compliance case show CASE` lists actions and appeals by their numbers.")
    return row.id


def stored_state(session: Session, case_id: int) -> State:
    """Return where a stored case stands."""
    rows = session.scalars(select(CaseEntry).where(CaseEntry.case_id == case_id).order_by(CaseEntry.number))
    return fold(entries_of(rows))
