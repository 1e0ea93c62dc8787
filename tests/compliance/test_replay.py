"""A stored flag evaluated once more: identical, different, or not to be repeated, and what has changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from compliance.db import reading, writing
from compliance.errors import ComplianceError, UnavailableError
from compliance.inputs import USED, inputs_of
from compliance.models import AuditRow, PostVersion
from compliance.people import People
from compliance.replay import replay
from compliance.scan import scan
from compliance.workspace import open_workspace
from tests.compliance.test_policy_diff import excluding
from tests.compliance.trials import RULE, judge_of, make_workspace, space_of, store
from tests.factories import JOB, Ticking, make_post, make_source


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp("office"))


@pytest.fixture
def space(folder):
    return space_of(folder)


def again(space, engine, flag, *, ruleset=None, who="rivera", people=None):
    with reading(engine) as session:
        return replay(
            session,
            flag,
            ruleset=ruleset or space.ruleset,
            people=people or space.people,
            reviewer=space.reviewers[who],
        )


def test_the_same_rules_say_the_same_about_every_flag(space, db_engine):
    flags = store(db_engine, space)
    found = [again(space, db_engine, flag, who="lind") for flag in flags.values()]
    assert {each.word for each in found} == {"identical"}
    assert {each.changed for each in found} == {()}


def test_an_edit_after_the_flag_does_not_matter(space, db_engine):
    judge = judge_of(space.root)
    flags = store(db_engine, space)
    edited = make_post("ship-1", "Nothing", author="h3", edited_at=make_post().posted_at.replace(hour=20))
    scan(db_engine, [make_source([edited])], judge, space.people, actor=JOB, now=Ticking(), inputs=judge.inputs)
    assert again(space, db_engine, flags["ship-1"]).word == "identical"


def test_an_exclusion_makes_a_difference_and_is_named(space, db_engine, tmp_path):
    flags = store(db_engine, space)
    found = again(space, db_engine, flags["ship-1"], ruleset=excluding(space, tmp_path, "ship"))
    assert (found.word, found.changed) == ("different", ("exclusion boat added",))
    assert found.findings[0].differences == ("not raised: silenced by boat",)


def test_another_list_is_named_and_nothing_is_replayed(space, db_engine, tmp_path):
    flags = store(db_engine, space)
    other = make_workspace(tmp_path / "other")
    (other / "lists" / "codenames.csv").write_text("term\nBluefin\nRedfin\n", encoding="utf-8")
    found = again(space, db_engine, flags["ship-1"], ruleset=open_workspace(other).ruleset)
    assert found.word == "impossible"
    assert "list codenames changed" in found.changed
    assert f"rule {RULE} changed" in found.changed
    assert not any(line.startswith(("engine", "model", "program")) for line in found.changed)


def test_what_people_csv_says_now_can_make_a_difference(space, db_engine):
    flags = store(db_engine, space)
    author = replace(space.people.get("p3"), groups=frozenset({"press-office"}))
    found = again(space, db_engine, flags["ship-1"], people=People(people={"p3": author}, is_known=True))
    assert (found.word, found.changed) == ("different", ())
    assert found.findings[0].differences == ("not raised",)


def test_a_rule_set_is_recorded_once_with_hashes_only(space, db_engine):
    store(db_engine, space)
    judge = judge_of(space.root)
    scan(db_engine, [make_source([])], judge, space.people, actor=JOB, now=Ticking(), inputs=judge.inputs)
    with reading(db_engine) as session:
        entry = session.scalars(select(AuditRow).where(AuditRow.action == USED)).one()
    assert entry.object == f"ruleset:{space.ruleset.hash}"
    assert b"Bluefin" not in entry.entry
    assert {"engine", "program", "languages", "list codenames", f"rule {RULE}"} <= inputs_of(space.ruleset).keys()


def test_without_such_an_entry_only_the_rule_itself_is_told(space, db_engine, tmp_path):
    judge = judge_of(space.root)
    post = make_post("p1", "Bluefin ships", author="h1")
    scan(db_engine, [make_source([post])], judge, space.people, actor=JOB, now=Ticking())
    found = again(space, db_engine, 1, ruleset=excluding(space, tmp_path, "crew"))
    assert (found.word, found.is_complete) == ("identical", False)
    assert found.changed == (f"not rule {RULE}, nor what it reads: another rule, an exclusion or a language setting",)


def test_text_that_is_gone_cannot_be_replayed(space, db_engine):
    flags = store(db_engine, space)
    with writing(db_engine) as session:
        session.execute(update(PostVersion).values(text=""))
    with pytest.raises(UnavailableError, match="no longer stored"):
        again(space, db_engine, flags["ship-1"])


def test_counsel_and_own_flags_stay_closed(space, db_engine):
    flags = store(db_engine, space)
    for who, flag, words in (
        ("rivera", "law-1", "there is no flag"),
        ("own", "boat-1", "own"),
        ("pen", "ship-1", "flags:read"),
    ):
        with pytest.raises(ComplianceError, match=words):
            again(space, db_engine, flags[flag], who=who)
    with pytest.raises(ComplianceError, match="there is no flag"):
        again(space, db_engine, 2**40)
