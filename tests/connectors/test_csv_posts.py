from __future__ import annotations

import csv
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import csv_rows
from connectors.csv_posts import CsvConnector, CsvSettings
from connectors.csv_rows import ends_open
from connectors.errors import FatalError
from connectors.post import PostDefaults

SECRET = "Quarterly-Secret"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "posts.csv"


def read(path, since=None, **settings):
    return list(CsvConnector(path, PostDefaults(platform="x"), CsvSettings(**settings)).pages(since))


def texts(pages):
    return [post.text for page in pages for post in page.posts]


def rejects(pages):
    return [(reject.place, reject.message) for page in pages for reject in page.rejects]


def refused(file, content, **settings):
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(FatalError) as error:
        read(file, **settings)
    assert error.value.hint
    return error.value


def test_columns_are_mapped_by_the_source(file):
    file.write_text('Nr,Body,Who,Date (UTC),Page\n7,"hi, all",@ana,2026-03-01 09:30,https://e.org/7\n')
    settings = {
        "columns": {"id": "Nr", "text": "Body", "author": "Who", "posted_at": "Date (UTC)"},
        "timezone": "UTC",
    }
    [page] = read(file, **settings)
    [post] = page.posts
    assert (post.external_id, post.text, post.author, post.platform) == ("7", "hi, all", "@ana", "x")
    assert post.posted_at == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_told_from_the_header(file, delimiter):
    file.write_text(delimiter.join(["id", "text", "likes"]) + "\n" + delimiter.join(["1", '"a,b;c|d\te"', "3"]) + "\n")
    assert texts(read(file)) == ["a,b;c|d\te"]


def test_a_line_of_excel_declares_the_delimiter(file):
    file.write_bytes(b"\xef\xbb\xbfsep=;\r\nid;text\r\n1;a,b,c\r\n")
    assert texts(read(file)) == ["a,b,c"]


def test_header_names_may_be_spelled_by_people(file):
    file.write_text(" ID ,Text,Posted At,User\n1,hello,2026-03-01T09:30:00Z,@ana\n")
    [post] = read(file)[0].posts
    assert (post.posted_at, post.author) == (datetime(2026, 3, 1, 9, 30, tzinfo=UTC), "@ana")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_encodings_with_a_mark_are_read_and_resumed(file, encoding):
    # U+0A0A and U+0A41 hold the byte of a line end in both halves.
    rows = ["id,text\r\n", '1,"ਊ\nਁ 🎉"\r\n', "2,مرحبا\r\n"]
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    file.write_bytes(mark + "".join(rows).encode(encoding))
    pages = read(file)
    assert texts(pages) == ["ਊ\nਁ 🎉", "مرحبا"]
    with file.open("ab") as more:
        more.write("3,more\r\n".encode({"utf-16": "utf-16-le", "utf-8-sig": "utf-8"}.get(encoding, encoding)))
    assert texts(read(file, pages[-1].cursor)) == ["more"]
    assert rejects(read(file)) == []


def test_latin_1_is_refused_with_a_hint(file):
    file.write_bytes("id,text\n1,ok\n2,café\n3,ok\n".encode("latin-1"))
    pages = read(file)
    assert (texts(pages), rejects(pages)) == (["ok", "ok"], [("posts.csv:3", "the row is not UTF-8")])
    assert "UTF-8" in pages[0].rejects[0].hint
    assert "not UTF-8" in refused(file, "id,größe,text\n".encode("latin-1")).message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,text\n".encode("utf-32"), "UTF-32"),
        ("id,text\n1,a\n".encode("utf-16-le"), "UTF-16 without a byte order mark"),
        ("id,text\r1,a\r", "carriage return alone"),
        ('id,"text\n1,a\n', "never closed"),
        ("id,text,text\n1,a,b\n", "two columns hold text"),
        ("nr,body\n1,a\n", "no column holds text; no column holds id, nor url"),
        (b"PK\x03\x04rest", "compressed (zip)"),
    ],
)
def test_a_file_without_a_usable_header_is_refused(file, content, message):
    assert message in refused(file, content).message


def test_all_faults_of_a_header_come_at_once_with_the_columns_there_are(file):
    error = refused(file, "id,Körper,Körper 2\n", columns={"text": "Body", "author": "Who"})
    assert error.message == "there is no column 'Body' for text; there is no column 'Who' for author"
    assert "columns: id, Körper, Körper 2" in error.hint


def test_a_first_row_that_is_a_post_is_not_repeated(file):
    error = refused(file, f"17,{SECRET} ships,ana@example.org\n")
    assert SECRET not in f"{error} {error.hint}"
    assert "is the header missing?" in error.hint


