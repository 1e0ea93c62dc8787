from __future__ import annotations

import gzip
import json
import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import FatalError, SkippableError
from connectors.jsonl import MAX_LINE, JsonlConnector
from connectors.jsonl_record import parse_line
from connectors.post import PostDefaults

SECRET = "Quarterly-Secret"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "posts.jsonl"


def line(number, **more):
    return json.dumps({"id": f"p{number}", "text": f"post {number}"} | more) + "\n"


def read(path, since=None, **defaults):
    return list(JsonlConnector(path, PostDefaults(**defaults)).pages(since))


def ids(pages):
    return [post.external_id for page in pages for post in page.posts]


def rejects(pages):
    return [(reject.place, reject.message) for page in pages for reject in page.rejects]


def one(file, **record):
    file.write_text(json.dumps({"id": "p1", "text": "hello"} | record))
    [page] = read(file)
    return page


def test_all_keys_are_read_and_unknown_ones_ignored(file):
    [post] = one(
        file,
        id=7,
        kind="comment",
        user="@ana",
        audience="internal",
        thread="t",
        shared_from="p0",
        is_reply=True,
        posted_at="2026-03-01T09:30:00+01:00",
        url="https://example.org/7",
        attachments=[{"name": "a.png", "media_type": "image/png", "size": 3}],
        likes=9,
    ).posts
    assert (post.external_id, post.kind, post.author, post.audience, post.thread, post.is_reply) == (
        "7",
        "comment",
        "@ana",
        "internal",
        "t",
        True,
    )
    assert (post.posted_at, post.attachments[0].name) == (datetime(2026, 3, 1, 8, 30, tzinfo=UTC), "a.png")


def test_defaults_stand_in_where_the_line_is_silent(file):
    file.write_text(line(1) + line(2, platform="x", audience="internal", kind=None))
    [page] = read(file, platform="mastodon", audience="external", kind="comment", author="@team", channel="news")
    assert [(post.platform, post.audience, post.kind, post.author, post.channel) for post in page.posts] == [
        ("mastodon", "external", "comment", "@team", "news"),
        ("x", "internal", "comment", "@team", "news"),
    ]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"text": 5}, "text has the wrong type"),
        ({"text": None}, "text has the wrong type"),
        ({"id": None}, "id is missing"),
        ({"id": ""}, "id is missing"),
        ({"id": True}, "id is neither a string nor an integer"),
        ({"id": 1.5}, "id is neither a string nor an integer"),
        ({"id": "i" * 501}, "id is longer than 500 characters"),
        ({"kind": "rumour"}, "kind is none of post, comment, share, reaction, profile, scheduled, message"),
        ({"audience": "all"}, "audience is none of internal, external"),
        ({"posted_at": "2026-03-01T09:30:00"}, "posted_at is not a time with a time zone"),
        ({"posted_at": "2026-03-01"}, "posted_at is not a time with a time zone"),
        ({"posted_at": 1772353800}, "posted_at is not a time with a time zone"),
        ({"posted_at": "0001-01-01T00:00:00+14:00"}, "posted_at is not a time with a time zone"),
        ({"author": {}, "is_reply": "yes"}, "author has the wrong type; is_reply has the wrong type"),
        ({"author": "a" * 301}, "author is longer than 300 characters"),
        ({"attachments": [{}]}, "attachments.0.name is missing"),
        ({"attachments": "a.png"}, "attachments has the wrong type"),
    ],
)
def test_a_wrong_value_is_named_and_not_quoted(file, record, message):
    page = one(file, **record)
    assert (page.posts, rejects([page])) == ((), [("posts.jsonl:1", message)])


