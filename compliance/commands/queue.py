"""`compliance queue`: flags that await a person, most urgent first."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from compliance.commands._desk import (
    AsOption,
    ListFormat,
    WorkspaceOption,
    age,
    clock,
    console,
    needs_marks,
    opened,
    session_of,
    write_json,
)
from compliance.commands._errors import reporting_errors

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from compliance.commands._desk import Workspace
    from compliance.dossier import RuleSet
    from compliance.listing import Excerpt, Filters, QueuedFlag, QueuePage

#: More than colour: the word stands beside it.
SEVERITY_STYLES: Final = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "yellow",
    "low": "cyan",
    "info": "dim",
}
_TAGS: Final = "tags, which can only slow things down: "
_WITHHELD: Final = {
    "sealed": "text sealed: a decision said out of scope",
    "own-post": "your own post: ask another reviewer",
    "first-aid": "revoke or change what it shows now; who wrote it and where is not shown",
}


class SeverityWord(StrEnum):
    """Severities as written on the command line."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class StatusWord(StrEnum):
    """Which flags by status."""

    OPEN = "open"
    DECIDED = "decided"
    ALL = "all"


@reporting_errors
def queue(  # noqa: PLR0913 - one parameter per option
    *,
    lane: Annotated[str | None, typer.Option(help="Only flags that this lane holds.")] = None,
    policy: Annotated[str | None, typer.Option(help="Only flags of this policy.")] = None,
    severity: Annotated[SeverityWord, typer.Option(help="Only this severity and graver ones.")] = SeverityWord.INFO,
    source: Annotated[str | None, typer.Option(help="Only posts from this source.")] = None,
    status: Annotated[StatusWord, typer.Option(help="Which flags.")] = StatusWord.OPEN,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Flags on a page.")] = 50,
    after: Annotated[int | None, typer.Option(metavar="FLAG", help="Continue behind this flag.")] = None,
    names: Annotated[bool, typer.Option("--names", help="Show handles; the audit trail records it.")] = False,
    output: Annotated[ListFormat, typer.Option("--format", help="How to write the list.")] = ListFormat.TEXT,
    workspace: WorkspaceOption = None,
    acting_as: AsOption = None,
) -> None:
    """List the flags that await a person, most urgent first."""
    from compliance.listing import Filters
    from rules.evaluation import Severity

    filters = Filters(
        lane=lane,
        policy=policy,
        severity=Severity[severity.name],
        source=source,
        status=status.value,
        after=after,
        limit=limit,
    )
    run(opened(workspace), filters, acting_as=acting_as, names=names, output=output, now=clock())


def run(
    workspace: Workspace, filters: Filters, *, acting_as: str | None, names: bool, output: ListFormat, now: datetime
) -> None:
    """Read a page of the queue and write it to standard output."""
    from compliance import listing
    from compliance.permissions import reading

    actor, reviewer = reading(workspace, acting_as)
    with session_of(workspace, writes=names) as session:
        page = listing.queue(
            session, filters, people=workspace.people, reviewer=reviewer, actor=actor, names=names, now=now
        )
        found = listing.excerpts(session, page) if output is ListFormat.TEXT else {}
    if output is ListFormat.JSON:
        write_json(as_json(page))
    elif output is ListFormat.CSV:
        _write_csv(page)
    else:
        _write_text(console(), page, found, workspace.ruleset, now=now)


def as_json(page: QueuePage) -> object:
    """Return the page in the shape of docs/schemas/queue.schema.json."""
    from pydantic import TypeAdapter

    from compliance.listing import QueuePage

    return TypeAdapter(QueuePage).dump_python(page, mode="json")


def _write_csv(page: QueuePage) -> None:
    from dataclasses import fields

    from compliance.listing import QueuedFlag
    from compliance.safe import write_csv

    columns = [each.name for each in fields(QueuedFlag)]
    rows = ([_cell(getattr(flag, column)) for column in columns] for flag in page.flags)
    write_csv([columns, *rows], sys.stdout)


def _cell(value: object) -> object:
    return ";".join(value) if isinstance(value, tuple) else value


def _write_text(
    console: Console, page: QueuePage, found: Mapping[int, Excerpt], ruleset: RuleSet, *, now: datetime
) -> None:
    from rich.table import Table

    if not page.flags:
        console.print("No flags here. `compliance scan` looks for new posts.")
        return
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    ages = [age(now - flag.opened_at) for flag in page.flags]
    narrow = [(str(flag.id), flag.severity, old) for flag, old in zip(page.flags, ages, strict=True)]
    width = console.width - sum(2 + max(map(len, column)) for column in zip(*narrow, strict=True)) - 2
    for flag, old in zip(page.flags, ages, strict=True):
        body = _body(flag, found.get(flag.id), ruleset, width=max(20, width), marks=needs_marks(console))
        table.add_row(str(flag.id), _severity(flag.severity), body, old)
    console.print(table)
    console.print(_footer(page))


def _severity(word: str) -> Text:
    from rich.text import Text

    return Text(word.upper(), style=SEVERITY_STYLES[word])


def _body(flag: QueuedFlag, excerpt: Excerpt | None, ruleset: RuleSet, *, width: int, marks: bool) -> RenderableType:
    """Return the lines of one flag: evidence first, then what fired, then where."""
    from rich.console import Group
    from rich.text import Text

    from compliance.safe import as_text, snippet

    lines: list[Text] = []
    if excerpt is not None:
        lines.append(snippet(excerpt.text, excerpt.spans, width, marks=marks))
    if flag.withheld is not None:
        lines.append(as_text(_WITHHELD[flag.withheld], style="italic"))
    rule = ruleset.rule(flag.rule)
    title = "rule no longer in the rule set" if rule is None else rule.title
    lines.append(as_text(title, single_line=True, style="bold").append(f"  {flag.rule}", style="not bold dim"))
    author = flag.author or ("" if flag.withheld == "first-aid" else "author unknown")
    place = " · ".join(
        part for part in (flag.platform, flag.audience, author, f"{flag.source}:{flag.post}".strip(":")) if part
    )
    lines.append(as_text(place, single_line=True, style="dim"))
    state = "" if flag.status == "open" else "decided · "
    lines.append(as_text(f"{state}lane {flag.lane} · confidence {flag.confidence:.2f}", style="dim"))
    if flag.tags:
        lines.append(as_text(_TAGS + ", ".join(flag.tags), single_line=True, style="magenta"))
    return Group(*lines, Text())


def _footer(page: QueuePage) -> str:
    shown = f"{len(page.flags)} of {page.total} flags."
    behind = f" Next page: --after {page.next}." if page.next is not None else ""
    return f"{shown}{behind} `compliance show {page.flags[0].id}` opens the first one."
