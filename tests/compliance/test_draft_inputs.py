from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from compliance.draft_inputs import read_drafts
from compliance.drafts import Defaults
from compliance.people import People

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*inputs, skipped=None):
        skipped = [] if skipped is None else skipped
        return list(
            read_drafts(
                [str(one) for one in inputs],
                text=None,
                stdin=io.BytesIO(b"from stdin"),
                defaults=Defaults(at=NOW, people=People()),
                on_skip=lambda place, line: skipped.append((place, line)),
            )
        )

    return call


def markdown(read, tmp_path, content):
    (tmp_path / "a.md").write_bytes(content if isinstance(content, bytes) else content.encode())
    (draft,) = read("a.md")
    return draft


def calendar(read, tmp_path, content, **options):
    (tmp_path / "c.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    return read("c.csv", **options)


# --- folders ------------------------------------------------------------------------------------------------------


def test_a_folder_is_walked_in_the_order_of_names_without_hidden_files_and_other_kinds(read, tmp_path):
    for name in ("b.md", "a.txt", "sub/c.md", ".git/d.md", ".hidden.md", "e.py"):
        (tmp_path / "posts" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "posts" / name).write_text("hello", encoding="utf-8")
    assert [draft.place for draft in read("posts")] == ["posts/a.txt", "posts/b.md", "posts/sub/c.md"]


def test_a_file_named_twice_is_read_once(read, tmp_path):
    (tmp_path / "a.md").write_text("hello", encoding="utf-8")
    assert [draft.place for draft in read("a.md", "./a.md", ".", "-")] == ["a.md", "-"]


@pytest.mark.parametrize("name", ["empty", "nowhere", "a\0b"])
def test_a_folder_without_drafts_and_a_missing_file_are_no_clean_input(read, tmp_path, name):
    (tmp_path / "empty").mkdir()
    (draft,) = read(name)
    assert draft.error
    assert draft.document is None


def test_a_file_that_is_not_utf_8_says_on_which_line(read, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one\ntwo\n\xff")
    (draft,) = read("a.txt")
    assert (draft.error, draft.line) == ("is not UTF-8", 3)


# --- front matter -------------------------------------------------------------------------------------------------

HEAD = """---
title: "A title: with a colon"
audience: internal
author: ines
groups: [press-office]
platform: LinkedIn
channel: news
date: 2026-12-01T10:00+01:00
---
"""


def test_front_matter_sets_the_context_and_the_body_is_the_draft(read, tmp_path):
    draft = markdown(read, tmp_path, HEAD + "The body.\n")
    context = draft.document.context
    assert draft.document.text == "The body.\n"
    assert (context.audience, context.author, context.platform, context.channel) == (
        "internal",
        "ines",
        "linkedin",
        "news",
    )
    assert context.groups == {"press-office"}
    assert context.at == datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert context.kind == "scheduled"
    assert (draft.offset, draft.first_line, draft.line) == (len(HEAD), 10, None)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_any_kind(read, tmp_path, end):
    draft = markdown(read, tmp_path, "\ufeff" + HEAD.replace("\n", end) + "Body")
    assert (draft.document.text, draft.first_line) == ("Body", 10)


def test_a_date_in_the_past_and_a_kind_of_its_own_are_left_alone(read, tmp_path):
    assert markdown(read, tmp_path, "---\ndate: 2026-01-01\n---\nx").document.context.kind == "post"
    assert markdown(read, tmp_path, "---\ndate: 2027-01-01\nkind: profile\n---\nx").document.context.kind == "profile"


@pytest.mark.parametrize("text", ["", "no front matter", "\n---\na: b\n---\n", "----\nx", "--- x\ny", "- ---"])
def test_what_is_no_front_matter_is_text(read, tmp_path, text):
    draft = markdown(read, tmp_path, text)
    assert (draft.document.text, draft.offset, draft.first_line) == (text, 0, 1)


def test_empty_front_matter_and_an_empty_body(read, tmp_path):
    draft = markdown(read, tmp_path, "---\n---\n")
    assert (draft.document.text, draft.offset, draft.first_line) == ("", 8, 3)
    assert markdown(read, tmp_path, "---\na: b\n...").document.text == ""


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("audience: everyone\n", 2),
        ("title: x\nauthor: [a]\n", 3),
        ("title: x\ngroups: {a: b}\n", 3),
        ("title: x\n\ndate: soon\n", 4),
        ("date: 2026-11-03T09:00\n", 2),
        ("date: 2026-11-03\nposted_at: 2026-11-03\n", 2),
        ("kind: tweet\n", 2),
        ("- a\n- b\n", 1),
        ("just words\n", 1),
        ("a: b\na: c\n", 3),
        ("a: &x b\nb: *x\n", 3),
        ("title: x\ndraft: yes\n", 3),
        ("title: [x\n", 3),
        ("a: " + "[" * 1000 + "\n", 2),
    ],
)
def test_broken_front_matter_is_not_read_and_says_on_which_line(read, tmp_path, head, line):
    draft = markdown(read, tmp_path, f"---\n{head}---\nbody\n")
    assert draft.document is None
    assert draft.error
    assert abs(draft.line - line) <= head.startswith(("title: [x", "date: 2026-11-03\n"))


