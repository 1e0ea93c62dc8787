"""Scene eight of the demo: a night on which everything breaks, the morning after, and a row changed behind the trail's back."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from compliance.commands._stage import Stage

_SOURCES: Final = ["mastodon", "x"]
_CUT: Final = '"text": "The bakery clock has a second\n'
_WHOLE: Final = '"text": "The bakery clock has a second face now, for buns."}\n'
_SHIPPED: Final = "nlp: {}"
_MISSING: Final = "nlp: {sentences: models/moved}"


def scene_eight(stage: Stage) -> None:
    """A bad night, the repair, and tampering."""
    stage.title("8. A bad night")
    _break(stage)
    stage.say("One export has a cut line, another did not come, and a model is gone:")
    _scan(stage)
    _repair(stage)
    stage.say("Nothing unseen passed as clean. In the morning all three are mended, and the scan is killed half-way:")
    _killed(stage)
    stage.say("The next one goes on from the page that was stored:")
    _scan(stage)
    stage.say("Nothing lost, nothing twice; and the post that could not be judged has its flag.")
    _tamper(stage)


def _break(stage: Stage) -> None:
    """Let the night's exports arrive, one of them cut and one not at all, and name a model that is not there."""
    for source in _SOURCES:
        night = (stage.folder / "night" / f"{source}.jsonl").read_bytes()
        with (stage.folder / "posts" / f"{source}.jsonl").open("ab") as file:
            file.write(night)
    export = stage.folder / "posts" / "x.jsonl"
    export.rename(export.with_suffix(".late"))
    _replace(stage, "compliance.yaml", _SHIPPED, _MISSING)
    stage.reopen()


def _repair(stage: Stage) -> None:
    late = stage.folder / "posts" / "x.late"
    late.rename(late.with_suffix(".jsonl"))
    _replace(stage, "posts/mastodon.jsonl", _CUT, _WHOLE)
    _replace(stage, "compliance.yaml", _MISSING, _SHIPPED)
    stage.reopen()


def _replace(stage: Stage, name: str, old: str, new: str) -> None:
    path = stage.folder / name
    # Bytes, so that no line end changes on the way and cursors stay true.
    path.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))


def _scan(stage: Stage) -> None:
    from compliance.audit import Actor
    from compliance.commands.scan import run
    from compliance.scan_text import print_report

    stage.typed(f"compliance scan {' '.join(_SOURCES)}; echo $?")
    report = run(stage.space, _SOURCES, actor=Actor(id="scan", proof="system"), quiet=True)
    print_report(stage.screen, report)
    stage.screen.print(str(report.exit_code))


def _killed(stage: Stage) -> None:
    """Scan in a process of its own that dies after the first page, as `kill -9` would have it."""
    import os
    import subprocess
    import sys

    import compliance

    stage.typed(f"compliance scan {' '.join(_SOURCES)} & kill -9 $!; wait $!; echo $?")
    stage.space.database.dispose()
    home = str(Path(str(compliance.__file__)).parent.parent)
    done = subprocess.run(
        [sys.executable, "-m", "compliance.commands._killed", str(stage.folder.resolve()), *_SOURCES],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))},
        check=False,
        capture_output=True,
    )
    stage.screen.print(str(128 - done.returncode if done.returncode < 0 else done.returncode))


def _tamper(stage: Stage) -> None:
    """Change a decision in SQL, let the trail notice, and put everything back."""
    from sqlalchemy import text
    from sqlalchemy.exc import IntegrityError

    forged = "update decisions set actor = 'okafor' where id = 1"
    stage.say("Somebody with the database open puts a decision in a colleague's name:")
    stage.typed(f'sqlite3 compliance.db "{forged}"')
    try:
        with stage.space.database.begin() as connection:
            connection.execute(text(forged))
    except IntegrityError as error:
        stage.screen.print(f"Error: {error.orig}", style="magenta")
    stage.say("So they remove the guard first. The trail, which is chained, still knows:")
    with stage.space.database.begin() as connection:
        guards = connection.execute(
            text("select name, sql from sqlite_master where type = 'trigger' and tbl_name = 'decisions'")
        ).all()
        for guard in guards:
            connection.execute(text(f'drop trigger "{guard.name}"'))
        connection.execute(text(forged))
    _verify(stage)
    with stage.space.database.begin() as connection:
        connection.execute(text(forged.replace("okafor", "rivera")))
        for guard in guards:
            connection.execute(text(guard.sql))
    stage.say("It is put back, guard and all: the workspace you keep is sound.")


def _verify(stage: Stage) -> None:
    import typer

    from compliance.commands import audit
    from compliance.commands._desk import Format

    stage.typed("compliance audit verify")
    # Tampering is exit 1 on the command line; here the story goes on.
    with suppress(typer.Exit):
        audit.run(stage.space, acting_as=None, output=Format.TEXT)
