"""`compliance case …`: one person's occasions under review, from the first flag to the end, every refusal with its reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from compliance.commands._cases import (
    CaseArgument,
    ReasonOption,
    Said,
    SeenOption,
    Where,
    perform,
    setting_of,
    space_of,
    tell,
)
from compliance.commands._desk import (
    AsOption,
    Format,
    FormatOption,
    WorkspaceOption,
    clock,
    console,
    session_of,
    write_json,
)
from compliance.commands._errors import reporting_errors
from compliance.entry import Kind

if TYPE_CHECKING:
    from compliance.casebook import Open

WordArgument = Annotated[str, typer.Argument(metavar="WORD", help="As the line above says.")]
DayOption = Annotated[str, typer.Option("--on", metavar="DAY", help="2026-03-04, or a time with its zone.")]

app = typer.Typer(no_args_is_help=True, help="Cases: notice, evidence, hearing, finding; a person decides every step.")


@app.command("open")
@reporting_errors
def open_(
    flags: Annotated[list[int], typer.Argument(metavar="FLAG…", help="Upheld flags of one person.")],
    *,
    reason: ReasonOption = None,
    country: Annotated[
        str | None, typer.Option(help="Where the person worked on the day, if not as people.csv says.")
    ] = None,
    output: FormatOption = Format.TEXT,
    workspace: WorkspaceOption = None,
    acting_as: AsOption = None,
) -> None:
    """Open a case on upheld flags of one person. A remedy or a word is often enough."""
    from compliance import cases
    from compliance.permissions import acting

    space = space_of(Where(workspace=workspace, acting_as=acting_as, output=output))
    actor, reviewer = acting(space, acting_as)
    setting = setting_of(space)
    with session_of(space, writes=True) as session:
        recorded = cases.open_case(
            session, flags, reason=reason, country=country, setting=setting, reviewer=reviewer, actor=actor, now=clock()
        )
    tell(recorded, output, actor=f"{actor.id} ({actor.proof})")


@app.command("list")
@reporting_errors
def list_(
    *,
    stage: Annotated[str | None, typer.Option(help="Only this stage; `open` for all that are not closed.")] = None,
    person: Annotated[str | None, typer.Option(help="Only this person_id, for roles that may see names.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    output: FormatOption = Format.TEXT,
    workspace: WorkspaceOption = None,
    acting_as: AsOption = None,
) -> None:
    """List cases, newest first; counsel cases only for counsel, and nobody's own."""
    from compliance import cases
    from compliance.commands._case_text import print_list
    from compliance.permissions import acting

    space = space_of(Where(workspace=workspace, acting_as=acting_as, output=output))
    _, reviewer = acting(space, acting_as)
    with session_of(space, writes=False) as session:
        lines = cases.list_cases(session, reviewer=reviewer, stage=stage, person=person, limit=limit)
    if output is Format.JSON:
        from pydantic import TypeAdapter

        write_json({"cases": TypeAdapter(list[cases.Line]).dump_python(lines, mode="json")})
        return
    print_list(console(), lines)


@app.command()
@reporting_errors
def show(
    case: CaseArgument,
    *,
    names: Annotated[bool, typer.Option("--names", help="Show who it is about; recorded in the trail.")] = False,
    output: FormatOption = Format.TEXT,
    workspace: WorkspaceOption = None,
    acting_as: AsOption = None,
) -> None:
    """Show where a case stands, what happened, what the ladder answers and why, and what is missing."""
    from compliance.commands._case_text import as_json, print_case

    found = _opened(case, Where(workspace=workspace, acting_as=acting_as, output=output), names=names)
    if output is Format.JSON:
        write_json(as_json(found, names=names))
        return
    print_case(console(), found, names=names)


def _opened(case: int, where: Where, *, names: bool) -> Open:
    from compliance.audit import record
    from compliance.casebook import find_case, open_up
    from compliance.permissions import acting, require

    space = space_of(where)
    actor, reviewer = acting(space, where.acting_as)
    setting, now = setting_of(space), clock()
    if names:
        require(reviewer, "names:reveal")
    with session_of(space, writes=names) as session:
        row = find_case(session, case, reviewer)
        if names:
            record(session, "names:revealed", actor=actor, subject=f"case:{row.id}", now=now)
        found = open_up(session, row, setting, reviewer, now=now)
        session.expunge_all()
    return found


def _simple(name: str, kind: Kind, help_: str) -> None:
    """Register a command that needs nothing but a case and words."""

    @app.command(name, help=help_)
    @reporting_errors
    def command(
        case: CaseArgument,
        *,
        reason: ReasonOption = None,
        seen: SeenOption = None,
        output: FormatOption = Format.TEXT,
        workspace: WorkspaceOption = None,
        acting_as: AsOption = None,
    ) -> None:
        where = Where(workspace=workspace, acting_as=acting_as, output=output, seen=seen)
        perform(case, kind, Said(words=reason), where)


def _valued(name: str, kind: Kind, help_: str) -> None:
    """Register a command that takes one word."""

    @app.command(name, help=help_)
    @reporting_errors
    def command(
        case: CaseArgument,
        word: WordArgument,
        *,
        reason: ReasonOption = None,
        seen: SeenOption = None,
        output: FormatOption = Format.TEXT,
        workspace: WorkspaceOption = None,
        acting_as: AsOption = None,
    ) -> None:
        where = Where(workspace=workspace, acting_as=acting_as, output=output, seen=seen)
        perform(case, kind, Said(value=word, words=reason), where)


