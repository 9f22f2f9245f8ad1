"""`gatedeck demo --feed`: the command as a person gives it."""

from __future__ import annotations

import json
from typing import Any


def test_the_demo_reads_its_market_as_a_vendor(gatedeck: Any) -> None:
    code, out, err = gatedeck(
        "demo", "--feed", "twelvedata", "--headless", "--json", "--speed", "max", "--seconds", "3"
    )
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["receipts"] > 20 and sum(told["decisions"].values()) > 0


def test_a_vendor_without_a_local_server_is_refused(gatedeck: Any) -> None:
    code, out, err = gatedeck("demo", "--feed", "yahoo", "--headless", "--seconds", "3")
    assert code == 2 and out == ""
    assert err.strip().splitlines()[0].endswith("there are tradier, alpaca, twelvedata")
