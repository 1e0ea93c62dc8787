"""Sources, posts and their versions, flags, decisions, scans and the trail, with the triggers that keep evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

#: (table, columns or None for all, condition under which the change is refused or None for always, what is said).
NO_UPDATE = (
    ("audit_entries", None, None, "audit entries are never changed"),
    ("decisions", None, None, "decisions are never changed"),
    ("flag_observations", None, None, "observations are never changed"),
    # A body may be dropped when its time is over; it may never become another text.
    ("post_versions", "text", "NEW.text <> ''", "the text of a version is never changed"),
    ("post_versions", "post_id, digest, at, edited_at, deleted_at, seen_at", None, "a version is never changed"),
)
# The trail itself goes never. What hangs on a flag goes only after the trail says that the flag was erased.
ERASED = "NOT EXISTS (SELECT 1 FROM audit_entries WHERE action = 'flag:erased' AND object = 'flag:' || OLD.flag_id)"
NO_DELETE = (
    ("audit_entries", None, "audit entries are never deleted"),
    ("decisions", ERASED, "decisions are deleted only after the entry flag:erased"),
    ("flag_observations", ERASED, "observations are deleted only after the entry flag:erased"),
)


def upgrade() -> None:
    create_tables()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for number, (table, columns, condition, message) in enumerate(NO_UPDATE):
        event = f"UPDATE OF {columns}" if columns else "UPDATE"
        guard(f"{table}_no_update_{number}", table, event, condition, message, sqlite)
    for table, condition, message in NO_DELETE:
        guard(f"{table}_no_delete", table, "DELETE", condition, message, sqlite)
    if not sqlite:
        for table in ("audit_entries", "decisions", "flag_observations", "post_versions"):
            refuse_truncate(table)


def guard(name: str, table: str, event: str, condition: str | None, message: str, sqlite: bool) -> None:
    if sqlite:
        when = f"WHEN {condition} " if condition else ""
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} {when}BEGIN SELECT RAISE(ABORT, '{message}'); END")
        return
    # PostgreSQL allows no subquery in WHEN, so the condition stands in the function.
    check = condition or "TRUE"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {check} THEN RAISE EXCEPTION '{message}'; END IF; "
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
    op.create_table('audit_entries',
        sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
        sa.Column('entry', sa.LargeBinary(), nullable=False, comment='RFC 8785 JSON'),
        sa.Column('entry_hash', sa.LargeBinary(length=32), nullable=False),
        sa.Column('prev_hash', sa.LargeBinary(length=32), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('action', sa.String(length=60), nullable=False),
        sa.Column('object', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('seq', name=op.f('pk_audit_entries')),
        sa.UniqueConstraint('entry_hash', name=op.f('uq_audit_entries_entry_hash')),
        sa.UniqueConstraint('prev_hash', name=op.f('uq_audit_entries_prev_hash'))
    )
    op.create_index(op.f('ix_audit_entries_action'), 'audit_entries', ['action'], unique=False)
    op.create_table('leases',
        sa.Column('name', sa.String(length=40), nullable=False),
        sa.Column('holder', sa.String(length=200), nullable=False, comment='host, process id and its start time'),
        sa.Column('epoch', sa.Integer(), nullable=False),
        sa.Column('acquired_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_leases'))
    )
    op.create_table('scans',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('actor', sa.String(length=120), nullable=False),
        sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('status', sa.String(length=20), nullable=False),
        sa.Column('ruleset', sa.String(length=64), nullable=False),
        sa.Column('counts', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_scans'))
    )
    op.create_table('sources',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=200), nullable=False),
        sa.Column('cursor', sa.Text(), nullable=True, comment='only its connector reads it; committed with its page'),
        sa.Column('page_attempts', sa.Integer(), server_default='0', nullable=False),
        sa.Column('scanned_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_sources')),
        sa.UniqueConstraint('name', name=op.f('uq_sources_name'))
    )
    op.create_table('attempts',
        sa.Column('source_id', sa.Integer(), nullable=False),
        sa.Column('external_id', sa.Text(), nullable=False),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['source_id'], ['sources.id'], name=op.f('fk_attempts_source_id')),
        sa.PrimaryKeyConstraint('source_id', 'external_id', name=op.f('pk_attempts'))
    )
    op.create_table('posts',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('source_id', sa.Integer(), nullable=False),
        sa.Column('external_id', sa.Text(), nullable=False),
        sa.Column('platform', sa.String(length=60), nullable=True),
        sa.Column('channel', sa.Text(), nullable=True),
        sa.Column('author', sa.Text(), nullable=True, comment='handle as the platform spells it'),
        sa.Column('audience', sa.String(length=20), nullable=False),
        sa.Column('kind', sa.String(length=20), nullable=False),
        sa.Column('thread', sa.Text(), nullable=True),
        sa.Column('shared_from', sa.Text(), nullable=True),
        sa.Column('is_reply', sa.Boolean(), nullable=True),
        sa.Column('url', sa.Text(), nullable=True),
        sa.Column('posted_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('first_seen_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['source_id'], ['sources.id'], name=op.f('fk_posts_source_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_posts')),
        sa.UniqueConstraint('source_id', 'external_id', name=op.f('uq_posts_source_id_external_id'))
    )
    op.create_index(op.f('ix_posts_platform_posts_author'), 'posts', ['platform', 'author'], unique=False)
    op.create_index(op.f('ix_posts_thread'), 'posts', ['thread'], unique=False)
    op.create_table('rejects',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('source_id', sa.Integer(), nullable=False),
        sa.Column('place', sa.Text(), nullable=False),
        sa.Column('error', sa.Text(), nullable=False),
        sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['source_id'], ['sources.id'], name=op.f('fk_rejects_source_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_rejects')),
        sa.UniqueConstraint('source_id', 'place', name=op.f('uq_rejects_source_id_place'))
    )
    op.create_table('post_versions',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('post_id', sa.Integer(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False, comment='SHA-256 over text, edit time and deletion'),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False, comment='deleted_at, else edited_at, else posted_at, else first seen'),
        sa.Column('edited_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('attachments', sa.JSON(), nullable=False),
        sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('status', sa.String(length=20), nullable=False),
        sa.Column('ruleset', sa.String(length=64), nullable=False, comment='hash of the rule set of the latest evaluation'),
        sa.Column('evaluated_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('attempts', sa.Integer(), server_default='0', nullable=False, comment='evaluations that ended incomplete'),
        sa.Column('failures', sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(['post_id'], ['posts.id'], name=op.f('fk_post_versions_post_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_post_versions')),
        sa.UniqueConstraint('post_id', 'digest', name=op.f('uq_post_versions_post_id_digest'))
    )
    op.create_index(op.f('ix_post_versions_status_post_versions_attempts'), 'post_versions', ['status', 'attempts'], unique=False)
    op.create_table('flags',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('post_id', sa.Integer(), nullable=False),
        sa.Column('rule', sa.String(length=120), nullable=False),
        sa.Column('policy', sa.String(length=60), nullable=False),
        sa.Column('severity', sa.Integer(), nullable=False),
        sa.Column('route', sa.String(length=40), nullable=False, comment='whom the policy sends it to'),
        sa.Column('lane', sa.String(length=40), nullable=False, comment='who holds it now; starts as the route, changed by an escalation'),
        sa.Column('opened_version_id', sa.Integer(), nullable=False),
        sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('retro', sa.Boolean(), nullable=False, comment='opened by scan --again on an already stored post'),
        sa.Column('status', sa.String(length=20), nullable=False),
        sa.Column('tags', sa.JSON(), nullable=False),
        sa.Column('revision', sa.Integer(), server_default='0', nullable=False, comment='bumped by every decision and every later observation; whoever looked before sees it'),
        sa.CheckConstraint("status in ('open', 'decided')", name=op.f('ck_flags_status')),
        sa.ForeignKeyConstraint(['opened_version_id'], ['post_versions.id'], name=op.f('fk_flags_opened_version_id')),
        sa.ForeignKeyConstraint(['post_id'], ['posts.id'], name=op.f('fk_flags_post_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_flags')),
        sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_flags_post_id'), 'flags', ['post_id'], unique=False)
    op.create_index(op.f('ix_flags_status_flags_severity_flags_opened_at_flags_id'), 'flags', ['status', 'severity', 'opened_at', 'id'], unique=False)
    op.create_index('uq_flags_open', 'flags', ['post_id', 'rule'], unique=True, sqlite_where=sa.text("status = 'open'"), postgresql_where=sa.text("status = 'open'"))
    op.create_table('decisions',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('flag_id', sa.Integer(), nullable=False),
        sa.Column('round', sa.Integer(), nullable=False, comment='1 for the first decision on a flag'),
        sa.Column('verdict', sa.String(length=20), nullable=False),
        sa.Column('code', sa.String(length=40), nullable=True),
        sa.Column('lane', sa.String(length=40), nullable=True, comment='where an escalation went'),
        sa.Column('reason', sa.Text(), nullable=True),
        sa.Column('actor', sa.String(length=120), nullable=False),
        sa.Column('actor_proof', sa.String(length=40), nullable=False, comment='how the actor was proven: claimed, session …'),
        sa.Column('version_id', sa.Integer(), nullable=False),
        sa.Column('rule_version', sa.String(length=64), nullable=False),
        sa.Column('spans', sa.JSON(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['flag_id'], ['flags.id'], name=op.f('fk_decisions_flag_id')),
        sa.ForeignKeyConstraint(['version_id'], ['post_versions.id'], name=op.f('fk_decisions_version_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_decisions')),
        sa.UniqueConstraint('flag_id', 'round', name=op.f('uq_decisions_flag_id_round'))
    )
    op.create_table('flag_observations',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('flag_id', sa.Integer(), nullable=False),
        sa.Column('version_id', sa.Integer(), nullable=False),
        sa.Column('rule_version', sa.String(length=64), nullable=False),
        sa.Column('ruleset', sa.String(length=64), nullable=False),
        sa.Column('confidence', sa.Double(), nullable=False),
        sa.Column('matches', sa.JSON(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['flag_id'], ['flags.id'], name=op.f('fk_flag_observations_flag_id')),
        sa.ForeignKeyConstraint(['version_id'], ['post_versions.id'], name=op.f('fk_flag_observations_version_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_flag_observations')),
        sa.UniqueConstraint('flag_id', 'version_id', 'rule_version', name=op.f('uq_flag_observations_flag_id_version_id_rule_version'))
    )
