from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import car
from connectors.bluesky_car import BlueskyCarConnector, BlueskyCarSettings
from connectors.bluesky_record import expanded
from connectors.errors import FatalError
from connectors.post import PostDefaults
from tests.connectors import repository
from tests.connectors.repository import DID, SAMPLE, image, make_blocks, make_car, make_post, put, sample, varint

POSTS = {f"app.bsky.feed.post/3mgfqaaaaa{a}{b}2": make_post(f"post {a}{b} 🎉") for a in "234567" for b in "abcdefghij"}
SECRET = "Quarterly-Secret"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "repo.car"


def read(path, since=None, **settings):
    return list(BlueskyCarConnector(path, PostDefaults(), BlueskyCarSettings(**settings)).pages(since))


def posts_of(file, records, **settings):
    file.write_bytes(make_car(*make_blocks(records)))
    return [post for page in read(file, **settings) for post in page.posts]


def one(file, record, key="app.bsky.feed.post/3mgfqaaaaaa2a", **settings):
    [post] = posts_of(file, {key: record}, **settings)
    return post


def texts(pages):
    return [post.text for page in pages for post in page.posts]


def rejects(pages):
    return [(reject.place, reject.message) for page in pages for reject in page.rejects]


def test_the_sample_is_what_its_script_makes():
    assert SAMPLE.read_bytes() == sample()


def test_every_post_is_found_in_order_of_keys(file):
    posts = posts_of(file, POSTS)
    assert [post.external_id for post in posts] == [f"at://{DID}/{key}" for key in sorted(POSTS)]
    assert [post.text for post in posts] == [POSTS[key]["text"] for key in sorted(POSTS)]


def test_a_reply_has_the_thread_of_its_root(file):
    refs = {"root": {"uri": "at://a/b/root"}, "parent": {"uri": "at://a/b/parent"}}
    post = one(file, make_post("yes", reply=refs))
    assert (post.thread, post.is_reply, post.kind) == ("at://a/b/root", True, "post")


def test_the_author_is_the_did_unless_the_source_names_the_handle(file):
    assert one(file, make_post("hello")).author == DID
    assert one(file, make_post("hello"), handle="ana.example.org").author == "ana.example.org"


def test_alternative_texts_are_words_of_the_author_and_in_no_repr(file):
    post = one(file, make_post("look", embed=image(SECRET)))
    assert (post.text, post.attachments[0].media_type) == (f"look\n\n{SECRET}", "image/jpeg")
    assert SECRET not in repr(post)


@pytest.mark.parametrize(
    ("embed", "text", "quoted", "names"),
    [
        ({"external": {"uri": "https://e.org/a", "title": "not ours"}}, "look\n\nhttps://e.org/a", None, []),
        ({"record": {"uri": "at://q"}}, "look", "at://q", []),
        ({"record": {"record": {"uri": "at://q"}}, "media": image("alt")}, "look\n\nalt", "at://q", ["image 1"]),
        ({"video": {"mimeType": "video/mp4"}, "alt": "alt"}, "look\n\nalt", None, ["video"]),
        ({"images": [7, {"alt": 7}], "external": [], "record": "x"}, "look", None, ["image 2"]),
        ({"media": {"media": {"images": []}}}, "look", None, []),
        ("x", "look", None, []),
    ],
)
def test_embeds(file, embed, text, quoted, names):
    post = one(file, make_post("look", embed=embed))
    assert (post.text, post.shared_from, [each.name for each in post.attachments]) == (text, quoted, names)


def facet(start, stop, uri):
    return {"index": {"byteStart": start, "byteEnd": stop}, "features": [{"uri": uri}]}


@pytest.mark.parametrize(
    ("text", "facets", "expected"),
    [
        ("🎉 e.org/lo... yes", [facet(5, 16, "https://e.org/long/way")], "🎉 https://e.org/long/way yes"),
        ("🎉 click", [facet(5, 10, "https://e.org")], "🎉 click (https://e.org)"),
        ("é b c", [facet(3, 4, "https://b"), facet(5, 6, "https://c")], "é https://b https://c"),
        ("🎉🎉", [facet(1, 4, "https://e.org")], "🎉🎉"),
        ("abc", [facet(0, 9, "u"), facet(2, 1, "u"), facet(-1, 2, "u"), facet("0", 2, "u"), 7, {}], "abc"),
        ("abcd", [facet(0, 3, "https://x"), facet(2, 4, "https://y")], "abc (https://x)d"),
        ("...", [facet(0, 3, "https://e.org")], "... (https://e.org)"),
        ("abc", "facets", "abc"),
    ],
)
def test_facets_count_bytes_and_give_links_in_full(text, facets, expected):
    assert expanded(text, facets) == expected


