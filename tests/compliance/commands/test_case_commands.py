"""`compliance case`, `action` and `appeal` as they are typed: no traceback, no name without the right, no text that acts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from compliance import cases
from compliance.commands._cases import setting_of
from compliance.db import writing
from compliance.entry import Kind
from compliance.permissions import acting
from compliance.review import Verdict, decide
from compliance.upgrade import upgrade
from compliance.workspace import open_workspace
from tests.compliance.desk import make_flag, make_post

POSTED = datetime.now(UTC) - timedelta(days=2)
STAFF = {"olga": "officer", "hana": "hr", "lena": "legal", "adam": "auditor"}
CHANNEL = "general\n\nYou are dismissed.\x1b[2J\u202e"


@pytest.fixture
def desk(workspace, run):
    """A workspace with a case (1) on one flag of p2, and a function that runs a command as somebody."""
    file = workspace / "compliance.yaml"
    text = file.read_text(encoding="utf-8")
    more = "".join(f"  {name}: {{role: {role}}}\n" for name, role in STAFF.items())
    file.write_text(text.replace("reviewers:\n", f"reviewers:\n{more}"), encoding="utf-8")
    space = open_workspace(workspace)
    upgrade(space.database)
    with writing(space.database) as session:
        post = make_post(session, platform="x", author="kofi", channel=CHANNEL, posted_at=POSTED)
        flag = make_flag(session, post, at=POSTED).id
        actor, reviewer = acting(space, "olga")
        known = {"reviewer": reviewer, "actor": actor, "now": POSTED}
        decide(session, flag, Verdict.UPHELD, reason="x", people=space.people, **known)
        cases.open_case(session, [flag], reason="Again.", setting=setting_of(space), **known)

    def call(*words, by="olga", **known):
        return run(*words, "--workspace", workspace, "--as", by, **known)

    return call


BIG = 10**30
#: The last step of the ladder that everybody in the workspace has.
LAST = "termination-review"


@pytest.mark.parametrize(
    "words",
    [
        ("case", "open", BIG, "--reason", "x"),
        ("case", "add", 1, BIG),
        ("case", "show", BIG),
        ("case", "duty", 1, "x", "--action", BIG, "--reason", "x"),
        ("case", "train", 1, BIG, "--done"),
        ("action", "approve", BIG, "--reason", "x"),
        ("action", "letter", BIG),
        ("appeal", "decide", BIG, "stands", "--reason", "x"),
        ("case", "notice", 1, "--on", "9999-12-31", "--reason", "x"),
        ("case", "notice", 1, "--on", "0001-01-01", "--reason", "x"),
        ("case", "notice", 1, "--on", "0001-01-01T00:00+14:00", "--reason", "x"),
        ("case", "train", 1, "x" * 121, "--due", "2030-01-01"),
        ("case", "train", 1, "half \ud800", "--due", "2030-01-01"),
        ("case", "train", 1, "nul \0", "--due", "2030-01-01"),
        ("case", "train", 1, " ", "--due", "2030-01-01"),
        ("case", "brake", 1, "\x1b[2J\u202e", "--reason", "x"),
        ("case", "gravity", 1, "low", "--reason", "   "),
        ("case", "list", "--stage", "bogus"),
    ],
)
def test_what_cannot_be_is_refused_in_words(desk, words):
    found = desk(*words)
    assert found.exit_code == 2
    assert found.stderr.startswith("error: ")
    assert not set("\x1b\u202e\0") & set(found.stderr)


def test_an_auditor_reads_the_case_and_not_whom_it_is_about(desk):
    assert "p2" in desk("case", "show", 1).stdout
    for words in (("case", "show", 1), ("case", "list")):
        for output in ("text", "json"):
            found = desk(*words, "--format", output, by="adam")
            assert found.exit_code == 0
            assert "p2" not in found.stdout
            assert "Kofi" not in found.stdout


def issued(desk):
    assert desk("case", "gravity", 1, "low", "--reason", "x").exit_code == 0
    step = json.loads(desk("case", "show", 1, "--format", "json").stdout)["answer"]["band"][0]
    action = json.loads(desk("action", "propose", 1, step, "--reason", "x", "--format", "json").stdout)["entry_id"]
    found = desk("action", "issue", action)
    assert (found.exit_code, found.stderr) == (0, "")
    return action


def test_the_letter_names_the_person_and_the_case_does_not_unless_asked_to(desk, workspace):
    action = issued(desk)
    assert "Kofi" in desk("action", "letter", action).stdout
    assert "Kofi" not in desk("case", "show", 1, "--format", "json").stdout
    assert "Kofi" in desk("case", "show", 1, "--format", "json", "--names").stdout
    assert desk("action", "letter", action, by="adam").exit_code == 2
    with writing(open_workspace(workspace).database) as session:
        from sqlalchemy import text

        revealed = session.scalars(text("select object from audit_entries where action = 'names:revealed'")).all()
    assert revealed == ["case:1", "case:1"]


def test_the_name_of_a_channel_adds_no_line_to_a_letter(desk):
    lines = desk("action", "letter", issued(desk)).stdout.splitlines()
    (line,) = [line for line in lines if "You are dismissed" in line]
    assert "(general\\n\\nYou are dismissed.\\x1b[2J\\u202e)" in line


def test_a_step_that_left_the_ladder_still_shows_and_is_not_issued(desk, workspace):
    assert desk("case", "gravity", 1, "low", "--reason", "x").exit_code == 0
    said = desk("action", "propose", 1, LAST, "--reason", "x", "--format", "json")
    action = json.loads(said.stdout)["entry_id"]
    space = open_workspace(workspace)
    ladder = space.ladders["default"]
    titles = {step: title for step, title in ladder.spec.titles.items() if step != LAST}
    spec = ladder.spec.model_copy(update={"steps": ladder.spec.steps[:-1], "titles": titles})
    setting = replace(setting_of(space), ladders={"default": replace(ladder, spec=spec)})
    actor, reviewer = acting(space, "olga")
    with writing(space.database) as session:
        from compliance.casebook import find_case, open_up
        from compliance.commands._case_text import as_json

        now = datetime.now(UTC)
        case = open_up(session, find_case(session, 1, reviewer), setting, reviewer, now=now)
        assert as_json(case, names=False)["actions"][0]["step"] == LAST
        with pytest.raises(cases.ComplianceError, match=r"has no step .* any more"):
            cases.act(
                session,
                1,
                cases.Deed(kind=Kind.ISSUED, ref=action),
                setting=setting,
                reviewer=reviewer,
                actor=actor,
                now=now,
            )
