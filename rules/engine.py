"""The engine: documents in, evaluations out, in order. Lazy, and the same as if it had looked at everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
        self._by_language = _by_language(self.rules)
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
        language, foreign = self._foreign(document, outcomes)
        if not (outcomes or foreign):
            return Evaluation(key=document.key, status=Status.CLEAN, language=language)
        accepted = bool(foreign) and self.ruleset.languages.accept
        evaluation = _evaluation(document.key, outcomes if accepted else [*outcomes, *foreign])
        return replace(evaluation, language=language, accepted=accepted)

    def _foreign(self, document: Document, outcomes: list[Outcome]) -> tuple[str | None, list[Outcome]]:
        """Return the language, and what its rules not covering it leaves unknown: those not true, nor decided otherwise."""
        if not self._by_language:
            return None, []
        found: list[Outcome] = []
        try:
            languages = document.languages or (self.ruleset.languages.default,)
        except Exception as error:  # noqa: BLE001 - a missing model makes documents incomplete, never clean
            languages, fault = (), type(error).__name__
        else:
            fault = ""
        for covered, rules in self._by_language.items():
            if languages and covered.issuperset(languages):
                continue
            said = {id(run.rule) for run in outcomes if run.value is not False or run.silenced_by}
            why = f"{fault} in language" if fault else f"{', '.join(sorted({*languages} - covered))} is not covered"
            for rule in rules:
                if id(rule) not in said and in_scope(rule, document) is not False:
                    faults = [("language", fault)] if fault else []
                    found.append(Outcome(rule, value=None, unknown=[f"language: {why}"], faults=faults))
        return (languages[0] if languages else None), found

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
        parts = _Parts(rule.parts, document, run.seen, run.faults)
        if exhaustive:
            for name in rule.parts:
                parts.see(name)
        when = expression.evaluate(rule.when, parts.truth)
        run.value = _both(run.scope, when)
        if run.value is True:
            run.matches, run.confidence = parts.evidence(rule)
        if run.value is None:
            run.unknown = parts.why_unknown(rule) or ["context: the rule's scope is unknown"]
        self._suppress(rule, document, run)
        self._exclude(rule, document, run)
        return run

    def _suppress(self, rule: Rule, document: Document, run: Outcome) -> None:
        """Take away what shipped filters say should not count, and look whether the rule is still true."""
        covered: list[tuple[Part, Sequence[Match]]] = []
        for name in rule.suppress if run.value is True else ():
            suppression = self.ruleset.suppressions[name]
            parts = _Parts(suppression.parts, document, {}, run.faults)
            if expression.evaluate(suppression.when, parts.truth) is not True:
                continue
            if suppression.covers is None:
                run.value, run.silenced_by = False, name
                return
            covered.append((suppression.covers, parts.see(suppression.covers.near or "").matches))
            again = _Parts(rule.parts, document, {}, run.faults, covered=covered, negative=_negative_names(rule))
            run.value = expression.evaluate(rule.when, again.truth)
            if run.value is not True:
                run.value, run.silenced_by = False, name
                return
            run.matches, run.confidence = again.evidence(rule)

    def _exclude(self, rule: Rule, document: Document, run: Outcome) -> None:
        if run.value is not True:
            return
        for exclusion in self._exclusions.get(rule.id, ()):
            value = _exclusion_value(exclusion, document, run)
            if value is True:
                run.value, run.silenced_by = False, exclusion.id
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
    #: Name of the suppression or exclusion without which the rule would be true.
    silenced_by: str = ""


class _Parts:
    """The parts of one rule on one document, each evaluated at most once."""

    def __init__(
        self,
        parts: Mapping[str, Part],
        document: Document,
        seen: dict[str, Seen],
        faults: list[tuple[str, str]],
        *,
        covered: Sequence[tuple[Part, Sequence[Match]]] = (),
        negative: frozenset[str] = frozenset(),
    ) -> None:
        """Keep what was seen in `seen` and what failed in `faults`; matches near `covered` ones count only in `negative` parts."""
        self.parts = parts
        self.document = document
        self.seen = seen
        self.faults = faults
        self.covered = covered
        self.negative = negative

    def truth(self, name: str) -> Kleene:
        known = self.seen.get(name)
        return (known or self.see(name)).value

    def see(self, name: str) -> Seen:
        known = self.seen.get(name)
        if known is None:
            known = self.seen[name] = self._see(self.parts[name])
        return known

    def _see(self, part: Part) -> Seen:
        try:
            seen = part.detector.see(self.document, self.see)
            return self._filtered(part, seen)
        except Exception as error:  # noqa: BLE001 - whatever a detector raises, the document is incomplete, not the run
            self.faults.append((part.detector.name, type(error).__name__))
            return Seen(value=None, unknown=f"{type(error).__name__} in {part.detector.name}")

    def _filtered(self, part: Part, seen: Seen) -> Seen:
        if not (part.inside or part.outside or part.near or self.covered) or not seen.matches:
            return seen
        matches = [m for m in seen.matches if self._in_regions(part, m)]
        # A meaning lies in a passage, not in the value that a filter covers.
        if part.name not in self.negative and part.detector.name != "meaning":
            for cover, others in self.covered:
                away = near_ones(cover, matches, others, self.document)
                matches = [match for match in matches if match not in away]
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


def _negative_names(rule: Rule) -> frozenset[str]:
    """Return the parts that count only against the rule: taking their matches away must not make it true."""
    positive = set(expression.positive_names(rule.when))
    return frozenset(name for name in expression.names(rule.when) if name not in positive)


def _by_language(rules: Iterable[Rule]) -> dict[frozenset[str], tuple[Rule, ...]]:
    """Return the rules whose verdict counts, by the languages that their words cover."""
    found: dict[frozenset[str], list[Rule]] = {}
    for rule in rules:
        if rule.languages and rule.status == "live":
            found.setdefault(rule.languages, []).append(rule)
    return {covered: tuple(several) for covered, several in found.items()}


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
    parts = _Parts(exclusion.parts, document, {}, run.faults)
    value = expression.evaluate(exclusion.when, parts.truth)
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
        if run.silenced_by:
            suppressed.append(Suppressed(rule=rule.id, by=run.silenced_by))
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
