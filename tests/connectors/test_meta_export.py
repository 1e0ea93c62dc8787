from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from connectors.meta_export import MetaExportConnector, repaired
from connectors.post import PostDefaults
from tests.connectors.zipped import MADE, zip_of

SECRET = "Quarterly-Secret"
FB_POSTS = "your_facebook_activity/posts/your_posts__check_ins__photos_and_videos_1.json"
IG_POSTS = "your_instagram_activity/content/posts_1.json"
TALK = "your_facebook_activity/messages/inbox/boostrand_10223/message_1.json"


def broken_up(text):
    """Text as these exports write it."""
    return text.encode().decode("latin-1")


def entry(text="hello", at=1772442000, **more):
    return {"timestamp": at, "data": [{"post": text}]} | more


@pytest.fixture
def export(tmp_path):
    """Write a download of these files and read it."""

    def go(files, since=None, **defaults):
        path = zip_of(tmp_path / "meta.zip", {name: json.dumps(content) for name, content in files.items()})
        return list(MetaExportConnector(path, PostDefaults(**defaults)).pages(since))

    return go


def posts(pages):
    return [post for page in pages for post in page.posts]


def rejects(pages):
    return [(reject.place, reject.message) for page in pages for reject in page.rejects]


@pytest.mark.parametrize("text", ["Grüße 🎉", "مرحبا", "plain", "", "naïve café"])
def test_broken_text_is_repaired(text):
    assert repaired({"a": [broken_up(text), 1, None]}) == {"a": [text, 1, None]}


@pytest.mark.parametrize("text", ["already 🎉", "caf\u00e9", "\ud800", "£5"])
def test_text_that_was_never_broken_stays(text):
    assert repaired(text) == text


def test_a_facebook_post_has_time_author_and_pictures(export):
    person = {"profile_v2": {"name": {"full_name": broken_up("Ana Ålder")}}}
    picture = {"data": [{"media": {"uri": "x/posts/media/soup.jpg", "title": "lunch", "description": "hello"}}]}
    files = {FB_POSTS: [entry(attachments=[picture])], "x/profile_information.json": person}
    [post] = posts(export(files))
    assert (post.external_id, post.text, post.author, post.platform, post.kind) == (
        "post:1772442000:soup.jpg",
        "hello\nlunch",
        "Ana Ålder",
        "facebook",
        "post",
    )
    assert (post.posted_at, post.at) == (datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(*MADE, tzinfo=UTC))
    assert [(each.name, each.media_type) for each in post.attachments] == [("soup.jpg", "image/jpeg")]


@pytest.mark.parametrize(
    "name",
    [
        FB_POSTS,
        "your_activity_across_facebook/posts/your_posts_2.json",
        "posts/your_posts_1.json",
        "your_posts.json",
    ],
)
def test_files_are_known_by_name_and_not_by_folder(export, name):
    assert [post.text for post in posts(export({name: [entry()]}))] == ["hello"]


def test_an_update_is_an_edit_of_the_same_post(export):
    later = entry("hello again") | {"data": [{"post": "hello again"}, {"update_timestamp": 1772442600}]}
    first, second = posts(export({FB_POSTS: [entry(), later]}))
    assert (first.external_id, first.edited_at) == (second.external_id, None)
    assert second.edited_at == datetime(2026, 3, 2, 9, 10, tzinfo=UTC)


def test_a_shared_page_without_words_is_a_share_and_an_activity_is_nothing(export):
    page = {"data": [{"external_context": {"url": "https://norwell.example/news"}}]}
    activity = {"timestamp": 1772442000, "title": "Ana updated her status.", "data": []}
    [share, post] = posts(
        export({FB_POSTS: [entry("", attachments=[page]), entry("look", 1772442001, attachments=[page]), activity]})
    )
    assert (share.kind, share.text, share.shared_from) == ("share", "https://norwell.example/news", share.text)
    assert (post.kind, post.text) == ("post", "look\nhttps://norwell.example/news")


def test_comments_and_group_posts_are_read(export):
    said = {"timestamp": 1772442000, "data": [{"comment": {"comment": "nice", "author": "Ana", "group": "Gardeners"}}]}
    files = {
        "comments_and_reactions/comments.json": {"comments_v2": [said]},
        "groups/your_comments_in_groups.json": {"group_comments_v2": [said | {"timestamp": 1772442001}]},
        "groups/group_posts_and_comments.json": {"group_posts_v2": [entry(at=1772442002)]},
    }
    found = posts(export(files))
    assert sorted((post.kind, post.external_id, post.text, post.channel) for post in found) == [
        ("comment", "comment:1772442000", "nice", "Gardeners"),
        ("comment", "comment:1772442001", "nice", "Gardeners"),
        ("post", "post:1772442002", "hello", None),
    ]


