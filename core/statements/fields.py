"""Cells of a statement: money, quantities, days, times and option symbols, as brokers write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from core.intake.symbols import UNDERLYING_NAMES
from core.model import Contract
from core.performance.trade import exchange_date

NOTHING = frozenset({"", "-", "--", "n/a", "null", "none"})
"""Cells that hold no value."""
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?")
_OCC = re.compile(r"([A-Z]{1,6}\d?) *(\d{2})(\d{2})(\d{2})([CP])(\d{8})")
_NAMED_OPTION = re.compile(
    r"(CALL|PUT)\s+([A-Z]{1,6}\d?)\s+(\d{1,2})/(\d{1,2})/(\d{2})\s+(\d+(?:\.\d+)?)", re.IGNORECASE
)
_AMERICAN_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})")
_CENT = Decimal("0.01")


class RowError(ValueError):
    """A row that cannot be read; the message names the column, what stands there, and what would be accepted."""

    def __init__(self, column: str, text: str, accepted: str) -> None:
        super().__init__(f"{column}: {text[:60]!r} is not {accepted}")


def column_name(text: str) -> str:
    """Return a column's name as it is compared: small letters, with blanks for underlines."""
    return " ".join(text.strip().strip('"').replace("_", " ").casefold().split())


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one row by the compared names of their columns, and the names as the file spells them."""

    line: int
    text: str
    by_name: Mapping[str, str]
    spelled: Mapping[str, str]

    def has(self, name: str) -> bool:
        """Return whether the column exists and has a value in this row."""
        return self.by_name.get(name, "").strip().casefold() not in NOTHING

    def word(self, name: str) -> str:
        """Return a cell without blanks around it, empty for a column that the file does not have."""
        return self.by_name.get(name, "").strip()

    def first(self, *names: str) -> str:
        """Return the first of these columns that the file has, the first name when it has none."""
        return next((name for name in names if name in self.by_name), names[0])

    def error(self, name: str, accepted: str) -> RowError:
        return RowError(self.spelled.get(name, name), self.word(name), accepted)

    def number(self, name: str, *, accepted: str = "a number such as 1,234.50") -> Decimal:
        """Return a number as ``-$1,234.50``, ``(1,234.50)`` or ``1234.5`` state it. Raises RowError."""
        text = self.word(name).replace("\u2212", "-").replace("$", "").replace(" ", "")
        negative = text.startswith("(") and text.endswith(")")
        text = text[1:-1] if negative else text
        if not text.strip("+-.") or _NUMBER.fullmatch(text) is None:
            raise self.error(name, accepted)
        value = Decimal(text.replace(",", ""))
        return -value if negative else value

    def money(self, name: str) -> int:
        """Return an amount in cents, 0 for an empty cell. Raises RowError."""
        if not self.has(name):
            return 0
        return cents(self.number(name, accepted="an amount such as -$1,234.50, (1,234.50) or 1234.5"))

    def quantity(self, name: str) -> Decimal:
        """Return a quantity other than 0, with its sign. Raises RowError."""
        accepted = "a quantity such as 2 or -0.5"
        value = self.number(name, accepted=accepted)
        if value == 0:
            raise self.error(name, accepted)
        return value

    def price(self, name: str) -> float | None:
        """Return a price without its sign, ``None`` for an empty cell. Raises RowError."""
        return float(abs(self.number(name, accepted="a price such as 1.25"))) if self.has(name) else None

    def instant(self, name: str) -> datetime:
        """Return an instant in UTC. Raises RowError for one without an offset."""
        accepted = "a time with its offset, such as 2026-04-02T09:46:35-0400 or 2026-04-02T13:46:35Z"
        try:
            at = datetime.fromisoformat(self.word(name))
        except ValueError:
            raise self.error(name, accepted) from None
        if at.tzinfo is None:
            raise self.error(name, accepted)
        return at.astimezone(UTC)

    def day(self, name: str) -> date:
        """Return a day, the date of a time that states one. Raises RowError."""
        text = self.word(name)
        try:
            if (found := _AMERICAN_DAY.fullmatch(text)) is not None:
                month, day, year = (int(part) for part in found.groups())
                return date(year if year > 99 else 2000 + year, month, day)
            return date.fromisoformat(text[:10])
        except ValueError:
            raise self.error(name, "a day such as 2026-04-02 or 04/02/2026") from None

    def session(self, name: str, at: datetime) -> date:
        """Return the exchange's date of an instant. Raises RowError outside the calendar."""
        day = exchange_date(at)
        if day is None:
            raise self.error(name, "a time of 1998 to 2060")
        return day

    def option(self, name: str) -> Contract | None:
        """Return the contract of an OCC symbol, ``None`` for a symbol of another kind. Raises RowError."""
        text = self.word(name).upper()
        found = _OCC.fullmatch(text)
        if found is None:
            return None
        root, year, month, day, right, strike = found.groups()
        try:
            expiry = date(2000 + int(year), int(month), int(day))
        except ValueError:
            raise self.error(name, "an OCC symbol such as AAPL240119C00190000") from None
        return contract(root, expiry, right, int(strike) / 1000)

    def named_option(self, name: str) -> Contract | None:
        """Return the contract that a description names, as ``PUT GS 08/29/25 705``; ``None`` when it names none."""
        found = _NAMED_OPTION.search(self.word(name))
        if found is None:
            return None
        right, root, month, day, year, strike = found.groups()
        try:
            expiry = date(2000 + int(year), int(month), int(day))
        except ValueError:
            return None
        return contract(root.upper(), expiry, right[0].upper(), float(strike))


def contract(root: str, expiry: date, right: str, strike: float) -> Contract:
    """Return a listed option by its root; the underlying of an index root is the index."""
    underlying = UNDERLYING_NAMES.get(root, root.rstrip("0123456789"))
    return Contract(underlying=underlying, root=root, expiry=expiry, strike=strike, right=right)


def contract_of(occ: str | None) -> Contract | None:
    """Return the contract of an OCC symbol that was read before."""
    found = None if occ is None else _OCC.fullmatch(occ)
    if found is None:
        return None
    root, year, month, day, right, strike = found.groups()
    return contract(root, date(2000 + int(year), int(month), int(day)), right, int(strike) / 1000)


def cents(amount: Decimal) -> int:
    """Return dollars as whole cents."""
    return int(amount.quantize(_CENT, ROUND_HALF_EVEN) * 100)


def plain(value: Decimal) -> str:
    """Return a quantity without its sign and without ending zeros."""
    text = f"{abs(value):f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
