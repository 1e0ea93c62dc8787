"""Presidio with our configuration: the one place that knows it. Texts in, spans of that text out; nothing leaves the process.

Its recognisers bring patterns and checksums; scores, words beside a match, overlaps and time limits are ours. Its
package imports spaCy, so the recognisers' modules are loaded beside the package instead of through it.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import re
import string
import sys
import threading
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from ipaddress import ip_interface
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import re2

from rules.beside import Phrases, nearest, phrases, stem, tokens_of
from rules.phones import phones
from rules.pii_kinds import AGAINST, KINDS, VERY_WEAK, Kind

#: Seconds that one pattern may take on one chunk; then the document counts as not evaluated.
TIMEOUT: Final = 1.0
#: Long texts are read in chunks of so many characters, each with its surroundings of so many.
_CHUNK, _MARGIN = 4096, 320
#: What a word beside a match adds, and the least score that it gives (Presidio's `context_similarity_factor` and
#: `min_score_with_context_similarity`).
_WORD_ADDS, _WORD_LEAST = 0.35, 0.6
#: How many words before and after a match may speak for it, and how many before it against it.
_BEFORE, _AFTER, _AGAINST = 8, 3, 3
#: RFC 5321: a local part of at most 64, a domain of at most 255.
_LOCAL, _DOMAIN = 64, 255
#: RFC 2606: never registered, so not on the list of public suffixes; people write them where an address is meant.
_RESERVED: Final = frozenset({"example", "test", "invalid"})
#: A checksum on a pattern that says next to nothing: below every threshold without a word beside it.
_WEAK_PATTERN_CHECKED: Final = 0.4
#: How much surer than another kind a guess must be to count instead of it.
_YIELDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a kind of personal data stands in the text that was searched, and how its score came about."""

    start: int
    end: int
    kind: str
    score: float
    #: Names patterns and words of ours, never the text.
    reason: str


@lru_cache(maxsize=8)
def find(text: str) -> tuple[Hit, ...]:
    """Return everything in `text`, in order and without overlaps.

    Raises TimeoutError where a pattern takes too long, and whatever a recogniser raises.
    """
    found: set[Hit] = set()
    text = text if text.isascii() else _FOREIGN.sub(_ascii_twin, text)
    for low in range(0, max(len(text), 1), _CHUNK):
        first, last = max(0, low - _MARGIN), min(len(text), low + _CHUNK + _MARGIN)
        for hit in _in_chunk(text[first:last], text, first):
            if low <= hit.start < low + _CHUNK:
                found.add(hit)
    return _without_overlaps(found)


@lru_cache(maxsize=64)
def possible(text: str) -> frozenset[str]:
    """Return the kinds that could be in `text`; too many rather than too few."""
    if _CAUSE.search(text) is None:
        return frozenset()
    bones = skeleton(text)
    names, needs = _needs()
    found = {names[index] for index in needs.Match(bones) or ()}
    waiting = [name for name in found if KINDS[name].needs_word]
    if waiting:
        plain = text.casefold()
        found -= {name for name in waiting if not any(word in plain for word in _hints(name))}
    return frozenset(found)


_CAUSE: Final = re.compile(r"[\d@]|[0-9a-fA-F]{2}[:-][a-fA-F]{2}[:-]|[a-fA-F]{4}\.[a-fA-F]{4}\.|:[a-fA-F]")


def skeleton(text: str) -> str:
    """Return `text` in ASCII, one for one: other digits as 0, other letters and marks as a, all else as a space."""
    return text if text.isascii() else _FOREIGN.sub(_bone, text)


def _ascii_twin(found: re.Match[str]) -> str:
    """Return the ASCII digit of the same value, or the letter that it is without case: what checksums can read."""
    value = unicodedata.decimal(found[0], None)
    return _TWINS.get(found[0], found[0]) if value is None else str(value)


