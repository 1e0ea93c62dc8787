"""The review desk: a named person decides about a flag, once; later decisions are appended, never written over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from compliance.audit import Actor, record
from compliance.dossier import Dossier, binding, find_flag, show
from compliance.errors import ComplianceError, ConflictError
from compliance.listing import Filters, QueuedFlag, QueuePage, excerpts, queue
from compliance.models import DecisionRow, Flag
from compliance.permissions import People, Reviewer, Sight, no_flag, require, require_not_own, sees
from rules.evaluation import Severity

__all__ = [
    "CODES",
    "LANES",
    "Decision",
    "Dossier",
    "Filters",
    "QueuePage",
    "QueuedFlag",
    "Verdict",
    "decide",
    "excerpts",
    "queue",
    "show",
]

#: Who can hold a flag; also the routes of policies.
LANES: Final = ("compliance", "security", "privacy", "hr", "counsel", "investor-relations", "complaints")


class Verdict(StrEnum):
    """What a decision says about the post, never about the person."""

    UPHELD = "upheld"
    CLEARED = "cleared"
    FALSE_POSITIVE = "false_positive"
    OUT_OF_SCOPE = "out_of_scope"
    #: Hands the still open flag to a lane.
    ESCALATED = "escalated"

    @classmethod
    def parse(cls, word: str) -> Verdict:
        """Return the verdict for a word with `-` or `_`. Raises ComplianceError with the words there are."""
        try:
            return cls(word.strip().lower().replace("-", "_"))
        except ValueError:
            message = f"unknown verdict {word!r}"
            hint = f"one of: {', '.join(verdict.replace('_', '-') for verdict in cls)}."
            raise ComplianceError(message, hint=hint) from None


#: The codes that a verdict demands one of; verdicts that are not here take none.
CODES: Final[Mapping[Verdict, tuple[str, ...]]] = MappingProxyType(
    {
        Verdict.CLEARED: ("authorised", "already-public", "approved-text", "quoted", "remedied", "trivial"),
        Verdict.FALSE_POSITIVE: ("wrong-sense", "test-value", "boilerplate", "detector", "list"),
        Verdict.OUT_OF_SCOPE: ("wrong-person", "private", "privileged"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A stored decision, bound to the version, rule and spans that were decided about."""

    id: int
    flag_id: int
    #: 1 for the first decision on a flag.
    round: int
    verdict: Verdict
    code: str | None
    lane: str | None
    reason: str | None = field(repr=False)
    actor: str
    actor_proof: str
    version_id: int
    rule_version: str
    spans: tuple[tuple[int, int], ...]
    at: datetime
    #: Where the audit trail records it.
    audit_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ruling:
    """What the caller wants to decide."""

    verdict: Verdict
    code: str | None
    reason: str | None = field(repr=False)
    lane: str | None
    revise: bool


def decide(  # noqa: PLR0913 - what a decision consists of, and who makes it
    session: Session,
    flag_id: int,
    verdict: Verdict,
    *,
    code: str | None = None,
    reason: str | None = None,
    lane: str | None = None,
    people: People,
    reviewer: Reviewer,
    actor: Actor,
    seen_revision: int | None = None,
    revise: bool = False,
    now: datetime,
) -> Decision:
    """Append a decision and its audit entry in the caller's write transaction.

    Reversible by `revise`, which appends another. `seen_revision` is the revision the person looked at; None means the
    one stored now. Of several people who decide on the same revision exactly one succeeds.
    Raises ConflictError for the others, ComplianceError with every fault of the call.
    """
    require(reviewer, "flags:decide")
    flag, sight = find_flag(session, flag_id, reviewer)
    if sight is Sight.FIRST_AID:
        message = f"flag {flag.id} is not for you to decide"
        raise ComplianceError(message, hint="revoke or change what it shows now; counsel decides about the post.")
    require_not_own(reviewer, people, platform=flag.post.platform, handle=flag.post.author)
    ruling = _Ruling(verdict=verdict, code=code, reason=(reason or "").strip() or None, lane=lane, revise=revise)
    _refuse_faults(flag, ruling)
    try:
        _take(session, flag, ruling, seen=flag.revision if seen_revision is None else seen_revision)
    except ComplianceError:
        # Who lost a race against a move to counsel is told no more than who comes later.
        if sees(reviewer, lane=flag.lane, policy=flag.policy, is_open=False) is Sight.NOTHING:
            raise no_flag(flag_id) from None
        raise
    row = _append(session, flag, ruling, actor=actor, now=now)
    entry = record(
        session,
        "flag:decided",
        actor=actor,
        subject=f"flag:{flag.id}",
        version=f"version:{row.version_id}",
        reason=f"decision:{row.id}",
        detail=audited(row),
        now=now,
    )
    return _decision(row, audit_seq=entry.seq)


def audited(row: DecisionRow) -> dict[str, int | str | None]:
    """Return what the audit entry keeps of a decision, so that a later change of the row shows; nobody's words."""
    return {
        "round": row.round,
        "verdict": row.verdict,
        "code": row.code,
        "lane": row.lane,
        "rule_version": row.rule_version,
        "spans": ",".join(f"{start}-{end}" for start, end in row.spans),
    }


