"""What the review commands share: options, the workspace with its acting person, and how output is written."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from compliance.dossier import RuleSet
    from compliance.permissions import People, Reviewer


class Workspace(Protocol):
    """What the review commands need of a workspace."""

    @property
    def database(self) -> Engine:
        """Where flags and decisions are."""
        ...

    @property
    def database_url(self) -> str:
        """The address of the database; opening by it changes nothing."""
        ...

    @property
    def ruleset(self) -> RuleSet:
        """Titles, guidance and messages of rules."""
        ...

    @property
    def reviewers(self) -> Mapping[str, Reviewer]:
        """Who may act, by id."""
        ...

    @property
    def people(self) -> People:
        """Who owns which handle."""
        ...


class Format(StrEnum):
    """How a command writes its result."""

    TEXT = "text"
    JSON = "json"


class ListFormat(StrEnum):
    """How a command writes a listing."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        metavar="DIR",
        envvar="COMPLIANCE_WORKSPACE",
        help="The workspace; else this folder or one above.",
    ),
]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as", metavar="ID", help="Who acts: an id of `reviewers` in compliance.yaml; else COMPLIANCE_ACTOR."
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", help="How to write the result.")]
FlagArgument = Annotated[int, typer.Argument(metavar="FLAG", help="The number of the flag, as the queue shows it.")]


def opened(workspace: Path | None) -> Workspace:
    """Open the workspace. Raises ComplianceError where there is none or it is broken."""
    from compliance.workspace import open_workspace

    return open_workspace(workspace)


def session_of(workspace: Workspace, *, writes: bool) -> AbstractContextManager[Session]:
    """Return a session on the workspace's database; one that writes is committed at the end of its block."""
    from compliance.db import reading, writing

    return writing(workspace.database) if writes else reading(workspace.database)


def console() -> Console:
    """Return a console on standard output that reads no markup and guesses no highlights."""
    from rich.console import Console

    if hasattr(sys.stdout, "reconfigure"):
        # A terminal that cannot show a character gets its escape instead of a crash.
        sys.stdout.reconfigure(errors="backslashreplace")
    return Console(markup=False, emoji=False, highlight=False)


def needs_marks(console: Console) -> bool:
    """Say whether matches need brackets because styles do not show."""
    return not console.is_terminal or console.no_color


def write_json(data: object) -> None:
    """Write JSON to standard output in ASCII, so that no terminal obeys or hides what a post contains."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=True) + "\n")


def clock() -> datetime:
    """Return the time: services take it from here, never by themselves."""
    return datetime.now(UTC)


def moment(at: datetime) -> str:
    """Return a time for people, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def age(span: timedelta) -> str:
    """Return an age in its largest whole unit: `3 d`, `5 h`, `12 min`."""
    minutes = max(0, int(span.total_seconds() // 60))
    days, hours = minutes // 1440, minutes // 60
    return f"{days} d" if days else f"{hours} h" if hours else f"{minutes} min"
