"""`gatedeck risk`: the book's risk beside its limits, asked of the running engine."""

from __future__ import annotations

import json
from pathlib import Path

import aiohttp

from core.from_json import read
from server.deck import LimitUse, RiskView
from tui import fmt
from tui.cli.client import engine_client, report_unreachable
from tui.risk_format import losses_text, mode_text, of_limit, percent_used, symbols_text

_NAME, _PERCENT = 15, 8


def risk(*, url: str | None, config: Path | None, as_json: bool) -> int:
    """Print the risk of the open positions; return 0, or 1 when no engine answers."""
    engine = engine_client(url=url, author=None, config=config, commands=False)
    try:
        found = engine.object("/api/risk")
    except (aiohttp.ClientError, TimeoutError) as error:
        return report_unreachable(engine, error)
    if as_json:
        print(json.dumps(found))
    else:
        print("\n".join(lines(read(RiskView, found))))
    return 0


def lines(view: RiskView) -> list[str]:
    """Return the risk as lines of text: what is used of each limit, then symbols and groups."""
    out = [_label("mode") + " " * (_PERCENT + 2) + mode_text(view)]
    out += [_line(use.name, use) for use in view.greeks]
    out += [_line("positions", view.positions), _line("day's loss", view.daily_loss)]
    out += [
        _label("losses in a row") + " " * (_PERCENT + 2) + losses_text(view),
        _line("premium", view.premium),
    ]
    for each in view.groups:
        out.append(f"{_line(symbols_text(each), each.premium)}  ({each.basis})")
    for each in view.symbols:
        out.append(f"{_line(each.symbols[0], each.premium)}, {of_limit(each.positions)} open")
    return out + [f"! {text}" for text in view.unknown]


def _line(name: str, use: LimitUse) -> str:
    return f"{_label(name)}{percent_used(use):>{_PERCENT}}  {of_limit(use)}"


def _label(name: str) -> str:
    return fmt.fit(name, _NAME) + "  "
