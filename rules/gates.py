"""Where to look: one pass over a text tells which rules could be true there at all. Over-approximates, never misses."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

import ahocorasick_rs

from rules.anchors import rate
from rules.detectors.base import Gate, Signal
from rules.document import Document
from rules.expression import And, Name, Node, Not, Or
from rules.policy import Rule
from rules.sense import Panel, Question

#: Words so common that a gate on them is no gate.
_COMMON: Final = frozenset(
    "a about all am an and any are as at back be been but by can day do for from get go good got great had has have he "  # noqa: SIM905 - words read better than a column of quotes
    "her here him his how i if in is it its just know like love make me more my new no not now of off on one or our out "
    "people really right see she so some than that the their them then there they think this time to today too up us "
    "want was we well were what when who will with work would you your".split()
)

_COMMON_RATE: Final = 0.2
#: How often a trained head is taken to say yes.
_QUESTION_RATE: Final = 0.01
#: A gate guessed to open this often tells nothing.
_OPEN: Final = 0.5


class Gates:
    """Which rules, and which of their parts, a document can touch.

    A text is first searched for the rarest need of each rule. Only where one is met, it is searched for what every part
    needs; a part whose gate stays shut is false there without being evaluated.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules
        first, parts = _Waiting(), _Waiting()
        always = set()
        #: For each rule: sets of part numbers, of each of which one must be open.
        self._needs: list[tuple[frozenset[int], ...]] = []
        #: The gates of each part, all of which must be open.
        self._numbers: list[dict[str, frozenset[int]]] = []
        gates: list[Gate] = []
        for index, rule in enumerate(rules):
            numbers: dict[str, frozenset[int]] = {}
            for name, several in part_gates(rule).items():
                numbers[name] = frozenset(range(len(gates), len(gates) + len(several)))
                for gate in several:
                    parts.add(gate, len(gates))
                    gates.append(gate)
            needs = sorted(_needs(rule, numbers, gates), key=lambda need: sum(_cost(gates[number]) for number in need))
            for number in needs[0] if needs else ():
                first.add(gates[number], index)
            if not needs:
                always.add(index)
            self._needs.append(tuple(needs[1:]))
            self._numbers.append(numbers)
        #: Rules that could be true on any text.
        self.always = frozenset(always)
        self._first, self._parts = _Finder(first), _Finder(parts)

    def candidates(self, document: Document) -> Iterator[tuple[Rule, frozenset[str]]]:
        """Yield the rules that could be true on this document, in rule order, each with its parts that cannot."""
        found = self._first.open_in(document) | self.always
        if not found:
            return
        opened = self._parts.open_in(document)
        for index in sorted(found):
            if all(not need.isdisjoint(opened) for need in self._needs[index]):
                shut = frozenset(name for name, number in self._numbers[index].items() if not number <= opened)
                yield self.rules[index], shut


class _Waiting:
    """Which numbers wait for which strings."""

    def __init__(self) -> None:
        self.literals: dict[str, set[int]] = {}
        self.anchors: dict[str, set[int]] = {}
        self.signals: dict[Signal, set[int]] = {}
        self.questions: list[tuple[Question, int]] = []

    def add(self, gate: Gate, number: int) -> None:
        for strings, waiting in ((gate.literals, self.literals), (gate.anchors, self.anchors)):
            for string in strings:
                waiting.setdefault(string, set()).add(number)
        for signal in gate.signals:
            self.signals.setdefault(signal, set()).add(number)
        if gate.question is not None:
            self.questions.append((gate.question, number))


