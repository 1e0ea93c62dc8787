"""Posts from a Facebook or Instagram download in JSON: posts, comments, messages.

Files are known by their names, since folders were renamed many times. Texts are UTF-8 that was read as Latin-1; each
string is repaired by itself. Field names are those of public downloads.

Meta's records have no ids. The key is the kind and the second of publication, for messages the conversation and the
millisecond; with a picture its file name too, since one upload makes several posts at once. These stay the same in
every download. Two texts of one person in one second become versions of one post, and both are evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from mimetypes import guess_type
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

from connectors.archive import Archive, Limits, Member, peek
from connectors.base import Page
from connectors.export import Export, Part, checked, export_pages, export_size, json_outcomes, load_index
from connectors.post import Attachment, Post, PostDefaults
from connectors.stamps import Milliseconds, Seconds

_FACEBOOK: Final = {
    "posts": r"your_posts(?:__check_ins__photos_and_videos)?(?:_\d+)?|group_posts_and_comments|your_uncategorized_photos",
    "comments": r"comments(?:_\d+)?|your_comments_in_groups",
    "person": r"profile_information",
}
_INSTAGRAM: Final = {
    "ig_posts": r"posts_\d+|reels|stories|archived_posts|igtv_videos|profile_photos",
    "ig_comments": r"post_comments(?:_\d+)?|reels_comments",
    "ig_person": r"personal_information",
}
_FILE: Final = re.compile(
    "|".join(
        f"(?P<{kind}>(?:{names})\\.json)"
        for kind, names in {**_FACEBOOK, **_INSTAGRAM, "messages": r"message_\d+"}.items()
    ),
    re.ASCII,
)
#: A conversation's folder is named after people, with its number at the end.
_THREAD: Final = re.compile(r".*_([A-Za-z0-9-]+)", re.ASCII | re.DOTALL)


class MetaExportConnector:
    """Reads a Facebook or Instagram download in JSON, a zip or its unpacked folder."""

    name: ClassVar[str] = "meta-export"
    ordered: ClassVar[bool] = False

    def __init__(self, path: Path, defaults: PostDefaults, *, limits: Limits | None = None) -> None:
        self.path = path
        self._export = Export(
            kind="a Facebook or Instagram download",
            holds="files such as your_posts_1.json, posts_1.json or message_1.json; choose JSON, not HTML",
            wanted=lambda name: _kind_of(name) is not None,
            plan=partial(_plan, defaults=defaults),
            limits=limits or Limits(),
            label=_label,
        )

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell the export by the names of its members."""
        return any(_kind_of(name) is not None for name in peek(path))

    def pages(self, since: str | None) -> Iterator[Page]:
        """Yield pages of at most 1,000 posts in order of file names. Raises FatalError."""
        return export_pages(self.path, since, self._export)

    def size(self) -> int | None:
        """Return the packed bytes of the files that are read."""
        return export_size(self.path, self._export)


