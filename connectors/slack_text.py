"""Slack's markup as people read it: mentions by name, links by label and address, the three escapes undone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

_MARKED: Final = re.compile(r"<([^<>]*)>")
_BARE: Final = re.compile(r"(?:https?://|mailto:|tel:)")


@dataclass(slots=True)
class Names:
    """What people and channels are called, by id."""

    users: dict[str, str] = field(default_factory=dict, repr=False)
    channels: dict[str, str] = field(default_factory=dict)


def as_read(text: str, names: Names) -> str:
    """Return the text with markup resolved; what names nobody known keeps its id.

    Source: docs.slack.dev, "Formatting message text": `<`, `>` and `&` of the author are always escaped, so every pair
    of angle brackets is markup.
    """
    if "<" in text:
        text = _MARKED.sub(lambda found: _resolved(found[1], names), text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _resolved(marked: str, names: Names) -> str:
    target, _, label = marked.partition("|")
    if target.startswith("@"):
        return "@" + (names.users.get(target[1:]) or label.removeprefix("@") or target[1:])
    if target.startswith("#"):
        return "#" + (label or names.channels.get(target[1:]) or target[1:])
    if target.startswith("!"):
        # <!here>, <!subteam^S012|@team>, <!date^1772442000^{date}|2 March>
        return label or "@" + target[1:].partition("^")[0]
    # An address that Slack linked by itself is its own label; any other label hides where the link leads.
    if not label or label in {target, _BARE.sub("", target, count=1)}:
        return label or target
    return f"{label} ({target})"
