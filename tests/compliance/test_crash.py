from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from compliance.db import open_engine, reading
from compliance.models import PostRow, PostVersion

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DRIVER = [sys.executable, "-m", "tests.compliance.crash_driver"]
#: As in the driver.
BASE = "900"


def drive(*arguments, before=()):
    """Run the driver; return what it says in its last line."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    ended = subprocess.run(
        [*before, *DRIVER, *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.fixture
def strace():
    """Return how to run a program with a fault injected into its system calls."""
    path = shutil.which("strace")
    if path is None and not os.environ.get("CI"):
        pytest.skip("strace is not installed; install it (apt-get install strace) to sweep faults of the disk")
    assert path, "CI must sweep faults of the disk: install strace"

    def wrap(injection):
        name = injection.partition(":")[0]
        # No --seccomp-bpf: with it strace 6.1 injects errors but no signals.
        return [path, "-f", "-qq", "-o", os.devnull, "-e", f"trace={name}", "-e", f"inject={injection}"]

    return wrap


@pytest.mark.parametrize(
    ("call", "fault", "step", "outcome", "at_least"),
    [
        ("pwrite64", f"signal=KILL:when={BASE}", 1, "-9", 80),
        ("pwrite64", f"error=ENOSPC:when={BASE}+", 5, "4", 16),
        ("fdatasync", f"error=EIO:when={BASE}", 1, "4", 6),
    ],
)
def test_a_fault_at_any_write_to_the_disk_loses_and_repeats_nothing(  # noqa: PLR0913, PLR0917 - fixtures and a table
    strace, sqlite_template, tmp_path, call, fault, step, outcome, at_least
):
    url = f"sqlite:///{tmp_path / 'crash.db'}"
    outcomes = drive(call, url, sqlite_template, tmp_path / "scratch", step, before=strace(f"{call}:{fault}"))
    assert set(outcomes) == {outcome, "0"}
    assert outcomes[outcome] >= at_least


def test_death_at_any_statement_loses_and_repeats_nothing(db_url, sqlite_template):
    outcomes = drive("statements", db_url, sqlite_template)
    # Every statement was hit; a scan that ends without harm made no more of them.
    assert outcomes.pop("0") == 3
    assert set(outcomes) == {"-9"}
    assert outcomes["-9"] >= 30


def test_a_post_that_ends_the_process_is_set_aside_and_the_others_are_stored(db_url):
    # One death with the whole page, three by itself; then the scan ends and says that something is incomplete.
    assert drive("poison", db_url) == {"codes": [77, 77, 77, 77, 3], "after": 0}
    assert statuses(db_url) == {"p5": "incomplete"}


def test_a_stored_post_that_ends_the_process_when_retried_is_left_alone(db_url):
    # One death with the batch, two more tries by itself: three with the first evaluation.
    assert drive("poison_on_retry", db_url) == {"first": 3, "codes": [77, 77, 77, 0]}
    assert statuses(db_url) == {"p5": "incomplete"}


def test_of_two_processes_one_scans_and_the_other_is_told(db_url):
    assert drive("race", db_url) == {"second": 3, "first": 0, "check": 0}


def statuses(url):
    """Posts with a version that is incomplete; all twelve must be stored."""
    engine = open_engine(url)
    with reading(engine) as session:
        assert len(session.scalars(select(PostRow.id)).all()) == 12
        found = session.execute(select(PostRow.external_id, PostVersion.status).join(PostVersion.post))
        incomplete = {post: status for post, status in found if status == "incomplete"}
    engine.dispose()
    return incomplete
