"""`compliance doctor`: what is missing on this machine and in this workspace, and how to get it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from compliance.commands._desk import Format, WorkspaceOption, write_json
from compliance.commands._errors import reporting_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance.health import Check


@reporting_errors
def doctor(
    *,
    output: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.TEXT,
    workspace: WorkspaceOption = None,
) -> None:
    """Examine machine and workspace: 0 all well, 3 something is missing, 2 the workspace is broken."""
    from compliance.health import Level, examine

    checks = list(examine(workspace))
    write_checks(checks, output=output)
    worst = {check.level for check in checks}
    raise typer.Exit(2 if Level.BROKEN in worst else 3 if Level.MISSING in worst else 0)


def write_checks(checks: Sequence[Check], *, output: Format) -> None:
    """Write checks to standard output, each with its remedy."""
    from dataclasses import asdict

    if output is Format.JSON:
        write_json({"checks": [asdict(check) for check in checks]})
        return
    from compliance.commands._desk import console
    from compliance.health import Level
    from compliance.safe import as_text

    screen = console()
    styles = {Level.OK: "green", Level.NOTE: "cyan", Level.MISSING: "bold magenta", Level.BROKEN: "bold red"}
    for check in checks:
        head = as_text(f"{check.level.value:<8}", style=styles[check.level])
        screen.print(head.append_text(as_text(f"{check.what}: {check.found}")))
        if check.remedy:
            screen.print(as_text(f"        → {check.remedy}", style="dim"))
