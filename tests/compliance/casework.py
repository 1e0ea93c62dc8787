"""A case room for tests: people, ladders, upheld flags, and a procedure that can be walked step by step."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy.orm import Session

from compliance import cases
from compliance.audit import Actor
from compliance.casebook import Setting
from compliance.entry import Kind
from compliance.ladder import SHIPPED, load_ladder
from compliance.people import People, Person
from compliance.review import Verdict, decide
from tests.compliance.desk import NOW, Reviewer, make_flag, make_post

LADDERS = {name: load_ladder(SHIPPED / f"{name}.yaml") for name in ("us",)}
STAFF = {
    name: Reviewer(name, role)
    for name, role in (
        ("olga", "officer"),
        ("otto", "officer"),
        ("hana", "hr"),
        ("hugo", "hr"),
        ("lena", "legal"),
        ("luis", "legal"),
        ("rita", "reviewer"),
        ("adam", "auditor"),
    )
}
STAFF["ana"] = Reviewer("ana", "hr", "p1")
STAFF["bea"] = Reviewer("bea", "hr", "p2")
PEOPLE = People(
    people={
        "p1": Person(
            id="p1",
            name="Ana Novak",
            country="US",
            timezone="America/New_York",
            handles={("mastodon", "ana"): "verified", ("x", "ana_n"): "declared", ("reddit", "a1"): "assumed"},
        ),
        "p2": Person(id="p2", country="US", manager_id="p1", handles={("mastodon", "bea"): "verified"}),
        "p3": Person(id="p3", country="US", groups=frozenset({"contractor"}), handles={("mastodon", "cy"): "verified"}),
        "p4": Person(id="p4", handles={("mastodon", "dee"): "verified"}),
    },
    is_known=True,
)
RULES = SimpleNamespace(rules={}, policies={}, rule=lambda _rule: None)
SETTING = Setting(organisation="Alderway", people=PEOPLE, ladders={"default": LADDERS["us"]}, ruleset=RULES)  # type: ignore[arg-type]
DAY = timedelta(days=1)


def actor(name: str) -> Actor:
    return Actor(id=name)


def upheld(
    session: Session,
    external_id: str = "1",
    *,
    by: str = "rita",
    at: datetime = NOW,
    lane: str = "compliance",
    tags: tuple[str, ...] = (),
    **known: Any,
) -> int:
    post = make_post(session, external_id, posted_at=at, **known)
    flag = make_flag(session, post, lane=lane, tags=tags, at=at)
    reviewer = STAFF["lena" if lane == "counsel" else by]
    decide(
        session,
        flag.id,
        Verdict.UPHELD,
        reason="It names the project.",
        people=PEOPLE,
        reviewer=reviewer,
        actor=actor(reviewer.id),
        now=at,
    )
    return flag.id


def opened(session: Session, *flags: int, by: str = "olga", now: datetime = NOW, **options: Any) -> int:
    found = cases.open_case(
        session,
        flags or [upheld(session)],
        reason="Again.",
        setting=SETTING,
        reviewer=STAFF[by],
        actor=actor(by),
        now=now,
        **options,
    )
    return found.case_id


def do(  # noqa: PLR0913 - one keyword per thing that a test may vary
    session: Session,
    case: int,
    kind: Kind,
    value: str | None = None,
    *,
    by: str = "olga",
    ref: int | None = None,
    on: Any = None,
    words: str | None = "Because.",
    now: datetime = NOW,
    seen: int | None = None,
    setting: Setting = SETTING,
) -> cases.Recorded:
    deed = cases.Deed(kind=kind, value=value, ref=ref, on=on, words=words)
    return cases.act(session, case, deed, setting=setting, reviewer=STAFF[by], actor=actor(by), seen=seen, now=now)


def heard(session: Session, case: int, *, now: datetime = NOW, gravity: str = "medium") -> datetime:
    """Walk to a substantiated finding; return the time then."""
    do(session, case, Kind.NOTICE, on=(now + 6 * DAY).date(), now=now)
    do(session, case, Kind.EVIDENCE, now=now)
    now += 7 * DAY
    do(session, case, Kind.HEARD, now=now)
    do(session, case, Kind.FINDING, "substantiated", now=now)
    do(session, case, Kind.GRAVITY, gravity, now=now)
    return now


def delivered(session: Session, case: int, step: str, *, now: datetime, by: str = "olga") -> int:
    """Propose, approve as needed, issue and deliver; return the action."""
    action = do(session, case, Kind.PROPOSED, step, now=now, by=by).entry_id
    for name in ("hana", "lena"):
        state = cases.stored_state(session, case)
        ladder = SETTING.ladders["default"]
        from compliance.refusals import required_roles

        wanted = required_roles(ladder, state.actions[action], frozenset())
        given = {approval.role for approval in state.actions[action].approvals}
        if STAFF[name].role in wanted or ("second" in wanted and not given):
            do(session, case, Kind.APPROVED, ref=action, by=name, now=now)
    do(session, case, Kind.ISSUED, ref=action, now=now)
    do(session, case, Kind.DELIVERED, ref=action, now=now)
    return action
