"""Trades as rows for people: state, OCC symbol, setup and R beside execution and exit, money in whole cents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.from_json import FactsError, read
from core.model import Contract
from core.performance.trade import setup_of
from server.ledger.lists import Item, items
from server.ledger.snapshot import LedgerSnapshot

_PARTS = (
    "pnl_from_delta",
    "pnl_from_iv",
    "pnl_from_theta",
    "pnl_from_gamma",
    "pnl_unexplained",
    "mfe",
    "mae",
)
_LEFT_OUT = ("signal", "decision_breakdown", "regime", "hypothetical", "inputs")


def trade_rows(ledger: LedgerSnapshot) -> Iterator[Item]:
    """Yield every trade, oldest first.

    ``state`` is OPEN, PARTIAL (some contracts are sold) or CLOSED; ``r`` the net P&L so far in planned losses. Costs
    and gross P&L are rounded so that gross less costs is still net.
    """
    for item in items(ledger, "ledger"):
        if item["execution"] is not None:
            yield _row(item)


def whole_cents(item: Item) -> Item:
    """Return an entry with a trade whose dollars are whole cents; gross less costs is still net."""
    bought, left = dict(item["execution"]), item["exit"]
    for name in ("spread_cost", "slippage", "risk_amount"):
        bought[name] = round(bought[name], 2)
    return {**item, "execution": bought, "exit": None if left is None else _exit(left)}


def _row(item: Item) -> Item:
    bought, left = item["execution"], item["exit"]
    partials = [] if left is None else left["partials"]
    sold = sum(leg["contracts"] for leg in partials)
    state = "OPEN" if not sold else "CLOSED" if sold >= bought["filled_contracts"] else "PARTIAL"
    risk = bought["risk_amount"]
    return {
        **{name: value for name, value in whole_cents(item).items() if name not in _LEFT_OUT},
        "state": state,
        "occ": _occ((item["decision_breakdown"] or {}).get("contract")),
        "setup": setup_of(_of(item["signal"], "facts"), _of(_of(item["inputs"], "context"), "structure")),
        "r": None if left is None or not risk > 0 else round(left["pnl_net"] / risk, 4),
    }


def _exit(left: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        **left,
        **_costs(left, "total_"),
        **{name: round(left[name], 2) for name in _PARTS},
        "partials": [{**leg, **_costs(leg, "")} for leg in left["partials"]],
    }


def _costs(sold: Mapping[str, Any], prefix: str) -> dict[str, float]:
    gross, net = round(sold["pnl_gross"], 2), round(sold["pnl_net"], 2)
    commission = round(sold[f"{prefix}commission"], 2)
    spread = round(sold[f"{prefix}spread_cost"], 2)
    return {
        "pnl_gross": gross,
        "pnl_net": net,
        f"{prefix}commission": commission,
        f"{prefix}spread_cost": spread,
        f"{prefix}slippage": round(gross - net - commission - spread, 2),
    }


def _occ(contract: Any) -> str | None:
    try:
        return read(Contract, contract).occ if contract else None
    except FactsError:
        return None


def _of(mapping: Any, name: str) -> Mapping[str, Any]:
    found = mapping.get(name) if isinstance(mapping, Mapping) else None
    return found if isinstance(found, Mapping) else {}
