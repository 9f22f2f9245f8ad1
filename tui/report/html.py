"""Report as one self-contained HTML page: no script, font or link; every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from core.performance import Bucket, Metric, Report
from core.performance.cuts import CUT_TITLES
from tui.fmt import NONE, safe
from tui.metric_format import (
    GREEKS,
    LEGEND,
    TITLES,
    band_note,
    exchange_minute,
    format_interval,
    format_value,
    has_enough_trades,
    is_signed,
    missing_reason,
    named_metric,
    quality_mark,
    table_dollars,
    trade_counts,
    window_title,
)
from tui.report import svg

_STYLE = """
:root { color-scheme: light dark; --text:#24292f; --dim:#5f6975; --ground:#fff; --card:#f5f7f9; --rule:#d0d7de;
  --good:#0f7a48; --bad:#b4232f; --info:#0b5cad }
@media (prefers-color-scheme: dark) { :root { --text:#c8d0da; --dim:#8b97a5; --ground:#0e1217; --card:#171d25;
  --rule:#2b333e; --good:#41c98a; --bad:#f2707b; --info:#6fb3f2 } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--text); background: var(--ground);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.05rem; margin-top: 2.2rem }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(13rem, 45%), 1fr)); gap: .6rem }
.card { background: var(--card); border-radius: 6px; padding: .6rem .8rem }
.card b { display: block; font-size: 1.25rem; font-variant-numeric: tabular-nums }
.card small, .dim, .few { color: var(--dim) } .few b { font-weight: 500; color: var(--dim) }
.up { color: var(--good) } .down { color: var(--bad) } .few .up, .few .down { color: var(--dim) }
svg { width: 100%; height: auto; overflow: visible } svg .good { fill: var(--good) } svg .bad { fill: var(--bad) }
svg .info { fill: var(--info) } svg .fill { opacity: .25 } svg circle { opacity: .6 }
svg .line { fill: none; stroke-width: 1.6 } svg .line.info { stroke: var(--info) }
svg .line.bad { stroke: var(--bad) } svg .axis { stroke: var(--dim); stroke-width: 1 }
svg .tick { font-size: 12px; fill: var(--dim) } svg .end { text-anchor: end } svg .mid { text-anchor: middle }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--rule); white-space: nowrap }
th:first-child, td:first-child { text-align: left } th { color: var(--dim); font-weight: 500 }
@media (max-width: 40rem) { body { margin: 1rem auto } svg .tick { font-size: 22px } .card { padding: .5rem .6rem }
  .card b { font-size: 1.1rem; overflow-wrap: anywhere } th, td { padding: .3rem .4rem; font-size: .85rem }
  th:first-child, td:first-child { position: sticky; left: 0; background: var(--ground); max-width: 9rem;
  white-space: normal } }
@media print { :root { color-scheme: light; --text:#000; --dim:#444; --ground:#fff; --card:#fff; --rule:#bbb;
  --good:#0b5f38; --bad:#9b1c26; --info:#084a8a }
  body { font-size: 10pt; max-width: none; margin: 0; padding: 0 } h2 { break-after: avoid; margin-top: 1.2rem }
  .card { border: 1px solid var(--rule) } .card, svg, tr { break-inside: avoid } thead { display: table-header-group }
  .wide { overflow: visible } svg { max-height: 7cm } svg .tick { font-size: 14px } }
"""


def page(report: Report, *, source: str, notes: Sequence[str] = ()) -> str:
    """Return the HTML page of a report; ``source`` is the name of its ledger, ``notes`` are sentences about it."""
    title = f"Performance, {window_title(report.window_days)}"
    body = [
        f"<h1>{_text(title)}</h1>",
        f'<p class="dim">{_text(source)} up to {_text(exchange_minute(report.as_of))}.'
        f" {_text(trade_counts(report.metrics))}.</p>",
        *(f'<p class="dim">{_text(note)}.</p>' for note in notes),
    ]
    if report.metrics.trades == 0:
        body.append("<p>No closed trades to measure.</p>")
    else:
        body += _sections(report)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>gatedeck: {_text(title)}</title><style>{_STYLE}</style></head>\n<body>"
        + "\n".join(body)
        + "</body></html>\n"
    )


def _sections(report: Report) -> Iterable[str]:
    yield '<div class="cards">' + "".join(_card(report, name) for name in TITLES) + "</div>"
    yield "".join(f'<p class="dim">{_text(note)}</p>' for note in LEGEND)
    ends = _first_and_last_day(report)
    yield _chart(
        "Cumulative net P&L, exit by exit, $",
        svg.area([p.cumulative for p in report.curve], "cumulative net P&L", ends, "info"),
    )
    yield _chart(
        "Below the peak (underwater), $",
        svg.area([p.underwater for p in report.curve], "drawdown from the peak", ends, "bad"),
    )
    greeks = [
        (title, metric.value or 0.0, format_value(metric.value, "$") + quality_mark(metric).strip())
        for name, title in GREEKS.items()
        for metric in (report.metrics.pnl_by_greek[name],)
    ]
    yield _chart("P&L by Greek", svg.signed_bars(greeks, "P&L by Greek"))
    histogram = report.distribution
    yield _chart(
        "Distribution of net P&L", svg.histogram(histogram.edges, histogram.counts, "trades by net P&L")
    )
    dots = [(e.mae, e.mfe, e.net) for e in report.excursions]
    yield _chart(
        "Worst and best of each trade (MAE, MFE)",
        svg.scatter(dots, "worst against best gross P&L of each trade", "worst $", "best $"),
    )
    for name, buckets in report.cuts.items():
        if buckets:
            yield _chart(f"By {CUT_TITLES[name]}", _table(buckets))


def _text(text: str) -> str:
    return escape(safe(text))


def _chart(title: str, content: str) -> str:
    return f"<h2>{_text(title)}</h2>{content}" if content else ""


def _first_and_last_day(report: Report) -> tuple[str, str]:
    first, last = report.curve[0].at, report.curve[-1].at
    return (
        ("", "")
        if first is None or last is None
        else (exchange_minute(first)[:10], exchange_minute(last)[:10])
    )


def _card(report: Report, name: str) -> str:
    metric, value = named_metric(report.metrics, name)
    interval = format_interval(metric, sign=is_signed(name))
    sample = f"n {metric.n:,} {metric.of}"
    note = " · ".join(filter(None, (interval, missing_reason(metric), sample, band_note(metric))))
    style = _sign_class(metric.value) if is_signed(name) else ""
    return (
        f'<div class="card{"" if has_enough_trades(metric) else " few"}">{_text(TITLES[name].strip())}'
        f'<b><span class="{style}">{_text(value)}</span>{quality_mark(metric).strip()}</b>'
        f"<small>{_text(note)}</small></div>"
    )


def _sign_class(value: float | None) -> str:
    return "" if not value else "up" if value > 0 else "down"


def _table(buckets: Sequence[Bucket]) -> str:
    heads = ("", "n", "win rate", "95 %", "mean", "95 %", "average R", "profit factor", "net")
    rows = "".join(_row(bucket) for bucket in buckets)
    head = "".join(f"<th>{_text(h)}</th>" for h in heads)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _row(bucket: Bucket) -> str:
    metrics = bucket.metrics
    mean = metrics.expectancy
    cells = (
        (bucket.label + " " + quality_mark(mean).strip(), ""),
        (f"{metrics.trades:,}", ""),
        (format_value(metrics.win_rate.value, "fraction"), ""),
        (format_interval(metrics.win_rate), ""),
        (_table_dollars(mean), _sign_class(mean.value)),
        (format_interval(mean, sign=True), ""),
        (format_value(metrics.average_r.value, "R"), _sign_class(metrics.average_r.value)),
        (format_value(metrics.profit_factor.value, "ratio", sign=False), ""),
        (_table_dollars(metrics.net_pnl), _sign_class(metrics.net_pnl.value)),
    )
    content = "".join(f'<td class="{role}">{_text(cell)}</td>' for cell, role in cells)
    return f'<tr class="{"" if has_enough_trades(mean) else "few"}">{content}</tr>'


def _table_dollars(metric: Metric) -> str:
    text = table_dollars(metric.value)
    return text if text == NONE else f"{text} $"
