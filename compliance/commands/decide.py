"""`compliance decide FLAG VERDICT`: a named person decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from compliance.commands._desk import (
    AsOption,
    FlagArgument,
    Format,
    FormatOption,
    WorkspaceOption,
    clock,
    console,
    moment,
    opened,
    session_of,
    write_json,
)
from compliance.commands._errors import reporting_errors

if TYPE_CHECKING:
    from rich.text import Text

    from compliance.commands._desk import Workspace
    from compliance.review import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What was typed."""

    flag_id: int
    #: With `-` or `_`.
    verdict: str
    code: str | None = None
    reason: str | None = field(default=None, repr=False)
    lane: str | None = None
    revise: bool = False
    seen: int | None = None
    #: What the author is asked to do, and by when.
    remedy: str | None = None
    due: str | None = None


@reporting_errors
def decide(  # noqa: PLR0913 - one parameter per option
    flag: FlagArgument,
    verdict: Annotated[
        str, typer.Argument(metavar="VERDICT", help="upheld, cleared, false-positive, out-of-scope or escalated.")
    ],
    *,
    code: Annotated[
        str | None,
        typer.Option(
            help="cleared: authorised, already-public, approved-text, quoted, remedied, trivial. "
            "false-positive: wrong-sense, test-value, boilerplate, detector, list. "
            "out-of-scope: wrong-person, private, privileged."
        ),
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why, in your words; needed for whatever weighs on somebody.")
    ] = None,
    lane: Annotated[
        str | None,
        typer.Option(help="escalated: compliance, security, privacy, hr, counsel, investor-relations or complaints."),
    ] = None,
    revise: Annotated[
        bool, typer.Option("--revise", help="Append a decision to a decided flag; the earlier one stays.")
    ] = False,
    seen: Annotated[
        int | None,
        typer.Option(metavar="REVISION", help="The revision that `show` printed: refuse if somebody decided since."),
    ] = None,
    remedy: Annotated[
        str | None,
        typer.Option(
            help="Ask the author to edit, disclose or delete; the next scan looks. It never counts as a step."
        ),
    ] = None,
    due: Annotated[
        str | None, typer.Option(metavar="DAY", help="With --remedy: until when; in a week if absent.")
    ] = None,
    output: FormatOption = Format.TEXT,
    workspace: WorkspaceOption = None,
    acting_as: AsOption = None,
) -> None:
    """Decide about a flag: whether the post breaks the rule, never about the person."""
    ruling = Ruling(
        flag_id=flag,
        verdict=verdict,
        code=code,
        reason=reason,
        lane=lane,
        revise=revise,
        seen=seen,
        remedy=remedy,
        due=due,
    )
    run(opened(workspace), ruling, acting_as=acting_as, output=output, now=clock())


def run(workspace: Workspace, ruling: Ruling, *, acting_as: str | None, output: Format, now: datetime) -> None:
    """Store the decision and say so on standard output."""
    from compliance import remedies, review
    from compliance.permissions import acting

    actor, reviewer = acting(workspace, acting_as)
    verdict = review.Verdict.parse(ruling.verdict)
    with session_of(workspace, writes=True) as session:
        decision = review.decide(
            session,
            ruling.flag_id,
            verdict,
            code=ruling.code,
            reason=ruling.reason,
            lane=ruling.lane,
            people=workspace.people,
            reviewer=reviewer,
            actor=actor,
            seen_revision=ruling.seen,
            revise=ruling.revise,
            now=now,
        )
        asked = None
        if ruling.remedy is not None:
            asked = remedies.ask(
                session,
                ruling.flag_id,
                ruling.remedy,
                due=_due(ruling.due, now),
                people=workspace.people,
                reviewer=reviewer,
                actor=actor,
                now=now,
            )
    if output is Format.JSON:
        write_json(as_json(decision))
    else:
        console().print(_said(decision))
        if asked is not None:
            console().print(f"The author is to {asked.ask} it by {moment(asked.due)}; the next scan looks.")


def _due(day: str | None, now: datetime) -> datetime:
    """Return the end of a day in UTC, or the instant given; in a week where nothing was said."""
    from compliance.commands._cases import moment_of

    found = moment_of(day)
    if found is None:
        return now + timedelta(days=7)
    if isinstance(found, datetime):
        return found
    return datetime.combine(found + timedelta(days=1), time(), tzinfo=UTC) - timedelta(seconds=1)


def as_json(decision: Decision) -> object:
    """Return the decision as JSON values."""
    from pydantic import TypeAdapter

    from compliance.review import Decision

    return TypeAdapter(Decision).dump_python(decision, mode="json")


def _said(decision: Decision) -> Text:
    from compliance.safe import as_text

    words = ", ".join(word for word in (decision.verdict.replace("_", " "), decision.code) if word)
    where = f" to the lane {decision.lane}; it stays open" if decision.lane else ""
    who = f"{decision.actor} ({decision.actor_proof})"
    return as_text(
        f"Flag {decision.flag_id}: {words}{where}, by {who}. Decision {decision.round} of this flag, "
        f"audit entry {decision.audit_seq}."
    )
