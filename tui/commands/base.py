"""One class per thing a person can do: its docstring is its tooltip, its keys its bindings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

if TYPE_CHECKING:
    from tui.app import DeckApp

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
}


_own_keys: dict[str, tuple[str, ...]] = {}
"""A person's own keys by command name, which take the place of the command's."""


def use_keys(keys: Mapping[str, tuple[str, ...]]) -> None:
    """Have footer, help and palette show these keys; the app binds them."""
    _own_keys.clear()
    _own_keys.update(keys)


class UserCommand:
    """What it does, in one sentence."""

    keys: ClassVar[tuple[str, ...]] = ()
    label: ClassVar[str] = ""
    group: ClassVar[str] = "General"
    scope: ClassVar[str] = "screen"
    """Where its keys are bound: screen (every screen), a screen's name, table, or none (shown in help only)."""
    footer: ClassVar[bool] = False
    footer_rank: ClassVar[int] = 1
    """Where the line is short those of the highest rank give way first; 0 stays to the last."""
    goes_to: ClassVar[str] = ""
    """The screen it leads to; its key is not shown there."""
    palette: ClassVar[bool] = True
    action: ClassVar[str] = ""
    """Textual's action when the widget in focus does it itself; else ``run`` is called."""

    @classmethod
    def name(cls) -> str:
        return cls.__name__

    @classmethod
    def tooltip(cls) -> str:
        return " ".join((cls.__doc__ or "").split())

    @classmethod
    def keys_now(cls) -> tuple[str, ...]:
        """The keys that do it, a person's own if there are any."""
        return _own_keys.get(cls.name(), cls.keys)

    @classmethod
    def key_words(cls) -> str:
        return " ".join(_KEY_NAMES.get(key, key) for key in cls.keys_now())

    @classmethod
    def key_word(cls) -> str:
        keys = cls.keys_now()
        return _KEY_NAMES.get(keys[0], keys[0]) if keys else ""

    @classmethod
    def binding(cls) -> Binding:
        return Binding(
            ",".join(cls.keys),
            cls.action or f"command('{cls.name()}')",
            cls.label,
            tooltip=cls.tooltip(),
            show=cls.footer,
            id=cls.name(),
        )

    def run(self, app: DeckApp) -> None:
        """Do it; table commands are done by the table itself."""
        raise LookupError(f"{self.name()} is done by its widget")
