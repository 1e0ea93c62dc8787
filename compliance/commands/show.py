"""`compliance show FLAG`: everything about one flag. Evidence stands before scores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from compliance.commands._desk import (
    AsOption,
    FlagArgument,
    Format,
    FormatOption,
    WorkspaceOption,
    clock,
    console,
    moment,
    needs_marks,
    opened,
    session_of,
    write_json,
)
from compliance.commands._errors import reporting_errors

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from compliance.commands._desk import Workspace
    from compliance.dossier import Dossier, ObservationView, OtherFlags, VersionView

_GONE: Final = "The rule is no longer in the rule set; the flag and its evidence stay."
_TAGS: Final = "Tags are advisory and no violation: they can only slow things down, never speed them up."
_WITHHELD: Final = {
    "sealed": "The text is sealed: a decision said out of scope. Roles that may read it: legal, privacy.",
    "first-aid": "Only what was matched is shown, so that it can be revoked; who wrote it, where and what else is not.",
}


@reporting_errors
def show(
    flag: FlagArgument,
    *,
    names: Annotated[
        bool, typer.Option("--names", help="Show handle and address; the audit trail records it.")
    ] = False,
    output: FormatOption = Format.TEXT,
    workspace: WorkspaceOption = None,
    acting_as: AsOption = None,
) -> None:
    """Show a flag: the post as written, what was seen in it and why, and what people decided."""
    run(opened(workspace), flag, acting_as=acting_as, names=names, output=output, now=clock())


def run(
    workspace: Workspace, flag_id: int, *, acting_as: str | None, names: bool, output: Format, now: datetime
) -> None:
    """Read a dossier and write it to standard output."""
    from compliance import dossier
    from compliance.permissions import reading

    actor, reviewer = reading(workspace, acting_as)
    with session_of(workspace, writes=names) as session:
        found = dossier.show(
            session,
            flag_id,
            ruleset=workspace.ruleset,
            people=workspace.people,
            reviewer=reviewer,
            actor=actor,
            names=names,
            now=now,
        )
    if output is Format.JSON:
        write_json(as_json(found))
        return
    out = console()
    for part in _parts(found, marks=needs_marks(out)):
        out.print(part)


def as_json(found: Dossier) -> object:
    """Return the dossier in the shape of docs/schemas/show.schema.json."""
    from pydantic import TypeAdapter

    from compliance.dossier import Dossier

    return TypeAdapter(Dossier).dump_python(found, mode="json")


def _parts(found: Dossier, *, marks: bool) -> Iterator[RenderableType]:
    yield from _head(found)
    yield from _post(found, marks=marks)
    yield from _seen(found)
    yield from _why(found)
    yield from _axes(found)
    yield from _history(found)
    yield from _remedies(found)
    yield from _others(found)
    yield from _tags(found)
    yield from _next(found)


def _title(words: str) -> RenderableType:
    from rich.padding import Padding
    from rich.rule import Rule
    from rich.text import Text

    return Padding(Rule(Text(words, style="bold"), align="left", style="dim"), (1, 0, 0, 0))


def _pairs(*pairs: tuple[str, str | None]) -> Table:
    """Return label and value in two columns, without the pairs that have no value."""
    from rich.table import Table
    from rich.text import Text

    from compliance.safe import as_text

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in pairs:
        if value:
            table.add_row(Text(label, style="dim"), as_text(value))
    return table


def _grid(*columns: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for column in columns:
        table.add_column(Text(column, style="dim"), overflow="fold")
    return table


def _head(found: Dossier) -> Iterator[RenderableType]:
    from compliance.safe import as_text

    post = found.post
    line = f"Flag {found.id} · {found.status} · lane {found.lane} · opened {moment(found.opened_at)}"
    yield as_text(line + (" · from a later look at stored posts" if found.retro else ""), style="bold")
    where = " · ".join(part for part in (post.platform, post.channel, post.audience, post.kind) if part)
    yield _pairs(
        ("post", f"{post.source}:{post.external_id}".strip(":")),
        ("where", where),
        ("author", post.author or (None if found.withheld == "first-aid" else "unknown")),
        ("posted", moment(post.posted_at) if post.posted_at else f"unknown; first seen {moment(post.first_seen_at)}"),
        ("deleted", moment(post.deleted_at) if post.deleted_at else None),
        ("thread", post.thread),
        ("shares", post.shared_from),
        ("address", post.url),
    )


def _post(found: Dossier, *, marks: bool) -> Iterator[RenderableType]:
    yield _title("The post as written")
    if found.withheld is not None:
        from compliance.safe import as_text

        yield as_text(_WITHHELD[found.withheld], style="italic")
    for version in found.versions:
        if version.text is not None:
            yield _written(version, marks=marks)
    if len(found.versions) > 1:
        yield _versions(found)


def _written(version: VersionView, *, marks: bool) -> RenderableType:
    from rich.panel import Panel
    from rich.text import Text

    from compliance.safe import as_text, highlight

    body = highlight(version.text or "", version.spans, marks=marks) if version.text else Text("(no text)", style="dim")
    if version.attachments:
        listed = ", ".join(version.attachments)
        body.append_text(as_text(f"\nattached, not read: {listed}", style="dim"))
    return Panel(body, title=Text(_role(version)), title_align="left", border_style="dim", padding=(0, 1))


def _role(version: VersionView) -> str:
    words = [
        "current version" if version.is_current else "earlier version",
        "the flag opened on it" if version.is_opened_on else "",
        "deleted" if version.deleted_at else "",
        moment(version.at),
    ]
    return " · ".join(word for word in words if word)


def _versions(found: Dossier) -> Table:
    from rich.text import Text

    table = _grid("version", "since", "first seen", "verdict", "matches")
    for number, version in enumerate(found.versions, 1):
        roles = (version.is_opened_on and "opened", version.is_current and "current")
        words = ", ".join(role for role in roles if role)
        label = f"{number} ({words})" if words else str(number)
        cells = (label, moment(version.at), moment(version.seen_at), version.status, str(len(version.spans)))
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _seen(found: Dossier) -> Iterator[RenderableType]:
    from compliance.safe import as_text

    yield _title("What was seen")
    latest = _latest(found)
    if latest is None:
        yield as_text("No observation with a match.")
        return
    if found.observations[-1] is not latest:
        yield as_text("The newest version no longer shows it; this is what the one before showed.", style="italic")
    table = _grid("part", "detector", "sure", "reason", "characters")
    for match in latest.matches:
        detector = match.detector if match.kind in {"", match.detector} else f"{match.detector} ({match.kind})"
        cells = (match.part, detector, f"{match.confidence:.2f}", match.reason or "none", f"{match.start}-{match.end}")
        table.add_row(*(as_text(cell, single_line=True) for cell in cells))
    yield table


def _latest(found: Dossier) -> ObservationView | None:
    return next((seen for seen in reversed(found.observations) if seen.matches), None)


def _why(found: Dossier) -> Iterator[RenderableType]:
    from compliance.safe import as_text

    yield _title("Why")
    rule = found.rule
    if not rule.is_known:
        yield as_text(_GONE, style="italic")
    policy = rule.policy if rule.policy_title is None else f"{rule.policy_title} ({rule.policy})"
    yield _pairs(
        ("message", rule.message),
        ("rule", rule.id if rule.title is None else f"{rule.title} ({rule.id})"),
        ("policy", policy),
        ("clause", rule.clause),
        ("source", rule.source),
        ("guidance", rule.guidance),
        ("first aid", rule.first_aid),
    )


def _axes(found: Dossier) -> Iterator[RenderableType]:
    yield _title("Three separate questions")
    yield _pairs(
        ("severity", f"{found.severity}: how bad if it is true"),
        ("confidence", f"{found.confidence:.2f}: how sure the detectors are"),
        ("publish", f"{found.publish or 'unknown'}: what a draft with this would meet"),
    )


def _history(found: Dossier) -> Iterator[RenderableType]:
    from compliance.safe import as_text

    yield _title("History")
    order = {version.id: number for number, version in enumerate(found.versions, 1)}
    table = _grid("observed", "version", "rule version", "sure", "matches")
    for seen in found.observations:
        version = str(order.get(seen.version, "?"))
        cells = (moment(seen.at), version, seen.rule_version[:12], f"{seen.confidence:.2f}", str(len(seen.matches)))
        table.add_row(*(as_text(cell, single_line=True) for cell in cells))
    yield table
    if not found.decisions:
        yield as_text("No decision yet.")
        return
    table = _grid("decided", "by", "verdict", "version", "reason")
    for made in found.decisions:
        verdict = made.verdict.replace("_", " ") + "".join(f", {word}" for word in (made.code, made.lane) if word)
        who = f"{made.actor} ({made.actor_proof})"
        cells = (moment(made.at), who, verdict, str(order.get(made.version, "?")), made.reason or "none")
        table.add_row(*(as_text(cell) for cell in cells))
    yield table


def _remedies(found: Dossier) -> Iterator[RenderableType]:
    from compliance.safe import as_text

    if not found.remedies:
        return
    yield _title("Remedies")
    for each in found.remedies:
        done = f" {moment(each.settled_at)}" if each.settled_at else ""
        yield as_text(f"{each.ask} by {moment(each.due)}, asked by {each.actor}: {each.status}{done}", single_line=True)


def _others(found: Dossier) -> Iterator[RenderableType]:
    if found.of_post.counts:
        yield _title("Other flags of this post")
        yield from _listed(found.of_post)
    if found.of_author.counts:
        yield _title("Other flags of this author")
        yield from _listed(found.of_author)


def _listed(others: OtherFlags) -> Iterator[RenderableType]:
    from compliance.safe import as_text

    counts = ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in others.counts.items())
    total = sum(others.counts.values())
    more = f"; the newest {len(others.newest)} are listed" if total > len(others.newest) else ""
    yield as_text(counts + more)
    table = _grid("flag", "rule", "severity", "outcome", "opened")
    for link in others.newest:
        outcome = link.outcome.replace("_", " ")
        cells = (str(link.id), link.rule, link.severity, outcome, moment(link.opened_at))
        table.add_row(*(as_text(cell, single_line=True) for cell in cells))
    yield table


def _tags(found: Dossier) -> Iterator[RenderableType]:
    from compliance.safe import as_text

    if found.tags:
        yield _title("Tags")
        yield as_text(", ".join(found.tags), single_line=True, style="magenta")
        yield as_text(_TAGS, style="dim")


def _next(found: Dossier) -> Iterator[RenderableType]:
    from rich.padding import Padding
    from rich.text import Text

    base = f"compliance decide {found.id}"
    tail = f"--seen {found.revision}"
    words: Text = Text("To decide on exactly this: ", style="dim")
    if found.status == "open":
        words.append(f"{base} upheld|cleared|false-positive|out-of-scope|escalated {tail}", style="bold not dim")
    else:
        words.append(f"{base} VERDICT --revise --reason … {tail}", style="bold not dim")
    yield Padding(words, (1, 0, 0, 0))
