from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.places import Place, Places


@pytest.mark.parametrize(
    ("text", "offset", "line", "column"),
    [
        ("", 0, 1, 1),
        ("a", 1, 1, 2),
        ("a\nb", 1, 1, 2),
        ("a\nb", 2, 2, 1),
        ("a\r\nb", 2, 1, 3),
        ("a\r\nb", 3, 2, 1),
        ("a\rb", 2, 2, 1),
        ("a\n\rb", 3, 3, 1),
        ("👩‍👩‍👧 b", 6, 1, 7),
        ("שלום\nabc", 6, 2, 2),
        # What editors and code hosts do not count as the end of a line.
        ("a\u2028b", 2, 1, 3),
        ("a\u2029b\x85c\x0bd\x0ce", 8, 1, 9),
    ],
)
def test_lines_end_where_editors_end_them_and_columns_are_code_points(text, offset, line, column):
    assert Places(text).at(offset) == Place(line, column)


def test_a_text_that_begins_later_in_its_file_counts_on():
    assert Places("a\nb", first_line=5).at(2) == Place(6, 1)


@given(st.text(alphabet="ab\n\r🎉\u2028"), st.data())
def test_a_place_leads_back_to_its_character(text, data):
    offset = data.draw(st.integers(0, len(text)))
    place = Places(text).at(offset)
    lines = text.replace("\r\n", "\x00\n").replace("\r", "\n").replace("\x00\n", "\x00\n").split("\n")
    before = sum(len(line) + 1 for line in lines[: place.line - 1])
    assert before + place.column - 1 == offset
