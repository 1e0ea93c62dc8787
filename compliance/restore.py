"""A backup put in the place of the database: made and verified beside it first, then swapped in one step."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from compliance import postgres
from compliance.audit import Actor, record
from compliance.db import open_engine, reading, writing
from compliance.errors import ComplianceError, UnavailableError
from compliance.manifest import Manifest, count_rows, read_head, read_manifest, scratch, stamp, unpack
from compliance.swap import swap_file
from compliance.trail import verify
from compliance.upgrade import is_known, revision, too_new, upgrade

_LOCK: Final = 0x72657374


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """What the database that is replaced knows and the backup does not."""

    #: Newest entry of the replaced trail; None where it cannot be read.
    head_seq: int | None
    #: Entries that are in the replaced trail only, by action.
    lost: dict[str, int] = field(default_factory=dict)
    #: Whether the backup's trail is a beginning of the replaced one; False means another history altogether.
    same_history: bool = True

    @property
    def words(self) -> str:
        """What it means, in a sentence."""
        if self.head_seq is None:
            return "the trail of the database it replaces cannot be read, so nobody can say what would be lost"
        listed = ", ".join(f"{count} {action}" for action, count in sorted(self.lost.items()))
        if not self.same_history:
            return (
                f"the backup is not from the history of the database it replaces, whose trail ends at {self.head_seq}"
            )
        return f"the backup is older than the database it replaces; lost would be: {listed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreReport:
    """What was restored, and what it replaced."""

    manifest: Manifest
    #: Where the replaced database is kept; None if there was none.
    aside: str | None
    rollback: Rollback | None
    #: The newest entry of the trail now: `database:restored`.
    head_seq: int
    head_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """How a restore is to go about what it finds."""

    #: Put the backup in the place of a database that holds something.
    replace: bool = False
    #: Lose what the replaced database knows and the backup does not.
    accept_rollback: bool = False


def nothing_to_erase_again(session: Session, since: datetime) -> int:
    """Erase again what was erased after a backup was made, and return how many bodies that were: as yet nothing can be.

    The place for it: called on the restored copy, in one write transaction, before anybody can read it. What is erased
    must be listed outside the database for that, since a backup brings the old list back with the old bodies.
    """
    del session, since
    return 0


def restore(
    engine: Engine,
    path: Path,
    *,
    ask: Ask,
    actor: Actor,
    now: Callable[[], datetime],
    erase_again: Callable[[Session, datetime], int] = nothing_to_erase_again,
) -> RestoreReport:
    """Put the backup `path` in the place of the database and note it in the trail; keep the old one under a dated name.

    Whatever fails, dies or is refused on the way leaves the old database as it was. Raises ComplianceError for a backup
    that is damaged, newer than this program or of the other kind of database, and for what `ask` does not allow;
    UnavailableError while anybody uses the database, or if it cannot be reached. Reversible: rename the kept one back.
    """
    manifest = read_manifest(path)
    _refuse(engine, manifest)
    making = _restore_sqlite if engine.dialect.name == "sqlite" else _restore_postgres

    def finish(copy: Engine, rollback: Rollback | None) -> RestoreReport:
        return _finish(copy, manifest, rollback, actor=actor, now=now(), erase_again=erase_again)

    try:
        return making(engine, path, manifest, ask=ask, finish=finish, at=now())
    except OSError as error:
        message = f"the backup could not be restored ({error.strerror or type(error).__name__})"
        raise UnavailableError(message, place=str(path), hint="the database is as it was") from None
    except (DBAPIError, sqlite3.Error) as error:
        name = type(error.orig if isinstance(error, DBAPIError) else error).__name__
        message = f"the backup could not be restored ({name})"
        raise UnavailableError(message, hint="the database is as it was") from None


def _refuse(engine: Engine, manifest: Manifest) -> None:
    if manifest.dialect != engine.dialect.name:
        message = f"this is a backup of a {manifest.dialect} database, and the workspace uses {engine.dialect.name}"
        raise ComplianceError(message, hint="set `database` in compliance.yaml, or COMPLIANCE_DATABASE")
    if not is_known(manifest.revision):
        raise too_new(manifest.revision)


def _allow(rollback: Rollback | None, *, full: bool, ask: Ask) -> None:
    """Raise ComplianceError unless what is there may be replaced."""
    if full and not ask.replace:
        message = "there is a database already"
        raise ComplianceError(message, hint="--replace keeps it under a dated name and puts the backup in its place")
    if rollback is not None and not ask.accept_rollback:
        raise ComplianceError(rollback.words, hint="--accept-rollback restores it all the same; the trail will say so")


Finish = Callable[[Engine, Rollback | None], RestoreReport]


def _restore_sqlite(
    engine: Engine, path: Path, manifest: Manifest, *, ask: Ask, finish: Finish, at: datetime
) -> RestoreReport:
    target = Path(engine.url.database or "")
    if not target.parent.is_dir():
        message = "the folder of the database is not there"
        raise ComplianceError(message, place=str(target.parent))
    rollback, full = _compared(engine, manifest) if target.is_file() and target.stat().st_size else (None, False)
    _allow(rollback, full=full, ask=ask)
    with scratch(target) as folder:
        made = folder / "database"
        unpack(path, manifest, made)
        copy = open_engine(f"sqlite:///{made}")
        try:
            report = finish(copy, rollback)
        finally:
            copy.dispose()
        aside = target.with_name(f"{target.stem}.until-{stamp(at)}{target.suffix}")
        engine.dispose()
        # What was compared is what is replaced: the number is read again once nobody else can write.
        head_seq = rollback.head_seq if rollback else manifest.head.seq if full else None
        kept = swap_file(made, target, aside, head_seq=head_seq)
    return replace(report, aside=str(aside) if kept else None)


def _restore_postgres(
    engine: Engine, path: Path, manifest: Manifest, *, ask: Ask, finish: Finish, at: datetime
) -> RestoreReport:
    name = engine.url.database or ""
    made, aside = f"{name[:50]}_restoring", f"{name[:40]}_until_{stamp(at)}"
    with postgres.maintenance(engine.url) as server:
        if not server.execute(text("select pg_try_advisory_lock(:key)"), {"key": _LOCK}).scalar():
            message = "another restore is running on this server"
            raise UnavailableError(message, hint="wait for it to end")
        there = postgres.exists(server, name)
        rollback, full = _compared(engine, manifest) if there else (None, False)
        _allow(rollback, full=full, ask=ask)
        postgres.drop(server, made)
        postgres.create(server, made)
        try:
            report = _fill(engine, made, path, manifest, rollback=rollback, finish=finish)
            if there:
                _require_unchanged(engine, manifest, rollback)
            engine.dispose()
            postgres.swap(server, new=made, name=name, aside=aside if there else None)
        except BaseException:
            postgres.drop(server, made)
            raise
        if there and not full:
            postgres.drop(server, aside)
    return replace(report, aside=aside if full else None)


def _fill(
    engine: Engine, made: str, path: Path, manifest: Manifest, *, rollback: Rollback | None, finish: Finish
) -> RestoreReport:
    url = engine.url.set(database=made)
    with scratch(path) as folder:
        archive = folder / "archive"
        unpack(path, manifest, archive)
        options = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", str(archive)]
        postgres.run_tool("pg_restore", url, options)
    copy = open_engine(url.render_as_string(hide_password=False))
    try:
        return finish(copy, rollback)
    finally:
        copy.dispose()


def _require_unchanged(engine: Engine, manifest: Manifest, rollback: Rollback | None) -> None:
    if _compared(engine, manifest)[0] != rollback:
        message = "the database was written to while the backup was being restored"
        raise UnavailableError(message, hint="nothing was changed; end what writes to it, then restore again")


def _compared(engine: Engine, manifest: Manifest) -> tuple[Rollback | None, bool]:
    """Return what would be rolled back, None if nothing, and whether the database there holds anything."""
    try:
        with reading(engine) as session:
            tables = inspect(session.connection()).get_table_names()
            if "audit_entries" not in tables:
                return (Rollback(head_seq=None), True) if tables else (None, False)
            return _lost(session, manifest), True
    except DBAPIError as error:
        if engine.dialect.name == "postgresql":
            raise
        del error
        return Rollback(head_seq=None), True


def _lost(session: Session, manifest: Manifest) -> Rollback | None:
    head = read_head(session)
    if head == manifest.head:
        return None
    seq = {"seq": manifest.head.seq}
    at = session.execute(text("select entry_hash from audit_entries where seq = :seq"), seq).scalar()
    same = manifest.head.seq == 0 or (at is not None and bytes(at).hex() == manifest.head.hash)
    newer = text("select action, count(*) from audit_entries where seq > :seq group by action")
    lost = {str(row[0]): int(row[1]) for row in session.execute(newer, seq)}
    return Rollback(head_seq=head.seq, lost=lost, same_history=same)


def _finish(
    copy: Engine,
    manifest: Manifest,
    rollback: Rollback | None,
    *,
    actor: Actor,
    now: datetime,
    erase_again: Callable[[Session, datetime], int],
) -> RestoreReport:
    """Hold the copy against its manifest, bring it up to date, verify its trail, and write down that it was restored."""
    _require_same(copy, manifest)
    upgrade(copy)
    with reading(copy) as session:
        trail = verify(session)
    if trail.fault is not None:
        what = f"its audit trail does not verify ({trail.fault.kind})"
        raise _untrusted(what)
    with writing(copy) as session:
        erased = erase_again(session, manifest.made_at)
        detail: dict[str, int | str | None] = {"sha256": manifest.sha256, "head_seq": manifest.head.seq}
        detail |= {"erased_again": erased, "replaced_head_seq": rollback.head_seq if rollback else None}
        detail |= {"entries_lost": sum(rollback.lost.values()) if rollback else 0}
        record(session, "database:restored", actor=actor, subject="database", detail=detail, now=now)
        # Whoever held the scan when the backup was made holds nothing here.
        session.execute(text("update leases set holder = '', expires_at = acquired_at"))
        head = read_head(session)
    return RestoreReport(manifest=manifest, aside=None, rollback=rollback, head_seq=head.seq, head_hash=head.hash)


def _require_same(copy: Engine, manifest: Manifest) -> None:
    with reading(copy) as session:
        what = next(_differences(session, manifest), None)
    if what is not None:
        raise _untrusted(what)


def _differences(session: Session, manifest: Manifest) -> Iterator[str]:
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        if connection.exec_driver_sql("pragma integrity_check").scalar() != "ok":
            yield "the database in it is damaged"
        if connection.exec_driver_sql("pragma foreign_key_check").first() is not None:
            yield "rows in it point to rows that are not there"
    if revision(connection) != manifest.revision:
        yield "its schema is not the one that the manifest names"
    if count_rows(session) != manifest.rows:
        yield "its tables do not have the rows that the manifest counts"
    if read_head(session) != manifest.head:
        yield "its audit trail does not end where the manifest says"


def _untrusted(what: str) -> ComplianceError:
    message = f"the backup cannot be trusted: {what}"
    return ComplianceError(message, hint="the database is as it was; use another backup")
