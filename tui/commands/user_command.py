"""A command: one thing a person can do, as data. Bindings, footer, help and palette are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual.binding import Binding

_KEY_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "enter": "Enter",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "ctrl+p": "Ctrl+P",
    "ctrl+s": "Ctrl+S",
    "escape": "Esc",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "less_than_sign": "<",
    "greater_than_sign": ">",
}

_user_keys: dict[str, tuple[str, ...]] = {}
"""Keys from the user's keys.toml by command name; they replace the command's own keys."""


def use_keys(keys: Mapping[str, tuple[str, ...]]) -> None:
    """Show these keys in footer, help and palette; the app's keymap binds them."""
    _user_keys.clear()
    _user_keys.update(keys)


@dataclass(frozen=True, slots=True)
class UserCommand:
    """One row of the table of commands.

    ``name`` is the command's name in keys.toml, ``help`` one sentence (tooltip, help screen, palette, README),
    ``action`` a Textual action: of the screen or the widget in focus, or of the app with the prefix ``app.``.
    ``scope`` says where the keys are bound: ``screen`` (every screen), the name of one screen, ``table``
    (the table in focus), or ``none`` (Textual binds them itself; listed in the help only).
    """

    name: str
    help: str
    label: str
    action: str
    keys: tuple[str, ...] = ()
    group: str = "General"
    scope: str = "screen"
    footer: bool = False
    footer_rank: int = 1
    """In a narrow footer commands of the highest rank are left out first; rank 0 is left out last."""
    goes_to: str = ""
    """The screen this command opens; that screen does not show the key."""
    palette: bool = True

    @property
    def current_keys(self) -> tuple[str, ...]:
        """The user's keys for this command, or else its own."""
        return _user_keys.get(self.name, self.keys)

    @property
    def key_names(self) -> str:
        """All current keys as printed on the screen, separated by spaces."""
        return " ".join(_KEY_NAMES.get(key, key) for key in self.current_keys)

    @property
    def key_name(self) -> str:
        """The first current key as printed on the screen; empty without a key."""
        keys = self.current_keys
        return _KEY_NAMES.get(keys[0], keys[0]) if keys else ""

    @property
    def binding(self) -> Binding:
        """The Textual binding; its id is the command's name, so that a keymap can replace the keys."""
        return Binding(
            ",".join(self.keys), self.action, self.label, tooltip=self.help, show=self.footer, id=self.name
        )
