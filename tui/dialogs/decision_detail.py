"""One decision with everything it was made from."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from textual.binding import Binding

from core.model import Action, Component, DecisionRecord, Gate
from tui import fmt
from tui.dialogs.base import Reading
from tui.panes.gates import GATES, assumed_words, evidence_words
from tui.panes.reasons import sorted_reasons
from tui.panes.size import factor_rows, total_row
from tui.widgets.bars import bar
from tui.widgets.document import Document
from tui.widgets.line import (
    ACTION_ROLE,
    DIRECTION_MARK,
    DIRECTION_ROLE,
    TONE_MARK,
    TONE_ROLE,
    Line,
    heading,
    wrap_text,
)

if TYPE_CHECKING:
    from tui.app import DeckApp

log = logging.getLogger("gatedeck.tui")

_NAME = 18


def named(name: str, text: str, width: int, role: str = "text") -> list[Line]:
    """A field's name and its text, broken where it does not fit."""
    rows = wrap_text(text, role, width - _NAME - 2) or [[]]
    return [[(f" {fmt.fit(name if n == 0 else '', _NAME)} ", "dim"), *row] for n, row in enumerate(rows)]


class DecisionDialog(Reading):
    """Inputs, gates, components, factors, reasons, the receipt, and what followed."""

    BINDINGS = [Binding("o", "open_position", "its position")]

    def __init__(self, record: DecisionRecord) -> None:
        super().__init__()
        self.record = record
        self.entry: Mapping[str, Any] | None = None
        self.receipt: Mapping[str, Any] | None = None
        self.reading = True

    def on_mount(self) -> None:
        super().on_mount()
        self.run_worker(self._read, exclusive=True, exit_on_error=False, group="entry")  # type: ignore[arg-type]

    async def _read(self) -> None:
        """The rest of the evidence is in the ledger; what can be read of it is shown."""
        app: DeckApp = self.app  # type: ignore[assignment]
        try:
            self.entry = await app.deck.entry(self.record.id)
            self.receipt = await app.deck.receipt(self.record.receipt_id)
        except Exception:
            log.exception("what followed decision %s could not be read", self.record.id)
        self.reading = False
        if self.is_mounted:
            self._fit()
            self.query_one(Document).repaint()

    @property
    def position_id(self) -> str | None:
        return self.record.position_id or (self.entry or {}).get("position_id")

    def action_open_position(self) -> None:
        app: DeckApp = self.app  # type: ignore[assignment]
        if self.position_id is None:
            app.say("Nothing was bought on this decision", "neutral")
        elif not self.too_soon:
            app.open_position_id(self.position_id)

    def _beyond(self, width: int) -> list[Line]:
        from tui.documents.outcome import followed_lines, receipt_lines

        if self.reading:
            return (
                [[], heading("What followed", width), [("  reading the ledger", "dim")]]
                if self.is_mounted
                else []
            )
        out: list[Line] = []
        if self.entry is not None:
            out += [[], *followed_lines(self.entry, width)]
            if self.position_id is not None:
                out.append([("  o", "key"), (" opens the position with its path and attribution", "dim")])
        else:
            out += [[], heading("What followed", width), [("  not in the ledger yet", "dim")]]
        if self.receipt is not None:
            out += [[], *receipt_lines(self.receipt, width)]
        return out

    def write(self, width: int) -> list[Line]:
        record = self.record
        out = [*_top(record, width), [], heading("Reasons", width)]
        for reason in sorted_reasons(record):
            rows = wrap_text(reason.text, "text", width - 6)
            for n, row in enumerate(rows):
                mark = TONE_MARK[reason.tone] if n == 0 else " "
                out.append([(f"  {mark} ", TONE_ROLE[reason.tone]), *row])
        out += [[], heading("Gates", width)]
        for title, (_, gate) in zip(GATES, record.verdict.gates.items(), strict=True):
            out += _gate(title, gate, width)
        out += [[], heading(f"Confidence {fmt.number(record.verdict.confidence, 1)}", width)]
        out += [_component(part, width) for part in record.verdict.components]
        if record.size is not None:
            out += [[], heading("Size", width), *factor_rows(record.size, width), total_row(record.size)]
        out += [[], heading("Inputs", width), *_inputs(record, width)]
        return out + self._beyond(width)


