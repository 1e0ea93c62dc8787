from __future__ import annotations

import re

import pytest
from sqlalchemy import create_engine, text

from compliance.db import open_engine, writing
from compliance.health import Level
from compliance.integrity import inspect_database
from tests.compliance.stored import fill, state


@pytest.fixture
def filled(db_engine, tmp_path):
    fill(db_engine)
    if db_engine.dialect.name == "sqlite":
        for file in tmp_path.glob("test.db*"):
            file.chmod(0o600)
    return db_engine


def wrong(engine):
    return {
        check.what: check.level for check in inspect_database(engine) if check.level in {Level.BROKEN, Level.MISSING}
    }


def change(engine, *statements):
    with writing(engine) as session:
        for each in statements:
            session.execute(text(each))


def test_a_sound_database_is_sound_and_stays_as_it_was(filled, db_url):
    before = state(db_url)
    checks = {check.what: check for check in inspect_database(filled)}
    assert [check for check in checks.values() if check.level in {Level.BROKEN, Level.MISSING}] == []
    assert {"schema", "structure", "references", "triggers", "audit trail"} <= set(checks)
    assert str(before[1]) in checks["audit trail"].found
    assert before[2] in checks["audit trail"].found
    assert state(db_url) == before


@pytest.mark.parametrize(
    "trigger",
    ["audit_entries_no_delete", "audit_entries_no_update_0", "post_versions_no_update_3", "decisions_no_delete"],
)
def test_a_missing_trigger_is_named(filled, trigger):
    on = f" on {re.match('(.*?)_no_', trigger)[1]}" if filled.dialect.name == "postgresql" else ""
    change(filled, f"drop trigger {trigger}{on}")
    (check,) = [check for check in inspect_database(filled) if check.level is Level.BROKEN]
    assert check.what == "triggers"
    assert trigger in check.found


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_trigger_made_harmless_is_named(filled):
    change(
        filled,
        "drop trigger audit_entries_no_delete",
        "create trigger audit_entries_no_delete before delete on audit_entries begin select 1; end",
    )
    assert wrong(filled) == {"triggers": Level.BROKEN}


@pytest.mark.parametrize("dialect", ["postgresql"])
@pytest.mark.parametrize(
    "statement",
    [
        "alter table audit_entries disable trigger audit_entries_no_delete",
        "alter table audit_entries disable trigger audit_entries_no_truncate",
        "create or replace function audit_entries_no_delete() returns trigger language plpgsql as $$ begin return old; end $$",
    ],
    ids=["off", "truncate off", "harmless"],
)
def test_a_trigger_that_is_switched_off_or_made_harmless_is_named(filled, statement):
    change(filled, statement)
    assert wrong(filled) == {"triggers": Level.BROKEN}


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_who_may_not_look_at_everything_is_told_so(filled, db_url):
    change(filled, "create role looks login", "grant pg_read_all_data to looks")
    engine = create_engine(open_engine(db_url).url.set(username="looks"))
    try:
        assert wrong(engine) == {"triggers": Level.MISSING}
    finally:
        engine.dispose()
        change(filled, "drop role looks")


def test_a_trail_that_was_changed_is_wrong(filled):
    on = " on audit_entries" if filled.dialect.name == "postgresql" else ""
    change(filled, f"drop trigger audit_entries_no_delete{on}", "delete from audit_entries where seq = 2")
    assert wrong(filled) == {"triggers": Level.BROKEN, "audit trail": Level.BROKEN}


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_row_that_points_to_nothing_is_wrong(filled, tmp_path):
    import sqlite3

    with sqlite3.connect(tmp_path / "test.db") as connection:
        connection.execute("insert into rejects (source_id, place, error, seen_at) values (99, 'x', 'y', '2026-01-01')")
    connection.close()
    assert wrong(filled) == {"references": Level.BROKEN}


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_damage_is_wrong_and_no_stack_trace(filled, tmp_path, db_url):
    filled.dispose()
    path = tmp_path / "test.db"
    content = bytearray(path.read_bytes())
    for at in range(8192, len(content), 4096):
        content[at : at + 64] = b"\xff" * 64
    path.write_bytes(content)
    assert Level.BROKEN in wrong(open_engine(db_url)).values()
    path.write_bytes(b"no database " * 1000)
    assert wrong(open_engine(db_url)) == {"database": Level.BROKEN}


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(("mode", "level"), [(0o600, Level.OK), (0o640, Level.NOTE), (0o604, Level.BROKEN)])
def test_who_can_read_the_file_matters(filled, tmp_path, mode, level):
    (tmp_path / "test.db").chmod(mode)
    (check,) = [check for check in inspect_database(filled) if check.what == "file permissions"]
    assert check.level is level


def test_another_schema_is_told_apart(filled, next_step):
    assert wrong(filled) == {}
    ahead = next_step(lambda: {check.what: check for check in inspect_database(filled)})
    assert (ahead["schema"].level, ahead["audit trail"].level) == (Level.NOTE, Level.MISSING)
    assert ahead["triggers"].level is Level.OK
    change(filled, "update alembic_version set version_num = '9999'")
    assert wrong(filled)["schema"] is Level.BROKEN


def test_what_is_not_there_or_out_of_reach_could_not_be_checked(tmp_path):
    assert wrong(open_engine(f"sqlite:///{tmp_path / 'gone.db'}")) == {"database": Level.MISSING}
    assert list(tmp_path.iterdir()) == []
    assert wrong(open_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")) == {"database": Level.MISSING}
