"""`gatedeck status`: the running engine on one screen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp

from tui import fmt
from tui.cli.client import engine_client, report_unreachable

ALARMED = 3
"""Exit code of an engine that runs with an alarm, or does not take webhooks; 1 is no engine, 2 a wrong option."""


def status(*, url: str | None, config: Path | None, as_json: bool) -> int:
    """Print the state of the running engine; return 0, 1 when none answers, or ALARMED."""
    engine = engine_client(url=url, author=None, config=config, commands=False)
    try:
        found = engine.object("/api/status")
    except (aiohttp.ClientError, TimeoutError) as error:
        return report_unreachable(engine, error)
    if as_json:
        print(json.dumps(found))
    else:
        print("\n".join(lines(found)))
    return ALARMED if found["alarms"] or not found["ready"] else 0


def lines(found: dict[str, Any]) -> list[str]:
    """Return the state as lines of text."""
    mode = found["mode"]
    until = f", until {mode['until']}" if mode["until"] else ""
    clock = f"  {found['clock_note']}" if found["clock_note"] else ""
    out = [
        f"gatedeck {found['version']} at {found['listener']}, up {fmt.age(found['uptime_seconds'])}"
        + ("" if found["ready"] else "  ! takes no webhooks now"),
        f"exchange   {found['exchange']}{clock}",
        f"mode       {mode['mode']}" + (f": {mode['reason']}" if mode["reason"] else "") + until,
        f"market     {found['market']}",
        f"rules      {found['rules_name']} {found['rules_fingerprint'][:6]}",
        f"P&L today  {fmt.money(found['pnl_today'])}, realized {fmt.money(found['pnl_realized'])}, "
        f"open {fmt.money(found['pnl_open'])}" + (" (market assumed)" if found["market_assumed"] else ""),
    ]
    out += [f"feed       {each['name']}: {each['state']}" for each in found["feeds"]]
    for row in found["positions"]:
        stale = "  ! stale price: its stop cannot act" if row["stale"] else ""
        text = f"{row['contract']} × {row['remaining']}  {fmt.money(row['pnl'])}  {row['state']}{stale}"
        out.append(f"position   {text}")
    if not found["positions"]:
        out.append("position   none open")
    if found["approvals_waiting"]:
        out.append(f"approvals  {found['approvals_waiting']} waiting: gatedeck approve")
    for each in found["senders"]:
        quiet = "  ! silent for longer than usual" if each["quiet"] else ""
        out.append(f"sender     {each['source']} {each['symbol']}, {fmt.age(each['age_seconds'])} ago{quiet}")
    for each in found["phone"]:
        lost = f"  ! {each['lost']} lost" if each["lost"] else ""
        waits = f", {each['waiting']} waiting" if each["waiting"] else ""
        out.append(f"phone      {each['name']}: {each['sent']} sent{waits}{lost}")
    if found["refused_requests"]:
        out.append(
            f"refused    {found['refused_requests']} requests without a receipt: see the System screen"
        )
    out += [f"{name:<10} {text}" for name, text in found["upkeep"].items()]
    out += [f"! {text}" for text in (*found["alarms"], *found["stops"])]
    return out
