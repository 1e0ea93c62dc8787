"""Stored posts as documents again, for trials of rules: what a reader may see of them, and what people decided. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from compliance.evaluator import People as Known
from compliance.ingest import DELETED
from compliance.listing import Author, Withheld, sealed_posts, visible_lanes, withheld
from compliance.models import DecisionRow, Flag, Observation, PostRow, PostVersion, Source
from compliance.permissions import People as Owners
from compliance.permissions import Reviewer, may, require
from compliance.rescan import document_of_version
from rules.document import Document

BATCH: Final = 500
#: Said with every number that is made from stored posts for a reader without the counsel lane.
NO_COUNSEL: Final = "Posts that the counsel lane holds are in no number here."


class People(Known, Owners, Protocol):
    """What is known of authors, and who owns which handle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads stored posts. Roles that read reports but no flags get numbers and ids, never a word of a post."""

    reviewer: Reviewer
    people: People

    @property
    def reads_text(self) -> bool:
        """Return whether this reader may be shown excerpts."""
        return may(self.reviewer, "flags:read")

    @property
    def reads_counsel(self) -> bool:
        """Return whether the posts that the counsel lane holds are among those read."""
        return may(self.reviewer, "counsel:read")


def reader_of(reviewer: Reviewer, people: People) -> Reader:
    """Return the reader. Raises ComplianceError for a role that may read neither flags nor reports."""
    if not may(reviewer, "flags:read"):
        require(reviewer, "reports:read")
    return Reader(reviewer=reviewer, people=people)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPost:
    """One version of a stored post."""

    post_id: int
    version_id: int
    source: str
    #: For people: `source/external_id`, or `post-N` for a reader of numbers, because an external id may spell a handle.
    label: str
    author: Author = field(repr=False)
    at: datetime
    document: Document = field(repr=False)
    #: Why this reader gets no text; `numbers` for one who reads numbers only.
    withheld: Withheld | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A flag with its standing decision, and the version that shows what was decided about."""

    flag_id: int
    rule: str
    verdict: str
    code: str | None
    #: As observed; half-open code points of the version's text.
    spans: tuple[tuple[int, int], ...]
    post: StoredPost


def stored_posts(
    session: Session, reader: Reader, *, since: datetime | None = None, until: datetime | None = None
) -> Iterator[StoredPost]:
    """Yield the current version of every stored post, `since <= at < until`, in order of storing.

    Leaves out deletions, dropped bodies and, for all but counsel, every post with a flag in the counsel lane. Reads batch
    by batch: memory does not grow with the posts.
    """
    last = 0
    while True:
        ids = session.scalars(
            select(PostRow.id).where(PostRow.id > last, *_not_counsel(reader)).order_by(PostRow.id).limit(BATCH)
        ).all()
        if not ids:
            return
        last = ids[-1]
        columns = (PostVersion.post_id, PostVersion.id, PostVersion.at, PostVersion.status)
        metas = session.execute(
            select(*columns).where(PostVersion.post_id.in_(ids)).order_by(PostVersion.at, PostVersion.id)
        )
        current = {meta.post_id: meta for meta in metas}
        wanted = [
            meta.id
            for meta in current.values()
            if meta.status != DELETED and (since is None or meta.at >= since) and (until is None or meta.at < until)
        ]
        yield from versions(session, reader, wanted).values()
        session.expunge_all()


def _not_counsel(reader: Reader) -> tuple[ColumnElement[bool], ...]:
    if reader.reads_counsel:
        return ()
    return (PostRow.id.not_in(select(Flag.post_id).where(Flag.lane == "counsel")),)


def versions(session: Session, reader: Reader, version_ids: Sequence[int]) -> Mapping[int, StoredPost]:
    """Return these versions by id, in order of their posts, without those whose body was dropped."""
    query = (
        select(PostRow, PostVersion, Source.name)
        .join(PostVersion, PostVersion.post_id == PostRow.id)
        .join(Source, Source.id == PostRow.source_id)
        .where(PostVersion.id.in_(version_ids), PostVersion.text != "")
        .order_by(PostRow.id, PostVersion.id)
    )
    rows = session.execute(query).all()
    sealed = sealed_posts(session, [post.id for post, _, _ in rows]) if reader.reads_text else frozenset()
    return {
        version.id: _stored(reader, post, version, source, is_sealed=post.id in sealed)
        for post, version, source in rows
    }


def _stored(reader: Reader, post: PostRow, version: PostVersion, source: str, *, is_sealed: bool) -> StoredPost:
    author = (post.platform, post.author)
    hidden: Withheld | str | None = "numbers"
    if reader.reads_text:
        hidden = withheld(reader.reviewer, reader.people, author=author, is_sealed=is_sealed)
    return StoredPost(
        post_id=post.id,
        version_id=version.id,
        source=source,
        label=f"{source}/{post.external_id}" if reader.reads_text else f"post-{post.id}",
        author=author,
        at=version.at,
        document=document_of_version(reader.people, source, post, version),
        withheld=hidden,
    )


def decided_flags(session: Session, reader: Reader, *, rules: Sequence[str]) -> Iterator[Decided]:
    """Yield the decided flags of these rules that the reader may see, in order of id, each with its standing decision.

    The version is the one decided about; where that no longer showed a match (the post was edited before), the latest
    that did.
    """
    last = 0
    while True:
        flags = session.scalars(
            select(Flag)
            .where(Flag.id > last, Flag.status == "decided", Flag.rule.in_(rules), *visible_lanes(reader.reviewer))
            .order_by(Flag.id)
            .limit(BATCH)
        ).all()
        if not flags:
            return
        last = flags[-1].id
        standing = _standing(session, [flag.id for flag in flags])
        shown = _shown(session, standing)
        found = versions(session, reader, [version for version, _ in shown.values()])
        for flag in flags:
            version_id, spans = shown.get(flag.id, (0, ()))
            post = found.get(version_id)
            if post is not None:
                row = standing[flag.id]
                yield Decided(
                    flag_id=flag.id, rule=flag.rule, verdict=row.verdict, code=row.code, spans=spans, post=post
                )
        session.expunge_all()


def _standing(session: Session, flag_ids: Sequence[int]) -> dict[int, DecisionRow]:
    query = select(DecisionRow).where(DecisionRow.flag_id.in_(flag_ids), DecisionRow.verdict != "escalated")
    return {row.flag_id: row for row in session.scalars(query.order_by(DecisionRow.round))}


def _shown(session: Session, standing: Mapping[int, DecisionRow]) -> dict[int, tuple[int, tuple[tuple[int, int], ...]]]:
    """Return (version, spans) of each flag: as decided, or as last observed where the decision bound to no match."""
    query = select(Observation.flag_id, Observation.version_id, Observation.matches)
    bare = [flag_id for flag_id, row in standing.items() if not row.spans]
    seen = session.execute(query.where(Observation.flag_id.in_(bare)).order_by(Observation.id)).all()
    last = {flag_id: (version_id, matches) for flag_id, version_id, matches in seen if matches}
    shown = {
        flag_id: (version_id, tuple((match["start"], match["end"]) for match in matches))
        for flag_id, (version_id, matches) in last.items()
    }
    as_decided = {
        flag_id: (row.version_id, tuple((start, end) for start, end in row.spans))
        for flag_id, row in standing.items()
        if row.spans
    }
    return {**shown, **as_decided}
