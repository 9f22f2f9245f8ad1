"""The decision card: verdict, symbol, confidence, size, contract and age."""

from __future__ import annotations

from dataclasses import dataclass

from core.model import Action, DecisionRecord
from server.deck import GateDistance, RefusedRequests, WhyNoTrade
from tui import fmt
from tui.commands.registry import key_of
from tui.engine_text import told
from tui.widgets import bars
from tui.widgets.line import (
    ACTION_ROLE,
    DIRECTION_MARK,
    DIRECTION_ROLE,
    Line,
    clip_line,
    heading,
    width_of,
    wrap_text,
)
from tui.widgets.line_widget import Pane

REFUSALS = {
    "UNAUTHORIZED": "no valid secret",
    "NO_CERTIFICATE": "no accepted certificate",
    "CODING_NOT_READ": "content coding not read",
    "NOT_ALLOWED": "the address is not in allow_from",
    "NOT_LOCAL": "no secret is set, so only this machine may send",
    "NOT_FOUND": "unknown path",
    "METHOD_NOT_ALLOWED": "not a POST",
    "BODY_TOO_LARGE": "body too large",
    "BODY_TIMEOUT": "body did not arrive",
    "BAD_BODY": "unreadable body",
    "RATE_LIMITED": "too many requests",
    "OVERLOADED": "engine overloaded",
}
"""Refusals without a receipt, in few words."""
_FACTS_WIDTH = 9
_USUAL_BOUND = "budget"
"""The usual limit of the number of contracts; anything else is named beside the contract."""
"""Cells needed to the right of the large word."""


@dataclass(frozen=True, slots=True)
class DecisionView:
    """The data of the card; ``age`` in whole seconds."""

    record: DecisionRecord | None
    age: int
    wait_at: float
    execute_at: float
    listener: str
    refused: tuple[RefusedRequests, ...] = ()
    why: WhyNoTrade | None = None


def webhook_url(listener: str) -> str:
    """Return the webhook URL, from the listener's address."""
    base = listener if "://" in listener else f"http://{listener}"
    return base.rstrip("/") + "/api/webhooks"


class DecisionPane(Pane):
    data: DecisionView | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        view = self.data
        if view is None:
            return [heading("Decision", width), [("  waiting for the engine", "dim")]]
        if view.record is None:
            return _empty(view, width)
        record = view.record
        out = [heading("Decision", width, [(f"{fmt.age(view.age)} ago", "dim")])]
        body = [
            *_action_lines(record, width),
            _verdict(record, width),
            *_confidence(view, record.confidence, width),
        ]
        plan, why = _plan(record, width), _why(view.why, record, width)
        # A trade that a limit refused has a contract and a size, which say more than the limit's distance.
        body += [*plan[:-1], *why, plan[-1]] if record.contract is not None else [*why, *plan]
        return out + body[: height - 1]


def _empty(view: DecisionView, width: int) -> list[Line]:
    out: list[Line] = [heading("Decision", width), [], [(" No decision yet", "strong")]]
    for sentence in (f"POST a webhook to {webhook_url(view.listener)}", "or run: gatedeck send"):
        out += [[(" ", "text"), *line] for line in wrap_text(sentence, "dim", width - 2)]
    if view.refused:
        out += [[(" ", "text"), *line] for line in wrap_text(_refusal(view), "warn", width - 2)]
    return out


def _refusal(view: DecisionView) -> str:
    """Return what was refused last and how the sender gets in."""
    last = view.refused[0]
    text = (
        f"! {last.count} refused with {last.status} from {last.address}: {REFUSALS.get(last.code, last.code)}"
    )
    if last.code == "UNAUTHORIZED":
        text += "; TradingView can send the secret in the address: add ?key=SECRET"
    return text


def _action_lines(record: DecisionRecord, width: int) -> list[Line]:
    role = ACTION_ROLE[record.action]
    side = record.direction or record.proposed_direction
    facts: list[Line] = [
        [(f"{DIRECTION_MARK[side]} {side}", DIRECTION_ROLE[side])],
        [(record.symbol, "strong"), (f" {fmt.timeframe(record.timeframe)}", "text")],
        [(record.quality, "text")],
    ]
    rows = bars.large(record.action)
    room = width - 2 - (len(rows[0]) if rows else width)
    if not rows or room < _FACTS_WIDTH:
        line: Line = [(" ", "text"), (f" {record.action} ", f"badge-{_badge(record.action)}")]
        for fact in facts:
            line += [(" ", "text"), *fact]
        return [line]
    return [[(" " + row + "   ", role), *fact] for row, fact in zip(rows, facts, strict=True)]


