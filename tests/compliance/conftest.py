"""The name under which the review desk's tests ask for a database."""

from __future__ import annotations

import shutil

import pytest
from sqlalchemy import Engine

from compliance import backup, integrity, upgrade


@pytest.fixture
def database(db_engine: Engine) -> Engine:
    """An engine with all tables and no rows, on each database."""
    return db_engine


@pytest.fixture
def next_step(tmp_path, monkeypatch):
    """Run something with a program whose schema is one made-up step ahead, as after its next release."""

    def ahead(work):
        folder = tmp_path / "migrations"
        if not folder.exists():
            shutil.copytree(upgrade.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
            (folder / "versions" / "next.py").write_text(
                f'"""A made-up next step."""\nimport sqlalchemy as sa\nfrom alembic import op\n'
                f'revision = "next"\ndown_revision = "{upgrade.HEAD}"\n\n\n'
                'def upgrade():\n    op.create_table("made_up", sa.Column("id", sa.Integer(), primary_key=True))\n',
                encoding="utf-8",
            )
        with monkeypatch.context() as patch:
            patch.setattr(upgrade, "MIGRATIONS", folder)
            for module in (upgrade, backup, integrity):
                patch.setattr(module, "HEAD", "next")
            return work()

    return ahead
