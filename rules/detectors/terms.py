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
from rules.disguise import BY_CHANCE, name_of_look
from rules.document import Document
from rules.evaluation import Match, disguised_as
from rules.fold import Copy, folded, light
from rules.lists import Entry
from rules.nearly import is_joined, ordinary_words, reversed_form, typo_anchors, typo_at
from rules.places import region_spans, touches

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


@dataclass(frozen=True, slots=True)
class _Form:
    """One string to look for, and what it would be of its term."""

    text: str
    term: _Term
    #: "" for the term itself; `joined`, `reversed`, `typo` for what only listed words are looked for in.
    name: str = ""


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
        found = list(self._in_copy(document.light if self.exact else document.folded, document))
        if not self.exact:
            for disguise in document.disguises:
                found += self._in_copy(disguise.copy, document, disguise.name)
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
        return Gate(literals=frozenset(folded(form.text).text for form in self._forms))

    @cached_property
    def _forms(self) -> tuple[_Form, ...]:
        return tuple(form for term in self.terms for form in (_Form(term.text, term), *self._further(term)))

    def _further(self, term: _Term) -> Iterator[_Form]:
        if self.exact or term.entry is None:
            return
        if " " in term.text:
            yield _Form(term.text.replace(" ", ""), term, "joined")
        if backwards := reversed_form(term.text):
            yield _Form(backwards, term, "reversed")
        yield from (_Form(anchor, term, "typo") for anchor in typo_anchors(term.text))

    @cached_property
    def _automaton(self) -> ahocorasick_rs.AhoCorasick:
        return ahocorasick_rs.AhoCorasick([form.text for form in self._forms])

    def _in_copy(self, copy: Copy, document: Document, disguise: str = "") -> Iterator[tuple[_Term, Match]]:
        text = copy.text
        for index, low, high in self._automaton.find_matches_as_indexes(text, overlapping=True):
            form = self._forms[index]
            place = _place(text, low, high, form, in_disguise=bool(disguise))
            if place is None:
                continue
            start, end, name = place
            start, end = copy.raw_span(start, end)
            name = disguise or name or ("" if self.exact else name_of_look(document.raw[start:end]))
            if name in _LISTED_ONLY and form.term.entry is None:
                continue
            if name in BY_CHANCE and _is_no_prose(document, start, end):
                continue
            yield form.term, self._match(form.term, start, end, name)

    def _match(self, term: _Term, start: int, end: int, disguise: str) -> Match:
        reasons = filter(None, [term.reason, disguised_as(disguise) if disguise else ""])
        return Match(
            start=start,
            end=end,
            detector=self.name,
            kind=term.kind,
            confidence=_LESS_SURE.get(disguise, DISGUISED) if disguise else PLAIN,
            reason="; ".join(reasons),
        )


#: Two words that a line break parts are two words, unless a list says what they are together.
_LISTED_ONLY: Final = frozenset({"broken"})
_LESS_SURE: Final = {"typo": 0.6, "reversed": 0.7, "broken": 0.7}
#: A run without white space this long is no word: a key, a hash, an address.
_LONG_TOKEN: Final = 32
_TOKEN: Final = re.compile(r"\S*")
_HEX: Final = re.compile(r"(?=\D*\d)[0-9a-fA-F:_-]{6,}\W*")


def _place(text: str, start: int, end: int, form: _Form, *, in_disguise: bool) -> tuple[int, int, str] | None:
    """Return where a form stands in a folded text as what it claims to be, and what to call it; None if it does not."""
    if form.name == "typo":
        found = None if in_disguise else typo_at(text, start, end, form.term.text)
        return (*found, "typo") if found else None
    if form.term.open:
        end = _REST.match(text, end).end()  # type: ignore[union-attr]  # matches anything
    if _is_whole(text, start, end) and form.name != "joined":
        honest = form.name == "reversed" and (in_disguise or form.text in ordinary_words())
        return None if honest else (start, end, form.name)
    if form.term.entry is None or form.name == "reversed" or not is_joined(text, start, end):
        return None
    return start, end, "joined"


def _is_no_prose(document: Document, start: int, end: int) -> bool:
    """Return whether a place lies in a link, in code, or in a long or hexadecimal run of characters."""
    raw = document.raw
    before = raw[max(0, start - _LONG_TOKEN) : start]
    token = "" if not before or before[-1].isspace() else before.split()[-1]
    token += raw[start:end] + _TOKEN.match(raw[end : end + _LONG_TOKEN])[0]  # type: ignore[index]  # matches anything
    if len(token) > max(_LONG_TOKEN, end - start) or _HEX.fullmatch(token):
        return True
    place = Match(start=start, end=end, detector=Terms.name, kind="", confidence=0)
    return any(touches(place, region_spans(document, name)) for name in ("link", "code"))


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
    for match in sorted(dict.fromkeys(matches), key=lambda m: (m.start, -m.end, -m.confidence)):
        if match.end > reach:
            reach = match.end
            yield match
