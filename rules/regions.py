"""Parts of a text that are not its author's own plain words: quotes, signatures, disclaimers, code, links, hashtags.

Works on the raw text; spans are half-open code points of it. Everything is found on first use, behind a cheap test,
and in linear time. Knows no rule.
"""
# ruff: noqa: RUF001  typographic characters are data

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Final

from rules.dialect import Pattern

Span = tuple[int, int]
Spans = tuple[Span, ...]


class Regions:
    """The regions of one text, by name. The text never shows in a repr."""

    def __init__(self, raw: str) -> None:
        self._raw = raw
        self._found: dict[str, Spans] = {}

    def of(self, name: str) -> Spans:
        """Return the spans of one kind of region in text order, none overlapping; empty where the text has none.

        Raises ValueError for a name that is not in `REGION_NAMES`.
        """
        if name not in self._found:
            if name not in _FINDERS:
                message = f"unknown region {name!r}; there are {', '.join(REGION_NAMES)}"
                raise ValueError(message)
            self._found[name] = _joined(_FINDERS[name](self))
        return self._found[name]

    @property
    def raw(self) -> str:
        """The text itself."""
        return self._raw

    def block_edges(self) -> tuple[int, ...]:
        """Return where quotes, signatures, disclaimers and blocks of code start and end, in order, each once."""
        return self._block_edges

    def sentence_edges(self) -> tuple[int, ...]:
        """Return where sentences end (just after their full stop, or at an empty line), in order."""
        return self._sentence_edges

    @cached_property
    def _block_edges(self) -> tuple[int, ...]:
        blocks = (*self.of("quoted"), *self.of("signature"), *self.of("disclaimer"), *_code_blocks(self._raw))
        return tuple(sorted({edge for span in blocks for edge in span}))

    @cached_property
    def _sentence_edges(self) -> tuple[int, ...]:
        return tuple(_sentence_ends(self._raw))


def find_regions(raw: str) -> Regions:
    """Return the regions of `raw`; nothing is searched before it is asked for."""
    return Regions(raw)


