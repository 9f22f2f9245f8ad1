"""How the deck looks, what is taken away from it, and letting it stand still."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.commands.base import UserCommand

if TYPE_CHECKING:
    from tui.app import DeckApp


class Pause(UserCommand):
    """Let the screen stand still, or go on; the engine goes on either way."""

    keys = ("p",)
    label = "pause"
    group = "Display"

    def run(self, app: DeckApp) -> None:
        app.pause(not app.paused)


class CopyText(UserCommand):
    """Copy the row under the cursor, or the decision on the card, as text."""

    keys = ("c",)
    label = "copy"
    group = "Display"

    def run(self, app: DeckApp) -> None:
        app.copy_here(as_json=False)


class CopyJson(UserCommand):
    """Copy the row under the cursor, or the decision on the card, as JSON."""

    keys = ("C",)
    label = "copy JSON"
    group = "Display"

    def run(self, app: DeckApp) -> None:
        app.copy_here(as_json=True)


class Screenshot(UserCommand):
    """Save the screen as an SVG picture in the state folder."""

    keys = ("ctrl+s",)
    label = "screenshot"
    group = "Display"

    def run(self, app: DeckApp) -> None:
        app.screenshot()


class NextTheme(UserCommand):
    """Change the colours: dark, light, high contrast, blue and orange, or the terminal's own 16."""

    label = "theme"
    group = "Display"

    def run(self, app: DeckApp) -> None:
        app.next_theme()


class Compact(UserCommand):
    """More rows on the screen, or more room around them."""

    keys = ("z",)
    label = "compact"
    group = "Display"

    def run(self, app: DeckApp) -> None:
        app.set_compact(not app.compact)


class NextNumbers(UserCommand):
    """Write numbers another way: 1,234.56 or 1 234,56 or 1.234,56 or 1'234.56 or 1234.56."""

    label = "number format"
    group = "Display"

    def run(self, app: DeckApp) -> None:
        app.next_numbers()
