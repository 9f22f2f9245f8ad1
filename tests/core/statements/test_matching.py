"""Fills become trades: first in first out, to the cent, whichever files the rows came in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.statements.layouts import read_csv
from core.statements.matching import Book, match
from core.statements.row import Effect, RowKind, Side, StatementRow, with_ids

CALL, PUT = "AAPL240119C00190000", "AAPL240119P00180000"
NAMES = {"call": CALL, "put": PUT, "stock": None}
WORDS: dict[str, dict[str, Any]] = {
    "buy": {"side": Side.BUY},
    "sell": {"side": Side.SELL},
    "bto": {"side": Side.BUY, "effect": Effect.OPEN},
    "stc": {"side": Side.SELL, "effect": Effect.CLOSE},
    "sto": {"side": Side.SELL, "effect": Effect.OPEN},
    "btc": {"side": Side.BUY, "effect": Effect.CLOSE},
    "expired": {"kind": RowKind.CLOSE, "what": "expired", "price": 0.0},
    "assigned": {"kind": RowKind.CLOSE, "what": "assigned", "price": 0.0},
    "exercised": {"kind": RowKind.CLOSE, "what": "exercised", "price": 0.0},
}


def row(text: str, line: int = 0) -> StatementRow:
    """Read "2 10:00 bto 3 call 1.50 -451.95 #7" as a row of the 2nd of January; without a time of the day alone."""
    parts = text.split()
    order = parts.pop() if parts[-1].startswith("#") else None
    day = date(2024, 1, int(parts.pop(0)))
    at = None
    if ":" in parts[0]:
        hour, minute = parts.pop(0).split(":")
        at = datetime(2024, 1, day.day, int(hour) + 5, int(minute), tzinfo=UTC)
    word, quantity, what, *rest = parts
    given_: dict[str, Any] = {"kind": RowKind.FILL, "what": ""} | WORDS[word]
    price, money = (rest[0], rest[1]) if len(rest) == 2 else ("0", rest[0] if rest else "0")
    return StatementRow(
        line=line, text=text, day=day, at=at, symbol="AAPL", occ=NAMES[what], quantity=quantity, order=order,
        **{"price": float(price), "cents": round(float(money) * 100)} | given_,
    )  # fmt: skip


def book_of(*texts: str) -> Book:
    return match(with_ids((row(text) for text in texts), "test"))


def shown(book: Book) -> list[str]:
    """Return trades as "state quantity contract, net, reason" and closings without an opening."""
    found = []
    for trade in book.trades:
        net = "" if trade.cents is None else f"{trade.cents / 100:.2f}"
        in_open = f" open {trade.open_cents / 100:.2f}" if trade.open_cents else ""
        found.append(
            f"{trade.state} {trade.quantity} {trade.setup} {net}{in_open} {trade.reason or ''}".strip()
        )
    found += [f"no opening: {o.quantity} {o.row.instrument} {o.cents / 100:.2f}" for o in book.orphans]
    return [" ".join(each.split()) for each in found]


# what happened | the rows | the trades
SCENARIOS = [
    ("a round trip", ["2 10:00 buy 1 call 1.50 -150.65", "2 11:00 sell 1 call 2.00 199.35"],
     ["CLOSED 1 long call 48.70 sold"]),
    ("closed in parts", ["2 10:00 bto 3 call 2.00 -603.42", "3 10:00 stc 1 call 3.10 309.86", "19 expired 2 call"],
     ["CLOSED 3 long call -293.56 expired"]),
    ("part still open", ["2 10:00 bto 3 call 2.00 -600.00", "3 10:00 stc 1 call 3.00 300.00"],
     ["PARTIAL 3 long call 100.00 open -400.00 sold"]),
    ("the oldest is closed first",
     ["2 10:00 buy 1 call 1.00 -100", "3 10:00 buy 1 call 2.00 -200", "4 10:00 sell 1 call 3.00 300"],
     ["CLOSED 1 long call 200.00 sold", "OPEN 1 long call open -200.00"]),
    ("one sale closes two purchases",
     ["2 10:00 buy 1 call 1.00 -100", "3 10:00 buy 2 call 2.00 -400", "4 10:00 sell 3 call 3.00 899.99"],
     ["CLOSED 1 long call 200.00 sold", "CLOSED 2 long call 199.99 sold"]),
    ("fills of one order are one trade",
     ["2 10:00 buy 2 call 1.50 -300 #7", "2 10:01 buy 1 call 1.52 -152 #7", "4 10:00 sell 3 call 2.00 600 #8"],
     ["CLOSED 3 long call 148.00 sold"]),
    ("sold first, bought back", ["2 10:00 sto 1 put 2.00 199", "3 10:00 btc 1 put 0.50 -51"],
     ["CLOSED 1 short put 148.00 bought back"]),
    ("a short by sides alone, then turned", ["2 10:00 sell 1 put 2.00 200", "3 10:00 buy 3 put 1.00 -300"],
     ["CLOSED 1 short put 100.00 bought back", "OPEN 2 long put open -200.00"]),
    ("short put assigned, shares sold",
     ["2 10:00 sto 1 put 0.40 38.86", "19 assigned 1 put", "19 buy 100 stock 180 -18005", "22 10:00 sell 100 stock"
      " 181 18100"],
     ["CLOSED 1 short put 38.86 assigned", "CLOSED 100 long stock 95.00 sold"]),
    ("long call exercised", ["2 10:00 bto 1 call 3.00 -300", "19 exercised 1 call", "19 buy 100 stock 190 -19000"],
     ["CLOSED 1 long call -300.00 exercised", "OPEN 100 long stock open -19000.00"]),
    ("a spread is one order of two trades",
     ["2 10:00 sto 1 put 3.00 299 #7", "2 10:00 bto 1 call 1.00 -101 #7", "3 10:00 btc 1 put 2.00 -201 #8",
      "3 10:00 stc 1 call 2.00 199 #8"],
     ["CLOSED 1 order of 2 legs 98.00 bought back", "CLOSED 1 order of 2 legs 98.00 sold"]),
    ("closed, but opened before the statement", ["3 10:00 stc 2 call 3.00 600", "19 expired 1 put"],
     ["no opening: 2 AAPL240119C00190000 600.00", "no opening: 1 AAPL240119P00180000 0.00"]),
    ("without times, sales come after purchases", ["2 sell 1 call 2.00 200", "2 buy 1 call 1.00 -100"],
     ["CLOSED 1 long call 100.00 sold"]),
    ("parts of a share", ["2 10:00 buy 0.5 stock 370.25 -185.13", "3 10:00 sell 0.2 stock 372.75 74.55"],
     ["PARTIAL 0.5 long stock 0.50 open -111.08 sold"]),
    ("a cent that cannot be divided",
     ["2 10:00 buy 3 call 1.00 -100.01", "3 10:00 sell 1 call 0 0", "4 10:00 sell 1 call 0 0",
      "5 10:00 sell 1 call 0 0"],
     ["CLOSED 3 long call -100.01 sold"]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "rows", "trades"), SCENARIOS, ids=[what for what, _, _ in SCENARIOS])
def test_scenario(what: str, rows: Sequence[str], trades: Sequence[str]) -> None:
    book = book_of(*rows)
    assert sorted(shown(book)) == sorted(trades)
    assert book.net + book.in_open + book.orphaned == book.amounts == sum(row(text).cents for text in rows)


def test_direction_is_what_the_trade_gains_by() -> None:
    book = book_of(
        *(
            "2 10:00 bto 1 call 1 -100",
            "2 10:01 sto 1 put 1 100",
            "3 10:00 sell 1 stock 190 190",
            "4 bto 1 put 1 -1",
        )
    )
    assert [(trade.setup, trade.direction) for trade in book.trades] == [
        ("long call", "LONG"),
        ("short put", "LONG"),
        ("short stock", "SHORT"),
        ("long put", "SHORT"),
    ]


_FILLS = st.lists(
    st.tuples(
        st.integers(2, 9),
        st.sampled_from(["buy", "sell", "sto", "btc", "bto", "stc"]),
        st.integers(1, 4),
        st.sampled_from(["call", "put", "stock"]),
        st.integers(-99999, 99999),
        st.sampled_from(["", " #1", " #2", " #3"]),
        st.sampled_from(["", "10:00 ", "10:01 ", "15:59 "]),
    ),
    max_size=30,
)


def _rows(fills: Sequence[tuple[Any, ...]]) -> list[StatementRow]:
    ordered = sorted(fills, key=lambda fill: fill[0])
    texts = (
        f"{d} {at}{word} {q} {what} 1 {c / 100:.2f}{order}" for d, word, q, what, c, order, at in ordered
    )
    return [row(text, n) for n, text in enumerate(texts)]


@given(_FILLS, st.integers(1, 10), st.integers(1, 10))
def test_two_overlapping_files_make_the_same_book_as_one(fills: Sequence[Any], one: int, other: int) -> None:
    first, last = sorted((one, other))
    rows = _rows(fills)
    whole = with_ids(rows, "test")
    # Statements are of whole days: rows without an identity of their own are told apart within them.
    early = with_ids((r for r in rows if r.day.day <= last), "test")
    late = with_ids((r for r in rows if r.day.day >= first), "test")
    union = {r.id: r for r in (*late, *early)}
    assert {r.id for r in whole} == union.keys()
    assert match(reversed(union.values())) == match(whole)


@given(_FILLS)
def test_money_is_neither_lost_nor_made(fills: Sequence[Any]) -> None:
    rows = with_ids(_rows(fills), "test")
    book = match(rows)
    assert book.net + book.in_open + book.orphaned == book.amounts == sum(r.cents for r in rows)
    bought = sum(float(r.quantity) for r in rows)
    parts = sum(float(t.quantity) for t in book.trades)
    assert parts <= bought
    if all(trade.state == "CLOSED" for trade in book.trades) and not book.orphans:
        assert book.net == sum(r.cents for r in rows)


def test_order_of_a_file_does_not_matter() -> None:
    header, *lines = (
        "date,type,amount,symbol,description,quantity,price\n",
        "2025-08-19,trade,-1735.25,SPY250829C00650000,,16,1.08\n",
        "2025-08-20,trade,1448.72,SPY250829C00650000,,-16,0.91\n",
        "2025-08-20,trade,-100.00,SPY250829C00650000,,1,1.00\n",
    )
    assert match(read_csv(header + "".join(lines)).rows).trades == tuple(
        match(read_csv(header + "".join(reversed(lines))).rows).trades
    )