def test_a_naive_time_comes_with_a_hint(file):
    assert "2026-03-01T09:30:00+01:00" in one(file, posted_at="2026-03-01T09:30:00").rejects[0].hint


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"id": "p2", "text": "Quarterly-Secret', "the line is not valid JSON"),
        (b'["Quarterly-Secret"]', "the line is not a JSON object"),
        (b'"Quarterly-Secret"', "the line is not a JSON object"),
        (b"\xff\xfeQuarterly-Secret", "the line is not UTF-8"),
        (b'{"id": "p2", "text": "Quarterly-Secret \xed\xa0\x80"}', "the line is not UTF-8"),
        (b'{"id": "p2"}', "text is missing"),
        (b'{"id": "p2", "Quarterly-Secret": ' + b"[" * 200_000, "the line is nested too deeply"),
        (b'{"id": ' + b"9" * 5000 + b', "text": "Quarterly-Secret"}', "the line is not valid JSON"),
    ],
)
def test_a_bad_line_is_a_reject_and_the_rest_is_read(file, raw, message):
    file.write_bytes(line(1).encode() + raw + b"\n" + line(3).encode())
    pages = read(file)
    assert (ids(pages), rejects(pages)) == (["p1", "p3"], [("posts.jsonl:2", message)])
    assert SECRET not in repr(
        [(each, each.args, each.hint, each.__cause__, each.__context__) for page in pages for each in page.rejects]
    )


def test_a_line_that_is_too_long_is_passed_over(file):
    file.write_bytes(line(1).encode() + b'{"id": "p2", "text": "' + b"x" * MAX_LINE + b'"}\n' + line(3).encode())
    pages = read(file)
    assert (ids(pages), rejects(pages)) == (["p1", "p3"], [("posts.jsonl:2", "the line is longer than 16 MB")])
    assert read(file, pages[-1].cursor) == []


def test_blank_lines_count_as_lines_and_give_nothing(file):
    file.write_text("\n  \n" + line(1) + "\t\nbroken\n")
    pages = read(file)
    assert (ids(pages), rejects(pages)) == (["p1"], [("posts.jsonl:5", "the line is not valid JSON")])


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(file):
    file.write_bytes(
        b"\xef\xbb\xbf" + line(1).encode().replace(b"\n", b"\r\n") + line(2).encode().replace(b"\n", b"\r\n")
    )
    assert ids(read(file)) == ["p1", "p2"]


def test_surrogates_and_nul_are_kept(file):
    file.write_text('{"id": "p1", "text": "a\\ud800b\\u0000c 🎉"}')
    assert read(file)[0].posts[0].text == "a\ud800b\x00c 🎉"


def test_a_separator_inside_a_text_ends_no_line(file):
    file.write_text(json.dumps({"id": "p1", "text": "a\u2028b\x85c"}, ensure_ascii=False))
    assert read(file)[0].posts[0].text == "a\u2028b\x85c"


def test_a_deletion_needs_no_text_and_no_time(file):
    file.write_text('{"id": "p1", "deleted": true}\n{"id": "p2", "deleted_at": "2026-03-01T09:30:00Z"}\n')
    os.utime(file, (1_800_000_000, 1_800_000_000))
    [page] = read(file)
    assert [post.deleted_at for post in page.posts] == [
        datetime.fromtimestamp(1_800_000_000, UTC),
        datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    ]


def test_a_deletion_without_a_time_is_never_before_its_post(file):
    file.write_text(json.dumps({"id": "p1", "deleted": True, "edited_at": "2040-01-01T00:00:00Z"}))
    os.utime(file, (1_000_000_000, 1_000_000_000))
    assert read(file)[0].posts[0].deleted_at == datetime(2040, 1, 1, tzinfo=UTC)


def test_pages_are_bounded_in_posts(file):
    file.write_text("".join(line(number) for number in range(2500)))
    assert [len(page.posts) for page in read(file)] == [1000, 1000, 500]


def test_pages_are_bounded_in_bytes(file):
    file.write_text("".join(line(number, text="x" * 3_000_000) for number in range(7)))
    assert [len(page.posts) for page in read(file)] == [3, 3, 1]


def test_position_and_size_are_bytes(file):
    file.write_text("".join(line(number) for number in range(1500)))
    assert (
        [page.position for page in read(file)][-1] == JsonlConnector(file, PostDefaults()).size() == file.stat().st_size
    )


def test_an_empty_file_gives_no_page(file):
    file.touch()
    assert read(file) == []


