from __future__ import annotations

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from compliance.safe import as_text, csv_cell, for_terminal, highlight, merged, snippet, write_csv

HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;http://evil.example\x07click\x1b]8;;\x07",
    "\x9b31m",
    "back\b\b\bspace\x7f",
    "\u202eesrever\u202c",
    "\u2066isolate\u2069 \u200e\u200f\u061c",
    "line\u2028paragraph\u2029end",
    "".join(chr(0xE0000 + ord(letter)) for letter in "hidden"),
    "half \ud83d of a pair \udc00",
    "nul\0inside",
    "cr\rover",
    "hello [/nope]",
    "[link=http://evil.example]x[/link]",
    "[bold red]x",
    ":smile: :warning:",
    "\\[escaped\\]",
]
FORMULAS = [
    "=1+1",
    "+1",
    "-1+2",
    "@SUM(A1)",
    " =1",
    "\t=1",
    "\r=1",
    "\n=1",
    "\0=1",
    "\ufeff=1",
    "\u200b=1",
    "\u3000＝1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "﹦1",
    "\u22121",
    "\x1b=1",
    '=HYPERLINK("http://evil.example","x")',
]


def drawn(renderable, *, width=60, terminal=False) -> str:
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=terminal, color_system=None if not terminal else "truecolor").print(
        renderable
    )
    return out.getvalue()


def is_dangerous(character: str) -> bool:
    return (
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} and character not in "\n\t"
    ) or unicodedata.bidirectional(character) in {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_prints_without_a_control_and_without_markup(text):
    shown = drawn(as_text(text), width=400)
    assert not any(is_dangerous(character) for character in shown)
    assert shown.rstrip("\n") == for_terminal(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_every_hostile_character_leaves_a_visible_escape(text):
    shown = for_terminal(text, single_line=True)
    for character in text:
        assert character in shown or f"{ord(character):x}" in shown or character in "\0\r"


@given(st.text(st.characters()))
def test_no_text_at_all_yields_a_dangerous_character(text):
    assert not any(is_dangerous(character) or character in "\n\t" for character in for_terminal(text, single_line=True))
    for_terminal(text).encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b", "\\x1b"),
        ("\u202e", "\\u202e"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud83d", "\\ud83d"),
        ("\0", "\\0"),
        ("\r", "\\r"),
    ],
)
def test_an_escape_names_the_code_point(text, shown):
    assert for_terminal(text) == shown


@pytest.mark.parametrize("text", ["👩‍👩‍👧‍👦", "شركة سرية", "سلام‌علیکم", "שלום", "e\u0301", "🏳️‍🌈", "", "a\n\tb"])
def test_emoji_joiners_and_right_to_left_letters_stay(text):
    assert for_terminal(text) == text


def test_a_single_line_shows_newlines_and_tabs_as_escapes():
    assert for_terminal("a\n\tb", single_line=True) == "a\\n\\tb"


def test_a_highlight_marks_raw_spans_although_escapes_are_longer():
    text = "\x1b\x1bBluefin\u202e"
    assert highlight(text, [(2, 9)], marks=True).plain == "\\x1b\\x1b⟦Bluefin⟧\\u202e"


def test_a_highlight_marks_by_more_than_colour_on_a_terminal():
    shown = drawn(highlight("see Bluefin", [(4, 11)]), terminal=True)
    codes = shown.partition("Bluefin")[0].rpartition("\x1b[")[2].rstrip("m").split(";")
    assert {"1", "4"} <= set(codes)


def test_overlapping_spans_are_merged_and_bad_ones_dropped():
    assert merged([(5, 9), (0, 3), (2, 4), (7, 7), (8, 99), (-5, 1), (50, 60), (3, 1)], length=12) == [(0, 4), (5, 12)]


def test_brackets_of_the_author_cannot_pass_for_a_mark():
    assert highlight("⟦fake⟧ real", [(7, 11)], marks=True).plain == "\\u27e6fake\\u27e7 ⟦real⟧"


@given(st.text(st.characters(), max_size=60), st.lists(st.tuples(st.integers(-3, 70), st.integers(-3, 70)), max_size=5))
def test_a_highlight_loses_no_text_whatever_the_spans(text, spans):
    assert highlight(text, spans).plain == for_terminal(text)


@given(
    st.text(st.characters(), max_size=200),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=4),
    st.integers(8, 90),
    st.booleans(),
)
def test_a_snippet_is_one_line_that_fits(text, spans, width, marks):
    line = snippet(text, spans, width, marks=marks)
    assert cell_len(line.plain) <= width
    assert "\n" not in line.plain


def test_a_snippet_shows_the_first_match_with_its_surroundings():
    text = "a" * 500 + " Bluefin " + "b" * 500
    line = snippet(text, [(501, 508)], 40, marks=True).plain
    assert line.startswith("…a")
    assert line.endswith("b…")
    assert "⟦Bluefin⟧" in line


def test_a_snippet_of_a_short_post_is_the_whole_post():
    assert snippet("Bluefin ships", [(0, 7)], 60, marks=True).plain == "⟦Bluefin⟧ ships"


def test_a_snippet_without_a_match_begins_at_the_start():
    assert snippet("x" * 100, [], 20).plain == "x" * 18 + "…"


def test_a_match_wider_than_the_line_is_cut():
    assert snippet("x" * 100, [(0, 100)], 20, marks=True).plain == "⟦" + "x" * 14 + "⟧…"


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(text):
    cell = csv_cell(text)
    assert cell.startswith("'")
    assert cell == "'" + for_terminal(text, single_line=True)


@pytest.mark.parametrize("text", ["\tx", "\rx", "\nx", "\0x"])
def test_a_leading_control_that_importers_strip_is_quoted(text):
    assert csv_cell(text).startswith("'\\")


@pytest.mark.parametrize("text", ["plain", "", "a=b", "1 + 1", "mail@example.com", "   ", "شركة", "é=1"])
def test_harmless_text_stays_as_it_is(text):
    assert csv_cell(text) == text


def test_numbers_stay_numbers_and_nothing_is_empty():
    assert [csv_cell(value) for value in (-5, 0.25, None, True)] == [-5, 0.25, "", "true"]


def test_a_written_file_reads_back_with_neither_formula_nor_control():
    out = io.StringIO(newline="")
    write_csv([[text] for text in HOSTILE + FORMULAS], out)
    assert not any(is_dangerous(character) for character in out.getvalue().replace("\r\n", ""))
    rows = list(csv.reader(io.StringIO(out.getvalue())))
    assert len(rows) == len(HOSTILE + FORMULAS)
    assert not any(cell[:1] in {"=", "+", "-", "@"} for (cell,) in rows)
