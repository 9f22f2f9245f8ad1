"""The dialogs of a suggestion: its evidence, and the question whether to approve or reject it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container

from tui import fmt
from tui.commands.registry import key_of
from tui.dialogs.base import Reading, YesOrNo
from tui.dialogs.question_pane import QuestionPane
from tui.documents.fields import named
from tui.engine_text import told
from tui.metric_format import format_value, short_interval
from tui.panes.suggestions import format_rule_value
from tui.widgets.line import Line, fold, heading, signed_role, wrap_text
from tui.widgets.yes_no import Answers

if TYPE_CHECKING:
    from core.learning import Difference, Evidence, Suggestion


def change_line(suggestion: Suggestion) -> Line:
    verb = "raise" if suggestion.new > suggestion.old else "lower"
    return [
        (f" {verb} ", "dim"), (suggestion.rule, "strong"), ("  ", "text"),
        (format_rule_value(suggestion.old), "text"), (" → ", "dim"), (format_rule_value(suggestion.new), "warn"),
        (f"  ({fmt.signed(suggestion.move_pct, 1)} %)", "dim"),
    ]  # fmt: skip


def evidence_lines(evidence: Evidence, width: int) -> list[Line]:
    """Return the bucket's result against the rest: what to expect of it, effect, interval, n, and q."""
    effect = evidence.effect
    unit = "R" if evidence.measure == "R" else "points"

    def mean(value: float) -> str:
        return f"{fmt.number(value)} R" if unit == "R" else f"{value:.0f} % wins"

    text = f"{evidence.cut} {evidence.bucket}: {mean(evidence.inside)} against {mean(evidence.outside)}"
    out = [[(" ", "text"), *line] for line in wrap_text(text, "text", width - 2)]
    expect: Line = [
        ("   expect ", "dim"), (format_value(evidence.expected, unit), signed_role(evidence.expected)),
        (", not the ", "dim"), (format_value(effect.value, unit), "text"),
        (f" ({short_interval(effect)}) seen", "dim"),
    ]  # fmt: skip
    tested = f"q {fmt.number(evidence.q, 3)} of {evidence.tests} tests"
    counts: Line = [(f"   n {evidence.n} and {evidence.n_outside}  {tested}  other labels held fixed", "dim")]
    return [*out, *fold(expect, width), *fold(counts, width)]


def format_side_effects(difference: Difference) -> str:
    made = fmt.money(difference.difference.value)
    return (
        f"{difference.changed} of {difference.decisions} decisions change, trades {difference.trades} → "
        f"{difference.trades_candidate}, difference {made}"
    )


class SuggestionDialog(Reading):
    """Shows the rule change, its evidence, and its effect on past trades."""

    def __init__(self, suggestion: Suggestion) -> None:
        super().__init__()
        self.suggestion = suggestion

    def write(self, width: int) -> list[Line]:
        suggestion = self.suggestion
        out: list[Line] = [
            heading("Suggestion", width, [(str(suggestion.status).lower(), "info")]),
            [],
            change_line(suggestion),
            [],
        ]
        out.append(heading("Evidence", width))
        for evidence in suggestion.evidence:
            out += evidence_lines(evidence, width)
        out += [[], heading("What it would have changed", width)]
        effects = suggestion.side_effects
        if effects is None:
            out.append([(" not tried on the ledger yet", "dim")])
        else:
            for name, difference in (
                ("all of the ledger", effects.whole),
                ("its later third", effects.later_third),
            ):
                out += named(name, format_side_effects(difference), width)
                for reason, count in difference.why.items():
                    out += named(
                        "", f"NOT_ANSWERABLE for {fmt.plural(count, 'trade')}: {told(reason)}", width, "warn"
                    )
            for gate in effects.whole.gates:
                if gate.opened or gate.shut:
                    made = fmt.money(gate.difference.value)
                    text = f"lets {gate.opened} through, stops {gate.shut}, difference {made}"
                    out += named(f"{gate.gate} gate", text, width)
            out += named("dollars", f"{effects.unit}, {effects.method}", width)
            if effects.made_by is not None:
                out += named("made by", told(effects.made_by), width)
            if effects.baseline is not None:
                out += named("baseline", told(effects.baseline.text), width)
            out += named("", effects.label, width, "warn")
        approve, reject = key_of("ApproveSuggestion"), key_of("RejectSuggestion")
        return [*out, [], [(f" {approve} approves and {reject} rejects it on the Learning screen.", "dim")]]


class JudgeText(QuestionPane):
    """The suggestion as it was when the dialog opened."""

    usual_height = 4
    box_width = 76
    data: tuple[Suggestion, bool] | None = None

    def text(self, width: int, *, short: bool) -> list[Line]:
        return judge_lines(*self.data, width) if self.data else []


def judge_lines(suggestion: Suggestion, approve: bool, width: int) -> list[Line]:
    title = "Approve this suggestion?" if approve else "Reject this suggestion?"
    out: list[Line] = [heading(title, width), [], *fold(change_line(suggestion), width), []]
    out += evidence_lines(suggestion.evidence[0], width)
    effects = suggestion.side_effects
    if effects is not None:
        effect = wrap_text(f"In the ledger: {format_side_effects(effects.whole)}", "text", width - 2)
        out += [[(" ", "text"), *line] for line in effect]
        out.append([(" ! IN-SAMPLE: tried on the past it was found on", "warn")])
    out.append([])
    after = (
        "A new rules version holds from the next input on, under your name."
        if approve
        else "It is not offered again; the rules stay as they are."
    )
    return [*out, *([(" ", "text"), *line] for line in wrap_text(after, "dim", width - 2))]


class JudgeDialog(YesOrNo):
    """Asks whether to approve (or reject) a suggestion."""

    def __init__(self, suggestion: Suggestion, *, approve: bool) -> None:
        super().__init__()
        self.suggestion = suggestion
        self.approve = approve

    def compose(self) -> ComposeResult:
        with Container(classes="box question judge"):
            text = JudgeText(id="judged")
            text.data = (self.suggestion, self.approve)
            yield text
            yield Answers("Approve" if self.approve else "Reject")

    def answer(self) -> bool:
        return True
