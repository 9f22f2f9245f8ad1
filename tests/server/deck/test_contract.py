"""What every deck gives, in the engine's process or attached to it: the same tests on both."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.intake import sample
from core.model import Action, Direction, Mode, Source
from server.assembly import RunningEngine
from server.deck import Command, Deck, PageQuery
from server.deck.remote import RemoteDeck
from tests.server.deck.attached import COMMAND_TOKEN, becomes, open_position


@pytest.fixture(params=["local", "socket", "listener"])
async def deck(
    request: pytest.FixtureRequest, host: RunningEngine, attach: Callable[..., Awaitable[RemoteDeck]]
) -> Deck:
    if request.param == "local":
        return host.deck
    return await attach(None if request.param == "socket" else COMMAND_TOKEN)


def alike(found: Any, wanted: Any, at: str = "") -> list[str]:
    """Return where two values differ: types, texts and counts, and numbers beyond six digits."""
    if isinstance(wanted, float | int) and isinstance(found, float | int) and not isinstance(wanted, bool):
        same = found == wanted or (found != found and wanted != wanted)
        near = abs(found - wanted) <= max(2e-3, 1e-4 * abs(wanted))
        return [] if same or near else [f"{at}: {found} for {wanted}"]
    if isinstance(wanted, datetime) and isinstance(found, datetime):
        return [] if abs((found - wanted).total_seconds()) < 1e-3 else [f"{at}: {found} for {wanted}"]
    if isinstance(found, str) and isinstance(wanted, str):  # an enum is a text where its field has no type
        return [] if found == wanted else [f"{at}: {found!r} for {wanted!r}"]
    if type(found) is not type(wanted) and not (isinstance(found, Mapping) and isinstance(wanted, Mapping)):
        return [f"{at}: {type(found).__name__} for {type(wanted).__name__}"]
    if dataclasses.is_dataclass(wanted):
        return [
            line
            for each in dataclasses.fields(wanted)
            for line in alike(getattr(found, each.name), getattr(wanted, each.name), f"{at}.{each.name}")
        ]
    if isinstance(wanted, Mapping):
        if found.keys() != wanted.keys():
            return [f"{at}: keys {sorted(found)} for {sorted(wanted)}"]
        return [line for key in wanted for line in alike(found[key], wanted[key], f"{at}[{key}]")]
    if isinstance(wanted, tuple | list):
        if len(found) != len(wanted):
            return [f"{at}: {len(found)} for {len(wanted)}"]
        pairs = zip(found, wanted, strict=True)
        return [line for n, (a, b) in enumerate(pairs) for line in alike(a, b, f"{at}[{n}]")]
    return [] if found == wanted else [f"{at}: {found!r} for {wanted!r}"]


async def same_snapshot(deck: Deck, host: RunningEngine) -> None:
    """Wait until the deck shows what the engine's own shows, and compare every field."""
    for _ in range(100):
        wanted = host.deck.snapshot()
        found = deck.snapshot()
        if found.seq == wanted.seq:
            break
        await asyncio.sleep(0.05)
    if isinstance(deck, RemoteDeck):
        assert found.listener.startswith(host.http.url), found.listener
        found = dataclasses.replace(found, listener=wanted.listener)
    assert alike(found, wanted) == []


async def test_the_snapshot_has_every_field(deck: Deck, host: RunningEngine) -> None:
    await same_snapshot(deck, host)
    assert len(deck.snapshot().positions) == 2
    assert deck.snapshot().connection_note == ""


async def test_the_snapshot_follows_the_engine(deck: Deck, host: RunningEngine) -> None:
    clock: Any = host.runtime.clock
    for n in range(4):
        clock.move(clock.now() + timedelta(seconds=17.3))
        await host.runtime.price("SPY", 450.0 + 0.21 * n, "test")
        await same_snapshot(deck, host)
    await open_position(host, "IWM", 220.0)
    await same_snapshot(deck, host)
    assert [row.symbol for row in deck.snapshot().positions] == ["SPY", "QQQ", "IWM"]


async def test_the_feeds(deck: Deck, host: RunningEngine) -> None:
    assert alike(deck.feeds(), host.deck.feeds()) == []


@pytest.mark.parametrize("what", ["decisions", "ledger", "receipts", "trades", "approvals", "risk_events"])
async def test_pages(deck: Deck, host: RunningEngine, what: str) -> None:
    first = PageQuery(what=what, limit=1)
    found, wanted = await deck.page(first), await host.deck.page(first)
    assert alike(found, wanted) == []
    if found.next_cursor is not None:
        more = PageQuery(what=what, limit=5, cursor=found.next_cursor, filters={})
        assert alike(await deck.page(more), await host.deck.page(more)) == []


async def test_a_filter_that_is_not_known(deck: Deck) -> None:
    with pytest.raises(ValueError, match="colour"):
        await deck.page(PageQuery(what="decisions", filters={"colour": "red"}))


async def test_a_decision_with_its_entry_and_its_receipt(deck: Deck, host: RunningEngine) -> None:
    record = host.deck.snapshot().decision
    assert record is not None
    assert await deck.decision(record.id) == record
    assert alike(await deck.why_no_trade(record.id), await host.deck.why_no_trade(record.id)) == []
    assert alike(await deck.entry(record.id), await host.deck.entry(record.id)) == []
    assert alike(await deck.receipt(record.receipt_id), await host.deck.receipt(record.receipt_id)) == []
    assert await deck.decision("no-such-id") is None
    assert await deck.entry("no-such-id") is None
    assert await deck.receipt("no-such-id") is None


