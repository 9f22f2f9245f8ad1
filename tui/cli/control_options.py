"""Options of `gatedeck approve`, `reject`, `close`, `settle`, `adjust`, `resume`, `mode` and `note`."""

from __future__ import annotations

from typing import Annotated

import typer

from tui.cli.options import Author, Config, JsonLine, Url

PendingTrade = Annotated[
    str | None,
    typer.Argument(
        help="Id (or its beginning), OCC symbol, contract or symbol. Without it, list the pending trades."
    ),
]


def approve(
    trade: PendingTrade = None,
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Approve a pending trade.

    The engine decides again at the current market, and buys if the trade still passes.
    """
    from tui.cli import control

    raise typer.Exit(control.judge("approve", trade, url=url, author=author, config=config, as_json=json))


def reject(
    trade: PendingTrade = None,
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Reject a pending trade and end its signal."""
    from tui.cli import control

    raise typer.Exit(control.judge("reject", trade, url=url, author=author, config=config, as_json=json))


def close(
    position: Annotated[
        str | None,
        typer.Argument(
            help="Id (or its beginning), OCC symbol, contract or symbol. Without it, list the open positions."
        ),
    ] = None,
    contracts: Annotated[
        int | None, typer.Option(min=1, help="Number of contracts to close; default all of the position.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Close every open position.")] = False,
    at: Annotated[
        float | None,
        typer.Option("--at", min=0, help="Price per share, only for a position that a split has suspended."),
    ] = None,
    note: NoteText = None,
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Close an open position at the market, a part of it, or all."""
    from tui.cli import control

    raise typer.Exit(
        control.close(
            position, contracts=contracts, everything=everything, at=at, note=note, url=url, author=author,
            config=config, as_json=json,
        )
    )  # fmt: skip


NoteText = Annotated[
    str | None, typer.Option("--note", help="A note to add to the trade; a word with # before it is a tag.")
]


def take(
    signal: Annotated[
        str | None,
        typer.Argument(
            metavar="[RECEIPT|DECISION|SYMBOL]",
            help="Id of a receipt or decision (or its beginning), or a symbol. Without it, list what can be taken.",
        ),
    ] = None,
    note: NoteText = None,
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Make the trade of a WAIT or SKIP by hand.

    The gates and the confidence are yours then; mode, levels, contract, size, limits and fill are as for any entry.
    """
    from tui.cli import take as take_command

    raise typer.Exit(
        take_command.take(signal, note=note, url=url, author=author, config=config, as_json=json)
    )


_LEVEL = "A price of the underlying, a distance from its price as 1.5% or 0.5atr, or cost."


def levels(
    position: Annotated[str, typer.Argument(help="Id (or its beginning), OCC symbol, contract or symbol.")],
    stop: Annotated[str | None, typer.Option("--stop", help=_LEVEL)] = None,
    target_1: Annotated[str | None, typer.Option("--t1", help=_LEVEL)] = None,
    target_2: Annotated[str | None, typer.Option("--t2", help=_LEVEL)] = None,
    note: NoteText = None,
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Set stop and targets of an open position by hand. Levels on the wrong side of the price are refused."""
    from tui.cli import control

    raise typer.Exit(
        control.levels(
            position,
            stop=stop,
            target_1=target_1,
            target_2=target_2,
            note=note,
            url=url,
            author=author,
            config=config,
            as_json=json,
        )
    )


def settle(
    position: Annotated[str, typer.Argument(help="Id (or its beginning), OCC symbol, contract or symbol.")],
    price: Annotated[float, typer.Argument(help="Close of the underlying on the expiry day, in dollars.")],
    sure: Annotated[
        bool, typer.Option("--sure", help="The price is right although it is far from the last known one.")
    ] = False,
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Settle an expired position by hand, at the close of its underlying.

    An option whose last close passed without the engine or without prices awaits its settlement (gatedeck close
    lists it). It pays its intrinsic value at that close.
    """
    from tui.cli import control

    raise typer.Exit(
        control.settle(position, price, sure=sure, url=url, author=author, config=config, as_json=json)
    )


def adjust(
    position: Annotated[str, typer.Argument(help="Id (or its beginning), OCC symbol, contract or symbol.")],
    split: Annotated[str, typer.Argument(metavar="NEW:OLD", help="New shares for old ones, as 4:1.")],
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Go on with a suspended position after a split of its underlying.

    Its contract and levels stay as they were bought, and the underlying's price counts for that many new shares.
    """
    from tui.cli import control

    raise typer.Exit(control.adjust(position, split, url=url, author=author, config=config, as_json=json))


def resume(
    position: Annotated[str, typer.Argument(help="Id (or its beginning), OCC symbol, contract or symbol.")],
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Mark a suspended position again: its contract is unchanged.

    A split, or a price that looks like one, suspends a position. If its contract has changed, close it with --at.
    """
    from tui.cli import control

    raise typer.Exit(control.resume(position, url=url, author=author, config=config, as_json=json))


def mode(
    to: Annotated[str | None, typer.Argument(metavar="[MODE]", help="ACTIVE, REDUCING or HALTED.")] = None,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Exit every open position first (with HALTED or REDUCING).")
    ] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Go back to the mode before the last change, within 10 s.")
    ] = False,
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Change the engine's mode: ACTIVE, REDUCING or HALTED.

    ACTIVE enters and exits. REDUCING makes no new entries; stops, targets and times still exit. HALTED makes no
    new entries and exits only by hand.
    """
    from tui.cli import control

    raise typer.Exit(
        control.set_mode(to, flatten=flatten, undo=undo, url=url, author=author, config=config, as_json=json)
    )


def note(
    about: Annotated[
        str | None,
        typer.Argument(
            metavar="[TRADE|DAY]",
            help="Id (or its beginning), OCC symbol, contract or symbol; or a day as 2026-11-24 or today.",
        ),
    ] = None,
    text: Annotated[str | None, typer.Argument(help="The note; a word with # before it is a tag.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A tag; may be repeated.")] = None,
    remove: Annotated[
        str | None, typer.Option("--remove", metavar="NOTE", help="Remove the note with this id.")
    ] = None,
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Add a note with tags to a trade or a day.

    Without a text the notes of the trade or day are listed, without a trade or day the latest of all.
    """
    from tui.cli import note as note_command

    raise typer.Exit(
        note_command.note(
            about, text, tags=tag or [], remove=remove, url=url, author=author, config=config, as_json=json
        )
    )


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (approve, reject, take, close, levels, settle, adjust, resume, mode, note):
        app.command()(command)
