"""Tails: what is followed of a closed trade's option, so that other exits can be tried on it later.

The prices put to the trades of a symbol are stored as its path. After the last of them has left the path goes
on to the option's last close, its latest possible exit: a what-if marks and exits along it by the same code.
Nothing is marked here and no position is touched. Bounded: past the limits no further option is followed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.effects import Effect, StorePrice
from core.engine.kernel import Kernel
from core.events import PriceSeen
from core.positions import Position

MOST_TAILS = 400
MOST_OF_A_SYMBOL = 40
"""Feeds are asked for the quotes of every option that is followed."""
SETTLED_WITHIN = timedelta(hours=12)
"""How long after the last close an official close may come."""


def follow(kernel: Kernel, position: Position) -> None:
    """Go on watching the option of a trade that has closed; superseded shadows are not followed."""
    tails, contract = kernel.state.tails, position.contract
    of_symbol = tails.get(position.symbol, {})
    if contract.occ in of_symbol or len(of_symbol) >= MOST_OF_A_SYMBOL:
        return
    if sum(map(len, tails.values())) >= MOST_TAILS:
        return
    tails[position.symbol] = of_symbol | {contract.occ: contract}


def let_go(kernel: Kernel, now: datetime) -> None:
    """Stop following options whose settlement is over."""
    tails = kernel.state.tails
    for symbol, contracts in list(tails.items()):
        left = {
            occ: contract
            for occ, contract in contracts.items()
            if now < kernel.trading.last_close(contract.expiry) + SETTLED_WITHIN
        }
        if left:
            tails[symbol] = left
        else:
            del tails[symbol]


def path_of(kernel: Kernel, seen: PriceSeen) -> list[Effect]:
    """Keep a price that is put to trades, shadows or tails."""
    state, symbol = kernel.state, seen.symbol
    held = symbol in state.tails or any(p.symbol == symbol for p in state.positions.values())
    return [StorePrice(seen=seen)] if held or kernel.shadows_of(symbol) else []
