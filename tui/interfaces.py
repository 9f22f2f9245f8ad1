"""The app as seen by screens, dialogs and panes: a protocol in place of an import of ``tui.app``.

``deck_ui(node)`` gives a widget its app. Only ``DeckApp`` implements the protocol, and only ``tui.app`` imports
``DeckApp``'s parts, so that imports run in one direction: app, screens, dialogs, panes, widgets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from textual.dom import DOMNode
from textual.worker import WorkType

from server.deck import ApprovalRow, Command, Deck, DeckSnapshot, PositionRow
from tui.charts import ChartWorker
from tui.notices import NoticeSettings


class PositionRequests(Protocol):
    """The requests about positions and approvals; each asks for confirmation in a dialog first."""

    @property
    def exiting(self) -> frozenset[str]:
        """Ids of positions whose exit was requested here and is not in a snapshot yet."""
        ...

    def exit(self, row: PositionRow) -> None: ...

    def exit_half(self, row: PositionRow) -> None: ...

    def break_even(self, row: PositionRow) -> None: ...

    def set_levels(self, row: PositionRow) -> None: ...

    def settle(self, row: PositionRow) -> None: ...

    def exit_all(self) -> None: ...

    def judge_approval(self, row: ApprovalRow, *, approve: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class NoteSubject:
    """The trade (``position_id``) or the day that a note is about; ``title`` is how the dialog names it.

    Neither for a trade that is not made yet.
    """

    title: str
    position_id: str | None = None
    day: str | None = None


class DeckUi(Protocol):
    """The part of the app that screens, dialogs and panes may use."""

    @property
    def deck(self) -> Deck:
        """The engine; everything a screen knows or asks goes through it."""
        ...

    @property
    def latest(self) -> DeckSnapshot | None:
        """The newest snapshot; ``None`` while the engine has given none."""
        ...

    @property
    def positions(self) -> PositionRequests: ...

    @property
    def charts(self) -> ChartWorker:
        """Builds charts outside the event loop; see ``tui.charts.ChartFrame``."""
        ...

    @property
    def paused(self) -> bool: ...

    @property
    def refresh_hz(self) -> float: ...

    @property
    def low_bandwidth(self) -> bool: ...

    @property
    def risk_open(self) -> bool | None:
        """True or False once a key unfolded or folded the risk on Live; ``None`` while it goes by the rows."""
        ...

    def keep_risk_open(self, is_open: bool) -> None:
        """Keep the risk on Live unfolded, or folded."""
        ...

    def chosen_columns(self, table: str) -> tuple[str, ...] | None:
        """Return the columns a person chose for a list; ``None`` while the standard ones are in force."""
        ...

    def paused_label(self, snapshot: DeckSnapshot) -> str:
        """Return the status line's text while the display is paused, else an empty string."""
        ...

    def pull(self) -> None:
        """Take a new snapshot and show it."""
        ...

    def say(self, text: str, tone: str = "positive") -> None:
        """Show a toast."""
        ...

    def send(self, command: Command, description: str, on_answer: Callable[[], None] | None = None) -> None:
        """Send a command to the engine once and show its answer as a toast."""
        ...

    def open_position(self, row: PositionRow) -> None:
        """Open the detail of a position on the screen."""
        ...

    def open_position_id(self, position_id: str) -> None:
        """Open the detail of a position, open or closed, read from the ledger."""
        ...

    def open_trades(self, filters: Mapping[str, str]) -> None:
        """Go to the Trades screen and show the trades that these filters select."""
        ...

    def add_note(self, about: NoteSubject, on_answer: Callable[[], None] | None = None) -> None:
        """Ask for a note on a trade or a day and send it."""
        ...

    def take_decision(self, decision_id: str) -> None:
        """Ask whether to take the trade of a WAIT or SKIP."""
        ...

    def open_decision(self, decision_id: str | None = None) -> None:
        """Open a decision; without an id, the one on the card."""
        ...

    def copy_value(self, value: object, *, json: bool) -> None:
        """Copy a position or a decision to the clipboard, as text or as JSON."""
        ...

    def set_notices(self, notices: NoticeSettings) -> None:
        """Put alert settings in force and save them."""
        ...


def deck_ui(node: DOMNode) -> DeckUi:
    """Return the app of a screen or widget as ``DeckUi``."""
    return cast("DeckUi", node.app)


def run_in_background(
    node: DOMNode,
    work: WorkType[None],
    *,
    name: str = "",
    group: str = "default",
    exclusive: bool = False,
) -> None:
    """Run a coroutine function as a Textual worker; a failure in it does not end the app.

    With ``exclusive`` a worker of the same group that is still running is cancelled. The function is passed
    rather than its coroutine: a worker replaced before it began would leave a coroutine never awaited.
    """
    node.run_worker(work, name=name, group=group, exclusive=exclusive, exit_on_error=False)
