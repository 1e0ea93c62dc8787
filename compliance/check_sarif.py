"""Verdicts as SARIF 2.1.0, for code hosts and editors. Lines and columns count from 1, in code points, ends exclusive.

Source: OASIS SARIF 2.1.0 with errata 01, and what GitHub code scanning reads of it.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Final

from compliance.check_report import Report
from compliance.safe import for_terminal
from compliance.verdicts import Verdict
from rules.evaluation import Finding, Match, Publish, Severity
from rules.policy import Rule

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#: Named with a version: whatever enters a fingerprint later gets another name. `primaryLocationLineHash` is left to
#: the uploader of GitHub, which computes its own and warns about any other.
FINGERPRINT: Final = "complianceContext/v1"
_LEVELS: Final = {Publish.BLOCK: "error", Publish.WARN: "warning", Publish.OBSERVE: "note"}
#: Middle of the ranges that GitHub shows as critical, high, medium and low.
_SCORES: Final = {
    Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0", Severity.INFO: "0.1",
}  # fmt: skip
_SECURITY: Final = frozenset({"security", "privacy"})
_ADDRESS: Final = re.compile(r"https://[^\s;,)>]+")
_LINKS: Final = str.maketrans({"\\": "\\\\", "[": "\\[", "]": "\\]"})
#: Results with more places than this show the first ones: a list of addresses is one finding, not a thousand.
_MOST_PLACES: Final = 20


def sarif_lines(verdicts: Iterable[Verdict], report: Report) -> Iterator[str]:
    """Yield the log, all ASCII."""
    rules: dict[str, int] = {}
    results: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for verdict in verdicts:
        for finding in verdict.findings(shadow=report.shadow):
            index = rules.setdefault(finding.rule, len(rules))
            results.append(_result(verdict, finding, index, report))
        notes += [_notification(verdict, failure, report) for failure in report.failures(verdict)]
    yield json.dumps(_log(_run(rules, results, notes, report)), indent=1)


def _log(run: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _run(
    rules: dict[str, int], results: list[dict[str, Any]], notes: list[dict[str, Any]], report: Report
) -> dict[str, Any]:
    code = report.totals.exit_code
    return {
        "tool": {"driver": _driver(rules, report)},
        "invocations": [
            {
                "executionSuccessful": not notes,
                "exitCode": code,
                "exitCodeDescription": {0: "nothing stops a draft", 1: "findings", 3: "incomplete"}[code],
                "toolExecutionNotifications": notes,
            }
        ],
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of what was checked."}}},
        "newlineSequences": ["\r\n", "\n", "\r"],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }


def _driver(rules: dict[str, int], report: Report) -> dict[str, Any]:
    driver: dict[str, Any] = {"name": "compliance", "fullName": "compliance check"}
    with suppress(importlib.metadata.PackageNotFoundError):  # run from its sources
        driver["version"] = importlib.metadata.version("compliance-monitor")
    driver["notifications"] = [{"id": "incomplete", "shortDescription": {"text": "Something could not be evaluated."}}]
    driver["rules"] = [_rule(report.ruleset.rules[rule], report) for rule in rules]
    return driver


def _rule(rule: Rule, report: Report) -> dict[str, Any]:
    # Without a match, what a message quotes shows as an ellipsis.
    guidance = report.ruleset.guidance(rule.id, "", [])
    help_lines = [
        *filter(None, [guidance, f"At once: {rule.first_aid}" if rule.first_aid else ""]),
        *filter(
            None, [f"Clause: {rule.clause}" if rule.clause else "", f"Source: {rule.source}" if rule.source else ""]
        ),
    ] or [rule.title]
    is_security = rule.route in _SECURITY
    row: dict[str, Any] = {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.title} ({rule.policy.title})."},
        "help": {"text": "\n".join(help_lines), "markdown": "\n\n".join(help_lines)},
        "defaultConfiguration": {"level": _LEVELS[rule.publish]},
        "properties": {
            "tags": [*(["security"] if is_security else []), "compliance", rule.policy.id, rule.route],
            "problem.severity": {"error": "error", "warning": "warning", "note": "recommendation"}[
                _LEVELS[rule.publish]
            ],
            **({"security-severity": _SCORES[rule.severity]} if is_security else {}),
        },
    }
    row["properties"]["tags"] = list(dict.fromkeys(row["properties"]["tags"]))
    address = _ADDRESS.search(rule.source)
    return {**row, "helpUri": address[0]} if address else row


def _result(verdict: Verdict, finding: Finding, index: int, report: Report) -> dict[str, Any]:
    first, *others = finding.matches[:_MOST_PLACES] or (None,)
    row: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.publish],
        "message": {"text": _plain(report.message(verdict, finding))},
        "locations": [_location(verdict, first, report)],
        "partialFingerprints": {FINGERPRINT: verdict.fingerprints[finding.rule][0]},
        "properties": {
            "severity": finding.severity.label,
            "confidence": round(finding.confidence, 4),
            "publish": finding.publish.value,
            "version": finding.version,
            **({"draft": verdict.draft.id} if verdict.draft.is_row else {}),
            **({"shadow": True} if finding.shadow else {}),
        },
    }
    if others and not verdict.draft.is_row:
        row["relatedLocations"] = [
            {"id": number, **_location(verdict, match, report), "message": {"text": f"part {match.part}"}}
            for number, match in enumerate(others, 1)
        ]
    if report.has_baseline:
        row["suppressions"] = _suppressions(verdict, finding)
    return row


def _suppressions(verdict: Verdict, finding: Finding) -> list[dict[str, str]]:
    known = verdict.known.get(finding.rule)
    if known is None or known.is_expired:
        return []
    said = for_terminal(f"{known.label}: {known.reason}", single_line=True)
    return [{"kind": "external", "status": "accepted", "justification": said}]


def _location(verdict: Verdict, match: Match | None, report: Report) -> dict[str, Any]:
    file = report.uri_of(verdict)
    artifact = {"uri": file} if ":" in file else {"uri": file, "uriBaseId": "%SRCROOT%"}
    return {"physicalLocation": {"artifactLocation": artifact, "region": _region(verdict, match)}}


def _region(verdict: Verdict, match: Match | None) -> dict[str, int]:
    draft = verdict.draft
    if draft.line is not None:
        return {"startLine": draft.line, "endLine": draft.end_line or draft.line}
    if match is None:
        return {"startLine": draft.first_line}
    places = verdict.places
    start, end = places.at(match.start), places.at(match.end)
    return {
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
        "charOffset": match.start + draft.offset,
        "charLength": match.end - match.start,
    }


def _notification(verdict: Verdict, failure: str, report: Report) -> dict[str, Any]:
    return {
        "descriptor": {"id": "incomplete"},
        "level": "error",
        "message": {"text": _plain(failure)},
        "locations": [_location(verdict, None, report)],
    }


def _plain(message: str) -> str:
    """Return a message in which no words of a draft are read as a link: viewers make one of `[text](address)`."""
    shown = for_terminal(message, single_line=True)
    return shown.translate(_LINKS) if "](" in shown else shown
