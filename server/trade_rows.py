"""Trades as rows for people: state, OCC symbol, setup and R beside execution and exit, money in whole cents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from server.ledger.lists import Item, items
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.trades import contract_of, r_multiple, setup_name, state_of

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
    """Yield every trade, oldest first, with its notes and tags.

    ``state`` is OPEN, PARTIAL (some contracts are sold) or CLOSED; ``r`` the net P&L so far in planned losses. Costs
    and gross P&L are rounded so that gross less costs is still net.
    """
    notes: dict[str, list[Item]] = {}
    for note in items(ledger, "notes"):
        if note["position_id"] is not None:
            notes.setdefault(note["position_id"], []).append(note)
    for item in items(ledger, "trades"):
        yield _row(item, notes.get(item["position_id"], ()))


def whole_cents(item: Item) -> Item:
    """Return an entry with a trade whose dollars are whole cents; gross less costs is still net."""
    bought, left = dict(item["execution"]), item["exit"]
    for name in ("spread_cost", "slippage", "risk_amount"):
        bought[name] = round(bought[name], 2)
    return {**item, "execution": bought, "exit": None if left is None else _exit(left)}


def _row(item: Item, notes: Sequence[Item]) -> Item:
    contract = contract_of(item)
    return {
        **{name: value for name, value in whole_cents(item).items() if name not in _LEFT_OUT},
        "state": state_of(item),
        "occ": None if contract is None else contract.occ,
        "setup": setup_name(item),
        "r": r_multiple(item),
        "tags": list(dict.fromkeys(tag for note in notes for tag in note["tags"])),
        "notes": [note["text"] for note in notes],
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
