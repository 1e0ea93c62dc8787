from __future__ import annotations

import subprocess
import sys

import pytest

from rules.build import _PartBuilder
from rules.detectors.base import Material, Told
from rules.detectors.entity import CHUNK, PRECISION, SHIPPED, Entity, EntityKeys, PipelineError, chunks, entities, load
from rules.document import Context, Document
from rules.engine import Engine
from rules.evaluation import Status
from rules.lists import no_lists
from rules.load import load_ruleset
from rules.source import SourceFile


def build(kinds, pipeline=""):
    keys = EntityKeys.model_validate({"entity": kinds})
    return Entity.build(keys, Material(lists=no_lists(), build=lambda *_: None, told=Told(pipeline=pipeline)))


def see(text, kinds=("PERSON", "LOCATION", "ORGANIZATION"), pipeline=""):
    return build(list(kinds), pipeline).see(Document(key="k", text=text), lambda _: None)


def words(text, **options):
    return [(text[match.start : match.end], match.kind) for match in see(text, **options).matches]


@pytest.fixture
def own(tmp_path):
    """Build a pipeline whose labels and finds are known."""

    def make(patterns, name="own"):
        import spacy

        nlp = spacy.blank("en")
        if patterns:
            nlp.add_pipe("entity_ruler").add_patterns(patterns)
        nlp.to_disk(tmp_path / name)
        return str(tmp_path / name)

    return make


def test_people_places_and_organisations_are_found():
    assert words("Sarah Johnson from Microsoft is in London today.") == [
        ("Sarah Johnson", "PERSON"),
        ("Microsoft", "ORGANIZATION"),
        ("London", "LOCATION"),
    ]


def test_only_the_kinds_asked_for_count():
    assert words("Sarah Johnson is in London today.", kinds=["LOCATION"]) == [("London", "LOCATION")]
    assert see("Sarah Johnson called.", kinds=["LOCATION"]).value is False


def test_confidence_is_the_measured_precision():
    (match,) = see("Sarah Johnson is in the office", kinds=["PERSON"]).matches
    assert match.confidence == PRECISION["PERSON"]


@pytest.mark.parametrize(
    "odd", ["😀👍🏽", "שלום עולם", "مرحبا", "\u200b\u200b", "\ud800", "\x00\x00", "e\u0301\u0301 ﬁn"]
)
def test_spans_are_code_points_of_the_raw_text(odd):
    text = f"{odd} and {odd}. We live in London now. {odd} yes {odd}"
    assert ("London", "LOCATION") in words(text)


def test_fullwidth_names_are_found_with_raw_spans():
    text = "We moved to Ｌｏｎｄｏｎ last year"
    assert words(text) == [("Ｌｏｎｄｏｎ", "LOCATION")]


@pytest.mark.parametrize(
    "text",
    ["thanks @SarahJohnson", "cc @London_Office and @acme", "mail sarah@microsoft.com", "see https://london.example/"],
)
def test_handles_and_addresses_are_no_entities(text):
    assert see(text).value is False


def test_chunks_join_to_the_text_and_stay_small():
    text = "Sarah Johnson lives in London. " * 3_000
    pieces = list(chunks(text))
    assert len(pieces) > 3
    assert "".join(piece for _, piece in pieces) == text
    assert all(text.startswith(piece, offset) and len(piece) <= CHUNK for offset, piece in pieces)
    assert all(piece.endswith(". ") for _, piece in pieces)


def test_an_entity_after_a_chunk_boundary_has_exact_offsets():
    text = "we had a nice day here. " * 1_500 + "We live in London now."
    assert words(text, kinds=["LOCATION"])[-1:] == [("London", "LOCATION")]
    assert len(text) > CHUNK


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["x", "!", "a ", "\x00", "\ud83d", "😀", "東", "@", "\n", "a.b@c/", "é", "é!"])
def test_huge_odd_texts_neither_crash_nor_hang(unit):
    entities.cache_clear()
    see(unit * 30_000)


