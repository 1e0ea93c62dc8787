"""Links: any, or those to certain domains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from pydantic import Field

from rules.detectors.base import NOTHING, PLAIN, Gate, Material, Others, Phrases, Seen, SpanKeys, resolve
from rules.dialect import Pattern
from rules.document import Document
from rules.evaluation import Match

#: With a scheme or www., or a bare domain. The host is group 1 of the rest; trailing punctuation is cut afterwards.
_LINK: Final = Pattern(
    r"(?:https?://|www\.)[^\s<>\"']+|\b[\pL\pN](?:[\pL\pN-]*[\pL\pN])?(?:\.[\pL\pN](?:[\pL\pN-]*[\pL\pN])?)+(?::[0-9]+)?(?:/[^\s<>\"']*)?"
)
_TRAILING: Final = ".,;:!?)]}*_'\"…"
#: Bare names count as links only under these, or before a path; otherwise `e.g` and `node.js` would.
_COMMON: Final = frozenset(
    "com org net edu gov int io ai co uk de fr es it nl eu us ca au ch at be se no dk fi pl ie in jp br "  # noqa: SIM905 - words read better than a column of quotes
    "app dev info biz me tv ly gg news".split()
)


class LinkKeys(SpanKeys):
    """`{link: any}` or `{link: [example.com, $internal_domains]}`."""

    link: Phrases = Field(description="`any`, domains (their subdomains count too), or $lists of domains")


@dataclass(frozen=True)
class Link:
    """A link whose host is, or lies under, one of the domains."""

    name: ClassVar[str] = "link"
    source: ClassVar[str] = "https://www.rfc-editor.org/rfc/rfc3986 section 3.2.2"
    keys: ClassVar[type[SpanKeys]] = LinkKeys
    #: What `compliance detect` asks.
    survey: ClassVar[dict[str, Any]] = {"link": "any"}
    matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"link": "any"}, "see https://example.org/x."),
        ({"link": ["example.com"]}, "docs at wiki.EXAMPLE.com/page"),
    )
    non_matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"link": "any"}, "e.g. node.js at 5.30"),
        ({"link": ["example.com"]}, "https://notexample.com and example.com.evil.org"),
    )

    domains: frozenset[str]
    any: bool

    @classmethod
    def build(cls, keys: LinkKeys, material: Material) -> Link:
        """Read the domains. Raises KeyFault for an unknown list."""
        plain, lists = resolve(keys.link, material, key="link")
        listed = (entry.term for one in lists for entry in one.entries)
        return cls(
            frozenset(domain.casefold().strip(". ") for domain in [*plain, *listed]) - {"any"}, any="any" in plain
        )

    def see(self, document: Document, others: Others) -> Seen:
        """Every link in order."""
        del others
        if not (self.any or self.domains):
            return NOTHING
        copy = document.light
        found = []
        for start, end in _LINK.spans(copy.text):
            written = copy.text[start:end].rstrip(_TRAILING)
            if self._counts(written.casefold()):
                raw_start, raw_end = copy.raw_span(start, start + len(written))
                found.append(Match(start=raw_start, end=raw_end, detector=self.name, kind="link", confidence=PLAIN))
        return Seen(value=bool(found), matches=tuple(found))

    def gate(self, gate_of: Callable[[str], Gate | None]) -> Gate | None:
        """A dot, or one of the domains."""
        del gate_of
        if self.any:
            return Gate(anchors=frozenset({"."}))
        return Gate(anchors=self.domains)

    def _counts(self, written: str) -> bool:
        scheme, found, rest = written.rpartition("://")
        host, _, path = (rest if found else written).partition("/")
        host = host.rpartition("@")[2].partition(":")[0]
        if any(host == domain or host.endswith("." + domain) for domain in self.domains):
            return True
        return self.any and bool(scheme or host.startswith("www.") or path or host.rpartition(".")[2] in _COMMON)
