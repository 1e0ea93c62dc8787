"""`compliance doctor`: what is missing on this machine and in this workspace, and how to get it."""

from __future__ import annotations

from typing import Annotated

import typer

from compliance.commands._desk import Format, WorkspaceOption
from compliance.commands._errors import reporting_errors


@reporting_errors
def doctor(
    *,
    output: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.TEXT,
    workspace: WorkspaceOption = None,
) -> None:
    """Examine machine and workspace: 0 all well, 3 something is missing, 2 the workspace is broken."""
    import json
    import sys
    from dataclasses import asdict

    from compliance.health import Level, examine

    checks = list(examine(workspace))
    if output is Format.JSON:
        sys.stdout.write(json.dumps({"checks": [asdict(check) for check in checks]}, indent=2) + "\n")
    else:
        from compliance.commands._desk import console
        from compliance.safe import as_text

        screen = console()
        styles = {Level.OK: "green", Level.NOTE: "cyan", Level.MISSING: "bold magenta", Level.BROKEN: "bold red"}
        for check in checks:
            screen.print(
                as_text(f"{check.level.value:<8}", style=styles[check.level]).append_text(
                    as_text(f"{check.what}: {check.found}")
                )
            )
            if check.remedy:
                screen.print(as_text(f"        → {check.remedy}", style="dim"))
    worst = {check.level for check in checks}
    raise typer.Exit(2 if Level.BROKEN in worst else 3 if Level.MISSING in worst else 0)
