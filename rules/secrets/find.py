"""Finds every form of secret in a text: which patterns could match, what they match, what it is, and which of two wins."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import ahocorasick_rs

from rules.evaluation import disguised_as
from rules.fold import Copy, Edit, light
from rules.secrets.aside import set_aside
from rules.secrets.encoded import decoded
from rules.secrets.form import GUESSED, Form, Look, Sight, Verdict
from rules.secrets.forms import FORMS

#: What is known to be no secret is none in any other form either.
_SETTLED: Final = frozenset({"documented example", "test key", "image", "public value"})


@dataclass(frozen=True, slots=True)
class Found:
    """A place that looks like a secret: half-open code points of the raw text. Holds no copy of it."""

    start: int
    end: int
    form: Form
    confidence: float
    reason: str
    #: The name of what it is instead; empty for a secret.
    aside: str = ""


@lru_cache(maxsize=8)
def find_secrets(raw: str) -> tuple[Found, ...]:
    """Return what is found in a raw text, in text order, none overlapping but for what is set aside. Linear."""
    found = list(_in_view(raw, None))
    if not raw.isascii():
        copy = light(raw)
        if copy.text != raw:
            found += _in_view(copy.text, copy)
    if _WRAPPED.search(raw):
        copy = Copy(_WRAPPED.sub(r"\1", raw), raw, (_unwrapping,))
        found += (one for one in _in_view(copy.text, copy, raw) if one.form.exact and "\n" in raw[one.start : one.end])
    found += _encoded(raw)
    return tuple(_resolved(found))


def _encoded(raw: str) -> Iterator[Found]:
    """Yield the runs of base64 that hold a secret, whole: who reads one has the other."""
    for start, end, text in decoded(raw):
        inside = [one for one in _in_view(text, None) if not one.aside and one.confidence > GUESSED]
        if inside:
            best = max(inside, key=lambda one: one.confidence)
            yield Found(start, end, best.form, best.confidence - _LESS, f"{best.reason}; {disguised_as('base64')}")


#: What a disguise takes from the confidence.
_LESS: Final = 0.1


# A long run of a token's characters that ends its line, and another that begins the next one.
_WRAPPED: Final = re.compile(r"([A-Za-z0-9_+/=.-]{24})[ \t]*\\?\r?\n[ \t>|]*(?=[A-Za-z0-9_+/=.-]{4})")


def _unwrapping(text: str) -> Iterable[Edit]:
    for found in _WRAPPED.finditer(text):
        yield found.end(1), found.end(), ""


def _in_view(text: str, copy: Copy | None, looked_for: str | None = None) -> Iterator[Found]:
    for form, look in _possible(looked_for or text):
        for start, end in look.compiled.spans(text):
            one = _judged(Sight(text, start, end), form)
            if copy is None:
                yield one
            else:
                start, end = copy.raw_span(one.start, one.end)  # noqa: PLW2901 - the same place in the raw text
                yield Found(start, end, form, one.confidence, one.reason, one.aside)


def _judged(sight: Sight, form: Form) -> Found:
    verdict = (form.check(sight) if form.check else None) or Verdict()
    start = sight.start if verdict.start is None else verdict.start
    end = sight.end if verdict.end is None else verdict.end
    if start >= end:
        return Found(sight.start, sight.end, form, 0.0, "", aside="no value")
    aside = set_aside(Sight(sight.text, start, end), form) or verdict.aside
    reason = f"{form.title}: {aside}" if aside else f"{form.title}, {verdict.reason}" if verdict.reason else form.title
    return Found(start, end, form, 0.0 if aside else verdict.confidence or form.confidence, reason, aside)


def _resolved(found: list[Found]) -> Iterator[Found]:
    """Keep of places that overlap the one of the most specific form."""
    ranks = _ranks()
    found.sort(key=lambda one: (bool(one.aside) and one.aside not in _SETTLED, ranks[one.form.id], one.start, -one.end))
    starts: list[int] = []
    kept: list[Found] = []
    for one in found:
        at = bisect_left(starts, one.end)
        if at and kept[at - 1].end > one.start:
            continue
        starts.insert(at, one.start)
        kept.insert(at, one)
    return iter(kept)


@cache
def _ranks() -> dict[str, int]:
    """Return how specific each form is: the order of the table, what is only guessed last."""
    return {form.id: rank for rank, form in enumerate(sorted(FORMS, key=lambda form: form.confidence <= GUESSED))}


# --- where to look ---------------------------------------------------------------------------------------------------


@cache
def _looks() -> tuple[tuple[Form, Look], ...]:
    return tuple((form, look) for form in FORMS for look in form.looks)


@cache
def _anchored() -> tuple[ahocorasick_rs.AhoCorasick, list[list[tuple[int, int]]], list[int]]:
    """Return a finder of all anchors; for each anchor the (look, which of its sets) it satisfies; sets needed per look."""
    waiting: dict[str, list[tuple[int, int]]] = {}
    needed = []
    for number, (_, look) in enumerate(_looks()):
        needed.append(len(look.anchors))
        for which, strings in enumerate(look.anchors):
            for string in strings:
                waiting.setdefault(string, []).append((number, which))
    return ahocorasick_rs.AhoCorasick(list(waiting)), list(waiting.values()), needed


def _possible(text: str) -> Iterator[tuple[Form, Look]]:
    """Yield the looks whose anchors all occur in the text."""
    finder, waiting, needed = _anchored()
    hits = finder.find_matches_as_indexes(text.casefold(), overlapping=True)
    met: dict[int, set[int]] = {}
    for index in {hit[0] for hit in hits}:
        for number, which in waiting[index]:
            met.setdefault(number, set()).add(which)
    looks = _looks()
    for number, count in enumerate(needed):
        if len(met.get(number, ())) == count:
            yield looks[number]
