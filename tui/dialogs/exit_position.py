"""The dialog before a position is closed: it names what will be sold, and only its own key confirms."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.widgets import Button

from server.deck import DeckSnapshot, PositionRow
from tui import fmt
from tui.dialogs.base import Dialog
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, Line, heading, signed_role
from tui.widgets.painted import Pane


class ExitText(Pane):
    """The captured position, with its mark kept up to date."""

    data: tuple[PositionRow, PositionRow | None] | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        return exit_lines(*self.data, width) if self.data else []


def exit_lines(asked: PositionRow, now: PositionRow | None, width: int) -> list[Line]:
    """``asked`` is the row as it was when the key was pressed, ``now`` the same position as it is."""
    count = fmt.plural(asked.remaining, "contract")
    out: list[Line] = [
        heading("Exit this position?", width),
        [],
        [(f" {DIRECTION_MARK[asked.direction]} {asked.direction}  ", DIRECTION_ROLE[asked.direction]),
         (asked.contract, "strong"), (f"   {asked.occ}", "dim")],
        [(" sells ", "dim"), (count, "strong"), (f" of {asked.contracts}", "dim")],
    ]  # fmt: skip
    if now is None:
        return [*out, [], [(" ! This position is no longer open.", "warn")]]
    stale = now.stale or now.mark is None
    old = "not marked yet" if now.mark is None else f"{fmt.age(now.mark_age)} old"
    out.append([(" mark  ", "dim"), (fmt.number(now.mark), "strong"), (f", {old}", "warn" if stale else "text"),
                ("   entry ", "dim"), (fmt.number(now.entry_price), "text")])  # fmt: skip
    gain = f"{fmt.arrow(now.pnl)} {fmt.money(now.pnl)}   {fmt.signed(now.pnl_pct, 1, ' %')}"
    out.append([(" P&L   ", "dim"), (f"{gain}   {fmt.signed(now.r, 2, ' R')}", signed_role(now.pnl))])
    if now.remaining != asked.remaining:
        out += [[], [(f" ! {now.remaining} are left now: cancel and ask again.", "warn")]]
    elif stale:
        out += [[], [(" ! The price is stale: it fills at the model, flagged.", "warn")]]
    return out


class ExitDialog(Dialog[bool]):
    """Answers True once, by y or its button; Cancel has the focus."""

    BINDINGS = [
        Binding("y", "confirm", "exit"),
        Binding("escape,n", "cancel", "cancel"),
        Binding("left,right", "other_button", show=False),
    ]
    AUTO_FOCUS = "#cancel"

    def __init__(self, asked: PositionRow) -> None:
        super().__init__()
        self.asked = asked
        self._now: PositionRow | None = asked

    def compose(self) -> ComposeResult:
        with Container(classes="box question"):
            text = ExitText(id="question")
            text.data = (self.asked, self.asked)
            yield text
            with Horizontal(classes="buttons"):
                yield Button(Content("Cancel  Esc"), id="cancel", compact=True)
                label = f"Exit {fmt.plural(self.asked.remaining, 'contract')}  y"
                yield Button(Content(label), id="confirm", classes="danger", compact=True)

    def show(self, snapshot: DeckSnapshot) -> None:
        self._now = next((row for row in snapshot.positions if row.id == self.asked.id), None)
        self.query_one(ExitText).show((self.asked, self._now))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "confirm":
            self.action_confirm()
        else:
            self.action_cancel()

    def action_confirm(self) -> None:
        if self.too_soon:
            return
        if self._now is None or self._now.remaining != self.asked.remaining:
            self.app.bell()
            return
        self.dismiss(True)

    def action_cancel(self) -> None:
        if not self.too_soon:
            self.dismiss(False)

    def action_other_button(self) -> None:
        self.focus_next("Button")
