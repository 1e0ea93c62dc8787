"""Ways of hiding a word, each undone in a further copy of the text; and what to call those that folding takes away.

A copy is made only where the text gives cause: one pass over the folded text finds all causes.
"""
# ruff: noqa: RUF001  look-alikes and separators are data

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import re2

from rules.confusables import PASSING, light_character, plain_character
from rules.fold import FOLD, Copy, Edit, Stage, edited, folded

#: Names of disguises that say little by themselves where nobody writes plain words: in links, in code, in long tokens.
BY_CHANCE: Final = frozenset({"leet", "reversed", "typo"})


@dataclass(frozen=True, slots=True)
class Disguise:
    """A further copy, with one kind of disguise undone wherever it shows."""

    copy: Copy
    #: `camel`, `leet`, `spaced`, `stretched`, `emoji`, `markup`, `hyphenated` or `broken`.
    name: str


def disguised(raw: str, base: Copy | None = None) -> tuple[Disguise, ...]:
    """Return folded copies of `raw` with disguises undone; empty for plain text, up to eight for 1 as l and as i.

    `base` is `folded(raw)` where the caller has it already. No copy equals the folded one or another.
    """
    base = base or folded(raw)
    found = _camel(raw) if "#" in raw else []
    for cause in sorted(_CAUSES.Match(base.text.encode("utf-8", "replace")) or ()):
        found += _UNDOING[cause](base, raw)
    if "\n" in raw:
        found += _rejoined(raw)
    apart: dict[str, Disguise] = {}
    for one in found:
        apart.setdefault(one.copy.text, one)
    apart.pop(base.text, None)
    return tuple(apart.values())


# --- what folding took away -----------------------------------------------------------------------------------------

_LATIN: Final = re.compile("[A-Za-zÀ-ɏ]")
_OTHER: Final = re.compile(f"[^\\x00-\\x7f{re.escape('‘’‚‛‹›ʼ´′“”„‟«»″‐‑‒–—―−⁃﹘﹣…')}]")
#: Small capitals and the like lie here; Unicode has no plain form for them.
_MARK: Final = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")


def name_of_look(written: str) -> str:
    """Return what hid a word that folding made plain: `marks`, `invisible`, `look-alikes`, `styled letters`, `width`.

    Empty for honest writing: accents however typed, typographic quotes and dashes, ligatures, joiners in scripts that
    need them.
    """
    if written.isascii() or not _OTHER.search(written):
        return ""
    others = set(_OTHER.findall(written))
    latin = _LATIN.search(folded(written).text) is not None
    if latin and _MARK.search(unicodedata.normalize("NFC", written)):
        return "marks"
    if latin and any(not light_character(one) and not unicodedata.combining(one) for one in others):
        return "invisible"
    if latin and any(one in PASSING for one in others):
        return "look-alikes"
    tags = {unicodedata.decomposition(one).partition(" ")[0] for one in others}
    if tags & {"<wide>", "<narrow>"}:
        return "width"
    changed = {one for one in others if plain_character(one) not in {"", one} and not one.isspace()}
    return "styled letters" if any("<compat>" not in unicodedata.decomposition(one) for one in changed) else ""


# --- joined hashtags ------------------------------------------------------------------------------------------------

_HASHTAG: Final = re.compile(r"(?<![\w&#])#(?=\w)(\w+)")


def _camel(raw: str) -> list[Disguise]:
    return _before(raw, _camel_edits, name="camel")


def _before(raw: str, stage: Stage, *, name: str) -> list[Disguise]:
    """Undo something in the raw text, then fold."""
    parted = edited(raw, stage(raw))
    return [] if parted == raw else [Disguise(Copy(folded(parted).text, raw, (stage, *FOLD)), name)]


def _camel_edits(text: str) -> Iterator[Edit]:
    for found in _HASHTAG.finditer(text):
        parts = list(_camel_breaks(found[1], found.start(1)))
        if parts:
            yield found.start(), found.start() + 1, ""
            yield from parts


def _camel_breaks(tag: str, start: int) -> Iterator[Edit]:
    for at, here in enumerate(tag[:-1]):
        after, later = tag[at + 1], tag[at + 2 : at + 3]
        if here == "_":
            yield start + at, start + at + 1, " "
        elif (after.isupper() and (not here.isupper() or later.islower())) or (
            at and here.isalpha() and after.isdigit()
        ):
            yield start + at, start + at + 1, here + " "


# --- digits and signs for letters -----------------------------------------------------------------------------------

