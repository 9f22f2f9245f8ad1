"""Do nothing in the palette's list while none of its lines fits on the screen.

Textual raises KeyError for a page key in a list without a visible line, as on a terminal of one row, and Enter
would run a command that nobody sees.
"""

from __future__ import annotations

from textual.command import CommandList, CommandPalette


class SeenCommandPalette(CommandPalette):
    """Textual's palette, whose keys act on its list only while a line of it is visible."""

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).scrollable_content_region:
            super()._action_command_list(action)
