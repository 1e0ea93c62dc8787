"""Which language a text is in, as a condition of a rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from rules.detectors.base import Gate, Keys, Material, Others, Phrases, Seen
from rules.document import Document


class LanguageKeys(Keys):
    """`{language: [de, fr]}`."""

    language: Phrases = Field(description="BCP 47 codes; any one of them")


@dataclass(frozen=True)
class Language:
    """True where a part of the text is surely in one of the languages."""

    name: ClassVar[str] = "language"
    source: ClassVar[str] = "https://fasttext.cc/docs/en/language-identification.html"
    keys: ClassVar[type[Keys]] = LanguageKeys
    matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"language": "de"}, "Heute war ein langer Tag im Büro, aber wir haben es geschafft"),
        ({"language": ["en", "ru"]}, "Завтра подписываем договор, никому не говорите"),
    )
    non_matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"language": "de"}, "It was a long day at the office but we made it in the end"),
    )

    codes: frozenset[str]

    @classmethod
    def build(cls, keys: LanguageKeys, material: Material) -> Language:
        """Take the codes as they are."""
        del material
        return cls(frozenset(code.lower() for code in keys.language))

    def see(self, document: Document, others: Others) -> Seen:
        """Unknown where the text is too short or too uncertain to tell."""
        del others
        if not document.languages:
            return Seen(value=None, unknown="the language cannot be told")
        return Seen(value=not self.codes.isdisjoint(document.languages))

    def gate(self, gate_of: Callable[[str], Gate | None]) -> Gate | None:
        """Nothing must be in the text."""
        del gate_of
        return None
