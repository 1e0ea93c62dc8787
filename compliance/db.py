"""The database: how to open it, how to write to it. SQLite and PostgreSQL behave the same from here on up."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from sqlalchemy import Column, Dialect, Engine, Table, create_engine, event, insert
from sqlalchemy.orm import Session

BUSY_SECONDS: Final = 30


def open_engine(url: str) -> Engine:
    """Return an engine for an SQLAlchemy URL. On SQLite: WAL, foreign keys, full sync, writes begin IMMEDIATE."""
    # Whatever goes wrong, no error quotes the values of a statement: they hold what people wrote.
    engine = create_engine(url, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def create_private(engine: Engine) -> None:
    """Make the file of a SQLite database that is not there yet, readable by its owner only: it will hold posts."""
    name = engine.url.database
    if engine.dialect.name == "sqlite" and name and name != ":memory:" and Path(name).parent.is_dir():
        with suppress(FileExistsError):
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _on_sqlite_connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own type
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    _switch_to_wal(cursor)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _switch_to_wal(cursor: Any) -> None:  # noqa: ANN401 - the driver's own type
    """Switch, and try again while others do: SQLite refuses at once, whatever the time-out, where waiting could deadlock."""
    until = monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or monotonic() > until:
                raise
            sleep(0.02)
        else:
            return


def _on_sqlite_begin(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's connection
    # A deferred BEGIN that later writes fails with "database is locked" whatever the time-out; IMMEDIATE waits its
    # turn.
    mode = "IMMEDIATE" if connection.get_execution_options().get("writes") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {mode}")


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that only reads."""
    with Session(engine) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session in one write transaction: committed at the end of the block, rolled back by any exception."""
    with Session(engine.execution_options(writes=True)) as session, session.begin():
        yield session


def insert_rows(session: Session, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows given as tuples in order of `columns`; columns left out get the database's default.

    For the path of every post: SQLAlchemy's own executemany spends four times as long on the parameters as SQLite on
    the rows.
    """
    if not rows:
        return
    connection = session.connection()
    statement = insert(table).compile(dialect=connection.dialect, column_keys=list(columns))
    values = [
        _bound(table.c[name], column, connection.dialect)
        for name, column in zip(columns, zip(*rows, strict=True), strict=True)
    ]
    if statement.positional:
        order = [columns.index(name) for name in statement.positiontup or ()]
        connection.exec_driver_sql(str(statement), list(zip(*(values[index] for index in order), strict=True)))
    else:
        connection.exec_driver_sql(
            str(statement), [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]
        )


def _bound(column: Column[Any], values: Sequence[Any], dialect: Dialect) -> Sequence[Any]:
    """Return values as the driver takes them. Runs of one object, such as the time of the page, are converted once."""
    convert = column.type.dialect_impl(dialect).bind_processor(dialect)
    if convert is None:
        return values
    bound: list[Any] = []
    last, done = values[0], convert(values[0])
    for value in values:
        if value is not last:
            last, done = value, convert(value)
        bound.append(done)
    return bound
