"""The table of keys for the README, made from the table of commands."""

from __future__ import annotations

from tui.commands.registry import groups
from tui.commands.user_command import UserCommand

_EVERYWHERE = frozenset({"screen", "none", "table"})


def key_table() -> str:
    """Markdown: one table, a row for every command, those without a key marked as the palette's."""
    lines = ["| key | does | where |", "|---|---|---|"]
    for _, commands in groups():
        for command in commands:
            lines.append(f"| {_keys(command)} | {_text(command.help)} | {_where(command)} |")
    return "\n".join(lines)


def _keys(command: UserCommand) -> str:
    if not command.keys:
        return f"palette: {_text(command.label)}"
    return " ".join(f"`{_text(key)}`" for key in command.key_names.split(" "))


def _where(command: UserCommand) -> str:
    if command.scope == "table":
        return "in a table"
    return "everywhere" if command.scope in _EVERYWHERE else command.scope.capitalize()


def _text(text: str) -> str:
    return text.replace("|", "\\|")
