"""Sentences about a book: what an import found, and that its money adds up."""

from __future__ import annotations

from core.statements.matching import Book


def dollars(cents: int) -> str:
    """Return cents as dollars, such as -1,204.55."""
    return f"{cents / 100:,.2f}"


def plural(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def told(book: Book, rows: int) -> str:
    """Return the sums of a book in a sentence: trades closed and open, rows that are no trades, and its net."""
    closed = sum(trade.state == "CLOSED" for trade in book.trades)
    still_open = len(book.trades) - closed
    other = sum(count for count, _ in book.money.values())
    parts = [f"{plural(closed, 'trade')} closed"]
    if still_open:
        parts.append(f"{still_open:,} still open")
    if book.orphans:
        parts.append(f"{plural(len(book.orphans), 'closing')} without an opening")
    if other:
        parts.append(f"{plural(other, 'row')} that {'is' if other == 1 else 'are'} no trades")
    return f"{plural(rows, 'row')}: {', '.join(parts)}; {_money(book)}"


def _money(book: Book) -> str:
    net = f"net {dollars(book.net)}"
    more = []
    if book.in_open:
        more.append(f"{dollars(book.in_open)} for what is open")
    if book.orphaned:
        more.append(f"{dollars(book.orphaned)} for closings without an opening")
    total = book.net + book.in_open + book.orphaned
    text = f"{net} and {' and '.join(more)}: {dollars(total)}" if more else net
    if total != book.amounts:
        return f"{text}, but the statement's amounts are {dollars(book.amounts)}"
    return f"{text}, as the statement's amounts"


def other_money(book: Book) -> list[str]:
    """Return a line for each kind of row that is no trade, with its number and sum."""
    return [
        f"{what or 'other'}: {plural(count, 'row')}, {dollars(cents)}"
        for what, (count, cents) in book.money.items()
    ]
