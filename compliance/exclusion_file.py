"""An exclusion as a YAML file, with examples from decided posts: made for a person to read first. Writes only where told to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from compliance.errors import ComplianceError
from compliance.stored import Decided
from compliance.suggest import Candidate, Proof, Trial
from rules.examples import example_document
from rules.policy import ExampleSpec, Rule
from rules.regions import word_spans

#: Words on either side of a match that an example keeps.
_AROUND: Final = 10
_MOST: Final = 3
#: What ties a sentence to a person or a place on the net: a sentence with any of it becomes no example.
_PERSONAL: Final = re.compile(r"@\w|https?:|www\.|\w@|\d[\d\s().-]{4,}\d", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What would be written, and what of it stood in posts."""

    content: str = field(repr=False)
    #: Sentences that stand in it word for word as somebody wrote them.
    quoted: tuple[str, ...] = field(repr=False)


def draft(trial: Trial, proof: Proof, decided: Iterable[Decided], *, owner: str, until: datetime) -> Draft:
    """Return the file for a proven candidate. Raises ComplianceError where no sentence shows what it does.

    Examples are short contexts of decided matches that behave alone as their posts did, without handles, addresses and
    long numbers, and none of a post whose text this reader may not see. Where no upheld post gives one, the rule's own
    examples stand in.
    """
    flags = [flag for flag in decided if not flag.post.withheld]
    exclude = list(_examples(trial, proof.candidate, [f for f in flags if f.flag_id in proof.gone], silenced=True))
    keep = list(_examples(trial, proof.candidate, [f for f in flags if f.verdict == "upheld"], silenced=False))
    own = [] if keep else _own_examples(trial, proof.candidate)
    if not exclude or not (keep or own):
        which = "false positive" if not exclude else "upheld post"
        message = f"no {which} has a short sentence that could stand as an example without personal data"
        raise ComplianceError(message, hint="write the exclusion by hand; exclusions/README.md shows the form")
    data = {
        "exclude": proof.candidate.name,
        "rules": [trial.rule.id],
        "parts": {name: dict(part) for name, part in proof.candidate.parts.items()},
        "when": proof.candidate.when,
        "owner": owner,
        "reason": _reason(proof),
        "until": until.date().isoformat(),
        "examples": {"exclude": exclude, "keep": [*keep, *own]},
    }
    quoted = tuple(str(each["text"]) for each in [*exclude, *keep])
    return Draft(content=_yaml(data), quoted=quoted)


def _reason(proof: Proof) -> str:
    cleared = f"; {proof.cleared_gone} cleared alerts go as well" if proof.cleared_gone else ""
    return (
        f"{len(proof.gone)} of {len(proof.gone) + len(proof.stay)} false positives go away; "
        f"all {proof.upheld} upheld flags still fire{cleared}."
    )


def _examples(
    trial: Trial, candidate: Candidate, flags: Sequence[Decided], *, silenced: bool
) -> Iterator[dict[str, Any]]:
    engine = trial.excluding(candidate)
    found = 0
    for flag in flags:
        text = short_context(flag)
        if found == _MOST:
            return
        if not text or _PERSONAL.search(text):
            continue
        example = _example(trial.rule, flag, text)
        # What `policy test` will see of it.
        document = example_document(trial.rule, ExampleSpec.model_validate(example))
        fires = trial.run(document).value is True
        if fires and (engine.run(trial.rule, document).value is True) is not silenced:
            found += 1
            yield example


def short_context(flag: Decided) -> str:
    """Return the words around the matches, at most ten on either side, in one line; '' where that is not short."""
    text = flag.post.document.raw
    start, end = min(start for start, _ in flag.spans), max(end for _, end in flag.spans)
    words = word_spans(text)
    before = [left for left, right in words if right <= start][-_AROUND:]
    after = [right for left, right in words if left >= end][:_AROUND]
    low, high = (before or [start])[0], (after or [end])[-1]
    low = max(low, text.rfind("\n", 0, start) + 1)
    line_end = text.find("\n", end)
    high = high if line_end < 0 else min(high, line_end)
    cut = text[low:high]
    return cut.strip() if "\n" not in cut and len(cut) <= 40 * _AROUND else ""


def _example(rule: Rule, flag: Decided, text: str) -> dict[str, Any]:
    """Return the example with no more context than its verdict needs: the day, and what the rule's scope asks for."""
    context = flag.post.document.context
    row: dict[str, Any] = {"text": text}
    if context.at is not None:
        # The hour will do, and leads less surely to the post.
        row["at"] = f"{context.at.astimezone(UTC):%Y-%m-%dT%H}:00Z"
    if context.audience and not rule.scope.audience:
        row["audience"] = context.audience
    return row


def _own_examples(trial: Trial, candidate: Candidate) -> list[dict[str, Any]]:
    engine = trial.excluding(candidate)
    for example in trial.rule.spec.examples.flag:
        document = example_document(trial.rule, example)
        if engine.run(trial.rule, document).value is True:
            return [example.model_dump(mode="json", exclude_none=True, exclude={"span"})]
    return []


def _yaml(data: dict[str, Any]) -> str:
    head = "# Suggested from past decisions by `compliance policy suggest`; read it, then put it into exclusions/.\n"
    return head + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110)


def write(path: Path, content: str) -> None:
    """Write a new file. Raises ComplianceError if it is there already or cannot be written."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(content)
    except FileExistsError:
        message = "this file is there already"
        raise ComplianceError(message, place=str(path), hint="choose another name; nothing was written") from None
    except OSError as error:
        message = f"the exclusion cannot be written: {error.strerror or type(error).__name__}"
        raise ComplianceError(message, place=str(path), hint="name a file in a folder that is there") from None
