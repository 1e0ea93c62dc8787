from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from connectors.errors import FatalError
from connectors.html_text import text_of
from connectors.mastodon_archive import MastodonArchiveConnector
from connectors.post import PostDefaults
from tests.connectors.zipped import MADE, zip_of

SECRET = "Quarterly-Secret"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
FOLLOWERS = "https://social.example/users/ana/followers"
ACTOR = {"id": "https://social.example/users/ana", "preferredUsername": "ana"}


def note(number=1, **more):
    url = f"https://social.example/users/ana/statuses/{number}"
    published = "2026-03-02T09:00:00Z"
    inner = {"id": url, "type": "Note", "content": f"<p>post {number}</p>", "published": published, "to": [PUBLIC]}
    return {"id": f"{url}/activity", "type": "Create", "published": published, "object": inner | more}


@pytest.fixture
def archive(tmp_path):
    """Write an archive of activities and read it."""

    def go(*activities, since=None, actor=ACTOR, **defaults):
        outbox = {"type": "OrderedCollection", "totalItems": len(activities), "orderedItems": activities}
        files = {"outbox.json": json.dumps(outbox)} | ({"actor.json": json.dumps(actor)} if actor else {})
        connector = MastodonArchiveConnector(zip_of(tmp_path / "archive.zip", files), PostDefaults(**defaults))
        return list(connector.pages(since))

    return go


def posts(pages):
    return [post for page in pages for post in page.posts]


def rejects(pages):
    return [(reject.place, reject.message) for page in pages for reject in page.rejects]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two<br>three<br/>four</p>", "one\n\ntwo\nthree\nfour"),
        ('<p><a class="u-url mention" href="https://s.example/@bo">@<span>bo</span></a> hi</p>', "@bo hi"),
        ('<a class="mention hashtag" href="https://s.example/tags/Soup">#<span>Soup</span></a>', "#Soup"),
        (
            '<a href="https://s.example/a/b"><i class="invisible">https://</i><i>s.example/a</i><i class="invisible">/b</i></a>',
            "https://s.example/a/b",
        ),
        ('<a href="https://evil.example">norwell.example</a>', "norwell.example (https://evil.example)"),
        ("<p>a &amp; b &lt;c&gt; &#128512; &nbsp;d</p>", "a & b <c> 😀 d"),
        ("<blockquote><p>quoted</p></blockquote><p>mine</p>", "> quoted\n\nmine"),
        ("<ul><li>a</li><li>b</li></ul>", "a\n\nb"),
        ("x<script>alert(1)</script>y<style>p{}</style>", "xy"),
        ('<img alt="soup" src="x">', "soup"),
        ("1 < 2 and 3 > 2 <3", "1 < 2 and 3 > 2 <3"),
        ("<P>مرحبا\n 🎉</P>", "مرحبا 🎉"),
        ("<!-- no comment -->", ""),
        ("<a href='x'>unclosed", "unclosed"),
        ("", ""),
    ],
)
def test_html_becomes_what_people_read(html, text):
    assert text_of(html) == text


def test_a_post_names_author_time_address_and_thread(archive):
    [post] = posts(
        archive(note(inReplyTo="https://other.example/1", conversation="tag:c", url="https://social.example/@ana/1"))
    )
    assert (post.external_id, post.kind, post.author, post.thread, post.is_reply, post.url, post.platform) == (
        "https://social.example/users/ana/statuses/1",
        "post",
        "ana@social.example",
        "tag:c",
        True,
        "https://social.example/@ana/1",
        "mastodon",
    )
    assert post.posted_at == datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_warning_choices_and_descriptions_of_pictures_are_part_of_the_text(archive):
    picture = {"mediaType": "image/png", "url": "/media/soup.png", "name": "a bowl"}
    [post] = posts(archive(note(type="Question", summary="lunch", attachment=[picture], oneOf=[{"name": "soup?"}])))
    assert post.text == "lunch\n\npost 1\n\nsoup?\n\na bowl"
    assert [(each.name, each.media_type) for each in post.attachments] == [("soup.png", "image/png")]


@pytest.mark.parametrize(
    ("to", "cc", "kind"),
    [
        ([PUBLIC], [FOLLOWERS], "post"),
        ([FOLLOWERS], [PUBLIC], "post"),
        ([FOLLOWERS], [], "post"),
        ("as:Public", None, "post"),
        (["https://other.example/users/bo"], [], "message"),
        ("https://other.example/users/bo", None, "message"),
    ],
)
def test_what_is_sent_to_people_alone_is_a_message(archive, to, cc, kind):
    assert posts(archive(note(to=to, cc=cc)))[0].kind == kind


