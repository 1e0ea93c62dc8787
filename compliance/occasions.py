"""Which flags come from one act: an occasion counts once, however many rules, posts or platforms it touched. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

#: Posts of one person that follow each other this closely are one outburst.
RANT: Final = timedelta(hours=1)
#: The same text later than this is said anew.
CROSS_POST: Final = timedelta(days=7)
#: A text shorter than this is too common to tell a cross-post by.
_TELLING: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A flagged post of the person: what tells whether two of them are one act."""

    flag_id: int
    post_id: int
    source_id: int
    #: Of the offending version.
    at: datetime
    thread: str | None = field(default=None, repr=False)
    text: str = field(default="", repr=False)


def group(publications: Sequence[Publication]) -> Mapping[int, int]:
    """Return flag id -> occasion, counted from 1 by time.

    One occasion: several rules on one post, one thread, the same text again within a week, or posts within an hour of
    each other.
    """
    ordered = sorted(publications, key=lambda one: (one.at, one.flag_id))
    home = {one.flag_id: one.flag_id for one in ordered}

    def root(flag: int) -> int:
        while home[flag] != flag:
            flag = home[flag]
        return flag

    seen: dict[tuple[object, ...], Publication] = {}
    before: Publication | None = None
    for one in ordered:
        for mark in _marks(one):
            earlier = seen.get(mark, one)
            if mark[0] != "text" or one.at - earlier.at <= CROSS_POST:
                home[root(earlier.flag_id)] = root(one.flag_id)
            seen[mark] = one
        if before is not None and one.at - before.at <= RANT:
            home[root(before.flag_id)] = root(one.flag_id)
        before = one
    numbers: dict[int, int] = {}
    return {one.flag_id: numbers.setdefault(root(one.flag_id), len(numbers) + 1) for one in ordered}


def _marks(one: Publication) -> list[tuple[object, ...]]:
    marks: list[tuple[object, ...]] = [("post", one.post_id)]
    if one.thread is not None:
        marks.append(("thread", one.source_id, one.thread))
    words = " ".join(unicodedata.normalize("NFKC", one.text).casefold().split())
    if len(words) >= _TELLING:
        marks.append(("text", words))
    return marks
