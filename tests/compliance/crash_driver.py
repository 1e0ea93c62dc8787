"""Scans that are killed, run by test_crash.py as a process of its own: it imports once and forks a child per fault.

Each command does one fault after another, each on a fresh database, each followed by a whole scan and a check of
everything. It ends with a line of JSON; a broken promise ends it with the assertion.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path

from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.exc import OperationalError

from compliance.audit import GENESIS
from compliance.db import open_engine, reading
from compliance.errors import UnavailableError
from compliance.models import Attempt, AuditRow, Base, Flag, Lease, Observation, PostRow, PostVersion, Scan, Source
from compliance.scan import ScanSource, scan
from rules.document import Document
from tests.factories import JOB, START, FakeEngine, FakePeople, make_post, make_source

#: Calls made before the scan so that the injected fault, which strace counts per process, falls on its k-th own one.
#: More than any scan makes, so that the one after the fault meets none.
BASE = 900
#: A fault may do no harm (SQLite ignores a failed sync of the folder); so many in a row mean that the scan has no more
#: calls.
HARMLESS = 3
DIED = 77
#: Exit code of a scan that the database ended with an error.
FAULTED = 4
EXPECTED_FLAGS = {
    ("p2", "confidentiality.codename"),
    ("p5", "confidentiality.codename"),
    ("p11", "confidentiality.codename"),
}


@cache
def engine_of(url: str) -> Engine:
    """Return this process's engine; children inherit what it has compiled, never a connection."""
    return open_engine(url)


def source() -> ScanSource:
    """Return twelve posts in two pages, with three flags, an edit and a deletion."""
    posts = [make_post(f"p{number}", "Bluefin" if number in {2, 5, 11} else "fine 🎉") for number in range(12)]
    edit = make_post("p2", "no fish any more", edited_at=START + timedelta(hours=1))
    deletion = make_post("p5", "", deleted_at=START + timedelta(hours=1))
    return make_source(posts[:6], [edit, *posts[6:], deletion])


def run_scan(url: str, evaluator: FakeEngine | None = None, **changes: object) -> int:
    """Scan in this process; return the exit code."""
    engine = engine_of(url)
    try:
        report = scan(
            engine,
            [source()],
            evaluator or FakeEngine(),
            FakePeople(),
            actor=JOB,
            now=lambda: datetime.now(UTC),
            **changes,
        )
    except UnavailableError as error:
        return error.exit_code
    finally:
        engine.dispose()
    return report.exit_code


