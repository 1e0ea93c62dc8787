from __future__ import annotations

import hashlib
import json

import pytest
import rfc8785
from sqlalchemy import create_engine, text

from compliance.audit import GENESIS, record
from compliance.db import open_engine, reading, writing
from compliance.errors import UnavailableError
from compliance.review import Verdict, decide
from compliance.trail import verify
from tests.compliance.desk import NIGHTLY, NOW, STAFF, People, claimed, make_flag, make_post

INSERT = """insert into audit_entries (seq, entry, entry_hash, prev_hash, at, action, object)
    values (:s, :e, :h, :p, :t, :a, :o)"""
DECISION = """insert into decisions (flag_id, round, verdict, actor, actor_proof, version_id, rule_version, spans, at)
    values (3, 1, 'upheld', 'x', 'claimed', 3, 'v1', '[]', '2026-03-01 10:00:00.000000')"""
FLAG = """insert into flags
    (post_id, rule, policy, severity, route, lane, opened_version_id, opened_at, retro, status, tags)
    values (3, 'a.b', 'a', 30, 'hr', 'hr', 3, '2026-03-01 10:00:00.000000', false, 'open', '[]')"""


@pytest.fixture
def trail(database):
    """Three flags, two decisions: six entries with the page's own."""
    with writing(database) as session:
        record(session, "posts:scanned", actor=NIGHTLY, subject="source:1", detail={"read": 3, "new": 3}, now=NOW)
        flags = [make_flag(session, make_post(session, str(number))).id for number in range(3)]
        for flag_id in flags[:2]:
            who = STAFF["officer"]
            decide(
                session,
                flag_id,
                Verdict.CLEARED,
                code="quoted",
                people=People(),
                reviewer=who,
                actor=claimed(who),
                now=NOW,
            )
    return database


def verified(database):
    with reading(database) as session:
        return verify(session)


def change(database, sql, **values):
    """Change rows as somebody would who may do anything with the database: past triggers and foreign keys."""
    with database.connect() as connection, connection.begin():
        if database.dialect.name == "postgresql":
            connection.execute(text("set local session_replication_role = replica"))
        else:
            for name in (
                connection.execute(text("select name from sqlite_master where type = 'trigger'")).scalars().all()
            ):
                connection.execute(text(f'drop trigger "{name}"'))
        connection.execute(text(sql), values)


def row_at(database, seq):
    with database.connect() as connection:
        return dict(
            connection.execute(text("select * from audit_entries where seq = :seq"), {"seq": seq}).mappings().one()
        )


def forge(database, seq, **changes):
    """Rewrite an entry with a hash that fits it, as a careful forger would."""
    entry = json.loads(row_at(database, seq)["entry"]) | changes
    raw = rfc8785.dumps(entry)
    change(
        database,
        "update audit_entries set entry = :raw, entry_hash = :hash where seq = :seq",
        raw=raw,
        hash=hashlib.sha256(raw).digest(),
        seq=seq,
    )


def test_an_honest_trail_verifies_and_names_its_head(trail):
    report = verified(trail)
    assert report.is_verified
    assert (report.entries, report.flags, report.decisions, report.head_seq) == (6, 3, 2, 6)
    assert report.head_hash == bytes(row_at(trail, 6)["entry_hash"]).hex()


def test_an_empty_trail_verifies_with_nothing_in_it(database):
    report = verified(database)
    assert (report.is_verified, report.entries, report.head_hash) == (True, 0, GENESIS.hex())


@pytest.mark.parametrize("seq", [1, 4, 6])
@pytest.mark.parametrize("column", ["entry", "entry_hash", "prev_hash"])
def test_any_flipped_byte_is_found_at_its_entry(trail, seq, column):
    honest = bytes(row_at(trail, seq)[column])
    for place in range(0, len(honest), 1 if len(honest) <= 32 else 23):
        flipped = bytearray(honest)
        flipped[place] ^= 0x01
        change(trail, f"update audit_entries set {column} = :value where seq = :seq", value=bytes(flipped), seq=seq)  # noqa: S608
        report = verified(trail)
        assert report.fault is not None, place
        assert report.fault.seq == seq
        assert report.fault.kind in {"hash", "link"}
    change(trail, f"update audit_entries set {column} = :value where seq = :seq", value=honest, seq=seq)  # noqa: S608
    assert verified(trail).is_verified


@pytest.mark.parametrize("seq", [1, 4, 6])
@pytest.mark.parametrize("column", ["action", "object"])
def test_any_changed_letter_of_a_column_is_found(trail, seq, column):
    honest = row_at(trail, seq)[column]
    for place in range(len(honest)):
        changed = honest[:place] + chr(ord(honest[place]) ^ 1) + honest[place + 1 :]
        change(trail, f"update audit_entries set {column} = :value where seq = :seq", value=changed, seq=seq)  # noqa: S608
        assert (verified(trail).fault.seq, verified(trail).fault.kind) == (seq, "columns")


