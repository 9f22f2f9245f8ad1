"""Deciding reason: the reason code that kept a decision from an entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from core.model import Action, DecisionRecord, Gates


def deciding_code(action: str, failed: Sequence[str], reasons: Sequence[tuple[str, str]]) -> str:
    """Return the code that refused a signal, with " +1" per further failed gate; empty for an EXECUTE.

    ``failed`` are the texts of the failed gates, ``reasons`` the verdict's (code, text). When every gate passed,
    the first reason (confidence, or sources that disagree) decides.
    """
    if action == Action.EXECUTE or not reasons:
        return ""
    if not failed:
        return reasons[0][0]
    code = next((code for code, text in reasons if text in failed[0]), "GATE_FAILED")
    return code if len(failed) == 1 else f"{code} +{len(failed) - 1}"


def code_in_evidence(action: str, evidence: Mapping[str, Any]) -> str:
    """Return ``deciding_code`` from a decision's stored evidence."""
    gates = evidence.get("gates") or {}
    # A database may return the members of an object in another order than they were stored in.
    in_order = [gates[field.name] for field in fields(Gates) if field.name in gates]
    failed = [str(gate["reason"]) for gate in in_order if not gate["passed"]]
    reasons = [(str(each["code"]), str(each["text"])) for each in evidence.get("reasons") or ()]
    return deciding_code(action, failed, reasons)


def code_of(record: DecisionRecord) -> str | None:
    """Return the code that a decision is answered with: a rule's refusal, else the reason that decided against it.

    Of several failed gates it is the first one's; ``None`` for an EXECUTE.
    """
    return record.code or why(record).partition(" ")[0] or None


def text_of(record: DecisionRecord) -> str | None:
    """Return the words of the reason with the code that a decision is answered with."""
    code = code_of(record)
    return next((reason.text for reason in record.reasons if reason.code == code), None)


def why(record: DecisionRecord) -> str:
    """Return the deciding code of a record; empty for an EXECUTE, or when a limit refused it (``record.code``)."""
    if record.code:
        return ""
    verdict = record.verdict
    failed = [gate.reason for _, gate in verdict.gates.items() if not gate.passed]
    return deciding_code(record.action, failed, [(each.code, each.text) for each in verdict.reasons])
