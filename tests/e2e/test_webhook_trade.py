"""A strategy of TradingView drives a position from open to flat over real HTTP; bars alone stop one out."""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from datetime import timedelta
from typing import Any

import pytest

from core.model import Source
from tests.tui.terminal import Terminal, url_of

RULES = (
    "[account]\nsize = 200000\n[sizing]\npremium_cap = 1e5\ncontract_cap = 4\n"
    '[structural]\nno_score = "pass"\n[confidence]\nexecute_at = 60\n'
    "[risk]\npremium_per_trade = 1e6\nopen_positions = 90\nper_symbol = 90\nsymbol_premium = 1e7\ndaily_loss = 1e7\n"
    "losses_in_a_row = 90\napproval_above_contracts = 1000\napproval_above_premium = 1e9\n"
    "delta_accounts = 1e6\ngamma_accounts = 1e6\nvega_pct = 1e6\ntheta_pct = 1e6\n"
)


def bar(deck: Any, price: float, low: float | None = None) -> dict[str, Any]:
    """The minute bar of SPY that closes now, as an alert once per bar close sends it."""
    opened = deck.now() - timedelta(minutes=1)
    return {
        "ticker": "SPY", "exchange": "BATS", "interval": "1", "time": opened.isoformat(timespec="seconds"),
        "open": price, "high": price + 0.1, "low": price - 0.1 if low is None else low, "close": price,
        "volume": 52000,
    }  # fmt: skip


def post(deck: Any, body: object) -> dict[str, Any]:
    answer = deck.http("/api/webhooks", body if isinstance(body, str) else json.dumps(body))
    assert answer.status == 200, answer.text
    told: dict[str, Any] = answer.json
    return told


def held(deck: Any) -> list[tuple[str, int]]:
    """Side and contracts of every open position."""
    return [(p["direction"], p["remaining"]) for p in deck.all("/api/positions")]


def sentence(side: str, contracts: int, position: int) -> str:
    """TradingView's default message of a strategy's order."""
    return (
        f"My strategy (14, 3): order {side} @ {contracts} filled on SPY. New strategy position is {position}"
    )


def test_a_strategys_sentences_drive_a_position_from_open_to_flat(gatedeck: Any) -> None:
    deck = gatedeck.serve(rules=RULES)
    for source in (Source.SATY_PHASE, Source.MTF_DOTS):
        deck.send(source)
    assert post(deck, bar(deck, 450.0))["notes"] is not None
    entered = post(deck, sentence("buy", 10, 10))
    assert entered["decision"]["action"] == "EXECUTE", entered["decision"]["decision_breakdown"]["reasons"]
    assert held(deck) == [("LONG", 4)]

    trimmed = post(deck, sentence("sell", 5, 5))
    assert held(deck) == [("LONG", 2)] and trimmed["decision"] is None
    assert any("sold 2 of 4 contracts of SPY 450C" in note for note in trimmed["notes"])

    flat = post(deck, sentence("sell", 5, 0))
    assert held(deck) == []
    assert any("closed 1 of 1 position of SPY" in note for note in flat["notes"])
    trade = deck.all("/api/ledger")[0]
    assert trade["exit"]["exit_reason"] == "SIGNAL"
    assert [leg["exit_reason"] for leg in trade["exit"]["partials"]] == ["SIGNAL", "SIGNAL"]

    again = post(deck, {"ticker": "SPY", "action": "exit"})
    assert any("no position of SPY is open" in note for note in again["notes"])
    post(deck, sentence("buy", 10, 10))
    assert held(deck) == [("LONG", 4)], "the sentence of the first entry, after the exit: a new trade"
    assert deck.end() == 0
    assert gatedeck("verify")[0] == 0, "what the journal says is what the ledger holds"


def test_a_reversal_leaves_the_long_and_enters_short(gatedeck: Any) -> None:
    rules = RULES.replace("execute_at = 60", "execute_at = 50")
    deck = gatedeck.serve(rules=rules)
    post(deck, bar(deck, 450.0))
    post(deck, sentence("buy", 10, 10))
    assert held(deck) == [("LONG", 4)]
    flipped = post(deck, sentence("sell", 20, -10))
    assert held(deck) == [("SHORT", 4)] and flipped["decision"]["action"] == "EXECUTE"
    assert any("closed 1 of 1 position of SPY" in note for note in flipped["notes"])


def test_bars_alone_stop_a_position_out_at_its_stop(gatedeck: Any) -> None:
    deck = gatedeck.serve(rules=RULES)
    for source in (Source.SATY_PHASE, Source.MTF_DOTS):
        deck.send(source)
    post(deck, bar(deck, 450.0))
    post(
        deck,
        {
            "ticker": "SPY",
            "action": "buy",
            "price": 450.0,
            "interval": "15",
            "sl": 448.2,
            "tp1": 452.7,
            "score": 9,
        },
    )
    (position,) = deck.all("/api/positions")
    assert position["to_stop"]["level"] == 448.2
    # The minute of the entry counts by its close alone: what came before the entry sells nothing.
    post(deck, bar(deck, 449.6, low=440.0))
    assert len(deck.all("/api/positions")) == 1
    begun = deck.now()
    opened = (begun + timedelta(seconds=1)).isoformat(timespec="milliseconds")
    while deck.now() < begun + timedelta(seconds=3):
        pass
    post(deck, bar(deck, 449.0, low=448.0) | {"time": opened})
    assert held(deck) == []
    (trade,) = [entry for entry in deck.all("/api/ledger") if entry["exit"]]
    assert (trade["exit"]["exit_reason"], trade["exit"]["underlying_at_exit"]) == ("STOP_LOSS", 448.2)


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of POSIX systems")
def test_a_wrong_secret_is_seen_on_the_deck(gatedeck: Any) -> None:
    command = [sys.executable, "-m", "tui.cli", "run", "--port", "0", "--clock", "2026-11-24T10:00-05:00"]
    secret = {"GATEDECK_WEBHOOK_SECRET": "the-right-one"}
    terminal = Terminal(command, size=(120, 40), env=gatedeck.environment | secret)
    try:
        terminal.ready()
        url = url_of(terminal.wait_for("127.0.0.1:"))
        request = urllib.request.Request(f"{url}/api/webhooks?key=a-wrong-one", b"{}")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(request, timeout=10)
        lines = terminal.wait_for("1 refused with 401 from 127.0.0.1")
        assert not any("a-wrong-one" in line for line in lines)
    finally:
        terminal.close()
