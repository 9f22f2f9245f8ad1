"""A trade read from a ledger entry."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from typing import Any

import pytest

from core.performance import NotClosed, Trade, metrics, trade_from_entry
from core.performance.trade import setup_of

ENTRY: dict[str, Any] = {
    "id": "e-1",
    "created_at": "2026-11-25T14:35:00Z",
    "symbol": "SPY",
    "timeframe": 5,
    "quality": "EXTREME",
    "direction": "SHORT",
    "confidence": 78.6,
    "signal": {"direction": "SHORT", "facts": {"event": "BREAKDOWN", "components": ["vwap", "ema"]}},
    "decision_breakdown": {"size": {"final": 3.0, "raw": 4.4}},
    "regime": {"phase": 4},
    "inputs": {
        "context": {
            "session": "OPEN",
            "regime": {"phase": 4},
            "structure": {"pattern": "2-1-2 continuation"},
        },
        "market": {},
    },
    "execution": {"dte": 0, "filled_contracts": 9, "risk_amount": 719.8},
    "exit": {
        "exit_time": "2026-11-25T15:30:00+00:00",
        "pnl_gross": -827.25,
        "pnl_net": -911.7,
        "hold_time_seconds": 3300.0,
        "exit_reason": "STOP_LOSS",
        "pnl_from_delta": -811.5,
        "pnl_from_iv": -44.5,
        "pnl_from_theta": -139.5,
        "pnl_from_gamma": 168.25,
        "pnl_unexplained": 0.0,
        "partials": [{"contracts": 4, "stale_fill": False}, {"contracts": 5, "stale_fill": False}],
        "mfe": 12.0,
        "mae": -830.0,
    },
}


def entry(**paths: Any) -> dict[str, Any]:
    """The entry with values put in by path, such as exit__mfe=None."""
    made = copy.deepcopy(ENTRY)
    for path, value in paths.items():
        *above, last = path.split("__")
        at = made
        for name in above:
            at = at[name]
        at[last] = value
    return made


def test_every_field_of_an_entry() -> None:
    assert trade_from_entry(ENTRY) == Trade(
        id="e-1",
        symbol="SPY",
        direction="SHORT",
        exit_time=datetime(2026, 11, 25, 15, 30, tzinfo=UTC),
        pnl_net=-911.7,
        pnl_gross=-827.25,
        risk_amount=719.8,
        hold_time_seconds=3300.0,
        exit_reason="STOP_LOSS",
        pnl_from_delta=-811.5,
        pnl_from_gamma=168.25,
        pnl_from_iv=-44.5,
        pnl_from_theta=-139.5,
        pnl_unexplained=0.0,
        mfe=12.0,
        mae=-830.0,
        stale_fill=False,
        setup="2-1-2 continuation",
        multiplier=3.0,
        timeframe=5,
        quality="EXTREME",
        confidence=78.6,
        dte=0,
        session="OPEN",
        weekday="Wednesday",
        phase=4,
    )
    assert trade_from_entry(ENTRY).r == pytest.approx(-911.7 / 719.8)


@pytest.mark.parametrize(
    ("pattern", "event", "components", "setup"),
    [
        ("2-1-2 continuation", "BREAKOUT", ("ema",), "2-1-2 continuation"),
        (None, "BREAKOUT", ("ema",), "BREAKOUT"),
        (None, None, ("vwap", "ema"), "ema + vwap"),
        (None, None, (), None),
    ],
)
def test_setup(
    pattern: str | None, event: str | None, components: tuple[str, ...], setup: str | None
) -> None:
    facts = {"event": event, "components": components}
    assert setup_of(facts, {"pattern": pattern} if pattern else {}) == setup


@pytest.mark.parametrize(
    "unfinished",
    [
        entry(exit=None, execution=None),
        entry(exit=None),
        entry(exit__partials=[{"contracts": 5}]),
        entry(exit__pnl_net=None),
    ],
    ids=["not executed", "open", "half sold", "no net"],
)
def test_what_is_not_closed_is_no_trade(unfinished: dict[str, Any]) -> None:
    with pytest.raises(NotClosed):
        trade_from_entry(unfinished)
    assert metrics([unfinished, ENTRY]).trades == 1


def test_one_leg_on_a_stale_price_flags_the_trade() -> None:
    legs = [{"contracts": 4, "stale_fill": True}, {"contracts": 5, "stale_fill": False}]
    assert trade_from_entry(entry(exit__partials=legs)).stale_fill


def test_without_regime_size_and_structure_they_are_unknown() -> None:
    bare = entry(
        regime=None, decision_breakdown__size=None, inputs__context__regime=None, inputs__context__structure=None,
        signal__facts=None,
    )  # fmt: skip
    trade = trade_from_entry(bare)
    assert (trade.phase, trade.multiplier, trade.setup) == (None, None, None)


def test_no_planned_loss_no_r() -> None:
    assert trade_from_entry(entry(execution__risk_amount=0.0)).r is None
    assert trade_from_entry(entry(execution__risk_amount=None)).r is None


def test_a_flat_mapping_reads_likewise() -> None:
    flat = {"pnl_net": 40.0, "exit_time": "2026-01-05", "risk_amount": 80.0, "symbol": "QQQ", "setup": "gap"}
    trade = trade_from_entry(flat)
    assert (trade.r, trade.symbol, trade.setup) == (0.5, "QQQ", "gap")
    assert metrics([flat]).first == date(2026, 1, 5)


@pytest.mark.parametrize(
    "stated",
    ["2026-01-05T15:00:00Z", "2026-01-05T10:00:00-05:00", "2026-01-05T15:00:00", datetime(2026, 1, 5, 15)],
)
def test_exit_times_in_every_form(stated: Any) -> None:
    assert trade_from_entry({"pnl_net": 1, "exit_time": stated}).exit_time == datetime(
        2026, 1, 5, 15, tzinfo=UTC
    )


# what the ledger says of the exits -> left out, counted without a feed, settled on an estimate
FLAGS = [
    ({}, (False, False, False)),
    ({"stale_fill": True}, (True, False, False)),
    ({"stale_fill": True, "without_feed": True}, (False, True, False)),
    ({"without_feed": True}, (False, False, False)),
    ({"settlement": "official close"}, (False, False, False)),
    ({"settlement": "stated by hand"}, (False, False, False)),
    ({"settlement": "last price of the session"}, (False, False, True)),
    ({"settlement": "first price after the session", "stale_fill": True}, (True, False, True)),
]


@pytest.mark.parametrize(("leg", "flags"), FLAGS)
def test_how_an_exit_was_priced_is_read_from_its_partials(
    leg: dict[str, Any], flags: tuple[bool, ...]
) -> None:
    trade = trade_from_entry(entry(exit__partials=[{"contracts": 9, "stale_fill": False} | leg]))
    assert (trade.stale_fill, trade.without_feed, trade.settled_estimate) == flags
