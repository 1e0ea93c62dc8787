"""Which sources a scan reads: configured ones by name or path, or a file given on the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError

from compliance.errors import ComplianceError
from compliance.scan import ScanSource
from compliance.workspace import SourceSpec, Workspace
from connectors.base import Configurable, Connector
from connectors.post import PostDefaults
from connectors.registry import find_connector, find_connectors, recognising_connectors, settings_type
from rules.errors import did_you_mean


def chosen_sources(
    space: Workspace, named: Sequence[str], *, source: str | None = None, audience: str | None = None
) -> list[ScanSource]:
    """Return the sources to scan, in the order given; all configured ones if none is named.

    A file uses the configured source of that path, else `source`, else its stem as the name. Raises ComplianceError.
    """
    configured = space.config.sources
    if not named:
        if not configured:
            message = "no source is configured, and no file is named"
            raise ComplianceError(
                message, place="compliance.yaml", hint="add one under `sources`, or run `compliance scan FILE`"
            )
        return [opened_source(space, name, spec) for name, spec in configured.items()]
    if source is not None and len(named) > 1:
        message = "--source names one source, but several files are given"
        raise ComplianceError(message, hint="scan them one by one, or leave --source out")
    found = [_one(space, name, source=source, audience=audience) for name in named]
    doubled = {one.name for one in found if sum(other.name == one.name for other in found) > 1}
    if doubled:
        message = f"two of these inputs are the source '{min(doubled)}'"
        raise ComplianceError(message, hint="scan them one by one with --source NAME")
    return found


def _one(space: Workspace, name: str, *, source: str | None, audience: str | None) -> ScanSource:
    configured = space.config.sources
    if name in configured:
        return opened_source(space, name, configured[name])
    path = Path(name)
    for known, spec in configured.items():
        if _path(space, spec).resolve() == path.resolve():
            return opened_source(space, known, spec)
    if not path.exists() and not recognising_connectors(path):
        message = f"there is no source or file '{name}'"
        raise ComplianceError(
            message, hint=did_you_mean(name, configured, otherwise=f"sources: {', '.join(configured) or 'none'}")
        )
    spec = configured.get(source or path.stem) or _unknown_to_settings(path, audience)
    return opened_source(space, source or path.stem, spec.model_copy(update={"path": str(path.resolve())}))


def _unknown_to_settings(path: Path, audience: str | None) -> SourceSpec:
    if audience is None:
        return SourceSpec(path=str(path))
    return SourceSpec(path=str(path), audience="internal" if audience == "internal" else "external")


def opened_source(space: Workspace, name: str, spec: SourceSpec) -> ScanSource:
    """Return a source with its connector; nothing is read yet. Raises ComplianceError if no connector can be told."""
    path = _path(space, spec)
    connector = find_connector(spec.connector or _recognised(path))
    is_told = "audience" in spec.model_fields_set
    return ScanSource(
        name=name,
        connector=_made(name, connector, path, spec),
        audience=spec.audience if is_told else getattr(connector, "usual_audience", spec.audience),
        platform=spec.platform,
        include_messages=spec.messages == "include",
    )


def _made(name: str, connector: type[Connector], path: Path, spec: SourceSpec) -> Connector:
    make: Callable[..., Connector] = connector
    defaults = PostDefaults(platform=spec.platform, channel=spec.channel)
    try:
        settings = settings_type(connector).model_validate(spec.model_extra or {})
    except ValidationError:
        message = f"the settings of the source '{name}' are not those of the connector '{connector.name}'"
        hint = "give the file to another source with --source NAME, or correct `sources` in compliance.yaml"
        raise ComplianceError(message, place=str(path), hint=hint) from None
    return make(path, defaults, settings) if isinstance(connector, Configurable) else make(path, defaults)


def _recognised(path: Path) -> str:
    """Return the one connector that says it reads this file. Raises ComplianceError."""
    found = recognising_connectors(path)
    if len(found) == 1:
        return found[0]
    names = ", ".join(found or find_connectors())
    message = f"more than one connector reads this: {names}" if found else "no connector is known to read this file"
    hint = "rename it, or add it under `sources` in compliance.yaml with `connector: NAME`"
    raise ComplianceError(message, place=str(path), hint=hint if found else f"connectors: {names}; {hint}")


def _path(space: Workspace, spec: SourceSpec) -> Path:
    path = Path(spec.path)
    return path if path.is_absolute() or space.root is None else space.root / path
