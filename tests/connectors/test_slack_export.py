from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.archive import Limits
from connectors.errors import FatalError
from connectors.post import PostDefaults
from connectors.slack_export import SlackExportConnector
from connectors.slack_text import Names, as_read
from tests.connectors.zipped import MADE, members_of, zip_of

SAMPLE = Path(__file__).parent / "samples" / "slack-export"
SECRET = "Quarterly-Secret"
CHANNELS = {"channels.json": '[{"id": "C1", "name": "general"}]'}


def message(number=1, **more):
    return {"type": "message", "user": "U1", "text": f"post {number}", "ts": f"{1772442000 + number}.000100"} | more


@pytest.fixture
def export(tmp_path):
    """Write an export of members, or of one day of messages, and read it."""

    def go(*messages, since=None, limits=None, name="slack.zip", **members):
        files = CHANNELS | {"general/2026-03-02.json": json.dumps(messages)} | members.pop("files", {})
        path = zip_of(tmp_path / name, {key: each for key, each in files.items() if each is not None})
        return list(SlackExportConnector(path, PostDefaults(), limits=limits).pages(since))

    return go


def posts(pages):
    return [post for page in pages for post in page.posts]


def rejects(pages):
    return [(reject.place, reject.message) for page in pages for reject in page.rejects]


def told(pages):
    return [(post.external_id, post.text, post.edited_at, post.deleted_at) for post in posts(pages)]


def at(second):
    return datetime.fromtimestamp(second, UTC)


def test_a_message_names_channel_author_thread_and_time(export):
    users = {"users.json": '[{"id": "U1", "name": "ana"}]'}
    [root, reply] = posts(
        export(
            message(1, thread_ts="1772442001.000100"), message(2, thread_ts="1772442001.000100", user="U9"), files=users
        )
    )
    assert (root.external_id, root.author, root.channel, root.thread, root.is_reply, root.audience) == (
        "C1:1772442001.000100",
        "ana",
        "general",
        "C1:1772442001.000100",
        False,
        "internal",
    )
    assert (reply.author, reply.is_reply, reply.thread) == ("U9", True, root.thread)
    assert root.posted_at == datetime(2026, 3, 2, 9, 0, 1, 100, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("hi <@U1> and <@U2|bo> and <@U3>", "hi @ana and @bo and @U3"),
        ("<#C1|general> <#C1> <#C1|> <#C9>", "#general #news #news #C9"),
        (
            "<!here> <!channel> <!subteam^S1|@plants> <!date^1772442000^{date}|2 March>",
            "@here @channel @plants 2 March",
        ),
        ("<https://norwell.example/a?b=1&amp;c=2>", "https://norwell.example/a?b=1&c=2"),
        ("<http://norwell.example|norwell.example>", "norwell.example"),
        ("<https://evil.example|norwell.example>", "norwell.example (https://evil.example)"),
        ("<mailto:ana@alderway.example|ana@alderway.example>", "ana@alderway.example"),
        ("1 &lt; 2 &amp;amp; 3 &gt; 2", "1 < 2 &amp; 3 > 2"),
        ("a < b, unclosed <@U1", "a < b, unclosed <@U1"),
        ("<> <|> 🎉 مرحبا", "  🎉 مرحبا"),
    ],
)
def test_markup_is_rendered_as_people_read_it(raw, read):
    assert as_read(raw, Names(users={"U1": "ana"}, channels={"C1": "news"})) == read


def test_an_edit_is_a_version_ordered_by_the_time_of_the_edit(export):
    before, after = message(text="one"), message(text="two", edited={"user": "U1", "ts": "1772442100.000000"})
    change = {"type": "message", "subtype": "message_changed", "ts": "1772442100.000200", "hidden": True}
    for how in ({"previous_message": before}, {"original": before}):
        found = told(export(after, change | how | {"message": after}))
        assert found == [
            ("C1:1772442001.000100", "two", at(1772442100), None),
            ("C1:1772442001.000100", "one", None, None),
        ]


