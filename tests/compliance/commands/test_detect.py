"""`compliance detect` as its users run it."""

from __future__ import annotations

import json

import pytest

GERMAN = "Heute haben wir den Vertrag mit dem neuen Kunden unterschrieben, aber das ist noch geheim"


def rows(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_detector_is_asked_and_says_where(run):
    text = "🎉 Dana, 07700 900417, dana@kestrel.example, pw is Harbour!Quay7 #bluefin"
    result = run("detect", "--text", text, "--format", "jsonl")
    assert result.exit_code == 0
    (row,) = rows(result)
    assert list(row) == ["id", "status", "language", "failures", "matches"]
    seen = {(m["detector"], text[m["start"] : m["end"]]) for m in row["matches"]}
    wanted = {("pii", "07700 900417"), ("pii", "dana@kestrel.example"), ("secret", "Harbour!Quay7")}
    assert wanted | {("hashtag", "#bluefin")} <= seen


def test_only_asks_those_named(run):
    result = run("detect", "--text", "#a 07700 900417", "--format", "jsonl", "--only", "hashtag")
    assert {m["detector"] for m in rows(result)[0]["matches"]} == {"hashtag"}


def test_an_unknown_detector_is_refused_with_a_hint(run):
    result = run("detect", "--text", "x", "--only", "pi")
    assert result.exit_code == 2
    assert "did you mean pii" in result.stderr


def test_words_of_lists_are_seen_by_the_name_of_their_list(run, workspace):
    (workspace / "lists" / "codenames.csv").write_text("term\nBluefin\n", encoding="utf-8")
    result = run("detect", "--text", "Bluefin!", "--format", "jsonl", "--only", "terms", "--workspace", workspace)
    assert [(m["kind"], m["start"], m["end"]) for m in rows(result)[0]["matches"]] == [("codenames", 0, 7)]


def test_a_detector_that_fails_makes_it_incomplete_and_the_others_answer(run, monkeypatch):
    from rules.detectors.pii import Pii

    def broken(*_):
        raise TimeoutError

    monkeypatch.setattr(Pii, "see", broken)
    result = run("detect", "--text", "#a 07700 900417", "--format", "jsonl")
    assert result.exit_code == 3
    (row,) = rows(result)
    assert row["status"] == "incomplete"
    assert row["failures"] == [{"detector": "pii", "kind": "fault", "error": "TimeoutError", "rules": []}]
    assert "hashtag" in {m["detector"] for m in row["matches"]}


def test_a_broken_line_is_incomplete_and_the_next_is_read(run, tmp_path):
    (tmp_path / "posts.jsonl").write_text('{"id": "a"\n{"id": "b", "text": "#x"}\n', encoding="utf-8")
    result = run("detect", "posts.jsonl", "--format", "jsonl")
    assert result.exit_code == 3
    first, second = rows(result)
    assert (first["id"], first["line"], first["status"]) == (None, 1, "incomplete")
    assert second["matches"]


def test_text_marks_the_place_and_lets_nothing_act_on_the_terminal(run):
    result = run("detect", "--text", "\x1b]0;owned\x07 [/nope] 07700 900417")
    assert "⟦07700 900417⟧" in result.stdout
    assert "\x1b" not in result.stdout


def test_what_only_looks_like_a_secret_is_shown_with_its_reason(run):
    result = run("detect", "--text", "password = YOUR_PASSWORD", "--only", "secret")
    assert "set aside: " in result.stdout
    assert "0 matches" in result.stdout


def test_json_is_one_object(run):
    result = run("detect", "--text", "#a", "--format", "json")
    assert json.loads(result.stdout)["results"][0]["matches"]


def test_the_list_names_kinds(run):
    result = run("detect", "--list")
    assert "IBAN_CODE" in result.stdout
    assert "private-key" in result.stdout


@pytest.mark.parametrize(("setting", "code", "status"), [("incomplete", 3, "incomplete"), ("accept", 0, "clean")])
def test_a_draft_in_an_uncovered_language_is_incomplete_unless_that_is_accepted(run, workspace, setting, code, status):
    config = workspace / "compliance.yaml"
    config.write_text(config.read_text().replace("uncovered: incomplete", f"uncovered: {setting}"), encoding="utf-8")
    result = run("check", "--text", GERMAN, "--format", "jsonl", "--workspace", workspace)
    assert result.exit_code == code
    (row,) = rows(result)
    assert (row["status"], row["language"]) == (status, "de")


def test_a_scan_says_what_it_accepted(run, workspace, tmp_path):
    config = workspace / "compliance.yaml"
    config.write_text(config.read_text().replace("uncovered: incomplete", "uncovered: accept"), encoding="utf-8")
    (tmp_path / "posts.jsonl").write_text(json.dumps({"id": "a", "text": GERMAN}) + "\n", encoding="utf-8")
    result = run("scan", "posts.jsonl", "--workspace", workspace)
    assert result.exit_code == 0
    assert "1 in languages that some rules do not cover were accepted" in result.stdout
