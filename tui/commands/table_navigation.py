"""Commands of the table in focus; the table widget has the actions."""

from __future__ import annotations

from tui.commands.user_command import UserCommand


def _table_command(name: str, help: str, keys: tuple[str, ...], label: str, action: str) -> UserCommand:
    return UserCommand(
        name=name,
        help=help,
        keys=keys,
        label=label,
        action=action,
        group="Tables",
        scope="table",
        palette=False,
    )


COMMANDS = (
    _table_command("RowUp", "Move one row up.", ("up", "k"), "up", "row(-1)"),
    _table_command("RowDown", "Move one row down.", ("down", "j"), "down", "row(1)"),
    _table_command("PageUp", "Move one page of rows up.", ("pageup",), "page up", "page_of_rows(-1)"),
    _table_command("PageDown", "Move one page of rows down.", ("pagedown",), "page down", "page_of_rows(1)"),
    _table_command("FirstRow", "Move to the first row.", ("home", "g"), "first", "edge(False)"),
    _table_command("LastRow", "Move to the last row.", ("end", "G"), "last", "edge(True)"),
    _table_command("ColumnsLeft", "Scroll the columns back; the first column stays.", ("left",), "columns back",
                   "column(-1)"),
    _table_command("ColumnsRight", "Scroll to the columns that did not fit.", ("right",), "more columns",
                   "column(1)"),
    _table_command("OpenRow", "Open the selected row: the whole position, or the whole decision.", ("enter",),
                   "open", "open"),
)  # fmt: skip