def test_an_edit_whose_new_text_stands_in_the_entry_itself_is_read(export):
    change = {"type": "message", "subtype": "message_changed", "ts": "1772442100.000000", "text": "two"}
    assert [(text, edited) for _, text, edited, _ in told(export(change | {"original": message(text="one")}))] == [
        ("one", None),
        ("two", at(1772442100)),
    ]


def test_a_preview_added_by_slack_is_no_edit(export):
    change = {"type": "message", "subtype": "message_changed", "ts": "1772442100.000000"}
    assert [text for _, text, _, _ in told(export(change | {"message": message(), "previous_message": message()}))] == [
        "post 1"
    ]


def test_a_deletion_keeps_what_was_said_and_when_it_went(export):
    entry = {"type": "message", "subtype": "message_deleted", "ts": "1772442100.000000"}
    expected = [("C1:1772442001.000100", "post 1", None, None), ("C1:1772442001.000100", "", None, at(1772442100))]
    for how in ({"previous_message": message()}, {"original": message()}):
        assert told(export(entry | how | {"deleted_ts": "1772442001.000100"})) == expected
        assert told(export(entry | how)) == expected


def test_a_tombstone_is_a_deletion_no_later_than_the_export(export):
    tombstone = message(subtype="tombstone", user="USLACKBOT", text="This message was deleted.")
    [post] = posts(export(tombstone))
    assert (post.text, post.deleted_at, post.author) == ("", datetime(*MADE, tzinfo=UTC), None)
    changed = {"type": "message", "subtype": "message_changed", "ts": "1772442100.000000", "message": tombstone}
    assert [when for *_, when in told(export(changed | {"previous_message": message()}))] == [None, at(1772442100)]


@pytest.mark.parametrize("subtype", ["channel_join", "channel_leave", "group_join", "pinned_item", "channel_archive"])
def test_notices_of_slack_are_no_posts(export, subtype):
    assert posts(export(message(subtype=subtype))) == []


@pytest.mark.parametrize("subtype", ["thread_broadcast", "me_message", "channel_topic", "bot_message", "unheard_of"])
def test_other_subtypes_are_posts(export, subtype):
    assert len(posts(export(message(subtype=subtype)))) == 1


def test_boxes_and_blocks_of_apps_are_read_and_previews_are_not(export):
    box = {"title": "Build 17", "text": "passed", "ts": 1772442000}
    preview = {"from_url": "https://norwell.example", "text": "another's words"}
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": "hello <@U1>"}},
        {"type": "rich_text", "elements": [{"elements": [{"type": "text", "text": "deep"}]}]},
    ]
    found = posts(export(message(attachments=[box, preview], text="see"), message(2, text="", blocks=blocks)))
    assert [post.text for post in found] == ["see\nBuild 17\npassed", "hello @U1\ndeep"]


def test_a_shared_message_is_named_and_not_repeated(export):
    shared = {"is_share": True, "channel_id": "C2", "ts": "1772442000.000900", "text": "another's words"}
    [post] = posts(export(message(text="look", attachments=[shared])))
    assert (post.text, post.shared_from) == ("look", "C2:1772442000.000900")


def test_files_are_attachments_without_their_key(export):
    files = [
        {"name": "plan 🎉.pdf", "mimetype": "application/pdf", "url_private": "https://f.example/1?t=xoxe-1"},
        None,
    ]
    [post] = posts(export(message(files=files)))
    assert [(each.name, each.media_type, each.url) for each in post.attachments] == [
        ("plan 🎉.pdf", "application/pdf", "https://f.example/1")
    ]


