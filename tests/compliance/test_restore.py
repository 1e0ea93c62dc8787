from __future__ import annotations

import json
import shutil
import stat
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text, update

from compliance.backup import backup
from compliance.db import open_engine, reading, writing
from compliance.errors import ComplianceError, UnavailableError
from compliance.models import AuditRow, Lease, PostVersion
from compliance.restore import Ask, restore
from compliance.upgrade import HEAD
from tests.compliance.stored import NOW, decide_flag, fill, lose, scan_posts, state
from tests.factories import JOB

pytestmark = pytest.mark.usefixtures("postgres_tools")

FREELY = Ask(replace=True, accept_rollback=True)


@pytest.fixture
def filled(db_engine):
    fill(db_engine)
    return db_engine


@pytest.fixture
def path(filled, tmp_path):
    """A backup of the filled database."""
    (tmp_path / "kept").mkdir()
    backup(filled, tmp_path / "kept" / "b", actor=JOB, now=lambda: NOW)
    filled.dispose()
    return tmp_path / "kept" / "b"


def put_back(url, path, ask=FREELY, at=NOW + timedelta(hours=1), **changes):
    engine = open_engine(url)
    try:
        return restore(engine, path, ask=ask, actor=JOB, now=lambda: at, **changes)
    finally:
        engine.dispose()


def databases(url):
    """Names of what is there: files beside the database, or databases whose name begins with its."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        return sorted(each.name for each in Path(engine.url.database).parent.iterdir() if each.is_file())
    admin = create_engine(engine.url.set(database="postgres"))
    with admin.connect() as connection:
        own = text("select datname from pg_database where datname ~ :own order by 1")
        found = connection.scalars(own, {"own": f"^{engine.url.database}(_|$)"}).all()
    admin.dispose()
    return list(found)


def test_a_lost_database_comes_back_with_its_trail_and_says_so(filled, db_url, path):
    counts, seq, _ = state(db_url)
    lose(db_url)
    report = put_back(db_url, path, Ask())
    # One entry for the backup, which is younger than itself, and one for the restore.
    assert state(db_url) == (counts, seq, report.head_hash)
    assert (report.rollback, report.aside, report.head_seq) == (None, None, seq)
    with reading(filled) as session:
        entry = json.loads(session.scalars(select(AuditRow.entry).order_by(AuditRow.seq.desc())).first())
        assert session.scalars(select(PostVersion.text).order_by(PostVersion.id)).all()[-1] == "\0 \ud800 fine"
    assert (entry["action"], entry["actor"]) == ("database:restored", JOB.id)
    assert entry["detail"]["head_seq"] == str(seq - 1)


def test_a_restored_database_goes_on(filled, db_url, path):
    lose(db_url)
    put_back(db_url, path)
    scan_posts(filled, "Bluefin", first=50, name="later")
    with writing(filled) as session:
        decide_flag(session, 2)
    state(db_url)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_restored_file_has_the_owner_and_mode_of_the_old_one_else_is_private(db_url, path, tmp_path):
    (tmp_path / "test.db").chmod(0o640)
    put_back(db_url, path)
    assert stat.S_IMODE((tmp_path / "test.db").stat().st_mode) == 0o640
    lose(db_url)
    put_back(db_url, path)
    assert stat.S_IMODE((tmp_path / "test.db").stat().st_mode) == 0o600


def test_what_is_there_is_replaced_only_when_asked_and_kept_under_a_dated_name(db_url, path):
    before = state(db_url)
    with pytest.raises(ComplianceError, match="there is a database already"):
        put_back(db_url, path, Ask(accept_rollback=True))
    assert state(db_url) == before
    report = put_back(db_url, path)
    name = "20260304t100000"
    assert name in report.aside
    assert [each for each in databases(db_url) if name in each]
    kept = db_url.replace("test.db", Path(report.aside).name)
    if "postgresql" in db_url:
        kept = open_engine(db_url).url.set(database=report.aside).render_as_string(hide_password=False)
    assert state(kept) == before
    if "postgresql" in db_url:
        lose(kept)


def test_a_backup_that_is_older_than_the_database_is_reported_as_a_rollback(filled, db_url, path):
    with writing(filled) as session:
        decide_flag(session, 2)
    filled.dispose()
    before = state(db_url)
    with pytest.raises(ComplianceError, match="older than the database") as refused:
        put_back(db_url, path, Ask(replace=True))
    assert "1 flag:decided" in refused.value.message
    assert state(db_url) == before
    report = put_back(db_url, path)
    assert report.rollback.lost == {"database:backed-up": 1, "flag:decided": 1}
    assert report.rollback.same_history
    with reading(filled) as session:
        entry = json.loads(session.scalars(select(AuditRow.entry).order_by(AuditRow.seq.desc())).first())
    assert (entry["detail"]["entries_lost"], entry["detail"]["replaced_head_seq"]) == ("2", str(before[1]))


def test_a_backup_of_another_history_is_told_apart_from_an_older_one(filled, db_url, path, sqlite_template):
    lose(db_url)
    put_back(db_url, path)
    scan_posts(filled, "another", name="other", first=90)
    filled.dispose()
    later = path.with_name("later")
    backup(filled, later, actor=JOB, now=lambda: NOW)
    filled.dispose()
    put_back(db_url, path)
    with pytest.raises(ComplianceError, match="not from the history"):
        put_back(db_url, later, Ask(replace=True))
    assert sqlite_template.is_file()


def test_the_same_state_is_no_rollback(filled, db_url, path, tmp_path):
    """A database put back from a file system snapshot has the very head of the backup."""
    lose(db_url)
    report = put_back(db_url, path)
    assert report.rollback is None
    if filled.dialect.name == "sqlite":
        with zipfile.ZipFile(path) as archive:
            (tmp_path / "test.db").write_bytes(archive.read("database"))
        assert put_back(db_url, path, Ask(replace=True), at=NOW + timedelta(hours=2)).rollback is None


def rewritten(path, change):
    """Write a backup anew with its manifest, database or both changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(parts["manifest.json"])
    database = change(manifest, parts["database"]) or parts["database"]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        archive.writestr("database", database)


