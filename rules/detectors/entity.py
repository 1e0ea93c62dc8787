"""People, places and organisations that a spaCy pipeline finds: the shipped one, or any that is named. Loads spaCy on first use only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, TypeAlias, get_args

from pydantic import BeforeValidator, Field

from rules.detectors.base import Gate, Material, Others, Seen, SpanKeys
from rules.document import Document
from rules.evaluation import Match

if TYPE_CHECKING:
    from spacy.language import Language

Kind: TypeAlias = Literal["PERSON", "LOCATION", "ORGANIZATION"]
#: Half-open code points and what lies there.
Span: TypeAlias = tuple[int, int, str]

#: The pipeline that ships; how it was made and how well it does stands beside it.
SHIPPED: Final = Path(__file__).parent.parent / "model" / "entities"
#: Labels that pipelines use, and ours: OntoNotes, CoNLL, the universal and the Polish sets.
LABELS: Final = {
    **dict.fromkeys(("PERSON", "PER", "persName"), "PERSON"),
    **dict.fromkeys(("LOCATION", "LOC", "GPE", "FAC", "placeName", "geogName"), "LOCATION"),
    **dict.fromkeys(("ORGANIZATION", "ORGANISATION", "ORG", "orgName"), "ORGANIZATION"),
}
#: spaCy gives no confidence. These are the shipped pipeline's precisions, rounded down (rules/model/entities/README.md).
PRECISION: Final = {"PERSON": 0.7, "LOCATION": 0.6, "ORGANIZATION": 0.5}
#: For a pipeline that we did not measure.
UNMEASURED: Final = 0.7
#: Components that find no entities and cost time.
_IDLE: Final = ["tagger", "parser", "senter", "morphologizer", "attribute_ruler", "lemmatizer", "textcat"]

#: Characters a pipeline is given at a time: keeps its memory flat.
CHUNK: Final = 20_000
#: Keys, pasted data, walls of signs: no name stands there, and taking them apart takes quadratic time.
_BLOB: Final = re.compile(r"[!-~]{200,}|[^\w\s]{100,}")
#: What is left without white space (Chinese, say) is cut, for the same reason.
_UNBROKEN: Final = re.compile(r"\S{400}")
_SENTENCE_END: Final = re.compile(r"\n|[.!?]\s")
_SPACE: Final = re.compile(r"\s")


class PipelineError(RuntimeError):
    """A pipeline is not there, does not load, or finds no entities of the kind asked for."""


def _as_list(value: Any) -> Any:  # noqa: ANN401 - whatever the YAML held
    return value if isinstance(value, list) else [value]


class EntityKeys(SpanKeys):
    """`{entity: [PERSON, LOCATION]}`."""

    entity: Annotated[list[Kind], BeforeValidator(_as_list), Field(min_length=1)] = Field(
        description="PERSON, LOCATION, ORGANIZATION: one or several"
    )


@dataclass(frozen=True)
class Entity:
    """Names that the pipeline finds on the light copy. An @handle is never one, nor a piece of an address."""

    name: ClassVar[str] = "entity"
    source: ClassVar[str] = "https://spacy.io/api/entityrecognizer"
    keys: ClassVar[type[SpanKeys]] = EntityKeys
    #: What `compliance detect` asks.
    survey: ClassVar[dict[str, Any]] = {"entity": ["PERSON", "LOCATION", "ORGANIZATION"]}
    matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"entity": "PERSON"}, "I met Sarah Johnson for lunch yesterday."),
        ({"entity": ["LOCATION"]}, "We are opening an office in London."),
        ({"entity": ["ORGANIZATION", "PERSON"]}, "She works for Microsoft now."),
    )
    non_matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"entity": ["PERSON"]}, "the weather is nice today"),
        ({"entity": ["PERSON", "LOCATION", "ORGANIZATION"]}, "thanks @sarahjohnson, see you at noon"),
    )

    wanted: frozenset[str]
    #: A package or a folder; the shipped pipeline if empty.
    pipeline: str = ""

    @staticmethod
    def known_kinds() -> list[str]:
        """Return the words that `entity` takes."""
        return list(get_args(Kind))

    @classmethod
    def build(cls, keys: EntityKeys, material: Material) -> Entity:
        """Return the part; the pipeline is not loaded yet."""
        return cls(frozenset(keys.entity), material.told.pipeline)

    def see(self, document: Document, others: Others) -> Seen:
        """Every entity of the kinds asked for, in order. Raises PipelineError: a document is never clean for want of a model."""
        del others
        name = self.pipeline or str(SHIPPED)
        missing = self.wanted - _kinds_of(name)
        if missing:
            message = f"the pipeline has no label for {', '.join(sorted(missing))}"
            raise PipelineError(message)
        copy = document.light
        found = []
        for start, end, kind in entities(name, copy.text):
            if kind in self.wanted:
                raw_start, raw_end = copy.raw_span(start, end)
                sure = UNMEASURED if self.pipeline else PRECISION[kind]
                found.append(Match(start=raw_start, end=raw_end, detector=self.name, kind=kind, confidence=sure))
        return Seen(value=bool(found), matches=tuple(found))

    def gate(self, gate_of: Callable[[str], Gate | None]) -> Gate | None:
        """Nothing must be in a text: people write names without capitals."""
        del gate_of
        return None


@lru_cache(maxsize=8)
def entities(pipeline: str, text: str) -> tuple[Span, ...]:
    """Return what the pipeline finds in a text, in order, under our labels. Raises PipelineError."""
    nlp = load(pipeline)
    found: list[Span] = []
    with _ONE_AT_A_TIME, nlp.memory_zone():
        for offset, chunk in chunks(text):
            for span in nlp(chunk).ents:
                kind = LABELS.get(span.label_)
                if kind is not None and not _is_address(chunk, span.start_char, span.end_char):
                    found.append((offset + span.start_char, offset + span.end_char, kind))
    return tuple(found)


#: A pipeline's string store is not made for two threads.
_ONE_AT_A_TIME: Final = Lock()


@cache
def load(pipeline: str) -> Language:
    """Return a pipeline by package name or path, loaded once. Raises PipelineError with the reason."""
    import spacy

    try:
        nlp = spacy.load(pipeline, exclude=_IDLE)
    except Exception as error:
        message = f"the spaCy pipeline {pipeline!r} does not load: {type(error).__name__}"
        raise PipelineError(message) from error
    if not any("doc.ents" in nlp.get_pipe_meta(name).assigns for name in nlp.pipe_names):
        message = f"the spaCy pipeline {pipeline!r} has no component that finds entities"
        raise PipelineError(message)
    return nlp


@cache
def _kinds_of(pipeline: str) -> frozenset[str]:
    labels = (label for names in load(pipeline).pipe_labels.values() for label in names)
    return frozenset(LABELS[label] for label in labels if label in LABELS)


def chunks(text: str) -> Iterator[tuple[int, str]]:
    """Yield (offset, piece), in order, CHUNK characters at most, cut after a sentence or at white space; blobs are left out."""
    start = 0
    for blob in _BLOB.finditer(text):
        yield from _cut(text, start, blob.start())
        start = blob.end()
    yield from _cut(text, start, len(text))


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    stops = (run.end() for run in _UNBROKEN.finditer(text, start, end))
    for bound in (*stops, end):
        while bound - start > CHUNK:
            stop = _last(_SENTENCE_END, text, start) or _last(_SPACE, text, start) or start + CHUNK
            yield start, text[start:stop]
            start = stop
        if text[start:bound].strip():
            yield start, text[start:bound]
        start = max(start, bound)


def _last(mark: re.Pattern[str], text: str, start: int) -> int | None:
    """Where the last such mark of the chunk's second half ends."""
    ends = [found.end() for found in mark.finditer(text, start + CHUNK // 2, start + CHUNK)]
    return ends[-1] if ends else None


def _is_address(text: str, start: int, end: int) -> bool:
    return "@" in text[max(0, start - 1) : end + 1] or "://" in text[start:end]
