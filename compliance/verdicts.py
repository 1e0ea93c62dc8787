"""Verdicts on drafts, and the rows that programs read. No database."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, Final, NotRequired

from typing_extensions import TypedDict

from compliance.drafts import Draft
from compliance.places import Place, Places
from rules.document import Document
from rules.evaluation import Evaluation, Failure, Finding, Match, Publish, Severity, Status
from rules.ruleset import RuleSet

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the baseline says about a finding whose places all stand there."""

    label: str
    reason: str = field(repr=False)
    #: From this day on it no longer counts.
    expires: date | None = None
    is_expired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One draft and what became of it. `evaluation` is None where the draft could not be read."""

    draft: Draft
    evaluation: Evaluation | None = None
    #: By rule; empty where there is no baseline.
    known: Mapping[str, Known] = field(default_factory=lambda: NOTHING)
    #: Fingerprints of each finding's places by rule, in text order; empty where nobody asked.
    fingerprints: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NOTHING)

    @property
    def status(self) -> Status:
        """What could not be read is incomplete, never clean."""
        return self.evaluation.status if self.evaluation else Status.INCOMPLETE

    @property
    def places(self) -> Places:
        """Lines and columns: of the file where it is one draft, of the draft's text where it is a row."""
        document = self.draft.document
        return Places(document.raw if document else "", first_line=self.draft.first_line)

    def findings(self, *, shadow: bool = False) -> Iterator[Finding]:
        """Yield the findings, those in the baseline too."""
        for finding in self.evaluation.findings if self.evaluation else ():
            if shadow or not finding.shadow:
                yield finding

    def is_known(self, finding: Finding) -> bool:
        """Return whether the baseline lets it pass."""
        known = self.known.get(finding.rule)
        return known is not None and not known.is_expired

    def stopping(self, *, fail_on: Severity, strict: bool) -> Iterator[Finding]:
        """Yield the findings that fail the check: `block` from `fail_on` up, `warn` only when strict, none that is known."""
        failing = {Publish.BLOCK, Publish.WARN} if strict else {Publish.BLOCK}
        for finding in self.findings():
            if finding.publish in failing and finding.severity >= fail_on and not self.is_known(finding):
                yield finding

    def unread(self, *, redact: bool) -> str:
        """Return why the draft could not be read, in one line; redacted without words of the file."""
        detail = "" if redact else self.draft.detail
        return ": ".join(filter(None, [self.draft.error, detail]))


class SpanRow(TypedDict):
    """Where a part saw something: half-open code points, and the line and column of the first, from 1."""

    start: int
    end: int
    line: int
    column: int
    part: str
    detector: str
    confidence: float


class BaselineRow(TypedDict):
    """What the baseline says about a finding; one that has expired no longer lets it pass."""

    label: str
    reason: str
    expires: str | None
    expired: bool


class FindingRow(TypedDict):
    """A rule's claim about a draft."""

    rule: str
    policy: str
    version: str
    severity: str
    confidence: float
    publish: str
    message: str
    guidance: str
    spans: list[SpanRow]
    shadow: NotRequired[bool]
    baseline: NotRequired[BaselineRow]


class FailureRow(TypedDict):
    """Why something was not evaluated."""

    detector: str
    kind: str
    error: str
    rules: list[str]


class CheckRow(TypedDict):
    """One draft; `line` only where it could not be read."""

    id: str | None
    line: NotRequired[int | None]
    status: str
    language: str | None
    tags: list[str]
    failures: list[FailureRow]
    findings: list[FindingRow]


def as_row(verdict: Verdict, ruleset: RuleSet, *, redact: bool = False, shadow: bool = False) -> CheckRow:
    """Return one row of `check --format jsonl`; the keys and their order are a contract (docs/schemas)."""
    evaluation, document = verdict.evaluation, verdict.draft.document
    if evaluation is None or document is None:
        error = verdict.unread(redact=redact)
        failure = FailureRow(detector="reader", kind="fault", error=error, rules=[])
        return {
            "id": verdict.draft.id,
            "line": verdict.draft.line,
            "status": Status.INCOMPLETE.value,
            "language": None,
            "tags": [],
            "failures": [failure],
            "findings": [],
        }
    places = verdict.places
    return {
        "id": verdict.draft.id,
        "status": evaluation.status.value,
        "language": evaluation.language,
        "tags": list(evaluation.tags),
        "failures": [_failure(failure) for failure in evaluation.failures],
        "findings": [
            _finding(finding, verdict, document, ruleset, redact=redact, places=places)
            for finding in verdict.findings(shadow=shadow)
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


def _failure(failure: Failure) -> FailureRow:
    return {"detector": failure.detector, "kind": failure.kind, "error": failure.error, "rules": list(failure.rules)}


def _finding(
    finding: Finding, verdict: Verdict, document: Document, ruleset: RuleSet, *, redact: bool, places: Places
) -> FindingRow:
    offset = verdict.draft.offset
    row: FindingRow = {
        "rule": finding.rule,
        "policy": finding.rule.partition(".")[0],
        "version": finding.version,
        "severity": finding.severity.label,
        "confidence": round(finding.confidence, 4),
        "publish": finding.publish.value,
        "message": ruleset.message(finding.rule, document.raw, finding.matches, redact=redact),
        "guidance": ruleset.guidance(finding.rule, document.raw, finding.matches, redact=redact),
        "spans": [_span(match, places.at(match.start), offset) for match in finding.matches],
    }
    if finding.shadow:
        row["shadow"] = True
    known = verdict.known.get(finding.rule)
    if known:
        row["baseline"] = {
            "label": known.label,
            "reason": known.reason,
            "expires": known.expires.isoformat() if known.expires else None,
            "expired": known.is_expired,
        }
    return row


def _span(match: Match, place: Place, offset: int) -> SpanRow:
    return {
        "start": match.start + offset,
        "end": match.end + offset,
        "line": place.line,
        "column": place.column,
        "part": match.part,
        "detector": match.detector,
        "confidence": round(match.confidence, 4),
    }
