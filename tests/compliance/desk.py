"""A review desk for tests: posts, flags and decisions stored as a scan would, and people to work at it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from compliance.audit import Actor, record
from compliance.models import Flag, Observation, PostRow, PostVersion, Source
from rules.evaluation import Match, Severity

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
TEXT = "Can't wait for Bluefin to ship!"
SPAN = (15, 22)
NIGHTLY = Actor(id="nightly", proof="system")


@dataclass(frozen=True)
class Reviewer:
    id: str
    role: str
    person_id: str | None = None


@dataclass(frozen=True)
class Person:
    id: str


@dataclass(frozen=True)
class People:
    handles: Mapping[tuple[str | None, str | None], str] = field(default_factory=dict)

    def person_of(self, platform: str | None, handle: str | None) -> Person | None:
        found = self.handles.get((platform, handle))
        return None if found is None else Person(found)


@dataclass(frozen=True)
class Policy:
    id: str = "confidentiality"
    title: str = "Confidential information"
    clause: str | None = "Social media policy, section 4"


@dataclass(frozen=True)
class Rule:
    id: str = "confidentiality.codename"
    title: str = "Names an unreleased project in public"
    clause: str | None = None
    source: str | None = "Trade Secrets Directive (EU) 2016/943, art. 2"
    guidance: str | None = "Use the public name, or wait for the announcement."
    first_aid: str | None = "Ask the author to edit the post today; keep a copy of the first version."
    publish: str = "block"
    policy: Policy = Policy()


@dataclass(frozen=True)
class RuleSet:
    rules: Mapping[str, Rule] = field(default_factory=lambda: {Rule().id: Rule()})

    def rule(self, rule_id: str) -> Rule | None:
        return self.rules.get(rule_id)

    def message(self, rule_id: str, text: str, matches: Sequence[Match]) -> str:
        del rule_id
        return f"{text[matches[0].start : matches[0].end]} is the name of an unreleased project."


STAFF = {
    role: Reviewer(role, role)
    for role in (
        "reviewer",
        "security",
        "officer",
        "hr",
        "legal",
        "manager",
        "auditor",
        "principal",
        "privacy",
        "operator",
        "admin",
    )
}


@dataclass(frozen=True)
class Workspace:
    database: Engine
    ruleset: RuleSet = RuleSet()
    reviewers: Mapping[str, Reviewer] = field(default_factory=lambda: STAFF)
    people: People = People()

    @property
    def database_url(self) -> str:
        return self.database.url.render_as_string(hide_password=False)


def claimed(reviewer: Reviewer) -> Actor:
    return Actor(id=reviewer.id, proof="claimed")


def make_post(
    session: Session, external_id: str = "1", *, source: str = "feed", text: str = TEXT, **known: Any
) -> PostRow:
    row = session.scalar(select(Source).where(Source.name == source)) or Source(name=source)
    values = {
        "platform": "mastodon",
        "author": "@ana",
        "audience": "external",
        "kind": "post",
        "posted_at": NOW,
    } | known
    post = PostRow(source=row, external_id=external_id, first_seen_at=NOW, **values)
    session.add(post)
    session.flush()
    make_version(session, post, text, hours=(values["posted_at"] - NOW) // timedelta(hours=1), is_edited=False)
    return post


def make_version(
    session: Session, post: PostRow, text: str, *, hours: int = 0, is_deleted: bool = False, is_edited: bool = True
) -> PostVersion:
    at = NOW + timedelta(hours=hours)
    version = PostVersion(
        post_id=post.id,
        text=text,
        digest=hashlib.sha256(f"{hours}{is_deleted}{text}".encode("utf-8", "surrogatepass")).hexdigest(),
        at=at,
        edited_at=at if hours and is_edited and not is_deleted else None,
        deleted_at=at if is_deleted else None,
        seen_at=at,
        status="deleted" if is_deleted else "flagged",
        ruleset="r" * 64,
    )
    session.add(version)
    session.flush()
    session.expire(post, ["versions"])
    return version


def make_flag(  # noqa: PLR0913 - one keyword per thing that a test may vary
    session: Session,
    post: PostRow,
    *,
    rule: str = "confidentiality.codename",
    severity: Severity = Severity.HIGH,
    lane: str = "compliance",
    tags: Sequence[str] = (),
    spans: Sequence[tuple[int, int]] = (SPAN,),
    at: datetime = NOW,
    **match: Any,
) -> Flag:
    flag = Flag(
        post_id=post.id,
        rule=rule,
        policy=rule.partition(".")[0],
        severity=int(severity),
        route=lane,
        lane=lane,
        opened_version_id=post.versions[-1].id,
        opened_at=at,
        status="open",
        tags=list(tags),
    )
    session.add(flag)
    session.flush()
    observe(session, flag, post.versions[-1], spans=spans, **match)
    record(
        session, "flag:opened", actor=NIGHTLY, subject=f"flag:{flag.id}", version="v1", detail={"post": post.id}, now=at
    )
    return flag


def observe(
    session: Session, flag: Flag, version: PostVersion, *, spans: Sequence[tuple[int, int]] = (SPAN,), **match: Any
) -> None:
    values = {
        "part": "name",
        "detector": "terms",
        "kind": "codenames",
        "confidence": 0.95,
        "reason": "a listed name",
    } | match
    seen = Observation(
        flag_id=flag.id,
        version_id=version.id,
        rule_version="v1",
        ruleset="r" * 64,
        confidence=0.95 if spans else 0.0,
        matches=[values | {"start": start, "end": end} for start, end in spans],
        at=version.at,
    )
    session.add(seen)
    session.flush()
    session.expire(flag, ["observations"])
