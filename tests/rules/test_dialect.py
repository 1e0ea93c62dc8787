from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rules import dialect
from rules.dialect import DialectError, Pattern

ASCII_TEXT = "aAbBksK_1 .-\n"
TEXT = ASCII_TEXT + "éÉнН\u212aſ٣😀’\u3000λ中"


def seen(source: str, text: str, *, ignore_case: bool = True) -> list[str]:
    return [text[start:end] for start, end in Pattern(source, ignore_case=ignore_case).spans(text)]


def patterns(letters: str) -> st.SearchStrategy[str]:
    literals = st.sampled_from(letters)
    classes = st.sampled_from(
        [r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", ".", "[^a]", "[a-k]", r"[^\W_]", r"[\w.]", r"[^\s]", "[^b_]"]
    )
    atoms = literals.map(re.escape) | classes
    repeated = st.tuples(atoms, st.sampled_from(["", "", "+", "*", "?", "{1,2}", "+?", "*?", "??"])).map("".join)
    pieces = repeated | st.just(r"\b")
    sequences = st.lists(pieces, min_size=1, max_size=4).map("".join)
    groups = st.lists(sequences, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})")
    return st.lists(sequences | groups, min_size=1, max_size=3).map("".join)


def refusal(source: str) -> DialectError | None:
    try:
        Pattern(source)
    except DialectError as error:
        return error
    return None


def accepted(source: str, *, ignore_case: bool) -> Pattern:
    fault = refusal(source)
    assume(not fault or "empty string" not in fault.message)
    return Pattern(source, ignore_case=ignore_case)


# The first time a character is asked about costs milliseconds.
@settings(deadline=None)
@given(patterns(TEXT), st.text(alphabet=TEXT, max_size=12), st.booleans())
def test_spans_are_those_of_python(source, text, ignore_case):
    ours = accepted(source, ignore_case=ignore_case)
    theirs = re.compile(source, re.IGNORECASE if ignore_case else 0)
    expected = [found.span() for found in theirs.finditer(text) if found[0]]
    assume(all(found[0] for found in theirs.finditer(text)))
    assert list(ours.spans(text)) == expected
    assert ours.search(text) == bool(expected)


@settings(deadline=None)
@given(patterns(ASCII_TEXT), st.text(alphabet=ASCII_TEXT, max_size=12), st.booleans())
def test_wrapping_a_text_that_needs_none_changes_nothing(source, text, ignore_case):
    pattern = accepted(source, ignore_case=ignore_case)
    data = text.translate(dialect._wrapping()).encode()
    starts = [data[: found.start()].decode() for found in pattern._wrapped.finditer(data)]
    assert [len(before) - before.count("_") for before in starts] == [start for start, _ in pattern.spans(text)]


@settings(deadline=None)
@given(st.text(), st.sampled_from([r"\b\w+\b", r"\b.", r"\W\b", r"[^x]\b", r"(?s:.)\b\w", r"\b\p{So}?\S"]))
def test_every_span_lies_in_the_text_whatever_the_text(text, source):
    spans = list(Pattern(source).spans(text))
    assert spans == sorted(spans)
    assert all(0 <= start < end <= len(text) for start, end in spans)


@settings(deadline=None)
@given(st.text(alphabet=TEXT + "\u0301\u0e31\u203f", max_size=15))
def test_a_word_is_letters_digits_marks_and_connectors(text):
    word = "(?:[^\\W]|[\u0301\u0e31\u203f])+"
    assert list(Pattern(r"\b\w+\b").spans(text)) == [found.span() for found in re.finditer(word, text)]


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        (r"\bcafé\b", "Un Café, des cafés", ["Café"]),
        (r"\bнет\b", "ну НЕТ, нетто и нет", ["НЕТ", "нет"]),
        (r"\bσίγμα\b", "το Σίγμα μας", ["Σίγμα"]),
        (r"\bsecret\b", "ésecret secret\u0301 secrets", []),
        (r"\bsecret\b", "é secret, «secret»", ["secret", "secret"]),
        (r"\bsecret\b", "🎉secret🎉", ["secret"]),
        (r"\d{3}", "١٢٣ 456", ["١٢٣", "456"]),
        (r"\ba_é_b\b", "a_é_b a_é_bc", ["a_é_b"]),
        (r"\bkiss\b", "\u212aIſS é", ["\u212aIſS"]),
        (r"a\sb", "a\u3000b a\x1cb", ["a\u3000b", "a\x1cb"]),
        (r"[\W_]x", "_x-x éx", ["_x", "-x"]),
        (r"\Qa.b\E+", "a.bbb axb", ["a.bbb"]),
        (r"\x{e9}\t\x41", "é\ta", ["é\ta"]),
        (r"(?-i:A)b", "Ab ab AB", ["Ab", "AB"]),
        (r"[[:alpha:]]+", "abcé", ["abc"]),
        (r"[]a]+", "]a[", ["]a"]),
        (r"[\w-]+", "é-b c", ["é-b", "c"]),
        (r"a{,x", "a{,x", ["a{,x"]),
        (r"\p{Cyrillic}+\b", "да yes", ["да"]),
        (r"(?m)^\bé$", "é\né", ["é", "é"]),
        (r"(?s)a.\bé", "a\né", ["a\né"]),
        (r"a.\bé", "a\né", []),
        (r"\b\x{fdd0}?é", "\ufdd0é", ["é"]),
        (r"b\b.", "éb\U000a0041", ["b\U000a0041"]),
        ("é", "", []),
    ],
)
def test_patterns_see_what_unicode_says(source, text, expected):
    assert seen(source, text)[: len(expected) or None] == expected


