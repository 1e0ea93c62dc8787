"""Verdicts as annotations of GitHub Actions: one workflow command a finding, written to standard output.

Source of the form and of its escapes: GitHub's workflow commands, and the toolkit's `command.ts`. Columns count from 1;
GitHub takes them only where a finding begins and ends on one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from compliance.check_report import Report
from compliance.safe import for_terminal
from compliance.verdicts import Verdict
from rules.evaluation import Finding, Publish

_DATA: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def github_lines(verdicts: Iterable[Verdict], report: Report) -> Iterator[str]:
    """Yield a workflow command for each finding and each failure, then one line for people."""
    for verdict in verdicts:
        stopping = {finding.rule for finding in report.totals.stopping(verdict)}
        for finding in verdict.findings(shadow=report.shadow):
            if not verdict.is_known(finding):
                yield _annotation(verdict, finding, report, stops=finding.rule in stopping)
        for failure in report.failures(verdict):
            line = verdict.draft.line or (verdict.draft.first_line if verdict.evaluation else 1)
            yield _command("error", report.file_of(verdict), {"line": line}, title="Not evaluated", message=failure)
    yield summary(report)


def summary(report: Report) -> str:
    """Return the closing line, which names no draft."""
    from compliance.check_text import summary_line

    return summary_line(report.totals)


def _annotation(verdict: Verdict, finding: Finding, report: Report, *, stops: bool) -> str:
    level = "error" if stops else "notice" if finding.publish is Publish.OBSERVE else "warning"
    guidance = report.guidance(verdict, finding)
    message = report.message(verdict, finding) + (f"\n{guidance}" if guidance else "")
    return _command(level, report.file_of(verdict), _lines(verdict, finding), title=finding.rule, message=message)


def _lines(verdict: Verdict, finding: Finding) -> dict[str, int]:
    draft = verdict.draft
    if draft.line is not None:
        return {"line": draft.line, "endLine": draft.end_line or draft.line}
    if not finding.matches:
        return {"line": draft.first_line}
    match, places = finding.matches[0], verdict.places
    start, end = places.at(match.start), places.at(match.end)
    if start.line == end.line:
        return {"line": start.line, "endLine": end.line, "col": start.column, "endColumn": end.column}
    return {"line": start.line, "endLine": end.line}


def _command(level: str, file: str, numbers: dict[str, int], *, title: str, message: str) -> str:
    properties = {"file": file, **numbers, "title": title}
    shown = ",".join(
        f"{key}={for_terminal(str(value), single_line=True).translate(_PROPERTY)}" for key, value in properties.items()
    )
    return f"::{level} {shown}::{for_terminal(message).translate(_DATA)}"
