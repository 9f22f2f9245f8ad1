"""Packed records: one fixed-size binary record per decision, so that a what-if can read a million of them.

Each ledger entry has one packed record beside its JSON: the inputs of the decision and, once its trade or shadow
trade has closed, the outcome. A million packed records load in a second or two; their JSON would take many
seconds. Both are written from the same facts in the same commit, and written again by a rebuild.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.decision.columns import SIDES, DecisionColumns, packed_dtype, row_of
from core.model import DecisionRecord
from core.positions import Position, pnl_breakdown
from server.ledger.timestamps import micros

if TYPE_CHECKING:
    from core.learning.outcomes import ClosedOutcomes

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
    """Return the struct format of the scalar fields of a packed record."""
    letters = {"i8": "q", "u8": "Q", "i1": "b", "f8": "d", "b1": "?"}
    return "".join(letters[kind[name].str[1:]] for name in kind.names or ())


_PACK_DECISION = struct.Struct(f"<qq8s16sb24sd{_format(INPUTS)}").pack
_PACK_OUTCOME = struct.Struct(f"<{_format(OUTCOME)}").pack
RECORD = np.dtype([*((name, DECISION[name]) for name in DECISION.names or ()), ("outcome", OUTCOME)])
NOTHING_YET = _PACK_OUTCOME(math.nan, 0, False, False, 0.0, 0.0, 0.0, 0.0)


def pack_decision(record: DecisionRecord) -> bytes:
    """Return the packed record of a decision: the inputs of verdict and limits, and an empty outcome."""
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
    """Return the packed outcome of a closed trade or shadow trade: net P&L, exit time and size."""
    entry, last = position.entry, position.legs[-1]
    return _PACK_OUTCOME(
        pnl_breakdown(position).net,
        micros(last.at),
        shadow,
        any(leg.is_left_out for leg in position.legs),
        entry.filled_contracts,
        entry.entry_price,
        entry.risk_amount,
        entry.multiplier,
    )


class Packed(NamedTuple):
    """Decisions as columns of equal length, all of a ledger ordered by seq and id; ``code`` is bytes, maybe empty."""

    seq: NDArray[np.int64]
    at: NDArray[np.int64]
    signal: NDArray[np.int64]
    symbol: NDArray[np.int64]
    direction: NDArray[np.int8]
    code: NDArray[np.bytes_]
    columns: DecisionColumns
    closed: ClosedOutcomes


def unpacked(records: Sequence[bytes]) -> Packed:
    """Return packed records as columns, in the order given."""
    return joined(len(records), [np.frombuffer(b"".join(records), dtype=RECORD)])


def joined(count: int, blocks: Iterable[NDArray[np.void]]) -> Packed:
    """Return blocks of so many packed records as columns."""
    # Imported here: core.learning takes half a second to import, and an engine that only writes never needs it.
    from core.learning.outcomes import ClosedOutcomes

    whole = {name: np.empty(count, dtype=RECORD[name]) for name in RECORD.names or () if name not in _PARTS}
    inputs, closed = (
        {name: np.empty(count, dtype=part[name]) for name in part.names or ()} for part in (INPUTS, OUTCOME)
    )
    at = 0
    for records in blocks:
        # Split the fields while the block is still in the processor's cache.
        rows = slice(at, at + len(records))
        for fields, of in ((whole, records), (inputs, records["inputs"]), (closed, records["outcome"])):
            for name, column in fields.items():
                column[rows] = of[name]
        at = rows.stop
    halves = whole["symbol"]
    return Packed(
        seq=whole["seq"],
        at=whole["at"],
        signal=whole["signal"],
        # One number for a name of up to 16 bytes; the large odd factor spreads the first half over all bits.
        symbol=(halves[:, 0] * np.uint64(0x9E3779B97F4A7C15) + halves[:, 1]).view(np.int64),
        direction=whole["direction"],
        code=whole["code"],
        columns=DecisionColumns(**inputs),
        closed=ClosedOutcomes(**closed, multiplier=whole["multiplier"]),
    )


_PARTS = ("inputs", "outcome")