_TWINS: Final = {"\u0131": "i", "\u0130": "I", "\u017f": "s", "\u212a": "K"}
_FOREIGN: Final = re.compile(r"[^\x00-\x7f]")


def _bone(found: re.Match[str]) -> str:
    category = unicodedata.category(found[0])
    return "0" if category == "Nd" else "a" if category[0] in "LMN" or category == "Pc" else " "


@cache
def _needs() -> tuple[tuple[str, ...], Any]:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    needs = re2.Set.SearchSet(options)
    for kind in KINDS.values():
        needs.Add(kind.need)
    needs.Compile()
    return tuple(KINDS), needs


@cache
def _hints(name: str) -> frozenset[str]:
    """Return, for each phrase of a kind, a stem that must be in the text."""
    return frozenset(max(map(stem, tokens_of(phrase)), key=len) for phrase in KINDS[name].words)


def _in_chunk(chunk: str, text: str, offset: int) -> Iterator[Hit]:
    for name in sorted(possible(chunk)):
        kind = KINDS[name]
        best: dict[tuple[int, int], tuple[float, str]] = {}
        for start, end, score, reason in _raw(kind, chunk):
            if score > best.get((start, end), (0.0, ""))[0]:
                best[start, end] = score, reason
        for (start, end), (score, reason) in best.items():
            hit = _weighed(kind, text, start + offset, end + offset, score=score, reason=reason)
            if hit.score >= kind.threshold:
                yield hit


def _raw(kind: Kind, chunk: str) -> Iterator[tuple[int, int, float, str]]:
    """Yield start, end, score and reason before the words beside them are weighed."""
    if kind.name == "PHONE_NUMBER":
        yield from phones(chunk, skeleton(chunk))
    elif kind.name == "IBAN_CODE":
        yield from _ibans(kind, chunk)
    elif kind.name == "EMAIL_ADDRESS":
        yield from _mails(kind, chunk)
    elif kind.name in {"IP_ADDRESS", "MAC_ADDRESS"}:
        yield from _addresses(kind, chunk)
    else:
        yield from _patterns(kind, chunk)


def _patterns(kind: Kind, chunk: str) -> Iterator[tuple[int, int, float, str]]:
    recogniser = _recogniser(kind.name)
    for pattern, compiled in _compiled(kind.name):
        for match in compiled.finditer(chunk, timeout=TIMEOUT):
            yield from _checked(kind, recogniser, pattern, match[0], match.start())


def _checked(kind: Kind, recogniser: Any, pattern: Any, text: str, start: int) -> Iterator[tuple[int, int, float, str]]:  # noqa: ANN401 - Presidio's own classes, loaded late
    """Yield one match of a pattern unless its checksum or the recogniser's own exceptions refuse it."""
    if not text:
        return
    valid = recogniser.validate_result(text)
    if valid is False or recogniser.invalidate_result(text):
        return
    score, reason = pattern.score, f"pattern '{pattern.name}' {pattern.score:.2f}"
    if valid:
        # A pattern that says next to nothing needs a word besides.
        score = kind.checked if pattern.score >= VERY_WEAK else min(kind.checked, _WEAK_PATTERN_CHECKED)
        reason += f", checked {score:.2f}"
    yield start, start + len(text), score, reason


def _ibans(kind: Kind, chunk: str) -> Iterator[tuple[int, int, float, str]]:
    """Presidio's way: the longest of the pattern's groups whose check digits hold; small letters count as capitals."""
    recogniser = _recogniser(kind.name)
    upper = chunk.translate(_ASCII_UPPER)
    for pattern, compiled in _compiled(kind.name):
        for match in compiled.finditer(upper, timeout=TIMEOUT):
            ends = sorted({match.end(group) for group in range(1, 4) if match.end(group) > match.start()}, reverse=True)
            for end in ends:
                found = list(_checked(kind, recogniser, pattern, upper[match.start() : end], match.start()))
                if found:
                    yield from found
                    break


