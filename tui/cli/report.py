"""`gatedeck report`: the metrics of a ledger as text, as JSON, or as an HTML page."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import fields
from datetime import UTC, date, datetime, time
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import orjson

from server.config import ConfigError
from server.ledger.address import LedgerAddress
from tui.cli.console import ledger_of, print_json, report_width, use_colour

if TYPE_CHECKING:
    from core.performance import Report
    from server.book_report import BookReport
    from server.day_report import DayReport


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
    from core.performance.cuts import CUT_TITLES
    from server.replay.archives import as_ledger

    address = ledger_of(db, config)
    at = None if as_of is None else _parse_time(as_of)
    if cut is not None and cut not in CUT_TITLES:
        raise ConfigError(f"cut: {cut!r} is not one of {', '.join(CUT_TITLES)}")
    try:
        cuts = tuple(CUT_TITLES) if cut is None else (cut,)
        with as_ledger(address) as file:
            result = asyncio.run(measure(file, window, cuts, at, include_stale))
            removed = asyncio.run(_removed(file))
    except ValueError as error:
        raise ConfigError(str(error)) from None
    if html is not None:
        from tui.report.html import page

        try:
            html.write_text(page(result, source=address.name, notes=removed), encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"html: {html} cannot be written: {error.strerror}") from None
    if as_json:
        values = {each.name: getattr(result, each.name) for each in fields(result)}
        print_json(orjson.dumps(values | {"removed": removed}, option=orjson.OPT_UTC_Z))
    elif html is None:
        from tui.report.text import text

        lines = text(result, width=report_width(), colour=use_colour())
        print("\n".join([*lines, *(part for each in removed for part in wrap(each, report_width()))]))
    else:
        print(f"report of {result.metrics.trades} trades written to {html}", file=sys.stderr)
    return 0


def report_day(text: str | None, *, day: bool, as_json: bool, db: str | None, config: Path | None) -> int:
    """Print the report of an exchange day, without a date of the newest one with a trade.

    Raises ConfigError for what is not a day, and for a ledger without trades.
    """
    if not day:
        raise ConfigError(f"report: {text!r} needs --day before it: gatedeck report --day {text}")
    try:
        wanted = None if text is None else date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"day: {text!r} is not a day like 2026-11-24") from None
    from server.replay.archives import as_ledger

    with as_ledger(ledger_of(db, config)) as file:
        found = asyncio.run(_read_day(file, wanted))
    if as_json:
        print_json(orjson.dumps(found, option=orjson.OPT_UTC_Z))
    else:
        from tui.report.day import day_text

        print("\n".join(day_text(found, width=report_width(), colour=use_colour())))
    return 0


def report_book(book: str, *, as_json: bool, db: str | None, config: Path | None) -> int:
    """Print the report of a book of imported trades. Raises ConfigError when there is none of that name."""
    from server.replay.archives import as_ledger

    with as_ledger(ledger_of(db, config)) as file:
        found = asyncio.run(_read_book(file, book))
    if as_json:
        print_json(orjson.dumps(found, option=orjson.OPT_UTC_Z))
    else:
        from tui.report.book import book_text

        print("\n".join(book_text(found, width=report_width(), colour=use_colour())))
    return 0


async def _read_book(address: LedgerAddress, book: str) -> BookReport:
    from server.book_report import book_report
    from server.ledger.opened_by_address import open_to_read

    reader = await open_to_read(address)
    try:
        found = await book_report(reader, book)
    finally:
        await reader.close()
    if found is None:
        raise ConfigError(f"book: there is no {book!r}; gatedeck import lists the books")
    return found


async def _read_day(address: LedgerAddress, wanted: date | None) -> DayReport:
    from server.day_report import day_report, latest_day
    from server.ledger.opened_by_address import open_to_read

    reader = await open_to_read(address)
    try:
        day = wanted or await latest_day(reader)
        if day is None:
            raise ConfigError("report: the ledger has no trade; give a day, as --day 2026-11-24")
        return await day_report(reader, day)
    finally:
        await reader.close()


async def _removed(address: LedgerAddress) -> tuple[str, ...]:
    """Return sentences on the old rows that the ledger no longer has."""
    from server.ledger.opened_by_address import open_to_read

    reader = await open_to_read(address)
    try:
        return (await reader.removed()).texts
    finally:
        await reader.close()


async def measure(
    address: LedgerAddress, window: str, cuts: tuple[str, ...], at: datetime | None, include_stale: bool
) -> Report:
    """Return the report of a ledger as of ``at``, by default now. Raises ValueError for an unknown window."""
    from core.performance import Trades
    from core.rules import Rules, parse_rules
    from server.deck.performance import in_exit_order, report_of, window_days
    from server.deck.tags import with_tags
    from server.ledger.opened_by_address import open_to_read

    days = window_days(window)
    reader = await open_to_read(address)
    try:
        trades = in_exit_order(await reader.closed_trades())
        versions = await reader.rules_versions()
        columns = await with_tags(reader, Trades.from_trades(trades), [trade.id for trade in trades], cuts)
    finally:
        await reader.close()
    rules = parse_rules(versions[0]["toml"]) if versions else Rules()
    last = max((trade.exit_time for trade in trades if trade.exit_time is not None), default=None)
    # A simulated ledger may be ahead of the clock: look back from its last exit then.
    now = at or max(filter(None, (datetime.now(UTC), last)))
    return report_of(columns, rules, now, days, cuts, include_stale, versions)


def _parse_time(text: str) -> datetime:
    """Parse a time, or a date as the last second of its day, in UTC; raises ConfigError."""
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), time(23, 59, 59), UTC)
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"as-of: {text!r} is neither a date nor an ISO 8601 time") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
