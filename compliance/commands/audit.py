"""`compliance audit verify`: whether the trail is as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from compliance.commands._desk import AsOption, Format, FormatOption, WorkspaceOption, console, opened, write_json
from compliance.commands._errors import reporting_errors

if TYPE_CHECKING:
    from rich.text import Text
    from sqlalchemy import Engine

    from compliance.commands._desk import Workspace
    from compliance.trail import TrailReport

app = typer.Typer(no_args_is_help=True, help="The audit trail.")

_TAMPERED: Final = 1
_LIMIT: Final = (
    "Not detectable here: newest entries cut off together with what they describe, or a whole trail written anew. "
    "Note the head elsewhere and compare: an honest trail only grows, and keeps every head it ever had."
)


@app.callback()
def audit() -> None:
    """The audit trail."""


@app.command("verify")
@reporting_errors
def verify(
    *, output: FormatOption = Format.TEXT, workspace: WorkspaceOption = None, acting_as: AsOption = None
) -> None:
    """Verify the audit trail: exit 0 verified, 1 tampered, 3 could not check.

    Reads neither posts nor names, so --as may be left out; if given, the role is checked.
    """
    run(opened(workspace), acting_as=acting_as, output=output)


def run(workspace: Workspace, *, acting_as: str | None, output: Format) -> None:
    """Verify and write the result to standard output. Raises typer.Exit(1) if something was changed."""
    from compliance.db import open_engine, reading
    from compliance.permissions import acting, require
    from compliance.trail import verify

    if acting_as is not None:
        _, reviewer = acting(workspace, acting_as)
        require(reviewer, "audit:verify")
    # Not `workspace.database`, which brings tables up to date: what is verified is not changed first.
    engine = open_engine(workspace.database_url)
    _require_file(engine)
    try:
        with reading(engine) as session:
            report = verify(session)
    finally:
        engine.dispose()
    if output is Format.JSON:
        write_json(as_json(report))
    else:
        console().print(_said(report))
    if not report.is_verified:
        raise typer.Exit(_TAMPERED)


def as_json(report: TrailReport) -> object:
    """Return the report as JSON values, with what it cannot tell."""
    from pydantic import TypeAdapter

    from compliance.trail import TrailReport

    data = TypeAdapter(TrailReport).dump_python(report, mode="json")
    return {"verified": report.is_verified, **data, "limit": _LIMIT}


def _require_file(engine: Engine) -> None:
    # SQLite would make an empty database out of a wrong path, and an empty trail verifies.
    from compliance.errors import UnavailableError

    name = engine.url.database
    if engine.dialect.name == "sqlite" and name not in {None, "", ":memory:"} and not Path(name or "").is_file():
        message = "there is no database to verify"
        raise UnavailableError(
            message, place=name, hint="`compliance scan` makes it; check `database` in compliance.yaml."
        )


def _said(report: TrailReport) -> Text:
    from rich.text import Text

    from compliance.safe import as_text

    if report.fault is not None:
        where = f"entry {report.fault.seq}" if report.fault.seq is not None else "no entry"
        return (
            Text("TAMPERED", style="bold red")
            .append(f"  first fault: {report.fault.kind}, {where}\n", style="not bold default")
            .append_text(as_text(report.fault.detail))
            .append(f"\n{report.entries} entries before it are in order.")
        )
    counts = f"  {report.entries} entries, {report.flags} flags, {report.decisions} decisions, {report.case_entries} case entries agree\n"
    return (
        Text("VERIFIED", style="bold green")
        .append(counts, style="not bold default")
        .append(f"head {report.head_seq} {report.head_hash}\n", style="not bold default")
        .append(_LIMIT, style="not bold dim default")
    )
