from __future__ import annotations

import json

import pytest

BEFORE, AFTER = "2026-11-03T08:59:59Z", "2026-11-03T09:00:01Z"
HOSTILE = "\x1b]0;owned\x07 [/nope] [link=http://x]y[/link] \u202egnp.exe :smile: Bluefin \x9b31m"


def rows(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_clean_draft_exits_0_and_says_so(run):
    result = run("check", "--text", "Good morning, the office is open.")
    assert result.exit_code == 0
    assert "1 draft: 1 clean. Fine to publish." in result.stdout
    assert "no workspace here" in result.stderr


def test_a_blocking_finding_exits_1_and_tells_what_to_do(run, workspace):
    result = run("check", "--text", "Bluefin ships on Monday", "--workspace", workspace, "--at", BEFORE)
    assert result.exit_code == 1
    assert "confidentiality.codename" in result.stdout
    assert "⟦Bluefin⟧" in result.stdout
    assert "do:" in result.stdout


def test_a_word_in_disguise_is_shown_whole_and_the_disguise_is_named(run, workspace):
    result = run("check", "--text", "Blue🔥fin ships on Monday", "--workspace", workspace, "--at", BEFORE)
    assert "⟦Blue🔥fin⟧" in result.stdout
    assert "in disguise: emoji" in result.stdout


@pytest.mark.parametrize(
    ("options", "exit_code"),
    [
        (["--at", BEFORE], 1),
        (["--at", AFTER], 0),
        (["--at", BEFORE, "--group", "press-office"], 0),
        (["--at", BEFORE, "--audience", "internal"], 0),
        (["--at", BEFORE, "--author", "p1"], 0),
        (["--at", BEFORE, "--fail-on", "critical"], 0),
    ],
)
def test_time_group_audience_author_and_threshold_decide(run, workspace, options, exit_code):
    assert run("check", "--text", "Bluefin!", "--workspace", workspace, *options).exit_code == exit_code


def test_an_embargo_ends_to_the_second(run, workspace):
    for at, code in (("2026-11-03T08:59:59Z", 1), ("2026-11-03T09:00:00Z", 0)):
        assert run("check", "--text", "Bluefin!", "--workspace", workspace, "--at", at).exit_code == code


def test_jsonl_gives_one_row_per_post_in_order_in_the_contracts_shape(run, workspace, tmp_path):
    posts = tmp_path / "posts.jsonl"
    posts.write_text(
        '{"id": "p1", "text": "So Bluefin it is 🎉", "posted_at": "2026-10-01T09:00:00Z", "likes": 3}\n\n{"id": "p2", "text": ""}\n{"id": 3, "text": "hello"}\n',
        encoding="utf-8",
    )
    result = run("check", "--format", "jsonl", posts, "--workspace", workspace, "--at", BEFORE)
    first, second, third = rows(result)
    assert [first["id"], second["id"], third["id"]] == ["p1", "p2", "3"]
    assert list(first) == ["id", "status", "language", "tags", "failures", "findings"]
    (finding,) = first["findings"]
    assert list(finding) == [
        "rule",
        "policy",
        "version",
        "severity",
        "confidence",
        "publish",
        "message",
        "guidance",
        "spans",
    ]
    assert finding["spans"] == [
        {"start": 3, "end": 10, "line": 1, "column": 4, "part": "name", "detector": "terms", "confidence": 0.95}
    ]
    assert second == {"id": "p2", "status": "clean", "language": "en", "tags": [], "failures": [], "findings": []}
    assert result.exit_code == 1


BROKEN = [
    b'{"id": "x", "text": 5}',
    b"{not json",
    b"[]",
    b'{"id": "x"}',
    b"\xff\xfe",
    b'{"id": "a", "text": "b", "audience": "everyone"}',
    b'{"id": "a", "text": "b", "posted_at": "soon"}',
    b'{"text": "b", "group": [1], "id": "z"}',
    b"[" * 100_000,
    b'{"id": true, "text": "x"}',
    b'{"id": "n", "text": "x", "posted_at": ' + b"9" * 5000 + b"}",
]


@pytest.mark.parametrize("line", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_line_is_incomplete_and_stops_nothing_else(run, tmp_path, line):
    posts = tmp_path / "posts.jsonl"
    posts.write_bytes(b'{"id": "a", "text": "one"}\n' + line + b'\n{"id": "c", "text": "three"}\n')
    result = run("check", "--format", "jsonl", posts)
    first, broken, last = rows(result)
    assert (first["status"], last["status"]) == ("clean", "clean")
    assert (broken["id"], broken["line"], broken["status"]) == (None, 2, "incomplete")
    assert result.exit_code == 3


def test_json_wraps_the_rows_with_a_summary(run, tmp_path):
    posts = tmp_path / "posts.jsonl"
    posts.write_text('{"id": "a", "text": "one"}\nbroken\n', encoding="utf-8")
    found = json.loads(run("check", "--format", "json", posts).stdout)
    assert [row["id"] for row in found["results"]] == ["a", None]
    assert found["summary"] == {
        "posts": 2,
        "clean": 1,
        "flagged": 0,
        "incomplete": 1,
        "stopped": 0,
        "skipped": 0,
        "in_baseline": 0,
        "expired": 0,
        "exit_code": 3,
    }


def test_a_missing_file_is_incomplete_and_the_others_are_checked(run, tmp_path):
    (tmp_path / "draft.md").write_text("hello", encoding="utf-8")
    result = run("check", "--format", "jsonl", "nowhere.md", "draft.md")
    assert [row["status"] for row in rows(result)] == ["incomplete", "clean"]
    assert result.exit_code == 3


def test_standard_input_is_one_draft(run, workspace):
    assert run("check", "-", "--workspace", workspace, "--at", BEFORE, stdin="> news?\nBluefin ships\n").exit_code == 1
    assert (
        run("check", "-", "--workspace", workspace, "--at", BEFORE, stdin="> Bluefin ships?\nI can't say\n").exit_code
        == 0
    )


def test_text_of_strangers_cannot_act_on_the_terminal(run, workspace):
    for output in ("text", "json", "jsonl"):
        result = run("check", "--text", HOSTILE, "--workspace", workspace, "--at", BEFORE, "--format", output)
        assert result.exit_code == 1
        assert not set(result.stdout) & {"\x1b", "\x9b", "\x07", "\u202e"}


def test_in_ci_no_word_of_the_draft_is_printed_but_everything_else(run, workspace):
    result = run("check", "--text", "secretword Bluefin", "--workspace", workspace, "--at", BEFORE, env={"CI": "true"})
    assert "confidentiality.codename" in result.stdout
    assert "secretword" not in result.stdout
    assert "Bluefin" not in result.stdout


def test_a_confidential_list_never_shows_its_words(run, workspace):
    names = workspace / "lists" / "codenames.csv"
    names.write_text("# confidential: true\n" + names.read_text(encoding="utf-8"), encoding="utf-8")
    (finding,) = rows(
        run("check", "--text", "Bluefin!", "--workspace", workspace, "--at", BEFORE, "--format", "jsonl")
    )[0]["findings"]
    assert "Bluefin" not in json.dumps(finding)


def test_warnings_stop_only_when_strict(run):
    text = "Under NDA so keep this to yourself, but the new scanner is out in March"
    assert run("check", "--text", text).exit_code == 0
    assert run("check", "--text", text, "--strict").exit_code == 1


def test_the_author_of_a_draft_is_not_told_about_protected_talk_but_an_officers_format_has_it(run):
    text = "We all want better pay, who else will join the union and strike?"
    assert "protected" not in run("check", "--text", text).stdout
    (row,) = rows(run("check", "--text", text, "--format", "jsonl"))
    assert any(tag.startswith("protected-activity.") for tag in row["tags"])
    assert row["findings"] == []


def test_a_broken_policy_exits_2_with_every_fault_and_no_stack_trace(run, workspace):
    (workspace / "policies" / "own.yaml").write_text("policy: own\ntitle: NO\nrules: [{id: A}]\n", encoding="utf-8")
    result = run("check", "--text", "hello", "--workspace", workspace)
    assert result.exit_code == 2
    assert result.stderr.count("error: ") >= 4
    assert "policies/own.yaml:2:8" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_own_rule_whose_example_fails_breaks_the_workspace(run, workspace):
    own = "policy: own\ntitle: Own\nrules:\n  - id: one\n    title: One\n    parts: {a: {terms: [alpha]}}\n    when: a\n    message: m\n    guidance: g\n    examples: {flag: [beta], pass: [gamma]}\n"
    (workspace / "policies" / "own.yaml").write_text(own, encoding="utf-8")
    result = run("check", "--text", "hello", "--workspace", workspace)
    assert result.exit_code == 2
    assert "flag example 1 does not fire" in result.stderr


@pytest.mark.parametrize("options", [["--at", "soon"], ["--workspace", "nowhere"], ["--fail-on", "enormous"]])
def test_wrong_use_exits_2(run, options):
    assert run("check", "--text", "x", *options).exit_code == 2


def test_a_huge_draft_gets_an_answer(run, tmp_path):
    (tmp_path / "huge.md").write_text("word " * 400_000, encoding="utf-8")
    assert run("check", "huge.md").exit_code == 0
