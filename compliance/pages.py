"""Read one source page by page: pass over what is known, evaluate what is new, store it with the cursor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from compliance import ingest
from compliance.evaluator import document_of, engine_fault, evaluate_all, evaluate_alone
from compliance.ingest import Judged, Version
from compliance.models import Attempt, Source
from compliance.run import MOST_TRIES, Run, StoppedError
from compliance.scan_report import Progress, RejectNote, ScanSource, SourceError
from connectors.base import Page
from connectors.errors import ConnectorError, FatalError, SkippableError
from connectors.post import Post
from rules.document import Document
from rules.evaluation import Evaluation

MOST_POSTS: Final = 1000
SET_ASIDE: Final = f"set aside after {MOST_TRIES} tries"


@dataclass(slots=True)
class _Sorted:
    """A page with its posts sorted by what is to be done with them."""

    versions: list[Version] = field(default_factory=list)
    rejects: list[SkippableError] = field(default_factory=list)
    skipped: int = 0


def read_source(run: Run, source: ScanSource) -> None:
    """Read a source to its end. A connector error ends it and is reported; the pages before it are stored."""
    run.report.counts.setdefault(source.name, ingest.Counts())
    source_id, cursor, attempts = _source_row(run, source.name)
    try:
        size = source.connector.size()
        for page in _pages(run, source, cursor):
            _Pages(run, source, source_id).take(page, careful=attempts > 0)
            attempts = 0
            if run.page_done is not None:
                counts = run.report.counts[source.name]
                run.page_done(Progress(source=source.name, position=page.position, size=size, counts=replace(counts)))
            run.breathe()
    except ConnectorError as error:
        run.report.errors.append(
            SourceError(
                source=source.name,
                place=error.place,
                message=error.message,
                hint=error.hint,
                error=type(error).__name__,
            )
        )


def _source_row(run: Run, name: str) -> tuple[int, str | None, int]:
    """Return id, cursor and pages begun of a source, which is made if it is new."""
    with run.transaction() as session:
        row = session.scalar(select(Source).where(Source.name == name))
        if row is None:
            row = Source(name=name, cursor=None, page_attempts=0)
            session.add(row)
            session.flush()
        return row.id, row.cursor, row.page_attempts


def _pages(run: Run, source: ScanSource, cursor: str | None) -> Iterator[Page]:
    """Yield the connector's pages, refusing what breaks its contract and never ends."""
    cursors: set[str] = set()
    pages = iter(source.connector.pages(cursor))
    while True:
        run.waiting = True
        try:
            run.breathe()
            page = next(pages, None)
        finally:
            run.waiting = False
        if page is None:
            return
        if len(page.posts) > MOST_POSTS:
            message = (
                f"the connector gave a page of {len(page.posts)} posts; {MOST_POSTS} is the most that is stored at once"
            )
            raise FatalError(message, place=source.name)
        if page.posts and page.cursor in cursors:
            message = "the source gives the same page again and again"
            raise FatalError(
                message, place=source.name, hint="what it gave is stored; report this with the connector's name"
            )
        cursors.add(page.cursor)
        yield page


