"""The list of trades, the filters in force above it, and the sums of what is shown below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.notes import DAY_TAG
from server.deck import Page, PositionRow
from tui import fmt
from tui.commands.registry import hint, key_of
from tui.widgets.columns import Cell, Column, Row, cells_by
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, Line, first_fitting, signed_role
from tui.widgets.line_widget import Pane
from tui.widgets.table import LiveTable

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """A trade as listed, with its value now while it is open."""

    item: Item
    pnl: float | None = None
    r: float | None = None
    held: float | None = None


def _opened(shown: Shown) -> Cell:
    """Return the time of the entry; a mark between day and time says that there are notes.

    A trade of a book has its day alone: its year may be another, and some brokers state no time.
    """
    noted = bool(shown.item["notes"])
    if "book" in shown.item:
        return (str(shown.item["opened_day"]), "dim")
    at = datetime.fromisoformat(shown.item["opened_at"])
    return (f"{fmt.date(at)}{'✎' if noted else ' '}{fmt.clock(at)[:5]}", "info" if noted else "dim")


def _contract(shown: Shown) -> Cell:
    side = str(shown.item["direction"])
    return (f"{DIRECTION_MARK.get(side, ' ')} {shown.item['contract']}", DIRECTION_ROLE.get(side, "text"))


def _net(shown: Shown) -> Cell:
    net = shown.item["net"] if shown.pnl is None else shown.pnl
    text = f"{fmt.arrow(net)}{fmt.money(net).replace('$', '')}"
    return (text, signed_role(net) if shown.pnl is None else "info")


def _r(shown: Shown) -> Cell:
    r = shown.item["r"] if shown.r is None else shown.r
    return (fmt.signed(r), signed_role(r) if shown.r is None else "info")


def _reason(shown: Shown) -> Cell:
    state = str(shown.item["state"])
    return (str(shown.item["reason"]), "text") if state == "CLOSED" else (state.lower(), "info")


def _hold(shown: Shown) -> Cell:
    return (fmt.age(shown.item["hold_seconds"] if shown.held is None else shown.held), "text")


def _text(name: str, role: str = "text") -> Callable[[Shown], Cell]:
    return lambda shown: (str(shown.item[name] if shown.item[name] is not None else fmt.NONE), role)


def _quantity(shown: Shown) -> Cell:
    """Return the contracts; a stock in a book may have parts of a share."""
    return (f"{shown.item['contracts']:g}", "text")


def _price(name: str) -> Callable[[Shown], Cell]:
    return lambda shown: (fmt.number(shown.item[name]), "text")


def _signed(name: str) -> Callable[[Shown], Cell]:
    return lambda shown: (fmt.money(shown.item[name]).replace("$", ""), "dim")


def _tags(shown: Shown) -> Cell:
    tags = " ".join(f"#{tag}" for tag in shown.item["tags"])
    noted = len(shown.item["notes"])
    return (tags or (fmt.plural(noted, "note") if noted else ""), "info" if tags else "dim")


def _closed(shown: Shown) -> Cell:
    """Return the time of the last exit on the day of the entry, else its day."""
    item = shown.item
    if item["closed_at"] is None:
        day = item["closed_day"]
        return (fmt.NONE if day is None else f"{date.fromisoformat(day):%d %b}", "dim")
    at = datetime.fromisoformat(item["closed_at"])
    return (fmt.clock(at)[:5] if item["closed_day"] == item["opened_day"] else fmt.date(at), "dim")


COLUMNS = (
    Column("in ET", 12, order="opened", cell=_opened),
    Column("trade", 18, order="contract", cell=_contract),
    Column("net $", 9, "right", order="net", cell=_net),
    Column("R", 6, "right", order="r", cell=_r),
    Column("exit reason", 11, order="reason", cell=_reason),
    Column("hold", 6, "right", order="hold", cell=_hold),
    Column("qty", 3, "right", order="contracts", cell=_quantity),
    Column("in $", 6, "right", order="entry", cell=_price("entry_price")),
    Column("out $", 6, "right", order="exit", cell=_price("exit_price")),
    Column("out ET", 6, order="closed", cell=_closed),
    Column("tags", 10, order="tags", cell=_tags),
    Column("setup", 16, weight=1, order="setup", cell=_text("setup")),
    Column("MAE $", 8, "right", order="mae", cell=_signed("mae")),
    Column("MFE $", 8, "right", order="mfe", cell=_signed("mfe")),
)
BY_KEY = {column.key: column for column in COLUMNS}
_CYCLE: tuple[str | None, ...] = (*(column.key for column in COLUMNS[2:]), COLUMNS[1].key, None)
"""Columns in the order in which they are sorted by; ``None`` is the order in time."""

trade_cells = cells_by(COLUMNS)
"""The cells of one trade; an open one has its P&L now, in the colour of what is not final."""


class TradesPane(LiveTable):
    """One page of trades, sorted by the ledger; without a column in the order in time."""

    def __init__(self, *, id: str | None = None) -> None:
        self._items: tuple[Item, ...] = ()
        self._open: Mapping[str, PositionRow] = {}
        super().__init__("Trades", COLUMNS, id=id, empty=("reading the ledger",))

    @property
    def order(self) -> str:
        """The order as the deck names it."""
        if self.sorted_by is None:
            return "time"
        return f"{BY_KEY[self.sorted_by].order}{'.asc' if self.ascending else ''}"

    def next_order(self) -> None:
        """Sort by the next column, the largest first; after the last one, by the time of the entry."""
        here = _CYCLE.index(self.sorted_by) if self.sorted_by in _CYCLE else len(_CYCLE) - 1
        self.sorted_by = _CYCLE[(here + 1) % len(_CYCLE)]
        self.ascending = False

    def turn_order(self) -> None:
        """Sort the other way round; by time, the oldest entry first."""
        if self.sorted_by is None:
            self.sorted_by = COLUMNS[0].key
        self.ascending = not self.ascending

    @property
    def order_note(self) -> str:
        """The sorted column and its direction, for the heading; empty for the order in time."""
        return "" if self.sorted_by is None else f"by {self.sorted_by} {self.order_mark}"

    def unsort(self) -> None:
        self.sorted_by, self.ascending = None, False

    def show_page(self, page: Page, note: Line) -> None:
        self._items = page.items
        self.show_rows(self._rows(), note)
        self.repaint()

    def show_positions(self, positions: tuple[PositionRow, ...]) -> None:
        """Show the present value of the open trades on this page."""
        self._open = {row.id: row for row in positions}
        if any(item["closed_at"] is None for item in self._items):
            self.show_rows(self._rows())

    @property
    def selected(self) -> Item | None:
        return next((item for item in self._items if item["position_id"] == self.cursor), None)

    def _rows(self) -> tuple[Row, ...]:
        return tuple(Row(str(item["position_id"]), self._shown(item), trade_cells) for item in self._items)

    def _shown(self, item: Item) -> Shown:
        row = self._open.get(item["position_id"]) if item["closed_at"] is None else None
        if row is None or row.fault:
            return Shown(item)
        return Shown(item, row.pnl, row.r, row.time_in_trade)


@dataclass(frozen=True, slots=True)
class TradeFilters:
    """The filters in force."""

    filters: Mapping[str, str]


_WINDOWS = {"": "all", "today": "today", "5d": "5 sessions"}
_KEYED = (
    ("TradeWindow", "window", "window"),
    ("SearchTrades", "text", "search"),
    ("TradeOutcome", "outcome", "outcome"),
    ("ChooseSetup", "setup", "setup"),
    ("ChooseSymbol", "symbol", "symbol"),
    ("ChooseTag", "tag", "tag"),
)
_OTHERS = {
    "book": "book",
    "day": "closed on",
    "day_tag": "tag of the day",
    "cut": "",
    "untagged": "without",
    "counted": "as measured",
}
"""Filters that come from the calendar or another screen, by the words before their value."""


class TradeFiltersPane(Pane):
    """The filters with their keys; those in force come first where not all fit."""

    data: TradeFilters | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        if self.data is None:
            return []
        filters = self.data.filters
        pieces: list[Line] = []
        for name, words in _OTHERS.items():
            if name in filters:
                value = "" if name == "counted" else _words(name, filters[name])
                pieces.append([(f"{words} " if words and value else words, "dim"), (value, "strong")])
        if pieces:
            pieces.append([(key_of("AllTrades"), "key"), (" all", "dim")])
        keyed = sorted(_KEYED, key=lambda each: each[1] not in filters)
        for command, name, words in keyed:
            value = filters.get(name, "")
            shown = _WINDOWS.get(value, f"{value} days") if name == "window" else value or "all"
            pieces.append(
                [(key_of(command), "key"), (f" {words} ", "dim"), (shown, "strong" if value else "text")]
            )
        return [[(" ", "text"), *first_fitting(pieces, width - 1, "   ")]]


def _words(name: str, value: str) -> str:
    """Return a filter's value for reading; a group of a cut is written as setup=breakout."""
    if name == "untagged":
        return "a tag of the day" if value == DAY_TAG else "a tag"
    cut, _, label = value.partition("=")
    return f"{fmt.words(cut)} {label}" if name == "cut" else value


class TradeTotalsPane(Pane):
    """The sums over all trades that the filters select, not only those on the page."""

    data: Mapping[str, Any] | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        totals = self.data
        if totals is None:
            return []
        net, rate, r = totals["net"], totals["win_rate"], totals["average_r"]
        pieces: list[Line] = [
            [("Σ ", "title"), (f"{totals['closed']} closed", "strong"),
             (f", {totals['open']} open" if totals["open"] else "", "info")],
            [("net ", "dim"), (f"{fmt.arrow(net)}{fmt.money(net)}", signed_role(net))],
            [("win ", "dim"), (fmt.NONE if rate is None else f"{fmt.number(100 * rate, 1)} %", "strong"),
             (f" of {totals['closed']}", "dim")],
            [("avg R ", "dim"), (fmt.signed(r), signed_role(r)), (f" of {totals['with_r']}", "dim")],
            [(hint("TradeCalendar"), "info")],
        ]  # fmt: skip
        return [[(" ", "text"), *first_fitting(pieces, width - 1, "   ")]]
