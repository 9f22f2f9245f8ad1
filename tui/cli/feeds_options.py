"""Options of `gatedeck feeds` and `gatedeck notify`."""

from __future__ import annotations

from typing import Annotated

import typer

from tui.cli.options import Config, JsonLine, Url


def feeds(
    test: Annotated[
        bool, typer.Option("--test", help="Ask each feed of the settings once; needs no running engine.")
    ] = False,
    symbol: Annotated[str, typer.Option(help="Underlying that --test asks for.")] = "SPY",
    url: Url = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Show the feeds of the running engine: state, budget, latency, age and last error.

    The exit code is 1 if a feed cannot be used.
    """
    from tui.cli import feeds as feeds_command

    if test:
        raise typer.Exit(feeds_command.test(symbol.upper(), config=config, as_json=json))
    raise typer.Exit(feeds_command.show(url=url, config=config, as_json=json))


def notify(
    test: Annotated[bool, typer.Option("--test", help="Send a message to each address now.")] = False,
    config: Config = None,
) -> None:
    """Show the addresses that messages go to, such as a phone; their secrets are not shown.

    The exit code is 1 if a test message was not taken.
    """
    from tui.cli.notify import notify as notify_command

    raise typer.Exit(notify_command(test=test, config=config))


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(feeds)
    app.command()(notify)
