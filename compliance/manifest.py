"""What a backup says about itself, and the one file that holds both: made in full, or not there at all."""

from __future__ import annotations

import glob
import hashlib
import importlib.metadata
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from compliance.audit import GENESIS
from compliance.errors import ComplianceError
from compliance.lease import is_gone, this_process

#: Names inside the file.
MANIFEST: Final = "manifest.json"
DATABASE: Final = "database"
_CHUNK: Final = 1 << 20
_LARGEST_MANIFEST: Final = 1 << 20


class Head(BaseModel):
    """The newest audit entry: whoever has it can tell an older trail from a newer one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seq: int
    #: Hex SHA-256; of an empty trail, 64 zeros.
    hash: str


class Manifest(BaseModel):
    """What was backed up. Counts and hashes only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    form: Literal[1] = 1
    product: str
    dialect: Literal["sqlite", "postgresql"]
    revision: str
    made_at: AwareDatetime
    head: Head
    #: Rows of every table.
    rows: dict[str, int]
    #: Of the member `database`.
    sha256: str
    size: int


def product_version() -> str:
    """Return the version of this program, `unknown` where it runs from a folder."""
    try:
        return importlib.metadata.version("compliance-monitor")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def count_rows(session: Session) -> dict[str, int]:
    """Return the number of rows of every table that the database has, known to this program or not."""
    connection = session.connection()
    quote = connection.dialect.identifier_preparer.quote
    names = sorted(inspect(connection).get_table_names())
    counted = "select count(*) from "
    return {name: connection.execute(text(counted + quote(name))).scalar_one() for name in names}


def read_head(session: Session) -> Head:
    """Return the newest audit entry's number and hash."""
    query = "select seq, entry_hash from audit_entries order by seq desc limit 1"
    found = session.execute(text(query)).first()
    return Head(seq=found.seq, hash=bytes(found.entry_hash).hex()) if found else Head(seq=0, hash=GENESIS.hex())


def digest(path: Path) -> str:
    """Return the hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def scratch(target: Path) -> Iterator[Path]:
    """Give a folder beside `target` that only its owner can read, and remove it with all that is in it.

    Those that processes left behind which were killed are removed too: they hold copies of posts.
    """
    prefix = f".{target.name}.part-"
    for left in target.parent.glob(glob.escape(prefix) + "*"):
        if is_gone(left.name.removeprefix(prefix).replace("+", ":")):
            shutil.rmtree(left, ignore_errors=True)
    folder = target.parent / (prefix + this_process().replace(":", "+"))
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pack(database: Path, manifest: Manifest, target: Path, *, folder: Path) -> None:
    """Write database and manifest as one file at `target`, in place of what is there: whole and on the disk, or not at all."""
    made = folder / "backup"
    # A PostgreSQL archive is compressed by pg_dump already.
    how = zipfile.ZIP_STORED if manifest.dialect == "postgresql" else zipfile.ZIP_DEFLATED
    made.touch(mode=0o600, exist_ok=False)
    with made.open("r+b") as file:
        with zipfile.ZipFile(file, "w", compression=how, compresslevel=1) as archive:
            archive.writestr(MANIFEST, manifest.model_dump_json(indent=2) + "\n")
            with archive.open(DATABASE, "w", force_zip64=True) as member, database.open("rb") as source:
                shutil.copyfileobj(source, member, _CHUNK)
        file.flush()
        os.fsync(file.fileno())
    made.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk; on Windows nothing can, and nothing needs to."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_manifest(path: Path) -> Manifest:
    """Return what a backup says about itself. Raises ComplianceError if the file is none, or damaged."""
    with _opened(path) as archive:
        if archive.getinfo(MANIFEST).file_size > _LARGEST_MANIFEST:
            raise zipfile.BadZipFile
        return Manifest.model_validate(json.loads(archive.read(MANIFEST)))


def unpack(path: Path, manifest: Manifest, target: Path) -> None:
    """Write the database of a backup to `target` and have it on the disk. Raises ComplianceError if it is not what was backed up."""
    found = hashlib.sha256()
    target.touch(mode=0o600, exist_ok=False)
    with _opened(path) as archive, archive.open(DATABASE) as member, target.open("r+b") as file:
        # The manifest's size is the most that is written: a small file may claim to unpack into a full disk.
        size = _copy(member, file, found.update, limit=manifest.size)
        os.fsync(file.fileno())
    if size != manifest.size or found.hexdigest() != manifest.sha256:
        message = "the backup is damaged: its database does not have the checksum of its manifest"
        raise ComplianceError(message, place=str(path), hint="nothing was changed; use another backup")


def _copy(source: IO[bytes], target: IO[bytes], seen: Callable[[bytes], None], *, limit: int) -> int:
    size = 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            break
        seen(chunk)
        target.write(chunk)
    target.flush()
    return size


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError:
        message = "there is no such backup"
        raise ComplianceError(message, place=str(path), hint="`compliance db backup FILE` makes one") from None
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        ValidationError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        zlib.error,
    ):
        message = "this is no backup of `compliance db backup`, or it is damaged"
        raise ComplianceError(message, place=str(path), hint="nothing was changed; use another backup") from None


def stamp(at: datetime) -> str:
    """Return a time as it stands in the names of files and databases."""
    return f"{at:%Y%m%dt%H%M%S}"
