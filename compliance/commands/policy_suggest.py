"""`compliance policy suggest`: an exclusion for what a rule keeps getting wrong, proven on decisions; a person accepts it by writing it."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from compliance.commands._desk import AsOption, Format, FormatOption, WorkspaceOption, clock, console, write_json
from compliance.commands._errors import UNREACHED, reporting_errors
from compliance.commands._trial import instant, reading_posts

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy.orm import Session

    from compliance.exclusion_file import Draft
    from compliance.stored import Reader
    from compliance.suggest import Proof, Suggestions
    from compliance.workspace import Workspace

#: An exclusion that nobody looks at again ends by itself.
_LASTS: Final = timedelta(days=182)
_SHOWN: Final = 5


@reporting_errors
def suggest(  # noqa: PLR0913 - one parameter per option
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Full id, such as confidentiality.codename.")],
    *,
    pick: Annotated[int, typer.Option(min=1, metavar="N", help="Which suggestion to draft or write.")] = 1,
    owner: Annotated[str | None, typer.Option(help="Who answers for it; who acts if absent.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DAY", help="When it ends; in half a year if absent.")] = None,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="FILE", help="Write it, after you confirmed; never over a file.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="You have read the sentences and they name nobody: write without asking.")
    ] = False,
    output: FormatOption = Format.TEXT,
    acting_as: AsOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Suggest the narrowest exclusion that ends a rule's false positives and loses no upheld flag; exit 1 if there is none."""
    from compliance.permissions import require
    from compliance.suggest import suggest as look
    from compliance.workspace import open_workspace

    space = open_workspace(workspace)
    with reading_posts(space, acting_as) as (session, reader):
        # What it suggests are words of posts.
        require(reader.reviewer, "flags:read")
        found = look(session, reader, space.ruleset, rule, people=space.people)
        ends = instant(until, "--until") or clock() + _LASTS
        drafted = _draft(session, reader, space, found, pick=pick, owner=owner or reader.reviewer.id, until=ends)
    if output is Format.JSON:
        write_json(as_json(found, drafted))
    else:
        _print(console(), found, drafted, pick=pick)
    if write is not None and drafted is not None:
        _write(space, write, drafted, yes=yes)
    raise typer.Exit(UNREACHED if found.unknown else int(not found.proofs))


def _draft(
    session: Session,
    reader: Reader,
    space: Workspace,
    found: Suggestions,
    *,
    pick: int,
    owner: str,
    until: datetime,
) -> Draft | None:
    from compliance.errors import ComplianceError
    from compliance.exclusion_file import draft
    from compliance.stored import decided_flags
    from compliance.suggest import Trial
    from compliance.trial import rule_of

    if not found.proofs:
        return None
    if pick > len(found.proofs):
        message = f"there are {len(found.proofs)} suggestions, so none has the number {pick}"
        raise ComplianceError(message, place="--pick", hint="leave it out for the first")
    trial = Trial(space.ruleset, rule_of(space.ruleset, found.rule))
    decided = decided_flags(session, reader, rules=[found.rule])
    return draft(trial, found.proofs[pick - 1], decided, owner=owner, until=until)


def _write(space: Workspace, path: Path, drafted: Draft, *, yes: bool) -> None:
    """Write the file once a person has confirmed, and load the rules with it: a file that breaks them is taken back."""
    from compliance.errors import ComplianceError
    from compliance.exclusion_file import write
    from compliance.trial import with_file
    from rules.errors import PolicyError

    if not yes:
        if not sys.stdin.isatty():
            message = f"the file would hold {len(drafted.quoted)} sentences that people wrote, and nobody confirmed it"
            raise ComplianceError(message, place=str(path), hint="read them above; --yes says that they name nobody")
        typer.confirm(
            f"Write these {len(drafted.quoted)} sentences into {path}? They name nobody", abort=True, err=True
        )
    write(path, drafted.content)
    try:
        with_file(path, space)
    except PolicyError:
        path.unlink()
        raise
    typer.echo(f"wrote {path}; it counts once it stands in exclusions/ of the workspace", err=True)


def as_json(found: Suggestions, drafted: Draft | None) -> dict[str, object]:
    """Return the suggestions for programs. Holds words of posts: the acting person may read flags."""
    return {
        "rule": found.rule,
        "false_positives": found.false_positives,
        "upheld": found.upheld,
        "unknown": found.unknown,
        "suggestions": [
            {
                "title": each.candidate.title,
                "parts": dict(each.candidate.parts),
                "when": each.candidate.when,
                "false_positives_gone": each.gone,
                "false_positives_left": each.stay,
                "upheld_kept": each.upheld,
                "cleared_gone": each.cleared_gone,
                "open_gone": each.open_gone,
            }
            for each in found.proofs
        ],
        "advice": list(found.advice),
        "file": None if drafted is None else drafted.content,
    }


def _print(screen: Console, found: Suggestions, drafted: Draft | None, *, pick: int) -> None:
    from compliance.safe import as_text

    screen.print(as_text(found.rule, style="bold"))
    screen.print(
        f"{found.false_positives} false positives and {found.upheld} upheld flags that the rule raises as it is now."
    )
    if found.unknown:
        screen.print(f"On {found.unknown} decided flags the rule could not be evaluated: nothing is proven for them.")
    for number, proof in enumerate(found.proofs[:_SHOWN], 1):
        _print_proof(screen, number, proof)
    for line in found.advice:
        screen.print(as_text(f"Note: {line}.", single_line=True))
    if drafted is None:
        screen.print(_refusal(found))
        return
    if not found.upheld:
        screen.print("\nNo upheld flag stands against it: nothing but your own reading says that it is not too wide.")
    screen.print(f"\nNumber {pick} as a file; its sentences are people's own, so read them before you --write it:\n")
    # Unbroken, so that what is copied from a terminal is the file.
    screen.print(as_text(drafted.content), soft_wrap=True)


def _print_proof(screen: Console, number: int, proof: Proof) -> None:
    from compliance.safe import as_text

    screen.print()
    screen.print(as_text(f"{number}. {proof.candidate.title}", single_line=True, style="bold"))
    left = f", {len(proof.stay)} stay" if proof.stay else ""
    screen.print(f"   {len(proof.gone)} false positives go away{left}; all {proof.upheld} upheld flags still fire")
    if proof.cleared_gone:
        screen.print(f"   {proof.cleared_gone} cleared alerts, which were fair, go away too")
    if proof.open_gone:
        listed = ", ".join(map(str, proof.open_gone[:_SHOWN]))
        screen.print(f"   {len(proof.open_gone)} open flags would not have opened; decide them first: {listed}")


def _refusal(found: Suggestions) -> str:
    if not found.false_positives:
        return "Nothing to suggest: no decision says that this rule, as it is now, fires where it should not."
    return "Nothing to suggest: what was upheld and what was false cannot be told apart by words nearby, regions or authors."
