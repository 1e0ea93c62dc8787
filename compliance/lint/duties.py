"""What a policy owes its readers: a review in time, and help where minutes count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from compliance.lint.remark import Level, Remark, told_by
from compliance.lint.subject import EVALUATED, Subject

_review: Final = told_by("review")
_guidance: Final = told_by("guidance")


def check(subject: Subject) -> Iterator[Remark]:
    """Look at review dates, guidance and first aid."""
    for policy, rule in subject.policies().values():
        if policy.review_by and policy.review_by < subject.today:
            yield _review(
                Level.WARNING,
                policy.id,
                subject.at_policy(rule, "review_by"),
                f"was to be reviewed by {policy.review_by}",
                "its owner reads it again, then sets a new `review_by`"
                + (f"; the owner is {policy.owner}" if policy.owner else ""),
            )
    for rule in subject.own:
        if rule.is_tag or rule.status not in (*EVALUATED, "draft"):
            continue
        if not rule.guidance.strip():
            yield _guidance(
                Level.ERROR,
                rule.id,
                subject.at(rule),
                "has no guidance",
                "say what its author can do instead",
            )
        if rule.route == "security" and not rule.first_aid:
            yield _guidance(
                Level.WARNING,
                rule.id,
                subject.at(rule),
                "goes to security and has no `first_aid`",
                "say what to do at once: revoke the key, delete the post, whom to call",
            )