class _Finder:
    """Many strings in one pass over each copy of a text."""

    def __init__(self, waiting: _Waiting) -> None:
        self._literals = [frozenset(numbers) for numbers in waiting.literals.values()]
        self._anchors = [frozenset(numbers) for numbers in waiting.anchors.values()]
        self._signals = [(signal, frozenset(numbers)) for signal, numbers in waiting.signals.items()]
        self._in_folded = ahocorasick_rs.AhoCorasick(list(waiting.literals)) if waiting.literals else None
        self._panel = Panel(waiting.questions) if waiting.questions else None
        self._in_light = ahocorasick_rs.AhoCorasick(list(waiting.anchors)) if waiting.anchors else None

    def open_in(self, document: Document) -> set[int]:
        """Return the numbers that wait for something in the document."""
        found: set[int] = set()
        found.update(*(numbers for signal, numbers in self._signals if signal.holds(document)))
        if self._in_folded is not None:
            for copy in (document.folded, *(disguise.copy for disguise in document.disguises)):
                hits = self._in_folded.find_matches_as_indexes(copy.text, overlapping=True)
                found.update(*(self._literals[index] for index in {hit[0] for hit in hits}))
        if self._in_light is not None:
            hits = self._in_light.find_matches_as_indexes(document.light.text.casefold(), overlapping=True)
            found.update(*(self._anchors[index] for index in {hit[0] for hit in hits}))
        if self._panel is not None:
            found |= self._panel.open_in(document)
        return found


def part_gates(rule: Rule) -> dict[str, tuple[Gate, ...]]:
    """Return the gates of each part that has any; all of them must be open for the part to be true."""
    found: dict[str, Gate | None] = {}

    def of_part(name: str) -> Gate | None:
        if name not in found:
            found[name] = None
            found[name] = rule.parts[name].detector.gate(of_part)
        return found[name]

    gates = {name: gate for name in rule.parts if (gate := of_part(name)) is not None}
    return {name: _worth_trying(gate) for name, gate in gates.items()}


def _worth_trying(gate: Gate) -> tuple[Gate, ...]:
    """Return the gate and its further ones apart, without those that nearly every text opens, unless all are such."""
    several = [replace(gate, further=()), *(Gate(anchors=strings, signals=gate.signals) for strings in gate.further)]
    return tuple(one for one in several if _cost(one) < _OPEN) or (min(several, key=_cost),)


def _needs(rule: Rule, numbers: dict[str, frozenset[int]], gates: Sequence[Gate]) -> set[frozenset[int]]:
    """Return sets of part numbers of each of which one must be open for the rule to be true or unknown."""

    def of_part(name: str) -> list[frozenset[int]]:
        near = rule.parts[name].near
        chain = [name, *([near] if near else [])]
        return [frozenset({number}) for one in chain for number in sorted(numbers.get(one, ()))]

    def cost(need: frozenset[int]) -> float:
        return sum(_cost(gates[number]) for number in need)

    def of_node(node: Node) -> list[frozenset[int]]:
        if isinstance(node, Name):
            return of_part(node.name)
        if isinstance(node, Not):
            return []
        found = [of_node(operand) for operand in node.operands]
        if isinstance(node, And):
            return [need for needs in found for need in needs]
        if sum(not needs for needs in found) >= (1 if isinstance(node, Or) else node.count):
            return []
        return [frozenset().union(*(min(needs, key=cost) for needs in found if needs))]

    return set(of_node(rule.when))


def _cost(gate: Gate) -> float:
    """Guess how often a gate opens; only speed depends on it."""
    asked = sum(signal.rate for signal in gate.signals) + _QUESTION_RATE * (gate.question is not None)
    return asked + sum(map(_literal_cost, gate.literals)) + sum(map(_anchor_cost, gate.anchors))


@cache
def _anchor_cost(anchor: str) -> float:
    return _COMMON_RATE if anchor.strip() in _COMMON else rate(frozenset({anchor}))


@cache
def _literal_cost(literal: str) -> float:
    # A literal is found as a whole word, so it is rarer than the same letters anywhere.
    words = literal.split()
    if not words or all(word in _COMMON for word in words):
        return math.pow(_COMMON_RATE, max(1, len(words)))
    return rate(frozenset({f" {literal}"}))
