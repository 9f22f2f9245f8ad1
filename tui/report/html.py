"""A report as one page that needs nothing else: no script, no font, no address; every text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from core.performance import CUTS, Bucket, Metric, Report
from tui.fmt import NONE, safe
from tui.metric_format import (
    GREEKS,
    LEGEND,
    TITLES,
    counts,
    dollars,
    few,
    instant,
    interval_of,
    is_signed,
    mark,
    missing,
    value_of,
    window_title,
    written,
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
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .6rem }
.card { background: var(--card); border-radius: 6px; padding: .6rem .8rem }
.card b { display: block; font-size: 1.25rem; font-variant-numeric: tabular-nums }
.card small, .dim, .few { color: var(--dim) } .few b { font-weight: 500; color: var(--dim) }
.up { color: var(--good) } .down { color: var(--bad) } .few .up, .few .down { color: var(--dim) }
svg { width: 100%; height: auto } svg .good { fill: var(--good) } svg .bad { fill: var(--bad) }
svg .info { fill: var(--info) } svg .fill { opacity: .25 } svg circle { opacity: .6 }
svg .line { fill: none; stroke-width: 1.6 } svg .line.info { stroke: var(--info) }
svg .line.bad { stroke: var(--bad) } svg .axis { stroke: var(--dim); stroke-width: 1 }
svg .tick { font-size: 12px; fill: var(--dim) } svg .end { text-anchor: end } svg .mid { text-anchor: middle }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--rule); white-space: nowrap }
th:first-child, td:first-child { text-align: left } th { color: var(--dim); font-weight: 500 }
"""


def page(report: Report, *, source: str) -> str:
    """The page of a report; ``source`` names the ledger it was made from."""
    made = report.metrics
    title = f"Performance, {window_title(report.window_days)}"
    body = [
        f"<h1>{_text(title)}</h1>",
        f'<p class="dim">{_text(source)} up to {_text(instant(report.as_of))}. {_text(counts(made))}.</p>',
    ]
    if made.trades == 0:
        body.append("<p>No closed trades to measure.</p>")
    else:
        body += _filled(report)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>gatedeck: {_text(title)}</title><style>{_STYLE}</style></head>\n<body>"
        + "\n".join(body)
        + "</body></html>\n"
    )


def _filled(report: Report) -> Iterable[str]:
    yield '<div class="cards">' + "".join(_card(report, name) for name in TITLES) + "</div>"
    yield "".join(f'<p class="dim">{_text(told)}</p>' for told in LEGEND)
    ends = _ends(report)
    yield _chart(
        "Cumulative net P&L, exit by exit, $",
        svg.area([p.cumulative for p in report.curve], "cumulative net P&L", ends, "info"),
    )
    yield _chart(
        "Below the peak (underwater), $",
        svg.area([p.underwater for p in report.curve], "drawdown from the peak", ends, "bad"),
    )
    greeks = [
        (title, metric.value or 0.0, written(metric.value, "$", sign=True) + mark(metric).strip())
        for name, title in GREEKS.items()
        for metric in (report.metrics.pnl_by_greek[name],)
    ]
    yield _chart("P&L by Greek", svg.signed_bars(greeks, "P&L by Greek"))
    spread = report.distribution
    yield _chart("Distribution of net P&L", svg.histogram(spread.edges, spread.counts, "trades by net P&L"))
    dots = [(e.mae, e.mfe, e.net) for e in report.excursions]
    yield _chart(
        "Worst and best of each trade (MAE, MFE)",
        svg.scatter(dots, "worst against best gross P&L of each trade", "worst $", "best $"),
    )
    for name, buckets in report.cuts.items():
        if buckets:
            yield _chart(f"By {CUTS[name].title}", _table(buckets))


def _text(words: str) -> str:
    return escape(safe(words))


def _chart(title: str, drawn: str) -> str:
    return f"<h2>{_text(title)}</h2>{drawn}" if drawn else ""


def _ends(report: Report) -> tuple[str, str]:
    first, last = report.curve[0].at, report.curve[-1].at
    return ("", "") if first is None or last is None else (instant(first)[:10], instant(last)[:10])


def _card(report: Report, name: str) -> str:
    metric, value = value_of(report.metrics, name)
    told = interval_of(metric, sign=is_signed(name))
    below = " · ".join(filter(None, (told, missing(metric), f"n {metric.n:,} {metric.of}")))
    sign = _sign(metric.value) if is_signed(name) else ""
    return (
        f'<div class="card{" few" if few(metric) else ""}">{_text(TITLES[name].strip())}'
        f'<b><span class="{sign}">{_text(value)}</span>{mark(metric).strip()}</b>'
        f"<small>{_text(below)}</small></div>"
    )


def _sign(value: float | None) -> str:
    return "" if not value else "up" if value > 0 else "down"


def _table(buckets: Sequence[Bucket]) -> str:
    heads = ("", "n", "win rate", "95 %", "mean", "95 %", "average R", "profit factor", "net")
    rows = "".join(_row(bucket) for bucket in buckets)
    head = "".join(f"<th>{_text(h)}</th>" for h in heads)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _row(bucket: Bucket) -> str:
    made = bucket.metrics
    mean = made.expectancy
    cells = (
        (bucket.label + " " + mark(mean).strip(), ""),
        (f"{made.trades:,}", ""),
        (written(made.win_rate.value, "fraction"), ""),
        (interval_of(made.win_rate), ""),
        (_dollar(mean), _sign(mean.value)),
        (interval_of(mean, sign=True), ""),
        (written(made.average_r.value, "R"), _sign(made.average_r.value)),
        (written(made.profit_factor.value, "ratio"), ""),
        (_dollar(made.net_pnl), _sign(made.net_pnl.value)),
    )
    drawn = "".join(f'<td class="{role}">{_text(words)}</td>' for words, role in cells)
    return f'<tr class="{"few" if few(mean) else ""}">{drawn}</tr>'


def _dollar(metric: Metric) -> str:
    told = dollars(metric.value)
    return told if told == NONE else f"{told} $"
