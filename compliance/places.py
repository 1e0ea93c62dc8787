r"""Lines and columns of a text, counted from 1 in code points.

A line ends with `\n`, `\r\n` or a lone `\r`, and with nothing else: editors, git and code hosts do not count U+2028,
U+0085 or form feeds as line ends, so a line number that did would point to the wrong line.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

_END: Final = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a character stands, from 1; columns are code points."""

    line: int
    column: int


def line_starts(text: str) -> list[int]:
    """Return the offset at which each line begins; never empty."""
    return [0, *(found.end() for found in _END.finditer(text))]


def place_at(starts: list[int], offset: int) -> Place:
    """Return the place of an offset in the text that `starts` was made of."""
    line = bisect_right(starts, offset)
    return Place(line, offset - starts[line - 1] + 1)


class Places:
    """The places of one text; made from it on first use."""

    def __init__(self, text: str, *, first_line: int = 1) -> None:
        self._text, self._first = text, first_line
        self._starts: list[int] = []

    def at(self, offset: int) -> Place:
        """Return the place of an offset in the text."""
        self._starts = self._starts or line_starts(self._text)
        found = place_at(self._starts, offset)
        return Place(found.line + self._first - 1, found.column)