def test_only_what_was_added_is_read_after_the_cursor(file):
    file.write_text(line(1))
    cursor = read(file)[-1].cursor
    with file.open("a") as more:
        more.write(line(2) + "broken\n")
    pages = read(file, cursor)
    assert (ids(pages), rejects(pages), pages[0].restarted) == (
        ["p2"],
        [("posts.jsonl:3", "the line is not valid JSON")],
        False,
    )


@pytest.mark.parametrize("rewritten", [line(9) + line(2), line(1), line(9) + line(2) + line(3), ""])
def test_a_file_written_anew_is_read_from_its_beginning(file, rewritten):
    file.write_text(line(1) + line(2))
    cursor = read(file)[-1].cursor
    file.write_text(rewritten)
    pages = read(file, cursor)
    assert ids(pages) == [json.loads(each)["id"] for each in rewritten.splitlines()]
    assert all(page.restarted for page in pages)


@pytest.mark.parametrize(
    "cursor",
    ["", "{}", "[]", "17", '{"offset": -1, "line": 0, "sha256": ""}', '{"offset": "a", "line": 1, "sha256": ""}'],
)
def test_a_cursor_that_cannot_be_read_begins_anew(file, cursor):
    file.write_text(line(1))
    assert ids(read(file, cursor)) == ["p1"]


def test_a_last_line_still_being_written_is_reported_and_read_when_whole(file):
    file.write_text(line(1) + line(2)[:20])
    pages = read(file)
    assert (ids(pages), rejects(pages)) == (["p1"], [("posts.jsonl:2", "the line is not valid JSON")])
    assert pages[-1].rejects[0].pending
    file.write_text(line(1) + line(2))
    assert ids(read(file, pages[-1].cursor)) == ["p2"]


def test_a_whole_last_line_without_its_end_is_read_once(file):
    file.write_text(line(1) + line(2).rstrip())
    pages = read(file)
    assert (ids(pages), rejects(pages)) == (["p1", "p2"], [])
    with file.open("a") as more:
        more.write("\n" + line(3))
    assert ids(read(file, pages[-1].cursor)) == ["p3"]


@given(st.data())
def test_a_file_cut_anywhere_and_continued_loses_nothing(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("cut") / "posts.jsonl"
    whole = "".join(line(number, text="é🎉" * number) for number in range(4)).encode()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    first = read(path)
    path.write_bytes(whole)
    rest = read(path, first[-1].cursor if first else None)
    assert sorted(ids(first) + ids(rest)) == ["p0", "p1", "p2", "p3"]


def test_no_such_file_a_folder_and_a_compressed_file_are_fatal(tmp_path):
    packed = tmp_path / "posts.jsonl.gz"
    packed.write_bytes(gzip.compress(line(1).encode()))
    for path, message in [(tmp_path / "none.jsonl", "no such file"), (tmp_path, "a folder"), (packed, "compressed")]:
        with pytest.raises(FatalError, match=message) as error:
            read(path)
        assert error.value.hint


def test_no_permission_is_fatal(file, monkeypatch):
    file.write_text(line(1))
    if os.geteuid() == 0:
        # Root may read everything, so the system's answer is given in its place.
        def refuse(*_args, **_options):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(type(file), "open", refuse)
    else:
        file.chmod(0)
    with pytest.raises(FatalError, match="no permission"):
        read(file)


def test_a_draft_to_check_needs_no_id():
    assert parse_line(b'{"text": "hello"}', place="drafts.jsonl:1", needs_id=False).text == "hello"
    with pytest.raises(SkippableError, match="id is missing"):
        parse_line(b'{"text": "hello"}', place="drafts.jsonl:1")


def test_a_record_shows_no_words_in_its_repr():
    record = parse_line(json.dumps({"id": "1", "text": SECRET, "author": SECRET}).encode(), place="posts.jsonl:1")
    assert SECRET not in repr(record)


def test_a_long_file_is_streamed(file):
    import tracemalloc

    with file.open("w") as out:
        for number in range(60):
            out.write(line(number, text="x" * 1_000_000))
    tracemalloc.start()
    assert sum(len(page.posts) for page in JsonlConnector(file, PostDefaults()).pages(None)) == 60
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000
