"""Verdicts as JUnit XML: a suite per input, a case per draft, a failure per finding that stops it, an error where it is incomplete."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final
from xml.etree import ElementTree as ET

from compliance.check_report import Report
from compliance.safe import escape, for_terminal
from compliance.verdicts import Verdict
from rules.evaluation import Finding

#: Beyond what terminals obey: code points that XML 1.0 does not allow (https://www.w3.org/TR/xml/#charsets).
_ILLEGAL: Final = re.compile(r"[\ufffe\uffff]")


def junit_lines(verdicts: Iterable[Verdict], report: Report) -> Iterator[str]:
    """Yield the XML document, all ASCII. Drafts of one input must follow each other."""
    root = ET.Element("testsuites", name="compliance check")
    for _, group in groupby(verdicts, key=lambda verdict: verdict.draft.place):
        _suite(root, list(group), report)
    _count(root, root)
    ET.indent(root)
    yield ET.tostring(root, encoding="us-ascii", xml_declaration=True).decode("ascii")


def _suite(root: ET.Element, verdicts: list[Verdict], report: Report) -> None:
    suite = ET.SubElement(root, "testsuite", name=_clean(report.file_of(verdicts[0])))
    for verdict in verdicts:
        _case(suite, verdict, report)
    _count(suite, suite)


def _count(element: ET.Element, within: ET.Element) -> None:
    cases = list(within.iter("testcase"))
    errors = sum(case.find("error") is not None for case in cases)
    failures = sum(case.find("error") is None and case.find("failure") is not None for case in cases)
    for key, number in (("tests", len(cases)), ("failures", failures), ("errors", errors), ("skipped", 0)):
        element.set(key, str(number))


def _case(suite: ET.Element, verdict: Verdict, report: Report) -> None:
    draft, file = verdict.draft, report.file_of(verdict)
    line = draft.line or draft.first_line
    name = draft.id if draft.is_row and draft.id is not None else f"{file}:{line}" if draft.is_row else file
    case = ET.SubElement(
        suite, "testcase", name=_clean(name), classname=_clean(file), file=_clean(file), line=str(line)
    )
    for failure in report.failures(verdict):
        ET.SubElement(case, "error", type="incomplete", message=_clean(failure)).text = _clean(f"{file}:{line}")
    stopping = list(report.totals.stopping(verdict))
    for finding in stopping:
        element = ET.SubElement(case, "failure", type=finding.rule, message=_clean(report.message(verdict, finding)))
        element.text = _clean(_told(verdict, finding, report))
    rest = [finding for finding in verdict.findings(shadow=report.shadow) if finding not in stopping]
    if rest:
        lines = [_note(verdict, finding, report) for finding in rest]
        ET.SubElement(case, "system-out").text = _clean("\n".join(lines))


def _told(verdict: Verdict, finding: Finding, report: Report) -> str:
    lines = [f"{_where(verdict, finding, report)}  {finding.rule}  {finding.severity.label}"]
    rule, guidance = report.ruleset.rule(finding.rule), report.guidance(verdict, finding)
    for label, words in (
        ("do", guidance),
        ("now", rule.first_aid if rule else ""),
        ("why", rule.clause if rule else ""),
    ):
        if words:
            lines.append(f"{label}: {words}")
    return "\n".join(lines)


def _note(verdict: Verdict, finding: Finding, report: Report) -> str:
    known = verdict.known.get(finding.rule)
    state = f"in the baseline, {known.label}" if known and not known.is_expired else finding.publish.value
    return f"{_where(verdict, finding, report)}  {finding.rule}  {state}: {report.message(verdict, finding)}"


def _where(verdict: Verdict, finding: Finding, report: Report) -> str:
    draft = verdict.draft
    if draft.line is not None or not finding.matches:
        return f"{report.file_of(verdict)}:{draft.line or draft.first_line}"
    place = verdict.places.at(finding.matches[0].start)
    return f"{report.file_of(verdict)}:{place.line}:{place.column}"


def _clean(text: str) -> str:
    return _ILLEGAL.sub(lambda found: escape(found[0]), for_terminal(text))
