"""The examples that stand in every rule, run as what they are: the tests of that rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from rules.build import build_parts
from rules.document import Context, Document
from rules.engine import Engine
from rules.lists import Lists, WordList, no_lists, of_terms
from rules.load import Defaults, build_rule
from rules.policy import ExampleSpec, Exclusion, Rule, Suppression
from rules.ruleset import RuleSet
from rules.source import SourceFile

#: When an example takes place unless it says so: a working Monday.
DEFAULT_TIME: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleResult:
    """How one example went."""

    #: Id of the rule or exclusion.
    rule: str
    #: flag, pass, todo_flag; exclude, keep for exclusions.
    kind: str
    #: Place in its list, from 0.
    index: int
    text: str = field(repr=False)
    #: True as it should be, False not, None not run (something it needs is missing).
    passed: bool | None
    note: str = ""
    place: str = ""

    @property
    def is_failure(self) -> bool:
        """Return whether this fails a test run; a known miss never does."""
        return self.passed is False and self.kind != "todo_flag"


def run_examples(ruleset: RuleSet, *, only: Iterable[str] = (), shipped: bool = True) -> Iterator[ExampleResult]:
    """Run the examples of every rule and exclusion (or those in `only`), each with its own lists and all others empty."""
    wanted = set(only)
    for rule in ruleset.rules.values():
        if (not wanted or rule.id in wanted or rule.policy.id in wanted) and (shipped or not rule.policy.shipped):
            yield from run_rule_examples(rule, known=ruleset.lists, suppressions=ruleset.suppressions)
    for exclusion in ruleset.exclusions:
        if not wanted or exclusion.id in wanted:
            yield from run_exclusion_examples(exclusion, ruleset)


def run_rule_examples(
    rule: Rule, *, known: Iterable[str] = (), suppressions: Mapping[str, Suppression] | None = None
) -> Iterator[ExampleResult]:
    """Run one rule's examples against that rule alone; lists in `known` exist, and are empty."""
    examples = rule.spec.examples
    lists = {**{name: WordList(name=name) for name in known}, **_lists(examples.with_)}
    scratch = SourceFile(rule.place)
    tested = _rebuilt(scratch, rule, lists, suppressions)
    if tested is None:
        yield ExampleResult(
            rule=rule.id, kind="flag", index=0, text="", passed=False, note=scratch.faults[0].message, place=rule.place
        )
        return
    engine = Engine(
        RuleSet(
            rules={rule.id: tested},
            policies={rule.policy.id: rule.policy},
            suppressions=suppressions or {},
            lists=lists,
            engine_version="",
        )
    )
    for kind, group in (("flag", examples.flag), ("pass", examples.pass_), ("todo_flag", examples.todo_flag)):
        for index, example in enumerate(group):
            yield _run(engine, tested, kind, index, example)


def rule_with_lists(rule: Rule, given: dict[str, list[str]], ruleset: RuleSet) -> Rule:
    """Return a rule as it is where lists hold what the examples of another one say; itself if they say nothing."""
    if not given:
        return rule
    lists = {**{name: WordList(name=name) for name in ruleset.lists}, **_lists(given)}
    return _rebuilt(SourceFile(rule.place), rule, lists, ruleset.suppressions) or rule


def _rebuilt(
    scratch: SourceFile, rule: Rule, lists: Lists, suppressions: Mapping[str, Suppression] | None
) -> Rule | None:
    """Build a rule again with other lists."""
    defaults = Defaults(languages=sorted(rule.languages), suppress=rule.suppress)
    return build_rule(
        scratch,
        (),
        rule.spec,
        rule.policy,
        lists=lists,
        defaults=defaults,
        suppressions=suppressions,
        encoder=rule.encoder,
        pipeline=rule.pipeline,
    )


