"""Conditions that can never be true, or always are, and parts that cannot match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from typing import Final

from compliance.lint.remark import Level, Remark, told_by
from compliance.lint.subject import Subject
from rules.detectors.author import Author
from rules.detectors.base import first_characters
from rules.detectors.count import Count
from rules.detectors.regex import Regex
from rules.detectors.terms import Terms
from rules.detectors.time import Time
from rules.expression import Node, Not, evaluate, names
from rules.fold import light
from rules.policy import Part, Rule

_told: Final = told_by("unreachable")
#: Branches tried before a condition is taken to be possible.
_MOST_STEPS: Final = 20_000


def check(subject: Subject) -> Iterator[Remark]:
    """Look at each rule's parts alone and at its condition over them."""
    for rule in subject.own:
        dead = dict(_dead_parts(rule, subject))
        for name, why in dead.items():
            yield _told(
                Level.WARNING,
                rule.id,
                subject.at(rule, "parts", name),
                f"part '{name}' can never match: {why}",
                "mend the part, or take it out",
            )
        if not can_be_true(rule.when, dict.fromkeys(dead, False)):
            yield _told(
                Level.ERROR,
                rule.id,
                subject.at(rule, "when"),
                f"`{rule.when}` can never be true" + (f", since {_listed(dead)} cannot match" if dead else ""),
                "say what should be true of a post, or retire the rule",
            )
        elif not can_be_true(Not(rule.when), {}):
            yield _told(
                Level.ERROR,
                rule.id,
                subject.at(rule, "when"),
                f"`{rule.when}` is true of every text",
                "join its parts so that some texts do not meet it",
            )


def _listed(names_: Mapping[str, str]) -> str:
    return " and ".join(f"'{name}'" for name in names_)


def can_be_true(when: Node, known: Mapping[str, bool]) -> bool:
    """Return whether some truth of the other parts makes a condition true. Gives up after many steps, saying yes."""
    order = [name for name in dict.fromkeys(names(when)) if name not in known]
    todo: list[dict[str, bool]] = [dict(known)]
    for _ in range(_MOST_STEPS):
        if not todo:
            return False
        fixed = todo.pop()
        value = evaluate(when, fixed.get)
        if value is True:
            return True
        if value is None:
            name = next(name for name in order if name not in fixed)
            todo += [{**fixed, name: False}, {**fixed, name: True}]
    return True


def _dead_parts(rule: Rule, subject: Subject) -> Iterator[tuple[str, str]]:
    found = {
        name: why
        for name, part in rule.parts.items()
        if (why := _placed_nowhere(part) or _never_seen(rule, part, subject))
    }
    for name, part in rule.parts.items():
        detector: object = part.detector
        other = part.near or (detector.part if isinstance(detector, Count) else "")
        if other in found and name not in found:
            found[name] = f"it needs '{other}', which cannot"
    yield from found.items()


def _placed_nowhere(part: Part) -> str:
    if part.inside and set(part.inside) <= set(part.outside):
        return f"`in` and `not_in` both name {', '.join(sorted(set(part.inside)))}"
    lengths = [length for name in part.inside if (length := first_characters(name)) is not None]
    detector: object = part.detector
    if isinstance(detector, Terms) and detector.terms and lengths and len(lengths) == len(part.inside):
        shortest = min(len(term.text) for term in detector.terms)
        if shortest > max(lengths):
            return f"its shortest term has {shortest} characters, and it looks at the first {max(lengths)} only"
    return ""


def _never_seen(rule: Rule, part: Part, subject: Subject) -> str:
    detector: object = part.detector
    midnight = datetime.combine(subject.today, time(), UTC)
    if isinstance(detector, Time) and detector.end and detector.end <= midnight:
        return f"its time ended on {detector.end:%Y-%m-%d}"
    if isinstance(detector, Author):
        return _nobody(detector, rule, subject)
    if isinstance(detector, Regex):
        folded_away = [character for character in detector.pattern if light(character).text != character]
        if folded_away and light(detector.pattern).text != detector.pattern:
            return f"patterns meet texts without full-width and zero-width forms, and it asks for U+{ord(folded_away[0]):04X}"
    return ""


def _nobody(author: Author, rule: Rule, subject: Subject) -> str:
    if author.group and author.group <= author.not_group:
        return "`group` and `not_group` name the same groups"
    if author.group and author.group <= rule.scope.not_group:
        return f"the rule's scope leaves out {', '.join(sorted(author.group))}"
    if author.group and subject.groups is not None and not author.group & subject.groups:
        return f"nobody in people.csv is in {', '.join(sorted(author.group))}"
    return ""
