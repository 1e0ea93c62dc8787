from __future__ import annotations

import pytest

from rules.source import SourceFile, parse_yaml


def read(text):
    return parse_yaml(text if isinstance(text, bytes) else text.encode(), SourceFile("p.yaml"))


def said(source):
    return [(fault.line, fault.column, fault.message) for fault in source.faults]


@pytest.mark.parametrize(
    "value", ["NO", "yes", "Off", "22:30", "0123", "0x1F", "1_000", "1e3", ".5", "~", "null", ".inf"]
)
def test_plain_values_that_tools_read_differently_are_refused_with_their_place(value):
    source = read(f"first: fine\nterms: [ok, {value}]\n")
    (fault,) = source.faults
    assert (fault.line, fault.column) == (2, 13)
    assert value in fault.message
    assert "quotes" in fault.hint


@pytest.mark.parametrize("value", ["NO", "22:30", "0123", "~"])
def test_the_same_values_in_quotes_are_text(value):
    source = read(f'terms: ["{value}"]')
    assert source.data == {"terms": [value]}
    assert source.faults == []


def test_numbers_booleans_and_dates_are_read_as_what_they_look_like():
    assert read("a: 3\nb: 0.5\nc: true\nd: 2026-01-01\n").data == {"a": 3, "b": 0.5, "c": True, "d": "2026-01-01"}


def test_a_duplicate_key_is_refused_where_it_stands_the_second_time():
    assert said(read("rules: [a]\nrules: [b]\n")) == [(2, 1, "key 'rules' stands here twice")]


def test_an_alias_is_refused():
    assert said(read("a: &x [1]\nb: *x\n"))[0][:2] == (2, 4)


def test_a_tag_is_refused():
    assert "tag" in said(read("a: !!python/name:os.system x\n"))[0][2]


def test_a_second_document_is_refused():
    assert "second document" in said(read("a: b\n---\nc: d\n"))[0][2]


@pytest.mark.parametrize("bomb", ["[" * 100_000, "- " * 100_000 + "a", "{a: " * 50_000, "[" * 5000 + "]" * 5000])
def test_depth_bombs_become_one_fault(bomb):
    assert read(bomb).faults


def test_a_reference_bomb_becomes_faults_not_memory():
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{n}: &{n} [{', '.join(['*' + p] * 9)}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert all("aliases" in message for _, _, message in said(read(bomb)))


def test_a_huge_file_is_refused_by_size():
    assert "too large" in said(read(b"a: " + b"x" * 5_000_000))[0][2]


def test_bytes_that_are_not_utf8_are_refused_with_their_line():
    assert said(read(b"a: b\nc: \xff\n")) == [(2, 1, "is not UTF-8")]


def test_broken_syntax_says_where():
    (fault,) = read("a: [b\nc: d\n").faults
    assert fault.line == 2
    assert "not valid YAML" in fault.message


def test_an_empty_file_has_no_data():
    assert read("# nothing here\n").data is None


def test_marks_count_lines_and_columns_from_one():
    source = read("rules:\n  - id: one\n    parts: {a: {terms: [x]}}\n")
    assert source.place(("rules", 0, "parts", "a", "terms", 0)) == (3, 25)
    assert source.place(("rules", 0, "nowhere")) == (2, 5)