def _badge(action: str) -> str:
    return {"EXECUTE": "good", "WAIT": "warn", "SKIP": "bad"}[action]


def _verdict(record: DecisionRecord, width: int) -> Line:
    line: Line = [(" ", "text"), (record.action, ACTION_ROLE[record.action])]
    if record.code:
        line += [("  ", "text"), (record.code, "warn")]
    elif record.verdict.gates.failed:
        failed = ", ".join(name.capitalize() for name in record.verdict.gates.failed)
        line += [("  ", "text"), (f"{failed} failed", "bad")]
    for at in (fmt.moment(record.at, zone=True), fmt.moment(record.at)):
        if width_of(line) + len(at) + 2 <= width:
            return [*line, ("  ", "text"), (at, "dim")]
    return line


def _confidence(view: DecisionView, confidence: float, width: int) -> list[Line]:
    role = "good" if confidence >= view.execute_at else "warn" if confidence >= view.wait_at else "bad"
    label = fmt.local(f" {confidence:5.1f} ")
    size = max(10, width - len(label) - 1)
    marks = (view.wait_at, view.execute_at)
    wait, execute = (fmt.local(f"{at:g}") for at in marks)
    rule = bars.scale(size, (view.wait_at, f"wait {wait}"), (view.execute_at, f"{execute} execute"))
    return [
        [(label, role), *bars.marked_bar(confidence, size, role, marks)],
        [(" conf. ".ljust(len(label)), "dim"), (rule, "dim")],
    ]


def _why(why: WhyNoTrade | None, record: DecisionRecord, width: int) -> list[Line]:
    """Return how far the decision was from a trade: the distance that alone cost it, else the first one."""
    if why is None or not why.distances:
        return []
    passed = record.verdict.gates.passed
    nearest = min(why.distances, key=lambda each: _cost(each, gates_passed=passed))
    more = len(why.distances) - 1
    text = told(nearest.sentence) + (f" (+{more}: {key_of('ShowDecision')})" if more else "")
    return [[(" ", "text"), *line] for line in wrap_text(text, "warn", width - 2)]


def _cost(distance: GateDistance, *, gates_passed: bool) -> int:
    """Order distances: first those without which there would have been a trade, last those that cannot be changed.

    The distance of the confidence comes last while a gate failed: alone it would have changed nothing.
    """
    if distance.would is None or (distance.gate == "confidence" and not gates_passed):
        return 2
    return 0 if distance.would.action is Action.EXECUTE else 1


def _plan(record: DecisionRecord, width: int) -> list[Line]:
    out: list[Line] = []
    count = record.count
    if record.size is not None:
        line: Line = [(" size ", "dim"), (fmt.factor(record.size.final), "strong")]
        if count is not None:
            line += [("  ", "text"), (fmt.plural(count.contracts, "contract"), "strong")]
            risk = f"  risk {fmt.money(count.planned_loss * count.contracts, sign=False)}"
            if width_of(line) + len(risk) <= width:
                line.append((risk, "dim"))
        out.append(line)
    if record.contract is not None:
        # Nothing was bought: this is the contract that an EXECUTE would have bought.
        verb = " buys " if record.action is Action.EXECUTE else " would buy "
        buys: Line = [(verb, "dim"), (record.contract.label, "strong")]
        if count is not None and count.bound_by != _USUAL_BOUND:
            buys.append((f"  by {count.bound_by}", "warn"))
        out.append(buys)
    if record.levels is not None:
        levels = record.levels
        out.append([(" stop ", "dim"), (fmt.number(levels.stop), "bad"),
                    ("  T1 ", "dim"), (fmt.number(levels.target_1), "good"),
                    ("  T2 ", "dim"), (fmt.number(levels.target_2), "good")])  # fmt: skip
    strategy = f"  {record.strategy}" if record.strategy else ""
    out.append([(f" {record.source}, {record.context.completeness * 5:.0f} of 5 sources{strategy}", "dim")])
    if record.option is not None:
        out.append([(f" asks for the {record.option.text}", "dim")])
    return [clip_line(line, width) for line in out]
