"""The command line: registers the commands; their bodies live in `compliance.commands`."""

from __future__ import annotations

import typer

from compliance.commands import (
    action,
    appeal,
    audit,
    case,
    check,
    db,
    decide,
    demo,
    detect,
    doctor,
    init,
    policy,
    queue,
    replay,
    report,
    scan,
    show,
)

app = typer.Typer(
    name="compliance",
    help="Social media policy compliance monitor: posts come in, flags come out, a person decides.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(demo.demo)
app.command()(init.init)
app.command()(doctor.doctor)
app.command()(check.check)
app.command()(scan.scan)
app.command()(detect.detect)
app.command()(queue.queue)
app.command()(show.show)
app.command()(decide.decide)
app.command()(replay.replay)
app.command()(report.report)
app.add_typer(case.app, name="case")
app.add_typer(action.app, name="action")
app.add_typer(appeal.app, name="appeal")
app.add_typer(policy.app, name="policy")
app.add_typer(audit.app, name="audit")
app.add_typer(db.app, name="db")


def main() -> None:
    """Run `compliance`."""
    app()


if __name__ == "__main__":
    main()
