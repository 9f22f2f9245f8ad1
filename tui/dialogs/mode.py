"""The dialog that changes the trading mode: one key chooses a mode, another confirms it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container

from core.model import Mode
from server.deck import DeckSnapshot
from tui import fmt
from tui.dialogs.base import Confirming
from tui.dialogs.question_pane import QuestionPane
from tui.widgets.line import Line, heading, wrap_text
from tui.widgets.yes_no import Answers

_NAME = 15


@dataclass(frozen=True, slots=True)
class ModeView:
    now: Mode
    chosen: Mode | None
    open: int
    why: str = ""
    """The reason and the end of the mode in force."""


MODES = (
    ("a", Mode.ACTIVE, "badge-good", "Activate", "Trades: entries and exits are automatic."),
    ("r", Mode.REDUCING, "badge-warn", "Reduce", "No new entries. Stops, targets and times still exit."),
    ("h", Mode.HALTED, "badge-bad", "Halt",
     "No new entries and no automatic exits: stops, targets and times do nothing until the mode changes. "
     "Positions stay open until you close them."),
)  # fmt: skip
"""Each mode: key, mode, colour role, label of the answer, and what it does."""


class ModeText(QuestionPane):
    usual_height = 10
    box_width = 74
    data: ModeView | None = None

    def text(self, width: int, *, short: bool) -> list[Line]:
        view = self.data
        if view is None:
            return []
        out: list[Line] = [heading("Mode", width, [(f"now {view.now}", "dim")])]
        if short:
            # The answer first, and of the modes only what the chosen one does.
            return [*out, *_answer(view), *_names(view), *_about(view, width), [(f" {view.why}", "warn")]]
        out += [
            [(" ", "text"), *text] for text in (wrap_text(view.why, "warn", width - 2) if view.why else ())
        ]
        out.append([])
        for key, mode, role, _, about in MODES:
            for n, text in enumerate(wrap_text(about, "text", width - _NAME - 2)):
                mark = "▸" if mode is view.chosen else " "
                first: Line = [(f"{mark} ", "title-focus"), (key, "key"), (" ", "text"),
                               (f" {mode} ", role), (" " * (_NAME - 6 - len(mode)), "text")]  # fmt: skip
                out.append([*(first if n == 0 else [(" " * _NAME, "text")]), (" ", "text"), *text])
        return [*out, [], *_answer(view)]


def _answer(view: ModeView) -> list[Line]:
    """Return what can be done now: choose, or confirm what is chosen."""
    if view.chosen is None or view.chosen is view.now:
        words = "Choose by a, r or h." if view.chosen is None else f"It is {view.now} already."
        return [[(" " + words, "dim")]]
    held = fmt.plural(view.open, "open position") if view.open else "no open position"
    return [[(f" {view.now} → {view.chosen}, {held}. ", "warn"), ("y", "key"), (" confirms.", "warn")]]


def _names(view: ModeView) -> list[Line]:
    """Return the modes with their keys in one line."""
    line: Line = []
    for key, mode, role, _, _ in MODES:
        mark = "▸" if mode is view.chosen else " "
        line += [(f"{mark}", "title-focus"), (key, "key"), (f" {mode} ", role)]
    return [line]


def _about(view: ModeView, width: int) -> list[Line]:
    about = next((about for _, mode, _, _, about in MODES if mode is view.chosen), "")
    return [[(" ", "text"), *line] for line in wrap_text(about, "text", width - 2)]


def _view(snapshot: DeckSnapshot, chosen: Mode | None) -> ModeView:
    why = ", ".join(part for part in (snapshot.mode_reason, snapshot.mode_end) if part)
    return ModeView(snapshot.mode, chosen, len(snapshot.positions), f"{snapshot.mode}: {why}" if why else "")


class ModeDialog(Confirming[Mode]):
    """Returns the mode that was chosen and confirmed."""

    BINDINGS = [
        *(Binding(key, f"choose('{mode}')", str(mode)) for key, mode, *_ in MODES),
        Binding("up,k", "next(-1)", show=False),
        Binding("down,j", "next(1)", show=False),
    ]

    def __init__(self, snapshot: DeckSnapshot) -> None:
        super().__init__()
        self.view = _view(snapshot, None)

    def compose(self) -> ComposeResult:
        with Container(classes="box question mode"):
            text = ModeText(id="question")
            text.data = self.view
            yield text
            yield Answers("Confirm")

    def show(self, snapshot: DeckSnapshot) -> None:
        self._show(_view(snapshot, self.view.chosen))

    def _show(self, view: ModeView) -> None:
        self.view = view
        self.query_one(ModeText).show(view)
        word = next((word for _, mode, _, word, _ in MODES if mode is view.chosen), "Confirm")
        self.query_one(Answers).set_action_label(word)

    def action_choose(self, mode: str) -> None:
        if not self.too_soon:
            self._show(replace(self.view, chosen=Mode(mode)))

    def action_next(self, step: int) -> None:
        modes = [mode for _, mode, *_ in MODES]
        here = modes.index(self.view.chosen or self.view.now)
        self.action_choose(modes[max(0, min(len(modes) - 1, here + step))])

    def answer(self) -> Mode | None:
        return None if self.view.chosen is self.view.now else self.view.chosen
