"""From the parts and the condition as written to parts and condition as evaluated; every fault with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from rules import expression
from rules.detectors.base import Detector, KeyFault, Keys, Material, SpanKeys, Told, check_regions
from rules.errors import did_you_mean
from rules.kinds import kinds
from rules.lists import Lists
from rules.policy import Part
from rules.shape import translate
from rules.source import Place, SourceFile

_WORDS: Final = re.compile(r"(\d{1,4}) words?")
_SENTENCE: Final = "1 sentence"
#: `{part}` or `{part.public_name}` in a message.
PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)(\.public_name)?\}")


def build_parts(  # noqa: PLR0913 - what a rule is made of
    source: SourceFile,
    place: Place,
    specs: Mapping[str, dict[str, Any]],
    when: str,
    *,
    lists: Lists,
    borrowed: Mapping[str, Part] | None = None,
    texts: Mapping[str, str | None] | None = None,
    used: Iterable[str] = (),
    trusted: bool = False,
    told: Told = Told(),  # noqa: B008 - frozen
) -> tuple[dict[str, Part], expression.Node] | None:
    """Compile parts and condition; None if anything is wrong, with the faults in `source`.

    `borrowed` parts (of the rule that an exclusion touches) may be referred to by `near` and `count` and need not be used;
    nor need those in `used`, which are needed otherwise.
    """
    before = len(source.faults)
    builder = _PartBuilder(source, lists, trusted=trusted, told=told)
    parts = dict(borrowed or {})
    for name, spec in specs.items():
        part = builder.part(name, spec, (*place, "parts", name))
        if part is not None:
            parts[name] = part
    known = [*parts, *specs]
    needed = {*used, *_references(source, place, specs, parts, known)}
    node = _condition(source, (*place, "when"), when, known)
    if node is not None:
        needed |= set(expression.names(node))
        for name in specs:
            if name not in needed:
                source.fault((*place, "parts", name), f"part '{name}' is never used", "name it in `when`, or remove it")
    _check_placeholders(source, place, texts or {}, known)
    return (parts, node) if node is not None and len(source.faults) == before else None


def by_meaning_alone(parts: Mapping[str, Part], when: expression.Node) -> bool:
    """Return whether the condition could hold where no part but those of kind `meaning` sees anything in the text.

    What a part does *not* see is no evidence: `hint and not joke` is meaning alone.
    """
    if not any(parts[name].detector.name == "meaning" for name in expression.positive_names(when) if name in parts):
        return False

    def of_part(name: str) -> frozenset[bool]:
        detector = parts[name].detector
        if detector.name == "count":
            return of_part(str(getattr(detector, "part", "")))
        is_words = issubclass(kinds()[detector.name].keys, SpanKeys) and detector.name != "meaning"
        return frozenset({False}) if is_words else frozenset({False, True})

    return True in expression.possible(when, of_part)


def _check_placeholders(source: SourceFile, place: Place, texts: Mapping[str, str | None], known: list[str]) -> None:
    for key, text in texts.items():
        for found in PLACEHOLDER.finditer(text or ""):
            if found[1] not in known:
                source.fault((*place, key), f"unknown part '{found[1]}' in the {key}", did_you_mean(found[1], known))


def _condition(source: SourceFile, place: Place, when: str, known: list[str]) -> expression.Node | None:
    try:
        node = expression.parse(when)
    except expression.ExpressionError as error:
        source.fault(place, f"`when`: {error.message} (character {error.column + 1})", error.hint)
        return None
    missing = [name for name in dict.fromkeys(expression.names(node)) if name not in known]
    for name in missing:
        source.fault(
            place,
            f"`when` names an unknown part '{name}'",
            did_you_mean(name, known, otherwise=f"parts: {', '.join(known)}"),
        )
    return None if missing else node


def _references(
    source: SourceFile, place: Place, specs: Mapping[str, dict[str, Any]], parts: Mapping[str, Part], known: list[str]
) -> Iterator[str]:
    """Yield the parts that other parts refer to; refuse unknown ones and circles."""
    graph: dict[str, list[str]] = {}
    for name, spec in specs.items():
        for key in ("near", "count"):
            target = spec.get(key)
            if not isinstance(target, str):
                continue
            if target not in known:
                source.fault(
                    (*place, "parts", name, key),
                    f"unknown part '{target}'",
                    did_you_mean(target, known, otherwise=f"parts: {', '.join(known)}"),
                )
            elif (
                target in parts
                and not issubclass(kinds()[parts[target].detector.name].keys, SpanKeys)
                and parts[target].detector.name != "count"
            ):
                source.fault(
                    (*place, "parts", name, key),
                    f"part '{target}' has no place in the text",
                    f"`{key}` needs a part that matches text",
                )
            graph.setdefault(name, []).append(target)
            yield target
    for name in graph:
        if _reaches(graph, name):
            source.fault(
                (*place, "parts", name), f"part '{name}' refers to itself in a circle", "let one part stand on its own"
            )


def _reaches(graph: Mapping[str, list[str]], start: str) -> bool:
    seen: set[str] = set()
    todo = list(graph.get(start, ()))
    while todo:
        name = todo.pop()
        if name == start:
            return True
        if name not in seen:
            seen.add(name)
            todo += graph.get(name, ())
    return False


class _PartBuilder:
    def __init__(
        self,
        source: SourceFile,
        lists: Lists,
        *,
        trusted: bool = False,
        told: Told = Told(),  # noqa: B008 - frozen
    ) -> None:
        self.source = source
        self.lists = lists
        self.trusted = trusted
        self.told = told

    def part(self, name: str, spec: dict[str, Any], place: Place) -> Part | None:
        built = self._detector(name, spec, place)
        if built is None:
            return None
        detector, keys = built
        if not isinstance(keys, SpanKeys):
            return Part(name=name, detector=detector)
        words = self._within(keys, place)
        for key, regions in (("in", keys.in_), ("not_in", keys.not_in)):
            try:
                check_regions(regions, key=key)
            except KeyFault as fault:
                self._refuse(fault, place)
        return Part(
            name=name,
            detector=detector,
            inside=tuple(keys.in_ or ()),
            outside=tuple(keys.not_in or ()),
            near=keys.near,
            within_words=words,
        )

    def _detector(self, name: str, spec: dict[str, Any], place: Place) -> tuple[Detector, Keys] | None:
        known = kinds()
        named = [key for key in spec if key in known]
        if len(named) != 1:
            self._no_kind(name, spec, named, place)
            return None
        kind = known[named[0]]
        try:
            keys = kind.keys.model_validate(spec)
        except ValidationError as error:
            translate(self.source, kind.keys, error, place)
            return None
        material = Material(
            lists=self.lists,
            trusted=self.trusted,
            told=self.told,
            build=lambda inner, below: self._inner(name, inner, (*place, *below)),
        )
        try:
            return kind.build(keys, material), keys
        except KeyFault as fault:
            self._refuse(fault, place)
            return None

    def _inner(self, name: str, spec: dict[str, Any], place: Place) -> Detector:
        built = self._detector(name, spec, place)
        if built is None:
            raise _AlreadySaidError
        return built[0]

    def _no_kind(self, name: str, spec: dict[str, Any], named: list[str], place: Place) -> None:
        if named:
            self.source.fault(
                place,
                f"part '{name}' has two kinds: {' and '.join(named)}",
                "make two parts of it and join them in `when`",
            )
            return
        words = [key for key in spec if key not in {"in", "not_in", "near", "within", "exact"}] or [""]
        hint = did_you_mean(words[0], kinds(), otherwise=f"kinds: {', '.join(kinds())}")
        self.source.fault((*place, words[0]), f"part '{name}': unknown kind '{words[0]}'", hint)

    def _within(self, keys: SpanKeys, place: Place) -> int | None:
        if (keys.near is None) != (keys.within is None):
            self.source.fault(
                place, "`near` and `within` belong together", "near: PART, within: 6 words (or 1 sentence)"
            )
        if keys.within is None or keys.within == _SENTENCE:
            return None
        match = _WORDS.fullmatch(keys.within)
        if match is None:
            self.source.fault((*place, "within"), f"'{keys.within}' is no distance", "`6 words` or `1 sentence`")
        return int(match[1]) if match else None

    def _refuse(self, fault: KeyFault, place: Place) -> None:
        if not isinstance(fault, _AlreadySaidError):
            self.source.fault((*place, *fault.key), fault.message, fault.hint)


class _AlreadySaidError(KeyFault):
    """A part inside a part failed and has said so at its own place."""

    def __init__(self) -> None:
        super().__init__("")
