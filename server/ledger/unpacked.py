"""All decisions of a ledger in columns, out of their packed records: a million in a second or two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.decision.columns import DecisionColumns
from core.learning.closed import Closed
from server.ledger.packed import DECISION, INPUTS, OUTCOME
from server.ledger.snapshot import LedgerSnapshot


class Packed(NamedTuple):
    """All decisions in the order of seq and id: n of everything; ``code`` is bytes, empty without one."""

    seq: NDArray[np.int64]
    at: NDArray[np.int64]
    signal: NDArray[np.int64]
    symbol: NDArray[np.int64]
    direction: NDArray[np.int8]
    code: NDArray[np.bytes_]
    columns: DecisionColumns
    closed: Closed


def read_packed(ledger: LedgerSnapshot) -> Packed | None:
    """Every decision of a ledger; ``None`` when it was written before there were packed records."""
    missing = next(
        ledger.query(
            "SELECT (SELECT count(*) FROM ledger_entries) <> (SELECT count(*) FROM decision_columns)"
        )
    )
    if missing[0]:
        return None
    seqs, decisions, outcomes = [], [], []
    nothing = np.zeros(1, dtype=OUTCOME)
    nothing["net"] = np.nan
    blank = nothing.tobytes()
    for rows in _in_blocks(ledger):
        places, inputs, outcome = zip(*rows, strict=True)
        seqs.append(np.array(places, dtype=np.int64))
        decisions.append(np.frombuffer(b"".join(inputs), dtype=DECISION))
        outcomes.append(np.frombuffer(b"".join([o or blank for o in outcome]), dtype=OUTCOME))
    seq = np.concatenate(seqs) if seqs else np.empty(0, dtype=np.int64)
    made = np.concatenate(decisions) if decisions else np.empty(0, dtype=DECISION)
    left = np.concatenate(outcomes) if outcomes else np.empty(0, dtype=OUTCOME)
    halves = made["symbol"]
    return Packed(
        seq=seq,
        at=np.ascontiguousarray(made["at"]),
        signal=np.ascontiguousarray(made["signal"]),
        # One number for a name of up to 16 bytes: an odd factor keeps names apart.
        symbol=(halves[:, 0] * np.uint64(0x9E3779B97F4A7C15) + halves[:, 1]).view(np.int64),
        direction=np.ascontiguousarray(made["direction"]),
        code=made["code"],
        columns=DecisionColumns(
            **{name: np.ascontiguousarray(made["inputs"][name]) for name in INPUTS.names or ()}
        ),
        closed=Closed(
            net=np.ascontiguousarray(left["net"]),
            exit_at=np.ascontiguousarray(left["exit_at"]),
            shadow=np.ascontiguousarray(left["shadow"]),
            stale=np.ascontiguousarray(left["stale"]),
            filled=np.ascontiguousarray(left["filled"]),
            premium=np.ascontiguousarray(left["premium"]),
            risk=np.ascontiguousarray(left["risk"]),
            shares=np.ascontiguousarray(left["shares"]),
            multiplier=np.ascontiguousarray(made["multiplier"]),
        ),
    )


_BLOCK = 50_000


def _in_blocks(ledger: LedgerSnapshot) -> Iterator[list[tuple[int, bytes, bytes | None]]]:
    cursor = ledger.cursor("SELECT seq, inputs, outcome FROM decision_columns ORDER BY seq, id")
    while rows := cursor.fetchmany(_BLOCK):
        yield rows
