"""What a ladder file may not say: gaps, unknown words, and anything milder where it must not be. Reads no file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from string import Formatter
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from compliance.ladder import (
    APPROVERS,
    BRAKES,
    FORMAL,
    HEARING,
    LETTER_WORDS,
    NONE,
    OWN_PROCEDURE,
    PROCEDURE,
    RESCISSION_WORDS,
    TRAINING,
    Band,
    Gravity,
    LadderSpec,
)
from rules.errors import did_you_mean

#: Without these a formal letter is no warning: what happened, what follows, until when it can be appealed.
_FORMAL_WORDS: Final = ("date", "act", "consequence", "appeal_by", "appeal_how")
#: Lengths are compared from here.
_ANY_DAY: Final = date(2025, 1, 1)
_ANSWERS: Final = (OWN_PROCEDURE, HEARING, TRAINING)
#: Words that a step may not be called by, for they stand beside steps somewhere.
_TAKEN: Final = (NONE, FORMAL, *_ANSWERS)

_Found: TypeAlias = tuple[tuple[str | int, ...], str, str]


def ladder_faults(spec: LadderSpec) -> Iterator[_Found]:
    """Yield place in the file, message and hint of everything that is wrong with a ladder, its scenarios' answers aside."""
    yield from _step_faults(spec)
    yield from _named_faults(spec)
    yield from _time_faults(spec)
    yield from _need_faults(spec)
    yield from _brake_faults(spec)
    yield from _kind_faults(spec)
    yield from _letter_faults(spec)
    yield from _scenario_faults(spec)
    shape = list(_matrix_faults(spec))
    yield from shape
    if not shape:
        yield from _order_faults(spec)


def _step_faults(spec: LadderSpec) -> Iterator[_Found]:
    for number, step in enumerate(spec.steps):
        if step in spec.steps[:number]:
            yield ("steps", number), f"the step '{step}' stands here twice", ""
        if step in _TAKEN:
            yield ("steps", number), f"'{step}' means something else in a ladder", "give the step another name"
        if step not in spec.titles:
            yield ("titles",), f"the step '{step}' has no title", ""
    for number, step in enumerate(spec.informal):
        yield from _unknown(spec, step, "informal", number)
    if spec.informal != spec.steps[: len(spec.informal)] or len(spec.informal) == len(spec.steps):
        yield ("informal",), "informal steps are the lowest ones, and the last step is formal", ""


def _named_faults(spec: LadderSpec) -> Iterator[_Found]:
    for step in spec.titles:
        yield from _unknown(spec, step, "titles", step)
    for number, duty in enumerate(spec.duties):
        for place, step in enumerate(duty.steps):
            yield from _unknown(spec, step, "duties", number, "steps", place)


def _unknown(spec: LadderSpec, step: str, *place: str | int) -> Iterator[_Found]:
    if step not in spec.steps:
        hint = did_you_mean(step, spec.steps, otherwise=f"one of: {', '.join(spec.steps)}")
        yield place, f"there is no step '{step}'", hint


