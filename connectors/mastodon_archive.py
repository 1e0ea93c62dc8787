"""Posts from a Mastodon archive: an outbox of ActivityPub activities, and the actor who made them.

Source of the shape: ActivityStreams 2.0 vocabulary and Mastodon's documentation of ActivityPub.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from connectors.archive import Archive, Limits, peek
from connectors.base import Page
from connectors.export import Export, Part, checked, export_pages, export_size, json_outcomes, load_index
from connectors.html_text import text_of
from connectors.post import Attachment, Post, PostDefaults
from connectors.stamps import Iso

_PUBLIC: Final = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
_NOTES: Final = frozenset({"Note", "Question", "Article", "Page"})


class MastodonArchiveConnector:
    """Reads a Mastodon archive, a zip or its unpacked folder.

    The key of a post is its ActivityPub id. Posts to people alone are messages; those to followers are posts.
    """

    name: ClassVar[str] = "mastodon-archive"
    ordered: ClassVar[bool] = False

    def __init__(self, path: Path, defaults: PostDefaults, *, limits: Limits | None = None) -> None:
        self.path = path
        self._export = Export(
            kind="a Mastodon archive",
            holds="outbox.json and actor.json",
            wanted=lambda name: PurePosixPath(name).name in {"outbox.json", "actor.json"},
            plan=partial(_plan, defaults=defaults),
            limits=limits or Limits(),
        )

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell the export by the names of its members."""
        return {"actor.json", "outbox.json"} <= peek(path)

    def pages(self, since: str | None) -> Iterator[Page]:
        """Yield pages of at most 1,000 posts in the order of the outbox. Raises FatalError."""
        return export_pages(self.path, since, self._export)

    def size(self) -> int | None:
        """Return the packed bytes of the files that are read."""
        return export_size(self.path, self._export)


