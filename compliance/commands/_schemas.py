"""The published JSON Schemas of `check` and of the review commands, made from the types that the commands write.

`python -m compliance.commands._schemas docs/schemas` writes them anew; a test compares.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from compliance.check_report import CheckOutput
from compliance.dossier import Dossier
from compliance.listing import QueuePage
from compliance.reports.report import Report
from compliance.runs import RunsPage

#: Where a schema's name is not its command's.
_COMMANDS: Final = {"runs": "db runs"}


def schemas() -> Mapping[str, str]:
    """Return the text of each schema file by its name."""
    kinds: dict[str, Any] = {
        "queue": QueuePage,
        "report": Report,
        "runs": RunsPage,
        "show": Dossier,
        "check": CheckOutput,
    }
    return {f"{name}.schema.json": _schema(name, kind) for name, kind in kinds.items()}


def _schema(name: str, kind: Any) -> str:  # noqa: ANN401 - any type that pydantic knows
    described = TypeAdapter(kind).json_schema(mode="serialization")
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"compliance {_COMMANDS.get(name, name)} --format json",
    }
    return json.dumps(described | head, indent=2, sort_keys=True) + "\n"


def write(folder: Path) -> None:
    """Write all schemas into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in schemas().items():
        (folder / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
