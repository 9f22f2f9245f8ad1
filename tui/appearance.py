"""The user's display settings: theme, density, number format, keys, pause; and screenshots."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from functools import partial
from typing import Any

from textual.app import App

from server.deck import DeckSnapshot
from tui import fmt
from tui.character_set import HINT, terminal_is_utf8
from tui.commands.keymap import NO_KEYS, KeyMap
from tui.commands.user_command import use_keys
from tui.interfaces import deck_ui, run_in_background
from tui.settings import SettingsStore
from tui.themes import ANSI, NAMES, THEMES
from tui.widgets.columns import ColumnChoice
from tui.widgets.line_widget import LineWidget
from tui.widgets.table import LiveTable

log = logging.getLogger("gatedeck.tui")

_PROBLEM_SECONDS = 12.0
_COLUMNS = "columns"
_LEAST_COLUMNS = 3
"""A list of fewer columns has none to choose."""
COMPACT = "-compact"


class Appearance:
    """Applies the display settings and saves each change, except the pause."""

    def __init__(
        self,
        app: App[Any],
        settings: SettingsStore | None,
        keymap: KeyMap = NO_KEYS,
        *,
        low_bandwidth: bool = False,
    ) -> None:
        """Apply the saved settings; ``low_bandwidth`` uses the terminal's 16 colours without saving that."""
        self._app = app
        self._ui = deck_ui(app)
        self.settings = settings or SettingsStore()
        self.paused_at: datetime | None = None
        """The engine's time at which the display was paused."""
        for theme in THEMES:
            app.register_theme(theme)
        saved = self.settings.get("theme", NAMES[0])
        app.theme = ANSI.name if low_bandwidth else saved if saved in NAMES else NAMES[0]
        fmt.use_numbers(self.settings.get("numbers", ""))
        app.set_class(self.settings.get("compact", False), COMPACT)
        use_keys(keymap.keys)
        app.set_keymap({name: ",".join(keys) for name, keys in keymap.keys.items()})
        self._keymap_problems = keymap.problems

    def report_problems(self) -> None:
        """Show which lines of the settings or of keys.toml could not be used, and that signs are shown in ASCII."""
        problems = [*self._keymap_problems, *([self.settings.problem] if self.settings.problem else [])]
        if not self._app.is_headless and not terminal_is_utf8():
            problems.append(HINT)
        for problem in problems:
            log.warning("%s", problem)
        if problems:
            more = f"  (and {len(problems) - 1} more, in the log)" if len(problems) > 1 else ""
            text = fmt.safe(problems[0] + more)
            self._app.notify(text, severity="warning", markup=False, timeout=_PROBLEM_SECONDS)

    # --- colours, density, numbers ----------------------------------------------------------------------

    def next_theme(self) -> None:
        app = self._app
        current = NAMES.index(app.theme) if app.theme in NAMES else -1
        app.theme = NAMES[(current + 1) % len(NAMES)]
        self.settings.set("theme", app.theme)

    def toggle_compact(self) -> None:
        compact = not self._app.has_class(COMPACT)
        self._app.set_class(compact, COMPACT)
        self.settings.set("compact", compact)
        self._repaint_all()

    @property
    def risk_open(self) -> bool | None:
        """Return what a person chose for the risk on Live; ``None`` while nobody did."""
        return {"open": True, "folded": False}.get(self.settings.get("risk", ""))

    def keep_risk_open(self, is_open: bool) -> None:
        self.settings.set("risk", "open" if is_open else "folded")

    def chosen_columns(self, table: str) -> tuple[str, ...] | None:
        """Return the columns a person chose for a list; ``None`` while nobody did."""
        chosen = self.settings.get(_COLUMNS, dict[str, Any]()).get(table)
        if not isinstance(chosen, list) or not all(isinstance(each, str) for each in chosen):
            return None
        return tuple(chosen)

    def choose_columns(self) -> None:
        """Ask which columns of the list in focus are shown, and keep the answer."""
        # Imported on first use, so that the deck starts without it.
        from tui.dialogs.columns import ColumnsDialog

        table = self._app.focused
        if not isinstance(table, LiveTable) or len(table.columns) < _LEAST_COLUMNS:
            self._ui.say("No list is selected: Tab moves to one", "neutral")
            return
        self._app.push_screen(ColumnsDialog(table), partial(self._keep_columns, table))

    def _keep_columns(self, table: LiveTable, chosen: ColumnChoice | None) -> None:
        if chosen is None or table.id is None:
            return
        table.choose_columns(chosen.keys)
        kept = dict(self.settings.get(_COLUMNS, dict[str, Any]()))
        kept.pop(table.id, None)
        self.settings.set(_COLUMNS, kept if chosen.keys is None else kept | {table.id: list(chosen.keys)})

    def next_number_format(self) -> None:
        names = list(fmt.NUMBERS)
        current = names.index(self.settings.get("numbers", names[0]))
        name = names[(current + 1) % len(names)]
        self.settings.set("numbers", name)
        fmt.use_numbers(name)
        self._repaint_all()
        self._ui.say(f"Number format: {name}")

    def _repaint_all(self) -> None:
        self.forget_painted()
        self._ui.pull()

    def forget_painted(self) -> None:
        """Write every pane anew at its next turn: numbers or times are written in another way now."""
        for screen in self._app.screen_stack:
            for pane in screen.query(LineWidget):
                pane.forget()

    # --- pause ------------------------------------------------------------------------------------------

    def toggle_pause(self) -> None:
        latest = self._ui.latest
        pause = self.paused_at is None and latest is not None
        self.paused_at = latest.at if pause and latest is not None else None
        self._ui.pull()

    def resume(self) -> None:
        self.paused_at = None

    def paused_label(self, snapshot: DeckSnapshot) -> str:
        """Return how long the display has been paused; empty while it runs."""
        if self.paused_at is None:
            return ""
        return f"PAUSED {fmt.age((snapshot.at - self.paused_at).total_seconds())}"

    # --- screenshot -------------------------------------------------------------------------------------

    def save_screenshot(self) -> None:
        """Save the screen as SVG in the state folder; the file is written in a thread."""
        latest = self._ui.latest
        now = latest.at if latest is not None else datetime.now().astimezone()
        name = f"gatedeck-{now:%Y%m%d-%H%M%S}.svg"
        picture = self._app.export_screenshot()
        run_in_background(self._app, partial(self._write_screenshot, name, picture))

    async def _write_screenshot(self, name: str, picture: str) -> None:
        folder = self.settings.folder / "screenshots"

        def write() -> None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(picture, encoding="utf-8")

        try:
            await asyncio.to_thread(write)
        except OSError as error:
            self._ui.say(f"The screenshot could not be saved: {error}", "negative")
        else:
            self._ui.say(f"Saved {folder / name}")
