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
