"""Fingerprints of findings: the same when lines move or the file is wrapped anew, and never made of what was matched.

A fingerprint is the rule, the names of its parts, a hash of the words around the match in its paragraph but without it,
and an ordinal for equal ones. A hash of a phone number or a name could be reversed by trying them all, so no match enters it, and no
word that holds a digit or an @.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from compliance.drafts import Draft
from compliance.safe import merged
from rules.evaluation import Evaluation, Finding, Match

#: Words on each side that are hashed.
AROUND: Final = 6
#: Matches with at most this many words, and no empty line, between them are one passage.
GAP: Final = 12
_CHUNK: Final = re.compile(r"\S+")
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_EMPTY_LINE: Final = re.compile(r"(?:\r\n|\n|\r)[^\S\r\n]*(?:\r\n|\n|\r)")
_TELLING: Final = re.compile(r"[\d@]|://")
#: Detectors whose matches are personal data or secrets, whichever rule they belong to.
_PERSONAL: Final = frozenset({"pii", "secret", "entity"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One place of a finding: matches that stand close together. Half-open code points of the draft's text."""

    start: int
    end: int
    fingerprint: str


class Fingerprints:
    """Gives each passage its fingerprint; equal ones of one file are numbered in the order of the text."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, str]] = Counter()

    def of(self, draft: Draft, evaluation: Evaluation) -> Mapping[str, tuple[Passage, ...]]:
        """Return the passages of each finding by its rule, in text order."""
        if draft.document is None or not evaluation.findings:
            return MappingProxyType({})
        text = draft.document.raw
        personal = [m for finding in evaluation.findings for m in finding.matches if m.detector in _PERSONAL]
        return {
            finding.rule: tuple(self._passages(draft.place, finding, _words(text, [*finding.matches, *personal])))
            for finding in evaluation.findings
        }

    def _passages(self, place: str, finding: Finding, words: _Words) -> list[Passage]:
        found = []
        for group in _groups(finding.matches, words):
            start, end = (min(m.start for m in group), max(m.end for m in group)) if group else (0, 0)
            digest = _digest(finding.rule, _parts(group), words.around(start, end))
            self._seen[place, digest] += 1
            found.append(Passage(start=start, end=end, fingerprint=f"{digest}:{self._seen[place, digest]}"))
        return found


@dataclass(frozen=True, slots=True)
class _Words:
    """The words that may be hashed, in order, with where each begins."""

    words: Sequence[str]
    starts: Sequence[int]
    #: Offsets of empty lines: what stands beyond one may move without this passage.
    breaks: Sequence[int]

    def are_near(self, start: int, end: int) -> bool:
        """Return whether few words and no empty line lie between."""
        few = bisect_left(self.starts, end) - bisect_left(self.starts, start) <= GAP
        return few and bisect_left(self.breaks, start) >= bisect_left(self.breaks, end)

    def around(self, start: int, end: int) -> list[str]:
        first, last = bisect_right(self.breaks, start), bisect_left(self.breaks, end)
        top = bisect_left(self.starts, self.breaks[first - 1]) if first else 0
        bottom = bisect_left(self.starts, self.breaks[last]) if last < len(self.breaks) else len(self.words)
        before, after = bisect_left(self.starts, start), bisect_left(self.starts, end)
        return [*self.words[max(top, before - AROUND) : before], "", *self.words[after : min(bottom, after + AROUND)]]


def _words(text: str, hidden: Sequence[Match]) -> _Words:
    spans = merged(((match.start, match.end) for match in hidden), length=len(text))
    ends = [end for _, end in spans]
    words, starts = [], []
    for chunk in _CHUNK.finditer(text):
        if _TELLING.search(chunk[0]):
            continue
        for word in _WORD.finditer(text, *chunk.span()):
            at = bisect_left(ends, word.start() + 1)
            if at == len(spans) or spans[at][0] >= word.end():
                words.append(unicodedata.normalize("NFKC", word[0]).casefold())
                starts.append(word.start())
    return _Words(words, starts, [found.start() for found in _EMPTY_LINE.finditer(text)])


def _groups(matches: Sequence[Match], words: _Words) -> list[list[Match]]:
    """Return the matches by passage; one empty group where a rule is true without any."""
    groups: list[list[Match]] = []
    end = 0
    for match in sorted(matches, key=lambda m: (m.start, m.end, m.part)):
        if groups and words.are_near(end, match.start):
            groups[-1].append(match)
        else:
            groups.append([match])
        end = max(end, match.end)
    return groups or [[]]


def _parts(group: Sequence[Match]) -> list[str]:
    """Return the parts of a passage. What names a thing is counted: one number more beside a known one is a new finding."""
    named = Counter(match.part for match in group if _names_a_thing(match))
    return sorted({f"{match.part}*{named[match.part]}" if named[match.part] else match.part for match in group})


def _names_a_thing(match: Match) -> bool:
    # A term of a list has the list's name as its kind.
    return match.detector in _PERSONAL or (match.detector == "terms" and match.kind != "term")


def _digest(rule: str, parts: Sequence[str], words: Sequence[str]) -> str:
    material = "\x1f".join([rule, "\x1e".join(parts), "\x1e".join(words)])
    return "v1:" + hashlib.sha256(material.encode("utf-8", "replace")).hexdigest()[:32]
