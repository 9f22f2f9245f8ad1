"""One row of a statement in the form that the journal keeps, whichever broker it came from."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

BOOK_NAME = r"[a-z0-9][a-z0-9_-]{0,31}"
_BOOK_NAME = re.compile(BOOK_NAME)
_ID_LENGTH = 20
MOST_ROWS = 50_000
"""Most rows of one file."""


class BookError(ValueError):
    """A book, or a name for one, that is not accepted; the message says what would be."""


def book_name(text: str) -> str:
    """Return the name of a book. Raises BookError when it is none."""
    if _BOOK_NAME.fullmatch(text) is None:
        raise BookError(
            f"book: {text!r} is not a name of 1 to 32 small letters, digits, - and _, as tastytrade-2026"
        )
    return text


class RowKind(StrEnum):
    """The meaning of a row.

    FILL is a purchase or a sale, CLOSE the end of an option without one (expiry, assignment, exercise), TRADE a whole
    trade as its source states it, and MONEY all else: deposits, dividends, interest, fees of the account.
    """

    FILL = "fill"
    CLOSE = "close"
    TRADE = "trade"
    MONEY = "money"


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


class Effect(StrEnum):
    """The effect of a fill on what is held, where the broker states it."""

    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """One row of a statement.

    ``cents`` is the money it moved, costs included and negative when paid; ``fees`` are the costs in it, in cents and
    positive. ``quantity`` is a positive decimal number. ``at`` is ``None`` where the broker states a day only, which
    is the exchange's. ``occ`` is ``None`` for a stock. ``what`` is the broker's word for the row, ``order`` the id of
    its order, or the description of MONEY. ``line`` and ``text`` are where it stood and how it read.

    The fields from ``opened_day`` on belong to a TRADE: of an open one ``cents`` is what its exits so far made.
    """

    kind: RowKind
    line: int
    text: str
    day: date
    id: str = ""
    at: datetime | None = None
    symbol: str = ""
    occ: str | None = None
    quantity: str = "0"
    side: Side | None = None
    effect: Effect | None = None
    price: float | None = None
    cents: int = 0
    fees: int = 0
    order: str | None = None
    what: str = ""
    opened_day: date | None = None
    opened_at: datetime | None = None
    closed: bool = False
    exit_price: float | None = None
    direction: str | None = None
    setup: str | None = None
    r: float | None = None

    @property
    def instrument(self) -> str:
        """The OCC symbol of an option, else the symbol."""
        return self.occ or self.symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class BookRows:
    """The rows of one file for a book, as the journal keeps them; ``unread`` is how many could not be read."""

    book: str
    layout: str
    file: str
    rows: tuple[StatementRow, ...]
    unread: int = 0


def with_ids(rows: Iterable[StatementRow], source: str) -> tuple[StatementRow, ...]:
    """Return the rows of one statement with their identities: the same row of another file gets the same one.

    A row that a statement has twice, letter for letter, is told apart by its number among its equals. An identity
    that the source gave (``id``) is a part of it.
    """
    seen: Counter[str] = Counter()
    found = []
    for row in rows:
        facts: tuple[object, ...] = (source, row.id)
        # A trade as a whole keeps its identity while its exits change what it made.
        if row.kind is not RowKind.TRADE or not row.id:
            facts += (
                row.kind, row.day, row.at, row.instrument, row.side, row.effect, row.what, row.order, row.quantity,
                row.price, row.exit_price, row.cents, row.fees, row.opened_day,
            )  # fmt: skip
        seen[text := "|".join(map(str, facts))] += 1
        digest = hashlib.sha256(f"{text}|{seen[text]}".encode()).hexdigest()
        found.append(replace(row, id=digest[:_ID_LENGTH]))
    return tuple(found)
