"""Which literal strings must occur in a text for a pattern to match there. Reads patterns of the dialect; knows no rule.

For each node of a pattern two things are worked out: the few strings that it matches *exactly*, if they are few, and a set
of strings of which one *must* occur in whatever it matches. A chain takes the best set of its members, alternatives take
all of theirs together. Where nothing can be said, nothing is said, so a gate made of this opens too often, never too rarely.
(The idea is that of code search: Russ Cox, "Regular Expression Matching with a Trigram Index", 2012.)
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

#: More strings than this are not listed any more.
_FEW: Final = 64
_MANY: Final = 1500
_CLASS_FEW: Final = 16
#: Changes with anything here that could change the outcome.
_VERSION: Final = "1"
WRITTEN: Final = Path(str(files("rules") / "packs" / "anchors.json"))
_SETS: Final = 3

_ESCAPE: Final = re.compile(
    r"\\(?:Q(.*?)(?:\\E|\Z)|p\{[^}]*\}|P\{[^}]*\}|[pP].|x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{2})|(.))", re.DOTALL
)
#: Plain characters that no repetition touches, read in one piece.
_PLAIN: Final = re.compile(r"[A-Za-z0-9 _'\u2019,@#%&:;!/=\"<>~-]{2,}(?![*+?{])")
_GROUP: Final = re.compile(r"\((?:\?(?:P?<\w+>|[a-zA-Z-]*(:|\))))?")
_REPEAT: Final = re.compile(r"(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??")
_ZERO_WIDTH: Final = frozenset("bAz")
_CONTROL: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_SHORTHAND: Final = frozenset("wWdDsS")


@dataclass(frozen=True, slots=True)
class _Node:
    #: All that it matches, casefolded; None if that is too much to list.
    exact: frozenset[str] | None
    #: Of each of these sets one string occurs in whatever it matches, the rarest set first; empty if nothing is known.
    musts: tuple[frozenset[str], ...] = ()
    #: Whatever it matches starts with one of these; None if nothing is known.
    start: frozenset[str] | None = None

    @property
    def known(self) -> tuple[frozenset[str], ...]:
        """All that is known to be needed, the strings it matches exactly included."""
        return _rarest([self.exact, *self.musts] if self.exact is not None and "" not in self.exact else self.musts)

    @property
    def best(self) -> frozenset[str] | None:
        return next(iter(self.known), None)


_EMPTY: Final = _Node(frozenset({""}))
_ANY: Final = _Node(None)


class _UnreadableError(Exception):
    """The pattern holds something that this reader does not know."""


@lru_cache(maxsize=10_000)
def anchors(source: str) -> tuple[frozenset[str], ...]:
    """Return sets of casefolded strings; of each set one occurs in every text (casefolded) that the pattern matches.

    At most three sets, the rarest first, none of whose strings holds another of the same set; empty if nothing is known.
    Those of shipped patterns are looked up, since working them out takes a second; `make anchors` writes them down.
    """
    written = _written().get(key_of(source))
    return worked_out(source) if written is None else tuple(map(frozenset, written))


def key_of(source: str) -> str:
    """Return the key under which a pattern's anchors are written down: of its content, so that it cannot go stale."""
    return hashlib.sha256(f"{_VERSION}\0{source}".encode("utf-8", "replace")).hexdigest()[:16]


