"""Mentions of accounts: any, or certain handles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from pydantic import Field

from rules.detectors.base import NOTHING, PLAIN, Gate, Material, Others, Phrases, Seen, SpanKeys, resolve
from rules.dialect import Pattern
from rules.document import Document
from rules.evaluation import Match

#: @name, @name.example.org, @name@example.org; not the middle of a mail address.
_MENTION: Final = Pattern(r"(?:^|[^\w@.+/-])(?P<span>@\w(?:[\w.-]*\w)?(?:@\w(?:[\w.-]*\w)?)?)")


class MentionKeys(SpanKeys):
    """`{mention: any}` or `{mention: ["@norwell", $executives]}`."""

    mention: Phrases = Field(description="`any`, handles with or without @, or $lists of handles")


@dataclass(frozen=True)
class Mention:
    """An @-mention, compared without case."""

    name: ClassVar[str] = "mention"
    source: ClassVar[str] = "https://docs.joinmastodon.org/spec/activitypub/#Mention"
    keys: ClassVar[type[SpanKeys]] = MentionKeys
    #: What `compliance detect` asks.
    survey: ClassVar[dict[str, Any]] = {"mention": "any"}
    matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"mention": "any"}, "thanks @Kofi!"),
        ({"mention": ["norwell"]}, "hey @NORWELL."),
    )
    non_matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"mention": "any"}, "mail press@norwell.example"),
        ({"mention": ["norwell"]}, "@norwells"),
    )

    handles: frozenset[str]
    any: bool

    @classmethod
    def build(cls, keys: MentionKeys, material: Material) -> Mention:
        """Read the handles. Raises KeyFault for an unknown list."""
        plain, lists = resolve(keys.mention, material, key="mention")
        listed = (entry.term for one in lists for entry in one.entries)
        return cls(
            frozenset(handle.casefold().lstrip("@") for handle in [*plain, *listed]) - {"any"}, any="any" in plain
        )

    def see(self, document: Document, others: Others) -> Seen:
        """Every mention in order."""
        del others
        if not (self.any or self.handles):
            return NOTHING
        copy = document.light
        found = []
        for start, end in _MENTION.spans(copy.text):
            if self.any or copy.text[start + 1 : end].casefold() in self.handles:
                raw_start, raw_end = copy.raw_span(start, end)
                found.append(Match(start=raw_start, end=raw_end, detector=self.name, kind="mention", confidence=PLAIN))
        return Seen(value=bool(found), matches=tuple(found))

    def gate(self, gate_of: Callable[[str], Gate | None]) -> Gate | None:
        """An @."""
        del gate_of
        return Gate(literals=frozenset({"@"}))
