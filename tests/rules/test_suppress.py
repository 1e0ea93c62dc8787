"""Shipped filters: their own texts, and what they do to a rule."""

from __future__ import annotations

import pytest

from rules import expression
from rules.detectors.base import Seen
from rules.document import Context, Document
from rules.engine import _Parts
from rules.lists import no_lists
from rules.suppress import load_suppressions

SUPPRESSIONS = load_suppressions(no_lists())
SAMPLES = [
    pytest.param(name, text, expected, id=f"{name}-{'drop' if expected else 'keep'}-{index}")
    for name, one in SUPPRESSIONS.items()
    for expected, texts in ((True, one.spec.examples.drop), (False, one.spec.examples.keep))
    for index, text in enumerate(texts)
]
EXAMPLES = "{flag: [x], pass: [y]}"


@pytest.mark.parametrize(("name", "text", "expected"), SAMPLES)
def test_a_suppression_keeps_its_own_texts(name, text, expected):
    one = SUPPRESSIONS[name]
    seen: dict[str, Seen] = {}
    parts = _Parts(one.parts, Document(key="k", text=text, context=Context()), seen, [])
    assert expression.evaluate(one.when, parts.truth) is expected


def test_a_covering_filter_takes_away_only_what_is_near(run):
    parts = r"{card: {regex: '\b\d{4}(?: ?\d{4}){3}\b'}}"
    lazy, found = run("card 4242 4242 4242 4242", parts, "card", rule_keys="suppress: [test-value]")
    assert found == []
    assert ("test.rule", "test-value") in [(one.rule, one.by) for one in lazy.suppressed]
    text = "not 4242 4242 4242 4242 but 4539 5787 6362 1486"
    _, found = run(text, parts, "card", rule_keys="suppress: [test-value]")
    assert [text[m.start : m.end] for m in found[0].matches] == ["4539 5787 6362 1486"]


def test_taking_a_match_away_never_makes_a_rule_true(run):
    parts = r"{card: {regex: '\b4242[ 0-9]+'}, word: {terms: [shop]}}"
    _, found = run("the shop takes 4242 4242 4242 4242", parts, "word and not card", rule_keys="suppress: [test-value]")
    assert found == []


def test_a_filter_of_the_whole_text_silences_the_rule_and_says_so(run):
    parts = "{word: {terms: [patients]}}"
    text = "Reminder: never share photos of patients"
    lazy, found = run(text, parts, "word", rule_keys="suppress: [policy-text]")
    assert found == []
    assert ("test.rule", "policy-text") in [(one.rule, one.by) for one in lazy.suppressed]
    assert run("we saw patients", parts, "word", rule_keys="suppress: [policy-text]")[1]


def test_counting_sees_what_is_left(run):
    parts = r"{card: {regex: '\b\d{4}(?: ?\d{4}){3}\b'}, rows: {count: card, at_least: 2}}"
    text = "4242 4242 4242 4242, 4539 5787 6362 1486"
    assert run(text, parts, "rows")[1]
    assert run(text, parts, "rows", rule_keys="suppress: [test-value]")[1] == []


def test_an_unknown_filter_is_refused_with_a_hint(run):
    from rules.errors import PolicyError

    with pytest.raises(PolicyError, match="unknown suppression 'test-valu'") as refused:
        run("x", "{word: {terms: [x]}}", "word", rule_keys="suppress: [test-valu]")
    assert "did you mean test-value" in str(refused.value)
