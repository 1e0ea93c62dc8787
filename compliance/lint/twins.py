"""Rules that say what another rule says already."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from compliance.lint.remark import Level, Remark, told_by
from compliance.lint.subject import Subject
from rules.engine import Engine
from rules.examples import example_document, rule_with_lists
from rules.policy import Rule

_same: Final = told_by("duplicate")
_caught: Final = told_by("overlap")
#: With fewer examples, being caught by another rule says nothing.
_FEWEST: Final = 3
_LOUDNESS: Final = ("observe", "warn", "block")


def check(subject: Subject) -> Iterator[Remark]:
    """Compare each rule with those before it for sameness, with those of its policy for overlap."""
    first: dict[str, Rule] = {}
    for rule in subject.ruleset.rules.values():
        if rule.status == "retired":
            continue
        other = first.setdefault(_form(rule), rule)
        if other is not rule and rule in subject.own:
            yield _same(
                Level.ERROR,
                rule.id,
                subject.at(rule),
                f"has the same parts, condition and scope as {other.id}",
                "keep one of the two; retire the other",
            )
        elif rule in subject.own and rule in subject.judging:
            yield from _overlaps(rule, subject)


def _form(rule: Rule) -> str:
    """Return a rule without its words and without the names of its parts."""
    specs = {name: json.dumps(_plain(spec), sort_keys=True, default=str) for name, spec in rule.spec.parts.items()}
    names = {name: f"p{number}" for number, name in enumerate(sorted(specs, key=specs.__getitem__))}
    near = sorted(
        (names[name], names.get(str(spec.get("near") or spec.get("count")), ""))
        for name, spec in rule.spec.parts.items()
    )
    when = re.sub(r"[a-z][a-z0-9_]*", lambda word: names.get(word[0], word[0]), str(rule.when))
    scope = rule.spec.scope.model_dump_json()
    return json.dumps([rule.policy.effect, scope, sorted(specs.values()), near, when])


def _plain(spec: dict[str, object]) -> dict[str, object]:
    """Return a part in which the order of a list and the name of another part do not matter."""
    return {
        key: sorted(value, key=str) if isinstance(value, list) else "" if key in {"near", "count"} else value
        for key, value in spec.items()
    }


def _overlaps(rule: Rule, subject: Subject) -> Iterator[Remark]:
    examples = rule.spec.examples
    if len(examples.flag) < _FEWEST:
        return
    documents = [example_document(rule, example) for example in examples.flag]
    for other in subject.ruleset.rules.values():
        if other is rule or other.policy.id != rule.policy.id or not _is_as_strict(other, rule):
            continue
        tested = rule_with_lists(other, examples.with_, subject.ruleset)
        if all(_fires(subject.engine, tested, document) for document in documents):
            yield _caught(
                Level.WARNING,
                rule.id,
                subject.at(rule),
                f"{other.id} flags all {len(documents)} of its flag examples too, as severely",
                "merge the two, or add examples that only this one catches",
            )


def _fires(engine: Engine, rule: Rule, document: object) -> bool:
    return engine.run(rule, document).value is True  # type: ignore[arg-type]


def _is_as_strict(other: Rule, rule: Rule) -> bool:
    return (
        other.status in {"live", rule.status}
        and other.severity >= rule.severity
        and _LOUDNESS.index(other.publish) >= _LOUDNESS.index(rule.publish)
    )
