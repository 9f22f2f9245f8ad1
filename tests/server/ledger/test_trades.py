"""The list of trades: its rows, filters, search and sums; pages put together are the whole sorted list."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.effects import RemoveNote, StoreTrade
from core.model import ExitReason
from server.ledger.address import DatabaseLedger, LedgerAddress
from server.ledger.base import OwnLedger
from server.ledger.opened_by_address import open_to_write
from server.ledger.paging import PageQuery
from server.ledger.trade_lists import SORTED
from tests.server.ledger.databases import empty

SPEC = st.fixed_dictionaries(
    {
        "symbol": st.sampled_from(["SPY", "QQQ"]),
        "pattern": st.sampled_from([None, "2-1-2 up", "inside bar"]),
        "price": st.sampled_from([None, 0.5, 1.9, 4.35]),
        "reason": st.sampled_from([ExitReason.STOP_LOSS, ExitReason.TARGET_2]),
        "risk": st.sampled_from([0.0, 122.6]),
        "day": st.integers(0, 2),
        "note": st.sampled_from(["", "late #fomo", "#plan kept", "ÜBER late #fomo #plan"]),
    }
)
FILTERS: dict[str, tuple[str, Any]] = {
    "symbol": ("qqq", lambda t: t["symbol"] == "QQQ"),
    "setup": ("inside bar", lambda t: t["setup"] == "inside bar"),
    "state": ("closed", lambda t: t["closed"]),
    "outcome": ("loss", lambda t: t["closed"] and t["net"] < 0),
    "reason": ("stop_loss", lambda t: t["reason"] == "STOP_LOSS"),
    "tag": ("#FOMO", lambda t: "fomo" in t["tags"]),
    "day": ("2026-11-25", lambda t: t["closed"] and t["day"] == 1),
    "since": ("2026-11-25", lambda t: not t["closed"] or t["day"] >= 1),
    "text": ("über LATE", lambda t: "über late" in t["note"].casefold()),
    "cut": ("exit_reason=STOP_LOSS", lambda t: t["closed"] and t["reason"] == "STOP_LOSS"),
    "counted": ("yes", lambda t: t["closed"]),
}


async def fill(ledger: OwnLedger, make: Any, specs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Store these trades and return what the list must say of each."""
    said = []
    for n, spec in enumerate(specs):
        seq = 3 * n + 1
        context = make.context(seq)
        structure = replace(context, structure=None)
        changes: dict[str, Any] = {"symbol": spec["symbol"], "context": structure}
        if spec["pattern"]:
            changes["context"] = replace(
                context, expert=replace(context.expert, event=spec["pattern"], components=())
            )
        batch = [make.decided(seq, **changes)]
        position = replace(make.position(seq), symbol=spec["symbol"])
        position = replace(position, entry=replace(position.entry, risk_amount=spec["risk"]))
        if spec["price"] is not None:
            leg = replace(
                make.leg(seq + 1), price=spec["price"], reason=spec["reason"],
                at=make.at(seq + 1) + timedelta(days=spec["day"]),
            )  # fmt: skip
            closed = make.position(seq, closed_at=seq + 1)
            position = replace(position, legs=(leg,), remaining=0, state=closed.state)
        notes = (make.note(seq + 2, seq, spec["note"]),) if spec["note"] else ()
        batch += [(make.tick(seq + 1), (StoreTrade(position=position),)), (make.tick(seq + 2), notes)]
        await ledger.commit(batch)
        net = None if spec["price"] is None else round((spec["price"] - 1.90) * 200 - 2.6, 2)
        said.append(
            {
                "seq": seq,
                "id": make.id(seq, "decision"),
                "position_id": position.id,
                "symbol": spec["symbol"],
                "setup": spec["pattern"] or "breakout + volume",
                "closed": net is not None,
                "net": net,
                "r": None if net is None or not spec["risk"] else round(net / spec["risk"], 4),
                "reason": None if net is None else spec["reason"].value,
                "day": spec["day"],
                "tags": make.note(1, 1, spec["note"] or "x").tags,
                "note": spec["note"],
            }
        )
    return said


