"""YAML files read strictly: plain data plus the line and column of everything in it. Knows nothing about policies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from rules.errors import Fault

MAX_BYTES: Final = 4_000_000
MAX_NODES: Final = 200_000
MAX_DEPTH: Final = 30
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVE: Final = yaml.SafeLoader("")
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
#: Numbers to YAML 1.2 and text to YAML 1.1.
_NEWER_NUMBER: Final = re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+|0o[0-7]+")
_LONGEST_INTEGER: Final = 16
_BOOLEANS: Final = {"true": True, "false": False}

#: `(key, index, …)` from the top of the file.
Place: TypeAlias = tuple[str | int, ...]


@dataclass(slots=True)
class SourceFile:
    """A YAML file as plain data, with marks: path -> (line, column) of its value, counted from 1."""

    name: str
    data: Any = None
    marks: dict[Place, tuple[int, int]] = field(default_factory=dict)
    #: Where the key itself stands, for faults about a key rather than its value.
    keys: dict[Place, tuple[int, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def place(self, path: Place, *, key: bool = False) -> tuple[int, int]:
        """Return line and column of a value (or of its key), or of the nearest thing around it."""
        if key and path in self.keys:
            return self.keys[path]
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path, (1, 1))

    def fault(self, path: Place, message: str, hint: str = "", *, key: bool = False) -> Fault:
        """Record and return a fault at the nearest marked place of `path`."""
        line, column = self.place(path, key=key)
        found = Fault(file=self.name, line=line, column=column, message=message, hint=hint)
        self.faults.append(found)
        return found


def read_yaml(path: Path, *, name: str | None = None) -> SourceFile:
    """Read one file. Its faults are in `.faults`; data is None where it could not be read at all."""
    source = SourceFile(name or str(path))
    try:
        content = path.read_bytes()
    except OSError as error:
        source.faults.append(
            Fault(file=source.name, message=f"cannot be read: {error.strerror or type(error).__name__}")
        )
        return source
    return parse_yaml(content, source)


def parse_yaml(content: bytes, source: SourceFile) -> SourceFile:
    """Fill `source` from `content`. Aliases, duplicate keys, surprises and bombs become faults."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        source.faults.append(
            Fault(file=source.name, line=line, column=1, message="is not UTF-8", hint="save the file as UTF-8")
        )
        return source
    if len(content) > MAX_BYTES:
        source.faults.append(Fault(file=source.name, message="is too large", hint=f"at most {MAX_BYTES:,} bytes"))
        return source
    try:
        _Builder(source).run(yaml.parse(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        source.data = None
        source.faults.append(_syntax_fault(source.name, error))
    return source


def _syntax_fault(name: str, error: yaml.YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "is not YAML"
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    hint = "quote texts that hold `: `, ` #`, or start with one of > @ % & * ! | { [ `"
    return Fault(file=name, line=line, column=column, message=f"not valid YAML: {problem}", hint=hint)


@dataclass(slots=True)
class _Open:
    """A mapping or sequence being read."""

    value: dict[str, Any] | list[Any]
    path: Place
    #: The key whose value comes next; None: a key comes next.
    key: str | None = None
    #: A second value of a duplicate key: read, then dropped.
    drop: bool = False


class _Builder:
    """Builds plain data from parser events, without recursion; every surprise becomes a fault at its own place."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.stack: list[_Open] = []
        self.nodes = 0

    def run(self, events: Iterable[yaml.Event]) -> None:
        documents = 0
        for event in events:
            documents += isinstance(event, yaml.DocumentStartEvent)
            if documents > 1:
                self._fault(event, "a second document starts here", "one file holds one document; remove the line ---")
                return
            if isinstance(event, yaml.AliasEvent):
                self._fault(event, "aliases are not allowed", "write the value out where it is used")
                self._put(event, None)
            elif isinstance(event, yaml.ScalarEvent):
                self._put(event, self._scalar(event))
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                if not self._open(event):
                    return
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                self.stack.pop()

    def _open(self, event: yaml.Event) -> bool:
        if len(self.stack) >= MAX_DEPTH or self.nodes > MAX_NODES:
            self._fault(event, "is too large or too deep", f"at most {MAX_NODES:,} values and {MAX_DEPTH} levels")
            return False
        value: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        path = self._put(event, value)
        self.stack.append(_Open(value, path))
        return True

    def _put(self, event: yaml.Event, value: Any) -> Place:  # noqa: ANN401 - YAML holds anything
        """Place a value (or key) into the open container; return its path."""
        self.nodes += 1
        if not self.stack:
            self.source.data = value
            return self._mark((), event)
        top = self.stack[-1]
        if isinstance(top.value, list):
            top.value.append(value)
            return self._mark((*top.path, len(top.value) - 1), event)
        if top.key is None:
            self._key(top, event)
            return (*top.path, top.key or "?")
        path = (*top.path, top.key)
        if not top.drop:
            top.value[top.key] = value
            self._mark(path, event)
        top.key = None
        return path

    def _key(self, top: _Open, event: yaml.Event) -> None:
        key = event.value if isinstance(event, yaml.ScalarEvent) else "?"
        if not isinstance(event, yaml.ScalarEvent):
            self._fault(event, "a key must be a plain word", "quote it, or write the mapping over several lines")
        top.key, top.drop = key, key in top.value
        if top.drop:
            self._fault(event, f"key '{key}' stands here twice", "keep one; the other would vanish silently")
        else:
            path = (*top.path, key)
            self.source.keys[path] = _at(event)
            self._mark(path, event)

    def _scalar(self, event: yaml.ScalarEvent) -> Any:  # noqa: ANN401
        if event.style or event.tag:  # quoted or a block: a string, whatever it looks like
            if event.tag:
                self._fault(event, f"the tag {event.tag} is not allowed", "write the plain value")
            return event.value
        if self._is_key():
            return event.value  # a key is text here, and to YAML 1.2: `on`, `NO`
        value = _plain(event.value)
        if isinstance(value, _Surprise):
            hint = (
                f'write "{event.value}" in quotes if you mean the text'
                if event.value
                else "give a value, or remove the key"
            )
            self._fault(event, f"'{event.value}' may be read as {value.what}", hint)
            return None
        return value

    def _is_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None

    def _mark(self, path: Place, event: yaml.Event) -> Place:
        self.source.marks[path] = _at(event)
        return path

    def _fault(self, event: yaml.Event, message: str, hint: str) -> None:
        line, column = _at(event)
        self.source.faults.append(Fault(file=self.source.name, line=line, column=column, message=message, hint=hint))


def _at(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _plain(text: str) -> Any:  # noqa: ANN401
    tag = _RESOLVE.resolve(yaml.ScalarNode, text, (True, False)).rpartition(":")[2]  # type: ignore[no-untyped-call]
    if _NEWER_NUMBER.fullmatch(text):
        return _Surprise("another number")
    if tag == "bool":
        return _BOOLEANS.get(text, _Surprise("true or false"))
    if tag == "int":
        return (
            int(text)
            if _INTEGER.fullmatch(text) and len(text) < _LONGEST_INTEGER
            else _Surprise("another number or a time")
        )
    if tag == "float":
        return float(text) if _DECIMAL.fullmatch(text) else _Surprise("another number or a time")
    return _Surprise("nothing") if tag == "null" else text


@dataclass(frozen=True, slots=True)
class _Surprise:
    """A plain scalar that YAML tools read differently from what the author sees."""

    what: str
