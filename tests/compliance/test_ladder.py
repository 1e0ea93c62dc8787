"""Ladders as files: the shipped ones hold, and what a ladder may not say is refused at its place."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from compliance.discipline import failing_scenarios
from compliance.ladder import (
    LETTER_WORDS,
    SHIPPED,
    Band,
    Duration,
    Gravity,
    Ladder,
    LadderSpec,
    load_ladder,
    load_ladders,
    shipped_ladders,
)
from rules.errors import PolicyError
from rules.load import load_ruleset
from rules.source import SourceFile

US = (SHIPPED / "us.yaml").read_text(encoding="utf-8")
LADDERS = {path.stem: load_ladder(path) for path in shipped_ladders()}


def refused(tmp_path, text):
    """Load a text as a ladder and return its faults as they are printed."""
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load_ladder(path)
    return caught.value.faults


def place_of(text, snippet):
    """Return the line and column, from 1, at which a snippet starts."""
    before = text[: text.index(snippet)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def test_three_ladders_are_shipped_and_read():
    assert sorted(LADDERS) == ["de", "gb", "us"]
    assert all(ladder.id == name for name, ladder in LADDERS.items())


SCENARIOS = [
    pytest.param(ladder, number, id=f"{name}-{number + 1}")
    for name, ladder in LADDERS.items()
    for number in range(len(ladder.spec.scenarios))
]


@pytest.mark.parametrize(("ladder", "number"), SCENARIOS)
def test_a_shipped_scenario_holds(ladder, number):
    one = ladder.spec.model_copy(update={"scenarios": [ladder.spec.scenarios[number]]})
    assert list(failing_scenarios(Ladder(spec=one, version="", file=""))) == []


def changed(ladder, **changes):
    return Ladder(spec=ladder.spec.model_copy(update=changes), version="", file="")


@pytest.mark.parametrize("name", LADDERS)
def test_the_scenarios_pin_every_cell_of_the_matrix(name):
    ladder = LADDERS[name]
    steps = ladder.spec.steps
    for label, row in ladder.spec.matrix.items():
        for column, cell in enumerate(row):
            for other in {Band(cell.low, steps[-1]), Band(steps[0], cell.high), Band(cell.low, cell.low)} - {cell}:
                matrix = ladder.spec.matrix | {label: [*row[:column], other, *row[column + 1 :]]}
                assert list(failing_scenarios(changed(ladder, matrix=matrix))), (label, column, other)


@pytest.mark.parametrize(("name", "step"), [(name, step) for name in LADDERS for step in LADDERS[name].spec.live_for])
@pytest.mark.parametrize("days", [-1, 1])
def test_the_scenarios_pin_every_period_to_the_day(name, step, days):
    ladder = LADDERS[name]
    length = ladder.spec.live_for[step]
    other = Duration(months=length.months, days=length.days + days)
    assert list(failing_scenarios(changed(ladder, live_for=ladder.spec.live_for | {step: other})))


@pytest.mark.parametrize(
    ("name", "group"), [(name, group) for name in LADDERS for group in LADDERS[name].spec.own_procedure]
)
def test_the_scenarios_pin_every_own_procedure(name, group):
    ladder = LADDERS[name]
    rest = [each for each in ladder.spec.own_procedure if each != group]
    assert list(failing_scenarios(changed(ladder, own_procedure=rest)))


def test_the_scenarios_pin_the_time_zones_and_the_kinds_of_breach():
    for ladder in LADDERS.values():
        assert list(failing_scenarios(changed(ladder, timezone="UTC")))
    assert list(failing_scenarios(changed(LADDERS["de"], same_kind={})))
    assert list(failing_scenarios(changed(LADDERS["us"], same_kind={"all-else": ["brand"]})))


def test_the_american_matrix_and_periods_are_those_of_the_design():
    spec = LADDERS["us"].spec
    assert [[str(cell).replace(" to ", "..") for cell in spec.matrix[gravity.label]] for gravity in Gravity] == [
        ["coaching", "coaching..verbal", "verbal..written", "written", "written..final"],
        ["coaching..verbal", "verbal..written", "written", "final", "final..termination-review"],
        ["written", "written..final", "final", "final..termination-review", "termination-review"],
        [*["final..termination-review"] * 4, "termination-review"],
    ]
    assert {step: str(length) for step, length in spec.live_for.items()} == {
        "coaching": "3 months",
        "verbal": "6 months",
        "written": "6 months",
        "final": "12 months",
    }


@pytest.mark.parametrize(
    ("name", "step", "groups", "needs"),
    [
        ("us", "coaching", {"bargaining-unit"}, ()),
        ("us", "verbal", (), ("notice", "evidence-shared", "heard-or-declined", "case-finding")),
        (
            "us",
            "final",
            {"bargaining-unit"},
            (
                "notice",
                "evidence-shared",
                "heard-or-declined",
                "case-finding",
                "hr",
                "legal",
                "agreement-id",
                "representative-offered",
            ),
        ),
        (
            "gb",
            "first-written",
            {"union-representative"},
            (
                "notice",
                "companion-offered",
                "evidence-shared",
                "heard-or-declined",
                "case-finding",
                "union-official-consulted",
            ),
        ),
        ("de", "ermahnung", (), ()),
        (
            "de",
            "abmahnung",
            (),
            ("works-council-heard", "notice", "evidence-shared", "heard-or-declined", "case-finding", "hr"),
        ),
    ],
)
def test_what_a_step_needs(name, step, groups, needs):
    assert LADDERS[name].needs(step, frozenset(groups)) == needs


def test_in_germany_the_works_council_is_heard_before_the_last_step_even_where_formal_ones_do_not_ask():
    spec = LADDERS["de"].spec
    formal = [need for need in spec.needs["formal"] if need != "works-council-heard"]
    without = changed(LADDERS["de"], needs=spec.needs | {"formal": formal})
    assert "works-council-heard" not in without.needs("abmahnung")
    assert "works-council-heard" in without.needs("kuendigung-pruefung")


def test_every_shipped_policy_stands_in_one_german_family():
    ids = {policy.id for policy in load_ruleset().policies.values() if policy.id != "protected-activity"}
    members = [policy for family in LADDERS["de"].spec.same_kind.values() for policy in family]
    assert sorted(members) == sorted(ids)


@pytest.mark.parametrize(
    ("name", "phrases"),
    [
        ("us", ("section 7 of the National Labor Relations Act", "Rule 21F-17", "Sarbanes-Oxley Act, section 806")),
        ("gb", ("trade union", "talk about pay", "Employment Rights Act 1996, part IVA", "Rule 21F-17")),
        ("de", ("Artikel 9 Absatz 3 GG", "Entgelt zu sprechen", "§ 36 HinSchG", "(EU) 2019/1937", "Rule 21F-17")),
    ],
)
@pytest.mark.parametrize("kind", ["informal", "formal", "rescission"])
def test_every_letter_says_what_it_does_not_limit(name, phrases, kind):
    letter = " ".join(getattr(LADDERS[name].spec.letter, kind).split())
    assert [phrase for phrase in phrases if phrase not in letter] == []


def test_an_american_letter_promises_no_order_of_steps():
    letter = LADDERS["us"].spec.letter.formal
    assert "promise no order of steps" in letter
    assert not re.search(r"\bnext step\b|\bwill (be|lead)\b", letter + LADDERS["us"].spec.consequence)


def test_a_german_warning_names_time_place_act_and_consequence_and_a_reminder_threatens_nothing():
    letter = LADDERS["de"].spec.letter
    assert [
        word for word in ("{time}", "{place}", "{act}", "{consequence}", "{clause}") if word not in letter.formal
    ] == []
    assert "Kündigung" in LADDERS["de"].spec.consequence
    assert "{consequence}" not in letter.informal
    assert "Kündigung" not in letter.informal


FAULTS = {
    "a missing cell": (
        "  low:      [coaching, coaching..verbal, verbal..written, written, written..final]",
        "  low:      [coaching, coaching..verbal, verbal..written, written]",
        "[coaching, coaching..verbal, verbal..written, written]",
        "the row 'low' has 4 cells, and there are 5 columns",
    ),
    "a missing row": (
        "  low:      [coaching, coaching..verbal, verbal..written, written, written..final]\n",
        "",
        "medium:   [",
        "the row 'low' is missing",
    ),
    "an unknown step in a cell": (
        "[written, written..final, final, final..termination-review, termination-review]",
        "[written, written..finnal, final, final..termination-review, termination-review]",
        "written..finnal",
        "there is no step 'finnal'",
    ),
    "a milder band for a graver act": (
        "  high:     [written, written..final, final,",
        "  high:     [coaching, written..final, final,",
        "coaching, written..final, final,",
        "'coaching' is milder than 'coaching to verbal' for a less grave act",
    ),
    "a milder band with a heavier history": (
        "verbal..written, written, written..final]",
        "verbal..written, written, verbal..final]",
        "verbal..final]",
        "'verbal to final' is milder than 'written' with a lighter history",
    ),
    "a band that runs downwards": ("written..final]", "final..written]", "final..written]", "this band runs downwards"),
    "an unknown gravity": (
        "  critical: [final",
        "  grave: []\n  critical: [final",
        "[]",
        "there is no gravity 'grave'",
    ),
    "columns out of order": (
        "columns: [none, coaching, verbal, written, final]",
        "columns: [none, verbal, coaching, written, final]",
        "[none, verbal, coaching",
        "columns are `none` and every step but the last, in order",
    ),
    "no brake for protected activity": (
        "brakes: [protected-activity, ",
        "brakes: [",
        "[conflict-of-interest",
        "the brake 'protected-activity' is missing",
    ),
    "an unknown brake": ("legal-hold", "legal-hld", "legal-hld", "there is no brake 'legal-hld'"),
    "a bad zone": ("America/New_York", "America/New_Yorck", "America/New_Yorck", "there is no time zone"),
    "a zone that is a folder": ("America/New_York", "America", "America\nsteps", "there is no time zone 'America'"),
    "a zone outside": ("America/New_York", "../etc/passwd", "../etc/passwd", "there is no time zone"),
    "a wrong duration": (
        "written: 6 months",
        "written: half a year",
        "half a year",
        "'half a year' is no length of time",
    ),
    "a duration of nothing": ("written: 6 months", "written: 0 months", "0 months", "'0 months' is no length of time"),
    "a missing duration": ("verbal: 6 months, ", "", "{coaching: 3 months", "how long 'verbal' counts is missing"),
    "a heavier step that lapses sooner": (
        "written: 6 months, final",
        "written: 179 days, final",
        "179 days",
        "'written' lapses sooner than the lighter 'verbal'",
    ),
    "a duration of an unknown step": ("live_for: {", "live_for: {oral: 1 day, ", "1 day", "there is no step 'oral'"),
    "a step twice": (
        "steps: [coaching, verbal, written, final, termination-review]",
        "steps: [coaching, verbal, verbal, final, termination-review]",
        "verbal, final, termination-review]\ntitles",
        "the step 'verbal' stands here twice",
    ),
    "a step called by a taken word": (
        "steps: [coaching,",
        "steps: [training,",
        "training, verbal",
        "'training' means something else in a ladder",
    ),
    "a step without a title": (
        "  verbal: verbal warning\n",
        "",
        "coaching: coaching talk",
        "the step 'verbal' has no title",
    ),
    "an unfair procedure": (
        "formal: [notice, evidence-shared, heard-or-declined, case-finding]",
        "formal: [notice, evidence-shared]",
        "formal: [notice, evidence-shared]",
        "a formal step without heard-or-declined, case-finding is not fair",
    ),
    "nobody who approves the last step": (
        "  termination-review: [hr, legal]\n",
        "",
        "formal: [notice",
        "nobody approves the last step 'termination-review'",
    ),
    "an informal step in the middle": (
        "informal: [coaching]",
        "informal: [verbal]",
        "[verbal]\ncolumns",
        "informal steps are the lowest ones",
    ),
    "a letter that nothing can fill": (
        "You may ask for a review until {appeal_by}: {appeal_how}\n",
        "You may ask {salutation} for a review until {appeal_by}: {appeal_how}\n",
        "|\n    {organisation}, {date}\n\n    To {person}: {step}\n\n    What happened: {act} ({time}, {place}).\n    The rule",
        "nothing fills '{salutation}' in this letter",
    ),
    "a letter with a lone brace": ("{heard}\n", "{heard\n", None, "the braces of this letter cannot be filled"),
    "a letter that reaches into a value": (
        "{heard}\n",
        "{heard.__class__}\n",
        None,
        "nothing fills '{heard.__class__}'",
    ),
    "a letter that converts": ("{heard}\n", "{heard!r}\n", None, "the braces of this letter cannot be filled"),
    "a warning that does not say what follows": (
        "    What follows: {consequence}\n",
        "",
        None,
        "a formal letter without {consequence} is no warning",
    ),
    "a consequence with braces": (
        "consequence: A further",
        'consequence: "{more}" # A further',
        '"{more}"',
        "braces are not filled here",
    ),
    "a scenario that fails": (
        "act: {gravity: medium, on: 2025-07-28}, expect: final}",
        "act: {gravity: medium, on: 2025-07-28}, expect: written}",
        "{given: [{step: written, delivered: 2025-01-29}], act: {gravity: medium, on: 2025-07-28}, expect: written}",
        "expects 'written', and the ladder answers 'final'",
    ),
    "a band that ends elsewhere": (
        "expect: coaching, up_to: verbal}",
        "expect: coaching, up_to: written}",
        "{given: [{step: coaching, delivered: 2025-06-02}], act: {gravity: low",
        "expects a band up to 'written', and it ends at 'verbal'",
    ),
    "an unknown step in a scenario": (
        "{step: final, delivered: 2025-06-02, overturned: true}",
        "{step: finale, delivered: 2025-06-02, overturned: true}",
        "finale, delivered",
        "there is no step 'finale'",
    ),
    "an unknown answer in a scenario": (
        "expect: training}",
        "expect: traning}",
        "traning",
        "there is no step 'traning'",
    ),
    "an appeal that makes a step heavier": (
        "{step: final, delivered: 2025-01-15, reduced_to: verbal}",
        "{step: verbal, delivered: 2025-01-15, reduced_to: final}",
        "final}], act: {gravity: medium, on: 2025-07-14}",
        "an appeal never makes a step heavier",
    ),
    "a duty after an unknown step": (
        "steps: [termination-review]\n",
        "steps: [termination]\n",
        "termination]\n",
        "there is no step 'termination'",
    ),
    "nothing to put off a hearing by": (
        "answer_within: 3 days\n",
        "answer_within: 3 days\npostpone_within: 0\n",
        "0\nappeal",
        "postpone_within",
    ),
    "an unknown key": ("appeal_open: hold", "apeal_open: hold", "apeal_open", "unknown key 'apeal_open'"),
    "an appeal that changes nothing": ("appeal_open: hold", "appeal_open: ignore", "ignore", "'ignore' is not allowed"),
    "a day that is none": ("on: 2025-07-28}", "on: 2025-02-30}", "2025-02-30", ""),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_is_refused_at_its_place(tmp_path, what):
    old, new, at, said = FAULTS[what]
    assert old in US
    text = US.replace(old, new, 1)
    faults = refused(tmp_path, text)
    if at is None:  # somewhere in the formal letter, which begins at its bar
        at = text[text.index("\n  formal: |") + len("\n  formal: ") :]
    found = [(fault.line, fault.column) for fault in faults if said in fault.message]
    assert place_of(text, at) in found, [str(fault) for fault in faults]
    assert f"mine.yaml:{found[0][0]}:{found[0][1]}" in "\n".join(map(str, faults))


def test_a_policy_stands_in_one_family_only(tmp_path):
    text = (SHIPPED / "de.yaml").read_text(encoding="utf-8").replace("respect: [conduct]", "respect: [conduct, brand]")
    (fault,) = refused(tmp_path, text)
    assert (fault.line, fault.column) == place_of(
        text, "brand]\nconsequence" if "brand]\nconsequence" in text else "brand]\n# In"
    )
    assert "stands in the family 'advertising' already" in fault.message


def test_all_faults_of_a_ladder_are_found_at_once(tmp_path):
    text = (
        US.replace("legal-hold", "legal-hld")
        .replace("America/New_York", "Mars")
        .replace("  verbal: verbal warning\n", "")
    )
    assert len(refused(tmp_path, text)) == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty or no mapping"),
        ("- a", "is empty or no mapping"),
        ("ladder: us", "is missing"),
        ("{", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_ladder_is_refused(tmp_path, content, said):
    assert any(said in fault.message for fault in refused(tmp_path, content))


def test_a_scenario_at_the_end_of_time_is_no_crash(tmp_path):
    path = tmp_path / "mine.yaml"
    scenario = (
        "  - {given: [{step: written, delivered: 9999-12-30}], act: {gravity: medium, on: 9999-12-31}, expect: final}\n"
    )
    path.write_text(US + scenario, encoding="utf-8")
    assert load_ladder(path).spec.scenarios[-1].expect == "final"


def test_a_ladder_of_right_to_left_and_emoji_titles_is_read(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(US.replace("coaching talk", "שיחה 🙂"), encoding="utf-8")
    assert load_ladder(path).title("coaching") == "שיחה 🙂"


@pytest.mark.parametrize(
    ("length", "first", "last"),
    [
        # Either side of a month, as it was decided in Bevan Ashford v Malin.
        ("12 months", "1992-01-29", "1993-01-28"),
        ("6 months", "2025-01-29", "2025-07-28"),
        ("1 month", "2025-03-01", "2025-03-31"),
        ("1 month", "2025-03-31", "2025-04-30"),
        ("1 month", "2025-04-30", "2025-05-29"),
        # Into February, section 188 (2) and (3) of the German Civil Code.
        ("6 months", "2024-08-28", "2025-02-27"),
        ("6 months", "2024-08-29", "2025-02-28"),
        ("6 months", "2024-08-30", "2025-02-28"),
        ("6 months", "2024-08-31", "2025-02-28"),
        ("6 months", "2024-09-01", "2025-02-28"),
        ("6 months", "2024-09-02", "2025-03-01"),
        # Into the February of a leap year.
        ("6 months", "2023-08-29", "2024-02-28"),
        ("6 months", "2023-08-30", "2024-02-29"),
        ("6 months", "2023-08-31", "2024-02-29"),
        ("6 months", "2023-09-01", "2024-02-29"),
        # From a leap day; 2100 has none.
        ("1 year", "2024-02-29", "2025-02-28"),
        ("4 years", "2024-02-29", "2028-02-28"),
        ("4 years", "2096-02-29", "2100-02-28"),
        ("1 year", "2023-03-01", "2024-02-29"),
        # Over the end of a year.
        ("1 month", "2025-12-15", "2026-01-14"),
        ("3 months", "2025-11-30", "2026-02-28"),
        ("1 year", "2025-01-01", "2025-12-31"),
        # Days and weeks are counted out.
        ("1 day", "2025-06-10", "2025-06-10"),
        ("20 days", "2025-02-20", "2025-03-11"),
        ("2 weeks", "2024-02-20", "2024-03-04"),
        # At the end of time.
        ("1 year", "9999-06-01", "9999-12-31"),
        ("20 days", "9999-12-25", "9999-12-31"),
    ],
)
def test_a_period_begins_with_its_first_day(length, first, last):
    assert Duration.parse(length).last_day(date.fromisoformat(first)) == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("length", "day", "last"),
    [
        ("20 days", "2025-06-01", "2025-06-21"),
        ("1 day", "2024-02-28", "2024-02-29"),
        ("1 week", "2025-12-29", "2026-01-05"),
        # Dodds v Walker: four months from 30 September end with 30 January.
        ("4 months", "1978-09-30", "1979-01-30"),
        ("1 month", "2025-02-28", "2025-03-28"),
        ("1 month", "2025-01-31", "2025-02-28"),
        ("1 month", "2024-01-30", "2024-02-29"),
        ("1 year", "2024-02-29", "2025-02-28"),
        ("1 month", "2025-04-30", "2025-05-30"),
        ("1 month", "9999-12-15", "9999-12-31"),
    ],
)
def test_a_deadline_does_not_count_the_day_it_is_set(length, day, last):
    assert Duration.parse(length).after(date.fromisoformat(day)) == date.fromisoformat(last)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(1, 60))
def test_months_end_between_the_corresponding_day_and_the_day_before(first, months):
    length = Duration(months=months)
    last = length.last_day(first)
    assert last < length.last_day(first.replace(year=first.year + 1, day=1))
    assert (length.after(first) - last).days in {0, 1}
    # The next period, begun the day after, leaves no day out and counts none twice, unless a month was too short.
    if first.day <= 28:
        assert Duration(months=months + 1).last_day(first) == Duration(months=1).last_day(
            date.fromordinal(last.toordinal() + 1)
        )


@given(st.lists(st.dates(date(1990, 1, 1), date(2090, 1, 1)), min_size=2), st.integers(0, 60), st.integers(0, 60))
def test_what_begins_later_never_ends_sooner(days, months, extra):
    length = Duration(months=months) if months else Duration(days=extra + 1)
    for earlier, later in pairwise(sorted(days)):
        assert length.last_day(earlier) <= length.last_day(later)
        assert length.after(earlier) <= length.after(later)


@pytest.mark.parametrize(
    "value", ["", "6", "months", "6 moons", "-6 months", "1.5 years", "1000 days", "٣ months", 7, None]
)
def test_what_is_no_length_of_time_is_refused(value):
    with pytest.raises(ValueError, match="is no length of time"):
        Duration.parse(value)


def test_a_length_reads_back_as_it_is_said():
    for length in ("1 day", "20 days", "1 month", "12 months"):
        assert str(Duration.parse(length)) == length


@pytest.mark.parametrize("word", ["high", " High ", "HIGH"])
def test_a_gravity_is_read_in_any_case(word):
    assert Gravity.parse(word) is Gravity.HIGH


def test_no_gravity_is_made_up():
    with pytest.raises(ValueError, match="'gross' is no gravity"):
        Gravity.parse("gross")


def test_without_a_word_everybody_has_the_american_ladder():
    assert {country: ladder.id for country, ladder in load_ladders({}, root=None).items()} == {"default": "us"}


def test_ladders_go_by_country_and_an_own_one_wins(tmp_path):
    (tmp_path / "ladders").mkdir()
    (tmp_path / "ladders" / "gb.yaml").write_text(US.replace("ladder: us", "ladder: ours", 1), encoding="utf-8")
    found = load_ladders({"GB": "gb", "DE": "de"}, root=tmp_path)
    assert {country: ladder.id for country, ladder in found.items()} == {"default": "us", "GB": "ours", "DE": "de"}
    assert found["GB"].version != found["default"].version


def test_faults_of_several_ladders_and_of_the_setting_come_together(tmp_path):
    (tmp_path / "ladders").mkdir()
    (tmp_path / "ladders" / "ours.yaml").write_text(US.replace("legal-hold", "legal-hld"), encoding="utf-8")
    source = SourceFile("compliance.yaml", marks={("ladders", "GB"): (7, 12), ("ladders", "gb"): (8, 3)})
    with pytest.raises(PolicyError) as caught:
        load_ladders({"GB": "gp", "gb": "us", "FR": "ours"}, root=tmp_path, source=source)
    said = [(str(fault).splitlines()[1].strip(), fault.message, fault.hint) for fault in caught.value.faults]
    assert said[0] == ("--> compliance.yaml:7:12", "there is no ladder 'gp'", "there are: de, gb, ours, us")
    assert said[1] == ("--> compliance.yaml:8:3", "'gb' is no ISO 3166-1 alpha-2 code", "GB, as in people.csv")
    assert said[2][0].startswith("--> ladders/ours.yaml:")
    assert len(said) == 3


def test_two_ladders_of_one_name_are_refused(tmp_path):
    (tmp_path / "ladders").mkdir()
    (tmp_path / "ladders" / "ours.yaml").write_text(US, encoding="utf-8")
    with pytest.raises(
        PolicyError, match=r"the ladder 'us' stands in ladders/us\.yaml already\n.*ladders/ours\.yaml:1:1"
    ):
        load_ladders({"FR": "ours"}, root=tmp_path)


def test_a_letter_word_is_used_somewhere_or_is_there_for_own_ladders():
    used = {word for ladder in LADDERS.values() for word in LETTER_WORDS if f"{{{word}}}" in ladder.spec.letter.formal}
    assert set(LETTER_WORDS) - used == {"agreement", "companion"}


@pytest.mark.parametrize("name", LADDERS)
def test_the_documentation_shows_the_ladder_as_it_is(name):
    text = (SHIPPED.parent.parent / "docs" / "discipline.md").read_text(encoding="utf-8")
    spec = LADDERS[name].spec
    rows = [f"| {label} | {' | '.join(map(str, row))} |" for label, row in spec.matrix.items()]
    rows += [
        f"| {step} | {spec.titles[step]} | {spec.live_for.get(step, 'nothing')} | {', '.join(LADDERS[name].needs(step)) or 'nothing'} |"
        for step in spec.steps
    ]
    rows += [f"| {family} | {', '.join(members)} |" for family, members in spec.same_kind.items()]
    groups = [*spec.group_needs, *(group for duty in spec.duties for group in duty.groups)]
    assert [row for row in rows if row not in text] == []
    assert [group for group in groups if f"`{group}`" not in text] == []


def test_the_schema_of_a_ladder_describes_the_shipped_ones():
    schema = LadderSpec.model_json_schema()
    assert set(yaml.safe_load(US)) <= set(schema["properties"])
    assert schema["properties"]["answer_within"]["type"] == "string"
