"""HTML of posts as plain text: paragraphs and line breaks become line ends, links keep their label and address."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

#: Python's parser takes quadratic time on hostile text; real posts are far shorter.
MAX_HTML: Final = 100_000
_BLOCKS: Final = frozenset({"p", "div", "ul", "ol", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"})
_SILENT: Final = frozenset({"script", "style", "template"})


def text_of_html(html: str) -> str:
    """Return what people read. Mentions and hashtags keep their text; any other link whose label is not its address shows both.

    The parts of an address that Mastodon hides from sighted readers are kept, so that it stays whole.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return re.sub(r"\n{3,}", "\n\n", "".join(reader.parts)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0
        self.quoted = 0
        #: Address and begin of the link that is open.
        self.link: tuple[str, int] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "br":
            self._line_end("\n")
        elif tag in _BLOCKS:
            self.quoted += tag == "blockquote"
            self._line_end("\n\n")
        elif tag == "li":
            self._line_end("\n")
        elif tag in _SILENT:
            self.silent += 1
        elif tag == "img":
            self.parts.append(given.get("alt") or "")
        elif tag == "a" and not {"mention", "hashtag"} & set((given.get("class") or "").split()):
            self.link = (given.get("href") or "", len(self.parts))

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.quoted = max(0, self.quoted - (tag == "blockquote"))
            self._line_end("\n\n")
        elif tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag == "a" and self.link is not None:
            address, begin = self.link
            label = "".join(self.parts[begin:]).strip()
            if address and label not in {address, address.removesuffix("/"), address.partition("://")[2]}:
                self.parts.append(f" ({address})" if label else address)
            self.link = None

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(re.sub(r"[ \t\r\n]+", " ", data))

    def _line_end(self, end: str) -> None:
        self.parts.append(end + "> " if self.quoted else end)
