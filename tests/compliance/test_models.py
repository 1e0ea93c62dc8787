from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from compliance.audit import GENESIS, Entry, append, record
from compliance.db import open_engine, reading, writing
from compliance.models import AuditRow, Flag, PostText, PostVersion, Source
from compliance.scan import scan
from tests.factories import JOB, START, FakeEngine, FakePeople, Ticking, make_post, make_source


@pytest.fixture
def flagged(db_engine):
    """A database with one flag, one decision on it and one clean post."""
    source = make_source([make_post("p1", "Bluefin"), make_post("p2", "fine")])
    scan(db_engine, [source], FakeEngine(), FakePeople(), actor=JOB, now=Ticking())
    with writing(db_engine) as session:
        session.execute(
            text(
                "insert into decisions"
                " (flag_id, round, verdict, actor, actor_proof, version_id, rule_version, spans, at)"
                " values (1, 1, 'cleared', 'olga', 'claimed', 1, 'v', '[]', '2026-03-02 10:00:00.000000+00:00')"
            )
        )
    return db_engine


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entries set action = 'x'",
        "update audit_entries set seq = seq + 100",
        "delete from audit_entries",
        "delete from audit_entries where seq = 1",
        "update decisions set verdict = 'upheld'",
        "delete from decisions",
        "update flag_observations set matches = '[]'",
        "delete from flag_observations",
        "update post_versions set text = 'never said'",
        "update post_versions set text = text || '.' where id = 2",
        "update post_versions set digest = 'x' where id = 2",
        "update post_versions set at = seen_at where id = 2",
    ],
)
def test_the_database_refuses_to_change_evidence(flagged, statement):
    with pytest.raises(DBAPIError, match=r"never|only after"), writing(flagged) as session:
        session.execute(text(statement))


@pytest.mark.parametrize("table", ["audit_entries", "decisions", "flag_observations", "post_versions"])
def test_postgresql_refuses_to_empty_tables_of_evidence(flagged, table, dialect):
    if dialect == "sqlite":
        pytest.skip("SQLite has no TRUNCATE; a DELETE is refused above")
    with pytest.raises(DBAPIError, match="never emptied"), writing(flagged) as session:
        session.execute(text(f"truncate {table} cascade"))


def test_a_body_may_be_dropped_and_a_verdict_may_change(flagged):
    with writing(flagged) as session:
        session.execute(update(PostVersion).where(PostVersion.id == 2).values(text="", status="incomplete"))
    with reading(flagged) as session:
        assert session.execute(select(PostVersion.text, PostVersion.status).where(PostVersion.id == 2)).one() == (
            "",
            "incomplete",
        )


def test_what_hangs_on_a_flag_goes_after_the_trail_says_so(flagged):
    with writing(flagged) as session:
        record(session, "flag:erased", actor=JOB, subject="flag:1", now=START)
        session.execute(text("delete from decisions where flag_id = 1"))
        session.execute(text("delete from flag_observations where flag_id = 1"))
    with reading(flagged) as session:
        assert session.scalar(text("select count(*) from flag_observations")) == 0


def test_two_open_flags_for_a_rule_and_a_post_are_refused(flagged):
    with reading(flagged) as session:
        values = {name: getattr(session.get(Flag, 1), name) for name in ("rule", "policy", "severity", "route", "lane")}
    with pytest.raises(IntegrityError), writing(flagged) as session:
        session.add(Flag(**values, post_id=1, opened_version_id=1, opened_at=START, status="open"))


def test_an_unknown_status_of_a_flag_is_refused(flagged):
    with pytest.raises(IntegrityError), writing(flagged) as session:
        session.execute(update(Flag).values(status="closed"))


def test_a_naive_time_is_refused(db_engine):
    with pytest.raises(StatementError, match="time zone"), writing(db_engine) as session:
        session.add(Source(name="feed", scanned_at=datetime(2026, 1, 1)))  # noqa: DTZ001