def _run(engine: Engine, rule: Rule, kind: str, index: int, example: ExampleSpec) -> ExampleResult:
    document = example_document(rule, example)
    outcome = engine.run(rule, document)
    passed: bool | None = outcome.value is (kind != "pass")
    note = ""
    if outcome.value is None:
        passed, note = (None if not outcome.faults else False), "; ".join(outcome.unknown)
    elif passed and example.span and not any(document.raw[m.start : m.end] == example.span for m in outcome.matches):
        passed, note = False, "fires, but does not mark the span"
    elif not passed:
        note = "does not fire" if kind != "pass" else "fires"
    return ExampleResult(
        rule=rule.id, kind=kind, index=index, text=example.text, passed=passed, note=note, place=rule.place
    )


def example_document(rule: Rule, example: ExampleSpec) -> Document:
    """Return the example as a document whose context satisfies the rule's scope where the example does not say."""
    scope = rule.scope
    groups = set(example.group or sorted(scope.group)[:1])
    if example.group is None and rule.policy.requires_group:
        groups.add(rule.policy.requires_group)
    context = Context(
        audience=example.audience or scope.audience or "external",
        platform=example.platform or next(iter(sorted(scope.platform)), None),
        channel=example.channel or next(iter(sorted(scope.channel)), None),
        groups=frozenset(groups),
        country=example.country or next(iter(sorted(scope.country)), None),
        kind=example.kind or next(iter(sorted(scope.kind)), "post"),
        at=example.at or DEFAULT_TIME,
    )
    return Document(key=f"{rule.id}", text=example.text, context=context)


def run_exclusion_examples(exclusion: Exclusion, ruleset: RuleSet) -> Iterator[ExampleResult]:
    """Run an exclusion's examples: `exclude` must silence a rule that fires, `keep` must still be flagged."""
    examples = exclusion.spec.examples
    touched = [rule for rule in ruleset.rules.values() if exclusion.touches(rule.id)]
    lists = {**ruleset.lists, **_lists(examples.with_)} if examples.with_ else dict(ruleset.lists)
    tested = _with_lists(touched, exclusion, lists, ruleset.suppressions)
    for kind, group in (("exclude", examples.exclude), ("keep", examples.keep)):
        for index, example in enumerate(group):
            outcomes = [
                (rule, tested.run(rule, example_document(rule, example))) for rule in tested.ruleset.rules.values()
            ]
            silenced = any(outcome.silenced_by for _, outcome in outcomes)
            fires = any(outcome.value is True for _, outcome in outcomes)
            passed = silenced and not fires if kind == "exclude" else fires and not silenced
            note = (
                ""
                if passed
                else "no rule fires here, so nothing is excluded"
                if not (fires or silenced)
                else "is still flagged"
                if kind == "exclude"
                else "is excluded"
            )
            yield ExampleResult(
                rule=exclusion.id,
                kind=kind,
                index=index,
                text=example.text,
                passed=passed,
                note=note,
                place=exclusion.place,
            )


def _with_lists(
    touched: list[Rule], exclusion: Exclusion, lists: dict[str, WordList], suppressions: Mapping[str, Suppression]
) -> Engine:
    scratch = SourceFile(exclusion.place)
    built = {rule.id: _rebuilt(scratch, rule, lists, suppressions) for rule in touched}
    rules = {name: rule for name, rule in built.items() if rule is not None}
    borrowed = next(iter(rules.values())).parts if len(exclusion.rules) == 1 and len(rules) == 1 else {}
    parts = build_parts(scratch, (), exclusion.spec.parts, exclusion.spec.when, lists=lists, borrowed=borrowed)
    again = [] if parts is None else [replace(exclusion, parts=parts[0], when=parts[1])]
    return Engine(
        RuleSet(
            rules=rules, policies={}, exclusions=tuple(again), suppressions=suppressions, lists=lists, engine_version=""
        )
    )


def _lists(given: dict[str, list[str]]) -> dict[str, WordList]:
    return {**no_lists(), **{name: of_terms(name, terms) for name, terms in given.items()}}
