"""A zipped export, or the folder it was unpacked to: its members are streamed and never written to disk.

Whoever made the file chose every number in it, so nothing is believed: bytes are counted as they come out. Members
with names that point elsewhere, that are links, encrypted, doubled or overlapping are faults, not members.
"""

from __future__ import annotations

import hashlib
import io
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from os import fstat, walk
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from connectors.errors import FatalError, SkippableError

CHUNK: Final = 2**18
_LOCAL: Final = struct.Struct("<4s22xHH")
_SHOWN: Final = 120
_PEEKED: Final = 5_000
#: Deflate reaches 1032:1. Exports of text stay below 50:1, small members aside.
_RATIO_FROM: Final = 10 * 2**20
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_TARBALL: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of an archive is read at most. All of them count what really comes out."""

    members: int = 500_000
    #: Real bytes of files that are held in memory whole, such as the list of users.
    index_bytes: int = 256 * 2**20
    #: Bytes of the zip's own table of contents, which is held in memory.
    directory: int = 100 * 2**20
    member_bytes: int = 4 * 2**30
    total_bytes: int = 32 * 2**30
    #: Bytes out per byte in, looked at from 10 MB on.
    ratio: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of an archive."""

    #: With forward slashes, relative to the archive.
    name: str
    #: Bytes it takes up in the archive.
    size: int
    #: How it is named in errors.
    place: str

    @property
    def path(self) -> PurePosixPath:
        """The name in parts."""
        return PurePosixPath(self.name)


class Archive(Protocol):
    """An open export."""

    #: Those that were asked for and are safe to read, in order of names.
    members: tuple[Member, ...]
    #: What is wrong with members that are not read.
    faults: tuple[SkippableError, ...]
    #: When it was made: the newest time of its members, which in a zip has no zone; never later than the file itself.
    made_at: datetime
    place: str
    limits: Limits

    def read(self, member: Member) -> Iterator[bytes]:
        """Yield the content in chunks. Raises SkippableError where it breaks off, FatalError at the limit for all."""
        ...

    def raw(self, member: Member) -> Iterator[bytes]:
        """Yield the bytes as they lie in the archive, for the fingerprint."""
        ...

    def taken(self, member: Member) -> int:
        """Return how many bytes of `Member.size` the latest reading took."""
        ...


@contextmanager
def open_archive(
    path: Path, *, wanted: Callable[[str], bool], limits: Limits, label: Callable[[str], str] = str
) -> Iterator[Archive]:
    """Open a zip or a folder; `wanted` says by its name whether a member is read. Raises FatalError.

    `label` returns how errors name a member that is wanted.
    """
    choice = _Choice(path.name, wanted, label)
    if path.is_dir():
        yield _Folder(path, choice, limits)
        return
    with _opened(path) as file:
        yield _Zip(file, choice, limits)


def peek(path: Path) -> frozenset[str]:
    """Return names of members without their folders, for telling what a file is: of a zip all, of a folder the first ones.

    Never raises; empty where there is nothing to see.
    """
    try:
        if path.is_dir():
            return frozenset(each.name for each in islice(path.rglob("*"), _PEEKED))
        with zipfile.ZipFile(path) as file:
            return frozenset(name.rpartition("/")[2] for name in file.namelist())
    except (OSError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, EOFError):
        return frozenset()


