"""Who may scan: one holder at a time per workspace, fenced by an epoch, taken over when its process is gone."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import psutil
from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from compliance.errors import UnavailableError
from compliance.models import Lease

#: A page with its evaluation takes seconds; this leaves room for a slow one and keeps a dead host from blocking the
#: night.
HELD_FOR: Final = timedelta(minutes=10)
_NOBODY: Final = ""
_SAME_START: Final = 1.0


@dataclass(frozen=True, slots=True)
class Hold:
    """Proof of holding a lease: writes made under it are refused once another epoch has begun."""

    name: str
    holder: str
    epoch: int


class LeaseLostError(UnavailableError):
    """Another process took the lease over while this one was away; what it was about to write is refused."""


def this_process() -> str:
    """Return `host:pid:start` of this process; start tells a reused process id apart."""
    process = psutil.Process()
    return f"{socket.gethostname()}:{process.pid}:{process.create_time():.2f}"


def acquire(session: Session, name: str, *, holder: str, now: datetime) -> Hold:
    """Take the lease in the caller's write transaction.

    Raises UnavailableError, naming the holder and when its lease lapses, while a live or unreachable process holds it.
    """
    row = session.execute(select(Lease).where(Lease.name == name).with_for_update()).scalar_one_or_none()
    if row is None:
        # Two first scans at once: the primary key lets one of them in.
        row = Lease(name=name, holder=_NOBODY, epoch=0, acquired_at=now, expires_at=now)
        session.add(row)
    elif row.holder != _NOBODY and row.expires_at > now and not is_gone(row.holder):
        message = (
            f"another scan is running: {row.holder}, until {row.expires_at:%Y-%m-%d %H:%M:%S} UTC unless it goes on"
        )
        raise UnavailableError(
            message,
            hint="wait for it to end; the lease of a process that was killed on this host is taken over at once",
        )
    row.holder, row.epoch = holder, row.epoch + 1
    row.acquired_at, row.expires_at = now, now + HELD_FOR
    session.flush()
    return Hold(name, holder, row.epoch)


def renew(session: Session, hold: Hold, *, now: datetime) -> None:
    """Prove in the caller's transaction that the lease is held, and hold it for longer. Raises LeaseLostError."""
    if not _update(session, hold, expires_at=now + HELD_FOR):
        message = "this scan was away for too long and another one took over; the page it was about to store is refused"
        raise LeaseLostError(message, hint="nothing is lost: the other scan reads on from the last stored page")


def release(session: Session, hold: Hold, *, now: datetime) -> None:
    """Let go of the lease; nothing happens if another process holds it by now."""
    _update(session, hold, holder=_NOBODY, expires_at=now)


def is_gone(holder: str) -> bool:
    """Return whether the holder was a process of this host that no longer runs; of other hosts nothing is known."""
    try:
        host, pid, start = holder.rsplit(":", 2)
        if host != socket.gethostname():
            return False
        process = psutil.Process(int(pid))
        reused = abs(process.create_time() - float(start)) > _SAME_START
        return bool(reused or process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, ValueError):
        return False


def _update(session: Session, hold: Hold, **values: str | datetime) -> bool:
    mine = (Lease.name == hold.name, Lease.epoch == hold.epoch, Lease.holder == hold.holder)
    result = session.execute(
        update(Lease).where(*mine).values(**values), execution_options={"synchronize_session": False}
    )
    return isinstance(result, CursorResult) and result.rowcount == 1
