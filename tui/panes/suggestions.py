"""Suggested rule changes and their approval; nothing changes without approval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from server.deck import Judged, LearningView
from tui import fmt
from tui.engine_text import told
from tui.metric_format import format_value, short_interval
from tui.widgets.columns import Cell, Column, Row
from tui.widgets.line import Line, signed_role
from tui.widgets.table import LiveTable

if TYPE_CHECKING:
    from core.learning import Suggestion

COLUMNS = (
    Column("rule", 24),
    Column("now → then", 14),
    Column("because", 16, weight=1),
    Column("expect", 8),
    Column("seen", 24),
    Column("would have made $", 17, "right"),
    Column("n", 7),
    Column("q", 6, "right"),
)
_SAID = {"APPROVED": ("✓ approved", "good"), "REJECTED": ("✗ rejected", "bad")}


class SuggestionsPane(LiveTable):
    """Shows pending suggestions first; a key acts on the row selected here, never on the ledger."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("Suggestions", COLUMNS, id=id, empty=("reading the ledger",))
        self.suggestions: Mapping[str, Suggestion] = {}

    def show(self, view: LearningView | str) -> None:
        if isinstance(view, str):
            self.suggestions = {}
            self.empty = (view,)
            self.show_rows((), [])
        else:
            search = view.learning.search
            self.suggestions = {each.id: each for each in view.suggestions}
            why = search.reason or f"none: {search.tested} buckets tested, {search.discoveries} differ"
            self.empty = (fmt.clip(told(why), 76), "a suggestion changes nothing until a person approves it")
            waiting = len(view.suggestions)
            note: Line = []
            if waiting or view.judged:
                note = [
                    (f"{waiting} to judge  ", "warn" if waiting else "dim"),
                    ("a approve  r reject  ", "info"),
                ]
            if search.look.number:
                note.append((told(search.look.text), "dim"))
            rows = [Row(each.id, each, suggestion_cells) for each in view.suggestions]
            rows += [Row(f"judged {n}", each, judged_cells) for n, each in enumerate(view.judged)]
            self.show_rows(tuple(rows), note)
        self.repaint()

    @property
    def selected(self) -> Suggestion | None:
        """The selected suggestion as last painted; ``None`` on one already approved or rejected."""
        return self.suggestions.get(self.cursor) if self.cursor is not None else None


def format_rule_value(value: float) -> str:
    return fmt.local(f"{value:g}")


def suggestion_cells(each: Suggestion) -> tuple[Cell, ...]:
    best = each.evidence[0]
    effect = best.effect
    arrow = "▲" if each.new > each.old else "▼"
    made = each.side_effects.whole.difference.value if each.side_effects is not None else None
    interval = f" ({short_interval(effect)})" if short_interval(effect) else ""
    return (
        (each.rule, "strong"),
        (f"{format_rule_value(each.old)} {arrow} {format_rule_value(each.new)}", "warn"),
        (f"{best.cut} {best.bucket}", "text"),
        (format_value(best.expected, effect.unit), signed_role(best.expected)),
        (f"{fmt.arrow(effect.value)} {format_value(effect.value, effect.unit)}{interval}", "dim"),
        (f"{fmt.arrow(made)} {fmt.money(made)}".strip(), signed_role(made)),
        (f"{best.n}/{best.n_outside}", "dim"),
        (fmt.number(best.q, 3), "dim"),
    )


def judged_cells(each: Judged) -> tuple[Cell, ...]:
    rule, change = split_suggestion_text(each.text)
    said, role = _SAID.get(each.status, (each.status, "dim"))
    when = fmt.day_clock(each.at).split(" ", 1)[1].rsplit(":", 1)[0]
    return (
        (rule, "dim"),
        (told(change), "dim"),
        (f"{said} by {each.author}, {when}", role),
        *(("", "dim"),) * (len(COLUMNS) - 3),
    )


def split_suggestion_text(text: str) -> tuple[str, str]:
    """Return rule and change parsed from "Raise RULE from A to B: ...", else the whole sentence."""
    words = text.partition(":")[0].split(" ")
    if len(words) == 6 and words[2] == "from" and words[4] == "to":
        arrow = "▲" if words[0] == "Raise" else "▼"
        return words[1], f"{words[3]} {arrow} {words[5]}"
    return text, ""
