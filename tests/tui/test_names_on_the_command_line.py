"""What a name on the command line means: an id or its beginning, an OCC symbol, a contract, or a symbol."""

from __future__ import annotations

from typing import Any

import pytest

from server.config import ConfigError
from tui.cli.control import _find
from tui.cli.take import _decided
from tui.cli.take import _find as _find_offer


def item(key: str, symbol: str, contract: str, occ: str) -> dict[str, Any]:
    return {
        "id": key, "symbol": symbol, "contract": contract, "occ": occ, "direction": "LONG", "remaining": 2,
    }  # fmt: skip


OPEN = [
    item("aaaa-1", "SPY", "SPY 450C 11/27", "SPY261127C00450000"),
    item("bbbb-2", "QQQ", "QQQ 510C 11/27", "QQQ261127C00510000"),
    item("cccc-3", "QQQ", "QQQ 512C 11/27", "QQQ261127C00512000"),
    item("spy0-4", "IWM", "IWM 200C 11/27", "IWM261127C00200000"),
]
NAMES = [
    ("SPY", "aaaa-1"),
    ("spy", "aaaa-1"),
    ("SPY 450C 11/27", "aaaa-1"),
    ("QQQ261127C00512000", "cccc-3"),
    ("bbbb", "bbbb-2"),
    ("spy0-4", "spy0-4"),
    ("spy0", "spy0-4"),
]


@pytest.mark.parametrize(("name", "found"), NAMES)
def test_a_name_that_means_one_position_finds_it(name: str, found: str) -> None:
    position = _find(OPEN, name)
    assert position is not None and position["id"] == found


def test_a_symbol_of_several_positions_lists_what_it_could_mean() -> None:
    with pytest.raises(ConfigError, match="'QQQ' could mean 2") as refused:
        _find(OPEN, "QQQ")
    lines = str(refused.value).split("\n")
    assert lines[1:] == ["  bbbb-2  LONG QQQ 510C 11/27 × 2", "  cccc-3  LONG QQQ 512C 11/27 × 2"]


@pytest.mark.parametrize("name", ["DIA", "aaa", ""])
def test_a_name_that_means_nothing_finds_nothing(name: str) -> None:
    assert _find(OPEN, name) is None


def offer(key: str, symbol: str) -> dict[str, Any]:
    return {
        "id": key, "receipt_id": f"r-{key}", "signal_id": f"s-{key}", "symbol": symbol, "direction": "LONG",
        "timeframe": 15, "action": "SKIP", "code": "SPREAD_WIDE", "confidence": 58.2, "contract": "",
        "contracts": None, "until": "2026-11-24T15:15:00Z", "refused": "",
    }  # fmt: skip


OFFERS = [offer("dddd-1", "SPY"), offer("eeee-2", "QQQ"), offer("ffff-3", "QQQ")]


@pytest.mark.parametrize("name", ["SPY", "dddd-1", "r-dddd-1", "dddd", "s-dd"])
def test_a_signal_to_take_is_found_by_symbol_decision_receipt_or_signal(name: str) -> None:
    found = _find_offer(OFFERS, name)
    assert found is not None and found["id"] == "dddd-1"


def test_a_symbol_with_several_signals_lists_them_and_an_unknown_name_finds_none() -> None:
    with pytest.raises(ConfigError, match="'QQQ' could mean 2"):
        _find_offer(OFFERS, "QQQ")
    assert _find_offer(OFFERS, "DIA") is None


# What was decided on the market's answer | HTTP status, code and text of the outcome
DECIDED = [
    ({"action": "EXECUTE", "code": "BY_HAND", "decision_breakdown": {
        "contract": {"strike": 450.0, "right": "C", "expiry": "2026-11-27"}, "count": {"contracts": 3}}},
     (200, "BY_HAND", "Bought 3 × SPY 450C 2026-11-27, LONG, taken by hand")),
    ({"action": "SKIP", "code": "MAX_POSITIONS", "decision_breakdown": {"blocks": [{"text": "5 of 5 open"}]}},
     (409, "MAX_POSITIONS", "Not taken: LONG SPY: 5 of 5 open")),
    ({"action": "WAIT", "code": "APPROVAL_NEEDED", "decision_breakdown": {"blocks": [{"text": "Waits"}]}},
     (202, "APPROVAL_NEEDED", "Waits")),
]  # fmt: skip


@pytest.mark.parametrize(("item", "outcome"), DECIDED)
def test_the_outcome_of_a_taken_signal_is_told(item: dict[str, Any], outcome: tuple[int, str, str]) -> None:
    item |= {"id": "d", "symbol": "SPY", "proposed_direction": "LONG"}
    status, answer = _decided(item, {"ok": True, "code": "TAKING", "text": ""})
    assert (status, answer["code"], answer["text"]) == outcome
    assert answer["ok"] is (status < 300)
