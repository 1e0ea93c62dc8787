from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.regions import REGION_NAMES, find_regions, word_spans

MARKUP = "> -\n`#ab .!?…。|/:\tw@\u200b\r'(1é😀"
FRAGMENTS = [
    "\n> ",
    "\n-- \n",
    "```",
    "`",
    "    x\n",
    "https://a.b/c",
    "#tag ",
    "\n\n",
    "Views are my own. ",
    "On x wrote:\n",
    "|",
]
MAIL_NOTICE = (
    "This e-mail and any attachments are confidential. It is intended solely for the named\n"
    "addressee. Acme is not liable. If you received it in error, delete it."
)


def cut(name: str, raw: str) -> list[str]:
    return [raw[start:end] for start, end in find_regions(raw).of(name)]


def sentences(raw: str) -> list[str]:
    edges = [0, *find_regions(raw).sentence_edges(), len(raw)]
    return [part for a, b in pairwise(edges) if (part := raw[a:b].strip())]


def words(raw: str) -> list[str]:
    return [raw[start:end] for start, end in word_spans(raw)]


@settings(deadline=None)
@given(st.text(alphabet=MARKUP) | st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=5)).map("".join) | st.text())
def test_regions_and_edges_are_in_order_and_inside_the_text(raw):
    regions = find_regions(raw)
    for name in REGION_NAMES:
        ends = [0, *(edge for span in regions.of(name) for edge in span), len(raw)]
        assert ends == sorted(ends)
        assert all(start < end for start, end in regions.of(name))
    for edges in (regions.block_edges(), regions.sentence_edges()):
        assert list(edges) == sorted(set(edges))
        assert all(0 <= edge <= len(raw) for edge in edges)
    assert all(0 <= start < end <= len(raw) for start, end in word_spans(raw))


@pytest.mark.parametrize("raw", ["", "a", "Just shipped v2.0, thanks all!", "С новым годом! 🎉", "a -> b, 3 > 2"])
def test_plain_posts_have_no_regions(raw):
    assert [cut(name, raw) for name in REGION_NAMES] == [[]] * len(REGION_NAMES)
    assert find_regions(raw).block_edges() == ()


def test_an_unknown_region_is_refused_by_name():
    with pytest.raises(ValueError, match="unknown region 'quotes'; there are quoted"):
        find_regions("").of("quotes")


def test_text_does_not_show_in_a_repr():
    assert "hidden" not in repr(find_regions("hidden"))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("> any news?\nYes, Bluefin ships Monday", ["> any news?\n"]),
        ("Hi\n > a\n> > b\n>>c\nBye", [" > a\n> > b\n>>c\n"]),
        ("> a\nno\n> b", ["> a\n", "> b"]),
        ("Sure.\n\nOn Mon, 3 Mar 2025, Ann wrote:\n> when?\n", ["On Mon, 3 Mar 2025, Ann wrote:\n> when?\n"]),
        (
            "Sure.\nOn Mon, 3 Mar 2025 Ann Example\n<a@b.example> wrote:\n\n> when?",
            ["On Mon, 3 Mar 2025 Ann Example\n<a@b.example> wrote:\n\n> when?"],
        ),
        ("Am 3. März schrieb Ann:\n> wann?", ["Am 3. März schrieb Ann:\n> wann?"]),
        ("He wrote:\n> that", ["> that"]),
        ("On Monday it ships\nas I wrote: yes\n> ok", ["> ok"]),
        ("fyi\n-----Original Message-----\nFrom: Ann\nBluefin", ["-----Original Message-----\nFrom: Ann\nBluefin"]),
        ("fyi\n---------- Forwarded message ---------\nhello", ["---------- Forwarded message ---------\nhello"]),
        ("On Monday I wrote:\nno quote here", []),
    ],
)
def test_quoted_lines_and_what_introduces_them_are_quoted(raw, expected):
    assert cut("quoted", raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Hi\n-- \nAnn\nAcme", ["-- \nAnn\nAcme"]),
        ("Hi\n--\nAnn", ["--\nAnn"]),
        ("Hi\r\n-- \r\nAnn", ["-- \r\nAnn"]),
        ("Hi\n-- \nAnn\n> old\nmore", ["-- \nAnn\n"]),
        ("Hi\n---\nAnn", []),
        ("Hi -- Ann", []),
        ("--\nBluefin ships Monday", []),
        ("ok\n\nSent from my iPhone\nPS Bluefin", ["Sent from my iPhone"]),
        ("ok\nVon meinem Telefon gesendet", ["Von meinem Telefon gesendet"]),
        ("I sent from my heart a letter", []),
    ],
)
def test_signatures_end_a_text_or_give_way_to_a_quote(raw, expected):
    assert cut("signature", raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        "Views are my own.",
        "Opinions expressed here are solely my own",
        "All tweets my own",
        "Not financial advice.",
        "This is not investment or legal advice!",
        "Past performance is no guide to future results.",
        "Capital at risk.",
        "The value of your investments may fall as well as rise.",
        "RTs are not endorsements",
        "Disclaimer: I work there",
        "**Legal Notice**: read this",
        "If you have received this e-mail in error, please delete it.",
        "This message and any attachments are for Ann only.",
        "Diese E-Mail enthält vertrauliche Informationen.",
    ],
)
def test_a_post_that_is_one_disclaimer_is_all_disclaimer(raw):
    assert cut("disclaimer", raw) == [raw]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Bluefin ships Monday. Views are my own.", ["Views are my own."]),
        ("Engineer at Acme | views my own | Bluefin fan", ["views my own |"]),
        ("Bluefin ships Monday\nViews are my own\nReally", ["Views are my own"]),
        (
            f"See you.\n\n{MAIL_NOTICE} Bluefin ships Monday.",
            [MAIL_NOTICE],
        ),
    ],
)
def test_a_disclaimer_takes_its_sentences_and_leaves_the_others(raw, expected):
    assert cut("disclaimer", raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        "This is confidential, the roadmap is intended for Q3",
        "Our views on pay are no secret",
        "I need financial advice",
        "The performance was great, no risk",
        "Our posts are our best sellers",
    ],
)
def test_words_of_disclaimers_alone_make_none(raw):
    assert cut("disclaimer", raw) == []


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("see ```x = 1\ny``` ok", ["```x = 1\ny```"]),
        ("run `make all` or `make`", ["`make all`", "`make`"]),
        ("```a `b` c``` and `d`", ["```a `b` c```", "`d`"]),
        ("so:\n\n    x = 1\n\ty = 2\nend", ["    x = 1\n\ty = 2\n"]),
        ("so:\n    continued, not code", []),
        ("```never closed, Bluefin", []),
        ("a ` b\nc ` d", []),
        ("\n\n    \n\n", []),
    ],
)
def test_fenced_inline_and_indented_code_is_code(raw, expected):
    assert cut("code", raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("see https://example.com/a?b=c#d.", ["https://example.com/a?b=c#d"]),
        ("(www.example.com), HTTP://X.example!", ["www.example.com", "HTTP://X.example"]),
        ("at example.co.uk/a/b_(c) now", ["example.co.uk/a/b_(c)"]),
        ("(see https://e.example/w_(x)).", ["https://e.example/w_(x)"]),
        ("пример.рф/путь", ["пример.рф/путь"]),
        ("example.com and a/b and 3.5/4 and me@example.com", []),
        ("and/or w/o 24/7", []),
    ],
)
def test_links_end_before_the_punctuation_around_them(raw, expected):
    assert cut("link", raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("We won #a #b #c\n", ["#a #b #c"]),
        ("We #won today #a, #b\n#é ", ["#a, #b\n#é"]),
        ("#a #b #c", ["#a #b #c"]),
        ("We won #a #b", []),
        ("#a #b #c and more", []),
        ("C# F# G# are tones", []),
    ],
)
def test_three_hashtags_at_the_end_are_a_run(raw, expected):
    assert cut("hashtags", raw) == expected