def test_messages_have_one_key_in_every_download(export):
    message = {"sender_name": broken_up("Åsa"), "timestamp_ms": 1772442000123, "content": broken_up("soup? 🎉")}
    talk = {"participants": [{"name": "Bo"}], "messages": [message], "title": "Bo", "thread_path": "inbox/bo_1"}
    for name in (TALK, "messages/inbox/boostrandnew_10223/message_12.json"):
        [post] = posts(export({name: talk}))
        assert (post.kind, post.external_id, post.author, post.text, post.channel) == (
            "message",
            "message:10223:1772442000123",
            "Åsa",
            "soup? 🎉",
            "10223",
        )


def test_a_message_taken_back_is_a_deletion(export):
    message = {"sender_name": "Bo", "timestamp_ms": 1772442000123, "is_unsent": True}
    [post] = posts(export({TALK: {"messages": [message]}}))
    assert (post.text, post.deleted_at) == ("", datetime(*MADE, tzinfo=UTC))


def test_errors_do_not_name_the_people_a_folder_is_named_after(export):
    pages = export({TALK: {"messages": [{"content": SECRET}]}})
    assert rejects(pages) == [("meta.zip/10223/message_1.json:1", "timestamp_ms is missing")]


def test_instagram_posts_reels_and_stories_are_read(export):
    picture = {"uri": "media/posts/1.jpg", "creation_timestamp": 1772442000, "title": broken_up("Suppe für 🎉")}
    files = {
        IG_POSTS: [
            {"media": [picture]},
            {"media": [picture | {"title": ""}], "title": "two", "creation_timestamp": 1772442001},
        ],
        "x/reels.json": {"ig_reels_media": [{"media": [picture | {"uri": "r.mp4", "title": "reel"}]}]},
        "x/stories.json": {"ig_stories": [picture | {"uri": "s.jpg", "title": "story"}]},
        "x/personal_information.json": {
            "profile_user": [{"string_map_data": {"Username": {"value": "alderway.ana"}, "Bio": {"value": "Plants"}}}]
        },
    }
    found = posts(export(files))
    assert [(post.kind, post.external_id, post.text) for post in found] == [
        ("profile", "profile", "Plants"),
        ("post", "post:1772442000:r.mp4", "reel"),
        ("post", "post:1772442000:s.jpg", "story"),
        ("post", "post:1772442000:1.jpg", "Suppe für 🎉"),
        ("post", "post:1772442001:1.jpg", "two"),
    ]
    assert {(post.author, post.platform) for post in found} == {("alderway.ana", "instagram")}


def test_instagram_comments_are_read(export):
    said = {"string_map_data": {"Comment": {"value": "nice"}, "Time": {"timestamp": 1772442000}}}
    untimed = {"string_map_data": {"Comment": {"value": SECRET}, "Time": {}}}
    for name, content in (
        ("post_comments_1.json", [said, untimed]),
        ("reels_comments.json", {"comments_reels_comments": [said, untimed]}),
    ):
        pages = export({name: content})
        assert [(post.kind, post.text, post.external_id) for post in posts(pages)] == [
            ("comment", "nice", "comment:1772442000")
        ]
        assert rejects(pages) == [(f"meta.zip/{name}:2", "Time is missing")]


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (entry(7), "data.0.post has the wrong type"),
        (entry(SECRET, "yesterday"), "timestamp is not a time in seconds"),
        (entry(SECRET, at=True), "timestamp is not a time in seconds"),
        (entry(SECRET, -5), "timestamp is not a time in seconds"),
        (entry(SECRET, 10**20), "timestamp is not a time in seconds"),
        (entry(SECRET, attachments="x"), "attachments has the wrong type"),
        (entry(SECRET, attachments=[{"data": [{"media": {}}]}]), "attachments.0.data.0.media.uri is missing"),
        ({"data": [{"post": SECRET}]}, "timestamp is missing"),
        (SECRET, "the record has the wrong type"),
    ],
)
def test_an_entry_that_cannot_be_read_is_a_reject_and_the_rest_is_read(export, broken, fault):
    pages = export({FB_POSTS: [entry("one", 1772442000), broken, entry("three", 1772442002)]})
    assert [post.text for post in posts(pages)] == ["one", "three"]
    assert rejects(pages) == [(f"meta.zip/{FB_POSTS}:2", fault)]
    assert SECRET not in repr([each.args for page in pages for each in page.rejects])


def test_an_unchanged_download_gives_nothing_again_and_another_everything(export):
    last = export({FB_POSTS: [entry()]})[-1]
    assert export({FB_POSTS: [entry()]}, since=last.cursor) == []
    assert [page.restarted for page in export({FB_POSTS: [entry(), entry("b", 5)]}, since=last.cursor)] == [True]