def test_without_an_id_the_address_is_the_key(file):
    file.write_text("url,text\nhttps://e.org/1,hello\n")
    assert read(file)[0].posts[0].external_id == "https://e.org/1"


@pytest.mark.parametrize(
    ("cell", "settings", "expected"),
    [
        ("2026-07-01 12:00", {"timezone": "Europe/Berlin"}, "2026-07-01T10:00:00+00:00"),
        ("2026-07-01 12:00:00+05:00", {"timezone": "Europe/Berlin"}, "2026-07-01T07:00:00+00:00"),
        ("2026-07-01 12:00:00 UTC", {}, "2026-07-01T12:00:00+00:00"),
        ("2026-10-25 02:30", {"timezone": "Europe/Berlin"}, "2026-10-25T00:30:00+00:00"),
        ("1/7/2026 9:05", {"timezone": "UTC", "time_format": "%d/%m/%Y %H:%M"}, "2026-07-01T09:05:00+00:00"),
        ("1/7/2026 9:05 +0200", {"time_format": "%d/%m/%Y %H:%M %z"}, "2026-07-01T07:05:00+00:00"),
        ("2026-07-01 12:00", {}, None),
        ("2026-07-01", {"timezone": "UTC"}, None),
        ("1/7/2026 9:05", {"timezone": "UTC"}, None),
        ("1772353800", {"timezone": "UTC"}, None),
        ("0001-01-01 00:00", {"timezone": "Asia/Tokyo"}, None),
    ],
)
def test_a_time_is_read_or_refused_and_never_guessed(file, cell, settings, expected):
    file.write_text(f"id,text,posted_at\n1,hello,{cell}\n")
    [page] = read(file, **settings)
    assert [post.posted_at.isoformat() for post in page.posts] == ([expected] if expected else [])
    assert len(page.rejects) == int(expected is None)


def test_a_naive_time_says_what_to_set(file):
    file.write_text("id,text,posted_at\n1,hello,2026-07-01 12:00\n")
    pages = read(file)
    assert "timezone:" in pages[0].rejects[0].hint
    mended = read(file, pages[-1].cursor, timezone="UTC")
    assert (texts(mended), mended[0].restarted) == (["hello"], True)


def test_an_unknown_zone_is_refused():
    for zone in ("Mars/Base", "../../etc/passwd", "", "\0"):
        with pytest.raises(ValueError, match="time zone"):
            CsvSettings(timezone=zone)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (f"2,{SECRET}", "the row has 2 cells, the header 3"),
        (f"2,{SECRET},,x", "the row has 4 cells, the header 3"),
        (f'2,"{SECRET}" more,', "a quote is closed in the middle of a cell"),
        (f",{SECRET},", "id is missing"),
        (f"2,{SECRET},maybe", "is_reply has the wrong type"),
        (f"{'2' * 501},{SECRET},", "id is longer than 500 characters"),
        (f'2,"{SECRET * 90_000}",', "a cell is longer than 1,048,576 characters"),
    ],
)
def test_a_bad_row_is_a_reject_and_the_rest_is_read(file, row, message):
    file.write_text(f"id,text,is_reply\n1,a,\n{row}\n3,c,yes\n")
    pages = read(file)
    assert (texts(pages), rejects(pages)) == (["a", "c"], [("posts.csv:3", message)])
    assert SECRET not in repr([(each, each.hint, each.__context__) for page in pages for each in page.rejects])


def test_trailing_empty_cells_blank_lines_and_nul_are_borne(file):
    file.write_bytes(b"\n\nid,text\n\n1,a\x00b,,,\n , \n\n2,\xf0\x9f\x8e\x89\n")
    pages = read(file)
    assert texts(pages) == ["a\0b", "🎉"]
    assert [place for place, _ in rejects(pages)] == ["posts.csv:6"]


def test_deletions_attachments_and_line_breaks(file):
    file.write_text('id,text,deleted,attachments\n1,"a\n\nb",no,a.png; https://e.org/x/b.pdf\n1,,true,\n')
    first, second = read(file)[0].posts
    assert (first.text, [each.name for each in first.attachments]) == ("a\n\nb", ["a.png", "b.pdf"])
    assert second.deleted_at is not None


def test_a_quote_never_closed_ends_the_reading_until_it_is(file):
    file.write_text('id,text\n1,a\n2,"b\n3,c\n')
    pages = read(file)
    assert (texts(pages), [place for place, _ in rejects(pages)]) == (["a"], ["posts.csv:3"])
    assert pages[-1].rejects[0].pending
    with file.open("a") as more:
        more.write('"\n4,d\n')
    assert texts(read(file, pages[-1].cursor)) == ["b\n3,c\n", "d"]


