from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rules.detectors.base import Material
from rules.detectors.terms import Terms, TermsKeys
from rules.document import Context, Document
from rules.lists import Entry, WordList

ENDS = datetime(2026, 11, 3, 9, tzinfo=UTC)


def see(text, *terms, at=None, entries=(), exact=False):
    lists = {"codenames": WordList(name="codenames", entries=tuple(entries))}
    keys = TermsKeys.model_validate({"terms": [*terms, *(["$codenames"] if entries else [])], "exact": exact})
    part = Terms.build(keys, Material(lists=lists, build=lambda *_: None))
    return part.see(Document(key="k", text=text, context=Context(at=at)), lambda _: None)


def marked(text, *terms, **options):
    return [text[match.start : match.end] for match in see(text, *terms, **options).matches]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bluefin ships", ["Bluefin"]),
        ("ｂｌｕｅｆｉｎ ships", ["ｂｌｕｅｆｉｎ"]),
        ("Blue\u200bfin ships", ["Blue\u200bfin"]),
        ("Blue\u00adfin ships", ["Blue\u00adfin"]),
        ("Вluеfin ships", ["Вluеfin"]),
        ("blu3f1n ships", ["blu3f1n"]),
        ("B l u e f i n ships", ["B l u e f i n"]),
        ("b.l.u.e.f.i.n!", ["b.l.u.e.f.i.n"]),
        ("👩‍👩‍👧 Bluefin 👩‍👩‍👧", ["Bluefin"]),
        ("#Bluefin, (bluefin) BLUEFIN's", ["Bluefin", "bluefin", "BLUEFIN"]),
        ("#BluefinLaunch", ["Bluefin"]),
    ],
)
def test_a_term_is_found_in_disguise_with_its_exact_raw_span(text, expected):
    assert marked(text, "bluefin") == expected


@pytest.mark.parametrize(
    "text",
    ["#bluefinishline", "bluefins", "blue fin", "Bluefinne", "ébluefin", "bluefin\u0301", "", "b", "синий плавник"],
)
def test_controls_stay_clean(text):
    assert marked(text, "bluefin") == []


def test_a_disguised_match_is_less_sure_and_says_why():
    (match,) = see("b l u e f i n", "bluefin").matches
    assert match.confidence < 0.95
    assert "disguise" in match.reason


@pytest.mark.parametrize("text", ["no risk", "no-risk", "No\nrisk", "no  risk", "NO\u00a0RISK"])
def test_spaces_and_hyphens_inside_a_phrase_are_alike(text):
    assert marked(text, "no risk") == [text]


def test_a_phrase_does_not_reach_across_a_dash():
    assert marked("there is no - risk it", "no risk") == []


def test_exact_terms_mind_capitals():
    assert marked("ask IT about it", "IT", exact=True) == ["IT"]


def test_overlapping_terms_leave_the_longest():
    assert marked("the annual report draft", "report", "annual report") == ["annual report"]


@pytest.mark.parametrize(("seconds", "found"), [(-1, True), (0, False), (1, False)])
def test_a_window_is_half_open_to_the_second(seconds, found):
    entries = [Entry(term="Bluefin", end=ENDS)]
    assert see("Bluefin!", at=ENDS + timedelta(seconds=seconds), entries=entries).value is found


def test_a_window_without_a_time_is_unknown_only_where_the_term_occurs():
    entries = [Entry(term="Bluefin", end=ENDS)]
    assert see("Bluefin!", entries=entries).value is None
    assert see("tuna", entries=entries).value is False


def test_scripts_without_spaces_need_no_boundary():
    assert marked("新しい青い魚が発売", "青い魚") == ["青い魚"]
