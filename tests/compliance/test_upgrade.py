from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from compliance.db import open_engine, writing
from compliance.errors import ComplianceError
from compliance.models import Base
from compliance.upgrade import HEAD, MIGRATIONS, require_schema, upgrade


@pytest.fixture
def engine(empty_url):
    engine = open_engine(empty_url)
    yield engine
    engine.dispose()


def set_revision(engine, revision):
    with writing(engine) as session:
        session.execute(text("update alembic_version set version_num = :revision"), {"revision": revision})


def test_head_is_the_only_last_step():
    assert ScriptDirectory(MIGRATIONS).get_heads() == [HEAD]


def test_an_empty_database_gets_the_tables_of_the_models(engine):
    assert upgrade(engine) is None
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        assert compare_metadata(context, Base.metadata) == []
    require_schema(engine)


def test_upgrading_twice_changes_nothing(engine):
    upgrade(engine)
    assert upgrade(engine) == HEAD


def test_a_newer_schema_is_refused_and_left_alone(engine):
    upgrade(engine)
    set_revision(engine, "9999")
    for refused in (upgrade, require_schema):
        with pytest.raises(ComplianceError, match="newer version of this program") as error:
            refused(engine)
        assert error.value.hint
    with engine.connect() as connection:
        assert connection.scalar(text("select version_num from alembic_version")) == "9999"


def test_an_empty_database_is_named_as_such(engine):
    with pytest.raises(ComplianceError, match="empty") as error:
        require_schema(engine)
    assert "compliance db upgrade" in error.value.hint


def test_two_upgrades_at_once_take_turns(empty_url):
    engines = [open_engine(empty_url) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(upgrade, engines))
    assert sorted(found, key=str) == [HEAD, None]
    for each in engines:
        each.dispose()


def test_a_step_that_fails_leaves_nothing_behind(engine, monkeypatch):
    from alembic.operations import Operations

    def fail(*_args, **_changes):
        raise ZeroDivisionError

    monkeypatch.setattr(Operations, "execute", fail)  # the triggers come after the tables
    with pytest.raises(ZeroDivisionError):
        upgrade(engine)
    assert inspect(engine).get_table_names() == []
