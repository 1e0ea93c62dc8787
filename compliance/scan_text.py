"""The closing summary of a scan: for eyes, and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from rich.console import Console
from rich.table import Table

from compliance.ingest import Counts
from compliance.safe import as_text
from compliance.scan_report import ScanReport

_SHOWN = 10


def _totals(report: ScanReport) -> Counts:
    names = [field.name for field in fields(Counts)]
    return Counts(**{name: sum(getattr(counts, name) for counts in report.counts.values()) for name in names})


def as_json(report: ScanReport) -> str:
    """Return the summary as one JSON object; no post text, every count by source and in total."""
    row: dict[str, Any] = {
        "scan": report.scan_id,
        "status": report.status,
        "started_at": report.started_at.isoformat(),
        "finished_at": report.finished_at.isoformat() if report.finished_at else None,
        "seconds": round(report.duration.total_seconds(), 3),
        "sources": {name: asdict(counts) for name, counts in report.counts.items()},
        "total": asdict(_totals(report)),
        "flags_opened": dict(sorted(report.opened.items())),
        "shadow_findings": dict(sorted(report.shadow.items())),
        "rejects": [asdict(one) for one in report.rejects],
        "incompletes": [asdict(one) for one in report.incompletes],
        "errors": [asdict(one) for one in report.errors],
        "outstanding": {"incomplete": report.outstanding_incomplete, "rejects": report.outstanding_rejects},
        "remedied": report.remedied,
        "exit_code": report.exit_code,
    }
    return json.dumps(row, indent=2)


def print_report(console: Console, report: ScanReport) -> None:
    """Print what was read and found, then everything that needs a look."""
    columns = [field.name for field in fields(Counts) if field.name != "accepted"]
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    table.add_column("source", overflow="fold")
    for column in columns:
        table.add_column(column, justify="right")
    for name, counts in report.counts.items():
        table.add_row(as_text(name, single_line=True), *(f"{getattr(counts, column):,}" for column in columns))
    if len(report.counts) > 1:
        table.add_section()
        table.add_row("total", *(f"{getattr(_totals(report), column):,}" for column in columns), style="bold")
    console.print(table)
    seconds = report.duration.total_seconds()
    read = _totals(report).read
    rate = f", {read / seconds:,.0f} posts/s" if seconds and read else ""
    opened = ", ".join(f"{policy} {number}" for policy, number in sorted(report.opened.items())) or "none"
    console.print(
        as_text(
            f"scan {report.scan_id} {report.status} in {seconds:.1f} s{rate}. Flags opened: {opened}.", style="bold"
        )
    )
    if accepted := _totals(report).accepted:
        said = f"{accepted:,} in languages that some rules do not cover were accepted, as compliance.yaml says."
        console.print(as_text(said, style="yellow"))
    _print_troubles(console, report)


def _print_troubles(console: Console, report: ScanReport) -> None:
    troubles = [
        f"{error.source}: {error.message}  --> {error.place}" + (f"\n  hint: {error.hint}" if error.hint else "")
        for error in report.errors
    ]
    troubles += _listed(
        [f"{one.source}: {one.message}  --> {one.place}" for one in report.rejects], "records could not be read"
    )
    troubles += _listed(
        [f"{one.post}: {one.detector}: {one.error}" for one in report.incompletes], "failures left posts incomplete"
    )
    if report.outstanding_incomplete or report.outstanding_rejects:
        troubles.append(
            f"from earlier scans: {report.outstanding_incomplete} posts incomplete, {report.outstanding_rejects} records unreadable"
        )
    for trouble in troubles:
        console.print(as_text(trouble, style="magenta"))
    if report.remedied:
        console.print(f"{report.remedied} remedies were done; `compliance show FLAG` has them.")


def _listed(lines: list[str], what: str) -> list[str]:
    if not lines:
        return []
    more = [f"  … and {len(lines) - _SHOWN} more; `--format json` lists all"] if len(lines) > _SHOWN else []
    return [f"{len(lines)} {what}:", *(f"  {line}" for line in lines[:_SHOWN]), *more]
