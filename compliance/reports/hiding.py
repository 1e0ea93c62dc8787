"""Which numbers a report keeps to itself, because they could be about one person."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, func

from compliance.models import PostRow

#: A number that says what people did needs the posts of this many accounts behind it, on one platform.
FEWEST_ACCOUNTS: Final = 5
#: Shares of fewer decisions are shown in grey, with a sentence.
FEWEST_DECISIONS: Final = 30
#: Times of fewer decisions are not shown: the median of two is two people's afternoon.
FEWEST_TIMES: Final = 5


def accounts() -> ColumnElement[int]:
    """Return the number of accounts behind the rows of a group that holds one platform.

    Groups of several platforms take the greatest of these, never the sum: one person with an account on each of five
    platforms is one person. Posts without a known author count for nobody.
    """
    return func.count(PostRow.author.distinct())


def is_hidden(most_accounts: int) -> bool:
    """Say whether a number with so many accounts behind it is kept back."""
    return most_accounts < FEWEST_ACCOUNTS
