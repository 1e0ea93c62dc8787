"""The layers of the house: connectors and rules import nothing of ours, compliance joins them, cli.py sits on top."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN = {
    "connectors": {"rules", "compliance", "cli", "sqlalchemy", "typer", "rich"},
    "rules": {"connectors", "compliance", "cli", "sqlalchemy", "typer", "rich", "socket", "httpx", "urllib"},
    "compliance": {"cli"},
}
#: Services know nothing of commands; only commands (and the text they print) may.
INNER = {"compliance.commands", "compliance.web"}
PRINTING = {"check_text.py", "explain.py", "scan_text.py"}


def imports(path: Path, source: str | None = None) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source if source is not None else path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the layer"
            found.add(node.module or "")
    return found


def files(layer: str) -> list[Path]:
    return sorted((ROOT / layer).rglob("*.py"))


def against(path: Path, names: set[str]) -> set[str]:
    layer = path.relative_to(ROOT).parts[0]
    return {name for name in names if name.split(".")[0] in FORBIDDEN[layer]}


@pytest.mark.parametrize(
    "path", [path for layer in FORBIDDEN for path in files(layer)], ids=lambda path: str(path.relative_to(ROOT))
)
def test_nothing_imports_against_the_direction_of_the_house(path):
    assert against(path, imports(path)) == set()


@pytest.mark.parametrize("path", files("compliance"), ids=lambda path: str(path.relative_to(ROOT)))
def test_services_do_not_import_commands(path):
    if "commands" in path.parts or path.name in PRINTING:
        return
    assert {name for name in imports(path) if name.startswith(tuple(INNER))} == set()


def test_a_planted_backward_import_is_seen():
    assert against(
        ROOT / "rules" / "engine.py", imports(ROOT / "rules" / "engine.py", "from compliance.models import Flag")
    ) == {"compliance.models"}


def test_rules_read_no_clock():
    for path in files("rules"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"now", "utcnow", "today", "perf_counter"}, path
