"""The queue: flags, most urgent first, each as the reader's role may see it. Reads no post text except for excerpts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal, TypeVarTuple

from sqlalchemy import ColumnElement, Row, Select, and_, false, func, or_, select, tuple_, type_coerce
from sqlalchemy.orm import Session

from compliance.audit import Actor, record
from compliance.errors import ComplianceError
from compliance.models import DecisionRow, Flag, Observation, PostRow, PostText, PostVersion, Source
from compliance.permissions import COUNSEL, FIRST_AID_POLICY, People, Reviewer, Sight, is_own, may, require, sees
from compliance.safe import Span
from rules.evaluation import Severity

Status = Literal["open", "decided", "all"]
#: A flag, its post, the name of its source.
Line = tuple[Flag, PostRow, str]
#: (platform, handle): who wrote a post, as the platform says.
Author = tuple[str | None, str | None]
#: Why a post's text is not shown.
Withheld = Literal["sealed", "own-post", "first-aid"]

#: Severity, opening and id of the flag that a page continues behind.
Start = Row[int, datetime, int]

_Columns = TypeVarTuple("_Columns")

MAX_LIMIT: Final = 1_000
#: Code points kept around the first match; more than any terminal line.
_EXCERPT: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which flags to list. None means any."""

    lane: str | None = None
    policy: str | None = None
    #: This one and graver.
    severity: Severity = Severity.INFO
    #: Name of a source.
    source: str | None = None
    status: Status = "open"
    #: Continue behind the flag with this id; it need not match the filters any more.
    after: int | None = None
    #: 1 to 1,000.
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedFlag:
    """One line of the queue, without post text."""

    id: int
    rule: str
    policy: str
    severity: str
    #: Of the latest observation that shows something, [0, 1].
    confidence: float
    status: str
    lane: str
    route: str
    source: str
    #: external_id, unique within the source; empty where only first aid is shown.
    post: str
    platform: str | None
    channel: str | None = field(repr=False)
    audience: str
    #: A pseudonym such as `author-7`; the handle where names were asked for; None where the platform names nobody.
    author: str | None = field(repr=False)
    opened_at: datetime
    #: Whole days since it opened.
    age_days: int
    retro: bool
    #: Empty for roles that may not see tags, whether there are any or not.
    tags: tuple[str, ...]
    #: `sealed`, `own-post` or `first-aid` where this reader gets no text.
    withheld: Withheld | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """A page of the queue. `next` goes into `Filters.after`; None on the last page."""

    flags: tuple[QueuedFlag, ...]
    #: Flags that match the filters, on all pages.
    total: int
    next: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The text around the first match, raw, with spans that fit it."""

    text: str = field(repr=False)
    spans: tuple[Span, ...]


def queue(
    session: Session,
    filters: Filters,
    *,
    people: People,
    reviewer: Reviewer,
    actor: Actor,
    names: bool = False,
    now: datetime,
) -> QueuePage:
    """Return flags by severity, then age, oldest first. Its cost grows neither with posts nor with the pages before.

    `names` shows handles and appends `names:revealed` to the audit trail, so it needs a writing session.
    Raises ComplianceError if the role may not.
    """
    require(reviewer, "flags:read")
    if names:
        require(reviewer, "names:reveal")
    if not 1 <= filters.limit <= MAX_LIMIT:
        message = f"a page holds 1 to {MAX_LIMIT} flags, not {filters.limit}"
        raise ComplianceError(message)
    lanes = _lanes(reviewer)
    conditions = [*lanes, *_conditions(filters, reviewer)]
    rows = _rows(session, filters, conditions, start=_start(session, filters, lanes))
    more, rows = len(rows) > filters.limit, rows[: filters.limit]
    shown = _shown(session, rows, reviewer=reviewer, people=people, names=names, now=now)
    if names:
        _record_names(session, shown, actor=actor, now=now)
    total = _total(session, filters, conditions)
    return QueuePage(flags=shown, total=total, next=shown[-1].id if more else None)


def excerpts(session: Session, page: QueuePage) -> Mapping[int, Excerpt]:
    """Return the text around the first match of each flag of a page, by flag id; withheld posts are left out."""
    wanted = [flag.id for flag in page.flags if flag.withheld is None]
    seen = select(Observation.flag_id, Observation.version_id, Observation.matches).where(
        Observation.flag_id.in_(wanted)
    )
    latest: dict[int, tuple[int, list[Span]]] = {}
    for flag_id, version_id, matches in session.execute(seen.order_by(Observation.id)):
        # A version that no longer shows the match says nothing in a line of the queue.
        if matches or flag_id not in latest:
            latest[flag_id] = (version_id, sorted((match["start"], match["end"]) for match in matches))
    return {flag_id: _excerpt(session, version_id, spans) for flag_id, (version_id, spans) in latest.items()}


def pseudonyms(session: Session, authors: Iterable[Author]) -> Mapping[Author, str | None]:
    """Return a stable name for each author: `author-N`, N the id of their first post in this workspace.

    Not derived from the handle, so nobody can compute it from a list of employees. None where no author is known.
    """
    found: dict[Author, str | None] = {}
    for platform, handle in set(authors):
        if handle is None:
            found[platform, handle] = None
            continue
        first = session.scalar(select(func.min(PostRow.id)).where(*is_author(platform, handle)))
        found[platform, handle] = f"author-{first}"
    return found


def is_author(platform: str | None, handle: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which a post is this author's."""
    return (PostRow.platform.is_(None) if platform is None else PostRow.platform == platform, PostRow.author == handle)


