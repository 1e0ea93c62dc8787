"""What docs/ci.md and its examples say about `check` is so."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

import cli
from compliance.baseline import read_baseline
from compliance.draft_calendar import COLUMNS
from compliance.draft_inputs import IN_FOLDERS
from compliance.draft_markdown import KEYS

ROOT = Path(__file__).parent.parent
DOC = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
EXAMPLES = sorted((ROOT / "docs" / "ci").iterdir())
OPTIONS = {option for one in get_command(cli.app).commands["check"].params for option in one.opts}


@pytest.mark.parametrize("path", [ROOT / "docs" / "ci.md", *EXAMPLES], ids=lambda path: path.name)
def test_every_option_in_an_example_exists(path):
    text = path.read_text(encoding="utf-8")
    commands = re.findall(r"compliance check [^\n#`]*", text)
    assert commands
    assert {option for one in commands for option in re.findall(r"(?<!\S)--[a-z-]+", one)} <= OPTIONS
    assert not path.name.endswith(".yml") or yaml.safe_load(text)


def test_columns_keys_and_kinds_of_files_are_documented():
    assert [name for names in COLUMNS.values() for name in names if not re.search(rf"\b{name}\b", DOC)] == []
    assert [key for key in KEYS if f"`{key}`" not in DOC] == []
    assert [kind for kind in IN_FOLDERS if kind not in DOC] == []


def test_the_baseline_of_the_docs_is_one(tmp_path):
    (example,) = re.findall(r"```yaml\n(baseline: 1\n.*?)```", DOC, re.DOTALL)
    (tmp_path / "b.yaml").write_text(example, encoding="utf-8")
    (entry,) = read_baseline(tmp_path / "b.yaml")
    assert entry.label == "accepted"


def test_the_hook_is_the_command():
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert (hook["entry"], hook["language"], hook["require_serial"]) == ("compliance check", "python", True)
    assert re.search(hook["files"], "posts/a.md")
    assert not re.search(hook["files"], "data.csv")


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("hello", 0, "posts: fine"),
        ("key AKIA" + "Q7MZX4PLN2VRT3WD", 1, "to change"),
        ("---\nkind: tweet\n---\n", 3, "could not be evaluated"),
        (None, 2, "set up wrongly"),
    ],
)
def test_the_shell_example_passes_the_exit_code_on(tmp_path, text, code, words):
    shim = tmp_path / "bin" / "compliance"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m cli "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "a.md").write_text(text or "", encoding="utf-8")
    if text is not None:
        (tmp_path / ".compliance-baseline.yaml").write_text("baseline: 1\nentries: []\n", encoding="utf-8")
    done = subprocess.run(
        [shutil.which("sh") or "sh", str(ROOT / "docs" / "ci" / "check.sh"), "posts"],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{shim.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == code
    assert words in done.stdout
