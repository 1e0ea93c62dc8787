"""Copies of a text that matching is done on, each with an exact map back to the raw text. No term, no rule here.

A copy's text is made by C-speed primitives; its map only when a span is asked for, by replaying the same stages edit
by edit. A property test shows that both ways give the same text.
"""
# ruff: noqa: RUF001  character ranges are data

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from rules.confusables import ALIKE, PASSING, STEADY, light_character, plain_character

#: `[start, end)` of a text and what stands there instead. Of equal length: one for one. Else every new character
#: stands for the whole of it.
Edit = tuple[int, int, str]
Stage = Callable[[str], Iterable[Edit]]

# Canonical ordering is quadratic; nobody writes more marks than this (UAX 15, stream-safe text).
_MOST_MARKS: Final = 30
# From so many marks that do not compose on, it is Zalgo, and the ones that would compose are part of it.
_ZALGO: Final = 3


class Copy:
    """A changed text and where each part of it came from. Without stages: changed character for character.

    Neither text shows in a repr.
    """

    __slots__ = ("_map", "_raw", "_stages", "text")

    def __init__(self, text: str, raw: str, stages: tuple[Stage, ...] = ()) -> None:
        self.text = text
        self._raw = raw
        self._stages = stages
        self._map: tuple[Sequence[int], Sequence[int]] | None = None

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the half-open code points of the raw text that `[start, end)` of the copy stands for.

        Reaches from the first to the last character that made it, with whatever was dropped between them and nothing
        that was dropped before or after. Empty for an empty span. Raises IndexError for a span outside the copy.
        """
        if not 0 <= start <= end <= len(self.text):
            message = f"span {start}:{end} lies outside a copy of {len(self.text)} characters"
            raise IndexError(message)
        if not self._stages:
            return start, end
        if self._map is None:
            self._map = self.replayed()[1:]
        starts, ends = self._map
        if start == end:
            at = starts[start] if start < len(starts) else len(self._raw)
            return at, at
        return starts[start], ends[end - 1]

    def replayed(self) -> tuple[str, Sequence[int], Sequence[int]]:
        """Make the copy again, edit by edit: its text, and each character's start and end in the raw text."""
        text = self._raw
        starts = list(range(len(text)))
        ends = list(range(1, len(text) + 1))
        for stage in self._stages:
            text, starts, ends = _tracked(text, starts, ends, edits=stage(text))
        return text, starts, ends


def light(raw: str) -> Copy:
    """Copy `raw` without invisible characters and with compatibility forms as plain ones; keeps case."""
    if raw.isascii():
        return Copy(raw, raw)
    text = _CHANGING.sub(_lightened, raw)
    return Copy(raw, raw) if text == raw else Copy(text, raw, LIGHT)


def folded(raw: str) -> Copy:
    """Copy `raw` for comparing words: `light`, without case, disguised letters, loose marks and odd spacing.

    The words to look for must be folded alike.
    """
    if raw.isascii():
        text = _spaced(raw.lower())
        # ASCII only ever gets shorter, by runs of white space.
        return Copy(text, raw) if len(text) == len(raw) else Copy(text, raw, FOLD)
    text = _CHANGING.sub(_plainly, raw)
    if text.isascii():
        return Copy(_spaced(text.lower()), raw, FOLD)
    if _ALIKE.search(text):
        text = edited(text, _homoglyph_edits(text))
    text = text.casefold()
    if _MARKED.search(text):
        text = edited(text, _mark_edits(text))
    return Copy(_spaced(text), raw, FOLD)


def _spaced(text: str) -> str:
    if "-" in text:
        text = _HYPHEN.sub(" ", text)
    # What is printable has no white space but plain spaces.
    if "  " in text or not text.isprintable():
        text = _squeezed(text)
    return text


def _squeezed(text: str) -> str:
    """Make each run of white space one space; splitting and joining is far quicker than substituting."""
    inner = " ".join(text.split())
    if not inner:
        return " " if text else ""
    before = " " if text[0].isspace() else ""
    after = " " if text[-1].isspace() else ""
    return f"{before}{inner}{after}"


# --- characters ---------------------------------------------------------------------------------------------------


class _Table(dict[int, str]):
    """A translation table that works out each character once; at most as large as Unicode."""

    def __init__(self, rule: Callable[[str], str]) -> None:
        super().__init__()
        self._rule = rule

    def __missing__(self, code: int) -> str:
        """Work out, remember and return what `code` becomes."""
        self[code] = result = self._rule(chr(code))
        return result


# Most characters stay as they are; a callback for those that may not costs more than finding them.
_CHANGING: Final = re.compile(f"[^\\x00-\\x7f{STEADY}]+")
_LIGHT: Final = _Table(light_character)
_PLAIN: Final = _Table(plain_character)


def _lightened(found: re.Match[str]) -> str:
    return found[0].translate(_LIGHT)


def _plainly(found: re.Match[str]) -> str:
    return found[0].translate(_PLAIN)


def _table_edits(text: str, table: _Table) -> Iterator[Edit]:
    for run in _CHANGING.finditer(text):
        for at, character in enumerate(run[0], run.start()):
            if (new := table[ord(character)]) != character:
                yield at, at + 1, new


def _light_edits(text: str) -> Iterator[Edit]:
    return _table_edits(text, _LIGHT)


def _plain_edits(text: str) -> Iterator[Edit]:
    return _table_edits(text, _PLAIN)


# --- look-alikes --------------------------------------------------------------------------------------------------

