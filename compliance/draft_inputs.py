"""The inputs of `check` and `detect`, read one after the other: a text, standard input, files by their kind, folders."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from compliance.drafts import Defaults, Draft, context_of, context_problem
from rules.document import Context, Document

#: A line longer than this is refused, not read: one line must not take the machine.
MAX_LINE: Final = 16_000_000
MARKDOWN: Final = (".md", ".markdown")
#: What is read in a folder; any other file is read only if it is named.
IN_FOLDERS: Final = (*MARKDOWN, ".txt", ".jsonl", ".csv")

#: Called with file and line of a row that has no text.
OnSkip = Callable[[str, int], None]


def _silently(_place: str, _line: int) -> None:
    return


def read_drafts(
    inputs: list[str], *, text: str | None, stdin: BinaryIO, defaults: Defaults, on_skip: OnSkip = _silently
) -> Iterator[Draft]:
    """Yield every draft of every input, in order; an input that cannot be read is a draft with an error.

    A file that is named twice, by itself or in a folder, is read once.
    """
    shared = context_of(defaults, {})
    if text is not None:
        yield Draft(id="text", place="--text", document=Document(key="text", text=text, context=shared))
    seen: set[str] = set()
    for given in inputs:
        for name in _files(given):
            if canonical(name) in seen:
                continue
            seen.add(canonical(name))
            yield from _input(name, stdin, defaults, shared, on_skip)


def canonical(name: str) -> str:
    """Return the one form of a path: `./x`, `x` and `folder/../x` are the same file. Symbolic links stay themselves."""
    return name if name == "-" else os.path.normcase(os.path.abspath(name))  # noqa: PTH100 - Path.resolve follows links


def _files(given: str) -> Iterator[str]:
    """Yield the file itself, or the drafts in a folder and below in the order of their names; hidden ones are left out."""
    if given == "-" or not Path(given).is_dir():
        yield given
        return
    found = False
    for folder, folders, files in os.walk(given):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and name.casefold().endswith(IN_FOLDERS):
                found = True
                yield str(Path(folder) / name)
    if not found:
        yield given


def _input(name: str, stdin: BinaryIO, defaults: Defaults, shared: Context, on_skip: OnSkip) -> Iterator[Draft]:
    if name == "-":
        yield whole("-", stdin.read(), shared)
        return
    if Path(name).is_dir():
        kinds = ", ".join(f"*{kind}" for kind in IN_FOLDERS)
        yield Draft(id=name, place=name, error="is a folder without drafts", hint=f"drafts are {kinds}")
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below, once the error is told apart
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        yield Draft(id=name, place=name, error=f"cannot be read: {reason}")
        return
    with file:
        yield from _file(name, file, defaults, shared, on_skip)


def _file(name: str, file: BinaryIO, defaults: Defaults, shared: Context, on_skip: OnSkip) -> Iterator[Draft]:
    kind = Path(name).suffix.casefold()
    if kind == ".jsonl":
        yield from _lines(name, file, defaults, shared)
    elif kind == ".csv":
        from compliance.draft_calendar import read_calendar

        yield from read_calendar(name, file.read(), defaults, on_skip)
    elif kind in MARKDOWN:
        from compliance.draft_markdown import read_markdown

        yield read_markdown(name, file.read(), defaults, shared)
    else:
        yield whole(name, file.read(), shared)


def decoded(name: str, content: bytes) -> str | Draft:
    """Return a file's text without its byte order mark, or the draft that says why there is none."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Draft(id=name, place=name, line=line, error="is not UTF-8", hint="save the file as UTF-8")


def whole(name: str, content: bytes, context: Context) -> Draft:
    """Return the draft that a whole file is."""
    text = decoded(name, content)
    if isinstance(text, Draft):
        return text
    return Draft(id=name, place=name, document=Document(key=name, text=text, context=context))


def _lines(name: str, file: BinaryIO, defaults: Defaults, shared: Context) -> Iterator[Draft]:
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            yield Draft(id=None, place=name, line=number, error=f"is longer than {MAX_LINE:,} bytes")
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE)
        elif line.strip(b"\xef\xbb\xbf \t\r\n"):
            yield _line(name, number, line, defaults, shared)


def _line(name: str, number: int, line: bytes, defaults: Defaults, shared: Context) -> Draft:
    try:
        row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except (ValueError, RecursionError) as error:
        what = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else "is no JSON"
        return Draft(id=None, place=name, line=number, error=what)
    problem = _problem(row)
    if problem:
        return Draft(id=None, place=name, line=number, error=problem)
    key = str(row["id"]) if "id" in row else f"{name}:{number}"
    context = shared if len(row) <= 2 else context_of(defaults, row)  # noqa: PLR2004 - id and text alone say nothing else
    return Draft(id=key, place=name, line=number, document=Document(key=key, text=row["text"], context=context))


def _problem(row: Any) -> str:  # noqa: ANN401 - whatever the JSON held
    """Return what is wrong with a row, without a word of its content; parse its times in place."""
    if not isinstance(row, dict):
        return "is no JSON object"
    if not isinstance(row.get("text"), str):
        return "has no `text`" if "text" not in row else "`text` is no string"
    if not isinstance(row.get("id", ""), (str, int)) or isinstance(row.get("id"), bool):
        return "`id` is no string"
    if len(row) <= 2:  # noqa: PLR2004
        return ""
    return context_problem(row)
