"""What one running scan carries from step to step: its lease, its report, whether it was asked to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from compliance import lease
from compliance.audit import Actor
from compliance.db import writing
from compliance.evaluator import Evaluator, People
from compliance.flagging import Flagged
from compliance.ingest import Counts, Stored
from compliance.models import Scan
from compliance.scan_report import IncompleteNote, Progress, ScanReport
from rules.evaluation import Evaluation

#: A version whose evaluation ended the process or was incomplete this often is left alone until somebody asks.
MOST_TRIES: Final = 3
_TRANSACTION_TRIES: Final = 3
#: PostgreSQL asks for the whole transaction again: serialization failure, deadlock.
_AGAIN: Final = frozenset({"40001", "40P01"})


class StoppedError(BaseException):
    """The scan was asked to stop. No Exception, so that no detector swallows it."""


@dataclass(slots=True, kw_only=True)
class Run:
    """One scan under its lease."""

    db_engine: Engine
    evaluator: Evaluator
    people: People
    actor: Actor
    now: Callable[[], datetime]
    hold: lease.Hold
    report: ScanReport
    page_done: Callable[[Progress], None] | None = None
    #: Waiting for a source: nothing is in flight, so a stop may interrupt at once.
    waiting: bool = False
    stopping: bool = field(default=False, init=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One write transaction under the lease. Raises LeaseLostError, storing nothing, if another scan took over."""
        with writing(self.db_engine) as session:
            lease.renew(session, self.hold, now=self.now())
            yield session

    def store(self, work: Callable[[Session], Stored], *, source: str, judged: list[Evaluation]) -> None:
        """Do `work` in one transaction together with the scan's counts, then take what it did into the report.

        The work may be called again if the database asks for the whole transaction once more.
        """
        for last_try in (*[False] * (_TRANSACTION_TRIES - 1), True):
            try:
                with self.transaction() as session:
                    stored = work(session)
                    counts = self.counts_json(source, stored.counts)
                    session.execute(update(Scan).where(Scan.id == self.report.scan_id).values(counts=counts))
                break
            except DBAPIError as error:
                if last_try or getattr(error.orig, "sqlstate", None) not in _AGAIN:
                    raise
        self._take(source, stored, judged)

    def _take(self, source: str, stored: Stored, judged: list[Evaluation]) -> None:
        self.report.counts.setdefault(source, Counts()).add(stored.counts)
        self.report.opened.update(stored.flagged.opened)
        self.report.shadow.update(stored.flagged.shadow)
        self.report.incompletes += [
            IncompleteNote(post=evaluation.key, detector=failure.detector, kind=failure.kind, error=failure.error)
            for evaluation in judged
            for failure in evaluation.failures
        ]

    def counts_json(self, source: str | None = None, more: Counts | None = None) -> dict[str, dict[str, int]]:
        """Return the counts by source as they are stored, with `more` added to one of them."""
        counts = {name: asdict(each) for name, each in self.report.counts.items()}
        if source is not None and more is not None:
            total = Counts(**counts.get(source, {}))
            total.add(more)
            counts[source] = asdict(total)
        return counts

    def ask_to_stop(self) -> None:
        """Stop as soon as nothing is in flight. Safe to call from a signal handler."""
        self.stopping = True
        if self.waiting:
            raise StoppedError

    def breathe(self) -> None:
        """Raise StoppedError if the scan was asked to stop."""
        if self.stopping:
            raise StoppedError


def nothing_stored() -> Stored:
    """Return what storing nothing did."""
    return Stored(Counts(), Flagged())
