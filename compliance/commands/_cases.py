"""What the commands about cases share: options, the setting of the workspace, and how an act is recorded and said."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compliance.commands._desk import Format, clock, console, opened, session_of, write_json
from compliance.errors import ComplianceError

if TYPE_CHECKING:
    from compliance.casebook import Setting
    from compliance.cases import Recorded
    from compliance.entry import Kind
    from compliance.workspace import Workspace

CaseArgument = Annotated[int, typer.Argument(metavar="CASE", help="The number of the case.")]
ActionArgument = Annotated[
    int, typer.Argument(metavar="ACTION", help="The number of the action, as `case show` lists it.")
]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Why, in your words.")]
SeenOption = Annotated[
    int | None,
    typer.Option(metavar="ENTRY", help="The last entry that `case show` printed: refuse if the case moved on."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which workspace, who acts, and how to answer: the options that every command has."""

    workspace: Path | None
    acting_as: str | None
    output: Format
    seen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was typed about one act."""

    value: str | None = None
    ref: int | None = None
    on: str | None = None
    words: str | None = field(default=None, repr=False)


def setting_of(space: Workspace) -> Setting:
    """Return what cases need of a workspace. Raises PolicyError for a broken ladder or policy."""
    from compliance.casebook import Setting

    return Setting(
        organisation=space.config.organisation,
        people=space.people,
        ladders=space.ladders,
        ruleset=space.ruleset,
        reviewers=space.reviewers,
    )


def space_of(where: Where) -> Workspace:
    """Open the workspace."""
    return opened(where.workspace)  # type: ignore[return-value]  # the protocol is narrower than the class


def perform(case_id: int, kind: Kind, said: Said, where: Where) -> None:
    """Record one act in a case and say what was recorded."""
    perform_in(space_of(where), case_id, kind, said, where, now=clock())


def perform_in(space: Workspace, case_id: int, kind: Kind, said: Said, where: Where, *, now: datetime) -> None:
    """Do it in an open workspace."""
    from compliance import cases
    from compliance.permissions import acting

    actor, reviewer = acting(space, where.acting_as)
    deed = cases.Deed(kind=kind, value=said.value, ref=said.ref, on=moment_of(said.on), words=said.words)
    setting = setting_of(space)
    with session_of(space, writes=True) as session:
        recorded = cases.act(
            session, case_id, deed, setting=setting, reviewer=reviewer, actor=actor, seen=where.seen, now=now
        )
    tell(recorded, where.output, actor=f"{actor.id} ({actor.proof})")


def act_on(entry_id: int, found_by: Kind, kind: Kind, said: Said, where: Where) -> None:
    """Record an act about an action or appeal, which names its case by itself."""
    from compliance.cases import case_of_action
    from compliance.permissions import acting

    space = space_of(where)
    _, reviewer = acting(space, where.acting_as)
    with session_of(space, writes=False) as session:
        case_id = case_of_action(session, entry_id, found_by, reviewer)
    perform_in(space, case_id, kind, said, where, now=clock())


def tell(recorded: Recorded, output: Format, *, actor: str) -> None:
    """Print what was recorded."""
    from compliance.safe import as_text

    if output is Format.JSON:
        from pydantic import TypeAdapter

        from compliance.cases import Recorded

        write_json(TypeAdapter(Recorded).dump_python(recorded, mode="json"))
        return
    screen = console()
    value = f" {recorded.value}" if recorded.value else ""
    screen.print(
        as_text(
            f"Case {recorded.case_id}: {recorded.kind}{value}, by {actor}. "
            f"Entry {recorded.number} of this case, audit entry {recorded.audit_seq}."
        )
    )
    for note in recorded.notes:
        screen.print(as_text(f"  {note}", single_line=True, style="dim"))


def moment_of(text: str | None) -> date | datetime | None:
    """Read `2026-03-04` as a day where the person is, `2026-03-04T10:00+01:00` as an instant. Raises ComplianceError."""
    if text is None:
        return None
    try:
        if len(text) <= len("2026-03-04"):
            return date.fromisoformat(text)
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        message = f"'{text}' is neither a day nor a time with its zone"
        raise ComplianceError(message, hint="for example 2026-03-04, or 2026-03-04T10:00+01:00")
    return found
