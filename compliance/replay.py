"""A stored flag once more: would the rules of now say the same about the version it opened on? Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.dossier import find_flag
from compliance.errors import ComplianceError, UnavailableError
from compliance.inputs import changed_inputs, inputs_of, stored_inputs
from compliance.listing import visible_lanes
from compliance.models import Flag, Observation, PostVersion
from compliance.permissions import Reviewer, Sight, no_flag, require, require_not_own
from compliance.rescan import document_of_version
from compliance.stored import People
from compliance.trial import narrowed
from rules.engine import Engine
from rules.evaluation import Evaluation, Finding, Severity
from rules.ruleset import RuleSet

Word = Literal["identical", "different", "impossible"]
_COMPARED: Final = ("start", "end", "part", "detector", "kind", "confidence", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One stored finding against the rules of now."""

    flag: int
    rule: str
    word: Word
    #: The rule's own hash, then and now; None where it is gone.
    version_then: str
    version_now: str | None
    #: What differs, without a word of the post.
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came of it."""

    flag: int
    post_version: int
    word: Word
    ruleset_then: str
    ruleset_now: str
    #: What of the rule set has changed, as far as stored hashes tell; empty if nothing has.
    changed: tuple[str, ...]
    #: False where the trail does not say what the rule set of then was made of, so that `changed` may lack something.
    is_complete: bool
    #: This flag first, then the others that opened on the same version under the same rule set.
    findings: tuple[Replayed, ...]


def replay(session: Session, flag_id: int, *, ruleset: RuleSet, people: People, reviewer: Reviewer) -> Replay:
    """Evaluate the version that a flag opened on and compare, finding for finding.

    Where a rule has the same hash, same text, same lists and models decide, so it must say the same; where it has
    another, nothing is replayed. Groups and countries are those of people.csv as it is now: no hash covers them.
    Raises ComplianceError for who may not, UnavailableError where the text is gone.
    """
    require(reviewer, "flags:read")
    flag, sight = find_flag(session, flag_id, reviewer)
    if sight is not Sight.ALL:
        raise no_flag(flag_id)
    require_not_own(reviewer, people, platform=flag.post.platform, handle=flag.post.author)
    version = _version(flag)
    first = _first(flag)
    rows = _observed(session, reviewer, flag, first)
    evaluation = _evaluate(ruleset, people, flag, version, rows)
    found = tuple(_compared(each, row, ruleset, evaluation) for each, row in rows)
    then = stored_inputs(session, first.ruleset)
    return Replay(
        flag=flag.id,
        post_version=version.id,
        word=_worst(found),
        ruleset_then=first.ruleset,
        ruleset_now=ruleset.hash,
        changed=tuple(_changed(first.ruleset, then, ruleset, found)),
        is_complete=first.ruleset == ruleset.hash or then is not None,
        findings=found,
    )


def _version(flag: Flag) -> PostVersion:
    version = flag.opened_version
    if not version.text:
        message = f"the text of the version that flag {flag.id} opened on is no longer stored"
        raise UnavailableError(message, hint="`compliance show` says what is known of it")
    return version


def _first(flag: Flag) -> Observation:
    mine = [row for row in flag.observations if row.version_id == flag.opened_version_id]
    if not mine:
        message = f"flag {flag.id} has no observation of the version it opened on"
        raise ComplianceError(message, hint="`compliance audit verify` tells whether the database was changed.")
    return mine[0]


def _observed(session: Session, reviewer: Reviewer, flag: Flag, first: Observation) -> list[tuple[Flag, Observation]]:
    query = (
        select(Flag, Observation)
        .join(Observation, Observation.flag_id == Flag.id)
        .where(Flag.opened_version_id == flag.opened_version_id, Observation.version_id == flag.opened_version_id)
        .where(Observation.ruleset == first.ruleset, *visible_lanes(reviewer))
        .order_by(Flag.id, Observation.id)
    )
    found: dict[int, tuple[Flag, Observation]] = {}
    for each, row in session.execute(query):
        found.setdefault(each.id, (each, row))
    return sorted(found.values(), key=lambda pair: pair[0].id != flag.id)


def _evaluate(
    ruleset: RuleSet, people: People, flag: Flag, version: PostVersion, rows: list[tuple[Flag, Observation]]
) -> Evaluation:
    document = document_of_version(people, flag.post.source.name, flag.post, version)
    return Engine(narrowed(ruleset, [each.rule for each, _ in rows])).evaluate_one(document)


def _compared(flag: Flag, row: Observation, ruleset: RuleSet, evaluation: Evaluation) -> Replayed:
    rule = ruleset.rule(flag.rule)
    finding = next((each for each in evaluation.findings if each.rule == flag.rule), None)
    differences = tuple(_differences(flag, row, finding, evaluation))
    word: Word = "different" if differences else "identical"
    # What another rule says is no replay, and what could not be evaluated proves nothing either way.
    if rule is None or rule.version != row.rule_version or any(flag.rule in each.rules for each in evaluation.failures):
        word = "impossible"
    return Replayed(
        flag=flag.id,
        rule=flag.rule,
        word=word,
        version_then=row.rule_version,
        version_now=None if rule is None else rule.version,
        differences=differences,
    )


def _differences(flag: Flag, row: Observation, finding: Finding | None, evaluation: Evaluation) -> Iterator[str]:
    for failure in evaluation.failures:
        if flag.rule in failure.rules:
            yield f"could not be evaluated: {failure.detector} {failure.kind}, {failure.error}"
    if finding is None:
        silent = next((each.by for each in evaluation.suppressed if each.rule == flag.rule), None)
        yield f"not raised: silenced by {silent}" if silent else "not raised"
        return
    if int(finding.severity) != flag.severity:
        yield f"severity {Severity(flag.severity).label} then, {finding.severity.label} now"
    if finding.confidence != row.confidence:
        yield f"confidence {row.confidence:.4f} then, {finding.confidence:.4f} now"
    then = {_key(match) for match in row.matches}
    now = {_key(asdict(match)) for match in finding.matches}
    for word, keys in (("then and not now", then - now), ("now and not then", now - then)):
        yield from (f"match {key[0]}-{key[1]} of {key[2] or 'no part'} ({key[3]}) {word}" for key in sorted(keys))


def _key(match: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(match.get(name) for name in _COMPARED)


def _worst(found: tuple[Replayed, ...]) -> Word:
    words = {each.word for each in found}
    return "impossible" if "impossible" in words else "different" if "different" in words else "identical"


def _changed(
    ruleset_then: str, then: Mapping[str, str] | None, ruleset: RuleSet, found: tuple[Replayed, ...]
) -> Iterator[str]:
    if ruleset_then == ruleset.hash:
        return
    if then is not None:
        yield from changed_inputs(then, inputs_of(ruleset))
        return
    for each in found:
        if each.version_now is None:
            yield f"rule {each.rule} removed"
        elif each.version_now != each.version_then:
            yield f"rule {each.rule} changed (itself, a list or a model that it reads, or the engine)"
        else:
            yield f"not rule {each.rule}, nor what it reads: another rule, an exclusion or a language setting"
