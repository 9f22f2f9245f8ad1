"""What a name on the command line means: an id or its beginning, an OCC symbol, a contract, or a symbol."""

from __future__ import annotations

from typing import Any

import pytest

from server.config import ConfigError
from tui.cli.control import _find


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
