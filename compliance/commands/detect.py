"""`compliance detect`: what each detector sees in a text, before any rule. Stores nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compliance.commands._errors import reporting_errors

if TYPE_CHECKING:
    from compliance.detecting import Sighting


class DetectFormat(StrEnum):
    """How the matches are written."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"


@reporting_errors
def detect(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[INPUT… | -]", help="As for check: files, .jsonl files, - for standard input."),
    ] = None,
    *,
    text: Annotated[str | None, typer.Option(help="Look at this text.")] = None,
    output: Annotated[DetectFormat, typer.Option("--format", help="How to write it.")] = DetectFormat.TEXT,
    only: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Only these detectors, such as pii,secret,entity.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List detectors and the kinds they know.")] = False,
    workspace: Annotated[Path | None, typer.Option(metavar="DIR", help="Workspace folder.")] = None,
) -> None:
    """Show what each detector sees, before any rule: 0 done, 2 wrong use, 3 something could not be evaluated."""
    from datetime import UTC, datetime

    from compliance.detecting import detect as look
    from compliance.detecting import questions
    from compliance.draft_inputs import read_drafts
    from compliance.drafts import Defaults
    from compliance.workspace import open_workspace

    if listing:
        _print_kinds()
        return
    space = open_workspace(workspace, required=False)
    asked = questions(
        space.ruleset, [name.strip() for name in only.split(",")] if only else (), pipeline=space.pipeline
    )
    names = inputs or ([] if text is not None else ["-"])
    drafts = read_drafts(
        names, text=text, stdin=sys.stdin.buffer, defaults=Defaults(at=datetime.now(UTC), people=space.people)
    )
    incomplete = 0
    for sighting in _written(look(drafts, asked), output):
        incomplete += bool(sighting.failures)
    raise typer.Exit(3 if incomplete else 0)


def _written(sightings: Iterable[Sighting], output: DetectFormat) -> Iterator[Sighting]:
    """Write each sighting and pass it on."""
    if output is DetectFormat.JSON:
        sys.stdout.write('{"results": [')
    for index, sighting in enumerate(sightings):
        if output is DetectFormat.TEXT:
            _print(sighting)
        else:
            before = ("," if index else "") + "\n" if output is DetectFormat.JSON else ""
            sys.stdout.write(before + json.dumps(_row(sighting)) + ("" if before else "\n"))
        yield sighting
    if output is DetectFormat.JSON:
        sys.stdout.write("\n]}\n")


def _row(sighting: Sighting) -> dict[str, object]:
    broken = {"line": sighting.draft.line} if sighting.draft.document is None else {}
    return {
        "id": sighting.draft.id,
        **broken,
        "status": sighting.status.value,
        "language": sighting.language,
        "failures": [
            {"detector": f.detector, "kind": f.kind, "error": f.error, "rules": list(f.rules)}
            for f in sighting.failures
        ],
        "matches": [
            {
                "detector": m.detector,
                "kind": m.kind,
                "start": m.start + sighting.draft.offset,
                "end": m.end + sighting.draft.offset,
                "confidence": round(m.confidence, 4),
                "reason": m.reason,
            }
            for m in sighting.matches
        ],
    }


def _print(sighting: Sighting) -> None:
    from compliance.commands._desk import console
    from compliance.safe import as_text, snippet

    screen, draft = console(), sighting.draft
    place = f"{draft.place}:{draft.line}" if draft.line else draft.place
    told = sighting.language or "language not told"
    count = len(sighting.matches)
    screen.print(as_text(f"{place}  {told}  {count} match{'' if count == 1 else 'es'}", single_line=True, style="bold"))
    for match in sighting.matches:
        line = f"  {match.start}-{match.end}  {match.detector}  {match.kind}  confidence {match.confidence:.2f}"
        screen.print(as_text(line + (f"  ({match.reason})" if match.reason else ""), single_line=True))
        if draft.document is not None:
            marks = not screen.is_terminal or screen.no_color
            shown = snippet(draft.document.raw, [(match.start, match.end)], max(20, screen.width - 6), marks=marks)
            screen.print(as_text("      ").append_text(shown))
    for match in sighting.aside:
        line = f"  {match.start}-{match.end}  {match.detector}  {match.kind}  set aside: {match.reason}"
        screen.print(as_text(line, single_line=True, style="dim"))
    for failure in sighting.failures:
        screen.print(as_text(f"  {failure.detector} could not look: {failure.error}", style="magenta"))


def _print_kinds() -> None:
    from compliance.detecting import known
    from rules.kinds import kinds

    for name in known():
        detector = kinds().get(name)
        words = getattr(detector, "known_kinds", None)
        listed = ", ".join(words()) if callable(words) else ""
        typer.echo(f"{name}: {listed}" if listed else name)
