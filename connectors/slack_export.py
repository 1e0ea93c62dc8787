"""Posts from a Slack export: channels by name, a file a day, edits and deletions where the workspace keeps them.

Facts about the format are Slack's help pages on reading exported files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

from connectors.archive import Archive, Limits, Member, peek
from connectors.base import Page
from connectors.errors import SkippableError
from connectors.export import Export, Outcome, Part, checked, export_pages, export_size, json_outcomes, load_index
from connectors.post import Attachment, Post, PostDefaults
from connectors.slack_text import Names, as_read
from connectors.stamps import SlackTs, from_epoch, from_slack

#: Who is in a conversation decides its kind; private channels were called groups, and still are in exports.
_INDEXES: Final = {
    "channels.json": "post",
    "groups.json": "message",
    "mpims.json": "message",
    "dms.json": "message",
}
_PEOPLE: Final = ("users.json", "org_users.json")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d\.json", re.ASCII)
#: Notices that Slack writes by itself about who came and went: nobody's words.
_NOTICES: Final = frozenset(
    [
        *(f"{room}_{what}" for room in ("channel", "group") for what in ("join", "leave", "archive", "unarchive")),
        *("bot_add", "bot_remove", "bot_enable", "bot_disable", "pinned_item", "unpinned_item"),
        *("channel_convert_to_private", "channel_convert_to_public", "channel_posting_permissions"),
    ]
)
_SLACKBOT: Final = "USLACKBOT"


class SlackExportConnector:
    """Reads a Slack export, a zip or its unpacked folder.

    The key of a post is `channel id:ts`, the same in every export. An edit is a version ordered by the time of the
    edit. Where the workspace keeps edits and deletions, the earlier texts become versions too.
    """

    name: ClassVar[str] = "slack-export"
    ordered: ClassVar[bool] = False

    def __init__(self, path: Path, defaults: PostDefaults, *, limits: Limits | None = None) -> None:
        self.path = path
        self._export = Export(
            kind="a Slack export",
            holds="channels.json, users.json and a folder for each channel",
            wanted=_is_wanted,
            plan=partial(_plan, defaults=defaults),
            limits=limits or Limits(),
        )

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell the export by the names of its members."""
        return {"channels.json", "users.json"} <= peek(path)

    def pages(self, since: str | None) -> Iterator[Page]:
        """Yield pages of at most 1,000 posts, channel by channel and day by day. Raises FatalError."""
        return export_pages(self.path, since, self._export)

    def size(self) -> int | None:
        """Return the packed bytes of the files that are read."""
        return export_size(self.path, self._export)


