"""`compliance db`: bring the database up to date, back it up, restore it, check it, and see past scans."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compliance.commands._desk import (
    AsOption,
    Format,
    FormatOption,
    WorkspaceOption,
    clock,
    console,
    moment,
    write_json,
)
from compliance.commands._errors import reporting_errors

if TYPE_CHECKING:
    from rich.table import Table

    from compliance.audit import Actor
    from compliance.restore import RestoreReport
    from compliance.runs import RunsPage, RunView
    from compliance.workspace import Workspace

app = typer.Typer(no_args_is_help=True, help="The database: upgrade, backup, restore, check, past runs.")


@app.callback()
def db() -> None:
    """The database."""


@app.command("upgrade")
@reporting_errors
def upgrade(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    acting_as: AsOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Bring the tables up to date. There is no way down: back up first."""
    from compliance.upgrade import HEAD, steps_from, upgrade_noted

    space = _opened(workspace)
    actor = _actor(space, acting_as, "database:restore")
    found = _revision(space, makes=not dry_run)
    steps = steps_from(found)
    if not steps:
        typer.echo(f"The database is up to date: schema {found}.")
        return
    if not dry_run:
        upgrade_noted(space.database_as_it_is, actor=actor, now=clock())
    typer.echo(f"{'Would bring' if dry_run else 'Brought'} the database from {found or 'nothing'} to {HEAD}:")
    for revision, what in steps:
        typer.echo(f"  {revision}  {what}")


@app.command("backup")
@reporting_errors
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to make; never inside a shared folder.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace an older backup of this name.")] = False,
    output: FormatOption = Format.TEXT,
    acting_as: AsOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Copy the database into one file while others work: 0 made, 2 refused, 3 could not be made."""
    from compliance import backup as service

    space = _opened(workspace)
    actor = _actor(space, acting_as, "database:backup")
    made = service.backup(space.database_as_it_is, file, force=force, actor=actor, now=clock)
    if output is Format.JSON:
        write_json({"path": made.path, "verified": made.is_verified, **made.manifest.model_dump(mode="json")})
        return
    found = made.manifest
    verified = "verified" if made.is_verified else "an older schema, so not verified"
    typer.echo(
        f"Backed up to {made.path}: {sum(found.rows.values()):,} rows in {len(found.rows)} tables, schema {found.revision}, trail {verified}.\n"
        f"head {found.head.seq} {found.head.hash}\n"
        "Note the head elsewhere: it tells an older backup from this one. The file holds posts; encrypt it where it goes."
    )


@app.command("restore")
@reporting_errors
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `compliance db backup` made.")],
    *,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Put it in the place of a database that is there, and keep that one aside."),
    ] = False,
    accept_rollback: Annotated[
        bool,
        typer.Option("--accept-rollback", help="Lose what the database knows and the backup does not; needs --as."),
    ] = False,
    output: FormatOption = Format.TEXT,
    acting_as: AsOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Put a backup in the place of the database: 0 restored and verified, 2 refused, 3 in use or out of reach."""
    from compliance import restore as service

    space = _opened(workspace)
    actor = _actor(space, acting_as, "database:restore", named=accept_rollback)
    ask = service.Ask(replace=replace, accept_rollback=accept_rollback)
    report = service.restore(space.database_as_it_is, file, ask=ask, actor=actor, now=clock)
    if output is Format.JSON:
        from pydantic import TypeAdapter

        write_json(TypeAdapter(service.RestoreReport).dump_python(report, mode="json"))
        return
    _say_restored(report)


@app.command("check")
@reporting_errors
def check(*, output: FormatOption = Format.TEXT, acting_as: AsOption = None, workspace: WorkspaceOption = None) -> None:
    """Look whether the database is sound, and change nothing: 0 it is, 1 something is wrong, 3 could not look."""
    from compliance.commands.doctor import write_checks
    from compliance.health import Level
    from compliance.integrity import inspect_database

    space = _opened(workspace)
    if acting_as is not None:
        _actor(space, acting_as, "audit:verify")
    checks = list(inspect_database(space.database_as_it_is))
    write_checks(checks, output=output)
    levels = {each.level for each in checks}
    raise typer.Exit(3 if Level.MISSING in levels else 1 if Level.BROKEN in levels else 0)


