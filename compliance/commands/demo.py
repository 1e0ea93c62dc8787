"""`compliance demo`: a made-up company, from empty folder to queue."""

from __future__ import annotations

import itertools
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compliance.commands._errors import reporting_errors

if TYPE_CHECKING:
    from rich.console import Console

    from compliance.workspace import Workspace

_DEFAULT = "compliance-demo"


@reporting_errors
def demo(
    folder: Annotated[
        Path | None,
        typer.Option("--dir", metavar="DIR", help="Folder to make; it is kept. compliance-demo if absent."),
    ] = None,
) -> None:
    """Show the whole path on a made-up company: scan its posts, show the queue, say what to do next."""
    from compliance.commands._desk import console
    from compliance.setup import write_demo
    from compliance.workspace import open_workspace

    screen = console()
    folder = folder or _free_folder()
    write_demo(folder)
    screen.print(
        f"Alderway is a made-up savings and insurance mutual. Its workspace is now in {folder}/: settings, people, lists, and a month of posts."
    )
    space = open_workspace(folder)
    _scan(space, screen)
    _queue(space)
    _next_steps(folder, screen)


def _free_folder() -> Path:
    """Return the first name that is not taken, so that the demo can be seen twice."""
    names = (_DEFAULT if number == 1 else f"{_DEFAULT}-{number}" for number in itertools.count(1))
    return next(path for name in names if not (path := Path(name)).exists())


def _scan(space: Workspace, screen: Console) -> None:
    from compliance.audit import Actor
    from compliance.commands.scan import run
    from compliance.scan_text import print_report

    screen.print("\n$ compliance scan\n", style="bold green")
    print_report(screen, run(space, [], actor=Actor(id="scan", proof="system"), quiet=True))


def _queue(space: Workspace) -> None:
    from compliance.commands import queue
    from compliance.commands._desk import ListFormat, clock, console
    from compliance.listing import Filters
    from rules.evaluation import Severity

    console().print("\n$ compliance queue --as rivera\n", style="bold green")
    filters = Filters(severity=Severity.INFO, status="open", limit=50)
    queue.run(space, filters, acting_as="rivera", names=False, output=ListFormat.TEXT, now=clock())


def _program() -> str:
    """Return what to type to get this program again: its name where the shell finds it, else how it was called."""
    if shutil.which("compliance"):
        return "compliance"
    called = Path(sys.argv[0])
    return f"{sys.executable} -m cli" if called.name in {"cli.py", "__main__.py"} else str(called)


def _next_steps(folder: Path, screen: Console) -> None:
    program = _program()
    screen.print(
        "\nEach row is a flag: a rule's claim about one post, waiting for a person; the words in ⟦ ⟧ are what matched. "
        "Nothing has been decided, and nobody has been told anything.\n"
        "Rivera is the officer of this workspace. Try, as Rivera:\n",
    )
    for command, why in (
        ("show 1 --as rivera", "the evidence: the post, what matched and why, the clause, the guidance"),
        (
            "decide 1 upheld --reason 'Named before the announcement.' --as rivera",
            "a named person decides; the trail keeps it",
        ),
        (
            "check --text 'Bluefin ships in November!' --at 2026-10-01",
            "what the author would have seen before posting; from the announcement on 3 November it is clean",
        ),
    ):
        screen.print(f"  {program} {command} --workspace {folder}", style="bold", soft_wrap=True)
        screen.print(f"      {why}", style="dim")
