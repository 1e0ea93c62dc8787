"""One SQLite file in the place of another, while nobody has it open: at every moment the old one or the new one is there."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Final

from compliance.errors import UnavailableError
from compliance.manifest import sync_folder

_WAIT_SECONDS: Final = 5
_COMPANIONS: Final = ("-wal", "-shm", "-journal")


def swap_file(made: Path, target: Path, aside: Path, *, head_seq: int | None) -> bool:
    """Put `made` at `target`, the old file being kept at `aside`; return whether there was one.

    `head_seq` is the newest audit entry the old file had when it was looked at, None if it could not be read. Raises
    UnavailableError if it has another one by now, or while another process has the file open.
    """
    kept = target.is_file() and target.stat().st_size > 0
    _sync(made)
    with _alone(target, head_seq) if kept else nullcontext():
        if kept:
            _keep(target, aside)
            _same_owner(target, made)
        for end in _COMPANIONS:
            # A write-ahead log that stayed behind would be replayed into the new file.
            left = target.with_name(target.name + end)
            if left.exists():
                left.replace(aside.with_name(aside.name + end))
        made.replace(target)
        sync_folder(target.parent)
    return kept


@contextmanager
def _alone(target: Path, head_seq: int | None) -> Iterator[None]:
    """Hold the old file so that nobody else can read or write it. A file that is no database any more needs no lock."""
    with closing(sqlite3.connect(target, timeout=_WAIT_SECONDS, isolation_level=None)) as connection:
        try:
            # Leaving WAL is possible only for the last connection there is, and empties the log into the file.
            connection.execute("pragma journal_mode = delete")
            connection.execute("begin exclusive")
            found = connection.execute("select max(seq) from audit_entries").fetchone()[0] if head_seq else head_seq
        except sqlite3.DatabaseError as error:
            _raise_unless_damaged(error, target)
            found = head_seq
        if found != head_seq:
            message = "the database was written to while the backup was being restored"
            raise UnavailableError(message, hint="nothing was changed; end what writes to it, then restore again")
        yield


def _raise_unless_damaged(error: sqlite3.DatabaseError, target: Path) -> None:
    code = error.sqlite_errorcode & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        message = "the database is in use by another process"
        hint = "end scans, `serve` and other commands, then restore again; nothing was changed"
        raise UnavailableError(message, place=str(target), hint=hint) from None
    if code not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        raise error


def _same_owner(old: Path, new: Path) -> None:
    status = old.stat()
    new.chmod(status.st_mode & 0o777)
    if hasattr(os, "chown"):
        # Only root may, and only root needs to: the nightly job must be able to open what root restored.
        with suppress(PermissionError):
            os.chown(new, status.st_uid, status.st_gid)


def _keep(target: Path, aside: Path) -> None:
    try:
        os.link(target, aside)
    except FileExistsError:
        message = "a database was put aside under this name a moment ago"
        raise UnavailableError(message, place=str(aside), hint="wait a second, then restore again") from None
    except OSError:
        # A file system without hard links: between here and the new name, the database stands under its dated name only.
        target.rename(aside)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
