"""Prices of a journal: exported as bars, read back equal, and replayed without a network."""

from __future__ import annotations

import csv
import importlib.util
import json
import socket
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from core.events import MarketAnswered, PriceSeen
from core.exchange.calendar import Calendar
from server.export import export_to
from server.ledger.snapshot import LedgerSnapshot
from server.replay.machine import ReplayError
from server.replay.price_files import exported_prices
from server.replay.session import Wanted, replay
from server.replay.sources import read_prices

needs_pyarrow = pytest.mark.skipif(
    importlib.util.find_spec("pyarrow") is None, reason="pyarrow is not installed"
)
FORMATS = ["csv", "jsonl", pytest.param("parquet", marks=needs_pyarrow)]
BAR = "SPY,2026-11-24T15:00:00Z,2026-11-24T15:01:00Z,x,x,450,451,449,450.5,tradier"
HEAD = "symbol,start,end,exchange_start,exchange_end,open,high,low,close,source"


def exported(recorded: Path, folder: Path, form: str) -> Path:
    out = folder / f"prices.{form}"
    with LedgerSnapshot(recorded) as ledger:
        export_to(out, ledger, "prices", form)
    return out


def facts(seen: PriceSeen) -> tuple[Any, ...]:
    """A price without what an export leaves out: its place in the journal, option quotes, and a bar's start."""
    return seen.symbol, seen.priced_at, seen.price, seen.open, seen.high, seen.low, seen.source


@pytest.mark.parametrize("form", FORMATS)
def test_exported_bars_come_back_as_the_prices_that_they_were(
    recorded: Path, tmp_path: Path, form: str
) -> None:
    back = exported_prices(exported(recorded, tmp_path, form))
    assert back is not None
    with LedgerSnapshot(recorded) as ledger:
        events = list(ledger.events())
    given = [facts(event) for event in events if isinstance(event, PriceSeen)]
    answers = [e for e in events if isinstance(e, MarketAnswered) and e.snapshot.price is not None]
    assert len(back) == len(given) + len(answers) and answers
    found = [facts(each) for each in back]
    assert set(given) <= set(found)
    for answer in answers:
        snapshot = answer.snapshot
        assert (snapshot.symbol, answer.at, snapshot.price, None, None, None, "simulated") in found


def test_each_bar_states_its_times_in_utc_and_on_the_exchange(recorded: Path, tmp_path: Path) -> None:
    with exported(recorded, tmp_path, "csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == HEAD.split(",")
    for row in rows:
        for name in ("start", "end"):
            utc, local = row[name], row[f"exchange_{name}"]
            assert utc.endswith("+00:00") and local.endswith("-05:00")
            assert datetime.fromisoformat(utc) == datetime.fromisoformat(local)
        assert row["start"] <= row["end"]


def test_exported_prices_feed_a_replay(recorded: Path, tmp_path: Path) -> None:
    by_file = {}
    for form in ("csv", "jsonl"):
        by_file[form] = replay(Wanted(source=recorded, prices=(str(exported(recorded, tmp_path, form)),)))
        assert by_file[form]["kind"] == "rebuilt" and by_file[form]["trades_opened"] > 0
    assert by_file["csv"]["journal_hash"] == by_file["jsonl"]["journal_hash"]


def test_a_journal_with_answers_of_feeds_replays_without_a_network(
    recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LedgerSnapshot(recorded) as ledger:
        events = list(ledger.events())
    assert any(isinstance(e, MarketAnswered) and e.chain is not None and e.chain.quotes for e in events)
    assert any(isinstance(e, PriceSeen) and e.quotes for e in events)

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a replay opened a socket")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    assert replay(Wanted(source=recorded))["identical"] is True


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("no close", BAR.replace(",450.5,", ",,"), "no close"),
        ("not a number", BAR.replace(",450.5,", ",high,"), "close 'high' is not a price"),
        ("close above the high", BAR.replace(",450.5,", ",452,"), "do not hold"),
        ("backwards", BAR.replace("15:01", "14:59"), "start is after its end"),
        ("no instant", BAR.replace("2026-11-24T15:01:00Z", "noon"), "is no instant"),
        ("a symbol that is none", BAR.replace("SPY", "spy!"), "symbol 'spy!'"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, name: str, line: str, said: str) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(f"{HEAD}\n{BAR}\n{line}\n")
    with pytest.raises(ReplayError, match="line 3") as error:
        read_prices([str(path)], Calendar.load())
    assert said in str(error.value)
    as_json = tmp_path / "prices.jsonl"
    keys = HEAD.split(",")
    lines = (json.dumps(dict(zip(keys, each.split(","), strict=True))) for each in (BAR, line))
    as_json.write_text("\n".join(lines))
    with pytest.raises(ReplayError, match="line 2"):
        read_prices([str(as_json)], Calendar.load())
