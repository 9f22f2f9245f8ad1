"""What a ledger keeps in columns of trades and shadows says the same as its entries, in a file and in a database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.effects import ShadowStatus, StoreShadow, StoreTrade
from core.learning import ledger_columns, observations_from
from core.learning.observations import observations_of
from core.model import BY_HAND, AlignmentFacts, Bias, Direction, Levels, MarketSnapshot, Session
from core.performance.followed import status_of
from core.performance.trade import NotClosed, Trade, trade_from_entry
from core.rules import DEFAULT, parse_rules
from server.deck.side_effects import stored_outcomes
from server.ledger.address import LedgerAddress
from server.ledger.base import LedgerError, OwnLedger
from server.ledger.opened_by_address import open_to_read, open_to_write
from server.ledger.paging import PageQuery
from tests.server.ledger.databases import change

OTHER = parse_rules(
    "[market]\nassumed_atr_pct = 2.5\nmax_atr_pct = 1.5\n[account]\nsize = 31000\n[sizing]\npremium_cap = 700\n"
)


def contexts(make: Any) -> dict[str, dict[str, Any]]:
    """Facts of decisions by what is special about them."""
    plain, market = make.context(1), make.market(1)
    expert = plain.expert
    full = replace(
        expert, entry=449.2, stop=446.1, target_1=452.3, rr1=None, volume_ratio=1.7, bias_4h=Bias.LONG, atr=5.1,
        atr_is_daily=True, trend_strength=63.2,
    )  # fmt: skip
    states = {"60": Bias.LONG, "240": Bias.SHORT, "15": Bias.LONG, "D": Bias.NEUTRAL, "5": Bias.LONG}
    return {
        "plain": {"context": plain, "market": market},
        "no expert": {"context": replace(plain, expert=None), "market": market},
        "levels": {"context": replace(plain, expert=full, timeframe=60), "market": market},
        "alignment": {
            "context": replace(
                plain,
                alignment=AlignmentFacts(states=states, bullish_pct=62.5, bearish_pct=37.5),
                directions={"15": Direction.SHORT},
            ),
            "market": replace(market, atr14=6.2, iv_percentile=71.0, volume_ratio=0.8),
        },
        "nothing known": {
            "context": replace(plain, price=None, regime=None, session=Session.OPEN),
            "market": MarketSnapshot(symbol="SPY", assumed=("atr14", "spread_bps")),
        },
        "the market's price": {
            "context": replace(plain, price=None),
            "market": replace(market, atr14=3.0, assumed=()),
        },
        "without levels": {"context": plain, "market": market, "levels": None, "size": None, "code": "LATE"},
        "by hand": {"context": plain, "market": market, "code": BY_HAND},
        "refused": {
            "context": plain,
            "market": market,
            "code": "MAX_POSITIONS",
            "levels": Levels(stop=1.0, target_1=2.0, target_2=3.0, origin="signal"),
        },
    }


async def fill(ledger: OwnLedger, make: Any) -> None:
    """Store a decision of every kind for each way in which a signal can end."""
    seq = 0
    for facts in contexts(make).values():
        for way in range(6):
            seq += 1
            await ledger.commit([make.decided(seq, **facts)])
            seq += 1
            open_, closed = make.position(seq - 1), make.position(seq - 1, closed_at=seq)
            stale = replace(closed, legs=tuple(replace(leg, stale_fill=True) for leg in closed.legs))
            cheap = replace(closed, entry=replace(closed.entry, risk_amount=0.0))
            effects: tuple[Any, ...] = (
                (),
                (StoreTrade(position=closed),),
                (StoreShadow(position=closed, status=ShadowStatus.CLOSED),),
                (StoreTrade(position=stale),),
                (StoreShadow(position=open_, status=ShadowStatus.SUPERSEDED),),
                (StoreShadow(position=cheap, status=ShadowStatus.CLOSED),),
            )[way]
            await ledger.commit([(make.tick(seq), effects)])


async def entries_of(ledger: OwnLedger) -> list[Any]:
    page = await ledger.page(PageQuery(what="ledger", limit=500))
    assert page.next_cursor is None
    return list(page.items)


def listed(column: Any) -> str:
    """Return a column's values as text to the last digit, unknown ones too."""
    return "none" if column is None else repr(column.tolist())


