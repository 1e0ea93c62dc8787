from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from compliance.db import reading, writing
from compliance.lease import this_process
from compliance.models import Lease, Scan
from compliance.runs import runs
from compliance.scan import scan
from connectors.errors import FatalError
from tests.factories import JOB, FakeEngine, FakePeople, Ticking, make_post, make_source


@pytest.fixture
def listed(db_engine):
    clock = Ticking()

    def go(*sources, limit=20, now=None):
        for source in sources:
            scan(db_engine, [source], FakeEngine(incomplete="hmm"), FakePeople(), actor=JOB, now=clock)
        with reading(db_engine) as session:
            return runs(session, limit=limit, now=now or clock())

    return go


def test_before_the_first_scan_there_is_none(listed):
    assert (listed().runs, listed().total) == ((), 0)


def test_a_run_says_when_how_long_who_and_what_came_of_it(listed):
    (run,) = listed(make_source([make_post("p1", "Bluefin"), make_post("p2", "hmm")])).runs
    assert (run.status, run.actor, run.flags, run.incomplete, run.rejects, run.source_errors) == (
        "done",
        JOB.id,
        1,
        1,
        0,
        0,
    )
    assert run.seconds == (run.finished_at - run.started_at).total_seconds() > 0
    assert run.counts["feed"]["new"] == 2
    assert len(run.ruleset) == 64


def test_sources_that_failed_are_counted(listed):
    (run,) = listed(make_source(FatalError("gone", place="x"))).runs
    assert run.source_errors == 1


def test_the_newest_come_first_and_no_more_than_asked_for(listed):
    page = listed(*[make_source([make_post("p1")], name=f"s{number}") for number in range(5)], limit=2)
    assert ([run.id for run in page.runs], page.total) == ([5, 4], 5)


@pytest.mark.parametrize(
    ("holder", "lapses", "status"),
    [
        (None, 5, "running"),
        ("elsewhere:7:1.00", 5, "running"),
        ("elsewhere:7:1.00", -5, "killed"),
        ("", 5, "killed"),
        ("gone", 5, "killed"),
    ],
    ids=["alive", "another host", "lapsed", "let go", "dead"],
)
def test_a_run_without_an_end_is_killed_once_its_lease_is_gone(db_engine, listed, holder, lapses, status):
    page = listed(make_source([make_post("p1")]))
    started, now = page.runs[0].started_at, page.runs[0].started_at + timedelta(minutes=3)
    holder = (
        this_process()
        if holder is None
        else this_process().rsplit(":", 2)[0] + ":999999999:1.00"
        if holder == "gone"
        else holder
    )
    with writing(db_engine) as session:
        session.execute(update(Scan).values(status="running", finished_at=None))
        lease = {"holder": holder, "acquired_at": started, "expires_at": now + timedelta(minutes=lapses)}
        session.execute(update(Lease).values(lease))
    (run,) = listed(now=now).runs
    assert run.status == status
    assert run.seconds == (180 if status == "running" else None)


def test_an_older_run_without_an_end_is_killed_while_a_newer_one_runs(db_engine, listed):
    page = listed(make_source([make_post("p1")]), make_source([make_post("p2")], name="other"))
    newest = page.runs[0]
    with writing(db_engine) as session:
        session.execute(update(Scan).values(status="running", finished_at=None))
        lease = {
            "holder": this_process(),
            "acquired_at": newest.started_at,
            "expires_at": newest.started_at + timedelta(hours=1),
        }
        session.execute(update(Lease).values(lease))
    assert [run.status for run in listed(now=newest.started_at).runs] == ["running", "killed"]
