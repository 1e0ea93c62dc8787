"""Posts from an mbox file, message by message. Only what is written in a mail is read, never what is attached to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from os import fstat
from pathlib import Path
from typing import BinaryIO, ClassVar, Final

from connectors.base import Page
from connectors.errors import FatalError, SkippableError
from connectors.files import Mark, mark_at, mark_of, numbers_of, opened, paged, refuse_compressed
from connectors.post import Post, PostDefaults

#: Bytes of one message with its attachments. Servers refuse less.
MAX_MESSAGE: Final = 64 * 2**20
_LINE: Final = 2**20
#: A separator names a time of day and a year; a sentence that begins with From seldom does.
_SEPARATOR: Final = re.compile(rb"From [^\r\n]*\d{1,2}:\d\d[^\r\n]*\d{4}[^\r\n]*\r?\n?")
#: In mboxrd any number of > before From is one too many; mboxo adds one as well, and never more.
_ESCAPED: Final = re.compile(rb">+From ")
_ID: Final = re.compile(rb"^message-id:[ \t]*(?:\r?\n[ \t]+)?<?([^<>\r\n]+)", re.IGNORECASE | re.MULTILINE)
_LIST: Final = re.compile(rb"^(?:list-id|list-post|x-mailing-list):[ \t]*\S", re.IGNORECASE | re.MULTILINE)
_SAID: Final = re.compile(rb"^(?:from|date|subject):.*(?:\r?\n[ \t].*)*", re.IGNORECASE | re.MULTILINE)
_HEAD_ENDS: Final = re.compile(rb"\r?\n\r?\n")
_LONGEST_ID: Final = 400


class MboxConnector:
    """Reads an mbox file (mboxrd or mboxo); `since` is a cursor of an earlier page.

    The key is the Message-ID. A content hash stands for it where there is none, and is appended where the id comes
    again with other content. Mail on a list is a post, any other a message. A cursor holds how far was read, the
    SHA-256 of what comes before and where the last message begins: if that one has grown since, it is read again.
    """

    name: ClassVar[str] = "mbox"
    ordered: ClassVar[bool] = False
    #: Lists are read inside an organisation, unless the source says otherwise.
    usual_audience: ClassVar[str] = "internal"

    def __init__(self, path: Path, defaults: PostDefaults) -> None:
        self.path = path
        self.defaults = defaults

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Return whether the name says mbox, or has no ending and the file begins like one (Inbox, Sent)."""
        if path.is_dir() or path.suffix:
            return path.suffix.lower() in {".mbox", ".mbx"} and not path.is_dir()
        try:
            with path.open("rb") as file:
                return _SEPARATOR.match(file.readline(_LINE)) is not None
        except OSError:
            return False

    def pages(self, since: str | None) -> Iterator[Page]:
        """Yield pages of at most 1,000 messages in file order; none if nothing was added. Raises FatalError."""
        with opened(self.path, suffix=".mbox") as file:
            refuse_compressed(file, self.path)
            reader = _Reader(file, path=self.path, defaults=self.defaults)
            reader.begin(since)
            restarted = reader.mark.offset == 0
            yield from paged(reader.steps(), reader.mark, cursor=reader.cursor, restarted=restarted)

    def size(self) -> int | None:
        """Return the size of the file in bytes."""
        with opened(self.path, suffix=".mbox") as file:
            return fstat(file.fileno()).st_size


@dataclass(slots=True)
class _Raw:
    """One message as it stands in the file."""

    #: Where it ends.
    end: Mark
    #: Unescaped and without its separator; empty if it is too long.
    content: bytes = field(default=b"", repr=False)
    is_too_long: bool = False