def sealed_posts(session: Session, post_ids: Iterable[int]) -> frozenset[int]:
    """Return those posts with a flag whose standing decision is `out_of_scope`: their text is not shown again."""
    query = (
        select(Flag.post_id, Flag.id, DecisionRow.verdict)
        .join(DecisionRow, DecisionRow.flag_id == Flag.id)
        .where(Flag.post_id.in_(set(post_ids)), DecisionRow.verdict != "escalated")
        .order_by(DecisionRow.round)
    )
    standing = {(post_id, flag_id): verdict for post_id, flag_id, verdict in session.execute(query)}
    return frozenset(post_id for (post_id, _), verdict in standing.items() if verdict == "out_of_scope")


def withheld(reviewer: Reviewer, people: People, *, author: Author, is_sealed: bool) -> Withheld | None:
    """Say why this reader gets no text of a post; None if they do."""
    if is_own(reviewer, people, platform=author[0], handle=author[1]):
        return "own-post"
    return "sealed" if is_sealed and not may(reviewer, "sealed:read") else None


def visible_lanes(reviewer: Reviewer) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that keep the counsel lane from everybody else, counts included."""
    return () if may(reviewer, "counsel:read") else (Flag.lane != COUNSEL,)


def _first_aid(reviewer: Reviewer) -> ColumnElement[bool]:
    """Return the condition of flags of which this reader sees first aid only, as `sees` says it of one flag."""
    if may(reviewer, "counsel:read") or not may(reviewer, "first-aid:read"):
        return false()
    return and_(Flag.lane == COUNSEL, Flag.policy == FIRST_AID_POLICY, Flag.status == "open")


def _lanes(reviewer: Reviewer) -> tuple[ColumnElement[bool], ...]:
    """Return the condition of flags that this reader's queue may list at all."""
    return tuple(or_(visible, _first_aid(reviewer)) for visible in visible_lanes(reviewer))


def _conditions(filters: Filters, reviewer: Reviewer) -> list[ColumnElement[bool]]:
    urgent = _first_aid(reviewer)
    conditions: list[ColumnElement[bool]] = []
    if filters.lane is not None:
        # Shown under the route, so found under it.
        conditions.append(or_(and_(Flag.lane == filters.lane, ~urgent), and_(urgent, Flag.route == filters.lane)))
    if filters.policy is not None:
        conditions.append(Flag.policy == filters.policy)
    if filters.source is not None:
        conditions.append(Source.name == filters.source)
    return conditions


def _statuses(filters: Filters) -> tuple[str, ...]:
    return ("open", "decided") if filters.status == "all" else (filters.status,)


def _joined(query: Select[*_Columns]) -> Select[*_Columns]:
    return (
        query.select_from(Flag).join(PostRow, PostRow.id == Flag.post_id).join(Source, Source.id == PostRow.source_id)
    )


def _rows(
    session: Session, filters: Filters, conditions: list[ColumnElement[bool]], *, start: Start | None
) -> list[Line]:
    """Return one row more than the limit, if there is one.

    One index range per severity and status: each is read in order and only as far as needed, on both databases. An
    inequality on the severity would make them sort instead.
    """
    query = _joined(select(Flag, PostRow, Source.name)).where(*conditions)
    rows: list[Line] = []
    for severity in sorted(Severity, reverse=True):
        if severity < filters.severity or (start and severity > start.severity):
            continue
        behind = query.where(Flag.severity == int(severity))
        if start and severity == start.severity:
            behind = behind.where(tuple_(Flag.opened_at, Flag.id) > (start.opened_at, start.id))
        level: list[Line] = []
        for status in _statuses(filters):
            ordered = behind.where(Flag.status == status).order_by(Flag.opened_at, Flag.id)
            level.extend(session.execute(ordered.limit(filters.limit + 1 - len(rows))))
        rows.extend(sorted(level, key=lambda line: (line[0].opened_at, line[0].id))[: filters.limit + 1 - len(rows)])
        if len(rows) > filters.limit:
            break
    return rows


