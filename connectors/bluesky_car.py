"""Posts from the CAR file of a Bluesky repository: what one account has published and not deleted.

Formats: https://atproto.com/specs/repository
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from os import fstat
from pathlib import Path
from typing import Annotated, BinaryIO, ClassVar, Final, TypeAlias

from pydantic import Field

from connectors.base import Page, Settings
from connectors.bluesky_record import COLLECTIONS, RecordError, post_of, time_of_key
from connectors.car import BlockError, Blocks
from connectors.errors import FatalError, SkippableError
from connectors.files import Mark, numbers_of, opened, paged
from connectors.post import LONGEST, Post, PostDefaults

#: Far above what a tree of a million records needs.
_DEEPEST: Final = 64
#: Bytes of a key; the protocol allows as many.
_LONGEST_KEY: Final = 1024
_SHOWN: Final = 80
#: What key and value of a record are, or what is wrong in the tree.
_Leaf: TypeAlias = tuple[bytes, object] | SkippableError


class BlueskyCarSettings(Settings):
    """What a repository does not say about itself."""

    handle: Annotated[str, Field(min_length=1, max_length=LONGEST["author"])] | None = Field(
        default=None, description="the account's handle; without it the author is the DID"
    )


class BlueskyCarConnector:
    """Reads a repository; `since` is a cursor of an earlier page.

    A repository is exported whole, so a cursor holds the SHA-256 of the file and how many of its records were passed:
    another file is read from its beginning. The signature of the repository is not verified; each block's hash is.
    """

    name: ClassVar[str] = "bluesky-car"
    ordered: ClassVar[bool] = False
    settings_type: ClassVar[type[Settings]] = BlueskyCarSettings

    def __init__(self, path: Path, defaults: PostDefaults, settings: BlueskyCarSettings | None = None) -> None:
        self.path = path
        self.defaults = defaults
        self.settings = settings or BlueskyCarSettings()

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Return whether the name says CAR."""
        return path.suffix.lower() == ".car" and not path.is_dir()

    def pages(self, since: str | None) -> Iterator[Page]:
        """Yield pages of at most 1,000 records in order of their keys; none if the file was read. Raises FatalError."""
        with opened(self.path, suffix=".car") as file:
            reader = _Reader(file, path=self.path, defaults=self.defaults, handle=self.settings.handle)
            reader.begin(since)
            yield from paged(reader.steps(), reader.mark, cursor=reader.cursor, restarted=reader.passed == 0)

    def size(self) -> int | None:
        """Return the size of the file in bytes."""
        with opened(self.path, suffix=".car") as file:
            return fstat(file.fileno()).st_size


