"""The list of the History screen: one page of decisions of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from textual.message import Message

from core.decision.deciding_reason import code_in_evidence
from tui import fmt
from tui.panes.recent import result
from tui.widgets.columns import Cell, Column, Row, cells_by
from tui.widgets.line import ACTION_ROLE, DIRECTION_MARK, DIRECTION_ROLE, Line
from tui.widgets.table import LiveTable

Item = Mapping[str, Any]


def _when(text: str) -> str:
    try:
        return fmt.day_clock(datetime.fromisoformat(text)).split(" ", 1)[1].rsplit(" ", 1)[0]
    except ValueError:
        return text


def _signal(item: Item) -> Cell:
    side = str(item.get("direction") or item["proposed_direction"])
    frame = item.get("timeframe")
    text = f"{DIRECTION_MARK.get(side, ' ')} {side} {item['symbol']} {fmt.timeframe(frame) if frame else fmt.NONE}"
    return (text, DIRECTION_ROLE.get(side, "text") if item.get("direction") else "text")


def _result(item: Item) -> Cell:
    deciding = code_in_evidence(str(item["decision"]), item.get("decision_breakdown") or {})
    code = item.get("code") or deciding
    code = deciding if deciding.startswith(f"{code} +") else code
    outcome = item.get("outcome") or {}
    held = "open" if item.get("position_id") else ""
    return result(code, outcome.get("exit_reason") or held, outcome.get("pnl_net"))


def _size(item: Item) -> Cell:
    size = (item.get("decision_breakdown") or {}).get("size") or {}
    return (fmt.factor(size.get("final")), "text")


def _reason(item: Item) -> Cell:
    """Return the words of the reason with the deciding code."""
    evidence = item.get("decision_breakdown") or {}
    code = item.get("code") or code_in_evidence(str(item["decision"]), evidence).partition(" ")[0]
    reasons = evidence.get("reasons") or ()
    return (next((str(each["text"]) for each in reasons if code and each["code"] == code), ""), "dim")


COLUMNS = (
    Column("time ET", 15, cell=lambda i: (_when(str(i["created_at"])), "dim")),
    Column("action", 7, cell=lambda i: (str(i["decision"]), ACTION_ROLE.get(str(i["decision"]), "text"))),
    Column("signal", 17, cell=_signal),
    Column("conf.", 5, "right", cell=lambda i: (fmt.number(i["confidence"], 1), "strong")),
    Column("code or outcome, net $", 22, cell=_result),
    Column("size", 5, "right", cell=_size),
    Column("quality", 7, cell=lambda i: (str(i["quality"]), "text")),
    Column("reason", 24, weight=1, cell=_reason),
    Column("source", 18, cell=lambda i: (str(i.get("source") or fmt.NONE), "dim")),
)
item_cells = cells_by(COLUMNS)


class HistoryPane(LiveTable):
    """Shows one page; a row's key is the decision's id."""

    decisions = True

    class Taller(Message):
        """The list has room for more decisions than it shows."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("History", COLUMNS, id=id, empty=("reading the ledger",))

    @property
    def lacks_rows(self) -> bool:
        """True while there is room for more rows than are shown."""
        return len(self.rows) < self.room

    def on_resize(self) -> None:
        if self.lacks_rows:
            self.post_message(self.Taller())

    def show_items(self, items: tuple[Item, ...], note: Line) -> None:
        self.show_rows(tuple(Row(str(item["id"]), item, item_cells) for item in items), note)
        self.repaint()
