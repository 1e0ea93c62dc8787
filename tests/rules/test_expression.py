from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.expression import And, AtLeast, ExpressionError, Name, Not, Or, confidence, evaluate, parse, positive_names

VALUES = (True, False, None)
leaves = st.sampled_from("abc").map(Name)
trees = st.recursive(
    leaves,
    lambda inner: (
        inner.map(Not)
        | st.lists(inner, min_size=2, max_size=3).map(tuple).map(And)
        | st.lists(inner, min_size=2, max_size=3).map(tuple).map(Or)
        | st.lists(inner, min_size=2, max_size=3).flatmap(
            lambda found: st.integers(1, len(found)).map(lambda n: AtLeast(n, tuple(found)))
        )
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("a", "a"),
        ("a and not b or c", "(a and not b) or c"),
        ("a and (b or c)", "a and (b or c)"),
        ("not (a and b)", "not (a and b)"),
        ("2 of (a, b or c, not a)", "2 of (a, b or c, not a)"),
        ("  a   and\n b ", "a and b"),
    ],
)
def test_conditions_read_as_written(text, shape):
    assert str(parse(text)) == shape


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("", 0),
        ("a and", 5),
        ("a b", 2),
        ("(a", 2),
        ("3 of (a, b)", 0),
        ("0 of (a)", 0),
        ("a & b", 2),
        ("and a", 0),
        ("2 of a", 5),
        ("a or or b", 5),
        ("a,b", 1),
    ],
)
def test_a_wrong_condition_says_at_which_column(text, column):
    with pytest.raises(ExpressionError) as error:
        parse(text)
    assert error.value.column == column


def test_a_condition_nested_beyond_reason_is_refused_not_crashed_on():
    with pytest.raises(ExpressionError):
        parse("(" * 50_000 + "a" + ")" * 50_000)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("a and b", (False, None), False),
        ("a and b", (True, None), None),
        ("a or b", (True, None), True),
        ("a or b", (False, None), None),
        ("not a", (None, None), None),
        ("2 of (a, b, c)", (True, None, False), None),
        ("2 of (a, b, c)", (False, None, False), False),
        ("2 of (a, b, c)", (True, None, True), True),
    ],
)
def test_unknown_stays_unknown_unless_it_cannot_matter(text, values, expected):
    assert evaluate(parse(text), dict(zip("abc", values, strict=False)).get) is expected


@given(trees)
def test_unknown_means_that_both_outcomes_are_possible(tree):
    """An unknown never hides a certain answer of the simple operators, and a certain answer never changes when unknowns are learnt."""
    for values in itertools.product(VALUES, repeat=3):
        got = evaluate(tree, dict(zip("abc", values, strict=True)).get)
        if got is None:
            continue
        for learnt in itertools.product(*[[value] if value is not None else [True, False] for value in values]):
            assert evaluate(tree, dict(zip("abc", learnt, strict=True)).get) is got


@given(trees)
def test_a_printed_condition_reads_back_as_itself(tree):
    again = parse(str(tree))
    for values in itertools.product(VALUES, repeat=3):
        truth = dict(zip("abc", values, strict=True)).get
        assert evaluate(again, truth) is evaluate(tree, truth)


def test_confidence_takes_least_of_and_greatest_of_or_nth_of_n():
    score = {"a": 0.9, "b": 0.5, "c": 0.7}.__getitem__
    true = lambda _: True  # noqa: E731
    assert confidence(parse("a and b"), true, score) == 0.5
    assert confidence(parse("a or b"), true, score) == 0.9
    assert confidence(parse("2 of (a, b, c)"), true, score) == 0.7
    assert confidence(parse("not a"), lambda _: False, score) == 1.0


def test_only_names_that_can_make_it_true_are_positive():
    assert list(positive_names(parse("a and not (b or not c)"))) == ["a", "c"]
