"""All commands in one table: bindings, footer, help, palette and the README's key table come from it.

To add a key: add a row to the module of its group and a method ``action_<name>`` to the screen (or to the app,
with ``app.`` before the action's name).
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import BindingType

from tui.commands import appearance, general, history, positions, reports, table_navigation, trades
from tui.commands.user_command import UserCommand

COMMANDS: tuple[UserCommand, ...] = (
    general.HELP,
    *positions.COMMANDS,
    *history.COMMANDS,
    *trades.COMMANDS,
    *reports.PERFORMANCE,
    *reports.LEARNING,
    *reports.SYSTEM,
    *general.SCREENS,
    general.QUIT,
    *general.OTHER,
    *appearance.COMMANDS,
    *table_navigation.COMMANDS,
)
BY_NAME = {command.name: command for command in COMMANDS}


def key_of(name: str) -> str:
    """Return the key of a command as printed on the screen: the user's own, if there is one."""
    return BY_NAME[name].key_name


def hint(name: str) -> str:
    """Return a command's key with its label, such as "b group by"."""
    return f"{key_of(name)} {BY_NAME[name].label}"


def in_scope(*scopes: str) -> list[UserCommand]:
    """Return the commands of these scopes, in the order of the table."""
    return [command for command in COMMANDS if command.scope in scopes]


def bindings(*scopes: str) -> list[BindingType]:
    """Return the Textual bindings of the commands of these scopes that have keys."""
    return [command.binding for command in in_scope(*scopes) if command.keys]


def groups() -> Iterable[tuple[str, list[UserCommand]]]:
    """Yield each group's name with its commands, in the order of the table."""
    names = dict.fromkeys(command.group for command in COMMANDS)
    for name in names:
        yield name, [command for command in COMMANDS if command.group == name]
