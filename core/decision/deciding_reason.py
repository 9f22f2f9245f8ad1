"""Deciding reason: the reason code that kept a decision from an entry."""

from __future__ import annotations

from collections.abc import Sequence

from core.model import Action, DecisionRecord


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


def why(record: DecisionRecord) -> str:
    """Return the deciding code of a record; empty for an EXECUTE, or when a limit refused it (``record.code``)."""
    if record.code:
        return ""
    verdict = record.verdict
    failed = [gate.reason for _, gate in verdict.gates.items() if not gate.passed]
    return deciding_code(record.action, failed, [(each.code, each.text) for each in verdict.reasons])
