"""Table of the keys in Markdown, for the README and for `gatedeck guide keys`."""

from __future__ import annotations

from tui.commands.registry import groups
from tui.commands.user_command import UserCommand

_EVERYWHERE = frozenset({"screen", "none", "table"})


def key_table(*, names: bool = False) -> str:
    """Return a Markdown table with one row for every command; ``names`` adds its name in keys.toml.

    A command without a key has the words "palette:" and its name there.
    """
    lines = ["| key | does | where |", "|---|---|---|"]
    if names:
        lines = ["| key | name in keys.toml | does | where |", "|---|---|---|---|"]
    for _, commands in groups():
        for command in commands:
            name = f" `{command.name}` |" if names else ""
            lines.append(f"| {_keys(command)} |{name} {_text(command.help)} | {_where(command)} |")
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
