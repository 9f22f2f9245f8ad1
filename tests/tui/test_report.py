"""``gatedeck report``: what stands on the terminal, in the page and in the JSON."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from in_process import InProcess
from rich.cells import cell_len

from core.performance import CUTS, Report, Trade, Trades, report
from server.ledger.followed import refresh_all_followed
from server.ledger.schema import create
from tui.report.html import page
from tui.report.text import text

START = datetime(2026, 9, 1, 15, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\x1b[31m & \"quoted\" 'text' \u202e"


def made(nets: list[float], **facts: Any) -> Report:
    trades = [
        Trade(
            id=f"t{n:03d}",
            pnl_net=net,
            exit_time=START + timedelta(hours=20 * n),
            pnl_gross=net + 5,
            pnl_from_delta=net + 9,
            pnl_from_gamma=2.0,
            pnl_from_theta=-7.0,
            pnl_from_iv=1.0,
            pnl_unexplained=0.0,
            risk_amount=100.0,
            hold_time_seconds=5400.0,
            mae=-30.0,
            mfe=60.0,
            symbol=["SPY", "QQQ", "NVDA"][n % 3],
            **facts,
        )
        for n, net in enumerate(nets)
    ]
    return report(Trades.from_trades(trades), as_of=START + timedelta(days=90))


MIXED = [120.0, -80.0, -60.0, 210.0, -75.0, 0.0, 90.0] * 9
CASES = {
    "mixed": MIXED,
    "one trade": [12_345.67],
    "all wins": [50.0] * 40,
    "all losses": [-50.0] * 40,
    "only scratches": [0.0] * 3,
    "huge": [1e7, -2.5e7, 3e6],
    "none": [],
}


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("case", CASES)
def test_every_line_fits_and_nothing_but_text_without_colour(case: str, width: int) -> None:
    lines = text(made(CASES[case]), width=width, colour=False)
    assert max(cell_len(line) for line in lines) <= width
    assert all(line.isprintable() for line in lines)


def test_colours_are_of_the_sixteen() -> None:
    told = "\n".join(text(made(MIXED), width=80, colour=True))
    codes = set(re.findall(r"\x1b\[([0-9;]*)m", told))
    assert codes == {"0", "1", "2", "31", "32", "33"}
    assert re.sub(r"\x1b\[[0-9;]*m", "", told) == "\n".join(text(made(MIXED), width=80, colour=False))


def test_figures_carry_their_interval_n_and_warning() -> None:
    lines = text(made(MIXED), width=80, colour=False)
    by_name = {line[:22].strip(): line for line in lines[3:24]}
    assert re.search(r"42\.9 %  63 trades +35\.3 % to 50\.7 %", by_name["Win rate"])
    assert "27 wins" in by_name["Average win"] and "*" in by_name["Average win"]
    assert "*" not in by_name["Expectancy a trade"]
    assert any(line.startswith("* fewer than 30 trades") for line in lines)


def test_what_is_undefined_is_said_in_words() -> None:
    lines = text(made([50.0] * 40), width=80, colour=False)
    by_name = {line[:22].strip(): line for line in lines[3:24]}
    assert by_name["Average loss"].endswith("no losing trade")
    assert by_name["Profit factor"].endswith("no losing trade")
    assert "–" in by_name["Profit factor"]


def test_every_cut_has_its_table() -> None:
    lines = text(made(MIXED), width=80, colour=False)
    assert [line[3:] for line in lines if line.startswith("By ")] == [cut.title for cut in CUTS.values()]
    spy = next(line for line in lines if line.startswith("SPY"))
    assert spy.split()[:2] == ["SPY", "*"] and "21" in spy.split()


def test_losses_hang_and_gains_stand_in_the_chart() -> None:
    lines = text(made([-100.0] * 30 + [100.0] * 90), width=80, colour=False)
    start = lines.index("Cumulative net P&L, $")
    chart = lines[start + 1 : start + 11]
    zero = next(n for n, line in enumerate(chart) if line.strip().startswith("$0"))
    assert any("+$5,000" in line for line in chart[:zero]) and not any("-$" in line for line in chart[:zero])
    drawn = [[x for x, c in enumerate(line) if 0x2800 < ord(c) < 0x2900] for line in chart]
    below = [x for line in drawn[zero + 1 :] for x in line]
    above = [x for line in drawn[:zero] for x in line]
    assert below and above and max(below) < max(above)


def test_nothing_hostile_reaches_the_terminal_or_the_page() -> None:
    hostile = made(MIXED, setup=HOSTILE)
    told = "\n".join(text(hostile, width=120, colour=False))
    assert "\x1b" not in told and "\u202e" not in told
    shown = page(hostile, source=HOSTILE)
    assert "<script" not in shown and "\x1b" not in shown and "\u202e" not in shown
    assert "&lt;script&gt;" in shown


class Balance(HTMLParser):
    """Counts what is opened and not closed; remembers every address."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta",):
            self.open.append(tag)
        self.addresses += [str(value) for name, value in attrs if name in ("src", "href", "xlink:href")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("case", CASES)
def test_the_page_is_whole_and_needs_nothing_else(case: str) -> None:
    shown = page(made(CASES[case]), source="demo.db")
    balance = Balance()
    balance.feed(shown)
    assert balance.open == [] and balance.addresses == []
    assert "url(" not in shown and "@import" not in shown and "nan" not in shown
    for drawing in re.findall(r"<svg.*?</svg>", shown, re.DOTALL):
        ElementTree.fromstring(drawing)
    assert ("<svg" in shown) == bool(CASES[case])


def test_the_page_shows_the_same_figures_as_the_text() -> None:
    shown = page(made(MIXED), source="demo.db")
    assert "42.9 %" in shown and "35.3 % to 50.7 %" in shown and "n 63 trades" in shown
    assert shown.count("<svg") == 5 and shown.count("<table>") == len(CUTS)


# --- the command ------------------------------------------------------------------------------------------


def entry(n: int, net: float | None) -> dict[str, Any]:
    at = START + timedelta(days=n)
    left = None
    if net is not None:
        left = json.dumps({"exit_time": at.isoformat(), "pnl_net": net, "pnl_gross": net + 2, "partials": []})
    return {
        "id": f"e{n}", "created_at": round(at.timestamp() * 1e6), "seq": n, "engine_version": "1",
        "rules_fingerprint": "x", "signal_id": f"s{n}", "receipt_id": f"r{n}", "symbol": "SPY",
        "source": "TRADINGVIEW_SIGNAL", "timeframe": 15, "quality": "HIGH", "decision": "EXECUTE",
        "direction": "LONG", "proposed_direction": "LONG", "confidence": 80.0, "signal": "{}",
        "decision_breakdown": "{}", "inputs": "{}", "execution": '{"dte": 3, "risk_amount": 50.0}', "exit": left,
    }  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Three closed trades ten days apart and one that is open."""
    path = tmp_path / "made.db"
    connection = sqlite3.connect(path, isolation_level=None)
    create(connection)
    for n, net in ((1, 40.0), (11, -30.0), (41, 20.0), (42, None)):
        row = entry(n, net)
        names = ", ".join(row)
        places = ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO ledger_entries ({names}) VALUES ({places})", tuple(row.values()))
    connection.row_factory = sqlite3.Row
    refresh_all_followed(connection)
    connection.close()
    return path


def test_json_is_one_line_and_nothing_else(ledger: Path, gatedeck: InProcess) -> None:
    done = gatedeck(
        "report", "--db", ledger, "--json", "--as-of", "2026-10-12", "--window", "60", "--cut", "dte"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    told = json.loads(done.stdout)
    assert (told["window_days"], told["metrics"]["trades"], list(told["cuts"])) == (60, 3, ["dte"])
    assert told["metrics"]["net_pnl"]["value"] == 30.0
    assert told["metrics"]["average_r"]["value"] == pytest.approx(0.2)
    assert told["cuts"]["dte"][0]["label"] == "1–7 days"


def test_text_and_page(ledger: Path, tmp_path: Path, gatedeck: InProcess) -> None:
    done = gatedeck("report", "--db", ledger, "--as-of", "2026-10-12", "--window", "30")
    assert done.returncode == 0 and "\x1b" not in done.stdout
    assert done.stdout.startswith("Performance, last 30 days up to 2026-10-12")
    assert "1 closed trade: 1 won" in done.stdout
    out = tmp_path / "report.html"
    done = gatedeck("report", "--db", ledger, "--html", str(out))
    assert (done.returncode, done.stdout) == (0, "")
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--window", "31"), "window: '31' is not one of 30, 60, 90, all"),
        (("--cut", "colour"), "cut: 'colour' is not one of setup"),
        (("--as-of", "soon"), "as-of: 'soon'"),
        (("--html", "/nonexistent/x.html"), "html: /nonexistent/x.html cannot be written"),
    ],
)
def test_mistakes_are_named_and_end_with_two(
    arguments: tuple[str, ...], told: str, ledger: Path, gatedeck: InProcess
) -> None:
    done = gatedeck("report", "--db", ledger, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"gatedeck: {told}") and "Traceback" not in done.stderr


def test_no_ledger_is_said(tmp_path: Path, gatedeck: InProcess) -> None:
    done = gatedeck("report", "--db", str(tmp_path / "none.db"))
    assert done.returncode == 2 and "no ledger there" in done.stderr