@given(
    st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=12),
    st.lists(st.tuples(st.integers(-2, 50), st.integers(-2, 50)), max_size=5),
)
def test_no_facet_loses_a_character(text, spans):
    found = expanded(text, [facet(start, stop, "https://\x00") for start, stop in spans])
    assert found.replace(" (https://\x00)", "") == text


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        ("2026-03-02T09:00:00.123+01:00", datetime(2026, 3, 2, 8, 0, 0, 123000, tzinfo=UTC)),
        ("2026-03-02T09:00:00", datetime(2023, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("yesterday", datetime(2023, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (17, datetime(2023, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_a_time_that_is_none_gives_way_to_that_of_the_key(file, created, expected):
    micros, letters = int(datetime(2023, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()) * 10**6 << 10, ""
    while len(letters) < 13:
        letters, micros = "234567abcdefghijklmnopqrstuvwxyz"[micros % 32] + letters, micros // 32
    assert one(file, make_post("x", createdAt=created), key=f"app.bsky.feed.post/{letters}").posted_at == expected


def test_a_time_is_unknown_where_neither_says(file):
    assert one(file, make_post("x", createdAt=""), key="app.bsky.feed.post/mykey").posted_at is None


@pytest.mark.parametrize("record", [make_post(SECRET) | {"text": 7}, {SECRET: 1}, [SECRET], 7, None])
def test_a_record_that_is_no_post_is_a_reject_and_its_neighbours_are_read(file, record):
    keys = [f"app.bsky.feed.post/3mgfqaaaaaa2{letter}" for letter in "abc"]
    file.write_bytes(make_car(*make_blocks(dict(zip(keys, [make_post("a"), record, make_post("c")], strict=True)))))
    pages = read(file)
    assert texts(pages) == ["a", "c"]
    assert [place for place, _ in rejects(pages)] == [f"repo.car:{keys[1]}"]
    assert SECRET not in repr([(each, each.hint, each.__context__) for page in pages for each in page.rejects])


def test_a_corrupt_and_a_missing_block_are_named_and_the_rest_is_read(file):
    blocks, root = make_blocks(POSTS)
    first, second = sorted(POSTS)[3:5]
    names = {put({}, POSTS[key]).cid: key for key in (first, second)}
    damaged = {cid: raw[:-1] + b"!" if names.get(cid) == first else raw for cid, raw in blocks.items()}
    file.write_bytes(make_car({cid: raw for cid, raw in damaged.items() if names.get(cid) != second}, root))
    pages = read(file)
    assert len(texts(pages)) == len(POSTS) - 2
    messages = dict(rejects(pages))
    by_key = {key: car.name_of(cid) for cid, key in names.items()}
    assert messages == {
        f"repo.car:{first}": f"block {by_key[first]} is corrupt",
        f"repo.car:{second}": f"block {by_key[second]} is missing",
    }


@given(st.data())
def test_a_file_cut_anywhere_gives_what_is_whole_and_says_so(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("cut") / "repo.car"
    blocks, root = make_blocks(POSTS)
    whole = make_car(blocks, root)
    begin = whole.index(blocks[root]) + len(blocks[root])
    cut = data.draw(st.integers(begin, len(whole) - 1))
    file.write_bytes(whole[:cut])
    pages = read(file)
    assert set(texts(pages)) <= {post["text"] for post in POSTS.values()}
    assert rejects(pages)


def test_a_cut_in_the_commit_or_before_is_fatal(file):
    blocks, root = make_blocks(POSTS)
    whole = make_car(blocks, root)
    for cut in range(whole.index(blocks[root]) + len(blocks[root])):
        file.write_bytes(whole[:cut])
        with pytest.raises(FatalError):
            read(file)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a car at all",
        b"\xff" * 40,
        b"\x80" * 9 + b"\x01",
        b"\x0a\xa1gversion\x02",
        varint(200_000) + b"\x81" * 200_000,
        b"\x01\xf6",
        make_car({}, b"\x01\x71\x12\x20" + b"x" * 32),
        make_car(*make_blocks({}), version=2),
    ],
)
def test_what_is_no_repository_is_refused(file, content):
    file.write_bytes(content)
    with pytest.raises(FatalError) as error:
        read(file)
    assert error.value.hint


@pytest.mark.parametrize("commit", [[], {"did": 7}, {"did": "did:" + "x" * 400, "data": None}, {"did": "x"}])
def test_a_root_that_is_no_commit_is_refused(file, commit):
    blocks = {}
    link = put(blocks, commit)
    file.write_bytes(make_car(blocks, link.cid))
    with pytest.raises(FatalError, match="no commit"):
        read(file)


@pytest.mark.parametrize(
    "node",
    [
        7,
        {"e": 7},
        {"e": [7]},
        {"e": [{"p": 1, "k": b"a", "v": None}]},
        {"e": [{"p": 0, "k": "a", "v": None}]},
        {"e": [{"p": 0, "k": b"a" * 2000, "v": None}]},
        {"e": [{"p": -1, "k": b"a", "v": None}]},
        None,
    ],
)
def test_a_malformed_tree_is_a_reject(file, node):
    blocks = {}
    tree = put(blocks, node) if node is not None else None
    file.write_bytes(make_car(blocks, put(blocks, {"did": DID, "data": tree}).cid))
    pages = read(file)
    assert (texts(pages), len(rejects(pages))) == ([], 1)


def test_a_tree_of_trees_that_all_lead_to_one_is_walked_once(file):
    blocks = {}
    link = put(blocks, {"l": None, "e": []})
    for level in range(60):
        entries = [{"p": 0, "k": f"x/{level}{number}".encode(), "v": link, "t": link} for number in range(9)]
        link = put(blocks, {"l": link, "e": entries})
    file.write_bytes(make_car(blocks, put(blocks, {"did": DID, "data": link}).cid))
    assert len(rejects(read(file))) == 60 * 9


def test_a_tree_that_is_too_deep_is_a_reject(file):
    blocks = {}
    link = put(blocks, {"l": None, "e": []})
    for _ in range(200):
        link = put(blocks, {"l": link, "e": []})
    file.write_bytes(make_car(blocks, put(blocks, {"did": DID, "data": link}).cid))
    assert "too deeply" in rejects(read(file))[0][1]


def test_deep_nesting_and_bad_encoding_in_a_record_are_rejects(file):
    blocks, leaves = {}, []
    for number, raw in enumerate(
        [b"\x81" * 100_000 + b"\x01", b"\xa1atext", b"\xa2atatat", b"\xfb\x7f\xf8" + b"\0" * 6]
    ):
        cid = b"\x01\x71\x12\x20" + hashlib.sha256(raw).digest()
        blocks[cid] = raw
        leaves.append((f"app.bsky.feed.post/{number}".encode(), repository.Link(cid)))
    tree = repository.put_tree(blocks, leaves, 0)
    file.write_bytes(make_car(blocks, put(blocks, {"did": DID, "data": tree}).cid))
    assert [message.rpartition(" is ")[2] for _, message in rejects(read(file))] == ["no valid DAG-CBOR"] * 4


def test_caps_on_blocks(file, monkeypatch):
    blocks, root = make_blocks(POSTS | {"app.bsky.feed.post/9": make_post("x" * car.MAX_BLOCK)})
    file.write_bytes(make_car(blocks, root))
    said = [message for _, message in rejects(read(file))]
    assert "longer than 2 MB" in said[0]
    assert "is missing" in said[1]
    monkeypatch.setattr(car, "MAX_BLOCKS", 20)
    pages = read(file)
    assert "more than 20 blocks" in rejects(pages)[0][1]


def test_another_hash_function_is_not_taken_on_trust(file):
    blocks, root = make_blocks({"app.bsky.feed.post/a": make_post("x")})
    section = b"\x01\x71\x13\x20" + b"y" * 32 + b"\xa0"
    file.write_bytes(make_car(blocks, root) + varint(len(section)) + section)
    pages = read(file)
    assert (texts(pages), len(rejects(pages))) == (["x"], 1)


def test_pages_are_bounded_and_a_file_that_was_read_gives_none(file):
    records = {f"app.bsky.feed.post/{number:05}": make_post(f"{number}") for number in range(2300)}
    file.write_bytes(make_car(*make_blocks(records)))
    pages = read(file)
    assert [len(page.posts) for page in pages] == [1000, 1000, 300]
    assert read(file, pages[-1].cursor) == []
    file.write_bytes(make_car(*make_blocks(records | {"app.bsky.feed.post/99999": make_post("new")})))
    anew = read(file, pages[-1].cursor)
    assert (len(texts(anew)), anew[0].restarted) == (2301, True)


def test_other_collections_are_passed_over(file):
    assert posts_of(file, {"app.bsky.feed.like/a": {"text": "x"}, "chat.bsky.actor.declaration/self": {}}) == []


def test_a_profile_is_one(file):
    post = one(file, {"displayName": "Ana", "description": "fish"}, key="app.bsky.actor.profile/self")
    assert (post.kind, post.text) == ("profile", "Ana\n\nfish")


def test_names_tell_it():
    assert BlueskyCarConnector.recognises(Path("repo.CAR"))
    assert not BlueskyCarConnector.recognises(Path("repo.cart"))


def test_of_two_repositories_the_later_one_has_the_current_text(file):
    times = {}
    for rev, text in (("3mgfuv6222222", "new"), ("3lgfuv6222222", "old"), ("no revision", "unknown")):
        file.write_bytes(make_car(*make_blocks({"app.bsky.feed.post/a": make_post(text)}, rev=rev)))
        (post,) = [post for page in read(file) for post in page.posts]
        assert post.at is not None
        times[text] = post.at
    assert times["new"] > times["old"] >= times["unknown"]