@cache
def _written() -> dict[str, list[list[str]]]:
    try:
        found: dict[str, list[list[str]]] = json.loads(WRITTEN.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def worked_out(source: str) -> tuple[frozenset[str], ...]:
    """Work out a pattern's anchors from its source."""
    try:
        return tuple(map(least, _Reader(source).read().known))
    except (_UnreadableError, RecursionError, OverflowError):
        return ()


def least(strings: Iterable[str]) -> frozenset[str]:
    """Return the strings that hold no other of them: whoever finds one of these finds one of all."""
    kept: list[str] = []
    for string in sorted(strings, key=len):
        if not any(one in string for one in kept):
            kept.append(string)
    return frozenset(kept)


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0

    def read(self) -> _Node:
        node = self._alternatives()
        if self.at < len(self.source):
            raise _UnreadableError
        return node

    def _alternatives(self) -> _Node:
        found = [self._chain()]
        while self.source.startswith("|", self.at):
            self.at += 1
            found.append(self._chain())
        return found[0] if len(found) == 1 else _either(found)

    def _chain(self) -> _Node:
        members: list[_Node] = []
        while self.at < len(self.source) and self.source[self.at] not in "|)":
            members.append(self._repeated(self._one()))
        return _joined(members)

    def _repeated(self, node: _Node) -> _Node:
        while match := _REPEAT.match(self.source, self.at):
            self.at = match.end()
            mark, low, comma, high = match.groups()
            lowest = {"*": 0, "+": 1, "?": 0}[mark] if mark else int(low)
            most = {"*": None, "+": None, "?": 1}[mark] if mark else (int(high) if high else None) if comma else lowest
            node = _times(node, lowest, most)
        return node

    def _one(self) -> _Node:
        character = self.source[self.at]
        if character == "(":
            return self._group()
        if character == "[":
            return self._class()
        if character == "\\":
            return self._escape()
        if plain := _PLAIN.match(self.source, self.at):
            self.at = plain.end()
            return _literal(plain[0])
        self.at += 1
        if character in "^$":
            return _EMPTY
        return _ANY if character == "." else _literal(character)

    def _group(self) -> _Node:
        match = _GROUP.match(self.source, self.at)
        if match is None:
            raise _UnreadableError
        self.at = match.end()
        if match[1] == ")":  # flags for what follows
            return _EMPTY
        node = self._alternatives()
        if not self.source.startswith(")", self.at):
            raise _UnreadableError
        self.at += 1
        return node

    def _escape(self) -> _Node:
        match = _ESCAPE.match(self.source, self.at)
        if match is None:
            raise _UnreadableError
        self.at = match.end()
        quoted, long, short, letter = match.groups()
        if quoted is not None:
            return _joined([_literal(character) for character in quoted])
        if long or short:
            return _literal(chr(int(long or short, 16)))
        if letter is None or letter in _SHORTHAND:
            return _ANY
        if letter in _ZERO_WIDTH:
            return _EMPTY
        if letter.isalnum() and letter not in _CONTROL:
            raise _UnreadableError
        return _literal(_CONTROL.get(letter, letter))

    def _class(self) -> _Node:
        end = self.at + 1
        negated = self.source.startswith("^", end)
        end += negated
        members: list[str] = []
        listed = not negated
        first = True
        while end < len(self.source) and (first or self.source[end] != "]"):
            first = False
            if self.source.startswith("[:", end):
                raise _UnreadableError
            length = len(match[0]) if (match := _ESCAPE.match(self.source, end)) else 1
            piece = self.source[end : end + length]
            listed = listed and piece != "-" and (length == 1 or (length == 2 and not piece[1].isalnum()))  # noqa: PLR2004
            members.append(piece[-1])
            end += length
        if end >= len(self.source):
            raise _UnreadableError
        self.at = end + 1
        return (
            _Node(frozenset(member.casefold() for member in members)) if listed and len(members) <= _CLASS_FEW else _ANY
        )


def _literal(text: str) -> _Node:
    return _Node(frozenset({text.casefold()}))


def _times(node: _Node, least_times: int, most: int | None) -> _Node:
    if most == 1:
        return node if least_times else _Node(node.exact | {""} if node.exact is not None else None)
    if not least_times:
        return _ANY
    if node.exact is not None and len(node.exact) ** least_times <= _FEW and least_times <= _FEW:
        repeated = _joined([_Node(node.exact)] * least_times).exact or frozenset({""})
        return _Node(repeated if most == least_times else None, () if "" in repeated else (repeated,), repeated)
    return _Node(None, node.known, node.exact or node.start)


def _either(nodes: list[_Node]) -> _Node:
    exact: frozenset[str] | None = None
    if all(node.exact is not None for node in nodes):
        exact = _capped(frozenset().union(*(node.exact or () for node in nodes)))
    bests = [node.best for node in nodes]
    must = _capped(frozenset().union(*(best or () for best in bests))) if None not in bests else None
    starts = [node.exact if node.exact is not None else node.start for node in nodes]
    start = _capped(frozenset().union(*(one or () for one in starts))) if None not in starts else None
    return _Node(exact, (must,) if must is not None else (), start)


def _capped(strings: frozenset[str]) -> frozenset[str] | None:
    return strings if len(strings) <= _MANY else None


def _joined(nodes: Iterable[_Node]) -> _Node:
    run: frozenset[str] = frozenset({""})
    musts: list[frozenset[str]] = []
    start: frozenset[str] | None = None
    whole = True
    for node in nodes:
        if node.exact is not None and len(run) * len(node.exact) <= _FEW:
            run = frozenset(left + right for left in run for right in node.exact)
            continue
        onward = node.exact if node.exact is not None else node.start
        if onward is not None and len(run) * len(onward) <= _FEW:
            run = frozenset(left + right for left in run for right in onward)
        start = run if whole else start
        musts += [*_Node(run).known, *node.known]
        whole = False
        run = node.exact if node.exact is not None and len(node.exact) <= _FEW else frozenset({""})
    if whole:
        return _Node(run, (), run)
    return _Node(None, _rarest([*musts, *_Node(run).known]), start)


def _rarest(sets: Iterable[frozenset[str]]) -> tuple[frozenset[str], ...]:
    """Return the few sets that occur least, the rarest first."""
    return tuple(sorted(dict.fromkeys(sets), key=rate)[:_SETS])


#: How often characters occur in English posts, per hundred; whatever is not here is rare.
_SHARE: Final = {
    **dict(
        zip(
            " etaoinsrhldcumwfgypbvk",
            (17, 9.5, 7, 6.4, 6, 5.6, 5.5, 5, 4.8, 4.4, 3.4, 3.2, 2.2, 2.2, 2.1),
            strict=False,
        )
    ),
    **dict.fromkeys("wfgyp", 1.7),
    **dict.fromkeys("bvk.,", 1.0),
    **dict.fromkeys("'\u2019!-x:j?q\"#@z/", 0.35),
}
_RARE: Final = 0.05
_POST: Final = 100


@lru_cache(maxsize=100_000)
def rate(strings: frozenset[str]) -> float:
    """Guess in what share of posts one of the strings occurs; only speed depends on it."""
    return sum(map(_rate, strings))


@lru_cache(maxsize=100_000)
def _rate(string: str) -> float:
    share = 1.0
    for character in string[:12]:
        share *= _SHARE.get(character, _RARE) / 100
    return min(1.0, _POST * share)
