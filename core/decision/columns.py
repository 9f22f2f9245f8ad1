"""Inputs of many decisions as columns: all that gates and confidence read.

An unknown number is NaN; a direction or bias is 1 LONG, -1 SHORT, 0 none or neutral. The columns do not depend
on rules, so that they can be decided under any rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from itertools import islice
from math import isfinite, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.model import Context, MarketSnapshot

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int8]
Get = Callable[[Any, str], Any]

SIDES: Mapping[Any, int] = {"LONG": 1, "SHORT": -1}
GRADES: Mapping[str, int] = {"A": 1, "C": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionColumns:
    """The inputs of n decisions, each array of shape (n,).

    ``direction`` the expert's, 0 without one; ``regime`` whether there is a phase section; ``grade`` 1 for A,
    -1 for C, 0 for any other; a missing structure is valid, liquid, of no grade. ``atr_pct`` percent of price
    from the feed or a daily payload; the ``*_assumed`` flags say that no feed is configured for it.
    """

    direction: Codes
    ai_score: Floats
    regime: Flags
    phase: Floats
    regime_confidence: Floats
    bias: Codes
    bullish_pct: Floats
    bearish_pct: Floats
    valid_setup: Flags
    liquidity_ok: Flags
    grade: Codes
    spread_bps: Floats
    spread_assumed: Flags
    depth_score: Floats
    depth_assumed: Flags
    atr_pct: Floats
    atr_assumed: Flags
    closed: Flags
    conflict: Flags

    def __len__(self) -> int:
        return len(self.direction)

    def take(self, index: slice | NDArray[Any]) -> DecisionColumns:
        """Return the rows of a slice, a mask or an index array."""
        return DecisionColumns(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


KINDS: Mapping[str, type] = {"Codes": np.int8, "Floats": np.float64, "Flags": np.bool_}
_BLOCK = 8_192
_NAMES = tuple(f.name for f in fields(DecisionColumns))
_DTYPES = tuple(np.dtype(KINDS[str(f.type)]) for f in fields(DecisionColumns))


def columns_from_stored(inputs: Iterable[Mapping[str, Any]]) -> DecisionColumns:
    """Return the columns of stored inputs as parsed from JSON: mappings with ``context`` and ``market``."""
    # In blocks, so that a million rows are never a million tuples.
    rows = (_row(_from_mapping, row["context"], row["market"]) for row in inputs)
    blocks: list[list[NDArray[Any]]] = []
    while block := tuple(islice(rows, _BLOCK)):
        by_column = zip(*block, strict=True)
        blocks.append([np.array(values, dtype=kind) for values, kind in zip(by_column, _DTYPES, strict=True)])
    if not blocks:
        blocks.append([np.empty(0, dtype=kind) for kind in _DTYPES])
    joined: Iterable[Any] = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return DecisionColumns(**dict(zip(_NAMES, joined, strict=True)))


def packed_dtype() -> np.dtype[Any]:
    """Return the dtype of one row as a packed record: the fields in order, without gaps."""
    return np.dtype(list(zip(_NAMES, _DTYPES, strict=True)))


def row_of(context: Context, market: MarketSnapshot) -> tuple[Any, ...]:
    """Return one row, its values in the order of the fields."""
    return _row(getattr, context, market)


def _from_mapping(row: Mapping[str, Any], name: str) -> Any:
    return row.get(name)


def _row(get: Get, context: Any, market: Any) -> tuple[Any, ...]:
    regime, alignment = get(context, "regime"), get(context, "alignment")
    expert, structure = get(context, "expert"), get(context, "structure")
    assumed = get(market, "assumed") or ()
    atr_pct, atr_assumed = _atr(get, context, market, expert, assumed)
    grade = (get(structure, "execution_quality") or "B").upper() if structure else "B"
    return (
        SIDES.get(get(expert, "direction"), 0) if expert else 0,
        _number(get(expert, "ai_score")) if expert else nan,
        regime is not None,
        _number(get(regime, "phase")) if regime else nan,
        _number(get(regime, "confidence")) if regime else nan,
        SIDES.get(get(regime, "bias"), 0) if regime else 0,
        _number(get(alignment, "bullish_pct")) if alignment else nan,
        _number(get(alignment, "bearish_pct")) if alignment else nan,
        bool(get(structure, "valid_setup")) if structure else True,
        bool(get(structure, "liquidity_ok")) if structure else True,
        GRADES.get(grade, 0),
        _number(get(market, "spread_bps")),
        "spread_bps" in assumed,
        _number(get(market, "depth_score")),
        "depth_score" in assumed,
        atr_pct,
        atr_assumed,
        get(context, "session") == "AFTERHOURS",
        get(context, "conflict") is not None,
    )


def _atr(get: Get, context: Any, market: Any, expert: Any, assumed: Any) -> tuple[float, bool]:
    # Same order as core.decision.atr.daily_atr: the feed's ATR, else a payload's daily ATR, else an assumed one.
    is_assumed = "atr14" in assumed
    price = _number(get(context, "price"))
    if not price > 0:
        price = _number(get(market, "price"))
    if price > 0:
        atr = nan if is_assumed else _number(get(market, "atr14"))
        if not atr >= 0 and expert and get(expert, "atr_is_daily"):
            atr = _number(get(expert, "atr"))
        if atr >= 0:
            return atr / price * 100, is_assumed
    return nan, is_assumed


def _number(value: float | None) -> float:
    return value if value is not None and isfinite(value) else nan
