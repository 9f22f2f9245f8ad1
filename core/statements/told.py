"""The sums of a book in cents, and sentences about them: what an import found, and that its money adds up."""

from __future__ import annotations

from dataclasses import dataclass

from core.statements.matching import Book

_ORPHANS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BookSums:
    """Numbers of rows and trades of a book, and its money in cents (see ``Book``).

    ``orphans`` is the number of closings without an opening, ``without_opening`` the first of them: line, quantity,
    instrument and day. ``money`` has the rows and cents of each kind of row that is no trade.
    """

    rows: int
    closed: int
    open: int
    net: int
    in_open: int
    orphaned: int
    amounts: int
    orphans: int
    without_opening: tuple[tuple[int, str, str, str], ...]
    money: dict[str, tuple[int, int]]


def sums_of(book: Book, rows: int) -> BookSums:
    """Return the sums of a book that has so many rows."""
    closed = sum(trade.state == "CLOSED" for trade in book.trades)
    return BookSums(
        rows=rows,
        closed=closed,
        open=len(book.trades) - closed,
        net=book.net,
        in_open=book.in_open,
        orphaned=book.orphaned,
        amounts=book.amounts,
        orphans=len(book.orphans),
        without_opening=tuple(
            (each.row.line, each.quantity, each.row.instrument, each.row.day.isoformat())
            for each in book.orphans[:_ORPHANS_SHOWN]
        ),
        money=dict(book.money),
    )


def dollars(cents: int) -> str:
    """Return cents as dollars, such as -1,204.55."""
    return f"{cents / 100:,.2f}"


def plural(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def told(sums: BookSums) -> str:
    """Return the sums of a book in a sentence: trades closed and open, rows that are no trades, and its net."""
    other = sum(count for count, _ in sums.money.values())
    parts = [f"{plural(sums.closed, 'trade')} closed"]
    if sums.open:
        parts.append(f"{sums.open:,} still open")
    if sums.orphans:
        parts.append(f"{plural(sums.orphans, 'closing')} without an opening")
    if other:
        parts.append("1 row that is no trade" if other == 1 else f"{other:,} rows that are no trades")
    return f"{plural(sums.rows, 'row')}: {', '.join(parts)}; {_money(sums)}"


def _money(sums: BookSums) -> str:
    net = f"net {dollars(sums.net)}"
    more = []
    if sums.in_open:
        more.append(f"{dollars(sums.in_open)} for what is open")
    if sums.orphaned:
        more.append(f"{dollars(sums.orphaned)} for closings without an opening")
    total = sums.net + sums.in_open + sums.orphaned
    text = f"{net} and {' and '.join(more)}: {dollars(total)}" if more else net
    if total != sums.amounts:
        return f"{text}, but the statement's amounts are {dollars(sums.amounts)}"
    return f"{text}, as the statement's amounts"
