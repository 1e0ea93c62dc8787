"""Which flags may open or join a case: upheld, of one known person, in no other case, and of no occasion that another case holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from compliance.casebook import TIED, Evidence, Open, Setting, evidence_of, may_see, states_of, zone_of
from compliance.discipline import local_day
from compliance.entry import Kind
from compliance.errors import ComplianceError
from compliance.models import Case, CaseEntry, Flag
from compliance.occasions import Publication, group
from compliance.people import Person
from compliance.permissions import Reviewer, require_lane

#: The brake that sets itself.
PROTECTED: Final = "protected-activity"
_MAX_ID: Final = 2**31 - 1
#: Key of the lock that lets one person at a time put flags into cases.
_LOCK: Final = 0x6361736573


def evidence_for(session: Session, flag_ids: Sequence[int], reviewer: Reviewer) -> tuple[Evidence, ...]:
    """Return the flags as evidence, and keep others from putting them, or flags of one act, into a case meanwhile.

    Raises ComplianceError for flags that are not there or that the reviewer may not open.
    """
    if not flag_ids:
        message = "no case was opened: no flag is given"
        raise ComplianceError(message, hint="`compliance case open FLAG…`")
    known = [flag for flag in flag_ids if 0 < flag <= _MAX_ID]
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    # Nobody revises what the case is about to rest on.
    session.execute(select(Flag.id).where(Flag.id.in_(known)).order_by(Flag.id).with_for_update())
    evidence = evidence_of(session, dict.fromkeys(known, 1))
    missing = sorted(set(flag_ids) - {each.flag_id for each in evidence})
    if missing:
        message = f"there is no flag {missing[0]}"
        raise ComplianceError(message, hint="`compliance queue --status decided` lists the decided ones.")
    for each in evidence:
        require_lane(reviewer, each.lane, flag_id=each.flag_id)
    return evidence


def person_of(setting: Setting, evidence: Sequence[Evidence]) -> tuple[Person | None, list[str]]:
    """Return whose flags these are, and what keeps them from being anybody's."""
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


def joining_faults(session: Session, case: Open, setting: Setting, flag_id: int, reviewer: Reviewer) -> list[str]:
    """Return why a flag may not join a case."""
    evidence = evidence_for(session, [flag_id], reviewer)
    person, faults = person_of(setting, evidence)
    if person is not None and person.id != case.row.person_id:
        return [*faults, f"flag {flag_id} is about another person"]
    faults += flag_faults(session, setting, evidence, person=person, reviewer=reviewer, now=case.facts.now)
    if person is not None:
        faults += occasion_faults(session, evidence, person=person, reviewer=reviewer, but=case.id)
    return faults


def flag_faults(
    session: Session,
    setting: Setting,
    evidence: Sequence[Evidence],
    *,
    person: Person | None,
    reviewer: Reviewer,
    now: datetime,
) -> Iterator[str]:
    """Yield what keeps single flags out of any case."""
    for each in evidence:
        if each.verdict != "upheld":
            yield f"flag {each.flag_id} is {each.verdict or 'open'}; only upheld flags open a case"
        if each.at > now:
            yield f"flag {each.flag_id} is about a post that bears a time to come ({each.at:%Y-%m-%d %H:%M} UTC)"
        policy = setting.ruleset.policies.get(each.policy)
        day = local_day(each.at, zone_of(person, setting.ladder_of(person.country if person else "")))
        if policy is not None and policy.effective is not None and day < policy.effective:
            yield (
                f"flag {each.flag_id} is about a post of {day}, before the policy "
                f"'{each.policy}' took effect ({policy.effective})"
            )
    query = select(CaseEntry.ref, Case).join(Case, Case.id == CaseEntry.case_id)
    mine = [each.flag_id for each in evidence]
    for flag, case in session.execute(query.where(CaseEntry.kind == Kind.FLAG.value, CaseEntry.ref.in_(mine))):
        yield f"flag {flag} belongs to {_called(case, reviewer)}"


def occasion_faults(
    session: Session, evidence: Sequence[Evidence], *, person: Person, reviewer: Reviewer, but: int | None = None
) -> Iterator[str]:
    """Yield which flags are part of an occasion that another case of the person holds: one act, one case, one step.

    What was found only after the person was told of that case may be another one.
    """
    rows = {row.id: row for row in session.scalars(select(Case).where(Case.person_id == person.id, Case.id != but))}
    states = states_of(session, list(rows))
    holder = {flag: case_id for case_id, state in states.items() for flag in state.flags}
    mine = {each.flag_id: each for each in evidence if each.flag_id not in holder}
    grouped = group([publication(each) for each in (*evidence_of(session, dict.fromkeys(holder, 1)), *mine.values())])
    for flag_id, each in mine.items():
        same = {case for flag, case in holder.items() if grouped.get(flag) == grouped[flag_id]}
        for case_id in sorted(same):
            told = states[case_id].told_at
            if told is not None and each.opened_at > told:
                continue
            where = _called(rows[case_id], reviewer)
            rest = "and was found before the person was told" if told else "and belongs there"
            yield f"flag {flag_id} is of one occasion with {where}, {rest}; an occasion counts once"


def _called(case: Case, reviewer: Reviewer) -> str:
    return f"case {case.id}" if may_see(case, reviewer) else "another case"


def is_protected(each: Evidence) -> bool:
    """Say whether a flag may be about protected activity."""
    return each.lane == "counsel" or any(tag.partition(".")[0] == PROTECTED for tag in each.tags)


def publication(each: Evidence) -> Publication:
    """Return what tells whether it is one act with others."""
    return Publication(
        flag_id=each.flag_id,
        post_id=each.post_id,
        source_id=each.source_id,
        at=each.at,
        thread=each.thread,
        text=each.text,
    )


def occasion_of(session: Session, case: Open, flag_id: int) -> int:
    """Return the occasion of a case that a flag joins, or the next number."""
    together = evidence_of(session, {**dict.fromkeys(case.state.flags, 1), flag_id: 1})
    grouped = group([publication(each) for each in together])
    mine = {
        case.state.flags[flag]
        for flag, number in grouped.items()
        if flag in case.state.flags and number == grouped.get(flag_id)
    }
    return min(mine, default=max(case.state.flags.values(), default=0) + 1)
