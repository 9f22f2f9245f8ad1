"""What a person sets about the deck itself: colours, density, numbers, standing still, copying, pictures."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import TYPE_CHECKING

from server.deck import DeckSnapshot, PositionRow
from tui import fmt
from tui.commands.base import use_keys
from tui.commands.keymap import NO_KEYS, KeyMap
from tui.copying import LIMIT, as_json, cells_text, lines_text
from tui.settings import SettingsStore
from tui.themes import ANSI, NAMES, THEMES
from tui.widgets.line_widget import LineWidget
from tui.widgets.table import LiveTable

if TYPE_CHECKING:
    from textual.app import App

    from tui.app import DeckApp

    _Base = App[str]
else:
    _Base = object

log = logging.getLogger("gatedeck.tui")

_PROBLEM_SECONDS = 12.0
COMPACT = "-compact"


class Appearance(_Base):
    """The part of the app that a person's own settings live in; they are remembered as they are changed."""

    settings: SettingsStore
    paused_at: datetime | None = None
    """The engine's instant at which the screen was told to stand still."""
    _keymap_problems: tuple[str, ...] = ()

    def set_up_appearance(
        self, settings: SettingsStore | None, keymap: KeyMap = NO_KEYS, *, low_bandwidth: bool = False
    ) -> None:
        """Put in force what was chosen before; a slow line gets the terminal's own 16 colours, unremembered."""
        self.settings = settings or SettingsStore()
        for theme in THEMES:
            self.register_theme(theme)
        chosen = self.settings.get("theme", NAMES[0])
        self.theme = ANSI.name if low_bandwidth else chosen if chosen in NAMES else NAMES[0]
        fmt.use_numbers(self.settings.get("numbers", ""))
        self.set_class(self.settings.get("compact", False), COMPACT)
        use_keys(keymap.keys)
        self.set_keymap({name: ",".join(keys) for name, keys in keymap.keys.items()})
        self._keymap_problems = keymap.problems

    def tell_problems(self) -> None:
        """Say what of the settings or the keys could not be followed."""
        problems = [*self._keymap_problems, *([self.settings.problem] if self.settings.problem else [])]
        for problem in problems:
            log.warning("%s", problem)
        if problems:
            more = f"  (and {len(problems) - 1} more, in the log)" if len(problems) > 1 else ""
            text = fmt.safe(problems[0] + more)
            self.notify(text, severity="warning", markup=False, timeout=_PROBLEM_SECONDS)

    # --- colours, density, numbers ----------------------------------------------------------------------

    def next_theme(self) -> None:
        here = NAMES.index(self.theme) if self.theme in NAMES else -1
        self.theme = NAMES[(here + 1) % len(NAMES)]
        self.settings.set("theme", self.theme)

    @property
    def compact(self) -> bool:
        return self.has_class(COMPACT)

    def set_compact(self, compact: bool) -> None:
        self.set_class(compact, COMPACT)
        self.settings.set("compact", compact)
        self._paint_all()

    def next_numbers(self) -> None:
        names = list(fmt.NUMBERS)
        here = names.index(self.settings.get("numbers", names[0]))
        name = names[(here + 1) % len(names)]
        self.settings.set("numbers", name)
        fmt.use_numbers(name)
        self._paint_all()
        self._deck.say(f"Numbers as {name}")

    def _paint_all(self) -> None:
        for screen in self.screen_stack:
            for pane in screen.query(LineWidget):
                pane.forget()
        self._deck.pull()

    # --- standing still ---------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        return self.paused_at is not None

    def pause(self, still: bool) -> None:
        latest = self._deck.latest
        self.paused_at = latest.at if still and latest is not None else None
        self._deck.pull()

    def paused_words(self, snapshot: DeckSnapshot) -> str:
        """What the first line says while the screen stands still; empty while it does not."""
        if self.paused_at is None:
            return ""
        return f"PAUSED {fmt.age((snapshot.at - self.paused_at).total_seconds())}"

    # --- copying ----------------------------------------------------------------------------------------

    def copy_here(self, *, as_json: bool) -> None:
        """Copy what the cursor is on; without a row, the decision on the card."""
        focused = self.focused
        row = getattr(focused, "selected", None)
        if isinstance(row, PositionRow):
            self.copy_value(row, json=as_json)
        elif isinstance(focused, LiveTable) and focused.cursor is not None:
            self.run_worker(self._copy_row(focused, focused.cursor, as_json), exit_on_error=False)
        else:
            latest = self._deck.latest
            self.copy_value(latest.decision if latest is not None else None, json=as_json)

    async def _copy_row(self, table: LiveTable, key: str, json: bool) -> None:
        """A row whose key is a decision's is copied as the whole decision, any other as its cells."""
        row = next((each for each in table.rows if each.key == key), None)
        record = None
        if table.decisions:
            try:
                record = await self._deck.deck.decision(key)
            except Exception:
                log.exception("decision %s could not be read for copying", key)
        if record is not None:
            self.copy_value(record, json=json)
        elif row is not None:
            titles = [column.title for column in table.columns]
            cells = [text.strip() for text, _ in row.cells]
            self._copy(as_json_row(titles, cells) if json else cells_text(titles, cells), cells[0])

    def copy_value(self, value: object, *, json: bool) -> None:
        """Copy a position or a decision as it is written in its dialog, or as JSON."""
        from core.model import DecisionRecord
        from tui.dialogs.decision_detail import DecisionDialog
        from tui.dialogs.position_detail import PositionDialog

        width = 100
        if isinstance(value, PositionRow):
            name, text = value.contract, "" if json else lines_text(PositionDialog(value).write(width))
        elif isinstance(value, DecisionRecord):
            name = f"{value.action} {value.symbol}"
            text = "" if json else lines_text(DecisionDialog(value).write(width))
        else:
            self._deck.say("Nothing here to copy", "neutral")
            return
        self._copy(as_json(value) if json else text, name + (" as JSON" if json else ""))

    def _copy(self, text: str, what: str) -> None:
        if len(text) > LIMIT:
            self._deck.say(f"{what} is too long for a clipboard: {len(text)} characters", "negative")
            return
        self.copy_to_clipboard(text)
        self._deck.say(f"Copied {what}")

    # --- pictures ---------------------------------------------------------------------------------------

    def screenshot(self) -> None:
        """Save the screen as SVG; the file is written away from the loop."""
        now = self._deck.latest.at if self._deck.latest is not None else datetime.now().astimezone()
        name = f"gatedeck-{now:%Y%m%d-%H%M%S}.svg"
        picture = self.export_screenshot()
        self.run_worker(self._save(name, picture), exit_on_error=False)

    async def _save(self, name: str, picture: str) -> None:
        folder = self.settings.folder / "screenshots"

        def write() -> None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(picture, encoding="utf-8")

        try:
            await asyncio.to_thread(write)
        except OSError as error:
            self._deck.say(f"The picture could not be saved: {error}", "negative")
        else:
            self._deck.say(f"Saved {folder / name}")

    @property
    def _deck(self) -> DeckApp:
        return self  # type: ignore[return-value]


def as_json_row(titles: list[str], cells: list[str]) -> str:
    return as_json(dict(zip(titles, cells, strict=True)))
