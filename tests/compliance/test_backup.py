from __future__ import annotations

import json
import os
import sqlite3
import stat
import threading
import zipfile

import pytest
from sqlalchemy import select, text

from compliance.backup import backup
from compliance.db import open_engine, reading, writing
from compliance.errors import ComplianceError, UnavailableError
from compliance.manifest import Manifest, read_manifest
from compliance.models import AuditRow
from compliance.restore import Ask, restore
from compliance.upgrade import HEAD
from tests.compliance.stored import NOW, fill, scan_posts, state
from tests.factories import JOB

pytestmark = pytest.mark.usefixtures("postgres_tools")


@pytest.fixture
def filled(db_engine):
    fill(db_engine)
    return db_engine


def make(engine, path, **changes):
    return backup(engine, path, actor=JOB, now=lambda: NOW, **changes)


def left_beside(path):
    return sorted(each.name for each in path.parent.iterdir() if ".part-" in each.name)


def test_a_backup_says_what_is_in_it_and_is_readable_by_its_owner_only(filled, db_url, tmp_path):
    counts, seq, head = state(db_url)
    path = tmp_path / "night 🎉.backup"
    made = make(filled, path)
    found = read_manifest(path)
    assert found == made.manifest
    assert (found.rows, found.head.seq, found.head.hash) == (counts, seq, head)
    assert (found.dialect, found.revision, found.made_at) == (filled.dialect.name, HEAD, NOW)
    assert made.is_verified
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert left_beside(path) == []


def test_the_manifest_holds_counts_and_hashes_only(filled, tmp_path):
    path = tmp_path / "b"
    make(filled, path)
    with zipfile.ZipFile(path) as archive:
        said = archive.read("manifest.json").decode()
    assert set(json.loads(said)) == set(Manifest.model_fields)
    for word in ("Bluefin", "@ana", "p1", "feed"):
        assert f'"{word}' not in said


def test_the_trail_notes_a_backup_by_its_head_and_checksum(filled, db_url, tmp_path):
    made = make(filled, tmp_path / "b").manifest
    with reading(filled) as session:
        entry = json.loads(session.scalars(select(AuditRow.entry).order_by(AuditRow.seq.desc())).first())
    assert (entry["action"], entry["actor"], entry["actor_proof"]) == ("database:backed-up", JOB.id, JOB.proof)
    assert (entry["detail"]["head_hash"], entry["detail"]["sha256"]) == (made.head.hash, made.sha256)
    state(db_url)


def test_an_older_backup_is_kept_unless_asked_otherwise(filled, tmp_path):
    path = tmp_path / "b"
    make(filled, path)
    first = path.read_bytes()
    with pytest.raises(ComplianceError, match="already") as refused:
        make(filled, path)
    assert "--force" in refused.value.hint
    assert path.read_bytes() == first
    make(filled, path, force=True)
    assert path.read_bytes() != first


def test_a_backup_never_replaces_the_database_a_folder_or_a_link_to_them(db_url, filled, tmp_path):
    places = [tmp_path]
    if filled.dialect.name == "sqlite":
        database = tmp_path / "test.db"
        (tmp_path / "link").symlink_to(database)
        places += [database, tmp_path / "link", tmp_path / "test.db-wal"]
    before = state(db_url)
    for place in places:
        with pytest.raises(ComplianceError):
            make(filled, place, force=True)
    assert state(db_url) == before


def test_a_backup_shows_one_moment_while_a_scan_writes(filled, tmp_path):
    """Each restored state is whole: every post that is there has its version, and the trail counts them."""
    stop, failed = threading.Event(), []

    def write():
        number = 0
        while not stop.is_set():
            try:
                scan_posts(filled, *(["Bluefin again"] * 20), name=f"live{number}", first=number * 100)
            except Exception as error:  # noqa: BLE001 - told to the test
                failed.append(type(error).__name__)
                return
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [make(filled, tmp_path / f"b{number}").manifest for number in range(4)]
    finally:
        stop.set()
        writer.join()
    assert failed == []
    assert made[0].rows["posts"] < made[-1].rows["posts"], "nothing was written meanwhile"
    for manifest in made:
        assert manifest.rows["posts"] == manifest.rows["post_versions"]
        assert (manifest.rows["posts"] - 5) % 20 == 0, "half a page"
        assert manifest.rows["audit_entries"] == manifest.head.seq


