"""A report as plain text of 80 columns, calm enough to be mailed."""

from __future__ import annotations

from io import StringIO
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from compliance.reports.report import Report
from compliance.reports.section import Section, Table
from compliance.reports.words import heading, preface, sections
from compliance.safe import as_text

WIDTH: Final = 80


def as_plain(report: Report) -> str:
    """Return the report without colours, lines of at most 80 columns."""
    console = Console(file=StringIO(), width=WIDTH, color_system=None, markup=False, emoji=False, highlight=False)
    print_report(console, report)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"  # type: ignore[attr-defined]  # the StringIO above


def print_report(console: Console, report: Report) -> None:
    """Write the report to a console; no wider than 80 columns, narrower where the console is."""
    width = min(WIDTH, console.width)
    console.print(as_text(heading(report), single_line=True, style="bold"), width=width)
    for line in preface(report):
        console.print(as_text(line), width=width)
    for section in sections(report):
        _section(console, section, width=width)


def _section(console: Console, section: Section, *, width: int) -> None:
    console.print()
    console.print(Text(section.title.upper(), style="bold"), width=width)
    for line in section.says:
        console.print(as_text(line, single_line=True), width=width)
    for table in section.tables:
        if table.is_wide:
            console.print(Text(f"Not in plain text, being too wide: {table.caption}.", style="dim"), width=width)
            continue
        console.print()
        console.print(Padding(_table(table), (0, 0, 0, 2)), width=width)
        for note in table.notes:
            console.print(as_text(note, single_line=True, style="dim"), width=width)


def _table(table: Table) -> RichTable:
    grid = RichTable(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for column in table.columns:
        # Numbers stay whole; names give way.
        justify = "right" if column.is_number else "left"
        grid.add_column(column.title, justify=justify, no_wrap=column.is_number, overflow="fold")  # type: ignore[arg-type]  # rich's own literals
    for line in table.lines:
        style = "dim" if line.is_faint else ""
        grid.add_row(*(as_text(cell, single_line=True) for cell in line.cells), style=style)
    return grid
