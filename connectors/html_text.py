"""The text that a reader of HTML sees, made in one pass over it and without fetching anything."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final

_BLOCKS: Final = frozenset(
    """address article aside blockquote br dd div dl dt figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p
    pre section table td th tr ul""".split()  # noqa: SIM905 - a list of thirty quoted words reads worse
)
#: What stands between these and their end is not shown.
_UNSEEN: Final = ("script", "style", "title", "template", "noscript")
_TAG: Final = re.compile(r"(/?)([A-Za-z][A-Za-z0-9]*)")
_HREF: Final = re.compile(r"""(?<![\w-])href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_CLASS: Final = re.compile(r"""(?<![\w-])class\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_ALT: Final = re.compile(r"""(?<![\w-])alt\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
#: Links that are words of the text: their address says nothing more.
_NO_LINK: Final = frozenset({"mention", "hashtag"})
_SPACE: Final = re.compile(r"[ \t\r\n\f]+")
#: Beginning and end of a quotation, until lines are known.
_QUOTES: Final = {"blockquote": "\x0e", "/blockquote": "\x0f"}
_DEEPEST: Final = 9
_NO_MARKS: Final = str.maketrans(dict.fromkeys("\x0e\x0f", " "))
_GAPS: Final = re.compile(r"\n{3,}")


def text_of(source: str) -> str:
    """Return the text: blocks on lines of their own, quotations behind `>`, entities decoded, the address of a link behind its words.

    Mentions and hashtags keep their words alone, pictures stand as their description. What Mastodon hides of an address
    from sighted readers is kept, so that it stays whole.

    Linear in the length of whatever it is given.
    """
    pieces: list[str] = []
    links: list[str] = []
    at, length = 0, len(source)
    while at < length:
        opening = source.find("<", at)
        opening = length if opening < 0 else opening
        if opening > at:
            pieces.append(_SPACE.sub(" ", html.unescape(source[at:opening]).translate(_NO_MARKS)))
        at = _take_tag(source, opening, pieces, links)
    return _GAPS.sub("\n\n", "\n".join(_lines("".join(pieces).replace("\N{NO-BREAK SPACE}", " ")))).strip()


def _lines(text: str) -> Iterator[str]:
    """Yield lines without space around them, quotations marked as mail marks them."""
    depth = 0
    for line in text.split("\n"):
        depth += line.count("\x0e") - line.count("\x0f")
        said = " ".join(filter(None, line.translate(_NO_MARKS).split(" ")))
        yield "> " * max(0, min(depth, _DEEPEST)) + said if said else ""


def _take_tag(source: str, at: int, pieces: list[str], links: list[str]) -> int:
    """Take what begins with `<` at this place; return where to go on."""
    if source.startswith("<!--", at):
        return _behind(source, "-->", at + 4)
    found = _TAG.match(source, at + 1)
    if found is None:
        if source.startswith(("!", "?"), at + 1):
            return _behind(source, ">", at)
        pieces.append(source[at : at + 1])
        return at + 1
    is_end, name = bool(found[1]), found[2].lower()
    end = _behind(source, ">", at)
    if name in _UNSEEN and not is_end:
        return _end_of(source, name, end)
    if name in _BLOCKS:
        pieces.append("\n" + _QUOTES.get(found[0].lower(), ""))
    if name == "a":
        _take_link(source[at:end], pieces, links, is_end=is_end)
    elif name == "img":
        pieces.append(_attribute(_ALT, source[at:end]))
    return end


def _attribute(pattern: re.Pattern[str], tag: str) -> str:
    found = pattern.search(tag)
    return html.unescape(next(filter(None, found.groups()), "")) if found else ""


def _take_link(tag: str, pieces: list[str], links: list[str], *, is_end: bool) -> None:
    if not is_end:
        address = _attribute(_HREF, tag)
        is_word = bool(_NO_LINK & set(_attribute(_CLASS, tag).split()))
        links.append(address if address.startswith(("http://", "https://")) and not is_word else "")
    elif links and (address := links.pop()) and address not in "".join(pieces[-3:]):
        pieces.append(f" ({address})")


def _behind(source: str, mark: str, at: int) -> int:
    """Return the place behind the next mark; the end if there is none, as browsers have it."""
    found = source.find(mark, at)
    return len(source) if found < 0 else found + len(mark)


def _end_of(source: str, name: str, at: int) -> int:
    """Return where the end tag of an element begins that holds no other; the end if there is none."""
    found = re.compile(f"</{name}", re.IGNORECASE).search(source, at)
    return len(source) if found is None else found.start()