_LEET: Final = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "€": "e", "!": "i"}
#: Read as l and as i, each on its own: a word may have both.
_EITHER: Final = frozenset("1|")
_LEET_WORD: Final = re.compile(r"(?:[^\W_]|[$€])(?:[^\W_]|[@$€!|]){2,}(?:[^\W_]|[$€])")
# Amounts with a unit, times, ordinals; and names that end in a number: 10am, $3bn, 100ml, sha1, q4.
_NUMBERED: Final = re.compile(r"[$€]?\d+[^\W\d_]{1,3}|[^\W\d_]{1,3}\d+")
_LEET_SIZES: Final = range(4, 31)
_LEET_EITHERS: Final = 3


def _leet(base: Copy, raw: str) -> list[Disguise]:
    words = [word for found in _LEET_WORD.finditer(base.text) if _is_leet(word := found[0])]
    eithers = min(_LEET_EITHERS, max((sum(c in _EITHER for c in word) for word in words), default=0))
    stages = [partial(_leet_edits, choice=choice) for choice in range(2**eithers)] if words else []
    return [_again(base, raw, stage, name="leet") for stage in stages]


def _is_leet(word: str) -> bool:
    """Tell a disguised word from an amount, a time, a version or an id: mostly letters, and every sign of it maps."""
    letters = sum(character.isalpha() for character in word)
    return (
        len(word) in _LEET_SIZES
        and len(word) / 2 <= letters < len(word)
        and not _NUMBERED.fullmatch(word)
        and all(character.isalpha() or character in _LEET or character in _EITHER for character in word)
    )


def _leet_edits(text: str, choice: int) -> Iterator[Edit]:
    for found in _LEET_WORD.finditer(text):
        if _is_leet(found[0]):
            yield found.start(), found.end(), _unleeted(found[0], choice)


def _unleeted(word: str, choice: int) -> str:
    letters = []
    seen = 0
    for character in word:
        if character in _EITHER:
            letters.append("li"[choice >> (seen % _LEET_EITHERS) & 1])
            seen += 1
        else:
            letters.append(_LEET.get(character, character))
    return "".join(letters)


# --- letters apart --------------------------------------------------------------------------------------------------

#: What stands between letters to part them: signs, bullets, pictures.
_PICTURES: Final = "\u2022\u25a0-\u27bf\u2300-\u23ff\u2b00-\u2bff\U0001f000-\U0001faff"
_SIGNS: Final = r"._*~|/,:;+=\u00b7\-"
_GAP: Final = f"(?: ?[{_SIGNS}{_PICTURES}]{{1,3}} ?| )"
_SPACED: Final = re.compile(rf"(?<![^\W_])[^\W\d_](?:{_GAP}[^\W\d_]){{3,}}(?![^\W_])")
_GAPS: Final = re.compile(_GAP)
#: Where some gaps are wider than others, each word needs so many letters: "e.g. i.e. U.S.A" is no word.
_LEAST_LETTERS: Final = 4


def _unspaced(base: Copy, raw: str) -> list[Disguise]:
    return [_again(base, raw, partial(_spaced_edits, base, blanks=blanks), name="spaced") for blanks in (False, True)]


def _spaced_edits(base: Copy, text: str, *, blanks: bool) -> Iterator[Edit]:
    """Join spaced letters, but keep the gaps that are wider in the raw text: those part words.

    With `blanks`, gaps without a sign part words where most have one.
    """
    for found in _SPACED.finditer(text):
        gaps = [gap.span() for gap in _GAPS.finditer(text, found.start(), found.end())]
        raws = [base.raw_span(*gap) for gap in gaps]
        narrow = min(end - start for start, end in raws)
        parting = [end - start > narrow for start, end in raws]
        if blanks:
            bare = [text[start:end] == " " for start, end in gaps]
            parting = bare if 0 < 2 * sum(bare) < len(bare) else parting
        if any(parting) and _longest_run(parting) < _LEAST_LETTERS - 1:
            continue
        yield from ((start, end, " " if parts else "") for (start, end), parts in zip(gaps, parting, strict=True))


def _longest_run(parting: list[bool]) -> int:
    longest = run = 0
    for parts in parting:
        run = 0 if parts else run + 1
        longest = max(longest, run)
    return longest


_BETWEEN: Final = re.compile(f"(?<=[^\\W\\d_])[{_PICTURES}]+(?=[^\\W\\d_])")


def _without_pictures(base: Copy, raw: str) -> list[Disguise]:
    return [_again(base, raw, _picture_edits, name="emoji")]


def _picture_edits(text: str) -> Iterator[Edit]:
    return ((*found.span(), "") for found in _BETWEEN.finditer(text))


# --- stretched letters ----------------------------------------------------------------------------------------------

_STRETCHED: Final = re.compile(r"([^\W\d_])\1{2,}")