def test_an_edit_is_dated_and_an_update_is_a_version(archive):
    edited = note(content="<p>later</p>", updated="2026-03-02T10:00:00Z")
    update = note(content="<p>last</p>") | {"type": "Update", "published": "2026-03-02T11:00:00Z"}
    found = posts(archive(note(updated="2026-03-02T09:00:00Z"), edited, update))
    assert len({post.external_id for post in found}) == 1
    assert [(post.text, post.edited_at and post.edited_at.hour) for post in found] == [
        ("post 1", None),
        ("later", 10),
        ("last", 11),
    ]


def test_a_share_has_no_words_of_its_own(archive):
    share = {"id": "https://social.example/a/9", "type": "Announce", "published": "2026-03-02T09:00:00Z"}
    for shared in ("https://other.example/5", {"id": "https://other.example/5"}, ["https://other.example/5"]):
        [post] = posts(archive(share | {"object": shared}))
        assert (post.kind, post.text, post.shared_from) == ("share", "", "https://other.example/5")


def test_a_deletion_is_a_version(archive):
    gone = {"type": "Delete", "object": {"id": "https://social.example/users/ana/statuses/1", "type": "Tombstone"}}
    [_, dated] = posts(archive(note(), gone | {"published": "2026-03-02T10:00:00Z"}))
    [_, undated] = posts(archive(note(), gone))
    assert (dated.deleted_at.hour, undated.deleted_at) == (10, datetime(*MADE, tzinfo=UTC))


@pytest.mark.parametrize("kind", ["Like", "Follow", "Move", "Undo"])
def test_other_activities_are_no_posts(archive, kind):
    pages = archive({"id": "x", "type": kind, "object": "y"})
    assert (posts(pages), rejects(pages)) == ([], [])


def test_a_change_of_the_profile_is_no_post(archive):
    pages = archive({"type": "Update", "object": {"type": "Person", "id": "https://social.example/users/ana"}})
    assert (posts(pages), rejects(pages)) == ([], [])


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (note(2, id=None), "id has the wrong type"),
        (note(2, content=17), "content has the wrong type"),
        (note(2, content=None), "content is missing"),
        (note(2, published="2026-03-02"), "published is not a time with a time zone"),
        (note(2, id="i" * 501), "external_id is longer than 500 characters"),
        (note(2, type="Video"), "object is no post"),
        (note(2) | {"object": None}, "object is missing"),
        (note(2) | {"type": None}, "type has the wrong type"),
        ({"type": "Announce", "object": "x"}, "id is missing"),
        ({"type": "Announce", "id": "x", "object": 5}, "object is missing"),
        ({"type": "Delete", "object": []}, "object is missing"),
        ([SECRET], "the record has the wrong type"),
    ],
)
def test_an_activity_that_cannot_be_read_is_a_reject_and_the_rest_is_read(archive, broken, fault):
    if isinstance(broken, dict):
        broken["note"] = SECRET
    pages = archive(note(1), broken, note(3))
    assert [post.text for post in posts(pages)] == ["post 1", "post 3"]
    assert rejects(pages) == [("archive.zip/outbox.json:2", fault)]
    assert SECRET not in repr([each.args for page in pages for each in page.rejects])


def test_without_an_actor_the_author_is_the_sources(archive):
    assert posts(archive(note(), actor=None, author="@team"))[0].author == "@team"
    assert posts(archive(note(), actor=ACTOR | {"id": "http://[broken"}))[0].author == "ana"


def test_an_unchanged_archive_gives_nothing_again_and_another_everything(archive):
    last = archive(note(1))[-1]
    assert archive(note(1), since=last.cursor) == []
    assert [page.restarted for page in archive(note(1), note(2), since=last.cursor)] == [True]


def test_a_tarball_is_to_be_unpacked_and_then_read(tmp_path):
    packed = tmp_path / "archive.tar.gz"
    packed.write_bytes(b"\x1f\x8b\x08\x00")
    with pytest.raises(FatalError, match=r"\.tar\.gz"):
        list(MastodonArchiveConnector(packed, PostDefaults()).pages(None))
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "outbox.json").write_text(json.dumps({"orderedItems": [note()]}))
    assert len(posts(MastodonArchiveConnector(folder, PostDefaults()).pages(None))) == 1