def _total(session: Session, filters: Filters, conditions: list[ColumnElement[bool]]) -> int:
    query = select(func.count()).select_from(Flag)
    # Every flag has its post and every post its source: only a condition on them is worth the joins.
    query = query if filters.source is None else _joined(select(func.count()))
    graver = Flag.severity >= int(filters.severity)
    return session.scalar(query.where(*conditions, graver, Flag.status.in_(_statuses(filters)))) or 0


def _start(session: Session, filters: Filters, lanes: Iterable[ColumnElement[bool]]) -> Start | None:
    if filters.after is None:
        return None
    query = select(Flag.severity, Flag.opened_at, Flag.id).where(Flag.id == filters.after, *lanes)
    start = session.execute(query).one_or_none()
    if start is None:
        message = f"there is no flag {filters.after} to continue behind"
        raise ComplianceError(message, hint="leave out --after to begin with the most urgent flag.")
    return start


def _shown(
    session: Session, rows: list[Line], *, reviewer: Reviewer, people: People, names: bool, now: datetime
) -> tuple[QueuedFlag, ...]:
    authors = {(post.platform, post.author) for _, post, _ in rows}
    known = {author: author[1] for author in authors} if names else pseudonyms(session, authors)
    sealed = sealed_posts(session, (post.id for _, post, _ in rows))
    confidence = _confidences(session, [flag.id for flag, _, _ in rows])
    tags = may(reviewer, "tags:read")
    lines = [
        QueuedFlag(
            id=flag.id,
            rule=flag.rule,
            policy=flag.policy,
            severity=Severity(flag.severity).label,
            confidence=confidence.get(flag.id, 0.0),
            status=flag.status,
            lane=flag.lane,
            route=flag.route,
            source=source,
            post=post.external_id,
            platform=post.platform,
            channel=post.channel,
            audience=post.audience,
            author=known[post.platform, post.author],
            opened_at=flag.opened_at,
            age_days=max(0, (now - flag.opened_at).days),
            retro=flag.retro,
            tags=tuple(flag.tags) if tags else (),
            withheld=withheld(reviewer, people, author=(post.platform, post.author), is_sealed=post.id in sealed),
        )
        for flag, post, source in rows
    ]
    return tuple(
        line if _sight(flag, reviewer) is Sight.ALL else _first_aid_only(line)
        for line, (flag, _, _) in zip(lines, rows, strict=True)
    )


def _sight(flag: Flag, reviewer: Reviewer) -> Sight:
    return sees(reviewer, lane=flag.lane, policy=flag.policy, is_open=flag.status == "open")


def _first_aid_only(line: QueuedFlag) -> QueuedFlag:
    """Return the line of a live key: what fired and how public it is; who wrote it, where and in which thread is counsel's."""
    return replace(line, lane=line.route, post="", channel=None, author=None, tags=(), withheld="first-aid")


def _confidences(session: Session, flag_ids: list[int]) -> dict[int, float]:
    query = select(Observation.flag_id, Observation.confidence).where(
        Observation.flag_id.in_(flag_ids), Observation.confidence > 0
    )
    return dict(session.execute(query.order_by(Observation.id)).all())


def _record_names(session: Session, shown: tuple[QueuedFlag, ...], *, actor: Actor, now: datetime) -> None:
    flags = ",".join(str(flag.id) for flag in shown if flag.withheld != "first-aid")
    if flags:
        record(session, "names:revealed", actor=actor, subject="queue", detail={"flags": flags}, now=now)


def _excerpt(session: Session, version_id: int, spans: list[Span]) -> Excerpt:
    start = max(0, spans[0][0] - _EXCERPT) if spans else 0
    part = type_coerce(func.substr(PostVersion.text, start + 1, 3 * _EXCERPT), PostText)
    text = session.scalar(select(part).where(PostVersion.id == version_id)) or ""
    return Excerpt(text=text, spans=tuple((left - start, right - start) for left, right in spans))
