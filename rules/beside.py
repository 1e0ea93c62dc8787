"""Words beside a match that speak for it or against it: whole words, without plural and verb endings. No lemmatiser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

_TOKEN: Final = re.compile(r"[^\W_]+")
#: How far to look, in characters: a bound, so that a match costs the same in any text.
_REACH_BEFORE, _REACH_AFTER = 90, 40
#: Words after a match stand apart from it: "SSN: 1, phone: 2".
_AFTER_COSTS: Final = 2

#: Phrases by their last word, each as its words.
Phrases: TypeAlias = dict[str, tuple[tuple[str, ...], ...]]


@dataclass(frozen=True, slots=True, order=True)
class Beside:
    """The nearest phrase: the smaller, the nearer; of two equally near ones the longer."""

    distance: int
    shortness: int
    phrase: str


def phrases(words: Iterable[str]) -> Phrases:
    """Index phrases for `nearest`."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in sorted(words):
        tokens = tuple(stem(token) for token in tokens_of(phrase))
        found.setdefault(tokens[-1], []).append(tokens)
    return {last: tuple(several) for last, several in found.items()}


def tokens_of(text: str) -> list[str]:
    """Return the words of a text, without case."""
    return _TOKEN.findall(text.casefold())


def stem(token: str) -> str:
    """Take off a plural or verb ending, the same way for phrases and texts."""
    for ending, least in (("ing", 4), ("ed", 4), ("s", 3)):
        if token.endswith(ending) and not token.endswith("ss") and len(token) - len(ending) >= least:
            return token[: -len(ending)]
    return token


def nearest(known: Phrases, text: str, start: int, end: int, *, before: int, after: int) -> Beside | None:
    """Return the nearest phrase among so many words before `start` and after `end`, if any."""
    ahead = _before(text, start)[-before:]
    found = [Beside(len(ahead) - 1 - at, -len(p), " ".join(p)) for at, p in _in(known, ahead)]
    if after:
        behind = _after(text, end)[:after]
        found += [Beside(at - len(p) + 1 + _AFTER_COSTS, -len(p), " ".join(p)) for at, p in _in(known, behind)]
    return min(found, default=None)


def _in(known: Phrases, tokens: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    for at, token in enumerate(tokens):
        for phrase in known.get(token, ()):
            if tuple(tokens[max(0, at + 1 - len(phrase)) : at + 1]) == phrase:
                yield at, phrase


def _before(text: str, start: int) -> list[str]:
    low = max(0, start - _REACH_BEFORE)
    tokens = _stems(text[low:start])
    # A word that begins before the cut is no whole word.
    return tokens[1:] if low and text[low - 1].isalnum() and text[low].isalnum() else tokens


def _after(text: str, end: int) -> list[str]:
    high = end + _REACH_AFTER
    tokens = _stems(text[end:high])
    return tokens[:-1] if high < len(text) and text[high - 1].isalnum() and text[high].isalnum() else tokens


def _stems(text: str) -> list[str]:
    return [stem(token) for token in tokens_of(text)]