def _dated(name: str, kind: Kind, help_: str) -> None:
    """Register a command that takes a day or time."""

    @app.command(name, help=help_)
    @reporting_errors
    def command(
        case: CaseArgument,
        *,
        on_day: DayOption,
        reason: ReasonOption = None,
        seen: SeenOption = None,
        output: FormatOption = Format.TEXT,
        workspace: WorkspaceOption = None,
        acting_as: AsOption = None,
    ) -> None:
        where = Where(workspace=workspace, acting_as=acting_as, output=output, seen=seen)
        perform(case, kind, Said(on=on_day, words=reason), where)


_dated(
    "notice",
    Kind.NOTICE,
    "Record that the person was told what it is about. --on: the day until which they may answer.",
)
_simple("share", Kind.EVIDENCE, "Record that the person was given the evidence.")
_dated("hearing", Kind.HEARING, "Set the day of the hearing. --on: the day, or a time with its zone.")
_dated("postpone", Kind.POSTPONED, "Put the hearing off, as the person or their companion asked. --on: the new day.")


@app.command()
@reporting_errors
def hear(  # noqa: PLR0913 - one parameter per option
    case: CaseArgument,
    *,
    reason: Annotated[str | None, typer.Option("--answer", "--reason", help="What the person said, in short.")] = None,
    on_day: Annotated[str | None, typer.Option("--on", metavar="DAY", help="When; now if absent.")] = None,
    agreed: Annotated[bool, typer.Option("--agreed", help="The person wanted it before the day set.")] = False,
    seen: SeenOption = None,
    output: FormatOption = Format.TEXT,
    workspace: WorkspaceOption = None,
    acting_as: AsOption = None,
) -> None:
    """Record that the person was heard."""
    where = Where(workspace=workspace, acting_as=acting_as, output=output, seen=seen)
    perform(case, Kind.HEARD, Said(value="agreed" if agreed else None, on=on_day, words=reason), where)


_valued("decline", Kind.DECLINED, "Record that the person declined to answer (explicit), or let the day pass (silent).")
_valued("record", Kind.NEED, "Record a fact that the ladder asks for, such as works-council-heard.")
_valued(
    "find", Kind.FINDING, "Say what was found: substantiated, partly, not-substantiated, inconclusive or withdrawn."
)
_valued("gravity", Kind.GRAVITY, "Say how serious the act was: low, medium, high or critical.")
_valued("unaware", Kind.UNAWARE, "Say whether the person could not know the rule (yes or no); that leads to training.")
_simple("gross", Kind.GROSS, "Mark gross misconduct: HR and legal do it together, each by their own person.")
_valued("brake", Kind.BRAKE, "Stop the case: protected-activity, conflict-of-interest, legal-hold …")
_valued("release", Kind.RELEASE, "Release a brake that somebody else put on.")
_dated(
    "suspend", Kind.SUSPENDED, "Suspend the person: a neutral measure, never a step. --on: when to look at it again."
)
_simple("resume", Kind.RESUMED, "Lift the suspension.")
_simple(
    "override-hold", Kind.HOLD_OVERRIDE, "Go on although an appeal is open: HR and legal record why, each by their own."
)
_simple("note", Kind.NOTE, "Append a note.")
_simple("close", Kind.CLOSED, "Close the case.")
_simple("reopen", Kind.REOPENED, "Open a closed case again.")


@app.command()
@reporting_errors
def add(
    case: CaseArgument,
    flag: Annotated[int, typer.Argument(metavar="FLAG", help="The number of the flag.")],
    *,
    reason: ReasonOption = None,
    output: FormatOption = Format.TEXT,
    workspace: WorkspaceOption = None,
    acting_as: AsOption = None,
) -> None:
    """Add another upheld flag of the same person, as long as they have not been told."""
    perform(
        case, Kind.FLAG, Said(ref=flag, words=reason), Where(workspace=workspace, acting_as=acting_as, output=output)
    )


@app.command()
@reporting_errors
def train(  # noqa: PLR0913 - one parameter per option
    case: CaseArgument,
    training: Annotated[str, typer.Argument(metavar="TRAINING", help="Its name, or the number of one that was done.")],
    *,
    due: Annotated[str | None, typer.Option(metavar="DAY", help="Until when.")] = None,
    done: Annotated[bool, typer.Option("--done", help="The training with this number was done.")] = False,
    reason: ReasonOption = None,
    output: FormatOption = Format.TEXT,
    workspace: WorkspaceOption = None,
    acting_as: AsOption = None,
) -> None:
    """Set a training, which is no step and never counts; or record that it was done."""
    where = Where(workspace=workspace, acting_as=acting_as, output=output)
    if done:
        number = int(training) if training.isdecimal() else 0
        perform(case, Kind.TRAINED, Said(ref=number, words=reason), where)
    else:
        perform(case, Kind.TRAINING, Said(value=training, on=due, words=reason), where)


@app.command()
@reporting_errors
def duty(
    case: CaseArgument,
    name: Annotated[str, typer.Argument(metavar="DUTY", help="As the ladder names it.")],
    *,
    action: Annotated[int, typer.Option(metavar="ACTION", help="The step that it follows from.")],
    reason: ReasonOption = None,
    output: FormatOption = Format.TEXT,
    workspace: WorkspaceOption = None,
    acting_as: AsOption = None,
) -> None:
    """Record that a duty towards somebody else was done, such as a report to the regulator."""
    where = Where(workspace=workspace, acting_as=acting_as, output=output)
    perform(case, Kind.DUTY, Said(value=name, ref=action, words=reason), where)


@app.command()
@reporting_errors
def ladders(*, workspace: WorkspaceOption = None) -> None:
    """Show the ladders of this workspace, and which country has which."""
    from compliance.commands._case_text import print_ladders

    space = space_of(Where(workspace=workspace, acting_as=None, output=Format.TEXT))
    print_ladders(console(), space.ladders)