def _top(record: DecisionRecord, width: int) -> list[Line]:
    side = record.direction or record.proposed_direction
    out: list[Line] = [
        heading("Decision", width, [(fmt.day_clock(record.at), "dim")]),
        [(f" {record.action} ", ACTION_ROLE[record.action]),
         (f" {DIRECTION_MARK[side]} {side} ", DIRECTION_ROLE[side]), (f" {record.symbol}", "strong"),
         (f" {fmt.timeframe(record.timeframe)}  {record.quality}", "text"),
         (f"  confidence {fmt.number(record.confidence, 1)}", "text")],
        [],
    ]  # fmt: skip
    if record.code:
        verb = "waits for" if record.action is Action.WAIT else "refused by"
        out += named(verb, record.code, width, "warn")
    if record.contract is not None:
        out += named("contract", f"{record.contract.label} ({record.contract.occ})", width)
    if record.count is not None:
        risk = fmt.money(record.count.planned_loss, sign=False)
        text = (
            f"{record.count.contracts}, planned loss {risk} each, bound by {fmt.words(record.count.bound_by)}"
        )
        out += named("contracts", text, width)
    if record.levels is not None:
        at = record.levels
        text = f"stop {at.stop:,.2f}, T1 {at.target_1:,.2f}, T2 {at.target_2:,.2f}, from the {at.origin}"
        out += named("levels", text, width)
    out += named("source", f"{record.source}, decided on {fmt.words(record.trigger)}", width)
    if record.supersedes:
        out += named("supersedes", record.supersedes, width)
    if record.position_id:
        out += named("position", record.position_id, width)
    out += named("ids", f"decision {record.id}, receipt {record.receipt_id}", width, "dim")
    rules = f"rules {record.verdict.rules_fingerprint}, engine {record.verdict.engine_version}"
    return out + named("made by", rules, width, "dim")


def _gate(title: str, gate: Gate, width: int) -> list[Line]:
    role = "good" if gate.passed else "bad"
    word = "passed" if gate.passed else "failed"
    first: Line = [(f"  {'✓' if gate.passed else '✗'} ", role), (f"{title:<11}", "strong"), (f"{word} ", role),
                   (f"{fmt.score(gate.score):>5} ", role), *bar(gate.score, 16, role)]  # fmt: skip
    rows = wrap_text(gate.reason, "text" if gate.passed else "bad", width - 6)
    rows += wrap_text(evidence_words(gate.evidence), "dim", width - 6)
    return [first, *([("    ", "text"), *row] for row in rows)]


def _component(part: Component, width: int) -> Line:
    line: Line = [(f"  {part.name:<13}", "text"), (f"weight {part.weight * 100:>3.0f} %  ", "dim")]
    if part.value is None:
        return [*line, (f"left out: {part.reason or 'not known'}", "dim")]
    return [
        *line,
        (f"{fmt.score(part.value):>5} ", "strong"),
        *bar(part.value, max(8, min(30, width - 40)), "info"),
    ]


def _inputs(record: DecisionRecord, width: int) -> list[Line]:
    context, market = record.context, record.market
    out = named("as of", f"{fmt.day_clock(context.as_of)}, session {context.session}", width)
    for name in ("regime", "alignment", "expert", "structure"):
        section = getattr(context, name)
        origin = context.provenance.get(name)
        text = "not known" if section is None else _section(section)
        if origin is not None:
            text += f" ({origin.source} at {fmt.clock(origin.at)})"
        out += named(name, text, width, "dim" if section is None else "text")
    if context.conflict:
        out += named("conflict", f"disagrees with {context.conflict}", width, "warn")
    shown = (
        "price",
        "bid",
        "ask",
        "spread_bps",
        "depth_score",
        "atr14",
        "rsi14",
        "iv_percentile",
        "gamma_bias",
    )
    known = {name: getattr(market, name) for name in shown if getattr(market, name) is not None}
    out += named("market", evidence_words(known) or "not known", width)
    if assumed_words(market):
        out += named("assumed", assumed_words(market), width, "warn")
    if market.proxied:
        out += named("taken from", market.proxied, width)
    return out


def _section(section: object) -> str:
    values = {f.name: getattr(section, f.name) for f in fields(section)}  # type: ignore[arg-type]
    return evidence_words({k: v for k, v in values.items() if v not in (None, (), "")})
