"""A section of the report as people read it: sentences, a table, perhaps a chart. The same for text and HTML."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column; numbers stand to the right."""

    title: str
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of a table; `is_faint` for one that tells little, which its words say too."""

    cells: tuple[str, ...]
    is_faint: bool = False
    #: What the first cell is called in words; plain text has no room for it.
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; a section leaves out those without lines."""

    #: What it shows, for those who jump from table to table.
    caption: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    #: Sentences that belong below it.
    notes: tuple[str, ...] = ()
    #: Too wide for 80 columns; plain text leaves it out and says so.
    is_wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the report. `key` names it in links, and its chart where it has one."""

    key: str
    title: str
    #: What the numbers mean, before them.
    says: tuple[str, ...]
    tables: tuple[Table, ...] = ()
