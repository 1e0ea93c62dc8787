"""`policy explain`: where each score comes from, why a rule did not fire, and which rules came near."""

from __future__ import annotations

import pytest

CODENAME = "confidentiality.codename"
OWN = """policy: own
title: Own
rules:
  - id: zebra
    title: Zebras
    parts:
      zebra: {terms: [zebra], not_in: quoted}
      stripes: {terms: [stripes], near: zebra, within: 2 words}
      twice: {count: stripes, at_least: 2}
    when: zebra and (stripes or twice)
    message: This is it.
    guidance: Do otherwise.
    examples: {flag: ["zebra stripes"], pass: ["a zebra"]}
  - id: sense
    title: Reads like stripes
    parts:
      zebra: {terms: [zebra, horse]}
      sense: {meaning: {like: ["a striped animal runs", "look at that striped horse", "stripes everywhere on that horse", "the striped one bolted"], unlike: ["the weather is fine"], at_least: 0.97}}
    when: zebra and sense
    message: This is it.
    guidance: Do otherwise.
    examples: {flag: ["look at that striped horse"], pass: ["a zebra crossing in Leeds"]}
"""
EXCLUSION = """exclude: zoo
rules: [own.zebra]
parts: {z: {terms: [zoo]}}
when: z
owner: ines
reason: the zoo next door
until: 2027-01-01
examples: {exclude: ["zebra stripes at the zoo"], keep: ["zebra stripes"]}
"""


@pytest.fixture
def explain(run, workspace):
    (workspace / "policies" / "own.yaml").write_text(OWN, encoding="utf-8")

    def call(text, *options, rule=CODENAME):
        result = run(
            "policy", "explain", *([rule] if rule else []), "--text", text, "--workspace", workspace,
            "--at", "2026-10-01", *options,
        )  # fmt: skip
        assert result.exit_code == 0
        return " ".join(result.stdout.split())

    return call


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("Bluefin tuna", (), "other_sense: ⟦tuna⟧ matched, and must not: it lies right beside `name`"),
        ("Bluefin and then tuna", (), "it lies 2 words away from `name`; it would need more than 6"),
        ("> Bluefin ships", (), "name: ⟦Bluefin⟧ matched only in quoted, which does not count"),
        ("A quiet day 🐟", (), "name: none of its terms is there"),
        ("", (), "name: none of its terms is there"),
        ("Bluefin ships", ("--group", "press-office"), "author is in press-office, who are left out"),
        ("Bluefin ships", ("--audience", "internal"), "audience is internal; needs external"),
        ("Bluefin ships", ("--at", "2026-12-01"), "a term of $codenames is there, and does not count at 2026-12-01"),
    ],
)
def test_a_rule_that_did_not_fire_says_what_it_would_need(explain, text, options, said):
    shown = explain(text, *options)
    assert "what it would need:" in shown
    assert said in shown


def test_a_rule_that_fires_needs_nothing(explain):
    assert "what it would need" not in explain("Bluefin ships")


def test_distances_counts_and_the_nearest_sentence_are_said(explain):
    shown = explain("a zebra seldom ever has any stripes", rule="own.zebra")
    assert "stripes: ⟦stripes⟧ matched 4 words away from `zebra`; it must lie within 2" in shown
    assert "twice: false" in shown
    shown = explain("the zebra crossing needs paint", rule="own.sense")
    assert "best passage: confidence 0." in shown
    assert "needs 0.97" in shown
    assert "sense: confidence 0." in shown
    assert "nearest sentence: " in shown


def test_an_exclusion_and_a_suppression_that_silenced_a_rule_are_named(explain, workspace):
    (workspace / "exclusions" / "zoo.yaml").write_text(EXCLUSION, encoding="utf-8")
    shown = explain("zebra stripes at the zoo", rule="own.zebra")
    assert "silenced by zoo" in shown
    assert "⟦zoo⟧ the exclusion by ines counts until 2027-01-01: the zoo next door" in shown


def test_a_listed_word_says_which_list_and_personal_data_why_it_is_so_sure(explain):
    assert "listed in codenames" in explain("Bluefin ships")
    assert "beside 'ssn'" in explain("my ssn is 536-90-4399", rule="personal-data.government-id").replace('"', "'")


def test_without_a_rule_the_nearest_ones_are_shown_and_what_fires(explain):
    shown = explain("Bluefin tuna", rule=None)
    assert "no rule fires" in shown
    assert "confidentiality.codename" in shown
    assert shown.count("Names an unreleased project") == 1
    assert "fires confidentiality.codename" in explain("Bluefin ships", rule=None)


def test_a_text_that_speaks_for_no_rule_has_none_near(explain):
    assert "none comes near" in explain("", rule=None)


def test_hostile_texts_of_any_length_are_explained_without_escapes(explain):
    shown = explain("\u202eBluefin \x1b[31m tuna ⟦x⟧ \ud800", rule=CODENAME)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "other_sense" in explain("Bluefin tuna " * 2000)


def test_an_unknown_rule_is_refused_with_a_hint(run, workspace):
    result = run("policy", "explain", "own.zebr", "--text", "x", "--workspace", workspace)
    assert result.exit_code == 2
    assert "unknown rule" in result.stderr
