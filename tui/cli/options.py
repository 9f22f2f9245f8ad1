"""Options of the command line that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from server.config import ConfigError

Config = Annotated[Path | None, typer.Option("--config", help="TOML file with settings.")]
JsonLine = Annotated[bool, typer.Option("--json", help="Print one line of JSON to standard output.")]
Url = Annotated[
    str | None,
    typer.Option("--url", help="Address of the running engine; default http://127.0.0.1:8787."),
]
Author = Annotated[
    str | None, typer.Option("--author", help="Name recorded with the command; default your login name.")
]
Host = Annotated[
    str | None, typer.Option("--host", help="Address to listen on; any but loopback needs a webhook secret.")
]
Port = Annotated[int | None, typer.Option("--port", help="Port to listen on; 0 chooses a free one.")]
Db = Annotated[str | None, typer.Option("--db", help="Path of the ledger, or postgresql://…")]
RulesFile = Annotated[Path | None, typer.Option("--rules", help="TOML file with trading rules.")]
Headless = Annotated[bool, typer.Option("--headless", help="Run without a screen, as a service.")]
ClockStart = Annotated[
    str | None,
    typer.Option(
        "--clock",
        help="Start the clock at this time, as 2026-11-24T10:00-05:00; the deck shows SIMULATED TIME.",
    ),
]
Refresh = Annotated[float | None, typer.Option("--refresh", help="Screen refreshes per second.")]
NoMouse = Annotated[
    bool, typer.Option("--no-mouse", help="Do not use the mouse, so that the terminal can select text.")
]
LowBandwidth = Annotated[
    bool,
    typer.Option(
        "--low-bandwidth", help="For a slow connection: one refresh per second, 16 colours, no toasts."
    ),
]
ThemeName = Annotated[
    str | None,
    typer.Option("--theme", help="dark, light, high-contrast, colour-blind or ansi (16 colours)."),
]


def _print_version(requested: bool) -> None:
    if requested:
        from server.package_version import package_version

        print(f"gatedeck {package_version()}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
]


def display_options(no_mouse: bool, low_bandwidth: bool, theme: str | None) -> Any:
    """Return the display options. Sets Textual's environment variables, which it reads when it is imported."""
    from tui.supervisor import THEMES, Display
    from tui.textual_patches.environment import set_textual_environment

    if theme is not None and theme not in THEMES:
        raise ConfigError(f"theme: {theme!r} is not one of {', '.join(THEMES)}")
    set_textual_environment(low_bandwidth=low_bandwidth)
    return Display(mouse=not no_mouse, low_bandwidth=low_bandwidth, theme=theme)
