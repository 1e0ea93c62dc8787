"""Ladders in a workspace: by country, checked at every opening, named by doctor."""

from __future__ import annotations

import pytest

from compliance.health import Level, examine
from compliance.ladder import SHIPPED
from compliance.workspace import open_workspace
from rules.errors import PolicyError

US = (SHIPPED / "us.yaml").read_text(encoding="utf-8")


@pytest.fixture
def make(tmp_path):
    """Write a workspace with some lines in compliance.yaml and ladders of its own, by name."""

    def write(*lines, **ladders):
        (tmp_path / "compliance.yaml").write_text("\n".join(["organisation: Alderway", *lines, ""]), encoding="utf-8")
        for name, text in ladders.items():
            (tmp_path / "ladders").mkdir(exist_ok=True)
            (tmp_path / "ladders" / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def ids(space):
    return {country: ladder.id for country, ladder in space.ladders.items()}


def faults(folder):
    with pytest.raises(PolicyError) as caught:
        open_workspace(folder)
    return [(f"{fault.file}:{fault.line}:{fault.column}", fault.message) for fault in caught.value.faults]


def test_the_commented_line_of_the_template_works_as_it_stands(make):
    template = (SHIPPED.parent / "templates" / "workspace" / "compliance.yaml").read_text(encoding="utf-8")
    (line,) = [line.removeprefix("# ") for line in template.splitlines() if line.startswith("# ladders:")]
    assert ids(open_workspace(make(line))) == {"default": "us", "GB": "gb", "DE": "de"}


def test_without_the_key_everybody_has_the_american_ladder(make):
    assert ids(open_workspace(make())) == {"default": "us"}


def test_without_a_workspace_the_shipped_default_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COMPLIANCE_WORKSPACE", raising=False)
    assert ids(open_workspace(required=False)) == {"default": "us"}


def test_ladders_are_read_once(make):
    space = open_workspace(make("ladders: {GB: gb}"))
    assert space.ladders is space.ladders


def test_a_broken_ladder_breaks_the_workspace_at_its_place(make):
    folder = make("ladders: {default: ours}", ours=US.replace("legal-hold", "legal-hld"))
    line = next(number for number, text in enumerate(US.splitlines(), 1) if text.startswith("brakes"))
    column = US.splitlines()[line - 1].index("legal-hold") + 1
    assert faults(folder) == [(f"ladders/ours.yaml:{line}:{column}", "there is no brake 'legal-hld'")]


def test_a_failing_scenario_breaks_the_workspace(make):
    folder = make(
        "ladders: {FR: ours}", ours=US.replace("live_for: {coaching: 3 months", "live_for: {coaching: 2 months")
    )
    places = faults(folder)
    assert places
    assert all(place.startswith("ladders/ours.yaml:") and "the ladder answers" in said for place, said in places)


def test_a_ladder_that_is_not_there_and_other_faults_come_together(make):
    folder = make("ladders: {GB: gv, de: de}", "people: nobody.csv")
    assert faults(folder) == [
        ("compliance.yaml:2:15", "there is no ladder 'gv'"),
        ("compliance.yaml:2:19", "'de' is no ISO 3166-1 alpha-2 code"),
        ("nobody.csv:0:0", "cannot be read: No such file or directory"),
    ]


def test_a_broken_ladder_that_nobody_has_breaks_nothing_and_doctor_says_that_it_was_not_read(make):
    folder = make("ladders: {GB: gb}", draft="ladder: [")
    assert ids(open_workspace(folder)) == {"default": "us", "GB": "gb"}
    notes = [check for check in examine(folder) if check.what == "ladders"]
    assert [note.level for note in notes] == [Level.OK, Level.NOTE]
    assert notes[1].found == "nobody has draft, so nothing read it"


def test_doctor_says_who_has_which_ladder(make):
    folder = make("ladders: {default: us, GB: gb, AT: de, DE: de}")
    (check,) = [check for check in examine(folder) if check.what == "ladders"]
    scenarios = sum(
        len(ladder.spec.scenarios) for country, ladder in open_workspace(folder).ladders.items() if country != "AT"
    )
    assert check.found == f"default: us, GB: gb, AT: de, DE: de; {scenarios} scenarios hold"


def test_doctor_reports_every_fault_of_a_broken_ladder_at_file_line_and_column(make):
    folder = make(
        "ladders: {default: ours}", ours=US.replace("legal-hold", "legal-hld").replace("America/New_York", "Mars")
    )
    broken = [check for check in examine(folder) if check.level is Level.BROKEN]
    assert [check.found for check in broken] == ["there is no time zone 'Mars'", "there is no brake 'legal-hld'"]
    assert [check.what.count(":") for check in broken] == [2, 2]


def test_doctor_reports_a_broken_ladder_of_ones_own_under_the_default_name(make):
    folder = make(us=US.replace("legal-hold", "legal-hld"))
    assert "there is no brake 'legal-hld'" in [check.found for check in examine(folder) if check.level is Level.BROKEN]
