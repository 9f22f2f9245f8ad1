"""Lists of a ledger as files that other programs read, and as receipts that replay."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core.performance.trade import exchange_date
from server.export import FORMATS, MADE_AT, ExportError, Span, export, export_to, flat, rows_of
from server.ledger.lists import LISTS
from server.ledger.snapshot import LedgerSnapshot
from server.replay.session import Wanted, replay

COUNTS = {
    "decisions": "SELECT count(*) FROM ledger_entries",
    "ledger": "SELECT count(*) FROM ledger_entries",
    "trades": "SELECT count(*) FROM ledger_entries WHERE execution IS NOT NULL",
    "receipts": "SELECT count(*) FROM receipts",
    "marks": "SELECT (SELECT count(*) FROM marks) + (SELECT coalesce(sum(marks), 0) FROM mark_blocks)",
    "notes": "SELECT count(*) FROM notes",
    "prices": "SELECT count(*) FROM journal WHERE kind IN ('price', 'market')",
}


def _written(path: Path, what: str, form: str) -> tuple[bytes, int]:
    out = io.BytesIO()
    with LedgerSnapshot(path) as ledger:
        count = export(ledger, what, form, out)
        assert count == next(ledger.query(COUNTS[what]))[0] > 0
    return out.getvalue(), count


@pytest.mark.parametrize("what", LISTS)
def test_every_list_is_whole_in_csv_and_jsonl_and_says_the_same(recorded: Path, what: str) -> None:
    lines = [json.loads(line) for line in _written(recorded, what, "jsonl")[0].splitlines()]
    raw, count = _written(recorded, what, "csv")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    assert len(rows) == len(lines) == count
    for row, line in zip(rows, lines, strict=True):
        for name, value in line.items():
            if isinstance(value, str):
                assert row[name] == value
            elif isinstance(value, float):
                assert float(row[name]) == value


def test_a_trade_is_one_row_with_its_execution_and_exit_in_columns(recorded: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(_written(recorded, "trades", "csv")[0].decode("utf-8-sig"))))
    closed = [row for row in rows if row["exit.exit_reason"]]
    assert closed and all(float(row["execution.entry_price"]) > 0 for row in rows)
    for row in closed:
        costs = sum(float(row[f"exit.total_{cost}"]) for cost in ("spread_cost", "slippage", "commission"))
        assert float(row["exit.pnl_gross"]) - costs == pytest.approx(float(row["exit.pnl_net"]), abs=1e-9)
        for name, value in row.items():
            if "pnl" in name or "total_" in name:
                assert round(float(value), 2) == float(value), name
    states = {row["state"] for row in rows}
    assert "CLOSED" in states and states <= {"OPEN", "PARTIAL", "CLOSED"}
    for row in rows:
        assert len(row["occ"]) >= 15 and row["occ"].startswith(row["symbol"][:3])
        assert (row["state"] == "OPEN") == (row["r"] == "")
        assert row["setup"]
    one = closed[0]
    risk = float(one["execution.risk_amount"])
    assert float(one["r"]) == pytest.approx(float(one["exit.pnl_net"]) / risk, abs=1e-3)


@pytest.mark.parametrize("what", LISTS)
def test_a_span_writes_the_items_of_its_days_and_no_others(recorded: Path, what: str) -> None:
    def count(span: Span) -> int:
        with LedgerSnapshot(recorded) as ledger:
            return export(ledger, what, "jsonl", io.BytesIO(), span)

    whole = count(Span())
    with LedgerSnapshot(recorded) as ledger:
        times = [
            next(item[name] for name in MADE_AT if name in item) for item in rows_of(ledger, what, Span())
        ]
    day = f"{exchange_date(datetime.fromisoformat(min(times)))}"
    assert count(Span(day, day)) == whole
    assert count(Span("2000-01-01", "2000-01-02")) == count(Span(begin="2030-01-01")) == 0
    middle = sorted(times)[len(times) // 2]
    assert count(Span(begin=middle)) == sum(at >= middle for at in times)
    assert count(Span(end=middle)) == sum(at <= middle for at in times)


def test_a_bound_that_is_no_time_is_named() -> None:
    with pytest.raises(ExportError, match="to: 'yesterday' is neither a day like"):
        Span(end="yesterday")


def test_exported_receipts_replay_to_as_many_decisions(recorded: Path, tmp_path: Path) -> None:
    receipts = tmp_path / "receipts.jsonl"
    with LedgerSnapshot(recorded) as ledger:
        export_to(receipts, ledger, "receipts", "jsonl")
    from_file = replay(Wanted(source=receipts, prices=(str(recorded),)))
    from_ledger = replay(Wanted(source=recorded, prices=(str(recorded),)))
    assert from_file["journal_hash"] == from_ledger["journal_hash"]
    assert from_file["decisions"] == from_ledger["decisions"]


def test_a_text_from_outside_is_no_formula_in_a_spreadsheet(tmp_path: Path) -> None:
    receipts, out, table = tmp_path / "r.jsonl", tmp_path / "made.db", tmp_path / "r.csv"
    starts = (
        "=",
        "+",
        "-",
        "@",
        "\t=",
        "\n=",
        "\r=",
        " =",
        "\u00a0@",
        "\ufeff=",
        "\uff1d",
        "\uff0b",
        "\uff0d",
        "\uff20",
    )
    lines = [
        {"at": "2026-11-24T15:00:00Z", "body": f"{start}cmd|' /C calc'!A{n}"}
        for n, start in enumerate(starts)
    ]
    receipts.write_text("\n".join(map(json.dumps, lines)))
    replay(Wanted(source=receipts, out=out))
    with LedgerSnapshot(out) as ledger:
        export_to(table, ledger, "receipts", "csv")
    rows = list(csv.DictReader(table.open(newline="", encoding="utf-8-sig")))
    assert [row["body"] for row in rows] == [f"'{line['body']}" for line in lines]


def test_a_carriage_return_begins_no_row(tmp_path: Path) -> None:
    receipts, out, table = tmp_path / "r.jsonl", tmp_path / "made.db", tmp_path / "r.csv"
    receipts.write_text(json.dumps({"at": "2026-11-24T15:00:00Z", "body": "x\r=cmd|' /C calc'!A0"}))
    replay(Wanted(source=receipts, out=out))
    with LedgerSnapshot(out) as ledger:
        export_to(table, ledger, "receipts", "csv")
    text = table.read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len(rows) == 2 and len(rows[0]) == len(rows[1])
    assert not any(cell.startswith("=") for row in rows for cell in row)


@pytest.mark.parametrize("what", LISTS)
def test_times_have_one_form_and_the_exchanges_time_beside_them(recorded: Path, what: str) -> None:
    raw, _ = _written(recorded, what, "csv")
    assert raw.startswith(b"\xef\xbb\xbf") and raw.count(b"\xef\xbb\xbf") == 1
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    pairs = {"created_at": "exchange_time", "received_at": "exchange_time", "at": "exchange_time",
             "exit.exit_time": "exit.exchange_time", "start": "exchange_start", "end": "exchange_end"}  # fmt: skip
    names = [name for name in pairs if name in rows[0]]
    assert names
    for row in rows:
        for name in filter(row.get, names):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00", row[name]), row[name]
            local = datetime.fromisoformat(row[pairs[name]])
            assert local == datetime.fromisoformat(row[name]) and local.utcoffset() != timedelta(0)
    other = re.search(r"T\d\d:\d\d:\d\d(\.\d+)?Z", raw.decode())
    assert other is None or what in ("ledger", "decisions", "receipts")  # these repeat what senders wrote


def test_dollars_of_the_ledger_are_whole_cents(recorded: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(_written(recorded, "ledger", "csv")[0].decode("utf-8-sig"))))
    sums = [
        (name, row[name])
        for row in rows
        for name in row
        if "pnl_" in name or "_cost" in name or "slippage" in name
    ]
    assert any(text for _, text in sums)
    for name, text in sums:
        assert not text or round(float(text), 2) == float(text), (name, text)


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is not None, reason="pyarrow is installed")
def test_parquet_without_pyarrow_says_what_is_missing(recorded: Path, tmp_path: Path) -> None:
    with LedgerSnapshot(recorded) as ledger, pytest.raises(ExportError, match="needs pyarrow"):
        export_to(tmp_path / "x.parquet", ledger, "trades", "parquet")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="pyarrow is not installed")
@pytest.mark.parametrize("what", LISTS)
def test_parquet_holds_every_item(recorded: Path, tmp_path: Path, what: str) -> None:
    import pyarrow.parquet as pq

    with LedgerSnapshot(recorded) as ledger:
        count = export_to(tmp_path / "x.parquet", ledger, what, "parquet")
    assert pq.read_table(tmp_path / "x.parquet").num_rows == count


def test_what_there_is_none_of_is_refused_by_name(recorded: Path) -> None:
    with LedgerSnapshot(recorded) as ledger:
        with pytest.raises(ExportError, match=f"what: 'dreams' is not one of {', '.join(LISTS)}"):
            export(ledger, "dreams", "csv", io.BytesIO())
        with pytest.raises(ExportError, match=f"format: 'xls' is not one of {', '.join(FORMATS)}"):
            export(ledger, "trades", "xls", io.BytesIO())


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="pyarrow is not installed")
def test_parquet_is_written_in_parts_that_say_what_jsonl_says(
    recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow.parquet as pq

    monkeypatch.setattr("server.export._TOGETHER", 3)
    written = {form: io.BytesIO() for form in ("jsonl", "parquet")}
    with LedgerSnapshot(recorded) as ledger:
        for form, out in written.items():
            export(ledger, "marks", form, out)
    rows = [flat(json.loads(line)) for line in written["jsonl"].getvalue().splitlines()]
    file = pq.ParquetFile(written["parquet"])
    assert file.num_row_groups == -(-len(rows) // 3) > 2
    for row, found in zip(rows, file.read().to_pylist(), strict=True):
        for name, value in found.items():
            held = row.get(name)
            assert (json.loads(value) if isinstance(held, (dict, list)) else value) == held, name
