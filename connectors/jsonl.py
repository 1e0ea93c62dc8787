"""Posts from a JSON Lines file: one object a line, read as a stream. The file may grow or be written anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from os import fstat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Final

from connectors.base import Page
from connectors.errors import SkippableError
from connectors.files import CHUNK, PAGE_BYTES, PAGE_POSTS, Mark, mark_of, opened, refuse_compressed
from connectors.jsonl_record import parse_line
from connectors.post import Post, PostDefaults

if TYPE_CHECKING:
    from hashlib import _Hash

#: Far above any platform's limit; one that is longer is a broken file.
MAX_LINE: Final = 16 * 2**20
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

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Return whether the name says JSON Lines."""
        return path.suffix.lower() in {".jsonl", ".ndjson"} and not path.is_dir()

    def pages(self, since: str | None) -> Iterator[Page]:
        """Yield pages of at most 1,000 records in file order; none if nothing was added. Raises FatalError."""
        with opened(self.path, suffix=".jsonl") as file:
            reader = _Reader(file, path=self.path, defaults=self.defaults)
            reader.resume(since)
            yield from reader.pages()

    def size(self) -> int | None:
        """Return the size of the file in bytes."""
        with opened(self.path, suffix=".jsonl") as file:
            return fstat(file.fileno()).st_size


@dataclass(slots=True)
class _Reader:
    """A position in the file, with the hash of everything before it."""

    file: BinaryIO
    path: Path
    defaults: PostDefaults
    mark: Mark = field(default_factory=Mark)
    restarted: bool = True
    #: A deletion without a time happened before the file was written.
    written_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.written_at = datetime.fromtimestamp(fstat(self.file.fileno()).st_mtime, UTC)

    def resume(self, since: str | None) -> None:
        """Go to where a cursor points if the file still begins as it did, else stay at the beginning."""
        refuse_compressed(self.file, self.path)
        self.mark = mark_of(self.file, since)
        self.restarted = self.mark.offset == 0

    def pages(self) -> Iterator[Page]:
        """Yield pages until the end of the file."""
        ended = False
        while not ended:
            start = self.mark.offset
            posts: list[Post] = []
            rejects: list[SkippableError] = []
            while not ended and len(posts) + len(rejects) < PAGE_POSTS and self.mark.offset - start < PAGE_BYTES:
                ended = self._next(posts, rejects)
            if posts or rejects or self.mark.offset > start:
                yield Page(
                    posts=tuple(posts),
                    cursor=self.mark.cursor(),
                    rejects=tuple(rejects),
                    position=self.mark.offset,
                    restarted=self.restarted,
                )
                self.restarted = False

    def _next(self, posts: list[Post], rejects: list[SkippableError]) -> bool:
        """Read one line into `posts` or `rejects`; return whether that was the end of the file."""
        raw = self.file.readline(MAX_LINE + 1)
        if not raw:
            return True
        after = self.mark.before.copy()
        after.update(raw)
        length, whole = len(raw), raw.endswith(b"\n")
        if not whole and length > MAX_LINE:
            length, whole = self._skip_rest(length, after)
            raw = b""
        place = f"{self.path.name}:{self.mark.line + 1}"
        try:
            if length > MAX_LINE:
                message = f"the line is longer than {MAX_LINE // 2**20} MB"
                raise SkippableError(message, place=place, hint="one post a line; is the file cut or binary?")  # noqa: TRY301 - one way out
            text = raw.removeprefix(_BOM) if self.mark.offset == 0 else raw
            if text.strip():
                posts.append(parse_line(text, place=place).post(self.defaults, written_at=self.written_at))
        except SkippableError as reject:
            reject.pending = not whole
            rejects.append(reject)
            if reject.pending:
                return True
        self.mark = Mark(self.mark.offset + length, self.mark.line + 1, after)
        return False

    def _skip_rest(self, length: int, after: _Hash) -> tuple[int, bool]:
        """Pass over what is left of a line that is too long; return its length and whether it ended."""
        while chunk := self.file.readline(CHUNK):
            after.update(chunk)
            length += len(chunk)
            if chunk.endswith(b"\n"):
                return length, True
        return length, False
