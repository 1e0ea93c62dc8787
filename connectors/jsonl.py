"""Posts from a JSON Lines file: one object a line, read as a stream. The file may grow or be written anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from os import fstat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Final

from connectors.base import Page
from connectors.errors import FatalError, SkippableError
from connectors.jsonl_record import parse_line
from connectors.post import Post, PostDefaults

if TYPE_CHECKING:
    from hashlib import _Hash

PAGE_POSTS: Final = 1000
#: A page is stored in one transaction and held in memory until then, so it is bounded in bytes as well.
PAGE_BYTES: Final = 8 * 2**20
#: Far above any platform's limit; one that is longer is a broken file.
MAX_LINE: Final = 16 * 2**20
_CHUNK: Final = 2**20
_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"


class JsonlConnector:
    """Reads a JSON Lines file; `since` is a cursor of an earlier page.

    A cursor holds a byte offset, the lines before it and the SHA-256 of every byte before it. If the file no longer
    begins with these bytes (written anew, shorter), it is read from its beginning: posts may repeat, none is missed. A
    last line without a line end that is no valid JSON is reported, and the cursor stays before it: the next read sees
    it whole.
    """

    name: ClassVar[str] = "jsonl"
    ordered: ClassVar[bool] = False

    def __init__(self, path: Path, defaults: PostDefaults) -> None:
        self.path = path
        self.defaults = defaults

    def pages(self, since: str | None) -> Iterator[Page]:
        """Yield pages of at most 1,000 records in file order; none if nothing was added. Raises FatalError."""
        with self._opened() as file:
            reader = _Reader(file, place=self.path.name, defaults=self.defaults)
            reader.resume(since)
            yield from reader.pages()

    def size(self) -> int | None:
        """Return the size of the file in bytes."""
        with self._opened() as file:
            return fstat(file.fileno()).st_size

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        hint = None
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            message, hint = "no such file", "check the path of the source"
        except IsADirectoryError:
            message, hint = "this is a folder, not a file", "name the .jsonl file in it"
        except PermissionError:
            message, hint = "no permission to read this file", "let the account that runs the scan read it"
        except OSError as error:
            message = f"cannot be opened ({error.strerror or type(error).__name__})"
        else:
            with file:
                yield file
            return
        raise FatalError(message, place=str(self.path), hint=hint)


@dataclass(slots=True)
class _Reader:
    """A position in the file, with the hash of everything before it."""

    file: BinaryIO
    place: str
    defaults: PostDefaults
    offset: int = 0
    line: int = 0
    restarted: bool = True
    before: _Hash = field(default_factory=hashlib.sha256)
    #: A deletion without a time happened before the file was written.
    written_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.written_at = datetime.fromtimestamp(fstat(self.file.fileno()).st_mtime, UTC)

    def resume(self, since: str | None) -> None:
        """Go to where a cursor points if the file still begins as it did, else stay at the beginning."""
        if self.file.read(len(_GZIP)) == _GZIP:
            message = "the file is compressed"
            raise FatalError(message, place=self.place, hint="unpack it first, for instance with gunzip")
        self.file.seek(0)
        offset, line, digest = _parse_cursor(since)
        before, left = hashlib.sha256(), offset
        while left and (chunk := self.file.read(min(_CHUNK, left))):
            before.update(chunk)
            left -= len(chunk)
        if offset and not left and before.hexdigest() == digest:
            self.offset, self.line, self.before, self.restarted = offset, line, before, False
        self.file.seek(self.offset)

    def pages(self) -> Iterator[Page]:
        """Yield pages until the end of the file."""
        ended = False
        while not ended:
            start = self.offset
            posts: list[Post] = []
            rejects: list[SkippableError] = []
            while not ended and len(posts) + len(rejects) < PAGE_POSTS and self.offset - start < PAGE_BYTES:
                ended = self._next(posts, rejects)
            if posts or rejects or self.offset > start:
                yield Page(
                    posts=tuple(posts),
                    cursor=self._cursor(),
                    rejects=tuple(rejects),
                    position=self.offset,
                    restarted=self.restarted,
                )
                self.restarted = False

    def _next(self, posts: list[Post], rejects: list[SkippableError]) -> bool:
        """Read one line into `posts` or `rejects`; return whether that was the end of the file."""
        raw = self.file.readline(MAX_LINE + 1)
        if not raw:
            return True
        after = self.before.copy()
        after.update(raw)
        length, whole = len(raw), raw.endswith(b"\n")
        if not whole and length > MAX_LINE:
            length, whole = self._skip_rest(length, after)
            raw = b""
        place = f"{self.place}:{self.line + 1}"
        try:
            if length > MAX_LINE:
                message = f"the line is longer than {MAX_LINE // 2**20} MB"
                raise SkippableError(message, place=place, hint="one post a line; is the file cut or binary?")  # noqa: TRY301 - one way out
            text = raw.removeprefix(_BOM) if self.offset == 0 else raw
            if text.strip():
                posts.append(parse_line(text, place=place).post(self.defaults, written_at=self.written_at))
        except SkippableError as reject:
            reject.pending = not whole
            rejects.append(reject)
            if reject.pending:
                return True
        self.before, self.offset, self.line = after, self.offset + length, self.line + 1
        return False

    def _skip_rest(self, length: int, after: _Hash) -> tuple[int, bool]:
        """Pass over what is left of a line that is too long; return its length and whether it ended."""
        while chunk := self.file.readline(_CHUNK):
            after.update(chunk)
            length += len(chunk)
            if chunk.endswith(b"\n"):
                return length, True
        return length, False

    def _cursor(self) -> str:
        return json.dumps({"offset": self.offset, "line": self.line, "sha256": self.before.hexdigest()})


def _parse_cursor(since: str | None) -> tuple[int, int, str]:
    """Return offset, lines and hash; one that cannot be read begins anew: repeating is safe, missing is not."""
    try:
        cursor = json.loads(since or "{}")
        offset, line, digest = cursor["offset"], cursor["line"], cursor["sha256"]
    except (ValueError, KeyError, TypeError):
        return 0, 0, ""
    if not (type(offset) is int and type(line) is int and offset >= 0 and line >= 0):
        return 0, 0, ""
    return offset, line, str(digest)
