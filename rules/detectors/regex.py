"""Patterns in RE2 syntax with Unicode word boundaries: linear in the length of the text, whatever an author writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import Field

from rules.anchors import anchors
from rules.detectors.base import Gate, KeyFault, Material, Others, Seen, SpanKeys, Word
from rules.dialect import DialectError, Pattern
from rules.document import Document
from rules.evaluation import Match


class RegexKeys(SpanKeys):
    """`{regex: 'Q[1-4] results', confidence: 0.8, exact: true}`."""

    regex: Word = Field(description="RE2 syntax; a group named `span` narrows what is marked")
    exact: bool = Field(default=False, description="capitals matter")
    confidence: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.9, description="how sure a match is, above 0 to 1"
    )


@dataclass(frozen=True)
class Regex:
    """A pattern on the light copy: width and zero-width characters folded away, everything else as written."""

    name: ClassVar[str] = "regex"
    source: ClassVar[str] = "https://github.com/google/re2/wiki/Syntax"
    keys: ClassVar[type[SpanKeys]] = RegexKeys
    matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"regex": r"\bq[1-4] (?:results|numbers)\b"}, "Our Q3 results"),
        ({"regex": r"\bcafé\b"}, "un café!"),
        ({"regex": r"\d{3}"}, "٣٤٥"),
    )
    non_matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"regex": r"\bsecret\b"}, "ésecret"),
        ({"regex": "IT", "exact": True}, "it"),
    )

    pattern: str
    exact: bool
    confidence: float

    @classmethod
    def build(cls, keys: RegexKeys, material: Material) -> Regex:
        """Compile once to refuse what RE2 refuses. Raises KeyFault with the reason."""
        try:
            Pattern(keys.regex, ignore_case=not keys.exact, check=not material.trusted)
        except DialectError as error:
            message = f"{error.message} (at character {error.position + 1} of the pattern)"
            raise KeyFault(message, key=("regex",), hint=error.hint) from None
        return cls(keys.regex, keys.exact, keys.confidence)

    def see(self, document: Document, others: Others) -> Seen:
        """Every non-overlapping match, leftmost first."""
        del others
        copy = document.light
        matches = []
        for start, end in self._compiled.spans(copy.text):
            raw_start, raw_end = copy.raw_span(start, end)
            matches.append(
                Match(start=raw_start, end=raw_end, detector=self.name, kind="pattern", confidence=self.confidence)
            )
        return Seen(value=bool(matches), matches=tuple(matches))

    def gate(self, gate_of: Callable[[str], Gate | None]) -> Gate | None:
        """The strings that must occur where it matches; None where nothing can be said."""
        del gate_of
        found = anchors(self.pattern)
        return Gate(anchors=found[0], further=found[1:]) if found else None

    @cached_property
    def _compiled(self) -> Pattern:
        return Pattern(self.pattern, ignore_case=not self.exact, check=False)
