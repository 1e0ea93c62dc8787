"""The handbook as Markdown or as one HTML file: no script, nothing fetched."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from compliance.handbook import Handbook
from compliance.reports.html import content_policy
from compliance.safe import for_terminal

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATES: Final = Path(__file__).parent / "templates" / "handbook"
#: Everything that Markdown or HTML inside it would read as more than text.
_MARKS: Final = re.compile(r"([\\`*_\[\]<>#|~!&])")


def as_markdown(handbook: Handbook) -> str:
    """Return the handbook as Markdown; whatever comes from policies is escaped."""
    return _template("handbook.md").render(book=handbook)


def as_html(handbook: Handbook) -> str:
    """Return the handbook as a page with its own style block, known to the page's policy by its hash."""
    from markupsafe import Markup

    style = (_TEMPLATES / "handbook.css").read_text(encoding="utf-8")
    return _template("handbook.html").render(
        book=handbook,
        style=Markup(style),  # noqa: S704 - our own file
        policy=content_policy(style),
    )


@cache
def _template(name: str) -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_visible if name.endswith(".html") else _plain,
    )
    return environment.get_template(name)


def _visible(value: object) -> object:
    """Show controls and direction marks as escapes: a title must not turn the line it stands in."""
    return for_terminal(value, single_line=True) if type(value) is str else value


def _plain(value: object) -> object:
    return _MARKS.sub(r"\\\1", for_terminal(value, single_line=True)) if isinstance(value, str) else value
