"""`compliance policy diff`: what a change of rules would do to posts and to decisions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compliance.commands._desk import AsOption, Format, FormatOption, clock, console, write_json
from compliance.commands._errors import UNREACHED, reporting_errors
from compliance.commands._trial import (
    OnOption,
    RedactOption,
    ShowOption,
    StoredOption,
    drafts_of,
    excerpt_line,
    one_of,
    open_space,
    reading_posts,
    redacts,
)

if TYPE_CHECKING:
    from rich.console import Console

    from compliance.policy_diff import Comparison, Post, RuleDiff, Ruling, Rulings
    from compliance.stored import Reader, StoredPost
    from compliance.trial import Side
    from compliance.workspace import Workspace

SideArgument = "a workspace folder, a policy or exclusion file, `packs`, or git:REVISION"


@reporting_errors
def diff(  # noqa: PLR0913 - one parameter per option
    old: Annotated[str, typer.Argument(metavar="OLD", help=f"The rules as they are: {SideArgument}.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The rules as they would be; named in the same ways.")],
    *,
    on: OnOption = None,
    stored: StoredOption = False,
    show: ShowOption = 5,
    shadow: Annotated[bool, typer.Option("--show-shadow", help="Count shadow rules as if they were live.")] = False,
    redact: RedactOption = None,
    output: FormatOption = Format.TEXT,
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace", metavar="DIR", help="Whose posts and people; if absent NEW where it is a workspace."
        ),
    ] = None,
    acting_as: AsOption = None,
) -> None:
    """Compare two rule sets on the same posts; exit 1 if a flag that people upheld would be lost."""
    from compliance.policy_diff import as_json
    from compliance.trial import load_side

    one_of(on, stored=stored)
    space = open_space(workspace or _workspace_among(new, old), stored=stored)
    sides = load_side(old, space), load_side(new, space)
    reader = None
    if stored:
        found, rulings, reader = _on_stored(space, sides, acting_as=acting_as, show=show, shadow=shadow)
    else:
        found, rulings = _on_file(space, sides, on or "", show=show, shadow=shadow), None
    if output is Format.JSON:
        write_json(as_json(found, rulings, sides={"old": sides[0].ruleset.hash, "new": sides[1].ruleset.hash}))
    else:
        _print(console(), sides, found, rulings, reader=reader, redact=redacts(redact))
    raise typer.Exit(exit_code(found, rulings))


def exit_code(found: Comparison, rulings: Rulings | None) -> int:
    """Return 3 where something could not be evaluated, 1 where an upheld flag would be lost, else 0."""
    if found.has_fault or (rulings and rulings.untold):
        return UNREACHED
    return int(bool(rulings and rulings.lost))


def _workspace_among(*named: str) -> Path | None:
    from compliance.workspace import CONFIG

    return next((Path(each) for each in named if (Path(each) / CONFIG).is_file()), None)


def _on_file(space: Workspace, sides: tuple[Side, Side], on: str, *, show: int, shadow: bool) -> Comparison:
    from compliance.policy_diff import Comparison, Post

    found = Comparison(sides[0].ruleset, sides[1].ruleset, show=show, shadow=shadow)
    found.read(
        Post(label=draft.id or draft.place, document=draft.document)
        for draft in drafts_of(on, space, clock())
        if draft.document is not None
    )
    return found


def _on_stored(
    space: Workspace, sides: tuple[Side, Side], *, acting_as: str | None, show: int, shadow: bool
) -> tuple[Comparison, Rulings, Reader]:
    from compliance.permissions import may
    from compliance.policy_diff import Comparison
    from compliance.stored import decided_flags, stored_posts

    with reading_posts(space, acting_as) as (session, reader):
        tags = may(reader.reviewer, "tags:read")
        found = Comparison(sides[0].ruleset, sides[1].ruleset, show=show, shadow=shadow, tags=tags)
        found.read(map(_post, stored_posts(session, reader)))
        return found, found.judge(decided_flags(session, reader, rules=found.rules)), reader


def _post(stored: StoredPost) -> Post:
    from compliance.policy_diff import Post

    return Post(label=stored.label, document=stored.document, is_shown=stored.withheld is None)


def _print(
    screen: Console,
    sides: tuple[Side, Side],
    found: Comparison,
    rulings: Rulings | None,
    *,
    reader: Reader | None,
    redact: bool,
) -> None:
    from compliance.safe import as_text

    for word, side in zip(("old", "new"), sides, strict=True):
        screen.print(as_text(f"{word}  {side.name}  rule set {side.ruleset.hash[:12]}"))
    if not found.rules:
        screen.print("No rule differs in anything that could change a verdict: nothing was evaluated.")
        return
    screen.print(f"Rules that differ: {len(found.rules)}. Only they were evaluated, on {found.posts:,} posts.")
    for each in found.changed:
        _print_rule(screen, each, found.posts, redact=redact)
    quiet = [name for name in found.rules if name not in {each.rule for each in found.changed}]
    if quiet:
        screen.print(as_text(f"\nWithout a difference on these posts: {', '.join(quiet)}."))
    if rulings is not None:
        _print_rulings(screen, rulings, redact=redact)
    if reader is not None and not reader.reads_counsel:
        from compliance.stored import NO_COUNSEL

        screen.print(f"\n{NO_COUNSEL}")


def _print_rule(screen: Console, diff: RuleDiff, posts: int, *, redact: bool) -> None:
    from compliance.policy_diff import per_1000
    from compliance.safe import as_text

    rates = f"{diff.old} → {diff.new} posts, {per_1000(diff.old, posts)} → {per_1000(diff.new, posts)} per 1,000"
    screen.print(as_text(f"\n{diff.rule}", style="bold").append(f"  {rates}", style="not bold"))
    for kind, count in diff.counts.items():
        if not count:
            continue
        listed = diff.first[kind]
        more = "" if len(listed) == count or diff.is_tag else f", the first {len(listed)}:" if listed else ""
        screen.print(f"  {kind} {count}{more}")
        for each in listed:
            text = "" if redact else each.excerpt
            screen.print(excerpt_line(screen, each.post, text, each.spans, note="; ".join(each.what)))
    for why, count in diff.unknown.items():
        if count:
            screen.print(f"  cannot be compared ({why}) {count}")


def _print_rulings(screen: Console, rulings: Rulings, *, redact: bool) -> None:
    screen.print(f"\nDecided flags of these rules: {rulings.looked_at}")
    for line in _ruling_lines(rulings):
        screen.print(f"  {line}")
    for title, style, listed in (
        (f"LOST  upheld flags that the new rules no longer raise: {len(rulings.lost)}", "bold red", rulings.lost),
        (f"GAIN  false positives that vanish: {rulings.gained}", "bold green", rulings.first_gained),
    ):
        if listed:
            screen.print(title, style=style)
            for each in listed:
                _print_ruling(screen, each, redact=redact)


def _ruling_lines(rulings: Rulings) -> Iterator[str]:
    yield f"upheld and still raised: {rulings.kept}"
    if rulings.lost_before:
        yield f"upheld, raised by neither rule set (lost by an earlier change): {rulings.lost_before}"
    if rulings.untold:
        yield f"upheld, and the new rules cannot tell: flags {', '.join(map(str, rulings.untold))}"
    if rulings.cleared_gone:
        yield f"cleared (fair alerts) and no longer raised: {rulings.cleared_gone}"
    yield f"false positives: {rulings.gained} vanish, {rulings.still_wrong} stay"
    if rulings.back:
        yield f"false positives that come back: flags {', '.join(map(str, rulings.back))}"


def _print_ruling(screen: Console, ruling: Ruling, *, redact: bool) -> None:
    note = f"raised instead: {', '.join(ruling.instead)}" if ruling.instead else ""
    label = f"flag {ruling.flag}  {ruling.rule}  {ruling.post}"
    screen.print(excerpt_line(screen, label, "" if redact else ruling.excerpt, ruling.spans, note=note))
