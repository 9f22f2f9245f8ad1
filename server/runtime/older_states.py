"""States that an older engine stored, brought to the present form before they are read."""

from __future__ import annotations

from typing import Any

import orjson

_STOP_SINCE = b'"stop_since":"'
_NOT_RECORDED = "not recorded"


def present_form(raw: bytes) -> bytes:
    """Return the JSON of a state as this engine writes it.

    Up to version 4 a position had ``stop_since``, when its stop last moved, in place of ``moves``: without that
    instant the low of the bar in which a stop was moved would sell at the new stop.
    """
    if _STOP_SINCE not in raw:
        return raw
    state = orjson.loads(raw)
    for held in ("positions", "shadows"):
        for position in state.get(held, {}).values():
            _name_the_move(position)
    return orjson.dumps(state)


def _name_the_move(position: dict[str, Any]) -> None:
    since = position.pop("stop_since", None)
    if since is not None and not position.get("moves"):
        position["moves"] = [{"level": "stop", "at": since, "by": _NOT_RECORDED}]
