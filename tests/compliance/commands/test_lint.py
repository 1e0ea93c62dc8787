"""`policy lint`: what is wrong with policies that load, where, and what fails."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from compliance.lint.conditions import can_be_true
from compliance.lint.frequency import of_part, of_rule, table
from compliance.lint.patterns import hostile, worst
from compliance.lint.protected import sentences
from compliance.lint.remark import Level
from compliance.lint.run import fails, lint, subject_of
from compliance.lint.subject import Subject
from compliance.workspace import open_workspace
from rules.build import _PartBuilder
from rules.expression import parse
from rules.lists import no_lists, read_list
from rules.load import Overrides, _Loader
from rules.ruleset import Languages
from rules.source import SourceFile

RULE = """
  - id: {id}
    title: A rule
    severity: {severity}
    {more}
    parts:
{parts}
    when: {when}
    message: This is it.
    guidance: Do otherwise.
    examples:
      flag: [{flag}]
      pass: ["nothing of the kind"]
"""


def rule(
    parts, when="a", *, name="first", severity="medium", more="publish: warn", flag='"a zebra", "the zebra", "zebra!"'
):
    lines = "\n".join(f"      {part}: {spec}" for part, spec in parts.items())
    return RULE.format(id=name, severity=severity, more=more, parts=lines, when=when, flag=flag)


@pytest.fixture
def linted(tmp_path):
    """Lint one policy file in a workspace with a press officer in Britain and one outside source, without the packs."""

    def call(*rules, head="", strict=False, lists=()):
        (tmp_path / "policies").mkdir(exist_ok=True)
        path = tmp_path / "policies" / "own.yaml"
        path.write_text(
            f"policy: own\ntitle: Own\nowner: ines\nstatus: live\n{head}\nrules:{''.join(rules)}", encoding="utf-8"
        )
        found = no_lists()
        for name, content in lists:
            (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
            found[name], faults = read_list(tmp_path / f"{name}.csv")
            assert faults == []
        loader = _Loader(lists=found, root=tmp_path)
        loader.load_policies([(path, False)], Overrides())
        assert loader.faults == []
        remarks = lint(
            Subject(
                ruleset=loader.ruleset(Languages()),
                root=tmp_path,
                today=date(2026, 6, 1),
                files=frozenset({"policies/own.yaml"}),
                organisation="Alderway",
                groups=frozenset({"press-office"}),
                countries=frozenset({"GB"}),
                audiences=frozenset({"external"}),
            )
        )
        assert {one.spot.file for one in remarks} <= {"policies/own.yaml"}
        return int(fails(remarks, strict=strict)), {(one.level.value, one.check): one for one in remarks}

    return call


ZEBRA = {"a": "{terms: [zebra]}"}


def test_a_sound_rule_has_no_remarks(linted):
    assert linted(rule(ZEBRA)) == (0, {})


@pytest.mark.parametrize(
    ("parts", "when", "said"),
    [
        ({"a": "{terms: [zebra]}"}, "a and not a", "can never be true"),
        ({"a": "{terms: [zebra]}", "b": "{time: {to: 2020-01-01}}"}, "a and b", "its time ended on 2020-01-01"),
        ({"a": "{terms: [zebra]}", "b": "{author: {group: astronaut}}"}, "a and b", "nobody in people.csv is in"),
        ({"a": "{terms: [zebra], in: quoted, not_in: [quoted, code]}"}, "a", "`in` and `not_in` both name quoted"),
        ({"a": "{terms: [zebra], in: first 3 characters}"}, "a", "looks at the first 3 only"),
        ({"a": "{terms: [zebra]}"}, "a or not a", "is true of every text"),
        ({"a": "{regex: 'ｚebra'}"}, "a", "U+FF5A"),
    ],
)
def test_what_can_never_be_true_is_an_error_at_the_condition(linted, parts, when, said):
    code, found = linted(rule(parts, when))
    assert code == 1
    assert ("error", "unreachable") in found
    messages = " ".join(one.message for one in found.values())
    assert said in messages
    assert found["error", "unreachable"].spot.line > 10


def test_a_condition_of_many_parts_is_judged_without_trying_all():
    names = [f"p{number}" for number in range(30)]
    assert can_be_true(parse(" and ".join(f"({one} or q)" for one in names)), {})
    assert not can_be_true(parse("(a or b) and not a and not b"), {})
    assert not can_be_true(parse("2 of (a, b, c) and not a and not b"), {})
    assert can_be_true(parse("a or b"), {"a": False})
    assert not can_be_true(parse("a or b"), {"a": False, "b": False})


@pytest.mark.parametrize(
    ("scope", "level", "said"),
    [
        ("{audience: internal}", "warning", "no source is internal"),
        ("{group: astronaut}", "warning", "nobody in people.csv is in astronaut"),
        ("{country: FR}", "warning", "nobody in people.csv works in FR"),
        ("{group: press-office, not_group: press-office}", "error", "applies to nobody"),
        ("{kind: posts}", "error", "did you mean post?"),
    ],
)
def test_a_scope_that_nothing_meets_is_said(linted, scope, level, said):
    code, found = linted(rule(ZEBRA, more=f"scope: {scope}"), strict=True)
    assert code == 1
    assert said in found[level, "scope"].message + found[level, "scope"].hint


def test_warnings_fail_only_where_asked_for(linted):
    risky = rule(ZEBRA, more="scope: {audience: internal}")
    assert linted(risky)[0] == 0
    assert linted(risky, strict=True)[0] == 1


def test_the_same_rule_under_other_names_is_a_duplicate(linted):
    one = rule({"a": "{terms: [zebra, gnu]}", "b": "{terms: [zoo], near: a, within: 3 words}"}, "a and not b")
    two = rule({"b": "{terms: [gnu, zebra]}", "c": "{terms: [zoo], near: b, within: 3 words}"}, "b and not c", name="x")
    code, found = linted(one, two)
    assert code == 1
    assert "own.first" in found["error", "duplicate"].message


def test_other_distances_are_no_duplicate(linted):
    one = rule({"a": "{terms: [zebra]}", "b": "{terms: [zoo], near: a, within: 3 words}"}, "a and not b")
    two = rule({"a": "{terms: [zebra]}", "b": "{terms: [zoo], near: a, within: 4 words}"}, "a and not b", name="x")
    assert ("error", "duplicate") not in linted(one, two)[1]


def test_a_rule_whose_examples_another_catches_as_severely_overlaps(linted):
    small, large = rule(ZEBRA, name="small"), rule({"a": "{terms: [zebra, gnu]}"}, name="large")
    _, found = linted(small, large)
    assert "own.large flags all 3" in found["warning", "overlap"].message or "own.small" in str(found)
    milder = rule({"a": "{terms: [zebra, gnu]}"}, name="large", severity="low", flag='"gnu", "a gnu", "zebra"')
    assert ("warning", "overlap") not in linted(small, milder)[1]


def test_a_review_date_that_passed_and_missing_first_aid_are_said(linted):
    _, found = linted(rule(ZEBRA), head="review_by: 2020-01-31\nroute: security")
    assert (found["warning", "review"].spot.line, found["warning", "review"].spot.column) == (5, 1)
    assert "ines" in found["warning", "review"].hint
    assert "first_aid" in found["warning", "guidance"].message


@pytest.mark.parametrize("words", ["salary, wages", "union", "overtime", "manager, boss", "regulator", "strike"])
def test_no_rule_may_aim_at_protected_talk(linted, words):
    code, found = linted(rule({"a": f"{{terms: [zebra, {words}]}}"}))
    assert code == 1
    assert "protected talk" in found["error", "protected"].message


def test_a_rule_on_the_company_name_alone_is_caught_with_its_own_name(linted):
    _, found = linted(rule({"a": "{terms: [zebra, $brand_names]}"}), lists=[("brand_names", "term\nAlderway\n")])
    assert "criticism" in found["error", "protected"].message


def test_common_words_flood_and_the_figure_is_said(linted):
    code, found = linted(rule({"a": "{terms: [zebra, the]}"}))
    assert code == 1
    assert "'the' is in" in found["error", "flood"].message
    assert ("warning", "flood") in linted(rule({"a": "{regex: '\\b(?:zebra|time)\\b'}"}))[1]


def test_a_second_sign_keeps_common_words_from_flooding(linted):
    parts = {"a": "{terms: [the, a]}", "b": "{terms: [zebra], near: a, within: 3 words}"}
    assert linted(rule(parts, "a and b", flag='"a zebra", "the zebra", "the old zebra"')) == (0, {})


def test_a_confidential_list_that_floods_is_named_without_its_terms(linted):
    lists = [("plans", "# confidential: true\nterm\nthe\nzebra\n")]
    _, found = linted(rule({"a": "{terms: [zebra, $plans]}"}), lists=lists)
    assert "a word of $plans" in found["error", "flood"].message
    assert "'the'" not in found["error", "flood"].message


def test_lists_that_say_nothing_are_said_where_own_rules_read_them(linted):
    _, found = linted(rule({"a": "{terms: [zebra, $customers]}"}))
    assert "reads $customers, which is empty" in found["warning", "list"].message
    _, found = linted(rule({"a": "{terms: [zebra, $old]}"}), lists=[("old", "term,end\ngnu,2020-01-01\n")])
    assert "have all ended" in found["warning", "list"].message


def test_a_failing_example_is_an_error_at_its_own_line(linted):
    code, found = linted(rule(ZEBRA, flag='"a zebra", "the zebra", "a horse"'))
    assert code == 1
    assert "flag example 3 does not fire" in found["error", "example"].message
    assert found["error", "example"].spot.column > 30


EXCLUSION = """exclude: zoo
rules: [own.first]
parts: {{z: {{terms: [zoo]}}}}
when: z
owner: ines
reason: the zoo next door
until: {until}
examples: {{exclude: ["zebra of the zoo"], keep: ["zebra"]}}
"""


def test_exclusions_that_ended_or_touch_nothing_are_said(run, workspace):
    (workspace / "policies" / "own.yaml").write_text(
        "policy: own\ntitle: Own\nrules:" + rule(ZEBRA, more="status: draft"), encoding="utf-8"
    )
    path = workspace / "exclusions" / "zoo.yaml"
    path.write_text(EXCLUSION.format(until="2020-01-01"), encoding="utf-8")
    result = run("policy", "lint", path, "--workspace", workspace, "--strict")
    assert result.exit_code == 1
    assert "exclusions/zoo.yaml:7:" in result.stdout
    assert "ended on 2020-01-01" in result.stdout
    assert "unused" in result.stdout


def test_a_file_outside_the_workspace_is_loaded_beside_it(run, workspace, tmp_path):
    path = tmp_path / "new.yaml"
    path.write_text("policy: fresh\ntitle: New\nrules:" + rule(ZEBRA, "a and not a"), encoding="utf-8")
    result = run("policy", "lint", path, "--workspace", workspace, "--format", "json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert (found["failed"], found["rules"], found["counts"]["error"]) == (True, 1, 4)
    assert (
        found["remarks"][0].items()
        >= {"check": "unreachable", "file": str(path), "line": 10, "about": "fresh.first"}.items()
    )
    assert run("policy", "lint", "nowhere.yaml", "--workspace", workspace).exit_code == 2
    path.write_text("policy: fresh\nrules: []\n", encoding="utf-8")
    assert run("policy", "lint", path, "--workspace", workspace).exit_code == 2


def test_a_new_workspace_lints_clean_and_hostile_titles_cannot_draw(run, workspace):
    assert run("policy", "lint", "--workspace", workspace, "--strict").exit_code == 0
    (workspace / "policies" / "own.yaml").write_text(
        "policy: own\ntitle: Own\nrules:" + rule({"a": '{terms: ["\\u202ethe"]}'}, flag='"the"'), encoding="utf-8"
    )
    shown = run("policy", "lint", "--workspace", workspace).stdout
    assert "\u202e" not in shown
    assert "error[flood]" in shown


@pytest.mark.slow
def test_the_shipped_packs_lint_clean(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COMPLIANCE_WORKSPACE", raising=False)
    remarks = lint(subject_of(open_workspace(required=False), files=[], today=date(2026, 6, 1)))
    assert [str(one) for one in remarks if one.level is not Level.NOTE] == []
    assert not fails(remarks, strict=True)


def detector(spec):
    return _PartBuilder(SourceFile("test"), no_lists()).part("a", spec, ())


def test_the_table_counts_single_common_words_and_names_nobody():
    words = table()
    assert words["the"] > 0.1 > words["zero"]
    assert all(" " not in word and "@" not in word and not word[0].isdigit() for word in words)
    assert 1000 < len(words) < 20_000


def test_guesses_follow_the_condition():
    parts = {"a": detector({"terms": ["the"]}), "b": detector({"terms": ["you"]}), "c": detector({"regex": "zzz+"})}
    the, you = (of_part(parts[name]).share for name in "ab")
    assert of_rule(parse("a"), parts).share == pytest.approx(the)
    assert of_rule(parse("a and b"), parts).share == pytest.approx(the * you)
    assert of_rule(parse("a or b"), parts).share == pytest.approx(1 - (1 - the) * (1 - you))
    assert of_rule(parse("2 of (a, b)"), parts).share == pytest.approx(the * you)
    assert of_rule(parse("a and not b"), parts).share == pytest.approx(the * (1 - you))
    assert of_rule(parse("c"), parts).share == 0
    assert of_part(detector({"terms": ["in the"]})).share == pytest.approx(words_share("in", "the"))


def test_who_and_when_do_not_make_a_condition_more_or_less_common():
    parts = {"a": detector({"terms": ["the"]}), "b": detector({"author": {"not_group": "x"}})}
    the = of_part(parts["a"]).share
    for when in ("a and b", "a or b", "a and not b", "1 of (a, b)"):
        assert of_rule(parse(when), parts).share == pytest.approx(the)
    assert of_rule(parse("b"), parts).share == 1


def words_share(*words):
    share = 1.0
    for word in words:
        share *= table()[word]
    return share


def test_hostile_lines_are_as_long_as_promised_and_a_plain_pattern_is_timed():
    lines = hostile(r"\bzebra\b.{0,5}gnu")
    assert {len(line) for line in lines} == {100_000}
    assert any("zebra" in line or "gnu" in line for line in lines)
    assert worst(detector({"regex": "zebra"}).detector) > 0


def test_protected_sentences_cover_every_topic_and_name_the_company():
    found = list(sentences(("Alderway", "Acme")))
    assert {topic for topic, _ in found} == {
        "pay",
        "hours",
        "conditions",
        "safety",
        "unions",
        "whistleblowing",
        "criticism",
    }
    assert all("{" not in text for _, text in found)
    assert sum("Acme" in text for _, text in found) == sum("Alderway" in text for _, text in found) > 5


def test_the_word_table_is_small():
    assert Path("compliance/lint/words.txt").stat().st_size < 300_000
