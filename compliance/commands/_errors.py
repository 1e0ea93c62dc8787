"""How a command ends when something is refused or out of reach: three lines on standard error, and the exit code."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

import typer

from compliance.errors import ComplianceError
from connectors.errors import ConnectorError
from rules.errors import PolicyError

P = ParamSpec("P")
R = TypeVar("R")

#: A source that cannot be read leaves something unevaluated.
UNREACHED: Final = 3
#: A policy, list or workspace that cannot be loaded.
BROKEN: Final = 2


def reporting_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Make a command report ComplianceError and ConnectorError, then exit; anything else is our own fault and shows."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ComplianceError as error:
            _report(error.message, place=error.place, hint=error.hint)
            raise typer.Exit(error.exit_code) from None
        except PolicyError as error:
            for fault in error.faults:
                place = f"{fault.file}:{fault.line}:{fault.column}" if fault.line else fault.file
                _report(fault.message, place=place, hint=fault.hint)
            raise typer.Exit(BROKEN) from None
        except ConnectorError as error:
            _report(error.message, place=error.place, hint=error.hint)
            raise typer.Exit(UNREACHED) from None

    return wrapped


def _report(message: str, *, place: str | None, hint: str | None) -> None:
    # Imported here: start-up stays quick for commands that succeed.
    from compliance.safe import for_terminal

    lines = [f"error: {message}"]
    if place:
        lines.append(f"  --> {place}")
    if hint:
        lines.append(f"  hint: {hint}")
    typer.echo("\n".join(for_terminal(line) for line in lines), err=True)
