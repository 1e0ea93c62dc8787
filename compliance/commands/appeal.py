"""`compliance appeal …`: a request to overturn a step. While it is open, nothing formal is issued to that person."""

from __future__ import annotations

from typing import Annotated

import typer

from compliance.commands._cases import ActionArgument, ReasonOption, Said, Where, act_on
from compliance.commands._desk import AsOption, Format, FormatOption, WorkspaceOption
from compliance.commands._errors import reporting_errors
from compliance.entry import Kind

app = typer.Typer(no_args_is_help=True, help="Appeals: filed for the person, decided by somebody who took no part.")


@app.command("file")
@reporting_errors
def file_(
    action: ActionArgument,
    *,
    reason: Annotated[str | None, typer.Option("--reason", help="What the person says against the step.")] = None,
    on_day: Annotated[str | None, typer.Option("--on", metavar="DAY", help="When it came in; now if absent.")] = None,
    late: Annotated[bool, typer.Option("--late", help="HR or legal accept it after the time is over.")] = False,
    output: FormatOption = Format.TEXT,
    workspace: WorkspaceOption = None,
    acting_as: AsOption = None,
) -> None:
    """File an appeal that the person made."""
    where = Where(workspace=workspace, acting_as=acting_as, output=output)
    said = Said(ref=action, value="late" if late else None, on=on_day, words=reason)
    act_on(action, Kind.PROPOSED, Kind.APPEALED, said, where)


@app.command()
@reporting_errors
def decide(
    appeal: Annotated[int, typer.Argument(metavar="APPEAL", help="The number of the appeal.")],
    outcome: Annotated[str, typer.Argument(metavar="OUTCOME", help="stands, reduced or overturned.")],
    *,
    to: Annotated[
        str | None, typer.Option(metavar="STEP", help="reduced: the step that it counts as from now on.")
    ] = None,
    reason: ReasonOption = None,
    output: FormatOption = Format.TEXT,
    workspace: WorkspaceOption = None,
    acting_as: AsOption = None,
) -> None:
    """Decide an appeal. An overturned step never counts; it is decided once."""
    where = Where(workspace=workspace, acting_as=acting_as, output=output)
    value = f"{outcome}:{to}" if to else outcome
    act_on(appeal, Kind.APPEALED, Kind.DECIDED, Said(ref=appeal, value=value, words=reason), where)
