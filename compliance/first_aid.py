"""What is shown of a live key or password while counsel holds its flag: enough to revoke it, nothing about who wrote what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compliance.dossier import Dossier, MatchView, ObservationView, PostView
    from compliance.models import Flag


def first_aid_only(flag: Flag, found: Dossier) -> Dossier:
    """Return the dossier without author, thread, place, tags, history and words besides those that were matched.

    What a rule took from the sense of the whole text is no key and is left out with it.
    """
    seen = next((row for row in reversed(found.observations) if row.matches), None)
    text = next((row.text for row in flag.post.versions if seen is not None and row.id == seen.version), "")
    cut = () if seen is None else tuple(_cut(seen, text))
    words = "\n".join(word for _, word in cut)
    version = replace(
        found.versions[-1],
        at=flag.opened_at,
        edited_at=None,
        deleted_at=None,
        seen_at=flag.opened_at,
        text=words,
        spans=tuple((match.start, match.end) for match, _ in cut),
        attachments=(),
    )
    return replace(
        found,
        lane=found.route,
        post=_bare(flag, found.post),
        withheld="first-aid",
        versions=(version,),
        observations=() if seen is None else (replace(seen, matches=tuple(match for match, _ in cut)),),
        rule=replace(found.rule, message=None),
        decisions=(),
        remedies=(),
        of_post=replace(found.of_post, counts={}, newest=()),
        of_author=replace(found.of_author, counts={}, newest=()),
        tags=(),
    )


def _cut(seen: ObservationView, text: str) -> Iterator[tuple[MatchView, str]]:
    """Yield each match with its words, its span counted in the lines that are shown instead of the text."""
    at = 0
    for span in sorted({(match.start, match.end) for match in seen.matches if match.detector != "meaning"}):
        match = next(
            match for match in seen.matches if (match.start, match.end) == span and match.detector != "meaning"
        )
        word = text[slice(*span)]
        yield replace(match, start=at, end=at + len(word)), word
        at += len(word) + 1


def _bare(flag: Flag, post: PostView) -> PostView:
    return replace(
        post,
        external_id="",
        channel=None,
        author=None,
        url=None,
        thread=None,
        shared_from=None,
        is_reply=None,
        posted_at=None,
        first_seen_at=flag.opened_at,
        deleted_at=None,
    )