@pytest.mark.parametrize(
    "time",
    [
        datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        datetime(2026, 7, 1, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ],
)
def test_times_come_back_as_the_same_moment_in_utc(db_engine, time):
    with writing(db_engine) as session:
        session.add(Source(name="feed", scanned_at=time))
    with reading(db_engine) as session:
        found = session.scalars(select(Source.scanned_at)).one()
    assert (found, found.tzinfo) == (time, UTC)


def test_times_are_ordered_as_moments(db_engine):
    moments = [START + timedelta(microseconds=number) for number in (0, 1, 10, 1_000_000)]
    with writing(db_engine) as session:
        session.add_all([Source(name=str(moment), scanned_at=moment) for moment in reversed(moments)])
    with reading(db_engine) as session:
        assert session.scalars(select(Source.scanned_at).order_by(Source.scanned_at)).all() == moments
        assert session.scalars(select(Source.scanned_at).where(Source.scanned_at > moments[1])).all() == [
            moments[3],
            moments[2],
        ]


@given(
    st.text(st.characters(codec=None, exclude_characters=[chr(code) for code in (0xF0000, *range(0xF0800, 0xF1000))]))
)
def test_post_text_survives_and_keeps_its_length(words):
    stored = PostText().process_bind_param(words, None)
    assert "\0" not in stored
    assert stored.encode("utf-8") is not None
    assert (PostText().process_result_value(stored, None), len(stored)) == (words, len(words))


def test_concurrent_writers_take_turns_and_leave_no_gap(db_url, dialect):
    # Each writer reads before it writes, so a deferred BEGIN fails with "database is locked" whatever its time-out.
    del dialect
    writers, times = 4, 12
    together = Barrier(writers)

    def work(_number):
        engine = open_engine(db_url)
        together.wait()
        for _ in range(times):
            with writing(engine) as session:
                record(session, "flag:opened", actor=JOB, subject="flag:1", now=START)
        engine.dispose()

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(work, range(writers)))
    engine = open_engine(db_url)
    with reading(engine) as session:
        assert_chain(session, length=writers * times)
    engine.dispose()


def test_writers_that_open_a_new_file_together_all_get_wal(tmp_path):
    url, writers = f"sqlite:///{tmp_path / 'new.db'}", 4
    together = Barrier(writers)

    def work(number):
        engine = open_engine(url)
        together.wait()
        with writing(engine) as session:
            session.execute(text(f"create table t{number} (x)"))
            mode = session.scalar(text("pragma journal_mode"))
        engine.dispose()
        return mode

    with ThreadPoolExecutor(writers) as pool:
        assert list(pool.map(work, range(writers))) == ["wal"] * writers


def test_a_write_transaction_begins_immediate_and_a_read_does_not_wait_for_it(db_engine, dialect):
    if dialect != "sqlite":
        pytest.skip("PostgreSQL has no BEGIN IMMEDIATE")
    with writing(db_engine) as session:
        session.scalar(text("select 1"))
        with db_engine.connect() as other:
            other.exec_driver_sql("pragma busy_timeout = 0")
            with pytest.raises(DBAPIError, match="locked"):
                other.exec_driver_sql("insert into sources (name) values ('other')")
        with reading(db_engine) as reader:
            assert reader.scalars(select(Source)).all() == []


def test_an_exception_rolls_the_whole_write_back(db_engine):
    def fail(session):
        session.add(Source(name="feed"))
        session.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), writing(db_engine) as session:
        fail(session)
    with reading(db_engine) as session:
        assert session.scalars(select(Source)).all() == []


def test_sqlite_keeps_its_promises(db_engine, dialect):
    if dialect != "sqlite":
        pytest.skip("settings of SQLite")
    with reading(db_engine) as session:
        asked = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        assert [session.scalar(text(f"pragma {name}")) for name in asked] == ["wal", 2, 1, 1, 30_000]


def test_entries_of_one_batch_are_chained_in_order(db_engine):
    with writing(db_engine) as session:
        append(
            session,
            [Entry(action="flag:opened", subject=f"flag:{number}") for number in range(3)],
            actor=JOB,
            now=START,
        )
        record(
            session,
            "flag:decided",
            actor=JOB,
            subject="flag:1",
            reason="decision:1",
            detail={"code": "quoted"},
            now=START,
        )
    with reading(db_engine) as session:
        assert_chain(session, length=4)
        assert session.scalars(select(AuditRow.object).order_by(AuditRow.seq)).all() == [
            "flag:0",
            "flag:1",
            "flag:2",
            "flag:1",
        ]


def assert_chain(session, *, length):
    previous = GENESIS
    rows = session.scalars(select(AuditRow).order_by(AuditRow.seq)).all()
    for number, row in enumerate(rows, start=1):
        fields = json.loads(row.entry)
        assert (row.seq, fields["seq"], row.prev_hash, fields["prev_hash"]) == (
            number,
            str(number),
            previous,
            previous.hex(),
        )
        assert row.entry_hash == hashlib.sha256(row.entry).digest()
        previous = row.entry_hash
    assert len(rows) == length
