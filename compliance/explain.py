"""Why a rule is true on a text, or not: every part, what it saw and where, what stood in the way, and which rules came near."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from rich.console import Console
from rich.text import Text

from compliance.commands._desk import console as make_console
from compliance.errors import ComplianceError
from compliance.reasons import Obstacle, Reading, closest, nearest, read_rule
from compliance.safe import as_text, highlight
from compliance.workspace import Workspace
from rules.detectors.base import Seen
from rules.detectors.meaning import Meaning
from rules.document import Context, Document
from rules.engine import Engine
from rules.evaluation import Match
from rules.expression import Kleene
from rules.lists import parse_instant
from rules.policy import Part, Rule

_WORDS: Final = {True: ("true", "green"), False: ("false", "dim"), None: ("unknown", "magenta")}
_NEAREST: Final = 5
_MOST_MATCHES: Final = 10
#: So much of a match is shown, in characters.
_LONGEST: Final = 80


def document_of(space: Workspace, text: str, *, groups: frozenset[str], audience: str, at: str | None) -> Document:
    """Return a text as a draft with this context. Raises ComplianceError for a time that is none."""
    try:
        moment = parse_instant(at) if at else datetime.now(UTC)
    except ValueError:
        message = f"'{at}' is no time"
        raise ComplianceError(message, place="--at", hint="for example 2026-11-03T09:00Z") from None
    context = Context(audience=audience, groups=groups, known_groups=space.people.known_groups, at=moment)
    return Document(key="text", text=text, context=context)


def print_explanation(space: Workspace, rule: Rule, document: Document) -> None:
    """Print one rule's view of a text."""
    console = make_console()
    reading = read_rule(Engine(space.ruleset), rule, document)
    _print(console, reading, document)
    if rule.status not in {"live", "shadow"}:
        console.print(as_text(f"a {rule.status} rule judges nothing: set `status: live` first"))


def print_nearest(space: Workspace, document: Document) -> None:
    """Print which rules fire, and the nearest ones that do not, each with what stood in the way."""
    console = make_console()
    fired, others = nearest(Engine(space.ruleset), document, most=_NEAREST)
    for reading in fired:
        rule = reading.outcome.rule
        console.print(
            Text("fires  ", style="bold").append_text(
                as_text(f"{rule.id}  confidence {reading.outcome.confidence:.2f}")
            )
        )
    if not fired:
        console.print("no rule fires")
    if not others:
        console.print("and none comes near: nothing in the text speaks for one")
        return
    console.print(Text(f"\nnearest of the others ({len(others)}):", style="bold"))
    for reading in others:
        rule = reading.outcome.rule
        console.print(Text(f"{rule.id}", style="bold").append_text(as_text(f"  {rule.title}", style="not bold")))
        _print_obstacles(console, reading, document)
    console.print("\n`compliance policy explain RULE --text …` shows every part of one.")


def _print(console: Console, reading: Reading, document: Document) -> None:
    outcome = reading.outcome
    rule = outcome.rule
    console.print(
        Text(f"{rule.id}  {rule.status}", style="bold").append_text(as_text(f"  {rule.title}", style="not bold"))
    )
    console.print(
        _line(
            "scope", outcome.scope, "" if outcome.scope else "the rule does not apply to this author, audience or place"
        )
    )
    for name, seen in outcome.seen.items():
        _print_part(console, rule.parts[name], seen, document)
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
    else:
        console.print(Text("what it would need:", style="bold"))
        _print_obstacles(console, reading, document)


def _print_part(console: Console, part: Part, seen: Seen, document: Document) -> None:
    console.print(_line(f"  {part.name}", seen.value, _describe(part, seen)))
    for match in seen.matches[:_MOST_MATCHES]:
        spot = Text("      ").append_text(_shown(match, document))
        spot.append(f"  {match.start}-{match.end}  {match.kind}  confidence {match.confidence:.2f}")
        console.print(spot.append_text(as_text(f"  ({match.reason})" if match.reason else "")))
    if len(seen.matches) > _MOST_MATCHES:
        console.print(f"      and {len(seen.matches) - _MOST_MATCHES:,} more")
    detector: object = part.detector
    if isinstance(detector, Meaning) and seen.value is False and not seen.matches:
        sure, like = closest(detector, document)
        note = f"      best passage: confidence {sure:.2f}, needs {detector.question.at_least:.2f}"
        console.print(as_text(f"{note}  (nearest: {like})" if like else note, style="dim"))


def _print_obstacles(console: Console, reading: Reading, document: Document) -> None:
    if reading.supported:
        console.print(as_text(f"  matched: {', '.join(reading.supported)}"))
    for obstacle in reading.obstacles:
        console.print(_obstacle(obstacle, document))


def _obstacle(obstacle: Obstacle, document: Document) -> Text:
    line = as_text(f"  {obstacle.name}: ", style="yellow")
    for match in obstacle.spans:
        line.append_text(_shown(match, document)).append(" ")
    return line.append_text(as_text(obstacle.why, style="not bold default"))


def _shown(match: Match, document: Document) -> Text:
    written = document.raw[match.start : match.end]
    shown = written if len(written) <= _LONGEST else f"{written[: _LONGEST - 1]}…"
    return highlight(shown, [(0, len(shown))], marks=True, single_line=True)


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
    detector: object = part.detector
    where = [
        f"needs {detector.question.at_least:.2f}" if isinstance(detector, Meaning) else "",
        f"in {', '.join(part.inside)}" if part.inside else "",
        f"not in {', '.join(part.outside)}" if part.outside else "",
        near,
    ]
    return "; ".join(filter(None, [part.detector.name, *where, seen.unknown]))
