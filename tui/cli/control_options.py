"""The commands of ``gatedeck`` that act on a running engine."""

from __future__ import annotations

from typing import Annotated

import typer

from tui.cli.options import Author, Config, JsonLine, Url

Waiting = Annotated[
    str | None,
    typer.Argument(help="Id (or its beginning), OCC symbol or contract; without it, those that wait."),
]


def approve(
    trade: Waiting = None,
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Approve a trade that waits: it is bought at the market of this moment, if it still stands."""
    from tui.cli import control as commanding

    raise typer.Exit(commanding.judge("approve", trade, url=url, author=author, config=config, as_json=json))


def reject(
    trade: Waiting = None,
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Reject a trade that waits; its signal is over."""
    from tui.cli import control as commanding

    raise typer.Exit(commanding.judge("reject", trade, url=url, author=author, config=config, as_json=json))


def close(
    position: Annotated[
        str | None,
        typer.Argument(help="Id (or its beginning), OCC symbol or contract; without it, the open ones."),
    ] = None,
    contracts: Annotated[int | None, typer.Option(min=1, help="Only so many of its contracts.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every open position.")] = False,
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Close an open position of the running engine at the market, a part of it, or all of them."""
    from tui.cli import control as commanding

    raise typer.Exit(
        commanding.close(
            position, contracts=contracts, everything=everything, url=url, author=author, config=config, as_json=json
        )
    )  # fmt: skip


def mode(
    to: Annotated[str, typer.Argument(metavar="MODE", help="ACTIVE, REDUCING or HALTED.")],
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Exit every open position first (with HALTED or REDUCING).")
    ] = False,
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Switch the running engine: ACTIVE trades, REDUCING opens nothing, HALTED exits by hand alone."""
    from tui.cli import control as commanding

    raise typer.Exit(
        commanding.set_mode(to, flatten=flatten, url=url, author=author, config=config, as_json=json)
    )


def register(app: typer.Typer) -> None:
    """Add them to the command line."""
    for command in (approve, reject, close, mode):
        app.command()(command)