def fingerprint(archive: Archive) -> str:
    """Return the SHA-256 of every member that is read, packed as it is, and of what is not read for a fault.

    Media, the bulk of an export, are no such members.
    """
    digest = hashlib.sha256()
    for member in archive.members:
        digest.update(f"{member.size}:{member.name}\0".encode("utf-8", "surrogatepass"))
        try:
            for chunk in archive.raw(member):
                digest.update(chunk)
        except SkippableError as error:
            digest.update(error.message.encode())
    for fault in archive.faults:
        digest.update(f"\0{fault.place}:{fault.message}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which members are read, and how they are named."""

    archive: str
    wanted: Callable[[str], bool]
    label: Callable[[str], str]

    def asks_for(self, name: str) -> bool:
        """Say whether a member is read. What macOS leaves beside the real files is not."""
        path = PurePosixPath(name)
        return self.wanted(name) and "__MACOSX" not in path.parts and not path.name.startswith("._")

    def place(self, name: str) -> str:
        """Return how errors name a member: short, and safe to show."""
        shown = _UNPRINTABLE.sub("?", self.label(name))
        return f"{self.archive}/{shown if len(shown) <= _SHOWN else '…' + shown[-_SHOWN:]}"


@contextmanager
def _opened(path: Path) -> Iterator[_Guarded]:
    hint = None
    try:
        file = _Guarded(path)
    except FileNotFoundError:
        message, hint = "no such file", "check the path of the source"
    except PermissionError:
        message, hint = "no permission to read this file", "let the account that runs the scan read it"
    except OSError as error:
        message = f"cannot be opened ({error.strerror or type(error).__name__})"
    else:
        with file:
            yield file
        return
    raise FatalError(message, place=str(path), hint=hint)


class _TooLargeError(Exception):
    pass


class _Guarded(io.FileIO):
    """A file that refuses to give more at once than it was told: zipfile reads the whole table of contents."""

    most: int = 2**62

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to `size` bytes."""
        if size is not None and size > self.most:
            raise _TooLargeError
        return super().read(-1 if size is None else size)


@dataclass(slots=True)
class _Meter:
    """Counts real bytes against the limits; one per archive for all, one per reading."""

    limits: Limits
    place: str
    total: int = 0

    def count(self, member: Member, *, out: int, grown: int, taken: int) -> None:
        """Note `grown` more bytes, which make `out` for this member. Raises SkippableError or FatalError."""
        self.total += grown
        fault = None
        if out > self.limits.member_bytes:
            fault = f"is larger than {_readable(self.limits.member_bytes)}"
        elif out > _RATIO_FROM and out > self.limits.ratio * taken:
            fault = f"unpacks to more than {self.limits.ratio} times its size, as no export does"
        if fault:
            raise SkippableError(fault, place=member.place, hint="what follows in it was not read")
        if self.total > self.limits.total_bytes:
            message = f"unpacks to more than {_readable(self.limits.total_bytes)}"
            raise FatalError(message, place=self.place, hint="split the export, for instance by time")


class _Zip:
    def __init__(self, file: _Guarded, choice: _Choice, limits: Limits) -> None:
        self._file, self.limits, self.place = file, limits, choice.archive
        self._meter = _Meter(limits, self.place)
        self._taken: dict[str, int] = {}
        infos, self._end = _infos(file, self.place, limits)
        sound, faults = _sorted_out(infos, self._end, choice)
        self._infos = {info.filename: info for info in sound}
        self.made_at = _made_at(sound, datetime.fromtimestamp(fstat(file.fileno()).st_mtime, UTC))
        self.faults = tuple(faults)
        self.members = tuple(
            Member(name=each, size=info.compress_size, place=choice.place(each))
            for each, info in sorted(self._infos.items())
        )

    def raw(self, member: Member) -> Iterator[bytes]:
        info = self._infos[member.name]
        self._file.seek(info.header_offset)
        head = self._file.read(_LOCAL.size)
        if len(head) < _LOCAL.size or not head.startswith(b"PK\x03\x04"):
            return
        _, name, extra = _LOCAL.unpack(head)
        start, left = info.header_offset + _LOCAL.size + name + extra, info.compress_size
        while left:
            # Other members may be read between two chunks.
            self._file.seek(start + info.compress_size - left)
            if not (chunk := self._file.read(min(CHUNK, left))):
                return
            left -= len(chunk)
            yield chunk

    def read(self, member: Member) -> Iterator[bytes]:
        info = self._infos[member.name]
        unpacked = _Unpacked(info, member)
        self._taken[member.name] = 0
        for packed in self.raw(member):
            self._taken[member.name] += len(packed)
            for data in unpacked.feed(packed):
                self._meter.count(member, out=unpacked.out, grown=len(data), taken=self._taken[member.name])
                unpacked.check_size()
                yield data
        yield from unpacked.finish()

    def taken(self, member: Member) -> int:
        return self._taken.get(member.name, 0)


@dataclass(slots=True)
class _Unpacked:
    """The content of one member as it comes out, with what its header promised."""

    info: zipfile.ZipInfo
    member: Member
    out: int = 0
    crc: int = 0
    _inflate: zlib._Decompress | None = field(init=False)

    def __post_init__(self) -> None:
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS) if self.info.compress_type == zipfile.ZIP_DEFLATED else None

    def feed(self, packed: bytes) -> Iterator[bytes]:
        while packed:
            data, packed = self._step(packed)
            self.crc = zlib.crc32(data, self.crc)
            self.out += len(data)
            yield data

    def _step(self, packed: bytes) -> tuple[bytes, bytes]:
        if self._inflate is None:
            return packed, b""
        try:
            data = self._inflate.decompress(packed, CHUNK)
        except zlib.error:
            data = None
        if data is None or self._inflate.unused_data:
            self._fail("is damaged")
        return data or b"", self._inflate.unconsumed_tail

    def check_size(self) -> None:
        if self.out > self.info.file_size:
            self._fail("is larger than the archive says")

    def finish(self) -> Iterator[bytes]:
        if self._inflate is not None:
            # All input was taken, and some output may still wait: at most one match, 258 bytes.
            data = self._inflate.flush()
            self.crc, self.out = zlib.crc32(data, self.crc), self.out + len(data)
            yield data
            if not self._inflate.eof:
                self._fail("is cut short")
        if self.out != self.info.file_size:
            self._fail("is smaller than the archive says")
        if self.crc != self.info.CRC:
            self._fail("is damaged: its checksum is wrong")

    def _fail(self, message: str) -> None:
        raise SkippableError(message, place=self.member.place, hint="download the export again")


class _Folder:
    def __init__(self, path: Path, choice: _Choice, limits: Limits) -> None:
        self._root, self.limits, self.place = path, limits, path.name
        self._meter = _Meter(limits, path.name)
        self._taken: dict[str, int] = {}
        members, faults, newest, seen = [], [], 0.0, 0
        for base, folders, files in walk(path):
            folders.sort()
            for file in (Path(base) / each for each in files):
                seen += 1
                if seen > limits.members:
                    raise FatalError(_too_many(limits), place=self.place)
                name = file.relative_to(path).as_posix()
                if not choice.asks_for(name):
                    continue
                place = choice.place(name)
                status = file.lstat()
                if not stat.S_ISREG(status.st_mode):
                    faults.append(SkippableError("is a link or no plain file", place=place))
                    continue
                newest = max(newest, status.st_mtime)
                members.append(Member(name=name, size=status.st_size, place=place))
        self.members = tuple(sorted(members, key=lambda member: member.name))
        self.faults = tuple(sorted(faults, key=lambda fault: fault.place))
        self.made_at = datetime.fromtimestamp(newest, UTC)

    def raw(self, member: Member) -> Iterator[bytes]:
        failed = None
        try:
            with (self._root / member.name).open("rb") as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except OSError as error:
            failed = error.strerror or type(error).__name__
        if failed:
            message = f"cannot be read ({failed})"
            raise SkippableError(message, place=member.place)

    def read(self, member: Member) -> Iterator[bytes]:
        out = 0
        for chunk in self.raw(member):
            out += len(chunk)
            self._taken[member.name] = out
            self._meter.count(member, out=out, grown=len(chunk), taken=out)
            yield chunk

    def taken(self, member: Member) -> int:
        return self._taken.get(member.name, 0)


def _infos(file: _Guarded, name: str, limits: Limits) -> tuple[list[zipfile.ZipInfo], int]:
    """Return the entries of the table of contents, in its order, and where it begins."""
    head = file.read(2)
    message = "is not a whole zip file"
    hint: str | None = "download it again; it may be cut"
    if head == _TARBALL:
        message, hint = "is a .tar.gz archive, not a zip", "unpack it, and name the folder as the path of the source"
    try:
        file.most = limits.directory
        with zipfile.ZipFile(file) as archive:
            found, start = archive.infolist(), archive.start_dir
    except _TooLargeError:
        message, hint = _too_many(limits), None
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OverflowError, struct.error, OSError):
        pass
    else:
        file.most = 2**62
        if len(found) <= limits.members:
            return found, start
        message, hint = _too_many(limits), None
    raise FatalError(message, place=name, hint=hint)


def _made_at(infos: list[zipfile.ZipInfo], changed: datetime) -> datetime:
    newest = max((info.date_time for info in infos), default=(1980, 1, 1, 0, 0, 0))
    try:
        made = datetime(*newest, tzinfo=UTC)
    except ValueError:
        return changed
    # Zips without times say 1980.
    return min(made, changed) if made.year > 1980 else changed  # noqa: PLR2004 - right above


def _sorted_out(
    infos: list[zipfile.ZipInfo], end: int, choice: _Choice
) -> tuple[list[zipfile.ZipInfo], list[SkippableError]]:
    """Return entries that may be read, and a fault for each that may not though it was asked for or is a trap."""
    overlapping = _overlapping(infos, end)
    times = Counter(info.filename for info in infos)
    sound, faults = [], []
    for number, info in enumerate(infos, start=1):
        asked = choice.asks_for(info.filename) and not info.is_dir()
        fault = _trap(info) or (_fault(info, doubled=times[info.filename] > 1) if asked else None)
        if not fault and asked and number in overlapping:
            fault = "overlaps with another member"
        if fault:
            # Two of one name are two rejects, told apart by their numbers.
            place = f"{choice.place(info.orig_filename)} (member {number})"
            faults.append(SkippableError(fault, place=place, hint="it was not read; download the export again"))
        elif asked:
            sound.append(info)
    return sound, faults


def _trap(info: zipfile.ZipInfo) -> str | None:
    name = info.orig_filename
    if "\\" in name or "\0" in name or name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/"):
        return "has a name that points outside the archive"
    kind = stat.S_IFMT(info.external_attr >> 16)
    return None if kind in {0, stat.S_IFREG, stat.S_IFDIR} else "is a link or no plain file"


def _fault(info: zipfile.ZipInfo, *, doubled: bool) -> str | None:
    if doubled:
        return "has the name of another member"
    if info.flag_bits & 0x1:
        return "is encrypted"
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return "is packed in a way that is not read"
    return None


def _overlapping(infos: list[zipfile.ZipInfo], end: int) -> set[int]:
    """Return the numbers of entries, counted from 1, that share bytes with another or with the table of contents."""
    spans = sorted(
        (info.header_offset, info.header_offset + _LOCAL.size + info.compress_size, number)
        for number, info in enumerate(infos, start=1)
    )
    found: set[int] = set()
    reach, owner = 0, 0
    for begin, stop, number in spans:
        if begin < reach:
            found |= {owner, number}
        if begin < 0 or stop > end:
            found.add(number)
        if stop > reach:
            reach, owner = stop, number
    return found


def _too_many(limits: Limits) -> str:
    return f"holds more than {limits.members} files"


def _readable(size: int) -> str:
    return f"{size / 2**30:g} GB" if size >= 2**30 else f"{size / 2**20:g} MB"