@dataclass(frozen=True, slots=True)
class _Pages:
    """How pages of one source are taken in."""

    run: Run
    source: ScanSource
    source_id: int

    def take(self, page: Page, *, careful: bool) -> None:
        """Evaluate and store a page. `careful`: an earlier scan died in it, so each post goes by itself."""
        run = self.run
        seen_at = run.now()
        todo = _Sorted(rejects=list(page.rejects))
        for post in page.posts:
            self._sort(post, todo, seen_at)
        fresh, known = self._begin(todo.versions)
        if careful:
            self._one_by_one(fresh)
            fresh = []
        batch = self._judge(fresh)

        def work(session: Session) -> ingest.Stored:
            now = run.now()
            stored = ingest.store(session, self.source_id, batch, known=known, evaluator=run.evaluator, now=now)
            stored.counts.add(ingest.Counts(read=len(page.posts), failed=len(todo.rejects), skipped=todo.skipped))
            ingest.store_rejects(session, self.source_id, todo.rejects, anew=page.restarted, now=now)
            moved = {"cursor": page.cursor, "page_attempts": 0, "scanned_at": now}
            session.execute(update(Source).where(Source.id == self.source_id).values(moved))
            if batch or todo.rejects:
                self._record(session, batch, stored)
            return stored

        run.store(work, source=self.source.name, judged=_verdicts(batch))
        run.report.rejects += [
            RejectNote(source=self.source.name, place=each.place, message=each.message, hint=each.hint)
            for each in todo.rejects
        ]

    def _sort(self, post: Post, todo: _Sorted, seen_at: datetime) -> None:
        source = self.source
        if post.kind == "message" and not source.include_messages:
            todo.skipped += 1
            return
        if (fault := ingest.fault_of(post)) is not None:
            todo.rejects.append(ingest.reject_of(post, fault, source=source.name))
        else:
            todo.versions.append(
                ingest.version_of(post, audience=source.audience, platform=source.platform, seen_at=seen_at)
            )

    def _begin(self, versions: list[Version]) -> tuple[list[Version], ingest.Known]:
        """Look up what is known and, if anything is to be evaluated, note that evaluation begins."""
        with self.run.transaction() as session:
            known = ingest.read_known(session, self.source_id, [version.post for version in versions])
            fresh = ingest.fresh_versions(versions, known)
            if any(version.post.deleted_at is None for version in fresh):
                self._note_begun(session, Source.page_attempts + 1)
        return fresh, known

    def _judge(self, fresh: list[Version]) -> list[Judged]:
        """Evaluate versions in one stream. If the scan is asked to stop meanwhile, nothing of the page stays behind."""
        documents = [self._document(version) for version in fresh if version.post.deleted_at is None]
        try:
            verdicts = iter(evaluate_all(self.run.evaluator, documents, breathe=self.run.breathe))
        except StoppedError:
            with self.run.transaction() as session:
                self._note_begun(session, 0)
            raise
        return [
            Judged(version=version, evaluation=None if version.post.deleted_at else next(verdicts)) for version in fresh
        ]

    def _one_by_one(self, fresh: list[Version]) -> None:
        """Evaluate and store each version by itself; one that ended the process too often is set aside."""
        for version in fresh:
            self.run.breathe()
            judged = Judged(version=version, evaluation=None)
            if version.post.deleted_at is None:
                tries = self._note_try(version.post.external_id)
                document = self._document(version)
                set_aside = tries > MOST_TRIES
                evaluation = (
                    engine_fault(document.key, SET_ASIDE) if set_aside else evaluate_alone(self.run.evaluator, document)
                )
                judged = Judged(version=version, evaluation=evaluation, attempts=MOST_TRIES if set_aside else 0)
            self._store_one(judged)

    def _store_one(self, judged: Judged) -> None:
        post = judged.version.post

        def work(session: Session) -> ingest.Stored:
            # Read anew: an earlier version of the same post may just have been stored.
            known = ingest.read_known(session, self.source_id, [post])
            stored = ingest.store(
                session, self.source_id, [judged], known=known, evaluator=self.run.evaluator, now=self.run.now()
            )
            session.execute(
                delete(Attempt).where(Attempt.source_id == self.source_id, Attempt.external_id == post.external_id)
            )
            self._record(session, [judged], stored)
            return stored

        self.run.store(work, source=self.source.name, judged=_verdicts([judged]))

    def _note_try(self, external_id: str) -> int:
        """Note, before it happens, that a post is evaluated by itself; return which try this is, counted from 1."""
        with self.run.transaction() as session:
            mine = (Attempt.source_id == self.source_id, Attempt.external_id == external_id)
            tries = (session.scalar(select(Attempt.tries).where(*mine)) or 0) + 1
            if tries == 1:
                session.execute(insert(Attempt).values(source_id=self.source_id, external_id=external_id, tries=tries))
            else:
                session.execute(update(Attempt).where(*mine).values(tries=tries))
        return tries

    def _note_begun(self, session: Session, attempts: ColumnElement[int] | int) -> None:
        session.execute(update(Source).where(Source.id == self.source_id).values(page_attempts=attempts))

    def _document(self, version: Version) -> Document:
        return document_of(
            self.source.name,
            version.post,
            audience=version.audience,
            platform=version.platform,
            seen_at=version.seen_at,
            people=self.run.people,
        )

    def _record(self, session: Session, batch: list[Judged], stored: ingest.Stored) -> None:
        keys = [judged.version.post.external_id for judged in batch]
        ingest.record_batch(
            session, "page:stored", self.source_id, keys, stored=stored, actor=self.run.actor, now=self.run.now()
        )


def _verdicts(batch: list[Judged]) -> list[Evaluation]:
    return [judged.evaluation for judged in batch if judged.evaluation is not None]
