"""The trade (or shadow trade) that followed a decision, and its receipt, as lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from tui import fmt
from tui.documents.fields import named
from tui.widgets.line import Line, heading, signed_role, wrap_text

_BODY_LINES = 60

Entry = Mapping[str, Any]


def followed_lines(entry: Entry, width: int) -> list[Line]:
    """Return the trade of an executed decision, or the result of its shadow trade."""
    out = [heading("What followed", width)]
    if entry.get("execution"):
        return out + _trade(entry["execution"], entry.get("exit"), width)
    shadow = entry.get("hypothetical")
    if not shadow:
        return [*out, [("  nothing: no trade and no shadow of one", "dim")]]
    words = {
        "OPEN": "a shadow of the trade, not in the P&L, still open",
        "CLOSED": "a shadow of the trade, not in the P&L, what it would have made",
        "SUPERSEDED": "a shadow that counts for nothing: the signal executed after all",
    }
    status = str(shadow.get("status", ""))
    out += named("not traded", words.get(status, f"a shadow of the trade, {status}"), width)
    return out + _trade(shadow["execution"], shadow.get("exit"), width)


def _trade(filled: Entry, left: Entry | None, width: int) -> list[Line]:
    option = f"{filled.get('option_type', '')} {filled.get('strike', 0):g} {filled.get('expiry', '')}"
    count = fmt.plural(int(filled.get("filled_contracts") or 0), "contract")
    out = named("bought", f"{count} at {fmt.number(filled.get('entry_price'))}, {option}", width)
    if not left:
        return out + named("left", "still open", width)
    for part in left.get("partials") or ():
        text = f"{part['contracts']} at {fmt.number(part['exit_price'])}, net {fmt.money(part['pnl_net'])}"
        out += named(str(part["exit_reason"]), text, width)
    net = left.get("pnl_net")
    held = fmt.age(left.get("hold_time_seconds"))
    text = f"{fmt.arrow(net)} {fmt.money(net)} net, {fmt.money(left.get('pnl_gross'))} gross, after {held}"
    return out + named("made", text.strip(), width, signed_role(net))


def receipt_lines(receipt: Entry, width: int) -> list[Line]:
    """Return when and where the body arrived, its status, and the body itself."""
    out = [heading("Receipt", width)]
    at = str(receipt.get("received_at") or "")
    with suppress(ValueError):
        at = fmt.day_clock(datetime.fromisoformat(at))
    out += named("received", f"{at} at {receipt.get('endpoint') or 'the common endpoint'}", width)
    out += named(
        "status", f"{receipt.get('status')} ({receipt.get('http_status', '')})".replace(" ()", ""), width
    )
    for note in receipt.get("notes") or ():
        out += named("note", str(note), width)
    body = str(receipt.get("body") or "")
    lines = _pretty(body)
    for text in lines[:_BODY_LINES]:
        indent = " " * (len(text) - len(text.lstrip(" ")))
        out += [
            [("  " + indent, "dim"), *line]
            for line in wrap_text(text.strip(), "text", width - 4 - len(indent))
        ]
    if len(lines) > _BODY_LINES:
        out.append([(f"  and {len(lines) - _BODY_LINES} more lines", "dim")])
    return out


def _pretty(body: str) -> list[str]:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False).split("\n")
    except ValueError:
        return body.split("\n")
