"""`gatedeck take`: make the trade of a WAIT or SKIP by hand, or list the signals that can be taken."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from server.config import ConfigError
from tui.cli.client import EngineClient, engine_client, print_answers, report_unreachable
from tui.cli.control import print_list

Item = dict[str, Any]

_OFFERS = "/api/offers"
_WAIT_SECONDS = 5.0
"""Longest time for the market to answer; the trade may still be made after it."""
_LOOK_EVERY = 0.2
_LEAST_OF_AN_ID = 20
"""Characters from which a name is an id rather than a symbol or the beginning of an id."""


def take(
    name: str | None,
    *,
    note: str | None,
    url: str | None,
    author: str | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Take the signal called ``name`` and print what became of it; without a name list what can be taken.

    ``name`` is the id of a decision or receipt, the beginning of one, or a symbol. Returns 0 when the trade was made
    or waits for approval.
    """
    engine = engine_client(url=url, author=author, config=config)
    try:
        offers = engine.items(_OFFERS)
        if name is None:
            return print_list(offers, "no signal can be taken", _format_offer, as_json)
        found = _find(offers, name)
        if found is None and len(name) < _LEAST_OF_AN_ID:
            raise ConfigError(
                f"take: no signal that can be taken is {name!r}; gatedeck take without a name lists them"
            )
        # An id is sent even if it is not listed; the engine explains what became of it.
        target = found["id"] if found else name
        fields = {} if note is None else {"note": note}
        status, answer = engine.post(f"/api/decisions/{quote(target, safe='')}/take", **fields)
        if status < 300 and found is not None:
            status, answer = _outcome(engine, found, (status, answer))
    except (aiohttp.ClientError, TimeoutError) as error:
        return report_unreachable(engine, error)
    return print_answers([answer], status < 300, as_json=as_json)


def _outcome(engine: EngineClient, offer: Item, answer: tuple[int, Item]) -> tuple[int, Item]:
    """Return the answer with the decision that the market's reply led to; as it is if none came in time."""
    until = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < until:
        for item in engine.items(f"/api/decisions?limit=20&symbol={quote(offer['symbol'], safe='')}"):
            if item["signal_id"] == offer["signal_id"] and item["supersedes"] == offer["id"]:
                return _decided(item, answer[1])
        time.sleep(_LOOK_EVERY)
    return answer


def _decided(item: Item, answer: Item) -> tuple[int, Item]:
    evidence = item["decision_breakdown"] or {}
    side, code = item["proposed_direction"], item["code"]
    if item["action"] == "EXECUTE":
        contract = evidence["contract"]
        option = f"{contract['strike']:g}{contract['right']} {contract['expiry']}"
        text = f"Bought {evidence['count']['contracts']} × {item['symbol']} {option}, {side}, taken by hand"
        return 200, answer | {"code": code or "EXECUTED", "text": text, "decision_id": item["id"]}
    why = next((block["text"] for block in evidence.get("blocks") or ()), code)
    if item["action"] == "WAIT":
        return 202, answer | {"code": code, "text": why, "decision_id": item["id"]}
    refused = {"ok": False, "code": code, "text": f"Not taken: {side} {item['symbol']}: {why}"}
    return 409, answer | refused | {"decision_id": item["id"]}


def _find(offers: list[Item], name: str) -> Item | None:
    """Return the one offer of that name; raises ConfigError when several match."""
    wanted = name.strip().upper()
    ids = ("id", "receipt_id", "signal_id")
    found = [o for o in offers if wanted in (o[each].upper() for each in ids)]
    found = found or [o for o in offers if o["symbol"].upper() == wanted]
    if not found and len(wanted) >= 4:
        found = [o for o in offers if any(o[each].upper().startswith(wanted) for each in ids)]
    if len(found) > 1:
        meant = "".join(f"\n  {_format_offer(offer)}" for offer in found)
        raise ConfigError(f"{name!r} could mean {len(found)}; give an id:{meant}")
    return found[0] if found else None


def _format_offer(offer: Item) -> str:
    frame = "" if offer["timeframe"] is None else f" {offer['timeframe']} min"
    buys = f"  {offer['contract']} × {offer['contracts']}" if offer["contracts"] else ""
    refused = f"  not now: {offer['refused']}" if offer["refused"] else ""
    return (
        f"{offer['id']}  {offer['direction']} {offer['symbol']}{frame}  {offer['action']} {offer['code']}"
        f"  confidence {offer['confidence']:.1f}{buys}  until {offer['until']}{refused}"
    )
