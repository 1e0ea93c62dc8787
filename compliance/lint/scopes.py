"""Scopes that nothing in the workspace meets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, get_args

from compliance.lint.remark import Level, Remark, told_by
from compliance.lint.subject import Subject
from rules.errors import did_you_mean
from rules.policy import Kind, Rule

_told: Final = told_by("scope")
_KINDS: Final = get_args(Kind)


def check(subject: Subject) -> Iterator[Remark]:
    """Compare each rule's scope with sources and people, as far as those are known."""
    for rule in subject.own:
        yield from _contradictions(rule, subject)
        for key, why, hint in _unmet(rule, subject):
            yield _told(Level.WARNING, rule.id, subject.at(rule, "scope", key), why, hint)


def _contradictions(rule: Rule, subject: Subject) -> Iterator[Remark]:
    scope = rule.scope
    if scope.group and scope.group <= scope.not_group:
        yield _told(
            Level.ERROR,
            rule.id,
            subject.at(rule, "scope", "group"),
            "`group` and `not_group` name the same groups, so the rule applies to nobody",
            "keep one of them",
        )
    for word in sorted(scope.kind - set(_KINDS)):
        yield _told(
            Level.ERROR,
            rule.id,
            subject.at(rule, "scope", "kind"),
            f"there is no kind '{word}' of post",
            did_you_mean(word, _KINDS, otherwise=f"kinds: {', '.join(_KINDS)}"),
        )


def _unmet(rule: Rule, subject: Subject) -> Iterator[tuple[str, str, str]]:
    scope = rule.scope
    if scope.audience and subject.audiences and scope.audience not in subject.audiences:
        yield (
            "audience",
            f"no source is {scope.audience}, so no post meets this rule",
            "set `audience` of a source in compliance.yaml, or change the scope",
        )
    for key, wanted, known, where in (
        ("group", scope.group, subject.groups, "nobody in people.csv is in"),
        ("country", scope.country, subject.countries, "nobody in people.csv works in"),
        ("platform", scope.platform, subject.platforms or None, "no source is of"),
    ):
        if wanted and known is not None and not wanted & known:
            named = ", ".join(sorted(wanted))
            hint = did_you_mean(min(wanted), known, otherwise=f"known: {', '.join(sorted(known)) or 'none'}")
            yield key, f"{where} {named}, so no post meets this rule", hint
