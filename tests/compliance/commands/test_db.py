from __future__ import annotations

import json
import threading
from contextlib import contextmanager

import pytest
import yaml
from sqlalchemy import text

from compliance import db
from compliance.db import open_engine, writing
from compliance.upgrade import HEAD, upgrade
from tests.compliance.stored import lose, scan_posts, state

pytestmark = pytest.mark.usefixtures("postgres_tools", "operated")


@pytest.fixture
def run(run, monkeypatch):
    """Run a command, then let go of its connections, as the end of its process would."""
    engines, real = [], db.open_engine

    def opened(url):
        engines.append(real(url))
        return engines[-1]

    monkeypatch.setattr(db, "open_engine", opened)

    def call(*arguments):
        try:
            return run_once(*arguments)
        finally:
            for engine in engines:
                engine.dispose()

    run_once = run
    return call


@pytest.fixture
def operated(run, tmp_path, empty_url, monkeypatch):
    """The demo's workspace, scanned into this test's database, with an operator."""
    from compliance.setup import write_demo

    del run  # it clears the environment first
    folder = tmp_path / "demo"
    write_demo(folder)
    settings = folder / "compliance.yaml"
    settings.write_text(settings.read_text().replace("reviewers:\n", "reviewers:\n  oz: {role: operator}\n"))
    monkeypatch.setenv("COMPLIANCE_DATABASE", empty_url)
    monkeypatch.setenv("COMPLIANCE_WORKSPACE", str(folder))
    return folder


def as_json(result):
    return json.loads(result.stdout)


@contextmanager
def another_writes(url):
    """Scan one post after another in a thread until the end of the block."""
    stop, engine = threading.Event(), open_engine(url)

    def write():
        number = 0
        while not stop.is_set():
            scan_posts(engine, "fine", name=f"live{number}")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()
        engine.dispose()


def test_a_restore_is_rehearsed_from_the_scan_to_the_same_queue(run, empty_url, tmp_path):
    """Scan, decide, back up while another writes, lose everything, restore: the desk finds what it left."""
    assert run("scan").exit_code in {0, 3}
    assert run("decide", 1, "upheld", "--reason", "Named it.", "--as", "rivera").exit_code == 0
    with another_writes(empty_url):
        made = run("db", "backup", tmp_path / "b", "--format", "json", "--as", "oz")
    assert made.exit_code == 0
    manifest = as_json(made)
    queue, shown = run("queue", "--format", "json"), run("show", 1, "--format", "json", "--as", "rivera")
    lose(empty_url)
    restored = run("db", "restore", tmp_path / "b", "--as", "oz", "--format", "json")
    assert restored.exit_code == 0
    assert as_json(restored)["rollback"] is None
    counts, seq, _ = state(empty_url)
    assert counts == manifest["rows"] | {"audit_entries": manifest["head"]["seq"] + 1}
    assert seq == manifest["head"]["seq"] + 1
    verified = run("audit", "verify", "--format", "json")
    assert (verified.exit_code, as_json(verified)["head_seq"]) == (0, seq)
    again = run("queue", "--format", "json"), run("show", 1, "--format", "json", "--as", "rivera")
    assert [each.stdout for each in again] == [queue.stdout, shown.stdout]
    report = as_json(run("scan", "--format", "json"))
    assert (report["total"]["new"], report["flags_opened"]) == (0, {})
    assert run("db", "check").exit_code == 0


def test_a_rollback_needs_a_name_and_a_role_that_may(run, tmp_path):
    run("scan")
    assert run("db", "backup", tmp_path / "b").exit_code == 0
    assert run("decide", 1, "upheld", "--reason", "Named it.", "--as", "rivera").exit_code == 0
    older = run("db", "restore", tmp_path / "b", "--replace")
    assert older.exit_code == 2
    assert "1 flag:decided" in older.stderr
    unnamed = run("db", "restore", tmp_path / "b", "--replace", "--accept-rollback")
    assert (unnamed.exit_code, "nobody is named" in unnamed.stderr) == (2, True)
    officer = run("db", "restore", tmp_path / "b", "--replace", "--accept-rollback", "--as", "rivera")
    assert (officer.exit_code, "operator, admin" in officer.stderr) == (2, True)
    done = run("db", "restore", tmp_path / "b", "--replace", "--accept-rollback", "--as", "oz")
    assert done.exit_code == 0
    assert "ROLLBACK" in done.stdout
    assert "kept as" in done.stdout


def test_upgrade_says_from_where_to_where(run, empty_url):
    if "postgresql" in empty_url:
        assert run("db", "upgrade", "--dry-run").stdout.startswith(f"Would bring the database from nothing to {HEAD}")
    first = run("db", "upgrade")
    assert first.exit_code == 0
    assert first.stdout.startswith(f"Brought the database from nothing to {HEAD}:")
    assert run("db", "upgrade").stdout == f"The database is up to date: schema {HEAD}.\n"
    engine = open_engine(empty_url)
    with writing(engine) as session:
        session.execute(text("update alembic_version set version_num = '9999'"))
    engine.dispose()
    for command in (["upgrade"], ["upgrade", "--dry-run"], ["runs"]):
        refused = run("db", *command)
        assert (refused.exit_code, "newer version" in refused.stderr) == (2, True)


