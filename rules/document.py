"""What the rules see: one text with its context. No database row, no connector type and no clock enters here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from rules.disguise import Disguise, disguised
from rules.fold import Copy, folded, light
from rules.regions import Regions, find_regions

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class Context:
    """Where, when and by whom a text is or would be published. `None` means *unknown*, never "no"."""

    #: `internal` or `external`.
    audience: str | None = None
    platform: str | None = None
    channel: str | None = None
    #: The author's handle or person id, as rules may name it.
    author: str | None = None
    #: Group names of the author; an empty set is an employee with no special role, None an unknown one.
    groups: frozenset[str] | None = frozenset()
    #: Groups that anybody in the organisation has; None where no people are known (no workspace).
    known_groups: frozenset[str] | None = None
    #: ISO 3166-1 alpha-2.
    country: str | None = None
    #: Aware; edited_at or posted_at, else first seen (scan), `--at` or now (check).
    at: datetime | None = None
    #: post, comment, share, reaction, profile, scheduled, message.
    kind: str | None = "post"
    is_reply: bool | None = None
    thread: str | None = None


@dataclass(frozen=True, kw_only=True)
class Document:
    """One text to evaluate. Copies and regions are made on first use and kept; the text never shows in a repr."""

    key: str
    text: str = field(repr=False)
    context: Context = field(default_factory=Context, repr=False)

    @cached_property
    def raw(self) -> str:
        """The text with lone surrogates as U+FFFD, one for one, so that spans stay spans of `text`."""
        return self.text if self.text.isascii() else _SURROGATE.sub("\ufffd", self.text)

    @cached_property
    def folded(self) -> Copy:
        """The copy that terms, links and hashtags are matched on."""
        return folded(self.raw)

    @cached_property
    def disguises(self) -> tuple[Disguise, ...]:
        """Further folded copies, only where the text gives cause: leet, spaced letters, joined hashtags."""
        return disguised(self.raw, self.folded)

    @cached_property
    def spelled(self) -> tuple[Disguise, ...]:
        """Further light copies, only where the text gives cause: addresses in words, digits in words or far apart."""
        from rules.spelled import spelled

        return spelled(self.raw, self.light)

    @cached_property
    def light(self) -> Copy:
        """The copy that patterns are matched on."""
        return light(self.raw)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages that it is surely in, the most frequent first; empty if it is too short or uncertain to tell."""
        from rules.language import identify

        return identify(self.raw)

    @cached_property
    def points(self) -> dict[str, Any]:
        """What encoders made of the text, by encoder; `rules.sense` fills and reads it."""
        return {}

    @cached_property
    def regions(self) -> Regions:
        """Quoted lines, signature, disclaimer, code, links: as raw spans."""
        return find_regions(self.raw)
