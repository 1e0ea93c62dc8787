"""What a check says: how bad, about which rule, where, what is wrong and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from compliance.lint.subject import Spot


class Level(StrEnum):
    """Errors fail, warnings fail where asked for, notes never do."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing to see to. Holds no term of a confidential list."""

    level: Level
    #: The check's own word, permanent: `unreachable`, `duplicate`, …
    check: str
    #: Full id of the rule, name of the exclusion or list; empty for a whole policy.
    about: str
    spot: Spot
    message: str
    hint: str


class Told(Protocol):
    """How a check says something."""

    def __call__(self, level: Level, about: str, spot: Spot, message: str, hint: str) -> Remark:
        """Make a remark of this check."""
        ...


def told_by(check: str) -> Told:
    """Return what makes the remarks of one check."""

    def tell(level: Level, about: str, spot: Spot, message: str, hint: str) -> Remark:
        return Remark(level=level, check=check, about=about, spot=spot, message=message, hint=hint)

    return tell
