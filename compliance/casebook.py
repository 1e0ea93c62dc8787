"""Cases as they are stored: reading them, what is true around them, and the step a ladder recommends. Writes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.discipline import Act, Comparable, PriorStep, Recommendation, recommend_step
from compliance.entry import Entry, Kind
from compliance.errors import ComplianceError
from compliance.facts import Facts
from compliance.ladder import Gravity, Ladder
from compliance.letters import PHRASES, Letter, fill, say_day
from compliance.models import Case, CaseEntry, DecisionRow, Flag, PostRow, PostVersion
from compliance.people import People, Person
from compliance.permissions import Reviewer, may, require
from compliance.procedure import Action, State, fold
from compliance.safe import for_terminal
from rules.ruleset import RuleSet

_MAX_ID: Final = 2**31 - 1
#: Comparable cases that are looked at, newest first.
_COMPARED: Final = 50
#: The ties of a handle that may weigh on a person.
TIED: Final = frozenset({"declared", "verified"})
_CHUNK: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a case needs of the workspace."""

    organisation: str
    people: People = field(repr=False)
    #: Country (or `default`) -> ladder.
    ladders: Mapping[str, Ladder] = field(repr=False)
    ruleset: RuleSet = field(repr=False)
    #: Who may act here, by id: two ids of one person are one person.
    reviewers: Mapping[str, Reviewer] = field(default_factory=dict, repr=False)

    def aliases(self, reviewer: Reviewer) -> frozenset[str]:
        """Return every id of the person behind a reviewer, as far as compliance.yaml tells."""
        mine = reviewer.person_id
        return frozenset(each.id for each in self.reviewers.values() if mine is not None and each.person_id == mine)

    def ladder(self, name: str, country: str = "") -> Ladder:
        """Return a ladder by its name, as it is now. Raises ComplianceError where the workspace no longer has it."""
        for key in (country, "default", *self.ladders):
            if key in self.ladders and self.ladders[key].id == name:
                return self.ladders[key]
        message = f"the ladder '{name}' of this case is not in the workspace any more"
        raise ComplianceError(message, place="ladders in compliance.yaml", hint="put it back; cases keep their ladder")

    def ladder_of(self, country: str) -> Ladder:
        """Return the ladder of a country, else the default one."""
        return self.ladders.get(country) or self.ladders["default"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One flag of a case: what was published, when and where, and the decision that upholds it."""

    flag_id: int
    rule: str
    policy: str
    severity: int
    occasion: int
    #: First publication of the offending version.
    at: datetime
    platform: str | None
    channel: str | None = field(repr=False)
    handle: str | None = field(repr=False)
    #: The verdict that stands; None while the flag is open.
    verdict: str | None
    decision_id: int | None
    #: Who made that decision.
    decided_by: str | None
    opened_at: datetime
    tags: tuple[str, ...] = field(repr=False)
    lane: str
    post_id: int
    source_id: int
    thread: str | None = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A case in hand: its row, its entries folded, and everything its next entry is weighed with."""

    row: Case = field(repr=False)
    entries: tuple[Entry, ...]
    state: State
    ladder: Ladder = field(repr=False)
    person: Person | None = field(repr=False)
    evidence: tuple[Evidence, ...] = field(repr=False)
    history: tuple[PriorStep, ...]
    facts: Facts = field(repr=False)
    words: Mapping[int, str] = field(repr=False)
    #: person_id, only for roles that may see who it is.
    shown_person: str | None = field(repr=False)

    @property
    def id(self) -> int:
        """Its number."""
        return self.row.id


def find_case(session: Session, case_id: int, reviewer: Reviewer, *, for_update: bool = False) -> Case:
    """Return the row of a case that the reviewer's role may see; a hidden one looks like a missing one. Raises ComplianceError."""
    require(reviewer, "cases:read")
    query = select(Case).where(Case.id == case_id)
    row = session.scalar(query.with_for_update() if for_update else query) if 0 < case_id <= _MAX_ID else None
    if row is None or not may_see(row, reviewer):
        message = f"there is no case {case_id}"
        raise ComplianceError(message, hint="`compliance case list` shows those there are.")
    return row


def may_see(row: Case, reviewer: Reviewer) -> bool:
    """Say whether a reader may know of a case: counsel cases are counsel's, and nobody reads their own here."""
    if row.lane == "counsel" and not may(reviewer, "counsel:read"):
        return False
    return reviewer.person_id is None or reviewer.person_id != row.person_id


def entries_of(rows: Iterable[CaseEntry]) -> tuple[Entry, ...]:
    """Return stored entries as the procedure reads them, in order."""
    return tuple(
        Entry(
            id=row.id,
            kind=Kind(row.kind),
            actor=row.actor,
            role=row.role,
            at=row.at,
            value=row.value,
            ref=row.ref,
            on=row.on,
            occasion=row.occasion,
            digest=row.digest,
        )
        for row in rows
    )


def open_up(session: Session, row: Case, setting: Setting, reviewer: Reviewer, *, now: datetime) -> Open:
    """Return a case with everything around it."""
    rows = list(session.scalars(select(CaseEntry).where(CaseEntry.case_id == row.id).order_by(CaseEntry.number)))
    entries = entries_of(rows)
    state = fold(entries)
    ladder = setting.ladder(row.ladder, row.country)
    person = setting.people.get(row.person_id)
    evidence = evidence_of(session, state.flags)
    history, appeals = history_of(session, row, reviewer)
    zone = zone_of(person, ladder)
    case = Open(
        row=row,
        entries=entries,
        state=state,
        ladder=ladder,
        person=person,
        evidence=evidence,
        history=history,
        facts=Facts(now=now, zone=zone),
        words={each.id: each.words for each in rows if each.words},
        shown_person=row.person_id if may(reviewer, "names:reveal") else None,
    )
    return _with_facts(session, case, setting, reviewer, appeals, now)


def _with_facts(
    session: Session, case: Open, setting: Setting, reviewer: Reviewer, appeals: Mapping[int, str], now: datetime
) -> Open:
    answer = recommend(session, case, now=now)
    appeals = {**appeals, **{each.id: f"appeal {each.id}" for each in case.state.open_appeals}}
    facts = Facts(
        now=now,
        zone=case.facts.zone,
        groups=case.person.groups if case.person else frozenset(),
        unsettled=tuple(each.flag_id for each in case.evidence if each.verdict != "upheld"),
        untied=tuple(each.flag_id for each in case.evidence if not _is_tied(setting.people, case.row.person_id, each)),
        open_appeals=tuple(appeals.values()),
        newest_appeal=max(appeals, default=0),
        recommendation=answer,
        digests={action: digest_of(case, each, answer) for action, each in case.state.actions.items()},
        conflict=conflict(case.row.person_id, setting.people, reviewer),
        aliases=setting.aliases(reviewer),
        upheld_by=frozenset(each.decided_by for each in case.evidence if each.decided_by and each.verdict == "upheld"),
    )
    case = replace(case, facts=facts)
    unfilled = {
        action: letter_of(case, each, setting, now=now).unfilled
        for action, each in case.state.actions.items()
        if each.status == "proposed"
    }
    return replace(case, facts=replace(facts, unfilled=unfilled))


def zone_of(person: Person | None, ladder: Ladder) -> tzinfo:
    """Return the person's time zone, else the ladder's."""
    return ZoneInfo(person.timezone) if person is not None and person.timezone else ladder.zone


def conflict(person_id: str, people: People, reviewer: Reviewer) -> str | None:
    """Return why the reviewer may not act on a case of this person, None if they may."""
    if reviewer.person_id is None:
        return None
    if reviewer.person_id == person_id:
        return f"{reviewer.id!r} is the person concerned"
    seen: set[str] = set()
    me = people.get(reviewer.person_id)
    while me is not None and me.id not in seen:
        if me.manager_id == person_id:
            return f"{reviewer.id!r} reports to the person concerned"
        seen.add(me.id)
        me = people.get(me.manager_id)
    return None


def _is_tied(people: People, person_id: str, each: Evidence) -> bool:
    owner = people.person_of(each.platform, each.handle)
    return owner is not None and owner.id == person_id and people.tie_of(each.platform, each.handle) in TIED


def evidence_of(session: Session, flags: Mapping[int, int]) -> tuple[Evidence, ...]:
    """Return the flags with what stands behind them, by time."""
    found: list[Evidence] = []
    ids = sorted(flags)
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        earliest = (
            select(PostVersion.id)
            .where(PostVersion.post_id == PostRow.id)
            .order_by(PostVersion.at, PostVersion.id)
            .limit(1)
            .correlate(PostRow)
            .scalar_subquery()
        )
        query = (
            select(Flag, PostRow, PostVersion, earliest)
            .join(PostRow, PostRow.id == Flag.post_id)
            .join(PostVersion, PostVersion.id == Flag.opened_version_id)
            .where(Flag.id.in_(chunk))
        )
        final = select(DecisionRow).where(DecisionRow.flag_id.in_(chunk), DecisionRow.verdict != "escalated")
        last = {row.flag_id: row for row in session.scalars(final.order_by(DecisionRow.round))}
        for flag, post, version, first in session.execute(query):
            decision = last.get(flag.id)
            found.append(
                Evidence(
                    flag_id=flag.id,
                    rule=flag.rule,
                    policy=flag.policy,
                    severity=flag.severity,
                    occasion=flags[flag.id],
                    at=_published(post, version, is_first=version.id == first),
                    platform=post.platform,
                    channel=post.channel,
                    handle=post.author,
                    verdict=decision.verdict if decision else None,
                    decision_id=decision.id if decision else None,
                    decided_by=decision.actor if decision else None,
                    opened_at=flag.opened_at,
                    tags=tuple(flag.tags),
                    lane=flag.lane,
                    post_id=post.id,
                    source_id=post.source_id,
                    thread=post.thread,
                    text=version.text,
                )
            )
    return tuple(sorted(found, key=lambda each: (each.at, each.flag_id)))


def _published(post: PostRow, version: PostVersion, *, is_first: bool) -> datetime:
    """Return when a version was published; where its edit has no time, a first version is as old as its post."""
    return version.edited_at or (post.posted_at if is_first else None) or version.at


def history_of(session: Session, row: Case, reviewer: Reviewer) -> tuple[tuple[PriorStep, ...], dict[int, str]]:
    """Return the steps this person received in other cases, and the appeals there that nobody decided, by number.

    All of them count, whoever looks; a case that the reviewer may not know of is not named.
    """
    others = session.scalars(
        select(Case).where(Case.person_id == row.person_id, Case.id != row.id).order_by(Case.id)
    ).all()
    states = states_of(session, [other.id for other in others])
    policies = policies_of(session, states)
    steps: list[PriorStep] = []
    appeals: dict[int, str] = {}
    places = {other.id: f"case {other.id}" if may_see(other, reviewer) else "another case" for other in others}
    for case_id, state in states.items():
        contested = {appeal.action for appeal in state.open_appeals}
        is_named = places[case_id] != "another case"
        for appeal in state.open_appeals:
            appeals[appeal.id] = f"appeal {appeal.id} ({places[case_id]})" if is_named else "an appeal in another case"
        steps += [
            PriorStep(
                step=action.step,
                delivered=action.delivered_at,
                issued=action.issued_at,
                policies=policies.get(case_id, frozenset()),
                is_overturned=action.status == "overturned",
                reduced_to=action.reduced_to,
                has_open_appeal=action.id in contested,
                place=places[case_id],
                key=f"case {case_id}",
            )
            for action in state.actions.values()
            if action.delivered_at is not None
        ]
    return tuple(steps), appeals


def states_of(session: Session, cases: Sequence[int]) -> dict[int, State]:
    """Return where each of these cases stands, in their order."""
    rows: dict[int, list[CaseEntry]] = {case_id: [] for case_id in cases}
    for start in range(0, len(cases), _CHUNK):
        query = select(CaseEntry).where(CaseEntry.case_id.in_(cases[start : start + _CHUNK]))
        for row in session.scalars(query.order_by(CaseEntry.case_id, CaseEntry.number)):
            rows[row.case_id].append(row)
    return {case_id: fold(entries_of(found)) for case_id, found in rows.items()}


def policies_of(session: Session, states: Mapping[int, State]) -> dict[int, frozenset[str]]:
    """Return the policies behind each case."""
    flags = sorted({flag for state in states.values() for flag in state.flags})
    policy: dict[int, str] = {}
    for start in range(0, len(flags), _CHUNK):
        query = select(Flag.id, Flag.policy).where(Flag.id.in_(flags[start : start + _CHUNK]))
        policy |= {row.id: row.policy for row in session.execute(query)}
    return {
        case_id: frozenset(policy[flag] for flag in state.flags if flag in policy) for case_id, state in states.items()
    }


def recommend(session: Session, case: Open, *, now: datetime) -> Recommendation | None:
    """Return what the ladder answers to this case; None while the gravity is not set or no flag stands.

    Of several occasions the one with the strictest answer speaks: each is weighed with the steps in hand on its day.
    """
    state, ladder = case.state, case.ladder
    if state.gravity is None or not case.evidence:
        return None
    zone = case.facts.zone
    today = now.astimezone(zone).date()
    comparable = comparable_to(session, case, state.gravity)
    answers = []
    for occasion in sorted({each.occasion for each in case.evidence}):
        mine = [each for each in case.evidence if each.occasion == occasion]
        act = Act(
            gravity=state.gravity,
            at=min(each.at for each in mine),
            policies=frozenset(each.policy for each in mine),
            groups=case.person.groups if case.person else frozenset(),
            is_unaware=state.is_unaware,
            is_gross=state.is_gross,
        )
        answers.append(recommend_step(ladder, case.history, act, today, zone=zone, comparable=comparable))
    return max(answers, key=lambda answer: _weight(ladder, answer))


def _weight(ladder: Ladder, answer: Recommendation) -> tuple[int, int]:
    return (ladder.rank[answer.band.low], ladder.rank[answer.band.high]) if answer.band else (-1, -1)


def comparable_to(session: Session, case: Open, gravity: Gravity) -> tuple[Comparable, ...]:
    """Return what other people received for acts of the same policies and gravity on this ladder, newest cases first."""
    policies = {each.policy for each in case.evidence}
    query = (
        select(Case.id)
        .join(CaseEntry, CaseEntry.case_id == Case.id)
        .join(Flag, Flag.id == CaseEntry.ref)
        .where(
            CaseEntry.kind == Kind.FLAG.value,
            Flag.policy.in_(policies),
            Case.ladder == case.row.ladder,
            Case.person_id != case.row.person_id,
            Case.lane != "counsel",
        )
        .distinct()
        .order_by(Case.id.desc())
        .limit(_COMPARED)
    )
    states = states_of(session, list(session.scalars(query)))
    return tuple(
        Comparable(step=action.in_force, case=f"case {case_id}")
        for case_id, state in states.items()
        if state.gravity is gravity
        for action in state.actions.values()
        if action.status == "delivered"
    )


def digest_of(case: Open, action: Action, answer: Recommendation | None) -> str:
    """Return what an approval of this action is bound to: SHA-256 over the step and all it rests on, hex.

    A new finding or gravity, another decision about a flag, a prior step overturned or lapsed, another ladder: each
    makes another digest, and approvals of the old one are void.
    """
    state = case.state
    content: dict[str, Any] = {
        "case": str(case.id),
        "action": str(action.id),
        "step": action.step,
        "outside": action.is_outside_band,
        "ladder": case.ladder.version,
        "finding": str(state.finding_entry),
        "gravity": str(state.gravity_entry),
        "unaware": state.is_unaware,
        "gross": sorted(state.gross),
        "released": sorted(state.released),
        "flags": [[str(each.flag_id), str(each.decision_id), str(each.verdict)] for each in case.evidence],
        "weighed": sorted(
            [each.prior.key, each.prior.in_force, str(each.prior.delivered), str(each.counts)]
            for each in (answer.weighed if answer else ())
        ),
        "answer": answer.answer if answer else "",
        "band": str(answer.band) if answer and answer.band else "",
    }
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def letter_of(case: Open, action: Action, setting: Setting, *, now: datetime) -> Letter:
    """Return the letter of an action as it would be issued now; what nothing fills is named."""
    return fill(_template(case, action), _values(case, action, setting, now))


def _template(case: Open, action: Action) -> str:
    letter = case.ladder.spec.letter
    if action.status == "overturned":
        return letter.rescission
    return letter.formal if case.ladder.is_formal(action.step) else letter.informal


def _values(case: Open, action: Action, setting: Setting, now: datetime) -> dict[str, str]:
    ladder, state, zone = case.ladder, case.state, case.facts.zone
    phrases = PHRASES[ladder.spec.letter.language]
    today = now.astimezone(zone).date()
    last = ladder.last_live_day(action.in_force, today)
    rules = {each.rule: setting.ruleset.rule(each.rule) for each in case.evidence}
    clauses = dict.fromkeys(rule.clause or rule.policy.clause for rule in rules.values() if rule is not None)
    times = (each.at.astimezone(zone) for each in case.evidence)
    no_finding = "" if ladder.is_formal(action.step) else phrases["no-finding"]
    return {
        "organisation": setting.organisation,
        "person": (case.person.name if case.person else "") or case.row.person_id,
        "date": say_day(today, phrases),
        "step": ladder.title(action.step),
        "act": "; ".join(dict.fromkeys(rule.title if rule else rule_id for rule_id, rule in rules.items())),
        "time": "; ".join(dict.fromkeys(f"{say_day(at, phrases)}, {at:%H:%M %Z}" for at in times)),
        "place": "; ".join(dict.fromkeys(_place(each, phrases) for each in case.evidence)),
        "clause": "; ".join(clause for clause in clauses if clause) or phrases["clause"],
        "finding": phrases.get(state.finding or "", no_finding),
        "heard": _heard(state, zone, phrases),
        "consequence": ladder.spec.consequence.strip(),
        "lapses": say_day(last, phrases) if last else phrases["never"],
        "appeal_by": say_day(ladder.spec.appeal_within.after(today), phrases),
        "appeal_how": phrases["appeal-how"],
        "delivered": say_day(action.delivered_at.astimezone(zone), phrases) if action.delivered_at else "",
        **_recorded(case, phrases),
    }


def _place(each: Evidence, phrases: Mapping[str, str]) -> str:
    # A channel's name is a stranger's text: one line, nothing that hides or turns around.
    channel = f"({for_terminal(each.channel, single_line=True)})" if each.channel else ""
    return " ".join(filter(None, [each.platform or phrases["place"], channel]))


def _heard(state: State, zone: tzinfo, phrases: Mapping[str, str]) -> str:
    if state.heard_at is not None:
        return phrases["heard"].format(day=say_day(state.heard_at.astimezone(zone), phrases))
    return phrases.get(state.declined or "", "")


#: Placeholders that name a fact somebody records, where its own name would read badly.
_ALIASES: Final = {"agreement-id": "agreement", "companion-offered": "companion"}


def _recorded(case: Open, phrases: Mapping[str, str]) -> dict[str, str]:
    """Return what was recorded for the ladder's own needs; a need that is not this person's reads as such."""
    ladder, groups = case.ladder, case.person.groups if case.person else frozenset[str]()
    wanted = {need for step in ladder.spec.steps for need in ladder.needs(step, groups)}
    known = wanted | {need for needs in ladder.spec.group_needs.values() for need in needs}
    words = {
        entry.value: case.words.get(entry.id, phrases["recorded"]) for entry in case.entries if entry.kind is Kind.NEED
    }
    return {
        _ALIASES.get(need, need.replace("-", "_")): words.get(need, "" if need in wanted else phrases["not-applicable"])
        for need in known
    }
