from __future__ import annotations

import shutil

import pytest

from compliance.detecting import questions
from compliance.workspace import open_workspace
from rules.detectors.entity import PipelineError, entities
from rules.document import Context, Document
from rules.encoder import SHIPPED
from rules.engine import Engine
from rules.errors import PolicyError
from rules.evaluation import Status

POLICY = """
policy: own
title: Own
owner: legal
effective: 2026-01-01
rules:
  - id: names
    title: Names a place
    status: live
    severity: low
    publish: warn
    parts:
      where: {entity: [LOCATION]}
    when: where
    message: A place.
    guidance: None.
    examples: {flag: ["a flat in norwellia, at last"], pass: ["the weather is nice"]}
"""
TEXT = "we moved to norwellia last year"


@pytest.fixture
def workspace(tmp_path):
    def make(settings):
        (tmp_path / "policies").mkdir()
        (tmp_path / "policies" / "own.yaml").write_text(POLICY, encoding="utf-8")
        (tmp_path / "compliance.yaml").write_text(f"organisation: Norwell\nnlp: {settings}\n", encoding="utf-8")
        return open_workspace(tmp_path)

    return make


def write_pipeline(folder):
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns(
        [
            {"label": "GPE", "pattern": "norwellia"},
            {"label": "PERSON", "pattern": "x"},
            {"label": "ORG", "pattern": "y"},
        ]
    )
    folder.parent.mkdir(exist_ok=True)
    nlp.to_disk(folder)


def gone(pipeline):
    raise PipelineError(pipeline)


def judged(space):
    document = Document(key="k", text=TEXT, context=Context())
    (evaluation,) = Engine(space.ruleset).evaluate([document])
    return evaluation


def test_entity_parts_use_the_pipeline_in_a_folder_of_the_workspace(workspace, tmp_path):
    write_pipeline(tmp_path / "models" / "places")
    space = workspace("{pipeline: models/places}")
    assert [finding.rule for finding in judged(space).findings] == ["own.names"]


def test_detect_uses_it_too(workspace, tmp_path):
    write_pipeline(tmp_path / "places")
    space = workspace("{pipeline: places}")
    (asked,) = questions(space.ruleset, ["entity"], pipeline=space.pipeline)
    seen = asked.detector.see(Document(key="k", text=TEXT), lambda _: None)
    assert [(TEXT[m.start : m.end], m.kind) for m in seen.matches] == [("norwellia", "LOCATION")]


def test_a_pipeline_that_goes_missing_leaves_the_document_incomplete(workspace, tmp_path, monkeypatch):
    write_pipeline(tmp_path / "places")
    space = workspace("{pipeline: places}")
    assert judged(space).status is Status.FLAGGED
    monkeypatch.setattr("rules.detectors.entity.load", gone)
    entities.cache_clear()
    evaluation = judged(space)
    assert evaluation.status is Status.INCOMPLETE
    assert [failure.detector for failure in evaluation.failures] == ["entity"]


def test_own_rules_are_refused_where_the_pipeline_is_not_installed(workspace):
    with pytest.raises(PolicyError, match="flag example 1"):
        workspace("{pipeline: no_such_pipeline}").ruleset  # noqa: B018 - read when asked for


def test_another_pipeline_is_another_version_of_the_rule(workspace, tmp_path):
    for name in ("one", "two"):
        write_pipeline(tmp_path / name)
    before = workspace("{pipeline: one}").ruleset.rules
    (tmp_path / "compliance.yaml").write_text("organisation: Norwell\nnlp: {pipeline: two}\n", encoding="utf-8")
    after = open_workspace(tmp_path).ruleset.rules
    assert [name for name in before if before[name].version != after[name].version] == ["own.names"]


def test_the_sentence_encoder_is_a_folder_of_the_workspace(workspace, tmp_path):
    (tmp_path / "models").mkdir()
    shutil.copytree(SHIPPED, tmp_path / "models" / "sentences")
    write_pipeline(tmp_path / "places")
    space = workspace("{pipeline: places, sentences: models/sentences}")
    assert {rule.encoder for rule in space.ruleset.rules.values()} == {str(tmp_path / "models" / "sentences")}


def test_unknown_settings_are_refused(workspace):
    with pytest.raises(PolicyError, match="pipelines"):
        workspace("{pipelines: x}")
