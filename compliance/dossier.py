"""Everything about one flag, as the reader's role may see it: what was written, what was seen, what people decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol, TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from compliance.audit import Actor, record
from compliance.errors import ComplianceError
from compliance.first_aid import first_aid_only
from compliance.listing import Withheld, is_author, pseudonyms, sealed_posts, visible_lanes, withheld
from compliance.models import DecisionRow, Flag, Observation, PostRow, PostVersion, Remedy
from compliance.permissions import People, Reviewer, Sight, may, no_flag, require, require_not_own, sees
from rules.evaluation import Match, Severity

_Columns = TypeVarTuple("_Columns")

#: Other flags that are listed by id; beyond that they are only counted.
LISTED: Final = 10
_MAX_ID: Final = 2**31 - 1


class Policy(Protocol):
    """The written norm, as far as a reviewer reads it."""

    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def clause(self) -> str | None: ...  # noqa: D102


class Rule(Protocol):
    """A rule, as far as a reviewer reads it."""

    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def clause(self) -> str | None: ...  # noqa: D102
    @property
    def source(self) -> str | None: ...  # noqa: D102
    @property
    def guidance(self) -> str | None: ...  # noqa: D102
    @property
    def first_aid(self) -> str | None: ...  # noqa: D102
    @property
    def publish(self) -> str: ...  # noqa: D102
    @property
    def policy(self) -> Policy: ...  # noqa: D102


class RuleSet(Protocol):
    """Where rules are looked up. A flag outlives its rule."""

    def rule(self, rule_id: str) -> Rule | None:
        """Return the rule; None where it was removed or renamed."""
        ...

    def message(self, rule_id: str, text: str, matches: Sequence[Match]) -> str:
        """Return the rule's message for these matches; may quote the text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PostView:
    """What is known about the post besides its text."""

    source: str
    external_id: str
    kind: str
    platform: str | None
    channel: str | None = field(repr=False)
    audience: str
    #: Pseudonym, or handle where names were asked for.
    author: str | None = field(repr=False)
    #: Only where names were asked for: an address often spells the handle.
    url: str | None = field(repr=False)
    thread: str | None = field(repr=False)
    shared_from: str | None = field(repr=False)
    is_reply: bool | None
    posted_at: datetime | None
    first_seen_at: datetime
    #: Of the current version.
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """One version of the post. Text only for the current one and the one that the flag opened on."""

    id: int
    at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    seen_at: datetime
    status: str
    is_current: bool
    is_opened_on: bool
    #: As written; None where another version is shown or the text is withheld.
    text: str | None = field(repr=False)
    #: Of this flag's latest observation of the version; half-open code points.
    spans: tuple[tuple[int, int], ...]
    #: Media types or names; their content was not read.
    attachments: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchView:
    """One place where a part saw something."""

    start: int
    end: int
    part: str
    detector: str
    kind: str
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationView:
    """What the rule saw on one version; without matches the version no longer shows it."""

    version: int
    rule_version: str
    ruleset: str
    confidence: float
    matches: tuple[MatchView, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """Why the flag exists. Everything but the ids is None once the rule has left the rule set."""

    id: str
    policy: str
    is_known: bool
    title: str | None = None
    policy_title: str | None = None
    clause: str | None = None
    source: str | None = None
    guidance: str | None = None
    first_aid: str | None = None
    #: May quote the post.
    message: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView:
    """One decision, in the order they were made."""

    id: int
    round: int
    verdict: str
    code: str | None
    lane: str | None
    reason: str | None = field(repr=False)
    actor: str
    actor_proof: str
    version: int
    rule_version: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyView:
    """What the author was asked to do; it never counts as a step."""

    id: int
    ask: str
    due: datetime
    #: open, overdue, done or withdrawn.
    status: str
    asked_at: datetime
    actor: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagLink:
    """Another flag, in one line."""

    id: int
    rule: str
    severity: str
    #: `open`, or the verdict that stands.
    outcome: str
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherFlags:
    """Flags besides this one: how many by outcome, and the newest ten."""

    counts: Mapping[str, int]
    newest: tuple[FlagLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A flag with its evidence. Three axes that are never mixed: severity, confidence, publish."""

    id: int
    status: str
    lane: str
    route: str
    retro: bool
    opened_at: datetime
    #: To decide on exactly what is shown here, give it as `seen_revision`.
    revision: int
    post: PostView
    #: `sealed` where this reader gets no text, `first-aid` where only the matched words.
    withheld: Withheld | None
    #: Oldest first.
    versions: tuple[VersionView, ...]
    #: Oldest first.
    observations: tuple[ObservationView, ...]
    rule: RuleView
    #: How bad if true.
    severity: str
    #: How sure, [0, 1]: of the latest observation that shows something.
    confidence: float
    #: What a draft meets: block, warn, observe; None once the rule is gone.
    publish: str | None
    decisions: tuple[DecisionView, ...]
    #: Oldest first.
    remedies: tuple[RemedyView, ...]
    of_post: OtherFlags
    of_author: OtherFlags
    #: Advisory: they can only slow things down. Empty for roles that may not see them.
    tags: tuple[str, ...]


def show(  # noqa: PLR0913 - who looks, at what, through which rules
    session: Session,
    flag_id: int,
    *,
    ruleset: RuleSet,
    people: People,
    reviewer: Reviewer,
    actor: Actor,
    names: bool = False,
    now: datetime,
) -> Dossier:
    """Return everything about a flag that the reviewer's role may see.

    `names` shows the handle and the address and appends `names:revealed` to the trail, so it needs a writing session.
    Raises ComplianceError for an unknown flag, a role that may not read it, and the reader's own post.
    """
    require(reviewer, "flags:read")
    if names:
        require(reviewer, "names:reveal")
    flag, sight = find_flag(session, flag_id, reviewer)
    post = flag.post
    author = (post.platform, post.author)
    require_not_own(reviewer, people, platform=post.platform, handle=post.author)
    names = names and sight is Sight.ALL
    if names:
        record(session, "names:revealed", actor=actor, subject=f"flag:{flag.id}", now=now)
    hidden = withheld(reviewer, people, author=author, is_sealed=bool(sealed_posts(session, [post.id])))
    observations = tuple(_observation(row) for row in flag.observations)
    rule = ruleset.rule(flag.rule)
    found = Dossier(
        id=flag.id,
        status=flag.status,
        lane=flag.lane,
        route=flag.route,
        retro=flag.retro,
        opened_at=flag.opened_at,
        revision=flag.revision,
        post=_post(post, author=post.author if names else pseudonyms(session, [author])[author], names=names),
        withheld=hidden,
        versions=_versions(flag, observations, show_text=hidden is None),
        observations=observations,
        rule=_rule(flag, rule, ruleset, show_text=hidden is None),
        severity=Severity(flag.severity).label,
        confidence=next((seen.confidence for seen in reversed(observations) if seen.matches), 0.0),
        publish=None if rule is None else str(rule.publish),
        decisions=tuple(_decision(row) for row in flag.decisions),
        remedies=_remedies(session, flag, now),
        of_post=_others(session, flag, reviewer, Flag.post_id == post.id),
        of_author=_of_author(session, flag, reviewer),
        tags=tuple(flag.tags) if may(reviewer, "tags:read") else (),
    )
    return found if sight is Sight.ALL else first_aid_only(flag, found)


def find_flag(session: Session, flag_id: int, reviewer: Reviewer) -> tuple[Flag, Sight]:
    """Return the flag and how much of it the reviewer sees.

    Raises the same ComplianceError if there is none and if the reviewer may not know that there is.
    """
    flag = session.get(Flag, flag_id) if 0 < flag_id <= _MAX_ID else None
    if flag is None:
        raise no_flag(flag_id)
    sight = sees(reviewer, lane=flag.lane, policy=flag.policy, is_open=flag.status == "open")
    if sight is Sight.NOTHING:
        raise no_flag(flag_id)
    return flag, sight


def binding(flag: Flag) -> Observation:
    """Return the observation that a decision binds to: the latest of the current version, else the latest of all.

    Raises ComplianceError if there is none, which no scan leaves behind.
    """
    current = flag.post.versions[-1].id
    ranked = sorted(flag.observations, key=lambda row: (row.version_id == current, row.id))
    if not ranked:
        message = f"flag {flag.id} has no observation, so there is nothing to decide about"
        raise ComplianceError(message, hint="`compliance audit verify` tells whether the database was changed.")
    return ranked[-1]


def _post(post: PostRow, *, author: str | None, names: bool) -> PostView:
    return PostView(
        source=post.source.name,
        external_id=post.external_id,
        kind=post.kind,
        platform=post.platform,
        channel=post.channel,
        audience=post.audience,
        author=author,
        url=post.url if names else None,
        thread=post.thread,
        shared_from=post.shared_from,
        is_reply=post.is_reply,
        posted_at=post.posted_at,
        first_seen_at=post.first_seen_at,
        deleted_at=post.versions[-1].deleted_at,
    )


def _versions(flag: Flag, observations: Sequence[ObservationView], *, show_text: bool) -> tuple[VersionView, ...]:
    spans = {seen.version: tuple((match.start, match.end) for match in seen.matches) for seen in observations}
    rows = flag.post.versions
    return tuple(
        VersionView(
            id=row.id,
            at=row.at,
            edited_at=row.edited_at,
            deleted_at=row.deleted_at,
            seen_at=row.seen_at,
            status=row.status,
            is_current=row is rows[-1],
            is_opened_on=row.id == flag.opened_version_id,
            text=row.text if show_text and (row is rows[-1] or row.id == flag.opened_version_id) else None,
            spans=spans.get(row.id, ()),
            attachments=_attachments(row) if show_text else (),
        )
        for row in rows
    )


def _attachments(version: PostVersion) -> tuple[str, ...]:
    return tuple(str(each.get("media_type") or each.get("name") or "unknown") for each in version.attachments)


def _observation(row: Observation) -> ObservationView:
    return ObservationView(
        version=row.version_id,
        rule_version=row.rule_version,
        ruleset=row.ruleset,
        confidence=row.confidence,
        matches=tuple(MatchView(**_fields(match)) for match in row.matches),
        at=row.at,
    )


def _fields(match: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "start": match["start"],
        "end": match["end"],
        "part": match.get("part", ""),
        "detector": match["detector"],
        "kind": match["kind"],
        "confidence": match["confidence"],
        "reason": match.get("reason", ""),
    }


def _rule(flag: Flag, rule: Rule | None, ruleset: RuleSet, *, show_text: bool) -> RuleView:
    if rule is None:
        return RuleView(id=flag.rule, policy=flag.policy, is_known=False)
    return RuleView(
        id=flag.rule,
        policy=flag.policy,
        is_known=True,
        title=rule.title,
        policy_title=rule.policy.title,
        clause=rule.clause or rule.policy.clause,
        source=rule.source,
        guidance=rule.guidance,
        first_aid=rule.first_aid,
        message=_message(flag, ruleset) if show_text else None,
    )


def _message(flag: Flag, ruleset: RuleSet) -> str | None:
    # The latest observation that shows something; a version without matches has nothing to say.
    seen = next((row for row in reversed(flag.observations) if row.matches), None)
    if seen is None:
        return None
    text = next(version.text for version in flag.post.versions if version.id == seen.version_id)
    return ruleset.message(flag.rule, text, tuple(Match(**_fields(match)) for match in seen.matches))


def _decision(row: DecisionRow) -> DecisionView:
    return DecisionView(
        id=row.id,
        round=row.round,
        verdict=row.verdict,
        code=row.code,
        lane=row.lane,
        reason=row.reason,
        actor=row.actor,
        actor_proof=row.actor_proof,
        version=row.version_id,
        rule_version=row.rule_version,
        at=row.at,
    )


def _remedies(session: Session, flag: Flag, now: datetime) -> tuple[RemedyView, ...]:
    rows = session.scalars(select(Remedy).where(Remedy.flag_id == flag.id).order_by(Remedy.id))
    return tuple(
        RemedyView(
            id=row.id,
            ask=row.ask,
            due=row.due,
            status="overdue" if row.status == "open" and row.due <= now else row.status,
            asked_at=row.asked_at,
            actor=row.actor,
            settled_at=row.settled_at,
        )
        for row in rows
    )


def _of_author(session: Session, flag: Flag, reviewer: Reviewer) -> OtherFlags:
    if flag.post.author is None:
        return OtherFlags(counts={}, newest=())
    return _others(session, flag, reviewer, *is_author(flag.post.platform, flag.post.author))


def _others(session: Session, flag: Flag, reviewer: Reviewer, *conditions: ColumnElement[bool]) -> OtherFlags:
    """Count and list the flags besides `flag` that meet the conditions and that the reviewer may see."""
    later = aliased(DecisionRow)
    final = and_(DecisionRow.flag_id == Flag.id, DecisionRow.verdict != "escalated")
    last = select(func.max(later.round)).where(later.flag_id == Flag.id, later.verdict != "escalated")
    outcome = func.coalesce(DecisionRow.verdict, "open")

    def of(query: Select[*_Columns]) -> Select[*_Columns]:
        standing = and_(final, DecisionRow.round == last.correlate(Flag).scalar_subquery())
        joined = query.select_from(Flag).join(PostRow, PostRow.id == Flag.post_id).outerjoin(DecisionRow, standing)
        return joined.where(Flag.id != flag.id, *conditions, *visible_lanes(reviewer))

    counts = session.execute(of(select(outcome, func.count(Flag.id))).group_by(outcome).order_by(outcome))
    newest = of(select(Flag.id, Flag.rule, Flag.severity, outcome, Flag.opened_at)).order_by(Flag.id.desc())
    links = (
        FlagLink(id=id_, rule=rule, severity=Severity(severity).label, outcome=word, opened_at=at)
        for id_, rule, severity, word, at in session.execute(newest.limit(LISTED))
    )
    return OtherFlags(counts=dict(counts.all()), newest=tuple(links))
