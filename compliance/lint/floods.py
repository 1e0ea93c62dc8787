"""Rules whose words are so common that they will bury the people who review."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from compliance.lint.frequency import Guess, of_rule
from compliance.lint.remark import Level, Remark, told_by
from compliance.lint.subject import Subject
from rules.policy import Rule

_told: Final = told_by("flood")
#: Flags per 1,000 posts: a person can look at some ten a day.
_MANY: Final = 10
_FAR_TOO_MANY: Final = 100


def check(subject: Subject) -> Iterator[Remark]:
    """Guess each rule's flags per 1,000 everyday posts."""
    for rule in subject.concerned:
        guess = of_rule(rule.when, rule.parts)
        flags = 1000 * (guess.share or 0.0)
        if flags < _MANY:
            continue
        yield _told(
            _level(flags, rule),
            rule.id,
            subject.at(rule, "when"),
            f"would flag about {flags:.0f} of 1,000 everyday posts in its scope{_because(guess, subject)}",
            "ask for a second sign beside these words (`near`), or drop the commonest",
        )


def _level(flags: float, rule: Rule) -> Level:
    if rule.scope.group or rule.policy.requires_group:
        # A few people with a role of their own write few posts, and not everyday ones.
        return Level.NOTE
    return Level.ERROR if flags >= _FAR_TOO_MANY else Level.WARNING


def _because(guess: Guess, subject: Subject) -> str:
    lists = subject.ruleset.lists
    words = []
    for word, share, kind in guess.words:
        is_secret = kind in lists and lists[kind].confidential
        words.append(f"{f'a word of ${kind}' if is_secret else repr(word)} is in {1000 * share:.0f}")
    return f"; {', '.join(words)} of 1,000" if words else ""
