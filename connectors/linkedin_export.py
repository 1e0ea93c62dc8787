"""Posts from LinkedIn's copy of a member's data: CSV files of shares, comments and messages.

Column names and quirks are those of public copies. LinkedIn dates no edits, so versions are ordered by their exports.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import ClassVar, Final
from urllib.parse import unquote

from connectors.archive import Archive, Limits, Member, peek
from connectors.base import Page
from connectors.export import Export, Outcome, Part, export_pages, export_size, outcome_of
from connectors.post import Attachment, Post, PostDefaults
from connectors.stamps import from_pattern
from connectors.text_csv import read_rows

#: Names may carry the member's number or a copy's: Shares_7789716.csv, Shares (1).csv.
_FILE: Final = re.compile(r"(?P<kind>shares|comments|messages|profile)(?:_\d+)?(?: ?\(\d+\))?\.csv", re.IGNORECASE)
_URN: Final = re.compile(r"urn:li:(share|ugcPost|activity|comment):(\d+|\([^()]*,\d+\))")
_TIMES: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S UTC", "%m/%d/%y, %I:%M %p")
_Cells = dict[str, str]


class LinkedInExportConnector:
    """Reads a copy of a member's LinkedIn data, a zip or its unpacked folder.

    The key of a share is the URN in its link; of comments and messages, which have none, where and when they were
    written.
    """

    name: ClassVar[str] = "linkedin-export"
    ordered: ClassVar[bool] = False

    def __init__(self, path: Path, defaults: PostDefaults, *, limits: Limits | None = None) -> None:
        self.path = path
        self._export = Export(
            kind="a LinkedIn export",
            holds="Shares.csv, Comments.csv or messages.csv",
            wanted=lambda name: _kind_of(name) is not None,
            plan=partial(_plan, defaults=defaults),
            limits=limits or Limits(),
        )

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell the export by the names of its members."""
        return any(_kind_of(name) is not None for name in peek(path))

    def pages(self, since: str | None) -> Iterator[Page]:
        """Yield pages of at most 1,000 posts in file order. Raises FatalError."""
        return export_pages(self.path, since, self._export)

    def size(self) -> int | None:
        """Return the packed bytes of the files that are read."""
        return export_size(self.path, self._export)


def _kind_of(name: str) -> str | None:
    found = _FILE.fullmatch(PurePosixPath(name).name)
    return found["kind"].casefold() if found else None


def _plan(archive: Archive, *, defaults: PostDefaults) -> Iterator[Part]:
    members = {kind: [each for each in archive.members if _kind_of(each.name) == kind] for kind in _NEEDED}
    member_name = _member_name(archive, members["profile"])
    reader = _Reader(defaults, member_name or defaults.author, archive.made_at)
    ways: dict[str, Callable[[_Cells], Sequence[Post] | str]] = {
        "profile": reader.profile,
        "shares": reader.share,
        "comments": reader.comment,
        "messages": reader.message,
    }
    for kind, become in ways.items():
        for member in members[kind]:
            yield Part(member=member, outcomes=partial(_outcomes, archive, member, kind, become))


_NEEDED: Final = {
    "shares": ("Date", "ShareLink", "ShareCommentary"),
    "comments": ("Date", "Link", "Message"),
    "messages": ("CONVERSATION ID", "FROM", "DATE", "CONTENT"),
    "profile": ("First Name", "Last Name"),
}


def _member_name(archive: Archive, members: Sequence[Member]) -> str | None:
    for member in members:
        for row in read_rows(archive.read(member), place=member.place, needed=_NEEDED["profile"]):
            if row.fault is None:
                return " ".join(filter(None, (row.cells["first name"].strip(), row.cells["last name"].strip()))) or None
    return None


