"""Something that should be there and is not: a disclosure, a warning, a label in the visible part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from rules.detectors.base import (
    NOTHING,
    Detector,
    Gate,
    KeyFault,
    Keys,
    Material,
    Others,
    Phrases,
    Seen,
    check_regions,
    first_characters,
)
from rules.document import Document


class MissingPart(Keys):
    """What is looked for: one kind of part, and where."""

    terms: Phrases | None = None
    hashtag: Phrases | None = None
    regex: Annotated[str, Field(min_length=1)] | None = None
    link: Phrases | None = None
    mention: Phrases | None = None
    in_: Phrases | None = Field(default=None, alias="in")


class MissingKeys(Keys):
    """`{missing: {terms: $disclosures, in: first 125 characters}}`."""

    missing: MissingPart = Field(
        description="a part of kind terms, hashtag, regex, link or mention; `in` says where it should be"
    )


@dataclass(frozen=True)
class Missing:
    """True when nothing of what is asked for is there. False when only empty lists are asked for: there is nothing to miss."""

    name: ClassVar[str] = "missing"
    source: ClassVar[str] = "docs/policy-language.md"
    keys: ClassVar[type[Keys]] = MissingKeys
    matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"missing": {"terms": ["ad"], "in": "first 10 characters"}}, "what a lovely mug, ad"),
        ({"missing": {"hashtag": ["ad"]}}, "an ad for mugs"),
    )
    non_matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (({"missing": {"terms": ["ad"]}}, "Ad: a mug"),)

    wanted: Detector
    regions: tuple[str, ...]
    demands: bool

    @classmethod
    def build(cls, keys: MissingKeys, material: Material) -> Missing:
        """Build what is looked for. Raises KeyFault."""
        spec = keys.missing.model_dump(by_alias=True, exclude_none=True)
        regions = spec.pop("in", [])
        if len(spec) != 1:
            message = "`missing` takes exactly one of terms, hashtag, regex, link, mention"
            raise KeyFault(message, key=("missing",), hint="use two parts for two things that may be missing")
        try:
            check_regions(regions, key="in")
        except KeyFault as fault:
            raise KeyFault(fault.message, key=("missing", *fault.key), hint=fault.hint) from None
        _, phrases = next(iter(spec.items()))
        empty = isinstance(phrases, list) and all(
            p.startswith("$") and p[1:] in material.lists and not material.lists[p[1:]].entries for p in phrases
        )
        return cls(material.build(spec, ("missing",)), tuple(regions), demands=not empty)

    def see(self, document: Document, others: Others) -> Seen:
        """Look; no spans, since there is nothing to point at."""
        if not self.demands:
            return NOTHING
        seen = self.wanted.see(document, others)
        if seen.value is None:
            return seen
        inside = [
            m
            for m in seen.matches
            if not self.regions or any(_within(m.start, m.end, name, document) for name in self.regions)
        ]
        return Seen(value=not inside)

    def gate(self, gate_of: Callable[[str], Gate | None]) -> Gate | None:
        """Nothing: absence has no trace."""
        del gate_of
        return None


def _within(start: int, end: int, region: str, document: Document) -> bool:
    visible = first_characters(region)
    if visible is not None:
        return end <= visible
    return any(low <= start and end <= high for low, high in document.regions.of(region))
