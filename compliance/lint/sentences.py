"""Examples that do not hold, and parts that no example shows at work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from compliance.lint.remark import Level, Remark, told_by
from compliance.lint.subject import Spot, Subject
from rules.examples import ExampleResult, run_exclusion_examples, run_rule_examples

_told: Final = told_by("example")
_HINT: Final = "mend the rule or the example; `policy explain RULE --text …` shows why"


def check(subject: Subject) -> Iterator[Remark]:
    """Run every example."""
    known, suppressions = subject.ruleset.lists, subject.ruleset.suppressions
    for rule in subject.own:
        for result in run_rule_examples(rule, known=known, suppressions=suppressions):
            yield from _remark(result, subject.at(rule, "examples", result.kind, result.index))
    for exclusion in subject.exclusions:
        for result in run_exclusion_examples(exclusion, subject.ruleset):
            yield from _remark(result, subject.at_exclusion(exclusion, "examples", result.kind, result.index))


def _remark(result: ExampleResult, spot: Spot) -> Iterator[Remark]:
    what = f"{result.kind} example {result.index + 1}"
    if result.is_failure:
        yield _told(Level.ERROR, result.rule, spot, f"{what} {result.note}", _HINT)
    elif result.passed is None:
        hint = "`compliance doctor` says which model is missing"
        yield _told(Level.WARNING, result.rule, spot, f"{what} was not run: {result.note}", hint)
    elif result.passed and result.kind == "todo_flag":
        yield _told(Level.NOTE, result.rule, spot, f"{what} is flagged by now", "move it to `flag`")
