"""Bring a database to the schema this program knows. Runs the packaged migrations by code; needs no ini file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from compliance.audit import Actor, record
from compliance.db import writing
from compliance.errors import ComplianceError

#: The newest step under `migrations/versions`; a constant, so that asking costs no import of Alembic.
HEAD: Final = "0002"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x7363686D


def upgrade(engine: Engine) -> str | None:
    """Create or upgrade the schema in one transaction and return the revision found before, None for an empty database.

    A process that dies half-way leaves the old schema; two at once take turns. Raises ComplianceError for a schema that
    is newer than this program. Irreversible: there is no way down.
    """
    with engine.execution_options(writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        found = revision(connection)
        if found == HEAD:
            return found
        migrate(connection, found)
    return found


def upgrade_noted(engine: Engine, *, actor: Actor, now: datetime) -> str | None:
    """Upgrade as somebody asked to and note it in the trail; return the revision found before. Irreversible."""
    found = upgrade(engine)
    if found != HEAD:
        detail: dict[str, int | str | None] = {"from": found, "to": HEAD}
        with writing(engine) as session:
            record(session, "database:upgraded", actor=actor, subject="database", detail=detail, now=now)
    return found


def prepare(engine: Engine) -> None:
    """Make the tables of an empty database; bring an older one up to date on SQLite, and refuse it on PostgreSQL.

    A SQLite file belongs to one program. A PostgreSQL database is shared, and whoever came first with a newer program
    would lock everybody else out: there somebody says `compliance db upgrade`. Raises ComplianceError.
    """
    if engine.dialect.name == "sqlite":
        upgrade(engine)
        return
    with engine.connect() as connection:
        found = revision(connection)
    if found is None:
        upgrade(engine)
    else:
        require_schema(engine)


def steps_from(found: str | None) -> list[tuple[str, str]]:
    """Return (revision, what it does) of each step that an upgrade would take, in order. Raises ComplianceError if newer."""
    from alembic.script import ScriptDirectory

    if found is not None and not is_known(found):
        raise too_new(found)
    steps = ScriptDirectory(MIGRATIONS).iterate_revisions("heads", found or "base")
    return [(step.revision, step.doc) for step in reversed(list(steps))]


def require_schema(engine: Engine) -> None:
    """Raise ComplianceError unless the database has exactly the schema this program knows."""
    with engine.connect() as connection:
        found = revision(connection)
    if found == HEAD:
        return
    if found is None:
        message, hint = "the database is empty", "run `compliance db upgrade` to create its tables"
        raise ComplianceError(message, hint=hint)
    if not is_known(found):
        raise too_new(found)
    message, hint = f"the database has schema {found}, this program needs {HEAD}", "run `compliance db upgrade`"
    raise ComplianceError(message, hint=hint)


def revision(connection: Connection) -> str | None:
    """Return the revision that the database is at, None if it has none of our tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("select version_num from alembic_version")).scalar()


def migrate(connection: Connection, found: str | None, to: str = "head") -> None:
    """Run the steps from `found` to `to` on this connection, in its transaction. Raises ComplianceError if newer."""
    from alembic import command
    from alembic.config import Config

    if found is not None and not is_known(found):
        raise too_new(found)
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, to)


def is_known(found: str) -> bool:
    """Say whether this program has the step that a database is at."""
    if found == HEAD:
        return True
    from alembic.script import ScriptDirectory

    return found in {step.revision for step in ScriptDirectory(MIGRATIONS).walk_revisions()}


def too_new(found: str) -> ComplianceError:
    """Return the error for a database that a newer version of this program wrote."""
    message = f"the database was written by a newer version of this program (schema {found}, known {HEAD})"
    return ComplianceError(message, hint="upgrade this program, or restore the backup made before the upgrade")
