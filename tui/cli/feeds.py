"""`gatedeck feeds`: the state of the running engine's feeds, or one trial of each without an engine."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from server.config import Settings, load_settings
from server.feeds.trial import TrialRow
from tui.cli.client import engine_client, report_unreachable

GAP = "  "
UNUSABLE = frozenset({"DOWN", "KEY_MISSING", "KEY_REFUSED", "NOT_IN_PLAN"})
_NONE = (
    'no feed is configured: set feeds = ["tradier"] or others in the configuration file; '
    "gatedeck guide feeds says more"
)


def show(*, url: str | None, config: Path | None, as_json: bool) -> int:
    """Print the state of each feed of the running engine; return 1 if one cannot be used."""
    engine = engine_client(url=url, author=None, config=config, commands=False)
    try:
        items = engine.items("/api/feeds")
    except (aiohttp.ClientError, TimeoutError) as error:
        return report_unreachable(engine, error)
    if as_json:
        print(json.dumps(items))
    else:
        now = datetime.now(UTC)
        head = ("feed", "state", "budget", "p50", "p99", "answered", "stream", "")
        print(*_table(head, [_cells(item, now) for item in items]), sep="\n")
    return 1 if any(item["state"] in UNUSABLE for item in items) else 0


def test(symbol: str, *, config: Path | None, as_json: bool) -> int:
    """Ask each feed of the settings once and print what it gave; return 1 if one failed."""
    settings = load_settings({}, config)
    rows = asyncio.run(_try_all(settings, symbol))
    if as_json:
        print(json.dumps([{**asdict(row), "ok": not row.failed} for row in rows]))
    elif not rows:
        print(_NONE, file=sys.stderr)
    else:
        cells = [
            (row.feed, row.need, row.code, f"{row.seconds * 1000:.0f} ms" if row.seconds else "", row.text)
            for row in rows
        ]
        print(*_table(("feed", "data", "result", "took", ""), cells), sep="\n")
    return 1 if not rows or any(row.failed for row in rows) else 0


async def _try_all(settings: Settings, symbol: str) -> list[TrialRow]:
    from server.feeds.registry import open_feeds
    from server.feeds.trial import try_vendor
    from server.runtime.clock import SteadyClock

    clock = SteadyClock()
    async with aiohttp.ClientSession(headers={"User-Agent": "gatedeck"}) as session:
        feeds = open_feeds(settings, session, clock)
        found = await asyncio.gather(*(try_vendor(vendor, symbol, clock.now()) for vendor in feeds.vendors))
    rows = [row for some in found for row in some]
    rows += [
        TrialRow(feed=each.name, need="key", code=each.state, text=each.detail, seconds=0.0)
        for each in feeds.unusable
    ]
    if feeds.webhook:
        text = "prices come with the senders' bodies; nothing to ask"
        rows.append(TrialRow(feed="webhook", need="prices", code="OK", text=text, seconds=0.0))
    return rows


def _cells(item: dict[str, Any], now: datetime) -> tuple[str, ...]:
    limit, left = item["budget_limit"], item["budget_left"]
    answered = item["last_answer_at"]
    age = "" if answered is None else f"{(now - datetime.fromisoformat(answered)).total_seconds():.0f} s ago"
    text = item["detail"]
    if item["last_error"] and item["last_error"] not in text:
        text = f"{text}; last error: {item['last_error']}" if text else f"last error: {item['last_error']}"
    return (
        item["name"],
        item["state"],
        "" if limit is None else f"{left}/{limit}",
        _ms(item["latency_p50_ms"]),
        _ms(item["latency_p99_ms"]),
        age,
        item["stream"] or "",
        text,
    )


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} ms"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines with columns as wide as their widest cell; the last one is not padded."""
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    return [
        GAP.join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    ]
