"""How `policy lint` writes what it found."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

import typer

from compliance.commands._desk import write_json
from compliance.lint.remark import Level, Remark
from compliance.safe import for_terminal

_MARKS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note"}


def print_remarks(remarks: Sequence[Remark], *, rules: int) -> None:
    """Print one paragraph each, then the counts."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    for one in remarks:
        about = f"{one.about}: " if one.about else ""
        lines = [f"{_MARKS[one.level]}[{one.check}]: {about}{one.message}", f"  --> {one.spot}", f"  hint: {one.hint}"]
        typer.echo("\n".join(for_terminal(line, single_line=True) for line in lines))
    counts = Counter(one.level for one in remarks)
    said = ", ".join(f"{counts[level]} {level}{'' if counts[level] == 1 else 's'}" for level in Level)
    typer.echo(f"{rules} rule{'' if rules == 1 else 's'} looked at: {said}.")


def write_remarks(remarks: Sequence[Remark], *, rules: int, failed: bool) -> None:
    """Write the same as JSON."""
    rows = [
        {
            "level": one.level.value,
            "check": one.check,
            "about": one.about,
            "file": one.spot.file,
            "line": one.spot.line or None,
            "column": one.spot.column or None,
            "message": one.message,
            "hint": one.hint,
        }
        for one in remarks
    ]
    counts = Counter(one.level for one in remarks)
    write_json(
        {"remarks": rows, "rules": rules, "counts": {level.value: counts[level] for level in Level}, "failed": failed}
    )
