"""Every key of the deck, made from the table of commands."""

from __future__ import annotations

from tui import fmt
from tui.commands.registry import groups
from tui.dialogs.base import Reading
from tui.widgets.line import Line, heading, wrap_text

_KEYS = 14


class HelpDialog(Reading):
    """What each key does."""

    def write(self, width: int) -> list[Line]:
        lines: list[Line] = []
        for name, commands in groups():
            with_keys = [command for command in commands if command.keys]
            if not with_keys:
                continue
            lines += [heading(name, width), []] if not lines else [[], heading(name, width), []]
            for command in with_keys:
                about = wrap_text(command.tooltip(), "text", width - _KEYS - 2)
                for n, line in enumerate(about):
                    key = command.key_words() if n == 0 else ""
                    lines.append([("  " + fmt.fit(key, _KEYS), "key"), *line])
        lines += [[], heading("Signs", width), []]
        for mark, role, text in _SIGNS:
            lines.append([("  " + fmt.fit(mark, _KEYS), role), (fmt.clip(text, width - _KEYS - 2), "text")])
        return [*lines, [], [("  Esc closes this.", "dim")]]


_SIGNS = (
    ("✓ ! ✗", "strong", "speaks for, be careful, speaks against"),
    ("▲ ▼", "strong", "long or up; short or down"),
    ("! stale", "warn", "the price behind the mark is too old for a stop to act on"),
    ("~", "strong", "a Greek that could not be computed and is estimated"),
    ("assumed", "warn", "no feed is configured: a number taken as given, not data"),
)
