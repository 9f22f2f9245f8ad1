"""Symbols that move as one: by their daily closes where both have enough, else by the assumed groups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from math import exp
from typing import Any

import numpy as np
import pytest

from core.correlation import KEPT_SESSIONS, KEPT_SYMBOLS, CloseBook, correlation
from core.engine import EngineState
from core.events import ClosesSeen
from core.from_json import read_json
from core.model import Action, Direction
from core.rules import DEFAULT, parse_rules
from server.ledger.codec import encode_any

FIRST = date(2026, 5, 4)
Closes = tuple[tuple[date, float], ...]


def moves(seed: int, count: int = 84) -> Sequence[float]:
    return np.random.default_rng(seed).normal(0, 0.01, count - 1).tolist()


def history(changes: Sequence[float], start: float = 100.0) -> Closes:
    """The closes that daily changes of the logarithm make, one a day."""
    total, found = 0.0, [(FIRST, start)]
    for n, change in enumerate(changes, start=1):
        total += change
        found.append((FIRST + timedelta(days=n), start * exp(total)))
    return tuple(found)


COMMON, OWN = moves(1), moves(2)
LIKE = [0.9 * x + 0.3 * y for x, y in zip(COMMON, OWN, strict=True)]

# closes of SPY | closes of the other | the other | whether both count as one, and what is said
CASES: list[tuple[str, Closes, Closes, str, bool, str]] = [
    ("nothing known, in a group", (), (), "QQQ", True, "assumed to move as one"),
    ("nothing known, in no group", (), (), "TSLA", False, "not assumed to move as one"),
    ("one has too few", history(COMMON), history(LIKE[:58]), "QQQ", True, "assumed to move as one"),
    ("both have just enough", history(COMMON[:59]), history(LIKE[:59]), "TSLA", True, "over 60 sessions"),
    ("measured, in no group", history(COMMON), history(LIKE), "TSLA", True, "measured .9"),
    ("measured against the group", history(COMMON), history(OWN), "QQQ", False, "over 84 sessions"),
    ("measured the other way", history(COMMON), history([-x for x in LIKE]), "SH", True, "measured −.9"),
    (
        "a price that does not move",
        history(COMMON),
        history([0.0] * 83),
        "QQQ",
        True,
        "assumed to move as one",
    ),
]


@pytest.mark.parametrize(
    ("spy", "others", "other", "as_one", "said"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_what_moves_as_one(spy: Closes, others: Closes, other: str, as_one: bool, said: str) -> None:
    book = CloseBook()
    book.take("SPY", spy)
    book.take(other, others)
    for pair in (("SPY", other), (other, "SPY")):
        found = correlation(*pair, book, DEFAULT.risk)
        assert found.as_one is as_one and said in found.text, found


def test_it_is_pearsons_correlation_of_daily_changes_and_a_split_is_no_change() -> None:
    book = CloseBook()
    book.take("A", history(COMMON))
    book.take("B", history(LIKE))
    expected = float(np.corrcoef(COMMON, LIKE)[0, 1])
    assert correlation("A", "B", book, DEFAULT.risk).rho == pytest.approx(expected)
    halved = tuple(
        (day, close / (2 if day > FIRST + timedelta(days=40) else 1)) for day, close in history(LIKE)
    )
    book.take("B", halved)
    rest = [n for n in range(len(LIKE)) if n != 40]
    expected = float(np.corrcoef([COMMON[n] for n in rest], [LIKE[n] for n in rest])[0, 1])
    assert correlation("A", "B", book, DEFAULT.risk).rho == pytest.approx(expected)


def test_the_groups_and_the_limits_are_rules() -> None:
    own = parse_rules('[risk]\ncorrelated = [["TSLA", "RIVN"], ["TSLA", "NVDA"]]\ncorrelation_above = 0.97\n')
    book = CloseBook()
    assert correlation("NVDA", "TSLA", book, own.risk).as_one
    assert not correlation("NVDA", "RIVN", book, own.risk).as_one
    assert not correlation("SPY", "QQQ", book, own.risk).as_one
    book.take("NVDA", history(COMMON))
    book.take("TSLA", history(LIKE))
    assert not correlation("NVDA", "TSLA", book, own.risk).as_one
    assert parse_rules(own.to_toml()) == own


def test_a_feeds_closes_replace_ours_and_what_is_kept_is_bounded() -> None:
    book = CloseBook()
    for n in range(3):
        book.note("SPY", FIRST + timedelta(days=n), 600.0 + n)
    book.take("SPY", ((FIRST + timedelta(days=1), 300.5),))
    assert list(book.closes["SPY"].values()) == [300.5, 602.0]
    for n in range(KEPT_SYMBOLS + 5):
        book.take(f"X{n}", history(moves(n, KEPT_SESSIONS + 20)))
    assert len(book.closes) == KEPT_SYMBOLS and "SPY" not in book.closes
    assert {len(closes) for closes in book.closes.values()} == {KEPT_SESSIONS}


# --- in the engine -----------------------------------------------------------------------------------------


def known(wire: Any, **closes: Closes) -> None:
    for symbol, each in closes.items():
        wire.post(ClosesSeen, symbol=symbol, source="feed", closes=each)


def test_measured_closes_refuse_a_pair_that_nobody_assumes_and_the_refusal_says_so(wired: Any) -> None:
    wire = wired(rules="[volatility]\nterm_structure = [[1, 0.95]]\n")
    known(wire, SPY=history(COMMON), TSLA=history(LIKE))
    wire.enter("SPY")
    wire.agree("TSLA")
    refused = wire.signal("TSLA")
    assert refused.code == "CORRELATED_EXPOSURE"
    assert "Premium in SPY + TSLA (measured .9" in refused.blocks[0].text
    assert "over 84 sessions) with one contract $" in refused.blocks[0].text


def test_measured_closes_let_a_pair_in_that_is_assumed_otherwise(wired: Any) -> None:
    wire = wired()
    known(wire, SPY=history(COMMON), QQQ=history(OWN))
    wire.enter("SPY")
    wire.agree("QQQ")
    assert wire.signal("QQQ").action is Action.EXECUTE


def test_a_trade_that_shrinks_names_where_its_correlations_come_from(wired: Any) -> None:
    many = "[risk]\nper_symbol = 9\nopen_positions = 9\nsymbol_premium = 2900\n"
    wire = wired(rules=many)
    known(wire, TSLA=history(LIKE), SPY=history(COMMON))
    wire.enter("SPY")
    wire.agree("TSLA")
    bound = wire.signal("TSLA").count.bound_by
    assert bound.startswith("correlated premium (measured .9") and bound.endswith("over 84 sessions)")


def test_closes_are_kept_from_each_sessions_last_price_and_over_a_restart(wired: Any) -> None:
    wire = wired()
    wire.enter("SPY", direction=Direction.LONG)
    day = wire.engine.trading.calendar.session(wire.now.date())
    wire.now = day.close - timedelta(minutes=20)
    wire.price(449.0)
    wire.now = day.close - timedelta(minutes=1)
    wire.price(451.0)
    wire.price(100.0, "QQQ", age=1800)  # too old to be the close
    wire.now = day.close + timedelta(minutes=1)
    wire.tick()
    assert wire.state.closes.closes == {"SPY": {day.date.isoformat(): 451.0}}
    wire.now += timedelta(minutes=10)
    wire.price(451.2, age=660, official_close=True)
    assert wire.state.closes.closes == {"SPY": {day.date.isoformat(): 451.2}}
    again = read_json(EngineState, encode_any(wire.state))
    assert again.closes == wire.state.closes
