"""JSON Schemas of the files people write, made from the models that read them."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from compliance.errors import ComplianceError
from compliance.ladder import LadderSpec
from compliance.workspace import Config
from connectors.registry import find_connectors, settings_type
from rules.errors import did_you_mean
from rules.kinds import kinds
from rules.policy import ExclusionSpec, PolicySpec

_MODELS: Final[dict[str, type[BaseModel]]] = {
    "policy": PolicySpec,
    "exclusion": ExclusionSpec,
    "compliance": Config,
    "ladder": LadderSpec,
}


def schema_of(kind: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one kind of file. Raises ComplianceError for an unknown kind."""
    if kind not in _MODELS:
        message = f"there is no schema '{kind}'"
        raise ComplianceError(message, hint=did_you_mean(kind, _MODELS, otherwise=f"one of: {', '.join(_MODELS)}"))
    schema = _MODELS[kind].model_json_schema(by_alias=True)
    if kind in {"policy", "exclusion"}:
        parts = [_inline(detector.keys.model_json_schema(by_alias=True)) for detector in kinds().values()]
        _parts_of(schema)["additionalProperties"] = {"oneOf": parts}
    elif kind == "compliance":
        _add_settings(schema["$defs"]["SourceSpec"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _add_settings(source: dict[str, Any]) -> None:
    """Add the settings of every connector to those of a source."""
    for name, connector in find_connectors().items():
        for key, value in _inline(settings_type(connector).model_json_schema()).get("properties", {}).items():
            described = f"{name}: {value.get('description', '')}"
            source["properties"].setdefault(key, value | {"description": described})
    source["additionalProperties"] = False


def _parts_of(schema: dict[str, Any]) -> dict[str, Any]:
    holder = schema["$defs"]["RuleSpec"] if "RuleSpec" in schema.get("$defs", {}) else schema
    parts: dict[str, Any] = holder["properties"]["parts"]
    parts.pop("patternProperties", None)
    parts["propertyNames"] = {"pattern": "^[a-z][a-z0-9_]*$"}
    return parts


def _inline(schema: dict[str, Any]) -> dict[str, Any]:
    """Put nested definitions where they are used, so that the pieces can be joined under one root."""
    definitions = schema.pop("$defs", {})

    def fill(value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, dict):
            reference = value.get("$ref")
            return (
                fill({**definitions[reference.rpartition("/")[2]], **{k: v for k, v in value.items() if k != "$ref"}})
                if reference
                else {k: fill(v) for k, v in value.items()}
            )
        return [fill(one) for one in value] if isinstance(value, list) else value

    filled: dict[str, Any] = fill(schema)
    return filled
