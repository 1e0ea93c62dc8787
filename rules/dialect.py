r"""Patterns as rule authors write them: RE2 syntax with Unicode `\b \w \d \s`, in linear time. Knows no rule.

RE2 knows only ASCII words: its `\b` looks at the bytes on both sides. That is right while all word characters of a text
are ASCII. Any other text is *wrapped*: each further word character stands between two underscores, moved to a plane
that holds no characters, and so does the underscore itself. Every word character of a wrapped text begins and ends with
a byte that RE2 takes for a word's, so `\b` is exact again wherever the pattern asks for it; in the pattern, what
matches a character matches it plain or wrapped. No match begins inside a wrapping: nothing in a wrapped pattern matches
a moved character without the underscore before it, or an underscore without a moved character after it.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final, NoReturn

import re2

Ranges = tuple[tuple[int, int], ...]  # first and last code point of each, in order

_WORD: Final = r"\p{L}\p{N}\p{M}\p{Pc}"
_SPACE: Final = r"\x{9}-\x{d}\x{1c}-\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
_SYNTAX: Final = "https://github.com/google/re2/wiki/Syntax lists what can be written"
_PLAIN_MEMORY: Final = 8 << 20  # bytes; a pattern that needs more is a bomb or a mistake
_NON_ASCII: Final = re.compile(r"[^\x00-\x7f]")
_ODD_SPACE: Final = re.compile(r"[\x0b\x1c-\x1f]")  # white space to Unicode, not to RE2
_WRAPPED_MEMORY: Final = 64 << 20  # a wrapped class is two classes, so whatever fitted once fits again


class DialectError(ValueError):
    """A pattern that cannot be used: why, at which character of its source, and what to write instead."""

    def __init__(self, message: str, position: int, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.hint = hint


class Pattern:
    r"""A compiled pattern. A group named `span` narrows what is reported to that group, where it takes part.

    `$` is the very end of the text. Raises DialectError for look-around, back-references, `\B`, whatever else RE2
    refuses, and for patterns that match the empty string or need too much memory.
    """

    def __init__(self, source: str, *, ignore_case: bool = True, check: bool = True) -> None:
        """Without `check`, a pattern known to be sound is compiled when a text first needs it, and only as far as that."""
        self.source = source
        self._ignore_case = ignore_case
        if check and self._loose.fullmatch(b"") and self._plain:
            message = "the pattern matches the empty string, so it would match everywhere"
            raise DialectError(message, 0, "make one part of it obligatory, for instance with + in place of *")

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the half-open code points of each match, leftmost first, none overlapping, none empty."""
        data, program, is_wrapped = self._prepared(text)
        group = program.groupindex.get(b"span")
        done = characters = 0
        for found in program.finditer(data):
            start, end = _reported(found, group)
            characters += _width(data[done:start], is_wrapped=is_wrapped)
            first = characters
            characters += _width(data[start:end], is_wrapped=is_wrapped)
            done = end
            yield first, characters

    def search(self, text: str) -> bool:
        """Tell whether the pattern matches anywhere in `text`."""
        data, program, _ = self._prepared(text)
        return program.search(data) is not None

    def _prepared(self, text: str) -> tuple[bytes, Any, bool]:
        """Return the bytes to search, the program to search them with, and whether they are wrapped."""
        data, has_further = _encoded(text)
        if not has_further:
            return data, self._native, False
        if not self._has_boundary:
            return data, self._plain, False
        # Without its boundaries the pattern matches wherever it does with them; mostly that is nowhere.
        if not self._loose.search(data):
            return b"", self._plain, False
        return text.translate(_wrapping()).encode(), self._wrapped, True

    @cached_property
    def _tokens(self) -> tuple[_Token, ...]:
        return _Reader(self.source, ignore_case=self._ignore_case).tokens()

    @cached_property
    def _has_boundary(self) -> bool:
        return any(token.kind == "boundary" for token in self._tokens)

    @cached_property
    def _native(self) -> Any:  # noqa: ANN401  re2 has no types
        """The source as RE2 itself reads it: where a text has only ASCII words that is the same, and far quicker to build."""
        return self._compiled(self.source, _PLAIN_MEMORY)

    @cached_property
    def _plain(self) -> Any:  # noqa: ANN401  re2 has no types
        return self._compiled("".join(token.source for token in self._tokens), _PLAIN_MEMORY)

    @cached_property
    def _loose(self) -> Any:  # noqa: ANN401  re2 has no types
        zero_width = ("boundary", "anchor")
        return self._compiled(
            "".join("(?:)" if token.kind in zero_width else token.source for token in self._tokens), _PLAIN_MEMORY
        )

    @cached_property
    def _wrapped(self) -> Any:  # noqa: ANN401  re2 has no types
        return self._compiled("".join(map(_wrapped_token, self._tokens)), _WRAPPED_MEMORY)

    def _compiled(self, expression: str, memory: int) -> Any:  # noqa: ANN401  re2 has no types
        try:
            return _program(expression, ignore_case=self._ignore_case, memory=memory)
        except re2.error as error:
            reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
            fragment = reason.rpartition(": ")[2]
            position = max(0, self.source.find(fragment))
            message = f"RE2 cannot read it: {reason}"
            raise DialectError(message, position, _advice(reason)) from None


