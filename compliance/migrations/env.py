"""Alembic's entry: runs the steps on the connection that `compliance.upgrade` hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from compliance.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite can roll back DDL; Alembic assumes that it cannot. A step that dies half-way leaves nothing behind.
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
