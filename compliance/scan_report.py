"""What a scan is told and what it tells: sources, progress, the report. No database here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from compliance.ingest import Counts
from connectors.base import Connector


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanSource:
    """A configured source: what it is called, how it is read, and what holds for its posts where they say nothing."""

    name: str
    connector: Connector
    audience: str = "external"
    platform: str | None = None
    #: Direct messages are passed over and counted unless the organisation says otherwise.
    include_messages: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Evaluate stored current versions anew: all, or those from `since` on; with `rule`, only its flags change."""

    rule: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a source was read after a page; position and size in the connector's units."""

    source: str
    position: int | None
    size: int | None
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectNote:
    """A record that could not be read or stored."""

    source: str
    place: str
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncompleteNote:
    """A failure that left a post incomplete."""

    #: `source/external_id`.
    post: str
    detector: str
    kind: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceError:
    """Why a source was not read to its end. What it gave before is stored."""

    source: str
    place: str
    message: str
    hint: str | None = None
    #: FatalError or RetryableError: whether it may get better by itself.
    error: str = "ConnectorError"


@dataclass(slots=True, kw_only=True)
class ScanReport:
    """One run of the scan. Filled while it runs, complete when `scan` returns it."""

    scan_id: int
    started_at: datetime
    #: running, done, stopped (asked to, between two pages), failed.
    status: str = "running"
    finished_at: datetime | None = None
    #: By source, in order of scanning; sources of which stored posts were retried are in it.
    counts: dict[str, Counts] = field(default_factory=dict)
    #: Flags opened and shadow findings seen, by policy.
    opened: Counter[str] = field(default_factory=Counter)
    shadow: Counter[str] = field(default_factory=Counter)
    rejects: list[RejectNote] = field(default_factory=list)
    incompletes: list[IncompleteNote] = field(default_factory=list)
    errors: list[SourceError] = field(default_factory=list)
    #: Stored posts still incomplete, and records still unreadable, of earlier scans.
    outstanding_incomplete: int = 0
    outstanding_rejects: int = 0
    #: Remedies that this scan found done.
    remedied: int = 0

    @property
    def duration(self) -> timedelta:
        """How long it took; zero while running."""
        return (self.finished_at or self.started_at) - self.started_at

    @property
    def exit_code(self) -> int:
        """3 if in this run something was incomplete, unreadable, unreachable or left undone, else 0."""
        undone = (
            self.errors
            or self.status != "done"
            or any(counts.incomplete or counts.failed for counts in self.counts.values())
        )
        return 3 if undone else 0
