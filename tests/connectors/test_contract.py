"""What every connector keeps, on its sample: `samples/<name>.*`, or a folder `samples/<name>` that is zipped for it.

New ones are found by themselves.
"""

from __future__ import annotations

import ast
import importlib
import socket
import threading
from datetime import UTC
from pathlib import Path

import pytest

from connectors.post import AUDIENCES, KINDS, PostDefaults
from connectors.registry import find_connectors
from tests.connectors.zipped import members_of, zip_of

SAMPLES = Path(__file__).parent / "samples"
#: Stands in records that cannot be read, in every sample that has such records; it must never come out.
PLANTED = "Quarterly-Secret"
MOST = 1000


def sample_of(name):
    found = sorted([*SAMPLES.glob(name), *SAMPLES.glob(f"{name}.*")])
    assert len(found) == 1, f"connector '{name}' needs exactly one tests/connectors/samples/{name} or {name}.*"
    return found[0]


def bytes_of(sample):
    return b"\n".join(members_of(sample).values()) if sample.is_dir() else sample.read_bytes()


@pytest.fixture(params=sorted(find_connectors()))
def connector(request, tmp_path):
    """A connector on its sample; one that reads no file takes a path of recorded answers all the same."""
    sample = sample_of(request.param)
    path = zip_of(tmp_path / f"{request.param}.zip", members_of(sample)) if sample.is_dir() else sample
    return find_connectors()[request.param](path, PostDefaults(platform="x", audience="external"))


def keys(pages):
    return [(post.external_id, post.text, post.edited_at, post.deleted_at) for page in pages for post in page.posts]


def test_it_gives_posts_in_bounded_pages(connector):
    pages = list(connector.pages(None))
    assert keys(pages)
    assert all(len(page.posts) <= MOST and isinstance(page.cursor, str) for page in pages)


def test_times_are_aware_and_in_utc(connector):
    times = [
        time
        for page in connector.pages(None)
        for post in page.posts
        for time in (post.posted_at, post.edited_at, post.deleted_at)
    ]
    assert any(times)
    assert all(time is None or time.tzinfo is UTC for time in times)


def test_words_are_those_of_the_design(connector):
    posts = [post for page in connector.pages(None) for post in page.posts]
    assert all(post.external_id and post.kind in KINDS and post.audience in {*AUDIENCES, None} for post in posts)


def test_a_key_comes_twice_within_a_page_only_for_another_version(connector):
    for page in connector.pages(None):
        assert len(keys([page])) == len(set(keys([page])))


def test_it_may_be_stopped_after_any_page_and_resumed_without_loss(connector):
    pages = list(connector.pages(None))
    for number, page in enumerate(pages, start=1):
        rest = list(connector.pages(page.cursor))
        assert set(keys(pages)) <= set(keys(pages[:number])) | set(keys(rest))


def test_nothing_new_is_nothing_lost(connector):
    last = list(connector.pages(None))[-1]
    assert set(keys(connector.pages(last.cursor))) <= set(keys(connector.pages(None)))


def test_a_cursor_of_another_program_begins_anew(connector):
    assert keys(connector.pages("not a cursor of ours")) == keys(connector.pages(None))


def test_rejects_carry_their_place_and_nothing_of_the_record(connector):
    rejects = [reject for page in connector.pages(None) for reject in page.rejects]
    said = " ".join(f"{reject!r} {reject} {reject.place} {reject.hint}" for reject in rejects)
    assert all(reject.place and reject.message for reject in rejects)
    assert PLANTED.encode() in bytes_of(sample_of(connector.name))
    assert PLANTED not in said


def test_posts_show_no_words_in_their_repr(connector):
    posts = [post for page in connector.pages(None) for post in page.posts]
    assert not any(post.text and post.text in repr(post) for post in posts)


def test_order_is_kept_or_declared_absent(connector):
    times = [post.at for page in connector.pages(None) for post in page.posts if post.at is not None]
    assert connector.ordered is False or times == sorted(times)


def test_position_never_passes_the_size(connector):
    positions = [page.position for page in connector.pages(None) if page.position is not None]
    assert positions == sorted(positions)
    assert all(position <= (connector.size() or position) for position in positions)


def test_it_stands_alone(connector):
    source = Path(importlib.import_module(type(connector).__module__).__file__)
    tree = ast.parse(source.read_text(encoding="utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not any(module.split(".")[0] in {"compliance", "rules", "cli"} for module in imported)


def test_tests_reach_nothing_but_this_machine():
    with pytest.raises(RuntimeError, match="nothing but this machine"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(RuntimeError, match="nothing but this machine"):
        socket.getaddrinfo("example.org", 80)


def test_tests_may_reach_this_machine():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            server.accept()[0].close()

        thread = threading.Thread(target=answer)
        thread.start()
        socket.create_connection(server.getsockname(), timeout=5).close()
        thread.join()
