"""The dialogs of a challenger: the whole comparison, and the questions whether to start, adopt or retire one."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from server.deck import ChallengeView, RunningChallenge
from tui.challenge_format import more_text, result_text, rules_text, side_text
from tui.dialogs.base import Reading, YesOrNo
from tui.dialogs.question_pane import QuestionPane
from tui.panes.challenge import challenge_document
from tui.widgets.line import Line, heading, wrap_text
from tui.widgets.yes_no import Answers


class ChallengeDialog(Reading):
    """Shows both sides, what their difference shows, and every session."""

    def __init__(self, view: ChallengeView) -> None:
        super().__init__()
        self.view = view

    def write(self, width: int) -> list[Line]:
        return challenge_document(self.view, width)


class ChallengeText(QuestionPane):
    """A title and sentences, as they were when the dialog opened."""

    usual_height = 4
    box_width = 76
    data: tuple[str, tuple[tuple[str, str], ...]] | None = None

    def text(self, width: int, *, short: bool) -> list[Line]:
        if self.data is None:
            return []
        title, sentences = self.data
        out: list[Line] = [heading(title, width), []]
        for sentence, role in sentences:
            out += [[(" ", "text"), *line] for line in wrap_text(sentence, role, width - 2)]
        return out


class ChallengeQuestion(YesOrNo):
    """Asks whether to start, adopt or retire a challenger; ``sentences`` are texts with their roles."""

    def __init__(self, title: str, sentences: tuple[tuple[str, str], ...], verb: str) -> None:
        super().__init__()
        self._asked = (title, sentences)
        self._verb = verb

    def compose(self) -> ComposeResult:
        with Container(classes="box question judge"):
            text = ChallengeText(id="challenged")
            text.data = self._asked
            yield text
            yield Answers(self._verb)

    def answer(self) -> bool:
        return True


def adopt_question(running: RunningChallenge) -> ChallengeQuestion:
    """Ask whether to put the challenger's rules in force."""
    after = (
        "Its rules hold from the next input on, as a new version under your name. Open positions stay yours."
    )
    return ChallengeQuestion("Adopt the challenger?", (*_facts(running), (after, "dim")), "Adopt")


def retire_question(running: RunningChallenge) -> ChallengeQuestion:
    """Ask whether to end the challenger."""
    after = "The rules in force stay. Its sums are kept, its sessions are not."
    return ChallengeQuestion("Retire the challenger?", (*_facts(running), (after, "dim")), "Retire")


def start_question(change: str) -> ChallengeQuestion:
    """Ask whether to start a suggestion as the challenger."""
    after = "It runs on paper beside the rules in force, on the same webhooks, and changes nothing of your account."
    return ChallengeQuestion("Start this challenger?", ((change, "strong"), (after, "dim")), "Start")


def _facts(running: RunningChallenge) -> tuple[tuple[str, str], ...]:
    side = running.challenger
    shown = more_text(running.result)
    undecided = () if running.result.decided or not shown else ((f"! not decided: {shown}", "warn"),)
    early = ((f"! {running.result.no_interval}", "warn"),) if running.result.low is None else ()
    return (
        (
            f"{rules_text(side.name, side.fingerprint)}: {', '.join(running.changes) or 'the same rules'}",
            "strong",
        ),
        (f"in force: {side_text(running.champion)}", "text"),
        (f"challenger: {side_text(side)}", "text"),
        (f"difference: {result_text(running.result)}", "text"),
        *undecided,
        *early,
    )
