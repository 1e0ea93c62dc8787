"""`compliance report` as a user runs it."""

from __future__ import annotations

import json
import stat

import pytest

POSTS = [
    {"id": f"p{number}", "text": text, "author": f"@a{number}", "posted_at": "2026-09-01T09:00Z"}
    for number, text in enumerate(
        ["Can't wait for Bluefin to ship!", "Nice day", "Lunch", "Rain again", "Hello", "Bye"]
    )
]


@pytest.fixture
def scanned(run, workspace):
    (workspace / "inbox.jsonl").write_text("\n".join(json.dumps(post) for post in POSTS) + "\n", encoding="utf-8")
    assert run("scan", "--workspace", workspace).exit_code == 0
    return workspace


def test_text_html_and_json_of_a_scanned_workspace(run, scanned, tmp_path):
    text = run("report", "--workspace", scanned, "--as", "officer")
    assert text.exit_code == 0
    assert "This week has 6 posts so far." in text.stdout
    assert "confidentiality" in text.stdout
    page = run("report", "--workspace", scanned, "--as", "officer", "--format", "html")
    assert page.stdout.startswith("<!doctype html>")
    out = tmp_path / "report.json"
    out.write_text("old", encoding="utf-8")
    written = run("report", "--workspace", scanned, "--as", "officer", "--format", "json", "--out", out)
    assert (written.exit_code, written.stdout, written.stderr) == (0, "", f"wrote {out}\n")
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["rates"]["weeks"][-1]["posts"] == 6
    assert [policy["this"]["flags"] for policy in found["rates"]["policies"]] == [1]
    assert [source["source"] for source in found["coverage"]["sources"]] == ["inbox"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json", "ws"]
    assert stat.S_IMODE(out.stat().st_mode) & 0o400


def test_a_workspace_without_any_scan_reports_so(run, workspace):
    found = run("report", "--workspace", workspace, "--as", "officer", "--weeks", "0")
    assert found.exit_code == 0
    assert "Gap: never scanned: inbox." in found.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "nobody is named as the acting person"),
        (("--as", "second"), "the role 'reviewer', which may not read reports"),
        (("--as", "officer", "--since", "soon"), "'soon' is no time"),
        (("--as", "officer", "--since", "2026-01-05", "--weeks", "3"), "both say where"),
        (("--as", "officer", "--since", "2026-01-05", "--until", "2026-01-05"), "nothing lies between"),
        (("--as", "officer", "--until", "1969-12-31", "--weeks", "500"), "at most"),
        (("--as", "officer", "--out", "missing/report.txt"), "cannot be written"),
        (("--as", "officer", "--out", "."), "cannot be written"),
    ],
)
def test_what_is_refused_says_why_and_what_to_do(run, workspace, options, said):
    found = run("report", "--workspace", workspace, *options)
    assert found.exit_code == 2
    assert said in found.stderr
    assert "hint:" in found.stderr
    assert found.stdout == ""
