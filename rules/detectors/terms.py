"""Words and phrases, found as whole words on the folded copies of a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Final

import ahocorasick_rs
from pydantic import Field

from rules.detectors.base import (
    DISGUISED,
    NOTHING,
    PLAIN,
    Gate,
    KeyFault,
    Material,
    Others,
    Phrases,
    Seen,
    SpanKeys,
    resolve,
)
from rules.document import Document
from rules.evaluation import Match
from rules.fold import Copy, folded, light
from rules.lists import Entry

#: Scripts written without spaces, where a word boundary means nothing: Thai, Lao, Khmer, Kana, Han, Hangul.
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]"
)
_WORD: Final = re.compile(r"\w")
_REST: Final = re.compile(r"[\w']*")


class TermsKeys(SpanKeys):
    """`{terms: [phrase, $list], exact: true}`."""

    terms: Phrases = Field(description="phrases or $lists; a trailing * stands for the rest of a word")
    exact: bool = Field(default=False, description="compare letter for letter, capitals included")


@dataclass(frozen=True, slots=True)
class _Term:
    text: str
    #: Ends in *.
    open: bool
    kind: str
    reason: str
    entry: Entry | None = None


@dataclass(frozen=True)
class Terms:
    """Whole words and phrases, whatever their case, width, spacing or disguise."""

    name: ClassVar[str] = "terms"
    source: ClassVar[str] = (
        "https://www.unicode.org/reports/tr29/ (word boundaries), https://www.unicode.org/reports/tr39/ (look-alikes)"
    )
    keys: ClassVar[type[SpanKeys]] = TermsKeys
    matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"terms": ["bluefin"]}, "So #BLUEFIN it is"),
        ({"terms": ["no risk"]}, "There is no\nrisk at all"),
        ({"terms": ["guarantee*"]}, "returns guaranteed"),
        ({"terms": ["café"]}, "the cafe\u0301 opens"),
        ({"terms": ["IT"], "exact": True}, "ask IT about it"),
    )
    non_matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"terms": ["bluefin"]}, "#bluefinishline"),
        ({"terms": ["secret"]}, "ésecret und Secretär"),
        ({"terms": ["IT"], "exact": True}, "it is"),
    )

    terms: tuple[_Term, ...]
    exact: bool

    @classmethod
    def build(cls, keys: TermsKeys, material: Material) -> Terms:
        """Fold the phrases and read the lists. Raises KeyFault for empty phrases, stray * and unknown lists."""
        plain, lists = resolve(keys.terms, material, key="terms")
        fold = light if keys.exact else folded
        found = [_term(phrase, fold, index) for index, phrase in enumerate(plain)]
        for one in lists:
            reason = "" if one.confidential else f"listed in {one.name}"
            found += [_listed(fold(entry.term).text.strip(), entry, one.name, reason) for entry in one.entries]
        return cls(tuple(found), keys.exact)

    def see(self, document: Document, others: Others) -> Seen:
        """Find every listed term; a term whose window does not hold the document's time does not count."""
        del others
        if not self.terms:
            return NOTHING
        found = list(self._in_copy(document.light if self.exact else document.folded))
        if not self.exact:
            for disguise in document.disguises:
                found += self._in_copy(disguise.copy, disguise.name)
        at = document.context.at
        if at is None and any(term.entry and (term.entry.start or term.entry.end) for term, _ in found):
            return Seen(value=None, unknown="the time of the post is unknown")
        matches = tuple(
            _outermost(match for term, match in found if term.entry is None or at is None or term.entry.is_active(at))
        )
        return Seen(value=bool(matches), matches=matches)

    def gate(self, gate_of: Callable[[str], Gate | None]) -> Gate | None:
        """Any one of the terms."""
        del gate_of
        return Gate(literals=frozenset(folded(term.text).text for term in self.terms))

    @cached_property
    def _automaton(self) -> ahocorasick_rs.AhoCorasick:
        return ahocorasick_rs.AhoCorasick([term.text for term in self.terms])

    def _in_copy(self, copy: Copy, disguise: str = "") -> Iterator[tuple[_Term, Match]]:
        text = copy.text
        for index, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            term = self.terms[index]
            if term.open:
                end = _REST.match(text, end).end()  # type: ignore[union-attr]  # noqa: PLW2901 - matches anything
            if not _is_whole(text, start, end):
                continue
            raw_start, raw_end = copy.raw_span(start, end)
            reason = "; ".join(filter(None, [term.reason, f"written in disguise: {disguise}" if disguise else ""]))
            yield (
                term,
                Match(
                    start=raw_start,
                    end=raw_end,
                    detector=self.name,
                    kind=term.kind,
                    confidence=DISGUISED if disguise else PLAIN,
                    reason=reason,
                ),
            )


def _listed(text: str, entry: Entry, name: str, reason: str) -> _Term:
    return _Term(text, open=False, kind=name, reason=reason, entry=entry)


def _term(phrase: str, fold: Callable[[str], Copy], index: int) -> _Term:
    is_open = phrase.endswith("*")
    text = fold(phrase.removesuffix("*")).text.strip()
    if not text or "*" in text:
        message = f"'{phrase}' is no phrase"
        raise KeyFault(message, key=("terms", index), hint="a * may stand only at the end of a phrase, after letters")
    return _Term(text, open=is_open, kind="term", reason="")


def _is_whole(text: str, start: int, end: int) -> bool:
    """Return whether no word goes on across either edge."""
    return not (_joins(text, start) or _joins(text, end))


def _joins(text: str, edge: int) -> bool:
    if not 0 < edge < len(text):
        return False
    left, right = text[edge - 1], text[edge]
    return bool(_WORD.match(left) and _WORD.match(right)) and not (_UNSPACED.match(left) or _UNSPACED.match(right))


def _outermost(matches: Iterator[Match]) -> Iterator[Match]:
    """Drop what lies inside another match; the surer and longer first."""
    reach = -1
    for match in sorted(set(matches), key=lambda m: (m.start, -m.end, -m.confidence)):
        if match.end > reach:
            reach = match.end
            yield match