def flip(manifest, database):
    del manifest
    return database[:100] + bytes([database[100] ^ 1]) + database[101:]


def cut(manifest, database):
    del manifest
    return database[:-1]


def longer(manifest, database):
    del manifest
    return database + b"\0" * 10_000_000


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (flip, "checksum"),
        (cut, "checksum"),
        (longer, "checksum"),
        (lambda manifest, _: manifest["rows"].update(posts=4), "rows that the manifest counts"),
        (lambda manifest, _: manifest["rows"].update(other=0), "rows that the manifest counts"),
        (lambda manifest, _: manifest["head"].update(seq=3), "does not end where"),
        (lambda manifest, _: manifest["head"].update(hash="0" * 64), "does not end where"),
        (lambda manifest, _: manifest.update(revision="9999"), "newer version"),
        (lambda manifest, _: manifest.update(form=2), "no backup"),
        (lambda manifest, _: manifest.update(more=2), "no backup"),
        (lambda manifest, _: manifest.update(made_at="2026-03-01"), "no backup"),
        (lambda manifest, _: manifest.update(dialect="oracle"), "no backup"),
    ],
    ids=["flip", "cut", "longer", "rows", "table", "seq", "hash", "newer", "form", "key", "naive time", "dialect"],
)
def test_a_backup_that_is_not_what_it_says_is_refused_and_nothing_changes(db_url, path, change, said):
    before, there = state(db_url), databases(db_url)
    rewritten(path, change)
    with pytest.raises(ComplianceError, match=said):
        put_back(db_url, path)
    assert (state(db_url), databases(db_url)) == (before, there)