def test_front_matter_that_never_ends_is_not_taken_for_the_text(read, tmp_path):
    draft = markdown(read, tmp_path, "---\ntitle: x\n\nbody\n")
    assert (draft.document, draft.line) == (None, 1)


def test_what_is_wrong_with_front_matter_quotes_nothing_outside_the_detail(read, tmp_path):
    draft = markdown(read, tmp_path, "---\nsecretkey: 1\nsecretkey: 2\n---\n")
    assert "secretkey" not in draft.error + draft.hint + repr(draft)
    assert "secretkey" in draft.detail


# --- calendars ----------------------------------------------------------------------------------------------------


def test_a_calendar_is_one_draft_a_row_with_its_lines(read, tmp_path):
    skipped = []
    drafts = calendar(
        read,
        tmp_path,
        "\ufeffID;Post Copy;Publish date;Time;Time zone;Network;Owner;Groups\r\n"
        '1;"Hello,\r\n🎉 team";2026-12-01;10:00;Europe/Paris;LinkedIn;ines;press-office; \r\n'
        ";;;;;;;\r\n"
        "2;;2026-12-02;;;;;\r\n"
        ";Second;2026-01-01;;;;;\r\n".replace("press-office; ", "press-office"),
        skipped=skipped,
    )
    first, second = drafts
    assert (first.id, first.line, first.end_line, first.document.text) == ("1", 2, 3, "Hello,\r\n🎉 team")
    context = first.document.context
    assert context.at == datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert (context.kind, context.platform, context.author) == ("scheduled", "linkedin", "ines")
    assert context.groups == {"press-office"}
    assert (second.id, second.line, second.document.context.kind) == ("c.csv:6", 6, "post")
    assert skipped == [("c.csv", 5)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_usual_delimiter(read, tmp_path, delimiter):
    (draft,) = calendar(read, tmp_path, f"id{delimiter}caption\n7{delimiter}hello\n")
    assert (draft.id, draft.document.text) == ("7", "hello")


def test_excel_may_name_the_delimiter(read, tmp_path):
    (draft,) = calendar(read, tmp_path, "sep=;\r\nid;text\r\n7;a,b\r\n")
    assert (draft.document.text, draft.line) == ("a,b", 3)


def test_one_column_is_a_calendar_too(read, tmp_path):
    assert [draft.document.text for draft in calendar(read, tmp_path, "text\none\n\ntwo\n")] == ["one", "two"]


@pytest.mark.parametrize(
    ("header", "row", "words"),
    [
        ("text,date,time", "x,2026-12-01,09:00", "no time zone"),
        ("text,scheduled", "x,2026-12-01T09:00", "no time zone"),
        ("text,date", "x,03/12/2026", "cannot be read"),
        ("text,date,time,tz", "x,2026-12-01,noon,UTC", "cannot be read"),
        ("text,date,tz", "x,2026-12-01,Nowhere/Town", "nobody knows"),
        ("text,time,tz", "x,09:00,UTC", "no date"),
        ("text,audience", "x,everyone", "audience"),
        ("text,kind", "x,tweet", "kind"),
        ("text,id", "x,1,more", "more cells"),
    ],
)
def test_a_row_that_cannot_be_read_stops_nothing_else_and_quotes_nothing(read, tmp_path, header, row, words):
    broken, fine = calendar(read, tmp_path, f"{header}\n{row}\nfine\n")
    assert (broken.document, broken.line) == (None, 2)
    assert words in broken.error
    assert "everyone" not in broken.error + broken.hint
    assert fine.document.text == "fine"


def test_a_file_without_a_text_column_says_what_there_is(read, tmp_path):
    (draft,) = calendar(read, tmp_path, "Name,Due date\nx,y\n")
    assert draft.document is None
    assert "Name, Due date" in draft.detail
    assert "caption" in draft.hint


def test_a_first_row_of_posts_is_not_told_as_names_of_columns(read, tmp_path):
    (draft,) = calendar(read, tmp_path, "Bluefin ships on 3 November!,2026-11-03\n")
    assert "Bluefin" not in draft.error + draft.hint + draft.detail


def test_two_columns_that_could_be_the_text_are_refused_rather_than_one_of_them_left_unread(read, tmp_path):
    (draft,) = calendar(read, tmp_path, "Copy,Caption\na,b\n")
    assert "'Copy', 'Caption'" in draft.error


@pytest.mark.parametrize("content", ['text\n"never ends\nmore\n', 'text\nfine\n"a"b\n', "text\n" + "x" * 2_000_000])
def test_broken_csv_is_incomplete_from_there_on(read, tmp_path, content):
    drafts = calendar(read, tmp_path, content)
    assert drafts[-1].document is None
    assert "from here on" in drafts[-1].error
    assert drafts[-1].line in {2, 3}


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_an_empty_calendar_is_not_clean(read, tmp_path, content):
    (draft,) = calendar(read, tmp_path, content)
    assert draft.error == "is empty"


def test_a_calendar_that_is_not_utf_8_is_incomplete(read, tmp_path):
    (draft,) = calendar(read, tmp_path, "text\nGrüße\n".encode("latin-1"))
    assert (draft.error, draft.line) == ("is not UTF-8", 2)
