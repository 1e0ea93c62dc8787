"""Sample folders and made-up members as zips, as a platform would hand them out."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

#: What members are dated where a test does not care; `made_at` of the archive.
MADE = (2026, 3, 31, 12, 0, 0)


def zip_of(path: Path, members: Mapping[str, bytes | str], *, made: tuple[int, ...] = MADE) -> Path:
    """Write a zip of these members, in this order."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, date_time=made)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def members_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder by their names in it."""
    return {
        each.relative_to(folder).as_posix(): each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file()
    }
