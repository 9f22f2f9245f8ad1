"""One text for a metric: the report on the terminal, the HTML page and the Performance screen agree."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from fake_deck import NOW

from core.performance import Report, Trade, Trades, report
from tui.metric_format import TITLES, format_metric, format_value, named_metric, table_dollars
from tui.panes.cuts import COLUMNS
from tui.panes.metric_cards import CARDS, card_line
from tui.report.html import page
from tui.report.text import text


def made(net: float) -> Report:
    """A report of forty trades whose net P&L is ``net`` and then alternately a small gain and loss."""
    nets = [net, *(10.0 if n % 2 else -10.0 for n in range(1, 40)), -10.0]
    trades = [
        Trade(
            id=f"t{n:03d}", pnl_net=each, pnl_gross=each, exit_time=NOW - timedelta(hours=20 * (len(nets) - n)),
            risk_amount=100.0, hold_time_seconds=5400.0, mae=-30.0, mfe=60.0,
        )
        for n, each in enumerate(nets)
    ]  # fmt: skip
    return report(Trades.from_trades(trades), as_of=NOW)


@pytest.mark.parametrize("net", [0.0, 12.34, 1234.56, -1234.56, 9999.99, 12_345.67, -98_765.43])
def test_report_page_and_screen_show_a_metric_in_the_same_words(net: float) -> None:
    measured = made(net)
    lines = text(measured, width=120, colour=False)
    cards = re.findall(r'<b><span class="\w*">(.*?)</span>', page(measured, source="a ledger"))
    on_page = dict(zip(TITLES, map(unescape, cards), strict=True))
    on_screen = {card.field: card for card in CARDS}
    for name, title in TITLES.items():
        metric, words = named_metric(measured.metrics, name)
        (line,) = [line for line in lines if line.startswith(title + " ")]
        assert words in line and on_page[name] == words
        if name in on_screen and metric.value is not None:
            drawn = "".join(part for part, _ in card_line(on_screen[name], metric, measured.metrics))
            assert f" {words} " in re.sub("[▲▼]", " ", drawn)


@pytest.mark.parametrize(
    ("value", "words"),
    [(1234.56, "+1,235"), (-999.99, "-999.99"), (999.996, "+1,000"), (-0.004, "0"), (None, "–")],
)
def test_tables_of_report_and_screen_write_dollars_in_the_same_words(value: float | None, words: str) -> None:
    assert table_dollars(value) == words


def test_the_breakdown_on_the_screen_says_what_the_report_says() -> None:
    measured = made(1234.56)
    ((_, buckets), *_) = measured.cuts.items()
    (row,) = [line for line in text(measured, width=80, colour=False) if line.startswith(buckets[0].label)][
        :1
    ]
    net = next(column for column in COLUMNS if column.title == "net $")
    assert net.cell(buckets[0].metrics)[0].lstrip("▲▼") == row.split()[-1]


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (1234.56, "$", "+$1,234.56"),
        (-0.001, "$", "$0.00"),
        (0.5, "days", "12h00m"),
        (1.0, "trades", "1 trade"),
        (12.0, "trades", "12 trades"),
        (1234.5, "ratio", "+1,234"),
        (0.5833, "fraction", "58.3 %"),
        (-3.21, "points", "-3.2 points"),
    ],
)
def test_a_value_has_its_unit(value: float, unit: str, words: str) -> None:
    assert format_value(value, unit) == words


def test_a_metric_without_a_value_is_a_dash() -> None:
    assert format_metric(report(Trades.from_trades([]), as_of=NOW).metrics.win_rate) == "–"
