"""The engine: documents in, evaluations out, in order. Lazy, and the same as if it had looked at everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from rules import expression
from rules.detectors.base import NOTHING, Seen
from rules.document import Document
from rules.evaluation import Evaluation, Failure, Finding, Match, Status, Suppressed
from rules.expression import Kleene
from rules.gates import Gates
from rules.places import lies_in, near_ones, region_spans, touches
from rules.policy import Exclusion, Part, Rule, Scope
from rules.ruleset import RuleSet

_EVALUATED: Final = ("live", "shadow")


class Engine:
    """Evaluates documents under one rule set. Pure: the same document and rule-set hash give the same evaluation."""

    def __init__(self, ruleset: RuleSet, *, lazy: bool = True) -> None:
        """`lazy=False` looks at every part of every rule; only to show that laziness loses nothing."""
        self.ruleset = ruleset
        self.rules = tuple(rule for rule in ruleset.rules.values() if rule.status in _EVALUATED)
        self._lazy = lazy
        self._gates = Gates(self.rules)
        self._exclusions = {rule.id: tuple(e for e in ruleset.exclusions if e.touches(rule.id)) for rule in self.rules}

    def evaluate(self, documents: Iterable[Document]) -> Iterator[Evaluation]:
        """Yield one evaluation per document, in order; reads no further ahead than it must."""
        return map(self.evaluate_one, documents)

    def evaluate_one(self, document: Document) -> Evaluation:
        """Evaluate one document. A detector that raises makes it incomplete, never clean."""
        if self._lazy:
            outcomes = [self.run(rule, document, shut=shut) for rule, shut in self._gates.candidates(document)]
        else:
            outcomes = [self.run(rule, document, exhaustive=True) for rule in self.rules]
        return _evaluation(document.key, outcomes) if outcomes else Evaluation(key=document.key, status=Status.CLEAN)

    def run(
        self, rule: Rule, document: Document, *, exhaustive: bool = False, shut: frozenset[str] = frozenset()
    ) -> Outcome:
        """Evaluate one rule on one document, whatever its status; the outcome tells every part that was looked at.

        Parts in `shut` are known to be false here.
        """
        run = Outcome(rule, seen=dict.fromkeys(shut, NOTHING))
        run.scope = in_scope(rule, document)
        if run.scope is False and not exhaustive:
            run.value = False
            return run
        parts = _Parts(rule.parts, document, run)
        if exhaustive:
            for name in rule.parts:
                parts.see(name)
        when = expression.evaluate(rule.when, parts.truth)
        run.value = _both(run.scope, when)
        if run.value is True:
            run.matches, run.confidence = parts.evidence(rule)
        if run.value is None:
            run.unknown = parts.why_unknown(rule) or ["context: the rule's scope is unknown"]
        self._exclude(rule, document, run)
        return run

    def _exclude(self, rule: Rule, document: Document, run: Outcome) -> None:
        if run.value is not True:
            return
        for exclusion in self._exclusions.get(rule.id, ()):
            value = _exclusion_value(exclusion, document, run)
            if value is True:
                run.value, run.excluded_by = False, exclusion.id
                return
            if value is None:
                run.value, run.unknown = None, [f"exclusion: {exclusion.id} cannot be decided"]


@dataclass(slots=True, eq=False)
class Outcome:
    """How one rule went on one document: for findings and for explanations."""

    rule: Rule
    value: Kleene = False
    scope: Kleene = True
    #: Parts looked at so far, after their modifiers.
    seen: dict[str, Seen] = field(default_factory=dict)
    matches: tuple[Match, ...] = ()
    confidence: float = 1.0
    #: `detector: why`, for an unknown value.
    unknown: list[str] = field(default_factory=list)
    #: (detector, error type) of detectors that raised.
    faults: list[tuple[str, str]] = field(default_factory=list)
    excluded_by: str = ""


class _Parts:
    """The parts of one rule on one document, each evaluated at most once."""

    def __init__(self, parts: Mapping[str, Part], document: Document, run: Outcome) -> None:
        self.parts = parts
        self.document = document
        self.run = run

    def truth(self, name: str) -> Kleene:
        known = self.run.seen.get(name)
        return (known or self.see(name)).value

    def see(self, name: str) -> Seen:
        known = self.run.seen.get(name)
        if known is None:
            known = self.run.seen[name] = self._see(self.parts[name])
        return known

    def _see(self, part: Part) -> Seen:
        try:
            seen = part.detector.see(self.document, self.see)
            return self._filtered(part, seen)
        except Exception as error:  # noqa: BLE001 - whatever a detector raises, the document is incomplete, not the run
            self.run.faults.append((part.detector.name, type(error).__name__))
            return Seen(value=None, unknown=f"{type(error).__name__} in {part.detector.name}")

    def _filtered(self, part: Part, seen: Seen) -> Seen:
        if not (part.inside or part.outside or part.near) or not seen.matches:
            return seen
        matches = [m for m in seen.matches if self._in_regions(part, m)]
        if part.near and matches:
            other = self.see(part.near)
            if other.value is None:
                return Seen(value=None, unknown=other.unknown)
            matches = near_ones(part, matches, other.matches, self.document)
        return (
            Seen(value=True, matches=tuple(matches))
            if matches
            else Seen(value=None if seen.value is None else False, unknown=seen.unknown)
        )

    def _in_regions(self, part: Part, match: Match) -> bool:
        inside = not part.inside or any(lies_in(match, region_spans(self.document, name)) for name in part.inside)
        return inside and not any(touches(match, region_spans(self.document, name)) for name in part.outside)

    def evidence(self, rule: Rule) -> tuple[tuple[Match, ...], float]:
        """Return the matches of every positive part that is true, in text order, and the rule's confidence."""
        names = dict.fromkeys(expression.positive_names(rule.when))
        found = [
            replace(match, part=name) for name in names for match in self.see(name).matches if self.see(name).value
        ]
        found.sort(key=lambda m: (m.start, m.end, m.part))
        return tuple(found), expression.confidence(rule.when, self.truth, self._score)

    def _score(self, name: str) -> float:
        return max((match.confidence for match in self.see(name).matches), default=1.0)

    def why_unknown(self, rule: Rule) -> list[str]:
        """Return `detector: why` of each unknown part of the condition."""
        names = [*dict.fromkeys(expression.names(rule.when))]
        return [
            f"{rule.parts[name].detector.name}: {self.see(name).unknown}"
            for name in names
            if self.see(name).value is None
        ]


