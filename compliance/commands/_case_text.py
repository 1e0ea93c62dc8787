"""Cases for people and programs: where one stands, what happened, what the ladder answers, what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from compliance.casebook import Open
from compliance.cases import Line, suggested_gravity
from compliance.discipline import Recommendation
from compliance.entry import Entry, Kind
from compliance.ladder import Gravity, Ladder
from compliance.procedure import Action
from compliance.refusals import refusals
from compliance.safe import as_text

if TYPE_CHECKING:
    from rich.console import Console

_QUIET = frozenset({Kind.FLAG})


def print_list(console: Console, lines: Sequence[Line]) -> None:
    """Print one line a case."""
    if not lines:
        console.print("No cases here. `compliance case open FLAG…` opens one on upheld flags.")
        return
    for line in lines:
        facts = [line.stage, f"{line.flags} flag{'s' if line.flags != 1 else ''}", f"ladder {line.ladder}"]
        facts += [f"gravity {line.gravity}"] if line.gravity else []
        facts += [line.finding] if line.finding else []
        facts += [f"brake {brake}" for brake in line.brakes] + list(line.steps)
        who = f"{line.person}  " if line.person else ""
        console.print(
            as_text(f"case {line.id}  {who}opened {line.opened_at:%Y-%m-%d}  " + " · ".join(facts), single_line=True)
        )


def print_case(console: Console, case: Open, *, names: bool) -> None:
    """Print a case: evidence first, then what happened, then the ladder's answer, then what is missing."""
    state, zone = case.state, case.facts.zone
    who = (case.person.name if names and case.person else "") or case.shown_person or "person not shown to this role"
    place = f"{case.row.country or 'country unknown'}, ladder {case.ladder.id}, lane {case.row.lane}"
    console.print(as_text(f"Case {case.id}: {state.stage}", style="bold"))
    console.print(
        as_text(f"{who} · {place} · opened {case.row.opened_at:%Y-%m-%d} by {case.row.opened_by}", single_line=True)
    )
    if case.ladder.version != case.row.ladder_version:
        console.print(as_text("The ladder has changed since the case opened.", style="yellow"))
    for brake, setter in state.brakes.items():
        console.print(
            as_text(
                f"BRAKE {brake}, set by {setter}: nothing goes on until a second person releases it", style="bold red"
            )
        )
    _print_evidence(console, case)
    console.print(as_text("\nWhat happened", style="bold"))
    for number, entry in enumerate(case.entries, start=1):
        if entry.kind not in _QUIET or entry.id in case.words:
            _print_entry(console, number, entry, case.words.get(entry.id), zone)
    _print_answer(console, case)
    _print_actions(console, case)


def _print_evidence(console: Console, case: Open) -> None:
    console.print(as_text("\nWhat it is about", style="bold"))
    for each in case.evidence:
        at = f"{each.at.astimezone(case.facts.zone):%Y-%m-%d %H:%M}"
        verdict = each.verdict or "open"
        line = f"  occasion {each.occasion}  flag {each.flag_id}  {at}  {each.rule}  {each.platform or ''}  {verdict}"
        console.print(as_text(line, single_line=True))
    console.print(as_text("  times are local to the person; `compliance show FLAG` shows the text", style="dim"))


def _print_entry(console: Console, number: int, entry: Entry, words: str | None, zone: tzinfo) -> None:
    at = f"{entry.at.astimezone(zone):%Y-%m-%d}"
    about = f" on {entry.ref}" if entry.ref is not None and entry.kind is not Kind.PROPOSED else ""
    mine = f" (number {entry.id})" if entry.kind in {Kind.PROPOSED, Kind.APPEALED, Kind.TRAINING} else ""
    on = f", {entry.on.astimezone(zone):%Y-%m-%d}" if entry.on else ""
    value = f" {entry.value}" if entry.value else ""
    console.print(
        as_text(
            f"  {number:>3}  {at}  {entry.kind}{value}{about}{mine}{on}  by {entry.actor} ({entry.role})",
            single_line=True,
        )
    )
    if words and entry.kind is not Kind.ISSUED:
        console.print(as_text(f"       {words}", single_line=True, style="dim"))


def _print_answer(console: Console, case: Open) -> None:
    answer = case.facts.recommendation
    console.print(as_text("\nWhat the ladder answers", style="bold"))
    if answer is None:
        words = (
            f"  the gravity is not set; the rules suggest {suggested_gravity(case.evidence).label}, a person says it"
        )
        console.print(as_text(words))
        return
    for line in told(case.ladder, answer):
        console.print(as_text(f"  {line}"))


