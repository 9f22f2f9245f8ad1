"""Books in both databases: rows are added once, trades are matched over all files, and nothing else knows of them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.effects import AnswerCommand, RemoveBook, StoreBook
from core.engine import Engine
from core.events import Commanded, Received, RulesChanged
from core.intake import sample
from core.model import Direction, Source
from core.statements.layouts import read_csv
from core.statements.row import BookRows
from server.book_import import engine_at_rest
from server.config import Settings
from server.deck.books import import_command, remove_command
from server.ledger.address import DatabaseLedger, LedgerAddress
from server.ledger.base import OwnLedger
from server.ledger.codec import encode_any
from server.ledger.migrate import migrate
from server.ledger.opened_by_address import open_to_read, open_to_write
from server.ledger.paging import PageQuery
from server.ledger.sqlite import SqliteLedger
from server.ledger.trade_lists import IN_BOOKS
from server.replay.rebuild import rebuild_database, rebuild_ledger
from server.replay.verify import verify_ledger
from tests.server.ledger.databases import change

STATEMENTS = Path(__file__).parents[2] / "golden" / "statements"
TASTYTRADE = (STATEMENTS / "tastytrade.csv").read_text()
TABLES = ("books", "book_rows", "book_trades")


def book_rows(name: str = "tastytrade", book: str | None = None, lines: slice = slice(None)) -> BookRows:
    header, *rest = (STATEMENTS / f"{name}.csv").read_text().splitlines(keepends=True)
    statement = read_csv(header + "".join(rest[lines]))
    assert not statement.unread
    return BookRows(
        book=book or name, layout=statement.layout.name, file=f"{name}.csv", rows=statement.rows, unread=0
    )


class Changes:
    """Imports and removals, each with an input of its own."""

    def __init__(self, make: Any) -> None:
        self._make = make
        self._seq = 0

    def add(self, rows: BookRows) -> Any:
        tick = self._tick()
        return tick, (StoreBook(seq=tick.seq, at=tick.at, rows=rows),)

    def remove(self, book: str) -> Any:
        tick = self._tick()
        return tick, (RemoveBook(seq=tick.seq, book=book),)

    def _tick(self) -> Any:
        self._seq += 1
        return self._make.tick(self._seq)


@pytest.fixture
def changes(make: Any) -> Changes:
    return Changes(make)


async def books(ledger: OwnLedger) -> dict[str, Any]:
    page = await ledger.page(PageQuery(what="books", limit=100))
    return {item["book"]: item for item in page.items}


async def trades(ledger: OwnLedger, book: str, **filters: str) -> list[Any]:
    page = await ledger.page(PageQuery(what="trades", limit=100, filters={"book": book} | filters))
    return list(page.items)


async def test_a_book_is_kept_apart_from_the_trades_of_the_engine(
    ledger: OwnLedger, changes: Changes
) -> None:
    await ledger.commit([changes.add(book_rows())])
    found = (await books(ledger))["tastytrade"]
    assert (found["rows"], found["added"], found["closed"], found["open"], found["net"]) == (
        15,
        15,
        6,
        0,
        46.57,
    )
    assert found["money"] == {
        "deposit": {"rows": 1, "amount": 10000.0},
        "dividend": {"rows": 1, "amount": 15.0},
    }
    for what in ("trades", "decisions", "days", "weeks", "months", "symbols", "setups", "tags"):
        assert (await ledger.page(PageQuery(what=what))).items == (), what
    assert (await ledger.page(PageQuery(what="trades"))).totals == {
        "closed": 0, "open": 0, "net": 0.0, "wins": 0, "losses": 0, "win_rate": None, "average_r": None, "with_r": 0,
    }  # fmt: skip
    page = await ledger.page(PageQuery(what="trades", filters={"book": "tastytrade"}))
    assert page.totals is not None and (page.totals["closed"], page.totals["net"]) == (6, 46.57)
    assert round(sum(item["net"] for item in page.items), 2) == 46.57


async def test_the_same_file_again_adds_nothing(ledger: OwnLedger, changes: Changes) -> None:
    await ledger.commit([changes.add(book_rows())])
    before = await trades(ledger, "tastytrade")
    await ledger.commit([changes.add(book_rows())])
    found = (await books(ledger))["tastytrade"]
    assert (found["rows"], found["added"], found["file_rows"], found["imports"]) == (15, 0, 15, 2)
    after = await trades(ledger, "tastytrade")
    assert [item | {"seq": 0} for item in after] == [item | {"seq": 0} for item in before]


async def test_an_overlapping_statement_adds_only_its_new_rows(ledger: OwnLedger, changes: Changes) -> None:
    # The file's newest rows come first: its second half ends with openings that the first half closes.
    await ledger.commit([changes.add(book_rows(lines=slice(0, 9)))])
    found = (await books(ledger))["tastytrade"]
    assert found["orphans"] > 0 and "without an opening" in found["told"]
    await ledger.commit([changes.add(book_rows(lines=slice(6, 15)))])
    found = (await books(ledger))["tastytrade"]
    assert (found["added"], found["rows"], found["orphans"], found["net"]) == (6, 15, 0, 46.57)


async def test_a_book_is_removed_and_can_come_again_in_one_batch(ledger: OwnLedger, changes: Changes) -> None:
    await ledger.commit([changes.add(book_rows()), changes.add(book_rows("alpaca"))])
    await ledger.commit([changes.remove("tastytrade"), changes.add(book_rows()), changes.remove("alpaca")])
    found = await books(ledger)
    assert found.keys() == {"tastytrade"}
    assert (found["tastytrade"]["imports"], found["tastytrade"]["added"]) == (1, 15)
    await ledger.commit([changes.remove("tastytrade")])
    assert await books(ledger) == {} and await trades(ledger, "tastytrade") == []


async def test_an_exported_trade_that_went_on_replaces_what_was_known(
    ledger: OwnLedger, changes: Changes
) -> None:
    header = "id,created_at,symbol,direction,state,occ,execution.filled_contracts,execution.entry_price,"
    header += "exit.exit_time,exit.exit_price,exit.pnl_net,exit.exit_reason\n"
    opened = "d-1,2026-11-24T15:00:00Z,SPY,LONG,{},SPY261127C00660000,2,1.50,"
    for exit_ in (
        opened.format("OPEN") + ",,,\n",
        opened.format("CLOSED") + "2026-11-24T16:00Z,2,98.7,MANUAL\n",
    ):
        statement = read_csv(header + exit_)
        rows = BookRows(book="mine", layout=statement.layout.name, file="x", rows=statement.rows)
        await ledger.commit([changes.add(rows)])
        await ledger.commit([changes.add(rows)])
    (trade,) = await trades(ledger, "mine")
    assert (trade["state"], trade["net"], trade["hold_seconds"]) == ("CLOSED", 98.7, 3600)
    found = (await books(ledger))["mine"]
    assert (found["rows"], found["added"]) == (1, 0)


# filter | value | contracts of the trades found
FILTERS = [
    ("symbol", "iwm", {"-IWM 230P 04/17", "IWM 220P 04/17"}),
    ("direction", "SHORT", {"IWM 220P 04/17"}),
    ("outcome", "loss", {"AAPL 250C 03/20", "IWM 220P 04/17", "F stock"}),
    ("setup", "long stock", {"F stock"}),
    ("reason", "assigned", {"-F 12P 03/20", "-SPX 5600P 03/20"}),
    ("day", "2026-03-12", {"-IWM 230P 04/17", "IWM 220P 04/17"}),
    ("from", "2026-03-21", {"F stock"}),
    ("text", "STOCK", {"F stock"}),
    ("state", "open", set()),
]


@pytest.mark.parametrize(("name", "value", "contracts"), FILTERS, ids=[row[0] for row in FILTERS])
async def test_a_filter_selects_within_a_book(
    ledger: OwnLedger, changes: Changes, name: str, value: str, contracts: set[str]
) -> None:
    await ledger.commit([changes.add(book_rows()), changes.add(book_rows("alpaca"))])
    assert {item["contract"] for item in await trades(ledger, "tastytrade", **{name: value})} == contracts


async def test_every_list_of_a_book_pages_and_sorts(ledger: OwnLedger, changes: Changes) -> None:
    await ledger.commit([changes.add(book_rows()), changes.add(book_rows("tradier"))])
    for what, listing in IN_BOOKS.items():
        for order in (*listing.orders, *(f"{name}.asc" for name in listing.ascending)):
            whole, cursor = [], None
            for _ in range(20):
                query = PageQuery(what=what, limit=2, cursor=cursor, order=order, filters={"book": "tradier"})
                page = await ledger.page(query)
                whole += page.items
                cursor = page.next_cursor
                if cursor is None:
                    break
            at_once = await ledger.page(
                PageQuery(what=what, limit=100, order=order, filters={"book": "tradier"})
            )
            assert tuple(whole) == at_once.items != (), (what, order)
    days = (await ledger.page(PageQuery(what="days", limit=100, filters={"book": "tastytrade"}))).items
    assert {day["day"]: day["net"] for day in days if day["trades"]} == {
        "2026-03-12": 112.97, "2026-03-20": -11.3, "2026-03-23": -55.1,
    }  # fmt: skip


async def test_an_import_is_made_again_from_the_journal_and_moves_between_databases(
    address: LedgerAddress, tmp_path: Path
) -> None:
    """Through the engine: as a command of the journal, which verify, rebuild and migrate go by."""
    url = None if isinstance(address, Path) else address.url
    options = Settings(
        db=str(address) if url is None else url, engine_id="engine-1", state_dir=tmp_path, feeds=()
    )
    text = (STATEMENTS / "tastytrade.csv").read_text()
    header, *rest = text.splitlines(keepends=True)
    async with engine_at_rest(options) as deck:
        for name, part in (("one", rest[6:]), ("two", rest), ("one", rest), ("one", rest)):
            done = await deck.command(import_command(name, "t.csv", read_csv(header + "".join(part)), "ana"))
            assert (done.ok, done.code) == (True, "IMPORTED")
        other = read_csv((STATEMENTS / "alpaca.csv").read_text())
        refused = await deck.command(import_command("one", "a.csv", other, "ana"))
        assert (refused.ok, refused.code) == (False, "BAD_BOOK") and "tastytrade" in refused.text
        assert (await deck.command(remove_command("two", "ana"))).ok
        assert (await deck.command(remove_command("two", "ana"))).code == "NO_BOOK"
    assert verify_ledger(address)["ok"]
    if isinstance(address, Path):
        rebuild_ledger(address, engine_id="engine-1")
    else:
        rebuild_database(address)
    assert verify_ledger(address)["ok"]
    migrated = migrate(address, tmp_path / "copy.db") if url else None
    reader = await open_to_read(tmp_path / "copy.db" if migrated else address)
    try:
        (found,) = (await reader.page(PageQuery(what="books"))).items
        assert (found["book"], found["imports"], found["added"], found["net"]) == ("one", 3, 0, 46.57)
        page = await reader.page(PageQuery(what="trades", filters={"book": "one"}))
        assert page.totals is not None and page.totals["closed"] == 6
    finally:
        await reader.close()


async def test_an_import_decides_nothing_that_a_killed_engine_left(
    address: LedgerAddress, tmp_path: Path, make: Any
) -> None:
    engine = Engine(engine_id="engine-1")
    ledger = await open_to_write(address, "engine-1")
    body = json.dumps(sample(Source.TRADINGVIEW_SIGNAL, make.at(1), "SPY", 450.0, Direction.LONG))
    for event in (
        RulesChanged(seq=1, at=make.at(1), toml=""),
        Received(seq=2, at=make.at(2), receipt_id=make.id(2), body=body, endpoint=None),
    ):
        await ledger.commit([(event, engine.step(event))])
    await ledger.close()
    assert engine.unanswered()
    url = address if isinstance(address, Path) else address.url
    options = Settings(db=str(url), engine_id="engine-1", state_dir=tmp_path, feeds=())
    async with engine_at_rest(options) as rest:
        done = await rest.command(import_command("one", "t.csv", read_csv(TASTYTRADE), "ana"))
        assert done.ok
    kinds = [kind for (kind,) in change(address, "SELECT kind FROM journal ORDER BY seq")]
    assert kinds == ["rules", "received", "command"]
    assert change(address, "SELECT count(*) FROM ledger_entries") == [(0,)]


# argument of the command | what is said
REFUSED = [
    ("no json", "BookRows"),
    ('{"book": "No", "layout": "x", "file": "x", "rows": []}', "book: 'No' is not a name"),
    ('{"book": "no", "layout": "x", "file": "x", "rows": []}', "rows: 0 are not within 1 to 50,000"),
    (
        encode_any(BookRows(book="no", layout="x", file="x", rows=book_rows().rows[:1] * 2)).decode(),
        "id of its own",
    ),
]


@pytest.mark.parametrize(("argument", "told"), REFUSED)
def test_rows_that_are_not_accepted_are_refused_by_the_engine(argument: str, told: str, make: Any) -> None:
    event = Commanded(seq=1, at=make.at(1), command_id="c", name="import_book", argument=argument)
    (answer,) = Engine(engine_id="station").step(event)
    assert isinstance(answer, AnswerCommand)
    assert (answer.ok, answer.code) == (False, "BAD_BOOK") and told in answer.text


async def test_a_batch_that_is_taken_back_leaves_books_as_they_were(database: Any, make: Any) -> None:
    from server.ledger.postgres.before import read_before, take_back
    from server.ledger.postgres.connection import connect
    from server.ledger.postgres.schema import column_types
    from server.ledger.postgres.writing import new_tables, write
    from server.ledger.rows import rows_of

    assert isinstance(database, DatabaseLedger)
    made = Changes(make)
    ledger = await open_to_write(database, "station")
    try:
        await ledger.commit([made.add(book_rows()), made.add(book_rows("alpaca"))])
    finally:
        await ledger.close()
    kept = {table: sorted(map(repr, change(database, f"SELECT * FROM {table}"))) for table in TABLES}
    batch = [
        made.remove("alpaca"),
        made.add(book_rows("tradier", "tastytrade")),
        made.add(book_rows("tradier")),
    ]
    with connect(database, writes=True).raw as raw:
        from server.ledger.postgres.connection import PgConnection

        connection = PgConnection(raw)
        types = column_types(raw)
        tables, _ = rows_of(batch, b"", 2, new_tables())
        connection.execute("BEGIN")
        before = read_before(connection, tables, 2)
        write(connection, tables, types)
        assert connection.execute("SELECT count(*) FROM books").fetchone()[0] == 2  # type: ignore[index]
        take_back(connection, before, types)
        connection.execute("COMMIT")
    for table in TABLES:
        assert sorted(map(repr, change(database, f"SELECT * FROM {table}"))) == kept[table]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 14), st.integers(1, 15)), min_size=1, max_size=5),
    st.integers(0, 10_000),
)
def test_files_in_any_order_and_batches_make_the_same_book(
    tmp_path: Path, make: Any, spans: list[tuple[int, int]], cut: int
) -> None:
    async def final(batches: list[list[BookRows]], path: Path) -> tuple[Any, ...]:
        made = Changes(make)
        ledger = await SqliteLedger.open(path, "station")
        try:
            for batch in batches:
                await ledger.commit([made.add(rows) for rows in batch])
            found = (await books(ledger))["tastytrade"]
            listed = [item | {"seq": 0} for item in await trades(ledger, "tastytrade")]
            return listed, found["told"], found["money"], found["net"]
        finally:
            await ledger.close()

    # Whole days: rows without a number of their own are told apart within them.
    files = [book_rows(lines=slice(first, first + count)) for first, count in spans]
    whole = book_rows()
    kept = {row.id for row in whole.rows}
    assert all(row.id in kept for each in files for row in each.rows)
    where = cut % (len(files) + 1)
    together = [files[:where], files[where:], [whole]]
    one = asyncio.run(final([[whole]], tmp_path / f"one-{make.id(cut)}.db"))
    many = asyncio.run(final([batch for batch in together if batch], tmp_path / f"many-{make.id(cut)}.db"))
    for path in tmp_path.glob("*.db*"):
        path.unlink()
    assert one == many
