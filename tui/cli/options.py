"""Options of the command line that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path | None, typer.Option("--config", help="TOML file with settings.")]
JsonLine = Annotated[bool, typer.Option("--json", help="One line of JSON on standard output.")]
Url = Annotated[
    str | None, typer.Option("--url", help="The running gatedeck; default http://127.0.0.1:8787.")
]
Author = Annotated[str | None, typer.Option("--author", help="Who says so; your login name without.")]
Host = Annotated[
    str | None, typer.Option("--host", help="Address to listen on; beyond loopback needs a secret.")
]
Port = Annotated[int | None, typer.Option("--port", help="Port to listen on; 0 takes a free one.")]
Db = Annotated[str | None, typer.Option("--db", help="Path of the ledger.")]
RulesFile = Annotated[Path | None, typer.Option("--rules", help="TOML file with trading rules.")]
Headless = Annotated[bool, typer.Option("--headless", help="No screen: for a service, or a test.")]
ClockStart = Annotated[
    str | None,
    typer.Option(
        "--clock",
        help="Start the clock there, as 2026-11-24T10:00-05:00; shown as SIMULATED TIME.",
    ),
]
Refresh = Annotated[float | None, typer.Option("--refresh", help="Screen refreshes a second.")]
NoMouse = Annotated[bool, typer.Option("--no-mouse", help="Leave the mouse to the terminal.")]
LowBandwidth = Annotated[
    bool,
    typer.Option("--low-bandwidth", help="For a slow line: one refresh a second, 16 colours, no toasts."),
]
ThemeName = Annotated[
    str | None, typer.Option("--theme", help="dark, light, high-contrast, colour-blind or ansi (16 colours).")
]


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"gatedeck {version('gatedeck')}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version.")
]
