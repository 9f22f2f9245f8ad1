"""The dialog that takes a trade against a WAIT or SKIP: it names the signal, and only its own key confirms."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from server.deck import DeckSnapshot, TakeOffer
from tui import fmt
from tui.dialogs.noted_question import NotedQuestion
from tui.dialogs.question_pane import QuestionPane
from tui.interfaces import NoteSubject
from tui.widgets.line import ACTION_ROLE, DIRECTION_MARK, DIRECTION_ROLE, Line, heading, wrap_text
from tui.widgets.yes_no import Answers

_PROMISE = "Bought at the market price of that moment, if mode, levels, size and limits allow it."


class TakeText(QuestionPane):
    """The signal, what decided against it, what would be bought, and until when."""

    usual_height = 10
    box_width = 70
    data: tuple[TakeDialog, str, str] | None = None

    def text(self, width: int, *, short: bool) -> list[Line]:
        if self.data is None:
            return []
        dialog, refusal, _ = self.data
        return [*_lines(dialog.offer, refusal, width, short=short), *dialog.note_lines(short=short)]


def _lines(offer: TakeOffer, refusal: str, width: int, *, short: bool) -> list[Line]:
    side = offer.direction
    out: list[Line] = [
        heading("Take this trade anyway?", width),
        [],
        [(f" {DIRECTION_MARK[side]} {side}  ", DIRECTION_ROLE[side]), (offer.symbol, "strong"),
         (f"  {fmt.timeframe(offer.timeframe) if offer.timeframe else fmt.NONE} signal   ", "text"),
         (offer.action, ACTION_ROLE[offer.action]), (f" {offer.code}", "warn"),
         (f"   confidence {fmt.number(offer.confidence, 1)}", "dim")],
    ]  # fmt: skip
    out += [[(" ", "text"), *line] for line in wrap_text(f"against it: {offer.why}", "dim", width - 2)]
    if offer.contracts is not None:
        out.append([(" buys  ", "dim"), (f"{offer.contract} × {offer.contracts}", "strong"),
                    (" at size 1, mark ", "dim"), (fmt.number(offer.mark), "text"),
                    (f"; its size is {fmt.factor(offer.multiplier)}", "dim")])  # fmt: skip
    else:
        out.append([(" buys  ", "dim"), ("the contract and number that the rules choose", "text")])
    if offer.levels is not None:
        at = offer.levels
        out.append([(" stop  ", "dim"), (f"{fmt.number(at.stop)}   ", "text"), ("T1 ", "dim"),
                    (f"{fmt.number(at.target_1)}   ", "text"), ("T2 ", "dim"),
                    (fmt.number(at.target_2), "text")])  # fmt: skip
    age = "" if offer.underlying_age is None else f", {fmt.age(offer.underlying_age)} old"
    out.append([(f" {offer.symbol}  ", "dim"), (f"{fmt.number(offer.underlying)}{age}", "text"),
                ("   can be taken until ", "dim"), (fmt.clock(offer.until, zone=True), "text")])  # fmt: skip
    said, role = (f"! {refusal}", "warn") if refusal else (_PROMISE, "dim")
    words: list[Line] = [[(" ", "text"), *line] for line in wrap_text(said, role, width - 2)]
    return [*out[:3], *words, *out[3:]] if short and refusal else [*out, [], *words]


class TakeDialog(NotedQuestion):
    """Asks whether to take the trade; the signal it names never changes."""

    def __init__(self, offer: TakeOffer) -> None:
        super().__init__()
        self.offer = offer
        self._refusal = offer.refused

    def note_subject(self) -> NoteSubject:
        return NoteSubject(title=f"{self.offer.direction} {self.offer.symbol}")

    def compose(self) -> ComposeResult:
        with Container(classes="box question approval"):
            text = TakeText(id="question")
            text.data = (self, self._refusal, "")
            yield text
            yield Answers("Take it")

    def show(self, snapshot: DeckSnapshot) -> None:
        if snapshot.at > self.offer.until:
            self._refusal = "Its signal has ended."
        self.query_one(TakeText).show((self, self._refusal, self.note or ""))

    def answer(self) -> bool | None:
        return None if self._refusal else True
