"""Two rule sets on the same posts: what differs, what decisions are lost, and who sees how much of it."""

from __future__ import annotations

import pytest

from compliance.db import reading
from compliance.errors import ComplianceError
from compliance.policy_diff import Comparison, Post, around, as_json
from compliance.stored import decided_flags, reader_of, stored_posts
from compliance.trial import differing, load_side
from rules.document import Context, Document
from tests.compliance.trials import RULE, exclusion, make_workspace, rule_on, space_of, store


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp("office"))


@pytest.fixture
def space(folder):
    return space_of(folder)


def compare(space, engine, new, *, who="rivera", show=5, old=None, tags=True):
    with reading(engine) as session:
        reader = reader_of(space.reviewers[who], space.people)
        found = Comparison(old or space.ruleset, new, show=show, tags=tags)
        found.read(
            Post(label=each.label, document=each.document, is_shown=each.withheld is None)
            for each in stored_posts(session, reader)
        )
        return found, found.judge(decided_flags(session, reader, rules=found.rules))


#: (workspace, words) -> rule set: loading all packs takes longer than the rest of a test.
LOADED = {}


def excluding(space, tmp_path, words):
    if (space.root, words) not in LOADED:
        LOADED[space.root, words] = load_side(str(exclusion(tmp_path, words)), space).ruleset
    return LOADED[space.root, words]


def test_an_upheld_flag_that_the_new_rules_miss_is_lost_and_named(space, db_engine, tmp_path):
    flags = store(db_engine, space)
    found, rulings = compare(space, db_engine, excluding(space, tmp_path, "ship, crew"))
    assert [(each.flag, each.rule, each.post) for each in rulings.lost] == [(flags["ship-1"], RULE, "feed/ship-1")]
    assert (rulings.kept, rulings.gained, rulings.still_wrong) == (1, 2, 0)
    diff = found.diffs[RULE]
    # Counsel's post is in no number; three of the others mention a crew, one ships.
    assert (found.posts, diff.old, diff.new, diff.counts["removed"]) == (8, 6, 2, 4)


def test_an_equal_rule_set_evaluates_nothing(space, db_engine):
    store(db_engine, space)
    found, rulings = compare(space, db_engine, space.ruleset)
    assert (found.rules, found.changed, rulings.looked_at) == ((), [], 0)


def test_only_the_rule_that_an_exclusion_touches_differs(space, tmp_path):
    assert differing(space.ruleset, excluding(space, tmp_path, "crew")) == (RULE,)


def test_false_positives_that_come_back_are_named(space, db_engine, tmp_path):
    flags = store(db_engine, space)
    _, rulings = compare(space, db_engine, space.ruleset, old=excluding(space, tmp_path, "crew"))
    assert sorted(rulings.back) == sorted([flags["boat-1"], flags["boat-2"]])
    assert (rulings.gained, rulings.still_wrong, rulings.lost) == (0, 0, [])


def test_a_flag_that_neither_raises_was_lost_before(space, db_engine, tmp_path):
    store(db_engine, space)
    old = excluding(space, tmp_path, "ship")
    _, rulings = compare(space, db_engine, excluding(space, tmp_path, "ship, zeppelin"), old=old)
    assert (rulings.lost, rulings.lost_before, rulings.kept) == ([], 1, 1)


def test_the_standing_decision_counts(space, db_engine, tmp_path):
    flags = store(db_engine, space)
    rule_on(db_engine, flags["ship-1"], "false_positive", revise=True)
    _, rulings = compare(space, db_engine, excluding(space, tmp_path, "ship"))
    assert (rulings.lost, rulings.gained) == ([], 1)


def test_counsel_sees_the_posts_that_counsel_holds_and_nobody_else_does(space, db_engine, tmp_path):
    store(db_engine, space)
    new = excluding(space, tmp_path, "crew")
    for who, posts, listed in (("rivera", 8, False), ("pen", 8, False), ("lind", 9, True)):
        found, _ = compare(space, db_engine, new, who=who)
        labels = [each.post for each in found.diffs[RULE].first["removed"]]
        assert found.posts == posts
        assert ("feed/law-1" in labels) is listed


def test_a_policy_author_gets_numbers_and_ids_and_no_words(space, db_engine, tmp_path):
    store(db_engine, space)
    found, rulings = compare(space, db_engine, excluding(space, tmp_path, "crew, ship"), who="pen")
    every = [*found.diffs[RULE].first["removed"], *rulings.lost, *rulings.first_gained]
    assert every
    assert {each.excerpt for each in every} == {""}
    assert all(each.post.startswith("post-") for each in every)


