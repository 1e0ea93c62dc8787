"""Exports go all the way into the database: older ones change nothing current, and the same one stores nothing twice."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select, update

from compliance.db import reading, writing
from compliance.models import Flag, PostRow, PostVersion, Reject, Source
from compliance.scan import scan
from compliance.scan_report import ScanSource
from connectors.post import PostDefaults
from connectors.registry import find_connector
from tests.connectors.zipped import members_of, zip_of
from tests.factories import JOB, FakeEngine, FakePeople, Ticking

SAMPLES = Path(__file__).parent.parent / "connectors" / "samples"
NAMES = ("linkedin-export", "mastodon-archive", "meta-export", "slack-export", "x-archive")
OLD, NEW = (2026, 3, 31, 12, 0, 0), (2026, 4, 30, 12, 0, 0)
CHANNELS = {"channels.json": '[{"id": "C1", "name": "general"}]'}


@pytest.fixture
def run(db_engine, tmp_path):
    """Scan an export that lies where the last one lay."""
    clock, engine = Ticking(), FakeEngine()

    def go(name, members, *, made=OLD, anew=False, **changes):
        path = zip_of(tmp_path / "export.zip", members, made=made)
        if anew:
            with writing(db_engine) as session:
                session.execute(update(Source).values(cursor=None))
        source = ScanSource(name="feed", connector=find_connector(name)(path, PostDefaults()), **changes)
        report = scan(db_engine, [source], engine, FakePeople(), actor=JOB, now=clock)
        assert report.errors == []
        return report.counts["feed"]

    return SimpleNamespace(scan=go, db=db_engine, engine=engine)


def rows(db, query):
    with reading(db) as session:
        return [tuple(row) for row in session.execute(query).all()]


def current(db):
    """The current text of each post by its key."""
    query = select(PostRow.external_id, PostVersion.text).join(PostVersion.post)
    return dict(rows(db, query.order_by(PostVersion.at, PostVersion.id)))


def stored(db):
    return [rows(db, select(func.count()).select_from(table))[0][0] for table in (PostRow, PostVersion, Reject)]


def slack(*messages):
    return CHANNELS | {"general/2026-03-02.json": json.dumps(messages)}


def said(text, **more):
    return {"type": "message", "user": "U1", "text": text, "ts": "1772442000.000100"} | more


def edited(text, second):
    return said(text, edited={"user": "U1", "ts": f"{second}.000000"})


@pytest.mark.parametrize("name", NAMES)
def test_the_same_export_stores_nothing_twice(run, name):
    members = members_of(SAMPLES / name)
    first = run.scan(name, members, include_messages=True)
    before = stored(run.db)
    again = run.scan(name, members, include_messages=True)
    read_whole = run.scan(name, members, include_messages=True, anew=True)
    assert (first.new > 0, again.read, read_whole.read) == (True, 0, first.read)
    assert (read_whole.new, read_whole.edited, read_whole.deleted, stored(run.db)) == (0, 0, 0, before)


@pytest.mark.parametrize("name", NAMES)
def test_direct_messages_are_passed_over_and_counted(run, name):
    counts = run.scan(name, members_of(SAMPLES / name))
    assert counts.skipped > 0
    assert "message" not in {kind for (kind,) in rows(run.db, select(PostRow.kind))}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_folder_unpacked_gives_the_same_posts(run, name, tmp_path):
    run.scan(name, members_of(SAMPLES / name), include_messages=True)
    before = current(run.db)
    folder = tmp_path / "unpacked"
    shutil.copytree(SAMPLES / name, folder)
    connector = find_connector(name)(folder, PostDefaults())
    assert {post.external_id for page in connector.pages(None) for post in page.posts} == set(before)


def test_an_older_slack_export_changes_nothing_current(run):
    run.scan("slack-export", slack(edited("third", 1772442300)), made=NEW)
    run.scan("slack-export", slack(said("first")))
    run.scan("slack-export", slack(edited("second", 1772442200)))
    assert current(run.db) == {"C1:1772442000.000100": "third"}
    assert rows(run.db, select(PostVersion.text).order_by(PostVersion.at)) == [("first",), ("second",), ("third",)]


def test_an_older_export_does_not_bring_back_what_was_deleted(run):
    gone = said("This message was deleted.", subtype="tombstone", user="USLACKBOT")
    run.scan("slack-export", slack(said("Bluefin")))
    run.scan("slack-export", slack(gone), made=NEW)
    run.scan("slack-export", slack(said("Bluefin")), made=OLD)
    assert current(run.db) == {"C1:1772442000.000100": ""}
    assert rows(run.db, select(func.count()).select_from(Flag)) == [(1,)]


def linkedin(text):
    link = "https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A73"
    return {"Shares.csv": f'Date,ShareLink,ShareCommentary\n2026-03-02 09:00:00,{link},"{text}"\n'}


def meta(text):
    return {"posts/your_posts_1.json": json.dumps([{"timestamp": 1772442000, "data": [{"post": text}]}])}


@pytest.mark.parametrize(("name", "export"), [("linkedin-export", linkedin), ("meta-export", meta)])
def test_where_edits_are_not_dated_the_newer_export_is_current_whenever_it_comes(run, name, export):
    run.scan(name, export("new"), made=NEW)
    run.scan(name, export("old"), made=OLD)
    assert list(current(run.db).values()) == ["new"]
    assert run.scan(name, export("newest"), made=(2026, 5, 1, 0, 0, 0)).edited == 1
    assert list(current(run.db).values()) == ["newest"]


def test_a_newer_export_with_the_same_posts_makes_no_versions(run):
    for name, export in (("linkedin-export", linkedin), ("meta-export", meta)):
        run.scan(name, export("same"), made=OLD, anew=True)
        counts = run.scan(name, export("same") | {"Comments.csv": "", "comments.json": "[]"}, made=NEW)
        assert (counts.read, counts.new, counts.edited) == (1, 0, 0)


def test_an_older_archive_of_x_changes_nothing_current(run):
    def archive(made, bio, *tweets):
        files = {
            "manifest": f'window.__THAR_CONFIG = {{"archiveInfo": {{"generationDate": "{made}T00:00:00Z"}}}}',
            "profile": "window.YTD.profile.part0 = " + json.dumps([{"profile": {"description": {"bio": bio}}}]),
            "tweets": "window.YTD.tweets.part0 = " + json.dumps([{"tweet": tweet} for tweet in tweets]),
        }
        return {f"data/{name}.js": content for name, content in files.items()}

    first = {"id_str": "2028394880824246272", "created_at": "Mon Mar 02 09:00:00 +0000 2026", "full_text": "fisrt"}
    chain = {"edit": {"initialTweetId": first["id_str"]}}
    second = {"id_str": "2028396139115446277", "created_at": "Mon Mar 02 09:05:00 +0000 2026", "full_text": "first"}
    run.scan("x-archive", archive("2026-04-30", "new bio", second | {"edit_info": chain}))
    run.scan("x-archive", archive("2026-03-31", "old bio", first))
    assert current(run.db) == {"profile": "new bio", first["id_str"]: "first"}


def test_an_older_mastodon_archive_changes_nothing_current(run):
    def archive(**more):
        note = {"id": "https://social.example/1", "type": "Note", "published": "2026-03-02T09:00:00Z"} | more
        return {"outbox.json": json.dumps({"orderedItems": [{"type": "Create", "object": note}]})}

    run.scan("mastodon-archive", archive(content="<p>new</p>", updated="2026-03-02T10:00:00Z"), made=NEW)
    run.scan("mastodon-archive", archive(content="<p>old</p>"))
    assert current(run.db) == {"https://social.example/1": "new"}


def test_a_repaired_export_clears_its_rejects_and_gives_the_rest(run):
    cut = json.dumps([said("one"), said("two", ts="1772442001.000100")])
    members = CHANNELS | {"general/2026-03-02.json": cut[:-20]}
    assert run.scan("slack-export", members).failed == 1
    assert rows(run.db, select(Reject.place)) == [("export.zip/general/2026-03-02.json:2",)]
    counts = run.scan("slack-export", CHANNELS | {"general/2026-03-02.json": cut})
    assert (counts.new, counts.failed, rows(run.db, select(Reject.place))) == (1, 0, [])
