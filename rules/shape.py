"""What pydantic found wrong with a YAML file, said in this project's words at its place in the file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rules.errors import did_you_mean
from rules.source import Place, SourceFile

_Model = TypeVar("_Model", bound=BaseModel)
_TIMES: Final = "times look like 2026-11-03 or 2026-11-03T09:00Z"


def parse(source: SourceFile, model: type[_Model], *, data: Any = None, place: Place = ()) -> _Model | None:  # noqa: ANN401 - YAML holds anything
    """Validate a file (or the part of it at `place`) against a model; faults go to `source`, None if there are any."""
    value = source.data if data is None else data
    if source.faults and value is None:
        return None
    if not isinstance(value, dict):
        source.fault(place, "is empty or no mapping", f"it starts with `{next(iter(model.model_fields))}: …`")
        return None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        translate(source, model, error, place)
    return None


def translate(source: SourceFile, model: type[BaseModel], error: ValidationError, place: Place) -> None:
    """Say pydantic's errors in our words, each at its place below `place`."""
    marked = {(fault.line, fault.column) for fault in source.faults}
    for one in error.errors(include_url=False, include_input=True):
        _translate(source, model, one, place, marked)


def _translate(
    source: SourceFile, model: type[BaseModel], error: ErrorDetails, place: Place, marked: set[tuple[int, int]]
) -> None:
    """Say one of pydantic's errors in our words, unless its place already has a fault."""
    # Union and validator steps are pydantic's own; only keys and indexes are places in the file.
    inner: Place = ()
    for step in error["loc"]:
        inner = (*inner, step) if (*place, *inner, step) in source.marks else inner
    path = (*place, *inner)
    about_key = error["type"] == "extra_forbidden"
    message, hint = _SAID.get(error["type"], _otherwise)(model, error)
    if source.place(path, key=about_key) not in marked:
        source.fault(path, message, hint, key=about_key)


def _key(error: ErrorDetails) -> str:
    return str(error["loc"][-1]) if error["loc"] else ""


def _missing(_model: type[BaseModel], error: ErrorDetails) -> tuple[str, str]:
    key = _key(error)
    return f"key '{key}' is missing", "every rule needs flag and pass examples" if key in {
        "flag",
        "pass",
        "examples",
    } else ""


def _unknown_key(model: type[BaseModel], error: ErrorDetails) -> tuple[str, str]:
    known = _keys_at(model, error["loc"][:-1])
    return f"unknown key '{_key(error)}'", did_you_mean(_key(error), known, otherwise=f"known keys: {', '.join(known)}")


def _choice(_model: type[BaseModel], error: ErrorDetails) -> tuple[str, str]:
    expected = str(error.get("ctx", {}).get("expected", ""))
    choices = expected.replace("'", "").replace(" or ", ", ").split(", ")
    hint = did_you_mean(str(error["input"]), choices, otherwise=f"one of: {', '.join(choices)}")
    return f"'{error['input']}' is not allowed here", hint


def _no_text(_model: type[BaseModel], error: ErrorDetails) -> tuple[str, str]:
    quotable = isinstance(error["input"], (int, float))
    return f"'{error['input']}' must be text", "write it in quotes" if quotable else ""


def _bad_name(_model: type[BaseModel], error: ErrorDetails) -> tuple[str, str]:
    hint = "small letters, digits and hyphens (parts: underscores), starting with a letter"
    return f"'{error['input']}' is no valid name here", hint


def _empty(_model: type[BaseModel], error: ErrorDetails) -> tuple[str, str]:
    return f"'{_key(error)}' is empty", "give at least one"


def _bad_value(_model: type[BaseModel], error: ErrorDetails) -> tuple[str, str]:
    said = str(error.get("ctx", {}).get("error", error["msg"]))
    return said, _TIMES if "isoformat" in said else ""


def _otherwise(_model: type[BaseModel], error: ErrorDetails) -> tuple[str, str]:
    return f"'{_key(error)}': {error['msg'][0].lower()}{error['msg'][1:]}", ""


_SAID: Final[dict[str, Callable[[type[BaseModel], ErrorDetails], tuple[str, str]]]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "literal_error": _choice,
    "enum": _choice,
    "string_type": _no_text,
    "string_pattern_mismatch": _bad_name,
    "too_short": _empty,
    "value_error": _bad_value,
}


def _keys_at(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """Return the keys that a model (or the model nested at `location`) knows."""
    current: Any = model
    for step in location:
        if isinstance(step, int) or not (isinstance(current, type) and issubclass(current, BaseModel)):
            continue
        by_key = {info.alias or name: info for name, info in current.model_fields.items()}
        if step in by_key:
            current = _nested_model(by_key[str(step)].annotation) or current
    return [info.alias or name for name, info in current.model_fields.items()]


def _nested_model(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any type expression
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in getattr(annotation, "__args__", ()) if (found := _nested_model(inner))), None)
