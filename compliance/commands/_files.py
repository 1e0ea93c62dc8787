"""Results that go to a file, whole or not at all, or to standard output."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import typer


def write_out(content: str, out: Path | None, *, what: str) -> None:
    """Write `what` to a file, whole or not at all, or to standard output. Raises ComplianceError where it cannot be written."""
    data = content.encode("utf-8", "backslashreplace")
    if out is None:
        sys.stdout.buffer.write(data)
        return
    from compliance.errors import ComplianceError

    try:
        with tempfile.NamedTemporaryFile(dir=out.parent, prefix=f".{out.name}.", delete=False) as file:
            file.write(data)
        _move(Path(file.name), out)
    except OSError as error:
        message = f"the {what} cannot be written: {error.strerror}"
        raise ComplianceError(message, place=str(out), hint="name a file in a folder that is there.") from None
    typer.echo(f"wrote {out}", err=True)


def _move(written: Path, out: Path) -> None:
    try:
        # A temporary file is its owner's alone; a report may be what the person's other files are.
        mask = os.umask(0)
        os.umask(mask)
        written.chmod(0o666 & ~mask)
        written.replace(out)
    except OSError:
        written.unlink(missing_ok=True)
        raise
