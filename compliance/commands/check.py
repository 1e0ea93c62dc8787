"""`compliance check`: drafts before they are published. Stores nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from compliance.commands._errors import reporting_errors

if TYPE_CHECKING:
    from datetime import date, datetime

    from compliance.baseline import Entry
    from compliance.check_report import Report
    from compliance.drafts import Defaults, Draft
    from compliance.verdicts import Verdict
    from compliance.workspace import Workspace
    from rules.ruleset import RuleSet

    Baseline: TypeAlias = tuple[Path, list[Entry]]

_ALONE = "note: no workspace here, so the shipped packs are used alone: no lists, no people, no policies of your own"


class CheckFormat(StrEnum):
    """How the verdicts are written."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"


class FailOn(StrEnum):
    """From which severity a blocking finding fails the check."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class AudienceWord(StrEnum):
    """Who would read the draft."""

    INTERNAL = "internal"
    EXTERNAL = "external"


@reporting_errors
def check(  # noqa: PLR0913 - one parameter per option
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[INPUT… | -]",
            help="Files with one draft each, .jsonl files with one post a line, .csv calendars with one post a row, folders of these, - for standard input.",
            show_default=False,
        ),
    ] = None,
    *,
    text: Annotated[str | None, typer.Option(help="Check this text.")] = None,
    output: Annotated[CheckFormat, typer.Option("--format", help="How to write the verdicts.")] = CheckFormat.TEXT,
    fail_on: Annotated[
        FailOn, typer.Option(help="Exit 1 for a blocking finding of this severity or a graver one.")
    ] = FailOn.LOW,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 for warnings too.")] = False,
    author: Annotated[str | None, typer.Option(help="Person id or handle of the author.")] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="A group of the author, such as press-office; may be repeated.")
    ] = None,
    audience: Annotated[AudienceWord, typer.Option(help="Who would read it.")] = AudienceWord.EXTERNAL,
    channel: Annotated[str | None, typer.Option(help="Room or channel it is for.")] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="When what names no time itself would be published, ISO 8601 with its zone; now if absent.",
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Let findings pass that stand in this file and have not expired."),
    ] = None,
    write_baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write what is found to this file, keeping the labels, reasons and expiry of what stands there already.",
        ),
    ] = None,
    redact: Annotated[
        bool | None,
        typer.Option(
            "--redact/--no-redact",
            help="Keep words of the draft out of the output; on where CI is set.",
            show_default=False,
        ),
    ] = None,
    show_shadow: Annotated[bool, typer.Option("--show-shadow", help="Show findings of shadow rules too.")] = False,
    workspace: Annotated[Path | None, typer.Option(metavar="DIR", help="Workspace folder.")] = None,
) -> None:
    """Check drafts before they are published: 0 fine, 1 stop, 2 wrong use or broken policy, 3 could not be evaluated."""
    from compliance.check_report import Report, Totals
    from compliance.draft_inputs import read_drafts
    from compliance.workspace import open_workspace
    from rules.evaluation import Severity

    known = _known(baseline)
    space = open_workspace(workspace, required=False)
    if space.root is None:
        typer.echo(_ALONE, err=True)
    defaults = _defaults(space, audience=audience.value, author=author, groups=group or [], channel=channel, at=at)
    totals = Totals(fail_on=Severity[fail_on.name], strict=strict)
    drafts = read_drafts(
        inputs or ([] if text is not None else ["-"]),
        text=text,
        stdin=sys.stdin.buffer,
        defaults=defaults,
        on_skip=totals.skip,
    )
    verdicts: Iterable[Verdict] = _verdicts(space.ruleset, drafts)
    if known or write_baseline or output is CheckFormat.SARIF:
        verdicts = _judged(verdicts, known, write_baseline)
    report = Report(
        ruleset=space.ruleset,
        totals=totals,
        redact=bool(os.environ.get("CI")) if redact is None else redact,
        shadow=show_shadow,
        has_baseline=bool(known or write_baseline),
        base=_base(),
    )
    _write(output, totals.counting(verdicts), report)
    raise typer.Exit(totals.exit_code)


def _base() -> Path:
    """Return the folder that files are named from: the repository that GitHub Actions checked out, else the current one."""
    root = os.environ.get("GITHUB_WORKSPACE")
    here = Path.cwd()
    return Path(root) if root and here.is_relative_to(root) else here


def _defaults(
    space: Workspace, *, audience: str, author: str | None, groups: list[str], channel: str | None, at: str | None
) -> Defaults:
    from datetime import UTC, datetime

    from compliance.drafts import Defaults

    now = datetime.now(UTC)
    return Defaults(
        audience=audience,
        author=author,
        groups=frozenset(groups),
        channel=channel,
        at=_moment(at) if at is not None else now,
        now=now,
        people=space.people,
    )


def _moment(at: str) -> datetime:
    from compliance.errors import ComplianceError
    from compliance.moments import EXAMPLE, NaiveTimeError, read_moment

    try:
        return read_moment(at, dates=False)
    except NaiveTimeError:
        message = f"'{at}' names no time zone, so it could be any of many instants"
    except ValueError:
        message = f"'{at}' is no time"
    raise ComplianceError(message, place="--at", hint=f"for example {EXAMPLE}")


def _known(baseline: Path | None) -> Baseline | None:
    if baseline is None:
        return None
    from compliance.baseline import read_baseline

    return baseline, read_baseline(baseline)


def _verdicts(ruleset: RuleSet, drafts: Iterable[Draft]) -> Iterator[Verdict]:
    from compliance.verdicts import Verdict
    from rules.engine import Engine

    engine = Engine(ruleset)
    for draft in drafts:
        yield Verdict(draft=draft, evaluation=engine.evaluate_one(draft.document) if draft.document else None)


def _judged(verdicts: Iterable[Verdict], known: Baseline | None, write: Path | None) -> Iterable[Verdict]:
    """Return the verdicts with fingerprints and what the baseline says; write the baseline first if one is asked for."""
    from datetime import UTC, datetime

    from compliance.known import Knowledge, with_fingerprints

    verdicts = with_fingerprints(verdicts)
    today = datetime.now(UTC).date()
    if write is not None:
        verdicts = list(verdicts)
        known = _written(verdicts, known, write, today)
    return Knowledge(path=known[0], entries=known[1], today=today).judge(verdicts) if known else verdicts


def _written(verdicts: list[Verdict], known: Baseline | None, path: Path, today: date) -> Baseline:
    """Write a baseline, keeping what people said in the one that is there, or else in the one that was given."""
    from compliance.baseline import read_baseline, write_baseline
    from compliance.errors import ComplianceError
    from compliance.known import recorded
    from compliance.safe import for_terminal

    before = read_baseline(path) if path.exists() else known[1] if known else []
    made = recorded(verdicts, before, path=path, today=today)
    try:
        write_baseline(path, made.entries)
    except OSError as error:
        message = f"the baseline cannot be written: {error.strerror or type(error).__name__}"
        raise ComplianceError(
            message, place=str(path), hint="does its folder exist, and may you write there?"
        ) from None
    kept = len(made.entries) - made.new
    typer.echo(
        for_terminal(f"baseline: {made.new} new, {kept} kept, {len(made.gone)} gone; written to {path}"), err=True
    )
    for entry in made.gone:
        where = f"{entry.file}:{entry.line}" if entry.line else entry.file
        typer.echo(for_terminal(f"  gone: {entry.rule}  {where}  {entry.label}", single_line=True), err=True)
    return path, made.entries


def _write(output: CheckFormat, verdicts: Iterable[Verdict], report: Report) -> None:
    if output is CheckFormat.TEXT:
        _write_text(verdicts, report)
        return
    for line in _lines(output, verdicts, report):
        sys.stdout.write(line + "\n")


def _lines(output: CheckFormat, verdicts: Iterable[Verdict], report: Report) -> Iterator[str]:
    """Return the lines of a format for programs. Each loads only what it needs: a draft is checked in less than two seconds."""
    if output is CheckFormat.SARIF:
        from compliance.check_sarif import sarif_lines

        return sarif_lines(verdicts, report)
    if output is CheckFormat.JUNIT:
        from compliance.check_junit import junit_lines

        return junit_lines(verdicts, report)
    if output is CheckFormat.GITHUB:
        from compliance.check_github import github_lines

        return github_lines(verdicts, report)
    return _json_lines(verdicts, report) if output is CheckFormat.JSON else _jsonl_lines(verdicts, report)


def _jsonl_lines(verdicts: Iterable[Verdict], report: Report) -> Iterator[str]:
    from compliance.verdicts import as_line

    for verdict in verdicts:
        yield as_line(verdict, report.ruleset, redact=report.redact, shadow=report.shadow)


def _json_lines(verdicts: Iterable[Verdict], report: Report) -> Iterator[str]:
    import json

    held = '{"results": ['
    for index, line in enumerate(_jsonl_lines(verdicts, report)):
        yield held + ("," if index else "")
        held = line
    yield held
    yield f'], "summary": {json.dumps(report.totals.as_row())}}}'


def _write_text(verdicts: Iterable[Verdict], report: Report) -> None:
    from compliance.check_text import print_summary, print_verdict
    from compliance.commands._desk import console

    screen = console()
    for verdict in verdicts:
        print_verdict(screen, verdict, report)
    print_summary(screen, report.totals)
