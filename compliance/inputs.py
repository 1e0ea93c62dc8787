"""What a rule set is made of, by hashes: recorded once in the trail, so that a later replay can say what has changed. No words of rules."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.audit import Actor, record
from compliance.manifest import product_version
from compliance.models import AuditRow
from rules.detectors.entity import Entity
from rules.detectors.meaning import Meaning
from rules.policy import Rule
from rules.ruleset import RuleSet

USED: Final = "ruleset:used"
_SHORT: Final = 16


def inputs_of(ruleset: RuleSet) -> dict[str, str]:
    """Return name -> hash or version of everything that decides a verdict: engine, rules, exclusions, lists, models, settings."""
    rules = ruleset.rules.values()
    return {
        "program": product_version(),
        "engine": ruleset.engine_version,
        "languages": f"{ruleset.languages.default} {'accept' if ruleset.languages.accept else 'incomplete'}",
        **{f"model {name}": digest for name, digest in sorted(_models(rules).items())},
        **{f"list {name}": each.digest()[:_SHORT] for name, each in sorted(ruleset.lists.items())},
        **{f"exclusion {each.id}": each.version for each in ruleset.exclusions},
        **{f"rule {each.id}": f"{each.version} {each.status}" for each in rules},
    }


def _models(rules: Iterable[Rule]) -> dict[str, str]:
    learned: list[str] = []
    pipelines: set[str] = set()
    for rule in rules:
        for part in rule.parts.values():
            detector: object = part.detector
            if isinstance(detector, Meaning):
                learned.append(detector.question.digest)
            elif isinstance(detector, Entity):
                pipelines.add(detector.pipeline or "shipped")
    found = {"sentences": hashlib.sha256("\n".join(sorted(learned)).encode()).hexdigest()[:_SHORT]} if learned else {}
    return {**found, **({"pipeline": ",".join(sorted(pipelines))} if pipelines else {})}


def record_inputs(
    session: Session, ruleset_hash: str, inputs: Mapping[str, str], *, actor: Actor, now: datetime
) -> None:
    """Append one entry the first time that a rule set is used; its hash names it."""
    subject = f"ruleset:{ruleset_hash}"
    if stored_inputs(session, ruleset_hash) is None:
        record(session, USED, actor=actor, subject=subject, detail=dict(inputs), now=now)


def stored_inputs(session: Session, ruleset_hash: str) -> dict[str, str] | None:
    """Return what was recorded of a rule set; None for one last used before such entries were made."""
    import json

    query = select(AuditRow.entry).where(AuditRow.action == USED, AuditRow.object == f"ruleset:{ruleset_hash}")
    entry = session.scalar(query.limit(1))
    return None if entry is None else dict(json.loads(entry)["detail"])


def changed_inputs(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return what differs, in words: `list codenames changed`, `rule brand.superlative added`."""
    lines = []
    for name in dict.fromkeys([*then, *now]):
        if name not in then:
            lines.append(f"{name} added")
        elif name not in now:
            lines.append(f"{name} removed")
        elif then[name] != now[name]:
            lines.append(f"{name} changed")
    return lines