def test_case_counts_where_asked_for():
    assert seen(r"\bÉté\b", "été Été", ignore_case=False) == ["Été"]


def test_a_group_named_span_is_what_gets_reported():
    assert seen(r"agent (?P<span>\w+) here", "no agent Éa_ here") == ["Éa_"]
    assert seen(r"\b(?<span>é)\b", "é x é") == ["é", "é"]


def test_the_whole_match_is_reported_where_the_group_takes_no_part():
    assert seen(r"x(?P<span>y)?z", "xyz xz") == ["y", "xz"]


def test_other_groups_do_not_narrow_the_span():
    assert seen(r"(a)(?P<name>b)", "ab") == ["ab"]


@pytest.mark.parametrize(
    ("source", "position", "word"),
    [
        ("a(?=b)", 1, "look-ahead"),
        ("a(?!b)", 1, "negative look-ahead"),
        ("é(?<=b)c", 1, "look-behind"),
        ("(?<!b)c", 0, "negative look-behind"),
        (r"(a)\1", 3, "back-reference"),
        (r"(?P<n>a)(?P=n)", 8, "back-reference"),
        (r"(?P<n>a)\k<n>", 8, "back-reference"),
        (r"x\B", 1, r"\B"),
        (r"[x\B]", 2, r"\B"),
        (r"[x\b]", 2, r"\b inside"),
        ("ab*+", 2, "possessive"),
        ("ab{2}+", 2, "possessive"),
        ("a(?>b)", 1, "atomic"),
        ("(a)(?(1)b)", 3, "condition"),
        ("a(?#b)", 1, "comment"),
        ("(?x)a", 0, "(?x"),
        (r"a\Z", 1, r"\Z"),
        (r"\u00e9", 0, r"\u"),
        (r"a\C", 1, r"\C"),
        (r"a\y", 1, r"\y"),
        ("a\\", 1, "lone"),
        ("x{,3}", 1, "{,3}"),
        ("ab)", 2, ") without"),
        ("a[b", 1, "[ without"),
        ("a(b", 0, "missing )"),
        ("a**", 1, "bad repetition"),
        ("x[z-a]", 2, "invalid character class range"),
        (r"x\p{Foo}", 1, "invalid character class range"),
        (r"x\x{110000}", 1, "no character"),
        (r"[\x{d800}]", 1, "no character"),
        ("a\ud800", 1, "surrogate"),
        ("a*", 0, "empty string"),
        (r"\b", 0, "empty string"),
        ("^|a", 0, "empty string"),
        ("", 0, "empty string"),
        ("((a{100}){100}){100}", 3, "invalid repetition size"),
        (r"\w{1000}", 0, "too large"),
        ("a{1001}", 1, "invalid repetition size"),
    ],
)
def test_what_cannot_be_used_is_refused_with_place_and_advice(source, position, word):
    with pytest.raises(DialectError) as caught:
        Pattern(source)
    assert word in caught.value.message
    assert caught.value.position == position
    assert len(caught.value.hint) > 5


@settings(deadline=None)
@given(st.text(max_size=8) | st.text(alphabet="()[]{}*+?|\\^$.-bBdwWsxpPQE01,:<>=!i#é", max_size=12))
def test_any_source_is_either_accepted_or_refused_with_a_place(source):
    fault = refusal(source)
    if fault:
        assert 0 <= fault.position <= len(source)
        assert fault.hint
    else:
        assert Pattern(source).search("été (a) _1") in {True, False}


def test_long_lines_made_to_hurt_backtracking_come_to_an_end():
    assert list(Pattern(r"(a+)+b").spans("a" * 100_000)) == []
    assert list(Pattern(r"\b(é+)+b\b").spans("é" * 100_000)) == []
    assert len(list(Pattern(r"\bé\b").spans("é " * 50_000))) == 50_000


@pytest.mark.parametrize("source", [r"\b\w{1,64}@[\w.-]{1,255}\b", r"\b[^a]{1,1000}", r"\b.{1,1000}\b", r"\bk{1,1000}"])
def test_what_fits_in_memory_plain_fits_wrapped(source):
    assert Pattern(source).search("été k@k") == Pattern(source).search("ete k@k")


def test_lone_surrogates_in_a_text_count_as_replacement_characters():
    assert seen("a.b", "a\ud800b") == ["a\ud800b"]
    assert seen(r"\b\x{fffd}é", "a\ud800é") == ["\ud800é"]


def test_only_k_and_s_have_case_forms_beyond_ascii():
    letters = [
        letter for letter in "abcdefghijklmnopqrstuvwxyz" if dialect._ranges(letter, ignore_case=True)[-1][1] > 127
    ]
    assert letters == ["k", "s"]