def test_a_row_that_is_too_long_is_passed_over_in_little_memory(file, monkeypatch):
    monkeypatch.setattr(csv_rows, "MAX_ROW", 1000)
    with file.open("w") as out:
        out.write('id,text\n1,a\n2,"')
        out.writelines("x" * 90 + ',""y""\n' for _ in range(60_000))
        out.write('"\n3,c\n4,' + "z" * 5_000_000 + "\n5,e\n")
    tracemalloc.start()
    pages = read(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (texts(pages), [place for place, _ in rejects(pages)]) == (
        ["a", "c", "e"],
        ["posts.csv:3", "posts.csv:60005"],
    )
    assert peak < 3_000_000


def test_only_what_was_added_is_read_and_a_file_written_anew_from_its_beginning(file):
    file.write_text("id,text\n1,a\n")
    cursor = read(file)[-1].cursor
    with file.open("a") as more:
        more.write("2,b\n")
    pages = read(file, cursor)
    assert (texts(pages), pages[0].restarted, read(file, pages[-1].cursor)) == (["b"], False, [])
    file.write_text("id,text\n9,a\n2,b\n")
    anew = read(file, pages[-1].cursor)
    assert (texts(anew), anew[0].restarted) == (["a", "b"], True)


@pytest.mark.parametrize("content", ["", "\n \n", "id,text\n", "\ufeff"])
def test_a_file_without_rows_gives_no_page(file, content):
    file.write_text(content)
    assert read(file) == []


def test_pages_are_bounded(file):
    file.write_text("id,text\n" + "".join(f"{number},x\n" for number in range(2500)))
    pages = read(file)
    assert [len(page.posts) for page in pages] == [1000, 1000, 500]
    assert pages[-1].position == file.stat().st_size


CELL = st.lists(st.sampled_from(["a", '"', ",", "\n", "\r\n", "é", "🎉", " "]), max_size=6).map(
    lambda pieces: "".join(["x", *pieces])
)


@given(st.lists(CELL, min_size=1, max_size=5), st.data())
def test_a_file_cut_anywhere_and_continued_loses_nothing(tmp_path_factory, cells, data):
    path = tmp_path_factory.mktemp("cut") / "posts.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([["id", "text", "n"], *([number, text, 0] for number, text in enumerate(cells))])
    whole = path.read_bytes()
    cut = data.draw(st.integers(len(b"id,text,n\r\n"), len(whole)))
    path.write_bytes(whole[:cut])
    first = read(path)
    path.write_bytes(whole)
    rest = read(path, first[-1].cursor if first else None)
    found = {post.external_id: post.text for page in [*first, *rest] for post in page.posts}
    assert found == {str(number): text for number, text in enumerate(cells)}


@given(st.text(st.sampled_from(['"', ",", "a", "\n"]), max_size=12))
def test_open_lines_are_those_that_python_reads_on_from(text):
    is_open = False
    for line in text.splitlines(keepends=True):
        is_open = ends_open(line, ",", is_open=is_open)
        if not is_open:
            break
    # After a quote that is closed in the middle of a cell Python reads no further; the row is refused either way.
    assert python_says(text) == "wrong" or is_open == (python_says(text) == "open")


def python_says(text):
    try:
        next(csv.reader(iter(text.splitlines(keepends=True)), strict=True), None)
    except csv.Error as error:
        return "open" if "unexpected end" in str(error) else "wrong"
    return "whole"


def test_names_tell_it():
    assert [CsvConnector.recognises(path) for path in map(Path, ["a.CSV", "a.tsv", "a.txt", "csv"])] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("header", "day"),
    [
        ("id,text,Date", 5),
        ("id,text,Published At", 5),
        ("id,text,date,posted_at", 6),
        ("id,text,date,timestamp", None),  # two that could be meant
    ],
)
def test_a_column_that_is_plainly_the_time_is_not_lost(file, header, day):
    last = ",2026-03-06T10:00Z" if header.count(",") > 2 else ""
    file.write_text(f"{header}\n1,hello,2026-03-05T10:00Z{last}\n")
    (post,) = [post for page in read(file) for post in page.posts]
    assert (post.posted_at and post.posted_at.day) == day


def test_a_date_without_an_hour_is_said_and_not_guessed(file):
    file.write_text("id,text,date\n1,hello,2026-03-05\n")
    assert "posted_at is not a time" in rejects(read(file))[0][1]
