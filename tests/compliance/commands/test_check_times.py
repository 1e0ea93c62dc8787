"""When a draft would be published decides what it may say: --at, posts, front matter and calendars."""

from __future__ import annotations

import json

import pytest

# The code name of the workspace is public from 2026-11-03T09:00Z on.
SAID = "Bluefin!"


def code(run, workspace, *arguments):
    return run("check", *arguments, "--workspace", workspace).exit_code


@pytest.mark.parametrize(
    ("at", "exit_code"),
    [
        ("2026-11-03T08:59:59Z", 1),
        ("2026-11-03T09:00:00Z", 0),
        ("2026-11-03T09:00:01Z", 0),
        ("2026-11-03T09:59:59+01:00", 1),
        ("2026-11-03T10:00:01+01:00", 0),
        ("2026-11-03T03:59:59-05:00", 1),
        ("2026-11-03 04:00:01 -0500", 0),
    ],
)
def test_one_second_either_side_of_an_embargo(run, workspace, at, exit_code):
    assert code(run, workspace, "--text", SAID, "--at", at) == exit_code


@pytest.mark.parametrize("at", ["2026-11-03T09:00", "2026-11-03 09:00:00", "2026-11-03"])
def test_a_time_without_a_zone_is_refused(run, workspace, at):
    result = run("check", "--text", SAID, "--workspace", workspace, "--at", at)
    assert result.exit_code == 2
    assert "names no time zone" in result.stderr
    assert "2026-11-03T09:00+01:00" in result.stderr


@pytest.mark.parametrize("at", ["", "soon", "2026-13-03T09:00Z"])
def test_what_is_no_time_is_refused(run, workspace, at):
    assert "is no time" in run("check", "--text", SAID, "--workspace", workspace, "--at", at).stderr


@pytest.mark.parametrize("options", [[], ["--at", "2020-01-01T00:00Z"]], ids=["now", "--at"])
def test_a_post_is_judged_at_its_own_time(run, workspace, tmp_path, options):
    rows = [("before", "2026-11-03T08:59:59Z"), ("after", "2026-11-03T09:00:01Z")]
    lines = [json.dumps({"id": key, "text": SAID, "posted_at": at}) for key, at in rows]
    (tmp_path / "p.jsonl").write_text("\n".join(lines), encoding="utf-8")
    result = run("check", "p.jsonl", "--format", "jsonl", "--workspace", workspace, *options)
    assert [bool(json.loads(line)["findings"]) for line in result.stdout.splitlines()] == [True, False]


@pytest.mark.parametrize(("second", "exit_code"), [("09:59:59", 1), ("10:00:01", 0)])
def test_front_matter_and_calendars_are_judged_when_they_are_published(run, workspace, tmp_path, second, exit_code):
    (tmp_path / "a.md").write_text(f"---\ndate: 2026-11-03T{second}+01:00\n---\n{SAID}", encoding="utf-8")
    (tmp_path / "a.csv").write_text(
        f"date,time,timezone,text\n2026-11-03,{second},Europe/Paris,{SAID}\n", encoding="utf-8"
    )
    assert code(run, workspace, "a.md", "--at", "2020-01-01T00:00Z") == exit_code
    assert code(run, workspace, "a.csv", "--at", "2030-01-01T00:00Z") == exit_code


def test_front_matter_sets_audience_and_groups_for_its_file_alone(run, workspace, tmp_path):
    for name, head in (
        ("a.md", "audience: internal"),
        ("b.md", "group: press-office"),
        ("c.md", "author: p1"),
        ("d.md", "title: x"),
    ):
        (tmp_path / name).write_text(f"---\n{head}\n---\n{SAID}", encoding="utf-8")
    result = run("check", ".", "--format", "json", "--workspace", workspace, "--at", "2026-01-01T00:00Z")
    flagged = {row["id"]: bool(row["findings"]) for row in json.loads(result.stdout)["results"]}
    assert {name: flagged[name] for name in ("a.md", "b.md", "c.md", "d.md")} == {
        "a.md": False,
        "b.md": False,
        "c.md": False,
        "d.md": True,
    }


def test_rows_without_a_text_are_counted(run, tmp_path):
    (tmp_path / "a.csv").write_text("text,id\nhello,1\n,2\n  ,3\n", encoding="utf-8")
    result = run("check", "a.csv")
    assert result.exit_code == 0
    assert "2 rows without a text skipped" in result.stdout
    assert json.loads(run("check", "a.csv", "--format", "json").stdout)["summary"]["skipped"] == 2


def test_a_calendar_without_a_text_column_says_what_there_is_unless_redacted(run, tmp_path):
    (tmp_path / "a.csv").write_text("Name,Due date\nx,y\n", encoding="utf-8")
    result = run("check", "a.csv")
    assert result.exit_code == 3
    assert "a.csv:1: has no column with the texts: there are: Name, Due date" in result.stdout
    assert "do: name one of its columns: text, copy" in result.stdout
    assert "Due date" not in run("check", "a.csv", "--redact").stdout
