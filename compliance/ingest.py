"""A page becomes rows: posts, versions, verdicts, flags, audit entries, cursor; in the caller's one transaction."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from compliance.audit import Actor, Entry, append
from compliance.db import insert_rows
from compliance.evaluator import Evaluator
from compliance.flagging import Flagged, Flagger, Seen, is_hidden
from compliance.models import PostRow, PostVersion, Reject
from connectors.errors import SkippableError
from connectors.post import AUDIENCES, KINDS, LONGEST, Post
from rules.evaluation import Evaluation, Status

#: Status of a version that is a deletion: there is nothing to evaluate.
DELETED: Final = "deleted"
#: What a later record may add to a stored post that lacks it; what is there is never changed.
_FILLABLE: Final = ("platform", "channel", "author", "thread", "shared_from", "is_reply", "url", "posted_at")
_ID_SHOWN: Final = 80
_POST_COLUMNS: Final = ("source_id", "first_seen_at", "external_id", "audience", "kind")
_VERSION_COLUMNS: Final = (
    "post_id",
    "text",
    "digest",
    "at",
    "edited_at",
    "deleted_at",
    "attachments",
    "seen_at",
    "status",
    "ruleset",
    "evaluated_at",
    "attempts",
    "failures",
)
#: One list for all versions without attachments or failures, so that it is converted once.
_EMPTY: Final[list[Any]] = []


@dataclass(slots=True)
class Counts:
    """What one scan did with one source."""

    #: Records of the source that were posts, known ones included.
    read: int = 0
    #: Posts, later versions and deletions that were not stored yet.
    new: int = 0
    edited: int = 0
    deleted: int = 0
    #: Verdicts, of stored posts that were evaluated again too.
    evaluated: int = 0
    flagged: int = 0
    incomplete: int = 0
    #: In a language that some rules do not cover, which the organisation chose to accept; not among `incomplete`.
    accepted: int = 0
    #: Records that could not be read or stored.
    failed: int = 0
    #: Direct messages passed over.
    skipped: int = 0

    def add(self, other: Counts) -> None:
        """Add another count, field by field."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A post as read, with what makes it a version: its digest, its place in time, when it was seen."""

    post: Post
    #: The post's own, else its source's.
    audience: str
    platform: str | None
    digest: str
    at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A version not stored yet and its verdict; None for a deletion."""

    version: Version
    evaluation: Evaluation | None
    #: Evaluations that ended incomplete, or were cut short.
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing a batch did."""

    counts: Counts
    flagged: Flagged


@dataclass(slots=True)
class Known:
    """What of a page is stored already."""

    #: Row id and the columns of `_FILLABLE`, by external id.
    posts: dict[str, tuple[int, tuple[Any, ...]]] = field(default_factory=dict)
    #: Digests of stored versions, by row id.
    digests: dict[int, set[str]] = field(default_factory=dict)


def version_of(post: Post, *, audience: str, platform: str | None, seen_at: datetime) -> Version:
    """Return the version a post is; audience and platform are its source's, for posts that do not say.

    Two records are one version if text, edit time and being deleted agree; the time of a deletion does not count, since
    exports without one would repeat it as new. So a post that is restored unchanged after its deletion stays deleted
    here.
    """
    edited = post.edited_at.astimezone(UTC).isoformat() if post.edited_at else ""
    parts = (edited, DELETED if post.deleted_at else "", post.text)
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return Version(
        post=post,
        audience=post.audience or audience,
        platform=post.platform or platform,
        digest=digest,
        at=post.at or seen_at,
        seen_at=seen_at,
    )


def fault_of(post: Post) -> str | None:
    """Return why a post cannot be stored, None if it can. Quotes nothing of it."""
    if not post.external_id:
        return "id is missing"
    for name, longest in LONGEST.items():
        if len(getattr(post, name) or "") > longest:
            return f"{name} is longer than {longest} characters"
    if post.kind not in KINDS:
        return "kind is unknown"
    if post.audience is not None and post.audience not in AUDIENCES:
        return "audience is unknown"
    if any(time is not None and time.tzinfo is None for time in (post.posted_at, post.edited_at, post.deleted_at)):
        return "a time has no time zone"
    return None


def reject_of(post: Post, fault: str, *, source: str) -> SkippableError:
    """Return the reject for a post that a connector let through and that cannot be stored."""
    return SkippableError(fault, place=f"{source}/{post.external_id[:_ID_SHOWN]}")