def in_scope(rule: Rule, document: Document) -> Kleene:
    """Return whether a rule applies to a document at all; unknown where the context does not say."""
    context = document.context
    needed = rule.policy.requires_group
    if (
        needed
        and context.known_groups is not None
        and needed not in context.known_groups
        and needed not in (context.groups or ())
    ):
        return False
    return _scope_value(rule.scope, document)


def _scope_value(scope: Scope, document: Document) -> Kleene:
    context = document.context
    values: list[Kleene] = []
    if scope.audience:
        values.append(None if context.audience is None else context.audience == scope.audience)
    for wanted, actual in (
        (scope.platform, context.platform),
        (scope.channel, context.channel),
        (scope.country, context.country),
        (scope.kind, context.kind),
    ):
        if wanted:
            values.append(None if actual is None else actual in wanted)
    if scope.group:
        values.append(None if context.groups is None else bool(context.groups & scope.group))
    if scope.not_group:
        values.append(None if context.groups is None else not context.groups & scope.not_group)
    return False if False in values else None if None in values else True


def _both(left: Kleene, right: Kleene) -> Kleene:
    return False if left is False or right is False else None if left is None or right is None else True


def _exclusion_value(exclusion: Exclusion, document: Document, run: Outcome) -> Kleene:
    at = document.context.at
    if at is not None and at >= exclusion.until:
        return False
    inner = Outcome(run.rule)
    parts = _Parts(exclusion.parts, document, inner)
    value = expression.evaluate(exclusion.when, parts.truth)
    run.faults += inner.faults
    return _both(None if at is None else True, value)


def _evaluation(key: str, outcomes: list[Outcome]) -> Evaluation:
    findings, tags, suppressed = [], [], []
    unknown: dict[tuple[str, str, str], list[str]] = {}
    for run in outcomes:
        rule = run.rule
        if run.value is True and rule.is_tag:
            if rule.status == "live":
                tags.append(rule.id)
        elif run.value is True:
            findings.append(_finding(run))
        elif run.value is None and rule.status == "live":
            for failure in _failures(run):
                unknown.setdefault(failure, []).append(rule.id)
        if run.excluded_by:
            suppressed.append(Suppressed(rule=rule.id, by=run.excluded_by))
    failures = tuple(Failure(detector=d, kind=k, error=e, rules=tuple(ids)) for (d, k, e), ids in unknown.items())
    flagged = any(not finding.shadow for finding in findings)
    status = Status.INCOMPLETE if failures else Status.FLAGGED if flagged else Status.CLEAN
    return Evaluation(
        key=key,
        status=status,
        findings=tuple(findings),
        tags=tuple(tags),
        failures=failures,
        suppressed=tuple(suppressed),
    )


def _finding(run: Outcome) -> Finding:
    rule = run.rule
    return Finding(
        rule=rule.id,
        version=rule.version,
        severity=rule.severity,
        publish=rule.publish,
        confidence=run.confidence,
        matches=run.matches,
        shadow=rule.status == "shadow",
    )


def _failures(run: Outcome) -> Iterator[tuple[str, str, str]]:
    if run.faults:
        for detector, error in run.faults:
            yield detector, "fault", error
        return
    for reason in dict.fromkeys(run.unknown):
        detector, _, why = reason.partition(": ")
        yield detector, "uncovered", why
