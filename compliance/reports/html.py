"""A report as one HTML file: no script, nothing fetched, readable in the dark, on a phone and on paper."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from compliance.reports.charts import charts
from compliance.reports.report import Report
from compliance.reports.words import heading, preface, sections
from compliance.safe import for_terminal

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATES: Final = Path(__file__).parents[1] / "templates" / "report"


def as_html(report: Report) -> str:
    """Return the page. Everything is escaped except the charts, which a serializer wrote."""
    from markupsafe import Markup

    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    drawn = charts(report)
    return _template().render(
        heading=heading(report),
        preface=preface(report),
        sections=sections(report),
        charts=drawn,
        svg={key: Markup(chart.svg) for key, chart in drawn.items()},  # noqa: S704 - serialized from a tree
        style=Markup(style),  # noqa: S704 - our own file
        policy=content_policy(style),
    )


def content_policy(style: str) -> str:
    """Return the content security policy: our own style block, known by its hash, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    return environment.get_template("report.html")


def _visible(value: object) -> object:
    """Show controls and direction marks as escapes: a title must not turn the line it stands in."""
    return for_terminal(value, single_line=True) if type(value) is str else value
