"""Score the sentences put aside (bench/aside), which nothing learned from: what meaning adds to words, per policy.

Recall: sentences that a rule of their policy should see and one does. Precision: of the sentences that a rule of their
policy flags, those that it should; half of them are near misses, so everyday precision is another question (bench/stream.py).
Only counts are printed, never a text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from scoring import ROOT, document_of, read_rows, said

from rules.detectors.base import NOTHING, Gate, Others, Seen
from rules.document import Document
from rules.engine import Engine
from rules.expression import Name, Or
from rules.lists import no_lists, of_terms
from rules.load import load_ruleset
from rules.policy import Rule


@dataclass(frozen=True)
class _Never:
    """Stands where a part of kind meaning stood, and sees nothing."""

    name = "meaning"

    def see(self, document: Document, others: Others) -> Seen:
        del document, others
        return NOTHING

    def gate(self, gate_of: Callable[[str], Gate | None]) -> Gate | None:
        del gate_of
        return None


def _hints(rule: Rule) -> list[str]:
    return [name for name, part in rule.parts.items() if part.detector.name == "meaning"]


def _without(rule: Rule) -> Rule:
    blind = {name: replace(rule.parts[name], detector=_Never()) for name in _hints(rule)}
    return replace(rule, parts={**rule.parts, **blind})


def _alone(rule: Rule) -> Rule | None:
    names = _hints(rule)
    return (
        replace(rule, parts={name: rule.parts[name] for name in names}, when=Or(tuple(map(Name, names))))
        if names
        else None
    )


VARIANTS: dict[str, Callable[[Rule], Rule | None]] = {
    "all rules": lambda rule: rule,
    "without meaning": _without,
    "meaning alone": _alone,
}


class _Scorer:
    def __init__(self) -> None:
        self._engines: dict[tuple[str, str], Engine] = {}

    def flags(self, row: dict[str, Any], policy: str, variant: str) -> bool:
        found = self._engine(json.dumps(row.get("lists") or {}, sort_keys=True), variant).evaluate_one(document_of(row))
        ids = [*(finding.rule for finding in found.findings if not finding.shadow), *found.tags]
        return any(rule.startswith(f"{policy}.") for rule in ids)

    def _engine(self, lists: str, variant: str) -> Engine:
        if (lists, variant) not in self._engines:
            given = {name: of_terms(name, terms) for name, terms in json.loads(lists).items()}
            ruleset = load_ruleset(lists={**no_lists(), **given})
            for name, change in VARIANTS.items():
                rules = {rule.id: changed for rule in ruleset.rules.values() if (changed := change(rule)) is not None}
                self._engines[lists, name] = Engine(replace(ruleset, rules=rules))
        return self._engines[lists, variant]


def main() -> None:
    """Print recall and precision with Wilson 95 % intervals, per policy and variant."""
    scorer = _Scorer()
    counts: Counter[tuple[str, str, bool, bool]] = Counter()
    policies = sorted((ROOT / "bench" / "aside").glob("*.jsonl"))
    for path in policies:
        for row in read_rows([path]):
            for variant in VARIANTS:
                hit = scorer.flags(row, path.stem, variant)
                counts[path.stem, variant, row["like"], hit] += 1
                counts["all", variant, row["like"], hit] += 1
    print(f"{'':26}{'':18}{'recall':>32}{'precision':>32}{'near misses flagged':>32}")
    for name in [*(path.stem for path in policies), "all"]:
        for variant in VARIANTS:
            right, missed = counts[name, variant, True, True], counts[name, variant, True, False]
            wrong, left = counts[name, variant, False, True], counts[name, variant, False, False]
            cells = said(right, right + missed), said(right, right + wrong), said(wrong, wrong + left)
            print(f"{name:<26}{variant:<18}{cells[0]:>32}{cells[1]:>32}{cells[2]:>32}")


if __name__ == "__main__":
    main()
