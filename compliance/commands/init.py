"""`compliance init`: a working, commented workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from compliance.commands._errors import reporting_errors


@reporting_errors
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder to make; it may exist, but must hold no workspace.")
    ],
) -> None:
    """Write a working, commented workspace."""
    from compliance.setup import write_workspace

    written = write_workspace(folder)
    typer.echo(f"wrote {len(written)} files to {folder}")
    for path in written:
        typer.echo(f"  {path}")
    typer.echo(
        "\nnext:\n"
        f"  cd {folder}\n"
        "  compliance doctor                             # what is missing, and how to get it\n"
        "  compliance check --text 'a draft'             # before it is published\n"
        "  compliance scan posts.jsonl --as officer      # everything new\n"
        "  compliance queue --as officer                 # what awaits a person"
    )
