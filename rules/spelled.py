"""Values written so that no pattern reads them: addresses in words, digits in words or with odd signs between.

Makes further light copies, each only where the text gives cause. Knows no kind of personal data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

import re2

from rules.disguise import Disguise, markup_edits
from rules.fold import LIGHT, Copy, Edit, edited, light


def spelled(raw: str, base: Copy | None = None) -> tuple[Disguise, ...]:
    """Return light copies of `raw` with values spelled as usual; empty for most texts. `base` is `light(raw)`.

    Their names: `markup`, `words for signs`, `words for digits`, `odd separators`.
    """
    base = base or light(raw)
    found = []
    for cause in sorted(_causes().Match(base.text.encode("utf-8", "replace")) or ()):
        name, stage = _UNDOING[cause]
        if name == "markup":
            text = light(edited(raw, stage(raw))).text
            copy = Copy(text, raw, (stage, *LIGHT))
        else:
            copy = Copy(edited(base.text, stage(base.text)), raw, (*LIGHT, stage))
        if copy.text != base.text:
            found.append(Disguise(copy, name))
    return tuple(found)


# --- addresses ------------------------------------------------------------------------------------------------------

_OPEN, _CLOSE = r"\s{0,2}[\[({<]\s?", r"\s?[\])}>]\s{0,2}"
_AT: Final = rf"(?:{_OPEN}(?:at|@){_CLOSE}|\s{{1,2}}(?:at|@)\s{{1,2}}|@)"
_DOT: Final = rf"(?:{_OPEN}(?:dot|\.){_CLOSE}|\s{{1,2}}(?:dot|\.)\s{{1,2}}|\.)"
_ADDRESS: Final = re.compile(
    rf"(?<![\w.+-])(?P<local>[\w+-]{{1,64}}(?:{_DOT}[\w+-]{{1,64}}){{0,3}}?)(?P<at>{_AT})"
    rf"(?P<host>[\w-]{{1,63}}(?:{_DOT}[\w-]{{1,63}}){{1,4}})",
    re.IGNORECASE,
)
_DOTS: Final = re.compile(_DOT, re.IGNORECASE)
_CUE: Final = re.compile(r"(?i)e-?mail|\bmail|\bwrite\b|\breach\b|\bcontact\b|\baddress\b|\bmsg\b|\bmessage\b")
_CUE_BEFORE: Final = 40
_MAILBOXES: Final = re.compile(
    r"(?i)(?:gmail|googlemail|outlook|hotmail|live|yahoo|icloud|proton(?:mail)?|aol|gmx|web|mail)\W"
)
#: Before a plain "at" these are no mailbox: look at …, find us at …
_NO_MAILBOX: Final = frozenset(
    "us me it them him her you one look looking looked here there more out now up over back online available live found "  # noqa: SIM905
    "find visit check shop store page site website blog directly work works working was is are be been meet see "
    "mail email message contact reach write address order orders team people today".split()
)


def _address_edits(text: str) -> Iterator[Edit]:
    for found in _ADDRESS.finditer(text):
        if found["at"] != "@" and not _is_address(found, text):
            continue
        yield from _dot_edits(text, *found.span("local"))
        if found["at"] != "@":
            yield *found.span("at"), "@"
        yield from _dot_edits(text, *found.span("host"))


def _dot_edits(text: str, start: int, end: int) -> Iterator[Edit]:
    return ((*dot.span(), ".") for dot in _DOTS.finditer(text, start, end) if dot[0] != ".")


def _is_address(found: re.Match[str], text: str) -> bool:
    """Return whether an "at" in words stands for the sign: in brackets, by a free mailbox, or where mail is spoken of."""
    if found["at"].strip()[0] in "[({<":
        return True
    local = found["local"]
    if local.casefold() in _NO_MAILBOX:
        return False
    before = text[max(0, found.start() - _CUE_BEFORE) : found.start()]
    return (
        not local.replace("-", "").isalpha()
        or "@" in found["at"]
        or _MAILBOXES.match(found["host"]) is not None
        or _CUE.search(before) is not None
    )


# --- digits ---------------------------------------------------------------------------------------------------------

_DIGITS: Final = {
    word: str(value)
    for value, words in enumerate(
        ("zero oh nil nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    )
    for word in words.split()
}
_NUMBER: Final = "|".join(_DIGITS)
_GLUE: Final = r"[\s,.;/-]{1,3}"
_SPOKEN: Final = re.compile(rf"(?i)(?<!\w)(?:{_NUMBER}|\d{{1,4}})(?:{_GLUE}(?:{_NUMBER}|\d{{1,4}})){{4,}}(?!\w)")
_SPOKEN_ONE: Final = re.compile(rf"(?i){_NUMBER}|\d+")
#: So many of a run must be words, and so many digits make a value worth the name.
_LEAST_WORDS, _LEAST_DIGITS, _MOST_DIGITS = 4, 8, 34


def _spoken_edits(text: str) -> Iterator[Edit]:
    for run in _SPOKEN.finditer(text):
        pieces = [*_SPOKEN_ONE.finditer(text, run.start(), run.end())]
        words = sum(piece[0].casefold() in _DIGITS for piece in pieces)
        count = words + sum(len(piece[0]) for piece in pieces if piece[0].casefold() not in _DIGITS)
        if words < _LEAST_WORDS or not _LEAST_DIGITS <= count <= _MOST_DIGITS:
            continue
        done = run.start()
        for piece in pieces:
            if piece.start() > done:
                yield done, piece.start(), ""
            if (digit := _DIGITS.get(piece[0].casefold())) is not None:
                yield *piece.span(), digit
            done = piece.end()


_APART: Final = re.compile(r"(?<![\w.,])\d{1,6}(?:(?: ?[^\w\s]{1,3} ?| )\d{1,6}){2,}(?!\w)")
_GAP: Final = re.compile(r"(?<=\d)\D+(?=\d)")
#: What stands in numbers anyway.
_USUAL: Final = frozenset(" -")
#: A key around a digit, as emoji have it.
_KEYCAP: Final = "\u20e3"


def _apart_edits(text: str) -> Iterator[Edit]:
    """Join digits that stand one by one; put hyphens between groups."""
    for run in _APART.finditer(text):
        gaps = [gap.span() for gap in _GAP.finditer(text, run.start(), run.end())]
        count = len(run[0]) - sum(end - start for start, end in gaps)
        singly = count == len(gaps) + 1
        odd = any(text[start:end] not in _USUAL for start, end in gaps)
        if (singly or odd) and _LEAST_DIGITS <= count <= _MOST_DIGITS:
            yield from ((start, end, "" if singly else "-") for start, end in gaps)
            if text.startswith(_KEYCAP, run.end()):
                yield run.end(), run.end() + 1, ""


# --- causes ---------------------------------------------------------------------------------------------------------

_UNDOING: Final[tuple[tuple[str, Callable[[str], Iterator[Edit]]], ...]] = (
    ("markup", markup_edits),
    ("words for signs", _address_edits),
    ("words for digits", _spoken_edits),
    ("odd separators", _apart_edits),
)


@cache
def _causes() -> Any:  # noqa: ANN401 - re2 has no types
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    causes = re2.Set.SearchSet(options)
    causes.Add(r"&#x?[0-9a-f]|&(?:shy|zwn?j|zerowidthspace);")
    causes.Add(
        r"[\[({<]\s?(?:at|@)\s?[\])}>]|(?:@|\bat\b)\s{0,2}[\pL\pN_-]+\W{1,3}dot\b|\s@\s{1,2}[\pL\pN_-]|@[\pL\pN_-]+\s{1,2}\.\s|@[\pL\pN_-]+\s{0,2}[\[({<]"
    )
    causes.Add(rf"\b(?:{_NUMBER})(?:[\s,.;/-]{{1,3}}(?:{_NUMBER}|[0-9]{{1,4}})){{3}}")
    causes.Add(r"\pN(?: ?[^\pL\pN\s]{1,3} ?| )\pN{1,6}(?: ?[^\pL\pN\s]{1,3} ?| )\pN")
    causes.Compile()
    return causes
