"""Evaluations in the shapes people and programs read: JSON rows, and lines for an author. No database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from compliance.drafts import Draft
from rules.document import Document
from rules.evaluation import Evaluation, Failure, Finding, Match, Publish, Severity, Status
from rules.ruleset import RuleSet

#: Tags are for officers; the author of a draft is never told that theirs was taken for protected talk.
OFFICER_FORMATS: Final = frozenset({"json", "jsonl"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One draft and what became of it. `evaluation` is None where the draft could not be read."""

    draft: Draft
    evaluation: Evaluation | None = None

    @property
    def status(self) -> Status:
        """What could not be read is incomplete, never clean."""
        return self.evaluation.status if self.evaluation else Status.INCOMPLETE

    def findings(self, *, shadow: bool = False) -> Iterator[Finding]:
        """Yield the findings to show."""
        for finding in self.evaluation.findings if self.evaluation else ():
            if shadow or not finding.shadow:
                yield finding

    def stops(self, *, fail_on: Severity, strict: bool) -> bool:
        """Return whether a finding fails the check: `block` from `fail_on` up, `warn` only when strict."""
        failing = {Publish.BLOCK, Publish.WARN} if strict else {Publish.BLOCK}
        return any(finding.publish in failing and finding.severity >= fail_on for finding in self.findings())


def as_row(verdict: Verdict, ruleset: RuleSet, *, redact: bool = False, shadow: bool = False) -> dict[str, Any]:
    """Return one row of `check --format jsonl`; the keys and their order are a contract (docs/design)."""
    evaluation, document = verdict.evaluation, verdict.draft.document
    if evaluation is None or document is None:
        failure = {"detector": "reader", "kind": "fault", "error": verdict.draft.error, "rules": []}
        return {
            "id": verdict.draft.id,
            "line": verdict.draft.line,
            "status": Status.INCOMPLETE.value,
            "language": None,
            "tags": [],
            "failures": [failure],
            "findings": [],
        }
    return {
        "id": verdict.draft.id,
        "status": evaluation.status.value,
        "language": evaluation.language,
        "tags": list(evaluation.tags),
        "failures": [_failure(failure) for failure in evaluation.failures],
        "findings": [
            _finding(finding, document, ruleset, redact=redact) for finding in verdict.findings(shadow=shadow)
        ],
    }


def as_line(verdict: Verdict, ruleset: RuleSet, *, redact: bool = False, shadow: bool = False) -> str:
    """Return one JSON line, all ASCII, so that no text of a stranger can act on a terminal."""
    evaluation = verdict.evaluation
    if evaluation is not None and not (evaluation.findings or evaluation.failures or evaluation.tags):
        # Most posts: the same line but for the id.
        language = json.dumps(evaluation.language)
        return f'{{"id": {json.dumps(verdict.draft.id)}, "status": "{evaluation.status.value}", "language": {language}, "tags": [], "failures": [], "findings": []}}'
    return json.dumps(as_row(verdict, ruleset, redact=redact, shadow=shadow))


def _failure(failure: Failure) -> dict[str, Any]:
    return {"detector": failure.detector, "kind": failure.kind, "error": failure.error, "rules": list(failure.rules)}


def _finding(finding: Finding, document: Document, ruleset: RuleSet, *, redact: bool) -> dict[str, Any]:
    row = {
        "rule": finding.rule,
        "policy": finding.rule.partition(".")[0],
        "version": finding.version,
        "severity": finding.severity.label,
        "confidence": round(finding.confidence, 4),
        "publish": finding.publish.value,
        "message": ruleset.message(finding.rule, document.raw, finding.matches, redact=redact),
        "guidance": ruleset.guidance(finding.rule, document.raw, finding.matches, redact=redact),
        "spans": [_span(match) for match in finding.matches],
    }
    return {**row, "shadow": True} if finding.shadow else row


def _span(match: Match) -> dict[str, Any]:
    return {
        "start": match.start,
        "end": match.end,
        "part": match.part,
        "detector": match.detector,
        "confidence": round(match.confidence, 4),
    }
