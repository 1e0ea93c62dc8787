"""Listed words that are nearly there: joined to others in a hashtag, backwards, one letter wrong. Needs the list's word.

What is written is left alone where it is honest: an ordinary word, an inflection, words that read better in another way.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

from rules.anchors import rate
from rules.encoder import SHIPPED

#: Letters that a word needs for one of them to be wrong, and to be recognised backwards.
LEAST_FOR_TYPO: Final = 8
LEAST_REVERSED: Final = 6
_LONGEST_TAG: Final = 60
_HALF: Final = 4
#: Words of two letters that people put into hashtags.
_SHORT: Final = frozenset("am an as at be by do go he hq ii in is it me my no of on or so the to up us vs we".split())  # noqa: SIM905
_REST_OF_TAG: Final = re.compile(r"\w*")
_DIGITS: Final = re.compile(r"\d+")


@cache
def ordinary_words() -> frozenset[str]:
    """Return some 28,000 words that English posts use, in small letters: those that the sentence encoder knows."""
    written = (SHIPPED / "vocabulary.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for word in written if word.isalpha() and (len(word) > len("it") or word in _SHORT))


# --- joined in a hashtag --------------------------------------------------------------------------------------------


def is_joined(text: str, start: int, end: int) -> bool:
    """Return whether the listed word at `[start, end)` of a folded text is one of several that make up a hashtag.

    The others must be ordinary words or numbers, and the tag must not read as well without the listed one:
    "#bluefinishline" is a blue finish line.
    """
    mark = text.rfind("#", max(0, start - _LONGEST_TAG), start)
    if mark < 0 or (mark and (text[mark - 1].isalnum() or text[mark - 1] in "&#_")):
        return False
    tag = _REST_OF_TAG.match(text, mark + 1)
    if tag is None or tag.end() < end or len(tag[0]) > _LONGEST_TAG:
        return False
    return _is_best(tag[0], start - mark - 1, end - mark - 1)


@lru_cache(maxsize=1000)
def _is_best(tag: str, start: int, end: int) -> bool:
    before, after = _fewest(tag[:start]), _fewest(tag[end:])
    if before is None or after is None:
        return False
    otherwise = _fewest(tag, but=(start, end))
    return otherwise is None or before + 1 + after < otherwise


def _fewest(tag: str, but: tuple[int, int] | None = None) -> int | None:
    """Return into how few ordinary words and numbers a tag can be cut, none of them at `but`; None if it cannot."""
    words = ordinary_words()
    fewest: list[int | None] = [0, *[None] * len(tag)]
    for end in range(1, len(tag) + 1):
        for start in range(max(0, end - 20), end):
            known = fewest[start]
            piece = tag[start:end]
            if known is not None and (start, end) != but and (piece in words or _DIGITS.fullmatch(piece)):
                best = fewest[end]
                fewest[end] = known + 1 if best is None else min(best, known + 1)
    return fewest[-1]


# --- backwards ------------------------------------------------------------------------------------------------------


def reversed_form(word: str) -> str:
    """Return a folded word backwards; empty if it is too short, no single word, or the same either way."""
    backwards = word[::-1]
    return backwards if len(word) >= LEAST_REVERSED and word.isalpha() and backwards != word else ""


# --- one letter wrong -----------------------------------------------------------------------------------------------


def typo_anchors(word: str) -> tuple[str, ...]:
    """Return three strings of which every text with one mistake in `word` holds one; empty if it is too short.

    Its two halves (one mistake leaves one of them whole), and it with the two letters at the seam changed over.
    """
    if sum(map(str.isalpha, word)) < LEAST_FOR_TYPO:
        return ()
    seam = min(
        range(_HALF, len(word) - _HALF + 1), key=lambda at: rate(frozenset({word[:at]})) + rate(frozenset({word[at:]}))
    )
    crossed = word[: seam - 1] + word[seam] + word[seam - 1] + word[seam + 1 :]
    return tuple(dict.fromkeys((word[:seam], word[seam:], crossed)))


def typo_at(text: str, start: int, end: int, word: str) -> tuple[int, int] | None:
    """Return where around an anchor of `word` at `[start, end)` a folded text has `word` with one mistake, if it does."""
    found = text[start:end]
    lengths = range(len(word) - 1, len(word) + 2)
    if len(found) == len(word):
        spans = [(start, end)]
    elif word.startswith(found):
        spans = [(start, start + length) for length in lengths] if _is_edge(text, start) else []
    else:
        spans = [(end - length, end) for length in lengths] if _is_edge(text, end) else []
    for low, high in spans:
        if (
            low >= 0
            and high <= len(text)
            and text[low] == word[0]
            and _is_edge(text, low)
            and _is_edge(text, high)
            and _is_mistaken(text[low:high], word)
        ):
            return low, high
    return None


def _is_edge(text: str, at: int) -> bool:
    return at <= 0 or at >= len(text) or not (_is_word(text[at - 1]) and _is_word(text[at]))


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _is_mistaken(written: str, word: str) -> bool:
    """Return whether one letter is missing, added, wrong or changed over, and no ordinary word came of it."""
    changed = _changed(written, word)
    if not changed.isalpha() and changed != " ":
        return False
    if written.count(" ") > word.count(" ") or written.startswith(word) or word.startswith(written):
        return False
    others = set(written.split()) - set(word.split())
    return not others <= ordinary_words()


def _changed(written: str, word: str) -> str:
    """Return the characters that one mistake changed; empty if it was none or more than one."""
    longer, shorter = (written, word) if len(written) > len(word) else (word, written)
    at = next((at for at, (one, other) in enumerate(zip(longer, shorter, strict=False)) if one != other), len(shorter))
    if len(longer) > len(shorter):
        return longer[at] if longer[at + 1 :] == shorter[at:] else ""
    here, there = longer[at : at + 2], shorter[at : at + 2]
    if here[1:] == there[1:] and longer[at + 1 :] == shorter[at + 1 :]:
        return here[:1] + there[:1]
    return here if here == there[::-1] and longer[at + 2 :] == shorter[at + 2 :] else ""
