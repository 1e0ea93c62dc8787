"""Choose the threshold of every `hint` on sentences its head has not seen: thresholds.py STREAM.jsonl [--write].

For each rule with a part of kind meaning: the confidences of the rule's own sentences come from heads trained without them
(five folds); every other sentence, the open look-alikes and 20,000 everyday posts are scored as they are. What the rule's other
parts say is evaluated once with the hint true and once false, so that only the threshold is left to choose. The best one
maximises sentences found less `--price` for each near miss, 0.3 of that for each sentence of another policy and twice that for each
everyday post. A sentence that words find already counts 0.6, since words fit the sentences that their authors read.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from lookalikes import is_aside
from scoring import ROOT, Scorer, document_of, read_rows

from rules import expression
from rules.detectors.base import Seen
from rules.document import Document
from rules.engine import _Parts, in_scope
from rules.evaluation import Match
from rules.policy import Rule
from rules.sense import Lesson, Question, confidences, read, school_at, score

FOLDS = 5
STEPS = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9)
#: Tags are no flags; a false one costs less.
PRICE, TAG_PRICE = 1.5, 0.7


@dataclass(frozen=True)
class Row:
    """A text with what is known of it."""

    row: dict[str, Any]
    policy: str
    rule: str
    like: bool
    kind: str

    @cached_property
    def document(self) -> Document:
        """The text and its context."""
        return document_of(self.row)

    @property
    def fold(self) -> int:
        """Which fold it belongs to, by its hash."""
        return hashlib.sha256(self.row["text"].encode()).digest()[1] % FOLDS


def main() -> None:
    """Print a line per rule; with `--write`, put the thresholds into the packs."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("stream", type=Path)
    options.add_argument("--write", action="store_true")
    options.add_argument("--price", type=float, default=PRICE)
    asked = options.parse_args()
    rows = [*_labelled(), *_everyday(asked.stream)]
    scorer = Scorer()
    points = _Points(rows)
    chosen = {}
    for rule, part, question in _hinted(scorer.ruleset({})):
        sure = _confidences(question, rule, rows, points)
        # Where the hint cannot be true at any threshold, the threshold changes nothing.
        open_ones = np.flatnonzero(sure >= STEPS[0])
        some = [rows[index] for index in open_ones]
        price = TAG_PRICE if rule.is_tag else asked.price
        chosen[rule.id] = _best(rule, some, sure[open_ones], _truth(rule, part, some, scorer), price)
        print(f"{rule.id:<46} {question.at_least} -> {chosen[rule.id]}", flush=True)
    if asked.write:
        _write(chosen)


def _labelled() -> list[Row]:
    found = []
    for path in sorted((ROOT / "rules" / "packs" / "exemplars").glob("*.jsonl")):
        found += [Row(row, path.stem, f"{path.stem}.{row['rule']}", row["like"], "own") for row in read_rows([path])]
    for row in read_rows([ROOT / "bench" / "lookalikes.jsonl"]):
        if not is_aside(row):
            name = f"{row['policy']}.{row['rule']}"
            found.append(Row(row, row["policy"], name, row["expect"] == "flag", "look-alike"))
    return found


def _everyday(path: Path, size: int = 20_000) -> list[Row]:
    texts = [row["text"] for row in read_rows([path])][:60_000]
    drawn = random.Random(5).sample(texts, min(size, len(texts)))
    return [Row({"text": text}, "*", "*", like=False, kind="everyday") for text in drawn]


def _hinted(ruleset: Any) -> list[tuple[Rule, str, Question]]:  # noqa: ANN401 - a RuleSet
    return [
        (rule, name, part.detector.question)
        for rule in ruleset.rules.values()
        for name, part in rule.parts.items()
        if part.detector.name == "meaning"
    ]


class _Points:
    """The points of every passage of every row, and the best confidence of each row under a head."""

    def __init__(self, rows: list[Row]) -> None:
        readings = [read(row.document) for row in rows]
        self.points = np.concatenate([reading.points for reading in readings])
        self.starts = np.cumsum([0, *(len(reading.points) for reading in readings)])[:-1]

    def best(self, lesson: Lesson) -> Any:  # noqa: ANN401 - an array
        """Return the best confidence of each row."""
        head = school_at().train(lesson)
        return np.maximum.reduceat(confidences(score(self.points, head.weights, head.bias)), self.starts)


def _confidences(question: Question, rule: Rule, rows: list[Row], points: _Points) -> Any:  # noqa: ANN401
    lesson = question.lesson
    found = points.best(lesson)
    own = [index for index, row in enumerate(rows) if row.kind == "own" and row.rule == rule.id]
    for fold in range(FOLDS):
        held = {rows[index].row["text"]: index for index in own if rows[index].fold == fold}
        like = tuple(text for text in lesson.like if text not in held)
        unlike = tuple(text for text in lesson.unlike if text not in held)
        unseen = points.best(Lesson(rule.id, like, unlike))
        for index in held.values():
            found[index] = unseen[index]
    return found


def _truth(rule: Rule, part: str, rows: list[Row], scorer: Scorer) -> tuple[Any, Any]:
    """Return, for each row, whether the rule is true with the hint and without it."""
    both = ([], [])
    for row in rows:
        here = scorer.ruleset(row.row.get("lists") or {}).rules[rule.id]
        for values, hint in zip(both, (True, False), strict=True):
            values.append(in_scope(here, row.document) is not False and _is_true(here, part, row.document, hint=hint))
    return np.array(both[0]), np.array(both[1])


def _is_true(rule: Rule, part: str, document: Document, *, hint: bool) -> bool:
    match = Match(start=0, end=max(1, len(document.raw)), detector="meaning", kind="sentences", confidence=0.5)
    seen = {part: Seen(value=hint, matches=(match,) if hint else ())}
    return expression.evaluate(rule.when, _Parts(rule.parts, document, seen, []).truth) is True


def _best(rule: Rule, rows: list[Row], sure: Any, truth: tuple[Any, Any], price: float) -> float:  # noqa: ANN401
    with_hint, without = truth
    everyday = np.array([row.kind == "everyday" for row in rows])
    like = np.array([row.like for row in rows])
    same = np.array([row.policy == rule.policy.id for row in rows])
    own = like & np.array([row.rule == rule.id for row in rows])
    near = ~like & ~everyday & (same if rule.is_tag else True)

    def worth(step: float) -> float:
        flagged = np.where(sure >= step, with_hint, without)
        gain = (flagged & own & ~without).sum() + 0.6 * ((sure >= step) & with_hint & without & own).sum()
        gain += 0.2 * (flagged & same & like & ~own).sum()
        return float(
            gain
            - price * (flagged & near).sum()
            - 0.3 * price * (flagged & like & ~same).sum()
            - 2 * price * (flagged & everyday).sum()
        )

    return max(STEPS, key=lambda step: (round(worth(step), 3), step))


def _write(chosen: dict[str, float]) -> None:
    for path in sorted((ROOT / "rules" / "packs").glob("*.yaml")):
        blocks = re.split(r"(?m)^(?=  - id: )", path.read_text(encoding="utf-8"))
        for index, block in enumerate(blocks):
            name = re.match(r"  - id: (\S+)", block)
            step = chosen.get(f"{path.stem}.{name[1]}") if name else None
            if step is not None:
                blocks[index] = re.sub(r"(\bmeaning:\s*\{\s*at_least: *)[\d.]+", rf"\g<1>{step}", block, count=1)
        path.write_text("".join(blocks), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