def read_known(session: Session, source_id: int, posts: Sequence[Post]) -> Known:
    """Return what of these posts is stored, in two queries."""
    known = Known()
    ids = {post.external_id for post in posts}
    columns = (PostRow.external_id, PostRow.id, *(getattr(PostRow, name) for name in _FILLABLE))
    query = select(*columns).where(PostRow.source_id == source_id, PostRow.external_id.in_(ids))
    for external_id, row_id, *filled in session.execute(query):
        known.posts[external_id] = (row_id, tuple(filled))
    if known.posts:
        known.digests = {row_id: set() for row_id, _ in known.posts.values()}
        for post_id, digest in session.execute(
            select(PostVersion.post_id, PostVersion.digest).where(PostVersion.post_id.in_(known.digests))
        ):
            known.digests[post_id].add(digest)
    return known


def fresh_versions(versions: Iterable[Version], known: Known) -> list[Version]:
    """Return the versions that are not stored, in order of arrival, each once."""
    fresh: dict[tuple[str, str], Version] = {}
    for version in versions:
        row = known.posts.get(version.post.external_id)
        if row is None or version.digest not in known.digests[row[0]]:
            fresh.setdefault((version.post.external_id, version.digest), version)
    return list(fresh.values())


def store(
    session: Session, source_id: int, batch: Sequence[Judged], *, known: Known, evaluator: Evaluator, now: datetime
) -> Stored:
    """Store versions with their verdicts and open flags; the caller records the entries and moves the cursor."""
    ids = _store_posts(session, source_id, [judged.version for judged in batch], known, now)
    counts = Counts()
    seen: set[str] = set(known.posts)
    ruleset = evaluator.ruleset_hash
    rows = []
    for judged in batch:
        external_id = judged.version.post.external_id
        rows.append(_version_row(judged, ids[external_id], ruleset=ruleset, now=now))
        _count(counts, judged, evaluator, is_new=external_id not in seen)
        seen.add(external_id)
    insert_rows(session, cast("Table", PostVersion.__table__), _VERSION_COLUMNS, rows)
    flagged = Flagger(session, evaluator, now=now).flag(_seen(session, batch, ids, known))
    return Stored(counts, flagged)


def count_verdict(counts: Counts, evaluation: Evaluation, evaluator: Evaluator) -> None:
    """Count one verdict; among the flagged not those that only counsel may know of."""
    counts.evaluated += 1
    counts.flagged += evaluation.status is Status.FLAGGED and not is_hidden(evaluator, evaluation)
    counts.incomplete += evaluation.status is Status.INCOMPLETE
    counts.accepted += evaluation.accepted


