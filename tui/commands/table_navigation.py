"""Moving in a table; its widget does these itself."""

from __future__ import annotations

from tui.commands.base import UserCommand


class TableCommand(UserCommand):
    """A movement of the table in focus."""

    group = "Tables"
    scope = "table"
    palette = False


class RowUp(TableCommand):
    """One row up."""

    keys = ("up", "k")
    label = "up"
    action = "row(-1)"


class RowDown(TableCommand):
    """One row down."""

    keys = ("down", "j")
    label = "down"
    action = "row(1)"


class PageUp(TableCommand):
    """One page of rows up."""

    keys = ("pageup",)
    label = "page up"
    action = "page_of_rows(-1)"


class PageDown(TableCommand):
    """One page of rows down."""

    keys = ("pagedown",)
    label = "page down"
    action = "page_of_rows(1)"


class FirstRow(TableCommand):
    """To the first row."""

    keys = ("home", "g")
    label = "first"
    action = "edge(False)"


class LastRow(TableCommand):
    """To the last row."""

    keys = ("end", "G")
    label = "last"
    action = "edge(True)"


class ColumnsLeft(TableCommand):
    """Scroll the columns back; the first stays."""

    keys = ("left",)
    label = "columns back"
    action = "column(-1)"


class ColumnsRight(TableCommand):
    """Scroll to the columns that did not fit."""

    keys = ("right",)
    label = "more columns"
    action = "column(1)"


class OpenRow(TableCommand):
    """Open the row under the cursor: the whole position, or the whole decision."""

    keys = ("enter",)
    label = "open"
    action = "open"