def forked(work: Callable[[], int]) -> int:
    """Run `work` in a child; return its exit code, or minus the signal that ended it."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = work()
        except OperationalError:
            code = FAULTED
        except Exception:  # noqa: BLE001 - told to the parent, which ends on it
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def scan_again_and_check(url: str) -> int:
    """Scan to the end; every post once, every flag once, every change in the trail once, nothing left in flight."""
    assert run_scan(url) == 0
    check(url)
    return 0


def check(url: str) -> None:
    """Raise AssertionError if anything is missing, stored twice, or left in flight."""
    engine = engine_of(url)
    with reading(engine) as session:
        posts = session.scalars(select(PostRow.external_id)).all()
        assert sorted(posts) == sorted(f"p{number}" for number in range(12)), posts
        assert session.scalar(select(func.count()).select_from(PostVersion)) == 14
        flags = session.execute(select(PostRow.external_id, Flag.rule, Flag.id).join(Flag.post)).all()
        assert sorted((post, rule) for post, rule, _ in flags) == sorted(EXPECTED_FLAGS), flags
        assert session.scalar(select(func.count()).select_from(Observation)) == 4
        assert session.execute(select(Source.cursor, Source.page_attempts)).all() == [("2", 0)]
        assert session.scalar(select(func.count()).select_from(Attempt)) == 0
        assert session.scalar(select(Lease.holder)) == ""
        assert session.scalars(select(Scan.status).order_by(Scan.id.desc())).first() == "done"
        check_trail(
            session.scalars(select(AuditRow).order_by(AuditRow.seq)).all(), {f"flag:{flag_id}" for *_, flag_id in flags}
        )
        if engine.dialect.name == "sqlite":
            assert session.scalar(text("pragma integrity_check")) == "ok"
            assert session.execute(text("pragma foreign_key_check")).all() == []
    engine.dispose()


def check_trail(rows: list[AuditRow], flags: set[str]) -> None:
    """The chain has no gap and its entries add up to what is stored."""
    previous, totals, opened = GENESIS, dict.fromkeys(("new", "edited", "deleted", "evaluated"), 0), []
    for number, row in enumerate(rows, start=1):
        entry = json.loads(row.entry)
        assert (row.seq, entry["prev_hash"], row.prev_hash) == (number, previous.hex(), previous)
        previous = hashlib.sha256(row.entry).digest()
        assert row.entry_hash == previous
        if entry["action"] == "page:stored":
            totals = {name: total + int(entry["detail"][name]) for name, total in totals.items()}
        if entry["action"] == "flag:opened":
            opened.append(entry["object"])
    assert sorted(opened) == sorted(flags), (opened, flags)
    assert totals == {"new": 12, "edited": 1, "deleted": 1, "evaluated": 13}, totals


def fresh_databases(url: str, template: str) -> Iterator[str]:
    """Yield URLs of databases with the schema and nothing in it; each is gone when the next is asked for."""
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        while True:
            for end in ("", "-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
            shutil.copyfile(template, path)
            yield url
    while True:
        yield url
        assert forked(lambda: empty(url)) == 0


def empty(url: str) -> int:
    """Empty all tables of a PostgreSQL database, past the triggers that refuse it."""
    engine = engine_of(url)
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    engine.dispose()
    return 0


def sweep(databases: Iterator[str], fault: Callable[[str, int], int], step: int) -> dict[str, int]:
    """Do a fault at call 1, 1 + step … until scans end without harm; after each, scan again, check, count."""
    scan_again_and_check(next(databases))  # warms this process up
    outcomes: dict[str, int] = {}
    harmless = 0
    for number, url in zip(count(1, step), databases, strict=False):
        outcome = forked(lambda url=url, number=number: fault(url, number))
        outcomes[str(outcome)] = outcomes.get(str(outcome), 0) + 1
        assert forked(lambda url=url: scan_again_and_check(url)) == 0, (number, outcome)
        harmless = harmless + 1 if outcome == 0 else 0
        if harmless == HARMLESS:
            return outcomes
    raise AssertionError


def at_call(name: str, scratch: str) -> Callable[[str, int], int]:
    """Return a fault at the k-th call of `name`: strace injects it at call BASE of each process."""

    def fault(url: str, number: int) -> int:
        assert number < BASE, "raise BASE: the scan makes more calls than that"
        with Path(scratch).open("wb") as file:
            for _ in range(BASE - number):
                if name == "pwrite64":
                    os.pwrite(file.fileno(), b"x", 0)
                else:
                    os.fdatasync(file.fileno())
        return run_scan(url)

    return fault


def at_statement(url: str, number: int) -> int:
    """Die at the k-th SQL statement, COMMIT included, before it is sent."""
    with dying_at(number):
        return run_scan(url)


@contextmanager
def dying_at(number: int) -> Iterator[None]:
    """Count statements of all engines of this process and end it by SIGKILL at one."""
    left = count(number - 1, -1)

    def step(*_: object) -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", step)
    event.listen(Engine, "commit", step)
    yield
    event.remove(Engine, "before_cursor_execute", step)
    event.remove(Engine, "commit", step)


def poison(url: str) -> dict[str, object]:
    """Scan with an evaluator that ends the process at one post, until a scan ends by itself."""

    def before(document: Document) -> None:
        if document.key == "feed/p5":
            os._exit(DIED)

    codes = []
    while not codes or codes[-1] == DIED:
        codes.append(forked(lambda: run_scan(url, FakeEngine(before=before))))
    return {"codes": codes, "after": forked(lambda: run_scan(url, FakeEngine(before=before)))}


def poison_on_retry(url: str) -> dict[str, object]:
    """Leave two posts incomplete, then retry them with an evaluator that ends the process at one of them."""

    def before(document: Document) -> None:
        if document.key == "feed/p5":
            os._exit(DIED)

    first = forked(lambda: run_scan(url, FakeEngine(incomplete="Bluefin")))
    codes = []
    while not codes or codes[-1] == DIED:
        codes.append(forked(lambda: run_scan(url, FakeEngine(before=before))))
    return {"first": first, "codes": codes}


def race(url: str) -> dict[str, int]:
    """Scan while another process is in the middle of a scan; return both exit codes."""
    begun, let_go = os.pipe(), os.pipe()

    def before(document: Document) -> None:
        if document.key == "feed/p5":
            os.write(begun[1], b"x")
            os.read(let_go[0], 1)

    def second() -> int:
        os.read(begun[0], 1)
        code = forked(lambda: run_scan(url))
        os.write(let_go[1], b"x")
        return code

    pid = os.fork()
    if pid == 0:
        os._exit(run_scan(url, FakeEngine(before=before)))
    told = second()
    return {
        "second": told,
        "first": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]),
        "check": forked(lambda: check(url) or 0),
    }


def main(command: str, url: str, template: str = "", scratch: str = "", step: str = "1") -> object:
    """Run a command of the test."""
    if command in {"pwrite64", "fdatasync"}:
        return sweep(fresh_databases(url, template), at_call(command, scratch), int(step))
    if command == "statements":
        return sweep(fresh_databases(url, template), at_statement, int(step))
    return {"poison": poison, "poison_on_retry": poison_on_retry, "race": race}[command](url)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])) + "\n")
