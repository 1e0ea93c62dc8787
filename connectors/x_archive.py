"""Posts from the archive that X gives its users: posts, long posts, deleted ones, edits, direct messages, the bio.

Every file assigns a JSON array to a variable; all numbers are strings. Field names are those of public archives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from mimetypes import guess_type
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Final

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from connectors.archive import Archive, Limits, Member, peek
from connectors.base import Page
from connectors.export import (
    Export,
    Outcome,
    Part,
    checked,
    export_pages,
    export_size,
    json_outcomes,
    load_index,
    outcome_of,
)
from connectors.post import Attachment, Post, PostDefaults
from connectors.stamps import Iso, from_epoch, from_iso, from_pattern
from connectors.text_json import read_records

_FILES: Final = {
    "account": r"account",
    "profile": r"profile",
    "manifest": r"manifest",
    "notes": r"note-tweet(?:-part\d+)?",
    "tweets": r"(?:tweets?|community-tweet)(?:-part\d+)?",
    "deleted": r"deleted-tweets?(?:-part\d+)?",
    "messages": r"direct-messages(?:-group)?(?:-part\d+)?",
}
_FILE: Final = re.compile("|".join(rf"(?P<{kind}>{name}\.js)" for kind, name in _FILES.items()), re.ASCII)
_TIME: Final = "%a %b %d %H:%M:%S %z %Y"
#: Ids carry their time from November 2010 on: milliseconds since 2010-11-04T01:42:54.657Z above 22 bits.
_FIRST_TIMED: Final = 29_700_859_247
_ID_EPOCH: Final = 1_288_834_974_657
#: A long post and its short form are written within so many seconds.
_NEAR: Final = 2
_MENTIONS: Final = re.compile(r"(?:@\w+\s+)*")
_STATUS: Final = re.compile(r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/\w+/status/\d+")
#: A conversation is one record, however long it is.
_MAX_CONVERSATION: Final = 128 * 2**20


class XArchiveConnector:
    """Reads an archive of X, a zip or its unpacked folder.

    The key of a post is the id of its first version: X gives each edit an id of its own.
    """

    name: ClassVar[str] = "x-archive"
    ordered: ClassVar[bool] = False

    def __init__(self, path: Path, defaults: PostDefaults, *, limits: Limits | None = None) -> None:
        self.path = path
        self._export = Export(
            kind="an archive of X",
            holds="data/tweets.js and data/account.js",
            wanted=lambda name: _kind_of(name) is not None,
            plan=partial(_plan, defaults=defaults),
            limits=limits or Limits(),
        )

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell the export by the names of its members."""
        return any(name in {"tweets.js", "tweet.js", "account.js"} for name in peek(path))

    def pages(self, since: str | None) -> Iterator[Page]:
        """Yield pages of at most 1,000 posts in file order. Raises FatalError."""
        return export_pages(self.path, since, self._export)

    def size(self) -> int | None:
        """Return the packed bytes of the files that are read."""
        return export_size(self.path, self._export)


