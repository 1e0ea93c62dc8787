"""`compliance scan`: everything new, evaluated and stored page by page."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compliance.commands._desk import AsOption, WorkspaceOption, clock
from compliance.commands._errors import BROKEN, UNREACHED, reporting_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance.audit import Actor
    from compliance.logs import ScanLog
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


class LogFormat(StrEnum):
    """How lines of the log are written."""

    JSON = "json"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the command line asks for."""

    inputs: list[str]
    source: str | None
    audience: str | None
    again: bool
    since: str | None
    fail_on: FailOn | None
    output: ScanFormat
    acting_as: str | None
    workspace: Path | None


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
    log_format: Annotated[
        LogFormat | None,
        typer.Option(help="Tell what happens as lines on standard error: counts, times, codes, no content."),
    ] = None,
    log_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Append these lines to a file instead; JSON if not said.")
    ] = None,
    acting_as: AsOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Read what is new, evaluate it, open flags. Exit 3 if something could not be read or evaluated."""
    asked = _Asked(
        inputs=inputs or [],
        source=source,
        audience=audience,
        again=again,
        since=since,
        fail_on=fail_on,
        output=output,
        acting_as=acting_as,
        workspace=workspace,
    )
    if log_format is None and log_file is None:
        raise typer.Exit(_scan(asked, None))
    raise typer.Exit(_logged(asked, log_format, log_file))


def _logged(asked: _Asked, form: LogFormat | None, file: Path | None) -> int:
    """Scan and return the exit code, which the log gets too; an error that shares its stream with the log shows only there."""
    from compliance.errors import ComplianceError
    from compliance.logs import ScanLog, logging_to
    from rules.errors import PolicyError

    with logging_to(form.value if form else None, file) as is_shared:
        log = ScanLog()
        try:
            code = _scan(asked, log, quiet=is_shared)
        except Exception as error:
            # Refused acts and broken policies are 2; whatever else went wrong, the scan is not complete.
            code = (
                error.exit_code
                if isinstance(error, ComplianceError)
                else BROKEN
                if isinstance(error, PolicyError)
                else UNREACHED
            )
            log.failed(error)
            log.exits(code)
            if not is_shared:
                raise
        else:
            log.exits(code)
        return code


def _scan(asked: _Asked, log: ScanLog | None, *, quiet: bool = False) -> int:
    """Scan, write the summary to standard output and return the exit code."""
    from compliance.workspace import open_workspace

    space = open_workspace(asked.workspace)
    if log is not None:
        log.listed = frozenset(space.config.sources)
    actor = _actor(space, asked.acting_as)
    again = _again(space, asked.inputs, since=asked.since) if asked.again else None
    output, fail_on = asked.output, asked.fail_on
    report = run(
        space,
        asked.inputs,
        source=asked.source,
        audience=asked.audience,
        actor=actor,
        again=again,
        quiet=quiet or output is ScanFormat.JSON,
        log=log,
    )
    if log is not None:
        log.ended(report)
    if output is ScanFormat.JSON:
        from compliance.scan_text import as_json

        sys.stdout.write(as_json(report) + "\n")
    else:
        from compliance.commands._desk import console
        from compliance.scan_text import print_report

        print_report(console(), report)
    opened = _opened_at_least(space, report, fail_on.name) if fail_on else False
    return report.exit_code or int(opened)


def run(  # noqa: PLR0913 - one parameter per thing that a scan is told
    space: Workspace,
    inputs: list[str],
    *,
    source: str | None = None,
    audience: str | None = None,
    actor: Actor,
    again: Again | None = None,
    quiet: bool = False,
    log: ScanLog | None = None,
) -> ScanReport:
    """Scan and return the report; draws a progress bar on a terminal unless quiet."""
    from compliance.judge import Judge
    from compliance.scan import scan as run_scan
    from compliance.sources import chosen_sources

    sources = [] if again else chosen_sources(space, inputs, source=source, audience=audience)
    judge = Judge(space.ruleset)
    with _progress(quiet=quiet) as page_done:
        told = [each for each in (page_done, log.page_done if log else None) if each is not None]

        def page(progress: Progress) -> None:
            for tell in told:
                tell(progress)

        return run_scan(
            space.database,
            sources,
            judge,
            space.people,
            actor=actor,
            now=clock,
            begun=log.begun if log else None,
            page_done=page,
            again=again,
            inputs=judge.inputs,
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
