from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from connectors.linkedin_export import LinkedInExportConnector
from connectors.post import PostDefaults
from connectors.text_csv import MAX_CELL, MAX_LINE
from tests.connectors.zipped import MADE, zip_of

SECRET = "Quarterly-Secret"
HEADER = ("Date", "ShareLink", "ShareCommentary", "SharedUrl", "MediaUrl", "Visibility")
LINK = "https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A{}"
MESSAGES = ("CONVERSATION ID", "CONVERSATION TITLE", "FROM", "SENDER PROFILE URL", "DATE", "SUBJECT", "CONTENT")


def table(header, *rows):
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue()


def share(number=1, text=None, *, date="2026-03-02 09:00:00", link=LINK, **more):
    text = f"post {number}" if text is None else text
    return (date, link.format(number), text, more.get("shared", ""), more.get("media", ""), "PUBLIC")


@pytest.fixture
def export(tmp_path):
    """Write an export of shares and other files and read it."""

    def go(*shares, since=None, made=MADE, **files):
        members = {"Shares.csv": table(HEADER, *shares)} | {f"{name}.csv": each for name, each in files.items()}
        path = zip_of(tmp_path / "linkedin.zip", members, made=made)
        return list(LinkedInExportConnector(path, PostDefaults()).pages(since))

    return go


def posts(pages):
    return [post for page in pages for post in page.posts]


def texts(pages):
    return [post.text for post in posts(pages)]


def rejects(pages):
    return [(reject.place, reject.message) for page in pages for reject in page.rejects]


def test_a_share_is_a_post_with_the_urn_of_its_link(export):
    profile = table(("First Name", "Last Name", "Headline"), ("Ana", "Alder", ""))
    [post] = posts(export(share(73), Profile=profile))
    assert (post.external_id, post.kind, post.author, post.platform, post.is_reply) == (
        "urn:li:share:73",
        "post",
        "Ana Alder",
        "linkedin",
        False,
    )
    assert (post.posted_at, post.edited_at, post.at) == (
        datetime(2026, 3, 2, 9, tzinfo=UTC),
        None,
        datetime(*MADE, tzinfo=UTC),
    )


def test_what_is_shared_stands_in_the_text_and_without_words_it_is_a_share(export):
    page = "https://norwell.example/news"
    found = posts(
        export(share(1, "look", shared=page), share(2, "", shared=page), share(3, f"see {page}", shared=page))
    )
    assert [(post.text, post.kind, post.shared_from) for post in found] == [
        (f"look\n{page}", "post", page),
        (page, "share", page),
        (f"see {page}", "post", page),
    ]


def test_a_picture_is_an_attachment(export):
    assert posts(export(share(media="https://pics.example/a.png")))[0].attachments[0].name == "a.png"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('He said "yes", twice', 'He said "yes", twice'),
        ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
        ('one"\n"two"\n""\n"three', "one\ntwo\n\nthree"),
        ('one"\n"two', "one\ntwo"),
        ('"\n', '"'),
        ("مرحبا 🎉 =1+1", "مرحبا 🎉 =1+1"),
        ("C:\\plant\\new", "C:\\plant\\new"),
    ],
)
def test_quirks_of_quoting_are_undone(export, cell, text):
    assert texts(export(share(1, cell), share(2))) == [text, "post 2"]


def test_backslashes_escape_quotes_in_comments_and_nothing_else(export):
    link = "https://www.linkedin.com/feed/update/urn:li:activity:5"
    raw = f'Date,Link,Message\n2026-03-02 09:00:00,{link},"a \\"b\\", C:\\new, \\\\ and ""c"""\n'
    [post] = posts(export(Comments=raw))
    assert (post.text, post.kind, post.thread, post.is_reply, post.external_id) == (
        'a "b", C:\\new, \\ and "c"',
        "comment",
        "urn:li:activity:5",
        True,
        "comment:urn:li:activity:5:20260302T090000",
    )


