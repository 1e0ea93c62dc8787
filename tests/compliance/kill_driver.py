"""Backups and restores that are killed at every step, run by test_kill.py as a process of its own.

A step is whatever Python tells its audit hooks (files opened, renamed, linked, removed, programs started) and every
statement to the database. After each death the old database must be whole, and the next try must succeed and clean up.
It ends with a line of JSON: how many deaths, and how many of them after the new state was in place.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path

from sqlalchemy import Engine, create_engine, event, text

from compliance.backup import backup
from compliance.db import open_engine
from compliance.manifest import read_manifest
from compliance.restore import Ask, restore
from tests.compliance.stored import NOW, scan_posts, state
from tests.factories import JOB

EVENTS = frozenset(
    {
        "open",
        "os.rename",
        "os.link",
        "os.remove",
        "os.mkdir",
        "os.rmdir",
        "os.chmod",
        "os.chown",
        "sqlite3.connect",
        "subprocess.Popen",
        "statement",
    }
)


def dies_at(step: int, work: Callable[[], None]) -> bool:
    """Do the work in a child that kills itself at its step; say whether it died."""
    pid = os.fork()
    if pid == 0:
        left = [step]

        def hook(name: str, _arguments: object) -> None:
            if name in EVENTS:
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        event.listen(Engine, "before_cursor_execute", lambda *_: sys.audit("statement"))
        try:
            work()
        except BaseException:  # noqa: BLE001 - told to the parent, which ends on it
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in {0, -signal.SIGKILL}, code
    return code != 0


def saves(url: str, path: Path, *, force: bool) -> None:
    """Back up."""
    backup(open_engine(url), path, force=force, actor=JOB, now=lambda: NOW)


def puts_back(url: str, path: Path, *, later: timedelta = timedelta(0)) -> None:
    """Restore over what is there."""
    ask = Ask(replace=True, accept_rollback=True)
    restore(open_engine(url), path, ask=ask, actor=JOB, now=lambda: NOW + later)


def sweep(url: str, path: Path, stride: int, *, restores: bool) -> dict[str, int]:
    """Kill at every `stride`-th step until there are no more."""
    old_backup, done = path.read_bytes(), 0
    for deaths in count():
        path.write_bytes(old_backup)
        again = template(url)
        outcome = one_death(again, path, 1 + deaths * stride, restores=restores)
        if outcome is None:
            return {"deaths": deaths, "done": done}
        done += outcome
    raise AssertionError


def one_death(url: str, path: Path, step: int, *, restores: bool) -> bool | None:
    """Kill at one step, check, try again; say whether the new state was in place already, None if nothing died."""
    before, old_backup = state(url), path.read_bytes()
    if not dies_at(step, lambda: puts_back(url, path) if restores else saves(url, path, force=True)):
        return None
    after = state(url)
    if restores:
        assert path.read_bytes() == old_backup
        done = after != before
        puts_back(url, path, later=timedelta(seconds=1))
    else:
        # The trail may have noted it; nothing else changes, and the file is the old backup or a whole new one.
        assert after[0] | {"audit_entries": 0} == before[0] | {"audit_entries": 0}
        done = path.read_bytes() != old_backup
        read_manifest(path)
        saves(url, path, force=True)
    state(url)
    parts = [each for folder in (path.parent, path.parent.parent) for each in folder.glob(".*.part-*")]
    assert parts == [], parts
    return done


def template(url: str) -> str:
    """Return the address of a fresh copy of the database."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        source = Path(engine.url.database or "")
        target = source.with_name("again.db")
        for left in source.parent.glob("again.*"):
            left.unlink()
        shutil.copyfile(source, target)
        return f"sqlite:///{target}"
    name = f"{engine.url.database}_again"
    admin = create_engine(engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for left in connection.scalars(
            text("select datname from pg_database where starts_with(datname, :name)"), {"name": name}
        ).all():
            connection.execute(text(f"drop database {left} with (force)"))
        connection.execute(text(f"create database {name} template {engine.url.database}"))
    admin.dispose()
    engine.dispose()
    return engine.url.set(database=name).render_as_string(hide_password=False)


def main(what: str, url: str, folder: str, stride: str) -> dict[str, int]:
    """Prepare a database with a backup that is older, then sweep."""
    path = Path(folder) / "kept" / "b"
    path.parent.mkdir()
    engine = open_engine(url)
    scan_posts(engine, "Bluefin", "fine")
    backup(engine, path, actor=JOB, now=lambda: NOW)
    scan_posts(engine, "Redfin", first=9, name="later")
    engine.dispose()
    return sweep(url, path, int(stride), restores=what == "restore")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])) + "\n")
