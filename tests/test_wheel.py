"""The wheel holds what the program needs, and nothing else, and works from an empty folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOPS = ("cli.py", "compliance", "rules", "connectors")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(command, check=True, cwd=folder, timeout=300)
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_holds_every_tracked_file_of_its_four_names_and_nothing_else(wheel):
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("needs git and a clone to know which files are tracked: install git")
    listed = subprocess.run(
        [git, "ls-files", *TOPS], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    tracked = {name for name in listed if (ROOT / name).exists()}
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == tracked
    assert any(name.startswith("rules/packs/") for name in packed)
    assert any(name.startswith("compliance/migrations/versions/") for name in packed)
    assert any(name.startswith("compliance/templates/") for name in packed)


def test_the_demo_runs_from_the_wheel_in_an_empty_folder(wheel, tmp_path):
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(site), str(wheel)],
        check=True,
        timeout=300,
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
        "PYTHONPATH": str(site)
    }
    shown = subprocess.run(
        [sys.executable, "-m", "cli", "demo"],
        cwd=empty,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert "compliance queue" in shown.stdout
    assert (empty / "compliance-demo" / "compliance.db").exists()
