"""The policy as employees read it, made from the rules that judge: plain words, nothing that a list keeps secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final, NoReturn

from compliance.ladder import Ladder
from rules.build import PLACEHOLDER
from rules.detectors.base import NOTHING, Material
from rules.detectors.terms import Terms, TermsKeys
from rules.document import Context, Document
from rules.lists import WordList
from rules.policy import Policy, Rule

if TYPE_CHECKING:
    from compliance.workspace import SourceSpec, Workspace
    from rules.ruleset import RuleSet

#: Lists that hold what is public anyway. The terms of every other list are withheld: better one example too few.
_PUBLIC: Final = frozenset({"products", "brand_names", "competitors", "disclosures", "executives"})
_WITHHELD: Final = "[a confidential name]"
_EXAMPLES: Final = 3
_TAG_PACK: Final = "protected-activity"
_DRAFT: Final = {
    "block": "A draft with this is stopped until it is changed.",
    "warn": "A draft with this gets a warning; you decide what to do about it.",
    "observe": "A draft with this passes; it may be looked at later.",
}
_ROUTES: Final = {
    "compliance": "the compliance team",
    "security": "the security team",
    "privacy": "the privacy team",
    "hr": "human resources",
    "counsel": "the legal team",
    "investor-relations": "investor relations",
    "complaints": "the complaints team",
}
#: The groups that packs know, in words.
_GROUPS: Final = {
    "press-office": "the press office",
    "brand-account": "the company's own accounts",
    "adviser": "people who advise on investments",
    "executive": "executives",
    "partner": "people who are paid to post",
}
_NEEDS: Final = {
    "notice": "written notice",
    "evidence-shared": "the evidence shown to you",
    "heard-or-declined": "your side heard, unless you decline",
    "case-finding": "a finding with reasons",
    "hr": "a person of HR approves",
    "legal": "a person of the legal team approves",
    "companion-offered": "the offer to bring a companion",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEntry:
    """A place that is read."""

    name: str
    platform: str
    audience: str
    channel: str
    reads_messages: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEntry:
    """A rule as its readers need it."""

    id: str
    title: str
    clause: str
    whom: str
    draft: str
    guidance: str
    first_aid: str
    flagged: tuple[str, ...]
    fine: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One policy."""

    id: str
    title: str
    clause: str
    reader: str
    rules: tuple[RuleEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEntry:
    """A step of a ladder."""

    title: str
    counts_for: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderEntry:
    """What may follow, in one country."""

    title: str
    countries: str
    steps: tuple[StepEntry, ...]
    answer_within: str
    appeal_within: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Handbook:
    """Everything that the page says, in its order."""

    organisation: str
    day: date
    version: str
    sources: tuple[SourceEntry, ...]
    protected: tuple[str, ...]
    chapters: tuple[Chapter, ...]
    ladders: tuple[LadderEntry, ...]
    owners: tuple[tuple[str, str], ...]
    officers: tuple[str, ...]


def handbook_of(space: Workspace, *, today: date) -> Handbook:
    """Return the handbook of a workspace. Raises PolicyError with every fault of what it is made from."""
    ruleset = space.ruleset
    secrets = _Secrets(ruleset)
    groups = space.people.known_groups if space.people.people else None
    rules = [rule for rule in ruleset.rules.values() if rule.status == "live" and _is_met(rule, groups)]
    chapters = tuple(_chapters(ruleset, [rule for rule in rules if not rule.is_tag], secrets))
    shown = {chapter.id for chapter in chapters}
    return Handbook(
        organisation=space.config.organisation if space.root else "",
        day=today,
        version=ruleset.hash[:12],
        sources=tuple(_source(name, spec) for name, spec in space.config.sources.items()),
        protected=tuple(secrets.masked(rule.title) for rule in rules if rule.is_tag and rule.policy.id == _TAG_PACK),
        chapters=chapters,
        ladders=tuple(_ladders(space)),
        owners=tuple(_owners(ruleset, shown)),
        officers=tuple(name for name, one in space.config.reviewers.items() if one.role == "officer"),
    )


def _is_met(rule: Rule, groups: frozenset[str] | None) -> bool:
    """Return whether the rule could apply to anybody here."""
    needed = rule.policy.requires_group
    return groups is None or (
        (not needed or needed in groups) and (not rule.scope.group or bool(rule.scope.group & groups))
    )


def _source(name: str, spec: SourceSpec) -> SourceEntry:
    return SourceEntry(
        name=name,
        platform=spec.platform or "",
        audience="outside readers" if spec.audience == "external" else "people inside",
        channel=spec.channel or "",
        reads_messages=spec.messages == "include",
    )


def _chapters(ruleset: RuleSet, rules: Sequence[Rule], secrets: _Secrets) -> Iterator[Chapter]:
    for policy in ruleset.policies.values():
        mine = tuple(_rule(rule, secrets) for rule in rules if rule.policy.id == policy.id)
        if mine:
            yield Chapter(
                id=policy.id,
                title=secrets.masked(policy.title),
                clause=secrets.masked(policy.clause),
                reader=_ROUTES[policy.route],
                rules=mine,
            )


def _rule(rule: Rule, secrets: _Secrets) -> RuleEntry:
    examples = rule.spec.examples
    return RuleEntry(
        id=rule.id,
        title=secrets.masked(rule.title),
        clause=secrets.masked(rule.clause),
        whom=_whom(rule),
        draft=_DRAFT[rule.publish.value],
        guidance=secrets.masked(_filled(rule.guidance)),
        first_aid=secrets.masked(_filled(rule.first_aid)),
        # Made-up keys would still ring every scanner that reads the page.
        flagged=() if _shows_keys(rule) else secrets.harmless(example.text for example in examples.flag),
        # What passes by its author or place alone would read as if it were fine for all.
        fine=secrets.harmless(
            e.text for e in examples.pass_ if not (e.group or e.audience or e.kind or e.platform or e.at)
        ),
    )


def _shows_keys(rule: Rule) -> bool:
    return any(part.detector.name == "secret" for part in rule.parts.values())


def _whom(rule: Rule) -> str:
    scope = rule.scope
    where = {"external": "in what people outside can read", "internal": "in internal channels"}.get(
        scope.audience or "", "everywhere"
    )
    words = [f"applies {where}"]
    if scope.group:
        words.append(f"to {_groups(scope.group)} only")
    if scope.not_group:
        words.append(f"to everybody but {_groups(scope.not_group)}")
    for what, values in (("on", scope.platform), ("in", scope.channel), ("in", scope.country), ("for", scope.kind)):
        if values:
            words.append(f"{what} {_listed(values)}")
    return ", ".join(words)


def _groups(names: Iterable[str]) -> str:
    return " and ".join(_GROUPS.get(name, name) for name in sorted(names))


def _filled(text: str) -> str:
    """Return guidance without the placeholders that only a finding can fill."""
    return PLACEHOLDER.sub(lambda found: "(as announced)" if found[2] else "the name or passage", text)


def _listed(words: Iterable[str]) -> str:
    return " or ".join(sorted(words))


class _Secrets:
    """Knows every term of every list that is not public, in any disguise that rules see through."""

    def __init__(self, ruleset: RuleSet) -> None:
        hidden = [
            one for name, one in ruleset.lists.items() if one.entries and (one.confidential or name not in _PUBLIC)
        ]
        terms = tuple(replace(entry, start=None, end=None) for one in hidden for entry in one.entries)
        everything = WordList(name="withheld", entries=terms)
        material = Material(lists={"withheld": everything}, build=_no_part)
        self._terms = Terms.build(TermsKeys(terms=["$withheld"]), material)

    def _spans(self, text: str) -> list[tuple[int, int]]:
        seen = self._terms.see(Document(key="handbook", text=text, context=Context()), lambda _: NOTHING)
        return [(match.start, match.end) for match in seen.matches]

    def masked(self, text: str) -> str:
        """Return a text with its secret terms taken out."""
        for start, end in sorted(self._spans(text), reverse=True):
            text = text[:start] + _WITHHELD + text[end:]
        return text

    def harmless(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return the first few texts without a secret term."""
        kept: list[str] = []
        for text in texts:
            if len(kept) < _EXAMPLES and not self._spans(text):
                kept.append(re.sub(r"\s*\n\s*", " / ", text.strip()))
        return tuple(kept)


def _no_part(spec: object, place: object) -> NoReturn:
    raise NotImplementedError(spec, place)


def _ladders(space: Workspace) -> Iterator[LadderEntry]:
    named: dict[str, list[str]] = {}
    ladders = space.ladders
    for country, ladder in ladders.items():
        named.setdefault(ladder.id, []).append(country)
    for name, countries in named.items():
        ladder = next(one for one in ladders.values() if one.id == name)
        codes = [country for country in countries if country != "default"]
        others = "everybody else" if len(named) > 1 or codes else "everybody"
        yield LadderEntry(
            title=ladder.spec.title,
            countries=", ".join([*codes, *([others] if "default" in countries else [])]),
            steps=tuple(_step(ladder, step) for step in ladder.spec.steps),
            answer_within=str(ladder.spec.answer_within),
            appeal_within=str(ladder.spec.appeal_within),
        )


def _step(ladder: Ladder, step: str) -> StepEntry:
    length = ladder.spec.live_for.get(step)
    return StepEntry(
        title=ladder.title(step),
        counts_for=str(length) if length else "",
        needs=tuple(_NEEDS.get(need, need.replace("-", " ")) for need in ladder.needs(step)),
    )


def _owners(ruleset: RuleSet, shown: set[str]) -> Iterator[tuple[str, str]]:
    for policy in ruleset.policies.values():
        if policy.id in shown:
            yield policy.title, _owner(policy)


def _owner(policy: Policy) -> str:
    return policy.owner or _ROUTES[policy.route]
