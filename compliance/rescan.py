"""Evaluate stored versions once more: those left incomplete by a fault, and all current ones when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Select, Text, bindparam, cast, delete, insert, select, update
from sqlalchemy.orm import Session

from compliance import ingest
from compliance.db import reading
from compliance.evaluator import FAULT, People, document_of, engine_fault, evaluate_all, evaluate_alone
from compliance.flagging import Flagger, Seen
from compliance.models import Attempt, PostRow, PostVersion, Source
from compliance.pages import SET_ASIDE
from compliance.run import MOST_TRIES, Run, StoppedError
from compliance.scan_report import Again
from connectors.post import Post
from rules.document import Document
from rules.evaluation import Evaluation, Status

BATCH: Final = 500
#: Key of the note that a batch of stored versions is being evaluated; no post has an empty id.
_BATCH_NOTE: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """A stored version to evaluate."""

    post_id: int
    version_id: int
    at: datetime
    attempts: int
    key: str
    document: Document = field(repr=False)


def retry_incompletes(run: Run) -> None:
    """Evaluate once more what a fault left incomplete, at most three times in all."""
    for source_id, name in _sources(run):
        worker = _Rescan(run, source_id, name, action="page:retried")
        worker.go(_incompletes(run, source_id, name))


def again_evaluate(run: Run, again: Again) -> None:
    """Evaluate the current version of every stored post; flags it opens are marked retro."""
    for source_id, name in _sources(run):
        worker = _Rescan(run, source_id, name, action="page:again", retro=True, rule=again.rule)
        worker.go(_current(run, source_id, name, again.since))


@dataclass(frozen=True, slots=True, kw_only=False)
class _Rescan:
    """How stored versions of one source are evaluated and their verdicts stored."""

    run: Run
    source_id: int
    source: str
    action: str
    retro: bool = False
    rule: str | None = None

    def go(self, batches: Iterator[list[_Item]]) -> None:
        """Evaluate batch by batch; one by one if a batch ended an earlier scan."""
        careful = self._was_cut_short()
        for batch in batches:
            self.run.breathe()
            if careful:
                for item in batch:
                    self.run.breathe()
                    self._alone(item)
            else:
                self._together(batch)
        if careful:
            with self.run.transaction() as session:
                self._drop_note(session)

    def _was_cut_short(self) -> bool:
        with reading(self.run.db_engine) as session:
            mine = (Attempt.source_id == self.source_id, Attempt.external_id == _BATCH_NOTE)
            return session.scalar(select(Attempt.tries).where(*mine)) is not None

    def _together(self, batch: list[_Item]) -> None:
        with self.run.transaction() as session:
            session.execute(insert(Attempt).values(source_id=self.source_id, external_id=_BATCH_NOTE, tries=1))
        try:
            verdicts = evaluate_all(self.run.evaluator, [item.document for item in batch], breathe=self.run.breathe)
        except StoppedError:
            with self.run.transaction() as session:
                self._drop_note(session)
            raise
        tries = [
            item.attempts + 1 if verdict.status is Status.INCOMPLETE else 0
            for item, verdict in zip(batch, verdicts, strict=True)
        ]
        self._store(batch, verdicts, tries, drop_note=True)

    def _alone(self, item: _Item) -> None:
        if item.attempts >= MOST_TRIES:
            self._store([item], [engine_fault(item.key, SET_ASIDE)], [item.attempts])
            return
        with self.run.transaction() as session:
            session.execute(
                update(PostVersion).where(PostVersion.id == item.version_id).values(attempts=item.attempts + 1)
            )
        verdict = evaluate_alone(self.run.evaluator, item.document)
        self._store([item], [verdict], [item.attempts + 1 if verdict.status is Status.INCOMPLETE else 0])

    def _store(
        self, batch: list[_Item], verdicts: list[Evaluation], tries: list[int], *, drop_note: bool = False
    ) -> None:
        run = self.run
        seen = [
            Seen(
                post_id=item.post_id,
                version_id=item.version_id,
                at=item.at,
                text=item.document.text,
                evaluation=verdict,
            )
            for item, verdict in zip(batch, verdicts, strict=True)
        ]

        def work(session: Session) -> ingest.Stored:
            now = run.now()
            _update_versions(session, seen, tries, ruleset=run.evaluator.ruleset_hash, now=now)
            counts = ingest.Counts()
            for verdict in verdicts:
                ingest.count_verdict(counts, verdict, run.evaluator)
            flagger = Flagger(session, run.evaluator, now=now, retro=self.retro, rule=self.rule)
            stored = ingest.Stored(counts, flagger.flag(seen))
            if drop_note:
                self._drop_note(session)
            keys = [item.key for item in batch]
            ingest.record_batch(session, self.action, self.source_id, keys, stored=stored, actor=run.actor, now=now)
            return stored

        run.store(work, source=self.source, judged=verdicts)

    def _drop_note(self, session: Session) -> None:
        session.execute(delete(Attempt).where(Attempt.source_id == self.source_id, Attempt.external_id == _BATCH_NOTE))


def _update_versions(
    session: Session, seen: Sequence[Seen], tries: Sequence[int], *, ruleset: str, now: datetime
) -> None:
    table = PostVersion.__table__
    statement = (
        update(PostVersion)
        .where(table.c.id == bindparam("row_id"))
        .values(
            status=bindparam("to_status"),
            failures=bindparam("to_failures", type_=table.c.failures.type),
            attempts=bindparam("to_attempts"),
        )
        .values(ruleset=ruleset, evaluated_at=now)
    )
    rows = [
        {
            "row_id": each.version_id,
            "to_status": each.evaluation.status.value,
            "to_failures": ingest.failures_json(each.evaluation),
            "to_attempts": attempts,
        }
        for each, attempts in zip(seen, tries, strict=True)
    ]
    session.connection().execute(statement, rows)


def _sources(run: Run) -> list[tuple[int, str]]:
    with reading(run.db_engine) as session:
        return [(row.id, row.name) for row in session.execute(select(Source.id, Source.name).order_by(Source.id))]


def _incompletes(run: Run, source_id: int, name: str) -> Iterator[list[_Item]]:
    """Yield batches of versions left incomplete by a fault and tried less than three times, in order of storing."""
    last = 0
    while True:
        query = (
            _versions()
            .where(PostRow.source_id == source_id, PostVersion.id > last)
            .where(PostVersion.status == Status.INCOMPLETE, PostVersion.attempts < MOST_TRIES)
            # Narrows what is read; the kind itself is checked below.
            .where(cast(PostVersion.failures, Text).contains(f'"{FAULT}"'))
            .order_by(PostVersion.id)
            .limit(BATCH)
        )
        with reading(run.db_engine) as session:
            rows = session.execute(query).all()
            if not rows:
                return
            last = rows[-1][1].id
            batch = [
                _item(run, name, post, version)
                for post, version in rows
                if any(failure["kind"] == FAULT for failure in version.failures)
            ]
        if batch:
            yield batch


def _current(run: Run, source_id: int, name: str, since: datetime | None) -> Iterator[list[_Item]]:
    """Yield batches of current versions in order of posts, without deletions and bodies that were dropped."""
    last = 0
    while True:
        posts = (
            select(PostRow.id)
            .where(PostRow.source_id == source_id, PostRow.id > last)
            .order_by(PostRow.id)
            .limit(BATCH)
        )
        with reading(run.db_engine) as session:
            ids = session.scalars(posts).all()
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
                if meta.status != ingest.DELETED and (since is None or meta.at >= since)
            ]
            rows = session.execute(
                _versions().where(PostVersion.id.in_(wanted), PostVersion.text != "").order_by(PostRow.id)
            ).all()
            batch = [_item(run, name, post, version) for post, version in rows]
        if batch:
            yield batch


def _versions() -> Select[PostRow, PostVersion]:
    return select(PostRow, PostVersion).join(PostVersion, PostVersion.post_id == PostRow.id)


def document_of_version(people: People, source: str, post: PostRow, version: PostVersion) -> Document:
    """Return what the rules see of a stored version: the same Document as when it was read, but for what people.csv says now."""
    read = _post_of(post, version)
    return document_of(
        source, read, audience=post.audience, platform=post.platform, seen_at=version.seen_at, people=people
    )


def _item(run: Run, source: str, post: PostRow, version: PostVersion) -> _Item:
    document = document_of_version(run.people, source, post, version)
    return _Item(
        post_id=post.id,
        version_id=version.id,
        at=version.at,
        attempts=version.attempts,
        key=post.external_id,
        document=document,
    )


def _post_of(row: PostRow, version: PostVersion) -> Post:
    """Return the post as it was read, for the same Document as then; without attachments, which rules do not see."""
    return Post(
        external_id=row.external_id,
        text=version.text,
        kind=row.kind,
        platform=row.platform,
        channel=row.channel,
        author=row.author,
        audience=row.audience,
        thread=row.thread,
        is_reply=row.is_reply,
        posted_at=row.posted_at,
        edited_at=version.edited_at,
    )
