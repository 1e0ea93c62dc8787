"""Blocks of a CAR file (version 1), each proven against the hash in its name. Says nothing about what they hold.

Format: https://ipld.io/specs/transport/car/carv1/
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from os import fstat
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from connectors.errors import FatalError, SkippableError

if TYPE_CHECKING:
    from hashlib import _Hash

#: Bytes of one block; the protocol allows a record one million.
MAX_BLOCK: Final = 2**21
#: About 300 bytes of memory each.
MAX_BLOCKS: Final = 1_000_000
_MOST_REJECTS: Final = 1_000
_CHUNK: Final = 2**20
_VERSION_1: Final = b"\x01"
_SHA256: Final = b"\x12\x20"
_DIGEST: Final = 32
_CUT: Final = "the file ends in the middle of a block; what comes after is missing"


class BlockError(Exception):
    """A block that cannot be had; the message names it and quotes nothing of it."""


@dataclass(slots=True)
class Blocks:
    """Where each sound block of a file is. Filled by `read`; blocks are decoded when asked for."""

    file: BinaryIO
    path: Path
    root: bytes = b""
    #: What is wrong with the file or with single blocks.
    rejects: list[SkippableError] = field(default_factory=list)
    #: SHA-256 of the whole file.
    digest: str = ""
    #: CID -> offset and length of its bytes, in one number.
    _index: dict[bytes, int] = field(default_factory=dict, repr=False)
    _broken: set[bytes] = field(default_factory=set)
    _hash: _Hash = field(default_factory=hashlib.sha256, repr=False)

    def read(self) -> None:
        """Go through the whole file once. Raises FatalError for what is no CAR."""
        size = fstat(self.file.fileno()).st_size
        length = self._length()
        if length is None or not 0 < length <= MAX_BLOCK:
            raise self._no_car()
        self._take_header(self._bytes(length))
        while (length := self._length()) is not None:
            offset = self.file.tell()
            if length < 0 or offset + length > size:
                self._reject(_CUT, offset, hint="export it again; posts whose blocks are missing are not read")
                break
            if len(self._index) >= MAX_BLOCKS:
                self._reject(f"more than {MAX_BLOCKS:,} blocks; the rest is not read", offset)
                break
            if length > MAX_BLOCK:
                self._reject(f"the block is longer than {MAX_BLOCK // 2**20} MB", offset)
                self._pass_over(length)
            else:
                self._take(self._bytes(length), offset)
        self._pass_over(size)
        self.digest = self._hash.hexdigest()

    def decoded(self, cid: object) -> Any:  # noqa: ANN401 - a block holds anything
        """Return what a block holds. Raises BlockError."""
        import libipld

        if not isinstance(cid, bytes):
            message = "a link is none"
            raise BlockError(message)
        raw = self._raw(cid)
        try:
            return libipld.decode_dag_cbor(raw)
        except (ValueError, RecursionError):
            message = f"block {name_of(cid)} is no valid DAG-CBOR"
        raise BlockError(message)

    def length(self, cid: object) -> int:
        """Return the bytes of a block; 0 if it is not there."""
        return self._index.get(cid, 0) % (2 * MAX_BLOCK) if isinstance(cid, bytes) else 0

    def _raw(self, cid: bytes) -> bytes:
        found = self._index.get(cid)
        if found is None:
            reason = "is corrupt" if cid in self._broken else "is missing"
            message = f"block {name_of(cid)} {reason}"
            raise BlockError(message)
        self.file.seek(found // (2 * MAX_BLOCK))
        return self.file.read(found % (2 * MAX_BLOCK))

    def _take_header(self, raw: bytes) -> None:
        import libipld

        try:
            header = libipld.decode_dag_cbor(raw)
        except (ValueError, RecursionError):
            header = None
        if not isinstance(header, dict):
            raise self._no_car()
        roots = header.get("roots")
        if header.get("version") != 1:
            message = "this version of CAR is not read"
            raise FatalError(message, place=str(self.path), hint="export it as CAR version 1")
        if not isinstance(roots, list) or not roots or not isinstance(roots[0], bytes):
            message = "the CAR names no root"
            raise FatalError(message, place=str(self.path), hint="export the whole repository again")
        self.root = roots[0]

    def _take(self, section: bytes, offset: int) -> None:
        """Note where a block is if its bytes are those that its name promises."""
        cid = _cid_at(section)
        if cid is None:
            self._reject("the block has a name of a kind that is not read (only CIDv1 with SHA-256)", offset)
        elif hashlib.sha256(section[len(cid) :]).digest() != cid[-_DIGEST:]:
            # Reported where it is asked for: there it is known what is lost with it.
            self._broken.add(cid)
        else:
            self._index[cid] = (offset + len(cid)) * 2 * MAX_BLOCK + len(section) - len(cid)

    def _reject(self, message: str, offset: int, hint: str | None = None) -> None:
        if len(self.rejects) < _MOST_REJECTS:
            self.rejects.append(SkippableError(message, place=f"{self.path.name}:byte {offset}", hint=hint))

    def _no_car(self) -> FatalError:
        return FatalError("this is no CAR file", place=str(self.path), hint="export the repository as a CAR")

    def _bytes(self, length: int) -> bytes:
        raw = self.file.read(length)
        self._hash.update(raw)
        return raw

    def _pass_over(self, length: int) -> None:
        while length > 0 and (chunk := self.file.read(min(_CHUNK, length))):
            self._hash.update(chunk)
            length -= len(chunk)

    def _length(self) -> int | None:
        """Return the length that stands here; None at the end of the file, -1 if it is cut or too large to be one."""
        value = 0
        for shift in range(0, 63, 7):
            byte = self._bytes(1)
            if not byte:
                return -1 if shift else None
            value |= (byte[0] & 0x7F) << shift
            if byte[0] < 0x80:  # noqa: PLR2004 - the highest bit says that more follows
                return value
        return -1


def name_of(cid: bytes) -> str:
    """Return a CID as people write it."""
    return "b" + base64.b32encode(cid).decode("ascii").rstrip("=").lower()


def _cid_at(section: bytes) -> bytes | None:
    """Return the CID that a section begins with; None if it is not version 1 with SHA-256."""
    # Version, codec (one byte: dag-cbor 0x71, raw 0x55), hash function, length of the digest.
    fits = section[:1] == _VERSION_1 and section[2:4] == _SHA256 and len(section) >= 4 + _DIGEST
    return section[: 4 + _DIGEST] if fits else None