def test_what_was_deleted_is_not_in_a_backup(tmp_path, sqlite_template):
    path = tmp_path / "d.db"
    path.write_bytes(sqlite_template.read_bytes())
    engine = open_engine(f"sqlite:///{path}")
    scan_posts(engine, "hush " * 5000)
    with writing(engine) as session:
        session.execute(text("update post_versions set text = ''"))
    make(engine, tmp_path / "b")
    with zipfile.ZipFile(tmp_path / "b") as archive:
        assert b"hush" not in archive.read("database")


def test_a_trail_that_does_not_verify_is_not_backed_up(filled, tmp_path):
    with writing(filled) as session:
        session.execute(text("drop trigger audit_entries_no_delete" + _on(filled)))
        session.execute(text("delete from audit_entries where seq = 2"))
    with pytest.raises(ComplianceError, match="does not verify"):
        make(filled, tmp_path / "b")
    assert not (tmp_path / "b").exists()
    assert left_beside(tmp_path / "b") == []


def _on(engine):
    return " on audit_entries" if engine.dialect.name == "postgresql" else ""


def test_an_older_schema_is_backed_up_unverified_and_a_newer_one_refused(filled, tmp_path, next_step):
    made = next_step(lambda: make(filled, tmp_path / "b"))
    assert (made.is_verified, made.manifest.revision) == (False, HEAD)
    with writing(filled) as session:
        session.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(ComplianceError, match="newer version"):
        make(filled, tmp_path / "c")


def test_without_a_database_nothing_is_made(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'gone.db'}")
    with pytest.raises(UnavailableError, match="no database"):
        make(engine, tmp_path / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to_says_so(filled, tmp_path):
    path = tmp_path / ("n" * 250)
    with pytest.raises(UnavailableError, match="could not be written"):
        make(filled, path)
    assert left_beside(path) == []


def test_what_a_killed_backup_left_behind_goes_with_the_next(filled, tmp_path):
    left = tmp_path / f".b.part-{os.uname().nodename}+999999999+1.00"
    left.mkdir()
    (left / "copy").write_text("posts")
    make(filled, tmp_path / "b")
    assert left_beside(tmp_path / "b") == []


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_postgresql_without_its_tools_says_so(filled, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="pg_dump is not on this machine"):
        make(filled, tmp_path / "b")
    tool = tmp_path / "pg_dump"
    tool.write_text("#!/bin/sh\necho 'pg_dump: error: server version mismatch Bluefin' >&2\nexit 1\n")
    tool.chmod(0o700)
    with pytest.raises(UnavailableError, match="older than the server's") as refused:
        make(filled, tmp_path / "b")
    assert "Bluefin" not in refused.value.message
    assert not (tmp_path / "b").exists()


def test_the_password_is_no_argument(tmp_path, monkeypatch):
    from sqlalchemy import make_url

    from compliance.postgres import run_tool

    tool = tmp_path / "pg_dump"
    tool.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/told\necho "$PGPASSWORD" > {tmp_path}/env\n')
    tool.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    run_tool("pg_dump", make_url("postgresql+psycopg://ana:s%40ecret@host/name?sslmode=require"), ["--format=custom"])
    told = (tmp_path / "told").read_text()
    assert "ecret" not in told
    assert "sslmode=require" in told
    assert (tmp_path / "env").read_text().strip() == "s@ecret"


def test_copying_a_live_file_loses_what_its_log_holds(tmp_path, sqlite_template):
    """What a backup replaces, shown: the copy by hand is short of the newest posts, the backup is not."""
    path = tmp_path / "live.db"
    path.write_bytes(sqlite_template.read_bytes())
    engine = open_engine(f"sqlite:///{path}")
    fill(engine)
    (tmp_path / "copied.db").write_bytes(path.read_bytes())
    copied = sqlite3.connect(tmp_path / "copied.db").execute("select count(*) from posts").fetchone()[0]
    made = make(engine, tmp_path / "b")
    assert (copied, made.manifest.rows["posts"]) == (0, 5)
    target = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    restore(target, tmp_path / "b", ask=Ask(), actor=JOB, now=lambda: NOW)
    assert state(f"sqlite:///{tmp_path / 'new.db'}")[0]["posts"] == 5
