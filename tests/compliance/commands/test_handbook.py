"""`policy handbook`: what employees read, and what they must not."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

OWN = """policy: own
title: "Own <b>rules</b> \\u202e"
clause: "Section | 9"
owner: ines
rules:
  - id: live
    title: Zebras of Project Harrier
    scope: {audience: external, not_group: press-office}
    parts: {a: {terms: [zebra, $codenames]}}
    when: a
    message: This is it.
    guidance: "Use the public name {a.public_name}, not {a}. <script>alert(1)</script>"
    examples:
      with: {codenames: [Bluefin]}
      flag: ["zebra one", "Bluefin ships", "#ProjectHarrier zebra", "zebra *two*", "لا zebra 🦓"]
      pass: ["a horse", {text: "a zebra", group: press-office}]
  - id: quiet
    title: A shadow rule
    status: shadow
    parts: {a: {terms: [gnu]}}
    when: a
    message: This is it.
    guidance: Do otherwise.
    examples: {flag: ["a gnu"], pass: ["a horse"]}
  - id: unborn
    title: A draft rule
    status: draft
    parts: {a: {terms: [okapi]}}
    when: a
    message: This is it.
    guidance: Do otherwise.
    examples: {flag: ["an okapi"], pass: ["a horse"]}
"""


@pytest.fixture
def book(run, workspace):
    (workspace / "policies" / "own.yaml").write_text(OWN, encoding="utf-8")
    (workspace / "lists" / "codenames.csv").write_text(
        "term,public_name,start,end\nBluefin,Alderway Pocket,,2020-11-03T09:00Z\nProject Harrier,,,\n", encoding="utf-8"
    )

    def call(form):
        out = workspace / f"handbook.{form}"
        result = run("policy", "handbook", "--workspace", workspace, "--format", form, "--out", out)
        assert result.exit_code == 0
        return out.read_text(encoding="utf-8")

    return call


@pytest.mark.parametrize("form", ["md", "html"])
def test_it_says_what_is_read_what_is_never_a_violation_what_follows_and_whom_to_ask(book, form):
    text = book(form)
    for said in (
        "What is read, and why",
        "inbox",
        "What is never a violation",
        "unions, works councils, strikes",
        "Talks about pay",
        "A person looks.",
        "You can appeal.",
        "coaching",
        "ines",
        "zebra one",
        "a horse",
        "(as announced)",
        "everybody but the press office",
    ):
        assert said in text, said


@pytest.mark.parametrize("form", ["md", "html"])
def test_no_listed_term_no_shadow_and_no_draft_rule_gets_in(book, form):
    text = book(form)
    for hidden in ("Bluefin", "Harrier", "Alderway Pocket", "shadow rule", "draft rule", "gnu", "okapi", "\u202e"):
        assert hidden not in text, hidden
    assert "a confidential name" in text


def test_what_passes_only_by_its_author_is_not_called_fine(book):
    assert "fine: “a zebra”" not in book("md")


def test_markdown_of_policies_stays_text(book):
    text = book("md")
    assert r"\<script\>" in text
    assert r"zebra \*two\*" in text
    assert r"Section \| 9" in text


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.policy = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if dict(attrs).get("http-equiv") == "Content-Security-Policy":
            self.policy = dict(attrs)["content"]


def test_the_page_runs_and_fetches_nothing(book):
    text = book("html")
    page = Page()
    page.feed(text)
    assert {"script", "img", "link", "iframe", "b"}.isdisjoint(tag for tag, _ in page.tags)
    assert all(not name.startswith("on") and name != "style" for _, attrs in page.tags for name in attrs)
    assert all(attrs["href"].startswith("#") for tag, attrs in page.tags if tag == "a")
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.policy
    assert page.policy.startswith("default-src 'none'")
    ids = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    assert {attrs["href"][1:] for tag, attrs in page.tags if tag == "a"} <= ids


def test_keys_are_not_shown_even_made_up_ones(book):
    chapter = book("md").partition("### Passwords, keys and codes")[2].partition("\n### ")[0]
    assert "#### " in chapter
    assert "AKIA" not in chapter


def test_without_a_workspace_the_shipped_packs_make_one(run):
    result = run("policy", "handbook")
    assert result.exit_code == 0
    assert "nothing is read" in result.stdout
    assert "Shows a document that is marked confidential" in result.stdout
    assert run("policy", "handbook", "--out", "no/such/folder/x.md").exit_code == 2
