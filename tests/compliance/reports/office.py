"""A small office for tests of the report: posts of several accounts, flags and decisions at given times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from compliance.db import reading
from compliance.models import Flag, Observation, PostRow, Scan
from compliance.reports.period import period_of
from compliance.reports.report import Report, report
from compliance.review import Verdict, decide
from tests.compliance.desk import STAFF, People, RuleSet, claimed, make_flag, make_post

#: A Wednesday noon; its week starts on 2 March.
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = timedelta(weeks=1)
RULE = "confidentiality.codename"
_numbers = count(1)


def add_posts(
    session: Session, number: int, *, at: datetime, accounts: int = 5, source: str = "feed", **known: Any
) -> list[PostRow]:
    """Add posts first seen at a time, by so many accounts in turn."""
    posts = []
    for index in range(number):
        author = {"author": f"@a{index % accounts}"} if accounts else {"author": None}
        post = make_post(session, f"p{next(_numbers)}", source=source, **author | known)
        post.first_seen_at = at
        posts.append(post)
    session.flush()
    return posts


def add_flags(session: Session, posts: list[PostRow], *, at: datetime, **known: Any) -> list[Flag]:
    """Add one open flag on each post."""
    return [make_flag(session, post, at=at, **known) for post in posts]


def rule_on(
    session: Session, flags: list[Flag], verdict: str, *, at: datetime, who: str = "legal", **ruling: Any
) -> None:
    """Decide each flag."""
    code = {"cleared": "quoted", "false_positive": "wrong-sense", "out_of_scope": "private"}.get(verdict)
    for flag in flags:
        decide(
            session,
            flag.id,
            Verdict(verdict),
            **{"code": code, "reason": "a reason of Tuesday", "people": People(), "now": at} | ruling,
            reviewer=STAFF[who],
            actor=claimed(STAFF[who]),
        )


def look_again(session: Session, flag: Flag, *, rule_version: str, at: datetime) -> None:
    """Let a changed rule look at the version that a flag opened on."""
    seen = {"confidence": 0.9, "matches": [], "ruleset": "r2", "rule_version": rule_version, "at": at}
    session.add(Observation(flag_id=flag.id, version_id=flag.opened_version_id, **seen))
    session.flush()


def add_scan(session: Session, *, at: datetime, status: str = "done", ruleset: str = "r1", **counts: Any) -> None:
    """Add a scan of the sources given as keywords."""
    finished = None if status == "running" else at + timedelta(minutes=5)
    session.add(Scan(actor="scan", started_at=at, finished_at=finished, status=status, ruleset=ruleset, counts=counts))
    session.flush()


def report_on(database: Engine, *, who: str = "officer", now: datetime = NOW, **asked: Any) -> Report:
    """Return the report that somebody reads."""
    known = {name: asked.pop(name) for name in ("sources", "organisation", "ruleset") if name in asked}
    with reading(database) as session:
        return report(
            session,
            period_of(now=now, **asked),
            reviewer=STAFF[who],
            now=now,
            **{"ruleset": RuleSet(), "sources": ["feed"], "organisation": "Alderway"} | known,
        )
