"""Remedies: an author is asked to edit, disclose or delete by a day. The next scan looks whether it was done; it never counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from compliance.audit import Actor, record
from compliance.db import reading
from compliance.dossier import find_flag
from compliance.errors import ComplianceError
from compliance.evaluator import evaluate_alone
from compliance.models import DecisionRow, Flag, PostRow, PostVersion, Remedy, Source
from compliance.permissions import People, Reviewer, Sight, no_flag, require, require_not_own
from rules.evaluation import Status

if TYPE_CHECKING:
    from compliance.run import Run

ASKS: Final = ("edit", "disclose", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A stored remedy."""

    id: int
    flag_id: int
    ask: str
    due: datetime
    audit_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """An open remedy, and the newest version of its post."""

    id: int
    ask: str
    rule: str
    source: str
    post: PostRow
    version: PostVersion
    decided_version: int | None


def ask(  # noqa: PLR0913 - what is asked, of which flag, and who asks
    session: Session,
    flag_id: int,
    what: str,
    *,
    due: datetime,
    people: People,
    reviewer: Reviewer,
    actor: Actor,
    now: datetime,
) -> Asked:
    """Ask for a remedy of a decided flag. Reversible: a remedy is a request, and no step. Raises ComplianceError."""
    require(reviewer, "flags:decide")
    flag, sight = find_flag(session, flag_id, reviewer)
    if sight is not Sight.ALL:
        raise no_flag(flag_id)
    require_not_own(reviewer, people, platform=flag.post.platform, handle=flag.post.author)
    faults = []
    if what not in ASKS:
        faults.append(f"'{what}' is no remedy: one of {', '.join(ASKS)}")
    if due <= now:
        faults.append("the day until which it is due is over")
    if flag.status == "open":
        faults.append("the flag is open; a remedy follows a decision")
    elif flag.decisions[-1].verdict not in {"upheld", "cleared"}:
        faults.append(f"the flag is {flag.decisions[-1].verdict}, so there is nothing to mend")
    if session.scalar(select(Remedy.id).where(Remedy.flag_id == flag.id, Remedy.status == "open")) is not None:
        faults.append("a remedy of this flag is open")
    if faults:
        raise ComplianceError(f"flag {flag_id}: no remedy was asked for: " + "; ".join(faults))
    row = Remedy(
        flag_id=flag.id, ask=what, due=due, asked_at=now, actor=actor.id, actor_proof=actor.proof, status="open"
    )
    session.add(row)
    session.flush()
    entry = record(
        session,
        "remedy:asked",
        actor=actor,
        subject=f"flag:{flag.id}",
        reason=f"remedy:{row.id}",
        detail={"ask": what, "due": due.isoformat()},
        now=now,
    )
    return Asked(id=row.id, flag_id=flag.id, ask=what, due=due, audit_seq=entry.seq)


def settle(run: Run) -> int:
    """Close the remedies that were done, and return how many. Called by the scan, after it has read its sources.

    Done is: the post is gone; or, unless deletion was asked for, its newest version is another one than was decided
    about and the rule looked at it and no longer fires. Whatever could not be evaluated stays open.
    """
    done = 0
    for each in _waiting(run):
        run.breathe()
        if _is_done(run, each):
            done += _close(run, each)
    return done


def _waiting(run: Run) -> list[_Waiting]:
    newest = (
        select(PostVersion.id)
        .where(PostVersion.post_id == PostRow.id)
        .order_by(PostVersion.at.desc(), PostVersion.id.desc())
        .limit(1)
        .correlate(PostRow)
        .scalar_subquery()
    )
    decided = (
        select(func.max(DecisionRow.version_id)).where(DecisionRow.flag_id == Flag.id).correlate(Flag).scalar_subquery()
    )
    query = (
        select(Remedy.id, Remedy.ask, Flag.rule, Source.name, PostRow, PostVersion, decided)
        .join(Flag, Flag.id == Remedy.flag_id)
        .join(PostRow, PostRow.id == Flag.post_id)
        .join(Source, Source.id == PostRow.source_id)
        .join(PostVersion, PostVersion.id == newest)
        .where(Remedy.status == "open")
        .order_by(Remedy.id)
    )
    with reading(run.db_engine) as session:
        rows = session.execute(query).all()
        session.expunge_all()
    return [
        _Waiting(id=id_, ask=what, rule=rule, source=source, post=post, version=version, decided_version=decided_on)
        for id_, what, rule, source, post, version, decided_on in rows
    ]


def _is_done(run: Run, each: _Waiting) -> bool:
    from compliance.rescan import document_of_version

    if each.version.deleted_at is not None:
        return True
    if each.ask == "delete" or each.version.id == each.decided_version:
        return False
    verdict = evaluate_alone(run.evaluator, document_of_version(run.people, each.source, each.post, each.version))
    failed = any(each.rule in failure.rules or not failure.rules for failure in verdict.failures)
    return (
        verdict.status is not Status.INCOMPLETE
        and not failed
        and all(finding.rule != each.rule for finding in verdict.findings)
    )


def _close(run: Run, each: _Waiting) -> bool:
    now = run.now()
    with run.transaction() as session:
        statement = (
            update(Remedy)
            .where(Remedy.id == each.id, Remedy.status == "open")
            .values(status="done", settled_at=now, settled_version_id=each.version.id)
            .returning(Remedy.flag_id)
        )
        flag_id = session.scalar(statement)
        if flag_id is not None:
            record(
                session,
                "remedy:done",
                actor=run.actor,
                subject=f"flag:{flag_id}",
                version=f"version:{each.version.id}",
                reason=f"remedy:{each.id}",
                now=now,
            )
    return flag_id is not None
