"""Sentence points and heads, with the shipped encoder."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules.document import Document
from rules.encoder import SHIPPED, StaticEncoder, digest_at, encoder_at, folder_digest
from rules.load import load_ruleset
from rules.sense import HEADS, Question, exemplars, lesson, passages, read, school_at

RULESET = load_ruleset()
QUESTIONS = {
    rule.id: part.detector.question
    for rule in RULESET.rules.values()
    for part in rule.parts.values()
    if part.detector.name == "meaning"
}
AWKWARD = ["", " \n ", "🎉", "👩‍👩‍👧", "مرحبا بالعالم", "\ud800", "a" * 100_000, "e\u0301" * 50, "no. " * 5000]


def test_points_are_of_unit_length_or_nothing():
    points = encoder_at().encode([*AWKWARD, "our numbers will please you"])
    lengths = np.linalg.norm(points, axis=1)
    assert all(abs(length - 1) < 1e-9 or length == 0 for length in lengths)
    assert lengths[0] == 0
    assert abs(lengths[-1] - 1) < 1e-9


def test_what_reads_alike_lies_nearer():
    near, far = encoder_at().encode(["our results will be great", "the cat sleeps on the sofa"])
    (point,) = encoder_at().encode(["we will report fantastic figures"])
    assert point @ near > point @ far + 0.2


@given(st.text(max_size=300))
@example("\x85")
@settings(deadline=None, max_examples=60)
def test_passages_lie_in_the_text_and_hold_every_word(text):
    found = passages(text)
    assert all(0 <= one.start <= one.end <= len(text) for one in found)
    covered = {at for one in found for at in range(one.start, one.end)}
    assert all(at in covered for at, character in enumerate(text) if not character.isspace())


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_texts_are_read(text):
    document = Document(key="k", text=text)
    reading = read(document)
    assert len(reading.passages) == len(reading.points)


def test_a_megabyte_is_read():
    document = Document(key="k", text="We sold the shop and told nobody. " * 30_000)
    assert len(read(document).passages) > 1000


def test_shipped_digest_is_that_of_the_shipped_files():
    assert digest_at() == folder_digest(SHIPPED)


def test_every_shipped_head_is_written_down_and_is_what_training_gives():
    with np.load(HEADS, allow_pickle=False) as file:
        written = dict(zip(file["digests"].tolist(), file["rows"], strict=True))
    missing = [rule for rule, question in QUESTIONS.items() if question.digest not in written]
    assert missing == [], "run `make heads`"
    for question in list(QUESTIONS.values())[::20]:
        trained = school_at().train(question.lesson)
        assert np.allclose([*trained.weights, trained.bias], written[question.digest], atol=1e-6)


def test_without_the_written_file_heads_are_trained(monkeypatch):
    import rules.sense

    question = next(iter(QUESTIONS.values()))
    fresh = Question(question.lesson, question.at_least)
    monkeypatch.setattr(rules.sense, "_written", dict)
    assert np.allclose(fresh.head.weights, question.head.weights, atol=1e-6)


def test_hardly_any_everyday_text_reaches_one_half():
    background = school_at().background
    for question in QUESTIONS.values():
        direction = np.array([*question.head.weights, question.head.bias])
        mean = float(background[-1] @ direction)
        spread = float(np.sqrt(direction @ background @ direction - mean * mean))
        assert mean + 3 * spread < 0


def test_a_head_depends_on_its_own_rule_and_what_is_shipped_only():
    rule, question = next(iter(QUESTIONS.items()))
    again = school_at().train(lesson(rule, like=question.lesson.like, unlike=question.lesson.unlike))
    assert np.allclose(again.weights, question.head.weights, atol=1e-6)


def test_shipped_sentences_belong_to_rules_that_exist():
    known = set(RULESET.rules)
    assert {one.rule for several in exemplars().values() for one in several} <= known


def test_another_encoder_plugs_in_by_its_folder(tmp_path):
    words = ["our", "results", "great", "cat", "sofa", "the"]
    vectors = np.eye(len(words), dtype=np.int8) * 100
    np.save(tmp_path / "vectors.npy", vectors)
    np.save(tmp_path / "scale.npy", np.ones(len(words)))
    (tmp_path / "vocabulary.txt").write_text("\n".join(words), encoding="utf-8")
    encoder = encoder_at(str(tmp_path))
    assert isinstance(encoder, StaticEncoder)
    assert encoder.encode(["results results"])[0].tolist() == [0, 1, 0, 0, 0, 0]
    like = ("our results great", "great results", "results", "our great results")
    head = school_at(str(tmp_path)).train(lesson("own.rule", like=like, unlike=("the cat", "sofa")))
    good, bad = encoder.encode(["great results", "the sofa"])
    assert good @ head.weights > bad @ head.weights


def test_a_missing_encoder_is_an_error_not_a_zero(tmp_path):
    with pytest.raises(OSError, match="no model folder"):
        encoder_at(str(tmp_path / "gone"))


def test_no_sentence_stands_on_both_sides():
    for several in exemplars().values():
        sides: dict[tuple[str, str], set[bool]] = {}
        for one in several:
            sides.setdefault((one.rule, one.text), set()).add(one.like)
        assert [key for key, found in sides.items() if len(found) > 1] == []


def test_what_is_put_aside_is_not_learned_from():
    from pathlib import Path

    folder = Path(__file__).parents[2] / "bench" / "aside"
    learned = {one.text for several in exemplars().values() for one in several}
    for path in folder.glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert json.loads(line)["text"] not in learned