def _refuse_faults(flag: Flag, ruling: _Ruling) -> None:
    faults = [*_code_faults(ruling), *_reason_faults(flag, ruling), *_lane_faults(flag, ruling)]
    if faults:
        hint = "`compliance decide --help` lists verdicts, codes and lanes."
        raise ComplianceError(f"flag {flag.id} was not decided: " + "; ".join(faults), hint=hint)


def _code_faults(ruling: _Ruling) -> Iterator[str]:
    codes = CODES.get(ruling.verdict, ())
    if codes and ruling.code not in codes:
        given = "none is given" if ruling.code is None else f"{ruling.code!r} is not one"
        yield f"{ruling.verdict} needs a code ({', '.join(codes)}) and {given}"
    elif ruling.code is not None and not codes:
        yield f"{ruling.verdict} takes no code"


def _reason_faults(flag: Flag, ruling: _Ruling) -> Iterator[str]:
    if ruling.reason is not None:
        if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in ruling.reason):
            yield "the reason holds a character that cannot be stored (NUL or half of a surrogate pair)"
        return
    if ruling.revise:
        yield "a revision needs a reason"
    elif ruling.verdict in {Verdict.OUT_OF_SCOPE, Verdict.ESCALATED}:
        yield f"{ruling.verdict} needs a reason"
    elif ruling.verdict is Verdict.UPHELD and flag.severity >= Severity.HIGH:
        yield f"upheld needs a reason at severity {Severity(flag.severity).label}"


def _lane_faults(flag: Flag, ruling: _Ruling) -> Iterator[str]:
    if ruling.verdict is not Verdict.ESCALATED:
        if ruling.lane is not None:
            yield f"{ruling.verdict} takes no lane; only escalated does"
    elif ruling.lane not in LANES:
        given = "none is given" if ruling.lane is None else f"{ruling.lane!r} is not one"
        yield f"escalated needs a lane ({', '.join(LANES)}) and {given}"
    elif ruling.lane == flag.lane:
        yield f"the flag is in the lane {flag.lane!r} already"
    if ruling.revise and ruling.verdict is Verdict.ESCALATED:
        yield "a decided flag cannot be escalated; revise it to another verdict"


def _take(session: Session, flag: Flag, ruling: _Ruling, *, seen: int) -> None:
    """Move the flag on from the seen revision, or raise. One statement: the database picks the winner of a race."""
    before = "decided" if ruling.revise else "open"
    after = "open" if ruling.verdict is Verdict.ESCALATED else "decided"
    statement = (
        update(Flag)
        .where(Flag.id == flag.id, Flag.revision == seen, Flag.status == before)
        .values(revision=seen + 1, status=after, lane=ruling.lane or Flag.lane)
        .returning(Flag.id)
        .execution_options(synchronize_session=False)
    )
    won = session.scalar(statement) is not None
    session.refresh(flag)
    if not won:
        raise _conflict(session, flag, revise=ruling.revise)


def _conflict(session: Session, flag: Flag, *, revise: bool) -> ComplianceError:
    last = session.scalar(
        select(DecisionRow).where(DecisionRow.flag_id == flag.id).order_by(DecisionRow.round.desc()).limit(1)
    )
    if last is None:
        if revise:
            return ComplianceError(f"flag {flag.id} has no decision to revise", hint="leave out --revise.")
        return ConflictError(
            f"flag {flag.id} has changed since it was seen: the post was evaluated again, or somebody acted (revision {flag.revision})",
            hint=f"look again: `compliance show {flag.id}`.",
        )
    who = f"{last.verdict.replace('_', ' ')} by {last.actor!r} at {last.at:%Y-%m-%d %H:%M} UTC (decision {last.round})"
    if flag.status == "open":
        hint = f"it is open in the lane {flag.lane!r}; look again: `compliance show {flag.id}`."
        return ConflictError(f"flag {flag.id} has moved on: {who}", hint=hint)
    hint = f"see `compliance show {flag.id}`; `--revise` with a reason appends a new decision, and the old one stays."
    return ConflictError(f"flag {flag.id} is decided already: {who}", hint=hint)


def _append(session: Session, flag: Flag, ruling: _Ruling, *, actor: Actor, now: datetime) -> DecisionRow:
    seen = binding(flag)
    last = session.scalar(select(func.max(DecisionRow.round)).where(DecisionRow.flag_id == flag.id)) or 0
    row = DecisionRow(
        flag_id=flag.id,
        round=last + 1,
        verdict=str(ruling.verdict),
        code=ruling.code,
        lane=ruling.lane,
        reason=ruling.reason,
        actor=actor.id,
        actor_proof=actor.proof,
        version_id=seen.version_id,
        rule_version=seen.rule_version,
        spans=sorted([match["start"], match["end"]] for match in seen.matches),
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def _decision(row: DecisionRow, *, audit_seq: int) -> Decision:
    return Decision(
        id=row.id,
        flag_id=row.flag_id,
        round=row.round,
        verdict=Verdict(row.verdict),
        code=row.code,
        lane=row.lane,
        reason=row.reason,
        actor=row.actor,
        actor_proof=row.actor_proof,
        version_id=row.version_id,
        rule_version=row.rule_version,
        spans=tuple((start, end) for start, end in row.spans),
        at=row.at,
        audit_seq=audit_seq,
    )
