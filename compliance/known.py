"""Which findings the baseline knows, and which findings a baseline is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from compliance.baseline import Entry, Rewritten, Seen, name_in, rewrite
from compliance.fingerprints import Fingerprints
from compliance.verdicts import Known, Verdict
from rules.evaluation import Publish, Status


def with_fingerprints(verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
    """Pass the verdicts on with the fingerprints of their findings; they must come in the order of their files."""
    fingerprints = Fingerprints()
    for verdict in verdicts:
        if verdict.evaluation is None or not verdict.evaluation.findings:
            yield verdict
            continue
        found = fingerprints.of(verdict.draft, verdict.evaluation)
        yield replace(verdict, fingerprints={rule: tuple(p.fingerprint for p in found[rule]) for rule in found})


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """A baseline as it is used: by file, rule and fingerprint."""

    path: Path
    entries: Iterable[Entry]
    today: date
    _by_key: dict[tuple[str, str, str], Entry] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", {entry.key: entry for entry in self.entries})

    def judge(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        """Pass the verdicts on with what the baseline says about their findings.

        A finding is known if every place of it stands in the baseline: one place more makes it a new one.
        """
        for verdict in verdicts:
            file = name_in(self.path, verdict.draft.place) if verdict.fingerprints else ""
            found = {rule: self._known(file, rule, prints) for rule, prints in verdict.fingerprints.items()}
            yield replace(verdict, known={rule: known for rule, known in found.items() if known})

    def _known(self, file: str, rule: str, fingerprints: tuple[str, ...]) -> Known | None:
        entries = [entry for one in fingerprints if (entry := self._by_key.get((file, rule, one)))]
        if len(entries) < len(fingerprints):
            return None
        expired = [entry for entry in entries if entry.is_expired(self.today)]
        said = (expired or entries)[0]
        return Known(
            label=said.label,
            reason="; ".join(dict.fromkeys(entry.reason for entry in entries)),
            expires=min((entry.expires for entry in entries if entry.expires), default=None),
            is_expired=bool(expired),
        )


def recorded(verdicts: Iterable[Verdict], known: Iterable[Entry], *, path: Path, today: date) -> Rewritten:
    """Return the baseline of all that could stop a draft (`block` and `warn`), keeping what people said of what is known."""
    known = list(known)
    seen: list[Seen] = []
    checked: dict[str, bool] = {}
    for verdict in verdicts:
        file = name_in(path, verdict.draft.place)
        checked[file] = checked.get(file, True) and verdict.status is not Status.INCOMPLETE
        seen += _seen(verdict, file)
    exists = {entry.key[0]: (path.parent / entry.file).exists() for entry in known}
    return rewrite(known, seen, checked=checked, exists=exists, today=today)


def _seen(verdict: Verdict, file: str) -> Iterator[Seen]:
    places = verdict.places
    for finding in verdict.findings():
        if finding.publish is Publish.OBSERVE:
            continue
        starts = sorted(match.start for match in finding.matches)
        line = verdict.draft.line or places.at(starts[0] if starts else 0).line
        for fingerprint in verdict.fingerprints[finding.rule]:
            yield Seen(file=file, rule=finding.rule, fingerprint=fingerprint, line=line)
