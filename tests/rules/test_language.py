"""Which language a text is in, and what a rule whose words do not cover it says."""

from __future__ import annotations

import pytest

from rules.evaluation import Status
from rules.language import identify
from rules.ruleset import Languages

GERMAN = "Heute haben wir den Vertrag mit dem neuen Kunden unterschrieben, aber das ist noch geheim"
ENGLISH = "Today we signed the contract with the new customer, but that is still a secret"
WORD = "{word: {terms: [vertrag, contract]}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GERMAN, ("de",)),
        (ENGLISH, ("en",)),
        (ENGLISH.upper(), ("en",)),
        ("Завтра подписываем договор, никому не говорите", ("ru",)),
        ("لا تخبر أحدا لكننا سنطلق المنتج الجديد غدا", ("ar",)),
        ("明日新製品を発表しますがまだ秘密です", ("ja",)),
        ("", ()),
        ("ok 👍🏽", ()),
        ("lol nope", ()),
        ("https://example.com/das-ist-ein-langer-deutscher-weg-und-so-weiter", ()),
        ("@anna @bernd #vertrag", ()),
        ("\ud800" * 40, ()),
        ("7" * 5000, ()),
    ],
)
def test_a_language_is_told_only_where_it_is_sure(text, expected):
    assert identify(text) == expected


def test_a_second_language_in_a_long_text_shows():
    assert set(identify((ENGLISH + ". ") * 30 + (GERMAN + ". ") * 30)) == {"en", "de"}


def test_a_million_characters_without_a_space_are_read():
    assert identify("あ" * 1_000_000) == ("ja",)


def test_an_uncovered_language_is_incomplete_and_still_gets_what_needs_no_language(run):
    lazy, found = run(GERMAN, "{word: {terms: [nothing]}}", "word", rule_keys="languages: [en]")
    assert (lazy.status, lazy.language, found) == (Status.INCOMPLETE, "de", [])
    assert [(f.detector, f.kind, f.error) for f in lazy.failures] == [("language", "uncovered", "de is not covered")]
    assert "test.rule" in lazy.failures[0].rules
    lazy, found = run(GERMAN, WORD, "word", rule_keys="languages: [any]")
    assert len(found) == 1


def test_a_rule_that_is_true_in_an_uncovered_language_is_a_finding_all_the_same(run):
    lazy, found = run(GERMAN, WORD, "word", rule_keys="languages: [en]")
    assert len(found) == 1
    assert all("test.rule" not in failure.rules for failure in lazy.failures)


def test_a_rule_outside_its_scope_leaves_nothing_open(run):
    lazy, _ = run(GERMAN, "{word: {terms: [x]}}", "word", rule_keys="languages: [en]", scope="{audience: internal}")
    assert all("test.rule" not in failure.rules for failure in lazy.failures)


def test_short_texts_count_as_the_default_language(run):
    assert run("ja gut", WORD, "word", rule_keys="languages: [en]")[0].status is Status.CLEAN
    lazy, _ = run("ok then", WORD, "word", rule_keys="languages: [en]", languages=Languages(default="de"))
    assert lazy.status is Status.INCOMPLETE


def test_accepting_an_uncovered_language_is_reported(run):
    lazy, _ = run(GERMAN, "{word: {terms: [x]}}", "word", languages=Languages(accept=True))
    assert (lazy.status, lazy.language, lazy.accepted) == (Status.CLEAN, "de", True)


def test_a_missing_model_makes_every_text_incomplete(run, monkeypatch):
    import rules.language

    def missing():
        raise ModuleNotFoundError

    monkeypatch.setattr(rules.language, "_model", missing)
    lazy, _ = run(ENGLISH, "{word: {terms: [x]}}", "word", rule_keys="languages: [en]")
    assert lazy.status is Status.INCOMPLETE
    assert ("language", "fault", "ModuleNotFoundError") in [(f.detector, f.kind, f.error) for f in lazy.failures]
