"""An organisation whose rules are tried: a workspace, posts scanned with its real rules, and what people decided about them."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from compliance.audit import Actor
from compliance.db import writing
from compliance.judge import Judge
from compliance.models import Flag, PostRow
from compliance.review import Verdict, decide
from compliance.scan import scan
from compliance.workspace import Workspace, open_workspace
from tests.factories import JOB, START, Ticking, make_post, make_source

RULE = "confidentiality.codename"
NOW = START + timedelta(days=2)
SETTINGS = """organisation: Alderway
people: people.csv
languages: {uncovered: accept}
reviewers:
  rivera: {role: officer}
  lind: {role: legal}
  pen: {role: policy-author}
  boss: {role: manager}
  own: {role: officer, person: p1}
"""
#: (id, text, what was decided): two about a boat, three about the product, one held by counsel, one undecided.
POSTS = (
    ("boat-1", "Out with Bluefin and a crew of six 🎉", "false_positive"),
    ("boat-2", "Bluefin left the harbour, the crew singing", "false_positive"),
    ("ship-1", "Can't wait for Bluefin to ship!", "upheld"),
    ("ship-2", "Bluefin launches in August, שלום", "upheld"),
    ("fair-1", "As announced: Bluefin opens today", "cleared"),
    ("law-1", "The union met about Bluefin and the crew", "escalated"),
    ("open-1", "A crew of Bluefin fans wrote to us", None),
    ("plain", "Nothing to see here", None),
    ("again", "Nothing to see here", None),
    ("empty", "", None),
)


def make_workspace(folder: Path, *, database: str = "sqlite:///compliance.db") -> Path:
    """Write a workspace with one code name and six people."""
    for name in ("lists", "policies", "exclusions"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "compliance.yaml").write_text(f"{SETTINGS}database: {database}\n", encoding="utf-8")
    (folder / "lists" / "codenames.csv").write_text("term\nBluefin\n", encoding="utf-8")
    rows = "".join(f"p{n},Person {n},,{'press-office' if n == 6 else ''},GB,,x:h{n}=declared\n" for n in range(1, 7))
    (folder / "people.csv").write_text(
        f"person_id,name,email,groups,country,manager_id,handles\n{rows}", encoding="utf-8"
    )
    return folder


@cache
def space_of(folder: Path) -> Workspace:
    """Open a workspace once: loading all packs takes longer than most tests."""
    return open_workspace(folder)


@cache
def judge_of(folder: Path) -> Judge:
    """Return the rules of a workspace, ready; compiled once."""
    return Judge(space_of(folder).ruleset)


def exclusion(folder: Path, words: str, *, name: str = "boat", near: str = "12 words") -> Path:
    """Write an exclusion of these words near the name, and return its file."""
    path = folder / f"{name}.yaml"
    path.write_text(
        f"exclude: {name}\nrules: [{RULE}]\nparts:\n"
        f"  other: {{terms: [{words}], near: name, within: {near}}}\nwhen: other\n"
        "owner: rivera\nreason: A boat.\nuntil: 2027-06-30\n"
        "examples:\n"
        f"  exclude: ['Bluefin {words.split(',', maxsplit=1)[0]}']\n  keep: ['Bluefin opens']\n",
        encoding="utf-8",
    )
    return path


def store(engine: Engine, space: Workspace, posts: Any = POSTS) -> dict[str, int]:
    """Scan the posts under the workspace's rules, decide them, and return the flag of each post by its id."""
    judge = judge_of(space.root)
    made = [make_post(name, text, author=f"h{n % 5 + 1}") for n, (name, text, _) in enumerate(posts)]
    source = make_source(made)
    scan(engine, [source], judge, space.people, actor=JOB, now=Ticking(), inputs=judge.inputs)
    flags = flags_of(engine)
    for name, _, verdict in posts:
        if verdict:
            rule_on(engine, flags[name], verdict)
    return flags


def flags_of(engine: Engine, rule: str = RULE) -> dict[str, int]:
    """Return external id -> flag of a rule."""
    with writing(engine) as session:
        query = select(PostRow.external_id, Flag.id).join(Flag, Flag.post_id == PostRow.id).where(Flag.rule == rule)
        return dict(session.execute(query).all())


def rule_on(engine: Engine, flag: int, verdict: str, *, revise: bool = False) -> None:
    """Decide a flag as counsel, who may decide all of them."""
    codes = {"false_positive": "wrong-sense", "cleared": "already-public", "out_of_scope": "private"}
    with writing(engine) as session:
        decide(
            session,
            flag,
            Verdict(verdict),
            code=codes.get(verdict),
            reason="Read it.",
            lane="counsel" if verdict == "escalated" else None,
            people=space_people(),
            reviewer=_Counsel(),
            actor=Actor(id="lind"),
            revise=revise,
            now=NOW,
        )


class _Counsel:
    id, role, person_id = "lind", "legal", None


def space_people() -> Any:
    """Return people of whom nobody is a reviewer."""
    from compliance.people import People

    return People(is_known=True)
