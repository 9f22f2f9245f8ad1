"""Options of `gatedeck attach` and `gatedeck stop`."""

from __future__ import annotations

from typing import Annotated

import typer

from tui.cli.options import Config, Db, LowBandwidth, NoMouse, Refresh, ThemeName, display_options


def attach(
    url: Annotated[
        str | None,
        typer.Argument(
            help="Address of an engine, as https://deck.example; default the one on this machine."
        ),
    ] = None,
    db: Db = None,
    config: Config = None,
    refresh: Refresh = None,
    no_mouse: NoMouse = False,
    low_bandwidth: LowBandwidth = False,
    theme: ThemeName = None,
) -> None:
    """Show the deck of a running engine. Leaving it does not end the engine.

    An engine elsewhere is asked with GATEDECK_COMMAND_TOKEN, or with GATEDECK_API_TOKEN to look only.
    """
    from tui.cli import attach as attach_command

    display = display_options(no_mouse, low_bandwidth, theme)
    raise typer.Exit(attach_command.attach(url, {"db": db, "refresh_hz": refresh}, config, display))


def stop(db: Db = None, config: Config = None) -> None:
    """Stop the engine that runs on this machine, within 5 seconds; print what stays open."""
    from tui.cli import attach as attach_command

    raise typer.Exit(attach_command.stop({"db": db}, config))


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(attach)
    app.command()(stop)
