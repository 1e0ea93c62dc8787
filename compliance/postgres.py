"""PostgreSQL's own tools, and what a backup and a restore need of a server beside them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import DBAPIError

from compliance.errors import ComplianceError, UnavailableError

#: Databases that a server has from the start, to connect to while another is renamed.
_MAINTENANCE: Final = ("postgres", "template1")
_IN_USE: Final = "55006"
_NOT_ALLOWED: Final = "42501"


def run_tool(name: str, url: URL, arguments: Sequence[str]) -> None:
    """Run pg_dump or pg_restore against a database. Raises UnavailableError if it is not there or fails.

    The password goes through the environment, which other users cannot see. What the tool says may quote rows, so it is
    not repeated.
    """
    path = shutil.which(name)
    if path is None:
        message = f"{name} is not on this machine"
        raise UnavailableError(
            message, hint="install PostgreSQL's client programs, of the server's version or a newer one"
        )
    # `URL.set` takes None for "as it was".
    address = url.set(drivername="postgresql")._replace(password=None).render_as_string(hide_password=False)
    environment = dict(os.environ)
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
    ended = subprocess.run(
        [path, "--no-password", f"--dbname={address}", *arguments],
        env=environment | {"LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if ended.returncode == 0:
        return
    message = f"{name} failed (exit {ended.returncode}{_why(ended.stderr)})"
    raise UnavailableError(
        message, hint=f"run {name} by hand to see what it says; its version must be the server's or newer"
    )


def _why(said: bytes) -> str:
    """Return which known trouble it was, in our words."""
    known = {
        b"server version mismatch": "its version is older than the server's",
        b"unsupported version": "it is older than the program that made the backup",
        b"password authentication failed": "the password was refused",
        b"no password supplied": "a password is needed",
        b"permission denied": "it lacks a permission",
        b"No space left": "the disk is full",
    }
    return next((f": {words}" for sign, words in known.items() if sign in said), "")


@contextmanager
def maintenance(url: URL) -> Iterator[Connection]:
    """Connect to the server beside the database itself; every statement commits by itself."""
    for name in _MAINTENANCE:
        engine = create_engine(url.set(database=name), isolation_level="AUTOCOMMIT")
        try:
            connection = engine.connect()
        except DBAPIError:
            engine.dispose()
            continue
        try:
            yield connection
        finally:
            connection.close()
            engine.dispose()
        return
    message = "the server cannot be reached beside the database"
    raise UnavailableError(message, hint=f"the user must be able to connect to the database {_MAINTENANCE[0]}")


def exists(connection: Connection, name: str) -> bool:
    """Say whether the server has a database of this name."""
    found = connection.execute(text("select 1 from pg_database where datname = :name"), {"name": name})
    return found.first() is not None


def create(connection: Connection, name: str) -> None:
    """Make an empty database. Raises ComplianceError without the right to."""
    try:
        connection.exec_driver_sql(f"create database {_quoted(connection, name)} template template0 encoding 'UTF8'")
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _NOT_ALLOWED:
            raise
        message = "the database user may not create databases"
        hint = "a restore is made and verified beside the old database: give the user CREATEDB for as long as it takes"
        raise ComplianceError(message, hint=hint) from None


def drop(connection: Connection, name: str) -> None:
    """Remove a database, whoever is connected to it."""
    connection.exec_driver_sql(f"drop database if exists {_quoted(connection, name)} with (force)")


def swap(connection: Connection, *, new: str, name: str, aside: str | None) -> None:
    """Give `new` the name `name`, what has it now becoming `aside`, in one transaction.

    Raises UnavailableError while anybody is connected to either.
    """
    renames = [] if aside is None else [(name, aside)]
    try:
        connection.exec_driver_sql("begin")
        for old, to in [*renames, (new, name)]:
            connection.exec_driver_sql(f"alter database {_quoted(connection, old)} rename to {_quoted(connection, to)}")
        connection.exec_driver_sql("commit")
    except DBAPIError as error:
        connection.exec_driver_sql("rollback")
        state = getattr(error.orig, "sqlstate", None)
        if state not in {_IN_USE, _NOT_ALLOWED}:
            raise
        message = "the database is in use" if state == _IN_USE else "the database user may not rename the database"
        hint = "end scans, `serve` and other sessions, then restore again; nothing was changed"
        raise UnavailableError(message, hint=hint) from None


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)