def test_sealed_posts_and_ones_own_are_counted_and_not_quoted(space, db_engine, tmp_path):
    flags = store(db_engine, space)
    rule_on(db_engine, flags["open-1"], "out_of_scope")
    found, _ = compare(space, db_engine, excluding(space, tmp_path, "crew"), who="own")
    shown = {each.post: each.excerpt for each in found.diffs[RULE].first["removed"]}
    assert shown["feed/open-1"] == ""
    assert shown["feed/boat-1"] == ""
    assert "harbour" in shown["feed/boat-2"]


def test_a_manager_may_not_try_rules_on_posts(space):
    with pytest.raises(ComplianceError, match="may not read reports"):
        reader_of(space.reviewers["boss"], space.people)


def test_no_json_holds_a_word_of_a_post(space, db_engine, tmp_path):
    store(db_engine, space)
    found, rulings = compare(space, db_engine, excluding(space, tmp_path, "crew, ship"))
    written = str(as_json(found, rulings, sides={"old": "", "new": ""}))
    assert "mooring" not in written
    assert "wait" not in written


def test_a_change_of_severity_publish_and_spans_is_told_in_words(space, tmp_path):
    (tmp_path / "own.yaml").write_text(policy("medium", "warn", "Redfin"), encoding="utf-8")
    (tmp_path / "new.yaml").write_text(policy("high", "block", "Redfin, launch"), encoding="utf-8")
    sides = [load_side(str(tmp_path / name), space).ruleset for name in ("own.yaml", "new.yaml")]
    found = Comparison(*sides, show=1)
    found.read([document("Redfin 🎉 launch"), document("launch"), document("Redfin"), document("")])
    diff = found.diffs["own.fish"]
    assert diff.first["changed"][0].what == ("severity medium → high", "publish warn → block", "spans +1 -0")
    assert diff.counts == {"added": 1, "removed": 0, "changed": 2}
    assert len(diff.first["changed"]) == 1


def test_a_rule_put_to_shadow_raises_nothing(space, tmp_path):
    (tmp_path / "own.yaml").write_text(policy("medium", "warn", "Redfin"), encoding="utf-8")
    (tmp_path / "new.yaml").write_text(policy("medium", "warn", "Redfin", status="shadow"), encoding="utf-8")
    sides = [load_side(str(tmp_path / name), space).ruleset for name in ("own.yaml", "new.yaml")]
    for shadow, removed, changed in ((False, 1, 0), (True, 0, 1)):
        found = Comparison(*sides, show=1, shadow=shadow)
        found.read([document("Redfin")])
        assert found.diffs["own.fish"].counts == {"added": 0, "removed": removed, "changed": changed}


def test_the_file_of_a_policy_takes_the_place_of_its_namesake(folder, tmp_path):
    (folder / "policies" / "own.yaml").write_text(policy("medium", "warn", "Redfin"), encoding="utf-8")
    try:
        from compliance.workspace import open_workspace

        space = open_workspace(folder)
        (tmp_path / "edited.yaml").write_text(policy("low", "warn", "Redfin"), encoding="utf-8")
        assert load_side(str(tmp_path / "edited.yaml"), space).ruleset.rules["own.fish"].severity.label == "low"
        assert "own.fish" not in load_side("packs", space).ruleset.rules
    finally:
        (folder / "policies" / "own.yaml").unlink()


@pytest.mark.parametrize("given", ["nix", "git:--output=x", "git:HEAD"])
def test_a_side_that_is_none_says_what_to_name(space, given):
    with pytest.raises(ComplianceError) as error:
        load_side(given, space)
    assert error.value.hint


def test_an_excerpt_of_a_huge_post_is_short():
    text = "x" * 1_000_000 + "Bluefin" + "y" * 1_000_000
    cut, spans = around(text, [(1_000_000, 1_000_007)])
    assert [cut[start:end] for start, end in spans] == ["Bluefin"]
    assert len(cut) <= 600


def document(text):
    return Post(label=text or "empty", document=Document(key="d", text=text, context=Context(audience="external")))


def policy(severity, publish, terms, status="live"):
    return f"""policy: own
title: Fish
rules:
  - id: fish
    title: Names a fish
    status: {status}
    severity: {severity}
    publish: {publish}
    parts:
      name: {{terms: [{terms}]}}
    when: name
    message: A fish.
    guidance: None.
    examples:
      flag: [Redfin]
      pass: [Tuna]
"""
