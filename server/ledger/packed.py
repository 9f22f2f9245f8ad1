"""Decisions and their outcomes in the few bytes that a what-if over the whole ledger reads.

Each ledger entry has one packed record beside its JSON: what the verdict reads, and once the trade or shadow
has closed, what it made. A million of them are read in one go, where their JSON would take many seconds.
It is made from the same facts as the JSON, at the same commit, and again by a rebuild.
"""

from __future__ import annotations

import hashlib
import math
import struct
from typing import Any

import numpy as np

from core.decision.columns import SIDES, packed_dtype, row_of
from core.model import DecisionRecord
from core.positions import Position, pnl_breakdown
from server.ledger.timestamps import micros

INPUTS = packed_dtype()
DECISION = np.dtype(
    [
        ("seq", "<i8"),
        ("at", "<i8"),
        ("signal", "<i8"),
        ("symbol", "<u8", (2,)),
        ("direction", "i1"),
        ("code", "S24"),
        ("multiplier", "<f8"),
        ("inputs", INPUTS),
    ]
)
OUTCOME = np.dtype(
    [
        ("net", "<f8"),
        ("exit_at", "<i8"),
        ("shadow", "?"),
        ("stale", "?"),
        ("filled", "<f8"),
        ("premium", "<f8"),
        ("risk", "<f8"),
        ("shares", "<f8"),
    ]
)


def _format(kind: np.dtype[Any]) -> str:
    """The struct format of the plain fields of a packed record."""
    letters = {"i8": "q", "u8": "Q", "i1": "b", "f8": "d", "b1": "?"}
    return "".join(letters[kind[name].str[1:]] for name in kind.names or ())


_PACK_DECISION = struct.Struct(f"<qq8s16sb24sd{_format(INPUTS)}").pack
_PACK_OUTCOME = struct.Struct(f"<{_format(OUTCOME)}").pack
RECORD = np.dtype([*((name, DECISION[name]) for name in DECISION.names or ()), ("outcome", OUTCOME)])
NOTHING_YET = _PACK_OUTCOME(math.nan, 0, False, False, 0.0, 0.0, 0.0, 0.0)


def pack_decision(record: DecisionRecord) -> bytes:
    """What a verdict and the limits read of a decision, with the outcome it does not have yet."""
    packed = _PACK_DECISION(
        record.seq,
        micros(record.at),
        hashlib.blake2b(record.signal_id.encode(), digest_size=8).digest(),
        record.symbol.encode(),
        SIDES.get(record.proposed_direction, 0),
        (record.code or "").encode(),
        record.size.final if record.size is not None else math.nan,
        *row_of(record.context, record.market),
    )
    return packed + NOTHING_YET


def pack_outcome(position: Position, shadow: bool) -> bytes:
    """What a closed trade or shadow made, and what its size is worked out from."""
    entry, last = position.entry, position.legs[-1]
    return _PACK_OUTCOME(
        pnl_breakdown(position).net,
        micros(last.at),
        shadow,
        any(leg.stale_fill for leg in position.legs),
        entry.filled_contracts,
        entry.entry_price,
        entry.risk_amount,
        entry.multiplier,
    )
