from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import mbox
from connectors.errors import FatalError
from connectors.mbox import MboxConnector
from connectors.post import PostDefaults

SECRET = "Quarterly-Secret"
FROM = "From mboxrd@z Thu Jan  1 00:00:00 1970\n"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "list.mbox"


def mail(number, body="hello", *more, on_list=True):
    heads = [f"Message-ID: <{number}@example.org>", "From: ana@example.org", "Subject: s"]
    heads += ["List-Id: <dev.example.org>"] if on_list else []
    return FROM + "\n".join([*heads, *more, "", body, "", ""])


def read(path, since=None, **defaults):
    return list(MboxConnector(path, PostDefaults(**defaults)).pages(since))


def one(file, content, **defaults):
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    [page] = read(file, **defaults)
    [post] = page.posts
    return post


def ids(pages):
    return [post.external_id for page in pages for post in page.posts]


def texts(pages):
    return [post.text for page in pages for post in page.posts]


def rejects(pages):
    return [(reject.place, reject.message) for page in pages for reject in page.rejects]


def multipart(kind, *parts):
    lines = [f"--b{kind}\n{part}\n" for part in parts]
    return f"Content-Type: multipart/{kind}; boundary=b{kind}\n\n" + "".join(lines) + f"--b{kind}--\n"


def part(text, kind="text/plain", *more):
    return "\n".join([f"Content-Type: {kind}; charset=utf-8", *more, "", text])


def test_list_mail_is_a_post_and_mail_to_persons_a_message(file):
    file.write_text(mail(1) + mail(2, on_list=False))
    posts = read(file)[0].posts
    assert [(post.kind, post.channel, post.platform) for post in posts] == [
        ("post", "dev.example.org", "email"),
        ("message", None, "email"),
    ]


def test_the_source_names_channel_and_platform(file):
    post = one(file, mail(1), channel="dev", platform="lists")
    assert (post.channel, post.platform) == ("dev", "lists")


@pytest.mark.parametrize(
    ("line", "shown"),
    [(">From here", "From here"), (">>From", ">>From"), (">>From x", ">From x"), (">Fromage", ">Fromage")],
)
def test_lines_that_were_quoted_by_the_format_are_as_they_were(file, line, shown):
    assert one(file, mail(1, f"a\n{line}\nb")).text == f"s\n\na\n{shown}\nb"


def test_only_a_separator_after_a_blank_line_begins_a_message(file):
    body = f"we wrote\n{FROM}and\n\nFrom here on at 10 there is no year\n\nFrom 10:00 on"
    assert one(file, mail(1, body)).text == f"s\n\n{body}"


def test_the_key_is_the_message_id_and_copies_come_once(file):
    file.write_text(mail(1) + mail(2) + mail(1))
    assert ids(read(file)) == ["1@example.org", "2@example.org"]


def test_an_id_that_comes_again_with_other_content_gets_a_hash(file):
    file.write_text(mail(1, "one") + mail(1, "two") + mail(1, "two") + mail(1, "one"))
    first, second = ids(read(file))
    assert (first, second.startswith("1@example.org#")) == ("1@example.org", True)
    cursor = read(file)[-1].cursor
    with file.open("a") as more:
        more.write(mail(1, "two") + mail(1, "three"))
    assert len(set(ids(read(file, cursor))) - {first, second}) == 1


def test_a_message_without_an_id_has_a_key_that_stays(file):
    content = FROM + "From: a@example.org\nList-Id: <l>\n\nhello\n\n"
    key = one(file, content).external_id
    assert key.startswith("sha256:")
    file.write_text(mail(1) + content)
    assert ids(read(file)) == ["1@example.org", key]
    assert one(file, mail("x" * 600)).external_id.startswith("sha256:")


def test_a_list_copy_is_not_lost_behind_one_to_a_person(file):
    file.write_text(mail(1, on_list=False) + mail(1) + mail(1))
    assert [post.kind for post in read(file)[0].posts] == ["message", "post"]


