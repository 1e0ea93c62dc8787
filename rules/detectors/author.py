"""Who publishes: groups, country."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from rules.detectors.base import Gate, KeyFault, Keys, Material, Others, Phrases, Seen
from rules.document import Document


class AuthorIs(Keys):
    """Conditions on the author; all given ones must hold."""

    group: Phrases | None = Field(default=None, description="in at least one of these groups")
    not_group: Phrases | None = Field(default=None, description="in none of these groups")
    country: Phrases | None = Field(default=None, description="works in one of these countries (ISO 3166-1 alpha-2)")


class AuthorKeys(Keys):
    """`{author: {group: adviser, not_group: press-office, country: [GB, DE]}}`."""

    author: AuthorIs = Field(description="what must hold of the author")


@dataclass(frozen=True)
class Author:
    """Kleene `and` over the conditions; unknown where the author's groups or country are."""

    name: ClassVar[str] = "author"
    source: ClassVar[str] = "docs/policy-language.md"
    keys: ClassVar[type[Keys]] = AuthorKeys
    matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"author": {"not_group": "press-office"}}, "anything by an employee"),
    )
    non_matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"author": {"group": ["adviser"]}}, "anything by an employee"),
    )

    group: frozenset[str]
    not_group: frozenset[str]
    country: frozenset[str]

    @classmethod
    def build(cls, keys: AuthorKeys, material: Material) -> Author:
        """Refuse a part that asks for nothing. Raises KeyFault."""
        del material
        asked = keys.author
        if not (asked.group or asked.not_group or asked.country):
            message = "`author` says nothing about the author"
            raise KeyFault(message, key=("author",), hint="give group, not_group or country")
        return cls(
            frozenset(asked.group or ()),
            frozenset(asked.not_group or ()),
            frozenset(c.upper() for c in asked.country or ()),
        )

    def see(self, document: Document, others: Others) -> Seen:
        """Compare with the context; no spans."""
        del others
        groups, country = document.context.groups, document.context.country
        values: list[bool | None] = []
        if self.group:
            values.append(None if groups is None else bool(groups & self.group))
        if self.not_group:
            values.append(None if groups is None else not groups & self.not_group)
        if self.country:
            values.append(None if country is None else country in self.country)
        if False in values:
            return Seen(value=False)
        return (
            Seen(value=None, unknown="the author's groups or country are unknown")
            if None in values
            else Seen(value=True)
        )

    def gate(self, gate_of: Callable[[str], Gate | None]) -> Gate | None:
        """Nothing in the text."""
        del gate_of
        return None
