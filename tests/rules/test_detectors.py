"""Every detector's own samples, collected by themselves."""

from __future__ import annotations

import pytest

from rules.build import _PartBuilder
from rules.detectors.base import Seen
from rules.document import Context, Document
from rules.examples import DEFAULT_TIME
from rules.kinds import kinds
from rules.lists import no_lists
from rules.source import SourceFile

SAMPLES = [
    pytest.param(spec, text, expected, id=f"{name}-{'sees' if expected else 'ignores'}-{index}")
    for name, kind in kinds().items()
    for expected, group in ((True, kind.matches), (False, kind.non_matches))
    for index, (spec, text) in enumerate(group)
]


def build(spec):
    source = SourceFile("sample")
    part = _PartBuilder(source, no_lists()).part("sample", spec, ())
    assert source.faults == []
    return part.detector


@pytest.mark.parametrize(("spec", "text", "expected"), SAMPLES)
def test_detector_keeps_its_own_samples(spec, text, expected):
    document = Document(key="sample", text=text, context=Context(at=DEFAULT_TIME))
    other = build({"terms": ["other"]})
    assert build(spec).see(document, lambda _: other.see(document, lambda _: Seen(value=None))).value is expected


@pytest.mark.parametrize("name", kinds())
def test_every_detector_has_positive_and_negative_samples_and_a_source(name):
    kind = kinds()[name]
    assert kind.matches
    assert kind.non_matches
    assert kind.source
    assert kind.name == name


@pytest.mark.parametrize(("spec", "text", "expected"), SAMPLES)
def test_a_match_lies_in_the_raw_text_and_is_not_empty(spec, text, expected):
    if not expected:
        return
    document = Document(key="sample", text=text, context=Context(at=DEFAULT_TIME))
    other = build({"terms": ["other"]})
    seen = build(spec).see(document, lambda _: other.see(document, lambda _: Seen(value=None)))
    assert all(0 <= match.start < match.end <= len(text) for match in seen.matches)
