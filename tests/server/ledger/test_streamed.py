"""The events of the stream: what each kind says, in which order, and that no break loses or repeats one."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.approvals import ApprovalStatus
from core.effects import StoreRiskEvent
from core.from_json import read_json
from server.deck import PageQuery
from server.ledger import streamed
from server.ledger.base import OwnLedger
from server.ledger.codec import encode_any
from server.ledger.opened_by_address import open_to_read, open_to_write
from server.ledger.sqlite import SqliteLedger
from server.ledger.streamed import START, ExitEvent, FillEvent, ModeEvent, Place, StreamKind

KEYS = {
    StreamKind.FILL: {
        *("id", "seq", "at", "position_id", "decision_id", "signal_id", "symbol", "direction", "timeframe"),
        *("contract", "occ", "contracts", "price", "levels", "execution"),
    },
    StreamKind.EXIT: {
        *("id", "seq", "at", "position_id", "decision_id", "signal_id", "symbol", "direction", "timeframe"),
        *(
            "contract",
            "occ",
            "contracts",
            "price",
            "reason",
            "remaining",
            "pnl_gross",
            "pnl_net",
            "stale_fill",
        ),
        "exit",
    },
    StreamKind.MODE: {"id", "seq", "at", "mode", "text"},
    StreamKind.ALERT: {"id", "seq", "at", "code", "cleared", "position_id", "text"},
}
"""Members of each kind that is no item of a list of the API."""


TYPES = {StreamKind.FILL: FillEvent, StreamKind.EXIT: ExitEvent, StreamKind.MODE: ModeEvent}


def mode(make: Any, seq: int) -> StoreRiskEvent:
    return replace(make.risk(seq), id=make.id(seq, "mode"), code="MODE_HALTED", text="Mode is HALTED")


def lived(make: Any) -> list[Any]:
    """Return the steps of a trade from its decision to its exit."""
    return [
        (make.received(1), (*make.decided(1)[1], make.trade(1), make.marks(1, 1))),
        (make.tick(2), (make.approval(2), make.risk(2))),
        make.webhook(3),
        (make.tick(4), (mode(make, 4), make.trade(1, closed_at=4))),
        (make.tick(5), (make.approval(2, ApprovalStatus.EXPIRED),)),
    ]


async def test_events_come_in_the_order_of_their_steps(ledger: OwnLedger, make: Any) -> None:
    await ledger.commit(lived(make))
    page = await ledger.stream_after(START)
    assert [(*event.place, event.kind.value, event.symbol) for event in page.events] == [
        (1, 0, "decision", "SPY"),
        (1, 1, "fill", "SPY"),
        (2, 0, "approval", "SPY"),
        (2, 1, "alert", None),
        (4, 0, "mode", None),
        (4, 1, "exit", "SPY"),
        (5, 0, "approval", "SPY"),
    ]
    assert page.upto == (5, 0) and not page.more
    data = {event.place: orjson.loads(event.data) for event in page.events}
    for event in page.events:
        if (names := KEYS.get(event.kind)) is not None:
            assert set(data[event.place]) == names, event.kind
        if (kind := TYPES.get(event.kind)) is not None:
            assert encode_any(read_json(kind, event.data)) == event.data
        assert data[event.place]["seq"] == event.place.seq or event.kind is StreamKind.APPROVAL
    decision, approval = await items(ledger, "decisions"), await items(ledger, "approvals")
    assert data[1, 0] | {"outcome": decision["outcome"]} == decision
    assert data[5, 0] == approval and data[2, 0]["status"] == "PENDING"
    assert data[1, 1]["price"] == 1.9 and data[1, 1]["execution"]["entry_delta"] == 0.49
    assert data[4, 1]["remaining"] == 0 and data[4, 1]["exit"]["exit_reason"] == data[4, 1]["reason"]
    assert data[4, 1]["pnl_net"] == data[4, 1]["exit"]["pnl_net"]
    assert data[4, 0]["mode"] == "HALTED" and data[2, 1]["code"] == "OVERTRADING"


async def items(ledger: OwnLedger, what: str) -> Any:
    page = await ledger.page(PageQuery(what=what))
    return orjson.loads(orjson.dumps(page.items[0], option=orjson.OPT_UTC_Z))


async def test_a_sale_in_parts_says_what_is_left(ledger: OwnLedger, make: Any) -> None:
    sold = make.trade(1, closed_at=2)
    first, second = replace(sold.legs[0], contracts=1), replace(sold.legs[0], contracts=1, id="second")
    position = replace(sold.position, legs=(first, second))
    await ledger.commit(
        [make.decided(1), (make.tick(2), (replace(sold, position=position, legs=(first, second)),))]
    )
    parts = [orjson.loads(e.data) for e in (await ledger.stream_after(Place(1, 0))).events]
    assert [(part["remaining"], part["exit"] is None) for part in parts] == [(1, True), (0, False)]


async def test_filters_keep_what_has_no_symbol(ledger: OwnLedger, make: Any) -> None:
    await ledger.commit([*lived(make), make.decided(6, symbol="QQQ")])

    async def kinds(*wanted: StreamKind, symbols: tuple[str, ...] = ()) -> list[str]:
        page = await ledger.stream_after(START, wanted, symbols)
        assert page.upto == (6, 0)
        return [event.kind.value for event in page.events]

    assert await kinds(StreamKind.DECISION, StreamKind.EXIT) == ["decision", "exit", "decision"]
    assert await kinds(symbols=("QQQ",)) == ["alert", "mode", "decision"]
    assert await kinds(StreamKind.DECISION, symbols=("QQQ",)) == ["decision"]
    assert await kinds(StreamKind.FILL, symbols=("IWM",)) == []


async def test_a_ledger_of_an_older_version_says_where_its_events_begin(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "older.db"
    ledger = await SqliteLedger.open(path, "engine-1")
    assert await ledger.streamed_after() == 0
    await ledger.commit(lived(make))
    await ledger.close()
    with sqlite3.connect(path) as c:
        c.execute("DROP TABLE stream_events")
        c.execute("DELETE FROM meta WHERE key = 'streamed_after'")
        c.execute("PRAGMA user_version = 5")
    ledger = await SqliteLedger.open(path, "engine-1")
    assert await ledger.streamed_after() == 5
    await ledger.commit([make.decided(6)])
    assert [event.place for event in (await ledger.stream_after(START)).events] == [(6, 0)]
    await ledger.close()


@pytest.fixture(scope="module")
def long_ledger(tmp_path_factory: pytest.TempPathFactory, make: Any) -> Path:
    address = tmp_path_factory.mktemp("streamed") / "ledger.db"

    async def fill() -> None:
        ledger = await open_to_write(address, "engine-1")
        steps = [make.decided(seq, symbol="SPY" if seq % 3 else "QQQ") for seq in range(1, 61)]
        steps[10] = (make.tick(11), (make.risk(11), mode(make, 11), make.decided(11)[1][1]))
        steps[20] = make.webhook(21)
        await ledger.commit(steps)
        await ledger.close()

    asyncio.run(fill())
    return address


@settings(max_examples=40, deadline=None)
@given(
    breaks=st.lists(st.integers(0, 9), max_size=20),
    page_events=st.integers(1, 25),
    page_rows=st.integers(1, 25),
    kinds=st.sets(st.sampled_from(list(StreamKind))),
    symbols=st.sets(st.sampled_from(["SPY", "QQQ"])),
)
def test_whatever_the_pages_and_breaks_each_event_comes_once_in_order(
    long_ledger: Path,
    breaks: list[int],
    page_events: int,
    page_rows: int,
    kinds: set[StreamKind],
    symbols: set[str],
) -> None:
    async def read() -> None:
        reader = await open_to_read(long_ledger)
        whole = (await reader.stream_after(START, kinds, symbols)).events
        read_on, place, left = [], START, list(breaks)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(streamed, "PAGE_EVENTS", page_events)
            patch.setattr(streamed, "PAGE_ROWS", page_rows)
            while True:
                page = await reader.stream_after(place, kinds, symbols)
                taken = page.events
                if left and taken:
                    # A reader that breaks off in a page comes back with the last event that it had.
                    taken = taken[: left.pop()]
                    place = taken[-1].place if taken else place
                else:
                    place = page.upto
                read_on += taken
                if not page.more and not left:
                    break
                if not page.events and not page.more:
                    left.clear()
        while (page := await reader.stream_after(place, kinds, symbols)).events:
            read_on += page.events
            place = page.upto
        assert read_on == list(whole)
        await reader.close()

    asyncio.run(read())
