"""The log of what the engine does: one line for each decision, fill, exit, limit, change of the mode and refusal.

The lines carry the ids that lead from a webhook's receipt to the exit of its trade: ``receipt``, ``decision`` and
``position``. ``receipt`` is what the sender was answered.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from core.decision.deciding_reason import code_of, text_of
from core.effects import AnswerCommand, Effect, Notice, StoreDecision, StoreReceipt, StoreTrade
from core.model import DecisionRecord, ReceiptStatus, Tone
from core.positions import Position
from server.package_version import package_version
from server.runtime.runtime import Runtime

log = logging.getLogger("gatedeck.engine")

REMEMBERED = 5_000
"""Most decisions, and positions, whose ids are kept for the lines of what follows from them."""
EVENTS = {"execute": "fill", "risk": "limit", "feed": "connection"}
"""Events of the log by kind of notice, where the two differ."""
SAID_BY_DECISION = "refused"
SAID_BY_RECEIPT = "quarantine"
RESULTS = frozenset({"exit", "session"})
"""Kinds whose loss is a result, not a fault: no warning."""


class EngineLog:
    """Writes a line for each effect and notice that a person would look for later."""

    def __init__(self) -> None:
        self._receipts: dict[str, str] = {}
        """Receipts by the id of the decision on them."""
        self._positions: dict[str, Position] = {}

    async def resume(self, runtime: Runtime) -> None:
        """Learn the ids of the positions and orders that were open before this start."""
        state = runtime.engine.state
        for position in state.positions.values():
            self._remember(position)
            record = await runtime.ledger.record(position.decision_id)
            if record is not None:
                self._decided(record)
        for order in state.orders.values():
            if order.record is not None:
                self._decided(order.record)

    def started(self, runtime: Runtime, address: str, feeds: Sequence[str]) -> None:
        """Log the start: version, ledger, rules, address and feeds, and what is open."""
        rules, state = runtime.engine.rules, runtime.engine.state
        text = (
            f"gatedeck {package_version()}, ledger {runtime.ledger_name} at {state.seq}, rules {rules.name} "
            f"{rules.fingerprint}, {address}, feeds {', '.join(feeds) or 'none'}, mode {state.mode}, "
            f"{_open(runtime)}"
        )
        _write(logging.INFO, "start", text, {})

    def stopped(self, runtime: Runtime) -> None:
        """Log the stop, with what is left open."""
        _write(logging.INFO, "stop", f"ledger at {runtime.engine.state.seq}, {_open(runtime)}", {})

    def heard(self, effect: Effect) -> None:
        """Log an effect that is on disk; notices come by ``notice``."""
        if isinstance(effect, StoreDecision):
            self._decided(effect.record)
            _decision(effect.record)
        elif isinstance(effect, StoreTrade):
            self._remember(effect.position)
        elif isinstance(effect, StoreReceipt):
            _receipt(effect)
        elif isinstance(effect, AnswerCommand) and not effect.ok:
            _write(
                logging.WARNING,
                "refusal",
                f"command: {effect.code} {effect.text}",
                {"command": effect.command_id},
            )

    def notice(self, notice: Notice) -> None:
        """Log a notice, with the price of a fill; what a decision or a receipt says already is not said twice."""
        if notice.kind in (SAID_BY_DECISION, SAID_BY_RECEIPT):
            return
        position = self._positions.get(notice.position_id or "")
        text = notice.text
        if notice.kind == "execute" and position is not None:
            text += f", {position.entry.contracts} filled at {position.entry.entry_price:.2f}"
        warns = notice.tone is Tone.NEGATIVE and notice.kind not in RESULTS
        level = logging.WARNING if warns else logging.INFO
        _write(level, EVENTS.get(notice.kind, notice.kind), text, self._ids(notice.position_id))

    def _ids(self, position_id: str | None) -> dict[str, str]:
        if position_id is None:
            return {}
        position = self._positions.get(position_id)
        if position is None:
            return {"position": position_id}
        receipt = self._receipts.get(position.decision_id)
        known = {"receipt": receipt, "decision": position.decision_id, "position": position_id}
        return {name: value for name, value in known.items() if value is not None}

    def _decided(self, record: DecisionRecord) -> None:
        self._receipts[record.id] = record.receipt_id
        if len(self._receipts) > REMEMBERED:
            del self._receipts[next(iter(self._receipts))]

    def _remember(self, position: Position) -> None:
        self._positions[position.id] = position
        if len(self._positions) > REMEMBERED:
            del self._positions[next(iter(self._positions))]


def _open(runtime: Runtime) -> str:
    held = [p.contract.label for p in runtime.engine.state.positions.values() if p.is_open]
    return f"{len(held)} open{': ' if held else ''}{', '.join(held)}"


def _decision(record: DecisionRecord) -> None:
    frame = "" if record.timeframe is None else f" {record.timeframe}m"
    code, why = code_of(record), text_of(record)
    text = (
        f"{record.action} {record.symbol} {record.proposed_direction}{frame}, confidence {record.confidence:.1f}"
        f"{f', {code}' if code else ''}{f': {why}' if why else ''}"
    )
    ids = {"receipt": record.receipt_id, "decision": record.id}
    if record.position_id is not None:
        ids["position"] = record.position_id
    _write(logging.INFO, "decision", text, ids)


def _receipt(receipt: StoreReceipt) -> None:
    """Log a body that was refused; one that was taken only for whoever looks for it (level debug)."""
    refused = receipt.status is ReceiptStatus.QUARANTINED
    if not refused and not log.isEnabledFor(logging.DEBUG):
        return
    source = receipt.source or receipt.endpoint or "unknown source"
    ids = {"receipt": receipt.id}
    if refused:
        _write(logging.WARNING, "refusal", f"{source}: {receipt.code} {receipt.reason}", ids)
    else:
        _write(logging.DEBUG, "receipt", f"{receipt.status} {source} {receipt.symbol or ''}".rstrip(), ids)


def _write(level: int, event: str, text: str, ids: dict[str, Any]) -> None:
    if log.isEnabledFor(level):
        log.log(level, "%s", text, extra={"event": event, "ids": ids})