async def test_columns_say_what_the_entries_say(ledger: OwnLedger, make: Any) -> None:
    await fill(ledger, make)
    entries = await entries_of(ledger)
    newest = await ledger.newest_decisions(500)
    assert newest is not None and not newest.more and newest.statuses == [status_of(each) for each in entries]
    assert newest.traded == [bool(each["execution"]) for each in entries]
    numbers = dict(zip((each["signal_id"] for each in entries), newest.signals, strict=True))
    assert len(set(newest.signals)) == len(numbers)
    for rules in (DEFAULT, OTHER):
        of_entries = [replace(o, signal_id=numbers[o.signal_id]) for o in observations_from(entries, rules)]
        assert list(observations_of(newest.followed, rules)) == of_entries
        assert len(of_entries) > 20 and len({o.rr1 for o in of_entries}) > 3
        columns, outcomes = stored_outcomes(newest, rules)
        wanted, of_stored = ledger_columns(entries, rules)
        for one, other in ((columns, wanted), (outcomes, of_stored)):
            for name in one.__dataclass_fields__:
                if name not in ("signal", "symbol"):  # numbered in another order
                    assert listed(getattr(one, name)) == listed(getattr(other, name)), name
    assert observations_of(newest.followed, stale=True) != observations_of(newest.followed)


async def test_closed_trades_are_those_of_the_entries(ledger: OwnLedger, make: Any) -> None:
    await fill(ledger, make)
    wanted: list[Trade] = []
    for entry in await entries_of(ledger):
        try:
            wanted.append(trade_from_entry(entry))
        except NotClosed:
            continue
    found = await ledger.closed_trades()
    assert list(found) == wanted and {trade.by_hand for trade in found} == {True, False}
    assert list(await ledger.closed_trades([wanted[3].id])) == [wanted[3]]


async def test_a_trade_that_holds_contracts_is_followed_but_not_closed(ledger: OwnLedger, make: Any) -> None:
    await ledger.commit([make.decided(1), make.decided(2)])
    await ledger.commit([(make.tick(3), (make.trade(1), make.trade(2, closed_at=3)))])
    assert [trade.id for trade in await ledger.closed_trades()] == [make.id(2, "decision")]
    await ledger.commit([(make.tick(4), (make.trade(1, closed_at=4),))])
    assert len(await ledger.closed_trades()) == 2


@pytest.mark.parametrize("most", [1, 2])
async def test_only_the_newest_decisions_are_read(ledger: OwnLedger, make: Any, most: int) -> None:
    await ledger.commit([make.decided(1), make.decided(2)])
    await ledger.commit([(make.tick(3), (make.trade(1, closed_at=3), make.shadow(2)))])
    newest = await ledger.newest_decisions(most)
    assert newest is not None
    assert newest.statuses == ["OPEN", "EXECUTED"][:most] and newest.more is (most == 1)
    assert len(newest.followed) == most - 1


async def test_a_text_that_a_database_cannot_hold_does_not_stop_a_commit(
    ledger: OwnLedger, make: Any
) -> None:
    context = make.context(1)
    odd = replace(context, expert=replace(context.expert, event="a\0b"))
    await ledger.commit([make.decided(1, context=odd)])
    await ledger.commit([(make.tick(2), (make.trade(1, closed_at=2),))])
    (trade,) = await ledger.closed_trades()
    assert trade.setup in ("a\0b", "a\ufffdb")


async def test_decisions_from_before_packed_records_are_not_read_by_column(
    ledger: OwnLedger, address: LedgerAddress, make: Any
) -> None:
    assert await ledger.newest_decisions(5) is not None
    await ledger.commit([make.decided(1), make.decided(2)])
    change(address, "DELETE FROM decision_columns WHERE seq = 1")
    assert await ledger.newest_decisions(5) is None
    newest = await ledger.newest_decisions(1)
    assert newest is None, "whether there are older ones is not known either"


async def test_rows_are_made_for_a_ledger_without_them(address: LedgerAddress, make: Any) -> None:
    ledger = await open_to_write(address, "engine-1")
    await ledger.commit([make.decided(seq) for seq in range(1, 6)])
    steps = (make.trade(1, closed_at=6), make.trade(2), make.shadow(3, closed_at=6), make.shadow(4))
    await ledger.commit([(make.tick(6), steps)])
    await ledger.close()
    kept = change(address, "SELECT * FROM followed ORDER BY seq")
    assert len(kept) == 4
    change(address, "DROP TABLE followed")
    if isinstance(address, Path):
        change(address, "PRAGMA user_version = 10")
    else:
        change(address, "DROP FUNCTION journal_ends")
        change(address, "DROP TABLE books, book_rows, book_trades")
        change(address, "UPDATE migrations SET version = 1")
    with pytest.raises(LedgerError, match=r"gatedeck run. upgrades it"):
        await open_to_read(address)
    await (await open_to_write(address, "engine-1")).close()
    assert [*map(tuple, change(address, "SELECT * FROM followed ORDER BY seq"))] == [*map(tuple, kept)]
    await (await open_to_read(address)).close()
