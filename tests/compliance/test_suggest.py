"""Exclusions from decisions: the narrow ones are found and proven, the others refused, and nobody's sentence is written unasked."""

from __future__ import annotations

import pytest
import yaml

from compliance.db import reading
from compliance.errors import ComplianceError
from compliance.exclusion_file import draft, write
from compliance.stored import decided_flags, reader_of
from compliance.suggest import Trial, suggest
from compliance.trial import rule_of, with_file
from rules.examples import run_examples
from tests.compliance.trials import NOW, POSTS, RULE, make_workspace, rule_on, space_of, store


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    return space_of(make_workspace(tmp_path_factory.mktemp("office")))


def look(space, engine, who="rivera"):
    with reading(engine) as session:
        reader = reader_of(space.reviewers[who], space.people)
        return suggest(session, reader, space.ruleset, RULE, people=space.people)


def drafted(space, engine, who="rivera"):
    with reading(engine) as session:
        reader = reader_of(space.reviewers[who], space.people)
        found = suggest(session, reader, space.ruleset, RULE, people=space.people)
        trial = Trial(space.ruleset, rule_of(space.ruleset, RULE))
        return draft(trial, found.proofs[0], decided_flags(session, reader, rules=[RULE]), owner="rivera", until=NOW)


def test_words_near_the_false_ones_and_no_upheld_one_are_suggested(space, db_engine):
    flags = store(db_engine, space)
    found = look(space, db_engine)
    best = found.proofs[0]
    assert (found.false_positives, found.upheld) == (2, 2)
    assert best.candidate.parts == {"other_sense": {"terms": ["crew"], "near": "name", "within": "4 words"}}
    assert (sorted(best.gone), best.stay, best.upheld, best.lost) == (
        sorted([flags["boat-1"], flags["boat-2"]]),
        [],
        2,
        [],
    )
    # Undecided, and it would not have opened.
    assert best.open_gone == [flags["open-1"]]


def test_no_suggestion_loses_an_upheld_flag(space, db_engine):
    posts = [*POSTS, ("boast", "The whole crew is proud of Bluefin", "upheld")]
    store(db_engine, space, posts)
    found = look(space, db_engine)
    assert found.proofs
    assert all(not proof.lost and proof.upheld == 3 for proof in found.proofs)
    assert all("crew" not in str(proof.candidate.parts) for proof in found.proofs)


def test_what_cannot_be_told_apart_gets_no_suggestion(space, db_engine):
    store(db_engine, space, [("a", "Bluefin ships", "false_positive"), ("b", "Bluefin ships", "upheld")])
    found = look(space, db_engine)
    assert (found.false_positives, found.upheld, found.proofs) == (1, 1, ())


def test_without_a_false_positive_there_is_nothing_to_suggest(space, db_engine):
    store(db_engine, space, [("b", "Bluefin ships", "upheld")])
    assert look(space, db_engine).proofs == ()


def test_matches_quoted_from_others_are_told_by_their_region(space, db_engine):
    store(
        db_engine,
        space,
        [
            ("a", "Bluefin soon\n#Bluefin", "upheld"),
            ("b", "Read https://example.org/Bluefin now", "false_positive"),
            ("c", "Read https://example.org/Bluefin too", "false_positive"),
            ("d", "Read soon: Bluefin now too", "upheld"),
        ],
    )
    titles = [proof.candidate.title for proof in look(space, db_engine).proofs]
    assert any(title.startswith("`name` only in") for title in titles), titles


def test_words_of_a_sealed_post_or_of_counsel_are_never_suggested(space, db_engine):
    flags = store(db_engine, space, [*POSTS, ("boat-3", "Bluefin, zeppelin", "false_positive")])
    rule_on(db_engine, flags["boat-3"], "out_of_scope", revise=True)
    for who in ("rivera", "lind"):
        found = look(space, db_engine, who)
        assert "zeppelin" not in str([proof.candidate for proof in found.proofs])
        assert "union" not in str([proof.candidate for proof in found.proofs])


def test_the_file_loads_and_its_examples_hold(space, db_engine, tmp_path):
    store(db_engine, space)
    path = tmp_path / "boat.yaml"
    write(path, drafted(space, db_engine).content)
    results = list(run_examples(with_file(path, space), only=["codename-words"]))
    assert [(each.kind, each.passed) for each in results] == [("exclude", True)] * 2 + [("keep", True)] * 2


def test_examples_hold_no_handle_no_address_and_no_long_number(space, db_engine):
    store(
        db_engine,
        space,
        [
            ("a", "Bluefin crew, write to ana@example.org", "false_positive"),
            ("b", "Bluefin crew with @kofi", "false_positive"),
            ("c", "Bluefin crew call 07700 900417", "false_positive"),
            ("d", "Bluefin crew went home", "false_positive"),
            ("e", "Bluefin ships, ask @ines", "upheld"),
        ],
    )
    written = yaml.safe_load(drafted(space, db_engine).content)["examples"]
    assert [each["text"] for each in written["exclude"]] == ["Bluefin crew went home"]
    assert "@" not in str(written)


def test_without_a_short_sentence_nothing_is_drafted(space, db_engine):
    store(db_engine, space, [("b", "Bluefin crew with @kofi", "false_positive"), ("a", "Bluefin ships", "upheld")])
    with pytest.raises(ComplianceError, match="no false positive has a short sentence"):
        drafted(space, db_engine)


def test_a_file_is_never_written_over(tmp_path):
    path = tmp_path / "boat.yaml"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(ComplianceError, match="there already"):
        write(path, "yours")
    assert path.read_text(encoding="utf-8") == "mine"
