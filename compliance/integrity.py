"""Whether the database is sound: structure, schema, the triggers that keep evidence, the file it is in, the trail. Changes nothing."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from compliance.db import reading
from compliance.errors import ComplianceError
from compliance.health import Check, Level
from compliance.trail import verify
from compliance.upgrade import HEAD, is_known, migrate, revision

_LARGE_WAL: Final = 64 << 20
#: A backup and a restore need room for a second copy, and a little more to work.
_ROOM: Final = 100 << 20
_SHADOW: Final = "compliance_expected"
#: (table, name, definition or whether it is on and what its function does).
Trigger = tuple[str, str, str]


def inspect_database(engine: Engine) -> Iterator[Check]:
    """Yield one check per thing looked at. OK, NOTE, MISSING where it could not be looked at, BROKEN where it is wrong."""
    file = Path(engine.url.database or "") if engine.dialect.name == "sqlite" else None
    if file is not None:
        if not file.is_file():
            yield Check(what="database", level=Level.MISSING, found="is not there", remedy="`compliance scan` makes it")
            return
        # Before anything opens it, which makes a log of its own.
        yield _wal(file)
        yield from _permissions(file)
        yield _space(file)
    try:
        with engine.connect() as connection:
            found = revision(connection)
    except DBAPIError as error:
        level = Level.BROKEN if _is_damage(error) else Level.MISSING
        yield Check(
            what="database", level=level, found=f"cannot be read ({type(error.orig).__name__})", remedy=_RESTORE
        )
        return
    yield _schema(found)
    yield from _tried("structure", engine, _sqlite_structure if file is not None else _postgres_structure)
    if found is not None and is_known(found):
        yield from _tried("triggers", engine, lambda connection: _triggers(connection, found))
    yield _trail(engine, found)


_RESTORE: Final = "keep the files as they are, and restore the newest backup: compliance db restore FILE --replace"


def _is_damage(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlite_errorname", "").startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def _wal(file: Path) -> Check:
    wal = file.with_name(file.name + "-wal")
    size = wal.stat().st_size if wal.is_file() else 0
    if file.with_name(file.name + "-journal").is_file():
        found = "an interrupted write, which the next command takes back"
        return Check(what="write-ahead log", level=Level.NOTE, found=found)
    if size > _LARGE_WAL:
        remedy = "end whatever reads for long (a backup, a report); it is emptied when the last process closes"
        return Check(what="write-ahead log", level=Level.NOTE, found=f"{size:,} bytes pending", remedy=remedy)
    return Check(what="write-ahead log", level=Level.OK, found=f"{size:,} bytes pending" if size else "nothing pending")


def _permissions(file: Path) -> Iterator[Check]:
    if os.name == "nt":
        return
    files = [file, *(path for end in ("-wal", "-shm") if (path := file.with_name(file.name + end)).is_file())]
    mode = max((stat.S_IMODE(path.stat().st_mode) & 0o077 for path in files), default=0)
    if mode & stat.S_IRWXO:
        remedy = f"chmod o-rwx {file}*"
        yield Check(what="file permissions", level=Level.BROKEN, found="everybody can read the posts", remedy=remedy)
    elif mode & stat.S_IRWXG:
        found = "owner and group; see that only those who may read posts are in the group"
        yield Check(what="file permissions", level=Level.NOTE, found=found)
    else:
        yield Check(what="file permissions", level=Level.OK, found="owner only")


def _space(file: Path) -> Check:
    free, size = shutil.disk_usage(file.parent).free, file.stat().st_size
    if free < size + _ROOM:
        found = f"{free:,} bytes; the database has {size:,}, and a backup or restore beside it as many again"
        return Check(what="free space", level=Level.BROKEN, found=found, remedy="make room")
    return Check(what="free space", level=Level.OK, found=f"{free:,} bytes; the database has {size:,}")


def _schema(found: str | None) -> Check:
    if found == HEAD:
        return Check(what="schema", level=Level.OK, found=found)
    if found is None:
        return Check(
            what="schema", level=Level.BROKEN, found="there are no tables of ours", remedy="compliance db upgrade"
        )
    if is_known(found):
        remedy = "compliance db backup FILE, then compliance db upgrade"
        return Check(what="schema", level=Level.NOTE, found=f"{found}; this program knows {HEAD}", remedy=remedy)
    remedy = "upgrade this program, or restore the backup made before the upgrade"
    return Check(what="schema", level=Level.BROKEN, found=f"{found}, newer than this program ({HEAD})", remedy=remedy)


def _tried(what: str, engine: Engine, look: Callable[[Connection], Iterator[Check]]) -> Iterator[Check]:
    try:
        with engine.connect() as connection:
            yield from list(look(connection))
            connection.rollback()
    except DBAPIError as error:
        level = Level.BROKEN if _is_damage(error) else Level.MISSING
        found = f"could not be looked at ({type(error.orig).__name__})"
        yield Check(what=what, level=level, found=found, remedy=_RESTORE if level is Level.BROKEN else "")


def _sqlite_structure(connection: Connection) -> Iterator[Check]:
    said = connection.exec_driver_sql("pragma integrity_check(100)").scalars().all()
    faults = [] if said == ["ok"] else said
    yield Check(
        what="structure",
        level=Level.BROKEN if faults else Level.OK,
        # What SQLite says names tables and pages, never values.
        found=f"{len(faults)} faults; the first: {faults[0]}" if faults else "every page and index is in order",
        remedy=_RESTORE if faults else "",
    )
    orphans = len(connection.exec_driver_sql("pragma foreign_key_check").all())
    yield _references(orphans)


def _postgres_structure(connection: Connection) -> Iterator[Check]:
    invalid = text("select count(*) from pg_index where not indisvalid")
    unproven = text("select count(*) from pg_constraint where not convalidated")
    bad, orphans = connection.execute(invalid).scalar_one(), connection.execute(unproven).scalar_one()
    remedy = "reindex the database" if bad else ""
    found = f"{bad} indexes are not valid" if bad else "every index is valid"
    yield Check(what="structure", level=Level.BROKEN if bad else Level.OK, found=found, remedy=remedy)
    yield _references(orphans)
    if connection.execute(text("select 1 from pg_extension where extname = 'amcheck'")).first() is None:
        found = "amcheck is not installed, so pages were not looked at"
        yield Check(what="pages", level=Level.NOTE, found=found, remedy="create extension amcheck (as a superuser)")
        return
    looked = text(
        "select count(bt_index_check(c.oid, true)) from pg_index i join pg_class c on c.oid = i.indexrelid "
        "join pg_am a on a.oid = c.relam join pg_namespace n on n.oid = c.relnamespace "
        "where a.amname = 'btree' and n.nspname = current_schema() and i.indisvalid"
    )
    number = connection.execute(looked).scalar_one()
    yield Check(what="pages", level=Level.OK, found=f"amcheck went through {number} indexes and their tables")


def _references(orphans: int) -> Check:
    found = f"{orphans} rows or constraints point to nothing" if orphans else "every row points to one that is there"
    return Check(
        what="references", level=Level.BROKEN if orphans else Level.OK, found=found, remedy=_RESTORE if orphans else ""
    )


def _triggers(connection: Connection, found: str) -> Iterator[Check]:
    """Compare the triggers with those that the steps of the schema make, made anew where nobody sees them."""
    sqlite = connection.dialect.name == "sqlite"
    there = _sqlite_triggers(connection) if sqlite else _postgres_triggers(connection)
    expected = _expected_sqlite(found) if sqlite else _expected_postgres(connection, found)
    missing = sorted(name for _, name, _ in expected - there)
    if missing:
        remedy = "find out who removed or changed them and what else they did; " + _RESTORE
        found = f"missing, changed or switched off: {', '.join(missing)}"
        yield Check(what="triggers", level=Level.BROKEN, found=found, remedy=remedy)
    else:
        yield Check(what="triggers", level=Level.OK, found=f"all {len(expected)} that keep evidence are there")


def _sqlite_triggers(connection: Connection) -> set[Trigger]:
    query = text("select tbl_name, name, sql from sqlite_master where type = 'trigger'")
    return {(row[0], row[1], row[2]) for row in connection.execute(query)}


def _postgres_triggers(connection: Connection) -> set[Trigger]:
    query = text(
        "select c.relname, t.tgname, t.tgenabled in ('O', 'A'), t.tgtype, "
        "coalesce(array_to_string(t.tgattr, ' '), ''), p.prosrc "
        "from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid "
        "where not t.tgisinternal and c.relnamespace = current_schema()::regnamespace"
    )
    return {(row[0], row[1], repr(tuple(row[2:]))) for row in connection.execute(query)}


def _expected_sqlite(found: str) -> set[Trigger]:
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            migrate(connection, None, found)
            return _sqlite_triggers(connection)
    finally:
        engine.dispose()


def _expected_postgres(connection: Connection, found: str) -> set[Trigger]:
    """Make the schema anew under a name of its own, in a transaction that is rolled back."""
    connection.execute(text(f"create schema {_SHADOW}"))
    connection.execute(text(f"set local search_path to {_SHADOW}"))
    migrate(connection, None, found)
    expected = _postgres_triggers(connection)
    connection.rollback()
    return expected


def _trail(engine: Engine, found: str | None) -> Check:
    if found != HEAD:
        remedy = "bring the schema up to date first"
        return Check(what="audit trail", level=Level.MISSING, found="not verified: another schema", remedy=remedy)
    try:
        with reading(engine) as session:
            report = verify(session)
    except ComplianceError as error:
        return Check(what="audit trail", level=Level.MISSING, found=error.message, remedy=error.hint or "")
    if report.fault is not None:
        remedy = "`compliance audit verify` says more; nobody should write until it is understood"
        found = f"does not verify: {report.fault.kind}"
        return Check(what="audit trail", level=Level.BROKEN, found=found, remedy=remedy)
    return Check(
        what="audit trail", level=Level.OK, found=f"{report.entries} entries, head {report.head_seq} {report.head_hash}"
    )