@pytest.mark.parametrize(
    ("index", "folder"), [("dms.json", "X1"), ("mpims.json", "mpdm-ana--bo-1"), ("groups.json", "board")]
)
def test_direct_messages_and_private_channels_are_messages(export, index, folder):
    room = {"id": "X1"} | ({"name": folder} if folder != "X1" else {})
    files = {index: json.dumps([room]), f"{folder}/2026-03-02.json": json.dumps([message()])}
    [private, public] = sorted(posts(export(message(), files=files)), key=lambda post: post.kind)
    assert (private.kind, private.external_id, public.kind) == ("message", "X1:1772442001.000100", "post")


def test_a_channel_shared_with_another_company_is_external(export):
    files = {"channels.json": '[{"id": "C1", "name": "general", "is_ext_shared": true}]'}
    assert posts(export(message(), files=files))[0].audience == "external"


def test_a_folder_that_no_index_names_is_a_reject_and_not_taken_for_public(export):
    pages = export(message(), files={"secret-plan/2026-03-02.json": json.dumps([message(9)])})
    assert [post.external_id for post in posts(pages)] == ["C1:1772442001.000100"]
    [(place, fault)] = rejects(pages)
    assert place == "slack.zip/secret-plan/2026-03-02.json"
    assert "none of channels.json" in fault


def test_a_zip_of_the_unpacked_folder_and_the_folder_itself_are_read(export, tmp_path):
    plain = told(export(message()))
    packed = {
        f"export March/{name}": each
        for name, each in (CHANNELS | {"general/2026-03-02.json": json.dumps([message()])}).items()
    }
    for name, content in packed.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    zipped = zip_of(tmp_path / "wrapped.zip", packed)
    for path in (zipped, tmp_path / "export March"):
        assert told(SlackExportConnector(path, PostDefaults()).pages(None)) == plain


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({"ts": None}, "ts is not a time such as 1772442000.000100"),
        ({"ts": 1772442001.0001}, "ts is not a time such as 1772442000.000100"),
        ({"ts": "99999999999999999999.1"}, "ts is not a time such as 1772442000.000100"),
        ({"text": {"deep": SECRET}}, "text has the wrong type"),
        ({"text": None}, "text is missing"),
        ({"thread_ts": "x"}, "thread_ts is not a time such as 1772442000.000100"),
        ({"edited": {}}, "edited.ts is missing"),
        ({"user": "U\ud800"}, "author holds a character that is none"),
        ({"subtype": "message_changed"}, "message is missing"),
        ({"subtype": "message_deleted"}, "deleted_ts is missing"),
    ],
)
def test_a_message_that_cannot_be_read_is_a_reject_and_the_rest_is_read(export, broken, fault):
    pages = export(message(1), message(2, note=SECRET) | broken, message(3))
    assert [post.text for post in posts(pages)] == ["post 1", "post 3"]
    assert rejects(pages) == [("slack.zip/general/2026-03-02.json:2", fault)]
    assert SECRET not in repr(
        [(each.args, each.__cause__, each.__context__) for page in pages for each in page.rejects]
    )


def test_a_lone_surrogate_and_nul_in_a_text_are_kept(export):
    assert posts(export(message(text="a\ud800b\0")))[0].text == "a\ud800b\0"