@dataclass(slots=True)
class _Reader:
    """A walk through the tree of one repository."""

    file: BinaryIO
    path: Path
    defaults: PostDefaults
    handle: str | None
    blocks: Blocks = field(init=False)
    did: str = ""
    #: When the repository was as it is here.
    as_of: datetime | None = None
    tree: object = None
    leaves: Iterator[_Leaf] = field(init=False)
    #: Leaves and faults passed.
    passed: int = 0
    #: Bytes of the records passed.
    mark: Mark = field(default_factory=Mark)

    def begin(self, since: str | None) -> None:
        """Read the blocks and the commit. Raises FatalError where there is nothing to begin with."""
        self.blocks = Blocks(self.file, self.path)
        self.blocks.read()
        try:
            commit = self.blocks.decoded(self.blocks.root)
        except BlockError as error:
            message = f"the repository cannot be read: {error}"
            raise FatalError(message, place=str(self.path), hint="export the whole repository again") from None
        did, tree = (commit.get("did"), commit.get("data")) if isinstance(commit, dict) else (None, None)
        if not isinstance(did, str) or not did.startswith("did:") or len(did) > LONGEST["author"]:
            message = "the root of this CAR is no commit of a repository"
            raise FatalError(message, place=str(self.path), hint="export the repository from Bluesky's settings")
        self.did, self.tree = did, tree
        self.as_of = time_of_key(str(commit.get("rev"))) if isinstance(commit, dict) else None
        told = numbers_of(since, "passed")
        self.leaves = self._leaves()
        if told is not None and json.loads(since or "{}").get("sha256") == self.blocks.digest:
            for leaf in islice(self.leaves, told["passed"]):
                self._pass(leaf)

    def steps(self) -> Iterator[Post | SkippableError | None]:
        """Yield what each leaf gives, from the one after those passed."""
        for leaf in self.leaves:
            step = leaf if isinstance(leaf, SkippableError) else self._step(*leaf)
            self._pass(leaf)
            yield step

    def _pass(self, leaf: _Leaf) -> None:
        self.passed += 1
        if not isinstance(leaf, SkippableError):
            self.mark.offset += self.blocks.length(leaf[1])

    def cursor(self) -> str:
        """Return the cursor for the place reached."""
        return json.dumps({"sha256": self.blocks.digest, "passed": self.passed})

    def _leaves(self) -> Iterator[_Leaf]:
        """Yield the faults of the file, then the tree's leaves in order of keys, then whatever else is wrong."""
        yield from self.blocks.rejects
        seen: set[bytes] = set()
        ahead: list[tuple[bytes | None, object, int]] = [(None, self.tree, 0)]
        while ahead:
            key, cid, depth = ahead.pop()
            if key is not None:
                yield key, cid
                continue
            try:
                if depth > _DEEPEST or (isinstance(cid, bytes) and cid in seen):
                    yield self._fault("the tree of records is nested too deeply or comes back to itself")
                    continue
                node = _node(self.blocks.decoded(cid), depth + 1)
            except BlockError as error:
                yield self._fault(f"{error}; the records below it are not read")
            else:
                seen.add(cid if isinstance(cid, bytes) else b"")
                ahead += reversed(node)

    def _step(self, key: bytes, cid: object) -> Post | SkippableError | None:
        """Return the post of a leaf; None for a collection that holds no posts."""
        collection, _, rkey = key.decode("ascii", "replace").partition("/")
        if collection not in COLLECTIONS:
            return None
        try:
            post = post_of(
                self.blocks.decoded(cid),
                did=self.did,
                collection=collection,
                rkey=rkey,
                author=self.handle or self.defaults.author or self.did,
                as_of=self.as_of,
            )
        except BlockError as error:
            return self._fault(str(error), f"{collection}/{rkey[:_SHOWN]}")
        except RecordError as error:
            return SkippableError(str(error), place=f"{self.path.name}:{collection}/{rkey[:_SHOWN]}")
        return post

    def _fault(self, message: str, where: str = "tree") -> SkippableError:
        return SkippableError(message, place=f"{self.path.name}:{where}", hint="is the export whole?")


def _node(node: object, depth: int) -> list[tuple[bytes | None, object, int]]:
    """Return what a node of the tree holds in order: keyed records, and deeper nodes without a key. Raises BlockError."""
    entries = node.get("e") if isinstance(node, dict) else None
    if not isinstance(node, dict) or not isinstance(entries, list):
        message = "a node of the tree of records is malformed"
        raise BlockError(message)
    found: list[tuple[bytes | None, object, int]] = []
    if node.get("l") is not None:
        found.append((None, node["l"], depth))
    key = b""
    for entry in entries:
        shared, rest = (entry.get("p"), entry.get("k")) if isinstance(entry, dict) else (None, None)
        if type(shared) is not int or not 0 <= shared <= len(key) or not isinstance(rest, bytes):
            message = "a node of the tree of records is malformed"
            raise BlockError(message)
        key = key[:shared] + rest
        if len(key) > _LONGEST_KEY:
            message = "a key in the tree of records is too long"
            raise BlockError(message)
        found.append((key, entry.get("v"), depth))
        if entry.get("t") is not None:
            found.append((None, entry["t"], depth))
    return found
