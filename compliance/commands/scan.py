"""`compliance scan`: everything new, evaluated and stored page by page."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compliance.commands._desk import AsOption, WorkspaceOption, clock
from compliance.commands._errors import reporting_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance.audit import Actor
    from compliance.scan import Again, Progress, ScanReport
    from compliance.workspace import Workspace


class ScanFormat(StrEnum):
    """How the summary is written."""

    TEXT = "text"
    JSON = "json"


class FailOn(StrEnum):
    """From which severity a new flag makes the scan exit 1."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@reporting_errors
def scan(  # noqa: PLR0913 - one parameter per option
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE… | FILE…]",
            help="Sources by name, or files; every configured source if absent. With --again: a rule.",
            show_default=False,
        ),
    ] = None,
    *,
    source: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the source that a file belongs to; its stem if absent.")
    ] = None,
    audience: Annotated[
        str | None, typer.Option(help="internal or external, for a file that no configured source knows.")
    ] = None,
    again: Annotated[
        bool,
        typer.Option("--again", help="Evaluate stored posts anew (under one RULE, or all) instead of reading sources."),
    ] = False,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="With --again: only posts from then on.")] = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(help="Exit 1 if a flag of this severity or a graver one was opened.", show_default=False),
    ] = None,
    output: Annotated[ScanFormat, typer.Option("--format", help="How to write the summary.")] = ScanFormat.TEXT,
    acting_as: AsOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Read what is new, evaluate it, open flags. Exit 3 if something could not be read or evaluated."""
    from compliance.workspace import open_workspace

    space = open_workspace(workspace)
    actor = _actor(space, acting_as)
    asked = _again(space, inputs or [], since=since) if again else None
    report = run(
        space, inputs or [], source=source, audience=audience, actor=actor, again=asked, quiet=output is ScanFormat.JSON
    )
    if output is ScanFormat.JSON:
        from compliance.scan_text import as_json

        sys.stdout.write(as_json(report) + "\n")
    else:
        from compliance.commands._desk import console
        from compliance.scan_text import print_report

        print_report(console(), report)
    opened = _opened_at_least(space, report, fail_on.name) if fail_on else False
    raise typer.Exit(report.exit_code or int(opened))


def run(
    space: Workspace,
    inputs: list[str],
    *,
    source: str | None = None,
    audience: str | None = None,
    actor: Actor,
    again: Again | None = None,
    quiet: bool = False,
) -> ScanReport:
    """Scan and return the report; draws a progress bar on a terminal unless quiet."""
    from compliance.judge import Judge
    from compliance.scan import scan as run_scan
    from compliance.sources import chosen_sources

    sources = [] if again else chosen_sources(space, inputs, source=source, audience=audience)
    judge = Judge(space.ruleset)
    with _progress(quiet=quiet) as page_done:
        return run_scan(
            space.database, sources, judge, space.people, actor=actor, now=clock, page_done=page_done, again=again
        )


def _actor(space: Workspace, acting_as: str | None) -> Actor:
    """Return the person named by --as, who must be allowed to scan; unattended, the scan acts as itself."""
    import os

    from compliance.audit import Actor
    from compliance.permissions import ACTOR_VARIABLE, acting, require

    if acting_as is None and not os.environ.get(ACTOR_VARIABLE):
        return Actor(id="scan", proof="system")
    actor, reviewer = acting(space, acting_as)
    require(reviewer, "posts:scan")
    return actor


def _again(space: Workspace, named: list[str], *, since: str | None) -> Again:
    from compliance.errors import ComplianceError
    from compliance.scan import Again
    from rules.errors import did_you_mean
    from rules.lists import parse_instant

    known = space.ruleset.rules
    if len(named) > 1 or (named and named[0] not in known):
        message = "--again takes one rule" if len(named) > 1 else f"unknown rule '{named[0]}'"
        raise ComplianceError(
            message, hint=did_you_mean(named[0], known, otherwise="`compliance policy list` shows every rule")
        )
    try:
        return Again(rule=named[0] if named else None, since=parse_instant(since) if since else None)
    except ValueError:
        message = f"'{since}' is no time"
        raise ComplianceError(message, place="--since", hint="for example 2026-11-03 or 2026-11-03T09:00Z") from None


def _opened_at_least(space: Workspace, report: ScanReport, severity: str) -> bool:
    from sqlalchemy import select

    from compliance.db import reading
    from compliance.models import Flag
    from compliance.permissions import is_quiet
    from rules.evaluation import Severity

    with reading(space.database) as session:
        held = session.execute(
            select(Flag.lane, Flag.route, Flag.policy)
            .where(Flag.opened_at >= report.started_at, Flag.severity >= Severity[severity])
            .distinct()
        )
        return any(not is_quiet(lane, route, policy) for lane, route, policy in held)


def _progress(*, quiet: bool) -> AbstractContextManager[Callable[[Progress], None] | None]:
    if quiet or not sys.stderr.isatty():
        return nullcontext(None)
    return _Bar()


class _Bar:
    """A progress bar on standard error: how much of a source is read, posts a second, time left."""

    def __enter__(self) -> Callable[[Progress], None]:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns: list[Any] = [
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%  {task.fields[rate]}"),
            TimeRemainingColumn(),
        ]
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._tasks: dict[str, Any] = {}
        self._bar.start()
        return self._page_done

    def __exit__(self, *_exception: object) -> None:
        self._bar.stop()

    def _page_done(self, progress: Progress) -> None:
        task = self._tasks.get(progress.source)
        if task is None:
            task = self._tasks[progress.source] = self._bar.add_task(progress.source, total=progress.size, rate="")
        elapsed = self._bar.tasks[self._bar.task_ids.index(task)].elapsed or 0.0
        rate = f"{progress.counts.read / elapsed:,.0f} posts/s" if elapsed else ""
        self._bar.update(task, completed=progress.position or 0, rate=rate)
