"""The database: how to open it, how to write to it. SQLite and PostgreSQL behave the same from here on up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session

BUSY_SECONDS: Final = 30


def open_engine(url: str) -> Engine:
    """Return an engine for an SQLAlchemy URL. On SQLite: WAL, foreign keys, full sync, writes begin IMMEDIATE."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def _on_sqlite_connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own type
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_sqlite_begin(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's connection
    # A deferred BEGIN that later writes fails with "database is locked" whatever the time-out; IMMEDIATE waits its turn.
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
