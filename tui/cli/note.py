"""`gatedeck note`: add a note with tags to a trade or a day, list notes, or remove one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from server.config import ConfigError
from tui.cli.client import EngineClient, engine_client, print_answers, report_unreachable
from tui.cli.control import print_list

Item = dict[str, Any]

_TODAY = "today"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_TRADES = "/api/trades?limit=500"
_SHORT = 8
"""Characters of an id that are printed; its beginning is enough to name it."""


def note(
    about: str | None,
    text: str | None,
    *,
    tags: list[str],
    remove: str | None,
    url: str | None,
    author: str | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Add a note to the trade or day ``about``; without text and tags list its notes, without both list all.

    Returns 0 when the engine accepted.
    """
    engine = engine_client(url=url, author=author, config=config)
    try:
        if remove is not None:
            if about is not None:
                raise ConfigError("note: --remove takes the id of a note, and no trade or day")
            status, answer = engine.post(f"/api/notes/{_note_id(engine, remove)}/remove")
        elif about is None:
            return print_list(engine.items("/api/notes?limit=50"), "no note yet", _format_note, as_json)
        elif text is None and not tags:
            found = engine.items(f"/api/notes?limit=500&{_filter(engine, about)}")
            return print_list(found, "no note yet", _format_note, as_json)
        else:
            fields = {"day": about} if _is_day(about) else {"trade": _trade(engine, about)["id"]}
            status, answer = engine.post("/api/notes", text=text or "", tags=tags, **fields)
    except (aiohttp.ClientError, TimeoutError) as error:
        return report_unreachable(engine, error)
    return print_answers([answer], status < 300, as_json=as_json)


def _is_day(about: str) -> bool:
    return about == _TODAY or _DAY.fullmatch(about) is not None


def _filter(engine: EngineClient, about: str) -> str:
    if about == _TODAY:
        raise ConfigError("note: to list notes give the day as 2026-11-24")
    if _is_day(about):
        return f"day={about}"
    return f"position={quote(_trade(engine, about)['position_id'])}"


def _trade(engine: EngineClient, name: str) -> Item:
    """Return the one trade of that name. Raises ConfigError when none or several match.

    ``name`` is an id of the trade or its position or the beginning of one, an OCC symbol, a contract or a symbol.
    """
    wanted = name.strip().upper()
    items = engine.items(f"{_TRADES}&id={quote(name.strip(), safe='')}") or engine.items(_TRADES)
    found = (
        [i for i in items if wanted in _names(i)]
        or [i for i in items if len(wanted) >= 4 and any(n.startswith(wanted) for n in _names(i)[:2])]
        or [i for i in items if i["symbol"] == wanted]
    )
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigError(f"note: no trade is {name!r}; give an id, an OCC symbol, a contract, or a day")
    lines = "\n".join(f"  {_format_trade(item)}" for item in found[:10])
    raise ConfigError(f"note: {name!r} matches {len(found)} trades; give the beginning of an id:\n{lines}")


def _names(item: Item) -> tuple[str, ...]:
    return (
        item["id"].upper(),
        item["position_id"].upper(),
        (item["occ"] or "").upper(),
        item["contract"].upper(),
    )


def _note_id(engine: EngineClient, name: str) -> str:
    found = [item["id"] for item in engine.items("/api/notes?limit=500") if item["id"].startswith(name)]
    if len(found) > 1:
        raise ConfigError(f"note: {name!r} is the beginning of {len(found)} notes; give more of the id")
    return found[0] if found else quote(name, safe="")


def _format_note(item: Item) -> str:
    about = item["day"] or f"trade {item['position_id'][:_SHORT]}"
    return f"{item['id'][:_SHORT]}  {item['at'][:16]}Z  {about}  {item['text']}  ({item['author']})"


def _format_trade(item: Item) -> str:
    net = "open" if item["closed_at"] is None else f"net ${item['net']:+,.2f}"
    return (
        f"{item['id'][:_SHORT]}  {item['opened_at'][:16]}Z  {item['contract']} × {item['contracts']}  {net}"
    )
