"""Read every source from where the last scan ended, evaluate what is new, store it page by page."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from compliance import lease
from compliance.audit import Actor, record
from compliance.db import writing
from compliance.evaluator import Evaluator, People
from compliance.inputs import record_inputs
from compliance.models import PostVersion, Reject, Scan
from compliance.pages import read_source
from compliance.remedies import settle
from compliance.rescan import again_evaluate, retry_incompletes
from compliance.run import Run, StoppedError
from compliance.scan_report import Again, IncompleteNote, Progress, RejectNote, ScanReport, ScanSource, SourceError
from rules.evaluation import Status

__all__ = ["Again", "IncompleteNote", "Progress", "RejectNote", "ScanReport", "ScanSource", "SourceError", "scan"]

LEASE = "scan"


def scan(  # noqa: PLR0913 - one keyword per thing a scan needs to know
    db_engine: Engine,
    sources: Sequence[ScanSource],
    evaluator: Evaluator,
    people: People,
    *,
    actor: Actor,
    now: Callable[[], datetime],
    begun: Callable[[ScanReport], None] | None = None,
    page_done: Callable[[Progress], None] | None = None,
    again: Again | None = None,
    inputs: Mapping[str, str] | None = None,
) -> ScanReport:
    """Retry stored incompletes, evaluate stored posts again if asked to, then read every source to its end.

    Each page is evaluated first and then stored in one transaction with its cursor, so a scan may die anywhere and the
    next goes on from the last page. A source that fails is reported and the others are read. On SIGTERM the scan ends
    after the document at hand and drops the page it belongs to; on KeyboardInterrupt at once; both return a report with
    status `stopped`. `inputs` says what the rule set is made of; the trail keeps it once per rule set. Raises UnavailableError while another scan runs, LeaseLostError if one took over. Reversible:
    flags await a person.
    """
    run = _begin(db_engine, evaluator, people, actor=actor, now=now, inputs=inputs)
    run.page_done = page_done
    if begun is not None:
        begun(run.report)
    try:
        with _stops_on_sigterm(run):
            retry_incompletes(run)
            if again is not None:
                again_evaluate(run, again)
            for source in sources:
                read_source(run, source)
            run.report.remedied = settle(run)
    except (StoppedError, KeyboardInterrupt):
        _finish(run, "stopped")
    except BaseException:
        # What went wrong is raised; that the end could not be noted either adds nothing to it.
        with suppress(SQLAlchemyError, lease.LeaseLostError):
            _finish(run, "failed")
        raise
    else:
        _finish(run, "done")
    return run.report


def _begin(
    db_engine: Engine,
    evaluator: Evaluator,
    people: People,
    *,
    actor: Actor,
    now: Callable[[], datetime],
    inputs: Mapping[str, str] | None,
) -> Run:
    holder = lease.this_process()
    for last_try in (False, True):
        try:
            with writing(db_engine) as session:
                started = now()
                hold = lease.acquire(session, LEASE, holder=holder, now=started)
                row = Scan(
                    actor=actor.id, started_at=started, status="running", ruleset=evaluator.ruleset_hash, counts={}
                )
                session.add(row)
                session.flush()
                report = ScanReport(scan_id=row.id, started_at=started)
                if inputs is not None:
                    record_inputs(session, evaluator.ruleset_hash, inputs, actor=actor, now=started)
            return Run(
                db_engine=db_engine, evaluator=evaluator, people=people, actor=actor, now=now, hold=hold, report=report
            )
        except IntegrityError:
            # Two scans raced to write the very first lease; the second look sees who won.
            if last_try:
                raise
    raise AssertionError


def _finish(run: Run, status: str) -> None:
    """Note how the scan ended, count what is outstanding, let go of the lease."""
    report = run.report
    finished = run.now()
    with run.transaction() as session:
        incomplete = select(func.count()).where(
            PostVersion.status == Status.INCOMPLETE, PostVersion.evaluated_at < report.started_at
        )
        rejects = select(func.count()).select_from(Reject).where(Reject.seen_at < report.started_at)
        outstanding = session.scalar(incomplete) or 0, session.scalar(rejects) or 0
        counts = run.counts_json()
        for error in report.errors:
            # Reports tell from it which sources were not read to their end.
            counts[error.source]["unreached"] = 1
        ended = {"status": status, "finished_at": finished, "counts": counts}
        session.execute(update(Scan).where(Scan.id == report.scan_id).values(ended))
        detail: dict[str, int | str | None] = {"status": status, "ruleset": run.evaluator.ruleset_hash}
        detail |= {"sources": len(report.counts), "errors": len(report.errors), "flags": report.opened.total()}
        record(session, "scan:finished", actor=run.actor, subject=f"scan:{report.scan_id}", detail=detail, now=finished)
        lease.release(session, run.hold, now=finished)
    report.status, report.finished_at = status, finished
    report.outstanding_incomplete, report.outstanding_rejects = outstanding


@contextmanager
def _stops_on_sigterm(run: Run) -> Iterator[None]:
    """Let SIGTERM end the scan in order. Only the main thread may set handlers; elsewhere nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: run.ask_to_stop())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
