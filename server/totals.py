"""Totals of trades as the report counts them: closed trades, and apart from them what it leaves out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class PnlTotals:
    """Sums in dollars: of closed trades; of those with an exit without a fresh price; of what open trades sold."""

    gross: float = 0.0
    net: float = 0.0
    stale_trades: int = 0
    stale_net: float = 0.0
    open_net: float = 0.0

    def add(self, gross: float, net: float, *, closed: bool, stale: bool) -> None:
        """Add one trade, or the exits so far of one that still holds contracts."""
        if not closed:
            self.open_net += net
        elif stale:
            self.stale_trades += 1
            self.stale_net += net
        else:
            self.gross += gross
            self.net += net

    def as_dict(self) -> dict[str, Any]:
        return {
            "pnl_gross": round(self.gross, 2),
            "pnl_net": round(self.net, 2),
            "stale_trades": self.stale_trades,
            "pnl_net_of_stale": round(self.stale_net, 2),
            "pnl_net_of_open": round(self.open_net, 2),
        }
