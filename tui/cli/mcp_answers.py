"""Answers to an assistant: what matters of each fact, as bounded JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from server.config import ConfigError
from server.ledger.codec import encode_any

Item = Mapping[str, Any]

MOST_BYTES = 48 * 1024
"""Longest answer: more fills an assistant's memory without use."""
_LONGEST_TEXT = 600
_LONGEST_LIST = 200
_DECIMALS = 6
_DECISION = (
    "id", "created_at", "symbol", "source", "timeframe", "quality", "decision", "proposed_direction", "confidence",
    "code", "position_id", "rules_fingerprint",
)  # fmt: skip
_METRICS = ("net_pnl", "win_rate", "average_r", "expectancy", "profit_factor")
_NUMBER = ("value", "low", "high", "n", "unit", "status", "reason")


def text_of(value: object) -> str:
    """Return a value as JSON of at most MOST_BYTES. Raises ConfigError when it is longer."""
    text: bytes = orjson.dumps(_bounded(orjson.loads(encode_any(value))))
    if len(text) > MOST_BYTES:
        raise ConfigError(
            f"the answer would have {len(text) // 1024} KiB, more than {MOST_BYTES // 1024}: ask for fewer items "
            "(limit), or with more filters"
        )
    return text.decode()


def decision_row(item: Item) -> dict[str, Any]:
    """Return one decision of a list in short: what it was, which gates failed, and why."""
    evidence = item.get("decision_breakdown") or item
    gates = evidence.get("gates") or {}
    reasons = (*(evidence.get("blocks") or ()), *(evidence.get("reasons") or ()))
    return {name: item[name] for name in _DECISION if item.get(name) is not None} | {
        "failed_gates": {name: gate["reason"] for name, gate in gates.items() if not gate["passed"]},
        "against_it": [each["text"] for each in reasons if each.get("tone") == "negative"],
    }


def decision_whole(item: Item) -> dict[str, Any]:
    """Return one decision with its evidence; of a shadow trade only its contract and outcome."""
    whole = dict(item)
    shadow = whole.pop("hypothetical", None)
    if shadow:
        contract = shadow.get("contract") or {}
        whole["shadow_trade"] = {
            "status": shadow.get("status"),
            "contract": " ".join(
                str(contract.get(part)) for part in ("underlying", "strike", "right", "expiry")
            ),
            "exit": shadow.get("exit"),
        }
    return whole


def report_answer(found: Item) -> dict[str, Any]:
    """Return the metrics of a report, and the main ones of each group of its breakdown."""
    groups = [
        {"label": group["label"], "trades": group["metrics"]["trades"]}
        | {name: _number(group["metrics"][name]) for name in _METRICS}
        for group in found["buckets"]
    ]
    metrics = {name: _number(value) for name, value in found["metrics"].items()}
    return {
        "as_of": found["as_of"],
        "window": found["window"],
        "metrics": metrics,
        f"by_{found['cut']}": groups,
    }


def _number(value: object) -> object:
    """Return a metric without the parts that are unknown."""
    if not isinstance(value, Mapping):
        return value
    if "value" not in value:
        return {name: _number(part) for name, part in value.items()}
    return {name: value[name] for name in _NUMBER if value.get(name) is not None}


def _bounded(value: Any) -> Any:
    """Return a value with long texts and lists cut, which is said, and numbers of six decimals."""
    if isinstance(value, float):
        return round(value, _DECIMALS)
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return f"{value[:_LONGEST_TEXT]}… ({len(value) - _LONGEST_TEXT} more characters)"
    if isinstance(value, Mapping):
        return {name: _bounded(part) for name, part in value.items() if part is not None}
    if isinstance(value, Sequence) and not isinstance(value, str):
        cut = [_bounded(part) for part in value[:_LONGEST_LIST]]
        return [*cut, f"… and {len(value) - len(cut)} more"] if len(value) > len(cut) else cut
    return value
