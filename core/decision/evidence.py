"""The evidence of a decision as one mapping: the ledger stores it, the API shows it, and a reader restores it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.decision.sizing import FACTORS
from core.model import DecisionRecord

VERDICT_FIELDS = ("action", "direction", "proposed_direction", "confidence")
"""Fields of ``Decision`` that evidence holds under ``verdict``."""
FROM_VERDICT = ("gates", "components", "completeness")
"""Fields of ``Decision`` that evidence holds at its top."""
FROM_RECORD = ("size", "count", "contract", "levels", "trigger", "approval_id", "notes", "strategy", "option")
"""Fields of ``DecisionRecord`` that evidence holds at its top."""


def decision_evidence(record: DecisionRecord) -> dict[str, Any]:
    """Return the evidence of a decision: verdict, gates, components, reasons, blocks, size, contract, levels.

    ``reasons`` holds the blocks first, then the notes, then the reasons of the verdict. The inputs are not included.
    """
    verdict = record.verdict
    return {
        "verdict": {name: getattr(verdict, name) for name in VERDICT_FIELDS},
        **{name: getattr(verdict, name) for name in FROM_VERDICT},
        "reasons": record.reasons,
        "blocks": record.blocks,
        **{name: getattr(record, name) for name in FROM_RECORD},
    }


def evidence_fields(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored evidence (parsed JSON) as fields of a ``DecisionRecord``: the inverse of ``decision_evidence``.

    The fingerprint of the rules and the engine's version are stored beside the evidence: the caller adds them
    to ``verdict``. A ledger from before approvals, notes or strategies has none: such a field is left out then.
    """
    blocks, notes = evidence["blocks"], evidence.get("notes", ())
    verdict = {name: evidence["verdict"][name] for name in VERDICT_FIELDS}
    verdict |= {name: evidence[name] for name in FROM_VERDICT}
    verdict["reasons"] = evidence["reasons"][len(blocks) + len(notes) :]
    found = {name: evidence[name] for name in FROM_RECORD if name in evidence}
    if found.get("size"):
        found["size"] = found["size"] | {"factors": _in_order(found["size"]["factors"])}
    return {"verdict": verdict, "blocks": blocks} | found


def _in_order(factors: Mapping[str, Any]) -> dict[str, Any]:
    """Return factors in their order: a database may have stored them in another."""
    names = (*FACTORS, *(name for name in factors if name not in FACTORS))
    return {name: factors[name] for name in names if name in factors}
