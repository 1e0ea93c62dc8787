"""What the scenes of the demo stand on: its workspace, a screen, and the same services that the commands call."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from compliance.commands._desk import clock, console, needs_marks, session_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from compliance.dossier import Dossier
    from compliance.listing import QueuedFlag
    from compliance.workspace import Workspace
    from rules.engine import Engine


@dataclass(kw_only=True)
class Stage:
    """One showing of the demo."""

    folder: Path
    screen: Console = field(default_factory=console)

    @cached_property
    def space(self) -> Workspace:
        """The workspace as it was last opened."""
        from compliance.workspace import open_workspace

        return open_workspace(self.folder)

    @cached_property
    def engine(self) -> Engine:
        """The rules as they were last opened."""
        from rules.engine import Engine

        return Engine(self.space.ruleset)

    def reopen(self) -> None:
        """Read the workspace anew, as every command does."""
        self.space.database.dispose()
        for name in ("space", "engine"):
            self.__dict__.pop(name, None)

    def title(self, words: str) -> None:
        """Begin a scene."""
        self.screen.print(f"\n{words}", style="bold")

    def say(self, words: str) -> None:
        """Tell something in our own words."""
        self.screen.print(words, style="italic")

    def typed(self, command: str) -> None:
        """Show what one would type to see the same; the folder is left out to keep lines short."""
        self.screen.print(f"$ {command}", style="green", soft_wrap=True)

    def say_plainly(self, words: str) -> None:
        """Print what a service said, wrapped under its own beginning."""
        from rich.padding import Padding

        from compliance.safe import as_text

        self.screen.print(Padding(as_text(words), (0, 0, 0, 2), expand=False))

    def line(self, *parts: str | Text) -> None:
        """Print one line, cut at the edge of the screen."""
        from rich.text import Text

        found = Text("  ")
        for part in parts:
            found.append_text(part if isinstance(part, Text) else Text(part))
        self.screen.print(found, no_wrap=True, overflow="ellipsis")

    def excerpt(self, text: str, spans: tuple[tuple[int, int], ...] = (), *, beside: int = 2) -> Text:
        """Return a line of a post with what matched marked, leaving `beside` cells of the screen to what stands around it."""
        from compliance.safe import snippet

        return snippet(text, spans, max(20, self.screen.width - beside), marks=needs_marks(self.screen))

    def flags_of(self, *posts: str, as_id: str = "rivera") -> list[QueuedFlag]:
        """Return every flag of these posts (`source/id`) as this person's queue lists them, gravest first."""
        from compliance.listing import MAX_LIMIT, Filters, queue
        from compliance.permissions import acting

        actor, reviewer = acting(self.space, as_id)
        with session_of(self.space, writes=False) as session:
            page = queue(
                session,
                Filters(status="all", limit=MAX_LIMIT),
                people=self.space.people,
                reviewer=reviewer,
                actor=actor,
                now=clock(),
            )
        return [flag for flag in page.flags if f"{flag.source}/{flag.post}" in posts]

    def flag_of(self, post: str, rule: str, *, as_id: str = "rivera") -> QueuedFlag:
        """Return the one flag of this post by this rule."""
        return next(flag for flag in self.flags_of(post, as_id=as_id) if flag.rule == rule)

    def dossier(self, flag_id: int, *, as_id: str) -> Dossier:
        """Return what `compliance show` would show to this person. Raises ComplianceError where it would refuse."""
        from compliance.dossier import show
        from compliance.permissions import acting

        actor, reviewer = acting(self.space, as_id)
        with session_of(self.space, writes=False) as session:
            return show(
                session,
                flag_id,
                ruleset=self.space.ruleset,
                people=self.space.people,
                reviewer=reviewer,
                actor=actor,
                now=clock(),
            )

    def decide(
        self,
        flag_id: int,
        verdict: str,
        *,
        reason: str,
        code: str | None = None,
        lane: str | None = None,
        shown: bool = True,
    ) -> None:
        """Decide as Rivera, through the command's own body, and print what it prints."""
        from compliance.commands import decide
        from compliance.commands._desk import Format

        ruling = decide.Ruling(flag_id=flag_id, verdict=verdict, code=code, reason=reason, lane=lane)
        said = "".join(f" --{name} {word}" for name, word in (("code", code), ("lane", lane)) if word)
        if shown:
            self.typed(f"compliance decide {flag_id} {verdict}{said} --reason … --as rivera")
        with nullcontext() if shown else redirect_stdout(io.StringIO()):
            decide.run(self.space, ruling, acting_as="rivera", output=Format.TEXT, now=clock())

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Print the first line of a refusal."""
        from compliance.errors import ComplianceError
        from compliance.safe import as_text

        try:
            yield
        except ComplianceError as error:
            self.screen.print(as_text(f"error: {error.message}", style="magenta"))