def test_any_changed_letter_of_a_stored_time_is_found(trail):
    if trail.dialect.name != "sqlite":
        pytest.skip("only SQLite keeps times as text")
    honest = row_at(trail, 4)["at"]
    for place in range(len(honest)):
        changed = honest[:place] + chr(ord(honest[place]) ^ 1) + honest[place + 1 :]
        change(trail, "update audit_entries set at = :value where seq = 4", value=changed)
        assert (verified(trail).fault.seq, verified(trail).fault.kind) == (4, "columns"), place


def test_a_changed_time_is_found(trail):
    change(trail, "update audit_entries set at = '2026-03-01 10:00:00.000001' where seq = 4")
    assert (verified(trail).fault.seq, verified(trail).fault.kind) == (4, "columns")


@pytest.mark.parametrize("seq", range(1, 6))
def test_a_deleted_entry_is_found(trail, seq):
    change(trail, "delete from audit_entries where seq = :seq", seq=seq)
    assert (verified(trail).fault.seq, verified(trail).fault.kind) == (seq + 1, "gap")


def test_a_deleted_entry_is_found_when_the_rest_moves_up(trail):
    change(trail, "delete from audit_entries where seq = 3")
    for seq in (4, 5, 6):
        change(trail, "update audit_entries set seq = :new where seq = :old", new=seq - 1, old=seq)
    assert (verified(trail).fault.seq, verified(trail).fault.kind) == (3, "link")


def test_swapped_entries_are_found(trail):
    for old, new in ((3, 100), (4, 3), (100, 4)):
        change(trail, "update audit_entries set seq = :new where seq = :old", new=new, old=old)
    assert (verified(trail).fault.seq, verified(trail).fault.kind) == (3, "link")


def test_a_renumbered_entry_is_found(trail):
    change(trail, "update audit_entries set seq = 0 where seq = 1")
    assert (verified(trail).fault.seq, verified(trail).fault.kind) == (0, "gap")


def test_an_inserted_entry_is_found(trail):
    raw = b'{"action":"a:b"}'
    values = {"e": raw, "h": hashlib.sha256(raw).digest(), "p": b"p" * 32, "t": "2026-03-01 10:00:00.000000"}
    change(trail, INSERT, s=7, a="a:b", o="c", **values)
    assert (verified(trail).fault.seq, verified(trail).fault.kind) == (7, "link")


def test_a_duplicated_entry_is_found(trail):
    row = row_at(trail, 6)
    change(trail, "delete from audit_entries where seq = 6")
    values = {"e": row["entry"], "p": row["prev_hash"], "t": row["at"], "a": row["action"], "o": row["object"]}
    change(trail, INSERT, s=6, h=row["entry_hash"], **values)
    assert verified(trail).is_verified
    change(trail, INSERT, s=7, h=b"x" * 32, **values | {"p": b"y" * 32})
    assert verified(trail).fault.seq == 7


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "flag:closed"},
        {"actor": "somebody-else"},
        {"at": "2025-01-01T00:00:00.000000+00:00"},
        {"at": "soon"},
        {"at": None},
    ],
)
def test_a_forged_entry_with_a_fitting_hash_is_found(trail, changes):
    forge(trail, 4, **changes)
    assert verified(trail).fault.seq in {4, 5}


def test_a_forged_last_decision_differs_from_the_stored_one(trail):
    forge(trail, 6, detail=json.loads(row_at(trail, 6)["entry"])["detail"] | {"verdict": "upheld"})
    assert (verified(trail).fault.seq, verified(trail).fault.kind) == (6, "decision")


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"null", b"not json", b'{"b":1, "a":2}', b'{"a":1,"a":1}', b'{"a":NaN}', b"\xff", b"[" * 5000]
)
def test_bytes_that_are_no_canonical_entry_are_found(trail, raw):
    change(
        trail,
        "update audit_entries set entry = :raw, entry_hash = :hash where seq = 6",
        raw=raw,
        hash=hashlib.sha256(raw).digest(),
    )
    assert (verified(trail).fault.seq, verified(trail).fault.kind) == (6, "canonical")


