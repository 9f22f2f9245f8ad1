"""The one table of commands: bindings, footer, help and palette are all made from it."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import BindingType

from tui.commands import appearance as comfort
from tui.commands import general, history, reports
from tui.commands import positions as acting
from tui.commands import table_navigation as tables
from tui.commands.base import UserCommand

COMMANDS: tuple[type[UserCommand], ...] = (
    general.Help,
    acting.ExitPosition,
    acting.ExitHalf,
    acting.BreakEven,
    acting.ExitAll,
    acting.ApproveTrade,
    acting.RejectTrade,
    acting.ChangeMode,
    acting.SortPositions,
    acting.ShowDecision,
    history.OlderPage,
    history.NewerPage,
    history.NewestPage,
    history.FilterAction,
    history.FilterTimeframe,
    history.FilterQuality,
    history.FilterSymbol,
    history.NoFilter,
    history.SortOrder,
    *reports.PERFORMANCE,
    *reports.LEARNING,
    *reports.SYSTEM,
    general.ShowLive,
    general.ShowHistory,
    *reports.SCREENS,
    general.Quit,
    general.NextPane,
    general.Palette,
    acting.Notices,
    comfort.Pause,
    comfort.CopyText,
    comfort.CopyJson,
    comfort.Screenshot,
    comfort.Compact,
    comfort.NextTheme,
    comfort.NextNumbers,
    tables.RowUp,
    tables.RowDown,
    tables.PageUp,
    tables.PageDown,
    tables.FirstRow,
    tables.LastRow,
    tables.ColumnsLeft,
    tables.ColumnsRight,
    tables.OpenRow,
)
BY_NAME = {command.name(): command for command in COMMANDS}


def in_scope(*scopes: str) -> list[type[UserCommand]]:
    return [command for command in COMMANDS if command.scope in scopes]


def bindings(*scopes: str) -> list[BindingType]:
    """The key bindings of the commands of these scopes."""
    return [command.binding() for command in in_scope(*scopes) if command.keys]


def groups() -> Iterable[tuple[str, list[type[UserCommand]]]]:
    """The commands that have keys, by group, in the order of the table."""
    names = dict.fromkeys(command.group for command in COMMANDS)
    for name in names:
        yield name, [command for command in COMMANDS if command.group == name]