class _Record(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _Media(_Record):
    uri: str
    title: str | None = Field(default=None, repr=False)
    description: str | None = Field(default=None, repr=False)
    created: Seconds | None = Field(default=None, validation_alias="creation_timestamp")


class _Page(_Record):
    url: str | None = Field(default=None, repr=False)
    name: str | None = Field(default=None, repr=False)


class _Attached(_Record):
    media: _Media | None = None
    page: _Page | None = Field(default=None, validation_alias="external_context")


class _Attachments(_Record):
    data: list[_Attached] = []


class _Comment(_Record):
    timestamp: Seconds | None = None
    comment: str = Field(default="", repr=False)
    author: str | None = Field(default=None, repr=False)
    group: str | None = Field(default=None, repr=False)


class _Part(_Record):
    post: str | None = Field(default=None, repr=False)
    comment: _Comment | None = None
    updated: Seconds | None = Field(default=None, validation_alias="update_timestamp")


class _Entry(_Record):
    timestamp: Seconds
    data: list[_Part] = []
    attachments: list[_Attachments] = []


class _Insta(_Record):
    created: Seconds | None = Field(default=None, validation_alias="creation_timestamp")
    title: str | None = Field(default=None, repr=False)
    media: list[_Media] = []
    uri: str | None = None


class _Value(_Record):
    value: str = Field(default="", repr=False)
    timestamp: Seconds | None = None


class _Said(_Record):
    comment: _Value = Field(validation_alias="Comment")
    time: _Value = Field(validation_alias="Time")
    owner: _Value | None = Field(default=None, validation_alias="Media Owner")


class _InstaComment(_Record):
    said: _Said = Field(validation_alias="string_map_data")


class _Share(_Record):
    link: str | None = Field(default=None, repr=False)


class _File(_Record):
    uri: str | None = None


class _Message(_Record):
    sender: str | None = Field(default=None, validation_alias="sender_name", repr=False)
    at: Milliseconds = Field(validation_alias="timestamp_ms")
    content: str | None = Field(default=None, repr=False)
    is_unsent: bool = False
    share: _Share | None = None
    photos: list[_File] = []
    videos: list[_File] = []
    audio_files: list[_File] = []
    files: list[_File] = []


@dataclass(slots=True)
class _Person:
    """Whose download it is; posts do not say."""

    name: str | None = field(default=None, repr=False)
    bio: str | None = field(default=None, repr=False)

    def take_facebook(self, key: str | None, value: object) -> None:
        value = repaired(value)
        if key not in {"profile_v2", "profile"} or not isinstance(value, dict):
            return
        name = value.get("name")
        full = name.get("full_name") if isinstance(name, dict) else None
        self.name = _string(value.get("username")) or _string(full) or self.name
        self.bio = _string(value.get("intro_bio")) or self.bio

    def take_instagram(self, _key: str | None, value: object) -> None:
        value = repaired(value)
        facts = value.get("string_map_data") if isinstance(value, dict) else None
        if isinstance(facts, dict):
            name, bio = facts.get("Username"), facts.get("Bio")
            self.name = _string(name.get("value")) if isinstance(name, dict) else self.name
            self.bio = _string(bio.get("value")) if isinstance(bio, dict) else self.bio


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def repaired(value: object) -> object:
    """Return a value with every string in it repaired; one that was no UTF-8 read as Latin-1 stays as it is."""
    if isinstance(value, str):
        if value.isascii():
            return value
        try:
            return value.encode("latin-1").decode("utf-8")
        except UnicodeError:
            return value
    if isinstance(value, list):
        return [repaired(each) for each in value]
    if isinstance(value, dict):
        return {key: repaired(each) for key, each in value.items()}
    return value


def _kind_of(name: str) -> str | None:
    found = _FILE.fullmatch(PurePosixPath(name).name)
    return found.lastgroup if found else None


def _label(name: str) -> str:
    """Return how errors name a file: not by the people whom the folder of a conversation is named after."""
    path = PurePosixPath(name)
    return f"{_thread(path)}/{path.name}" if _kind_of(name) == "messages" else name


def _thread(path: PurePosixPath) -> str:
    found = _THREAD.fullmatch(path.parent.name)
    return found[1] if found else path.parent.name


def _plan(archive: Archive, *, defaults: PostDefaults) -> Iterator[Part]:
    members: dict[str, list[Member]] = {}
    for member in archive.members:
        members.setdefault(_kind_of(member.name) or "", []).append(member)
    person = _Person()
    for kind, take in (("person", person.take_facebook), ("ig_person", person.take_instagram)):
        for member in members.get(kind, ()):
            faults = load_index(archive, [member], take)
            yield Part(member=member, outcomes=partial(iter, faults))
    names = " ".join(member.name for member in archive.members)
    platform = "instagram" if "instagram" in names or members.keys() & _INSTAGRAM.keys() else "facebook"
    about = _About(defaults, person, archive.made_at, defaults.platform or platform)
    people = [*members.get("person", ()), *members.get("ig_person", ())]
    if person.bio and people:
        yield Part(
            member=people[0], outcomes=lambda: iter([(about.post("profile", person.bio or "", kind="profile"),)])
        )
    ways: dict[str, Callable[[str | None, Any], Sequence[Post] | str]] = {
        "posts": about.entry,
        "comments": about.entry,
        "ig_posts": about.insta,
        "ig_comments": about.insta_comment,
    }
    for kind, become in ways.items():
        for member in members.get(kind, ()):
            yield Part(member=member, outcomes=partial(json_outcomes, archive, member, become))
    for member in members.get("messages", ()):
        become = partial(about.message, _thread(member.path))
        yield Part(member=member, outcomes=partial(json_outcomes, archive, member, become))


@dataclass(frozen=True, slots=True)
class _About:
    """Makes posts of records."""

    defaults: PostDefaults
    person: _Person
    made_at: datetime
    platform: str

    def entry(self, key: str | None, value: object) -> Sequence[Post] | str:
        """Return what a Facebook entry is: a post or a comment; none for an activity without words or pictures."""
        if not _is_listed(key, value):
            return ()
        entry = checked(_Entry, repaired(value))
        if isinstance(entry, str):
            return entry
        comment = next((part.comment for part in entry.data if part.comment is not None), None)
        attached = [each for attachments in entry.attachments for each in attachments.data]
        media = [each.media for each in attached if each.media is not None]
        pages = [each.page.url for each in attached if each.page is not None and each.page.url]
        said = comment.comment if comment else next((part.post for part in entry.data if part.post), None)
        texts = [said or "", *(text for each in media for text in (each.title, each.description) if text != said)]
        # The card of a shared page is part of what people see, and rules look at addresses in the text.
        text = "\n".join(dict.fromkeys(filter(None, [*texts, *(page for page in pages if page not in (said or ""))])))
        if not text and not media:
            return ()
        edited = max((part.updated for part in entry.data if part.updated), default=None)
        kind = "comment" if comment else "share" if pages and not said else "post"
        return (
            self.post(
                _key("comment" if comment else "post", entry.timestamp, media),
                text,
                kind=kind,
                posted=entry.timestamp,
                edited=edited if edited and edited > entry.timestamp else None,
                author=comment.author if comment else None,
                channel=comment.group if comment else None,
                shared_from=pages[0] if pages else None,
                media=media,
            ),
        )

    def insta(self, key: str | None, value: object) -> Sequence[Post] | str:
        """Return an Instagram post, reel or story."""
        if not _is_listed(key, value):
            return ()
        post = checked(_Insta, repaired(value))
        if isinstance(post, str):
            return post
        media = [*post.media, *([_Media(uri=post.uri)] if post.uri else [])]
        posted = post.created or next((each.created for each in media if each.created), None)
        if posted is None:
            return "creation_timestamp is missing"
        texts = [post.title, *(text for each in media for text in (each.title, each.description))]
        text = "\n".join(dict.fromkeys(filter(None, texts)))
        return (self.post(_key("post", posted, media), text, kind="post", posted=posted, media=media),)

    def insta_comment(self, key: str | None, value: object) -> Sequence[Post] | str:
        """Return an Instagram comment."""
        if not _is_listed(key, value):
            return ()
        entry = checked(_InstaComment, repaired(value))
        if isinstance(entry, str):
            return entry
        if entry.said.time.timestamp is None:
            return "Time is missing"
        posted = entry.said.time.timestamp
        return (self.post(_key("comment", posted, ()), entry.said.comment.value, kind="comment", posted=posted),)

    def message(self, thread: str, key: str | None, value: object) -> Sequence[Post] | str:
        """Return a message; a deletion if it was taken back."""
        if key != "messages":
            return ()
        message = checked(_Message, repaired(value))
        if isinstance(message, str):
            return message
        link = message.share.link if message.share else None
        text = "\n".join(
            filter(None, [message.content, link if link and link not in (message.content or "") else None])
        )
        files = [*message.photos, *message.videos, *message.audio_files, *message.files]
        return (
            self.post(
                f"message:{thread}:{int(message.at.timestamp() * 1000)}",
                "" if message.is_unsent else text,
                kind="message",
                posted=message.at,
                author=message.sender,
                channel=thread,
                thread=thread,
                media=[_Media(uri=file.uri) for file in files if file.uri],
                deleted=max(self.made_at, message.at) if message.is_unsent else None,
            ),
        )

    def post(  # noqa: PLR0913 - one keyword per thing that records may say
        self,
        external_id: str,
        text: str,
        *,
        kind: str,
        posted: datetime | None = None,
        edited: datetime | None = None,
        deleted: datetime | None = None,
        author: str | None = None,
        channel: str | None = None,
        thread: str | None = None,
        shared_from: str | None = None,
        media: Sequence[_Media] = (),
    ) -> Post:
        """Return a post with what the download says about all of them."""
        return Post(
            external_id=external_id,
            text=text,
            kind=kind,
            platform=self.platform,
            channel=channel or self.defaults.channel,
            author=author or self.person.name or self.defaults.author,
            audience=self.defaults.audience,
            thread=thread,
            shared_from=shared_from,
            is_reply=True if kind == "comment" else None,
            posted_at=posted,
            edited_at=edited,
            deleted_at=deleted,
            as_of=max(filter(None, (self.made_at, posted))),
            attachments=tuple(
                Attachment(name=PurePosixPath(each.uri).name or "file", media_type=guess_type(each.uri)[0])
                for each in media
            ),
        )


def _is_listed(key: str | None, value: object) -> bool:
    """Say whether a record is an entry; beside their list, files hold a few facts that are none."""
    return key is None or isinstance(value, dict)


def _key(kind: str, posted: datetime, media: Sequence[_Media]) -> str:
    first = PurePosixPath(media[0].uri).name if media else ""
    return f"{kind}:{int(posted.timestamp())}" + (f":{first}" if first else "")