async def test_a_position_comes_exactly(deck: Deck, host: RunningEngine) -> None:
    row = host.deck.snapshot().positions[0]
    found = await deck.position(row.id)
    assert found == await host.deck.position(row.id)
    assert await deck.position("no-such-id") is None


async def test_the_reports(deck: Deck, host: RunningEngine) -> None:
    assert alike(await deck.performance("all", "symbol"), await host.deck.performance("all", "symbol")) == []
    assert alike(await deck.learning(), await host.deck.learning()) == []
    with pytest.raises(ValueError, match="window"):
        await deck.performance("2", "symbol")


async def test_the_system(deck: Deck, host: RunningEngine) -> None:
    found, wanted = await deck.system(), await host.deck.system()
    same = {"uptime": 0.0, "resident_bytes": 0, "credentials": ()}
    assert alike(dataclasses.replace(found, **same), dataclasses.replace(wanted, **same)) == []


async def test_a_command_and_its_notice(deck: Deck, host: RunningEngine) -> None:
    heard: list[Any] = []

    async def listen() -> None:
        async for notice in deck.changes():
            heard.append(notice)

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0.1)
    row = deck.snapshot().positions[0]
    command = Command(id=str(uuid4()), name="exit", position_id=row.id, expected=row.remaining)
    result = await deck.command(command)
    assert result.ok, result
    await same_snapshot(deck, host)
    assert [each.symbol for each in deck.snapshot().positions] == ["QQQ"]
    assert await deck.command(command) == result
    refused = await deck.command(dataclasses.replace(command, id=str(uuid4())))
    assert (refused.ok, refused.code) == (False, "NOT_OPEN")
    for _ in range(40):
        if heard:
            break
        await asyncio.sleep(0.05)
    listening.cancel()
    assert [(each.kind, each.position_id) for each in heard] == [("exit", row.id)]


async def test_a_symbol_and_the_watchlist(deck: Deck, host: RunningEngine) -> None:
    held = host.deck.snapshot().positions[0].symbol
    found, wanted = await deck.symbols(), await host.deck.symbols()
    assert [row.symbol for row in found] == [row.symbol for row in wanted]
    view = await deck.symbol(held)
    assert view is not None and view.positions and view.sections and view.decisions
    assert await deck.symbol("ZZZZ") is None


async def test_a_note_is_on_the_trade_its_day_and_in_the_metrics(deck: Deck, host: RunningEngine) -> None:
    (row, *_) = deck.snapshot().positions
    for position_id, argument in ((row.id, "late #fomo"), (None, "2026-11-24 #news")):
        command = Command(id=str(uuid4()), name="note", position_id=position_id, argument=argument)
        assert (await deck.command(command)).code == "NOTED"
    page = await deck.page(PageQuery(what="trades", filters={"tag": "fomo"}))
    assert [item["position_id"] for item in page.items] == [row.id]
    assert page.totals is not None and page.totals["open"] == 1
    detail = await deck.position(row.id)
    assert detail is not None and [note["text"] for note in detail.notes] == ["late #fomo"]
    closing = Command(id=str(uuid4()), name="exit", position_id=row.id)
    assert (await deck.command(closing)).ok
    for cut, label in (("tag", "fomo"), ("day_tag", "news")):
        view = await deck.performance("all", cut)
        assert [(b.label, b.metrics.trades) for b in view.report.cuts[cut]] == [(label, 1)]
    (note,) = (await deck.page(PageQuery(what="notes", filters={"position": row.id}))).items
    removed = Command(id=str(uuid4()), name="remove_note", argument=note["id"])
    assert (await deck.command(removed)).code == "REMOVED"
    view = await deck.performance("all", "tag")
    assert [bucket.label for bucket in view.report.cuts["tag"]] == ["no tag"]
    unknown = Command(id=str(uuid4()), name="note", position_id="nobody", argument="x")
    assert (await deck.command(unknown)).code == "UNKNOWN_POSITION"
    again = Command(id=str(uuid4()), name="remove_note", argument=note["id"])
    assert (await deck.command(again)).code == "NO_NOTE"


async def test_a_skip_is_taken_and_a_mode_is_undone_from_any_deck(deck: Deck, host: RunningEngine) -> None:
    body = sample(
        Source.TRADINGVIEW_SIGNAL, host.runtime.clock.now(), "IWM", 220.0, Direction.LONG, score=3.0
    )
    answer = await host.runtime.submit(json.dumps(body), "signals")
    assert answer.decision is not None and answer.decision.action is Action.SKIP
    (offer,) = await deck.offers()
    assert alike(offer, (await host.deck.offers(answer.decision.id))[0]) == []
    assert (offer.symbol, offer.code, offer.receipt_id) == ("IWM", "LOW_SCORE", answer.receipt_id)
    take = Command(id=str(uuid4()), name="take", argument=answer.receipt_id, note="news #news", author="ann")
    assert (await deck.command(take)).code == "TAKING"
    await becomes(lambda: len(host.deck.snapshot().positions) == 3)
    await same_snapshot(deck, host)
    row = deck.snapshot().positions[-1]
    assert (row.symbol, row.taken_by) == ("IWM", "ann")
    detail = await deck.position(row.id)
    assert detail is not None and [note["text"] for note in detail.notes] == ["news #news"]
    assert await deck.offers() == ()
    assert (await deck.command(Command(id=str(uuid4()), name="mode", argument="HALTED"))).ok
    await same_snapshot(deck, host)
    assert deck.snapshot().mode_before is Mode.ACTIVE
    assert (await deck.command(Command(id=str(uuid4()), name="undo_mode", argument="HALTED"))).ok
    await same_snapshot(deck, host)
    assert (deck.snapshot().mode, deck.snapshot().mode_before) == (Mode.ACTIVE, None)
