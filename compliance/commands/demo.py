"""`compliance demo`: a made-up company, from empty folder to queue, and what happened there in one summer."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compliance.commands._errors import reporting_errors

if TYPE_CHECKING:
    from compliance.commands._stage import Stage

_DEFAULT = "compliance-demo"


@reporting_errors
def demo(
    folder: Annotated[
        Path | None,
        typer.Option("--dir", metavar="DIR", help="Folder to make; it is kept. compliance-demo if absent."),
    ] = None,
) -> None:
    """Show the whole path on a made-up company: scan its posts, show the queue, walk through what happened there."""
    from compliance.commands._stage import Stage
    from compliance.setup import write_demo

    folder = folder or _free_folder()
    write_demo(folder)
    with _own_database():
        _show(Stage(folder=folder))


@contextmanager
def _own_database() -> Iterator[None]:
    """Keep to the demo's own folder, whatever database is set for real work: the demo decides, and even forges."""
    real = os.environ.pop("COMPLIANCE_DATABASE", None)
    try:
        yield
    finally:
        if real is not None:
            os.environ["COMPLIANCE_DATABASE"] = real


def _show(stage: Stage) -> None:
    from compliance.commands import _case_scenes, _night, _scenes

    stage.screen.print(
        f"Alderway is a made-up savings mutual: twenty people in three countries, and some 450 posts of "
        f"one summer. Its workspace is now in {stage.folder}/."
    )
    _scan(stage)
    _queue(stage)
    for scene in (
        _scenes.scene_one,
        _scenes.scene_two,
        _scenes.scene_three,
        _scenes.scene_four,
        _scenes.scene_five,
        _case_scenes.scene_six,
        _case_scenes.scene_seven,
        _night.scene_eight,
    ):
        scene(stage)
    _next_steps(stage)


def _free_folder() -> Path:
    """Return the first name that is not taken, so that the demo can be seen twice."""
    names = (_DEFAULT if number == 1 else f"{_DEFAULT}-{number}" for number in itertools.count(1))
    return next(path for name in names if not (path := Path(name)).exists())


def _scan(stage: Stage) -> None:
    from compliance.audit import Actor
    from compliance.commands.scan import run
    from compliance.scan_text import print_report

    stage.screen.print()
    stage.typed("compliance scan")
    print_report(stage.screen, run(stage.space, [], actor=Actor(id="scan", proof="system"), quiet=True))


def _queue(stage: Stage) -> None:
    from compliance.commands import queue
    from compliance.commands._desk import ListFormat, clock
    from compliance.listing import Filters

    stage.screen.print()
    stage.typed("compliance queue --limit 1 --as rivera")
    queue.run(stage.space, Filters(limit=1), acting_as="rivera", names=False, output=ListFormat.TEXT, now=clock())


def _program() -> str:
    """Return what to type to get this program again: its name where the shell finds it, else how it was called."""
    if shutil.which("compliance"):
        return "compliance"
    called = Path(sys.argv[0])
    return f"{sys.executable} -m cli" if called.name in {"cli.py", "__main__.py"} else str(called)


def _next_steps(stage: Stage) -> None:
    program = _program()
    stage.title("Your turn")
    stage.say(
        "A flag is a rule's claim about one post; a named person decides, and nobody has been told anything. "
        "Rivera is the officer of this workspace. Try:"
    )
    undecided = stage.flag_of("linkedin/li-011", "financial-promotion.promised-return").id
    for command in (
        f"show {undecided} --as rivera",
        f"decide {undecided} upheld --reason 'A fixed return is promised.' --as rivera",
        "check --text 'Bluefin ships in August!' --at 2026-08-01T12:00Z",
        "queue --as rivera",
        "case list --as rivera",
        "case show 4 --as rivera",
        "report --as rivera --format html --out report.html",
    ):
        stage.screen.print(f"  {program} {command} --workspace {stage.folder}", style="bold", soft_wrap=True)
