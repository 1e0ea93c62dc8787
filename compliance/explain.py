"""Why a rule is true on a text, or not: every part, what it saw, and where."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from rich.console import Console
from rich.text import Text

from compliance.commands._desk import console as make_console
from compliance.errors import ComplianceError
from compliance.safe import as_text, highlight
from compliance.workspace import Workspace
from rules.detectors.base import Seen
from rules.document import Context, Document
from rules.engine import Engine, Outcome
from rules.expression import Kleene
from rules.lists import parse_instant
from rules.policy import Part, Rule

_WORDS: Final = {True: ("true", "green"), False: ("false", "dim"), None: ("unknown", "magenta")}


def print_explanation(
    space: Workspace, rule: Rule, text: str, *, groups: frozenset[str], audience: str, at: str | None
) -> None:
    """Print one rule's view of a text. Raises ComplianceError for a time that is none."""
    try:
        moment = parse_instant(at) if at else datetime.now(UTC)
    except ValueError:
        message = f"'{at}' is no time"
        raise ComplianceError(message, place="--at", hint="for example 2026-11-03T09:00Z") from None
    context = Context(audience=audience, groups=groups, known_groups=space.people.known_groups, at=moment)
    document = Document(key="text", text=text, context=context)
    outcome = Engine(space.ruleset).run(rule, document, exhaustive=True)
    _print(make_console(), rule, document, outcome)


def _print(console: Console, rule: Rule, document: Document, outcome: Outcome) -> None:
    console.print(
        Text(f"{rule.id}  {rule.status}", style="bold").append_text(as_text(f"  {rule.title}", style="not bold"))
    )
    console.print(
        _line(
            "scope", outcome.scope, "" if outcome.scope else "the rule does not apply to this author, audience or place"
        )
    )
    for name, seen in outcome.seen.items():
        console.print(_line(f"  {name}", seen.value, _describe(rule.parts[name], seen)))
        for match in seen.matches:
            reason = f"  ({match.reason})" if match.reason else ""
            spot = Text("      ").append_text(
                highlight(
                    document.raw[match.start : match.end], [(0, match.end - match.start)], marks=True, single_line=True
                )
            )
            console.print(
                spot.append(
                    f"  {match.start}-{match.end}  {match.kind}  confidence {match.confidence:.2f}"
                ).append_text(as_text(reason))
            )
    console.print(
        _line(f"when {rule.when}", outcome.value, f"silenced by {outcome.silenced_by}" if outcome.silenced_by else "")
    )
    for why in outcome.unknown:
        console.print(as_text(f"      {why}", style="magenta"))
    if outcome.value:
        console.print(
            as_text(
                f"confidence {outcome.confidence:.2f}, severity {rule.severity.label}, a draft meets: {rule.publish.value}"
            )
        )


def _line(name: str, value: Kleene, note: str) -> Text:
    word, style = _WORDS[value]
    return as_text(f"{name}: ").append(word, style=style).append_text(as_text(f"  {note}" if note else "", style="dim"))


def _describe(part: Part, seen: Seen) -> str:
    near = (
        f"near {part.near} within {part.within_words} words"
        if part.within_words is not None
        else f"near {part.near} in one sentence"
        if part.near
        else ""
    )
    where = [
        f"in {', '.join(part.inside)}" if part.inside else "",
        f"not in {', '.join(part.outside)}" if part.outside else "",
        near,
    ]
    return "; ".join(filter(None, [part.detector.name, *where, seen.unknown]))