def test_text_without_anything_is_false():
    for text in ("", " ", "\n\n", "😀", "\x00"):
        assert see(text).value is False


def test_a_pipeline_that_is_missing_raises(tmp_path):
    with pytest.raises(PipelineError, match="does not load"):
        see("Sarah Johnson", pipeline="no_such_pipeline")
    with pytest.raises(PipelineError, match="does not load"):
        see("Sarah Johnson", pipeline=str(tmp_path))


def test_a_pipeline_without_entities_or_without_the_kind_raises(own):
    with pytest.raises(PipelineError, match="no component"):
        see("Sarah", pipeline=own([]))
    places = own([{"label": "GPE", "pattern": "Norwell"}], "places")
    assert words("in Norwell", kinds=["LOCATION"], pipeline=places) == [("Norwell", "LOCATION")]
    with pytest.raises(PipelineError, match="PERSON"):
        see("in Norwell", kinds=["LOCATION", "PERSON"], pipeline=places)


def test_other_label_sets_are_understood(own):
    labels = {"PER": "Ann", "FAC": "Pier", "ORG": "Acme", "NORP": "Martian"}
    named = own([{"label": label, "pattern": pattern} for label, pattern in labels.items()])
    assert words("Martian Ann of Acme at Pier", pipeline=named) == [
        ("Ann", "PERSON"),
        ("Acme", "ORGANIZATION"),
        ("Pier", "LOCATION"),
    ]


RULE = """
policy: own
title: Own
owner: legal
effective: 2026-01-01
rules:
  - id: names
    title: Names a person
    status: live
    severity: low
    publish: warn
    parts:
      who: {entity: [PERSON]}
    when: who
    message: A name.
    guidance: None.
    examples: {flag: ["I met Sarah Johnson for lunch yesterday."], pass: ["the weather is nice"]}
"""


def test_a_missing_pipeline_makes_the_document_incomplete(tmp_path, monkeypatch):
    (tmp_path / "own.yaml").write_text(RULE, encoding="utf-8")
    engine = Engine(load_ruleset(tmp_path / "own.yaml", lists=no_lists()))
    document = Document(key="k", text="I met Sarah Johnson yesterday.", context=Context())
    monkeypatch.setattr("rules.detectors.entity.SHIPPED", tmp_path / "gone")
    (broken,) = engine.evaluate([document])
    assert broken.status is Status.INCOMPLETE
    assert [(f.detector, f.kind, f.error) for f in broken.failures] == [("entity", "fault", "PipelineError")]
    monkeypatch.undo()
    (whole,) = engine.evaluate([document])
    assert whole.status is Status.FLAGGED


def test_an_unknown_kind_is_refused_with_the_ones_there_are():
    source = SourceFile("own")
    assert _PartBuilder(source, no_lists()).part("who", {"entity": ["PERSONS"]}, ()) is None
    (fault,) = source.faults
    assert "PERSON" in str(fault)


def test_one_kind_may_stand_without_a_list():
    assert build("PERSON").wanted == {"PERSON"}


def test_importing_and_building_load_no_spacy():
    code = (
        "import sys; from rules.detectors import entity; from rules.detectors.base import Material\n"
        "entity.Entity.build(entity.EntityKeys(entity=['PERSON']), Material(lists={}, build=None))\n"
        "assert 'spacy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=SHIPPED.parents[2], timeout=60)


def test_memory_stays_flat():
    nlp = load(str(SHIPPED))
    see("warm up here")
    before = len(nlp.vocab.strings), sum(1 for _ in nlp.vocab)
    for number in range(200):
        see(f"word{number}x other{number}y Name{number} spoke")
    assert len(nlp.vocab.strings) - before[0] < 20
    assert sum(1 for _ in nlp.vocab) - before[1] < 20


def test_the_shipped_pipeline_is_small_and_loads_alone():
    size = sum(file.stat().st_size for file in SHIPPED.rglob("*") if file.is_file())
    assert size <= 12 * 2**20
    assert load(str(SHIPPED)).pipe_names == ["ner"]