@pytest.mark.parametrize(
    ("sql", "kind", "seq"),
    [
        ("update decisions set verdict = 'upheld' where id = 2", "decision", 6),
        ("update decisions set code = null where id = 2", "decision", 6),
        ("update decisions set actor = 'somebody' where id = 1", "decision", 5),
        ("update decisions set actor_proof = 'session' where id = 1", "decision", 5),
        ("update decisions set flag_id = 3 where id = 2", "decision", 6),
        ("update decisions set round = 2 where id = 2", "decision", 6),
        ("update decisions set version_id = 1 where id = 2", "decision", 6),
        ("update decisions set rule_version = 'v2' where id = 2", "decision", 6),
        ("update decisions set spans = '[[0, 3]]' where id = 2", "decision", 6),
        ("update decisions set at = '2026-03-01 09:00:00.000000+00' where id = 2", "decision", 6),
        ("delete from decisions where id = 1", "decision", 5),
        ("update flags set status = 'decided' where id = 3", "flag", None),
        ("update flags set status = 'open' where id = 1", "flag", None),
        (DECISION, "decision", None),
        (FLAG, "flag", None),
    ],
)
def test_a_flag_or_decision_changed_behind_the_trail_is_found(trail, sql, kind, seq):
    if trail.dialect.name == "sqlite":
        sql = sql.replace("+00'", "'")
    change(trail, sql)
    fault = verified(trail).fault
    assert (fault.kind, fault.seq) == (kind, seq)


def test_a_vanished_flag_is_found(trail):
    change(trail, "delete from flag_observations where flag_id = 3")
    change(trail, "delete from flags where id = 3")
    assert (verified(trail).fault.seq, verified(trail).fault.kind) == (4, "flag")


def test_an_erased_flag_leaves_its_entries_and_no_fault(trail):
    with writing(trail) as session:
        record(session, "flag:erased", actor=NIGHTLY, subject="flag:2", now=NOW)
        for table, column in (("decisions", "flag_id"), ("flag_observations", "flag_id"), ("flags", "id")):
            session.execute(text(f"delete from {table} where {column} = 2"))  # noqa: S608
    report = verified(trail)
    assert (report.fault, report.flags, report.decisions) == (None, 2, 1)


def test_a_flag_that_was_erased_on_paper_only_is_found(trail):
    with writing(trail) as session:
        record(session, "flag:erased", actor=NIGHTLY, subject="flag:3", now=NOW)
    assert verified(trail).fault.kind == "flag"


@pytest.mark.parametrize(("action", "reason"), [("flag:opened", None), ("flag:decided", "decision:2")])
def test_a_second_entry_for_the_same_thing_is_found(trail, action, reason):
    with writing(trail) as session:
        record(session, action, actor=NIGHTLY, subject="flag:3", reason=reason, now=NOW)
    assert (verified(trail).fault.seq, verified(trail).fault.kind) == (7, "duplicate")


def test_a_decision_that_was_never_stored_is_found(trail):
    with writing(trail) as session:
        detail = {"verdict": "escalated"}
        record(session, "flag:decided", actor=NIGHTLY, subject="flag:3", reason="decision:99", detail=detail, now=NOW)
    assert (verified(trail).fault.seq, verified(trail).fault.kind) == (7, "decision")


def test_an_unreadable_stored_decision_is_found(trail):
    if trail.dialect.name != "sqlite":
        pytest.skip("PostgreSQL refuses such values itself")
    change(trail, "update decisions set at = 'once upon a time' where id = 1")
    assert verified(trail).fault.kind == "decision"


def test_bytes_turned_into_text_are_found(trail):
    if trail.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps the type of a column")
    change(trail, "update audit_entries set entry = cast(entry as text) where seq = 2")
    assert (verified(trail).fault.seq, verified(trail).fault.kind) == (2, "columns")


def test_a_cut_tail_is_noticed_only_against_a_head_kept_elsewhere(trail):
    noted = verified(trail)
    change(trail, "delete from audit_entries where seq = 6")
    change(trail, "delete from decisions where id = 2")
    change(trail, "update flags set status = 'open' where id = 2")
    cut = verified(trail)
    assert cut.is_verified
    assert (cut.head_seq, cut.head_hash) != (noted.head_seq, noted.head_hash)


def test_a_database_without_tables_could_not_be_checked(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(UnavailableError) as refused:
        verified(engine)
    engine.dispose()
    assert refused.value.exit_code == 3


def test_a_file_that_is_no_database_could_not_be_checked(tmp_path):
    path = tmp_path / "broken.db"
    path.write_bytes(b"this is not a database" * 100)
    engine = create_engine(f"sqlite:///{path}")
    with pytest.raises(UnavailableError, match="could not be read"):
        verified(engine)
    engine.dispose()


def test_a_scan_at_work_does_not_look_like_tampering(trail):
    with reading(trail) as reader:
        assert verify(reader).entries == 6
        with writing(trail) as session:
            make_flag(session, make_post(session, "while verifying"))
        assert verify(reader).entries == 6
    assert verified(trail).entries == 7
