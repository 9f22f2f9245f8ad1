"""`gatedeck approve`, `reject`, `close`, `settle`, `adjust`, `resume` and `mode`: commands to a running engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from core.model import Mode
from server.config import ConfigError
from tui import fmt
from tui.cli.client import EngineClient, engine_client, post_command, print_answers, report_unreachable

Item = dict[str, Any]

_PENDING = "/api/approvals?status=PENDING&limit=500"
_APPROVED = "/api/approvals?status=APPROVED&limit=500"
_OPEN = "/api/positions?limit=500"


def judge(
    verb: str, name: str | None, *, url: str | None, author: str | None, config: Path | None, as_json: bool
) -> int:
    """Approve or reject the trade called ``name``; without a name list the trades that need approval.

    ``name`` is an id or its beginning, an OCC symbol or a contract. Returns 0 when the engine accepted.
    """
    engine = engine_client(url=url, author=author, config=config)
    try:
        trades = engine.items(_PENDING) + (engine.items(_APPROVED) if verb == "reject" else [])
        if name is None:
            return print_list(trades, "no trade is waiting for approval", _format_approval, as_json)
        # Send it even if it is no longer pending; the engine explains its status.
        found = _find(trades, name)
        status, answer = engine.post(f"/api/approvals/{found['id'] if found else name}/{verb}")
    except (aiohttp.ClientError, TimeoutError) as error:
        return report_unreachable(engine, error)
    return print_answers([answer], status < 300, as_json=as_json)


def close(
    name: str | None,
    *,
    contracts: int | None,
    everything: bool,
    at: float | None,
    note: str | None,
    url: str | None,
    author: str | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Close the open position called ``name``, a part of it, or all; without a name list the open positions."""
    if everything and any(given is not None for given in (name, contracts, at, note)):
        raise ConfigError(
            "close: --all closes every position completely; give no position, no --contracts, --at and --note"
        )
    engine = engine_client(url=url, author=author, config=config)
    try:
        positions = engine.items(_OPEN)
        if everything:
            if not positions:
                nothing = {"ok": True, "code": "NOTHING_OPEN", "text": "No position is open"}
                return print_answers([nothing], True, as_json=as_json)
            answers = [_exit(engine, row) for row in positions]
            accepted = all(answer.get("code") == "EXITED" for _, answer in answers)
            return print_answers([answer for _, answer in answers], accepted, as_json=as_json)
        if name is None:
            return print_list(positions, "no position is open", _format_position, as_json)
        fields = {"contracts": contracts, "price": at, "note": note}
        status, answer = _exit(engine, _open_position(positions, name), **fields)
    except (aiohttp.ClientError, TimeoutError) as error:
        return report_unreachable(engine, error)
    return print_answers([answer], status < 300, as_json=as_json)


