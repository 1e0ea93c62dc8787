from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.anchors import WRITTEN, anchors, key_of, worked_out
from rules.dialect import DialectError, Pattern
from rules.load import load_ruleset


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("secret", {"secret"}),
        (r"\bsecrets?\b", {"secret"}),
        ("(?:cat|Dog)s", {"cats", "dogs"}),
        (r"\w+ password", {" password"}),
        (r"n['’]t", {"n't", "n’t"}),
        ("ab*c", {"a"}),
        ("(?:abc)+", {"abc"}),
        ("(?:abc){2,3}", {"abcabc"}),
        (r"a\.b\Q.*\E", {"a.b.*"}),
        ("(?i:ABC)", {"abc"}),
        ("x{0,3}y", {"y"}),
        (r"\x41\x{42}", {"ab"}),
        (r"(?P<span>long) tail", {"long tail"}),
    ],
)
def test_the_strings_that_must_occur_are_found(pattern, expected):
    assert anchors(pattern)[0] == expected


@pytest.mark.parametrize("pattern", [r"\w+", ".*", "[a-z]+", "a|b*", "(?:abc)?", r"\p{L}{3}", "[^x]", "(?:abc|\\d)"])
def test_where_nothing_must_occur_nothing_is_claimed(pattern):
    assert anchors(pattern) == ()


pieces = st.sampled_from(
    ["a", "B", "ab", "é", "ß", "K", "ſ", r"\w", r"\d", ".", "[ab]", "[^a]", "['’]", " ", r"\.", "-"]
)
patterns = st.recursive(
    pieces,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map("".join)
        | st.lists(inner, min_size=1, max_size=3).map(lambda found: f"(?:{'|'.join(found)})")
        | st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "{0,1}", "{1,}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        )
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(patterns, st.text(alphabet="abAB éßſK'’1.-sS", max_size=12))
def test_whatever_matches_holds_one_of_its_anchors(pattern, text):
    try:
        compiled = Pattern(pattern)
    except DialectError:
        return
    needed = anchors(pattern)
    if compiled.search(text):
        assert all(any(anchor in text.casefold() for anchor in strings) for strings in needed)


def test_the_anchors_of_every_shipped_pattern_are_written_down_as_they_are_worked_out():
    """If this fails after a change of a pack: make anchors."""
    written = json.loads(WRITTEN.read_text(encoding="utf-8"))
    patterns = {
        part.detector.pattern
        for rule in load_ruleset().rules.values()
        for part in rule.parts.values()
        if part.detector.name == "regex"
    }
    assert set(written) == {key_of(pattern) for pattern in patterns}
    for pattern in sorted(patterns)[::7]:
        assert tuple(map(frozenset, written[key_of(pattern)])) == worked_out(pattern)


def test_shipped_patterns_are_sound_and_nearly_all_have_anchors():
    found = [
        part.detector
        for rule in load_ruleset().rules.values()
        for part in rule.parts.values()
        if part.detector.name == "regex"
    ]
    for detector in found:
        Pattern(detector.pattern, ignore_case=not detector.exact)
    assert sum(not anchors(detector.pattern) for detector in found) <= len(found) / 10
