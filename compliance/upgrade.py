"""Bring a database to the schema this program knows. Runs the packaged migrations by code; needs no ini file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

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
        _migrate(connection, found)
    return found


def require_schema(engine: Engine) -> None:
    """Raise ComplianceError unless the database has exactly the schema this program knows."""
    with engine.connect() as connection:
        found = revision(connection)
    if found == HEAD:
        return
    if found is None:
        message, hint = "the database is empty", "run `compliance db upgrade` to create its tables"
        raise ComplianceError(message, hint=hint)
    if found not in _known_revisions():
        raise _too_new(found)
    message, hint = f"the database has schema {found}, this program needs {HEAD}", "run `compliance db upgrade`"
    raise ComplianceError(message, hint=hint)


def revision(connection: Connection) -> str | None:
    """Return the revision that the database is at, None if it has none of our tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("select version_num from alembic_version")).scalar()


def _migrate(connection: Connection, found: str | None) -> None:
    from alembic import command
    from alembic.config import Config

    if found is not None and found not in _known_revisions():
        raise _too_new(found)
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")


def _known_revisions() -> frozenset[str]:
    from alembic.script import ScriptDirectory

    return frozenset(step.revision for step in ScriptDirectory(MIGRATIONS).walk_revisions())


def _too_new(found: str) -> ComplianceError:
    message = f"the database was written by a newer version of this program (schema {found}, known {HEAD})"
    return ComplianceError(message, hint="upgrade this program, or restore the backup made before the upgrade")
