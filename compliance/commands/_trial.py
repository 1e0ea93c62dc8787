"""What the commands that try rules on posts share: options, the posts of a file or of the database, how lines are written."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text
    from sqlalchemy.orm import Session

    from compliance.drafts import Draft
    from compliance.safe import Span
    from compliance.stored import Reader
    from compliance.workspace import Workspace

OnOption = Annotated[
    str | None,
    typer.Option(
        "--on", metavar="POSTS", help="Try them on this file: one post a line (.jsonl), or any input of check."
    ),
]
StoredOption = Annotated[
    bool, typer.Option("--stored", help="Try them on the posts and decisions in the database; needs --as.")
]
RedactOption = Annotated[
    bool | None,
    typer.Option("--redact/--no-redact", help="Ids only, no words of posts; on where CI is set.", show_default=False),
]
ShowOption = Annotated[int, typer.Option("--show", min=0, max=1000, metavar="N", help="Posts to list of each kind.")]
_INDENT = 6


def redacts(redact: bool | None) -> bool:  # noqa: FBT001 - the option itself
    """Return whether words of posts are kept out: asked for, or a CI job whose log others read."""
    return bool(os.environ.get("CI")) if redact is None else redact


def one_of(on: str | None, *, stored: bool) -> None:
    """Raise ComplianceError unless exactly one of --on and --stored is given."""
    from compliance.errors import ComplianceError

    if (on is None) is stored:
        return
    message = "say which posts to try the rules on" if on is None else "--on and --stored are two different trials"
    raise ComplianceError(message, hint="--on POSTS.jsonl, or --stored for the posts in the database")


@contextmanager
def reading_posts(space: Workspace, acting_as: str | None) -> Iterator[tuple[Session, Reader]]:
    """Give a session and what the acting person may read of stored posts; nobody reads them unnamed."""
    from compliance.db import reading
    from compliance.permissions import acting
    from compliance.stored import reader_of

    _, reviewer = acting(space, acting_as)
    reader = reader_of(reviewer, space.people)
    with reading(space.database) as session:
        yield session, reader


def drafts_of(on: str, space: Workspace, now: datetime) -> Iterator[Draft]:
    """Yield the posts of a file. Raises ComplianceError for one that cannot be read: a trial on a part proves nothing."""
    from compliance.draft_inputs import read_drafts
    from compliance.drafts import Defaults
    from compliance.errors import UnavailableError

    defaults = Defaults(at=now, now=now, people=space.people)
    for draft in read_drafts([on], text=None, stdin=sys.stdin.buffer, defaults=defaults):
        if draft.document is None:
            place = f"{draft.place}:{draft.line}" if draft.line else draft.place
            message = f"a post {draft.error}"
            raise UnavailableError(message, place=place, hint=draft.hint or "mend the line, and try again")
        yield draft


def instant(text: str | None, option: str) -> datetime | None:
    """Return the time of an option. Raises ComplianceError for what is none."""
    from compliance.errors import ComplianceError
    from rules.lists import parse_instant

    try:
        return None if text is None else parse_instant(text)
    except ValueError:
        message = f"'{text}' is no time"
        raise ComplianceError(message, place=option, hint="for example 2026-11-02 or 2026-11-02T09:00Z") from None


def excerpt_line(screen: Console, label: str, text: str, spans: Sequence[Span], *, note: str = "") -> Text:
    """Return one line: where, what differs, and the words around the match if they may be shown."""
    from compliance.commands._desk import needs_marks
    from compliance.safe import as_text, snippet

    line = as_text(f"{' ' * (_INDENT - 2)}{label}", single_line=True, style="dim")
    line.append_text(as_text(f"  {note}" if note else "", single_line=True, style="not dim"))
    if text:
        width = max(30, screen.width - _INDENT)
        line.append(f"\n{' ' * _INDENT}").append_text(snippet(text, spans, width, marks=needs_marks(screen)))
    return line


def open_space(workspace: Path | None, *, stored: bool) -> Workspace:
    """Open the workspace; without a database to read, the shipped packs will do."""
    from compliance.workspace import open_workspace

    space = open_workspace(workspace, required=stored)
    if space.root is None:
        typer.echo("note: no workspace here, so the shipped packs and nobody's groups are used", err=True)
    return space
