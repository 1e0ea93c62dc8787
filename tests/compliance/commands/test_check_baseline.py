"""`check --baseline` and `--write-baseline`, as an author and as a CI job would use them."""

from __future__ import annotations

import json
import re

import pytest
import yaml

KEYS = ["AKIA" + "Q7MZX4PLN2VRT3WD", "AKIA" + "W3VPL7RKD5NTZ6BH"]
SECRET = f"deploy with aws_access_key_id = {KEYS[0]} today"


@pytest.fixture
def put(tmp_path):
    def write(name, content):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")

    return write


def entries(tmp_path):
    return yaml.safe_load((tmp_path / "base.yaml").read_text(encoding="utf-8"))["entries"]


def change(tmp_path, **changes):
    """Change every entry, as a person with an editor would."""
    text = (tmp_path / "base.yaml").read_text(encoding="utf-8")
    for key, value in changes.items():
        text = re.sub(rf"^    {key}: .*$", f"    {key}: {value}", text, flags=re.MULTILINE)
    (tmp_path / "base.yaml").write_text(text, encoding="utf-8")


def test_what_is_written_passes_from_then_on_and_shows_in_the_summary(run, put):
    put("a.md", SECRET)
    assert run("check", "a.md").exit_code == 1
    written = run("check", "a.md", "--write-baseline", "base.yaml")
    assert written.exit_code == 0
    assert "baseline: 1 new, 0 kept, 0 gone; written to base.yaml" in written.stderr
    again = run("check", "./a.md", "--baseline", "base.yaml")
    assert again.exit_code == 0
    assert "1 draft: 1 flagged. 1 in the baseline. Nothing new stops it." in again.stdout
    assert "STOP" not in again.stdout


def test_a_baseline_holds_no_word_of_the_text(run, put, tmp_path):
    put("a.md", f"Ines said: {SECRET}")
    run("check", "a.md", "--write-baseline", "base.yaml")
    text = (tmp_path / "base.yaml").read_text(encoding="utf-8")
    assert not [word for word in ("Ines", "deploy", KEYS[0]) if word in text]


@pytest.mark.parametrize(
    "changed",
    [
        f"New above.\n\n{SECRET}",
        SECRET.replace(" with ", "\nwith "),
        f"**{SECRET}**",
        f"{SECRET}\n\nMore below.",
    ],
)
def test_a_baseline_survives_edits_elsewhere(run, put, changed):
    put("a.md", SECRET)
    run("check", "a.md", "--write-baseline", "base.yaml")
    put("a.md", changed)
    assert run("check", "a.md", "--baseline", "base.yaml").exit_code == 0


@pytest.mark.parametrize(
    "changed",
    [
        f"{SECRET}\n\nAlso for tests: aws_access_key_id = {KEYS[1]}",
        f"{SECRET}\n\n{SECRET.replace(KEYS[0], KEYS[1])}",
        SECRET.replace(KEYS[0], f"{KEYS[0]}, {KEYS[1]}"),
        SECRET.replace("deploy with", "never show anybody our"),
    ],
    ids=["another place", "the same words again", "beside the known one", "other words"],
)
def test_a_new_finding_still_fails(run, put, changed):
    put("a.md", SECRET)
    run("check", "a.md", "--write-baseline", "base.yaml")
    put("a.md", changed)
    assert run("check", "a.md", "--baseline", "base.yaml").exit_code == 1


def test_the_same_text_in_another_file_fails(run, put):
    put("a.md", SECRET)
    run("check", "a.md", "--write-baseline", "base.yaml")
    put("b.md", SECRET)
    assert run("check", "a.md", "b.md", "--baseline", "base.yaml").exit_code == 1


def test_an_expired_entry_no_longer_counts_and_says_so(run, put, tmp_path):
    put("a.md", SECRET)
    run("check", "a.md", "--write-baseline", "base.yaml")
    change(tmp_path, expires="2026-01-01", label="accepted")
    result = run("check", "a.md", "--baseline", "base.yaml")
    assert result.exit_code == 1
    assert "baseline: accepted until 2026-01-01, which has passed" in result.stdout
    assert "1 expired" in result.stdout
    (row,) = json.loads(run("check", "a.md", "--baseline", "base.yaml", "--format", "json").stdout)["results"]
    assert row["findings"][0]["baseline"]["expired"] is True


