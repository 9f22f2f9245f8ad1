"""The help: every key of the deck, made from the table of commands, and the glossary as a second page."""

from __future__ import annotations

import re
from collections.abc import Sequence

from textual.binding import Binding

from tui import fmt
from tui.commands.registry import groups
from tui.dialogs.base import Reading
from tui.documents.markdown import markdown_lines
from tui.guide.pages import glossary_terms, stored_page
from tui.widgets.document import Document
from tui.widgets.line import Line, heading, wrap, wrap_text

_KEYS = 14
_CODE = re.compile(r"\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*\b")
_TITLES = "| term | meaning |\n|---|---|\n"


class HelpDialog(Reading):
    """The keys and the signs of the deck; Tab turns to the glossary and back."""

    BINDINGS = [Binding("tab", "turn", "the other page")]

    def __init__(self, explained: Sequence[tuple[str, Sequence[str]]] = ()) -> None:
        """``explained``: titles, each with texts whose codes are explained before the keys."""
        super().__init__()
        self._explained = [(title, codes) for title, texts in explained if (codes := known_codes(texts))]
        self._glossary = False
        self._lines: dict[tuple[bool, int], list[Line]] = {}
        """Cached lines by page and width, because every step of scrolling needs them."""

    def write(self, width: int) -> list[Line]:
        page = (self._glossary, width)
        if page not in self._lines:
            body = (
                [[], *_glossary(width)]
                if self._glossary
                else [*_codes(self._explained, width), *_keys(width)]
            )
            other = "keys" if self._glossary else "glossary"
            top: Line = [
                ("  Tab", "key"),
                (f" opens the {other}, ", "dim"),
                ("Esc", "key"),
                (" closes.", "dim"),
            ]
            self._lines[page] = [top, *body]
        return self._lines[page]

    def action_turn(self) -> None:
        """Show the other page from its beginning."""
        if self.too_soon:
            return
        self._glossary = not self._glossary
        self.query_one(Document).action_scroll_edge(False)
        self._fit()


def known_codes(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the terms of the glossary in some texts: a text that is one, and words in capitals."""
    words = (word for text in texts for word in (text.strip(), *_CODE.findall(text)))
    return tuple(dict.fromkeys(word for word in words if word in glossary_terms()))


def _codes(explained: Sequence[tuple[str, Sequence[str]]], width: int) -> list[Line]:
    """Return a heading for each title, and the meaning of each of its codes."""
    lines: list[Line] = []
    for title, codes in explained:
        name = min(width // 2, max(_KEYS, *(len(code) + 2 for code in codes)))
        lines += [[], heading(title, width)]
        for code in codes:
            about = wrap_text(glossary_terms()[code].replace("`", ""), "text", width - name - 2)
            for n, line in enumerate(about):
                lines.append([("  " + fmt.fit(code if n == 0 else "", name), "strong"), *line])
    return [*lines, []] if lines else []


def _glossary(width: int) -> list[Line]:
    # Every table has the same two columns here, so their titles are left out.
    return markdown_lines(stored_page("glossary").replace(_TITLES, ""), width)


def _keys(width: int) -> list[Line]:
    """Return every command with its key, its help and the name that keys.toml gives it."""
    lines: list[Line] = [[("  The last word of a line is the command's name in keys.toml.", "dim")]]
    for name, commands in groups():
        lines += [[], heading(name, width), []]
        for command in commands:
            words: list[Line] = [[(word, "text")] for word in command.help.split(" ")]
            about = wrap([*words, [(command.name, "dim")]], width - _KEYS - 2, " ")
            for n, line in enumerate(about):
                key = (command.key_names or "palette") if n == 0 else ""
                lines.append([("  " + fmt.fit(key, _KEYS), "key" if command.keys else "dim"), *line])
    lines += [[], heading("Signs", width), []]
    for mark, role, text in _SIGNS:
        lines.append([("  " + fmt.fit(mark, _KEYS), role), (fmt.clip(text, width - _KEYS - 2), "text")])
    return lines


_SIGNS = (
    ("✓ ! ✗", "strong", "speaks for, be careful, speaks against"),
    ("▲ ▼", "strong", "long or up; short or down"),
    ("! stale", "warn", "the price behind the mark is too old for a stop to act on"),
    ("~", "strong", "a Greek that could not be computed and is estimated"),
    ("assumed", "warn", "no feed is configured: a number taken as given, not data"),
)
