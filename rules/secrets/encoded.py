"""Text in base64. Images, hashes and other bytes are left alone."""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from typing import Final

#: Shorter runs hold no secret worth the name; each run is looked at once, whatever its length.
_RUN: Final = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{24,}={0,2}(?![A-Za-z0-9+/_=-])")
_FIRST: Final = 24
_STANDARD: Final = str.maketrans("-_", "+/")


@lru_cache(maxsize=8)
def decoded(raw: str) -> tuple[tuple[int, int, str], ...]:
    """Return start, end and text of each run of base64 that says something in printable ASCII, in order."""
    # The first bytes tell: those of anything but text are hardly ever all printable.
    return tuple(
        (*run.span(), text) for run in _RUN.finditer(raw) if _text(run[0][:_FIRST]) and (text := _text(run[0]))
    )


def _text(run: str) -> str:
    run = run.rstrip("=").translate(_STANDARD)
    try:
        text = base64.b64decode(run + "=" * (-len(run) % 4), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
    return text if all(one.isprintable() or one.isspace() for one in text) else ""
