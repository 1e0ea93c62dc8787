from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from connectors.post import PostDefaults
from connectors.x_archive import XArchiveConnector
from tests.connectors.zipped import MADE, zip_of

SECRET = "Quarterly-Secret"
ACCOUNT = [{"account": {"accountId": "42", "username": "alderway_ana"}}]
#: Written at 2026-03-02 09:00:00 UTC, as the number itself says.
FIRST = "2028394880824246272"


def js(name, records):
    return f"window.YTD.{name}.part0 = {json.dumps(records)};\n"


def tweet(number="1", text="post 1", **more):
    return {"tweet": {"id_str": number, "created_at": "Mon Mar 02 09:00:00 +0000 2026", "full_text": text} | more}


def long_post(text, number="9", created="2026-03-02T09:00:00.400Z", **core):
    return {"noteTweet": {"noteTweetId": number, "createdAt": created, "core": {"text": text} | core}}


@pytest.fixture
def archive(tmp_path):
    """Write an archive of tweets and other files and read it."""

    def go(*tweets, since=None, **files):
        members = {"data/account.js": js("account", ACCOUNT), "data/tweets.js": js("tweets", tweets)}
        members |= {f"data/{name.replace('_', '-')}.js": content for name, content in files.items()}
        path = zip_of(tmp_path / "x.zip", {name: each for name, each in members.items() if each is not None})
        return list(XArchiveConnector(path, PostDefaults()).pages(since))

    return go


def posts(pages):
    return [post for page in pages for post in page.posts]


def rejects(pages):
    return [(reject.place, reject.message) for page in pages for reject in page.rejects]


def test_a_post_names_author_time_and_address(archive):
    [post] = posts(archive(tweet(FIRST)))
    assert (post.external_id, post.author, post.url, post.kind, post.is_reply, post.platform) == (
        FIRST,
        "alderway_ana",
        f"https://x.com/alderway_ana/status/{FIRST}",
        "post",
        False,
        "x",
    )
    assert (post.posted_at, post.edited_at) == (datetime(2026, 3, 2, 9, tzinfo=UTC), None)


def test_edits_are_versions_of_the_first_post(archive):
    chain = {"editTweetIds": [FIRST, "2028396139115446277"]}
    later = {"created_at": "Mon Mar 02 09:05:00 +0000 2026"}
    ways = [{"initial": chain}, {"edit": {"initialTweetId": FIRST, "editControlInitial": chain}}]
    for way in ways:
        found = posts(
            archive(
                tweet(FIRST, "fisrt", edit_info=way), tweet(chain["editTweetIds"][1], "first", edit_info=way, **later)
            )
        )
        assert {post.external_id for post in found} == {FIRST}
        assert [(post.text, post.posted_at.minute, post.edited_at and post.edited_at.minute) for post in found] == [
            ("fisrt", 0, None),
            ("first", 0, 5),
        ]


def test_a_retweet_is_a_share_and_a_quote_names_what_it_quotes(archive):
    quoted = {"urls": [{"url": "https://t.co/q", "expanded_url": "https://twitter.com/norwell/status/77?s=20"}]}
    share, quote = posts(archive(tweet(text="RT @norwell: bread"), tweet("2", "look https://t.co/q", entities=quoted)))
    assert (share.kind, quote.kind, quote.shared_from) == ("share", "post", "https://twitter.com/norwell/status/77")


def test_a_reply_names_what_it_answers(archive):
    [post] = posts(archive(tweet(in_reply_to_status_id_str="5", in_reply_to_user_id_str="77")))
    assert (post.is_reply, post.thread) == (True, "5")
    [lost] = posts(archive(tweet(in_reply_to_user_id_str="77")))
    assert (lost.is_reply, lost.thread) == (True, None)


def test_text_is_what_people_read(archive):
    picture = {"url": "https://t.co/m", "media_url_https": "https://pics.example/soup.jpg", "ext_alt_text": "a bowl"}
    entities = {
        "urls": [{"url": "https://t.co/a", "expanded_url": "https://norwell.example/a?b=1&c=2"}],
        "media": [picture],
    }
    [post] = posts(archive(tweet(text="1 &lt; 2 &amp;amp; https://t.co/a 🎉 https://t.co/m", entities=entities)))
    assert post.text == "1 < 2 &amp; https://norwell.example/a?b=1&c=2 🎉\na bowl"
    assert [(each.name, each.media_type) for each in post.attachments] == [("soup.jpg", "image/jpeg")]


@pytest.mark.parametrize(
    "note",
    [
        long_post("A long story &amp; more of it"),
        long_post("A long story &amp; more of it", created="2026-03-02T09:00:01.900Z"),
        long_post("@norwell @bo A long story &amp; more of it"),
        long_post("Another beginning, A long story &amp; more of it", number="1", created="2020-01-01T00:00:00Z"),
    ],
)
def test_the_long_text_stands_for_the_short_one(archive, note):
    found = posts(
        archive(tweet(text="@norwell A long story &amp;… https://t.co/l"), note_tweet=js("note_tweet", [note]))
    )
    assert [(post.external_id, post.text.endswith("A long story & more of it")) for post in found] == [("1", True)]


