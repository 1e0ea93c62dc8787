"""A scan that is killed after its first page, for scene eight of the demo: `python -m compliance.commands._killed DIR SOURCE…`."""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path


def main(folder: str, *sources: str) -> None:
    """Scan, and die as `kill -9` has it as soon as a page is stored."""
    from compliance.audit import Actor
    from compliance.judge import Judge
    from compliance.scan import scan
    from compliance.sources import chosen_sources
    from compliance.workspace import open_workspace

    space = open_workspace(Path(folder))
    scan(
        space.database,
        chosen_sources(space, sources),
        Judge(space.ruleset),
        space.people,
        actor=Actor(id="scan", proof="system"),
        now=lambda: datetime.now(UTC),
        page_done=_die,
    )


def _die(_progress: object) -> None:
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


if __name__ == "__main__":
    main(*sys.argv[1:])
