"""One decision as lines: verdict, reasons, gates, confidence, size and inputs."""

from __future__ import annotations

from dataclasses import fields

from core.model import (
    Action,
    AlignmentFacts,
    Component,
    DecisionRecord,
    Gate,
    RegimeFacts,
    SignalFacts,
    StructureFacts,
)
from server.deck import WhyNoTrade
from tui import fmt
from tui.documents.fields import named
from tui.engine_text import format_evidence, told
from tui.panes.gates import GATES, format_assumed
from tui.panes.reasons import sorted_reasons
from tui.panes.size import factor_rows, total_row
from tui.widgets.bars import bar
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


def decision_lines(record: DecisionRecord, width: int, why: WhyNoTrade | None = None) -> list[Line]:
    """Return everything the record itself holds, and how far it was from a trade, as lines of ``width`` cells."""
    out = [*_top(record, width), [], heading("Reasons", width)]
    for reason in sorted_reasons(record):
        rows = wrap_text(told(reason.text), "text", width - 6)
        for n, row in enumerate(rows):
            mark = TONE_MARK[reason.tone] if n == 0 else " "
            out.append([(f"  {mark} ", TONE_ROLE[reason.tone]), *row])
    if why is not None:
        out += [[], *_why_lines(why, width)]
    out += [[], heading("Gates", width)]
    for title, (_, gate) in zip(GATES, record.verdict.gates.items(), strict=True):
        out += _gate(title, gate, width)
    out += [[], heading(f"Confidence {fmt.number(record.verdict.confidence, 1)}", width)]
    out += [_component(part, width) for part in record.verdict.components]
    if record.size is not None:
        out += [[], heading("Size", width), *factor_rows(record.size, width), total_row(record.size)]
    return [*out, [], heading("Inputs", width), *_inputs(record, width)]


def _why_lines(why: WhyNoTrade, width: int) -> list[Line]:
    out: list[Line] = [heading("Why no trade", width)]
    for distance in why.distances:
        rows = wrap_text(told(distance.sentence), "text", width - 6)
        if distance.rule:
            rows += wrap_text(f"rule {distance.rule}", "dim", width - 6)
        out += [[("  ✗ " if n == 0 else "    ", "bad"), *row] for n, row in enumerate(rows)]
    if why.together is not None:
        text = f"with all of these it would have been {told(why.together.text)}"
        out += [[("    ", "text"), *row] for row in wrap_text(text, "strong", width - 6)]
    if why.unknown:
        out += [
            [("    ", "text"), *row] for row in wrap_text(f"not known: {told(why.unknown)}", "dim", width - 6)
        ]
    return out


_VERBS = {Action.WAIT: "waits for", Action.SKIP: "refused by", Action.EXECUTE: "bought"}
"""Words before the code of a decision, by its action."""


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
        verb = _VERBS[record.action]
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
        text = ", ".join(
            f"{name} {fmt.number(price)}"
            for name, price in (("stop", at.stop), ("T1", at.target_1), ("T2", at.target_2))
        )
        text += f", from the {at.origin}"
        out += named("levels", text, width)
    if record.strategy:
        out += named("strategy", record.strategy, width)
    if record.option is not None:
        text = f"{record.symbol} {record.option.text}; strike and expiry are chosen by the rules"
        out += named("asked for", text, width)
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
    rows = wrap_text(told(gate.reason), "text" if gate.passed else "bad", width - 6)
    rows += wrap_text(format_evidence(gate.evidence), "dim", width - 6)
    return [first, *([("    ", "text"), *row] for row in rows)]


def _component(part: Component, width: int) -> Line:
    line: Line = [(f"  {part.name:<13}", "text"), (f"weight {part.weight * 100:>3.0f} %  ", "dim")]
    if part.value is None:
        return [*line, (f"left out: {told(part.reason or 'not known')}", "dim")]
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
            text += f" ({origin.source} at {fmt.moment(origin.at)})"
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
    out += named("market", format_evidence(known) or "not known", width)
    if format_assumed(market):
        out += named("assumed", format_assumed(market), width, "warn")
    if market.proxied:
        out += named("taken from", market.proxied, width)
    return out


def _section(section: RegimeFacts | AlignmentFacts | SignalFacts | StructureFacts) -> str:
    values = {f.name: getattr(section, f.name) for f in fields(section)}
    return format_evidence({k: v for k, v in values.items() if v not in (None, (), "")})
