"""The part kind `meaning` in a rule: truth, spans, gates, refusals."""

from __future__ import annotations

import json

import pytest

from rules.document import Context, Document
from rules.engine import Engine
from rules.errors import PolicyError
from rules.evaluation import Status
from rules.load import load_ruleset
from tests.rules.samples import LISTS, NOW

LIKE = ["Watch our numbers on Thursday", "You will like what we report next week", "Big smiles in finance today"]
LIKE += ["Next week's call will be fun", "Our quarter will surprise you"]
UNLIKE = ["Our results are out", "The team call moved to Thursday", "Numbers for the raffle are drawn next week"]
PART = json.dumps({"meaning": {"like": LIKE, "unlike": UNLIKE, "at_least": 0.4}})
HIT = "You will like our numbers next week, that's all I say"


def test_it_is_true_marks_the_passage_and_names_its_own_sentence(run):
    text = "🎉 Lunch was good and the sun is out at last over there. " + HIT + ". The bus was late once more today."
    _, (finding,) = run(text, f"{{hint: {PART}, word: {{terms: [numbers]}}}}", "hint and word")
    (match,) = [m for m in finding.matches if m.detector == "meaning"]
    assert "numbers next week" in text[match.start : match.end]
    assert any(match.reason == f"reads like: {sentence}" for sentence in LIKE)
    assert finding.confidence <= match.confidence <= 1


def test_everyday_talk_is_left_alone(run):
    _, found = run(
        "My cat slept on the keyboard all morning", f"{{hint: {PART}, any: {{terms: [cat]}}}}", "hint and any"
    )
    assert found == []


@pytest.mark.parametrize("when", ["hint and not word", "hint or word", "hint or word and hint"])
def test_a_grave_rule_may_not_be_true_by_meaning_alone(run, when):
    with pytest.raises(PolicyError, match="could be true by meaning alone") as refused:
        run(HIT, f"{{hint: {PART}, word: {{terms: [raffle]}}}}", when)
    assert "test.yaml:" in str(refused.value)


def test_too_few_sentences_are_refused(run):
    part = json.dumps({"meaning": {"like": LIKE[:1], "unlike": UNLIKE}})
    with pytest.raises(PolicyError, match="sentences to be like"):
        run(HIT, f"{{hint: {part}, word: {{terms: [x]}}}}", "hint and word")


def test_a_missing_model_is_incomplete_and_never_clean(monkeypatch):
    import rules.sense

    ruleset = load_ruleset(lists=LISTS)
    engine = Engine(ruleset)
    document = Document(key="k", text=HIT, context=Context(audience="external", at=NOW))

    def gone(*_):
        raise FileNotFoundError

    monkeypatch.setattr(rules.sense, "encoder_at", gone)
    for rule in ruleset.rules.values():
        for part in rule.parts.values():
            if part.detector.name == "meaning":
                part.detector.question.__dict__.pop("head", None)
    found = engine.evaluate_one(document)
    assert found.status is Status.INCOMPLETE
    assert {failure.kind for failure in found.failures if failure.detector == "meaning"} == {"fault"}


def test_the_gate_opens_wherever_the_part_is_true():
    ruleset = load_ruleset(lists=LISTS)
    lazy, full = Engine(ruleset), Engine(ruleset, lazy=False)
    texts = [row.text for rule in list(ruleset.rules.values())[::6] for row in rule.spec.examples.flag[:2]]
    for text in texts:
        document = Document(key="k", text=text, context=Context(audience="external", at=NOW))
        assert lazy.evaluate_one(document) == full.evaluate_one(document)


def test_a_rules_version_changes_with_its_sentences(tmp_path):
    versions = set()
    for like in (LIKE, [*LIKE, "Thursday will be a good day for those who hold"]):
        part = json.dumps({"meaning": {"like": like, "unlike": UNLIKE}})
        (tmp_path / "own.yaml").write_text(
            f"policy: own\ntitle: Own\nrules:\n  - id: one\n    title: T\n    parts: {{hint: {part}}}\n    when: hint\n"
            "    message: m\n    guidance: g\n    examples: {flag: [x], pass: [y]}\n",
            encoding="utf-8",
        )
        versions.add(load_ruleset(tmp_path / "own.yaml", lists=LISTS).rules["own.one"].version)
    assert len(versions) == 2