class _Record(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _Url(_Record):
    url: str = Field(validation_alias=AliasChoices("url", "shortUrl"))
    expanded: str | None = Field(
        default=None, validation_alias=AliasChoices("expanded_url", "expanded", "expandedUrl"), repr=False
    )


class _Media(_Record):
    url: str | None = None
    media_url_https: str | None = None
    ext_alt_text: str | None = Field(default=None, repr=False)


class _Entities(_Record):
    urls: list[_Url] = []
    media: list[_Media] = []


class _Edits(_Record):
    ids: list[str] = Field(default=[], validation_alias=AliasChoices("editTweetIds", "edit_tweet_ids"))


class _Edit(_Record):
    initial: str | None = Field(default=None, validation_alias="initialTweetId")


class _EditInfo(_Record):
    initial: _Edits | None = None
    edit: _Edit | None = None


class _Tweet(_Record):
    id: str = Field(validation_alias=AliasChoices("id_str", "id"), pattern=r"^[0-9]{1,25}$")
    text: str = Field(validation_alias=AliasChoices("full_text", "text"), repr=False)
    created_at: str
    deleted_at: str | None = None
    edit_info: _EditInfo | None = None
    reply_to: str | None = Field(
        default=None, validation_alias=AliasChoices("in_reply_to_status_id_str", "in_reply_to_status_id")
    )
    reply_to_user: str | None = Field(
        default=None, validation_alias=AliasChoices("in_reply_to_user_id_str", "in_reply_to_user_id"), repr=False
    )
    entities: _Entities | None = None
    extended_entities: _Entities | None = None

    @property
    def first_id(self) -> str:
        """The id of the version that was published first."""
        info = self.edit_info
        if info is None:
            return self.id
        if info.edit and info.edit.initial:
            return info.edit.initial
        return info.initial.ids[0] if info.initial and info.initial.ids else self.id


class _Core(_Record):
    text: str = Field(repr=False)
    urls: list[_Url] = []


class _Note(_Record):
    id: str = Field(validation_alias="noteTweetId")
    created_at: Iso = Field(validation_alias="createdAt")
    core: _Core


class _Message(_Record):
    id: str
    sender: str = Field(validation_alias="senderId", repr=False)
    created_at: Iso = Field(validation_alias="createdAt")
    text: str = Field(default="", repr=False)
    urls: list[_Url] = []
    media: list[str] = Field(default=[], validation_alias="mediaUrls")


@dataclass(slots=True)
class _Index:
    """Whose archive it is, when it was made, and the long posts."""

    defaults: PostDefaults
    made_at: datetime
    account_id: str | None = None
    username: str | None = None
    bio: str = field(default="", repr=False)
    #: In order of time.
    notes: list[_Note] = field(default_factory=list)
    #: Long posts by the id of their short form, and those that have none.
    long: dict[str, _Note] = field(default_factory=dict)
    lone: list[_Note] = field(default_factory=list)

    def take(self, kind: str, key: str | None, value: object) -> str | None:
        """Take in a record of an index file; return what is wrong with it."""
        if kind == "notes":
            note = checked(_Note, value.get("noteTweet")) if isinstance(value, dict) else "noteTweet is missing"
            if isinstance(note, str):
                return note
            self.notes.append(note)
            return None
        inner = value.get(kind) if isinstance(value, dict) and kind != "manifest" else value
        if not isinstance(inner, dict):
            return None if kind == "manifest" else f"{kind} is missing"
        if kind == "account":
            self.account_id, self.username = _string(inner, "accountId"), _string(inner, "username")
        elif kind == "profile":
            about = inner.get("description")
            parts = [_string(about, name) for name in ("bio", "website", "location")] if isinstance(about, dict) else []
            self.bio = "\n".join(filter(None, parts))
        elif key == "archiveInfo":
            self.made_at = from_iso(inner.get("generationDate")) or self.made_at
        return None


def _string(value: dict[str, Any], name: str) -> str | None:
    found = value.get(name)
    return found if isinstance(found, str) and found else None


def _kind_of(name: str) -> str | None:
    found = _FILE.fullmatch(PurePosixPath(name).name)
    return found.lastgroup if found else None


def _plan(archive: Archive, *, defaults: PostDefaults) -> Iterator[Part]:
    index = _Index(defaults, archive.made_at)
    members: dict[str, list[Member]] = {kind: [] for kind in _FILES}
    for member in archive.members:
        members[_kind_of(member.name) or ""].append(member)
    for kind in ("manifest", "account", "profile", "notes"):
        for member in members[kind]:
            faults = load_index(archive, [member], partial(index.take, kind))
            yield Part(member=member, outcomes=partial(iter, faults))
    _join_notes(archive, [*members["tweets"], *members["deleted"]], index)
    yield from _posts(archive, members, index)


def _posts(archive: Archive, members: dict[str, list[Member]], index: _Index) -> Iterator[Part]:
    reader = _Reader(index)
    if index.bio:
        yield Part(member=members["profile"][0], outcomes=lambda: iter([reader.profile()]))
    for kind, become in (("tweets", reader.tweet), ("deleted", reader.deleted)):
        for member in members[kind]:
            yield Part(member=member, outcomes=partial(json_outcomes, archive, member, become))
    if index.lone:
        yield Part(member=members["notes"][0], outcomes=lambda: (reader.lone(note) for note in index.lone))
    for member in members["messages"]:
        yield Part(member=member, outcomes=partial(_messages, archive, member, reader))


def _join_notes(archive: Archive, members: Sequence[Member], index: _Index) -> None:
    """Find the short form of each long post: same id, or the same beginning at the same time.

    The archive names no link between the two.
    """
    if not index.notes:
        return
    left = {id(note): note for note in index.notes}
    by_id = {note.id: note for note in index.notes}
    by_second: dict[int, list[_Note]] = {}
    for note in index.notes:
        by_second.setdefault(int(note.created_at.timestamp()), []).append(note)
    for member in members:
        for record in read_records(archive.read(member), place=member.place):
            tweet = _tweet_of(record.value)
            time = from_pattern(tweet.created_at, _TIME) if isinstance(tweet, _Tweet) else None
            if not isinstance(tweet, _Tweet) or time is None:
                continue
            second = int(time.timestamp())
            near = [note for at in range(second - _NEAR, second + _NEAR + 1) for note in by_second.get(at, ())]
            found = by_id.get(tweet.id) or next((note for note in near if _is_long_form(note, tweet)), None)
            if found is not None:
                index.long[tweet.id] = found
                left.pop(id(found), None)
    index.lone = list(left.values())


def _is_long_form(note: _Note, tweet: _Tweet) -> bool:
    short = _MENTIONS.sub("", _unescaped(tweet.text), count=1).partition("http")[0].rstrip(" …\n")
    whole = _MENTIONS.sub("", _unescaped(note.core.text), count=1)
    return bool(short) and whole.startswith(short)


def _tweet_of(value: object) -> _Tweet | str:
    # Older archives have no wrapper.
    inner = value.get("tweet", value) if isinstance(value, dict) else None
    return checked(_Tweet, inner) if isinstance(inner, dict) else "tweet is missing"


def _messages(archive: Archive, member: Member, reader: _Reader) -> Iterator[Outcome]:
    for record in read_records(archive.read(member), place=member.place, max_record=_MAX_CONVERSATION):
        place = f"{member.place}:{record.number}"
        if record.fault is not None:
            yield record.fault
            continue
        value = record.value.get("dmConversation") if isinstance(record.value, dict) else None
        messages = value.get("messages") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(messages, list):
            yield outcome_of("messages are missing", place=place)
            continue
        room = _string(value, "conversationId")
        for number, message in enumerate(messages, start=1):
            yield outcome_of(reader.message(room, message), place=f"{place}.{number}")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Makes posts of an archive's records."""

    index: _Index

    @property
    def _author(self) -> str | None:
        return self.index.username or self.index.defaults.author

    @property
    def _platform(self) -> str:
        return self.index.defaults.platform or "x"

    def tweet(self, _key: str | None, value: object) -> Sequence[Post] | str:
        """Return the one version that an entry is."""
        tweet = _tweet_of(value)
        if isinstance(tweet, str):
            return tweet
        made = from_pattern(tweet.created_at, _TIME) or from_iso(tweet.created_at)
        if made is None:
            return "created_at is not a time"
        note = self.index.long.get(tweet.id)
        text = _expanded(note.core.text, note.core.urls, ()) if note else _text(tweet)
        first = tweet.first_id
        return (
            Post(
                external_id=first,
                text="\n".join([text, *(media.ext_alt_text for media in _media(tweet) if media.ext_alt_text)]),
                kind="share" if tweet.text.startswith("RT @") else "post",
                platform=self._platform,
                channel=self.index.defaults.channel,
                author=self._author,
                audience=self.index.defaults.audience,
                thread=tweet.reply_to,
                shared_from=_shared(tweet),
                is_reply=tweet.reply_to is not None or tweet.reply_to_user is not None,
                posted_at=made if first == tweet.id else _time_of_id(first),
                edited_at=None if first == tweet.id else made,
                url=f"https://x.com/{self.index.username}/status/{tweet.id}" if self.index.username else None,
                attachments=tuple(map(_attachment, _media(tweet))),
            ),
        )

    def deleted(self, key: str | None, value: object) -> Sequence[Post] | str:
        """Return what it said and that it is gone."""
        posts = self.tweet(key, value)
        tweet = _tweet_of(value)
        if isinstance(posts, str) or isinstance(tweet, str):
            return posts
        [post] = posts
        at = from_pattern(tweet.deleted_at, _TIME) or from_iso(tweet.deleted_at)
        deletion = Post(
            external_id=post.external_id,
            text="",
            kind=post.kind,
            platform=post.platform,
            channel=post.channel,
            author=post.author,
            audience=post.audience,
            posted_at=post.posted_at,
            deleted_at=at or max(filter(None, (self.index.made_at, post.at))),
        )
        return (post, deletion)

    def lone(self, note: _Note) -> Sequence[Post]:
        """Return a long post whose short form is not in the archive."""
        return (
            Post(
                external_id=f"note:{note.id}",
                text=_expanded(note.core.text, note.core.urls, ()),
                platform=self._platform,
                channel=self.index.defaults.channel,
                author=self._author,
                audience=self.index.defaults.audience,
                posted_at=note.created_at,
            ),
        )

    def message(self, room: str | None, value: object) -> Sequence[Post] | str:
        """Return a direct message; none for who joined, left or renamed."""
        if not isinstance(value, dict) or "messageCreate" not in value:
            return () if isinstance(value, dict) else "messageCreate is missing"
        message = checked(_Message, value["messageCreate"])
        if isinstance(message, str):
            return message
        return (
            Post(
                external_id=f"dm:{message.id}",
                text=_expanded(message.text, message.urls, ()),
                kind="message",
                platform=self._platform,
                channel=room,
                author=self._author if message.sender == self.index.account_id else message.sender,
                audience=self.index.defaults.audience,
                thread=room,
                posted_at=message.created_at,
                attachments=tuple(Attachment(name=PurePosixPath(url).name or "file", url=url) for url in message.media),
            ),
        )

    def profile(self) -> Sequence[Post]:
        """Return what the account says about itself."""
        return (
            Post(
                external_id="profile",
                text=_unescaped(self.index.bio),
                kind="profile",
                platform=self._platform,
                author=self._author,
                audience=self.index.defaults.audience,
                as_of=self.index.made_at,
            ),
        )


def _media(tweet: _Tweet) -> Sequence[_Media]:
    # `entities` has only the first of several.
    return next((each.media for each in (tweet.extended_entities, tweet.entities) if each and each.media), [])


def _urls(tweet: _Tweet) -> Sequence[_Url]:
    return tweet.entities.urls if tweet.entities else []


def _text(tweet: _Tweet) -> str:
    return _expanded(tweet.text, _urls(tweet), [each.url for each in _media(tweet) if each.url])


def _expanded(text: str, urls: Sequence[_Url], media: Sequence[str]) -> str:
    """Return the text as people read it: addresses in full, those of its own pictures left out."""
    for each in urls:
        if each.expanded and each.url:
            text = text.replace(each.url, each.expanded)
    for url in media:
        text = text.removesuffix(url).rstrip()
    return _unescaped(text)


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _shared(tweet: _Tweet) -> str | None:
    """Return the address of a quoted post: X puts it last."""
    addresses = [each.expanded or "" for each in _urls(tweet)]
    found = _STATUS.match(addresses[-1]) if addresses else None
    return found[0] if found else None


def _attachment(media: _Media) -> Attachment:
    name = PurePosixPath(media.media_url_https or "").name
    return Attachment(name=name or "media", media_type=guess_type(name)[0], url=media.media_url_https)


def _time_of_id(number: str) -> datetime | None:
    if not number.isascii() or not number.isdigit() or int(number) <= _FIRST_TIMED:
        return None
    found = from_epoch((int(number) >> 22) + _ID_EPOCH, per_second=1000)
    return found.astimezone(UTC) if found else None
