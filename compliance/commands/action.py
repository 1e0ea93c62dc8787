"""`compliance action …`: a step of the ladder, from proposal to receipt. No two approvals by one person; nothing by itself."""

from __future__ import annotations

from typing import Annotated

import typer

from compliance.commands._cases import (
    ActionArgument,
    CaseArgument,
    ReasonOption,
    Said,
    SeenOption,
    Where,
    act_on,
    perform,
    setting_of,
    space_of,
)
from compliance.commands._desk import AsOption, Format, FormatOption, WorkspaceOption, clock, session_of
from compliance.commands._errors import reporting_errors
from compliance.entry import Kind

app = typer.Typer(no_args_is_help=True, help="Steps: proposed, approved, issued, delivered, received.")


@app.command()
@reporting_errors
def propose(
    case: CaseArgument,
    step: Annotated[str, typer.Argument(metavar="STEP", help="As the ladder names it; `case show` says which fit.")],
    *,
    reason: ReasonOption = None,
    seen: SeenOption = None,
    output: FormatOption = Format.TEXT,
    workspace: WorkspaceOption = None,
    acting_as: AsOption = None,
) -> None:
    """Propose a step. Outside the recommended band it takes a second person."""
    where = Where(workspace=workspace, acting_as=acting_as, output=output, seen=seen)
    perform(case, Kind.PROPOSED, Said(value=step, words=reason), where)


def _about(name: str, kind: Kind, help_: str) -> None:
    @app.command(name, help=help_)
    @reporting_errors
    def command(
        action: ActionArgument,
        *,
        reason: ReasonOption = None,
        seen: SeenOption = None,
        output: FormatOption = Format.TEXT,
        workspace: WorkspaceOption = None,
        acting_as: AsOption = None,
    ) -> None:
        where = Where(workspace=workspace, acting_as=acting_as, output=output, seen=seen)
        act_on(action, Kind.PROPOSED, kind, Said(ref=action, words=reason), where)


_about("approve", Kind.APPROVED, "Approve a step: for exactly what it rests on now.")
_about("refuse", Kind.REFUSED, "Refuse to approve a step; it is off.")
_about("withdraw", Kind.WITHDRAWN, "Withdraw a step before it is delivered.")
_about("rescind", Kind.RESCINDED, "Take a delivered step back: it never counts.")


@app.command()
@reporting_errors
def issue(
    action: ActionArgument,
    *,
    seen: SeenOption = None,
    output: FormatOption = Format.TEXT,
    workspace: WorkspaceOption = None,
    acting_as: AsOption = None,
) -> None:
    """Issue a step: everything it needs must be there, and the letter is kept as it goes out. Reversible by withdraw."""
    where = Where(workspace=workspace, acting_as=acting_as, output=output, seen=seen)
    act_on(action, Kind.PROPOSED, Kind.ISSUED, Said(ref=action), where)


@app.command()
@reporting_errors
def deliver(
    action: ActionArgument,
    *,
    on_day: Annotated[str | None, typer.Option("--on", metavar="DAY", help="When; now if absent.")] = None,
    reason: ReasonOption = None,
    output: FormatOption = Format.TEXT,
    workspace: WorkspaceOption = None,
    acting_as: AsOption = None,
) -> None:
    """Record that the person has it in hand; from then on it counts."""
    where = Where(workspace=workspace, acting_as=acting_as, output=output)
    act_on(action, Kind.PROPOSED, Kind.DELIVERED, Said(ref=action, on=on_day, words=reason), where)


@app.command()
@reporting_errors
def acknowledge(
    action: ActionArgument,
    *,
    refused: Annotated[bool, typer.Option("--refused", help="The person would not sign.")] = False,
    witness: Annotated[str | None, typer.Option(metavar="NAME", help="Who saw the refusal.")] = None,
    reason: ReasonOption = None,
    output: FormatOption = Format.TEXT,
    workspace: WorkspaceOption = None,
    acting_as: AsOption = None,
) -> None:
    """Record the receipt, which is no agreement; or a refusal before a witness."""
    from compliance.errors import ComplianceError

    if refused != (witness is not None):
        message = "a refusal needs a witness, and only a refusal does"
        raise ComplianceError(message, hint="--refused --witness NAME, or neither")
    where = Where(workspace=workspace, acting_as=acting_as, output=output)
    act_on(action, Kind.PROPOSED, Kind.RECEIPT, Said(ref=action, value=witness, words=reason), where)


@app.command()
@reporting_errors
def letter(action: ActionArgument, *, workspace: WorkspaceOption = None, acting_as: AsOption = None) -> None:
    """Print the letter of a step: as issued, or as it would be issued now. It names the person; the trail records that."""
    from compliance.audit import record
    from compliance.casebook import find_case, letter_of, open_up
    from compliance.cases import case_of_action
    from compliance.permissions import acting, require
    from compliance.safe import for_terminal

    where = Where(workspace=workspace, acting_as=acting_as, output=Format.TEXT)
    space = space_of(where)
    actor, reviewer = acting(space, acting_as)
    require(reviewer, "names:reveal")
    setting = setting_of(space)
    with session_of(space, writes=True) as session:
        row = find_case(session, case_of_action(session, action, Kind.PROPOSED, reviewer), reviewer)
        record(session, "names:revealed", actor=actor, subject=f"case:{row.id}", now=clock())
        case = open_up(session, row, setting, reviewer, now=clock())
        issued = [entry.id for entry in case.entries if entry.kind is Kind.ISSUED and entry.ref == action]
        found = letter_of(case, case.state.actions[action], setting, now=clock())
    text = case.words.get(issued[-1]) if issued and case.state.actions[action].status != "overturned" else None
    typer.echo("\n".join(for_terminal(line) for line in (text or found.text).splitlines()))
    if text is None and found.unfilled:
        typer.echo(f"\nnothing fills: {', '.join(found.unfilled)}; it cannot be issued like this", err=True)
