"""Pages put together are the list: every row once, in order, whatever is added meanwhile."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.model import Action, Quality, ReceiptStatus
from server.deck import PageQuery
from server.ledger.base import OwnLedger
from server.ledger.sqlite import SqliteLedger
from server.ledger.timestamps import bound, iso

ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "action": st.sampled_from(Action),
            "symbol": st.sampled_from(["SPY", "QQQ", "BRK.B", "PERF_TEST"]),
            "timeframe": st.sampled_from([None, 5, 15, 240]),
            "quality": st.sampled_from(Quality),
            "confidence": st.sampled_from([41.5, 70.0, 70.1, 88.8]),
        }
    ),
    max_size=25,
)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "decision": st.sampled_from(["EXECUTE", "wait", "SKIP"]),
        "symbol": st.sampled_from(["SPY", "qqq", "IWM", "brk.b", "PERF_TEST"]),
        "timeframe": st.sampled_from(["5", "15m", "4h"]),
        "quality": st.sampled_from(["EXTREME", "high"]),
        "from": st.integers(0, 30).map(str),
        "to": st.integers(0, 30).map(str),
    },
)
MINUTES = {"5": 5, "15m": 15, "4h": 240}


@settings(max_examples=30, deadline=None)
@given(ENTRIES, ENTRIES, FILTERS, st.integers(1, 8), st.sampled_from(["time", "confidence"]), st.booleans())
def test_pages_put_together_are_all_rows_once(
    make: Any, old: Any, new: Any, asked: Any, limit: int, order: str, same_step: bool
) -> None:
    """``new`` is added after the first page; several decisions may come from one step."""
    filters = dict(asked)
    for name in ("from", "to"):
        if name in filters:
            filters[name] = make.at(int(asked[name])).isoformat()

    def effects(entries: Any, first: int) -> list[Any]:
        steps = []
        for n, entry in enumerate(entries):
            seq = first + (n // 3 if same_step else n)
            changes = entry | {"id": make.id(1000 * first + n, "decision")}
            steps.append((seq, make.decided(seq, **changes)[1][1]))
        return steps

    def batch(steps: Any) -> list[Any]:
        seqs = sorted({seq for seq, _ in steps})
        return [(make.tick(s), tuple(e for at, e in steps if at == s)) for s in seqs]

    async def walk() -> tuple[list[str], list[str]]:
        with tempfile.TemporaryDirectory() as folder:
            ledger = await SqliteLedger.open(Path(folder) / "ledger.db", "engine-1")
            try:
                before = effects(old, 1)
                after = effects(new, before[-1][0] + 1 if before else 1)
                await ledger.commit(batch(before))
                seen, cursor = [], None
                while True:
                    query = PageQuery(
                        what="decisions", limit=limit, cursor=cursor, filters=filters, order=order
                    )
                    page = await ledger.page(query)
                    assert len(page.items) <= limit
                    seen += [item["id"] for item in page.items]
                    await ledger.commit(batch(after))
                    after, cursor = [], page.next_cursor
                    if cursor is None:
                        break
                    assert page.items
            finally:
                await ledger.close()
        records = [effect.record for _, effect in before if _fits(effect.record, asked, make)]
        records.sort(key=lambda r: (r.confidence if order == "confidence" else 0, r.seq, r.id), reverse=True)
        return seen, [record.id for record in records]

    seen, expected = asyncio.run(walk())
    assert seen == expected


def _fits(record: Any, asked: Any, make: Any) -> bool:
    return (
        record.action == asked.get("decision", record.action).upper()
        and record.symbol == asked.get("symbol", record.symbol).upper()
        and record.quality == asked.get("quality", record.quality).upper()
        and ("timeframe" not in asked or record.timeframe == MINUTES[asked["timeframe"]])
        and ("from" not in asked or record.at >= make.at(int(asked["from"])))
        and ("to" not in asked or record.at <= make.at(int(asked["to"])))
    )


async def test_receipts_are_filtered_by_status(ledger: OwnLedger, make: Any) -> None:
    kinds = [ReceiptStatus.ACCEPTED, ReceiptStatus.DUPLICATE, ReceiptStatus.QUARANTINED]
    await ledger.commit([make.webhook(seq, status=kinds[seq % 3]) for seq in range(1, 31)])
    for status in kinds:
        page = await ledger.page(PageQuery(what="receipts", limit=500, filters={"status": status}))
        assert [item["seq"] for item in page.items] == [n for n in range(30, 0, -1) if kinds[n % 3] is status]
        assert page.next_cursor is None
    everything = await ledger.page(PageQuery(what="receipts", limit=30))
    assert len(everything.items) == 30 and everything.next_cursor is None
    assert {item["id"] for item in everything.items} == {make.id(seq) for seq in range(1, 31)}


async def test_a_bare_date_is_that_whole_day(ledger: OwnLedger, make: Any) -> None:
    await ledger.commit([make.webhook(1)])

    async def found(**filters: str) -> int:
        return len((await ledger.page(PageQuery(what="receipts", filters=filters))).items)

    assert await found(**{"from": "2026-11-24", "to": "2026-11-24"}) == 1
    assert await found(to="2026-11-23") == 0
    assert await found(**{"from": "2026-11-25"}) == 0
    assert await found(**{"from": "2026-11-24T10:00:01.000007-05:00"}) == 1
    assert await found(**{"from": "2026-11-24T10:00:01.000008-05:00"}) == 0
    assert await found(**{"from": "2026-11-24T10:00:00-05:00", "to": "2026-11-24T15:00:02Z"}) == 1
    assert await found(to="2026-11-24T16:00:00 01:00") == 0
    assert datetime.fromisoformat((await ledger.receipt(make.id(1)) or {})["received_at"]) == make.at(1)


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        ("2026-11-24", "2026-11-24T05:00:00Z", "2026-11-25T04:59:59.999999Z"),
        ("2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T04:59:59.999999Z"),  # 25 hours: the clocks go back
    ],
)
def test_a_bare_date_is_the_exchanges_day(day: str, first: str, last: str) -> None:
    assert (iso(bound("from", day)), iso(bound("to", day))) == (first, last)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        (PageQuery(what="secrets"), "what"),
        (PageQuery(what="decisions", limit=0), "limit"),
        (PageQuery(what="decisions", limit=501), "limit"),
        (PageQuery(what="decisions", order="luck"), "order"),
        (PageQuery(what="receipts", order="confidence"), "order"),
        (PageQuery(what="decisions", filters={"colour": "red"}), "colour"),
        (PageQuery(what="decisions", filters={"status": "accepted"}), "status"),
        (PageQuery(what="receipts", filters={"decision": "WAIT"}), "decision"),
        (PageQuery(what="decisions", filters={"decision": "BUY"}), "decision"),
        (PageQuery(what="decisions", filters={"quality": ""}), "quality"),
        (PageQuery(what="decisions", filters={"timeframe": "soon"}), "timeframe"),
        (PageQuery(what="decisions", filters={"timeframe": "٣"}), "timeframe"),
        (PageQuery(what="decisions", filters={"symbol": "' OR 1=1 --"}), "symbol"),
        (PageQuery(what="decisions", filters={"symbol": "\ud800"}), "symbol"),
        (PageQuery(what="decisions", filters={"from": "yesterday"}), "from"),
        (PageQuery(what="decisions", filters={"to": "9999-12-31"}), "to"),
        (PageQuery(what="trades", filters={"state": "ajar"}), "state"),
        (PageQuery(what="decisions", cursor=""), "cursor"),
        (PageQuery(what="decisions", cursor="not a cursor"), "cursor"),
        (PageQuery(what="decisions", cursor="é"), "cursor"),
        (PageQuery(what="decisions", cursor="W10"), "cursor"),
        (PageQuery(what="decisions", cursor="bnVsbA"), "cursor"),
    ],
)
async def test_what_is_refused_is_named(ledger: OwnLedger, query: PageQuery, named: str) -> None:
    with pytest.raises(ValueError, match=rf"^{named}: "):
        await ledger.page(query)


async def test_a_cursor_belongs_to_its_query(ledger: OwnLedger, make: Any) -> None:
    await ledger.commit([make.decided(seq) for seq in range(1, 6)])
    cursor = (await ledger.page(PageQuery(what="decisions", limit=2))).next_cursor
    assert cursor is not None
    for other in (
        PageQuery(what="ledger", cursor=cursor),
        PageQuery(what="decisions", cursor=cursor, order="confidence"),
        PageQuery(what="decisions", cursor=cursor, filters={"symbol": "SPY"}),
    ):
        with pytest.raises(ValueError, match=r"^cursor: "):
            await ledger.page(other)
    page = await ledger.page(PageQuery(what="decisions", limit=4, cursor=cursor))
    assert [item["seq"] for item in page.items] == [3, 2, 1] and page.next_cursor is None
