"""`compliance replay FLAG`: whether the rules of now say the same about the version that a flag opened on."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import typer

from compliance.commands._desk import (
    AsOption,
    FlagArgument,
    Format,
    FormatOption,
    WorkspaceOption,
    console,
    write_json,
)
from compliance.commands._errors import reporting_errors

if TYPE_CHECKING:
    from rich.console import Console

    from compliance.replay import Replay

_CODES: Final = {"identical": 0, "different": 1, "impossible": 3}
_SAID: Final = {
    "identical": "IDENTICAL: the rules of now say the same, finding for finding.",
    "different": "DIFFERENT: the same rule says something else about the same version.",
    "impossible": "NOT REPLAYED: the rule of then is not here, or it could not be evaluated.",
}


@reporting_errors
def replay(
    flag: FlagArgument,
    *,
    output: FormatOption = Format.TEXT,
    acting_as: AsOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Evaluate the version a flag opened on once more: 0 identical, 1 different, 3 it could not be repeated."""
    from compliance import replay as service
    from compliance.db import reading as reading_session
    from compliance.permissions import reading
    from compliance.workspace import open_workspace

    space = open_workspace(workspace)
    _, reviewer = reading(space, acting_as)
    with reading_session(space.database) as session:
        found = service.replay(session, flag, ruleset=space.ruleset, people=space.people, reviewer=reviewer)
    if output is Format.JSON:
        write_json(asdict(found))
    else:
        _print(console(), found)
    raise typer.Exit(_CODES[found.word])


def _print(screen: Console, found: Replay) -> None:
    from compliance.safe import as_text

    screen.print(f"flag {found.flag}, post version {found.post_version}")
    for each in found.findings:
        screen.print(as_text(f"  flag {each.flag}  {each.rule}  {each.word}", single_line=True))
        for line in each.differences:
            screen.print(as_text(f"    {line}", single_line=True))
    same = found.ruleset_then == found.ruleset_now
    screen.print(f"rule set then {found.ruleset_then[:12]}, now {found.ruleset_now[:12]}{': the same' if same else ''}")
    for line in found.changed:
        screen.print(as_text(f"  {line}", single_line=True))
    if not found.is_complete:
        screen.print(
            "  the trail does not say what the rule set of then was made of: only what the flag stored is told"
        )
    screen.print(_SAID[found.word], style="bold")
