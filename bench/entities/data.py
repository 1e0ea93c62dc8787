"""Rows with entities for training: read, mapped to our labels, cut into train and tuning slice, varied; no model code."""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from spacy.language import Language

LABELS: Final = ("PERSON", "LOCATION", "ORGANIZATION")

#: (start, end, label), half-open code points.
Span: TypeAlias = tuple[int, int, str]

_OURS: Final = {
    **dict.fromkeys(("PER", "person"), "PERSON"),
    **dict.fromkeys(("LOC", "location", "place"), "LOCATION"),
    **dict.fromkeys(("ORG", "corporation", "group", "organization"), "ORGANIZATION"),
}

#: Spaces that a tokeniser put in and no writer would: before closing marks and clitics, after opening ones and signs.
_GLUE: Final = re.compile(
    r"(?<=\S) (?=(?:[,.;:!?%)\]}\u2019\u201d]|\.\.+|…|'(?:s|m|re|ve|ll|d)|\u2019(?:s|m|re|ve|ll|d)|n't|n\u2019t)(?: |$))|(?<=[(\[{\u201c\u2018#@$£€]) (?=\S)"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One text and its entities, in order, none overlapping."""

    key: str
    text: str
    spans: tuple[Span, ...]


def read(path: Path) -> list[Row]:
    """Return the rows of one labelled file. Spans that start with `@` are dropped, other labels too."""
    with path.open(encoding="utf-8") as lines:
        return [_row(json.loads(line)) for line in lines]


def _row(raw: dict[str, object]) -> Row:
    text = str(raw["text"])
    spans: list[Span] = []
    for span in sorted(raw["spans"], key=lambda span: (span["start"], -span["end"])):  # type: ignore[call-overload]
        label = _OURS.get(span["label"])
        inside = bool(spans) and span["start"] < spans[-1][1]
        if label and not inside and not text.startswith("@", span["start"]):
            spans.append((span["start"], span["end"], label))
    return Row(str(raw["id"]), text, tuple(spans))


def is_tuning(row: Row) -> bool:
    """Tell whether a row of btc_train belongs to the tuning slice: half of section h (the kind btc_dev is), a tenth of the rest."""
    draw = zlib.crc32(row.key.encode()) % 100
    return draw < (50 if "-h-" in row.key else 10)


def texts(path: Path, *, limit: int, seed: int) -> list[str]:
    """Return that many different texts of an unlabelled stream, drawn at random with the seed."""
    with path.open(encoding="utf-8") as lines:
        found = list(dict.fromkeys(str(json.loads(line)["text"]).strip() for line in lines))
    random.Random(seed).shuffle(found)
    return [text for text in found if text][:limit]


def natural(row: Row) -> Row:
    """Return the row as a person would have typed it: without a tokeniser's spaces. A joined @handle is no entity."""
    pieces: list[str] = []
    shift: list[int] = [0] * (len(row.text) + 1)
    removed, last = 0, 0
    for gap in _GLUE.finditer(row.text):
        shift[last : gap.start() + 1] = [removed] * (gap.start() + 1 - last)
        pieces.append(row.text[last : gap.start()])
        removed, last = removed + 1, gap.end()
    shift[last:] = [removed] * (len(shift) - last)
    pieces.append(row.text[last:])
    text = "".join(pieces)
    spans = [(start - shift[start], end - shift[end], label) for start, end, label in row.spans]
    return Row(row.key, text, tuple(s for s in spans if not text.startswith("@", max(0, s[0] - 1))))


def cased(row: Row, *, upper: bool) -> Row:
    """Return the row in capitals or without any; unchanged where that changes its length."""
    text = row.text.upper() if upper else row.text.lower()
    return Row(row.key, text, row.spans) if len(text) == len(row.text) else row


def swapped(row: Row, names: dict[str, list[str]], draw: random.Random) -> Row:
    """Return the row with each entity replaced by another of its kind."""
    text, spans, last = "", [], 0
    for start, end, label in row.spans:
        handle = row.text[max(0, start - 2) : start].strip().endswith(("@", "#"))
        name = row.text[start:end] if handle else draw.choice(names[label])
        text += row.text[last:start]
        spans.append((len(text), len(text) + len(name), label))
        text, last = text + name, end
    return Row(row.key, text + row.text[last:], tuple(spans))


def name_pool(rows: Iterable[Row]) -> dict[str, list[str]]:
    """Return the entities of the rows by label, handles and hashtags left out."""
    pool: dict[str, list[str]] = {label: [] for label in LABELS}
    for row in rows:
        for start, end, label in row.spans:
            if not row.text[:start].rstrip().endswith(("@", "#")):
                pool[label].append(row.text[start:end])
    return pool


def varied(rows: Iterable[Row], names: dict[str, list[str]], draw: random.Random) -> Iterator[Row]:
    """Yield each row once, now and then as typed, in another case, or with other names."""
    for row in rows:
        if row.spans and draw.random() < 0.15:
            row = swapped(row, names, draw)  # noqa: PLW2901
        if draw.random() < 0.4:
            row = natural(row)  # noqa: PLW2901
        dice = draw.random()
        yield cased(row, upper=dice < 0.02) if dice < 0.07 else row


def spaced(nlp: Language, text: str) -> str:
    """Return the text as the labelled data has it: tokens with spaces between, a handle apart from its @."""
    words = (token.text for token in nlp.make_doc(text) if not token.is_space)
    return " ".join(f"@ {word[1:]}" if word.startswith("@") and len(word) > 1 else word for word in words)


def without_handles(text: str, spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the spans that do not follow an @."""
    return tuple(span for span in spans if not text[: span[0]].rstrip().endswith("@"))


@dataclass(slots=True)
class Tally:
    """Exact matches of span and label, and what each side had."""

    right: int = 0
    predicted: int = 0
    gold: int = 0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, in [0, 1]."""
        return 2 * self.right / max(1, self.predicted + self.gold)


def tally(gold: Iterable[Iterable[Span]], found: Iterable[Iterable[Span]]) -> dict[str, Tally]:
    """Return the counts per label and, under `all`, over all (micro)."""
    result = {label: Tally() for label in ("all", *LABELS)}
    for true, seen in zip(gold, found, strict=True):
        for label, one in result.items():
            a = {s for s in true if label in ("all", s[2])}
            b = {s for s in seen if label in ("all", s[2])}
            one.right, one.predicted, one.gold = one.right + len(a & b), one.predicted + len(b), one.gold + len(a)
    return result


def table(result: dict[str, Tally]) -> str:
    """Return one line with precision, recall and F1 per label."""
    return "  ".join(
        f"{label} {t.f1:.3f} (p {t.right / max(1, t.predicted):.2f} r {t.right / max(1, t.gold):.2f} n {t.gold})"
        for label, t in result.items()
    )