def test_a_long_text_without_its_short_one_is_a_post_of_its_own(archive):
    urls = [{"shortUrl": "https://t.co/a", "expandedUrl": "https://norwell.example"}]
    notes = [
        long_post("A lone story https://t.co/a", urls=urls),
        long_post("post 1 of old", created="2020-01-01T00:00:00Z"),
    ]
    found = posts(archive(tweet(), note_tweet=js("note_tweet", notes)))
    assert [post.text for post in found] == ["post 1", "A lone story https://norwell.example", "post 1 of old"]
    assert found[1].external_id == "note:9"


def test_a_deleted_post_keeps_what_it_said_and_when_it_went(archive):
    deleted = [tweet("7", "in haste", deleted_at="Mon Mar 02 09:30:00 +0000 2026"), tweet("8", "unknown when")]
    found = posts(archive(deleted_tweets=js("deleted_tweets", deleted)))
    assert [(post.external_id, post.text, post.deleted_at) for post in found] == [
        ("7", "in haste", None),
        ("7", "", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        ("8", "unknown when", None),
        ("8", "", datetime(*MADE, tzinfo=UTC)),
    ]


def test_direct_messages_are_messages_one_by_one(archive):
    message = {"id": "101", "senderId": "42", "createdAt": "2026-03-02T14:00:00.000Z", "text": "between us"}
    events = [
        {"messageCreate": message},
        {"joinConversation": {}},
        {"messageCreate": {"id": "102", "note": SECRET}},
        {"messageCreate": message | {"id": "103", "senderId": "77"}},
    ]
    talks = js("direct_messages", [{"dmConversation": {"conversationId": "42-77", "messages": events}}, {"x": 1}])
    for name in ("direct_messages", "direct_messages_group", "direct_messages_part1"):
        pages = archive(**{name: talks})
        assert [(post.kind, post.external_id, post.author, post.channel) for post in posts(pages)] == [
            ("message", "dm:101", "alderway_ana", "42-77"),
            ("message", "dm:103", "77", "42-77"),
        ]
        file = f"x.zip/data/{name.replace('_', '-')}.js"
        assert rejects(pages) == [
            (f"{file}:1.3", "senderId is missing; createdAt is missing"),
            (f"{file}:2", "messages are missing"),
        ]


def test_a_conversation_of_thousands_of_messages_fits_into_pages(archive):
    events = [
        {"messageCreate": {"id": str(number), "senderId": "42", "createdAt": "2026-03-02T14:00:00.000Z"}}
        for number in range(2500)
    ]
    talks = js("direct_messages", [{"dmConversation": {"conversationId": "42-77", "messages": events}}])
    pages = archive(direct_messages=talks)
    assert [len(page.posts) for page in pages] == [1000, 1000, 500]
    assert len(posts(archive(direct_messages=talks, since=pages[1].cursor))) == 500


@pytest.mark.parametrize("name", ["tweet", "tweets_part1", "community_tweet"])
def test_all_names_of_the_file_are_read(archive, name):
    assert {post.external_id for post in posts(archive(tweet("1"), **{name: js(name, [tweet("2")])}))} == {"1", "2"}


def test_the_bio_is_a_profile_as_of_when_the_archive_was_made(archive):
    bio = js(
        "profile", [{"profile": {"description": {"bio": "Plants &amp; people", "website": "", "location": "Norwell"}}}]
    )
    made = 'window.__THAR_CONFIG = {"archiveInfo": {"generationDate": "2026-03-30T12:00:00.000Z"}}'
    [profile] = posts(archive(profile=bio, manifest=made))
    assert (profile.kind, profile.text, profile.edited_at, profile.at) == (
        "profile",
        "Plants & people\nNorwell",
        None,
        datetime(2026, 3, 30, 12, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (tweet(None, SECRET), "id_str has the wrong type"),
        (tweet("../7", SECRET), "id_str has the wrong type"),
        (tweet("7", 7, note=SECRET), "full_text has the wrong type"),
        (tweet("7", SECRET, created_at="2026-03-02 09:00"), "created_at is not a time"),
        (tweet("7", SECRET, entities=[]), "entities has the wrong type"),
        ({"tweet": {"full_text": SECRET}}, "id_str is missing; created_at is missing"),
        ({"tweet": SECRET}, "tweet is missing"),
        ([SECRET], "tweet is missing"),
    ],
)
def test_a_post_that_cannot_be_read_is_a_reject_and_the_rest_is_read(archive, broken, fault):
    pages = archive(tweet("1"), broken, tweet("3"))
    assert [post.external_id for post in posts(pages)] == ["1", "3"]
    assert rejects(pages) == [("x.zip/data/tweets.js:2", fault)]
    assert SECRET not in repr([each.args for page in pages for each in page.rejects])


def test_a_program_in_place_of_data_is_a_reject_and_never_run(archive):
    pages = archive(tweet(), tweets_part1="(function () { return [1] })()")
    assert rejects(pages) == [("x.zip/data/tweets-part1.js", "is no JSON list or object")]


def test_an_old_archive_without_wrapper_and_account_is_read(archive):
    [post] = posts(archive(tweet()["tweet"], account=None))
    assert (post.text, post.author, post.url) == ("post 1", None, None)


def test_an_unchanged_archive_gives_nothing_again_and_another_everything(archive):
    last = archive(tweet("1"))[-1]
    assert archive(tweet("1"), since=last.cursor) == []
    assert [page.restarted for page in archive(tweet("1"), tweet("2"), since=last.cursor)] == [True]
