"""What connectors that stream one file share: opening it, and a mark that says how far it was read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from connectors.base import Page
from connectors.errors import FatalError, SkippableError
from connectors.post import Post

if TYPE_CHECKING:
    from hashlib import _Hash

PAGE_POSTS: Final = 1000
#: A page is stored in one transaction and held in memory until then, so it is bounded in bytes as well.
PAGE_BYTES: Final = 8 * 2**20
CHUNK: Final = 2**20
_COMPRESSED: Final = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}


@contextmanager
def opened(path: Path, *, suffix: str) -> Iterator[BinaryIO]:
    """Open a file to read its bytes. Raises FatalError saying what is wrong; `suffix` is what such files are called."""
    hint = None
    try:
        file = path.open("rb")
    except FileNotFoundError:
        message, hint = "no such file", "check the path of the source"
    except IsADirectoryError:
        message, hint = "this is a folder, not a file", f"name the {suffix} file in it"
    except PermissionError:
        message, hint = "no permission to read this file", "let the account that runs the scan read it"
    except OSError as error:
        message = f"cannot be opened ({error.strerror or type(error).__name__})"
    else:
        with file:
            yield file
        return
    raise FatalError(message, place=str(path), hint=hint)


def refuse_compressed(file: BinaryIO, path: Path) -> None:
    """Raise FatalError if the file begins like a compressed one; leaves it at its beginning."""
    head = file.read(8)
    file.seek(0)
    for start, kind in _COMPRESSED.items():
        if head.startswith(start):
            message = f"the file is compressed ({kind})"
            raise FatalError(message, place=str(path), hint="unpack it first")


@dataclass(slots=True)
class Mark:
    """A position in a file, with the hash of every byte before it: a file written anew is told by it."""

    offset: int = 0
    #: Lines before it.
    line: int = 0
    before: _Hash = field(default_factory=hashlib.sha256, repr=False)

    def pass_over(self, *lines: bytes) -> None:
        """Move on over lines just read, or pieces of one."""
        for line in lines:
            self.before.update(line)
            self.offset += len(line)
        # The second is a line end of UTF-16.
        self.line += sum(line.endswith((b"\n", b"\n\0")) for line in lines)

    def move_to(self, other: Mark) -> None:
        """Move to where another mark is."""
        self.offset, self.line, self.before = other.offset, other.line, other.before

    def copy(self) -> Mark:
        """Return a mark that moves on by itself."""
        return Mark(self.offset, self.line, self.before.copy())

    def cursor(self, **more: int) -> str:
        """Return the cursor that comes back here."""
        return json.dumps({"offset": self.offset, "line": self.line, "sha256": self.before.hexdigest(), **more})


def mark_of(file: BinaryIO, since: str | None) -> Mark:
    """Return where a cursor points if the file still begins as it did, else its beginning; the file is left there.

    A cursor that cannot be read begins anew: repeating is safe, missing is not.
    """
    cursor = numbers_of(since, "offset", "line")
    if cursor is None:
        file.seek(0)
        return Mark()
    mark = mark_at(file, cursor["offset"], cursor["line"])
    if file.tell() < mark.offset or mark.before.hexdigest() != json.loads(since or "{}").get("sha256"):
        mark = Mark()
    file.seek(mark.offset)
    return mark


def numbers_of(since: str | None, *names: str) -> dict[str, int] | None:
    """Return these numbers of a cursor; None if there is none, or one that is not ours."""
    try:
        cursor = json.loads(since or "null")
        numbers = {name: cursor[name] for name in names}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return numbers if all(type(number) is int and number >= 0 for number in numbers.values()) else None


def mark_at(file: BinaryIO, offset: int, line: int) -> Mark:
    """Return the mark at an offset, after `line` lines; the file is left there."""
    mark, left = Mark(offset=offset, line=line), offset
    file.seek(0)
    while left and (chunk := file.read(min(CHUNK, left))):
        mark.before.update(chunk)
        left -= len(chunk)
    return mark


def paged(
    steps: Iterable[Post | SkippableError | None], mark: Mark, *, cursor: Callable[[], str], restarted: bool
) -> Iterator[Page]:
    """Gather what is read step by step into bounded pages; each step has moved `mark` to behind what it read."""
    posts: list[Post] = []
    rejects: list[SkippableError] = []
    start = mark.offset

    def page() -> Page:
        return Page(
            posts=tuple(posts), cursor=cursor(), rejects=tuple(rejects), position=mark.offset, restarted=restarted
        )

    for step in steps:
        if isinstance(step, Post):
            posts.append(step)
        elif step is not None:
            rejects.append(step)
        if len(posts) + len(rejects) >= PAGE_POSTS or mark.offset - start >= PAGE_BYTES:
            yield page()
            posts, rejects, start, restarted = [], [], mark.offset, False
    if posts or rejects or mark.offset > start:
        yield page()
