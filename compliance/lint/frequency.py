"""How often everyday posts hold a word, and so how often a rule will fire on them: a guess, from single words."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from rules.detectors.base import NOTHING, SpanKeys
from rules.detectors.count import Count
from rules.detectors.missing import Missing
from rules.detectors.regex import Regex
from rules.detectors.terms import Terms
from rules.document import Document
from rules.expression import And, Name, Node, Not, Or
from rules.kinds import kinds
from rules.policy import Part

#: Between two words: long enough that no pattern reaches over it.
_APART: Final = "\n" + "-\n" * 20
_PER: Final = 1000.0
_SPACES: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Guess:
    """Share of everyday posts, and the words that make most of it: (word, share, list it comes from)."""

    #: None for what does not depend on words: authors, times, languages, what is missing.
    share: float | None
    words: tuple[tuple[str, float, str], ...] = ()


@cache
def table() -> Mapping[str, float]:
    """Return word -> share of posts that hold it; counted by bench/words.py."""
    lines = (files("compliance") / "lint" / "words.txt").read_text(encoding="utf-8").split("\n")
    return {word: float(rate) / _PER for word, _, rate in (line.partition(" ") for line in lines if line)}


def of_rule(when: Node, parts: Mapping[str, Part]) -> Guess:
    """Guess how often a condition is true, as if words fell independently of each other. What is not words counts as rare."""
    guesses = {name: of_part(part) for name, part in parts.items()}
    for name, part in parts.items():
        detector: object = part.detector
        if isinstance(detector, Count):
            guesses[name] = Guess((guesses[detector.part].share or 0.0) ** detector.at_least)

    def share(name: str) -> float | None:
        own, near = guesses[name].share, parts[name].near
        other = guesses[near].share if near in guesses else None
        return own if own is None or other is None else own * other

    words = sorted({word for guess in guesses.values() for word in guess.words}, key=lambda word: -word[1])
    chance = _chance(when, share)
    return Guess(1.0 if chance is None else chance, tuple(words[:3]))


def _chance(node: Node, share: Callable[[str], float | None]) -> float | None:
    """Return how often a condition is true as far as words decide it; None where they do not."""
    if isinstance(node, Name):
        return share(node.name)
    if isinstance(node, Not):
        inner = _chance(node.operand, share)
        return None if inner is None else 1.0 - inner
    chances = [chance for one in node.operands if (chance := _chance(one, share)) is not None]
    if not chances:
        return None
    if isinstance(node, And):
        return math.prod(chances)
    return _at_least(chances, min(len(chances), 1 if isinstance(node, Or) else node.count))


def _at_least(chances: Sequence[float], count: int) -> float:
    """Return how likely so many of independent events are."""
    exactly = [1.0] + [0.0] * len(chances)
    for chance in chances:
        exactly = [
            exactly[number] * (1 - chance) + (exactly[number - 1] * chance if number else 0.0)
            for number in range(len(exactly))
        ]
    return sum(exactly[count:])


def of_part(part: Part) -> Guess:
    """Guess how often a part is true, from the single words that it sees."""
    detector: object = part.detector
    if isinstance(detector, (Terms, Regex)):
        seen = _seen_words(detector)
        phrases = [_phrase(term.text) for term in detector.terms] if isinstance(detector, Terms) else []
        return Guess(_at_least([*(share for _, share, _ in seen), *phrases], 1), tuple(seen))
    if isinstance(detector, Missing) or not issubclass(kinds()[part.detector.name].keys, SpanKeys):
        return Guess(None)
    return Guess(0.0)


def _phrase(text: str) -> float:
    words = _SPACES.split(text.strip())
    return math.prod(table().get(word, 0.0) for word in words) if len(words) > 1 else 0.0


def _seen_words(detector: Terms | Regex) -> list[tuple[str, float, str]]:
    document, words, starts = _probe()
    found: dict[str, str] = {}
    for match in detector.see(document, lambda _: NOTHING).matches:
        index = bisect_right(starts, match.start) - 1
        if match.end <= starts[index] + len(words[index]):
            found[words[index]] = match.kind
    return sorted(((word, table()[word], kind) for word, kind in found.items()), key=lambda row: -row[1])


@cache
def _probe() -> tuple[Document, tuple[str, ...], tuple[int, ...]]:
    """Return one text that holds every word of the table, far from each other, with where each stands."""
    words = tuple(table())
    starts, at = [], 0
    for word in words:
        starts.append(at)
        at += len(word) + len(_APART)
    return Document(key="words", text=_APART.join(words)), words, tuple(starts)
