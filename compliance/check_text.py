"""Verdicts for the eyes of an author: what, where, why, and what to do instead."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.text import Text

from compliance.safe import as_text, snippet
from compliance.verdicts import Verdict
from rules.evaluation import Finding, Publish
from rules.ruleset import RuleSet

_MARKS: Final = {
    Publish.BLOCK: ("STOP", "bold red"),
    Publish.WARN: ("WARN", "yellow"),
    Publish.OBSERVE: ("NOTE", "cyan"),
}
_INDENT: Final = "      "


def print_verdict(console: Console, verdict: Verdict, ruleset: RuleSet, *, redact: bool, shadow: bool) -> None:
    """Print one draft's verdict; a clean draft among others prints nothing."""
    findings = sorted(verdict.findings(shadow=shadow), key=lambda f: (-f.severity, f.rule))
    for finding in findings:
        _print_finding(console, verdict, finding, ruleset, redact=redact)
    place = _place(verdict)
    if verdict.evaluation is None:
        console.print(_headline("????", "bold magenta", f"{place}: {verdict.draft.error}"))
        console.print(as_text(f"{_INDENT}nothing was evaluated here; mend the input and check again", style="dim"))
        return
    for failure in verdict.evaluation.failures:
        console.print(
            _headline(
                "????",
                "bold magenta",
                f"{place}: {failure.detector} could not decide {', '.join(failure.rules)}: {failure.error}",
            )
        )


def _print_finding(console: Console, verdict: Verdict, finding: Finding, ruleset: RuleSet, *, redact: bool) -> None:
    document = verdict.draft.document
    if document is None:
        return
    mark, style = _MARKS[finding.publish]
    message = ruleset.message(finding.rule, document.raw, finding.matches, redact=redact)
    console.print(_headline(mark, style, message))
    where = f"{_INDENT}{_place(verdict)}  {finding.rule}  {finding.severity.label}  confidence {finding.confidence:.2f}"
    console.print(as_text(where + ("  shadow" if finding.shadow else ""), single_line=True, style="dim"))
    spans = [(match.start, match.end) for match in finding.matches]
    if spans and not redact:
        marks = not console.is_terminal or console.no_color
        console.print(
            Text(_INDENT).append_text(
                snippet(document.raw, spans, max(20, console.width - len(_INDENT) - 2), marks=marks)
            )
        )
    guidance = ruleset.guidance(finding.rule, document.raw, finding.matches, redact=redact)
    rule = ruleset.rule(finding.rule)
    for label, words in (
        ("do", guidance),
        ("now", rule.first_aid if rule else ""),
        ("why", rule.clause if rule else ""),
    ):
        if words:
            console.print(as_text(f"{_INDENT}{label}: {words}", single_line=True))


def _headline(mark: str, style: str, message: str) -> Text:
    return Text(f"{mark}  ", style=style).append_text(as_text(message, single_line=True, style="bold"))


def _place(verdict: Verdict) -> str:
    draft = verdict.draft
    return f"{draft.place}:{draft.line}" if draft.line else draft.place


def print_summary(console: Console, by_status: dict[str, int], *, stopped: int, exit_code: int) -> None:
    """Print the last line: what was checked and what follows from it."""
    total = sum(by_status.values())
    drafts = f"{total} draft{'s' if total != 1 else ''}"
    if total == 0:
        console.print(as_text("nothing to check", style="bold"))
        return
    counts = ", ".join(f"{number} {status}" for status, number in by_status.items() if number)
    fine = "Nothing stops it; look at what is said above" if by_status["flagged"] else "Fine to publish"
    verdict = {0: fine, 1: f"{stopped} to change before publishing", 3: "Not everything could be evaluated"}[exit_code]
    console.print(as_text(f"{drafts}: {counts}. {verdict}.", style="bold"))