_ASCII_UPPER: Final = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)


def _mails(kind: Kind, chunk: str) -> Iterator[tuple[int, int, float, str]]:
    """Look around each @ only: on long runs of letters and dots the pattern is quadratic."""
    low = high = 0
    for at in re.finditer("@", chunk):
        if at.start() - _LOCAL - 1 > high:
            yield from _mails_in(kind, chunk, low, high)
            low = at.start() - _LOCAL - 1
        high = at.end() + _DOMAIN
    yield from _mails_in(kind, chunk, low, high)


def _mails_in(kind: Kind, chunk: str, low: int, high: int) -> Iterator[tuple[int, int, float, str]]:
    for start, end, score, reason in _patterns(kind, chunk[low:high]):
        yield low + start, low + end, score, reason


def _is_mail(address: str) -> bool:
    """Return whether the domain can exist, by the list of public suffixes that comes with the package; never online."""
    domain = address.rpartition("@")[2]
    suffixes = _suffixes()(domain)
    return bool(suffixes.domain and suffixes.suffix) or domain.rpartition(".")[2].casefold() in _RESERVED


@cache
def _suffixes() -> Any:  # noqa: ANN401 - loaded late
    tldextract = importlib.import_module("tldextract")
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def _addresses(kind: Kind, chunk: str) -> Iterator[tuple[int, int, float, str]]:
    """Leave out loopback, private and documentation ranges, and what is part of a version, a path or a fingerprint."""
    for start, end, score, reason in _patterns(kind, chunk):
        if _PART_OF_MORE.match(chunk, max(0, start - 1), end + 1):
            continue
        if kind.name == "IP_ADDRESS" and not _is_public(chunk[start:end]):
            continue
        if _VERSION.match(chunk, start, end):
            yield start, end, _VERSION_SCORE, f"{reason}, like a version {_VERSION_SCORE:.2f}"
        else:
            yield start, end, score, reason


def _is_public(address: str) -> bool:
    try:
        return ip_interface(address).is_global
    except ValueError:
        # Leading zeros: no address, or one that everybody reads differently.
        return False


_PART_OF_MORE: Final = re.compile(r"[-_.=v:].*|.*[-_~+:]$", re.DOTALL | re.IGNORECASE)
#: Four numbers of which the first is small: a version, unless a word says address.
_VERSION: Final = re.compile(r"\d\.")
_VERSION_SCORE: Final = 0.4


def _weighed(kind: Kind, text: str, start: int, end: int, *, score: float, reason: str) -> Hit:
    """Let the nearest word beside a match, for it or against it, move its score."""
    support = nearest(_phrases(kind.name), text, start, end, before=_BEFORE, after=_AFTER)
    against = nearest(_against(), text, start, end, before=_AGAINST, after=0) if kind.is_number else None
    if support and (against is None or support <= against):
        score = min(1.0, max(score + _WORD_ADDS, _WORD_LEAST))
        reason += f", beside '{support.phrase}' {score:.2f}"
    elif against:
        score = max(0.0, score - _WORD_ADDS)
        reason += f", after '{against.phrase}' {score:.2f}"
    return Hit(start, end, kind.name, round(score, 2), reason)


@cache
def _phrases(name: str) -> Phrases:
    return phrases(KINDS[name].words)


@cache
def _against() -> Phrases:
    return phrases(AGAINST)


@cache
def _compiled(name: str) -> tuple[tuple[Any, Any], ...]:
    """Return each pattern of a recogniser that says something, and its compiled form."""
    regex = importlib.import_module("regex")
    recogniser = _recogniser(name)
    return tuple(
        (pattern, regex.compile(pattern.regex, flags=recogniser.global_regex_flags))
        for pattern in (*recogniser.patterns, *_further(name))
        if pattern.name not in KINDS[name].skip
    )


