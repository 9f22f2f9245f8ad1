"""`gatedeck report`: the metrics of a ledger as text, as JSON, or as an HTML page."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from server.config import ConfigError
from tui.cli.console import ledger_path, print_json

if TYPE_CHECKING:
    from core.performance import Report

MIN_WIDTH = 80
MAX_WIDTH = 120


def report(
    *,
    window: str,
    cut: str | None,
    as_of: str | None,
    html: Path | None,
    include_stale: bool,
    as_json: bool,
    db: str | None,
    config: Path | None,
) -> int:
    """Print or write the report of a ledger.

    Raises ConfigError for an unknown window, cut or time, and for a file that cannot be written.
    """
    from core.performance import CUTS

    path = ledger_path(db, config)
    at = None if as_of is None else _parse_time(as_of)
    if cut is not None and cut not in CUTS:
        raise ConfigError(f"cut: {cut!r} is not one of {', '.join(CUTS)}")
    try:
        result = asyncio.run(measure(path, window, tuple(CUTS) if cut is None else (cut,), at, include_stale))
    except ValueError as error:
        raise ConfigError(str(error)) from None
    if html is not None:
        from tui.report.html import page

        try:
            html.write_text(page(result, source=path.name), encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"html: {html} cannot be written: {error.strerror}") from None
    if as_json:
        print_json(orjson.dumps(result, option=orjson.OPT_UTC_Z))
    elif html is None:
        from tui.report.text import text

        width = min(MAX_WIDTH, max(MIN_WIDTH, shutil.get_terminal_size((MIN_WIDTH, 24)).columns))
        print("\n".join(text(result, width=width, colour=_use_colour())))
    else:
        print(f"report of {result.metrics.trades} trades written to {html}", file=sys.stderr)
    return 0


async def measure(
    path: Path, window: str, cuts: tuple[str, ...], at: datetime | None, include_stale: bool
) -> Report:
    """Return the report of a ledger file as of ``at``, by default now. Raises ValueError for an unknown window."""
    from core.performance import Trades
    from core.rules import Rules, parse_rules
    from server.deck.performance import closed_trades, report_of, window_days
    from server.ledger.reader import SqliteReader

    days = window_days(window)
    reader = await SqliteReader.attach(path)
    try:
        trades = await closed_trades(reader)
        versions = await reader.rules_versions()
    finally:
        await reader.close()
    rules = parse_rules(versions[0]["toml"]) if versions else Rules()
    last = max((trade.exit_time for trade in trades if trade.exit_time is not None), default=None)
    # A simulated ledger may be ahead of the clock: look back from its last exit then.
    now = at or max(filter(None, (datetime.now(UTC), last)))
    return report_of(Trades.from_trades(trades), rules, now, days, cuts, include_stale, versions)


def _parse_time(text: str) -> datetime:
    """Parse a time, or a date as the last second of its day, in UTC; raises ConfigError."""
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), time(23, 59, 59), UTC)
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"as-of: {text!r} is neither a date nor an ISO 8601 time") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _use_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