_ALIKE: Final = re.compile(f"[{''.join(PASSING)}]")
_LATIN: Final = re.compile("[A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ]")
# Letters, digits and marks of the scripts that can be taken for one another: Latin, Greek, Cyrillic, Armenian, …
_TOKEN: Final = re.compile("[0-9A-Za-zÀ-ÖØ-öø-ɏ\u0300-\u0588Ḁ-ỿἀ-῿Ꭰ-Ᏼꓐ-ꓽ]+")
# A word of look-alikes only counts as disguised where Latin letters outnumber the plainly foreign ones so many times.
_MOSTLY: Final = 2


def _homoglyph_edits(text: str) -> Iterator[Edit]:
    if not _LATIN.search(text):
        return
    in_doubt: list[re.Match[str]] = []
    mixed: list[re.Match[str]] = []
    foreign = 0
    for token in _TOKEN.finditer(text):
        letters = [c for c in token[0] if c.isalpha() and not _LATIN.match(c)]
        if _LATIN.search(token[0]):
            if letters and all(c in PASSING for c in letters):
                mixed.append(token)
        elif letters and all(c in ALIKE for c in letters):
            in_doubt.append(token)
        else:
            foreign += len(letters)
    if in_doubt and len(_LATIN.findall(text)) > _MOSTLY * foreign:
        mixed = sorted(mixed + in_doubt, key=re.Match.start)
    for token in mixed:
        yield token.start(), token.end(), "".join(PASSING.get(c, c) for c in token[0])


def _case_edits(text: str) -> Iterator[Edit]:
    for at, character in enumerate(text):
        if (new := character.casefold()) != character:
            yield at, at + 1, new


# --- marks --------------------------------------------------------------------------------------------------------

_DROPPED: Final = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
# … and those that compose with Arabic and kana letters.
_MARKS: Final = _DROPPED + "\u0653-\u0655\u3099\u309a"
_MARK: Final = re.compile(f"[{_MARKS}]")
_JAMO: Final = "[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?"
_MARKED: Final = re.compile(f"[{_MARKS}\u1161-\u1175]")
_CLUSTER: Final = re.compile(f"(?:[^{_MARKS}]|^)[{_MARKS}]+|{_JAMO}")
# Where a mark that does not compose is decoration: ASCII, Latin, Greek, Cyrillic (and whatever is no letter).
_BARE: Final = re.compile("[\\x00-\\x7fÀ-ʯͰ-ԯḀ-ỿἀ-῿]")


def _mark_edits(text: str) -> Iterator[Edit]:
    for found in _CLUSTER.finditer(text):
        at, cluster = found.start(), found[0]
        for start, end, new in _usual_edits(cluster) if len(cluster) <= _MOST_MARKS else _cluster_edits(cluster):
            yield at + start, at + end, new


@lru_cache(maxsize=4096)
def _usual_edits(cluster: str) -> tuple[Edit, ...]:
    return _cluster_edits(cluster)


def _cluster_edits(cluster: str) -> tuple[Edit, ...]:
    composed = cluster if len(cluster) > _MOST_MARKS else unicodedata.normalize("NFC", cluster)
    if _is_decorated(cluster, composed):
        return tuple(_stripped(cluster, composed[0]))
    return ((0, len(cluster), composed),) if composed != cluster else ()


def _is_decorated(cluster: str, composed: str) -> bool:
    if _MARK.match(cluster):
        return True
    return len(composed) > 1 and (_BARE.match(cluster) is not None or not cluster[0].isalpha())


def _stripped(cluster: str, head: str) -> Iterator[Edit]:
    """Drop the marks of `cluster` that are no part of its composed `head`; from three such on, all of them."""
    base = cluster[0]
    kept = 0 if _MARK.match(base) else 1
    if kept and head != base and len(cluster) <= _ZALGO:
        wanted = _parts(head)
        kept += max((at for at, mark in enumerate(cluster[1:], 1) if wanted & _parts(mark)), default=1)
        yield 0, kept, head
    for at in range(kept, len(cluster)):
        yield at, at + 1, ""


def _parts(character: str) -> set[str]:
    return set(unicodedata.normalize("NFD", character))


# --- spacing ------------------------------------------------------------------------------------------------------

_HYPHEN: Final = re.compile(r"(?<=\w)-(?=\w)")
_SPACING: Final = re.compile(rf"{_HYPHEN.pattern}|\s+")


def _spacing_edits(text: str) -> Iterator[Edit]:
    for found in _SPACING.finditer(text):
        if found[0] != " ":
            yield found.start(), found.end(), " "


#: What `light` and `folded` do, edit by edit: the first stages of a copy that undoes more.
LIGHT: Final[tuple[Stage, ...]] = (_light_edits,)
FOLD: Final[tuple[Stage, ...]] = (_plain_edits, _homoglyph_edits, _case_edits, _mark_edits, _spacing_edits)


# --- edits --------------------------------------------------------------------------------------------------------


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return `text` with the edits made; they come in order and do not overlap."""
    parts: list[str] = []
    done = 0
    for start, end, new in edits:
        parts += (text[done:start], new)
        done = end
    return "".join((*parts, text[done:]))


def _tracked(
    text: str, starts: list[int], ends: list[int], *, edits: Iterable[Edit]
) -> tuple[str, list[int], list[int]]:  # fmt: skip
    listed = list(edits)
    new_starts: list[int] = []
    new_ends: list[int] = []
    done = 0
    for start, end, new in listed:
        new_starts += starts[done:start]
        new_ends += ends[done:start]
        if len(new) == end - start:
            new_starts += starts[start:end]
            new_ends += ends[start:end]
        else:
            new_starts += [starts[start]] * len(new)
            new_ends += [ends[end - 1]] * len(new)
        done = end
    return edited(text, listed), new_starts + starts[done:], new_ends + ends[done:]
