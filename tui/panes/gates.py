"""The gate breakdown: three gates with score and reason, and the five components of the confidence."""

from __future__ import annotations

from collections.abc import Mapping

from core.model import Component, DecisionRecord, Gate, MarketSnapshot
from tui import fmt
from tui.engine_text import format_evidence, told
from tui.widgets.bars import bar
from tui.widgets.line import Line, clip_line, heading, width_of
from tui.widgets.line_widget import Pane

GATES = ("Regime", "Structural", "Market")
COMPONENTS = ("regime", "expert", "alignment", "market", "structural")
_WITH_BAR = 46
"""Least width that shows a bar between score and reason."""
_WITH_EVIDENCE = 13
"""Least height that gives each gate a second line for its reason."""


def format_assumed(market: MarketSnapshot) -> str:
    """Return the names of assumed market fields; empty when all come from a feed."""
    return ", ".join(fmt.words(name).removesuffix(" bps").removesuffix(" score") for name in market.assumed)


class GatesPane(Pane):
    data: DecisionRecord | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        record = self.data
        if record is None:
            out = [heading("Gates", width)]
            out += [[(f" {fmt.NONE} {name:<11}", "dim"), ("no signal yet", "dim")] for name in GATES]
            out.append(heading("Confidence", width))
            return out + [[(f"   {name:<11}", "dim"), (fmt.NONE, "dim")] for name in COMPONENTS]
        gates = record.verdict.gates
        failed = len(gates.failed)
        verdict: Line = (
            [("✗ failed: ", "bad"), (str(failed), "bad")] if failed else [("✓ all passed", "good")]
        )
        out = [heading("Gates", width, verdict)]
        second = height >= _WITH_EVIDENCE
        for title, (name, gate) in zip(GATES, gates.items(), strict=True):
            assumed = name == "market" and bool(record.market.assumed)
            reason: Line = [("assumed ", "warn")] if assumed else []
            reason.append((told(gate.reason), "text" if gate.passed else "bad"))
            line = _gate(title, gate, 10 if second or width >= _WITH_BAR else 0)
            if second:
                out.append([*line, (_brief(gate.evidence, width - width_of(line)), "dim")])
                out.append(clip_line([("   ", "text"), *reason], width))
            else:
                out.append(clip_line(line + reason, width))
        out.append(heading("Confidence", width, [(fmt.number(record.verdict.confidence, 1), "strong")]))
        out += [_component(part, width) for part in record.verdict.components]
        return out


def _gate(title: str, gate: Gate, size: int) -> Line:
    role = "good" if gate.passed else "bad"
    return [(f" {'✓' if gate.passed else '✗'} ", role), (f"{title:<11}", "strong"),
            (f"{fmt.score(gate.score):>5} ", role), *_bar(gate.score, size, role)]  # fmt: skip


def _bar(score: float, size: int, role: str) -> Line:
    return [*bar(score, size, role), (" ", "text")] if size else []


def _brief(evidence: Mapping[str, object], width: int) -> str:
    """Return the gate's evidence that fits, without limits and unknown values."""
    text = ""
    for name, value in evidence.items():
        if isinstance(value, (bool, int, float, str)) and not name.startswith(("min_", "max_")):
            more = (", " if text else "") + format_evidence({name: value})
            if len(text) + len(more) > width:
                break
            text += more
    return text


def _component(part: Component, width: int) -> Line:
    weight = f"{part.weight * 100:.0f} %"
    line: Line = [(f"   {part.name:<11}", "text")]
    if part.value is None:
        line += [("    – ", "dim"), (f"left out: {told(part.reason or 'not known')}", "dim")]
        return clip_line(line, width)
    size = max(6, min(24, width - 30))
    line += [
        (f"{fmt.score(part.value):>5} ", "text"),
        *bar(part.value, size, "info"),
        (f" of {weight:>4}", "dim"),
    ]
    return clip_line(line, width)
