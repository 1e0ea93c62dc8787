"""Records of a Bluesky repository as posts: app.bsky.feed.post, app.bsky.feed.repost, app.bsky.actor.profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.post import Attachment, Post

POST: Final = "app.bsky.feed.post"
REPOST: Final = "app.bsky.feed.repost"
PROFILE: Final = "app.bsky.actor.profile"
COLLECTIONS: Final = (POST, REPOST, PROFILE)
_TID: Final = "234567abcdefghijklmnopqrstuvwxyz"
_TID_LENGTH: Final = 13
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: More are not shown by any client; the rest is left as it stands in the text.
_MOST_FACETS: Final = 500


class RecordError(Exception):
    """A record that is no post of its kind; the message quotes nothing of it."""


@dataclass(slots=True)
class _Embed:
    """What is shown below a text."""

    words: list[str] = field(default_factory=list, repr=False)
    attachments: list[Attachment] = field(default_factory=list)
    link: str = field(default="", repr=False)
    quoted: str | None = None


def post_of(
    record: object, *, did: str, collection: str, rkey: str, author: str, as_of: datetime | None = None
) -> Post:
    """Return the post that a record is, as it was at `as_of`. Raises RecordError."""
    if not isinstance(record, Mapping):
        message = "the record is no map"
        raise RecordError(message)
    posted_at = _time(record.get("createdAt"), rkey)
    make = {POST: _post, REPOST: _repost, PROFILE: _profile}[collection]
    fields = {
        "external_id": f"at://{did}/{collection}/{rkey}",
        "platform": "bluesky",
        "author": author,
        "posted_at": posted_at,
        # A record does not say when it was changed; of two texts the later repository has the current one.
        "as_of": max(filter(None, (as_of, posted_at)), default=None),
    }
    return make(record, fields, did, rkey)


def _post(record: Mapping[str, Any], fields: dict[str, Any], did: str, rkey: str) -> Post:
    text = record.get("text")
    if not isinstance(text, str):
        message = "the record has no text"
        raise RecordError(message)
    embed = _embed(record.get("embed"))
    text = expanded(text, record.get("facets"))
    link = embed.link if embed.link not in text else ""
    root = _text_at(record, "reply", "root", "uri") or _text_at(record, "reply", "parent", "uri")
    return Post(
        **fields,
        text="\n\n".join(filter(None, (text, *embed.words, link))),
        thread=root or fields["external_id"],
        is_reply=root is not None,
        shared_from=embed.quoted,
        url=f"https://bsky.app/profile/{did}/post/{rkey}",
        attachments=tuple(embed.attachments),
    )


def _repost(record: Mapping[str, Any], fields: dict[str, Any], _did: str, _rkey: str) -> Post:
    subject = _text_at(record, "subject", "uri")
    if subject is None:
        message = "the record does not say what it shares"
        raise RecordError(message)
    return Post(**fields, text="", kind="share", shared_from=subject)


def _profile(record: Mapping[str, Any], fields: dict[str, Any], did: str, _rkey: str) -> Post:
    words = (_text_at(record, "displayName"), _text_at(record, "description"))
    text = "\n\n".join(filter(None, words))
    return Post(**fields, text=text, kind="profile", url=f"https://bsky.app/profile/{did}")


def _embed(value: object) -> _Embed:
    """Return what an embed shows; alternative texts are the author's words, a link card's title is not."""
    embed = _Embed()
    if not isinstance(value, Mapping):
        return embed
    media = value.get("media")
    if isinstance(media, Mapping):
        embed = _embed({**media, "media": None})
        embed.quoted = _text_at(value, "record", "record", "uri")
        return embed
    images = value.get("images")
    for number, image in enumerate(images if isinstance(images, list) else [], start=1):
        _take_medium(embed, image, f"image {number}", "image")
    if "video" in value:
        _take_medium(embed, value, "video", "video")
    embed.link = _text_at(value, "external", "uri") or ""
    embed.quoted = _text_at(value, "record", "uri")
    return embed


def _take_medium(embed: _Embed, medium: object, name: str, blob: str) -> None:
    if isinstance(medium, Mapping):
        embed.attachments.append(Attachment(name=name, media_type=_text_at(medium, blob, "mimeType")))
        embed.words += filter(None, [_text_at(medium, "alt")])


def expanded(text: str, facets: object) -> str:
    """Return a text with the full address of each link facet in place of a shortened one, or behind other words.

    Facets count bytes of the text in UTF-8. One that is out of range, cuts a character or overlaps is left out.
    """
    raw, end = text.encode("utf-8", "surrogatepass"), 0
    pieces: list[str] = []
    for start, stop, address in sorted(_links(facets)):
        if not end <= start < stop <= len(raw):
            continue
        try:
            before, shown = raw[end:start].decode("utf-8"), raw[start:stop].decode("utf-8")
        except UnicodeDecodeError:
            continue
        pieces += [before, address if _is_short_for(shown, address) else f"{shown} ({address})"]
        end = stop
    return "".join(pieces) + raw[end:].decode("utf-8", "surrogatepass") if pieces else text


def _is_short_for(shown: str, address: str) -> bool:
    """Return whether words are an address or its beginning, so that nothing is lost by writing it in full."""
    bare = shown.rstrip(".…").removeprefix("https://").removeprefix("http://")
    return bool(bare) and address.removeprefix("https://").removeprefix("http://").startswith(bare)


def _links(facets: object) -> list[tuple[int, int, str]]:
    found = []
    for facet in (facets if isinstance(facets, list) else [])[:_MOST_FACETS]:
        start, stop = _at(facet, "index", "byteStart"), _at(facet, "index", "byteEnd")
        features = _at(facet, "features")
        for feature in features if isinstance(features, list) else []:
            address = _text_at(feature, "uri")
            if address is not None and type(start) is int and type(stop) is int:
                found.append((start, stop, address))
                break
    return found


def _time(value: object, rkey: str) -> datetime | None:
    """Return when a record was made: what it says itself, else the time in its key, else None."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
        if time is not None and time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    return time_of_key(rkey)


def time_of_key(rkey: str) -> datetime | None:
    """Return the time in a TID, None if it is none: microseconds above ten bits of clock id: https://atproto.com/specs/tid."""
    if len(rkey) != _TID_LENGTH or not set(rkey) <= set(_TID):
        return None
    number = 0
    for letter in rkey:
        number = number * len(_TID) + _TID.index(letter)
    try:
        return _EPOCH + timedelta(microseconds=number >> 10)
    except OverflowError:
        return None


def _at(value: object, *path: str) -> object:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _text_at(value: object, *path: str) -> str | None:
    found = _at(value, *path)
    return found if isinstance(found, str) and found else None