def told(ladder: Ladder, answer: Recommendation) -> list[str]:
    """Return an answer in sentences: the band, what counts and what does not, what would change it, comparable cases."""
    lines = list(answer.reasons)
    for each in answer.weighed:
        prior = each.prior
        title = ladder.title(prior.in_force) if prior.in_force in ladder.rank else prior.in_force
        lines.append(
            f"{'counts' if each.counts else 'does not count'}: {title}{f', {prior.place}' if prior.place else ''}: {each.why}"
        )
    lines += [f"would change it: {change}" for change in answer.changes]
    lines += [f"others received: {other}" for other in answer.comparable]
    other = answer.if_appeal_succeeds
    if other is not None:
        band = str(other.band) if other.band else other.kind
        lines.append(f"an appeal is open; if it succeeds: {band}")
    return lines


def _print_actions(console: Console, case: Open) -> None:
    for action in case.state.actions.values():
        receipt = f", {action.receipt}" if action.receipt else ""
        approved = ", ".join(f"{each.role} {each.actor}" for each in action.approvals)
        console.print(
            as_text(
                f"\nAction {action.id}: {case.ladder.title(action.in_force)}, {action.status}{receipt}"
                f"{' (outside the band)' if action.is_outside_band else ''}{f'; approved by {approved}' if approved else ''}",
                style="bold",
            )
        )
        for missing in missing_for(case, action):
            console.print(as_text(f"  missing: {missing}"))


def missing_for(case: Open, action: Action) -> list[str]:
    """Return what stands between a proposed action and its issue."""
    if action.status != "proposed":
        return []
    issue = Entry(id=0, kind=Kind.ISSUED, actor="", role="", at=case.facts.now, ref=action.id)
    return refusals(case.state, case.ladder, issue, case.facts, reason=None)


def as_json(case: Open, *, names: bool) -> dict[str, Any]:
    """Return a case as JSON values; words of people are part of the record."""
    answer = case.facts.recommendation
    return {
        "id": case.id,
        "person": case.shown_person,
        "name": case.person.name if names and case.person else None,
        "country": case.row.country,
        "ladder": case.ladder.id,
        "lane": case.row.lane,
        "stage": case.state.stage,
        "gravity": case.state.gravity.label if case.state.gravity else None,
        "suggested_gravity": suggested_gravity(case.evidence).label,
        "finding": case.state.finding,
        "brakes": dict(case.state.brakes),
        "flags": [
            {
                "flag": each.flag_id,
                "occasion": each.occasion,
                "rule": each.rule,
                "at": each.at.isoformat(),
                "platform": each.platform,
                "verdict": each.verdict,
            }
            for each in case.evidence
        ],
        "entries": [
            _entry_json(number, entry, case, names=names) for number, entry in enumerate(case.entries, start=1)
        ],
        "answer": _answer_json(case.ladder, answer) if answer else None,
        "actions": [
            {
                "id": action.id,
                "step": action.step,
                "in_force": action.in_force,
                "status": action.status,
                "outside_band": action.is_outside_band,
                "approvals": [{"actor": each.actor, "role": each.role} for each in action.approvals],
                "delivered_at": action.delivered_at.isoformat() if action.delivered_at else None,
                "receipt": action.receipt,
                "missing": missing_for(case, action),
            }
            for action in case.state.actions.values()
        ],
        "appeals": [
            {"id": each.id, "action": each.action, "outcome": each.outcome, "reduced_to": each.reduced_to}
            for each in case.state.appeals.values()
        ],
    }


def _entry_json(number: int, entry: Entry, case: Open, *, names: bool) -> dict[str, Any]:
    return {
        "number": number,
        "id": entry.id,
        "kind": entry.kind.value,
        "value": entry.value,
        "ref": entry.ref,
        "on": entry.on.isoformat() if entry.on else None,
        "actor": entry.actor,
        "role": entry.role,
        "at": entry.at.isoformat(),
        # The letter names the person.
        "words": case.words.get(entry.id) if names or entry.kind is not Kind.ISSUED else None,
    }


def _answer_json(ladder: Ladder, answer: Recommendation) -> dict[str, Any]:
    return {
        "answer": answer.answer,
        "band": [answer.band.low, answer.band.high] if answer.band else None,
        "standing": answer.standing,
        "explanation": told(ladder, answer),
        "if_appeal_succeeds": answer.if_appeal_succeeds.answer if answer.if_appeal_succeeds else None,
    }


def print_ladders(console: Console, ladders: Mapping[str, Ladder]) -> None:
    """Print each ladder once, with the countries that use it."""
    by_name: dict[str, list[str]] = {}
    for country, ladder in ladders.items():
        by_name.setdefault(ladder.id, []).append(country)
    for name, countries in by_name.items():
        ladder = next(each for each in ladders.values() if each.id == name)
        console.print(as_text(f"{name} ({', '.join(countries)}): {ladder.spec.title}", style="bold"))
        width = max(len(gravity.label) for gravity in Gravity)
        for gravity in Gravity:
            cells = " | ".join(str(cell) for cell in ladder.spec.matrix[gravity.label])
            console.print(as_text(f"  {gravity.label:<{width}}  {cells}"))
        console.print(as_text(f"  columns: highest step that counts: {', '.join(ladder.spec.columns)}", style="dim"))
