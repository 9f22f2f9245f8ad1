"""Hostile texts, and samples with such a text in each of their fields: no reader of a webhook may pass them on.

They are commands to a terminal, markup of the screen, marks that reverse or widen text, and texts without end. The
check of ``gatedeck send --check --hostile`` and the tests of the deck read the same list.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from core.intake.detect import ENDPOINTS
from core.intake.samples import sample
from core.model import Direction

HOSTILE: Final = (
    "\x1b]52;c;cHduZWQ=\x07",
    "\x1b]0;owned\x07",
    "\x1b[2J\x1b[31mred",
    "\x9b31mC1\x9d0;t\x9c",
    "\x1bP1$r\x1b\\",
    "[/x]",
    "[@click=app.quit]go[/]",
    "[red]markup",
    "\u202eright\u202c to left\u200b\u2066",
    "tab\tnew\nline\r\x00\x7f",
    "wide 東京 é ǎ̐",
    "x" * 10_000,
    "\x1b]2;title\x07\x1b]8;;http://evil/\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]9;ring\x07\x1b]777;notify;a;b\x07\x1b[5n\x1b[c\x1bc",
    "".join(map(chr, [*range(0x01, 0x20), 0x7F, *range(0x80, 0xA0)])),
    "e" + "\u0301" * 400,
    "❤\ufe0f 👍🏽 🇺🇸 👨\u200d👩\u200d👧 東京 ｆｕｌｌ",
    "\u2066\u202e\u200f\ufeff\u2028\u2029\U000e0041",
)
SOURCES: Final = tuple((name, source) for name, source in ENDPOINTS.items() if name != "strat-exec")
"""Endpoint and source of each sample; an endpoint's second name is left out."""


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each value of a body that is no object and no list."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from leaves(each, (*path, key))
    elif isinstance(value, list):
        for n, each in enumerate(value):
            yield from leaves(each, (*path, n))
    else:
        yield path


def planted(body: dict[str, Any], path: tuple[Any, ...], text: str) -> dict[str, Any]:
    """Return the body with the text in one field; the others stay, so that checks let it through."""
    out = copy.deepcopy(body)
    place = out
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = text
    return out


def hostile_bodies(now: datetime, symbol: str, price: float) -> Iterator[tuple[str, str]]:
    """Yield (endpoint, body): each sample with each text in each field, as a key, and as the whole body."""
    for endpoint, source in SOURCES:
        body = sample(source, now, symbol, price, Direction.LONG, timeframe=15)
        for path in leaves(body):
            for text in HOSTILE:
                yield endpoint, json.dumps(planted(body, path, text))
        for text in HOSTILE:
            yield endpoint, json.dumps({**body, text: text, "note": {text: [text]}})
            yield endpoint, text