@app.command("runs")
@reporting_errors
def runs(
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 20,
    output: FormatOption = Format.TEXT,
    workspace: WorkspaceOption = None,
) -> None:
    """List past scans: when, how long, how they ended, what they read and left undone. Shows no posts and no names."""
    from compliance.db import reading
    from compliance.runs import runs as listed
    from compliance.upgrade import require_schema

    space = _opened(workspace)
    _revision(space, makes=False)
    require_schema(space.database_as_it_is)
    with reading(space.database_as_it_is) as session:
        page = listed(session, limit=limit, now=clock())
    if output is Format.JSON:
        from pydantic import TypeAdapter

        from compliance.runs import RunsPage

        write_json(TypeAdapter(RunsPage).dump_python(page, mode="json"))
        return
    _print_runs(page)


def _opened(workspace: Path | None) -> Workspace:
    from compliance.workspace import open_workspace

    return open_workspace(workspace)


def _actor(space: Workspace, acting_as: str | None, permission: str, *, named: bool = False) -> Actor:
    """Return the person named by --as, who must be allowed to; unattended, the system acts, unless a name is needed."""
    import os

    from compliance.audit import Actor
    from compliance.permissions import ACTOR_VARIABLE, acting, require

    if not named and acting_as is None and not os.environ.get(ACTOR_VARIABLE):
        return Actor(id="operations", proof="system")
    actor, reviewer = acting(space, acting_as)
    require(reviewer, permission)
    return actor


def _revision(space: Workspace, *, makes: bool) -> str | None:
    """Return the schema of the database as it is. Raises UnavailableError if it is out of reach."""
    from sqlalchemy.exc import DBAPIError

    from compliance.backup import require_database
    from compliance.db import create_private
    from compliance.errors import UnavailableError
    from compliance.upgrade import revision

    engine = space.database_as_it_is
    if makes:
        create_private(engine)
    require_database(engine)
    try:
        with engine.connect() as connection:
            return revision(connection)
    except DBAPIError as error:
        message = f"the database cannot be read ({type(error.orig).__name__})"
        raise UnavailableError(
            message, place="database in compliance.yaml, or COMPLIANCE_DATABASE", hint="`compliance db check` says more"
        ) from None


def _say_restored(report: RestoreReport) -> None:
    found = report.manifest
    lines = [
        f"Restored the backup of {moment(found.made_at)}: {sum(found.rows.values()):,} rows in {len(found.rows)} tables, counts, structure and trail verified.",
        f"head {report.head_seq} {report.head_hash}",
    ]
    if report.rollback is not None:
        lines.append(f"ROLLBACK: {report.rollback.words.replace('would be', 'were')}")
    if report.aside is not None:
        lines.append(f"The old database is kept as {report.aside}; remove it when nobody needs it: it holds posts.")
    lines.append("Next: `compliance db check`, then `compliance scan`, which reads on from where the backup ended.")
    typer.echo("\n".join(lines))


def _print_runs(page: RunsPage) -> None:
    from compliance.safe import as_text

    screen = console()
    if not page.runs:
        screen.print("No scan has run yet.")
    styles = {"done": "green", "running": "cyan", "stopped": "yellow"}
    for run in page.runs:
        took = "end unknown" if run.seconds is None else f"{run.seconds:,.1f} s"
        line = as_text(f"run {run.id}  {moment(run.started_at)}  ", style="bold")
        line.append_text(as_text(run.status, style=styles.get(run.status, "bold red")))
        screen.print(line.append_text(as_text(f"  {took}  by {run.actor}  rules {run.ruleset[:12]}", single_line=True)))
        screen.print(as_text(f"  {_ended(run)}"))
        screen.print(_sources(run))
    if page.total > len(page.runs):
        screen.print(as_text(f"{page.total - len(page.runs):,} older runs; --limit shows more", style="dim"))


def _ended(run: RunView) -> str:
    if run.flags is None:
        return "flags and unread sources unknown: no end was noted"
    return f"{run.flags:,} flags opened, {run.source_errors:,} sources not read to their end"


def _sources(run: RunView) -> Table:
    from rich.table import Table

    from compliance.safe import as_text

    table = Table.grid(padding=(0, 2, 0, 0))
    for name, counts in run.counts.items():
        told = {"read": "read", "new": "new", "incomplete": "incomplete", "failed": "unreadable"}
        cells = (f"{counts.get(key, 0):,} {word}" for key, word in told.items())
        table.add_row(as_text(f"  {name}", single_line=True), *cells)
    return table
