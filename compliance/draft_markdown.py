"""Markdown drafts: front matter at the head sets the context, the body is the draft; positions stay those of the file."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from compliance.draft_inputs import decoded, whole
from compliance.drafts import Defaults, Draft, context_of, context_problem, with_time
from compliance.moments import EXAMPLE, NaiveTimeError, read_moment
from compliance.places import line_starts
from rules.document import Context, Document
from rules.source import SourceFile, parse_yaml

#: Three hyphens alone on a line: what opens and (or three dots) closes front matter.
_OPENS: Final = re.compile(r"---[ \t]*(?:\r\n|\n|\r)")
_CLOSES: Final = re.compile(r"(?:^|(?<=[\n\r]))(?:---|\.\.\.)[ \t]*(?:\r\n|\n|\r|\Z)")
#: Keys of front matter that set the context; all others belong to whatever publishes the file.
KEYS: Final = ("audience", "author", "group", "groups", "channel", "platform", "kind", "posted_at", "date", "thread")


def read_markdown(name: str, content: bytes, defaults: Defaults, shared: Context) -> Draft:
    """Return the draft of a Markdown file; broken front matter makes it one that could not be read, with its line."""
    text = decoded(name, content)
    if isinstance(text, Draft):
        return text
    opening = _OPENS.match(text)
    if opening is None:
        return whole(name, content, shared)
    closing = _CLOSES.search(text, opening.end())
    if closing is None:
        return _broken(
            name,
            1,
            "opens front matter with --- and never closes it",
            hint="close it with a line ---, or put an empty line before a rule",
        )
    source = parse_yaml(text[opening.end() : closing.start()].encode("utf-8", "replace"), SourceFile(name))
    if source.faults:
        return _broken(
            name,
            # One line of the file stands before the YAML.
            source.faults[0].line + 1 if source.faults[0].line else 1,
            "has front matter that cannot be read",
            detail="; ".join(f"{fault.message} ({fault.hint})" for fault in source.faults),
        )
    return _draft(name, text, closing.end(), source, defaults)


def _draft(name: str, text: str, begin: int, source: SourceFile, defaults: Defaults) -> Draft:
    keys = {} if source.data is None else source.data
    if not isinstance(keys, dict):
        return _broken(name, 1, "has front matter that is no mapping", hint="it is written as `key: value`, one a line")
    row = {key: value for key, value in keys.items() if key in KEYS and value is not None}
    problem = _settle(row, source, defaults)
    if problem:
        key, message, hint = problem
        return _broken(name, source.place((key,), key=True)[0] + 1, f"has front matter in which {message}", hint=hint)
    return Draft(
        id=name,
        place=name,
        offset=begin,
        first_line=len(line_starts(text[:begin])),
        document=Document(key=name, text=text[begin:], context=context_of(defaults, row)),
    )


def _settle(row: dict[str, Any], source: SourceFile, defaults: Defaults) -> tuple[str, str, str] | None:
    """Bring the keys into the form of a row, in place; return (key, what is wrong, hint) of the first that is not right."""
    for one, other in (("group", "groups"), ("posted_at", "date")):
        if one in row and other in row:
            return other, f"`{one}` and `{other}` say the same", "keep one of them"
        if other in row:
            row[one] = row.pop(other)
    given = "date" if ("date",) in source.keys else "posted_at"
    if "posted_at" in row:
        moment = _moment(row.pop("posted_at"))
        if isinstance(moment, str):
            return given, f"`{given}` {moment}", f"for example {EXAMPLE}"
        row |= with_time(row, moment, defaults)
    if isinstance(row.get("platform"), str):
        row["platform"] = row["platform"].casefold()
    message = context_problem(row)
    if message:
        wrong = message.split("`")[1]
        return (wrong if wrong in source.data else f"{wrong}s"), message, ""
    return None


def _moment(value: object) -> datetime | str:
    if not isinstance(value, str):
        return "is no time"
    try:
        return read_moment(value)
    except NaiveTimeError:
        return "has no offset, so it could be any of many instants"
    except ValueError:
        return "is no time"


def _broken(name: str, line: int, error: str, *, hint: str = "", detail: str = "") -> Draft:
    return Draft(id=name, place=name, line=line, error=error, hint=hint, detail=detail)