def _time_faults(spec: LadderSpec) -> Iterator[_Found]:
    try:
        ZoneInfo(spec.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder, such as Europe
        yield ("timezone",), f"there is no time zone '{spec.timezone}'", "for example Europe/London"
    for step in spec.live_for:
        yield from _unknown(spec, step, "live_for", step)
    lighter = None
    for step in spec.steps:
        length = spec.live_for.get(step)
        if length is None:
            if step != spec.steps[-1]:
                yield ("live_for",), f"how long '{step}' counts is missing", "for example 6 months"
            continue
        # Else an appeal that reduces a step could make it count for longer.
        if lighter and length.last_day(_ANY_DAY) < spec.live_for[lighter].last_day(_ANY_DAY):
            yield ("live_for", step), f"'{step}' lapses sooner than the lighter '{lighter}'", ""
        lighter = step


def _need_faults(spec: LadderSpec) -> Iterator[_Found]:
    for step in spec.needs:
        if step != FORMAL:
            yield from _unknown(spec, step, "needs", step)
    missing = [word for word in PROCEDURE if word not in spec.needs.get(FORMAL, ())]
    if missing:
        yield ("needs",), f"a formal step without {', '.join(missing)} is not fair", "list all four under `formal`"
    last = spec.steps[-1]
    if not set(APPROVERS) & set(spec.needs.get(last, ())):
        yield ("needs",), f"nobody approves the last step '{last}'", f"add `{last}: [{', '.join(APPROVERS)}]`"


def _brake_faults(spec: LadderSpec) -> Iterator[_Found]:
    for number, brake in enumerate(spec.brakes):
        if brake not in BRAKES:
            yield ("brakes", number), f"there is no brake '{brake}'", did_you_mean(brake, BRAKES)
    if "protected-activity" not in spec.brakes:
        yield ("brakes",), "the brake 'protected-activity' is missing", "no ladder runs without it"


def _kind_faults(spec: LadderSpec) -> Iterator[_Found]:
    seen: dict[str, str] = {}
    for name, members in spec.same_kind.items():
        for number, policy in enumerate(members):
            if policy in seen:
                yield (
                    ("same_kind", name, number),
                    f"'{policy}' stands in the family '{seen[policy]}' already",
                    "one policy, one family",
                )
            seen.setdefault(policy, name)


def _letter_faults(spec: LadderSpec) -> Iterator[_Found]:
    known = {"informal": LETTER_WORDS, "formal": LETTER_WORDS, "rescission": RESCISSION_WORDS}
    for kind, words in known.items():
        used, is_broken = _open_words(getattr(spec.letter, kind))
        if is_broken:
            hint = "write {word}, nothing else in the braces, and no lone brace"
            yield ("letter", kind), "the braces of this letter cannot be filled", hint
            continue
        for word in sorted(used - set(words)):
            hint = did_you_mean(word, words, otherwise=f"one of: {', '.join(words)}")
            yield ("letter", kind), f"nothing fills '{{{word}}}' in this letter", hint
        missing = [f"{{{word}}}" for word in _FORMAL_WORDS if kind == FORMAL and word not in used]
        if missing:
            yield ("letter", kind), f"a formal letter without {', '.join(missing)} is no warning", ""
    if set(spec.consequence) & set("{}"):
        yield ("consequence",), "braces are not filled here", "this text itself fills {consequence}"


def _open_words(letter: str) -> tuple[set[str], bool]:
    """Return the words in braces, and whether there is anything else than plain words in braces."""
    try:
        fields = [each for each in Formatter().parse(letter) if each[1] is not None]
    except ValueError:
        return set(), True
    names = {name or "" for _, name, _, _ in fields}
    return names, "" in names or any(form or conversion for _, _, form, conversion in fields)


def _scenario_faults(spec: LadderSpec) -> Iterator[_Found]:
    """A misspelt word in a scenario would show nothing, and might still hold."""
    for number, scenario in enumerate(spec.scenarios):
        if scenario.expect not in _ANSWERS:
            yield from _unknown(spec, scenario.expect, "scenarios", number, "expect")
        if scenario.up_to is not None:
            yield from _unknown(spec, scenario.up_to, "scenarios", number, "up_to")
        for place, prior in enumerate(scenario.given):
            at = ("scenarios", number, "given", place)
            yield from _unknown(spec, prior.step, *at, "step")
            if prior.reduced_to is None:
                continue
            yield from _unknown(spec, prior.reduced_to, *at, "reduced_to")
            pair = [spec.steps.index(step) for step in (prior.step, prior.reduced_to) if step in spec.steps]
            if sorted(pair, reverse=True) != pair:
                yield (*at, "reduced_to"), "an appeal never makes a step heavier", ""


def _matrix_faults(spec: LadderSpec) -> Iterator[_Found]:
    wanted = [NONE, *spec.steps[:-1]]
    if spec.columns != wanted:
        yield ("columns",), "columns are `none` and every step but the last, in order", f"[{', '.join(wanted)}]"
    for gravity in Gravity:
        row = spec.matrix.get(gravity.label)
        if row is None:
            yield ("matrix",), f"the row '{gravity.label}' is missing", "every gravity needs one"
            continue
        if len(row) != len(spec.columns):
            message = f"the row '{gravity.label}' has {len(row)} cells, and there are {len(spec.columns)} columns"
            yield ("matrix", gravity.label), message, "one cell for each column"
        yield from _cell_faults(spec, gravity.label, row)
    for word in spec.matrix.keys() - {gravity.label for gravity in Gravity}:
        yield ("matrix", word), f"there is no gravity '{word}'", "low, medium, high, critical"


def _cell_faults(spec: LadderSpec, label: str, row: list[Band]) -> Iterator[_Found]:
    for number, cell in enumerate(row):
        place = ("matrix", label, number)
        unknown = [word for word in dict.fromkeys((cell.low, cell.high)) if word not in spec.steps]
        for word in unknown:
            yield from _unknown(spec, word, *place)
        if not unknown and spec.steps.index(cell.low) > spec.steps.index(cell.high):
            yield place, "this band runs downwards", "write the milder step first"


def _order_faults(spec: LadderSpec) -> Iterator[_Found]:
    """A graver act or a heavier history never gets a milder band."""
    rows = [(gravity.label, spec.matrix[gravity.label]) for gravity in Gravity]
    rank = spec.steps.index
    for place, (label, row) in enumerate(rows):
        for column, cell in enumerate(row):
            for other, what in (
                (rows[place - 1][1][column] if place else None, "for a less grave act"),
                (row[column - 1] if column else None, "with a lighter history"),
            ):
                if other and (rank(cell.low) < rank(other.low) or rank(cell.high) < rank(other.high)):
                    yield ("matrix", label, column), f"'{cell}' is milder than '{other}' {what}", ""