def settle(
    name: str,
    price: float,
    *,
    sure: bool,
    url: str | None,
    author: str | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Settle the expired position called ``name`` at the close of its underlying."""
    engine = engine_client(url=url, author=author, config=config)
    fields: Item = {"price": price} | ({"sure": True} if sure else {})
    try:
        found = _open_position(engine.items(_OPEN), name)
        status, answer = engine.post(
            f"/api/positions/{found['id']}/settle", expected=found["remaining"], **fields
        )
    except (aiohttp.ClientError, TimeoutError) as error:
        return report_unreachable(engine, error)
    return print_answers([answer], status < 300, as_json=as_json)


def levels(
    name: str,
    *,
    stop: str | None,
    target_1: str | None,
    target_2: str | None,
    note: str | None,
    url: str | None,
    author: str | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Set stop and targets of the open position called ``name``."""
    given = {"stop": stop, "target_1": target_1, "target_2": target_2}
    fields = {key: text for key, text in given.items() if text is not None}
    if not fields:
        raise ConfigError("levels: give --stop, --t1 or --t2")
    fields |= {} if note is None else {"note": note}
    engine = engine_client(url=url, author=author, config=config)
    try:
        found = _open_position(engine.items(_OPEN), name)
        status, answer = engine.post(
            f"/api/positions/{found['id']}/levels", expected=found["remaining"], **fields
        )
    except (aiohttp.ClientError, TimeoutError) as error:
        return report_unreachable(engine, error)
    return print_answers([answer], status < 300, as_json=as_json)


def adjust(
    name: str, split: str, *, url: str | None, author: str | None, config: Path | None, as_json: bool
) -> int:
    """Go on with the suspended position called ``name`` after a split, written as 4:1."""
    new, colon, old = split.partition(":")
    if not (colon and new.isdigit() and old.isdigit()):
        raise ConfigError(f"split: {split!r} is not new shares for old ones, as 4:1 or 1:10")
    engine = engine_client(url=url, author=author, config=config)
    try:
        found = _open_position(engine.items(_OPEN), name)
        status, answer = engine.post(f"/api/positions/{found['id']}/adjust", new=int(new), old=int(old))
    except (aiohttp.ClientError, TimeoutError) as error:
        return report_unreachable(engine, error)
    return print_answers([answer], status < 300, as_json=as_json)


def resume(name: str, *, url: str | None, author: str | None, config: Path | None, as_json: bool) -> int:
    """Mark the suspended position called ``name`` again."""
    engine = engine_client(url=url, author=author, config=config)
    try:
        found = _open_position(engine.items(_OPEN), name)
        status, answer = engine.post(f"/api/positions/{found['id']}/resume")
    except (aiohttp.ClientError, TimeoutError) as error:
        return report_unreachable(engine, error)
    return print_answers([answer], status < 300, as_json=as_json)


def _open_position(positions: list[Item], name: str) -> Item:
    found = _find(positions, name)
    if found is None:
        raise ConfigError(f"close: no open position is {name!r}; gatedeck close without a name lists them")
    return found


def set_mode(
    mode: str | None,
    *,
    flatten: bool,
    undo: bool,
    url: str | None,
    author: str | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Change the running engine's mode; ``flatten`` exits every open position first, ``undo`` goes back."""
    if undo:
        if mode is not None or flatten:
            raise ConfigError("mode: --undo takes no mode and no --flatten")
        return post_command("/api/mode/undo", url=url, author=author, config=config, as_json=as_json)
    if mode is None:
        raise ConfigError(f"mode: give one of {', '.join(Mode)}, or --undo")
    try:
        wanted = Mode(mode.upper())
    except ValueError:
        raise ConfigError(f"mode: {mode!r} is not one of {', '.join(Mode)}") from None
    fields = {"mode": wanted.value} | ({"flatten": True} if flatten else {})
    return post_command("/api/mode", url=url, author=author, config=config, as_json=as_json, **fields)


def _exit(engine: EngineClient, position: Item, **given: Any) -> tuple[int, Item]:
    # The engine refuses the exit if the position has changed since it was listed.
    fields: Item = {"expected": position["remaining"]}
    fields |= {name: value for name, value in given.items() if value is not None}
    return engine.post(f"/api/positions/{position['id']}/exit", **fields)


def _find(items: list[Item], name: str) -> Item | None:
    """Return the one item of that name; raises ConfigError when several match.

    An exact id, OCC symbol or contract is preferred to a symbol, and that to the beginning of an id, which needs four
    characters.
    """
    wanted = name.strip().upper()
    exact = [i for i in items if wanted in (i["id"].upper(), i["occ"].upper(), i["contract"].upper())]
    found = exact or [i for i in items if i["symbol"].upper() == wanted]
    found = found or [i for i in items if len(wanted) >= 4 and i["id"].upper().startswith(wanted)]
    if len(found) > 1:
        meant = "".join(f"\n  {_meant(item)}" for item in found)
        raise ConfigError(f"{name!r} could mean {len(found)}; give a contract or an id:{meant}")
    return found[0] if found else None


def _meant(item: Item) -> str:
    contracts = item.get("remaining", item.get("contracts"))
    return f"{item['id']}  {item['direction']} {item['contract']} × {contracts}"


def print_list(items: list[Item], empty: str, format_item: Callable[[Item], str], as_json: bool) -> int:
    """Print a list, one line an item, or as one line of JSON; return the exit code 0."""
    if as_json:
        print(json.dumps(items))
    elif items:
        for item in items:
            print(format_item(item))
    else:
        print(empty)
    return 0


def _format_approval(item: Item) -> str:
    until = fmt.day_clock(datetime.fromisoformat(item["until"]))
    return (
        f"{item['id']}  {item['direction']} {item['contract']} × {item['contracts']}  premium ${item['premium']:,.0f}"
        f"  planned loss ${item['planned_loss']:,.0f}  confidence {item['confidence']:.1f}  until {until}"
    )


def _format_position(item: Item) -> str:
    mark = (
        "not marked" if item["mark"] is None else f"mark ${item['mark']:.2f}, {fmt.age(item['mark_age'])} old"
    )
    if item.get("fault"):
        return f"{item['id']}  {item['contract']} × {item['remaining']}  failed: {item['fault']}"
    if item.get("suspended"):
        return f"{item['id']}  {item['contract']} × {item['remaining']}  suspended: {item['suspended']}"
    missing = f", waits for {item['missing']}" if item.get("missing") else ""
    name = f"{item['direction']} {item['contract']} × {item['remaining']}"
    return f"{item['id']}  {name}  {mark}  {item['state']}{missing}"
