"""Why a notice, a hearing or an answer may not be recorded now. Pure; part of `refusals`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from compliance.discipline import local_day
from compliance.entry import Entry, Kind
from compliance.facts import Facts
from compliance.ladder import Ladder
from compliance.procedure import State


def notice(state: State, ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    """Yield why the person may not be told now, or not with this day to answer by."""
    if state.noticed_at is not None:
        yield f"the person was told on {local_day(state.noticed_at, facts.zone)}"
    yield from until(entry, ladder.spec.answer_within.after(facts.today), facts, "the day to answer by")


def until(entry: Entry, earliest: date, facts: Facts, what: str) -> Iterator[str]:
    """Yield what is wrong with the day of an entry that may not come before `earliest`."""
    if entry.on is None:
        yield f"{what} is missing"
    elif local_day(entry.on, facts.zone) < earliest:
        yield f"{what} is too early: not before {earliest}"


def told(state: State, _ladder: Ladder, _entry: Entry, _facts: Facts) -> Iterator[str]:
    """Yield that the person does not know of it yet."""
    if state.noticed_at is None:
        yield "the person has not been told (`compliance case notice`)"


def set_day(state: State, ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    """Yield why the hearing may not be on this day."""
    yield from told(state, ladder, entry, facts)
    if state.could_answer:
        yield "the person was heard, or declined"
    if state.noticed_at is not None:
        earliest = ladder.spec.answer_within.after(local_day(state.noticed_at, facts.zone))
        if state.is_postponed and state.hearing_at is not None:
            # Else a day that the person asked for could be taken back.
            earliest = max(earliest, local_day(state.hearing_at, facts.zone))
        yield from until(entry, max(earliest, facts.today), facts, "the day of the hearing")


def postpone(state: State, _ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    """Yield why the hearing may not be put off to this day."""
    if state.hearing_at is None:
        yield "no hearing is set (`compliance case hearing`)"
    elif state.could_answer:
        yield "the person was heard, or declined"
    else:
        day = local_day(state.hearing_at, facts.zone)
        yield from until(entry, day + timedelta(days=1), facts, "the new day of the hearing")


def working_days_after(day: date, number: int) -> date:
    """Return the day that many working days (Monday to Friday; holidays are not known) after `day`."""
    while number:
        day += timedelta(days=1)
        number -= day.weekday() < 5  # noqa: PLR2004 - Saturday
    return day


def _could_answer(state: State, entry: Entry, facts: Facts) -> Iterator[str]:
    """What comes before an answer. What counts is when it was given, not when somebody records it."""
    given = entry.on or facts.now
    if state.noticed_at is None:
        yield "the person has not been told (`compliance case notice`)"
    if state.evidence_at is None:
        yield "the evidence has not been shared (`compliance case share`)"
    elif given < state.evidence_at:
        yield "an answer before the evidence was shared does not count"
    is_late_word = entry.kind is Kind.HEARD and state.declined == "silent" and state.finding is None
    if state.could_answer and not is_late_word:
        yield "that the person was heard, or declined, is recorded"
    if state.hearing_at is not None and given < state.hearing_at:
        yield f"the hearing is on {local_day(state.hearing_at, facts.zone)}"


def heard(state: State, ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    """Yield why this was no hearing."""
    yield from _could_answer(state, entry, facts)
    if state.noticed_at is not None and entry.value != "agreed":
        earliest = ladder.spec.answer_within.after(local_day(state.noticed_at, facts.zone))
        if local_day(entry.on or entry.at, facts.zone) < earliest:
            yield f"the person has until {earliest} to prepare; --agreed records that they wanted it earlier"
    if entry.on is not None and entry.on > facts.now:
        yield "a hearing cannot be recorded before it was held"
    if entry.on is not None and state.noticed_at is not None and entry.on < state.noticed_at:
        yield "a hearing before the person was told does not count"


def declined(state: State, ladder: Ladder, entry: Entry, facts: Facts) -> Iterator[str]:
    """Yield why the person did not decline, or still may answer."""
    yield from _could_answer(state, entry, facts)
    if entry.value not in {"explicit", "silent"}:
        yield "say whether the person declined (explicit) or let the day pass (silent)"
    if entry.value == "silent" and state.answer_by is not None and state.evidence_at is not None:
        # Nobody can be silent about what they have not seen in time.
        seen = ladder.spec.answer_within.after(local_day(state.evidence_at, facts.zone))
        last = max(local_day(state.answer_by, facts.zone), seen)
        if facts.today <= last:
            yield f"the person may answer until {last}"
