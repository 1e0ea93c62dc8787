"""Connector errors, by what the caller should do about them. None of them may carry post text."""

from __future__ import annotations


class ConnectorError(Exception):
    """Base: what went wrong at a source, where, and what to do."""

    def __init__(self, message: str, *, place: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        #: File and line, or address without secrets.
        self.place = place
        self.hint = hint


class FatalError(ConnectorError):
    """Stop this source: it will not get better by itself (no such file, token revoked)."""


class RetryableError(ConnectorError):
    """Try this source again later (time-out, rate limit)."""


class SkippableError(ConnectorError):
    """One record cannot be read; count it, list it, go on."""

    def __init__(self, message: str, *, place: str, hint: str | None = None, pending: bool = False) -> None:
        super().__init__(message, place=place, hint=hint)
        #: The cursor stays before this record, so it is read again by itself (a line that is still being written).
        self.pending = pending