def _unstretched(base: Copy, raw: str) -> list[Disguise]:
    return [_again(base, raw, partial(_stretched_edits, times=times), name="stretched") for times in (1, 2)]


def _stretched_edits(text: str, times: int) -> Iterator[Edit]:
    for found in _STRETCHED.finditer(text):
        yield found.start(), found.end(), found[1] * times


def _again(base: Copy, raw: str, stage: Stage, *, name: str) -> Disguise:
    return Disguise(Copy(edited(base.text, stage(base.text)), raw, (*FOLD, stage)), name)


# --- markup ---------------------------------------------------------------------------------------------------------

_TAG: Final = r"<!--[^<>]{0,80}-->|</?[a-zA-Z][^<>\n]{0,80}>"
_MARKING: Final = rf"\*{{1,3}}|_{{2,3}}|~~|`|\|\||{_TAG}"
#: A character by number, an invisible one by name, marks around part of a word, an underscore beside a word.
_MARKUP: Final = re.compile(
    r"&#(?:[xX](?P<hex>[0-9a-fA-F]{1,6})|(?P<number>[0-9]{1,7}));?|&(?:shy|zwn?j|ZeroWidthSpace);"
    rf"|(?<=[^\W_])(?:{_MARKING})(?=[^\W_])|(?<!\w)_{{1,3}}(?=[^\W_])|(?<=[^\W_])_{{1,3}}(?!\w)"
)


def _unmarked(base: Copy, raw: str) -> list[Disguise]:
    del base
    return _before(raw, markup_edits, name="markup")


def markup_edits(text: str) -> Iterator[Edit]:
    """Take away escapes and marks of HTML and Markdown that stand inside words."""
    for found in _MARKUP.finditer(text):
        digits, base = (found["hex"], 16) if found["hex"] else (found["number"], 10)
        if not digits:
            yield *found.span(), ""
        elif (code := int(digits, base)) <= _LAST_CODE and not _SURROGATES.start <= code < _SURROGATES.stop:
            yield *found.span(), chr(code)


_LAST_CODE: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)


# --- words across lines ---------------------------------------------------------------------------------------------

_HYPHENATED: Final = re.compile(r"(?<=[^\W\d_])-[ \t]*\r?\n[ \t>]*(?=[^\W\d_])")
_BROKEN: Final = re.compile(r"(?<=[^\W\d_])\r?\n[ \t>]*(?=[^\W\d_])")


def _rejoined(raw: str) -> list[Disguise]:
    found = _before(raw, _hyphen_edits, name="hyphenated") if "-" in raw else []
    return found + _before(raw, _break_edits, name="broken")


def _hyphen_edits(text: str) -> Iterator[Edit]:
    return ((*found.span(), "") for found in _HYPHENATED.finditer(text))


def _break_edits(text: str) -> Iterator[Edit]:
    return ((*found.span(), "") for found in _BROKEN.finditer(text))


_UNDOING: Final = (_leet, _without_pictures, _unspaced, _unstretched, _unmarked)
_STRETCHABLE: Final = (
    "abcdefghijklmnopqrstuvwxyzßàáâãäåæçèéêëìíîïñòóôõöøùúûüýабвгдеёжзийклмнопрстуфхцчшщъыьэюяαβγδεζηθικλμνξοπρστυφχψω"
)


def _causes() -> re2.Set:
    """Find, in one pass, which disguises a folded text may hold: in the order of `_UNDOING`, and sooner too many."""
    options = re2.Options()
    options.log_errors = False
    causes = re2.Set.SearchSet(options)
    pictures = r"\x{2022}\x{25a0}-\x{27bf}\x{2300}-\x{23ff}\x{2b00}-\x{2bff}\x{1f000}-\x{1faff}"
    signs = r"._*~|/,:;+=\x{b7}\-"
    causes.Add(r"\pL[0134578@$€!|]+\pL|[0134578$€|]\pL{2}|\pL{2}[0134578$€]")
    causes.Add(rf"\pL[{pictures}]+\pL")
    causes.Add(rf"(?:^|[^\pL\pN])\pL(?:(?: ?[{signs}{pictures}]{{1,3}} ?| )\pL){{3}}(?:$|[^\pL\pN])")
    causes.Add("|".join(letter * 3 for letter in _STRETCHABLE))
    causes.Add(
        r"&#x?[0-9a-f]|&(?:shy|zwn?j|zerowidthspace);|\pL(?:\*{1,3}|__|~~|`|\|\||<[^<>]{1,90}>)[\pL\pN]"
        r"|(?:^|[^\pL\pN_])_{1,3}[\pL\pN]|[\pL\pN]_{1,3}(?:$|[^\pL\pN_])"
    )
    causes.Compile()
    return causes


_CAUSES: Final = _causes()