def _outcomes(
    archive: Archive, member: Member, kind: str, become: Callable[[_Cells], Sequence[Post] | str]
) -> Iterator[Outcome]:
    rows = read_rows(archive.read(member), place=member.place, needed=_NEEDED[kind], backslashes=kind == "comments")
    for row in rows:
        yield row.fault or outcome_of(become(row.cells), place=f"{member.place}:{row.line}")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Makes posts of rows."""

    defaults: PostDefaults
    author: str | None
    made_at: datetime

    def share(self, cells: _Cells) -> Sequence[Post] | str:
        """Return a post, or a share where the author said nothing about it."""
        posted = _time(cells["date"])
        if posted is None:
            return "Date is not a time such as 2026-03-02 09:00:00"
        link, shared = cells["sharelink"].strip(), cells.get("sharedurl", "").strip()
        urn = _URN.search(unquote(link))
        if urn is None:
            return "ShareLink names no post"
        text, media = _plain(cells["sharecommentary"]), cells.get("mediaurl", "").strip()
        # The card of a shared page is part of what people see, and rules look at addresses in the text.
        text = f"{text}\n{shared}".strip() if shared and shared not in text else text
        return (
            self._post(
                f"urn:li:{urn[1]}:{urn[2]}",
                text,
                kind="post" if cells["sharecommentary"].strip() else "share",
                posted=posted,
                url=link,
                shared_from=shared or None,
                is_reply=False,
                attachments=(Attachment(name=PurePosixPath(media).name or "media", url=media),) if media else (),
            ),
        )

    def comment(self, cells: _Cells) -> Sequence[Post] | str:
        """Return a comment; the copy names the post it is on, and no id of its own."""
        posted, link = _time(cells["date"]), cells["link"].strip()
        if posted is None:
            return "Date is not a time such as 2026-03-02 09:00:00"
        urn = _URN.search(unquote(link))
        thread = f"urn:li:{urn[1]}:{urn[2]}" if urn else link
        key = f"comment:{thread}:{posted:%Y%m%dT%H%M%S}"
        return (
            self._post(
                key, _plain(cells["message"]), kind="comment", posted=posted, url=link, thread=thread, is_reply=True
            ),
        )

    def message(self, cells: _Cells) -> Sequence[Post] | str:
        """Return a message; none for a draft that was not sent."""
        if cells.get("is message draft", "").strip().casefold() in {"yes", "true"}:
            return ()
        posted, room = _time(cells["date"]), cells["conversation id"].strip()
        if posted is None:
            return "DATE is not a time such as 2026-03-02 09:00:00 UTC"
        if not room:
            return "CONVERSATION ID is missing"
        sender = cells["from"].strip()
        texts = (cells.get("subject", "").strip(), cells["content"])
        files = [each for each in re.split(r"[\s,]+", cells.get("attachments", "")) if each]
        # Two people of one conversation may write within one second.
        key = f"message:{room}:{posted:%Y%m%dT%H%M%S}:{_address_end(cells.get('sender profile url', '')) or sender}"
        return (
            self._post(
                key,
                "\n\n".join(filter(None, texts)),
                kind="message",
                posted=posted,
                author=sender or None,
                channel=cells.get("conversation title", "").strip() or room,
                thread=room,
                attachments=tuple(Attachment(name=PurePosixPath(each).name or "file", url=each) for each in files),
            ),
        )

    def profile(self, cells: _Cells) -> Sequence[Post]:
        """Return what the member says about themselves."""
        text = "\n\n".join(filter(None, (cells.get("headline", "").strip(), cells.get("summary", "").strip())))
        return (self._post("profile", text, kind="profile", posted=None),) if text else ()

    def _post(
        self, external_id: str, text: str, *, posted: datetime | None, author: str | None = None, **more: object
    ) -> Post:
        return Post(
            external_id=external_id,
            text=text,
            platform=self.defaults.platform or "linkedin",
            author=author or self.author,
            audience=self.defaults.audience,
            posted_at=posted,
            as_of=max(filter(None, (self.made_at, posted))),
            **{"channel": self.defaults.channel, **more},  # type: ignore[arg-type]
        )


def _time(value: str) -> datetime | None:
    return next((time for pattern in _TIMES if (time := from_pattern(value.strip(), pattern))), None)


def _plain(text: str) -> str:
    """Return the text without the quotes that exports put around every line end of a share."""
    breaks = text.count("\n")
    if breaks and text.count('"\n"') == breaks:
        text = text.replace('"\n"', "\n")
    return text.strip()


def _address_end(url: str) -> str:
    return url.strip().rstrip("/").rpartition("/")[2]