@pytest.mark.parametrize(
    "content", [b"", b"posts", b"PK\x05\x06" + bytes(18), b"\x00" * 10_000], ids=["empty", "text", "zip", "nul"]
)
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_file_that_is_no_backup_is_refused(db_url, path, content):
    path.write_bytes(content)
    with pytest.raises(ComplianceError, match="no backup"):
        put_back(db_url, path)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_every_cut_and_every_flipped_byte_of_a_backup_is_noticed(db_url, path):
    whole, before = path.read_bytes(), state(db_url)
    for at in range(0, len(whole), max(1, len(whole) // 60)):
        path.write_bytes(whole[:at])
        with pytest.raises(ComplianceError):
            put_back(db_url, path)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        try:
            put_back(db_url, path, Ask())
        except ComplianceError:
            assert state(db_url) == before


def test_a_backup_of_the_other_kind_of_database_is_refused(db_url, path, tmp_path):
    other = "postgresql+psycopg://nobody@127.0.0.1:1/none" if "sqlite" in db_url else f"sqlite:///{tmp_path / 'o.db'}"
    with pytest.raises(ComplianceError, match="this is a backup of a"):
        put_back(other, path)
    with pytest.raises(ComplianceError, match="no such backup"):
        put_back(db_url, path.with_name("gone"))


def test_nothing_is_replaced_while_somebody_uses_the_database(db_url, path):
    other = open_engine(db_url)
    before, there = state(db_url), databases(db_url)
    with other.connect() as connection:
        connection.execute(text("select count(*) from posts")).scalar()
        with pytest.raises(UnavailableError, match="in use"):
            put_back(db_url, path)
        assert connection.execute(text("select count(*) from posts")).scalar() == 5
    other.dispose()
    assert state(db_url) == before
    assert {each for each in databases(db_url) if "-wal" not in each} >= {each for each in there if "-wal" not in each}
    assert not [each for each in databases(db_url) if "until" in each or "restoring" in each]
    put_back(db_url, path)


def test_what_was_written_during_a_restore_is_not_lost(filled, db_url, path):
    def meanwhile(session, since):
        del session
        assert since == NOW
        with writing(filled) as other:
            decide_flag(other, 2)
        filled.dispose()
        return 0

    with pytest.raises(UnavailableError, match="written to while"):
        put_back(db_url, path, erase_again=meanwhile)
    state(db_url)
    with reading(filled) as session:
        assert session.scalar(text("select count(*) from decisions")) == 2


def test_bodies_erased_since_are_erased_again_before_anybody_reads(filled, db_url, path):
    def erase(session, since):
        assert since == NOW
        return session.execute(update(PostVersion).where(PostVersion.id == 1).values(text="")).rowcount

    put_back(db_url, path, erase_again=erase)
    with reading(filled) as session:
        assert session.scalar(select(PostVersion.text).where(PostVersion.id == 1)) == ""
        entry = json.loads(session.scalars(select(AuditRow.entry).order_by(AuditRow.seq.desc())).first())
    assert entry["detail"]["erased_again"] == "1"


def test_a_restore_that_fails_half_way_changes_nothing(db_url, path):
    before, there = state(db_url), databases(db_url)

    def fail(*_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        put_back(db_url, path, erase_again=fail)
    assert (state(db_url), databases(db_url)) == (before, there)


def test_the_scan_of_the_moment_of_the_backup_holds_nothing_after_a_restore(filled, db_url, tmp_path):
    with writing(filled) as session:
        session.execute(update(Lease).values(holder="elsewhere:1:1.00", expires_at=NOW + timedelta(days=9)))
    backup(filled, tmp_path / "b2", actor=JOB, now=lambda: NOW)
    filled.dispose()
    put_back(db_url, tmp_path / "b2")
    scan_posts(filled, "Bluefin", first=70, name="after")


def test_a_backup_of_an_older_schema_is_brought_up_to_date_before_it_is_verified(filled, db_url, path, next_step):
    report = next_step(lambda: put_back(db_url, path))
    assert report.manifest.revision == HEAD
    with reading(filled) as session:
        assert session.scalar(text("select version_num from alembic_version")) == "next"
        assert session.scalar(text("select count(*) from made_up")) == 0


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_an_unreadable_database_is_put_aside_and_nobody_claims_to_know_what_is_lost(path, tmp_path, db_url):
    file = tmp_path / "test.db"
    file.write_bytes(b"no database " * 1000)
    file.with_name("test.db-wal").write_bytes(b"an old log")
    with pytest.raises(ComplianceError, match="nobody can say"):
        put_back(db_url, path, Ask(replace=True))
    report = put_back(db_url, path)
    assert Path(report.aside).read_bytes().startswith(b"no database")
    assert not (tmp_path / "test.db-wal").exists(), "a log that stays behind is replayed into the restored file"
    state(db_url)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_log_without_its_database_is_not_replayed_into_the_restored_one(filled, db_url, path, tmp_path):
    connection = filled.connect()
    connection.execute(text("select 1"))
    scan_posts(filled, "after the backup", first=60, name="later")
    shutil.copyfile(tmp_path / "test.db-wal", tmp_path / "wal")
    connection.close()
    filled.dispose()
    (tmp_path / "test.db").unlink()
    shutil.copyfile(tmp_path / "wal", tmp_path / "test.db-wal")
    put_back(db_url, path)
    assert state(db_url)[0]["posts"] == 5


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_an_empty_database_of_the_server_is_filled_without_asking(postgres_server, db_url, path):
    lose(db_url)
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {open_engine(db_url).url.database}"))
    admin.dispose()
    report = put_back(db_url, path, Ask())
    assert report.aside is None
    assert len(databases(db_url)) == 1


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_user_who_may_not_create_databases_is_told_what_is_needed(postgres_server, db_url, path):
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("create role plain login"))
        connection.execute(text("grant pg_read_all_data to plain"))
    url = open_engine(db_url).url.set(username="plain").render_as_string(hide_password=False)
    try:
        with pytest.raises(ComplianceError, match="may not create databases") as refused:
            put_back(url, path)
        assert "CREATEDB" in refused.value.hint
    finally:
        with admin.connect() as connection:
            connection.execute(text("drop role plain"))
        admin.dispose()
