"""Price paths: prices stored until the option's last close, so that a what-if can try other exits.

The prices at which the trades of a symbol are marked are stored as its path. After a trade has closed, its
option is followed to its last close, the latest possible exit; ``EngineState.tails`` lists these options. A
what-if marks and exits along the path by the same code as a trade. Nothing is marked here. Past the limits no
further option is followed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.effects import Effect, StorePrice
from core.engine.kernel import Kernel
from core.events import PriceSeen
from core.options.volatility import VIX
from core.positions import Position

MOST_TAILS = 400
MOST_OF_A_SYMBOL = 40
"""A limit because the feeds are asked for a quote of every followed option."""
SETTLED_WITHIN = timedelta(hours=12)
"""Longest time from the last close to the arrival of the official close."""


def follow_option(kernel: Kernel, position: Position) -> None:
    """Follow the option of a closed trade or shadow, unless a limit is reached."""
    tails, contract = kernel.state.tails, position.contract
    of_symbol = tails.get(position.symbol, {})
    if contract.occ in of_symbol or len(of_symbol) >= MOST_OF_A_SYMBOL:
        return
    if sum(map(len, tails.values())) >= MOST_TAILS:
        return
    tails[position.symbol] = of_symbol | {contract.occ: contract}
    if position.last.implied is not None:
        kernel.state.tail_marks[contract.occ] = position.last


def drop_settled_options(kernel: Kernel, now: datetime) -> None:
    """Stop following options whose official close can no longer come."""
    tails = kernel.state.tails
    for symbol, contracts in list(tails.items()):
        remaining = {
            occ: contract
            for occ, contract in contracts.items()
            if now < kernel.trading.last_close(contract.expiry) + SETTLED_WITHIN
        }
        if remaining:
            tails[symbol] = remaining
        else:
            del tails[symbol]
    followed = {occ for contracts in tails.values() for occ in contracts}
    marks = kernel.state.tail_marks
    for occ in [occ for occ in marks if occ not in followed]:
        del marks[occ]


def store_price(kernel: Kernel, seen: PriceSeen) -> list[Effect]:
    """Store a price that a position, a shadow or a followed option needs, and every one of the VIX."""
    state, symbol = kernel.state, seen.symbol
    if symbol == VIX:
        return [StorePrice(seen=seen)]
    held = symbol in state.tails or any(p.symbol == symbol for p in state.positions.values())
    return [StorePrice(seen=seen)] if held or kernel.shadows_of(symbol) else []
