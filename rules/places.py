"""Where matches lie relative to regions and to each other. Each question costs a binary search, however long the text."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

from rules.detectors.base import first_characters
from rules.document import Document
from rules.evaluation import Match
from rules.policy import Part
from rules.regions import word_spans

#: A gap longer than this many characters per allowed word is not near, whatever stands in it.
_LONGEST_WORD: Final = 64


def region_spans(document: Document, region: str) -> Sequence[tuple[int, int]]:
    """Return the raw spans of a region, `first N characters` included; in order and disjoint."""
    first = first_characters(region)
    return document.regions.of(region) if first is None else ((0, first),)


def lies_in(match: Match, spans: Sequence[tuple[int, int]]) -> bool:
    """Return whether one span holds the whole match."""
    index = bisect_right(spans, (match.start, _beyond(spans))) - 1
    return index >= 0 and match.end <= spans[index][1]


def touches(match: Match, spans: Sequence[tuple[int, int]]) -> bool:
    """Return whether the match shares a character with one of the spans."""
    index = bisect_left(spans, (match.end, 0)) - 1
    return index >= 0 and spans[index][1] > match.start


def _beyond(spans: Sequence[tuple[int, int]]) -> int:
    """Return a number above every end, so that spans starting at the same place count as not after it."""
    return spans[-1][1] + 1 if spans else 0


def near_ones(part: Part, matches: Iterable[Match], others: Sequence[Match], document: Document) -> list[Match]:
    """Return the matches that are near one of `others`, by the part's own distance.

    Only the nearest one on either side is looked at: whatever stands farther off has more between.
    """
    starts = [other.start for other in others]
    ends: list[int] = []
    reach = 0
    for other in others:
        reach = max(reach, other.end)
        ends.append(reach)
    return [match for match in matches if _has_neighbour(part, match, starts, ends, document)]


def _has_neighbour(part: Part, match: Match, starts: list[int], ends: list[int], document: Document) -> bool:
    after = bisect_left(starts, match.end)
    before = bisect_right(ends, match.start)
    if before < after:
        return True  # one of them touches or overlaps
    gaps = [(match.end, starts[after])] if after < len(starts) else []
    gaps += [(ends[before - 1], match.start)] if before else []
    return any(_is_short(part, low, high, document) for low, high in gaps)


def _is_short(part: Part, low: int, high: int, document: Document) -> bool:
    if low >= high:
        return True
    regions = document.regions
    if part.within_words is not None and high - low > _LONGEST_WORD * (part.within_words + 1):
        return False
    if _holds_edge(regions.block_edges(), low, high):
        return False
    if part.within_words is None:
        return not _holds_edge(regions.sentence_edges(), low, high)
    return len(word_spans(document.raw[low:high])) <= part.within_words


def _holds_edge(edges: Sequence[int], low: int, high: int) -> bool:
    index = bisect_left(edges, low)
    return index < len(edges) and edges[index] <= high