class _Record(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _Channel(_Record):
    id: str = Field(min_length=1)
    name: str | None = None
    is_ext_shared: bool = False


class _Profile(_Record):
    title: str | None = Field(default=None, repr=False)
    status_text: str | None = Field(default=None, repr=False)


class _User(_Record):
    id: str = Field(min_length=1)
    name: str | None = Field(default=None, repr=False)
    updated: int | None = None
    profile: _Profile = _Profile()


class _Edited(_Record):
    ts: SlackTs


class _File(_Record):
    name: str | None = None
    title: str | None = None
    mimetype: str | None = None
    url_private: str | None = Field(default=None, repr=False)


class _Hanging(_Record):
    """What Slack calls an attachment: text in a box below a message."""

    pretext: str | None = Field(default=None, repr=False)
    title: str | None = Field(default=None, repr=False)
    text: str | None = Field(default=None, repr=False)
    fallback: str | None = Field(default=None, repr=False)
    #: Set where the box shows another page or message, which are not the author's words.
    from_url: str | None = Field(default=None, repr=False)
    is_share: bool = False
    channel_id: str | None = None
    #: The key of a message in an export, but a time in boxes that apps write.
    ts: Any = None


class _BotProfile(_Record):
    name: str | None = None


class _Message(_Record):
    ts: SlackTs
    type: str = "message"
    subtype: str | None = None
    text: str | None = Field(default=None, repr=False)
    user: str | None = None
    username: str | None = Field(default=None, repr=False)
    bot_id: str | None = None
    bot_profile: _BotProfile | None = None
    thread_ts: SlackTs | None = None
    edited: _Edited | None = None
    files: list[_File | None] | None = None
    attachments: list[_Hanging] | None = None
    blocks: list[Any] | None = Field(default=None, repr=False)
    deleted_ts: SlackTs | None = None
    message: _Message | None = None
    previous_message: _Message | None = None
    original: _Message | None = None


@dataclass(frozen=True, slots=True)
class _Room:
    id: str
    name: str | None
    kind: str
    audience: str


@dataclass(slots=True)
class _Index:
    """What users.json and the lists of channels say."""

    defaults: PostDefaults
    users: dict[str, str] = field(default_factory=dict)
    profiles: list[Post] = field(default_factory=list)
    #: By folder: the name of a channel, the id of a direct message.
    rooms: dict[str, _Room] = field(default_factory=dict)
    names: Names = field(default_factory=Names)

    def take_user(self, _key: str | None, value: object) -> str | None:
        user = checked(_User, value)
        if isinstance(user, str):
            return user
        if user.name:
            self.names.users[user.id] = user.name
        text = "\n".join(filter(None, (user.profile.title, user.profile.status_text)))
        edited = from_epoch(user.updated)
        # Without its time an older export would seem newer than what is known.
        if text and edited:
            profile = Post(
                external_id=f"profile:{user.id}",
                text=as_read(text, self.names),
                kind="profile",
                platform=self.defaults.platform or "slack",
                author=user.name or user.id,
                audience=self.defaults.audience or "internal",
                as_of=edited,
            )
            self.profiles.append(profile)
        return None

    def take_room(self, kind: str, _key: str | None, value: object) -> str | None:
        channel = checked(_Channel, value)
        if isinstance(channel, str):
            return channel
        folder = channel.name or channel.id
        if channel.name:
            self.names.channels[channel.id] = channel.name
        # Slack Connect: people of other companies read along.
        audience = "external" if channel.is_ext_shared else self.defaults.audience or "internal"
        known = self.rooms.get(folder)
        if known is None or kind == "message":
            self.rooms[folder] = _Room(channel.id, channel.name, kind, audience)
        return None


def _is_wanted(name: str) -> bool:
    path = PurePosixPath(name)
    return path.name in {*_INDEXES, *_PEOPLE} or (_DAY.fullmatch(path.name) is not None and len(path.parts) > 1)


def _plan(archive: Archive, *, defaults: PostDefaults) -> Iterator[Part]:
    index = _Index(defaults)
    days = []
    # A zip of the unpacked folder has the folder in its names.
    depth = min((len(each.path.parts) for each in archive.members if each.path.name in _INDEXES), default=1)
    indexes = {each.path.name: each for each in archive.members if len(each.path.parts) == depth}
    for name in (*_PEOPLE, *_INDEXES):
        if name not in indexes:
            continue
        take = partial(index.take_room, _INDEXES[name]) if name in _INDEXES else index.take_user
        faults = load_index(archive, [indexes[name]], take)
        yield Part(member=indexes[name], outcomes=partial(iter, faults))
    people = [indexes[name] for name in _PEOPLE if name in indexes]
    if people:
        yield Part(member=people[0], outcomes=lambda: ((profile,) for profile in index.profiles))
    days = [each for each in archive.members if len(each.path.parts) == depth + 1 and _DAY.fullmatch(each.path.name)]
    for day in days:
        room = index.rooms.get(day.path.parent.name)
        outcomes = partial(_unknown_room, day) if room is None else partial(_day, archive, day, room, index)
        yield Part(member=day, outcomes=outcomes)


def _unknown_room(day: Member) -> Iterator[Outcome]:
    # It may be a private one, so it is not read as if it were public; and it is not passed over in silence.
    message = "is of a channel that none of channels.json, groups.json, mpims.json and dms.json names"
    yield SkippableError(message, place=day.place, hint="export again, with all of these files")


def _day(archive: Archive, day: Member, room: _Room, index: _Index) -> Iterator[Outcome]:
    reader = _Reader(room, index, made_at=archive.made_at)
    return json_outcomes(archive, day, reader.posts)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Makes posts of one channel's messages."""

    room: _Room
    index: _Index
    made_at: datetime

    def posts(self, _key: str | None, value: object) -> Sequence[Post] | str:
        """Return the versions that one entry tells of, oldest first; none for a notice."""
        message = checked(_Message, value)
        if isinstance(message, str):
            return message
        if message.type != "message" or message.subtype in _NOTICES:
            return ()
        special = {"message_changed": self._changed, "message_deleted": self._deleted, "tombstone": self._tombstone}
        if message.subtype in special:
            return special[message.subtype](message)
        if message.text is None and not (message.files or message.attachments or message.blocks):
            return "text is missing"
        return (self._post(message),)

    def _changed(self, entry: _Message) -> Sequence[Post] | str:
        before = entry.previous_message or entry.original
        after = entry.message
        if after is None and before is not None and entry.text is not None:
            # Some exports put the new text into the entry itself, under the time of the edit.
            after = before.model_copy(update={"text": entry.text, "edited": entry.edited or _Edited(ts=entry.ts)})
        if before is None and after is None:
            return "message is missing"
        versions = [self._post(before)] if before is not None else []
        if after is None:
            return versions
        if after.subtype == "tombstone":
            return [*versions, self._deletion(after, after.ts, from_slack(entry.ts))]
        if after.edited is None and (before is None or after.text != before.text):
            after = after.model_copy(update={"edited": _Edited(ts=entry.ts)})
        # Without an edit and with the same text, Slack only added the preview of a link.
        return [*versions, self._post(after)] if after.edited else versions

    def _deleted(self, entry: _Message) -> Sequence[Post] | str:
        before = entry.previous_message or entry.original
        ts = entry.deleted_ts or (before.ts if before is not None else None)
        if ts is None:
            return "deleted_ts is missing"
        versions = [self._post(before)] if before is not None and before.subtype != "tombstone" else []
        return [*versions, self._deletion(before or entry, ts, from_slack(entry.ts))]

    def _tombstone(self, message: _Message) -> Sequence[Post]:
        return (self._deletion(message, message.ts, None),)

    def _deletion(self, message: _Message, ts: str, deleted_at: datetime | None) -> Post:
        """`deleted_at` is when it was deleted; where nothing says so, before the export was written."""
        posted = from_slack(ts)
        return Post(
            external_id=f"{self.room.id}:{ts}",
            text="",
            kind=self.room.kind,
            platform=self.index.defaults.platform or "slack",
            channel=self.room.name or self.room.id,
            author=None if message.user in {None, _SLACKBOT} else self._author(message),
            audience=self.room.audience,
            thread=self._thread(message),
            posted_at=posted,
            deleted_at=deleted_at or max(filter(None, (self.made_at, posted))),
        )

    def _post(self, message: _Message) -> Post:
        return Post(
            external_id=f"{self.room.id}:{message.ts}",
            text=self._text(message),
            kind=self.room.kind,
            platform=self.index.defaults.platform or "slack",
            channel=self.room.name or self.room.id,
            author=self._author(message),
            audience=self.room.audience,
            thread=self._thread(message),
            shared_from=next(
                (f"{each.channel_id}:{each.ts}" for each in message.attachments or () if each.is_share), None
            ),
            is_reply=message.thread_ts is not None and message.thread_ts != message.ts,
            posted_at=from_slack(message.ts),
            edited_at=from_slack(message.edited.ts) if message.edited else None,
            attachments=tuple(_attachment(file) for file in message.files or () if file is not None),
        )

    def _text(self, message: _Message) -> str:
        own = [each for each in message.attachments or () if not (each.from_url or each.is_share)]
        parts = [message.text, *map(_box, own)]
        if not any(parts):
            # Apps may leave the text empty and write blocks alone.
            parts = list(_said(message.blocks))
        return as_read("\n".join(filter(None, parts)), self.index.names)

    def _author(self, message: _Message) -> str | None:
        bot = message.bot_profile.name if message.bot_profile else None
        known = self.index.names.users.get(message.user or "")
        return known or message.username or bot or message.user or message.bot_id or self.index.defaults.author

    def _thread(self, message: _Message) -> str | None:
        return f"{self.room.id}:{message.thread_ts}" if message.thread_ts else None


def _box(hanging: _Hanging) -> str:
    parts = [hanging.pretext, hanging.title, hanging.text]
    return "\n".join(filter(None, parts)) or hanging.fallback or ""


def _said(blocks: object) -> Iterator[str]:
    if isinstance(blocks, str):
        yield blocks
    for each in blocks if isinstance(blocks, list) else ():
        if isinstance(each, dict):
            for name in ("text", "fields", "elements"):
                yield from _said([each[name]] if isinstance(each.get(name), dict) else each.get(name))


def _attachment(file: _File) -> Attachment:
    # What follows the question mark in an export is a key that opens the file.
    url = file.url_private.partition("?")[0] if file.url_private else None
    return Attachment(name=file.name or file.title or "file", media_type=file.mimetype, url=url)
