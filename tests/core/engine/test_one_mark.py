"""One contract has one mark: two trades in it never differ, however each was opened and whatever was sold."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from core.effects import StoreMarks
from core.engine import Engine
from core.events import OptionChain
from core.options.quotes import OptionQuote
from core.options.volatility import VolatilitySource
from core.positions import Position
from server.ledger.codec import encode_any
from server.runtime.checkpoints import decode_state

EXPIRY = date(2026, 11, 27)
WIDE = "[risk]\nper_symbol = 9\nopen_positions = 9\nsymbol_premium = 1e6\n"
FEED = {"spread_bps": 2.0, "depth_score": 80.0, "atr14": 4.5}
OCC = f"SPY{EXPIRY:%y%m%d}C00450000"


def quote(wire: Any, mid: float, age: float = 0.0) -> OptionQuote:
    return OptionQuote(bid=mid - 0.02, ask=mid + 0.02, at=wire.now - timedelta(seconds=age), source="feed")


def enter(wire: Any, price: float = 450.0, mid: float | None = None) -> Position:
    """A trade in the call at 450; with a ``mid`` on a chain that quotes it, else on none."""
    wire.chain, wire.snapshot = None, None
    if mid is not None:
        wire.chain = OptionChain(
            expiries=(EXPIRY,), strikes=((EXPIRY, (450.0,)),), quotes=((OCC, quote(wire, mid)),)
        )
        wire.snapshot = {"price": price, "feeds": {"price": "feed"}, "ages": {"price": 0.0}, **FEED}
    opened = wire.enter("SPY", price)
    assert opened.contract.occ == OCC
    return opened


def marks(wire: Any) -> dict[Any, set[tuple[float, float | None]]]:
    """The last mark of each holder at each instant and price of the underlying that was stored."""
    last: dict[tuple[str, Any, float], tuple[float, float | None]] = {}
    for effect in wire.of(StoreMarks, everything=True):
        for mark in effect.marks:
            last[effect.position_id, mark.at, mark.spot] = mark.mid, mark.iv
    found: dict[Any, set[tuple[float, float | None]]] = {}
    for (_, at, spot), value in last.items():
        found.setdefault((at, spot), set()).add(value)
    return found


def quoted(wire: Any, price: float, mid: float, age: float = 0.0) -> None:
    wire.price(price, quotes=((OCC, quote(wire, mid, age)),))


# what happens between two entries and after them, each step a minute later
PATHS: list[tuple[str, Any, Any, Any]] = [
    ("both estimated", None, None, lambda wire: None),
    ("on a quote, then none", 3.0, None, lambda wire: None),
    ("none, then on a quote", None, 3.0, lambda wire: None),
    ("on two quotes", 3.0, 3.2, lambda wire: None),
    ("a quote on the way", None, None, lambda wire: quoted(wire, 450.5, 3.3)),
    ("an old quote comes again", 3.0, None, lambda wire: quoted(wire, 450.5, 3.3, age=50)),
    ("the VIX is seen", None, None, lambda wire: wire.price(31.0, symbol="VIX")),
    ("the VIX moves after a quote", 3.0, None, lambda wire: (wire.price(20.0, symbol="VIX"), wire.later(60),
                                                           wire.price(20.8, symbol="VIX"))),
    ("a tick between the minutes", None, None, lambda wire: wire.later(seconds=31).tick()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "between"), [row[1:] for row in PATHS], ids=[r[0] for r in PATHS]
)
def test_two_trades_in_one_contract_have_one_mark_at_each_instant(
    wired: Any, first: float | None, second: float | None, between: Any
) -> None:
    wire = wired(rules=WIDE, now=wired().at("2026-11-24T10:00:20").now)
    one = enter(wire, mid=first)
    wire.later(minutes=1).price(450.4)
    between(wire)
    other = enter(wire.later(minutes=6), 450.2, mid=second)
    steps = (
        lambda: wire.later(minutes=1).tick(),
        lambda: wire.price(451.0),
        lambda: between(wire),
        lambda: wire.later(minutes=1).price(450.0),
        lambda: wire.later(seconds=7).command("exit", wire.position(one), contracts=1),
        lambda: wire.later(seconds=30).tick(),
        lambda: wire.later(seconds=30).tick(),
        lambda: quoted(wire.later(minutes=2), 450.9, 3.4),
        lambda: wire.later(seconds=20).price(450.6),
        lambda: wire.later(seconds=7).command("exit", wire.position(other), contracts=1),
    )
    for n, step in enumerate((lambda: None, *steps)):
        step()
        held = wire.state.positions.values()
        assert len(held) == 2
        assert len({(p.last.at, p.last.mid, p.last.iv, p.last.quoted_at) for p in held}) == 1, n
    again = Engine(decode_state(encode_any(wire.state)), "wire")
    assert again.state == wire.state
    wire.engine = again
    wire.at("2026-11-25T10:30").price(451.5)
    for at, values in marks(wire).items():
        assert len(values) == 1, at


def test_a_shadow_has_the_mark_of_the_trade_in_its_contract(wired: Any) -> None:
    wire = wired(rules=f"{WIDE}contracts_per_trade = 2\n")
    held = enter(wire, mid=3.0)
    wire.later(minutes=6)
    wire.chain, wire.snapshot = None, None
    wire.command("mode", argument="REDUCING")
    refused = wire.signal("SPY", 450.3)
    assert refused.position_id is None
    (shadow,) = wire.state.shadows.values()
    assert shadow.contract == held.contract
    for price in (451.0, 450.1):
        wire.later(minutes=1).price(price)
        (shadow,) = wire.state.shadows.values()
        mark = wire.position(held).last
        assert (shadow.last.mid, shadow.last.iv) == (mark.mid, mark.iv)
        assert mark.iv_source is VolatilitySource.CARRIED


def test_a_contract_that_was_sold_keeps_what_its_quote_implied(wired: Any) -> None:
    """Bought again without a quote, it goes on from its last one and not from an estimate."""
    wire = wired(rules=WIDE)
    first = enter(wire, mid=5.0)
    wire.command("exit", first)
    assert not wire.state.positions
    again = enter(wire.later(minutes=6))
    assert again.last.iv_source is VolatilitySource.CARRIED
    assert again.last.implied == first.last.implied
    assert again.last.iv == pytest.approx(first.last.iv, rel=0.01)


def test_the_vix_moves_an_estimate_and_is_named_with_its_source(wired: Any) -> None:
    wire = wired(rules=WIDE)
    before = enter(wire)
    note = next(r for r in wire.decisions[-1].reasons if r.code == "VOLATILITY_ESTIMATED")
    assert note.text.endswith("is estimated from VIX 16.00, assumed")
    bar = {"ticker": "CBOE:VIX", "interval": "1", "open": 23.8, "high": 24.2, "low": 23.7, "close": 24.0}
    wire.later(minutes=1)
    wire.raw(bar | {"time": (wire.now - timedelta(minutes=1)).isoformat()})
    wire.later(minutes=1).price(450.0)
    after = wire.position(before).last
    assert after.iv / before.last.iv == pytest.approx(24 / 16, rel=0.05)
    assert after.level.words(wire.now) == "VIX 24.00 (webhook, 1 min old)"
    assert after.step.iv > 0 and abs(after.step.unexplained) < 1e-9
    enter(wire.later(minutes=6))
    note = next(r for r in wire.decisions[-1].reasons if r.code == "VOLATILITY_ESTIMATED")
    assert "VIX 24.00 (webhook, 7 min old)" in note.text


def test_the_vix_is_asked_for_only_where_the_rules_say_so(wired: Any) -> None:
    for rules, asked in (("", False), ("[volatility]\nfollow_vix = true\n", True)):
        wire = wired(rules=rules + WIDE)
        wire.enter("TSLA", 200.0)
        assert "VIX" not in {watch.symbol for watch in wire.engine.watched()}
        wire.enter("SPY")
        assert ("VIX" in {watch.symbol for watch in wire.engine.watched()}) is asked