@dataclass(slots=True)
class _Reader:
    """A position in the file, and the ids seen before it."""

    file: BinaryIO
    path: Path
    defaults: PostDefaults
    mark: Mark = field(default_factory=Mark)
    #: Where the last message begins.
    last: Mark = field(default_factory=Mark)
    #: Hash of a key -> hash of the content it came with first, and in the lowest bit whether a list brought it.
    seen: dict[int, int] = field(default_factory=dict, repr=False)

    def begin(self, since: str | None) -> None:
        """Go to where the cursor points, and note the ids before it. Raises FatalError for what is no mbox."""
        first = self.file.readline(_LINE)
        while first and not first.strip():
            first = self.file.readline(_LINE)
        if first and not _SEPARATOR.match(first):
            message = "the file does not begin like an mbox"
            hint = "its first line is `From ADDRESS DATE`; put such a line above a single mail (.eml)"
            raise FatalError(message, place=str(self.path), hint=hint)
        told = numbers_of(since, "last", "last_line")
        known = mark_of(self.file, since)
        if known.offset and told is not None and self.file.read(1):
            known = mark_at(self.file, told["last"], told["last_line"])
        while self.mark.offset < known.offset and (raw := self._next()) is not None:
            if raw.content:
                self._key(raw.content)
            self._move_to(raw.end)

    def steps(self) -> Iterator[Post | SkippableError | None]:
        """Yield what each message gives: a post first, since the mark is behind both by then."""
        while (raw := self._next()) is not None:
            steps = self._read(raw, place=f"{self.path.name}:{self.mark.line + 1}")
            self._move_to(raw.end)
            yield from steps
            if not steps:
                yield None

    def cursor(self) -> str:
        """Return the cursor for the place reached."""
        return self.mark.cursor(last=self.last.offset, last_line=self.last.line)

    def _move_to(self, end: Mark) -> None:
        self.last = self.mark.copy()
        self.mark.move_to(end)

    def _next(self) -> _Raw | None:
        """Return the message that begins at the mark; None at the end of the file."""
        raw, lines, is_start, after_blank = _Raw(end=self.mark.copy()), list[bytes](), True, False
        self.file.seek(self.mark.offset)
        in_head = True
        while line := self.file.readline(_LINE):
            if is_start and _SEPARATOR.match(line) and (in_head or after_blank):
                if not in_head:
                    break
                in_head = False
            elif is_start and _ESCAPED.match(line):
                lines.append(line[1:])
            elif not in_head:
                lines.append(line)
            raw.end.pass_over(line)
            after_blank = is_start and not line.strip(b"\r\n")
            is_start = line.endswith(b"\n")
            if raw.end.offset - self.mark.offset > MAX_MESSAGE:
                raw.is_too_long = True
                lines.clear()
        if raw.end.offset == self.mark.offset:
            return None
        raw.content = b"" if raw.is_too_long else b"".join(lines)
        return raw

    def _read(self, raw: _Raw, *, place: str) -> list[Post | SkippableError]:
        if raw.is_too_long:
            message = f"the message is longer than {MAX_MESSAGE // 2**20} MB"
            return [SkippableError(message, place=place, hint="export it without its attachments")]
        if not raw.content.strip() or (found := self._key(raw.content)) is None:
            return []
        key, on_list = found
        from connectors.mail import read_mail

        mail = read_mail(raw.content, place=place)
        if isinstance(mail, SkippableError):
            return [mail]
        post = Post(
            external_id=key,
            text=mail.text,
            kind="post" if on_list else "message",
            platform=self.defaults.platform or "email",
            channel=self.defaults.channel or mail.list_id,
            author=mail.author or self.defaults.author,
            audience=self.defaults.audience,
            thread=mail.thread or key,
            is_reply=mail.is_reply,
            posted_at=mail.posted_at,
            attachments=mail.attachments,
        )
        return [post, *(SkippableError(note, place=place) for note in mail.notes)]

    def _key(self, content: bytes) -> tuple[str, bool] | None:
        """Return the key of a message and whether it is list mail; None for a copy of one that was read.

        A copy that a list brought counts once more after one that went to a person, which may be skipped.
        """
        ends = _HEAD_ENDS.search(content)
        head, body = (content[: ends.start()], content[ends.end() :]) if ends else (content, b"")
        on_list = _LIST.search(head) is not None
        digest = sha256(b"\0".join([*_SAID.findall(head), body.strip()])).digest()[:16]
        found = _ID.search(head)
        key = found[1].decode("ascii", "replace").strip() if found else ""
        if not 0 < len(key) <= _LONGEST_ID:
            key = f"sha256:{digest.hex()}"
        for name in (key, f"{key}#{digest.hex()[:16]}"):
            slot = int.from_bytes(sha256(name.encode()).digest()[:16])
            value = int.from_bytes(digest) << 1
            known = self.seen.get(slot)
            if known is None or (on_list and known == value):
                self.seen[slot] = value | on_list
                return name, on_list
            if known >> 1 == value >> 1:
                return None
        return None