def _joined(spans: Iterable[Span]) -> Spans:
    """Put spans in order and join those that overlap or touch."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif start < end:
            joined.append((start, end))
    return tuple(joined)


# --- words and sentences ------------------------------------------------------------------------------------------

_ASCII_WORD: Final = re.compile(r"\w+(?:'\w+)*")
# Joiners and soft hyphens that nobody sees do not part a word.
_INNER: Final = r"['’\x{ad}\x{200b}-\x{200d}\x{2060}\x{feff}]"


@lru_cache(maxsize=1)
def _word() -> Pattern:
    return Pattern(rf"\w+(?:{_INNER}+\w+)*")


def word_spans(raw: str) -> list[Span]:
    """Return the words of a text in order: letters, digits, marks and connectors, with apostrophes inside."""
    if raw.isascii():
        return [found.span() for found in _ASCII_WORD.finditer(raw)]
    return list(_word().spans(raw))


_SENTENCE_END: Final = re.compile(
    r"""
    (?<![.!?…])[.!?…]++["'”’»)\]]*+(?=\s|\Z)
  | [。！？｡؟۔।]++["'”’»」』）)]*+
  | \n[^\S\n]*+\n\s*+
    """,
    re.VERBOSE,
)
_ABBREVIATIONS: Final = frozenset(
    """
    mr mrs ms dr prof st sr jr vs etc inc ltd corp llc plc nr approx ca cf e.g i.e eg ie dept est gen gov hon mt pp ph.d
    u.s u.k vol a.m p.m jan feb apr jun jul aug sep sept oct nov dec z.b d.h bzw usw evtl ggf inkl sog tel
    """.split()  # noqa: SIM905  a list of words reads better
)
_LAST_WORD: Final = re.compile(r"[^\W_]+(?:\.[^\W_]+)*\Z")
_LONGEST_ABBREVIATION: Final = 8


def _sentence_ends(raw: str) -> Iterator[int]:
    for found in _SENTENCE_END.finditer(raw):
        if found[0] != "." or not _is_abbreviated(raw, found.start()):
            yield found.end()


def _is_abbreviated(raw: str, stop: int) -> bool:
    """Tell whether the full stop at `stop` belongs to an abbreviation or an initial."""
    word = _LAST_WORD.search(raw[max(0, stop - _LONGEST_ABBREVIATION) : stop])
    if not word:
        return False
    return word[0].lower() in _ABBREVIATIONS or (len(word[0]) == 1 and word[0].isupper() and word[0] != "I")


# --- quotes -------------------------------------------------------------------------------------------------------

_QUOTE: Final = re.compile(r"^[^\S\n]*>.*\n?", re.MULTILINE)
# The line that mail programs put before a quote, here and there wrapped into two.
_INTRODUCED: Final = re.compile(r"[^\S\n]*(?:On|Am|Le|El|Il|Op|Em)\b")
_WROTE: Final = re.compile(r"\b(?:wrote|a écrit|escribió|ha scritto|escreveu|(?:schrieb|schreef)[^\n]{0,80})\s?:\Z")
_LONGEST_INTRODUCTION: Final = 400
_FORWARDED: Final = re.compile(
    r"^[^\S\n]*(?:-{2,}[^\S\n]*(?:Original Message|Forwarded message|Original Appointment"
    r"|Urspr(?:ü|ue)ngliche Nachricht|Weitergeleitete Nachricht|Message d'origine|Message transféré|Mensaje original"
    r"|Messaggio originale)[^\S\n]*-{2,}"
    r"|Begin forwarded message:)[^\S\n]*$",
    re.MULTILINE | re.IGNORECASE,
)


def _quoted(regions: Regions) -> Iterator[Span]:
    raw = regions.raw
    if ">" in raw:
        done = 0
        for found in _QUOTE.finditer(raw):
            if found.start() > done or not done:
                yield from _introduced(raw, found.start())
            yield found.span()
            done = found.end()
    forwarded = _FORWARDED.search(raw) if "--" in raw or "forwarded" in raw else None
    if forwarded:
        yield forwarded.start(), len(raw)


def _introduced(raw: str, quote: int) -> Iterator[Span]:
    """Yield the "On … wrote:" before a quote; looked for in the two lines of text before it only."""
    before = raw[max(0, quote - _LONGEST_INTRODUCTION) : quote].rstrip()
    if not before.endswith(":"):
        return
    last = before.rfind("\n") + 1
    if not _WROTE.search(before, last):
        return
    for start in (last, before.rfind("\n", 0, max(0, last - 1)) + 1):
        if _INTRODUCED.match(before, start):
            yield max(0, quote - _LONGEST_INTRODUCTION) + start, quote
            return


# --- signatures ---------------------------------------------------------------------------------------------------

_DELIMITER: Final = re.compile(r"^-- ?\r?$", re.MULTILINE)
_SENT_FROM: Final = re.compile(
    r"^[^\S\n]*(?:Sent from (?:my |[^\n]{0,20}\bfor\b)|Get Outlook for |Von meinem |Gesendet von "
    r"|Envoyé de(?:puis)? mon |Enviado desde mi )[^\n]{1,60}$",
    re.MULTILINE | re.IGNORECASE,
)


def _signature(regions: Regions) -> Iterator[Span]:
    raw = regions.raw
    if "--" in raw and (delimiter := _delimiter(raw)):
        quotes = (start for start, _ in regions.of("quoted") if start > delimiter.start())
        yield delimiter.start(), next(quotes, len(raw))
    for found in _SENT_FROM.finditer(raw):
        yield found.span()


def _delimiter(raw: str) -> re.Match[str] | None:
    """Find the first delimiter with a text before it; nobody signs nothing, but somebody may hide a text like that."""
    written = len(raw) - len(raw.lstrip())
    return next((found for found in _DELIMITER.finditer(raw) if found.start() > written), None)


# --- disclaimers --------------------------------------------------------------------------------------------------

_PARAGRAPH: Final = re.compile(r"\S[^\n]*+(?:\n[^\S\n]*+\S[^\n]*+)*+")
# What companies put under their mail. Each makes its sentence a disclaimer; what stands between two of them in one
# paragraph is part of it, what stands before and after is not, or a notice could hide the text around it.
_NOTICE: Final = re.compile(
    r"""
    \bthis\s(?:e-?mail|message|communication|transmission)\b[^.\n]{0,40}\b(?:and|including|or)\b[^.\n]{0,20}
        \b(?:attachment|attached|file|enclosure)
  | \bintended\s(?:solely\s|only\s|exclusively\s)?for\s(?:the\s)?(?:sole\s|exclusive\s)?(?:use\s(?:of|by)\s)?
        (?:the\s)?(?:\w+\s){0,2}(?:addressees?|recipients?|individual|person|entity)\b
  | \bif\syou\s(?:are\snot|aren't|have\sreceived|received|are\sneither)\b[^.]{0,60}
        \b(?:recipient|addressee|in\serror|by\smistake)
  | \b(?:unauthori[sz]ed|any)\s(?:use|review|disclosure|copying|distribution|dissemination)\b[^.]{0,120}
        \b(?:prohibited|forbidden|unlawful)
  | \b(?:does|do)(?:\snot|n't)\s(?:necessarily\s)?(?:represent|reflect)\b[^.]{0,60}
        \b(?:views|opinions?|positions?|policy)
  | \b(?:does|do)(?:\snot|n't)\sconstitute\b[^.]{0,60}\b(?:advice|offer|recommendation)
  | \bdiese\s(?:e-?mail|nachricht)\b[^.]{0,60}\bvertrauliche
  | \bce\s(?:message|courriel)\b[^.]{0,60}\bpièces?\sjointes?
  | \b(?:views?|opinions?|thoughts|tweets|posts)(?:\s(?:expressed|stated|posted|here|shared|on\sthis\s\w+)){0,3}
        (?:\s(?:are|is|=))?\s(?:(?:strictly|solely|entirely|purely|all|just|only)\s)?
        (?:my\sown|mine|personal|not\s(?:those|necessarily)|those\sof\sthe\s(?:author|individual|speaker|writer))\b
  | \b(?:views|opinions)\s(?:expressed|stated)\s(?:here|in\sthis|on\sthis|by\sme)
  | \bnot\s(?:financial|investment|legal|tax|medical)(?:\sor\s(?:financial|investment|legal|tax|medical))?\sadvice\b
  | \bpast\sperformance\b[^.\n]{0,40}\b(?:no|not|isn't|never)\b[^.\n]{0,40}\b(?:guide|guarantee|indicat|reliable)
  | \bcapital\s(?:is\s)?at\srisk\b
  | \bvalue\sof\s(?:your\s)?investments?\b[^.\n]{0,60}\b(?:fall|go\sdown)
  | \b(?:retweets?|rts?|likes?|follows?|reposts?)\b[^.\n]{0,30}(?:\bnot\b|≠|!=)[^.\n]{0,12}\bendorse
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Ends what a disclaimer says in a post or a profile: a divider, or a line too short to have been wrapped.
_CLAUSE_END: Final = re.compile(r"[|•·]\s*+|^[^\n]{0,59}\n\s*+", re.MULTILINE)
_LABEL: Final = re.compile(
    r"^[^\S\n]*[*_]*(?:Legal |Important |Risk |E-?mail )?"
    r"(?:Disclaimer|(?:Confidentiality|Privacy|Legal) (?:Notice|Note)|Haftungsausschluss|Risk Warning)"
    r"[*_]*[^\S\n]*:[^\n]*",
    re.IGNORECASE | re.MULTILINE,
)


def _disclaimer(regions: Regions) -> Iterator[Span]:
    raw = regions.raw
    for found in _LABEL.finditer(raw):
        yield found.span()
    notices = [found.span() for found in _NOTICE.finditer(raw)]
    if not notices:
        return
    paragraphs = [found.span() for found in _PARAGRAPH.finditer(raw)]
    starts = [start for start, _ in paragraphs]
    around: dict[Span, tuple[int, int]] = {}
    for first, last in notices:
        paragraph = paragraphs[bisect_right(starts, first) - 1]
        around[paragraph] = around.get(paragraph, (first, last))[0], last
    edges = sorted({*regions.sentence_edges(), *(found.end() for found in _CLAUSE_END.finditer(raw))})
    for paragraph, (first, last) in around.items():
        start, end = _whole_sentences(first, last, edges, within=paragraph)
        inside = raw[start:end]
        yield start + len(inside) - len(inside.lstrip()), start + len(inside.rstrip())


def _whole_sentences(first: int, last: int, edges: Sequence[int], *, within: Span) -> Span:
    before, after = bisect_right(edges, first), bisect_left(edges, last)
    start = max(within[0], edges[before - 1]) if before else within[0]
    end = min(within[1], edges[after]) if after < len(edges) else within[1]
    return start, max(last, end)


# --- code, links, hashtags ----------------------------------------------------------------------------------------

_FENCE: Final = "```"
_INLINE: Final = re.compile(r"`[^`\n]+`")
_INDENTED: Final = re.compile(r"(?:(?<=\n\n)|(?<=\n\r\n)|\A)(?:(?: {4}|\t)[^\n]*(?:\n|\Z))+")


def _code(regions: Regions) -> Iterator[Span]:
    raw = regions.raw
    blocks = _joined(_code_blocks(raw))
    yield from blocks
    if "`" in raw:
        done = 0
        for start, end in (*blocks, (len(raw), len(raw))):
            yield from (found.span() for found in _INLINE.finditer(raw, done, start))
            done = end


def _code_blocks(raw: str) -> Iterator[Span]:
    """Yield fenced and indented blocks. A fence that is never closed fences nothing: it would hide all that follows."""
    at = raw.find(_FENCE)
    while at >= 0 and (close := raw.find(_FENCE, at + len(_FENCE))) >= 0:
        yield at, close + len(_FENCE)
        at = raw.find(_FENCE, close + len(_FENCE))
    if "    " in raw or "\t" in raw:
        for found in _INDENTED.finditer(raw):
            if found[0].strip():
                yield found.span()


_LINK: Final = re.compile(
    r"""
    (?:\bhttps?://|\bwww\.)[^\s<>"“”]+
  | (?<![\w.@/-])(?:\w[\w-]*\.)+[^\W\d_]{2,24}(?::\d{1,5})?/[^\s<>"“”]*
    """,
    re.IGNORECASE | re.VERBOSE,
)
_TRAILING: Final = ".,;:!?'’»*_~…"
_BRACKETS: Final = {")": "(", "]": "[", "}": "{"}


def _link(regions: Regions) -> Iterator[Span]:
    raw = regions.raw
    if "/" in raw or "www." in raw.lower():
        for found in _LINK.finditer(raw):
            yield found.start(), found.start() + _link_length(found[0])


def _link_length(link: str) -> int:
    """Leave off what closes the sentence or the bracket that the link stands in."""
    surplus = {close: link.count(close) - link.count(opening) for close, opening in _BRACKETS.items()}
    end = len(link)
    while end and (link[end - 1] in _TRAILING or surplus.get(link[end - 1], 0) > 0):
        end -= 1
        if link[end] in surplus:
            surplus[link[end]] -= 1
    return end


_HASHTAG: Final = re.compile(r"(?<!\S)[#＃][^\s#＃.,;:!?()]+[,;]?")
_MANY_HASHTAGS: Final = 3


def _hashtags(regions: Regions) -> Iterator[Span]:
    raw = regions.raw
    if raw.count("#") + raw.count("＃") < _MANY_HASHTAGS:
        return
    end = start = len(raw.rstrip())
    run = 0
    for tag in reversed(list(_HASHTAG.finditer(raw))):
        if raw[tag.end() : start].strip() or tag.end() > start:
            break
        start = tag.start()
        run += 1
    if run >= _MANY_HASHTAGS:
        yield start, end


_FINDERS: Final[dict[str, Callable[[Regions], Iterator[Span]]]] = {
    "quoted": _quoted,
    "signature": _signature,
    "disclaimer": _disclaimer,
    "code": _code,
    "link": _link,
    "hashtags": _hashtags,
}
#: The regions that there are.
REGION_NAMES: Final = tuple(_FINDERS)
