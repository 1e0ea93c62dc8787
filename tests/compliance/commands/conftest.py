from __future__ import annotations

import pytest
from typer.testing import CliRunner

import cli


class Result:
    def __init__(self, found):
        self.exit_code, self.stdout, self.stderr = found.exit_code, found.stdout, found.stderr
        if found.exception and not isinstance(found.exception, SystemExit):
            raise found.exception


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run `compliance …` in an empty folder, as a user would, with no environment of ours."""
    for name in ("CI", "GITHUB_WORKSPACE", "COMPLIANCE_ACTOR", "COMPLIANCE_WORKSPACE", "COMPLIANCE_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()

    def call(*arguments, stdin=None, env=None):
        return Result(
            runner.invoke(cli.app, [str(one) for one in arguments], input=stdin, env=env, catch_exceptions=True)
        )

    return call


@pytest.fixture
def workspace(run, tmp_path):
    """A workspace with one code name, one press officer and two reviewers."""
    assert run("init", tmp_path / "ws").exit_code == 0
    folder = tmp_path / "ws"
    (folder / "lists" / "codenames.csv").write_text(
        "term,public_name,start,end\nBluefin,Alderway Pocket,,2026-11-03T09:00Z\n", encoding="utf-8"
    )
    (folder / "people.csv").write_text(
        "person_id,name,email,groups,country,manager_id,handles\n"
        "p1,Ines,,press-office,GB,,x:ines=declared\n"
        "p2,Kofi,,,GB,,x:kofi=declared\n",
        encoding="utf-8",
    )
    return folder
