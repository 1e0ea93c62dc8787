"""Cases with their entries, and remedies; entries are evidence and are never changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ERASED = "NOT EXISTS (SELECT 1 FROM audit_entries WHERE action = 'case:erased' AND object = 'case:' || OLD.case_id)"
COLUMNS = "case_id, number, kind, value, ref, occasion, digest, actor, role, actor_proof, at"
#: Stage and lane follow from the entries and change with them.
CASE_COLUMNS = "person_id, country, ladder, ladder_version, opened_at, opened_by, nonce"
#: (name, table, event, condition under which it is refused or None for always, what is said).
GUARDS = (
    ("case_entries_no_update_0", "case_entries", f'UPDATE OF {COLUMNS}, "on"', None, "case entries are never changed"),
    # Words may go when their time is over; they may never become other words.
    (
        "case_entries_no_update_1",
        "case_entries",
        "UPDATE OF words",
        "NEW.words <> ''",
        "the words of a case entry are never changed",
    ),
    (
        "case_entries_no_update_2",
        "case_entries",
        "UPDATE OF nonce",
        "NEW.nonce IS NOT NULL",
        "the words of a case entry are never changed",
    ),
    (
        "case_entries_no_delete",
        "case_entries",
        "DELETE",
        ERASED,
        "case entries are deleted only after the entry case:erased",
    ),
    (
        "cases_no_update",
        "cases",
        f"UPDATE OF {CASE_COLUMNS}",
        None,
        "who a case is about, and by which ladder, is never changed",
    ),
    (
        "cases_no_delete",
        "cases",
        "DELETE",
        ERASED.replace("OLD.case_id", "OLD.id"),
        "cases are deleted only after the entry case:erased",
    ),
)


def upgrade() -> None:
    create_tables()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, table, event, condition, message in GUARDS:
        guard(name, table, event, condition, message, sqlite)
    if not sqlite:
        for table in ("case_entries", "cases"):
            refuse_truncate(table)


def guard(name: str, table: str, event: str, condition: str | None, message: str, sqlite: bool) -> None:
    if sqlite:
        when = f"WHEN {condition} " if condition else ""
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} {when}BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {condition or 'TRUE'} THEN RAISE EXCEPTION '{message}'; END IF; "
        f"IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def refuse_truncate(table: str) -> None:
    name = f"{table}_no_truncate"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{table} is never emptied'; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()")


def create_tables() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=False, comment="person_id of people.csv"),
        sa.Column("country", sa.String(length=2), nullable=False, comment="workplace on the day of the act; empty where unknown"),
        sa.Column("ladder", sa.String(length=60), nullable=False),
        sa.Column("ladder_version", sa.String(length=64), nullable=False, comment="SHA-256 of the ladder when the case opened"),
        sa.Column("opened_at", time, nullable=False),
        sa.Column("opened_by", sa.String(length=120), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("lane", sa.String(length=20), nullable=False, comment="hr, or counsel while the brake protected-activity is on"),
        sa.Column("nonce", sa.String(length=32), nullable=False, comment="of the commitment in the trail to who, where and by which ladder"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_cases_person_id"), "cases", ["person_id"], unique=False)
    op.create_table(
        "case_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="1, 2, … within the case, without gaps"),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=120), nullable=True, comment="a code: finding, gravity, step, brake, outcome …"),
        sa.Column("ref", sa.Integer(), nullable=True, comment="the flag, the proposal or the appeal that it is about"),
        sa.Column("on", time, nullable=True, comment="when it happened or falls due, if another time than `at`"),
        sa.Column("occasion", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True, comment="SHA-256 of what was approved, or of the letter"),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("nonce", sa.String(length=32), nullable=True, comment="of the commitment in the trail to the words"),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("actor_proof", sa.String(length=40), nullable=False),
        sa.Column("at", time, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_entries_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_entries")),
        sa.UniqueConstraint("case_id", "number", name=op.f("uq_case_entries_case_id_number")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_case_entries_flag", "case_entries", ["ref"], unique=True, sqlite_where=sa.text("kind = 'flag'"), postgresql_where=sa.text("kind = 'flag'"))
    op.create_table(
        "remedies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("flag_id", sa.Integer(), nullable=False),
        sa.Column("ask", sa.String(length=20), nullable=False, comment="edit, disclose, delete"),
        sa.Column("due", time, nullable=False),
        sa.Column("asked_at", time, nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("actor_proof", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("settled_at", time, nullable=True),
        sa.Column("settled_version_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("status in ('open', 'done', 'withdrawn')", name=op.f("ck_remedies_status")),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name=op.f("fk_remedies_flag_id")),
        sa.ForeignKeyConstraint(["settled_version_id"], ["post_versions.id"], name=op.f("fk_remedies_settled_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remedies")),
    )
    op.create_index(op.f("ix_remedies_flag_id"), "remedies", ["flag_id"], unique=False)
    op.create_index(op.f("ix_remedies_status_remedies_due"), "remedies", ["status", "due"], unique=False)
