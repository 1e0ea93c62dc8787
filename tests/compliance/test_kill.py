from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and signals")]
ROOT = Path(__file__).parents[2]


@pytest.mark.usefixtures("postgres_tools")
@pytest.mark.parametrize("what", ["backup", "restore"])
def test_death_at_any_step_leaves_the_old_database_whole(db_url, dialect, tmp_path, what):
    # Fewer steps on PostgreSQL, where each costs a database made and dropped.
    stride = {"sqlite": 1, "postgresql": 7}[dialect]
    driver = [sys.executable, "-m", "tests.compliance.kill_driver", what, db_url, str(tmp_path), str(stride)]
    ended = subprocess.run(
        driver, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["deaths"] >= 5, told
    assert told["done"] < told["deaths"], told
    if dialect == "sqlite":
        # Some steps come after the new state is in place; on PostgreSQL the commit is the last.
        assert told["done"] > 0, told
