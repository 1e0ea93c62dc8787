"""Why a rule did not fire on a text, and what it would need: computed from how the rule went, printed elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from rules.detectors.author import Author
from rules.detectors.base import Seen
from rules.detectors.count import Count
from rules.detectors.meaning import Meaning
from rules.detectors.missing import Missing
from rules.detectors.terms import Terms
from rules.document import Document
from rules.engine import Engine, Outcome
from rules.evaluation import Match
from rules.expression import And, AtLeast, Name, Node, Not, Or, evaluate
from rules.lists import Lists
from rules.places import lies_in, region_spans, touches
from rules.policy import Part, Rule
from rules.regions import word_spans
from rules.ruleset import RuleSet

#: How far off each kind of obstacle is: the less, the nearer the rule was to firing.
_SILENCED: Final = 0.2
_SCOPE: Final = 0.3
_FILTERED: Final = 0.4
_IN_THE_WAY: Final = 0.5
_ABSENT: Final = 1.0
#: A `meaning` part this far from its threshold has seen nothing; it is likelier by chance than a missing word.
_FAR: Final = 0.75
_UNLIKE: Final = 1.5
#: Rules farther off are not near.
_NEAR: Final = 1.2


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that kept a rule from firing, and what it would need."""

    #: `scope`, `status`, the name of a part, a suppression or an exclusion.
    name: str
    why: str
    cost: float
    #: Where in the text it lies, if anywhere.
    spans: tuple[Match, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one rule went on one text, and what kept it from firing; none where it fired."""

    outcome: Outcome
    #: Names of parts that count for the rule and are true.
    supported: tuple[str, ...]
    obstacles: tuple[Obstacle, ...]

    @property
    def distance(self) -> float:
        """How far from firing; comparable between rules."""
        return sum(obstacle.cost for obstacle in self.obstacles)


def read_rule(engine: Engine, rule: Rule, document: Document) -> Reading:
    """Evaluate every part of a rule and say what stands in its way."""
    outcome = engine.run(rule, document, exhaustive=True)
    when = evaluate(rule.when, lambda name: outcome.seen[name].value)
    looked = _Look(rule, document, outcome, engine.ruleset.lists)
    obstacles = [*_scope_obstacles(rule, document)] if outcome.scope is not True else []
    if when is not True:
        obstacles += looked.cheapest(rule.when, wanted=True)[1]
    if outcome.silenced_by:
        obstacles.append(_silenced(engine.ruleset, outcome.silenced_by, document))
    needed = {obstacle.name for obstacle in obstacles}
    true = [name for name, seen in outcome.seen.items() if seen.value and name not in needed and seen.matches]
    return Reading(outcome=outcome, supported=tuple(true), obstacles=tuple(obstacles))


def nearest(engine: Engine, document: Document, *, most: int) -> tuple[list[Reading], list[Reading]]:
    """Return the rules that fire, and of the others the nearest ones for which something in the text speaks."""
    readings = [read_rule(engine, rule, document) for rule in engine.rules if not rule.is_tag]
    fired = [one for one in readings if one.outcome.value is True]
    others = [one for one in readings if one.outcome.value is not True and _has_cause(one)]
    return fired, sorted(others, key=lambda one: (one.distance, one.outcome.rule.id))[:most]


def _has_cause(reading: Reading) -> bool:
    partly = any(obstacle.cost < _ABSENT and obstacle.name != "scope" for obstacle in reading.obstacles)
    return reading.distance <= _NEAR and (bool(reading.supported) or partly)


class _Look:
    """Looks for the least that would have to be otherwise for a condition to hold."""

    def __init__(self, rule: Rule, document: Document, outcome: Outcome, lists: Lists) -> None:
        self._rule, self._document, self._outcome, self._lists = rule, document, outcome, lists

    def cheapest(self, node: Node, *, wanted: bool) -> tuple[float, list[Obstacle]]:
        """Return the cost and the obstacles between a condition and the wanted value."""
        if isinstance(node, Name):
            return self._of_part(node.name, wanted=wanted)
        if isinstance(node, Not):
            return self.cheapest(node.operand, wanted=not wanted)
        found = sorted((self.cheapest(one, wanted=wanted) for one in node.operands), key=lambda row: row[0])
        chosen = found[: _how_many(node, wanted=wanted)]
        return sum(cost for cost, _ in chosen), [obstacle for _, obstacles in chosen for obstacle in obstacles]

    def _of_part(self, name: str, *, wanted: bool) -> tuple[float, list[Obstacle]]:
        seen, part = self._outcome.seen[name], self._rule.parts[name]
        if seen.value is wanted:
            return 0.0, []
        if seen.value is None:
            obstacle = Obstacle(name, f"unknown: {seen.unknown}", _IN_THE_WAY)
        elif wanted:
            obstacle = self._absent(part)
        else:
            why = f"matched, and must not{self._way_out(part, seen)}"
            obstacle = Obstacle(name, why, _IN_THE_WAY, seen.matches[:1])
        return obstacle.cost, [obstacle]

    def _way_out(self, part: Part, seen: Seen) -> str:
        if not part.near or not seen.matches:
            return ""
        others = self._outcome.seen[part.near].matches
        if part.within_words is None:
            return f": it stands in one sentence with `{part.near}`; it would have to stand in another"
        words = _words_between(seen.matches, others, self._document)
        return f": it lies {_away(words)} `{part.near}`; it would need more than {part.within_words}"

    def _absent(self, part: Part) -> Obstacle:
        detector: object = part.detector
        if isinstance(detector, Meaning):
            sure, like = closest(detector, self._document)
            need = detector.question.at_least
            why = f"confidence {sure:.2f}, needs {need:.2f}" + (f"; nearest sentence: {like}" if like else "")
            gap = (need - sure) / need
            return Obstacle(part.name, why, _UNLIKE if gap > _FAR else gap)
        raw = detector.see(self._document, self._other)  # type: ignore[attr-defined]
        if raw.matches:
            return Obstacle(part.name, self._filtered(part, raw.matches), _FILTERED, raw.matches[:1])
        return Obstacle(part.name, self._nothing(part), _ABSENT)

    def _other(self, name: str) -> Seen:
        return self._outcome.seen[name]

    def _filtered(self, part: Part, matches: Sequence[Match]) -> str:
        """Say which modifier took every match away."""
        document = self._document
        outside = [name for name in part.outside if all(touches(m, region_spans(document, name)) for m in matches)]
        if outside:
            return f"matched only in {' and '.join(outside)}, which does not count"
        if part.inside and not any(lies_in(m, region_spans(document, name)) for name in part.inside for m in matches):
            return f"matched, but not in {' or '.join(part.inside)}"
        others = self._outcome.seen[part.near].matches if part.near else ()
        if part.near and not others:
            return f"matched, but `{part.near}`, which must be near, did not"
        if part.within_words is None:
            return (
                f"matched, but not in one sentence with `{part.near}`" if part.near else "matched, but does not count"
            )
        words = _words_between(matches, others, document)
        return f"matched {_away(words)} `{part.near}`; it must lie within {part.within_words}, in the same paragraph"

    def _nothing(self, part: Part) -> str:
        detector: object = part.detector
        if isinstance(detector, Count):
            return f"counts {len(self._outcome.seen[detector.part].matches)} of `{detector.part}`, needs {_range(detector)}"
        if isinstance(detector, Missing):
            return "what it would miss is there"
        if isinstance(detector, Terms):
            names = [word[1:] for word in _phrases(self._rule.spec.parts[part.name]) if word.startswith("$")]
            if not detector.terms:
                return f"reads only empty lists: {', '.join(names)}"
            return _outside_window(detector, self._document) or "none of its terms is there"
        if isinstance(detector, Author):
            groups = self._document.context.groups
            return f"the author is in {_listed(groups or ())}"
        return "nothing of its kind is there"


def _how_many(node: And | Or | AtLeast, *, wanted: bool) -> int:
    """Return of how many operands the value must be the wanted one."""
    needed = len(node.operands) if isinstance(node, And) else 1 if isinstance(node, Or) else node.count
    return needed if wanted else len(node.operands) - needed + 1


def closest(detector: Meaning, document: Document) -> tuple[float, str]:
    """Return how sure a `meaning` part is of the passage that it is surest of, and the nearest sentence it learned from."""
    from rules.sense import confidences, read, score

    head = detector.question.head
    text = read(document, detector.question.encoder)
    if not text.passages:
        return 0.0, ""
    sure = confidences(score(text.points, head.weights, head.bias))
    best = int(sure.argmax())
    return float(sure[best]), head.nearest(text.points[best])


def _outside_window(detector: Terms, document: Document) -> str:
    """Say so where a listed term is there and does not count at this time."""
    from dataclasses import replace

    at = document.context.at
    open_ended = replace(
        detector,
        terms=tuple(
            replace(term, entry=replace(term.entry, start=None, end=None)) if term.entry else term
            for term in detector.terms
        ),
    )
    seen = open_ended.see(document, lambda _: Seen(value=False))
    if not seen.matches or at is None:
        return ""
    return (
        f"a term of ${seen.matches[0].kind} is there, and does not count at {at:%Y-%m-%d %H:%M} UTC (its start and end)"
    )


def _phrases(spec: dict[str, object]) -> list[str]:
    found = spec.get("terms")
    return [str(one) for one in found] if isinstance(found, list) else [str(found)]


def _range(count: Count) -> str:
    return f"{count.at_least} or more" if count.at_most is None else f"{count.at_least} to {count.at_most}"


def _words_between(some: Sequence[Match], others: Sequence[Match], document: Document) -> int:
    """Return the least number of words between matches of the two. Only neighbours are looked at, so a long text costs no square."""
    row = sorted([*((one.start, one.end, True) for one in some), *((one.start, one.end, False) for one in others)])
    least: int | None = None
    for (_, end, mine), (start, _, too) in pairwise(row):
        if mine is not too:
            words = len(word_spans(document.raw[end:start])) if end < start else 0
            least = words if least is None else min(least, words)
    return least or 0


def _away(words: int) -> str:
    return f"{words} word{'' if words == 1 else 's'} away from" if words else "right beside"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "no group"


def _scope_obstacles(rule: Rule, document: Document) -> Iterable[Obstacle]:
    """Say which keys of the scope do not hold, or cannot be told."""
    scope, context = rule.scope, document.context
    needed = rule.policy.requires_group
    known = context.known_groups
    if needed and known is not None and needed not in known and needed not in (context.groups or ()):
        yield Obstacle("scope", f"nobody in people.csv is in {needed}, which this policy asks for", _SCOPE)
    for key, wanted, actual in (
        ("audience", {scope.audience} - {None}, context.audience),
        ("platform", scope.platform, context.platform),
        ("channel", scope.channel, context.channel),
        ("country", scope.country, context.country),
        ("kind", scope.kind, context.kind),
    ):
        if wanted and actual not in wanted:
            said = f"{key} is {actual}" if actual else f"the {key} is unknown (`--{key}`)"
            yield Obstacle("scope", f"{said}; needs {' or '.join(sorted(map(str, wanted)))}", _SCOPE)
    yield from _group_obstacles(rule, document)


def _group_obstacles(rule: Rule, document: Document) -> Iterable[Obstacle]:
    scope, groups = rule.scope, document.context.groups
    if groups is None and (scope.group or scope.not_group):
        yield Obstacle("scope", "the author's groups are unknown", _SCOPE)
        return
    held = (groups or frozenset()) & scope.not_group
    if held:
        yield Obstacle("scope", f"author is in {_listed(held)}, who are left out", _SCOPE)
    if scope.group and not (groups or frozenset()) & scope.group:
        yield Obstacle(
            "scope", f"author is in {_listed(groups or ())}; needs {' or '.join(sorted(scope.group))}", _SCOPE
        )


def _silenced(ruleset: RuleSet, name: str, document: Document) -> Obstacle:
    exclusion = next((one for one in ruleset.exclusions if one.id == name), None)
    if exclusion is not None:
        why = f"the exclusion by {exclusion.owner} counts until {exclusion.until:%Y-%m-%d}: {exclusion.reason}"
        return Obstacle(
            name, why, _SILENCED, _first_match((exclusion.parts[part] for part in exclusion.spec.parts), document)
        )
    suppression = ruleset.suppressions[name]
    return Obstacle(
        name,
        f"the shipped suppression took it away: {suppression.title}",
        _SILENCED,
        _first_match(suppression.parts.values(), document),
    )


def _first_match(parts: Iterable[Part], document: Document) -> tuple[Match, ...]:
    for part in parts:
        seen = part.detector.see(document, lambda _: Seen(value=False))
        if seen.value and seen.matches:
            return seen.matches[:1]
    return ()
