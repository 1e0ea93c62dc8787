from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest

from rules.errors import PolicyError
from rules.lists import of_terms
from rules.load import Overrides, load_ruleset
from rules.source import SourceFile

GOLDEN = Path(__file__).parent / "golden"
#: The example of the design, as it stands there.
DESIGN_EXAMPLE = """
policy: confidentiality
title: Confidential information
clause: Social media policy, section 4
owner: legal
route: compliance                  # compliance security privacy hr counsel investor-relations complaints
effective: 2026-01-01              # posts before it can never open a case
review_by: 2027-03-31
rules:
  - id: codename                   # confidentiality.codename, permanent
    title: Names an unreleased project in public
    status: live                   # draft | shadow | live | retired
    severity: high
    publish: block
    scope: {audience: external, not_group: press-office}
    parts:
      name: {terms: $codenames, not_in: [quoted, signature, disclaimer]}
      other_sense: {terms: [tuna, fishing, underwater], near: name, within: 6 words}
    when: name and not other_sense
    message: "{name} is the name of an unreleased project."
    guidance: Use the public name, or wait for the announcement.
    examples:
      with: {codenames: [Bluefin]}
      flag: ["Can't wait for Bluefin to ship!", "> any news?\\nYes, Bluefin ships Monday"]
      pass: ["Bluefin tuna is back on the menu", "> Bluefin ships Monday?\\nI can't comment on that."]
"""
SOUND = """
policy: house
title: House rules
rules:
  - id: one
    title: One
    parts: {a: {terms: [alpha]}}
    when: a
    message: "{a}"
    guidance: Do not.
    examples: {flag: [alpha], pass: [beta]}
"""


def write(folder, text, name="own.yaml"):
    path = folder / name
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def faults(folder, text, **options):
    with pytest.raises(PolicyError) as error:
        load_ruleset(write(folder, text), root=folder, **options)
    return error.value.faults


def test_the_example_of_the_design_loads_and_stands_in_place_of_the_shipped_rule(tmp_path):
    ruleset = load_ruleset(
        write(tmp_path, DESIGN_EXAMPLE), root=tmp_path, lists={"codenames": of_terms("codenames", ["Bluefin"])}
    )
    rule = ruleset.rules["confidentiality.codename"]
    assert rule.place == "own.yaml:10"
    assert str(rule.when) == "name and not other_sense"
    assert rule.severity.label == "high"


@pytest.mark.parametrize("case", sorted(path.stem for path in GOLDEN.glob("*.yaml")))
def test_faults_read_as_in_the_golden_file(case):
    """Rewrite with WRITE_GOLDEN=1, and read the difference."""
    with pytest.raises(PolicyError) as error:
        load_ruleset(GOLDEN / f"{case}.yaml", root=GOLDEN)
    golden = GOLDEN / f"{case}.txt"
    if os.environ.get("WRITE_GOLDEN"):
        golden.write_text(f"{error.value}\n", encoding="utf-8")
    assert f"{error.value}\n" == golden.read_text(encoding="utf-8")


def test_every_fault_of_every_file_comes_at_once(tmp_path):
    first = write(tmp_path, SOUND.replace("when: a", "when: b"), "first.yaml")
    second = write(
        tmp_path,
        SOUND.replace("severity", "x").replace("title: One", "titel: One").replace("policy: house", "policy: other"),
        "second.yaml",
    )
    with pytest.raises(PolicyError) as error:
        load_ruleset(first, second, root=tmp_path)
    assert {fault.file for fault in error.value.faults} == {"first.yaml", "second.yaml"}


def test_a_list_that_an_own_policy_names_must_exist(tmp_path):
    found = faults(
        tmp_path,
        SOUND.replace("[alpha]}}", "$codenames}}").replace(
            "flag: [alpha]", "flag: [alpha], with: {codenames: [alpha]}"
        ),
        lists={},
    )
    assert [fault.message for fault in found] == ["unknown list '$codenames'"]


def test_the_same_content_has_the_same_hash_and_a_changed_list_another(tmp_path):
    path = write(tmp_path, DESIGN_EXAMPLE)
    one, two, three = (
        load_ruleset(path, root=tmp_path, lists={"codenames": of_terms("codenames", [term])})
        for term in ("Bluefin", "Bluefin", "Redfin")
    )
    assert one.hash == two.hash
    assert one.hash != three.hash
    assert one.rules["confidentiality.codename"].version != three.rules["confidentiality.codename"].version


def test_words_for_people_do_not_change_a_rules_version(tmp_path):
    before = load_ruleset(write(tmp_path, SOUND), root=tmp_path).rules["house.one"].version
    after = (
        load_ruleset(write(tmp_path, SOUND.replace("Do not.", "Please do not.")), root=tmp_path)
        .rules["house.one"]
        .version
    )
    assert before == after


def test_a_pack_is_tuned_without_editing_it():
    packs = {"brand": {"status": "shadow", "rules": {"absolute-claim": {"severity": "low"}}}}
    ruleset = load_ruleset(overrides=Overrides(packs=packs))
    assert {rule.status for rule in ruleset.rules.values() if rule.policy.id == "brand"} == {"shadow"}
    assert ruleset.rules["brand.absolute-claim"].severity.label == "low"


@pytest.mark.parametrize(
    ("packs", "said"),
    [
        ({"brnad": {"status": "shadow"}}, "unknown pack 'brnad'"),
        ({"brand": {"rules": {"absolute-clame": {"severity": "low"}}}}, "packs: brand: unknown rule 'absolute-clame'"),
        ({"brand": {"sverity": "low"}}, "unknown key 'sverity'"),
        ({"brand": {"status": "loud"}}, "'loud' is not allowed here"),
    ],
)
def test_a_wrong_override_is_refused_never_ignored(packs, said):
    with pytest.raises(PolicyError) as error:
        load_ruleset(overrides=Overrides(packs=packs, source=SourceFile("compliance.yaml")))
    assert said in [fault.message for fault in error.value.faults]


def test_a_rule_is_never_louder_than_its_policy(tmp_path):
    text = SOUND.replace("title: House rules", "title: House rules\nstatus: shadow").replace(
        "    title: One", "    title: One\n    status: live"
    )
    assert load_ruleset(write(tmp_path, text), root=tmp_path).rules["house.one"].status == "shadow"


def test_two_own_files_may_not_share_an_id(tmp_path):
    write(tmp_path, SOUND, "a.yaml")
    write(tmp_path, SOUND, "b.yaml")
    with pytest.raises(PolicyError) as error:
        load_ruleset(tmp_path / "a.yaml", tmp_path / "b.yaml", root=tmp_path)
    assert "exists already" in str(error.value)


def test_an_exclusion_names_rules_that_exist(tmp_path):
    path = write(
        tmp_path,
        """
        exclude: press
        rules: [house.on]
        parts: {a: {terms: [press]}}
        when: a
        owner: me
        reason: because
        until: 2027-01-01
        examples: {exclude: [x], keep: [y]}
        """,
        "press.yaml",
    )
    with pytest.raises(PolicyError) as error:
        load_ruleset(write(tmp_path, SOUND), exclusions=[path], root=tmp_path)
    assert error.value.faults[0].hint == "did you mean house.one or house.*?"
