"""`compliance report`: coverage, rates, precision, waiting times and changes, as text, HTML or JSON."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compliance.commands._desk import AsOption, WorkspaceOption, clock, console
from compliance.commands._errors import reporting_errors
from compliance.commands._files import write_out

if TYPE_CHECKING:
    from compliance.reports.period import Period
    from compliance.reports.report import Report
    from compliance.workspace import Workspace


class ReportFormat(StrEnum):
    """How the report is written."""

    TEXT = "text"
    HTML = "html"
    JSON = "json"


@reporting_errors
def report(
    *,
    output: Annotated[ReportFormat, typer.Option("--format", help="How to write the report.")] = ReportFormat.TEXT,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write into this file, replacing it.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Begin here, UTC if no zone is given; instead of --weeks.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="End before this time; now if absent.")] = None,
    weeks: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Compare the last week with the N before it; 8 if absent."),
    ] = None,
    acting_as: AsOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Report what was read, flagged and decided, week by week. Nothing by person, no post text."""
    from compliance.reports.period import period_of
    from compliance.workspace import open_workspace

    now = clock()
    space = open_workspace(workspace)
    period = period_of(now=now, since=_time(since, "--since"), until=_time(until, "--until"), weeks=weeks)
    found = run(space, period, acting_as=acting_as, now=now)
    if output is ReportFormat.TEXT and out is None:
        from compliance.reports.text import print_report

        print_report(console(), found)
        return
    write_out(_formatted(found, output), out, what="report")


def run(space: Workspace, period: Period, *, acting_as: str | None, now: datetime) -> Report:
    """Return the report as the acting person may see it; nobody reads it unnamed."""
    from compliance.db import reading
    from compliance.permissions import acting, require
    from compliance.reports.report import report as report_on

    _, reviewer = acting(space, acting_as)
    require(reviewer, "reports:read")
    with reading(space.database) as session:
        return report_on(
            session,
            period,
            reviewer=reviewer,
            ruleset=space.ruleset,
            sources=space.config.sources,
            organisation=space.config.organisation,
            now=now,
        )


def as_json(found: Report) -> object:
    """Return the report in the shape of docs/schemas/report.schema.json."""
    from pydantic import TypeAdapter

    from compliance.reports.report import Report

    return TypeAdapter(Report).dump_python(found, mode="json", by_alias=True)


def _formatted(found: Report, output: ReportFormat) -> str:
    if output is ReportFormat.HTML:
        from compliance.reports.html import as_html

        return as_html(found)
    if output is ReportFormat.JSON:
        return json.dumps(as_json(found), indent=2, ensure_ascii=True) + "\n"
    from compliance.reports.text import as_plain

    return as_plain(found)


def _time(text: str | None, option: str) -> datetime | None:
    from compliance.errors import ComplianceError
    from rules.lists import parse_instant

    try:
        return None if text is None else parse_instant(text)
    except ValueError:
        message = f"'{text}' is no time"
        raise ComplianceError(message, place=option, hint="for example 2026-11-02 or 2026-11-02T09:00Z") from None
