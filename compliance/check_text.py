"""Verdicts for the eyes of an author: what, where, why, and what to do instead."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from compliance.check_report import Report, Totals
from compliance.safe import as_text, snippet
from compliance.verdicts import Verdict
from rules.evaluation import Finding, Publish

_MARKS: Final = {
    Publish.BLOCK: ("STOP", "bold red"),
    Publish.WARN: ("WARN", "yellow"),
    Publish.OBSERVE: ("NOTE", "cyan"),
}
_UNKNOWN: Final = ("????", "bold magenta")
_INDENT: Final = 6


def print_verdict(console: Console, verdict: Verdict, report: Report) -> None:
    """Print one draft's verdict; a clean draft among others prints nothing, nor does a finding that the baseline knows."""
    for finding in sorted(verdict.findings(shadow=report.shadow), key=lambda f: (-f.severity, f.rule)):
        if not verdict.is_known(finding):
            _print_finding(console, verdict, finding, report)
    draft = verdict.draft
    place = f"{draft.place}:{draft.line}" if draft.line else draft.place
    if verdict.evaluation is None:
        _headline(console, _UNKNOWN, f"{place}: {verdict.unread(redact=report.redact)}")
        _line(console, as_text("nothing was evaluated here; mend the input and check again", style="dim"))
        if draft.hint:
            _line(console, as_text(f"do: {draft.hint}", single_line=True))
        return
    for failure in report.failures(verdict):
        _headline(console, _UNKNOWN, f"{place}: {failure}")


def _print_finding(console: Console, verdict: Verdict, finding: Finding, report: Report) -> None:
    document = verdict.draft.document
    if document is None:
        return
    _headline(console, _MARKS[finding.publish], report.message(verdict, finding))
    where = [place_of(verdict, finding), finding.rule, finding.severity.label, f"confidence {finding.confidence:.2f}"]
    where += sorted({f"in disguise: {match.disguise}" for match in finding.matches if match.disguise})
    where += ["shadow"] if finding.shadow else []
    _line(console, as_text("  ".join(where), single_line=True, style="dim"))
    spans = [(match.start, match.end) for match in finding.matches]
    if spans and not report.redact:
        marks = not console.is_terminal or console.no_color
        _line(console, snippet(document.raw, spans, max(20, console.width - _INDENT - 2), marks=marks))
    for label, words in _advice(verdict, finding, report):
        _line(console, as_text(f"{label}: {words}", single_line=True))


def _advice(verdict: Verdict, finding: Finding, report: Report) -> list[tuple[str, str]]:
    rule, known = report.ruleset.rule(finding.rule), verdict.known.get(finding.rule)
    lines = [
        ("do", report.guidance(verdict, finding)),
        ("now", rule.first_aid if rule else ""),
        ("why", rule.clause if rule else ""),
        ("baseline", f"{known.label} until {known.expires}, which has passed" if known and known.is_expired else ""),
    ]
    return [(label, words) for label, words in lines if words]


def place_of(verdict: Verdict, finding: Finding) -> str:
    """Return where a finding stands: file:line:column, or file:line of a row."""
    draft = verdict.draft
    if draft.line is not None:
        return f"{draft.place}:{draft.line}"
    if not finding.matches:
        return draft.place
    place = verdict.places.at(finding.matches[0].start)
    return f"{draft.place}:{place.line}:{place.column}"


def _headline(console: Console, mark: tuple[str, str], message: str) -> None:
    word, style = mark
    text = as_text(message, single_line=True, style="bold")
    if not console.is_terminal:
        console.print(Text(f"{word}  ", style=style).append_text(text), soft_wrap=True)
        return
    for index, line in enumerate(text.wrap(console, console.width - _INDENT)):
        console.print(Text(f"{'' if index else word:<{_INDENT}}", style=style).append_text(line))


def _line(console: Console, text: Text) -> None:
    """Print one line below a headline: wrapped under its own beginning on a terminal, whole in a pipe or a log."""
    if console.is_terminal:
        console.print(Padding(text, (0, 0, 0, _INDENT)))
    else:
        console.print(Text(" " * _INDENT).append_text(text), soft_wrap=True)


def print_summary(console: Console, totals: Totals) -> None:
    """Print the last line."""
    console.print(as_text(summary_line(totals), style="bold"), soft_wrap=not console.is_terminal)


def summary_line(totals: Totals) -> str:
    """Return what was checked and what follows from it, in one line that names no draft."""
    total = sum(totals.by_status.values())
    skipped = (
        f"{totals.skipped} row{'s' if totals.skipped != 1 else ''} without a text skipped" if totals.skipped else ""
    )
    if total == 0:
        return f"nothing to check{f'; {skipped}' if skipped else ''}"
    counts = [f"{number} {status}" for status, number in totals.by_status.items() if number]
    sentences = [f"{total} draft{'s' if total != 1 else ''}: {', '.join(counts)}"]
    known = [
        f"{number} {words}"
        for number, words in ((totals.in_baseline, "in the baseline"), (totals.expired, "expired"))
        if number
    ]
    sentences += [", ".join(known)] if known else []
    sentences += [skipped] if skipped else []
    fine = "Nothing stops it; look at what is said above" if totals.by_status["flagged"] else "Fine to publish"
    if totals.in_baseline and not totals.expired:
        fine = "Nothing new stops it"
    sentences.append(
        {0: fine, 1: f"{totals.stopped} to change before publishing", 3: "Not everything could be evaluated"}[
            totals.exit_code
        ]
    )
    return ". ".join(sentences) + "."
