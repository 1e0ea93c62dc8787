"""Hashtags: any, or certain ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from pydantic import Field

from rules.detectors.base import NOTHING, PLAIN, Gate, Material, Others, Phrases, Seen, SpanKeys, resolve
from rules.dialect import Pattern
from rules.document import Document
from rules.evaluation import Match
from rules.fold import folded

#: UTS 31 hashtag identifiers, simplified: word characters with at least one letter; not `&#39;` and not `C#`.
_HASHTAG: Final = Pattern(r"(?:^|[^\w&#/])(?P<span>#\w*\pL\w*)")


class HashtagKeys(SpanKeys):
    """`{hashtag: any}` or `{hashtag: ["#ad", $disclosures]}`."""

    hashtag: Phrases = Field(description="`any`, tags with or without #, or $lists of tags")


@dataclass(frozen=True)
class Hashtag:
    """A whole hashtag, compared folded."""

    name: ClassVar[str] = "hashtag"
    source: ClassVar[str] = "https://www.unicode.org/reports/tr31/#hashtag_identifiers"
    keys: ClassVar[type[SpanKeys]] = HashtagKeys
    #: What `compliance detect` asks.
    survey: ClassVar[dict[str, Any]] = {"hashtag": "any"}
    matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"hashtag": "any"}, "so good #spring"),
        ({"hashtag": ["ad"]}, "(#AD) new mug"),
    )
    non_matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"hashtag": "any"}, "issue #12 in C# &#39;"),
        ({"hashtag": ["ad"]}, "#adventure"),
    )

    tags: frozenset[str]
    any: bool

    @classmethod
    def build(cls, keys: HashtagKeys, material: Material) -> Hashtag:
        """Read the tags. Raises KeyFault for an unknown list."""
        plain, lists = resolve(keys.hashtag, material, key="hashtag")
        listed = (entry.term for one in lists for entry in one.entries)
        return cls(frozenset(folded(tag.lstrip("#")).text for tag in [*plain, *listed]) - {"any"}, any="any" in plain)

    def see(self, document: Document, others: Others) -> Seen:
        """Every hashtag in order."""
        del others
        if not (self.any or self.tags):
            return NOTHING
        copy = document.folded
        found = []
        for start, end in _HASHTAG.spans(copy.text):
            if self.any or copy.text[start + 1 : end] in self.tags:
                raw_start, raw_end = copy.raw_span(start, end)
                found.append(Match(start=raw_start, end=raw_end, detector=self.name, kind="hashtag", confidence=PLAIN))
        return Seen(value=bool(found), matches=tuple(found))

    def gate(self, gate_of: Callable[[str], Gate | None]) -> Gate | None:
        """A #."""
        del gate_of
        return Gate(literals=frozenset({"#"}))
