"""How the commands that try rules exit, what they write, and what they keep to themselves."""

from __future__ import annotations

import json

import pytest

from compliance.workspace import open_workspace
from tests.compliance.trials import RULE, exclusion, make_workspace, store


@pytest.fixture
def office(tmp_path, monkeypatch):
    """A workspace with its database filled, as the current folder."""
    folder = make_workspace(tmp_path / "office")
    space = open_workspace(folder)
    store(space.database, space)
    space.database.dispose()
    monkeypatch.chdir(folder)
    return folder


def test_a_change_is_tried_suggested_written_and_tried_again(run, office, tmp_path):
    wide = exclusion(tmp_path, "ship, crew")
    lost = run("policy", "diff", ".", wide, "--stored", "--as", "rivera")
    assert lost.exit_code == 1
    assert "LOST" in lost.stdout
    assert "⟦Bluefin⟧ to ship" in lost.stdout
    quiet = run("policy", "diff", ".", wide, "--stored", "--as", "rivera", env={"CI": "1"})
    assert quiet.exit_code == 1
    assert "Bluefin" not in quiet.stdout
    file = office / "exclusions" / "crew.yaml"
    asked = run("policy", "suggest", RULE, "--as", "rivera", "--write", file)
    assert (asked.exit_code, file.exists()) == (2, False)
    assert "nobody confirmed" in asked.stderr
    assert run("policy", "suggest", RULE, "--as", "rivera", "--write", file, "--yes").exit_code == 0
    assert run("policy", "suggest", RULE, "--as", "rivera").exit_code == 1
    now = json.loads(run("policy", "backtest", RULE, "--stored", "--as", "pen", "--format", "json").stdout)
    assert now["decisions"]["raised"] == {"upheld": 2, "cleared": 1, "false_positive": 0, "out_of_scope": 0}
    replayed = run("replay", "1", "--as", "rivera")
    assert replayed.exit_code == 1
    assert "exclusion codename-words added" in replayed.stdout


def test_drafts_are_tried_without_a_database_and_hostile_text_is_shown_as_escapes(run, tmp_path):
    posts = tmp_path / "posts.jsonl"
    rows = [{"id": "a\x1b[31m", "text": "\u202eBluefin\x1b[2J soon"}, {"id": "b", "text": ""}]
    posts.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    folder = make_workspace(tmp_path / "ws")
    wide = exclusion(tmp_path, "soon")
    shown = run("policy", "diff", folder, wide, "--on", posts, "--workspace", folder)
    assert shown.exit_code == 0
    assert "removed 1" in shown.stdout
    assert not {"\x1b", "\u202e"} & set(shown.stdout)
    over = run("policy", "backtest", RULE, "--on", posts, "--budget", "0/day", "--workspace", folder)
    assert over.exit_code == 1
    assert "EXCEEDED" in over.stdout
    assert not (folder / "compliance.db").exists()


@pytest.mark.usefixtures("office")
def test_what_cannot_be_tried_is_refused(run, tmp_path):
    (tmp_path / "broken.jsonl").write_text('{"id": "a", "text": "x"}\nnot json\n', encoding="utf-8")
    assert run("policy", "diff", ".", "packs").exit_code == 2
    assert run("policy", "diff", ".", "packs", "--stored").exit_code == 2
    assert run("policy", "diff", ".", "packs", "--stored", "--as", "boss").exit_code == 2
    assert run("policy", "suggest", RULE, "--as", "pen").exit_code == 2
    broken = run("policy", "backtest", RULE, "--on", tmp_path / "broken.jsonl")
    assert broken.exit_code == 3
    assert "broken.jsonl:2" in broken.stderr
