"""Writing a new workspace from the shipped template. Never overwrites."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from compliance.errors import ComplianceError

_TEMPLATE: Final = Path(str(files("compliance") / "templates" / "workspace"))


def write_workspace(folder: Path) -> list[Path]:
    """Copy the template into `folder` and return the files written, relative to it. Raises ComplianceError, writing nothing."""
    wanted = [path.relative_to(_TEMPLATE) for path in sorted(_TEMPLATE.rglob("*")) if path.is_file()]
    taken = [path for path in wanted if (folder / path).exists()]
    if taken:
        message = f"this folder already holds {taken[0]}" + (f" and {len(taken) - 1} more" if taken[1:] else "")
        raise ComplianceError(message, place=str(folder), hint="choose an empty folder; nothing was written")
    try:
        for path in wanted:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes((_TEMPLATE / path).read_bytes())
    except OSError as error:
        message = f"cannot write here: {error.strerror or type(error).__name__}"
        raise ComplianceError(message, place=str(folder), hint="choose a folder that you may write to") from None
    return wanted


def write_demo(folder: Path) -> None:
    """Write the made-up company's workspace: the template with its own settings, people, lists and posts on top."""
    write_workspace(folder)
    demo = _TEMPLATE.parent / "demo"
    for path in sorted(demo.rglob("*")):
        if path.is_file():
            target = folder / path.relative_to(demo)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
