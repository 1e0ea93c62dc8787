"""How often another part of the rule matches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from rules.detectors.base import NOTHING, Gate, KeyFault, Keys, Material, Others, Seen, Word
from rules.document import Document


class CountKeys(Keys):
    """`{count: PART, at_least: 3, distinct: true}`."""

    count: Word = Field(description="the part whose matches are counted")
    at_least: Annotated[int, Field(ge=1)] = Field(default=1, description="true from this many matches on")
    at_most: Annotated[int, Field(ge=1)] | None = Field(default=None, description="and up to this many")
    distinct: bool = Field(default=False, description="count different texts, not matches")


@dataclass(frozen=True)
class Count:
    """True when the number of matches lies in [at_least, at_most]; its spans are those it counted."""

    name: ClassVar[str] = "count"
    source: ClassVar[str] = "docs/policy-language.md"
    keys: ClassVar[type[Keys]] = CountKeys
    matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"count": "other", "at_least": 2}, "other and other"),
    )
    non_matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"count": "other", "at_least": 2, "distinct": True}, "other and OTHER"),
    )

    part: str
    at_least: int
    at_most: int | None
    distinct: bool

    @classmethod
    def build(cls, keys: CountKeys, material: Material) -> Count:
        """Refuse an empty range. Raises KeyFault."""
        del material
        if keys.at_most is not None and keys.at_most < keys.at_least:
            message = "at_most is below at_least, so this is never true"
            raise KeyFault(message, key=("at_most",), hint="swap the two")
        return cls(keys.count, keys.at_least, keys.at_most, keys.distinct)

    def see(self, document: Document, others: Others) -> Seen:
        """Count; unknown where the counted part is unknown."""
        seen = others(self.part)
        if seen.value is None:
            return seen
        texts = [document.raw[match.start : match.end].casefold() for match in seen.matches]
        number = len(set(texts)) if self.distinct else len(texts)
        if number < self.at_least or (self.at_most is not None and number > self.at_most):
            return NOTHING
        return Seen(value=True, matches=seen.matches)

    def gate(self, gate_of: Callable[[str], Gate | None]) -> Gate | None:
        """What the counted part needs."""
        return gate_of(self.part)
