"""Text of strangers made safe for terminals and spreadsheets: what is dangerous shows as an escape, never drops.

Everything that reaches a terminal is a `rich.text.Text`, so no post is ever read as markup.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import Final, TextIO

from rich.cells import cell_len
from rich.text import Text

#: Half-open code points of the raw text.
Span = tuple[int, int]

#: Around a match where colour and underline may not show.
MARKS: Final = ("⟦", "⟧")
MATCH_STYLE: Final = "bold underline yellow"
ESCAPE_STYLE: Final = "reverse dim"
ELLIPSIS: Final = "…"

_NAMED: Final = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
_CLASS: Final = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1: ESC starts terminal commands
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # bidirectional controls, UAX #9 (CVE-2021-42574), deprecated kin
    r"\u2028\u2029"  # line and paragraph separators
    r"\ud800-\udfff"  # lone surrogates, which no encoding takes
    r"\U000e0000-\U000e007f"  # tags: hidden ASCII
)
_MULTI_LINE: Final = re.compile(f"[{_CLASS}]")
_SINGLE_LINE: Final = re.compile(f"[{_CLASS}\\t\\n]")
_FORMULA: Final = frozenset("=+-@\u2212")


def escape(character: str) -> str:
    r"""Return the visible form of one character: `\n`, `\x1b`, `\u202e`, `\U000e0041`."""
    code = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


def for_terminal(text: str, *, single_line: bool = False) -> str:
    """Return the text with everything escaped that a terminal would obey or hide; emoji joiners and all letters stay.

    Newlines and tabs stay too, unless `single_line`. For plain streams only: with rich, use `as_text`.
    """
    pattern = _SINGLE_LINE if single_line else _MULTI_LINE
    return pattern.sub(lambda found: escape(found[0]), text)


def as_text(text: str, *, single_line: bool = False, style: str = "") -> Text:
    """Return the text for rich, escapes set apart by style; `[link=…]`, `[/nope]` and `:smile:` show literally."""
    return _styled(text, pattern=_SINGLE_LINE if single_line else _MULTI_LINE, style=style)


def merged(spans: Iterable[Span], *, length: int) -> list[Span]:
    """Return the spans in order, clamped to `[0, length]`, overlaps merged, empty ones dropped."""
    result: list[Span] = []
    for start, end in sorted((max(0, start), min(length, end)) for start, end in spans):
        if start >= end:
            continue
        if result and start < result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def highlight(text: str, spans: Iterable[Span], *, marks: bool = False, single_line: bool = False) -> Text:
    """Return the text with each span bold, underlined and coloured; with `marks` also inside ⟦ ⟧.

    Set `marks` where styles do not show: output that is no terminal, or NO_COLOR. An author's own ⟦ ⟧ are escaped then.
    """
    pattern = _SINGLE_LINE if single_line else _MULTI_LINE
    if marks:
        pattern = re.compile(f"{pattern.pattern}|[{''.join(MARKS)}]")
    result, done = Text(), 0
    for start, end in merged(spans, length=len(text)):
        result.append_text(_styled(text[done:start], pattern=pattern))
        result.append_text(_marked(_styled(text[start:end], pattern=pattern, style=MATCH_STYLE), marks=marks))
        done = end
    return result.append_text(_styled(text[done:], pattern=pattern))


def snippet(text: str, spans: Iterable[Span], width: int, *, marks: bool = False) -> Text:
    """Return one line of at most `width` terminal cells around the first span (or from the start), cut ends shown as ….

    Costs the same for a post of any length.
    """
    found = merged(spans, length=len(text))
    start, end = found[0] if found else (0, 0)
    # Only what could be shown; a character of no width cannot widen the window without bound.
    first, last = max(0, start - width), min(len(text), start + 2 * width)
    cells = [_cells(character, marks=marks) for character in text[first:last]]
    for edge in {edge - first for left, right in found for edge in (left, right - 1) if first <= edge < last and marks}:
        cells[edge] += 2
    budget = width - 2 * cell_len(ELLIPSIS) - 2 * marks  # spans cut at either end still get both their marks
    low, high = _window(cells, start - first, min(end, last) - first, budget=budget)
    low, high = low + first, high + first
    line = Text(ELLIPSIS if low > 0 else "")
    shown = [(left - low, right - low) for left, right in found if left < high]
    line.append_text(highlight(text[low:high], shown, marks=marks, single_line=True))
    return line.append(ELLIPSIS if high < len(text) else "")


def csv_cell(value: object) -> str | int | float:
    """Return a value that no spreadsheet runs: a formula gets a leading apostrophe, controls become visible escapes.

    A formula is text whose first character after white space and controls is `=`, `+`, `-` or `@` in any width, or that
    begins with TAB, CR, LF or NUL. Source: OWASP, CSV Injection; importers differ in what they strip before they look.
    """
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool | Enum):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return ("'" if _runs(text) else "") + for_terminal(text, single_line=True)


def write_csv(rows: Iterable[Sequence[object]], file: TextIO) -> None:
    """Write rows as CSV in which every cell went through `csv_cell`. Open the file with `newline=""`."""
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows([csv_cell(value) for value in row] for row in rows)


def _styled(text: str, *, pattern: re.Pattern[str], style: str = "") -> Text:
    result, done = Text(style=style), 0
    for found in pattern.finditer(text):
        result.append(text[done : found.start()]).append(escape(found[0]), style=ESCAPE_STYLE)
        done = found.end()
    return result.append(text[done:])


def _marked(text: Text, *, marks: bool) -> Text:
    return Text(MARKS[0]).append_text(text).append(MARKS[1]) if marks else text


def _cells(character: str, *, marks: bool) -> int:
    escaped = _SINGLE_LINE.match(character) or (marks and character in MARKS)
    return len(escape(character)) if escaped else cell_len(character)


def _window(cells: Sequence[int], start: int, end: int, *, budget: int) -> tuple[int, int]:
    """Return the range of characters to show: the match, then a third of what is left before it, the rest after it."""
    low = high = start
    while high < end and cells[high] <= budget:
        budget -= cells[high]
        high += 1
    if high < end:
        return low, high
    before = budget // 3 if high < len(cells) else budget
    while low > 0 and cells[low - 1] <= before:
        low, before, budget = low - 1, before - cells[low - 1], budget - cells[low - 1]
    while high < len(cells) and cells[high] <= budget:
        budget -= cells[high]
        high += 1
    while low > 0 and cells[low - 1] <= budget:
        low, budget = low - 1, budget - cells[low - 1]
    return low, high


def _runs(text: str) -> bool:
    if text[:1] in {"\t", "\r", "\n", "\0"}:
        return bool(text)
    for character in text:
        if unicodedata.category(character)[0] in "ZC":
            continue
        return bool(_FORMULA & set(unicodedata.normalize("NFKC", character)[:1]))
    return False
