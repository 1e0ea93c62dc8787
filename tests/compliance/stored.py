"""A database with something in it: scanned, decided, with posts that nobody should meet again elsewhere."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, select, text

from compliance.db import open_engine, reading, writing
from compliance.manifest import count_rows, read_head
from compliance.models import Flag
from compliance.review import Verdict, decide
from compliance.scan import scan
from compliance.trail import verify
from tests.compliance.desk import People, Reviewer
from tests.factories import JOB, START, FakeEngine, FakePeople, Ticking, make_post, make_source

NOW = START + timedelta(days=2)


def scan_posts(engine: Engine, *texts: str, name: str = "feed", first: int = 0) -> None:
    """Store one post per text, through a scan."""
    posts = [make_post(f"p{first + number}", each) for number, each in enumerate(texts)]
    scan(engine, [make_source(posts, name=name)], FakeEngine(), FakePeople(), actor=JOB, now=Ticking())


def fill(engine: Engine) -> None:
    """Scan five posts of three alphabets, with two flags, and decide one of them."""
    scan_posts(engine, "Bluefin 🎉", "Redfin שלום", "fine", "", "\0 \ud800 fine")
    with writing(engine) as session:
        flag = session.scalars(select(Flag.id).order_by(Flag.id)).first()
        decide_flag(session, flag)


def decide_flag(session: Any, flag: int | None) -> None:
    """Uphold a flag as a reviewer whom nobody knows."""
    decide(
        session,
        flag,
        Verdict.UPHELD,
        code=None,
        lane=None,
        reason="Named it.",
        actor=JOB,
        reviewer=Reviewer("ana", "officer"),
        people=People({}),
        now=NOW,
    )


def state(url: str) -> tuple[dict[str, int], int, str]:
    """Return row counts and head of a database whose structure and trail are in order."""
    engine = open_engine(url)
    try:
        with reading(engine) as session:
            report = verify(session)
            assert report.fault is None
            if engine.dialect.name == "sqlite":
                assert session.execute(text("pragma integrity_check")).scalar() == "ok"
            head = read_head(session)
            return count_rows(session), head.seq, head.hash
    finally:
        engine.dispose()


def lose(url: str) -> None:
    """Make a database be gone, as a lost disk would."""
    engine = create_engine(url)
    name = engine.url.database
    if engine.dialect.name == "sqlite":
        Path(name or "").unlink()
    else:
        admin = create_engine(engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"drop database {name} with (force)"))
        admin.dispose()
    engine.dispose()
