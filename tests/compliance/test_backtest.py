"""One rule on past posts: rates, small numbers kept back, decisions, budgets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from compliance.backtest import Backtest, Budget, Cell, add_elsewhere, read_budget, refuse_few, shown_cells
from compliance.db import reading
from compliance.errors import ComplianceError
from compliance.people import People
from compliance.policy_diff import Post
from compliance.stored import decided_flags, reader_of, stored_posts
from compliance.trial import load_side
from tests.compliance.test_policy_diff import excluding, policy
from tests.compliance.trials import RULE, make_workspace, space_of, store
from tests.factories import START


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    return space_of(make_workspace(tmp_path_factory.mktemp("office")))


def backtest(space, engine, rule=RULE, *, ruleset=None, who="rivera", since=None, until=None):
    with reading(engine) as session:
        reader = reader_of(space.reviewers[who], space.people)
        test = Backtest(ruleset or space.ruleset, rule, space.people, show=3)
        posts = stored_posts(session, reader, since=since, until=until)
        flagged = test.read(
            (Post(label=p.label, document=p.document, id=p.post_id, is_shown=p.withheld is None), p.source)
            for p in posts
        )
        add_elsewhere(session, reader, test, ((post.id, spans) for post, spans in flagged))
        test.judge(decided_flags(session, reader, rules=[rule]))
        return test


def test_decisions_about_the_rule_make_its_precision(space, db_engine):
    store(db_engine, space)
    test = backtest(space, db_engine)
    assert (test.posts, test.flagged) == (8, 6)
    assert dict(test.rulings.raised) == {"upheld": 2, "cleared": 1, "false_positive": 2}
    assert test.rulings.precision == pytest.approx(3 / 5)


def test_an_upheld_flag_that_an_exclusion_silences_is_named(space, db_engine, tmp_path):
    flags = store(db_engine, space)
    test = backtest(space, db_engine, ruleset=excluding(space, tmp_path, "ship, crew"))
    assert test.rulings.lost == [flags["ship-1"]]
    assert test.rulings.precision == 1.0
    assert test.excluded == 4


@pytest.mark.parametrize("status", ["draft", "shadow", "live", "retired"])
def test_a_rule_is_tried_whatever_its_status(space, db_engine, tmp_path, status):
    store(db_engine, space)
    (tmp_path / "own.yaml").write_text(policy("medium", "warn", "Bluefin, Redfin", status=status), encoding="utf-8")
    test = backtest(space, db_engine, "own.fish", ruleset=load_side(str(tmp_path / "own.yaml"), space).ruleset)
    assert (test.status, test.flagged) == (status, 6)
    assert test.rulings.precision is None
    # What was decided under another rule about the same words stands apart.
    assert test.elsewhere == {(RULE, "upheld"): 2, (RULE, "cleared"): 1, (RULE, "false_positive"): 2}


def test_a_period_is_half_open(space, db_engine):
    store(db_engine, space)
    assert backtest(space, db_engine, since=START, until=START).posts == 0
    assert backtest(space, db_engine, since=START, until=START + timedelta(seconds=1)).posts == 8
    assert backtest(space, db_engine, until=START).posts == 0


def test_no_number_stands_on_fewer_than_five_people(space, db_engine):
    store(db_engine, space, [(f"p{n}", "Bluefin", None) for n in range(4)])
    test = backtest(space, db_engine, who="pen")
    assert {cell.flagged for cell in shown_cells(test.by["source"].values())} == {None}
    with pytest.raises(ComplianceError, match="fewer than 5 people"):
        refuse_few(test)


def test_one_small_number_takes_another_with_it():
    cells = [Cell("big", 100, 9), Cell("middle", 50, 5), Cell("small", 3, 1)]
    for cell, people in zip(cells, (9, 7, 2), strict=True):
        for number in range(people):
            cell.crowd.add(People(), "x", f"{cell.name}{number}")
    assert [(cell.name, cell.flagged) for cell in shown_cells(cells)] == [
        ("big", 9),
        ("middle", None),
        ("small", None),
    ]


def test_one_stranger_with_five_accounts_is_one_person():
    cell = Cell("all", 5, 5)
    for platform in ("x", "mastodon", "bluesky", "reddit", "linkedin"):
        cell.crowd.add(People(), platform, "ana")
        cell.crowd.add(People(), platform, None)
    assert cell.crowd.size == 1


@pytest.mark.parametrize(
    ("written", "budget"),
    [
        ("20/day", Budget(most=20, per="day")),
        ("5/1000", Budget(most=5, per="1000")),
        ("0.5 per 1,000", Budget(most=0.5, per="1000")),
    ],
)
def test_budgets_are_read(written, budget):
    assert read_budget(written) == budget


@pytest.mark.parametrize("written", ["", "20", "20/week", "-1/day", "day/20"])
def test_other_budgets_are_refused(written):
    with pytest.raises(ComplianceError, match="no budget"):
        read_budget(written)


def test_a_budget_holds_on_average(space, db_engine):
    store(db_engine, space)
    test = backtest(space, db_engine)
    assert test.exceeds(Budget(most=5, per="day"), 1.0)
    assert not test.exceeds(Budget(most=5, per="day"), 2.0)
    assert not test.exceeds(Budget(most=750, per="1000"), None)
    assert test.exceeds(Budget(most=749, per="1000"), None)


def test_an_unknown_rule_names_the_nearest(space):
    with pytest.raises(ComplianceError) as error:
        Backtest(space.ruleset, "confidentiality.codenam", space.people, show=1)
    assert "codename" in (error.value.hint or "")