def test_a_day_that_is_cut_gives_what_came_before_and_one_reject(export):
    days = {
        "general/2026-03-02.json": json.dumps([message(1), message(2)])[:-30],
        "general/2026-03-03.json": json.dumps([message(3)]),
    }
    pages = export(files=days)
    assert [post.text for post in posts(pages)] == ["post 1", "post 3"]
    assert rejects(pages) == [
        ("slack.zip/general/2026-03-02.json:2", "is cut short: nothing from this record on was read")
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_day_in_another_encoding_is_a_reject(export, encoding):
    pages = export(files={"general/2026-03-02.json": json.dumps([message()]).encode(encoding)})
    assert rejects(pages) == [("slack.zip/general/2026-03-02.json", "is UTF-16 or UTF-32, not UTF-8")]


def test_latin_1_is_a_reject_of_the_record_and_a_byte_order_mark_is_nothing(export):
    raw = b"\xef\xbb\xbf" + json.dumps([message(1), message(2, text="XX"), message(3)]).encode().replace(b"XX", b"\xe9")
    pages = export(files={"general/2026-03-02.json": raw})
    assert [post.text for post in posts(pages)] == ["post 1", "post 3"]
    assert rejects(pages) == [("slack.zip/general/2026-03-02.json:2", "the record is not UTF-8")]


def test_what_is_wrong_with_the_archive_is_said_first_and_the_rest_is_read(export):
    pages = export(message(), files={"../general/2026-03-03.json": "[]"})
    assert (len(posts(pages)), rejects(pages)[0][1]) == (1, "has a name that points outside the archive")


def test_pages_are_bounded_and_any_of_them_may_be_the_last(export):
    entry = {"type": "message", "subtype": "message_deleted"}
    messages = [
        entry | {"ts": f"{1772450000 + number}.000000", "previous_message": message(number)} for number in range(1300)
    ]
    pages = export(*messages)
    assert [len(page.posts) for page in pages] == [1000, 1000, 600]
    for number, page in enumerate(pages, start=1):
        rest = export(*messages, since=page.cursor)
        assert told(rest) == told(pages[number:])
        assert not any(each.restarted for each in rest)


def test_pages_are_bounded_in_characters(export):
    messages = [message(number, text="x" * 3_000_000) for number in range(7)]
    assert [len(page.posts) for page in export(*messages, limits=Limits(ratio=2000))] == [3, 3, 1]


def test_an_unchanged_export_gives_nothing_again(export):
    last = export(message())[-1]
    assert export(message(), since=last.cursor) == []
    assert export(message(), since=last.cursor, files={"general/picture.png": "new media"}) == []


def test_another_export_is_read_from_its_beginning(export):
    last = export(message(1))[-1]
    pages = export(message(1), message(2), since=last.cursor)
    assert [post.text for post in posts(pages)] == ["post 1", "post 2"]
    assert [page.restarted for page in pages] == [True]


def test_profiles_are_posts_of_their_own_dated_by_their_last_change(export):
    users = [
        {"id": "U1", "name": "ana", "updated": 1772000000, "profile": {"title": "Plants &amp; people"}},
        {"id": "U2"},
    ]
    [profile] = posts(export(files={"users.json": json.dumps(users)}))
    assert (profile.kind, profile.external_id, profile.text, profile.at) == (
        "profile",
        "profile:U1",
        "Plants & people",
        at(1772000000),
    )


def test_an_index_that_is_broken_is_rejected_record_by_record(export):
    pages = export(message(), files={"users.json": '[{"name": "ana"}, {"id": "U1", "name": "bo"}]'})
    assert (posts(pages)[0].author, rejects(pages)) == ("bo", [("slack.zip/users.json:1", "id is missing")])


def test_an_index_too_large_to_hold_is_a_reject(export):
    pages = export(message(), files={"users.json": json.dumps(["x" * 3_000_000])}, limits=Limits(index_bytes=2**20))
    assert rejects(pages) == [("slack.zip/users.json:1", "is larger than 1 MB; nothing from this record on was read")]


def test_a_zip_of_something_else_is_fatal_and_says_what_is_expected(tmp_path):
    path = zip_of(tmp_path / "other.zip", {"readme.txt": "hello", "inner.zip": "PK"})
    with pytest.raises(FatalError, match="nothing of a Slack export") as error:
        list(SlackExportConnector(path, PostDefaults()).pages(None))
    assert "channels.json" in error.value.hint


def test_the_sample_reads_as_it_should(tmp_path):
    pages = list(SlackExportConnector(zip_of(tmp_path / "s.zip", members_of(SAMPLE)), PostDefaults()).pages(None))
    assert (len(posts(pages)), len(rejects(pages))) == (11, 4)