class _Record(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _File(_Record):
    media_type: str | None = Field(default=None, validation_alias="mediaType")
    url: str | None = None
    #: What the picture shows, for those who do not see it.
    name: str | None = Field(default=None, repr=False)


class _Choice(_Record):
    name: str = Field(repr=False)


class _Note(_Record):
    id: str = Field(min_length=1)
    type: str
    content: str | None = Field(default=None, repr=False)
    summary: str | None = Field(default=None, repr=False)
    published: Iso | None = None
    updated: Iso | None = None
    deleted: Iso | None = None
    url: Any = None
    in_reply_to: Any = Field(default=None, validation_alias="inReplyTo")
    conversation: str | None = None
    to: str | list[str] | None = None
    cc: str | list[str] | None = None
    attachment: list[_File] = []
    choices: list[_Choice] = Field(default=[], validation_alias="oneOf")
    more_choices: list[_Choice] = Field(default=[], validation_alias="anyOf")


class _Activity(_Record):
    id: str | None = None
    type: str
    published: Iso | None = None
    to: str | list[str] | None = None
    cc: str | list[str] | None = None
    object: Any = Field(default=None, repr=False)


@dataclass(slots=True)
class _Actor:
    username: str | None = None
    address: str | None = None

    def take(self, key: str | None, value: object) -> None:
        if isinstance(value, str) and key == "preferredUsername":
            self.username = value
        elif isinstance(value, str) and key == "id":
            self.address = value

    @property
    def handle(self) -> str | None:
        """As other servers write it: name@server."""
        try:
            server = urlsplit(self.address or "").hostname
        except ValueError:
            server = None
        return f"{self.username}@{server}" if self.username and server else self.username


def _plan(archive: Archive, *, defaults: PostDefaults) -> Iterator[Part]:
    actor = _Actor()
    for member in archive.members:
        if member.path.name == "actor.json":
            faults = load_index(archive, [member], actor.take)
            yield Part(member=member, outcomes=partial(iter, faults))
    reader = _Reader(defaults, actor.handle or defaults.author, archive.made_at)
    for member in archive.members:
        if member.path.name == "outbox.json":
            yield Part(member=member, outcomes=partial(json_outcomes, archive, member, reader.posts))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Makes posts of activities."""

    defaults: PostDefaults
    author: str | None
    made_at: datetime

    def posts(self, key: str | None, value: object) -> Sequence[Post] | str:
        """Return the version that an activity tells of; none for likes, follows and moves."""
        if key not in {"orderedItems", None}:
            return ()
        activity = checked(_Activity, value)
        if isinstance(activity, str):
            return activity
        if activity.type == "Announce":
            return self._share(activity)
        if activity.type == "Delete":
            return self._deletion(activity)
        return self._create(activity) if activity.type in {"Create", "Update"} else ()

    def _create(self, activity: _Activity) -> Sequence[Post] | str:
        if not isinstance(activity.object, dict):
            return "object is missing"
        if activity.object.get("type") not in _NOTES:
            # An actor who changes their profile sends an Update too.
            return () if activity.type == "Update" else "object is no post"
        note = checked(_Note, activity.object)
        return note if isinstance(note, str) else self._post(activity, note)

    def _post(self, activity: _Activity, note: _Note) -> Sequence[Post] | str:
        if note.content is None:
            return "content is missing"
        choices = [choice.name for choice in (*note.choices, *note.more_choices)]
        texts = [note.summary, text_of(note.content), *choices, *(file.name for file in note.attachment)]
        reply_to = _address(note.in_reply_to)
        posted = note.published or (activity.published if activity.type == "Create" else None)
        edited = note.updated or (activity.published if activity.type == "Update" else None)
        return (
            Post(
                external_id=note.id,
                text="\n\n".join(filter(None, texts)),
                kind=_kind(note.to or activity.to, note.cc or activity.cc),
                platform=self.defaults.platform or "mastodon",
                channel=self.defaults.channel,
                author=self.author,
                audience=self.defaults.audience,
                thread=note.conversation or reply_to,
                is_reply=reply_to is not None,
                posted_at=posted,
                edited_at=edited if edited != posted else None,
                url=_address(note.url),
                attachments=tuple(
                    Attachment(
                        name=PurePosixPath(file.url or "").name or "file", media_type=file.media_type, url=file.url
                    )
                    for file in note.attachment
                ),
            ),
        )

    def _share(self, activity: _Activity) -> Sequence[Post] | str:
        # The words are another's; only that it was shared is the author's.
        shared = _address(activity.object)
        if not activity.id or not shared:
            return "id is missing" if not activity.id else "object is missing"
        return (
            Post(
                external_id=activity.id,
                text="",
                kind="share",
                platform=self.defaults.platform or "mastodon",
                channel=self.defaults.channel,
                author=self.author,
                audience=self.defaults.audience,
                shared_from=shared,
                is_reply=False,
                posted_at=activity.published,
            ),
        )

    def _deletion(self, activity: _Activity) -> Sequence[Post] | str:
        gone = _address(activity.object)
        if not gone:
            return "object is missing"
        return (
            Post(
                external_id=gone,
                text="",
                platform=self.defaults.platform or "mastodon",
                channel=self.defaults.channel,
                author=self.author,
                audience=self.defaults.audience,
                deleted_at=activity.published or self.made_at,
            ),
        )


def _address(value: object) -> str | None:
    """Return the id of a reference, which may be written in full, as an object or as a list of either."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("id") or value.get("href")
    return value if isinstance(value, str) and value else None


def _kind(to: str | list[str] | None, cc: str | list[str] | None) -> str:
    """Return `message` for what neither the public nor followers were addressed with."""
    everyone = [address for each in (to, cc) for address in ([each] if isinstance(each, str) else each or ())]
    open_to_many = any(address in _PUBLIC or address.rstrip("/").endswith("/followers") for address in everyone)
    return "post" if open_to_many or not everyone else "message"
