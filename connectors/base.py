"""The contract every connector keeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from connectors.errors import SkippableError
from connectors.post import Post


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A bounded batch of posts in source order, with the cursor that resumes right after it."""

    #: At most 1,000.
    posts: tuple[Post, ...]
    #: Only the connector that wrote it can read it.
    cursor: str
    #: Records of this page that could not be read, in source order.
    rejects: tuple[SkippableError, ...] = ()
    #: How far this page reaches, in `Connector.size` units (bytes for files); None where unknown.
    position: int | None = None
    #: The source is read anew from its beginning with this page, so what was noted about its places no longer holds.
    restarted: bool = False


class Connector(Protocol):
    """Where posts come from. One platform per file; `pages` may repeat posts and must never miss one.

    It is made with the path of its source and PostDefaults. Its class may say more about itself: see Recogniser and
    Configurable; `usual_audience` is that of a source which does not say (external where the class is silent).
    """

    name: ClassVar[str]
    #: Whether posts come in order of `Post.at`. Nothing may rely on it where it is False.
    ordered: ClassVar[bool]

    def pages(self, since: str | None) -> Iterator[Page]:
        """Yield pages from the cursor `since` (None: from the beginning). Raises FatalError or RetryableError."""
        ...

    def size(self) -> int | None:
        """Return how much there is to read in the units of `Page.position`, for the progress bar; None if unknown."""
        ...


class Settings(BaseModel):
    """Base of what a connector lets a source set beside path, platform, channel, audience and messages."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


@runtime_checkable
class Recogniser(Protocol):
    """What a connector class has that can tell its files: then `compliance scan FILE` needs no `connector:`."""

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Return whether this connector reads the file or folder at `path`, by its name or a look at its beginning.

        Cheap, and it never raises: a path that cannot be read is told by its name alone. At most one connector may say
        yes to a path.
        """
        ...


@runtime_checkable
class Configurable(Protocol):
    """What a connector class has that takes settings of its own.

    They are given as its third argument, `settings`, which may be left out. A setting of a source that the model does
    not know is refused when the workspace is opened.
    """

    settings_type: ClassVar[type[Settings]]
