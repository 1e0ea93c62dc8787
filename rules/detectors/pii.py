"""Personal data by its form and checksum: numbers, addresses, codes. Names of people belong to `entity`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Final

from pydantic import Field

from rules.detectors.base import Gate, KeyFault, Material, Others, Phrases, Seen, Signal, SpanKeys
from rules.document import Document
from rules.errors import did_you_mean
from rules.evaluation import Match, disguised_as
from rules.fold import Copy
from rules.pii_kinds import ELSEWHERE, GROUPS, KINDS
from rules.presidio import Hit, find, possible


class PiiKeys(SpanKeys):
    """`{pii: [PHONE_NUMBER, government-id]}`."""

    pii: Phrases = Field(description="kinds of personal data, or groups of them: contact, bank, government-id, any")


@dataclass(frozen=True)
class Pii:
    """Personal data on the light copy, through Presidio's recognisers."""

    name: ClassVar[str] = "pii"
    source: ClassVar[str] = "https://microsoft.github.io/presidio/supported_entities/"
    keys: ClassVar[type[SpanKeys]] = PiiKeys
    #: What `compliance detect` asks.
    survey: ClassVar[dict[str, Any]] = {"pii": "any"}
    matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"pii": ["US_SSN"]}, "my ssn is 536-90-4399"),
        ({"pii": ["CREDIT_CARD"]}, "Her card is 4539 5787 6362 1486 exp 09/28"),
        ({"pii": ["contact"]}, "write to dana@kestrel.example"),
        ({"pii": ["bank"]}, "GB33BUKB20201555555555"),
        ({"pii": ["PHONE_NUMBER"]}, "ring her on 07700 900417"),
    )
    non_matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"pii": ["any"]}, "Ticket 4539578763621487 is closed."),
        ({"pii": ["US_DRIVER_LICENSE"]}, "public policy M2, INTRODUCTORY"),
        ({"pii": ["EMAIL_ADDRESS"]}, "see you @noon."),
        ({"pii": ["PHONE_NUMBER"]}, "in 2019-2020 we sold 1,000,000"),
    )

    kinds: frozenset[str]

    @staticmethod
    def known_kinds() -> list[str]:
        """Return the words that `pii` takes: groups, then single kinds."""
        return [*GROUPS, *KINDS]

    @classmethod
    def build(cls, keys: PiiKeys, material: Material) -> Pii:
        """Read kinds and groups. Raises KeyFault for unknown ones."""
        del material
        found: set[str] = set()
        for index, word in enumerate(keys.pii):
            if word not in GROUPS and word not in KINDS:
                known = [*GROUPS, *KINDS]
                hint = ELSEWHERE.get(word) or did_you_mean(word, known, otherwise=f"kinds: {', '.join(known)}")
                message = f"unknown kind '{word}'"
                raise KeyFault(message, key=("pii", index), hint=hint)
            found.update(GROUPS.get(word, (word,)))
        return cls(frozenset(found))

    def see(self, document: Document, others: Others) -> Seen:
        """Everything of these kinds that no surer find of another kind covers, in order."""
        del others
        matches = tuple(match for match in _everything(document) if match.kind in self.kinds)
        return Seen(value=bool(matches), matches=matches)

    def gate(self, gate_of: Callable[[str], Gate | None]) -> Gate | None:
        """What each kind needs: so many digits in a row, an @ and a dot, a word beside it."""
        del gate_of
        return Gate(signals=frozenset(_SIGNALS[name] for name in self.kinds))


def _everything(document: Document) -> list[Match]:
    """Return what is found as it stands, and what is found in disguise where nothing as long stands, in order."""
    kept = [_match(document.light, hit) for hit in find(document.light.text)]
    for disguise in document.spelled:
        for hit in find(disguise.copy.text):
            match = _match(disguise.copy, hit, disguise.name)
            if hit.score < KINDS[hit.kind].threshold + _DOUBT * KINDS[hit.kind].yields:
                continue
            touched = [one for one in kept if one.start < match.end and match.start < one.end]
            if all(one.end - one.start < match.end - match.start for one in touched):
                kept = [one for one in kept if one not in touched] + [match]
    return sorted(kept, key=lambda match: (match.start, match.end))


#: How much surer a telephone number must be in disguise: digits far apart are scores and dates, unless a word says so.
_DOUBT: Final = 0.2
#: What a disguise takes from the confidence.
_LESS: Final = 0.1


def _match(copy: Copy, hit: Hit, disguise: str = "") -> Match:
    start, end = copy.raw_span(hit.start, hit.end)
    reason = f"{hit.reason}; {disguised_as(disguise)}" if disguise else hit.reason
    score = round(hit.score - _LESS, 2) if disguise else hit.score
    return Match(start=start, end=end, detector=Pii.name, kind=hit.kind, confidence=score, reason=reason)


def _holds(name: str, document: Document) -> bool:
    return name in possible(document.light.text) or any(name in possible(one.copy.text) for one in document.spelled)


_SIGNALS = {name: Signal(f"pii.{name}", partial(_holds, name)) for name in KINDS}
