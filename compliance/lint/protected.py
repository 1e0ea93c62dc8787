"""Rules that fire on what the law protects: talk of pay, hours, conditions, safety, unions, wrongdoing, and criticism of the employer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

from compliance.lint.remark import Level, Remark, told_by
from compliance.lint.subject import Subject
from rules.document import Context, Document
from rules.examples import example_document
from rules.policy import ExampleSpec, Rule
from rules.sense import exemplars

_told: Final = told_by("protected")
_COMPANY: Final = "{company}"
_TAGS: Final = "protected-activity"
#: So many of the shipped exemplars may be caught for what else they say: an insult, a name, a figure.
_SHARE: Final = 0.02
#: An account that speaks as the company has no pay and no union; what it says is worth a look, no more.
_COMPANY_VOICE: Final = frozenset({"brand-account"})


def check(subject: Subject) -> Iterator[Remark]:
    """Run each rule that makes claims on plain protected sentences, then on the exemplars of the tag pack."""
    names = _company_names(subject)
    seen = _Documents(subject)
    for rule in subject.concerned:
        caught = [topic for topic, text in sentences(names) if seen.fires(rule, text)]
        level = Level.NOTE if rule.scope.group == _COMPANY_VOICE else Level.ERROR
        if caught:
            topics = ", ".join(f"{topic} ({number})" for topic, number in Counter(caught).items())
            yield _told(
                level,
                rule.id,
                subject.at(rule, "when"),
                f"flags {len(caught)} plain sentences of protected talk: {topics}",
                "no rule may target this; make it ask for what else must be there. `policy explain` shows what fired",
            )
        if caught or level is Level.NOTE or not subject.is_mine(rule):
            continue
        told = [one.text for one in exemplars().get(_TAGS, ()) if one.like]
        hits = sum(seen.fires(rule, text) for text in told)
        if told and hits / len(told) > _SHARE:
            yield _told(
                Level.WARNING,
                rule.id,
                subject.at(rule, "when"),
                f"flags {hits} of {len(told)} sentences that the tag pack learns protected talk from",
                "look what they have in common, and ask for more than that",
            )


class _Documents:
    """Texts published where and by whom a rule applies; rules of one scope share what is worked out about a text."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._known: dict[tuple[str, Context], Document] = {}

    def fires(self, rule: Rule, text: str) -> bool:
        document = example_document(rule, ExampleSpec(text=text))
        document = self._known.setdefault((text, document.context), document)
        return self._subject.engine.run(rule, document).value is True


def _company_names(subject: Subject) -> tuple[str, ...]:
    listed = subject.ruleset.lists.get("brand_names")
    first = [entry.term for entry in listed.entries[:1]] if listed else []
    return tuple(dict.fromkeys([*first, subject.organisation or "this company"]))


def sentences(company: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield (topic, sentence), each sentence that names the employer once per name."""
    for topic, text in _written():
        for name in company if _COMPANY in text else ("",):
            yield topic, text.replace(_COMPANY, name)


@cache
def _written() -> tuple[tuple[str, str], ...]:
    lines = (files("compliance") / "lint" / "protected.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple((row["topic"], row["text"]) for row in map(json.loads, lines))
