"""Every shipped rule's own examples, collected by themselves."""

from __future__ import annotations

import re

import pytest

from rules.examples import run_examples
from rules.load import load_ruleset

RULESET = load_ruleset()
RULES = sorted(RULESET.rules)


@pytest.mark.parametrize("rule_id", RULES)
def test_shipped_rule_keeps_its_examples(rule_id):
    failed = [
        (result.kind, result.index + 1, result.note, result.text)
        for result in run_examples(RULESET, only=[rule_id])
        if result.passed is not True and result.kind != "todo_flag"
    ]
    assert failed == []


@pytest.mark.parametrize("rule_id", RULES)
def test_shipped_rule_says_where_it_comes_from_and_what_to_do(rule_id):
    rule = RULESET.rules[rule_id]
    assert rule.clause
    assert rule.source
    if not rule.is_tag:
        assert len(rule.guidance) > 20
        assert len(rule.spec.examples.flag) >= 3
        assert len(rule.spec.examples.pass_) >= 3


def test_no_rule_is_looked_at_for_every_post():
    from rules.engine import Engine

    engine = Engine(RULESET)
    assert [engine.rules[index].id for index in engine._gates.always] == []


def test_examples_are_not_shared_between_rules():
    seen: dict[str, str] = {}
    for rule in RULESET.rules.values():
        for example in rule.spec.examples.flag:
            words = re.sub(r"\W+", " ", example.text.casefold()).strip()
            assert seen.setdefault(words, rule.policy.id) == rule.policy.id


def test_protected_talk_is_tagged_and_never_a_finding_by_itself():
    assert {rule.policy.effect for rule in RULESET.rules.values() if rule.policy.id == "protected-activity"} <= {"tag"}