def failures_json(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return the failures of a verdict as they are stored."""
    return [{**asdict(failure), "rules": list(failure.rules)} for failure in evaluation.failures]


def store_rejects(
    session: Session, source_id: int, rejects: Iterable[SkippableError], *, anew: bool, now: datetime
) -> None:
    """Keep what could not be read, one row per place.

    `anew`: the source is read from its beginning, so what was noted before is void.
    """
    if anew:
        session.execute(delete(Reject).where(Reject.source_id == source_id))
    rows = {reject.place: reject for reject in rejects if not reject.pending}
    if not rows:
        return
    session.execute(delete(Reject).where(Reject.source_id == source_id, Reject.place.in_(rows)))
    session.execute(
        insert(Reject),
        [
            {"source_id": source_id, "place": place, "error": reject.message, "seen_at": now}
            for place, reject in rows.items()
        ],
    )


def record_batch(
    session: Session, action: str, source_id: int, keys: Iterable[str], *, stored: Stored, actor: Actor, now: datetime
) -> None:
    """Record a stored batch, with counts and a digest of its keys, and each flag it opened."""
    digest = hashlib.sha256("\n".join(keys).encode("utf-8", "surrogatepass")).hexdigest()
    counts = {each.name: getattr(stored.counts, each.name) for each in fields(stored.counts)}
    page = Entry(action=action, subject=f"source:{source_id}", detail={**counts, "keys": digest})
    append(session, [page, *stored.flagged.entries], actor=actor, now=now)


def _store_posts(
    session: Session, source_id: int, versions: Sequence[Version], known: Known, now: datetime
) -> dict[str, int]:
    """Insert posts that are not stored and fill gaps of those that are; return row ids by external id."""
    table = cast("Table", PostRow.__table__)
    ids = {external_id: row_id for external_id, (row_id, _) in known.posts.items()}
    rows: dict[str, tuple[Version, dict[str, Any]]] = {}
    gaps: dict[int, dict[str, Any]] = {}
    for version in versions:
        post = version.post
        if post.external_id not in ids:
            row = rows.get(post.external_id)
            if row is None:
                rows[post.external_id] = (version, _fillings(version))
            else:
                row[1].update({name: value for name, value in _fillings(version).items() if row[1][name] is None})
            continue
        row_id, filled = known.posts[post.external_id]
        stored = gaps.get(row_id) or dict(zip(_FILLABLE, filled, strict=True))
        merged = {name: value if stored[name] is None else stored[name] for name, value in _fillings(version).items()}
        if merged != stored:
            gaps[row_id] = merged
    if gaps:
        filling = (
            update(table)
            .where(table.c.id == bindparam("row_id"))
            .values({name: bindparam(f"to_{name}") for name in _FILLABLE})
        )
        session.execute(
            filling,
            [
                {"row_id": row_id, **{f"to_{name}": value for name, value in row.items()}}
                for row_id, row in gaps.items()
            ],
        )
    if rows:
        settled = (
            (external_id, version.audience, version.post.kind, *filled.values())
            for external_id, (version, filled) in rows.items()
        )
        insert_rows(session, table, (*_POST_COLUMNS, *_FILLABLE), [(source_id, now, *row) for row in settled])
        query = select(PostRow.external_id, PostRow.id).where(
            PostRow.source_id == source_id, PostRow.external_id.in_(rows)
        )
        ids.update((external_id, row_id) for external_id, row_id in session.execute(query))
    return ids


def _fillings(version: Version) -> dict[str, Any]:
    post = version.post
    return {
        "platform": version.platform,
        "channel": post.channel,
        "author": post.author,
        "thread": post.thread,
        "shared_from": post.shared_from,
        "is_reply": post.is_reply,
        "url": post.url,
        "posted_at": post.posted_at,
    }


def _version_row(judged: Judged, post_id: int, *, ruleset: str, now: datetime) -> tuple[Any, ...]:
    version, evaluation = judged.version, judged.evaluation
    return (
        post_id,
        version.post.text,
        version.digest,
        version.at,
        version.post.edited_at,
        version.post.deleted_at,
        [asdict(attachment) for attachment in version.post.attachments] or _EMPTY,
        version.seen_at,
        evaluation.status.value if evaluation else DELETED,
        ruleset,
        now if evaluation else None,
        judged.attempts or int(evaluation is not None and evaluation.status is Status.INCOMPLETE),
        (failures_json(evaluation) if evaluation else None) or _EMPTY,
    )


def _count(counts: Counts, judged: Judged, evaluator: Evaluator, *, is_new: bool) -> None:
    if judged.evaluation is not None:
        count_verdict(counts, judged.evaluation, evaluator)
    if judged.version.post.deleted_at:
        counts.deleted += 1
    elif is_new:
        counts.new += 1
    else:
        counts.edited += 1


def _seen(session: Session, batch: Sequence[Judged], ids: dict[str, int], known: Known) -> list[Seen]:
    """Return what the flagger must look at: versions with findings, and those of posts that may have flags already."""
    several = {
        name for name, times in Counter(judged.version.post.external_id for judged in batch).items() if times > 1
    }
    wanted = [
        (ids[judged.version.post.external_id], judged, judged.evaluation)
        for judged in batch
        if judged.evaluation is not None
        and (
            judged.evaluation.findings
            or judged.version.post.external_id in known.posts
            or judged.version.post.external_id in several
        )
    ]
    query = select(PostVersion.post_id, PostVersion.digest, PostVersion.id).where(
        PostVersion.post_id.in_({post_id for post_id, _, _ in wanted})
    )
    rows = {(post_id, digest): row_id for post_id, digest, row_id in session.execute(query)} if wanted else {}
    return [
        Seen(
            post_id=post_id,
            version_id=rows[post_id, judged.version.digest],
            at=judged.version.at,
            text=judged.version.post.text,
            evaluation=evaluation,
        )
        for post_id, judged, evaluation in wanted
    ]
