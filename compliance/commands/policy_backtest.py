"""`compliance policy backtest`: what a rule would have flagged, and whether that is more than people can look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compliance.commands._desk import AsOption, Format, FormatOption, WorkspaceOption, clock, console, write_json
from compliance.commands._errors import UNREACHED, reporting_errors
from compliance.commands._trial import (
    OnOption,
    RedactOption,
    ShowOption,
    StoredOption,
    drafts_of,
    excerpt_line,
    instant,
    one_of,
    open_space,
    reading_posts,
    redacts,
)

if TYPE_CHECKING:
    from rich.console import Console

    from compliance.backtest import Backtest, Budget, ShownCell
    from compliance.policy_diff import Post
    from compliance.stored import StoredPost
    from compliance.workspace import Workspace
    from rules.ruleset import RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is tried on which posts."""

    rule: str
    ruleset: RuleSet
    since: datetime | None
    until: datetime | None
    show: int


@reporting_errors
def backtest(  # noqa: PLR0913 - one parameter per option
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Full id; its status does not matter.")],
    *,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="POLICY", help="A policy file that is not in the workspace yet.")
    ] = None,
    on: OnOption = None,
    stored: StoredOption = False,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Only posts from then on.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Only posts before then.")] = None,
    budget: Annotated[
        str | None,
        typer.Option(metavar="N/day | N/1000", help="Exit 1 if the rule raises more, on average."),
    ] = None,
    show: ShowOption = 5,
    redact: RedactOption = None,
    output: FormatOption = Format.TEXT,
    acting_as: AsOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Try one rule, a draft or a live one, on past posts and past decisions. Nothing is stored."""
    from compliance.backtest import read_budget
    from compliance.trial import with_file

    one_of(on, stored=stored)
    limit = read_budget(budget) if budget else None
    space = open_space(workspace, stored=stored)
    asked = Asked(
        rule=rule,
        ruleset=with_file(file, space) if file else space.ruleset,
        since=instant(since, "--since"),
        until=instant(until, "--until"),
        show=show,
    )
    test, notes, is_hiding = _on_stored(space, asked, acting_as) if stored else _on_file(space, asked, on or "")
    days = test.days_between(asked.since, asked.until)
    if output is Format.JSON:
        write_json(as_json(test, limit, days, stored=stored))
    else:
        _print(console(), test, limit, days, stored=stored, redact=redacts(redact) or is_hiding)
        for note in notes:
            console().print(f"\n{note}")
    raise typer.Exit(UNREACHED if test.unknown["fault"] else int(bool(limit and test.exceeds(limit, days))))


def _on_stored(space: Workspace, asked: Asked, acting_as: str | None) -> tuple[Backtest, list[str], bool]:
    from compliance.backtest import Backtest, add_elsewhere, refuse_few
    from compliance.permissions import require
    from compliance.stored import NO_COUNSEL, decided_flags, stored_posts

    with reading_posts(space, acting_as) as (session, reader):
        test = Backtest(asked.ruleset, asked.rule, space.people, show=asked.show)
        if asked.ruleset.rules[asked.rule].is_tag:
            require(reader.reviewer, "tags:read")
        posts = stored_posts(session, reader, since=asked.since, until=asked.until)
        flagged = test.read((_post(each), each.source) for each in posts)
        add_elsewhere(session, reader, test, ((post.id, spans) for post, spans in flagged))
        if not reader.reads_text:
            refuse_few(test)
        test.judge(decided_flags(session, reader, rules=[asked.rule]))
        notes = [] if reader.reads_counsel else [NO_COUNSEL]
        return test, notes, not reader.reads_text


def _post(stored: StoredPost) -> Post:
    from compliance.policy_diff import Post

    return Post(label=stored.label, document=stored.document, id=stored.post_id, is_shown=stored.withheld is None)


def _on_file(space: Workspace, asked: Asked, on: str) -> tuple[Backtest, list[str], bool]:
    from compliance.backtest import Backtest

    test = Backtest(asked.ruleset, asked.rule, space.people, show=asked.show)
    for _ in test.read(_drafts(space, asked, on)):
        pass
    return test, [], False


def _drafts(space: Workspace, asked: Asked, on: str) -> Iterator[tuple[Post, str]]:
    from compliance.policy_diff import Post

    for draft in drafts_of(on, space, clock()):
        document = draft.document
        at = document.context.at if document else None
        if document is None or at is None or (asked.since and at < asked.since) or (asked.until and at >= asked.until):
            continue
        yield Post(label=draft.id or draft.place, document=document), draft.place


def as_json(test: Backtest, budget: Budget | None, days: float | None, *, stored: bool) -> dict[str, object]:
    """Return the trial for programs: numbers and ids, no words of posts."""
    from compliance.backtest import VERDICTS, shown_cells
    from compliance.policy_diff import per_1000

    rulings = test.rulings
    return {
        "rule": test.rule_id,
        "status": test.status,
        "posts": test.posts,
        "flagged": test.flagged,
        "per_1000": per_1000(test.flagged, test.posts),
        "days": None if days is None else round(days, 2),
        "per_day": None if days is None else round(test.flagged / days, 2),
        "busiest_day": max(test.days.values(), default=0),
        "excluded": test.excluded,
        "unknown": dict(test.unknown),
        "by": {
            key: [asdict(cell) for cell in shown_cells(cells.values(), hide=stored or key == "group")]
            for key, cells in test.by.items()
        },
        "decisions": None
        if not stored
        else {
            "raised": {verdict: rulings.raised[verdict] for verdict in VERDICTS},
            "silent": {verdict: rulings.silent[verdict] for verdict in VERDICTS},
            "upheld_lost": rulings.lost,
            "unknown": rulings.unknown,
            "precision": rulings.precision,
            "under_other_rules": [
                {"rule": rule, "verdict": verdict, "flags": count}
                for (rule, verdict), count in sorted(test.elsewhere.items())
            ],
        },
        "budget": None if budget is None else {**asdict(budget), "exceeded": test.exceeds(budget, days)},
        "first": [each.post for each in test.first],
    }


def _print(
    screen: Console, test: Backtest, budget: Budget | None, days: float | None, *, stored: bool, redact: bool
) -> None:
    from compliance.policy_diff import per_1000
    from compliance.safe import as_text

    screen.print(as_text(f"{test.rule_id}", style="bold").append(f"  {test.status}", style="not bold"))
    rate = "" if days is None else f", {test.flagged / days:.2f} a day over {days:,.0f} days"
    screen.print(
        f"{test.flagged:,} of {test.posts:,} posts would be flagged: {per_1000(test.flagged, test.posts)} per 1,000{rate}."
    )
    if test.days:
        screen.print(f"Busiest day: {max(test.days.values())}.")
    if test.excluded:
        screen.print(f"{test.excluded} more are silenced by an exclusion or a suppression.")
    for kind, count in test.unknown.items():
        screen.print(f"{count} could not be told ({kind}).")
    for each in test.first:
        screen.print(excerpt_line(screen, each.post, "" if redact else each.excerpt, each.spans))
    _print_cells(screen, test, stored=stored)
    if stored:
        _print_rulings(screen, test)
    if budget is not None:
        word = "EXCEEDED" if test.exceeds(budget, days) else "kept"
        per = "a day" if budget.per == "day" else "in 1,000 posts"
        screen.print(f"\nBudget of {budget.most:g} {per}: {word}.", style="bold")


def _print_cells(screen: Console, test: Backtest, *, stored: bool) -> None:
    from rich.table import Table

    from compliance.backtest import shown_cells
    from compliance.safe import as_text

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("by")
    for column in ("posts", "flagged", "per 1,000"):
        table.add_column(column, justify="right")
    kept_back = False
    for key, cells in test.by.items():
        for cell in shown_cells(cells.values(), hide=stored or key == "group"):
            kept_back = kept_back or cell.posts is None
            table.add_row(as_text(f"{key} {cell.name}", single_line=True), *_numbers(cell))
    if test.posts:
        screen.print()
        screen.print(table)
    if kept_back:
        screen.print("—: fewer than five people, or the one number that would give such a one away.", style="dim")


def _numbers(cell: ShownCell) -> tuple[str, str, str]:
    if cell.posts is None:
        return "—", "—", "—"
    return f"{cell.posts:,}", f"{cell.flagged:,}", str(cell.per_1000)


def _print_rulings(screen: Console, test: Backtest) -> None:
    from compliance.backtest import VERDICTS
    from compliance.safe import as_text

    rulings = test.rulings
    if not (rulings.raised or rulings.silent or rulings.unknown):
        screen.print("\nNobody has decided a flag of this rule yet: there is no precision to tell.")
    else:
        screen.print("\nDecisions about flags of this rule, on the versions decided about:")
        for word, counts in (("still raised", rulings.raised), ("no longer raised", rulings.silent)):
            said = ", ".join(f"{counts[each]} {each.replace('_', ' ')}" for each in VERDICTS if counts[each]) or "none"
            screen.print(f"  {word}: {said}")
        if rulings.unknown:
            screen.print(f"  could not be told: {rulings.unknown}")
        if rulings.precision is not None:
            screen.print(f"  precision {rulings.precision:.2f}: (upheld + cleared) of those still raised")
        if rulings.lost:
            screen.print(f"  upheld and lost: flags {', '.join(map(str, rulings.lost))}", style="bold red")
    if test.elsewhere:
        screen.print("Decided under other rules about the same words (says nothing about this rule's precision):")
        for (rule, verdict), count in sorted(test.elsewhere.items()):
            screen.print(as_text(f"  {rule}: {count} {verdict.replace('_', ' ')}"))
