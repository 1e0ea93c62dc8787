"""What a scan tells a log while it runs: counts, times, codes. Never what anybody wrote, nor who, nor where it lay.

Nothing that a source, a list or a database gave is passed on: a value is a number, a name from compliance.yaml, or a
word of this program.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, TextIO, TypeAlias

from compliance.errors import ComplianceError
from compliance.pages import SET_ASIDE
from compliance.scan_report import IncompleteNote, Progress, ScanReport
from connectors.errors import ConnectorError
from rules.errors import PolicyError

Form: TypeAlias = Literal["json", "text"]
Value: TypeAlias = "int | float | str | Mapping[str, int] | None"

_NAME: Final = "compliance.log"
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
_OWN: Final = Path(__file__).parent.parent


class _Formatter(logging.Formatter):
    """One line per record. Of other programs' records, only who spoke: what they say may quote a text."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        if record.name == _NAME:
            event, fields = record.msg, getattr(record, "fields", {})
        else:
            event, fields = "library:spoke", {"logger": record.name}
        row = {"time": at, "level": record.levelname.lower(), "event": event, **fields}
        if self._form == "json":
            return json.dumps(row, ensure_ascii=True, separators=(",", ":"))
        told = " ".join(f"{key}={json.dumps(value, separators=(',', ':'))}" for key, value in fields.items())
        return f"{at} {row['level']:<7} {event} {told}".rstrip()


class _Lines:
    """A file that gets each line by one write of its own, so that nothing of a line that failed comes later."""

    def __init__(self, file: Path) -> None:
        self._handle: int | None = None
        with suppress(OSError):
            self._handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, text: str) -> int:
        """Write. Raises OSError, also where the file could not be opened."""
        if self._handle is None:
            raise OSError
        return os.write(self._handle, text.encode("ascii", "backslashreplace"))

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def close(self) -> None:
        """Let go of the file."""
        if self._handle is not None:
            os.close(self._handle)


class _Handler(logging.StreamHandler[TextIO | _Lines]):
    """A stream that may be full or gone: what cannot be written is counted, and the scan goes on."""

    lost: int = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line, or count it."""
        try:
            self.stream.write(self.format(record) + self.terminator)
            self.stream.flush()
        except (OSError, ValueError):
            self.lost += 1


class ScanLog:
    """The events of one scan."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = logging.getLogger(_NAME)
        #: Names that compliance.yaml gives to sources.
        self.listed: frozenset[str] = frozenset()
        self._others: dict[str, str] = {}
        self._clock = clock
        self._since = clock()
        self._scan: int | None = None

    def begun(self, report: ScanReport) -> None:
        """Tell that a scan has begun."""
        self._scan, self._since = report.scan_id, self._clock()
        self._tell(logging.INFO, "scan:started")

    def page_done(self, progress: Progress) -> None:
        """Tell how far a source was read; counts are those of the source so far."""
        seconds, self._since = round(self._clock() - self._since, 3), self._clock()
        place = {"position": progress.position, "size": progress.size, "seconds": seconds}
        self._tell(
            logging.INFO, "page:stored", source=self._source(progress.source), **place, **asdict(progress.counts)
        )

    def ended(self, report: ScanReport) -> None:
        """Tell what each source gave, what went wrong, and how the scan ended."""
        for error in report.errors:
            self._tell(logging.ERROR, "source:failed", source=self._source(error.source), error=error.error)
        for name, counts in report.counts.items():
            level = logging.WARNING if counts.incomplete or counts.failed else logging.INFO
            self._tell(level, "source:read", source=self._source(name), **asdict(counts))
        for (detector, kind, word), number in _failures(report.incompletes).items():
            self._tell(logging.WARNING, "posts:incomplete", detector=detector, kind=kind, error=word, posts=number)
        self._tell(
            logging.WARNING if report.exit_code else logging.INFO,
            "scan:finished",
            status=report.status,
            seconds=round(report.duration.total_seconds(), 3),
            flags=report.opened.total(),
            errors=len(report.errors),
            incomplete_before=report.outstanding_incomplete,
            rejects_before=report.outstanding_rejects,
        )

    def exits(self, code: int) -> None:
        """Tell the exit code: always the last event."""
        self._tell(logging.ERROR if code in {2, 3} else logging.INFO, "scan:exited", exit_code=code)

    def failed(self, error: BaseException) -> None:
        """Tell what kind of error ended the scan and where in this program; its words stay out, they may quote anything."""
        faults = len(error.faults) if isinstance(error, PolicyError) else None
        known = isinstance(error, ComplianceError | ConnectorError | PolicyError)
        place = None if known else _place(error)
        self._tell(logging.ERROR, "scan:failed", error=type(error).__name__, faults=faults, place=place)

    def _tell(self, level: int, event: str, **fields: Value) -> None:
        told = {key: value for key, value in ({"scan": self._scan} | fields).items() if value is not None}
        self._log.log(level, event, extra={"fields": told})

    def _source(self, name: str) -> str:
        """Return the name that compliance.yaml gives a source; a file given by hand is numbered, its name says too much."""
        if name in self.listed:
            return name
        return self._others.setdefault(name, f"file-{len(self._others) + 1}")


@contextmanager
def logging_to(form: Form | None, file: Path | None) -> Iterator[bool]:
    """Send events to a file, else to standard error, for the block; yield whether lines share standard error with people.

    Without a form and a file nothing is written. A log that cannot be opened or written is told on standard error, once,
    and stops nothing.
    """
    logger, root = logging.getLogger(_NAME), logging.getLogger()
    if form is None and file is None:
        logger.disabled = True
        yield False
        return
    lines = _Lines(file) if file is not None else None
    handler = _Handler(lines or sys.stderr)
    handler.setFormatter(_Formatter(form or "json"))
    before = root.handlers[:], root.level, logger.level, warnings.showwarning
    logger.disabled, logger.level = False, logging.INFO
    # Libraries would write to standard error themselves; their words may quote a text.
    root.handlers[:], root.level = [handler], logging.WARNING
    logging.captureWarnings(capture=True)
    try:
        yield file is None
    finally:
        logging.captureWarnings(capture=False)
        root.handlers[:], root.level, logger.level, warnings.showwarning = before
        logger.disabled = True
        if lines is not None:
            lines.close()
        _say_lost(handler.lost)


def _say_lost(lost: int) -> None:
    if lost:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"note: {lost} lines of the log could not be written; the scan went on without them\n")


def _failures(notes: Iterable[IncompleteNote]) -> Counter[tuple[str, str, str | None]]:
    return Counter((note.detector, note.kind, _error(note)) for note in notes)


def _error(note: IncompleteNote) -> str | None:
    """Return the type of the error; of a known limit, whose words are for people, nothing."""
    if note.error == SET_ASIDE:
        return "set-aside"
    return note.error if note.kind == "fault" and _WORD.fullmatch(note.error) else None


def _place(error: BaseException) -> str | None:
    """Return file and line of ours where the error was raised or passed through last."""
    place, trace = None, error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(_OWN) and "site-packages" not in path.relative_to(_OWN).parts:
            place = f"{path.relative_to(_OWN).as_posix()}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