def test_block_edges_are_those_of_quotes_signatures_disclaimers_and_blocks_of_code():
    raw = "a\n> b\nc `d` ```e``` #f #g #h\n-- \ni"
    edges = find_regions(raw).block_edges()
    assert [raw[at : at + 3] for at in edges] == ["> b", "c `", "```", " #f", "-- ", ""]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("One. Two! Three?! Four… five", ["One.", "Two!", "Three?!", "Four…", "five"]),
        ("He said “no.” Then (ok!) left", ["He said “no.”", "Then (ok!)", "left"]),
        ("Dr. No met J. Smith, e.g. at 5 p.m. today", ["Dr. No met J. Smith, e.g. at 5 p.m. today"]),
        ("v1.2 costs 3.50 at a.example/b.c now", ["v1.2 costs 3.50 at a.example/b.c now"]),
        ("Title\n\nBody\nmore", ["Title", "Body\nmore"]),
        ("今日は。明日！はい", ["今日は。", "明日！", "はい"]),
        ("It was I. Then you", ["It was I.", "Then you"]),
        ("", []),
    ],
)
def test_sentences_end_where_readers_see_them_end(raw, expected):
    assert sentences(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("It's 3 o'clock, snake_case x-y", ["It's", "3", "o'clock", "snake_case", "x", "y"]),
        ("l’équipe нет! 日本", ["l’équipe", "нет", "日本"]),
        (unicodedata.normalize("NFD", "café naïve"), [unicodedata.normalize("NFD", w) for w in ("café", "naïve")]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("se\u200bcret می\u200cخواهم", ["se\u200bcret", "می\u200cخواهم"]),
        ("👨\u200d👩\u200d👧 'quoted' 🎉", ["quoted"]),
        ("", []),
    ],
)
def test_words_are_what_readers_count(raw, expected):
    assert words(raw) == expected


@pytest.mark.parametrize(
    "unit",
    [">\n", "> a\nb\n", "> a\nOn x:\n", "`", "```", "``` ` ", "    x\n\n", "\t\n", "#a ", "#", "a.", "a.b/", "www.", "http://",
     ".", ".'", "?!", "\n", "\n \n", "- ", "-- \n", "-", "(", "https://a)", "Views are my own.\n\n", "views posted ",
     "past performance no ", "intended for the ", "Disclaimer:", "|", "a'", "é’", "Dr.", " ", "On a wrote:\n"],
)  # fmt: skip
def test_long_runs_of_markup_come_to_an_end(unit):
    raw = unit * (100_000 // len(unit)) + "x"
    regions = find_regions(raw)
    for name in REGION_NAMES:
        assert all(end <= len(raw) for _, end in regions.of(name))
    assert regions.block_edges()[-1:] <= (len(raw),)
    assert regions.sentence_edges()[-1:] <= (len(raw),)
    assert len(word_spans(raw)) <= len(raw)