def test_an_older_schema_is_upgraded_in_passing_on_sqlite_and_refused_on_postgresql(run, empty_url, dialect, next_step):
    engine = open_engine(empty_url)
    upgrade(engine)
    engine.dispose()
    told = next_step(lambda: run("db", "upgrade", "--dry-run"))
    assert "A made-up next step." in told.stdout
    queue = next_step(lambda: run("queue"))
    if dialect == "postgresql":
        assert (queue.exit_code, "compliance db upgrade" in queue.stderr) == (2, True)
        assert next_step(lambda: run("db", "upgrade", "--as", "oz")).exit_code == 0
        assert next_step(lambda: run("queue")).exit_code == 0
    assert queue.exit_code == (0 if dialect == "sqlite" else 2)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_without_a_database_everything_says_so_and_makes_none(run, tmp_path):
    for command in (["backup", str(tmp_path / "b")], ["runs"], ["check"], ["upgrade", "--dry-run"]):
        assert run("db", *command).exit_code == 3
    assert not list(tmp_path.glob("*.db"))


@pytest.mark.parametrize("url", ["postgresql+psycopg://ana:hunter2@127.0.0.1:1/x", "nonsense://ana:hunter2@host/x"])
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_no_password_comes_out_of_any_command(run, tmp_path, monkeypatch, url):
    monkeypatch.setenv("COMPLIANCE_DATABASE", url)
    (tmp_path / "b").write_bytes(b"x")
    for command in (
        ["db", "backup", str(tmp_path / "c")],
        ["db", "restore", str(tmp_path / "b")],
        ["db", "check"],
        ["db", "runs"],
        ["db", "upgrade"],
        ["scan", "--log-format", "json"],
    ):
        result = run(*command)
        assert result.exit_code in {2, 3}
        assert "hunter2" not in result.stdout + result.stderr


def test_past_runs_are_listed_for_eyes_and_for_programs(run, operated):
    first, second = list(yaml.safe_load((operated / "compliance.yaml").read_text(encoding="utf-8"))["sources"])[:2]
    run("db", "upgrade")
    assert run("db", "runs").stdout == "No scan has run yet.\n"
    run("scan", first)
    run("scan", second)
    text_form = run("db", "runs", "--limit", 1).stdout
    assert "run 2" in text_form
    assert "1 older runs" in text_form
    listed = as_json(run("db", "runs", "--format", "json"))
    assert [(each["id"], each["status"], list(each["counts"])) for each in listed["runs"]] == [
        (2, "done", [second]),
        (1, "done", [first]),
    ]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_log_of_a_scan_ends_with_its_exit_code_and_names_no_file(run, tmp_path):
    (tmp_path / "jane-doe.jsonl").write_text('{"id": "1", "text": "Bluefin ships"}\n{broken\n', encoding="utf-8")
    result = run("scan", tmp_path / "jane-doe.jsonl", "--log-format", "json", "--format", "json")
    told = [json.loads(line) for line in result.stderr.splitlines()]
    assert (result.exit_code, told[-1]["event"], told[-1]["exit_code"]) == (3, "scan:exited", 3)
    assert "jane-doe" not in result.stderr
    assert "Bluefin" not in result.stderr
    assert as_json(result)["total"]["failed"] == 1


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(
    ("arguments", "code"), [(["nowhere-hush"], 2), (["--as", "hush"], 2), (["--again", "hush.rule"], 2)], ids=str
)
def test_a_refused_scan_says_why_to_people_and_only_what_kind_to_the_log(run, tmp_path, arguments, code):
    shared = run("scan", *arguments, "--log-format", "json")
    assert shared.exit_code == code
    assert [json.loads(line)["event"] for line in shared.stderr.splitlines()] == ["scan:failed", "scan:exited"]
    assert "hush" not in shared.stderr
    apart = run("scan", *arguments, "--log-file", tmp_path / "log")
    assert apart.exit_code == code
    assert apart.stderr.startswith("error: ")
    assert "hush" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_broken_policy_that_quotes_a_listed_word_stays_out_of_the_log(run, operated):
    (operated / "policies").mkdir(exist_ok=True)
    (operated / "policies" / "hush.yaml").write_text("policy: hush\ntitle: [Bluefin]\nBluefin: 1\n", encoding="utf-8")
    result = run("scan", "--log-format", "json")
    assert result.exit_code == 2
    assert "Bluefin" not in result.stderr
    assert "hush" not in result.stderr
    assert json.loads(result.stderr.splitlines()[0])["faults"] >= 1
