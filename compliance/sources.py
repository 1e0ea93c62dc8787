"""Which sources a scan reads: configured ones by name or path, or a file given on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from compliance.errors import ComplianceError
from compliance.scan import ScanSource
from compliance.workspace import SourceSpec, Workspace
from connectors.post import PostDefaults
from connectors.registry import find_connector
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
        return [_from_spec(space, name, spec) for name, spec in configured.items()]
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
        return _from_spec(space, name, configured[name])
    path = Path(name)
    for known, spec in configured.items():
        if _path(space, spec).resolve() == path.resolve():
            return _from_spec(space, known, spec)
    if not path.exists() and not path.suffix:
        message = f"there is no source or file '{name}'"
        raise ComplianceError(
            message, hint=did_you_mean(name, configured, otherwise=f"sources: {', '.join(configured) or 'none'}")
        )
    spec = configured.get(source or path.stem) or SourceSpec(
        path=str(path), audience="internal" if audience == "internal" else "external"
    )
    return _from_spec(space, source or path.stem, spec.model_copy(update={"path": str(path.resolve())}))


def _from_spec(space: Workspace, name: str, spec: SourceSpec) -> ScanSource:
    defaults = PostDefaults(platform=spec.platform, channel=spec.channel)
    connector = find_connector(spec.connector)(_path(space, spec), defaults)  # type: ignore[call-arg]
    return ScanSource(
        name=name,
        connector=connector,
        audience=spec.audience,
        platform=spec.platform,
        include_messages=spec.messages == "include",
    )


def _path(space: Workspace, spec: SourceSpec) -> Path:
    path = Path(spec.path)
    return path if path.is_absolute() or space.root is None else space.root / path
