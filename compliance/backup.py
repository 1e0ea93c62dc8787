"""A copy of the database at one moment, made while others write, with a manifest that a restore is held against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from compliance.audit import Actor, record
from compliance.db import open_engine, reading, writing
from compliance.errors import ComplianceError, UnavailableError
from compliance.manifest import Head, Manifest, count_rows, digest, pack, product_version, read_head, scratch
from compliance.postgres import run_tool
from compliance.trail import verify
from compliance.upgrade import HEAD, is_known, revision, too_new


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupReport:
    """A backup that was made."""

    path: str
    manifest: Manifest
    #: Whether the trail in it was verified; False for an older schema, of which only the tables are counted.
    is_verified: bool


def backup(
    engine: Engine, path: Path, *, force: bool = False, actor: Actor, now: Callable[[], datetime]
) -> BackupReport:
    """Copy the database into the file `path`, readable by its owner only, and note it in the trail.

    Scans and reviewers go on meanwhile; the copy shows one moment. Raises ComplianceError where the file is there
    already (unless `force`), the schema is newer than this program or the trail does not verify; UnavailableError where
    the database or pg_dump cannot be reached. An older file is replaced only by a whole new one.
    """
    _refuse(engine, path, force=force)
    try:
        with scratch(path) as folder:
            copy = folder / "copy"
            described = _copy_sqlite if engine.dialect.name == "sqlite" else _copy_postgres
            manifest, verified = described(engine, copy, now())
            pack(copy, manifest, path, folder=folder)
    except OSError as error:
        message = f"the backup could not be written ({error.strerror or type(error).__name__})"
        raise UnavailableError(
            message, place=str(path), hint="the database is as it was; so is an older file"
        ) from None
    except DBAPIError as error:
        message = f"the database could not be read ({type(error.orig).__name__})"
        raise UnavailableError(message, hint="`compliance db check` looks at it; nothing was written") from None
    _note(engine, manifest, actor=actor, now=now())
    return BackupReport(path=str(path), manifest=manifest, is_verified=verified)


def require_database(engine: Engine) -> None:
    """Raise UnavailableError where SQLite would make an empty database out of a wrong path."""
    if engine.dialect.name != "sqlite":
        return
    name = engine.url.database or ""
    if not Path(name).is_file():
        message = "there is no database"
        hint = "`compliance scan` makes it; check `database` in compliance.yaml, or COMPLIANCE_DATABASE"
        raise UnavailableError(message, place=name or None, hint=hint)


def _refuse(engine: Engine, path: Path, *, force: bool) -> None:
    require_database(engine)
    if path.exists() and (not force or not path.is_file()):
        message = "there is something at the place of the backup already"
        raise ComplianceError(message, place=str(path), hint="give another name, or --force to replace a file")
    if not path.parent.is_dir():
        message = "the folder of the backup is not there"
        raise ComplianceError(message, place=str(path.parent), hint="make it; it should be readable by you only")
    if engine.dialect.name == "sqlite" and _is_database(engine, path):
        message = "the backup would replace the database itself"
        raise ComplianceError(message, place=str(path), hint="give another name")


def _is_database(engine: Engine, path: Path) -> bool:
    own = Path(engine.url.database or "").resolve()
    return path.resolve() in {own, *(own.with_name(own.name + end) for end in ("-wal", "-shm", "-journal"))}


def _copy_sqlite(engine: Engine, copy: Path, at: datetime) -> tuple[Manifest, bool]:
    # VACUUM INTO reads one snapshot and lets writers write. It leaves free pages behind, and with them whatever was
    # deleted; the backup API would copy them.
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("VACUUM INTO ?", (str(copy),))
    finally:
        raw.close()
    copied = open_engine(f"sqlite:///{copy}")
    try:
        with reading(copied) as session:
            parts = _described(session)
    finally:
        copied.dispose()
    return _manifest(copy, "sqlite", parts, at), parts.is_verified


def _copy_postgres(engine: Engine, copy: Path, at: datetime) -> tuple[Manifest, bool]:
    with Session(engine) as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        snapshot = session.execute(text("select pg_export_snapshot()")).scalar_one()
        url: URL = engine.url
        run_tool("pg_dump", url, ["--format=custom", f"--snapshot={snapshot}", f"--file={copy}"])
        parts = _described(session)
    return _manifest(copy, "postgresql", parts, at), parts.is_verified


@dataclass(frozen=True, slots=True)
class _Parts:
    revision: str
    rows: dict[str, int]
    head: Head
    is_verified: bool


def _described(session: Session) -> _Parts:
    found = revision(session.connection())
    if found is None:
        message = "the database is empty"
        raise UnavailableError(message, hint="there is nothing to back up before the first scan")
    if not is_known(found):
        raise too_new(found)
    rows, head = count_rows(session), read_head(session)
    if found != HEAD:
        # A step of the schema may have added what verification reads.
        return _Parts(found, rows, head, is_verified=False)
    report = verify(session)
    if report.fault is not None:
        message = f"the audit trail does not verify ({report.fault.kind}), so this is no state to go back to"
        hint = "`compliance audit verify` says more; copy the files themselves as evidence, with every process stopped"
        raise ComplianceError(message, hint=hint)
    return _Parts(found, rows, head, is_verified=True)


def _manifest(copy: Path, dialect: str, parts: _Parts, at: datetime) -> Manifest:
    fields = {"head": parts.head, "rows": parts.rows, "revision": parts.revision, "made_at": at, "dialect": dialect}
    return Manifest.model_validate(
        fields | {"product": product_version(), "sha256": digest(copy), "size": copy.stat().st_size}
    )


def _note(engine: Engine, manifest: Manifest, *, actor: Actor, now: datetime) -> None:
    detail: dict[str, int | str | None] = {"head_seq": manifest.head.seq, "head_hash": manifest.head.hash}
    detail |= {"sha256": manifest.sha256, "revision": manifest.revision}
    try:
        with writing(engine) as session:
            record(session, "database:backed-up", actor=actor, subject="database", detail=detail, now=now)
    except DBAPIError as error:
        message = f"the backup was made, but the trail could not note it ({type(error.orig).__name__})"
        raise UnavailableError(message, hint="the file is whole and can be restored") from None
