"""``gatedeck approve``, ``reject``, ``close`` and ``mode``: commands to a running engine, and what they act on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp

from core.model import Mode
from server.config import ConfigError
from tui.cli.client import Running, ask, nobody, running, tell

Item = dict[str, Any]

_WAITING = "/api/approvals?status=PENDING&limit=500"
_APPROVED = "/api/approvals?status=APPROVED&limit=500"
_OPEN = "/api/positions?limit=500"


def judge(
    verb: str, what: str | None, *, url: str | None, author: str | None, config: Path | None, as_json: bool
) -> int:
    """Approve or reject the waiting trade that ``what`` names; without it list those that wait.

    ``what`` is an id or the beginning of one, an OCC symbol or a contract; returns 0 when it was done.
    """
    engine = running(url=url, author=author, config=config)
    try:
        waiting = engine.items(_WAITING) + (engine.items(_APPROVED) if verb == "reject" else [])
        if what is None:
            return _list(waiting, "no trade waits for approval", _waiting_words, as_json)
        # One that waits no more is asked about all the same: the engine says what became of it.
        found = _named(waiting, what)
        status, told = engine.post(f"/api/approvals/{found['id'] if found else what}/{verb}")
    except (aiohttp.ClientError, TimeoutError) as error:
        return nobody(engine, error)
    return tell([told], status < 300, as_json=as_json)


def close(
    what: str | None,
    *,
    contracts: int | None,
    everything: bool,
    url: str | None,
    author: str | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Close the open position that ``what`` names, a part of it, or all; without any list the open ones."""
    if everything and (what is not None or contracts is not None):
        raise ConfigError("close: --all closes every position whole; name none beside it")
    engine = running(url=url, author=author, config=config)
    try:
        held = engine.items(_OPEN)
        if everything:
            if not held:
                return tell(
                    [{"ok": True, "code": "NOTHING_OPEN", "text": "Nothing is open"}], True, as_json=as_json
                )
            answers = [_exit(engine, row, None) for row in held]
            return tell([told for _, told in answers], all(s < 300 for s, _ in answers), as_json=as_json)
        if what is None:
            return _list(held, "no position is open", _position_words, as_json)
        found = _named(held, what)
        if found is None:
            raise ConfigError(f"close: no open position is {what!r}; without a name they are listed")
        status, told = _exit(engine, found, contracts)
    except (aiohttp.ClientError, TimeoutError) as error:
        return nobody(engine, error)
    return tell([told], status < 300, as_json=as_json)


def set_mode(
    mode: str, *, flatten: bool, url: str | None, author: str | None, config: Path | None, as_json: bool
) -> int:
    """Have the running engine go to a mode; ``flatten`` exits everything first."""
    try:
        wanted = Mode(mode.upper())
    except ValueError:
        raise ConfigError(f"mode: {mode!r} is not one of {', '.join(Mode)}") from None
    fields = {"mode": wanted.value} | ({"flatten": True} if flatten else {})
    return ask("/api/mode", url=url, author=author, config=config, as_json=as_json, **fields)


def _exit(engine: Running, row: Item, contracts: int | None) -> tuple[int, Item]:
    fields: Item = {"expected": row["remaining"]} | ({} if contracts is None else {"contracts": contracts})
    return engine.post(f"/api/positions/{row['id']}/exit", **fields)


def _named(items: list[Item], what: str) -> Item | None:
    """The one item that a text names; raises ConfigError when it names several."""
    plain = what.strip().upper()
    exact = [i for i in items if plain in (i["id"].upper(), i["occ"].upper(), i["contract"].upper())]
    found = exact or [i for i in items if len(plain) >= 4 and i["id"].upper().startswith(plain)]
    if len(found) > 1:
        raise ConfigError(f"{what!r} names {len(found)}: use an id ({', '.join(i['id'] for i in found)})")
    return found[0] if found else None


def _list(items: list[Item], none: str, words: Any, as_json: bool) -> int:
    if as_json:
        print(json.dumps(items))
    else:
        for line in map(words, items) if items else (none,):
            print(line)
    return 0


def _waiting_words(item: Item) -> str:
    return (
        f"{item['id']}  {item['direction']} {item['contract']} × {item['contracts']}  premium ${item['premium']:,.0f}"
        f"  planned loss ${item['planned_loss']:,.0f}  confidence {item['confidence']:.1f}  until {item['until']}"
    )


def _position_words(item: Item) -> str:
    mark = "not marked" if item["mark"] is None else f"mark {item['mark']:.2f}, {item['mark_age']:.0f} s old"
    return (
        f"{item['id']}  {item['direction']} {item['contract']} × {item['remaining']}  {mark}  {item['state']}"
    )
