"""What a reviewer or operator did that cannot be done: said in one line, with what to do. Never with post text."""

from __future__ import annotations


class ComplianceError(Exception):
    """A refused act or a broken workspace (exit 2)."""

    exit_code = 2

    def __init__(self, message: str, *, place: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint


class UnavailableError(ComplianceError):
    """Something could not be reached, or is held by another process (exit 3)."""

    exit_code = 3


class ConflictError(ComplianceError):
    """Another person was first; their decision stands and is shown (exit 2)."""
