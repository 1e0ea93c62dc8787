"""A Post: one published text as a platform gave it, before anything is stored or judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

KINDS: Final = ("post", "comment", "share", "reaction", "profile", "scheduled", "message")
AUDIENCES: Final = ("internal", "external")
#: Most characters of what the database indexes (PostgreSQL allows 2,704 bytes an entry, four a character).
LONGEST: Final[Mapping[str, int]] = MappingProxyType({"external_id": 500, "platform": 60, "author": 300, "thread": 500})
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file shown with a post. Its content is not read here; what it says is unknown, not clean."""

    name: str
    media_type: str | None = None
    url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One version of one published text. `(source, external_id)` is its key; the source is known to the caller.

    Times are aware. A deletion is a version too: `deleted_at` set, text possibly empty.
    """

    #: Unique within its source, composed by the connector.
    external_id: str
    text: str = field(repr=False)
    kind: str = "post"
    platform: str | None = None
    channel: str | None = None
    #: The handle as the platform spells it.
    author: str | None = field(default=None, repr=False)
    #: `internal`, `external`, or None for the source's own default.
    audience: str | None = None
    thread: str | None = None
    #: external_id or address of what this post shares.
    shared_from: str | None = field(default=None, repr=False)
    is_reply: bool | None = None
    posted_at: datetime | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    #: When the source said so, where it does not date edits: orders versions, and makes none.
    as_of: datetime | None = None
    url: str | None = field(default=None, repr=False)
    attachments: tuple[Attachment, ...] = ()

    @property
    def at(self) -> datetime | None:
        """When this version came to be: deletion, else edit, else when it was said, else publication; None if unknown."""
        return self.deleted_at or self.edited_at or self.as_of or self.posted_at


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDefaults:
    """What a record gets where it says nothing itself; None leaves it unknown."""

    kind: str = "post"
    platform: str | None = None
    channel: str | None = None
    author: str | None = field(default=None, repr=False)
    audience: str | None = None