def _reported(found: Any, group: int | None) -> tuple[int, int]:  # noqa: ANN401  re2 has no types
    """Return the span of the match, or of the group that narrows it where that takes part."""
    whole: tuple[int, int] = found.span()
    if group is None:
        return whole
    start, end = found.span(group)
    return (start, end) if start < end else whole


def _program(expression: str, *, ignore_case: bool, memory: int) -> Any:  # noqa: ANN401  re2 has no types
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.max_mem = memory
    options.log_errors = False
    return re2.compile(expression.encode(), options)


def _advice(reason: str) -> str:
    if "repetition size" in reason or "too large" in reason:
        return "repeat less: at most 1000 times in all, counting repetitions inside repetitions, and fewer for classes"
    return _SYNTAX


@lru_cache(maxsize=4)
def _encoded(text: str) -> tuple[bytes, bool]:
    """Return a text as bytes, and whether it holds word characters or white space that RE2's own classes do not know."""
    if text.isascii():
        return text.encode(), bool(_ODD_SPACE.search(text))
    try:
        data = text.encode()
    except UnicodeEncodeError:
        data = _SURROGATE.sub("\ufffd", text).encode()
    return data, any(_is_further(character) for character in _NON_ASCII.findall(text))


@lru_cache(maxsize=50_000)
def _is_further(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LNMZ" or category in {"Pc", "Cc", "Cn"}


def _width(data: bytes, *, is_wrapped: bool) -> int:
    if is_wrapped:
        return len(data.decode()) - data.count(b"_")
    return len(data) if data.isascii() else len(data.decode())


_SURROGATE: Final = re.compile("[\ud800-\udfff]")

# --- reading ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of a pattern as RE2 is to read it."""

    source: str
    #: `atom` matches one character, `boundary` and `anchor` none, `syntax` is the rest.
    kind: str = "syntax"
    ignore_case: bool = False
    dot_all: bool = False
    #: The character, if the atom stands for just one.
    literal: str = ""


_SHARED: Final = r"""
    (?P<property>\\[pP](?:\{\^?\w+\}|[A-Z])) | (?P<shorthand>\\[dDsSwW])
  | (?P<literal>\\x\{[0-9A-Fa-f]{1,8}\} | \\x[0-9A-Fa-f]{2} | \\0[0-7]{0,2} | \\[afnrtv]
      | \\[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f])
"""
_PIECE: Final = re.compile(
    rf"""
    (?P<quoted>\\Q.*?(?:\\E|\Z)) | (?P<boundary>\\b) | (?P<anchor>\\[Az]|[\^$]) | {_SHARED} | (?P<escape>\\.?)
  | (?P<set>\[\^?) | (?P<named>\(\?P?<(?P<name>[A-Za-z_]\w*)>)
  | (?P<flagged>\(\?(?P<on>[imsU]*)(?:-(?P<off>[imsU]+))?(?P<end>[:)])) | (?P<special>\(\?[<P]?.?) | (?P<open>\()
  | (?P<close>\)) | (?P<possessive>(?:[*+?]|\{{\d+(?:,\d*)?\}})\+) | (?P<upto>\{{,\d+\}})
  | (?P<repeat>(?:[*+?]|\{{\d+(?:,\d*)?\}})\??) | (?P<bar>\|) | (?P<dot>\.) | (?P<character>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_MEMBER: Final = re.compile(
    rf"(?P<posix>\[:\^?\w+:\]) | {_SHARED} | (?P<escape>\\.?) | (?P<dash>-) | (?P<character>.)", re.VERBOSE | re.DOTALL
)
_CONTROL: Final = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}

_AROUND: Final = (
    "match the surroundings too and put what counts into (?P<span>...), or write a second part and `and not` it"
)
_REFUSED_GROUPS: Final = {
    "(?=": ("look-ahead", _AROUND),
    "(?!": ("negative look-ahead", _AROUND),
    "(?<=": ("look-behind", _AROUND),
    "(?<!": ("negative look-behind", _AROUND),
    "(?>": ("an atomic group", "write (?:...): nothing here ever backtracks"),
    "(?P=": ("a back-reference", "write the alternatives out"),
    "(?P>": ("a recursive pattern", "write the levels out"),
    "(?(": ("a condition", "write the cases as alternatives"),
    "(?#": ("a comment inside the pattern", "put it after a # in the YAML file"),
}
_REFUSED_ESCAPES: Final = {
    "B": ("\\B", r"write what may stand there instead, such as \w"),
    "Z": ("\\Z", r"write \z for the end of the text"),
    "C": ("\\C, which would split characters", "write . for any character"),
    "k": ("a back-reference", "write the alternatives out"),
    "g": ("a back-reference", "write the alternatives out"),
    "u": ("\\u", r"write \x{00e9} for a character by its number"),
    "U": ("\\U", r"write \x{1f600} for a character by its number"),
    "N": ("\\N", r"write \x{1f600} for a character by its number, or [^\n]"),
    "G": ("\\G", "leave it out"),
    "": ("a lone \\ at the end", r"write \\ for the character itself"),
}


class _Reader:
    """Reads a pattern once, from left to right, with the flags that hold at each place."""

    def __init__(self, source: str, *, ignore_case: bool) -> None:
        self._source = source
        self._at = 0
        self._ignore_case = ignore_case
        self._dot_all = False
        self._outer: list[tuple[bool, bool]] = []

    def tokens(self) -> tuple[_Token, ...]:
        if found := _SURROGATE.search(self._source):
            self._refuse("half a surrogate pair", "remove it", at=found.start())
        read: list[_Token] = []
        while piece := _PIECE.match(self._source, self._at):
            kind = next(name for name, text in piece.groupdict().items() if text is not None)
            read += getattr(self, f"_read_{kind}")(piece)
            self._at = max(self._at, piece.end())
        return tuple(read)

    def _refuse(self, what: str, hint: str, *, at: int | None = None) -> NoReturn:
        message = f"{what} cannot be used in a pattern"
        raise DialectError(message, self._at if at is None else at, hint)

    def _atom(self, source: str, literal: str = "") -> list[_Token]:
        return [_Token(source, "atom", self._ignore_case, self._dot_all, literal)]

    def _character(self, character: str) -> list[_Token]:
        return self._atom(_spelt(character), character)

    def _read_quoted(self, piece: re.Match[str]) -> list[_Token]:
        inner = piece[0][2:].removesuffix("\\E")
        return [token for character in inner for token in self._character(character)]

    def _read_boundary(self, piece: re.Match[str]) -> list[_Token]:
        return [_Token(piece[0], "boundary")]

    def _read_anchor(self, piece: re.Match[str]) -> list[_Token]:
        return [_Token(piece[0], "anchor")]

    def _read_property(self, piece: re.Match[str]) -> list[_Token]:
        return self._atom(f"[{piece[0]}]")

    def _read_shorthand(self, piece: re.Match[str]) -> list[_Token]:
        return self._atom(f"[{_shorthand(piece[0])}]")

    def _read_literal(self, piece: re.Match[str]) -> list[_Token]:
        return self._character(self._unescaped(piece[0], self._at))

    def _read_character(self, piece: re.Match[str]) -> list[_Token]:
        return self._character(piece[0])

    def _read_dot(self, piece: re.Match[str]) -> list[_Token]:
        return self._atom(piece[0])

    def _read_repeat(self, piece: re.Match[str]) -> list[_Token]:
        return [_Token(piece[0])]

    _read_bar = _read_repeat

    def _read_named(self, piece: re.Match[str]) -> list[_Token]:
        self._outer.append((self._ignore_case, self._dot_all))
        return [_Token(piece[0] if piece["name"] == "span" else "(?:")]

    def _read_open(self, _piece: re.Match[str]) -> list[_Token]:
        self._outer.append((self._ignore_case, self._dot_all))
        return [_Token("(?:")]

    def _read_flagged(self, piece: re.Match[str]) -> list[_Token]:
        if piece["end"] == ":":
            self._outer.append((self._ignore_case, self._dot_all))
        on, off = piece["on"], piece["off"] or ""
        self._ignore_case = "i" not in off and ("i" in on or self._ignore_case)
        self._dot_all = "s" not in off and ("s" in on or self._dot_all)
        return [_Token(piece[0])]

    def _read_close(self, piece: re.Match[str]) -> list[_Token]:
        if not self._outer:
            self._refuse("a ) without its (", r"write \) for the character itself")
        self._ignore_case, self._dot_all = self._outer.pop()
        return [_Token(piece[0])]

    def _read_special(self, piece: re.Match[str]) -> NoReturn:
        for opening, (what, hint) in _REFUSED_GROUPS.items():
            if piece[0].startswith(opening):
                self._refuse(what, hint)
        self._refuse(f"a group that begins with {piece[0]}", _SYNTAX)

    def _read_possessive(self, _piece: re.Match[str]) -> NoReturn:
        self._refuse("a possessive repetition", "leave out the second +: nothing here ever backtracks")

    def _read_upto(self, piece: re.Match[str]) -> NoReturn:
        self._refuse(piece[0], f"write {{0{piece[0][1:]}")

    def _read_escape(self, piece: re.Match[str], at: int | None = None) -> NoReturn:
        letter = piece[0][1:]
        if letter.isdigit():
            self._refuse("a back-reference", "write the alternatives out", at=at)
        what, hint = _REFUSED_ESCAPES.get(letter, (piece[0], _SYNTAX))
        self._refuse(what, hint, at=at)

    def _read_set(self, opening: re.Match[str]) -> list[_Token]:
        parts = [opening[0]]
        at = first = opening.end()
        while True:
            member = _MEMBER.match(self._source, at)
            if not member:
                self._refuse("a [ without its ]", r"write \[ for the character itself")
            at = member.end()
            if member[0] == "]" and member.start() > first:
                self._at = at
                return self._atom("".join(parts) + "]")
            parts.append(self._member(member))

    def _member(self, member: re.Match[str]) -> str:
        kind = member.lastgroup
        if kind == "escape":
            if member[0] == "\\b":
                self._refuse("\\b inside [...]", "a word boundary is no character: move it out", at=member.start())
            self._read_escape(member, member.start())
        if kind == "shorthand":
            return _shorthand(member[0])
        if kind in {"literal", "character"}:
            return _spelt(self._unescaped(member[0], member.start()))
        return member[0]

    def _unescaped(self, text: str, at: int) -> str:
        if text[0] != "\\":
            return text
        if text[1] not in "x0":
            return _CONTROL.get(text[1], text[1])
        code = int(text[2:].strip("{}"), 16) if text[1] == "x" else int(text[1:], 8)
        if code > _LAST or code in _SURROGATES:
            self._refuse(f"{text}, which is no character,", "numbers go up to 10ffff, without d800 to dfff", at=at)
        return chr(code)


def _spelt(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character
    return f"\\x{{{ord(character):x}}}"


def _shorthand(escape: str) -> str:
    """Return the inside of a class that is a shorthand's meaning; a complement has to be written out."""
    if escape in {"\\d", "\\D"}:
        return escape.replace("d", "p{Nd}").replace("D", "P{Nd}")
    inside = _WORD if escape in {"\\w", "\\W"} else _SPACE
    return inside if escape[1].islower() else _inside(_rest(_ranges(f"[{inside}]", ignore_case=False)))


# --- wrapping -----------------------------------------------------------------------------------------------------

_LAST: Final = 0x10FFFF
_BEYOND_ASCII: Final = 0x80
_SURROGATES: Final = range(0xD800, 0xE000)
#: Flipped in the code points of wrapped characters. Planes 4 to 13 have none of their own; a text that claims one
#: there has it read as U+FFFD.
_MOVE: Final = 0x80000
_VACANT: Final = range(0x40000, 0xE0000)


@lru_cache(maxsize=1)
def _alphabets() -> tuple[str, str]:
    """Return every character before and after the vacant planes."""
    low = "".join(chr(code) for code in range(_VACANT.start) if code not in _SURROGATES)
    return low, "".join(map(chr, range(_VACANT.stop, _LAST + 1)))


@lru_cache(maxsize=1024)
def _ranges(atom: str, *, ignore_case: bool) -> Ranges:
    """Ask RE2 itself which characters `atom` matches, so that both its tables of Unicode and ours are the same."""
    runs = _program(f"(?:{atom})+", ignore_case=ignore_case, memory=_PLAIN_MEMORY)
    low, high = _alphabets()
    found: list[tuple[int, int]] = []
    for alphabet in (low, high):
        data = alphabet.encode()
        done = characters = 0
        for run in runs.finditer(data):
            characters += len(data[done : run.start()].decode())
            first, characters = characters, characters + len(data[run.start() : run.end()].decode())
            done = run.end()
            found.append((ord(alphabet[first]), ord(alphabet[characters - 1])))
    return tuple(found)


def _rest(ranges: Ranges) -> Ranges:
    edges = [-1, *(edge for pair in ranges for edge in pair), _LAST + 1]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple((before + 1, after - 1) for before, after in pairs if before + 1 < after)


def _common(some: Ranges, others: Ranges) -> Ranges:
    found = []
    rest = list(reversed(others))
    for first, last in some:
        while rest and rest[-1][1] < first:
            rest.pop()
        for low, high in reversed(rest):
            if low > last:
                break
            found.append((max(first, low), min(last, high)))
    return tuple(found)


def _inside(ranges: Ranges) -> str:
    return "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in ranges)


@lru_cache(maxsize=1)
def _moved_ranges() -> Ranges:
    """Return the characters that get wrapped: the underscore and every word character beyond ASCII."""
    words = _ranges(f"[{_WORD}]", ignore_case=False)
    return ((ord("_"), ord("_")), *((first, last) for first, last in words if first >= _BEYOND_ASCII))


class _Wrapping(dict[int, str]):
    """The translation of a text into a wrapped one, worked out once for each character; at most as large as Unicode."""

    def __missing__(self, code: int) -> str:
        """Work out, remember and return what `code` becomes."""
        ranges = _moved_ranges()
        nearest = bisect_right(ranges, (code, _LAST)) - 1
        wrapped = chr(code)
        if code in _VACANT or code in _SURROGATES:
            wrapped = "\ufffd"
        elif nearest >= 0 and code <= ranges[nearest][1]:
            wrapped = f"_{chr(code ^ _MOVE)}_"
        self[code] = wrapped
        return wrapped


@lru_cache(maxsize=1)
def _wrapping() -> _Wrapping:
    return _Wrapping()


def _wrapped_token(token: _Token) -> str:
    if token.kind != "atom":
        return token.source
    if not token.literal:
        flags = "s" if token.dot_all else "-s"
        return _wrapped_atom(f"(?{flags}:{token.source})", ignore_case=token.ignore_case)
    # k and s are the ASCII letters with a case form beyond ASCII: the Kelvin sign and the long s.
    if token.literal.isascii() and token.literal != "_" and not (token.ignore_case and token.literal in "kKsS"):
        return token.source
    return _wrapped_atom(token.source, ignore_case=token.ignore_case)


@lru_cache(maxsize=1024)
def _wrapped_atom(atom: str, *, ignore_case: bool) -> str:
    """Return a pattern for one character of a wrapped text that `atom` matches in the plain one."""
    ranges = _ranges(atom, ignore_case=ignore_case)
    moved = _moved_ranges()
    gap = (_VACANT.start, _VACANT.stop - 1)
    plain = _widened(ranges, _rest(moved), apart=((ord("_"), ord("_")), gap))
    wrapped = tuple((first ^ _MOVE, last ^ _MOVE) for first, last in _widened(ranges, moved, apart=(gap,)))
    choices = [f"[{_inside(plain)}]"] if plain else []
    choices += [f"_[{_inside(tuple(sorted(wrapped)))}]_"] if wrapped else []
    return f"(?-i:{'|'.join(choices)})" if choices else r"[^\x00-\x{10ffff}]"


def _widened(ranges: Ranges, relevant: Ranges, *, apart: Ranges) -> Ranges:
    """Cut `ranges` to what is relevant, then join neighbours with nothing else relevant, and none of `apart`, between.

    Characters that cannot occur may fall into either side, so most classes come out as a handful of ranges.
    """
    outside = (*_common(_rest(ranges), relevant), *apart)
    inside = [piece for piece in _common(ranges, relevant) if piece not in apart]
    edges = sorted([(*piece, True) for piece in inside] + [(*piece, False) for piece in outside])
    joined: list[tuple[int, int]] = []
    follows = False
    for first, last, belongs in edges:
        if belongs:
            joined[-1:] = [(joined[-1][0], last)] if follows else [*joined[-1:], (first, last)]
        follows = belongs
    return tuple(joined)
