from __future__ import annotations

import pytest

import connectors
from connectors.errors import FatalError
from connectors.jsonl import JsonlConnector
from connectors.registry import find_connector, find_connectors

SOURCE = "class Feed:\n    name = {name!r}\n    ordered = False\n    def pages(self, since):\n        return iter(())\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A folder that counts as part of the package; write a connector into it."""
    monkeypatch.setattr(connectors, "__path__", [*connectors.__path__, str(tmp_path)])
    return tmp_path


def test_a_connector_is_found_by_its_name():
    assert find_connector("jsonl") is JsonlConnector


def test_an_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(FatalError, match="no connector is called 'jsnl'") as error:
        find_connector("jsnl")
    assert "jsonl" in error.value.hint


def test_adding_a_connector_is_adding_a_file(package):
    (package / "planted_feed.py").write_text(SOURCE.format(name="feed"))
    assert "feed" in find_connectors()


def test_two_connectors_of_one_name_are_refused(package):
    (package / "planted_twin.py").write_text(SOURCE.format(name="jsonl"))
    with pytest.raises(FatalError, match="two connectors are called 'jsonl'"):
        find_connectors()
