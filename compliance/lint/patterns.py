"""Patterns that a hostile text makes slow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from compliance.lint.remark import Level, Remark, told_by
from compliance.lint.subject import Subject
from rules.anchors import anchors
from rules.detectors.base import NOTHING
from rules.detectors.regex import Regex
from rules.document import Document

_told: Final = told_by("slow")
_LENGTH: Final = 100_000
#: Milliseconds of CPU for one such line.
_MOST: Final = 50.0
_TRIES: Final = 3


def check(subject: Subject) -> Iterator[Remark]:
    """Time each pattern of one's own on long lines made to keep it busy."""
    for rule in subject.own:
        if subject.root is None:
            return
        for name, part in rule.parts.items():
            detector: object = part.detector
            if not isinstance(detector, Regex):
                continue
            spent = worst(detector)
            if spent > _MOST:
                yield _told(
                    Level.WARNING,
                    rule.id,
                    subject.at(rule, "parts", name),
                    f"the pattern of '{name}' takes {spent:.0f} ms for a line of 100 kB made to slow it down",
                    "shorten counted repeats such as {0,200}, and begin with a word rather than with `.*`",
                )


def worst(detector: Regex) -> float:
    """Return milliseconds of CPU for the hardest of the lines, the best of a few tries each."""
    detector.see(Document(key="warm", text="warm"), lambda _: NOTHING)
    return max(min(_spent(detector, line) for _ in range(_TRIES)) for line in hostile(detector.pattern))


def hostile(pattern: str) -> list[str]:
    """Return lines that begin to match again and again."""
    needed = [min(strings) for strings in anchors(pattern) if strings]
    pieces = ["a", "a ", "1 ", "é ", *needed, " ".join(needed)]
    return [(piece * (_LENGTH // len(piece) + 1))[:_LENGTH] for piece in dict.fromkeys(pieces) if piece]


def _spent(detector: Regex, line: str) -> float:
    document = Document(key="hostile", text=line)
    document.light  # noqa: B018 - made once for all patterns, so it is not this one's time
    began = time.process_time()
    detector.see(document, lambda _: NOTHING)
    return 1000 * (time.process_time() - began)