def _further(name: str) -> list[Any]:
    pattern_class = _LOADED[f"{_PACKAGE}.pattern"].Pattern
    return [pattern_class(*pattern) for pattern in KINDS[name].patterns]


@cache
def _recogniser(name: str) -> Any:  # noqa: ANN401 - Presidio's own class, loaded late
    module, class_name = KINDS[name].place
    with _beside_package():
        made = getattr(importlib.import_module(f"{_PACKAGE}.predefined_recognizers.{module}"), class_name)()
    if name == "EMAIL_ADDRESS":
        made.validate_result = _is_mail
    return made


_PACKAGE: Final = "presidio_analyzer"
_LOCK: Final = threading.Lock()
#: What its recognisers import from the package itself, and where it is.
_OWN: Final = {
    "analysis_explanation": "AnalysisExplanation",
    "recognizer_result": "RecognizerResult",
    "entity_recognizer": "EntityRecognizer",
    "local_recognizer": "LocalRecognizer",
    "pattern": "Pattern",
    "pattern_recognizer": "PatternRecognizer",
}


@contextmanager
def _beside_package() -> Iterator[None]:
    """Make the recognisers' modules importable without the package's own start, which loads spaCy (about a second).

    Afterwards nothing of it is left in `sys.modules`: whoever imports the package gets the whole of it.
    """
    with _LOCK:
        others = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_ours(name)}
        try:
            sys.modules.update(_LOADED or _bare_packages())
            if not _LOADED:
                package = sys.modules[_PACKAGE]
                for module, name in _OWN.items():
                    setattr(package, name, getattr(importlib.import_module(f"{_PACKAGE}.{module}"), name))
            yield
        finally:
            _LOADED.update({name: sys.modules.pop(name) for name in list(sys.modules) if _is_ours(name)})
            sys.modules.update(others)


_LOADED: Final[dict[str, ModuleType]] = {}


def _is_ours(name: str) -> bool:
    return name == _PACKAGE or name.startswith(f"{_PACKAGE}.")


def _bare_packages() -> dict[str, ModuleType]:
    """Return the packages on the way to the recognisers, empty but for their place on disk."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(_PACKAGE, name=_PACKAGE)
    root = next(iter(spec.submodule_search_locations))
    below = {kind.place[0].rpartition(".")[0] for kind in KINDS.values() if kind.place[0]} | {"country_specific"}
    inner = ["predefined_recognizers", *(f"predefined_recognizers.{one}" for one in sorted(below))]
    found = {}
    for name in ("", *inner):
        module = ModuleType(f"{_PACKAGE}.{name}" if name else _PACKAGE)
        module.__path__ = [str(Path(root, *name.split(".")))]
        found[module.__name__] = module
    types_only = ModuleType(f"{_PACKAGE}.nlp_engine")
    types_only.NlpArtifacts = object  # type: ignore[attr-defined]
    found[types_only.__name__] = types_only
    # It would write texts that it cannot read to the log.
    logging.getLogger("presidio-analyzer").disabled = True
    return found


def _without_overlaps(found: Iterable[Hit]) -> tuple[Hit, ...]:
    """Keep the surest of overlapping hits; then the longer, then the kind that stands first in the table."""
    order = {name: index for index, name in enumerate(KINDS)}
    starts: list[int] = []
    kept: dict[int, Hit] = {}

    def rank(hit: Hit) -> tuple[float, int, int, int]:
        sureness = hit.score - _YIELDS * KINDS[hit.kind].yields
        return -round(sureness, 2), hit.start - hit.end, order[hit.kind], hit.start

    for hit in sorted(found, key=rank):
        at = bisect_left(starts, hit.start)
        is_free = (at == len(starts) or starts[at] >= hit.end) and (at == 0 or kept[starts[at - 1]].end <= hit.start)
        if is_free:
            starts.insert(at, hit.start)
            kept[hit.start] = hit
    return tuple(kept[start] for start in starts)
