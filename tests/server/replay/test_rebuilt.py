"""A session made again from receipts and bars."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.exchange.calendar import Calendar
from server.ledger.codec import loads
from server.ledger.snapshot import LedgerSnapshot
from server.replay.machine import ReplayError
from server.replay.session import Wanted, replay
from server.replay.sources import read_prices, read_receipts
from server.replay.verify import verify_ledger


def test_receipts_and_bars_make_decisions_and_trades(rising: tuple[Path, Path], tmp_path: Path) -> None:
    receipts, bars = rising
    out = tmp_path / "made.db"
    told = replay(Wanted(source=receipts, prices=(str(bars),), out=out))
    # The strong LONG trades with the rise and takes its targets; the weak SHORT is refused.
    assert told["decisions"] == {"EXECUTE": 1, "WAIT": 0, "SKIP": 1}
    assert told["trades_closed"] == 1 and told["pnl_net"] > 0
    assert set(told["exits"]) <= {"TARGET_1", "TARGET_2"}
    assert told["markets_without_price"] == 0 and told["prices"] == 390
    assert verify_ledger(out)["ok"]
    again = replay(Wanted(source=out))
    assert again["identical"] is True and again["journal_hash"] == told["journal_hash"]


def test_the_market_is_the_bar_of_the_signal_and_what_bars_do_not_tell_is_assumed(
    rising: tuple[Path, Path], tmp_path: Path
) -> None:
    receipts, bars = rising
    out = tmp_path / "made.db"
    replay(Wanted(source=receipts, prices=(str(bars),), out=out))
    with LedgerSnapshot(out) as ledger:
        inputs = loads(next(ledger.query("SELECT inputs FROM ledger_entries ORDER BY seq"))[0])
    market = inputs["market"]
    # A signal of 15:00:20 is answered at 15:01:00 by the close of its minute: no earlier price knows its cause.
    assert market["price"] == 663.1 and market["ages"]["price"] == 0.0
    assert market["spread_bps"] is None and set(market["assumed"]) == {"spread_bps", "depth_score", "atr14"}


BARS_OF_A_JUMP = {"in its first bar": 0, "in its second bar": 60}
"""When the signal comes: the price rises from 600 to 602.5 in the minute from 15:00, and stays."""


@pytest.mark.parametrize("wait", BARS_OF_A_JUMP.values(), ids=BARS_OF_A_JUMP)
@pytest.mark.parametrize("stated", [None, 602.0], ids=["without a price", "with a price"])
def test_no_trade_is_filled_before_the_move_that_caused_its_signal(
    tmp_path: Path, wait: int, stated: float | None
) -> None:
    bars, receipts, out = tmp_path / "SPY_1m.csv", tmp_path / "one.jsonl", tmp_path / "made.db"
    begin = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
    rows = ["epoch_ms,open,high,low,close,volume"]
    for minute in range(390):
        ms = int(begin.timestamp() * 1000) + minute * 60_000
        first, last = (600.0, 600.0) if minute < 30 else (600.0, 602.5) if minute == 30 else (602.5, 602.5)
        rows.append(f"{ms},{first},{max(first, last)},{first},{last},1")
    bars.write_text("\n".join(rows) + "\n")
    at = datetime(2026, 11, 24, 15, 0, 40, tzinfo=UTC) + timedelta(seconds=wait)
    body = {
        "ticker": "SPY",
        "direction": "LONG",
        "ai_score": 9.6,
        "timeframe": "5",
        "timestamp": at.isoformat(),
    }
    body |= {} if stated is None else {"price": stated}
    receipts.write_text(json.dumps({"at": at.isoformat(), "body": json.dumps(body)}) + "\n")
    replay(Wanted(source=receipts, prices=(str(bars),), out=out))
    with LedgerSnapshot(out) as ledger:
        query = "SELECT execution, decision_breakdown, created_at FROM ledger_entries"
        (execution, breakdown, made) = next(ledger.query(query))
    bought, levels = loads(execution), loads(breakdown)["levels"]
    assert bought["underlying_at_entry"] == 602.5
    assert datetime.fromtimestamp(made / 1e6, UTC) == at.replace(second=0) + timedelta(minutes=1)
    assert levels["stop"] == pytest.approx(602.5 - 0.25 * 6.025)
    assert levels["target_1"] == pytest.approx(602.5 + 0.375 * 6.025)


def test_other_rules_change_what_receipts_come_to(rising: tuple[Path, Path]) -> None:
    receipts, bars = rising
    strict = Wanted(source=receipts, prices=(str(bars),), rules_text="[confidence]\nexecute_at = 100\n")
    assert replay(strict)["decisions"]["EXECUTE"] == 0


def test_without_prices_the_senders_own_count(rising: tuple[Path, Path]) -> None:
    told = replay(Wanted(source=rising[0]))
    assert told["markets_without_price"] == 2 and told["decisions"]["EXECUTE"] == 1


def test_a_ledgers_receipts_meet_other_prices(recorded: Path) -> None:
    told = replay(Wanted(source=recorded, prices=(str(recorded),)))
    before = replay(Wanted(source=recorded))
    assert told["kind"] == "rebuilt" and told["receipts"] == before["receipts"]
    assert sum(told["decisions"].values()) > 0


def test_daily_bars_give_the_atr(rising: tuple[Path, Path], tmp_path: Path) -> None:
    receipts, bars = rising
    daily, out = tmp_path / "SPY_1d.csv", tmp_path / "made.db"
    rows = ["epoch_ms,open,high,low,close,volume"]
    for day in range(1, 24):
        at = int(datetime(2026, 11, day, 21, tzinfo=UTC).timestamp() * 1000)
        rows.append(f"{at},655,658,652,655,1")
    daily.write_text("\n".join(rows) + "\n")
    replay(Wanted(source=receipts, prices=(str(bars), str(daily)), out=out))
    with LedgerSnapshot(out) as ledger:
        inputs = loads(next(ledger.query("SELECT inputs FROM ledger_entries ORDER BY seq"))[0])
    assert inputs["market"]["atr14"] == pytest.approx(6.0)
    assert "atr14" not in inputs["market"]["assumed"]


def test_a_real_log_is_read(reference: Callable[..., Path]) -> None:
    found = read_receipts(reference("webhooks", "real_log_sample.jsonl"))
    assert len(found) == 70
    assert found == sorted(found, key=lambda receipt: receipt.at)
    assert all(receipt.at.tzinfo is UTC for receipt in found)


def test_real_bars_are_read(reference: Callable[..., Path]) -> None:
    prices = read_prices([str(reference("market", "underlying", "SPY_1m_20230803.csv"))], Calendar.load())
    first = prices.seen[0]
    assert (first.symbol, first.open, first.price) == ("SPY", 448.04, 448.31)
    assert first.at == datetime(2023, 8, 3, 13, 31, tzinfo=UTC)  # known when the minute is over
    daily = read_prices([str(reference("market", "underlying", "SPY_1d_raw.csv"))], Calendar.load())
    assert not daily.seen and len(daily.daily["SPY"]) > 5_000


LINES = {
    '{"received_at": "2026-11-24T15:00:00Z", "body": "{\\"a\\": 1}"}': ['{"a": 1}'],
    '{"at": 1795532400000, "body": {"a": 1}}': ['{"a":1}'],
    '{"at": 1795532400, "body": "[{\\"a\\": 1}, {\\"b\\": 2}]"}': ['{"a": 1}', '{"b": 2}'],
    '{"time": "2026-11-24T10:00:00-05:00", "payload": "x"}': ["x"],
}


@pytest.mark.parametrize(("line", "bodies"), LINES.items(), ids=["text", "object", "array", "offset"])
def test_forms_of_a_receipt(tmp_path: Path, line: str, bodies: list[str]) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text(line + "\n\n")
    found = read_receipts(path)
    assert [receipt.body for receipt in found] == bodies
    assert {receipt.at for receipt in found} == {datetime(2026, 11, 24, 15, tzinfo=UTC)}


BROKEN = {
    "not JSON": ("hello", "line 1: not JSON"),
    "no instant": ('{"body": "x"}', "line 1: received_at None"),
    "no body": ('{"at": "2026-11-24T15:00:00Z"}', "line 1: no body"),
    "not an object": ("[1]", "line 1: expected an object"),
}


@pytest.mark.parametrize(("line", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_a_line_that_is_no_receipt_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(line)
    with pytest.raises(ReplayError, match=said):
        replay(Wanted(source=path))


def test_bars_without_the_columns_are_named(rising: tuple[Path, Path], tmp_path: Path) -> None:
    bad = tmp_path / "SPY_x.csv"
    bad.write_text("time,close\n1,2\n")
    with pytest.raises(ReplayError, match="no column epoch_ms, high, low, open"):
        replay(Wanted(source=rising[0], prices=(str(bad),)))


def test_an_instant_beyond_the_calendar_is_named_and_nothing_is_left_behind(tmp_path: Path) -> None:
    path, out = tmp_path / "far.jsonl", tmp_path / "far.db"
    body = json.dumps({"ticker": "SPY", "direction": "LONG", "timeframe": "15", "score": 9.5, "price": 660.0})
    path.write_text(json.dumps({"at": "2065-01-05T15:00:00Z", "body": body}))
    with pytest.raises(ReplayError, match=r"at 2065-01-05T15:00:00.* outside the calendar"):
        replay(Wanted(source=path, out=out))
    assert not out.exists()
