"""Bodies that a database might not hold: none costs a webhook, and a file and a database show the same."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import pytest

from core.model import Source
from server.feeds.base import NoFeed
from server.ledger.address import DatabaseLedger, LedgerAddress
from server.ledger.rows import DERIVED
from server.ledger.snapshot import LedgerSnapshot
from server.replay.verify import verify_ledger
from tests.server.ledger.databases import new_database

pytest.importorskip("psycopg", reason="the postgres extra is not installed")

ODD = (
    r'"a\u0000b"', r'"\u0000"', r'"a\ud83d"', r'"\ude00b"', r'"\ud83d\ude00"', r'"\uf8ff\ufffd\ufdd0"', "1e400",
    "-1e400", "1" * 30, "-" + "9" * 400, "0." + "3" * 60, "5e-324", "-0.0", "1e0", r'{"b": 1, "a": 2, "b": "\u0000"}',
)  # fmt: skip
WHOLE = (
    "\0",
    "{\0}",
    "buy \0SPY",
    r'{"a\u0000": 1, "\ud83d": 2}',
    '{"symbol": "SP\0Y"}',
    "[" * 900,
    '"\\u0000"',
)
"""Bodies that are odd as a whole."""
SENDERS = (Source.SATY_PHASE, Source.TRADINGVIEW_SIGNAL)


def bodies(station: Any) -> list[str]:
    """Return a sender's body with each odd value in place of a fifth of its values, and beside them."""
    symbols = ("O" + "".join(letters) for letters in product(ascii_uppercase, repeat=3))
    made = [*WHOLE]
    for turn, odd in enumerate(ODD):
        for source in SENDERS:
            text = station.text(source, next(symbols))
            made += [odd, f'{{"a": {odd}}}', f'{text[:-1]}, "zz": {odd}, "aa": {odd}, "zz": {odd}}}']
            for place in _places(json.loads(text))[turn % 5 :: 5]:
                changed = json.loads(station.text(source, next(symbols)))
                _put(changed, place, "@@")
                made.append(json.dumps(changed).replace('"@@"', odd))
    return made


def _places(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if isinstance(value, dict):
        return [place for key, inner in value.items() for place in _places(inner, (*path, key))]
    return [path]


def _put(value: Any, path: tuple[str, ...], what: str) -> None:
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = what


@asynccontextmanager
async def running(station: Any, address: LedgerAddress) -> AsyncIterator[Any]:
    station.path = address
    runtime = await station.start(NoFeed())
    yield runtime
    await station.stop(runtime)


def contents(address: LedgerAddress) -> dict[str, list[tuple[Any, ...]]]:
    """Return every derived row as it is stored, the letters of its JSON and their order included."""
    with LedgerSnapshot(address) as ledger:
        tables = [table for table in DERIVED if table != "mark_blocks"]
        return {table: [tuple(row) for row in ledger.rows(table)[1]] for table in tables}


async def test_odd_bodies_are_stored_and_shown_alike(station: Any, tmp_path: Path) -> None:
    sent, start, found = bodies(station), station.clock.now(), []
    with new_database() as url:
        for address in (tmp_path / "file.db", DatabaseLedger(url, "station")):
            station.clock.move(start)
            async with running(station, address) as runtime:
                answers = [await runtime.submit(body, "/api/webhooks") for body in sent]
                receipts = [await runtime.ledger.receipt(answer.receipt_id) for answer in answers]
                assert [receipt["body"] for receipt in receipts] == sent
                shown = [json.dumps(receipt) for receipt in receipts]
            found.append((shown, contents(address)))
            assert verify_ledger(address)["differing"] == 0
        assert len(found[0][1]["ledger_entries"]) > 20
        assert found[0] == found[1]