def test_messages_are_messages_and_drafts_are_not_sent(export):
    rows = [
        (
            "r1",
            "Lunch",
            "Bo Strand",
            "https://www.linkedin.com/in/bo-strand/",
            "2026-03-02 09:00:00 UTC",
            "",
            "soup?",
            "",
        ),
        ("r1", "Lunch", "Ana", "", "2026-03-02 09:00:00 UTC", "Re", "yes", "No"),
        ("r1", "Lunch", "Ana", "", "2026-03-02 09:01:00 UTC", "", "unsent", "Yes"),
        ("", "", "Ana", "", "2026-03-02 09:02:00 UTC", "", SECRET, "No"),
    ]
    pages = export(messages=table((*MESSAGES, "IS MESSAGE DRAFT"), *rows))
    assert [(post.kind, post.external_id, post.author, post.channel, post.text) for post in posts(pages)] == [
        ("message", "message:r1:20260302T090000:bo-strand", "Bo Strand", "Lunch", "soup?"),
        ("message", "message:r1:20260302T090000:Ana", "Ana", "Lunch", "Re\n\nyes"),
    ]
    assert rejects(pages) == [("linkedin.zip/messages.csv:5", "CONVERSATION ID is missing")]


@pytest.mark.parametrize("name", ["Shares_7789716", "shares", "Shares (1)", "Complete/Shares_1 (2)"])
def test_names_with_numbers_are_read(export, name):
    assert "extra" in texts(export(share(1), **{name: table(HEADER, share(2, "extra"))}))


def test_columns_are_found_by_name_in_any_order_and_number(export):
    older = table(("ShareCommentary", "X", "ShareLink", "Date"), ("old", "", LINK.format(9), "2026-03-02 09:00:00"))
    assert texts(export(Shares_1=older)) == ["old"]


def test_a_byte_order_mark_is_nothing_and_other_encodings_are_rejects(export):
    assert texts(export(Shares_1="\ufeff" + table(HEADER, share(1)))) == ["post 1"]
    pages = export(Shares_1=table(HEADER, share(1)).encode("utf-16"))
    assert rejects(pages) == [
        ("linkedin.zip/Shares_1.csv:1", "is UTF-16 or UTF-32, not UTF-8; nothing from this line on was read")
    ]
    raw = table(HEADER, share(1), share(2, "XX " + SECRET), share(3)).encode().replace(b"XX", b"\xe9")
    pages = export(Shares_1=raw)
    assert (texts(pages), rejects(pages)) == (
        ["post 1", "post 3"],
        [("linkedin.zip/Shares_1.csv:3", "the row is not UTF-8")],
    )


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (share(2, SECRET, date="yesterday"), "Date is not a time such as 2026-03-02 09:00:00"),
        (share(2, SECRET, date=""), "Date is not a time such as 2026-03-02 09:00:00"),
        (share(2, SECRET, link=""), "ShareLink names no post"),
        ((SECRET,), "the row has 1 cells, but the header 6"),
        (share(2, SECRET + "x" * MAX_CELL), "the row is not valid CSV"),
    ],
)
def test_a_row_that_cannot_be_read_is_a_reject_and_the_rest_is_read(export, row, fault):
    pages = export(share(1), row, share(3))
    assert (texts(pages), rejects(pages)) == (["post 1", "post 3"], [("linkedin.zip/Shares.csv:3", fault)])
    assert SECRET not in repr([(each.args, each.__context__) for page in pages for each in page.rejects])


def test_a_file_without_its_columns_is_a_reject(export):
    pages = export(share(1), Comments="Date,Link\n1,2\n")
    assert (texts(pages), rejects(pages)) == (["post 1"], [("linkedin.zip/Comments.csv", "has no column Message")])


def test_a_line_without_end_stops_the_file_with_one_reject(export):
    pages = export(share(1), Comments=b"Date,Link,Message\n" + bytes(range(65, 91)) * (MAX_LINE // 10))
    assert texts(pages) == ["post 1"]
    assert "line longer than 1 MB" in rejects(pages)[0][1]


def test_the_member_says_something_about_themselves(export):
    profile = table(("First Name", "Last Name", "Headline", "Summary"), ("Ana", "Alder", "Plants", "I grow."))
    [post] = posts(export(Profile=profile))
    assert (post.kind, post.text, post.posted_at) == ("profile", "Plants\n\nI grow.", None)


def test_an_unchanged_export_gives_nothing_again_and_pages_resume(export):
    shares = [share(number) for number in range(1500)]
    pages = export(*shares)
    assert [len(page.posts) for page in pages] == [1000, 500]
    assert texts(export(*shares, since=pages[0].cursor)) == texts(pages)[1000:]
    assert export(*shares, since=pages[-1].cursor) == []
