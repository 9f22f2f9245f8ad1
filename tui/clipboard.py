"""Copying to the clipboard: a row, a position or a decision, as text or as JSON."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import orjson
from textual.app import App

from core.model import DecisionRecord
from server.deck import PositionDetail, PositionRow
from tui import fmt
from tui.documents.decision import decision_lines
from tui.documents.position import position_lines
from tui.interfaces import deck_ui, run_in_background
from tui.widgets.line import Line
from tui.widgets.table import LiveTable

log = logging.getLogger("gatedeck.tui")

LIMIT = 70_000
"""Most characters copied: many terminals silently refuse a longer OSC 52 sequence."""
_TEXT_WIDTH = 100


class ClipboardActions:
    """Copies through the terminal (OSC 52), so that it works over SSH."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._ui = deck_ui(app)

    def copy_selected(self, *, json: bool) -> None:
        """Copy the selected row; without a row, the decision on the card."""
        focused = self._app.focused
        row = getattr(focused, "selected", None)
        if isinstance(row, PositionRow):
            self.copy_value(row, json=json)
        elif isinstance(focused, LiveTable) and focused.cursor is not None:
            run_in_background(self._app, partial(self._copy_row, focused, focused.cursor, json))
        else:
            latest = self._ui.latest
            self.copy_value(latest.decision if latest is not None else None, json=json)

    async def _copy_row(self, table: LiveTable, key: str, json: bool) -> None:
        """Copy the whole decision if the row is one, else the row's cells."""
        row = next((each for each in table.rows if each.key == key), None)
        record = None
        if table.decisions:
            try:
                record = await self._ui.deck.decision(key)
            except Exception:
                log.exception("decision %s could not be read for copying", key)
        if record is not None:
            self.copy_value(record, json=json)
        elif row is not None:
            titles = [column.title for column in table.columns]
            cells = [text.strip() for text, _ in row.cells]
            text = as_json(dict(zip(titles, cells, strict=True))) if json else cells_text(titles, cells)
            self._copy(text, cells[0])

    def copy_value(self, value: object, *, json: bool) -> None:
        """Copy a position or a decision with the text of its dialog, or as JSON."""
        if isinstance(value, PositionDetail):
            name = value.row.contract
            text = "" if json else lines_text(position_lines(value.row, _TEXT_WIDTH))
        elif isinstance(value, PositionRow):
            name = value.contract
            text = "" if json else lines_text(position_lines(value, _TEXT_WIDTH))
        elif isinstance(value, DecisionRecord):
            name = f"{value.action} {value.symbol}"
            text = "" if json else lines_text(decision_lines(value, _TEXT_WIDTH))
        else:
            self._ui.say("Nothing here to copy", "neutral")
            return
        self._copy(as_json(value) if json else text, name + (" as JSON" if json else ""))

    def _copy(self, text: str, name: str) -> None:
        if len(text) > LIMIT:
            self._ui.say(f"{name} is too long for a clipboard: {len(text)} characters", "negative")
            return
        self._app.copy_to_clipboard(text)
        self._ui.say(f"Copied {name}")


def as_json(value: object) -> str:
    """Return a dataclass, a mapping or plain values as indented JSON; any other type as its text."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
    return orjson.dumps(value, default=_jsonable, option=options).decode()


def _jsonable(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return str(value)


def lines_text(lines: Iterable[Line]) -> str:
    """Return painted lines as plain text, without any control character."""
    return "\n".join(fmt.safe("".join(text for text, _ in line)).rstrip() for line in lines).strip("\n")


def cells_text(titles: Iterable[str], cells: Iterable[str]) -> str:
    """Return a table's row as ``title: value`` lines, empty cells left out."""
    pairs = [(title, cell.strip()) for title, cell in zip(titles, cells, strict=True)]
    return "\n".join(f"{title}: {cell}" for title, cell in pairs if cell not in ("", fmt.NONE))
