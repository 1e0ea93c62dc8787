"""Where to look: one pass over a text tells which rules could be true there at all. Over-approximates, never misses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Final

import ahocorasick_rs

from rules.detectors.base import Gate
from rules.dialect import PatternSet
from rules.document import Document
from rules.expression import And, Name, Node, Not, Or
from rules.policy import Part, Rule

#: Words so common that a gate on them is no gate; share of English posts that hold one, roughly.
_COMMON: Final = frozenset(
    "a about all am an and any are as at back be been but by can day do for from get go good got great had has have he her here him his how i if in is it its just know like "
    "love make me more my new no not now of off on one or our out people really right see she so some than that the their them then there they think this time to today too up us "
    "want was we well were what when who will with work would you your".split()
)


class Gates:
    """Which rules a document can touch."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules
        literals: dict[str, set[int]] = {}
        patterns: dict[str, set[int]] = {}
        self.always: frozenset[int] = frozenset()
        always = set()
        for index, rule in enumerate(rules):
            gate = rule_gate(rule)
            if gate is None:
                always.add(index)
                continue
            for literal in gate.literals:
                literals.setdefault(literal, set()).add(index)
            for pattern in gate.patterns:
                patterns.setdefault(pattern, set()).add(index)
        self.always = frozenset(always)
        self._literals = {literal: frozenset(found) for literal, found in literals.items()}
        self._patterns = {pattern: frozenset(found) for pattern, found in patterns.items()}
        self._by_literal = list(self._literals.values())
        self._by_pattern = list(self._patterns.values())

    def candidates(self, document: Document) -> list[Rule]:
        """Return the rules that could be true on this document, in rule order."""
        found = set(self.always)
        if self._by_literal:
            find = self._automaton.find_matches_as_indexes
            for index, _, _ in find(document.folded.text, overlapping=True):
                found |= self._by_literal[index]
            for disguise in document.disguises:
                for index, _, _ in find(disguise.copy.text, overlapping=True):
                    found |= self._by_literal[index]
        if self._by_pattern:
            for index in self._set.matching(document.light.text):
                found |= self._by_pattern[index]
        return [self.rules[index] for index in sorted(found)] if found else []

    @cached_property
    def _automaton(self) -> ahocorasick_rs.AhoCorasick:
        return ahocorasick_rs.AhoCorasick(list(self._literals))

    @cached_property
    def _set(self) -> PatternSet:
        return PatternSet(list(self._patterns))


def rule_gate(rule: Rule) -> Gate | None:
    """Return what must be in a text for the rule to be true or unknown there; None where nothing must."""
    gates: dict[str, Gate | None] = {}

    def of_part(name: str) -> Gate | None:
        if name not in gates:
            gates[name] = None  # a circle cannot happen in a loaded rule; this only keeps it finite
            gates[name] = _part_gate(rule.parts[name], of_part)
        return gates[name]

    return _node_gate(rule.when, of_part)


def _part_gate(part: Part, of_part: Callable[[str], Gate | None]) -> Gate | None:
    own = part.detector.gate(of_part)
    return _cheaper(own, of_part(part.near)) if part.near else own


def _node_gate(node: Node, of_part: Callable[[str], Gate | None]) -> Gate | None:
    if isinstance(node, Name):
        return of_part(node.name)
    if isinstance(node, Not):
        return None
    gates = [_node_gate(operand, of_part) for operand in node.operands]
    if isinstance(node, And):
        best: Gate | None = None
        for gate in gates:
            best = _cheaper(best, gate)
        return best
    open_ones = gates.count(None)
    if open_ones >= (1 if isinstance(node, Or) else node.count):
        return None
    return _union(gate for gate in gates if gate is not None)


def _union(gates: Iterable[Gate]) -> Gate:
    found = list(gates)
    return Gate(literals=frozenset().union(*(g.literals for g in found)), patterns=frozenset().union(*(g.patterns for g in found)))


def _cheaper(left: Gate | None, right: Gate | None) -> Gate | None:
    if left is None or right is None:
        return left or right
    return left if _cost(left) <= _cost(right) else right


def _cost(gate: Gate) -> float:
    """Guess how often a gate opens; only speed depends on it."""
    return sum(_literal_cost(literal) for literal in gate.literals) + 0.002 * len(gate.patterns)


def _literal_cost(literal: str) -> float:
    words = literal.split()
    if all(word in _COMMON for word in words):
        return 0.3 / 4 ** len(words)
    return min((0.05 if word in _COMMON else 0.3 ** min(len(word), 6)) for word in words) / len(words) if words else 1.0


