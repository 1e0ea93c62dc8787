from __future__ import annotations

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psutil
import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from compliance.db import reading, writing
from compliance.errors import UnavailableError
from compliance.lease import HELD_FOR, LeaseLostError, acquire, is_gone, release, renew, this_process
from compliance.models import Lease
from tests.factories import START

ELSEWHERE = "elsewhere.example:77:1700000000.00"


@pytest.fixture
def ended():
    """Holder of a process of this host that has ended."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    holder = f"{socket.gethostname()}:{process.pid}:{psutil.Process(process.pid).create_time():.2f}"
    process.communicate(b"\n")
    return holder


def take(db, holder=ELSEWHERE, now=START):
    with writing(db) as session:
        return acquire(session, "scan", holder=holder, now=now)


def test_the_first_to_come_holds_the_lease(db_engine):
    hold = take(db_engine)
    assert (hold.holder, hold.epoch) == (ELSEWHERE, 1)
    with reading(db_engine) as session:
        assert session.scalars(select(Lease.expires_at)).one() == START + HELD_FOR


def test_the_second_is_told_who_holds_it_and_when_it_lapses(db_engine):
    take(db_engine)
    with pytest.raises(UnavailableError) as error:
        take(db_engine, this_process())
    assert f"{ELSEWHERE}, until 2026-03-02 09:10:00 UTC" in error.value.message
    assert error.value.exit_code == 3


def test_a_lease_lapses_at_its_time_and_not_before(db_engine):
    take(db_engine)
    with pytest.raises(UnavailableError):
        take(db_engine, "other:1:1.0", now=START + HELD_FOR - timedelta(microseconds=1))
    assert take(db_engine, "other:1:1.0", now=START + HELD_FOR).epoch == 2


def test_a_renewed_lease_is_held_for_longer(db_engine):
    hold = take(db_engine)
    with writing(db_engine) as session:
        renew(session, hold, now=START + HELD_FOR / 2)
    with pytest.raises(UnavailableError):
        take(db_engine, "other:1:1.0", now=START + HELD_FOR)


def test_a_holder_whose_process_ended_is_taken_over_at_once(db_engine, ended):
    take(db_engine, ended)
    assert take(db_engine, this_process()).epoch == 2


def test_a_holder_whose_process_number_was_reused_is_gone():
    host, pid, start = this_process().rsplit(":", 2)
    assert is_gone(f"{host}:{pid}:{float(start) - 3600}")


def test_a_process_that_ended_and_was_not_waited_for_is_gone():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    seen = psutil.Process(process.pid)
    holder = f"{socket.gethostname()}:{process.pid}:{seen.create_time():.2f}"
    assert not is_gone(holder)
    process.stdin.close()
    while seen.status() != psutil.STATUS_ZOMBIE:
        pass
    assert is_gone(holder)
    process.wait()


@pytest.mark.parametrize("holder", [ELSEWHERE, "nonsense", "", "a:b:c", f"{socket.gethostname()}:x:y"])
def test_of_other_hosts_and_nonsense_nothing_is_known(holder):
    assert not is_gone(holder)


def test_this_process_is_not_gone():
    assert not is_gone(this_process())


def test_a_fenced_holder_can_neither_renew_nor_release(db_engine, ended):
    old = take(db_engine, ended)
    new = take(db_engine, this_process())
    with pytest.raises(LeaseLostError), writing(db_engine) as session:
        renew(session, old, now=START)
    with writing(db_engine) as session:
        release(session, old, now=START)
    with writing(db_engine) as session:
        renew(session, new, now=START)


def test_a_released_lease_is_free_at_once_and_its_epoch_goes_on(db_engine):
    hold = take(db_engine)
    with writing(db_engine) as session:
        release(session, hold, now=START)
    assert take(db_engine, "other:1:1.0").epoch == 2


def test_of_many_at_once_one_gets_the_first_lease(db_engine):
    def attempt(number):
        try:
            return take(db_engine, f"host{number}:1:1.0")
        except (UnavailableError, IntegrityError):
            return None

    with ThreadPoolExecutor(4) as pool:
        holds = [hold for hold in pool.map(attempt, range(4)) if hold is not None]
    assert [hold.epoch for hold in holds] == [1]
