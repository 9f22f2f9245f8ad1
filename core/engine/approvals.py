"""Approvals of large trades: requested once per signal, answered once, ended with their signal.

An approval executes nothing by itself: it asks the market, and the decision on the answer makes the trade.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from core.approvals import NEEDED, Approval, ApprovalStatus
from core.effects import Effect, Notice, StoreApproval, StoreDecision
from core.engine.kernel import Kernel
from core.engine.state import CommandDone, ask_for
from core.events import Commanded
from core.live_signal import LiveSignal
from core.model import Action, Contract, ContractCount, DecisionRecord, Reason, Tone

KEPT_APPROVALS = 200
"""Ended approvals kept so that a repeated command gets the same answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The purchase that needs an approval; ``price`` a share and ``premium`` in all are in dollars."""

    contract: Contract
    count: ContractCount
    price: float
    premium: float
    reason: Reason


def approval_of(kernel: Kernel, signal: LiveSignal) -> Approval | None:
    """Return the open approval of a signal, pending or approved, if it has one."""
    return None if signal.approval_id is None else kernel.state.approvals[signal.approval_id]


def update_approval(
    kernel: Kernel, signal: LiveSignal, record: DecisionRecord, request: Request | None, transient: bool
) -> list[Effect]:
    """Update the approval of a signal after a new decision: request it, leave it open, or end it.

    ``transient`` is true if only a late price prevented the trade.
    """
    approval = approval_of(kernel, signal)
    if approval is None:
        return [] if request is None else _request_approval(kernel, signal, record, request)
    if record.action is Action.EXECUTE:
        return [
            _end(kernel, signal, approval, ApprovalStatus.EXECUTED, record.at, position=record.position_id)
        ]
    if request is not None or transient:
        return []
    ended = _end(kernel, signal, approval, ApprovalStatus.WITHDRAWN, record.at, code=record.code or "VERDICT")
    text = f"{approval.label} withdrawn: {_no_trade_text(record)}"
    return [ended, _notice(approval, record.at, text, Tone.NEGATIVE)]


def expire(kernel: Kernel, now: datetime, seq: int) -> list[Effect]:
    """End the approvals whose signals have expired: not approved in time, or no market answer in time."""
    effects: list[Effect] = []
    for signal in [
        s for s in kernel.state.signals.values() if s.approval_id is not None and not s.is_live(now)
    ]:
        effects += _expired(kernel, signal, now, seq)
    return effects


def approve(kernel: Kernel, event: Commanded) -> tuple[CommandDone, list[Effect]]:
    """Approve a trade and ask the market; the decision on its answer makes the trade."""
    approval, signal, done = _find(kernel, event, (ApprovalStatus.APPROVED, ApprovalStatus.EXECUTED))
    if done is not None or approval is None or signal is None:
        return done or _unknown(event), []
    if not signal.is_live(event.at):
        return _already_ended(approval, ApprovalStatus.EXPIRED), _expired(kernel, signal, event.at, event.seq)
    answered = replace(approval, status=ApprovalStatus.APPROVED, author=event.author, said_at=event.at)
    kernel.state.approvals[approval.id] = answered
    effects: list[Effect] = [StoreApproval(approval=replace(answered, record=None))]
    if not signal.asked:
        effects.append(ask_for(signal))
    text = f"Approved {approval.label}: bought at the current price if every check still passes"
    return CommandDone(True, "APPROVING", text), effects


def reject(kernel: Kernel, event: Commanded) -> tuple[CommandDone, list[Effect]]:
    """Reject a trade: record a SKIP and drop its signal."""
    approval, signal, done = _find(kernel, event, (ApprovalStatus.REJECTED,))
    if done is not None and done.code == "APPROVED" and approval is not None and approval.is_open:
        done = None  # an approval that has not bought anything yet can be revoked
    if done is not None or approval is None or signal is None:
        return done or _unknown(event), []
    if not signal.is_live(event.at):
        return _already_ended(approval, ApprovalStatus.EXPIRED), _expired(kernel, signal, event.at, event.seq)
    reason = Reason("REJECTED", f"Rejected by {event.author}", Tone.NEGATIVE)
    answered = replace(approval, author=event.author, said_at=event.at)
    effects = _skip(kernel, signal, answered, reason, event.at, event.seq, "person")
    ended = _end(kernel, signal, answered, ApprovalStatus.REJECTED, event.at)
    signal.dead = True
    key, last = signal.last_key, signal.last_decision_id
    kernel.state.bar_signals.decided(signal.update, signal.id, last or "", key, over=True)
    kernel.drop_signal(signal.id)
    return CommandDone(True, "REJECTED", f"Rejected {approval.label}"), [*effects, ended]


# --- the parts ----------------------------------------------------------------------------------------


def _request_approval(
    kernel: Kernel, signal: LiveSignal, record: DecisionRecord, request: Request
) -> list[Effect]:
    assert record.approval_id is not None
    approval = Approval(
        id=record.approval_id,
        seq=record.seq,
        at=record.at,
        signal_id=signal.id,
        decision_id=record.id,
        symbol=record.symbol,
        direction=record.proposed_direction,
        timeframe=record.timeframe,
        confidence=record.confidence,
        contract=request.contract,
        contracts=request.count.contracts,
        price=request.price,
        premium=request.premium,
        planned_loss=request.count.planned_loss * request.count.contracts,
        why=request.reason.text,
        until=signal.live_until,
        record=record,
    )
    approvals = kernel.state.approvals
    approvals[approval.id] = approval
    signal.approval_id = approval.id
    ended = [a.id for a in approvals.values() if not a.is_open]
    for approval_id in ended[: max(0, len(ended) - KEPT_APPROVALS)]:
        del approvals[approval_id]
    text = f"Approve? {approval.direction} {approval.label}, premium ${approval.premium:,.0f}"
    return [
        StoreApproval(approval=replace(approval, record=None)),
        _notice(approval, record.at, text, Tone.NEUTRAL),
    ]


def _find(
    kernel: Kernel, event: Commanded, same: tuple[ApprovalStatus, ...]
) -> tuple[Approval | None, LiveSignal | None, CommandDone | None]:
    """Return the approval a command names and its signal, with an answer if nothing is left to do."""
    approval = kernel.state.approvals.get(event.argument or "")
    if approval is None:
        return None, None, _unknown(event)
    signal = kernel.state.signals.get(approval.signal_id)
    if approval.status in same:
        done = CommandDone(
            True, approval.status.value, f"{approval.label} is already {_status_name(approval.status)}"
        )
        return approval, signal, done
    if approval.status is not ApprovalStatus.PENDING:
        return approval, signal, _already_ended(approval, approval.status)
    return approval, signal, None


def _unknown(event: Commanded) -> CommandDone:
    return CommandDone(False, "NO_APPROVAL", f"argument: {event.argument!r} is not the id of an approval")


def _already_ended(approval: Approval, status: ApprovalStatus) -> CommandDone:
    why = f" ({approval.code})" if approval.code else ""
    return CommandDone(False, status.value, f"{approval.label} is already {_status_name(status)}{why}")


def _status_name(status: ApprovalStatus) -> str:
    return status.value.lower()


def _expired(kernel: Kernel, signal: LiveSignal, now: datetime, seq: int) -> list[Effect]:
    approval = approval_of(kernel, signal)
    assert approval is not None
    minutes = (now - approval.at).total_seconds() / 60
    text = (
        f"Nobody approved it within {minutes:.0f} min"
        if approval.status is ApprovalStatus.PENDING
        else f"Approved by {approval.author}, but no fresh market came in time"
    )
    effects = _skip(
        kernel, signal, approval, Reason("APPROVAL_EXPIRED", text, Tone.NEGATIVE), now, seq, "time"
    )
    effects.append(_end(kernel, signal, approval, ApprovalStatus.EXPIRED, now))
    kernel.drop_signal(signal.id)
    return [*effects, _notice(approval, now, f"Expired: {approval.label}", Tone.NEGATIVE)]


def _skip(
    kernel: Kernel,
    signal: LiveSignal,
    approval: Approval,
    reason: Reason,
    now: datetime,
    seq: int,
    trigger: str,
) -> list[Effect]:
    """Record a SKIP on the evidence of the decision that requested the approval, without a new market."""
    assert approval.record is not None
    record = replace(
        approval.record,
        id=kernel.new_id(f"decision:{approval.id}"),
        seq=seq,
        at=now,
        action=Action.SKIP,
        direction=None,
        code=reason.code,
        blocks=(reason,),
        supersedes=signal.last_decision_id,
        trigger=trigger,
    )
    signal.last_decision_id = record.id
    kernel.remember_decision(record)
    return [StoreDecision(record=record)]


def _end(
    kernel: Kernel,
    signal: LiveSignal,
    approval: Approval,
    status: ApprovalStatus,
    now: datetime,
    *,
    code: str | None = None,
    position: str | None = None,
) -> Effect:
    signal.approval_id = None
    ended = replace(approval, status=status, ended_at=now, code=code, position_id=position, record=None)
    kernel.state.approvals[approval.id] = ended
    return StoreApproval(approval=ended)


def _no_trade_text(record: DecisionRecord) -> str:
    if record.blocks:
        return record.blocks[0].text
    failed = record.verdict.gates.failed
    return f"{', '.join(failed)} failed" if failed else f"confidence {record.confidence:.1f}"


def _notice(approval: Approval, at: datetime, text: str, tone: Tone) -> Notice:
    return Notice(kind="approval", at=at, text=text, tone=tone, symbol=approval.symbol)


__all__ = ["NEEDED", "Request", "approval_of", "approve", "expire", "reject", "update_approval"]
