"""One class per thing a person can do: its docstring is its tooltip, its keys its bindings."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

if TYPE_CHECKING:
    from tui.app import DeckApp

_KEY_NAMES = {
    "question_mark": "?",
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
    "escape": "Esc",
}


class UserCommand:
    """What it does, in one sentence."""

    keys: ClassVar[tuple[str, ...]] = ()
    label: ClassVar[str] = ""
    group: ClassVar[str] = "General"
    scope: ClassVar[str] = "screen"
    """Where its keys are bound: screen (every screen), a screen's name, table, or none (shown in help only)."""
    footer: ClassVar[bool] = False
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
    def key_words(cls) -> str:
        return " ".join(_KEY_NAMES.get(key, key) for key in cls.keys)

    @classmethod
    def key_word(cls) -> str:
        return _KEY_NAMES.get(cls.keys[0], cls.keys[0]) if cls.keys else ""

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