@pytest.mark.parametrize(
    ("heads", "thread", "is_reply"),
    [
        ([], "1@example.org", False),
        (["References: <root@e> <b@e>", "In-Reply-To: <b@e>"], "root@e", True),
        (["References: <root@e>\n <b@e>"], "root@e", True),
        (["In-Reply-To: <b@e> from Ana"], "b@e", True),
        (["References: nonsense"], "1@example.org", False),
    ],
)
def test_threads(file, heads, thread, is_reply):
    post = one(file, mail(1, "x", *heads))
    assert (post.thread, post.is_reply) == (thread, is_reply)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Mon, 2 Mar 2026 09:00:00 +0100", datetime(2026, 3, 2, 8, tzinfo=UTC)),
        ("Mon, 2 Mar 2026 09:00:00 EST", datetime(2026, 3, 2, 14, tzinfo=UTC)),
        ("Mon, 2 Mar 2026 09:00:00 -0000", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("Mon, 2 Mar 2026 09:00:00", None),
        ("Mon, 2 Mar 2026 09:00:00 CEST", None),
        ("Mon, 99 Mar 2026 09:00:00 +0000", None),
        ("Mon, 2 Mar 10000 00:00:00 +1400", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_date_without_a_zone_is_unknown(file, date, expected):
    assert one(file, mail(1, "x", f"Date: {date}")).posted_at == expected


@pytest.mark.parametrize(
    ("heads", "body", "text"),
    [
        (["Content-Type: text/plain; charset=iso-8859-1"], "caf\xe9".encode("latin-1"), "café"),
        (["Content-Type: text/plain; charset=us-ascii"], "café 🎉".encode(), "café 🎉"),
        (
            ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"],
            b"caf=C3=A9 a=\nb",
            "café ab",
        ),
        (
            ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64"],
            b"2YXYsdit2KjYpw==",
            "مرحبا",
        ),
        (["Content-Type: text/html"], b"<p>a &amp; b<br>c</p>", "a & b\nc"),
        (["Content-Type: nonsense"], b"plain", "plain"),
        (["Content-Type: multipart/mixed"], b"no boundary", "no boundary"),
        (["Content-Type: text/plain; charset=punycode"], b"abc", "abc"),
        ([], b"nul \x00 stays", "nul \x00 stays"),
    ],
)
def test_bodies_are_decoded(file, heads, body, text):
    file.write_bytes(mail(1, "@@", *heads).encode().replace(b"@@", body))
    pages = read(file)
    assert (texts(pages), rejects(pages)) == ([f"s\n\n{text}"], [])


@pytest.mark.parametrize("charset", ["utf-8", "us-ascii", "x-unheard-of", "hex"])
def test_what_cannot_be_decoded_is_replaced_and_noted(file, charset):
    file.write_bytes(
        mail(1, "caf@@", f"Content-Type: text/plain; charset={charset}").encode().replace(b"@@", b"\xe9 x")
    )
    pages = read(file)
    assert texts(pages) == ["s\n\ncaf\ufffd x"]
    assert [place for place, _ in rejects(pages)] == ["list.mbox:1"]


def test_parts_are_read_in_order_and_attachments_only_named(file):
    alternative = multipart("alternative", part("plain"), part("<b>rich</b>", "text/html"))
    forwarded = f"Content-Type: message/rfc822\n\nFrom: b@example.org\nSubject: {SECRET}\n\n{SECRET}"
    attached = part(SECRET, "text/plain", 'Content-Disposition: attachment; filename="=?utf-8?q?p=C3=A9.txt?="')
    image = "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\nAAAA"
    body = multipart("mixed", alternative, attached, forwarded, image, part("-- \nfooter"))
    post = one(file, mail(1, "@@").replace("\n\n@@", "\n" + body))
    assert post.text == "s\n\nplain\n\n-- \nfooter"
    assert [(each.name, each.media_type) for each in post.attachments] == [
        ("pé.txt", "text/plain"),
        ("message/rfc822", "message/rfc822"),
        ("image/png", "image/png"),
    ]


@pytest.mark.parametrize(("plain", "text"), [("", "rich"), (" \n ", "rich"), ("plain", "plain")])
def test_html_is_read_where_the_plain_form_says_nothing(file, plain, text):
    body = multipart("alternative", part(plain), part("<b>rich</b>", "text/html"))
    assert one(file, mail(1, "@@").replace("\n\n@@", "\n" + body)).text == f"s\n\n{text}"


def test_a_message_nested_too_deeply_is_read_as_far_as_it_goes(file):
    body = part("innermost")
    for depth in range(40):
        body = f"Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n{part(f't{depth}')}\n--b{depth}\n{body}\n--b{depth}--\n"
    file.write_text(mail(1, "@@").replace("\n\n@@", "\n" + body) + mail(2))
    pages = read(file)
    assert "t39" in texts(pages)[0]
    assert "t1\n" not in texts(pages)[0]
    assert [message for _, message in rejects(pages)] == [
        "the message is nested too deeply; its innermost parts were not read"
    ]


@pytest.mark.parametrize(
    "heads",
    [
        "From: =?utf-8?b?!!!?= <ana@example.org",
        'From: "' + "(" * 3000,
        "From: <<<>>>,,;:@",
        "From: ana@",
        "Subject: =?x-no?q?=zz?=",
        "Subject: " + "=?utf-8?q?a?= " * 5000,
        "Content-Type: multipart/mixed",
        'Content-Type: multipart/mixed; boundary=""',
        "Content-Type: text/plain; charset*0*=x''%ff; charset=\xff",
        "Content-Transfer-Encoding: base64",
        "Content-Disposition: attachment; filename*=utf-8''%ff%",
        "\x00: \x00",
        "no header at all",
        "References: " + "<" * 100_000,
    ],
)
def test_malformed_headers_end_nothing(file, heads):
    file.write_text(FROM + f"List-Id: <l>\n{heads}\n\n{SECRET} @@@\n\n" + mail(2), encoding="utf-8")
    pages = read(file)
    assert "2@example.org" in ids(pages)
    assert len(ids(pages)) == 2 or [place for place, _ in rejects(pages)] == ["list.mbox:1"]
    assert SECRET not in repr(pages)


def test_no_address_stands_in_a_repr_or_an_error(file):
    file.write_bytes(mail(1, "@@", "Content-Type: text/plain; charset=utf-8").encode().replace(b"@@", b"\xff"))
    said = repr([(page, page.rejects[0].args, page.rejects[0].place) for page in read(file)])
    assert "ana@" not in said


@pytest.mark.parametrize(
    ("sender", "author"), [("Ana <ana@e.org>", "ana@e.org"), ("a@e.org, b@e.org", "a@e.org"), ("Ana", None)]
)
def test_the_author_is_the_address(file, sender, author):
    assert one(file, FROM + f"From: {sender}\nList-Id: <l>\n\nx\n\n").author == author


def test_unencoded_utf_8_in_headers_is_read(file):
    assert one(file, FROM + "Subject: Grüße 🎉\nList-Id: <l>\n\nx\n\n").text == "Grüße 🎉\n\nx"


def test_a_message_that_is_too_long_is_passed_over_in_little_memory(file, monkeypatch):
    monkeypatch.setattr(mbox, "MAX_MESSAGE", 100_000)
    with file.open("w") as out:
        out.write(mail(1) + mail(2, "x" * 5_000_000) + mail(3))
        out.writelines(["y" * 70 + "\n"] * 100_000)
        out.write("\n" + mail(4))
    tracemalloc.start()
    pages = read(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (ids(pages), len(rejects(pages))) == (["1@example.org", "4@example.org"], 2)
    assert peak < 10_000_000


def test_only_what_was_added_is_read_and_a_file_written_anew_from_its_beginning(file):
    file.write_text(mail(1) + mail(2))
    cursor = read(file)[-1].cursor
    assert read(file, cursor) == []
    with file.open("a") as more:
        more.write(mail(3))
    pages = read(file, cursor)
    assert (ids(pages), pages[0].restarted) == (["2@example.org", "3@example.org"], False)
    file.write_text(mail(9) + mail(2))
    anew = read(file, cursor)
    assert (ids(anew), anew[0].restarted) == (["9@example.org", "2@example.org"], True)


@given(st.data())
def test_a_file_cut_anywhere_and_continued_loses_nothing(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("cut") / "list.mbox"
    whole = "".join(mail(number, f"é🎉 {number}\n\n>From x\n") for number in range(4)).encode()
    cut = data.draw(st.integers(len(FROM), len(whole)))
    path.write_bytes(whole[:cut])
    first = read(path)
    path.write_bytes(whole)
    rest = read(path, first[-1].cursor if first else None)
    expected = {(post.external_id, post.text) for page in read(path) for post in page.posts}
    assert expected <= {(post.external_id, post.text) for page in [*first, *rest] for post in page.posts}


@pytest.mark.parametrize("content", ["Subject: a single mail\n\nhello\n", "From here on\n", '{"id": 1}\n', "\x00" * 99])
def test_what_is_no_mbox_is_refused(file, content):
    file.write_text(content)
    with pytest.raises(FatalError, match="does not begin like an mbox"):
        read(file)


@pytest.mark.parametrize("content", ["", "\n\n", FROM, FROM + "\n" + FROM + "\n"])
def test_a_file_without_messages_gives_no_post(file, content):
    file.write_text(content)
    assert ids(read(file)) == []


def test_windows_line_ends(file):
    file.write_bytes((mail(1, "a\n\nb") + mail(2)).replace("\n", "\r\n").encode())
    assert texts(read(file)) == ["s\n\na\n\nb", "s\n\nhello"]


def test_names_and_beginnings_tell_it(tmp_path):
    inbox, notes = tmp_path / "Inbox", tmp_path / "notes"
    inbox.write_text(mail(1))
    notes.write_text("From here on\n")
    paths = [Path("a.MBOX"), Path("a.mbx"), inbox, notes, tmp_path, tmp_path / "none", Path("a.txt")]
    assert [MboxConnector.recognises(path) for path in paths] == [True, True, True, False, False, False, False]
