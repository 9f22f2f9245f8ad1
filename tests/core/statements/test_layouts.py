"""Each vendor's layout is recognised by its header, and each cell is read as it is written, or told."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest

from core.statements.layouts import read_csv
from core.statements.matching import match
from core.statements.row import BookError, RowKind
from core.statements.told import sums_of, told

STATEMENTS = Path(__file__).parents[2] / "golden" / "statements"
TASTY = (
    "Date,Type,Sub Type,Action,Symbol,Instrument Type,Description,Value,Quantity,Average Price,Commissions,Fees,"
    "Multiplier,Root Symbol,Underlying Symbol,Expiration Date,Strike Price,Call or Put,Order #,Total,Currency\n"
)
TRADIER = "date,type,amount,trade_type,symbol,description,quantity,price,commission\n"
ALPACA = "activity_type,id,symbol,qty,side,price,transaction_time,order_id,date,net_amount\n"

# file | layout | closed | open | rows that are no trades | columns of the money of its other rows
FILES = [
    ("tastytrade", "tastytrade transaction history", 6, 0, 2, ("Total",)),
    ("alpaca", "Alpaca account activities", 4, 1, 3, ()),
    ("tradier", "Tradier account history", 2, 1, 2, ("amount",)),
    ("tradier-web", "Tradier account history", 1, 0, 2, ("Net Amount",)),
    ("tradier-gainloss", "Tradier gain/loss", 3, 0, 0, ("gain_loss",)),
]


@pytest.mark.parametrize(("name", "layout", "closed", "still_open", "other", "money"), FILES)
def test_statement_adds_up_to_its_own_amounts(
    name: str, layout: str, closed: int, still_open: int, other: int, money: tuple[str, ...]
) -> None:
    text = (STATEMENTS / f"{name}.csv").read_text()
    statement = read_csv(text)
    book = match(statement.rows)
    assert (statement.layout.name, statement.unread) == (layout, ())
    states = [trade.state for trade in book.trades]
    assert (states.count("CLOSED"), len(states) - states.count("CLOSED")) == (closed, still_open)
    assert sum(count for count, _ in book.money.values()) == other
    # The column of the file, summed here without the reader, is the money of trades and of all else.
    cells = [row[column] for column in money for row in csv.DictReader(StringIO(text))]
    if cells:
        amounts = sum(_plain(cell) for cell in cells)
        assert Decimal(book.amounts + sum(cents for _, cents in book.money.values())) / 100 == amounts
    assert book.net + book.in_open + book.orphaned == book.amounts
    assert "as the statement's amounts" in told(sums_of(book, len(statement.rows)))


def _plain(text: str) -> Decimal:
    value = Decimal(text.strip("()").replace("$", "").replace(",", ""))
    return -value if text.startswith("(") else value


def test_alpaca_fill_makes_its_money_of_quantity_and_price() -> None:
    rows = {row.text[:60]: row.cents for row in read_csv((STATEMENTS / "alpaca.csv").read_text()).rows}
    assert sorted(rows.values())[:4] == [-3_000_000, -233_000, -60_000, -30_000]


# text of a cell | cents
AMOUNTS = [
    ("-$1,234.50", -123450),
    ("(1,234.50)", -123450),
    ("1234.5", 123450),
    ("$0.01", 1),
    ("+5", 500),
    ("--", 0),
    ("", 0),
    ("($4.31)", -431),
    ("\u22122.00", -200),
]


@pytest.mark.parametrize(("text", "cents"), AMOUNTS)
def test_amount_is_read_in_every_spelling(text: str, cents: int) -> None:
    row = read_csv(TRADIER + f'2025-08-19,fee,"{text}",,,a fee,,,\n').rows[0]
    assert (row.kind, row.cents) == (RowKind.MONEY, cents)


# spelling of the symbol | vendor's header and row
SYMBOLS = [
    ("AAPL240119C00190000", TRADIER, "2024-01-02,trade,-150.00,option,{},CALL AAPL,1,1.50,0\n"),
    ("AAPL240119C00190000", ALPACA, "FILL,a1,{},1,buy,1.50,2024-01-02T15:00:00Z,o1,,\n"),
    (
        "AAPL  240119C00190000", TASTY,
        "2024-01-02T10:00:00-0500,Trade,Buy to Open,BUY_TO_OPEN,{},Equity Option,x,-150.00,1,-150,0,0,100,AAPL,AAPL,"
        "1/19/24,190,CALL,1,-150.00,USD\n",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("symbol", "header", "row"), SYMBOLS)
def test_option_symbol_of_each_vendor_is_one_contract(symbol: str, header: str, row: str) -> None:
    found = read_csv(header + row.format(symbol)).rows[0]
    assert (found.occ, found.symbol, found.quantity, found.price, found.cents) == (
        "AAPL240119C00190000",
        "AAPL",
        "1",
        1.5,
        -15000,
    )
    assert found.day.isoformat() == "2024-01-02"


def test_evening_in_utc_belongs_to_the_exchange_day_before() -> None:
    row = "FILL,a1,AAPL,1,buy,190,2024-01-03T00:30:00Z,o1,,\n"
    assert read_csv(ALPACA + row).rows[0].day.isoformat() == "2024-01-02"


# header | row | what is said
UNREADABLE = [
    (
        TRADIER, "2025-13-40,trade,-1,option,X,,1,1,\n",
        "date: '2025-13-40' is not a day such as 2026-04-02 or 04/02/2026",
    ),
    (TRADIER, "2025-08-19,trade,a lot,option,X,,1,1,\n", "amount: 'a lot' is not an amount such as"),
    (TRADIER, "2025-08-19,trade,\"1.234,56\",option,X,,1,1,\n", "amount: '1.234,56' is not an amount such as"),
    (TRADIER, "2025-08-19,trade,-5,equity,X,,0,1,\n", "quantity: '0' is not a quantity such as 2 or -0.5"),
    (TRADIER, "2025-08-19,trade,-5,equity,X,,-1,1,\n", "quantity: '-1' is not positive, although money was paid"),
    (TRADIER, "2025-08-19,trade,-5,equity,X,,1,,\n", "price: '' is not a price such as 1.25"),
    (TRADIER, "2025-08-19,trade,-5,option,X241399C00190000,,1,1,\n", "symbol: 'X241399C00190000' is not an OCC"),
    (ALPACA, "FILL,a1,X,1,hold,1,2024-01-02T15:00:00Z,o1,,\n", "side: 'hold' is not buy, sell or sell_short"),
    (ALPACA, "FILL,a1,X,1,buy,1,2024-01-02 15:00,o1,,\n", "transaction_time: '2024-01-02 15:00' is not a time with"),
    (
        TASTY, "2026-03-20T16:00:00-0400,Trade,Buy,BUY,/MESM6,Future,x,0,1,0,0,0,5,,,,,,1,-1.57,USD\n",
        "Instrument Type: 'Future' is not Equity, Equity Option, Future Option or Cryptocurrency",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("header", "row", "told_so"), UNREADABLE)
def test_row_that_cannot_be_read_is_told_and_costs_nothing_else(header: str, row: str, told_so: str) -> None:
    good = {
        TRADIER: "2025-08-19,fee,-1.00,,,a fee,,,\n",
        ALPACA: "FEE,f1,,,,,,,2024-01-02,-1.00\n",
        TASTY: "2026-03-02T08:00:00-0500,Money Movement,Fee,,,,FEE,-1.00,0,,--,0.00,,,,,,,,-1.00,USD\n",
    }[header]
    statement = read_csv(header + good + row + good)
    assert len(statement.rows) == 2
    assert [unread.line for unread in statement.unread] == [3]
    assert statement.unread[0].why.startswith(told_so)


def test_header_is_found_below_a_title_and_lines_are_counted_in_the_file() -> None:
    text = (
        "\ufeffAccount statement\n\n"
        + TRADIER.upper()
        + '2025-08-19,fee,-1,,,"two\nlines",,,\nx,fee,1,,,,,,\n'
    )
    statement = read_csv(text)
    assert [row.line for row in statement.rows] == [4]
    assert [unread.line for unread in statement.unread] == [6]


# file | what is said
REFUSED = [
    ("", "no header of a known layout"),
    ("a,b,c\n1,2,3\n", "no header of a known layout"),
    (
        TASTY.replace("Commissions,", ""),
        "for tastytrade transaction history these columns are missing: commissions",
    ),
    (
        "Date/Time,Transaction Code,Transaction Subcode,Symbol,Account Reference\n",
        "layout of tastyworks before 2022, which states times without their zone",
    ),
]


@pytest.mark.parametrize(("text", "told_so"), REFUSED)
def test_file_of_no_known_layout_is_refused_with_what_is_missing(text: str, told_so: str) -> None:
    with pytest.raises(BookError, match=told_so.split(":")[0]) as refused:
        read_csv(text)
    assert told_so in str(refused.value)


def test_equal_rows_are_two_and_the_same_row_of_another_file_is_one() -> None:
    row = "2025-08-19,trade,-187.20,equity,AMD,AMD,1,187.20,0\n"
    twice, once = read_csv(TRADIER + row + row).rows, read_csv(TRADIER + row).rows
    assert len({found.id for found in twice}) == 2
    assert once[0].id in {found.id for found in twice}
