from __future__ import annotations

import pytest

from connectors.html_text import text_of


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("", ""),
        ("plain  words\n here", "plain words here"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("a<br>b<BR/>c", "a\nb\nc"),
        ("a<b>b</b>c", "abc"),
        ("&lt;b&gt; &amp;amp; &#127881; &nbsp;x", "<b> &amp; 🎉 x"),
        ("<style>p {}</style><script>if (a < b) {}</SCRIPT>seen<title>no</title>", "seen"),
        ("a<!-- b > c -->d<!doctype x>e", "ade"),
        ("1 < 2 and 3 <4", "1 < 2 and 3 <4"),
        ("cut <a href='x", "cut"),
        ("cut <!-- never closed", "cut"),
        ("<script>never closed", ""),
        ('<a href="https://e.org/?a=1&amp;b=2">here</a> now', "here (https://e.org/?a=1&b=2) now"),
        ('<a href="https://e.org">https://e.org</a>', "https://e.org"),
        ('<a data-href="https://no" href=https://e.org>x</a>', "x (https://e.org)"),
        ('<a href="javascript:x()">x</a><a name=y>y</a></a>', "xy"),
        (
            "<div>yes<blockquote>said<blockquote>before</blockquote></blockquote>end</div>",
            "yes\n> said\n> > before\n\nend",
        ),
        ("\x0e\x0f<p>مرحبا</p></blockquote>x", "مرحبا\n\nx"),
    ],
)
def test_what_a_reader_sees(source, text):
    assert text_of(source) == text


@pytest.mark.parametrize(
    "source",
    [
        "<",
        "<a ",
        "<a href=",
        " <b>",
        "<!--",
        "<script>",
        "</script",
        "&",
        "&#",
        "<blockquote>",
        "<a href='",
        "\n ",
        "<p>",
    ],
)
def test_a_million_of_anything_comes_to_an_end(source):
    # Would take minutes were it more than linear.
    assert len(text_of(source * (1_000_000 // len(source)))) <= 1_000_000
