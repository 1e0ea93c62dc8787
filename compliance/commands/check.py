"""`compliance check`: drafts before they are published. Stores nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compliance.commands._errors import reporting_errors

if TYPE_CHECKING:
    from compliance.verdicts import Verdict
    from compliance.workspace import Workspace
    from rules.ruleset import RuleSet


class CheckFormat(StrEnum):
    """How the verdicts are written."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"


class FailOn(StrEnum):
    """From which severity a blocking finding fails the check."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class AudienceWord(StrEnum):
    """Who would read the draft."""

    INTERNAL = "internal"
    EXTERNAL = "external"


@reporting_errors
def check(  # noqa: PLR0913 - one parameter per option
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[INPUT… | -]",
            help="Files with one draft each, .jsonl files with one post a line, - for standard input.",
            show_default=False,
        ),
    ] = None,
    *,
    text: Annotated[str | None, typer.Option(help="Check this text.")] = None,
    output: Annotated[CheckFormat, typer.Option("--format", help="How to write the verdicts.")] = CheckFormat.TEXT,
    fail_on: Annotated[
        FailOn, typer.Option(help="Exit 1 for a blocking finding of this severity or a graver one.")
    ] = FailOn.LOW,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 for warnings too.")] = False,
    author: Annotated[str | None, typer.Option(help="Person id or handle of the author.")] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="A group of the author, such as press-office; may be repeated.")
    ] = None,
    audience: Annotated[AudienceWord, typer.Option(help="Who would read it.")] = AudienceWord.EXTERNAL,
    channel: Annotated[str | None, typer.Option(help="Room or channel it is for.")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it would be published, ISO 8601; now if absent.")
    ] = None,
    redact: Annotated[
        bool | None,
        typer.Option(
            "--redact/--no-redact",
            help="Keep words of the draft out of the output; on where CI is set.",
            show_default=False,
        ),
    ] = None,
    show_shadow: Annotated[bool, typer.Option("--show-shadow", help="Show findings of shadow rules too.")] = False,
    workspace: Annotated[Path | None, typer.Option(metavar="DIR", help="Workspace folder.")] = None,
) -> None:
    """Check drafts before they are published: 0 fine, 1 stop, 2 wrong use or broken policy, 3 could not be evaluated."""
    from compliance.drafts import read_drafts
    from compliance.workspace import open_workspace
    from rules.engine import Engine
    from rules.evaluation import Severity

    space = open_workspace(workspace, required=False)
    if space.root is None:
        typer.echo(
            "note: no workspace here, so the shipped packs are used alone: no lists, no people, no policies of your own",
            err=True,
        )
    defaults = _defaults(space, audience=audience.value, author=author, groups=group or [], channel=channel, at=at)
    names = inputs or ([] if text is not None else ["-"])
    drafts = read_drafts(names, text=text, stdin=sys.stdin.buffer, defaults=defaults)
    verdicts = _verdicts(Engine(space.ruleset), drafts)
    hidden = bool(os.environ.get("CI")) if redact is None else redact
    totals = _Totals(Severity[fail_on.name], strict=strict)
    _WRITERS[output](totals.counting(verdicts), space.ruleset, redact=hidden, shadow=show_shadow, totals=totals)
    raise typer.Exit(totals.exit_code)


def _defaults(
    space: Workspace, *, audience: str, author: str | None, groups: list[str], channel: str | None, at: str | None
) -> Any:  # noqa: ANN401
    from datetime import UTC, datetime

    from compliance.drafts import Defaults
    from compliance.errors import ComplianceError
    from rules.lists import parse_instant

    try:
        moment = parse_instant(at) if at else datetime.now(UTC)
    except ValueError:
        message = f"'{at}' is no time"
        raise ComplianceError(message, place="--at", hint="for example 2026-11-03T09:00Z") from None
    return Defaults(
        audience=audience, author=author, groups=frozenset(groups), channel=channel, at=moment, people=space.people
    )


def _verdicts(engine: Any, drafts: Iterable[Any]) -> Iterator[Verdict]:  # noqa: ANN401 - imported where used
    from compliance.verdicts import Verdict

    for draft in drafts:
        yield Verdict(draft=draft, evaluation=engine.evaluate_one(draft.document) if draft.document else None)


class _Totals:
    """What the verdicts add up to, counted while they pass."""

    def __init__(self, fail_on: Any, *, strict: bool) -> None:  # noqa: ANN401
        self.fail_on, self.strict = fail_on, strict
        self.by_status = {"clean": 0, "flagged": 0, "incomplete": 0}
        self.stopped = 0

    def counting(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        for verdict in verdicts:
            self.by_status[verdict.status.value] += 1
            self.stopped += verdict.stops(fail_on=self.fail_on, strict=self.strict)
            yield verdict

    @property
    def exit_code(self) -> int:
        if self.by_status["incomplete"]:
            return 3
        return 1 if self.stopped else 0

    def as_json(self) -> dict[str, int]:
        return {
            "posts": sum(self.by_status.values()),
            **self.by_status,
            "stopped": self.stopped,
            "exit_code": self.exit_code,
        }


def _write_jsonl(verdicts: Iterable[Verdict], ruleset: RuleSet, *, redact: bool, shadow: bool, totals: _Totals) -> None:
    from compliance.verdicts import as_line

    del totals
    for verdict in verdicts:
        sys.stdout.write(as_line(verdict, ruleset, redact=redact, shadow=shadow) + "\n")


def _write_json(verdicts: Iterable[Verdict], ruleset: RuleSet, *, redact: bool, shadow: bool, totals: _Totals) -> None:
    from compliance.verdicts import as_line

    sys.stdout.write('{"results": [')
    for index, verdict in enumerate(verdicts):
        sys.stdout.write(("," if index else "") + "\n" + as_line(verdict, ruleset, redact=redact, shadow=shadow))
    import json

    sys.stdout.write(f'\n], "summary": {json.dumps(totals.as_json())}}}\n')


def _write_text(verdicts: Iterable[Verdict], ruleset: RuleSet, *, redact: bool, shadow: bool, totals: _Totals) -> None:
    from compliance.check_text import print_summary, print_verdict
    from compliance.commands._desk import console

    screen = console()
    for verdict in verdicts:
        print_verdict(screen, verdict, ruleset, redact=redact, shadow=shadow)
    print_summary(screen, totals.by_status, stopped=totals.stopped, exit_code=totals.exit_code)


_WRITERS = {CheckFormat.TEXT: _write_text, CheckFormat.JSON: _write_json, CheckFormat.JSONL: _write_jsonl}
