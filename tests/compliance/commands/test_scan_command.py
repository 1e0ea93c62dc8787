from __future__ import annotations

import json

import pytest


def scanned(result):
    return json.loads(result.stdout)


def write(path, *rows):
    path.write_text(
        "".join(json.dumps(row) + "\n" if isinstance(row, dict) else row + "\n" for row in rows), encoding="utf-8"
    )
    return path


POST = {
    "id": "1",
    "text": "Bluefin ships Monday",
    "author": "kofi",
    "platform": "x",
    "posted_at": "2026-10-01T09:00:00Z",
}


def test_flags_are_a_normal_night_and_fail_on_makes_them_count(run, workspace, tmp_path):
    posts = write(tmp_path / "feed.jsonl", POST)
    result = run("scan", posts, "--workspace", workspace, "--format", "json")
    assert result.exit_code == 0
    assert scanned(result)["flags_opened"] == {"confidentiality": 1}
    assert list(scanned(result)["sources"]) == ["feed"]
    more = write(tmp_path / "more.jsonl", POST | {"id": "2"})
    assert run("scan", more, "--workspace", workspace, "--fail-on", "critical").exit_code == 0
    again = write(tmp_path / "again.jsonl", POST | {"id": "3"})
    assert run("scan", again, "--workspace", workspace, "--fail-on", "high").exit_code == 1


def test_bad_records_are_listed_by_line_and_exit_3_and_the_rest_is_stored(run, workspace, tmp_path):
    posts = write(tmp_path / "feed.jsonl", POST, "{broken", POST | {"id": "2", "text": "hello"})
    result = run("scan", posts, "--workspace", workspace)
    assert result.exit_code == 3
    assert "feed.jsonl:2" in result.stdout
    assert "broken" not in result.stdout
    assert run("queue", "--workspace", workspace, "--format", "json").exit_code == 0


def test_a_second_scan_finds_nothing_new(run, workspace, tmp_path):
    posts = write(tmp_path / "feed.jsonl", POST)
    run("scan", posts, "--workspace", workspace)
    report = scanned(run("scan", posts, "--workspace", workspace, "--format", "json"))
    assert (report["total"]["new"], report["flags_opened"]) == (0, {})


def test_again_applies_a_new_list_to_stored_posts_and_marks_the_flags_retro(run, workspace, tmp_path):
    posts = write(tmp_path / "feed.jsonl", POST | {"text": "Redfin ships Monday"})
    run("scan", posts, "--workspace", workspace)
    (workspace / "lists" / "codenames.csv").write_text("term\nRedfin\n", encoding="utf-8")
    report = scanned(run("scan", "--again", "confidentiality.codename", "--workspace", workspace, "--format", "json"))
    assert report["flags_opened"] == {"confidentiality": 1}
    (flag,) = json.loads(run("queue", "--workspace", workspace, "--format", "json", "--as", "officer").stdout)["flags"]
    assert flag["retro"] is True
    assert run("scan", "--again", "confidentiality.codenam", "--workspace", workspace).exit_code == 2


def test_a_source_that_is_not_there_exits_3_and_the_others_are_read(run, workspace, tmp_path):
    write(tmp_path / "feed.jsonl", POST)
    (tmp_path / "gone.jsonl").unlink(missing_ok=True)
    result = run("scan", "gone.jsonl", "feed.jsonl", "--workspace", workspace, "--format", "json")
    assert result.exit_code == 3
    assert scanned(result)["sources"]["feed"]["new"] == 1


def test_a_configured_path_gives_the_file_its_source_and_audience(run, workspace):
    posts = write(workspace / "inbox.jsonl", POST)
    assert list(scanned(run("scan", posts, "--workspace", workspace, "--format", "json"))["sources"]) == ["inbox"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere"],
        ["a.jsonl", "b.jsonl", "--source", "x"],
        ["--again", "--since", "soon"],
        ["a.jsonl", "--as", "nobody"],
    ],
)
def test_wrong_use_exits_2(run, workspace, arguments):
    assert run("scan", *arguments, "--workspace", workspace).exit_code == 2


def test_the_same_post_gets_the_same_verdict_as_draft_as_stored_post_and_as_example(run, workspace, tmp_path):
    """One engine, one verdict: check and scan build the same document from the same post."""
    text = "> news?\nBlue\u200bfin ships Monday, and 🎉 B l u e f i n again"
    posts = write(tmp_path / "feed.jsonl", POST | {"text": text})
    (row,) = [
        json.loads(line)
        for line in run("check", "--format", "jsonl", posts, "--workspace", workspace).stdout.splitlines()
    ]
    run("scan", posts, "--workspace", workspace)
    found = json.loads(run("show", "1", "--workspace", workspace, "--format", "json", "--as", "officer").stdout)
    spans = [(span["start"], span["end"]) for span in row["findings"][0]["spans"]]
    assert spans == [(match["start"], match["end"]) for match in found["observations"][0]["matches"]]
    assert row["findings"][0]["version"] == found["observations"][0]["rule_version"]
