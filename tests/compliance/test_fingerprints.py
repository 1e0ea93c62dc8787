from __future__ import annotations

import re

import pytest

from compliance.drafts import Draft
from compliance.fingerprints import Fingerprints
from rules.document import Document
from rules.evaluation import Evaluation, Finding, Match, Publish, Severity, Status


def finding(text, *words, rule="a.b", detector="terms", kind="codenames", part="name"):
    """A finding on every place of the words."""
    matches = tuple(
        Match(start=at.start(), end=at.end(), part=part, detector=detector, kind=kind, confidence=1)
        for word in words
        for at in re.finditer(re.escape(word), text)
    )
    return Finding(rule=rule, version="v", severity=Severity.HIGH, publish=Publish.BLOCK, confidence=1, matches=matches)


def prints(text, *words, among=None, **options):
    """The fingerprints of one finding, after those of the texts in `among`."""
    fingerprints = Fingerprints()
    for one in [*(among or ()), text]:
        draft = Draft(id="d", place="file", document=Document(key="d", text=one))
        evaluation = Evaluation(key="d", status=Status.FLAGGED, findings=(finding(one, *words, **options),))
        found = [passage.fingerprint for passage in fingerprints.of(draft, evaluation)["a.b"]]
    return found


TEXT = "Some news for everybody here.\n\nWe are happy to say that Bluefin ships on Monday, at last.\n\nSee you."


@pytest.mark.parametrize(
    "other",
    [
        "A new paragraph.\n\n" + TEXT,
        TEXT.replace("happy to say that ", "happy\nto say\n  that "),
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("ships on Monday, at last.", "**ships** on _Monday_ – at last!"),
        TEXT.upper().replace("BLUEFIN", "Bluefin"),
        "See you.\n\nWe are happy to say that Bluefin ships on Monday, at last.\n\nSome news.",
        TEXT.replace("ships on", "ships 2026 x@example.com https://a.example/b on"),
    ],
    ids=["moved", "wrapped", "crlf", "emphasis", "case", "reordered", "numbers and addresses"],
)
def test_moving_and_formatting_change_nothing(other):
    assert prints(other, "Bluefin") == prints(TEXT, "Bluefin")


@pytest.mark.parametrize(
    "other",
    [TEXT.replace("happy", "sad"), TEXT.replace("Monday", "Friday"), TEXT.replace("to say", "to shout")],
)
def test_other_words_around_it_make_another_finding(other):
    assert prints(other, "Bluefin") != prints(TEXT, "Bluefin")


def test_the_match_itself_does_not_enter():
    assert prints(TEXT.replace("Bluefin", "Sailfish of the Seas"), "Sailfish of the Seas") == prints(TEXT, "Bluefin")


def test_personal_data_beside_it_does_not_enter_either():
    def with_name(name):
        text = f"Call {name} about Bluefin please"
        draft = Draft(id="d", place="file", document=Document(key="d", text=text))
        found = (finding(text, "Bluefin"), finding(text, name, rule="p.name", detector="entity", kind="PERSON"))
        evaluation = Evaluation(key="d", status=Status.FLAGGED, findings=found)
        return Fingerprints().of(draft, evaluation)["a.b"][0].fingerprint

    assert with_name("Ines") == with_name("Kofi")


def test_rule_and_part_enter():
    assert prints(TEXT, "Bluefin", part="other") != prints(TEXT, "Bluefin")


def test_one_more_name_in_the_same_words_is_a_new_finding():
    two = TEXT.replace("Bluefin", "Bluefin, Sailfish")
    assert prints(two, "Bluefin", "Sailfish") != prints(TEXT, "Bluefin")


def test_one_more_everyday_word_of_a_part_is_not():
    two = TEXT.replace("Bluefin", "our our")
    one = TEXT.replace("Bluefin", "our")
    assert prints(two, "our", kind="term") == prints(one, "our", kind="term")


def test_places_far_apart_have_fingerprints_of_their_own():
    text = "Bluefin one two\n\nthree Bluefin four"
    first, second = prints(text, "Bluefin")
    assert first != second


def test_equal_findings_in_equal_words_are_numbered():
    text = "call Bluefin now"
    (first,) = prints(text, "Bluefin")
    (second,) = prints(text, "Bluefin", among=[text])
    assert first.rpartition(":")[0] == second.rpartition(":")[0]
    assert (first.rpartition(":")[2], second.rpartition(":")[2]) == ("1", "2")


@pytest.mark.parametrize("text", ["Bluefin", "🎉Bluefin🎉", "\u202eBluefin", "Bluefin" * 3, "שלום Bluefin עולם"])
def test_a_finding_with_nothing_around_it_has_one_too(text):
    assert all(re.fullmatch(r"v1:[0-9a-f]{32}:1", one) for one in prints(text, "Bluefin"))


def test_a_finding_without_a_match_goes_by_the_first_words():
    assert prints("one two") == prints("one\ntwo")
    assert prints("one two") != prints("three two")
