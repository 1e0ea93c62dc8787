"""What every way of writing verdicts shares: the rules, what to hide, and what the verdicts add up to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

from typing_extensions import TypedDict

from compliance.draft_inputs import canonical
from compliance.verdicts import CheckRow, Verdict
from rules.evaluation import Finding, Severity
from rules.ruleset import RuleSet

#: How inputs that are no files are named where a file is expected.
_NO_FILES: Final = {"-": "standard-input", "--text": "text-option"}

#: A failure that leaves more rules open names these, and how many there are.
_MOST_RULES: Final = 3


class SummaryRow(TypedDict):
    """What the verdicts of one run add up to."""

    posts: int
    clean: int
    flagged: int
    incomplete: int
    #: Drafts with a finding that fails the check.
    stopped: int
    #: Rows of calendars without a text.
    skipped: int
    #: Findings that the baseline lets pass, and those whose entry has expired.
    in_baseline: int
    expired: int
    exit_code: int


class CheckOutput(TypedDict):
    """What `check --format json` writes; `--format jsonl` writes its results, one a line."""

    results: list[CheckRow]
    summary: SummaryRow


@dataclass(slots=True, kw_only=True)
class Totals:
    """What the verdicts add up to, counted while they pass."""

    fail_on: Severity
    strict: bool
    by_status: dict[str, int] = field(default_factory=lambda: {"clean": 0, "flagged": 0, "incomplete": 0})
    stopped: int = 0
    skipped: int = 0
    in_baseline: int = 0
    expired: int = 0

    def counting(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        """Pass the verdicts on, counted."""
        for verdict in verdicts:
            self.by_status[verdict.status.value] += 1
            self.stopped += any(True for _ in self.stopping(verdict))
            for finding in verdict.findings() if verdict.known else ():
                self.in_baseline += verdict.is_known(finding)
                self.expired += finding.rule in verdict.known and not verdict.is_known(finding)
            yield verdict

    def skip(self, _place: str, _line: int) -> None:
        """Count a row without a text."""
        self.skipped += 1

    def stopping(self, verdict: Verdict) -> Iterator[Finding]:
        """Yield the findings of a draft that fail the check."""
        return verdict.stopping(fail_on=self.fail_on, strict=self.strict)

    @property
    def exit_code(self) -> int:
        """3 if anything could not be evaluated, 1 if anything is to change, else 0."""
        if self.by_status["incomplete"]:
            return 3
        return 1 if self.stopped else 0

    def as_row(self) -> SummaryRow:
        """Return the summary of `check --format json`."""
        return {
            "posts": sum(self.by_status.values()),
            "clean": self.by_status["clean"],
            "flagged": self.by_status["flagged"],
            "incomplete": self.by_status["incomplete"],
            "stopped": self.stopped,
            "skipped": self.skipped,
            "in_baseline": self.in_baseline,
            "expired": self.expired,
            "exit_code": self.exit_code,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One run of `check`, as its writers see it."""

    ruleset: RuleSet
    totals: Totals
    #: No word of a draft may show.
    redact: bool
    #: Findings of shadow rules show.
    shadow: bool = False
    #: There is a baseline.
    has_baseline: bool = False
    #: Folder that files are named from: the root of the repository where CI tells it, else the current one.
    base: Path

    def file_of(self, verdict: Verdict) -> str:
        """Return the draft's file with /, relative to `base` where it lies below."""
        place = verdict.draft.place
        if place in _NO_FILES:
            return _NO_FILES[place]
        full = Path(canonical(place))
        return full.relative_to(self.base).as_posix() if full.is_relative_to(self.base) else full.as_posix()

    def uri_of(self, verdict: Verdict) -> str:
        """Return the file as a URI reference: relative and percent-encoded below `base`, else a file URI."""
        file = self.file_of(verdict)
        if Path(file).is_absolute():
            return Path(file).as_uri()
        # A colon in the first segment would be read as a scheme.
        return quote(os.fsencode(file), safe="/-._~!$&'()*+,;=@")

    def message(self, verdict: Verdict, finding: Finding) -> str:
        """Return what is wrong, in one line."""
        text = verdict.draft.document.raw if verdict.draft.document else ""
        return " ".join(self.ruleset.message(finding.rule, text, finding.matches, redact=self.redact).split())

    def guidance(self, verdict: Verdict, finding: Finding) -> str:
        """Return what the author can do instead, in one line."""
        text = verdict.draft.document.raw if verdict.draft.document else ""
        return " ".join(self.ruleset.guidance(finding.rule, text, finding.matches, redact=self.redact).split())

    def failures(self, verdict: Verdict) -> list[str]:
        """Return what could not be evaluated, and what to do; empty where everything was."""
        if verdict.evaluation is None:
            reason = f"This input {verdict.unread(redact=self.redact)}"
            return [f"{reason} ({verdict.draft.hint})" if verdict.draft.hint else reason]
        return [
            f"{failure.detector} could not decide {self._shown(failure.rules)}: {failure.error}"
            for failure in verdict.evaluation.failures
        ]

    def _shown(self, rules: tuple[str, ...]) -> str:
        """Return the rules, the first ones of many, without tags: an author is not told what those look for."""
        known = [self.ruleset.rule(rule) for rule in rules]
        shown = [rule for rule, found in zip(rules, known, strict=True) if found is None or not found.is_tag]
        if len(shown) > _MOST_RULES:
            return f"{len(shown)} rules, such as {', '.join(shown[:_MOST_RULES])}"
        return ", ".join(shown) or "an advisory mark"