def test_writing_anew_keeps_label_reason_and_expiry_and_tells_what_is_gone(run, put, tmp_path):
    put("a.md", SECRET)
    put("b.md", SECRET)
    run("check", "a.md", "b.md", "--write-baseline", "base.yaml")
    change(tmp_path, label="false-positive", reason='"a key of our documentation"', expires="2099-01-01")
    before = entries(tmp_path)
    put("a.md", f"\n\n{SECRET}")
    put("b.md", "nothing any more")
    result = run("check", "a.md", "b.md", "--write-baseline", "base.yaml")
    assert "0 new, 1 kept, 1 gone" in result.stderr
    assert "gone: credentials.provider-key  b.md:1  false-positive" in result.stderr
    assert entries(tmp_path) == [{**before[0], "line": 3}]


def test_an_entry_of_a_file_that_is_not_checked_this_time_stays(run, put, tmp_path):
    put("a.md", SECRET)
    put("b.md", SECRET)
    run("check", "a.md", "b.md", "--write-baseline", "base.yaml")
    run("check", "a.md", "--write-baseline", "base.yaml")
    assert [entry["file"] for entry in entries(tmp_path)] == ["a.md", "b.md"]
    (tmp_path / "b.md").unlink()
    assert "1 gone" in run("check", "a.md", "--write-baseline", "base.yaml").stderr


def test_a_baseline_can_be_read_and_written_in_one_go_and_from_any_folder(run, put, tmp_path, monkeypatch):
    put("posts/a.md", SECRET)
    run("check", "posts", "--write-baseline", "base.yaml")
    monkeypatch.chdir(tmp_path / "posts")
    assert run("check", "a.md", "--baseline", "../base.yaml").exit_code == 0
    result = run("check", "a.md", "--baseline", "../base.yaml", "--write-baseline", "../other.yaml")
    assert "0 new, 1 kept" in result.stderr


def test_rows_of_one_file_with_the_same_words_are_counted(run, put):
    def posts(number):
        put("p.jsonl", "".join(json.dumps({"id": at, "text": SECRET}) + "\n" for at in range(number)))

    posts(2)
    assert "2 new" in run("check", "p.jsonl", "--write-baseline", "base.yaml").stderr
    posts(3)
    result = run("check", "p.jsonl", "--baseline", "base.yaml")
    assert result.exit_code == 1
    assert "2 in the baseline. 1 to change" in result.stdout


def test_incomplete_is_never_let_pass(run, put, tmp_path):
    put("p.jsonl", json.dumps({"id": "a", "text": SECRET}) + "\nnonsense\n")
    assert run("check", "p.jsonl", "--write-baseline", "base.yaml").exit_code == 3
    assert run("check", "p.jsonl", "--baseline", "base.yaml").exit_code == 3
    assert len(entries(tmp_path)) == 1


def test_a_broken_baseline_stops_before_anything_is_checked(run, put):
    put("base.yaml", "baseline: 1\nentries:\n  - rule: a.b\n    file: x\n    who: me\n")
    result = run("check", "--text", SECRET, "--baseline", "base.yaml")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("error: ") == 4
    assert "base.yaml:5:5" in result.stderr


@pytest.mark.parametrize("option", ["--baseline", "--write-baseline"])
def test_a_baseline_out_of_reach_is_wrong_use(run, option):
    result = run("check", "--text", "x", option, "nowhere/base.yaml")
    assert result.exit_code == 2
    assert "hint:" in result.stderr


def test_writing_over_a_broken_baseline_is_refused(run, put, tmp_path):
    put("base.yaml", "something else\n")
    assert run("check", "--text", SECRET, "--write-baseline", "base.yaml").exit_code == 2
    assert (tmp_path / "base.yaml").read_text(encoding="utf-8") == "something else\n"
