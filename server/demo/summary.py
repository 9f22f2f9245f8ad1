"""Summary of a demo, counted from its ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from core.model import Action
from server.deck.rows import SourceStatus
from server.ledger.base import LedgerReader
from server.ledger.paging import PageQuery
from server.totals import PnlTotals

PAGE = 500


async def summary(ledger: LedgerReader, *, seed: int, rules: str) -> dict[str, Any]:
    """Return counts of one ledger: receipts, decisions, trades, exit fills by reason, P&L in dollars.

    The P&L is that of the trades that the report counts; what it leaves out stands apart.
    ``attribution_error_max`` is the largest gap between the parts and pnl_gross, relative to the premium.
    """
    statuses = Counter([r["status"] async for r in _all(ledger, "receipts")])
    decisions: Counter[str] = Counter()
    opened = closed = 0
    exits: Counter[str] = Counter()
    worst, totals = 0.0, PnlTotals()
    async for entry in _all(ledger, "ledger"):
        decisions[entry["decision"]] += 1
        execution, exit_ = entry["execution"], entry["exit"]
        if execution is None:
            continue
        opened += 1
        if exit_ is None:
            continue
        exits.update(partial["exit_reason"] for partial in exit_["partials"])
        sold = sum(partial["contracts"] for partial in exit_["partials"])
        complete = sold == execution["filled_contracts"]
        stale = any(
            partial["stale_fill"] and not partial.get("without_feed") for partial in exit_["partials"]
        )
        closed += complete
        totals.add(exit_["pnl_gross"], exit_["pnl_net"], closed=complete, stale=stale)
        parts = ("delta", "gamma", "iv", "theta")
        attributed = sum(exit_[f"pnl_from_{part}"] for part in parts) + exit_["pnl_unexplained"]
        premium = execution["entry_price"] * execution["filled_contracts"] * execution["multiplier"]
        worst = max(worst, abs(attributed - exit_["pnl_gross"]) / premium)
    return {
        "receipts": sum(statuses.values()),
        "duplicates": statuses["duplicate"],
        "quarantined": statuses["quarantined"],
        "decisions": {action.value: decisions[action.value] for action in Action},
        "trades_opened": opened,
        "trades_closed": closed,
        "open": opened - closed,
        "exits": dict(sorted(exits.items())),
        **totals.as_dict(),
        "attribution_error_max": worst,
        "seed": seed,
        "rules": rules,
    }


def quiet_senders(sources: Iterable[SourceStatus]) -> list[str]:
    """Return a text for each sender that is silent for longer than usual."""
    return [
        f"{each.source} {each.symbol} for {each.age / 60:.0f} min, usually every {(each.usual_gap or 0) / 60:.0f} min"
        for each in sources
        if each.quiet
    ]


async def _all(ledger: LedgerReader, what: str) -> Any:
    cursor: str | None = None
    while True:
        page = await ledger.page(PageQuery(what=what, limit=PAGE, cursor=cursor))
        for item in page.items:
            yield item
        cursor = page.next_cursor
        if cursor is None:
            return
