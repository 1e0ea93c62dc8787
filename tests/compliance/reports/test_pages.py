"""What the report looks like as text, HTML and JSON: nothing hostile runs, nothing personal shows, nothing is fetched."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.cells import cell_len

from compliance.commands.report import as_json
from compliance.db import open_engine, writing
from compliance.models import Base
from compliance.reports.charts import charts
from compliance.reports.html import as_html
from compliance.reports.phrases import counted, span
from compliance.reports.text import as_plain
from tests.compliance.desk import Rule, RuleSet
from tests.compliance.reports.office import MONDAY, RULE, WEEK, add_flags, add_posts, add_scan, report_on, rule_on

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{ 7*7 }} [bold]\u202e\x1b[31m]]></svg><style>"
#: All tags that a page may have.
TAGS = set(
    re.findall(
        r"\w+",
        "html head meta title style body header h1 p nav ul li a main section h2 figure figcaption strong div table "
        "caption thead tbody tr th td small svg g rect path line circle text desc",
    )
)
LONG = "regulated-conduct.investment-recommendation-without-any-name-of-a-person"


@pytest.fixture
def sqlite(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'compliance.db'}")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def busy(engine, *, title="Names an unreleased project", rule=RULE, **known):
    """Return the report on nine weeks with flags, decisions and scans."""
    with writing(engine) as session:
        for number in range(9):
            at = MONDAY - number * WEEK
            posts = add_posts(session, 12, at=at, text="Secret Bluefin text of @ana")
            for each in (rule, "brand.superlative", LONG):
                flags = add_flags(session, posts[:6], at=at, rule=each, tags=["protected-activity.pay"])
                rule_on(session, flags[:5], "upheld", at=at + WEEK / 20)
        add_scan(session, at=MONDAY, feed={"accepted": 1}, inbox={"unreached": 1})
    ruleset = RuleSet({rule: Rule(id=rule, title=title), LONG: Rule(id=LONG)})
    return report_on(engine, ruleset=ruleset, **known)


class Page(HTMLParser):
    """Gathers tags, attributes and text."""

    def __init__(self, content):
        super().__init__()
        self.tags, self.attributes, self.text, self.stack = [], [], [], []
        self.feed(content)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *attribute) for attribute in attrs]

    def handle_data(self, data):
        self.text.append(data)


def test_hostile_titles_names_and_sources_stay_text(sqlite):
    rule = "odd." + HOSTILE[:100]
    page = as_html(busy(sqlite, title=HOSTILE, rule=rule, organisation=HOSTILE, sources=[HOSTILE]))
    parsed = Page(page)
    assert set(parsed.tags) <= TAGS
    assert parsed.tags.count("style") == 1
    assert not [each for each in parsed.attributes if each[1].startswith("on") or each[1] == "style"]
    assert {value for _, name, value in parsed.attributes if name in {"href", "src", "xlink:href"}} == {
        "#coverage",
        "#rates",
        "#precision",
        "#waiting",
        "#remedies",
        "#cases",
        "#changes",
    }
    assert "<script>alert(1)</script>" in "".join(parsed.text)
    assert "\u202e" not in page
    assert "\\u202e" in page
    assert "\x1b" not in page


def test_the_policy_of_the_page_allows_its_own_style_and_nothing_else(sqlite):
    page = as_html(busy(sqlite))
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = next(
        value for tag, name, value in Page(page).attributes if tag == "meta" and name == "content" and "src" in value
    )
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "@import" not in style
    assert "url(" not in style
    assert len(page.encode()) < 1_000_000


@pytest.mark.parametrize("write", [as_html, as_plain, lambda found: json.dumps(as_json(found))])
def test_nothing_personal_shows(sqlite, write):
    written = write(busy(sqlite))
    for word in ("@ana", "@a0", "Bluefin text", "protected-activity", "of Tuesday"):
        assert word not in written, word


def test_every_chart_has_a_name_a_description_and_its_table(sqlite):
    found = busy(sqlite)
    drawn = charts(found)
    assert list(drawn) == ["rates", "precision", "waiting"]
    for key, chart in drawn.items():
        root = ET.fromstring(chart.svg)  # noqa: S314 - our own
        space = "{http://www.w3.org/2000/svg}"
        assert root.get("role") == "img"
        named = root.get("aria-labelledby").split()
        texts = {each.get("id"): each.text for each in (*root.iter(f"{space}title"), *root.iter(f"{space}desc"))}
        assert [texts[name] for name in named] == [chart.title, chart.about]
        assert not [each for each in root.iter() if each.tag in {f"{space}script", f"{space}style"}]
        section = re.search(rf'<section id="{key}".*?</section>', as_html(found), re.DOTALL)[0]
        assert section.count("<svg") == 1
        assert "<table>" in section


def test_bars_of_few_decisions_are_paler_and_say_so(sqlite):
    with writing(sqlite) as session:
        for rule, number in (("a.few", 29), ("a.enough", 30)):
            flags = add_flags(session, add_posts(session, number, at=MONDAY), at=MONDAY, rule=rule)
            rule_on(session, flags, "cleared", at=MONDAY)
    found = report_on(sqlite)
    root = ET.fromstring(charts(found)["precision"].svg)  # noqa: S314 - our own
    assert len([each for each in root.iter() if "few" in (each.get("class") or "").split()]) == 1
    assert len([each for each in root.iter() if (each.get("class") or "") == "ci"]) == 2
    page, text = as_html(found), as_plain(found)
    assert re.search(r'<tr class="faint">\s*<th scope="row">a\.few', page)
    assert not re.search(r'<tr class="faint">\s*<th scope="row">a\.enough', page)
    assert "29 (few)" in text
    assert "30 (few)" not in text
    said = "Few, and in grey: 1 of 2 rules with fewer than 30 decisions."
    assert said in page
    assert said in text


@pytest.mark.parametrize("organisation", ["Alderway", "Ä" * 300, "شركة 🐟", HOSTILE, ""])
def test_text_fits_80_columns(sqlite, organisation):
    text = as_plain(
        busy(sqlite, organisation=organisation, sources=["feed", "a source with a name of sixty characters " * 2])
    )
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", text)


def test_text_says_what_there_is_not(sqlite):
    text = " ".join(as_plain(report_on(sqlite, sources=[])).split())
    for said in (
        "No scan began in this period.",
        "No source is configured and none was ever scanned.",
        "No post was first seen this week, so there is no rate for it.",
        "No policy opened a flag in this period.",
        "No flag was decided in this period.",
        "No flag was opened, decided or open.",
        "None was asked for, done or open.",
        "None is open, and none was opened or closed in this period.",
        "No appeal was decided in this period.",
        "Flags held by the counsel lane are never in these numbers, whether there are any or not.",
    ):
        assert said in text


def test_text_names_the_gaps(sqlite):
    with writing(sqlite) as session:
        add_scan(session, at=MONDAY, status="running", feed={"unreached": 1, "skipped": 2})
    text = " ".join(as_plain(report_on(sqlite, sources=["feed", "inbox"])).split())
    assert "1 scan began in this period: 1 killed half-way" in text
    assert "Gap: never scanned: inbox." in text
    assert "Gap: 1 scan could not read feed to its end." in text
    assert "feed: 2 direct messages passed over, as configured." in text


def test_hidden_is_said_in_words(sqlite):
    with writing(sqlite) as session:
        flags = add_flags(session, add_posts(session, 9, at=MONDAY, accounts=4), at=MONDAY)
        rule_on(session, flags, "upheld", at=MONDAY)
    found = report_on(sqlite)
    text = " ".join(as_plain(found).split())
    assert "Its rates are hidden: too few accounts wrote them." in text
    assert "confidentiality hidden hidden – cannot tell" in text
    assert "confidentiality.codename 9 (few) hidden hidden hidden" in text
    assert list(charts(found)) == ["waiting"]


def test_json_writes_yield_by_its_word_and_numbers_as_numbers(sqlite):
    written = as_json(busy(sqlite))
    verdicts = written["precision"]["rules"][0]["verdicts"]
    assert {"decisions", "precision", "yield", "is_enough"} <= verdicts.keys()
    assert verdicts["yield"]["value"] == 1.0
    assert written["period"]["weeks"][-1] == {
        "monday": "2026-03-02T00:00:00Z",
        "since": "2026-03-02T00:00:00Z",
        "until": "2026-03-04T12:00:00Z",
    }
    assert [section["key"] for section in written["sections"]] == ["remedies", "cases"]


def test_drawing_leaves_everybodys_imports_alone(sqlite):
    before = list(sys.meta_path)
    charts(busy(sqlite))
    assert sys.meta_path == before


def test_the_template_is_all_there_is_to_the_page():
    folder = Path(__file__).parents[3] / "compliance" / "templates" / "report"
    assert "|safe" not in (folder / "report.html").read_text(encoding="utf-8").replace(" ", "")


@pytest.mark.parametrize(
    ("seconds", "said"), [(-5, "0 min"), (90, "2 min"), (3599, "60 min"), (3600, "1.0 h"), (172800, "2.0 d")]
)
def test_lengths_of_time(seconds, said):
    assert span(seconds) == said


def test_one_is_no_plural():
    assert [counted(number, "post") for number in (0, 1, 2000)] == ["0 posts", "1 post", "2,000 posts"]