async def every(ledger: OwnLedger, limit: int, filters: dict[str, str], order: str) -> tuple[list[Any], Any]:
    """Return the items of all pages put together, and the sums that each page states."""
    items: list[Any] = []
    cursor, totals = None, None
    while True:
        page = await ledger.page(
            PageQuery(what="trades", limit=limit, cursor=cursor, filters=filters, order=order)
        )
        assert totals in (None, page.totals)
        totals = page.totals
        items += page.items
        cursor = page.next_cursor
        if cursor is None:
            return items, totals


ORDERS = ["time", *(f"{name}{way}" for name in ("net", "r", "symbol", "setup", "reason", "tags", "closed")
                    for way in ("", ".asc"))]  # fmt: skip


LISTS = given(
    st.lists(SPEC, max_size=14),
    st.sets(st.sampled_from(sorted(FILTERS)), max_size=2),
    st.sampled_from(ORDERS),
    st.integers(1, 6),
)


@settings(max_examples=40, deadline=None)
@LISTS
def test_pages_put_together_are_the_whole_sorted_list(
    make: Any, specs: list[dict[str, Any]], chosen: set[str], order: str, limit: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _check_pages(Path(folder) / "ledger.db", make, specs, chosen, order, limit)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@LISTS
def test_pages_of_a_database_are_the_same(
    database: DatabaseLedger,
    make: Any,
    specs: list[dict[str, Any]],
    chosen: set[str],
    order: str,
    limit: int,
) -> None:
    try:
        _check_pages(database, make, specs, chosen, order, limit)
    finally:
        empty(database)


def _check_pages(
    address: LedgerAddress, make: Any, specs: list[dict[str, Any]], chosen: set[str], order: str, limit: int
) -> None:
    async def walk() -> None:
        ledger = await open_to_write(address, "engine-1")
        try:
            said = await fill(ledger, make, specs)
            filters = {name: FILTERS[name][0] for name in chosen}
            items, totals = await every(ledger, limit, filters, order)
        finally:
            await ledger.close()
        kept = [trade for trade in said if all(FILTERS[name][1](trade) for name in chosen)]
        assert sorted(item["id"] for item in items) == sorted(trade["id"] for trade in kept)
        _assert_sorted(items, order)
        closed = [trade for trade in kept if trade["closed"]]
        with_r = [trade["r"] for trade in closed if trade["r"] is not None]
        assert totals["closed"] == len(closed) and totals["open"] == len(kept) - len(closed)
        assert totals["net"] == pytest.approx(sum(trade["net"] for trade in closed), abs=0.006)
        assert totals["with_r"] == len(with_r)
        assert totals["average_r"] == (pytest.approx(sum(with_r) / len(with_r)) if with_r else None)
        wins = sum(trade["net"] > 0 for trade in closed)
        assert totals["win_rate"] == (pytest.approx(wins / len(closed)) if closed else None)

    asyncio.run(walk())


def _assert_sorted(items: list[Any], order: str) -> None:
    name, _, ascending = order.partition(".")
    field = {"time": "seq", "tags": "tags", "closed": "closed_at"}.get(name, name)
    known = [item[field] for item in items if item[field] not in (None, [])]
    assert all(item[field] in (None, []) for item in items[len(known) :]), "those without a value come last"
    assert known == sorted(known, reverse=not ascending)


async def test_a_row_says_what_the_trade_did(ledger: OwnLedger, make: Any) -> None:
    await ledger.commit([make.decided(1), (make.tick(2), (make.trade(1),))])
    (row,) = (await ledger.page(PageQuery(what="trades"))).items
    assert (row["state"], row["net"], row["closed_at"], row["hold_seconds"]) == ("OPEN", None, None, None)
    await ledger.commit([(make.tick(3), (make.trade(1, closed_at=3), make.note(3, 1, "late #fomo")))])
    page = await ledger.page(PageQuery(what="trades"))
    (row,) = page.items
    assert {name: row[name] for name in ("contract", "occ", "setup", "state", "contracts", "reason")} == {
        "contract": "SPY 450C 11/27",
        "occ": "SPY261127C00450000",
        "setup": "breakout + volume",
        "state": "CLOSED",
        "contracts": 2,
        "reason": "TARGET_2",
    }
    assert (row["entry_price"], row["exit_price"], row["net"]) == (1.90, 4.35, 487.4)
    assert row["hold_seconds"] == pytest.approx(2.000014) and row["closed_day"] == "2026-11-24"
    assert row["tags"] == ["fomo"] and [note["text"] for note in row["notes"]] == ["late #fomo"]
    assert page.totals == {
        "closed": 1, "open": 0, "net": 487.4, "wins": 1, "losses": 0, "win_rate": 1.0,
        "average_r": row["r"], "with_r": 1,
    }  # fmt: skip


async def test_a_note_that_is_removed_is_gone_from_the_lists(ledger: OwnLedger, make: Any) -> None:
    await ledger.commit([make.decided(1), (make.tick(2), (make.trade(1), make.note(2, 1, "late #fomo")))])
    assert (await ledger.page(PageQuery(what="tags"))).items[0]["value"] == "fomo"
    await ledger.commit([(make.tick(3), (RemoveNote(id=make.id(2, "note"), seq=3),))])
    (row,) = (await ledger.page(PageQuery(what="trades"))).items
    assert row["tags"] == [] and row["notes"] == []
    for query in (
        PageQuery(what="trades", filters={"tag": "fomo"}),
        PageQuery(what="trades", filters={"text": "late"}),
        PageQuery(what="notes"),
        PageQuery(what="tags"),
    ):
        assert (await ledger.page(query)).items == ()


async def test_days_have_the_sums_of_the_trades_closed_on_them(ledger: OwnLedger, make: Any) -> None:
    spec = {"symbol": "SPY", "pattern": None, "reason": ExitReason.STOP_LOSS, "risk": 100.0, "note": ""}
    await fill(
        ledger, make, [spec | {"price": p, "day": d} for p, d in ((4.35, 0), (0.5, 0), (1.9, 1), (None, 0))]
    )
    seq = ledger.last_seq + 1
    await ledger.commit([(make.tick(seq), (make.note(seq, day="2026-11-27", text="#holiday short"),))])
    page = await ledger.page(PageQuery(what="days", limit=2))
    first, second = page.items
    assert (first["day"], first["trades"], first["opened"]) == ("2026-11-27", 0, 0)
    assert [note["tags"] for note in first["notes"]] == [["holiday"]]
    assert (second["day"], second["trades"], second["net"]) == ("2026-11-25", 1, -2.6)
    rest = await ledger.page(PageQuery(what="days", limit=2, cursor=page.next_cursor))
    (third,) = rest.items
    assert (third["trades"], third["wins"], third["losses"], third["opened"]) == (2, 1, 1, 4)
    assert third["net"] == pytest.approx(487.4 - 282.6) and third["average_r"] == pytest.approx(1.024)
    one = await ledger.page(PageQuery(what="days", filters={"from": "2026-11-25", "to": "2026-11-26"}))
    assert [item["day"] for item in one.items] == ["2026-11-25"]
    of_the_day = await ledger.page(PageQuery(what="trades", filters={"day": "2026-11-24"}))
    assert of_the_day.totals is not None and of_the_day.totals["net"] == third["net"]


async def test_tags_of_a_day_select_its_trades(ledger: OwnLedger, make: Any) -> None:
    await ledger.commit([make.decided(1), (make.tick(2), (make.trade(1, closed_at=2),))])
    query = PageQuery(what="trades", filters={"day_tag": "news"})
    assert (await ledger.page(query)).items == ()
    await ledger.commit([(make.tick(3), (make.note(3, day="2026-11-24", text="#news"),))])
    assert len((await ledger.page(query)).items) == 1


async def test_every_column_can_be_sorted_both_ways(ledger: OwnLedger, make: Any) -> None:
    await ledger.commit([make.decided(1), (make.tick(2), (make.trade(1, closed_at=2),))])
    for name in SORTED:
        for order in (name, f"{name}.asc"):
            assert len((await ledger.page(PageQuery(what="trades", order=order))).items) == 1


@pytest.mark.parametrize(
    ("filters", "named"),
    [
        ({"outcome": "great"}, "outcome: 'great' is not one of win, loss, flat, open"),
        ({"day": "today"}, "day: 'today' is not a day like"),
        ({"cut": "luck=7"}, "cut: 'luck=7' is not a cut"),
        ({"text": ""}, "text: 0 characters"),
        ({"reason": "boredom"}, "reason: 'boredom' is not one of"),
        ({"colour": "red"}, "colour: is not a filter of trades"),
    ],
)
async def test_a_filter_that_is_not_accepted_is_named(
    ledger: OwnLedger, filters: dict[str, str], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        await ledger.page(PageQuery(what="trades", filters=filters))
